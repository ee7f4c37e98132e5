"use strict";
// Charts: a spec of charts.js (Vega-Lite, made by Altair) with the page's rows, in the page's colours, and the same
// numbers as a table. Specs name colours as the style sheet does, "var(--accent)"; they are looked up when it is drawn,
// and again when the reader changes to light or dark. Expressions are interpreted, never compiled, so that the page's
// policy need not allow eval.

Object.assign(painpoint, (() => {
  const { el, svg, theme } = painpoint;

  // --- Colours of the style sheet ---

  const probe = el("span", { hidden: true });

  // Vega wants a colour, not the name of one; the browser knows what the name stands for in the scheme at hand.
  function colour(name) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name})`;
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
    const series = [1, 2, 3, 4, 5, 6, 7, 8].map((place) => colour(`series-${place}`));
    const shades = [1, 2, 3, 4, 5, 6].map((place) => colour(`heat-${place}`));
    const [ink, quiet, line] = [colour("ink"), colour("quiet"), colour("line")];
    return {
      background: null, font, aria: false,
      view: { stroke: null },
      axis: { labelColor: quiet, titleColor: quiet, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, labelPadding: 6 },
      legend: { labelColor: ink, titleColor: quiet, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, orient: "top", symbolType: "square", columnPadding: 8 },
      header: { labelColor: ink, titleColor: quiet, labelFontSize: 12 },
      text: { color: ink, fontSize: 12 },
      bar: { color: colour("series-1") }, line: { color: colour("series-1"), strokeWidth: 2 }, point: { color: colour("series-1") },
      range: { category: series, ramp: shades, heatmap: shades, ordinal: shades },
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
  //   title    what it shows; label: what it says, for readers who do not see it
  //   columns  of the table that holds the same numbers, as in table(); tableRows where they are not the first dataset
  //   height   of the plot in pixels, where it depends on the data; width: at most, where bars would be too fat
  //   canvas   for thousands of marks; vectors else
  //   onView   is given the view each time it was drawn, for events
  async function chart(container, spec, datasets, { title, label, columns, tableRows = Object.values(datasets)[0], height = null, width = null, canvas = false, onView = null, sort = null }) {
    // Vega describes the element that it draws in, and its marks, in its own words; they are hidden behind ours.
    const drawing = el("div", { "aria-hidden": "true" });
    const labelled = el("div", { class: "drawing", role: "img", "aria-label": label }, drawing);
    container.replaceChildren(el("figure", { class: "chart" },
      title && el("figcaption", {}, title), labelled, columns && alternative({ title: title ?? label, columns, rows: tableRows, sort })));
    const [specs] = await Promise.all([painpoint.data("charts"), painpoint.script("assets/vega.js")]);
    if (!specs[spec]) throw new Error(`assets/charts.js has no chart ${spec}; make the report anew: painpoint report`);
    if (width) labelled.style.maxWidth = `${width}px`;
    let embedded = null;

    async function draw() {
      embedded?.finalize();
      const source = { ...painted(specs[spec]), ...(height && { height }), datasets: structuredClone(datasets) };
      const options = { mode: "vega-lite", actions: false, ast: true, defaultStyle: false, tooltip, config: look(), renderer: canvas ? "canvas" : "svg" };
      embedded = await vegaEmbed(drawing, source, options);
      onView?.(embedded.view);
    }

    await draw();
    theme.onChange(draw);
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

  return { chart, colour, spark };
})());
