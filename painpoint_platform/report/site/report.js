"use strict";
// What every page of the report stands on: data files, elements, how values are written, the state in the address, and
// light or dark. Tables and filters are in tables.js, charts in drawing.js.
//
// Text that people wrote enters the document as text only, and a link leads nowhere but to http or https: the policy of
// the page lets no script turn text into markup, and this file makes the only policy that may name a script to load.

const painpoint = (() => {
  const UNKNOWN = "–";
  const SVG = "http://www.w3.org/2000/svg";

  // --- Elements ---

  // A child is an element, text, a list of children, or null or false for nothing. An attribute that is null or false is left
  // out, true stands without a value, a function listens to the event that the attribute's name after "on" says.
  function el(tag, attributes = {}, ...children) {
    return filled(document.createElement(tag), attributes, children);
  }

  function svg(tag, attributes = {}, ...children) {
    return filled(document.createElementNS(SVG, tag), attributes, children);
  }

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
      else if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value === true ? "" : String(value));
      }
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  }

  // A link out of the report. What is no address of http or https is shown as text.
  function link(address, text) {
    const shown = text ?? address;
    let parsed = null;
    try { parsed = new URL(address); } catch { return el("span", { dir: "auto" }, shown); }
    if (!["http:", "https:"].includes(parsed.protocol)) return el("span", { dir: "auto" }, shown);
    return el("a", { href: parsed.href, rel: "noreferrer noopener", target: "_blank", dir: "auto" }, shown);
  }

  // A link within the report, such as goto("issue.html", "Title", key).
  function goto(page, text, path = "", values = {}) {
    return el("a", { href: page + fragment(path, values), dir: "auto" }, text);
  }

  // --- Data files: data/<name>.js calls painpoint.load("<name>", payload) ---

  const scripts = self.trustedTypes?.createPolicy("painpoint", { createScriptURL: own }) ?? { createScriptURL: own };
  // Vega empties an element by giving it the markup "". That is all the markup that a text may become here.
  self.trustedTypes?.createPolicy("default", { createHTML: (markup) => (markup === "" ? "" : null) });
  const payloads = new Map();
  const added = new Map();

  function own(address) {
    if (!/^(data|assets)\/[\w-]+(\/[\w-]+)?\.js$/.test(address)) throw new Error(`${address} is no file of the report`);
    return address;
  }

  function script(address) {
    if (!added.has(address)) {
      added.set(address, new Promise((done, failed) => {
        const element = document.createElement("script");
        element.src = scripts.createScriptURL(address);
        element.onload = () => done();
        element.onerror = () => failed(new Error(`${address} is missing or broken; make the report anew: painpoint report`));
        document.head.append(element);
      }));
    }
    return added.get(address);
  }

  function load(name, payload) {
    payloads.set(name, payload?.$packed ? unpacked(payload) : payload);
  }

  // Objects of one shape come with the names of their fields once (report/packing.py).
  function unpacked({ names, inner, rows: packed }) {
    const object = (fields, row) => Object.fromEntries(fields.map((name, place) => [name, value(name, row[place])]));
    function value(name, one) {
      const shape = inner[name];
      if (!shape || one === null) return one;
      return shape.many ? one.map((row) => object(shape.names, row)) : object(shape.names, one);
    }
    return Object.fromEntries(Object.entries(packed).map(([key, row]) => [key, object(names, row)]));
  }

  // What a data file holds. The specs of the charts lie with the scripts, all else below data/.
  async function data(name) {
    if (!payloads.has(name)) await script(name === "charts" ? "assets/charts.js" : `data/${name}.js`);
    if (!payloads.has(name)) throw new Error(`data/${name}.js holds something else; make the report anew: painpoint report`);
    return payloads.get(name);
  }

  // Columns of equal length to a list of objects.
  function rows(columns) {
    const names = Object.keys(columns);
    const count = names.length ? columns[names[0]].length : 0;
    return Array.from({ length: count }, (_, place) => Object.fromEntries(names.map((name) => [name, columns[name][place]])));
  }

  // --- How values are written; a value that is not known is a dash ---

  // Zero and the empty text are known.
  const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
  const writers = new Map();
  function fixed(value, decimals) {
    // Made once for all numbers of so many decimals: making one takes longer than writing a hundred.
    if (!writers.has(decimals)) writers.set(decimals, new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
    return writers.get(decimals).format(value);
  }

  const number = (value, decimals = 0) => (known(value) ? fixed(value, decimals) : UNKNOWN);
  const percent = (value, decimals = 0) => (known(value) ? `${fixed(value * 100, decimals)} %` : UNKNOWN);
  // Cents from a dollar on, four decimals below: a call costs a fraction of a cent.
  const money = (value) => (known(value) ? `$${fixed(value, value >= 1 || value === 0 ? 2 : 4)}` : UNKNOWN);
  const date = (value) => (known(value) ? String(value).slice(0, 10) : UNKNOWN);
  const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
  // "logistics" and "missing_feature" as a person writes them.
  const NAMES = new Map(Object.entries({ ai: "AI", github: "GitHub", stackoverflow: "Stack Overflow", hackernews: "Hacker News" }));
  const words = (value) => NAMES.get(value) ?? (known(value) ? String(value).replaceAll("_", " ").replace(/^./u, (first) => first.toUpperCase()) : UNKNOWN);

  // The state of an issue, with a mark of its colour.
  const STATES = ["new", "growing", "steady", "fading"];
  const stateMark = (name) => el("span", { class: `state ${STATES.includes(name) ? name : ""}` }, words(name));

  // --- The state of the page in the address: #path&name=value&name=value ---

  function fragment(path, values = {}) {
    const given = Object.entries(values).filter(([, value]) => known(value) && value !== "");
    const parts = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    if (path) parts.unshift(encodeURI(path));
    return parts.length ? `#${parts.join("&")}` : "";
  }

  function state() {
    const values = {};
    let path = "";
    for (const part of location.hash.slice(1).split("&").filter(Boolean)) {
      const [name, ...rest] = part.split("=");
      if (rest.length) values[name] = text(rest.join("="));
      else path = text(part);
    }
    return { path, values };
  }

  function text(encoded) {
    try { return decodeURIComponent(encoded); } catch { return encoded; }
  }

  const hash = {
    get path() { return state().path; },
    get: (name) => state().values[name] ?? null,
    // Changes values without a new entry in the history: Back leaves the page, and comes back to it as it was left.
    set(changes) {
      const { path, values } = state();
      const next = fragment(path, { ...values, ...changes });
      if (next !== location.hash) history.replaceState(null, "", next || location.pathname + location.search);
    },
    // Goes on to another path, which Back returns from.
    go(path, values = {}) { location.hash = fragment(path, values); },
    onChange: (listener) => addEventListener("hashchange", listener),
  };

  // --- Light or dark: the system's, or what the reader chose and this browser remembers ---

  const SCHEMES = ["auto", "light", "dark"];
  const system = matchMedia("(prefers-color-scheme: dark)");
  const listeners = [];

  const theme = {
    get chosen() { return document.documentElement.dataset.theme ?? "auto"; },
    get dark() { return this.chosen === "auto" ? system.matches : this.chosen === "dark"; },
    onChange: (listener) => listeners.push(listener),
    set(scheme) {
      if (scheme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = scheme;
      remember(scheme);
      for (const listener of listeners) listener();
    },
  };

  // A browser may forbid files to keep anything; the choice then lasts as long as the page.
  function remember(scheme) {
    try { localStorage.setItem("painpoint-theme", scheme); } catch { /* lasts as long as the page */ }
  }

  function remembered() {
    try { return localStorage.getItem("painpoint-theme"); } catch { return null; }
  }

  function startTheme() {
    const kept = remembered();
    if (["light", "dark"].includes(kept)) document.documentElement.dataset.theme = kept;
    system.addEventListener("change", () => listeners.forEach((listener) => listener()));
  }

  function themeButton() {
    const button = document.getElementById("theme");
    const label = () => {
      button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme.chosen];
      button.setAttribute("aria-label", `Colours: ${theme.chosen}. Change`);
    };
    button.addEventListener("click", () => {
      theme.set(SCHEMES[(SCHEMES.indexOf(theme.chosen) + 1) % SCHEMES.length]);
      label();
    });
    label();
  }

  // --- A page ---

  // What is said where there is nothing to show, and the command that changes it.
  function empty(container, message, command = null) {
    container.replaceChildren(
      el("div", { class: "empty" }, el("p", {}, message), command && el("p", {}, "Run ", el("code", {}, command), " and make the report anew.")),
    );
  }

  // Runs a page's script once the document is there. What fails is said on the page, not in the console alone.
  function page(draw) {
    addEventListener("DOMContentLoaded", async () => {
      const main = document.getElementById("content");
      try {
        await draw(main);
        main.dataset.ready = "";
      } catch (error) {
        main.prepend(el("p", { class: "note", role: "alert" }, `This page could not be drawn: ${error.message}`));
        throw error;
      }
    });
  }

  // The address holds the state of the page, so the link past the navigation moves the focus and leaves the address alone.
  function skipLink() {
    document.querySelector("a.skip").addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById("content").focus();
    });
  }

  startTheme();
  addEventListener("DOMContentLoaded", () => {
    themeButton();
    skipLink();
  });

  return { load, data, script, rows, known, el, svg, link, goto, number, percent, money, date, counted, words, STATES, state: stateMark, hash, theme, empty, page, UNKNOWN };
})();
