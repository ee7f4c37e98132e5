// Going through a call: by keys, by buttons, and an outline that follows.

const exchanges = [...document.querySelectorAll(".exchange")];
const looks = [...document.querySelectorAll("[data-look]")];
const outline = document.querySelector(".outline");
const help = document.getElementById("help");
const keys = document.getElementById("keys");
const linkOf = new Map([...outline.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));

function step(places, forward) {
  const from = currentTop();
  const place = forward
    ? places.find((each) => each.getBoundingClientRect().top > from + 1)
    : places.findLast((each) => each.getBoundingClientRect().top < from - 1);
  if (place) visit(place);
}

// Where reading is: at what was visited last while that is in sight, else at the top of the window.
function currentTop() {
  const focused = document.activeElement?.closest(".exchange, .between");
  const box = focused?.getBoundingClientRect();
  return box && box.top < innerHeight && box.bottom > 0 ? box.top : margin();
}

const margin = () => parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;

// The exchange's heading gets the focus: a screen reader says it, and Tab goes on from there.
function visit(place) {
  place.scrollIntoView({ block: "start" });
  const target = place.matches("[tabindex]") ? place : place.querySelector("[tabindex]");
  target.focus({ preventScroll: true, focusVisible: true });
}

const steps = {
  next: () => step(exchanges, true),
  previous: () => step(exchanges, false),
  look: () => step(looks, true),
  lookBack: () => step(looks, false),
  reasons() {
    const reasons = [...document.querySelectorAll(".why")];
    const open = !reasons.every((each) => each.open);
    for (const each of reasons) each.open = open;
  },
  help: () => help.showModal(),
};
const byKey = { j: "next", k: "previous", n: "look", p: "lookBack", r: "reasons", "?": "help" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open || !(event.key in byKey)) return;
  if (!keys.checked && event.key !== "?") return;
  event.preventDefault();
  steps[byKey[event.key]]();
});
for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => steps[button.dataset.step]());
  if (button.dataset.step === "look") button.hidden = !looks.length;
}
document.getElementById("steps").hidden = !exchanges.length;
if (matchMedia("(max-width: 62rem)").matches) outline.open = false;

// The outline marks the exchange at the top of the window.
const inSight = new Set();
const observer = new IntersectionObserver((changes) => {
  for (const { target, isIntersecting } of changes) inSight[isIntersecting ? "add" : "delete"](target);
  const current = exchanges.find((each) => inSight.has(each));
  outline.querySelector("[aria-current]")?.removeAttribute("aria-current");
  if (!current) return;
  const link = linkOf.get(current.id);
  link.setAttribute("aria-current", "true");
  if (outline.scrollHeight > outline.clientHeight) outline.scrollTop = link.offsetTop - outline.clientHeight / 2;
}, { rootMargin: "-25% 0px -65% 0px" });
for (const each of exchanges) observer.observe(each);
