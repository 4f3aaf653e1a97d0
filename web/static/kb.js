// What a script adds to a page that is whole without one: keys, copying, stepping, where one is.

"use strict";

const READING_LINE = 0.25; // of the window's height: what begins above it is being read

function isTyping(event) {
  return event.target.closest("input, textarea, select, [contenteditable]");
}

// "/" and ctrl-K lead to the search box, except where they would be typed into a field.
const box = document.getElementById("q");
document.addEventListener("keydown", (event) => {
  if (!box || event.defaultPrevented || event.isComposing) return;
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
  const ctrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
  if (isTyping(event) || !(slash || ctrlK)) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// Copy a passage as text with its source and address.
const LIST = "ul, ol";

// The lines of a block, so that lists and tables stay readable as plain text.
function lines(block, indent = "") {
  if (block.matches(LIST)) {
    return [...block.children].flatMap((item, number) => {
      const own = [...item.childNodes].filter((node) => !node.matches?.(LIST));
      const sign = block.matches("ol") ? `${number + 1}.` : "-";
      const text = own.map((node) => node.textContent).join("").trim();
      const below = [...item.children].filter((child) => child.matches(LIST));
      return [`${indent}${sign} ${text}`, ...below.flatMap((list) => lines(list, `${indent}  `))];
    });
  }
  const rows = [...block.querySelectorAll("tr")];
  if (rows.length) return rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" | "));
  return [block.matches(".callout") ? [...block.children].map((p) => p.textContent).join(": ") : block.textContent];
}

// Without https, or when the browser forbids it, the text is laid out selected: one key copies it.
function copyByHand(text, tools) {
  const field = tools.querySelector("textarea") ?? document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.rows = 4;
  field.setAttribute("aria-label", "Text to copy");
  tools.append(field);
  field.select();
  if (!document.execCommand("copy")) return false;
  field.remove();
  return true;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const passage = button.closest("section");
  const tools = button.closest(".passage-tools");
  const said = tools.querySelector(".copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const blocks = [...passage.querySelector(".passage-text").children];
    const body = blocks.flatMap((block) => lines(block)).join("\n");
    const address = new URL(button.dataset.address, location.href).href;
    const text = `${body}\n\n${button.dataset.citation}\n${address}\n`;
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch {
      copied = copyByHand(text, tools);
      if (copied) button.focus();
    }
    said.dataset.copied = copied ? "yes" : "no";
    said.textContent = copied ? "Copied with its source" : "The browser did not allow copying. Press Ctrl-C to copy this text:";
  });
}

// Step through the marked words, beginning at the passage that the link led to.
const marks = [...document.querySelectorAll(".passages mark")];
const place = document.querySelector("[data-match-place]");
let at = -1;

function step(by) {
  if (at < 0 && by < 0) at = 0;
  show((at + by + marks.length) % marks.length);
  marks[at].scrollIntoView({ block: "center", inline: "nearest" });
}

function show(number) {
  marks[at]?.classList.remove("current");
  at = number;
  marks[at].classList.add("current");
  place.dataset.at = at + 1;
  place.textContent = `${at + 1} of ${marks.length}`;
}

if (marks.length > 1 && place) {
  for (const button of document.querySelectorAll("[data-match]")) {
    button.hidden = false;
    button.addEventListener("click", () => step(button.dataset.match === "next" ? 1 : -1));
  }
  // With the keys the focus goes along, so that Tab and a screen reader go on from the match.
  document.addEventListener("keydown", (event) => {
    const by = { n: 1, p: -1 }[event.key];
    if (!by || event.defaultPrevented || event.isComposing || isTyping(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    step(by);
    marks[at].tabIndex = -1;
    marks[at].focus({ preventScroll: true });
  });
  const arrived = marks.findIndex((mark) => mark.closest(".arrived"));
  if (arrived >= 0) show(arrived);
}

// Show in the contents where one is reading, and keep that line in sight.
const entries = new Map();
for (const link of document.querySelectorAll(".contents a")) entries.set(link.hash.slice(1), link);

if (entries.size) {
  const nav = document.querySelector(".contents");
  const sections = [...document.querySelectorAll(".passage")];
  const follow = () => {
    const reading = READING_LINE * innerHeight;
    const top = sections.findLastIndex((section) => section.getBoundingClientRect().top < reading);
    let current = null;
    for (const section of sections.slice(0, top + 1)) current = entries.get(section.id) ?? current;
    const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    if (end) current = entries.get(location.hash.slice(1)) ?? current;
    for (const link of entries.values()) link.removeAttribute("aria-current");
    if (!current) return;
    current.setAttribute("aria-current", "location");
    const line = current.getBoundingClientRect();
    const frame = nav.getBoundingClientRect();
    if (line.top < frame.top) nav.scrollTop -= frame.top - line.top;
    if (line.bottom > frame.bottom) nav.scrollTop += line.bottom - frame.bottom;
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; follow(); });
  }, { passive: true });
  follow();
}
