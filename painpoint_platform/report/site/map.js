"use strict";
// The map of the day: clusters as bubbles above their posts. Where one looks, what is lit, what is told of one issue.
//
// The address says what is chosen: #key&category=…&words=…

painpoint.page(async () => {
  const MARGIN = 0.06; // of the plane, around what is shown
  const ZOOM = 1.4; // a step of a button, a key or the wheel
  const STEP = 0.2; // of the width, a step of a button or a key
  const [SMALLEST, LARGEST] = [200, 2400]; // square pixels of the largest bubble
  const ROOM = 0.25; // share of the map for all bubbles, were they all as large as the largest
  const REST = 90; // milliseconds
  const STILL = 4; // pixels that a hand may tremble in a click
  const FINGER = 10; // pixels around the middle of what is small
  const LINE = 18; // pixels of a name's height
  const MOST_NAMES = 40;
  const LONGEST_NAME = 30;
  const POSTS_TOLD = 5;
  const KEY = 16; // characters of an issue's key in the report
  const { el, hash, places, number, counted, words } = painpoint;
  const at = (id) => document.getElementById(id);

  // --- What the map is given; larger bubbles first, so that a small one lies above them ---

  const sorted = (clusters) => [...clusters].sort((a, b) => b.items - a.items);

  function datasets() {
    const lit = new Set(left);
    const marked = sorted(clusters).map((cluster) => ({ ...cluster, lit: lit.has(cluster), chosen: cluster.key === chosen() }));
    const dots = items.map((item) => ({ ...item, lit: left.length === clusters.length || lit.has(clusters[item.cluster]) }));
    const [noise, own] = [dots.filter((item) => item.cluster < 0), dots.filter((item) => item.cluster >= 0)];
    return { noise, items: own.map((item) => ({ ...item, category: clusters[item.cluster].category })), clusters: marked, names: seen ? names() : [] };
  }

  const chosen = () => hash.path.slice(0, KEY);

  // Not at every letter of a word that is typed.
  function update() {
    clearTimeout(changed);
    changed = setTimeout(() => {
      for (const [name, rows] of Object.entries(datasets())) view?.data(name, rows);
      view?.runAsync();
    }, REST);
  }

  // The middle and the size of what is around all of them.
  function boxOf(all) {
    const range = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const [[left_, right], [low, high]] = [range(all.map(({ x }) => x)), range(all.map(({ y }) => y))];
    return { x: (left_ + right) / 2, y: (low + high) / 2, width: right - left_ || 1, height: high - low || 1 };
  }

  // --- The part of the plane that is seen: its middle, and how many units a pixel is to the right ---

  // The axes have no meaning, so that each is stretched on its own until all issues fill the map.
  const upwards = () => (extent.height / size().height) / (extent.width / size().width);

  function fit(box) {
    const { width, height } = size();
    const unit = Math.max(box.width / width, box.height / height / upwards(), extent.width * 0.05 / width) / (1 - 2 * MARGIN);
    look({ x: box.x, y: box.y, unit });
  }

  const size = () => ({ width: view?.width() || 640, height: view?.height() || 560 });

  // What was drawn is moved at once, and drawn anew when the movement rests: thousands of marks take a while.
  function look(next) {
    const whole = extent.width / size().width;
    seen = { ...next, unit: Math.min(Math.max(next.unit, whole * 0.01), whole * 4) };
    if (!waiting) requestAnimationFrame(preview);
    waiting = true;
    clearTimeout(settled);
    settled = setTimeout(drawPlane, REST);
  }

  function preview() {
    waiting = false;
    const canvas = at("map").querySelector("canvas");
    if (!canvas || !drawn) return;
    const [right, down] = [(drawn.x - seen.x) / seen.unit, (seen.y - drawn.y) / seen.unit / upwards()];
    canvas.style.transform = `translate(${right}px, ${down}px) scale(${drawn.unit / seen.unit})`;
  }

  async function drawPlane() {
    const { width, height } = size();
    const { x, y, unit } = seen;
    const [right, up] = [(width / 2) * unit, (height / 2) * unit * upwards()];
    view.signal("x_low", x - right).signal("x_high", x + right).signal("y_low", y - up).signal("y_high", y + up);
    await view.data("names", names()).runAsync();
    drawn = { x, y, unit };
    preview();
  }

  // `pixel` stays where it is: the pointer's place, or the middle.
  function zoom(factor, pixel = null) {
    const { width, height } = size();
    const [right, up] = pixel ? [pixel.x - width / 2, height / 2 - pixel.y] : [0, 0];
    const { unit } = seen;
    look({ ...seen, unit: unit / factor });
    move(right * (unit / seen.unit - 1), up * (unit / seen.unit - 1));
  }

  const move = (right, up) => look({ ...seen, x: seen.x + right * seen.unit, y: seen.y + up * seen.unit * upwards() });

  // Where a cluster is on the map, in pixels from its middle.
  const onMap = ({ x, y }) => ({ x: (x - seen.x) / seen.unit, y: (y - seen.y) / seen.unit / upwards() });

  // The largest issues have their names, as far as these do not overlap; nearer, more of them do.
  function names() {
    const { width, height } = size();
    const taken = [];
    const shown = [];
    for (const cluster of sorted(left)) {
      const name = shortened(cluster.title);
      const { x, y } = onMap(cluster);
      const wide = half(name);
      if (Math.abs(x) + wide > width / 2 || Math.abs(y) + LINE / 2 > height / 2) continue;
      if (taken.some((other) => Math.abs(other.x - x) < other.wide + wide && Math.abs(other.y - y) < LINE)) continue;
      taken.push({ x, y, wide });
      shown.push({ ...cluster, name });
      if (shown.length === MOST_NAMES) break;
    }
    return shown;
  }

  // Cut between what a reader takes for letters, of which a flag or a family is one.
  function shortened(title) {
    const letters = [...new Intl.Segmenter().segment(title)].map(({ segment }) => segment);
    return letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME - 1).join("").trimEnd()}…` : title;
  }

  // Half the width of a name in pixels, with some room beside it.
  const half = (name) => pen.measureText(name).width / 2 + 4;

  // --- Mouse, fingers, keys and buttons ---

  const ACTS = {
    in: () => zoom(ZOOM),
    out: () => zoom(1 / ZOOM),
    left: () => move(-STEP * size().width, 0),
    right: () => move(STEP * size().width, 0),
    up: () => move(0, STEP * size().height),
    down: () => move(0, -STEP * size().height),
    found: () => fit(boxOf(left)),
    all: () => fit(extent),
  };
  const KEYS = { "+": "in", "=": "in", "-": "out", "0": "all", ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

  function listen() {
    const map = at("map");
    const fingers = new Map();
    let travelled = 0;
    for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", () => ACTS[button.dataset.act]());
    map.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
      event.preventDefault();
      ACTS[KEYS[event.key]]();
    });
    map.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== map) return;
      event.preventDefault();
      zoom(ZOOM ** (-event.deltaY / (event.deltaMode ? 3 : 100)), inMap(event));
    }, { passive: false });
    map.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (!fingers.size) travelled = 0;
      fingers.set(event.pointerId, inMap(event));
    });
    map.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      const before = [...fingers.values()];
      fingers.set(event.pointerId, inMap(event));
      const after = [...fingers.values()];
      travelled += Math.hypot(middle(after).x - middle(before).x, middle(after).y - middle(before).y) + Math.abs(spread(after) - spread(before));
      if (travelled > STILL) {
        map.classList.add("moved");
        map.setPointerCapture(event.pointerId);
        move(middle(before).x - middle(after).x, middle(after).y - middle(before).y);
        if (after.length > 1 && spread(before)) zoom(spread(after) / spread(before), middle(after));
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      map.addEventListener(end, (event) => {
        fingers.delete(event.pointerId);
        if (!fingers.size) map.classList.remove("moved");
      });
    }
    // The panel beside the map takes its room, and gives it back.
    new ResizeObserver(() => view?.width(map.clientWidth).runAsync()).observe(map);
    map.addEventListener("click", (event) => {
      const key = travelled > STILL ? null : under(inMap(event))?.key;
      if (key && key !== chosen()) places.go(key);
    });
  }

  // The issue under a pointer or a finger, which the chart's own events do not tell of a finger: a bubble, the one
  // whose middle is nearest; else a name; else a post of it.
  function under(pixel) {
    const { width, height } = size();
    const away = (place) => {
      const { x, y } = onMap(place);
      return { x: pixel.x - width / 2 - x, y: height / 2 - pixel.y - y };
    };
    const nearest = (all, reach) => all
      .map((each) => ({ each, distance: Math.hypot(away(each).x, away(each).y) }))
      .reduce((best, next) => (next.distance <= reach(next.each) && next.distance < best.distance ? next : best), { distance: Infinity }).each;
    const radius = ({ items: count }) => Math.max(FINGER, Math.sqrt(view.scale("size")(count) / Math.PI));
    return nearest(clusters, radius)
      ?? view.data("names").find((name) => Math.abs(away(name).x) < half(name.name) && Math.abs(away(name).y) < LINE / 2)
      ?? clusters[nearest(items, () => FINGER)?.cluster];
  }

  function inMap(event) {
    const box = at("map").getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  const middle = (places) => ({ x: mean(places.map((place) => place.x)), y: mean(places.map((place) => place.y)) });
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = ([a, b]) => (b ? Math.hypot(a.x - b.x, a.y - b.y) : 0);

  // --- One issue ---

  async function tell() {
    const cluster = clusters.find((each) => each.key === chosen());
    at("panel").hidden = !chosen();
    if (!chosen()) return;
    const close = el("button", { type: "button", class: "plain", onclick: () => places.go() }, "Close");
    if (!cluster) {
      at("panel").replaceChildren(el("h2", { id: "panel-title", tabindex: -1 }, "Not on this map"), el("p", {}, `No issue of this day has the key ${chosen()}.`), close);
      return;
    }
    const posts = el("div");
    at("panel").replaceChildren(
      el("h2", { id: "panel-title", tabindex: -1 }, painpoint.goto("issue.html", cluster.title, cluster.key)),
      el("div", { class: "tags" }, el("span", { class: "tag" }, words(cluster.category)), painpoint.state(cluster.state)),
      el("p", { class: "small quiet" }, `${counted(cluster.items, "post")}, impact ${number(cluster.impact)}`),
      posts,
      el("p", { class: "small" }, painpoint.goto("issue.html", "All of this issue", cluster.key)),
      close);
    posts.append(...(await postsOf(cluster)));
  }

  async function postsOf({ key }) {
    const file = key.slice(0, 2);
    const { files } = await painpoint.data("issues/index");
    const issue = files.includes(file) ? (await painpoint.data(`issues/${file}`))[key] : null;
    if (!issue) return [el("p", { class: "small quiet" }, "The posts of this issue are not in the report, for its size.")];
    const told = issue.evidence.slice(0, POSTS_TOLD).map((post) => el("li", {},
      painpoint.link(post.url, post.title || post.url), " ", el("span", { class: "small quiet" }, words(post.source)),
      post.quote || post.snippet ? el("blockquote", { dir: "auto" }, post.quote || post.snippet) : null));
    return [el("ul", {}, told)];
  }

  function centre() {
    const cluster = clusters.find((each) => each.key === chosen());
    if (!cluster) return;
    const { width, height } = size();
    const { x, y } = onMap(cluster);
    if (Math.max(Math.abs(x) / width, Math.abs(y) / height) > 0.45) look({ ...seen, x: cluster.x, y: cluster.y });
  }

  async function choose() {
    update();
    centre();
    telling = tell();
  }

  async function enter() {
    await telling;
    at("panel").scrollIntoView({ block: "nearest" });
    at("panel-title").focus({ preventScroll: true });
  }

  // --- Around the map ---

  function legend() {
    const counts = Map.groupBy(clusters, (cluster) => cluster.category);
    const colours = view.scale("color");
    at("legend").replaceChildren(...[...counts].sort(([a], [b]) => a.localeCompare(b)).map(([category, own]) => {
      const dot = el("i", { "aria-hidden": "true" });
      dot.style.background = colours(category);
      const pressed = hash.get("category") === category;
      return el("button", { type: "button", "aria-pressed": String(pressed), "data-category": category, onclick: () => narrow.set("category", pressed ? "" : category) },
        dot, `${words(category)} ${number(own.length)}`);
    }));
  }

  function narrowing() {
    return painpoint.filters(at("filters"), {
      label: "Light up issues on the map",
      rows: clusters,
      noun: ["issue", "issues"],
      fields: [
        { key: "words", label: "Words", kind: "search", placeholder: "words of an issue or its posts", text: (cluster) => cluster.text },
        { key: "category", label: "Category", kind: "choice", options: painpoint.choices(clusters.map((cluster) => cluster.category), "All categories"), test: (cluster, category) => cluster.category === category },
        { key: "state", label: "State", kind: "choice", options: painpoint.choices(clusters.map((cluster) => cluster.state).filter(Boolean), "All states"), test: (cluster, state) => cluster.state === state },
      ],
      onChange: (found) => {
        left = found;
        table.show(left);
        update();
        if (view) legend();
        document.querySelector('[data-act="found"]').disabled = !left.length;
      },
    });
  }

  function issuesTable() {
    return painpoint.table(at("table"), {
      caption: "Issues of the map",
      columns: [
        { key: "title", label: "Issue", heading: true, render: ({ key, title }) => places.link(title, [key]) },
        { key: "category", label: "Category", secondary: true, render: ({ category }) => words(category) },
        { key: "state", label: "State", secondary: true, render: ({ state }) => painpoint.state(state) },
        { key: "items", label: "Posts", numeric: true },
        { key: "impact", label: "Impact", numeric: true, render: ({ impact }) => number(impact) },
        { key: "page", label: "Page", sort: false, secondary: true, render: ({ key }) => painpoint.goto("issue.html", "Open", key) },
      ],
      pageSize: 20,
      sort: "-items",
      hashKey: "table",
      noun: ["issue", "issues"],
    });
  }

  function onView(made) {
    view = made;
    view.addSignalListener("width", () => look(seen));
    view.signal("largest", Math.min(LARGEST, Math.max(SMALLEST, (ROOM * size().width * size().height) / clusters.length)));
    drawn = null;
    if (seen) update();
    if (seen) look(seen);
    else ACTS.all();
    legend();
  }

  const { day, clusters: columns, items: dots } = await painpoint.data("map");
  const items = painpoint.rows(dots);
  const titles = Map.groupBy(items, (item) => item.cluster);
  const clusters = painpoint.rows(columns).map((cluster, place) =>
    ({ ...cluster, text: [cluster.title, ...(titles.get(place) ?? []).map((item) => item.title)].join("\n") }));
  if (!clusters.length) return painpoint.empty(at("page"), "No day has issues yet.", "painpoint run");
  const extent = boxOf([...items, ...clusters]);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  let left = clusters;
  let view = null;
  let seen = null;
  let waiting = false;
  let settled = 0;
  let changed = 0;
  let drawn = null;
  let telling = null;
  at("opening").textContent = `${day}: ${counted(clusters.length, "issue")} and ${counted(items.length, "post")}. A bubble is an issue, larger for more posts; a dot is a post. What is near is about similar things.`;
  const table = issuesTable();
  const narrow = narrowing();
  listen();
  await painpoint.chart(at("map"), "cluster_map", datasets(), { label: `Map of ${counted(clusters.length, "issue")}; the table below has the same.`, canvas: true, onView });
  hash.onChange(choose);
  places.follow({ isOpen: () => Boolean(chosen()), opened: enter, within: at("table") });
  centre();
  await tell();
  return null;
});
