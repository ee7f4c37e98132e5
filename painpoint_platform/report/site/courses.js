"use strict";
// Courses by themes: the heat map, narrowing it, and the way from a number to the words of students.

(() => {
  const COURSES_AT_FIRST = 25;
  const THEMES_AT_FIRST = 24;
  const UNASSIGNED = "UNASSIGNED";
  const SMALLER = "smaller themes";
  const { el, hash, number } = painpoint;
  const at = (id) => document.getElementById(id);
  const noun = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

  // ---- The corpus as it came, arranged once

  function arranged(corpus) {
    const themes = painpoint.rows(corpus.themes).sort((a, b) => b.posts - a.posts || compare(a.id, b.id));
    const courses = painpoint.rows(corpus.courses);
    const whole = { ...corpus, themes, courses, cells: painpoint.rows(corpus.cells) };
    whole.themeOf = new Map(themes.map((theme) => [theme.id, theme]));
    whole.courseOf = new Map(courses.map((course) => [course.code, course]));
    whole.textOf = new Map();
    return whole;
  }

  const compare = (a, b) => String(a).localeCompare(String(b), "en", { numeric: true });

  // What is searched in: a cluster with its snippets, its course and its theme; put together at the first search only.
  function textOf(whole, id, cell) {
    if (!whole.textOf.has(id)) {
      const cluster = whole.clusters[id];
      const theme = whole.themeOf.get(cell.theme);
      const course = whole.courseOf.get(cell.course);
      const parts = [cluster?.summary, cell.course, course?.title, theme?.id, theme?.theme, theme?.label];
      const snippets = (cluster?.snippets ?? []).map((snippet) => snippet.text);
      whole.textOf.set(id, [...parts, ...snippets].filter(Boolean).join(" ").toLowerCase());
    }
    return whole.textOf.get(id);
  }

  // ---- Narrowing: the cells that remain, with their posts counted anew

  function narrowed(whole, state) {
    const words = (state.words ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const labelOf = (cell) => whole.themeOf.get(cell.theme)?.label;
    const kept = whole.cells.filter((cell) =>
      (!state.college || whole.courseOf.get(cell.course)?.colleges.includes(state.college)) &&
      (!state.label || labelOf(cell) === state.label));
    if (!words.length) return kept;
    return kept.map((cell) => {
      const clusters = cell.clusters.filter((id) => words.every((word) => textOf(whole, id, cell).includes(word)));
      return { ...cell, clusters, posts: sum(clusters, (id) => whole.clusters[id]?.posts ?? 0) };
    }).filter((cell) => cell.clusters.length);
  }

  const sum = (list, valueOf) => list.reduce((total, each) => total + valueOf(each), 0);

  function totals(cells, key) {
    const posts = new Map();
    for (const cell of cells) posts.set(cell[key], (posts.get(cell[key]) ?? 0) + cell.posts);
    return posts;
  }

  // ---- The heat map

  function grid(whole, cells, state) {
    const byTheme = totals(cells, "theme");
    const themes = whole.themes.filter((theme) => byTheme.has(theme.id))
      .sort((a, b) => byTheme.get(b.id) - byTheme.get(a.id) || compare(a.id, b.id));
    const columns = themes.slice(0, state.themes === "all" ? undefined : THEMES_AT_FIRST).map((theme) => theme.id);
    const rest = themes.length - columns.length;
    if (rest) columns.push(SMALLER);
    if (byTheme.has(UNASSIGNED)) columns.push(UNASSIGNED);
    const rows = sortedCourses(whole, cells, state);
    return { columns, rows, themes, rest, cellOf: placed(cells, new Set(columns)) };
  }

  function placed(cells, columns) {
    const places = new Map();
    for (const cell of cells) {
      const key = `${cell.course}\n${columns.has(cell.theme) ? cell.theme : SMALLER}`;
      places.set(key, (places.get(key) ?? 0) + cell.posts);
    }
    return (course, column) => places.get(`${course}\n${column}`) ?? 0;
  }

  function sortedCourses(whole, cells, state) {
    const posts = totals(cells, "course");
    const by = state.order ?? "posts";
    const inTheme = totals(cells.filter((cell) => cell.theme === by), "course");
    const orders = {
      posts: (a, b) => posts.get(b.code) - posts.get(a.code),
      code: () => 0,
      title: (a, b) => compare(a.title ?? "", b.title ?? ""),
    };
    const first = orders[by] ?? ((a, b) => (inTheme.get(b.code) ?? 0) - (inTheme.get(a.code) ?? 0));
    const known = [...posts.keys()].map((code) => whole.courseOf.get(code) ?? { code, title: "", colleges: [] });
    return known.map((course) => ({ ...course, posts: posts.get(course.code) }))
      .sort((a, b) => first(a, b) || (by === "code" || by === "title" ? 0 : b.posts - a.posts) || compare(a.code, b.code));
  }

  // Shades double: 1, 2, 3-4, 5-8, 9-16, 17 and more; the domain's own report has the same six.
  const shade = (posts) => Math.min(33 - Math.clz32(posts - 1), 6);

  const columnName = (whole, column) =>
    column === SMALLER ? SMALLER : column === UNASSIGNED ? "no theme" : `${column} ${whole.themeOf.get(column).theme}`;

  function drawGrid(whole, cells, state) {
    const map = grid(whole, cells, state);
    const shown = map.rows.slice(0, state.courses === "all" ? undefined : COURSES_AT_FIRST);
    const head = el("tr", {}, el("th", { scope: "col" }, "Course"),
      ...map.columns.map((column) => headCell(whole, column)), el("th", { scope: "col", class: "amount" }, "Posts"));
    const body = shown.map((course) => gridRow(whole, map, course));
    at("matrix").replaceChildren(
      el("caption", { class: "unseen" }, "Posts of each course in each theme"),
      el("thead", {}, head), el("tbody", {}, ...body));
    at("matrix").querySelector("tbody button.cell")?.setAttribute("tabindex", "0");
    offer("all-courses", shown.length < map.rows.length, `Show all ${noun(map.rows.length, "course")}`);
    offer("all-themes", map.rest > 0, `Show all ${noun(map.themes.length, "theme")}`);
    at("grid").hidden = !map.rows.length;
    return map;
  }

  function offer(id, yes, text) {
    at(id).hidden = !yes;
    at(id).textContent = text;
  }

  function headCell(whole, column) {
    const name = columnName(whole, column);
    const label = el("span", {}, name);
    if (column === SMALLER) return el("th", { scope: "col", class: "turned quiet" }, label);
    const button = el("button", { type: "button", title: name }, label);
    button.addEventListener("click", () => drill({ theme: column }));
    return el("th", { scope: "col", class: "turned" }, button);
  }

  function gridRow(whole, map, course) {
    const name = el("button", { type: "button", class: "course" }, course.code);
    name.addEventListener("click", () => drill({ course: course.code }));
    const title = el("span", { class: "quiet", title: course.title }, ` ${course.title ?? ""}`);
    const cells = map.columns.map((column) => gridCell(whole, course, column, map.cellOf(course.code, column)));
    return el("tr", {}, el("th", { scope: "row" }, name, title), ...cells,
      el("td", { class: "amount" }, number(course.posts)));
  }

  function gridCell(whole, course, column, posts) {
    if (!posts) return el("td");
    const said = `${noun(posts, "post")}, ${course.code}, ${columnName(whole, column)}`;
    const button = el("button", { type: "button", class: "cell", tabindex: "-1", "aria-label": said, title: said }, number(posts));
    button.addEventListener("click", () => drill({ theme: column === SMALLER ? "" : column, course: course.code }));
    return el("td", { class: `h${shade(posts)}` }, button);
  }

  // One stop for Tab; arrows go to the next number in their direction, over empty cells.
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function move(event) {
    const cell = event.target.closest?.("button.cell")?.parentElement;
    if (!cell || !(event.key in STEPS)) return;
    event.preventDefault();
    const [down, right] = STEPS[event.key];
    const rows = cell.closest("tbody").rows;
    let row = cell.parentElement.sectionRowIndex + down;
    let column = cell.cellIndex + right;
    while (rows[row]?.cells[column]) {
      const next = rows[row].cells[column].querySelector("button.cell");
      if (next) return focusCell(next);
      row += down;
      column += right;
    }
  }

  function focusCell(button) {
    for (const each of at("matrix").querySelectorAll('button.cell[tabindex="0"]')) each.setAttribute("tabindex", "-1");
    button.setAttribute("tabindex", "0");
    button.focus();
  }

  // ---- The ranking

  function drawRanking(whole, cells) {
    const most = Math.max(1, ...totals(cells, "theme").values());
    const rows = rankingRows(whole, cells);
    painpoint.table(at("ranking"), {
      caption: "Themes by posts",
      columns: [
        { key: "id", label: "Id" },
        { key: "theme", label: "Theme", render: (row) => themeButton(row) },
        { key: "posts", label: "Posts", numeric: true },
        { key: "bar", label: "", render: (row) => bar(row.posts / most), sort: false },
        { key: "courses", label: "Courses", numeric: true },
        { key: "clusters", label: "Clusters", numeric: true },
        { key: "label", label: "Label", render: (row) => el("code", {}, row.label ?? "") },
      ],
      rows,
      pageSize: 20,
      hashKey: "ranking",
    });
  }

  function rankingRows(whole, cells) {
    const of = new Map();
    for (const cell of cells) of.set(cell.theme, [...(of.get(cell.theme) ?? []), cell]);
    return whole.themes.filter((theme) => of.has(theme.id)).map((theme) => ({
      ...theme,
      posts: sum(of.get(theme.id), (cell) => cell.posts),
      courses: new Set(of.get(theme.id).map((cell) => cell.course)).size,
      clusters: sum(of.get(theme.id), (cell) => cell.clusters.length),
    })).sort((a, b) => b.posts - a.posts);
  }

  function themeButton(theme) {
    const button = el("button", { type: "button", class: "text" }, theme.theme);
    button.addEventListener("click", () => drill({ theme: theme.id }));
    return button;
  }

  function bar(share) {
    const filled = el("span", { class: "bar", "aria-hidden": "true" });
    filled.style.width = `${(100 * share).toFixed(1)}%`;
    return filled;
  }

  // ---- From a theme, a course or both to clusters and snippets

  function drawDrill(whole, cells, state) {
    const asked = state.theme || state.course;
    at("drill").hidden = !asked;
    if (!asked) return;
    const found = cells.filter((cell) =>
      (!state.theme || cell.theme === state.theme) && (!state.course || cell.course === state.course));
    at("drill-title").textContent = drillTitle(whole, state);
    at("drill-about").replaceChildren(...drillAbout(whole, state, found));
    at("drill-places").replaceChildren(...places(whole, found, state));
  }

  function drillTitle(whole, state) {
    const course = state.course && [state.course, whole.courseOf.get(state.course)?.title].filter(Boolean).join(" ");
    const theme = state.theme && columnName(whole, state.theme);
    return [theme, course].filter(Boolean).join(" · ");
  }

  function drillAbout(whole, state, found) {
    const theme = whole.themeOf.get(state.theme);
    const clusters = sum(found, (cell) => cell.clusters.length);
    const courses = new Set(found.map((cell) => cell.course)).size;
    const counts = `${noun(sum(found, (cell) => cell.posts), "post")} in ${noun(clusters, "cluster")}` +
      (state.course ? "." : ` of ${noun(courses, "course")}.`);
    const about = [el("p", {}, found.length ? counts : "Nothing here with these filters.")];
    if (theme) about.unshift(el("p", {}, theme.description ?? "", " ", el("code", { class: "quiet" }, theme.label ?? "")));
    const colleges = whole.courseOf.get(state.course)?.colleges ?? [];
    if (colleges.length) about.push(el("p", { class: "quiet small" }, colleges.join(", ")));
    return about;
  }

  // One block a course and theme, those with most posts first; what the title says already is not said again.
  function places(whole, found, state) {
    return [...found].sort((a, b) => b.posts - a.posts || compare(a.course, b.course)).map((cell) => {
      const parts = [!state.course && placeOfCourse(whole, cell), !state.theme && placeOfTheme(whole, cell)].filter(Boolean);
      const head = parts.length ? [el("h3", {}, ...parts, " ", el("small", {}, noun(cell.posts, "post")))] : [];
      const opened = found.length === 1;
      const clusters = cell.clusters.map((id) => [id, whole.clusters[id]]).filter(([, cluster]) => cluster)
        .sort(([, a], [, b]) => b.posts - a.posts);
      return el("div", { class: "place" }, ...head,
        ...clusters.map(([id, cluster], index) => clusterOf(id, cluster, opened && index < 3)));
    });
  }

  function placeOfCourse(whole, cell) {
    const button = el("button", { type: "button", class: "text" }, cell.course);
    button.addEventListener("click", () => drill({ course: cell.course }));
    return el("span", {}, button, ` ${whole.courseOf.get(cell.course)?.title ?? ""}`);
  }

  function placeOfTheme(whole, cell) {
    const button = el("button", { type: "button", class: "text" }, columnName(whole, cell.theme));
    button.addEventListener("click", () => drill({ theme: cell.theme }));
    return button;
  }

  // A closed cluster has no posts in the document: a theme may have thousands.
  function clusterOf(id, cluster, open) {
    const said = el("summary", {}, el("span", { dir: "auto" }, cluster.summary), " ",
      el("small", {}, noun(cluster.posts, "post"), " ", el("code", {}, id)));
    const details = el("details", { class: "cluster" }, said);
    const fill = () => {
      if (details.open && details.children.length === 1) details.append(...postsOf(cluster));
    };
    details.addEventListener("toggle", fill);
    if (open) {
      details.open = true;
      fill();
    }
    return details;
  }

  function postsOf(cluster) {
    const rest = cluster.posts - cluster.snippets.length;
    const posts = cluster.snippets.map((snippet) => el("li", {},
      snippet.text ? el("blockquote", { dir: "auto" }, snippet.text) : null,
      el("small", {}, "Post ", el("code", {}, snippet.post_id))));
    const said = `${number(cluster.snippets.length)} of ${noun(cluster.posts, "post")} are in this report.`;
    return [el("ul", {}, ...posts), ...(rest > 0 ? [el("p", { class: "quiet small" }, said)] : [])];
  }
