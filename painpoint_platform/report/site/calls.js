"use strict";
// Earnings calls: which there are, and the exchanges of the one that is open.
//
// The address says what is open: #transcript/exchange&analyst=…, the exchange may be missing.

painpoint.page(async () => {
  const { el, hash, places, number, counted } = painpoint;
  const at = (id) => document.getElementById(id);

  // --- What is open ---

  function asked() {
    const [transcript, group] = places.asked(2);
    return { transcript, group: Number(group) };
  }

  const opener = (text, ...segments) => places.link(text, segments);

  // --- The list ---

  const low = (count) => (count ? el("span", { class: "tag alert" }, `${number(count)} to check`) : null);

  function callsTable() {
    return painpoint.table(at("table"), {
      caption: "Calls with the exchanges that were found in them",
      columns: [
        { key: "transcript", label: "Call", heading: true, render: (call) => [opener(call.transcript, call.transcript), low(call.low_confidence_exchanges)] },
        { key: "ticker", label: "Ticker", secondary: true },
        { key: "call_date", label: "Day", day: true, secondary: true },
        { key: "exchanges", label: "Exchanges", numeric: true },
        { key: "questions", label: "Questions", numeric: true, secondary: true, from: 45 },
        { key: "analysts", label: "Analysts", numeric: true, secondary: true, from: 45 },
        { key: "executives", label: "Executives", numeric: true, secondary: true, from: 51 },
        { key: "lowest_confidence", label: "Confidence", numeric: true, render: (call) => number(call.lowest_confidence, 2), help: "The lowest of its exchanges, 0 to 1" },
      ],
      sort: "-call_date",
      hashKey: "sort",
      noun: ["call", "calls"],
    });
  }

  function narrowing() {
    painpoint.filters(at("filters"), {
      label: "Narrow the list and the call that is open",
      rows: calls,
      noun: ["call", "calls"],
      fields: [
        { key: "words", label: "Words", kind: "search", placeholder: "call, ticker or analyst", text: (call) => [call.transcript, call.ticker, ...call.analyst_names].join("\n") },
        { key: "ticker", label: "Ticker", kind: "choice", options: painpoint.choices(calls.map((call) => call.ticker).filter(Boolean), "All tickers", String), test: (call, ticker) => call.ticker === ticker },
        { key: "analyst", label: "Analyst", kind: "choice", options: painpoint.choices(calls.flatMap((call) => call.analyst_names), "All analysts", String), test: (call, analyst) => call.analyst_names.includes(analyst) },
        { key: "low", label: "Low confidence only", kind: "switch", test: (call) => call.low_confidence_exchanges > 0 },
      ],
      onChange: (left) => {
        list.show(left);
        opening = drawCall();
      },
    });
  }

  // --- The call that is open ---

  async function drawCall() {
    const { transcript } = asked();
    const call = calls.find((each) => each.transcript === transcript);
    at("call").hidden = !transcript;
    if (!transcript) return;
    at("call-title").textContent = transcript;
    at("groups").replaceChildren();
    if (!call) at("call-about").textContent = "This report has no call of this name.";
    else if (call.file === null) at("call-about").textContent = "The exchanges of this call are not in the report, for its size: only those of the latest calls are. The table gold.qa_groups has all.";
    else await drawGroups(call);
  }

  async function drawGroups(call) {
    const { groups } = await painpoint.data(`calls/${call.file}`);
    if (asked().transcript !== call.transcript) return;
    const shown = groups.filter((group) =>
      (!hash.get("analyst") || group.analyst === hash.get("analyst")) && (!hash.get("low") || group.low_confidence));
    const names = [...new Set(groups.flatMap((group) => group.executives))];
    const left = shown.length < groups.length ? `${number(shown.length)} of ${counted(groups.length, "exchange")}, those that the filters leave. ` : `${counted(groups.length, "exchange")}. `;
    at("call-about").textContent = `${[call.ticker, call.call_date].filter(Boolean).join(", ")}. ${left}${names.length ? `Answered by ${names.join(", ")}.` : ""}`.replace(/^\. /, "");
    at("groups").replaceChildren(...shown.map((group) => groupOf(call, group)));
  }

  function groupOf(call, group) {
    const wanted = asked().group === group.id;
    const classes = ["group", group.low_confidence && "low", wanted && "asked"].filter(Boolean).join(" ");
    const who = [group.analyst ?? "Unknown analyst", group.firm].filter(Boolean).join(", ");
    return el("article", { class: classes, id: `group-${group.id}`, tabindex: -1, "aria-labelledby": `who-${group.id}` },
      el("header", {},
        el("h3", { id: `who-${group.id}` }, opener(String(group.id), call.transcript, group.id), who),
        el("p", { class: "small quiet" }, certainty(group), group.executives.length ? ` Answered by ${group.executives.join(", ")}.` : " Nobody answered.")),
      el("blockquote", { dir: "auto" }, group.question),
      group.answer ? answerOf(group, wanted) : null);
  }

  function certainty(group) {
    const said = `Confidence ${number(group.confidence, 2)}, ${counted(group.question_count, "question")}, ${group.method}.`;
    return [group.low_confidence ? el("span", { class: "tag alert" }, "low confidence") : null, group.low_confidence ? " " : "", said];
  }

  function answerOf({ answer }, open) {
    const words = answer.split(/\s+/).length;
    return el("details", { open }, el("summary", {}, "Answer ", el("small", { class: "quiet" }, counted(words, "word"))), el("div", { dir: "auto" }, answer));
  }

  async function enter() {
    await opening;
    const group = document.getElementById(`group-${asked().group}`);
    (group ?? at("call")).scrollIntoView({ block: "start" });
    (group ?? at("call-title")).focus({ preventScroll: true });
  }

  const calls = painpoint.rows(await painpoint.data("calls"));
  if (!calls.length) return painpoint.empty(at("page"), "There are no earnings calls yet.", "painpoint qa run");
  const exchanges = calls.reduce((sum, call) => sum + call.exchanges, 0);
  const unsure = calls.reduce((sum, call) => sum + call.low_confidence_exchanges, 0);
  at("opening").textContent = `${counted(calls.length, "call")} with ${counted(exchanges, "exchange")} of analysts and executives. ` +
    (unsure ? `${counted(unsure, "exchange has", "exchanges have")} low confidence and should be checked.` : "None has low confidence.");
  let opening = null;
  const list = callsTable();
  narrowing();
  at("close").addEventListener("click", () => places.go());
  places.follow({ isOpen: () => !at("call").hidden, opened: enter, within: at("table") });
  if (asked().transcript) await enter();
  return null;
});
