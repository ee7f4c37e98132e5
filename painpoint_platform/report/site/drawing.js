"use strict";
// Charts: a spec of charts.js (Vega-Lite, made by Altair) with the page's rows, in the page's colours, and the same
// numbers as a table. Specs name colours as the style sheet does, "var(--accent)". Vectors keep these names, so that
// the browser finds the colours also on paper; a canvas needs the colours themselves, and is drawn again when the
// reader changes to light or dark. Expressions are interpreted, never compiled, so that the page's policy need not
// allow eval.

Object.assign(painpoint, (() => {
  const { el, svg, theme, number, counted } = painpoint;

  // --- Colours of the style sheet ---

  const named = (name) => `var(--${name})`;
  const probe = el("span", { hidden: true });
  probe.style.forcedColorAdjust = "none";

  // The colour that a name stands for in the scheme at hand.
  function colour(name) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = named(name);
    return getComputedStyle(probe).color;
  }

  // A copy of a spec in which every "var(--name)" is that colour.
  function painted(part) {
    if (typeof part === "string") return part.startsWith("var(--") ? colour(part.slice(6, -1)) : part;
    if (Array.isArray(part)) return part.map(painted);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, painted(value)]));
  }

  function look() {
    const font = getComputedStyle(document.body).fontFamily;
    const series = [1, 2, 3, 4, 5, 6, 7, 8].map((place) => named(`series-${place}`));
    const [ink, quiet, line] = ["ink", "quiet", "line"].map(named);
    return {
      background: null, font, aria: false,
      view: { stroke: null },
      axis: { labelColor: quiet, titleColor: quiet, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, labelPadding: 6 },
      legend: { labelColor: ink, titleColor: quiet, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, orient: "top", symbolType: "square", columnPadding: 8 },
      header: { labelColor: ink, titleColor: quiet, labelFontSize: 12 },
      text: { color: ink, fontSize: 12 },
      bar: { color: series[0] }, line: { color: series[0], strokeWidth: 2 }, point: { color: series[0] },
      range: { category: series },
    };
  }

  // --- Tooltips, as text ---

  const bubble = el("div", { class: "bubble", hidden: true });

  function tooltip(_, event, __, value) {
    if (!bubble.isConnected) document.body.append(bubble);
    bubble.hidden = value === null || value === undefined || value === "";
    if (bubble.hidden) return;
    const lines = typeof value === "object" ? Object.entries(value).filter(([, each]) => each !== null && each !== undefined) : [["", value]];
    bubble.replaceChildren(el("dl", {}, lines.map(([name, each]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(each))))));
    const right = Math.min(event.clientX + 14, innerWidth - bubble.offsetWidth - 8);
    const below = event.clientY + 18 + bubble.offsetHeight > innerHeight ? event.clientY - bubble.offsetHeight - 12 : event.clientY + 18;
    bubble.style.left = `${Math.max(8, right)}px`;
    bubble.style.top = `${below}px`;
  }

  // --- Charts ---

  // A chart in `container`: the spec of that name, its named datasets filled with `datasets`.
  //   message  what it says, in a sentence; title: what it shows; label: its numbers, for readers who do not see it
  //   columns  of the table that holds the same numbers, as in table(); tableRows where they are not the first dataset
  //   height   of the plot in pixels, where it depends on the data; width: at most, where bars would be too fat
  //   canvas   for thousands of marks; vectors else
  //   onView   is given the view each time it was drawn, for events
  async function chart(container, spec, datasets, { message = null, title, label, columns, tableRows = Object.values(datasets)[0], height = null, width = null, canvas = false, onView = null, sort = null }) {
    // Vega describes the element that it draws in, and its marks, in its own words; they are hidden behind ours.
    const drawing = el("div", { "aria-hidden": "true" });
    const labelled = el("div", { class: "drawing", role: "img", "aria-label": label }, drawing);
    container.replaceChildren(el("figure", { class: "chart" },
      title && caption(message, title), labelled, columns && alternative({ title: title ?? label, columns, rows: tableRows, sort })));
    await seen();
    const [specs] = await Promise.all([painpoint.data("charts"), painpoint.script("assets/vega.js")]);
    if (!specs[spec]) throw new Error(`assets/charts.js has no chart ${spec}; make the report anew: painpoint report`);
    if (width) labelled.style.maxWidth = `${width}px`;
    let embedded = null;

    async function draw() {
      embedded?.finalize();
      const inked = canvas ? painted : (part) => part;
      const source = { ...inked(specs[spec]), ...(height && { height }), datasets: structuredClone(datasets) };
      const options = { mode: "vega-lite", actions: false, ast: true, defaultStyle: false, tooltip, config: inked(look()), renderer: canvas ? "canvas" : "svg" };
      embedded = await vegaEmbed(drawing, source, options);
      labelled.classList.toggle("for-the-dark", canvas && theme.dark);
      onView?.(embedded.view);
    }

    await draw();
    if (canvas) theme.onChange(draw);
  }

  const caption = (message, title) => el("figcaption", {}, message && [el("b", {}, message), " "], el("span", {}, title));

  // Who is ahead of how many, for a message: [["Finance", 12], ["AI", 9]] of 30 issues.
  function leading(counts, noun, others = "others") {
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const most = Math.max(...counts.map(([, count]) => count));
    const first = counts.filter(([, count]) => count === most).map(([name]) => name);
    if (counts.length === 1) return `${first[0]}: ${counted(total, noun)}`;
    if (first.length === 1) return `${first[0]} leads with ${number(most)} of ${counted(total, noun)}`;
    return `${first.length > 2 ? `${number(first.length)} ${others}` : first.join(" and ")} lead with ${counted(most, noun)} each`;
  }

  // Text, figures and tables are seen before Vega keeps the browser busy. A page behind others is not painted.
  function seen() {
    return document.hidden ? null : new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }

  // The same numbers as a table, made when it is asked for.
  function alternative({ title, columns, rows, sort }) {
    const place = el("div");
    const details = el("details", { class: "as-table" }, el("summary", {}, "Show as table"), place);
    details.addEventListener("toggle", () => {
      if (details.open && !place.firstChild) painpoint.table(place, { caption: title, columns, rows, sort });
    });
    return details;
  }

  // --- Sparklines ---

  // The course of a few numbers as a line of `width` by `height` pixels, the last one marked; `label` says it in words.
  function spark(values, label, width = 120, height = 28) {
    const most = Math.max(1, ...values);
    const step = (width - 8) / Math.max(1, values.length - 1);
    const place = (value, index) => [values.length === 1 ? width - 4 : 4 + index * step, height - 4 - (value / most) * (height - 8)];
    const points = values.map(place);
    const [x, y] = points.at(-1);
    return svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
      svg("path", { d: `M${points.map((point) => point.map((each) => each.toFixed(1)).join(" ")).join("L")}` }),
      svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 2.5 }));
  }

  return { chart, leading, spark };
})());
