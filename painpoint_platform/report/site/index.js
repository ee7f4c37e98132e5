"use strict";
// The overview: what the day's posts complain about, the new and growing first, and all of it as a table.

painpoint.page(async () => {
  const { data, rows, empty, counted, number, percent } = painpoint;
  const { el, goto, words, state, STATES, table, filters, choices, chart, leading, spark } = painpoint;
  const at = (id) => document.getElementById(id);
  const overview = await data("overview");
  const issues = rows(overview.issues);
  const CARDS = 6;
  const BAND = 26; // pixels of height a bar
  // An issue is new on the day on which it is first seen and the two after it (gold.issue_trends), so that on a
  // platform's first three days all of them are.
  const NEW_FOR = 3;
  const daysSoFar = overview.days.filter((day) => day <= overview.day).length;
  const young = daysSoFar <= NEW_FOR;
  const KINDS = {
    issue: { one: "Issue", many: "Issues", noun: "post" },
    course_theme: { one: "Course theme", many: "Themes of course feedback", noun: "comment" },
    call_question: { one: "Analysts' question", many: "Analysts' questions", noun: "question" },
  };
  const LARGEST = 3; // of each kind, beside each other

  if (!overview.day) {
    at("summary").textContent = "No day has been clustered yet, so there are no issues to show.";
    at("first-title").textContent = "Issues";
    at("first-lead").hidden = true;
    // Sample posts do not belong beside what other domains have already.
    empty(at("cards"), "There are no issues yet.", overview.painpoints.id.length ? "painpoint run" : "painpoint demo");
    for (const id of ["issues", "where", "days"]) at(id).hidden = true;
  } else {
    at("summary").textContent = summary(overview.facts);
    at("facts").append(...tiles(overview.facts));
    cards();
    const narrowed = ranking();
    await Promise.all([issues.length && categoryChart(narrowed), sourceChart(narrowed), dayChart()]);
  }
  painpoints();

  // --- The day in words and figures ---

  function summary({ items, clustered_items: told, issues: found, sources, new: fresh, growing, emerging }) {
    const states = young ? [] : [
      fresh && `${number(fresh)} of them ${fresh === 1 ? "is" : "are"} new`,
      growing && `${number(growing)} ${growing === 1 ? "grows" : "grow"}`,
    ];
    const paid = worthMoney();
    const moved = [...states, emerging && `${number(emerging)} ${emerging === 1 ? "stands" : "stand"} out from ordinary days`, paid && `for ${number(paid)} a fix is worth money`].filter(Boolean);
    const ending = moved.length ? `; ${listed(moved)}` : "";
    return `${number(told)} of ${counted(items, "post")} from ${counted(sources, "source")} tell of ${counted(found, "problem")}${ending}.${young ? ` ${noHistory()}` : ""}`;
  }

  function noHistory() {
    const ordinal = ["first", "second", "third"][daysSoFar - 1];
    return `This is the ${ordinal} day with issues, and on the first three every issue counts as new: which of them really are shows from the fourth on.`;
  }

  function listed(parts) {
    return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  }

  function tiles(facts) {
    const shown = [
      ["Issues", facts.issues], ["New", young ? null : facts.new, "state=new"], ["Growing", young ? null : facts.growing, "state=growing"],
      ["Stand out from other days", facts.emerging], ["Would pay for a fix", worthMoney(), "pay=yes"], ["Posts in issues", facts.clustered_items],
    ];
    return shown.map(([label, value, filter]) => el("div", {}, el("dt", {}, label), el("dd", {}, value && filter ? narrowing(filter, number(value)) : number(value))));
  }

  function worthMoney() {
    return issues.filter((issue) => issue.would_pay).length;
  }

  // A link to the table, narrowed.
  function narrowing(filter, text) {
    return el("a", { href: `#${filter}`, onclick: () => at("issues").scrollIntoView() }, text);
  }

  // --- New and growing first ---

  function cards() {
    const rank = (issue) => (issue.emerging ? 2 : 0) + (issue.state === "growing" ? 1 : 0);
    const first = issues.filter((issue) => issue.emerging || ["new", "growing"].includes(issue.state));
    first.sort((a, b) => rank(b) - rank(a) || b.impact - a.impact);
    if (young) {
      at("first-title").textContent = "The weightiest first";
      at("first-lead").textContent = "There is no history yet to tell what is new or grows.";
    }
    if (!first.length) return empty(at("cards"), "Nothing is new today, and nothing grows.");
    const left = first.length - CARDS;
    const rest = left > 0 && el("p", { class: "small quiet" }, `${counted(left, "other is", "others are")} in the table below`, ...(young ? ["."] : [": ", ...moreLinks(first)]));
    at("cards").append(el("ul", { class: "cards" }, first.slice(0, CARDS).map(card)), rest || "");
  }

  function moreLinks(first) {
    const kinds = ["new", "growing"].filter((state) => first.some((issue) => issue.state === state));
    return kinds.flatMap((state, place) => [place ? ", " : "", narrowing(`state=${state}`, `all ${state} ones`)]);
  }

  function card(issue) {
    const growth = issue.growth === null ? "first seen " + issue.first_seen : `${number(issue.growth, 1)} times its usual rate`;
    return el("li", { class: "card" },
      el("div", { class: "tags" }, !young && state(issue.state), issue.emerging && el("span", { class: "tag alert" }, "Stands out"), issue.would_pay && el("span", { class: "tag" }, "Would pay")),
      el("h3", {}, goto("issue.html", issue.title, issue.key)),
      el("div", { class: "foot" },
        el("p", { class: "small quiet" }, `${words(issue.category)} · impact ${number(issue.impact)} · ${counted(issue.items, "post")}, ${growth}`),
        spark(issue.recent, trend(issue), 88, 28)));
  }

  function trend({ recent }) {
    return `Posts on the last ${counted(recent.length, "day")}: ${recent.join(", ")}`;
  }

  // --- The table of issues ---

  function ranking() {
    const shown = table(at("table"), { caption: `Issues of ${overview.day}`, columns: columnsOfIssues(), sort: "-impact", hashKey: "sort", noun: ["issue", "issues"] });
    return filters(at("narrow"), {
      rows: issues, noun: ["issue", "issues"], onChange: shown.show, label: "Narrow the issues",
      fields: [
        { key: "find", label: "Words of the title", kind: "search", text: (issue) => issue.title },
        { key: "category", label: "Category", kind: "choice", options: choices(issues.map((issue) => issue.category), "All categories"), test: (issue, value) => issue.category === value },
        { key: "source", label: "Source", kind: "choice", options: choices(issues.flatMap((issue) => Object.keys(issue.sources)), "All sources"), test: (issue, value) => Object.hasOwn(issue.sources, value) },
        { key: "state", label: "State", kind: "choice", options: choices(issues.map((issue) => issue.state), "All states"), test: (issue, value) => issue.state === value },
        { key: "pay", label: "Would pay", kind: "switch", test: (issue) => issue.would_pay },
        { key: "publishable", label: "Publishable only", kind: "switch", test: (issue) => issue.publishable },
      ],
    });
  }

  function columnsOfIssues() {
    return [
      { key: "title", label: "Issue", heading: true, render: (issue) => [goto("issue.html", issue.title, issue.key), " ", issue.would_pay && el("span", { class: "tag" }, "would pay"), el("span", { class: "on-phone" }, state(issue.state))] },
      { key: "impact", label: "Impact", numeric: true, render: (issue) => meter(issue.impact) },
      { key: "items", label: "Posts", numeric: true },
      { key: "authors", label: "People", numeric: true, secondary: true, from: 51, help: "Distinct authors; posts whose source names nobody count for none" },
      { key: "state", label: "State", secondary: true, render: (issue) => state(issue.state) },
      { key: "growth", label: "Growth", numeric: true, secondary: true, from: 45, help: "The day's rate of posts against that of its history; 1 is as many as ever", render: (issue) => (issue.growth === null ? painpoint.UNKNOWN : `× ${number(issue.growth, 1)}`) },
      { key: "negativity", label: "Negative", numeric: true, secondary: true, from: 56, help: "How negative its posts are, 0 to 1", render: (issue) => number(issue.negativity, 2) },
      { key: "category", label: "Category", secondary: true, from: 45, render: (issue) => words(issue.category) },
      { key: "sources", label: "Sources", numeric: true, secondary: true, from: 61, value: (issue) => Object.keys(issue.sources).length, render: (issue) => el("span", { title: bySource(issue) }, String(Object.keys(issue.sources).length)) },
      { key: "recent", label: "Days", sort: false, secondary: true, from: 67, help: "Posts on the last days", render: (issue) => spark(issue.recent, trend(issue), 76, 22) },
    ];
  }

  function bySource({ sources }) {
    return Object.entries(sources).map(([source, posts]) => `${words(source)} ${number(posts)}`).join(", ");
  }

  // A number with a bar of its length: impact is a share of 100.
  function meter(value) {
    const bar = el("span", { class: "meter", "aria-hidden": "true" });
    bar.style.setProperty("--share", `${Math.round(value ?? 0)}%`);
    return [bar, el("span", { class: "figure" }, number(value))];
  }

  // --- Charts ---

  function categoryChart(narrowed) {
    const counts = new Map();
    for (const { category, state: name } of issues) {
      const of = counts.get(category) ?? { all: 0 };
      of[name] = (of[name] ?? 0) + 1;
      of.all += 1;
      counts.set(category, of);
    }
    const sorted = [...counts].sort((a, b) => b[1].all - a[1].all);
    const parts = sorted.flatMap(([key, of]) => STATES.filter((name) => of[name]).map((name) => ({ key, category: words(key), state: name, place: STATES.indexOf(name), issues: of[name] })));
    return chart(at("categories"), "categories", { categories: parts }, {
      message: leading(sorted.map(([key, { all }]) => [words(key), all]), "issue", "categories"), title: "Issues by category and state", label: `Issues by category: ${sorted.map(([key, of]) => `${words(key)} ${of.all}`).join(", ")}`,
      columns: [
        { key: "category", label: "Category", heading: true, render: (row) => words(row.category) },
        { key: "issues", label: "Issues", numeric: true }, { key: "new", label: "New", numeric: true },
        { key: "growing", label: "Growing", numeric: true }, { key: "items", label: "Posts", numeric: true },
        { key: "impact", label: "Mean impact", numeric: true, render: (row) => number(row.impact) },
        { key: "negativity", label: "Negative", numeric: true, render: (row) => number(row.negativity, 2) },
      ],
      tableRows: rows(overview.categories), sort: "-issues", height: sorted.length * BAND, onView: (view) => choosing(view, narrowed, "category"),
    });
  }

  async function sourceChart(narrowed) {
    const of = rows(overview.sources);
    if (!of.length) return empty(at("sources"), "Nothing was collected on this day.", "painpoint run");
    const parts = of.flatMap(({ source, items, noise_share: noise }) => {
      const share = noise === null ? 0 : 1 - noise;
      const told = Math.round(items * share);
      return [
        { key: source, source: words(source), part: "about an issue", place: 0, posts: told, share },
        { key: source, source: words(source), part: "about none", place: 1, posts: items - told, share: 1 - share },
      ];
    });
    at("partial").append(...of.filter((row) => row.is_partial).map((row) =>
      el("li", { class: "note small" }, `${words(row.source)} is only partly in: ${row.partial_reason ?? "no reason is given"}.`)));
    await chart(at("sources"), "sources", { sources: parts }, {
      message: leading(of.map((row) => [words(row.source), row.items]), "post", "sources"), title: "Posts by source", label: `Posts by source: ${of.map((row) => `${words(row.source)} ${number(row.items)}`).join(", ")}`,
      columns: [
        { key: "source", label: "Source", heading: true, render: (row) => words(row.source) },
        { key: "items", label: "Posts", numeric: true }, { key: "issues", label: "Issues", numeric: true },
        { key: "noise_share", label: "About none", numeric: true, render: (row) => percent(row.noise_share) },
        { key: "is_partial", label: "Complete", render: (row) => (row.is_partial ? "partly" : "yes") },
      ],
      tableRows: of, sort: "-items", height: of.length * BAND, onView: (view) => choosing(view, narrowed, "source"),
    });
  }

  // A bar narrows the table to what it counts.
  function choosing(view, narrowed, field) {
    view.addEventListener("click", (_, item) => {
      if (!item?.datum?.key) return;
      narrowed.set(field, item.datum.key);
      at("issues").scrollIntoView();
    });
  }

  async function dayChart() {
    const daily = rows(overview.category_daily).map((row) => ({ ...row, category: words(row.category) }));
    if (!daily.length) return empty(at("category-days"), "There is no history of categories yet.", "painpoint run");
    daily.sort((a, b) => a.day.localeCompare(b.day) || a.category.localeCompare(b.category));
    const totals = Map.groupBy(daily, (row) => row.category);
    const order = [...totals].sort((a, b) => posts(b[1]) - posts(a[1]));
    const sorted = order.flatMap(([, of]) => of);
    await chart(at("category-days"), "category_days", { days: sorted }, {
      label: `Posts by category and day. Most are about ${order.slice(0, 3).map(([name, of]) => `${name} (${number(posts(of))})`).join(", ")}`,
      message: leading(order.map(([name, of]) => [name, posts(of)]), "post", "categories"), title: `Posts by category and day, ${spanOf(daily)}`,
      columns: [
        { key: "day", label: "Day", heading: true, day: true }, { key: "category", label: "Category" },
        { key: "items", label: "Posts", numeric: true }, { key: "issues", label: "Issues", numeric: true },
      ],
      tableRows: daily, sort: "-day", height: order.length * BAND, width: daysOf(daily) * 88 + 160,
    });
  }

  function spanOf(daily) {
    return daysOf(daily) === 1 ? daily[0].day : `${daily[0].day} to ${daily.at(-1).day}`;
  }

  function daysOf(daily) {
    return new Set(daily.map((row) => row.day)).size;
  }

  function posts(of) {
    return of.reduce((sum, row) => sum + row.items, 0);
  }

  // --- Pain points of all domains ---

  function painpoints() {
    const all = rows(overview.painpoints);
    if (!all.length) return empty(at("across"), "No domain has pain points yet.", "painpoint demo");
    const kind = (value) => KINDS[value]?.one ?? words(value);
    const kinds = Map.groupBy(all, (row) => row.kind);
    const shown = table(at("across"), {
      rows: all, caption: kinds.size > 1 ? "The largest of each kind, then the second of each, and so on" : "The largest first", hashKey: "across", pageSize: 15, noun: ["pain point", "pain points"],
      columns: [
        { key: "title", label: "Pain point", heading: true, render: evidence },
        { key: "kind", label: "Kind", render: (row) => kind(row.kind) },
        { key: "item_count", label: "Posts", numeric: true, help: "Posts, comments or questions behind it" },
        { key: "negativity", label: "Negative", numeric: true, secondary: true, render: (row) => number(row.negativity, 2) },
        { key: "first_seen", label: "First seen", day: true, secondary: true, from: 45 }, { key: "last_seen", label: "Last seen", day: true, secondary: true },
      ],
    });
    if (kinds.size === 1) return;
    const narrowed = filters(at("kinds"), {
      rows: all, noun: ["pain point", "pain points"], onChange: shown.show, label: "Narrow the pain points",
      fields: [{ key: "kind", label: "Kind", kind: "choice", options: choices(all.map((row) => row.kind), "All kinds", kind), test: (row, value) => row.kind === value }],
    });
    at("largest").append(...[...kinds].map(([value, own]) => largest(value, own, narrowed)));
  }

  // A kind at a glance: its largest, and the way to all of it.
  function largest(value, own, narrowed) {
    const { many, noun } = KINDS[value] ?? { many: words(value), noun: "post" };
    const choose = () => {
      narrowed.set("kind", value);
      document.getElementById("filter-kind").focus();
    };
    return el("li", { class: "card" }, el("h3", {}, many),
      el("ol", {}, own.slice(0, LARGEST).map((row) => el("li", {}, evidence(row), " ", el("span", { class: "small quiet" }, counted(row.item_count, noun))))),
      own.length > LARGEST && el("p", {}, el("button", { type: "button", class: "plain", onclick: choose }, `Narrow the table to these ${number(own.length)}`)));
  }

  // An issue has a page here; a theme or a question has a place on a page of the report; else a link out.
  function evidence(row) {
    if (row.kind === "issue") return goto("issue.html", row.title, row.id.slice(0, 16));
    if (/^(courses|calls)\.html#/.test(row.evidence_url ?? "")) return el("a", { href: row.evidence_url, dir: "auto" }, row.title);
    return row.evidence_url ? painpoint.link(row.evidence_url, row.title) : row.title;
  }
});
