// Keys n and p on the comparison page: next and previous change.

const changes = [...document.querySelectorAll("[data-change]")];
let present = -1;

function step(by) {
  present = (present + by + changes.length) % changes.length;
  changes[present].scrollIntoView({ block: "start" });
  changes[present].focus({ preventScroll: true });
}

if (changes.length > 1) {
  for (const hint of document.querySelectorAll("[data-steps]")) hint.hidden = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (event.key === "n") step(1);
    else if (event.key === "p") step(-1);
  });
}
