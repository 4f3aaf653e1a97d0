// Progressive enhancements: keyboard shortcuts, copying, stepping through matches, current section.

"use strict";

const READING_LINE = 0.25; // share of the window height; a section that starts above it is current

function isTyping(event) {
  return event.target.closest("input, textarea, select, [contenteditable]");
}

// "/" and Ctrl-K focus the search box, except while typing in a field.
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

// Copy a passage as text with its citation and URL.
const LIST = "ul, ol";

// Return the lines of a block as plain text, including lists and tables.
function lines(block, indent = "") {
  if (block.matches(LIST)) {
    return [...block.children].flatMap((item, number) => {
      const own = [...item.childNodes].filter((node) => !node.matches?.(LIST));
      const numbered = block.matches("ol") ? `${number + block.start}. ` : "- ";
      const ownNumber = item.dataset.label ? `${item.dataset.label} ` : numbered;
      const sign = item.matches(".labelled") ? "" : ownNumber;
      const text = own.map((node) => node.textContent).join("").trim();
      const below = [...item.children].filter((child) => child.matches(LIST));
      return [`${indent}${sign}${text}`, ...below.flatMap((list) => lines(list, `${indent}  `))];
    });
  }
  const rows = [...block.querySelectorAll("tr")];
  if (rows.length) return rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" | "));
  return [block.matches(".callout") ? [...block.children].map((p) => p.textContent).join(": ") : block.textContent];
}

// Fallback without HTTPS or permission: show the selected text, so that Ctrl-C copies it.
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
  const statusLine = tools.querySelector(".copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const blocks = [...passage.querySelector(".passage-text").children];
    const body = blocks.flatMap((block) => lines(block)).join("\n");
    const address = new URL(button.dataset.address, location.href).href;
    const text = `${body.replaceAll("\u00a0", " ")}\n\n${button.dataset.citation}\n${address}\n`;
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch {
      copied = copyByHand(text, tools);
      if (copied) button.focus();
    }
    statusLine.dataset.copied = copied ? "yes" : "no";
    statusLine.textContent = copied ? "Copied with citation" : "The browser did not allow copying. Press Ctrl-C to copy this text:";
  });
}

// Step through the highlighted words, starting at the target passage.
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
  // Move the focus with the keys, so that Tab and screen readers continue from the match.
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

// Mark the current section in the table of contents and keep it visible.
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
