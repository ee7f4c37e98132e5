"use strict";
// What every page can do: sort its tables, and show the target of a link although it lies in something closed.

for (const table of document.querySelectorAll("table.sortable")) {
  for (const head of table.tHead.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      turn(table, head);
      arrange(table);
    });
  }
}

// The first click on numbers shows the largest, on words the first of the alphabet; the next one turns it round.
function turn(table, head) {
  const first = head.dataset.sort === "number" ? "descending" : "ascending";
  const other = first === "descending" ? "ascending" : "descending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  for (const each of table.tHead.querySelectorAll("[aria-sort]")) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
}

function arrange(table) {
  const head = table.tHead.querySelector("[aria-sort]");
  if (!head) return;
  const numbers = head.dataset.sort === "number";
  const sign = head.getAttribute("aria-sort") === "ascending" ? 1 : -1;
  const valueOf = (cell) => {
    const value = cell.dataset.value ?? cell.textContent.trim();
    return numbers ? Number(value.replaceAll(",", "")) : value;
  };
  const compare = numbers ? (a, b) => sign * (a.value - b.value) : (a, b) => sign * a.value.localeCompare(b.value);
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, value: valueOf(row.cells[head.cellIndex]) }));
  body.append(...rows.sort(compare).map(({ row }) => row));
}

function reveal(element) {
  for (let parent = element; parent; parent = parent.parentElement) {
    if (parent instanceof HTMLDetailsElement) parent.open = true;
  }
}

function targetOf(hash) {
  return document.getElementById(decodeURIComponent(hash.slice(1)));
}

function showTarget() {
  const target = targetOf(location.hash);
  if (!target) return;
  reveal(target);
  target.scrollIntoView();
}

// Before the browser follows a link: what is closed has no place to scroll to. Also when it is the address already.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) reveal(targetOf(link.hash));
});
addEventListener("hashchange", showTarget);
showTarget();
