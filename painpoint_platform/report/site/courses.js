"use strict";
// Courses by themes: the heat map, narrowing it, and the way from a number to the words of students.
//
// The address says what is open: #corpus/theme/course&college=…, each part but the first may be empty or missing.

painpoint.page(async (main) => {
  const COURSES_AT_FIRST = 25;
  const THEMES_AT_FIRST = 24;
  const CLUSTERS_AT_FIRST = 50;
  const UNASSIGNED = "UNASSIGNED";
  const SMALLER = "smaller themes";
  const { el, hash, places, number, counted } = painpoint;
  const at = (id) => document.getElementById(id);

  // --- A corpus, arranged once: every number below is counted from its clusters ---

  function arranged({ corpus, courses, themes, clusters }) {
    const courseOf = new Map(painpoint.rows(courses).map((course) => [course.code, course]));
    const themeOf = new Map(painpoint.rows(themes).map((theme) => [theme.id, theme]));
    const listed = Object.entries(clusters).map(([id, cluster]) => ({ ...cluster, id }));
    for (const cluster of listed) cluster.text = sought(cluster, courseOf.get(cluster.course), themeOf.get(cluster.theme));
    return { corpus, courseOf, themeOf, clusters: listed.sort((a, b) => b.posts - a.posts) };
  }

  const sought = (cluster, course, theme) => [
    cluster.id, cluster.summary, course?.title, cluster.theme, theme?.theme, theme?.label,
    ...cluster.snippets.map((snippet) => snippet.text),
  ].join("\n");

  const posts = (clusters) => clusters.reduce((sum, cluster) => sum + cluster.posts, 0);
  const alphabetical = (a, b) => String(a).localeCompare(String(b), "en", { numeric: true });

  function themeName(theme) {
    return theme === UNASSIGNED ? "No theme" : `${theme} ${whole.themeOf.get(theme)?.theme ?? ""}`.trim();
  }

  const courseName = (code) => `${code} ${whole.courseOf.get(code)?.title ?? ""}`.trim();

  // --- What is open ---

  function asked() {
    const [corpus, theme, course] = places.asked(3);
    return { corpus, theme, course };
  }

  const opener = (text, theme, course, attributes = {}) => places.link(text, [whole.corpus, theme, course], attributes);

  function enter() {
    at("drill").scrollIntoView({ block: "start" });
    at("drill-title").focus({ preventScroll: true });
  }

  // --- The heat map ---

  function columnsOf(clusters) {
    const byTheme = Map.groupBy(clusters, (cluster) => cluster.theme);
    const themes = [...byTheme.keys()].filter((theme) => theme !== UNASSIGNED)
      .sort((a, b) => posts(byTheme.get(b)) - posts(byTheme.get(a)) || alphabetical(a, b));
    const columns = hash.get("themes") ? themes : themes.slice(0, THEMES_AT_FIRST);
    const smaller = themes.length - columns.length;
    return { themes, smaller, columns: [...columns, ...(smaller ? [SMALLER] : []), ...(byTheme.has(UNASSIGNED) ? [UNASSIGNED] : [])] };
  }

  function rowsOf(clusters) {
    const order = hash.get("order") ?? "posts";
    const rows = [...Map.groupBy(clusters, (cluster) => cluster.course)]
      .map(([code, own]) => ({ code, posts: posts(own), cells: Map.groupBy(own, (cluster) => cluster.theme) }));
    const inTheme = (row) => posts(row.cells.get(order) ?? []);
    const first = {
      posts: () => 0,
      code: (a, b) => alphabetical(a.code, b.code),
      title: (a, b) => alphabetical(whole.courseOf.get(a.code)?.title ?? "", whole.courseOf.get(b.code)?.title ?? ""),
    }[order] ?? ((a, b) => inTheme(b) - inTheme(a));
    return rows.sort((a, b) => first(a, b) || b.posts - a.posts || alphabetical(a.code, b.code));
  }

  function drawHeat(clusters) {
    const { themes, smaller, columns } = columnsOf(clusters);
    const rows = rowsOf(clusters);
    const shown = hash.get("courses") ? rows : rows.slice(0, COURSES_AT_FIRST);
    const named = new Set(columns);
    at("matrix").replaceChildren(
      el("caption", { class: "unseen" }, "Posts of each course in each theme"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Course"), columns.map(columnHead), el("th", { scope: "col", class: "amount" }, "Posts"))),
      el("tbody", {}, shown.map((row) => heatRow(row, columns, named))),
    );
    at("matrix").querySelector("tbody td a")?.setAttribute("tabindex", "0");
    offer("all-courses", rows.length > shown.length, `Show all ${counted(rows.length, "course")}`);
    offer("all-themes", smaller > 0, `Show all ${counted(themes.length, "theme")}`);
  }

  function offer(id, yes, label) {
    at(id).hidden = !yes;
    at(id).textContent = label;
  }

  function columnHead(theme) {
    const label = el("span", {}, theme === SMALLER ? SMALLER : themeName(theme));
    const content = theme === SMALLER ? label : opener(label, theme, "", { title: themeName(theme) });
    return el("th", { scope: "col", class: "turned" }, content);
  }

  function heatRow(row, columns, named) {
    const smaller = [...row.cells].flatMap(([theme, own]) => (named.has(theme) ? [] : own));
    const name = [opener(row.code, "", row.code), el("span", { title: courseName(row.code) }, whole.courseOf.get(row.code)?.title)];
    return el("tr", {},
      el("th", { scope: "row" }, name),
      columns.map((theme) => heatCell(theme, row.code, posts(theme === SMALLER ? smaller : row.cells.get(theme) ?? []))),
      el("td", { class: "amount" }, number(row.posts)));
  }

  // Shades double: 1, 2, 3-4, 5-8, 9-16, 17 and more.
  const shade = (count) => Math.min(33 - Math.clz32(count - 1), 6);

  function heatCell(theme, course, count) {
    if (!count) return el("td");
    const name = `${counted(count, "post")}, ${course}, ${theme === SMALLER ? SMALLER : themeName(theme)}`;
    return el("td", { class: `h${shade(count)}` },
      opener(number(count), theme === SMALLER ? "" : theme, course, { tabindex: -1, "aria-label": name, title: name }));
  }

  // One stop for Tab; the arrows go on to the next number in their direction, over empty cells.
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function step(event) {
    const cell = event.target.closest("tbody td");
    if (!cell || !(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [down, right] = STEPS[event.key];
    const { rows } = cell.closest("tbody");
    let row = cell.parentElement.sectionRowIndex + down;
    let column = cell.cellIndex + right;
    while (rows[row]?.cells[column]) {
      const next = rows[row].cells[column].querySelector("td > a");
      if (next) return focusOn(next);
      row += down;
      column += right;
    }
  }

  function focusOn(cell) {
    at("matrix").querySelector('td a[tabindex="0"]')?.setAttribute("tabindex", "-1");
    cell.setAttribute("tabindex", "0");
    cell.focus();
  }

  // --- The ranking ---

  function rankingOf(clusters) {
    const byTheme = Map.groupBy(clusters.filter((cluster) => cluster.theme !== UNASSIGNED), (cluster) => cluster.theme);
    return [...byTheme].map(([id, own]) => {
      const courses = [...new Set(own.map((cluster) => cluster.course))];
      const colleges = new Set(courses.flatMap((code) => whole.courseOf.get(code)?.colleges ?? []));
      return { ...whole.themeOf.get(id), id, posts: posts(own), clusters: own.length, courses: courses.length, colleges: colleges.size };
    });
  }

  function rankingTable() {
    const most = () => Math.max(1, ...ranked.map((row) => row.posts));
    return painpoint.table(at("ranking"), {
      caption: "Themes",
      columns: [
        { key: "id", label: "Id", secondary: true },
        { key: "theme", label: "Theme", heading: true, render: (row) => [opener(row.theme, row.id, ""), el("code", {}, row.label)] },
        { key: "posts", label: "Posts", numeric: true },
        { key: "bar", label: "", sort: false, secondary: true, from: 51, render: (row) => bar(row.posts / most()) },
        { key: "courses", label: "Courses", numeric: true },
        { key: "colleges", label: "Colleges", numeric: true, secondary: true },
        { key: "clusters", label: "Clusters", numeric: true, secondary: true },
      ],
      pageSize: 20,
      sort: "-posts",
      hashKey: "ranking",
      noun: ["theme", "themes"],
    });
  }

  const bar = (share) => painpoint.svg("svg", { class: "bar", "aria-hidden": "true" },
    painpoint.svg("rect", { width: `${(100 * share).toFixed(1)}%`, height: "100%" }));

  // --- From a theme, a course, or both to clusters and snippets ---

  function drawDrill(clusters) {
    const { theme, course } = asked();
    at("drill").hidden = !theme && !course;
    if (at("drill").hidden) return;
    const found = clusters.filter((cluster) => (!theme || cluster.theme === theme) && (!course || cluster.course === course));
    at("drill-title").textContent = [theme && themeName(theme), course && courseName(course)].filter(Boolean).join(" · ");
    at("drill-about").replaceChildren(...about(theme, course, found));
    drawPlaces(found, theme, course, CLUSTERS_AT_FIRST);
  }

  function about(theme, course, found) {
    const known = whole.themeOf.get(theme);
    const courses = new Set(found.map((cluster) => cluster.course)).size;
    const counts = `${counted(posts(found), "post")} in ${counted(found.length, "cluster")}${course ? "" : ` of ${counted(courses, "course")}`}.`;
    const colleges = whole.courseOf.get(course)?.colleges ?? [];
    return [
      known && el("p", {}, known.description, " ", el("code", { class: "quiet" }, known.label)),
      el("p", {}, found.length ? counts : "No cluster is left by the filters, or the corpus has none here."),
      colleges.length ? el("p", { class: "quiet small" }, colleges.join(", ")) : null,
      theme && course ? el("p", { class: "small" }, opener("All courses of this theme", theme, ""), " ", opener("All themes of this course", "", course)) : null,
    ].filter(Boolean);
  }

  // A block a course and theme; what the title says is not said again. Their order is that of their largest cluster.
  function drawPlaces(found, theme, course, most) {
    const shown = found.slice(0, most);
    const blocks = [...Map.groupBy(shown, (cluster) => `${cluster.course}\n${cluster.theme}`).values()];
    const opened = found.length <= 3;
    const more = el("button", { type: "button", class: "plain", onclick: () => drawPlaces(found, theme, course, Infinity) }, `Show all ${counted(found.length, "cluster")}`);
    at("drill-places").replaceChildren(
      ...blocks.map((own) => el("div", { class: "place" }, placeHead(own, theme, course), own.map((cluster) => clusterOf(cluster, opened)))),
      ...(found.length > most ? [more] : []));
  }

  function placeHead(own, theme, course) {
    if (theme && course) return null;
    const [{ course: code, theme: id }] = own;
    const name = theme ? opener(code, "", code) : opener(themeName(id), id, "");
    const rest = theme ? ` ${whole.courseOf.get(code)?.title ?? ""}` : "";
    return el("h3", {}, name, rest, " ", el("small", {}, counted(posts(own), "post")));
  }

  // A closed cluster has no posts in the document: a theme may have thousands.
  function clusterOf(cluster, open) {
    const fill = () => {
      if (details.open && details.children.length === 1) details.append(...postsOf(cluster));
    };
    const details = el("details", { class: "cluster", open, ontoggle: fill },
      el("summary", {}, el("span", { dir: "auto" }, cluster.summary), " ", el("small", {}, counted(cluster.posts, "post"), " ", el("code", {}, cluster.id))));
    fill();
    return details;
  }

  function postsOf({ posts: count, snippets }) {
    const items = snippets.map(({ post_id: id, text }) => el("li", {},
      text ? el("blockquote", { dir: "auto" }, text) : null, el("small", {}, "Post ", el("code", {}, id))));
    const left = `${number(snippets.length)} of ${counted(count, "post")} are in this report.`;
    return [el("ul", {}, items), ...(snippets.length < count ? [el("p", { class: "quiet small" }, left)] : [])];
  }

  // --- The page ---

  function opening() {
    const said = `Students of ${counted(whole.courseOf.size, "course")} describe problems that can be fixed, in ${counted(whole.clusters.length, "cluster")} of posts.`;
    const [largest] = rankingOf(whole.clusters).sort((a, b) => b.posts - a.posts);
    if (!largest) return [`${said} None of them has a theme yet.`];
    const size = `, ${counted(largest.posts, "post")} in ${counted(largest.courses, "course")}.`;
    return [`${said} They form ${counted(whole.themeOf.size, "theme")}. The largest: `, opener(largest.theme, largest.id, ""), size];
  }

  function orders() {
    const themes = [...whole.themeOf.values()].sort((a, b) => b.posts - a.posts).map(({ id }) => [id, `Posts in ${themeName(id)}`]);
    return [["posts", "Posts"], ["code", "Code"], ["title", "Title"], ...themes].map(([value, label]) => el("option", { value }, label));
  }

  function choose() {
    const wanted = corpora.find((each) => each.corpus === asked().corpus) ?? corpora[0];
    if (wanted.corpus === whole?.corpus) return false;
    whole = arranged(wanted);
    at("corpus").value = wanted.corpus;
    at("opening").replaceChildren(...opening());
    at("order").replaceChildren(...orders());
    return true;
  }

  function draw() {
    at("order").value = hash.get("order") ?? "posts";
    if (at("order").selectedIndex < 0) at("order").selectedIndex = 0;
    ranked = rankingOf(left);
    ranking.show(ranked);
    drawHeat(left);
    drawDrill(left);
  }

  function narrowing() {
    const colleges = corpora.flatMap(({ courses }) => courses.colleges.flat());
    const labels = corpora.flatMap(({ themes }) => themes.label).filter(Boolean);
    return painpoint.filters(at("filters"), {
      label: "Narrow the heat map, the ranking and what is open",
      rows: whole.clusters,
      noun: ["cluster", "clusters"],
      fields: [
        { key: "words", label: "Words", kind: "search", placeholder: "theme, course, words", text: (cluster) => cluster.text },
        { key: "college", label: "College", kind: "choice", options: painpoint.choices(colleges, "All colleges", String), test: ({ course }, college) => whole.courseOf.get(course)?.colleges.includes(college) },
        { key: "label", label: "Label", kind: "choice", options: painpoint.choices(labels, "All labels", String), test: ({ theme }, label) => whole.themeOf.get(theme)?.label === label },
      ],
      onChange: (clusters) => {
        left = clusters;
        draw();
      },
    });
  }

  // The button is gone once it was used; the keyboard goes on at the first row that it brought.
  function again(changes, row = null) {
    hash.set(changes);
    drawHeat(left);
    if (row !== null) at("matrix").tBodies[0].rows[row].querySelector("a").focus();
  }

  function listen() {
    at("corpus").addEventListener("change", () => hash.go(at("corpus").value));
    at("order").addEventListener("change", ({ target }) => again({ order: target.value === "posts" ? null : target.value }));
    at("all-courses").addEventListener("click", () => again({ courses: "all" }, COURSES_AT_FIRST));
    at("all-themes").addEventListener("click", () => again({ themes: "all" }, 0));
    at("matrix").addEventListener("keydown", step);
    at("close").addEventListener("click", () => places.go(whole.corpus));
  }

  const { corpora } = await painpoint.data("courses");
  let whole = null;
  let left = [];
  let ranked = [];
  if (!corpora.length) return painpoint.empty(at("page"), "There is no course feedback yet.", "painpoint courses run");
  at("corpus").append(...corpora.map(({ corpus }) => el("option", { value: corpus }, corpus)));
  at("corpus").parentElement.hidden = corpora.length < 2;
  choose();
  const ranking = rankingTable();
  hash.onChange(() => choose() && narrow.show(whole.clusters));
  const narrow = narrowing();
  listen();
  const isOpen = () => !at("drill").hidden;
  places.follow({ isOpen, opened: enter, within: at("page"), closed: (link) => (link.closest("#matrix td") ? focusOn(link) : link.focus()) });
  if (isOpen()) enter();
});
