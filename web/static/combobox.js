// Suggestions below the search box (WAI-ARIA combobox with a listbox popup).
//
// Typed text is never changed. A suggestion is selected with the arrow keys or the pointer; Enter
// without a selection submits the form. Each suggestion is a link to an article, a topic or a passage.

"use strict";

(() => {
  const TYPING_PAUSE = 120; // ms without a keystroke before a request
  const MAX_TYPED = 100; // characters; limit of the server
  const GROUPS = { topic: "Topics", article: "Articles", see: "Articles", heading: "In the articles" };

  const box = document.getElementById("q");
  const list = document.getElementById("q-offer");
  const statusLine = document.getElementById("q-said");
  if (!box || !list || !statusLine) return;

  let active = null; // the suggestion selected with the arrow keys
  let asking = null; // the pending request
  let timer = 0;
  let shown = ""; // the query of the listed suggestions

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");

  const typed = () => box.value.trim();
  const isOpen = () => !list.hidden;
  const lines = () => [...list.querySelectorAll("[role=option]")];

  // Requests

  function later() {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
    const q = typed();
    if (!q || q.length > MAX_TYPED) return close();
    if (q === shown) return open();
    timer = setTimeout(ask, TYPING_PAUSE, q);
  }

  async function ask(q) {
    const request = new AbortController();
    asking = request;
    const address = `${box.dataset.suggest}?${new URLSearchParams({ q })}`;
    try {
      const answer = await fetch(address, { signal: request.signal });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const found = await answer.json();
      if (asking === request) show(q, found);
    } catch {
      // Superseded or failed: search works without suggestions.
      if (asking === request) close();
    } finally {
      if (asking === request) asking = null;
    }
  }

  // Rendering

  function show(q, found) {
    point(null);
    list.replaceChildren(...grouped(found));
    shown = q;
    const count = found.suggestions.length;
    statusLine.dataset.count = count;
    if (!count) {
      close();
      statusLine.textContent = "No suggestions";
      return;
    }
    open();
    const number = count === 1 ? "1 suggestion" : `${count} suggestions`;
    statusLine.textContent = found.did_you_mean ? `No names start with this. Did you mean: ${number}` : number;
  }

  function grouped({ suggestions, did_you_mean: similar }) {
    const groups = [];
    let last = "";
    for (const [number, one] of suggestions.entries()) {
      const name = similar ? "Did you mean" : GROUPS[one.kind];
      if (name !== last) groups.push(group(name, groups.length, similar ? "similar" : one.kind));
      last = name;
      const twin = suggestions.some((other) => other !== one && other.text === one.text);
      groups.at(-1).append(line(one, number, twin));
    }
    return groups;
  }

  function group(name, number, kind) {
    const label = element("div", "offer-group", name);
    label.id = `q-group-${number}`;
    label.setAttribute("role", "presentation");
    const made = element("div", "");
    made.setAttribute("role", "group");
    made.dataset.kind = kind;
    made.setAttribute("aria-labelledby", label.id);
    made.append(label);
    return made;
  }

  function line(one, number, twin) {
    const made = element("a", "offer-line");
    made.id = `q-option-${number}`;
    made.href = one.url;
    made.tabIndex = -1;
    made.draggable = false;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    made.append(element("span", "offer-name", one.text));
    const more = about(one, twin);
    if (more) made.append(" ", element("span", "offer-more", more));
    return made;
  }

  function about(one, twin) {
    if (one.kind === "see") return `see ${one.see}`;
    if (one.kind === "article") return twin ? one.source : "";
    if (one.kind === "heading" && one.see) return `in ${one.see}`;
    return one.articles === 1 ? "1 article" : `${one.articles} articles`;
  }

  function element(name, style, text = "") {
    const made = document.createElement(name);
    if (style) made.className = style;
    made.textContent = text;
    return made;
  }

  function open() {
    if (!list.firstChild) return;
    list.hidden = false;
    list.scrollTop = 0;
    box.setAttribute("aria-expanded", "true");
  }

  function close() {
    point(null);
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    statusLine.textContent = "";
  }

  function dismiss() {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
    close();
  }

  function point(to) {
    active?.setAttribute("aria-selected", "false");
    active = to;
    if (!to) return box.removeAttribute("aria-activedescendant");
    to.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", to.id);
    to.scrollIntoView({ block: "nearest" });
  }

  // Keyboard: past either end of the list, the selection returns to the text.

  function step(by) {
    const all = [null, ...lines()];
    point(all.at((all.indexOf(active) + by) % all.length));
  }

  const KEYS = {
    ArrowDown: (event) => (isOpen() ? (event.altKey || step(1)) : reopen(event, 1)),
    ArrowUp: (event) => {
      if (!isOpen()) return reopen(event, -1);
      if (event.altKey) close();
      else step(-1);
    },
    Enter: (event) => {
      if (!active) return false;
      if (event.ctrlKey || event.metaKey) window.open(active.href, "_blank", "noopener");
      else active.click();
    },
    Escape: () => {
      if (!isOpen()) return false; // default action of the browser: clear the box
      dismiss();
    },
    Tab: () => (dismiss(), false),
    Home: () => (point(null), false), // move the cursor in the text
    End: () => (point(null), false),
    ArrowLeft: () => (point(null), false),
    ArrowRight: () => (point(null), false),
  };

  function reopen(event, by) {
    if (!typed()) return false;
    if (typed() !== shown) return later();
    open();
    if (isOpen() && !event.altKey) step(by);
  }

  let composing = false; // an input method is composing a character

  box.addEventListener("keydown", (event) => {
    if (composing || event.isComposing || event.keyCode === 229) return;
    const act = KEYS[event.key];
    if (act && act(event) !== false) event.preventDefault();
  });
  box.addEventListener("compositionstart", () => { composing = true; });
  box.addEventListener("compositionend", () => { composing = false; later(); });
  box.addEventListener("input", () => { if (!composing) later(); });
  box.addEventListener("blur", dismiss);
  box.form.addEventListener("submit", dismiss);
  addEventListener("pageshow", (event) => { if (event.persisted) dismiss(); });
  // Text may have been typed before the script was loaded.
  if (document.activeElement === box && box.value !== box.defaultValue) later();

  // Keep the focus in the box when a suggestion is clicked; otherwise the list would close.
  list.addEventListener("mousedown", (event) => event.preventDefault());
})();
