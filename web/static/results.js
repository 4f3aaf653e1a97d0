// Keyboard navigation of the results: j and k, or the arrow keys once a result has the focus.

"use strict";

const hits = [...document.querySelectorAll(".hits [data-hit]")];

// Return the results that are displayed; folded ones are skipped.
function shownHits() {
  return hits.filter((link) => link.checkVisibility?.() ?? link.offsetParent);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const shown = shownHits();
  const at = shown.indexOf(document.activeElement);
  if (event.key.startsWith("Arrow") && at < 0) return; // the arrow keys scroll the page
  const next = at < 0 ? shown[by > 0 ? 0 : shown.length - 1] : shown[at + by];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.closest(".hit").scrollIntoView({ block: "nearest" });
});
