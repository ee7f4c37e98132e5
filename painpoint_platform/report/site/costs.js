"use strict";
// What models were asked and what it cost. A call without a known price is never counted as free.

painpoint.page(async () => {
  const DAYS_AT_LEAST = 14;
  const DAY = 86_400_000; // milliseconds
  const { el, hash, number, counted, money } = painpoint;
  const at = (id) => document.getElementById(id);

  const MEASURES = {
    calls: { label: "Calls", valueOf: (row) => row.calls, shown: (value) => counted(value, "call") },
    cost: { label: "Known cost in dollars", valueOf: (row) => row.cost_usd ?? 0, shown: money, none: "No call of these has a known price, so there is no cost to draw." },
    cached: { label: "Calls saved by the cache", valueOf: (row) => row.cached, shown: (value) => counted(value, "call"), none: "None of these was answered from the cache." },
    tokens: { label: "Tokens, in and out", valueOf: (row) => row.prompt_tokens + row.completion_tokens, shown: (value) => counted(value, "token"), none: "No model of these reported tokens." },
  };

  // --- Sums; that of prices none of which is known is not known either ---

  const SUMMED = ["calls", "cached", "failed", "prompt_tokens", "completion_tokens", "unpriced"];

  function summed(rows) {
    const total = Object.fromEntries(SUMMED.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0)]));
    const prices = rows.map((row) => row.cost_usd).filter((price) => price !== null);
    return { ...total, cost_usd: prices.length ? prices.reduce((sum, price) => sum + price, 0) : null };
  }

  const by = (rows, name) => [...Map.groupBy(rows, (row) => row[name])].map(([value, own]) => ({ [name]: value, ...summed(own) }));

  // At least this much, nothing known, or nothing asked.
  function price({ calls, cost_usd: cost, unpriced }) {
    if (!calls) return money(0);
    if (cost === null) return el("span", { class: "quiet" }, "no known price");
    return unpriced ? `≥ ${money(cost)}` : money(cost);
  }

  // --- Tables ---

  function costsTable(container, caption, heads, sort, hashKey) {
    return painpoint.table(container, {
      caption,
      columns: [
        ...heads,
        { key: "calls", label: "Calls", numeric: true },
        { key: "cached", label: "Saved by cache", numeric: true, secondary: true, from: 56, help: "Answers that were known already: no call, no cost" },
        { key: "failed", label: "Failed", numeric: true, secondary: true, from: 61 },
        { key: "prompt_tokens", label: "Tokens in", numeric: true, secondary: true, from: 45 },
        { key: "completion_tokens", label: "Tokens out", numeric: true, secondary: true, from: 45 },
        { key: "cost_usd", label: "Cost", numeric: true, render: price },
        { key: "unpriced", label: "No price", numeric: true, secondary: true, from: 67, help: "Calls of models whose price is not known; their cost is in no sum" },
      ],
      pageSize: 20,
      sort,
      hashKey,
    });
  }

  const heading = (key, label) => ({ key, label, heading: true, day: key === "day" });

  // --- The chart: every day has a place, also one on which nothing was asked ---

  function barsOf(rows, { valueOf, shown }) {
    const tasks = [...new Set(rows.map((row) => row.task))];
    const values = new Map();
    for (const row of rows) {
      const key = `${row.day}\n${row.task}`;
      values.set(key, (values.get(key) ?? 0) + valueOf(row));
    }
    return days().flatMap((day) => tasks.map((task) => {
      const value = values.get(`${day}\n${task}`) ?? 0;
      return { day, task, value, shown: shown(value) };
    }));
  }

  function days() {
    const all = daily.map((row) => Date.parse(row.day));
    const last = Math.max(...all);
    const first = Math.min(Math.min(...all), last - (DAYS_AT_LEAST - 1) * DAY);
    return Array.from({ length: (last - first) / DAY + 1 }, (_, place) => new Date(first + place * DAY).toISOString().slice(0, 10));
  }

  function drawBars() {
    const measure = MEASURES[at("measure").value];
    const bars = barsOf(left, measure);
    const total = bars.reduce((sum, bar) => sum + bar.value, 0);
    at("chart").hidden = !total;
    at("no-bars").hidden = Boolean(total);
    at("no-bars").textContent = measure.none ?? "Nothing was asked.";
    const said = spread(bars, total, measure);
    at("chart").querySelector(".drawing")?.setAttribute("aria-label", `Stacked bars: ${measure.label.toLowerCase()} a day, by task. ${said}. The table below has the same numbers.`);
    at("chart").querySelector("figcaption b")?.replaceChildren(said);
    at("chart").querySelector("figcaption span")?.replaceChildren(`${measure.label} a day, by task`);
    return view?.data("daily", bars).resize().runAsync();
  }

  function spread(bars, total, { shown }) {
    const byDay = [...Map.groupBy(bars, (bar) => bar.day)].map(([day, own]) => [day, own.reduce((sum, bar) => sum + bar.value, 0)]);
    const [day, most] = byDay.reduce((best, each) => (each[1] > best[1] ? each : best));
    return most === total ? `${shown(total)}, all on ${day}` : `${shown(total)} in all, most on ${day}`;
  }

  // --- The page ---

  function drawFigures() {
    const all = summed(daily);
    const figures = [["Calls", number(all.calls)], ["Saved by the cache", number(all.cached)], ["Known cost", money(all.cost_usd)], ["Without a known price", number(all.unpriced)], ["Failed", number(all.failed)], ["Tokens, in and out", number(all.prompt_tokens + all.completion_tokens)]];
    at("figures").replaceChildren(...figures.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
    const asked = daily.map((row) => row.day).sort();
    const span = asked[0] === asked.at(-1) ? asked[0] : `${asked[0]} to ${asked.at(-1)}`;
    at("opening").textContent = `${span}: ${counted(all.calls, "call")} of models, and ${counted(all.cached, "more that was", "more that were")} answered from the cache at no cost.`;
    at("unpriced").hidden = !all.unpriced;
    at("unpriced").textContent = all.cost_usd === null
      ? `The price of none of the ${counted(all.unpriced, "call")} is known, so what they cost is not known either. Models that run on this machine have no price.`
      : `The price of ${number(all.unpriced)} of ${counted(all.calls, "call")} is not known: the cost is at least what is shown.`;
  }

  function narrowing() {
    const choice = (key, label, all) => ({ key, label, kind: "choice", options: painpoint.choices([...new Set(daily.map((row) => row[key]))], all, String).map(({ value, label: name }) => ({ value, label: value || name })), test: (row, value) => row[key] === value });
    painpoint.filters(at("filters"), {
      label: "Narrow the chart and the tables",
      rows: daily,
      noun: ["row", "rows"],
      fields: [choice("task", "Task", "All tasks"), choice("model", "Model", "All models")],
      onChange: (rows) => {
        left = rows;
        tables.daily.show(rows);
        tables.tasks.show(by(rows, "task"));
        tables.models.show(by(rows, "model"));
        drawBars();
      },
    });
  }

  function readMeasure() {
    at("measure").value = hash.get("measure") in MEASURES ? hash.get("measure") : "calls";
  }

  const daily = painpoint.rows(await painpoint.data("costs"));
  if (!daily.length) return painpoint.empty(at("page"), "No model was asked yet.", "painpoint run");
  let left = daily;
  let view = null;
  at("measure").append(...Object.entries(MEASURES).map(([value, { label }]) => el("option", { value }, label)));
  readMeasure();
  const tables = {
    daily: costsTable(at("daily"), "Days, tasks and models", [heading("day", "Day"), { key: "task", label: "Task" }, { key: "model", label: "Model", secondary: true }], "-day", "days"),
    tasks: costsTable(at("tasks"), "Tasks", [heading("task", "Task")], "-calls", "tasks"),
    models: costsTable(at("models"), "Models", [heading("model", "Model")], "-calls", "models"),
  };
  hash.onChange(readMeasure);
  narrowing();
  at("measure").addEventListener("change", ({ target }) => {
    hash.set({ measure: target.value === "calls" ? null : target.value });
    drawBars();
  });
  drawFigures();
  await painpoint.chart(at("chart"), "daily_costs", { daily: barsOf(left, MEASURES[at("measure").value]) }, {
    message: "Calls", title: "Calls a day, by task", label: "Stacked bars of what models were asked",
    onView: (drawn) => {
      view = drawn;
      drawBars();
    },
  });
  return null;
});
