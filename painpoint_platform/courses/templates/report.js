// Narrowing the report to a college and to words: every count is counted anew from the clusters that remain.

const filters = document.getElementById("filters");
const ROWS_AT_FIRST = document.querySelectorAll("#matrix tbody tr:not(.beyond)").length;

if (filters) {
  const words = document.getElementById("words");
  const college = document.getElementById("college");
  const found = document.getElementById("found");
  const ranking = document.getElementById("ranking");
  const matrix = document.getElementById("matrix");
  const allRows = document.getElementById("all-rows");
  const courses = [...document.querySelectorAll(".course")];
  const collegesOf = new Map(courses.map((each) => [each.dataset.course, JSON.parse(each.dataset.colleges)]));
  const clusters = [...document.querySelectorAll(".cluster")].map((element) => {
    const place = element.parentElement;
    const theme = place.closest("[data-theme]");
    return { element, place, theme, course: place.dataset.course, posts: Number(element.dataset.posts), shown: true };
  });
  const columns = [...matrix.tHead.rows[0].cells].map((cell) => cell.dataset.theme);
  let everyRow = false;
  let waiting = 0;

  // What is searched in: the cluster with its posts, its course and its theme. Read at the first search only.
  const textOf = (cluster) => cluster.text ??= [
    cluster.element.textContent,
    cluster.place.firstElementChild.textContent,
    cluster.theme.querySelector("summary, h2").textContent,
  ].join(" ").toLowerCase();

  function narrow() {
    const terms = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const cluster of clusters) {
      const offered = !college.value || collegesOf.get(cluster.course).includes(college.value);
      show(cluster, offered && (!terms.length || terms.every((term) => textOf(cluster).includes(term))));
    }
    const shown = clusters.filter((cluster) => cluster.shown);
    const narrowed = shown.length < clusters.length;
    const byTheme = counted(shown.filter((cluster) => cluster.theme.id !== "unassigned"), (cluster) => cluster.theme.id);
    const byPlace = counted(shown, (cluster) => cluster.place.id);
    const byCourse = counted(shown, (cluster) => cluster.course);
    for (const theme of document.querySelectorAll(".theme")) retell(theme, byTheme.get(theme.id), narrowed);
    for (const course of courses) retell(course, byCourse.get(course.dataset.course), narrowed);
    for (const place of document.querySelectorAll(".place")) place.hidden = !byPlace.has(place.id);
    rank(byTheme);
    heat(shown, byCourse);
    showLinks();
    document.getElementById("everything").hidden = !narrowed;
    found.value = narrowed
      ? `${noun(byTheme.size, "theme")}, ${noun(byCourse.size, "course")}, ${noun(shown.length, "cluster")}`
      : "";
  }

  function show(cluster, yes) {
    if (cluster.shown !== yes) cluster.element.hidden = !yes;
    cluster.shown = yes;
  }

  function counted(shown, keyOf) {
    const sums = new Map();
    for (const cluster of shown) {
      const key = keyOf(cluster);
      if (!sums.has(key)) sums.set(key, { posts: 0, clusters: [], courses: new Set() });
      const sum = sums.get(key);
      sum.posts += cluster.posts;
      sum.clusters.push(cluster);
      sum.courses.add(cluster.course);
    }
    return sums;
  }

  function retell(element, sum, narrowed) {
    element.hidden = !sum;
    const count = element.querySelector(":scope > summary > small");
    count.dataset.whole ??= count.textContent;
    if (sum) count.textContent = narrowed ? `${sum.posts} of ${count.dataset.whole}` : count.dataset.whole;
  }

  function rank(byTheme) {
    const most = Math.max(...[...byTheme.values()].map((sum) => sum.posts));
    for (const row of ranking.tBodies[0].rows) {
      const sum = byTheme.get(`theme-${row.dataset.theme}`);
      row.hidden = !sum;
      if (!sum) continue;
      const [, posts, bar, inCourses, inColleges, ofClusters, distinct] = row.cells;
      posts.textContent = sum.posts;
      bar.querySelector("rect").setAttribute("width", `${(100 * sum.posts) / most}%`);
      inCourses.textContent = sum.courses.size;
      inColleges.textContent = new Set([...sum.courses].flatMap((course) => collegesOf.get(course))).size;
      ofClusters.textContent = sum.clusters.length;
      distinct.textContent = new Set(sum.clusters.flatMap(postsOf)).size;
    }
    arrange(ranking);
  }

  const postsOf = (cluster) => cluster.ids ??=
    [...cluster.element.querySelectorAll("li > small > code")].map((code) => code.textContent);

  function heat(shown, byCourse) {
    const cells = new Map();
    for (const cluster of shown) {
      const theme = cluster.theme.dataset.theme;
      const place = columns.indexOf(theme);
      const column = place > 0 ? place : columns.length - (cluster.theme.id === "unassigned" ? 2 : 3);
      const key = `${column} ${cluster.course}`;
      cells.set(key, (cells.get(key) ?? 0) + cluster.posts);
    }
    let open = everyRow ? Infinity : ROWS_AT_FIRST;
    for (const row of matrix.tBodies[0].rows) {
      const course = row.dataset.course;
      row.className = "";
      row.hidden = !byCourse.has(course) || open-- <= 0;
      for (const link of row.querySelectorAll("td > a")) {
        const cell = link.parentElement;
        const posts = cells.get(`${cell.cellIndex} ${course}`) ?? 0;
        link.textContent = posts || "";
        link.tabIndex = posts ? 0 : -1;
        cell.className = posts ? `h${Math.min(33 - Math.clz32(posts - 1), 6)}` : "";
      }
      row.cells[columns.length - 1].textContent = byCourse.get(course)?.posts ?? 0;
    }
    offerAllRows(byCourse.size);
  }

  function offerAllRows(rows) {
    allRows.hidden = everyRow || rows <= ROWS_AT_FIRST;
    allRows.textContent = `Show all ${rows} courses`;
  }

  function showLinks() {
    const shown = new Map(clusters.map((cluster) => [cluster.element.id, cluster.shown]));
    for (const item of document.querySelectorAll(".course li")) item.hidden = !shown.get(item.dataset.cluster);
  }

  const noun = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

  filters.hidden = false;
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(narrow));
  college.addEventListener("change", narrow);
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(narrow, 120);
  });
  allRows.addEventListener("click", () => {
    everyRow = true;
    narrow();
    // The button is gone; reading goes on at the first row that it brought.
    matrix.tBodies[0].querySelectorAll("tr:not([hidden])")[ROWS_AT_FIRST].querySelector("a").focus();
  });
  // A link to something that the filter hides would lead nowhere.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && targetOf(link.hash)?.closest("[hidden]")) {
      filters.reset();
      narrow();
    }
  }, true);
  offerAllRows(courses.length);
}
