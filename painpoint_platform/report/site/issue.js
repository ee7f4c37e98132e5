"use strict";
// One issue, named by the address: what it is, how much it weighs and why, what its posts say, how it came about.

painpoint.page(async () => {
  const { data, rows, known, hash, el, link, goto, number, percent, date, counted, words, state, table, chart } = painpoint;
  const place = document.getElementById("issue");
  const BAND = 34; // pixels of height a bar
  const SNIPPET = 200; // characters that are kept of a post (silver.cluster_assignments)
  const FEELINGS = [
    { name: "negativity", title: "Negativity", ends: ["rather positive", "mixed", "negative"] },
    { name: "intensity", title: "Intensity", ends: ["calm", "moderately stirred up", "stirred up"] },
    { name: "willingness", title: "Willingness", ends: ["unwilling to go on", "undecided", "willing to go on"] },
  ];
  const PARTS = [
    { name: "severity", title: "Severity", most: 35, says: "how bad the problem is by its level" },
    { name: "reach", title: "Reach", most: 25, says: "how many people report it" },
    { name: "engagement", title: "Engagement", most: 15, says: "votes and comments of others" },
    { name: "feeling", title: "Feeling", most: 15, says: "how negative and how intense its posts are" },
    { name: "would_pay", title: "Would pay", most: 5, says: "posts say that a fix is worth money" },
    { name: "willingness", title: "Willingness", most: 5, says: "how willing its authors are to go on" },
  ];

  hash.onChange(show);
  await show();

  async function show() {
    const key = hash.path;
    const issue = await found(key);
    if (hash.path !== key) return;
    document.title = `${issue?.title ?? "Issue"} · Painpoint Platform`;
    if (!issue) return missing(key);
    place.replaceChildren(head(issue), figures(issue), ...sections(issue));
    await drawn(issue);
  }

  // An issue lies in the file that its key begins with; keys are kept with 16 of their 64 characters.
  async function found(key) {
    const file = key.slice(0, 2);
    const { files } = await data("issues/index");
    if (!files.includes(file)) return null;
    const issues = await data(`issues/${file}`);
    const kept = [key, key.slice(0, 16)].find((each) => Object.hasOwn(issues, each));
    return kept ? { key: kept, ...issues[kept] } : null;
  }

  async function missing(key) {
    const { day } = await data("issues/index");
    place.replaceChildren(
      back(), el("h1", {}, key ? "This issue is not in the report" : "No issue is chosen"),
      el("div", { class: "empty" },
        el("p", {}, key ? ["No issue with the key ", el("code", {}, key), ` was seen on the last 30 clustered days up to ${date(day)}.`] : "An address of this page ends in the key of an issue."),
        el("p", {}, "It may be older, merged into another one or taken down. ", goto("index.html", "All issues of the day"), key && [" or ", el("code", {}, `painpoint issue list`)])),
    );
  }

  // --- Head ---

  function back() {
    return el("p", { class: "back small" }, goto("index.html", "← All issues"));
  }

  function head(issue) {
    return el("header", { class: "opening" }, back(), el("h1", {}, el("bdi", {}, issue.title)), tags(issue),
      issue.title_by && el("p", { class: "small quiet" }, `${issue.title_by} gave it this title`, issue.model_title && `; the model's was “${issue.model_title}”`, "."),
      el("p", { dir: "auto" }, issue.description ?? "It has no description: no model could label it in a way that can be trusted."));
  }

  function tags(issue) {
    const tag = (text, kind = "") => el("span", { class: `tag ${kind}` }, text);
    return el("p", { class: "tags" },
      issue.state && state(issue.state), tag(words(issue.category)),
      issue.level && tag(`${words(issue.level)} impact`, `level-${issue.level}`),
      issue.would_pay && tag("Would pay"), tag(issue.publishable ? "Publishable" : "Not publishable"), issue.muted && tag("Muted", "alert"));
  }

  function figures(issue) {
    const growth = known(issue.growth) ? `× ${number(issue.growth, 1)}` : painpoint.UNKNOWN;
    const shown = [
      ["Impact of 100", number(issue.impact)], ["Posts that day", number(issue.items)], ["People that day", number(issue.authors)],
      ["Growth", growth], ["First seen", date(issue.first_seen)], ["Last seen", date(issue.last_seen)],
    ];
    return el("dl", { class: "figures" }, shown.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))));
  }

  // --- Sections; those without anything to say are left out ---

  function sections(issue) {
    const parts = [
      section("history", "Over time", growing(issue), issue.history.day.length > 0),
      section("posts", "What people say", evidenceCount(issue), issue.evidence.length > 0),
      section("weight", "Why it weighs this much", "The parts of its impact, each with the points that it can give at most.", Boolean(issue.impact_parts)),
      section("feelings", "How it feels", "Means over its posts, from models that say how sure they are.", known(issue.perception.negativity)),
      section("sources", "Where it is reported", null, Object.keys(issue.sources).length > 0),
      section("lineage", "How it came about", null, issue.lineage.length > 0),
      section("decisions", "What people decided", null, issue.decisions.length > 0),
    ];
    const [history, posts, weight, feelings, sources, lineage, decisions] = parts;
    const aside = el("div", {}, weight, feelings, sources, lineage, decisions);
    return [history || "", el("div", { class: posts ? "beside" : null }, posts, aside), origin(issue)];
  }

  function section(id, title, lead, wanted) {
    return wanted && el("section", { "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), lead && el("p", {}, lead), el("div", { id }));
  }

  async function drawn(issue) {
    const at = (id) => document.getElementById(id);
    if (at("weight")) weight(at("weight"), issue);
    if (at("posts")) posts(at("posts"), issue);
    if (at("lineage")) at("lineage").append(el("ol", { class: "steps" }, issue.lineage.map(step)));
    if (at("decisions")) at("decisions").append(el("ol", { class: "steps" }, issue.decisions.map(decision)));
    const charts = { history, feelings, sources };
    await Promise.all(Object.entries(charts).map(([id, draw]) => at(id) && draw(at(id), issue)));
  }

  // --- Over time ---

  function growing({ growth, growth_low: low, growth_high: high, state: name, first_seen: first, surprise }) {
    const seen = first ? `It was first seen on ${date(first)}. ` : "";
    if (!known(growth)) return `${seen}There are no days before it to compare it with.`;
    const sure = known(low) && known(high) ? `, and between ${number(low, 1)} and ${number(high, 1)} times with a probability of 90 %` : "";
    const often = surprise >= 3 ? " So many posts are a rare event: less than one day in 1,000 if nothing had changed." : "";
    return `${seen}It is ${name ?? "seen"}: reported ${number(growth, 1)} times as often as usual${sure}.${often}`;
  }

  function history(container, issue) {
    const days = rows(issue.history);
    return chart(container, "issue_history", { history: days }, {
      message: busiest(days), title: "Posts by day, in the colour of its state that day",
      label: `Posts by day: ${days.map((row) => `${row.day} ${row.items}`).join(", ")}`,
      columns: [
        { key: "day", label: "Day", heading: true, day: true }, { key: "items", label: "Posts", numeric: true },
        { key: "authors", label: "People", numeric: true }, { key: "impact", label: "Impact", numeric: true, render: (row) => number(row.impact) },
        { key: "growth", label: "Growth", numeric: true, render: (row) => (known(row.growth) ? `× ${number(row.growth, 1)}` : painpoint.UNKNOWN) },
        { key: "state", label: "State", render: (row) => state(row.state) },
      ],
      sort: "-day", width: days.length * 64 + 120,
    });
  }

  function busiest(days) {
    const most = Math.max(...days.map((row) => row.items));
    const { day } = days.findLast((row) => row.items === most);
    return days.length === 1 ? `${counted(most, "post")} on ${day}` : `Most on ${day}: ${counted(most, "post")}`;
  }

  // --- Weight, feelings, sources ---

  function weight(container, { impact_parts: parts, impact }) {
    const all = PARTS.map((part) => ({ ...part, points: parts[part.name] }));
    table(container, {
      caption: `Together ${number(impact, 1)} of 100 points`, noun: ["part", "parts"],
      columns: [
        { key: "title", label: "Part", heading: true, sort: false, render: (part) => [part.title, el("span", { class: "small quiet says" }, part.says)] },
        { key: "points", label: "Points", numeric: true, sort: false, render: (part) => [gauge(part), el("span", { class: "figure" }, number(part.points, 1))] },
        { key: "most", label: "At most", numeric: true, sort: false },
      ],
      rows: all,
    });
  }

  // As long as the part can weigh, and filled as far as it does.
  function gauge({ points, most }) {
    const bar = el("span", { class: "meter gauge", "aria-hidden": "true" });
    const share = (value) => `${(value / PARTS[0].most) * 100}%`;
    bar.style.setProperty("--most", share(most));
    bar.style.setProperty("--share", share(points));
    return bar;
  }

  async function feelings(container, { perception }) {
    const felt = FEELINGS.filter(({ name }) => known(perception[name])).map((feeling) => measured(feeling, perception));
    const drawing = el("div");
    container.replaceChildren(el("ul", { class: "felt" }, felt.map(({ title, says, sure }) => el("li", {}, el("b", {}, title), ` ${says}. `, el("span", { class: "quiet" }, sure)))), drawing);
    const shown = felt.map(({ title, value, low, high }) => ({ name: title, value, low, high }));
    await chart(drawing, "issue_feelings", { feelings: shown }, {
      message: `Its posts are ${felt.map(({ end }) => end).join(", ")}`, title: "The mean, in a band as wide as the interval of one post", label: felt.map(({ title, says }) => `${title} ${says}`).join("; "),
      columns: [
        { key: "name", label: "Feeling", heading: true },
        ...["value", "low", "high"].map((key) => ({ key, label: { value: "Mean", low: "Band from", high: "to" }[key], numeric: true, render: (row) => number(row[key], 2) })),
      ],
      height: felt.length * BAND,
    });
  }

  function measured({ name, title, ends }, perception) {
    const value = perception[name];
    const width = perception[`${name}_width`] ?? 1;
    const sure = width < 0.3 ? "The models are sure of that" : width < 0.6 ? "The models know it roughly" : "The models know little about it";
    const end = ends[value < 0.4 ? 0 : value < 0.6 ? 1 : 2];
    return {
      title, end, value, low: Math.max(0, value - width / 2), high: Math.min(1, value + width / 2),
      says: `${number(value, 2)} of 1: ${end}`,
      sure: `${sure}: the interval that holds a post's true value 9 times in 10 is ${number(width, 2)} wide on average.`,
    };
  }

  function sources(container, issue) {
    const counts = Object.entries(issue.sources).map(([source, posts]) => ({ source: words(source), posts })).sort((a, b) => b.posts - a.posts);
    return chart(container, "issue_sources", { sources: counts }, {
      message: painpoint.leading(counts.map(({ source, posts }) => [source, posts]), "post", "sources"), title: `Posts of ${date(issue.last_seen)} by source`, label: counts.map(({ source, posts }) => `${source} ${posts}`).join(", "),
      columns: [{ key: "source", label: "Source", heading: true }, { key: "posts", label: "Posts", numeric: true }],
      height: counts.length * BAND,
    });
  }

  // --- What people say ---

  function evidenceCount({ evidence, evidence_total: all }) {
    return `${number(evidence.length)} of ${counted(all, "post")}: those that speak for it first, then those with the most votes. What best says the problem is marked.`;
  }

  function posts(container, issue) {
    const AT_ONCE = 8;
    const list = el("ol", { class: "posts" });
    const more = el("button", { type: "button", class: "plain", onclick: grow });
    container.replaceChildren(list, more);
    grow();

    function grow() {
      const from = list.children.length;
      const next = issue.evidence.slice(from, from + AT_ONCE).map(post);
      list.append(...next);
      const left = issue.evidence.length - list.children.length;
      more.textContent = `Show ${counted(Math.min(left, AT_ONCE), "more post")}`;
      more.hidden = left <= 0;
      // The keyboard goes on where the new posts begin.
      if (from) next[0].querySelector("a, h3")?.focus();
    }
  }

  function post(each) {
    const facts = [words(each.source), date(each.created_at), counted(each.votes ?? 0, "vote"), counted(each.comments ?? 0, "comment"), known(each.negativity) && `negativity ${number(each.negativity, 2)}`];
    return el("li", {}, el("h3", {}, link(each.url, each.title || "Without a title")), quoted(each),
      el("p", { class: "small quiet" }, facts.filter(Boolean).join(" · "), each.representative && [" ", el("span", { class: "tag" }, "speaks for the issue")]));
  }

  // The snippet with its quote marked, and without half of a word at its end; a quote that stands elsewhere in the post comes before it.
  function quoted({ snippet, quote }) {
    if (!snippet && !quote) return null;
    const isCut = [...(snippet ?? "")].length >= SNIPPET;
    const ended = (rest) => (isCut ? rest.replace(/(^|\s)\S*$/u, "$1…") : rest);
    if (!quote) return el("blockquote", { dir: "auto" }, ended(snippet));
    const start = snippet?.indexOf(quote) ?? -1;
    if (start < 0) return el("blockquote", { dir: "auto" }, el("mark", {}, quote), snippet && ` … ${ended(snippet)}`);
    return el("blockquote", { dir: "auto" }, snippet.slice(0, start), el("mark", {}, quote), ended(snippet.slice(start + quote.length)));
  }

  // --- How it came about, what people decided ---

  function step({ day, relation, similarity, previous }) {
    const others = previous.map((each, index) => [index ? ", " : "", goto("issue.html", each.title ?? `issue ${each.key}`, each.key)]);
    const alike = known(similarity) ? ` Resemblance ${number(similarity, 2)} of 1.` : "";
    const told = {
      new: ["Nothing like it had been seen."],
      continues: [`It went on from the days before.${alike}`],
      splits: ["It split off from ", ...(others.length ? others : ["an issue that goes on beside it"]), `.${alike}`],
      merges: ["It took in ", ...(others.length ? others : ["another issue"]), `.${alike}`],
    }[relation] ?? [words(relation)];
    return el("li", {}, el("time", { datetime: day }, date(day)), el("span", {}, told));
  }

  function decision({ at, by, kind, title, target, posts: moved, reason }) {
    const other = target && goto("issue.html", `issue ${target.slice(0, 8)}`, target);
    const told = {
      rename: [`called it “${title}”`],
      merge: ["merged it with ", other],
      split: [`took ${counted(moved ?? 0, "post")} out`, title && ` as “${title}”`, other && [": ", other]],
      mute: ["muted it"],
      unmute: ["let it be heard again"],
    }[kind] ?? [words(kind)];
    return el("li", {}, el("time", { datetime: at }, date(at)), el("span", {}, `${by ?? "Somebody"} `, told, reason && `. Reason: ${reason}`));
  }

  function origin(issue) {
    const label = issue.model ? `Title, category and level by ${issue.model}${issue.prompt_version ? `, prompt ${issue.prompt_version}` : ""}. ` : "";
    return el("p", { class: "small quiet origin" }, label, "Key ", el("code", {}, issue.key), ".");
  }
});
