"use strict";
// Tables that sort and are shown a page at a time, and the fields that narrow them. Both keep their state in the address.

Object.assign(painpoint, (() => {
  const { el, hash, number, counted } = painpoint;
  const PAGE = 50;
  let made = 0;

  // --- Tables ---

  // A table in `container`; returns { show(rows) }.
  //   columns   [{ key, label, numeric, day, render(row), value(row), sort: false, heading, secondary, from, help }]: `value`
  //             is what is sorted by and shown without `render`; `day` is a date, which no line breaks; `heading` names
  //             the row; `secondary` is left out on a phone, and `from` where a table has less than so many rem of
  //             width (report.css)
  //   rows      objects; `pageSize` of them are shown until the reader asks for more
  //   sort      "-impact" or "title": the order at first, largest or first of the alphabet; that of `rows` without it
  //   hashKey   name under which the order stands in the address; none without it
  //   noun      ["issue", "issues"]
  function table(container, { caption, columns, rows = [], pageSize = PAGE, sort = null, hashKey = null, noun = ["row", "rows"] }) {
    const body = el("tbody");
    const heads = columns.map((column) => head(column));
    const name = el("caption", { id: `caption-${(made += 1)}` }, caption);
    const grid = el("table", { class: "grid" }, name, el("thead", {}, el("tr", {}, heads)), body);
    // Focusable, so that the keyboard can move a table that is wider than the page.
    const scroller = el("div", { class: "scroller", role: "region", tabindex: 0, "aria-labelledby": name.id }, grid);
    const more = el("div", { class: "more" });
    container.replaceChildren(scroller, more);
    let order = null;
    let sorted = [];
    let shown = pageSize;

    function head(column) {
      const label = column.sort === false ? column.label : el("button", { type: "button", onclick: () => turn(column) }, column.label);
      return el("th", { scope: "col", class: classes(column), title: column.help }, label);
    }

    // The first click shows the largest number or the first word, the next one turns it round.
    function turn(column) {
      const descends = order?.column === column ? !order.descends : Boolean(column.numeric);
      arrange(column, descends);
      if (hashKey) hash.set({ [hashKey]: written(order) });
      draw(pageSize);
    }

    function arrange(column, descends) {
      order = { column, descends };
      sorted = column ? ordered(rows, column, descends) : rows;
      heads.forEach((cell, place) => {
        if (columns[place] === column) cell.setAttribute("aria-sort", descends ? "descending" : "ascending");
        else cell.removeAttribute("aria-sort");
      });
    }

    function draw(count) {
      shown = count;
      body.replaceChildren(...sorted.slice(0, shown).map((row) => line(columns, row)));
      tell();
    }

    function tell() {
      const left = sorted.length - shown;
      const button = left > 0 && el("button", { type: "button", class: "plain", onclick: grow }, `Show ${number(Math.min(left, pageSize))} more`);
      const count = `${number(Math.min(shown, sorted.length))} of ${counted(sorted.length, ...noun)}`;
      more.replaceChildren(...(left > 0 ? [el("span", {}, count), button] : []));
    }

    function grow() {
      const next = sorted.slice(shown, shown + pageSize).map((row) => line(columns, row));
      shown += pageSize;
      body.append(...next);
      tell();
      // The keyboard goes on where the new rows begin.
      next[0].tabIndex = -1;
      next[0].focus({ preventScroll: true });
    }

    function show(next) {
      rows = next;
      const { column, descends } = begun();
      arrange(column, descends);
      draw(pageSize);
    }

    function begun() {
      const wanted = (hashKey && hash.get(hashKey)) || sort || "";
      const column = columns.find((each) => each.key === wanted.replace(/^-/, "") && each.sort !== false);
      return { column, descends: wanted.startsWith("-") };
    }

    show(rows);
    return { show };
  }

  const written = ({ column, descends }) => (descends ? "-" : "") + column.key;
  const classes = (column) => [column.numeric && "amount", column.day && "day", column.secondary && "secondary", column.from && `from-${column.from}`].filter(Boolean).join(" ") || null;
  const valueOf = (column, row) => (column.value ? column.value(row) : row[column.key]);

  function line(columns, row) {
    return el("tr", {}, columns.map((column) => {
      const content = column.render ? column.render(row) : painpoint.shown(valueOf(column, row));
      const attributes = { class: classes(column), scope: column.heading ? "row" : null };
      return el(column.heading ? "th" : "td", attributes, content);
    }));
  }

  // What is not known comes last in either order.
  function ordered(rows, column, descends) {
    const missing = (value) => value === null || value === undefined || value === "";
    const keyed = rows.map((row) => ({ row, value: valueOf(column, row) }));
    const sign = descends ? -1 : 1;
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
    const present = keyed.filter((each) => !missing(each.value)).sort((a, b) => sign * compare(a.value, b.value));
    return [...present, ...keyed.filter((each) => missing(each.value))].map((each) => each.row);
  }

  // A value as a cell without `render` shows it.
  function shown(value) {
    if (value === null || value === undefined) return painpoint.UNKNOWN;
    return typeof value === "number" ? number(value, Number.isInteger(value) ? 0 : 2) : String(value);
  }

  // --- Filters ---

  // Fields in `container` that narrow `rows`; `onChange` gets what is left, at once and after every change.
  //   fields  [{ key, label, kind, options, test(row, value), text(row), placeholder }]; kind "search" finds all words of the
  //           reader in `text`, "choice" has [{ value, label }] as options, "switch" is on or off
  // Returns { set(key, value), show(rows) }; every value stands in the address under its key.
  function filters(container, { fields, rows, noun = ["row", "rows"], onChange, label = "Narrow the table" }) {
    const controls = new Map(fields.map((field) => [field.key, control(field)]));
    const count = el("output", { "aria-live": "polite" });
    const clear = el("button", { type: "button", class: "plain", onclick: reset }, "Clear");
    const form = el("form", { class: "filters", role: "search", "aria-label": label, onsubmit: (event) => event.preventDefault() },
      fields.map((field) => labelled(field, controls.get(field.key))), count, clear);
    container.replaceChildren(form);
    form.addEventListener("input", changed);
    hash.onChange(() => { read(); apply(); });

    function read() {
      for (const field of fields) put(field, controls.get(field.key), hash.get(field.key) ?? "");
    }

    function changed() {
      hash.set(Object.fromEntries(fields.map((field) => [field.key, taken(field, controls.get(field.key))])));
      apply();
    }

    function apply() {
      const active = fields.map((field) => [field, taken(field, controls.get(field.key))]).filter(([, value]) => value);
      const tests = active.map(([field, value]) => tester(field, value));
      const left = rows.filter((row) => tests.every((test) => test(row)));
      count.textContent = active.length ? `${number(left.length)} of ${counted(rows.length, ...noun)}` : counted(rows.length, ...noun);
      clear.hidden = active.length === 0;
      onChange(left);
    }

    function reset() {
      for (const field of fields) put(field, controls.get(field.key), "");
      changed();
      controls.get(fields[0].key).focus();
    }

    read();
    apply();
    return {
      set(key, value) {
        put(fields.find((field) => field.key === key), controls.get(key), value);
        changed();
      },
      show(next) {
        rows = next;
        apply();
      },
    };
  }

  function control({ kind, key, options = [], placeholder }) {
    const id = `filter-${key}`;
    if (kind === "search") return el("input", { type: "search", id, placeholder, autocomplete: "off", spellcheck: "false" });
    if (kind === "switch") return el("input", { type: "checkbox", id });
    return el("select", { id }, options.map((option) => el("option", { value: option.value }, option.label)));
  }

  function labelled({ kind, label }, field) {
    return el("label", { for: field.id, class: kind }, kind === "switch" ? [field, el("span", {}, label)] : [el("span", {}, label), field]);
  }

  const taken = ({ kind }, field) => (kind === "switch" ? (field.checked ? "yes" : "") : field.value.trim());

  // A choice of the address that the day does not have leaves all of them.
  function put({ kind }, field, value) {
    if (kind === "switch") field.checked = Boolean(value);
    else field.value = value;
    if (kind === "choice" && field.selectedIndex < 0) field.selectedIndex = 0;
  }

  function tester(field, value) {
    if (field.kind !== "search") return (row) => field.test(row, value);
    const wanted = value.toLowerCase().split(/\s+/);
    return (row) => {
      const text = field.text(row).toLowerCase();
      return wanted.every((word) => text.includes(word));
    };
  }

  // The distinct values of a list as options of a choice, with how often each occurs.
  function choices(values, all, label = painpoint.words) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const options = [...counts].sort((a, b) => String(a[0]).localeCompare(String(b[0])));
    return [{ value: "", label: all }, ...options.map(([value, count]) => ({ value, label: `${label(value)} (${number(count)})` }))];
  }

  return { table, filters, choices, shown };
})());
