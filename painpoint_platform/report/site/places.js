"use strict";
// What a page opens within itself has an address, #segment/segment, beside the filters: it can be kept and sent, and
// Back closes it. Links to it keep the filters; the keyboard goes on in what was opened and returns to what opened it.

painpoint.places = (() => {
  const { el, hash } = painpoint;

  // A name may hold what an address cannot: each segment is encoded on its own.
  const joined = (segments) => segments.map((segment) => encodeURIComponent(segment)).join("/").replace(/\/+$/, "");

  function decoded(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }

  const pathOf = (address) => decoded(new URL(address, location.href).hash.slice(1).split("&")[0]);
  const filters = () => location.hash.slice(1).split("&").filter((part) => part.includes("="));

  // The segments of the address; what it does not have is empty.
  function asked(count) {
    const segments = hash.path.split("/").map(decoded);
    return Array.from({ length: count }, (_, place) => segments[place] ?? "");
  }

  function go(...segments) {
    location.hash = `#${[encodeURI(joined(segments)), ...filters()].filter(Boolean).join("&")}`;
  }

  let enter = () => {};

  function link(text, segments, attributes = {}) {
    return el("a", { href: `#${encodeURI(joined(segments))}`, ...attributes, onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (joined(segments) === hash.path) enter();
      else go(...segments);
    } }, text);
  }

  // `isOpen` says whether the address has something open, `opened` moves the keyboard there; once it is closed,
  // `closed` gets the link below `within` that had opened it.
  function follow({ isOpen, opened, within, closed = (back) => back.focus() }) {
    enter = opened;
    hash.onChange((event) => {
      if (isOpen()) return opened();
      const before = pathOf(event.oldURL);
      const links = before ? [...within.querySelectorAll("a")] : [];
      const leads = (path) => links.find((each) => pathOf(each.href) === path);
      // What lies within something that a link opened has the same way back.
      const back = leads(before) ?? leads(before.replace(/\/[^/]*$/, ""));
      return back && closed(back);
    });
  }

  return { asked, go, link, follow };
})();
