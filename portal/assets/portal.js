// Everything works without this file: it adds comfort only.
import { initAll } from "./govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

for (const button of document.querySelectorAll("[data-portal-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Where a list or a search box says so: j and k or the arrows move between the rows, Enter opens, / goes to the search.
// Never while somebody types or chooses, and never with a key held that means something to the browser.
const isTyping = (element) => element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-portal-rows] tbody th a")];
const search = document.querySelector("[data-portal-search] input[type=search]");

const move = (step) => {
  const links = rows();
  const row = document.activeElement.closest("tr");
  const place = links.findIndex((link) => row && row.contains(link));
  const next = links[place < 0 ? (step > 0 ? 0 : links.length - 1) : place + step];
  next?.focus();
  return Boolean(next);
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isTyping(event.target)) return;
  const isInList = rows().some((link) => link === document.activeElement);
  const step = { j: 1, k: -1, ...(isInList && { ArrowDown: 1, ArrowUp: -1 }) }[event.key];
  const isDone = event.key === "/" && search ? (search.focus(), true) : step && move(step);
  if (isDone) event.preventDefault();
});

for (const hint of document.querySelectorAll("[data-portal-keys]")) hint.hidden = false;

// Where a page shows only what is done so far, its link "go on" is followed until all is done, then the page is shown.
const goOn = async (part) => {
  const answer = await fetch(part.querySelector("a").href);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("[data-portal-more]");
  if (!next) return location.reload();
  part.replaceChildren(...next.childNodes);
  await goOn(part);
};

for (const part of document.querySelectorAll("[data-portal-more]")) goOn(part);
