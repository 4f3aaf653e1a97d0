// What a script adds to a page that is whole without one: keys, copying, stepping, where one is.

"use strict";

// "/" and ctrl-K lead to the search box, except where they would be typed into a field.
const box = document.getElementById("q");
document.addEventListener("keydown", (event) => {
  if (!box || event.defaultPrevented || event.isComposing) return;
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
  const ctrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
  if (typing || !(slash || ctrlK)) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// Copy a passage as text with its source and address.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break; // pages served without https have none
  const passage = button.closest("section");
  const said = passage.querySelector(".copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = passage.querySelector(".passage-text").innerText.trim();
    const address = new URL(button.dataset.address, location.href).href;
    try {
      await navigator.clipboard.writeText(`${text}\n\n${button.dataset.citation}\n${address}\n`);
      said.textContent = "Copied";
    } catch {
      said.textContent = "The browser did not allow copying. Select the text instead.";
    }
  });
}

// Step through the marked words, beginning at the passage that the link led to.
const marks = [...document.querySelectorAll(".passages mark")];
const place = document.querySelector("[data-match-place]");
let at = -1;

function step(by) {
  marks[at]?.classList.remove("current");
  if (at < 0 && by > 0) at = firstFrom(document.querySelector(".arrived")) - 1;
  at = (at + by + marks.length) % marks.length;
  marks[at].classList.add("current");
  marks[at].scrollIntoView({ block: "center" });
  place.textContent = `${at + 1} of `;
}

function firstFrom(passage) {
  const first = passage ? marks.findIndex((mark) => passage.contains(mark)) : 0;
  return Math.max(first, 0);
}

if (marks.length > 1 && place) {
  for (const button of document.querySelectorAll("[data-match]")) {
    button.hidden = false;
    button.addEventListener("click", () => step(button.dataset.match === "next" ? 1 : -1));
  }
}

// Show in the contents where one is reading.
const lines = new Map();
for (const link of document.querySelectorAll(".contents a")) lines.set(link.hash.slice(1), link);

if (lines.size) {
  const sections = [...document.querySelectorAll(".passage")];
  const follow = () => {
    const top = sections.findLastIndex((section) => section.getBoundingClientRect().top < 120);
    let current = null;
    for (const section of sections.slice(0, top + 1)) current = lines.get(section.id) ?? current;
    for (const link of lines.values()) link.removeAttribute("aria-current");
    current?.setAttribute("aria-current", "location");
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; follow(); });
  }, { passive: true });
  follow();
}
