// <kb-search>: the search of a clinical knowledge base inside another page.
//
//   <script type="module" src="https://KB/embed/v1/kb-search.js"></script>
//   <kb-search base="https://KB"><form action="https://KB/search"><input name="q"></form></kb-search>
//
// One element, no dependency, nothing of the host's page touched. The form inside is what people use
// where this script does not run. All text is put in as text, all styles are adopted, so that a host
// may forbid inline scripts and styles. /embed/docs tells of attributes, events, parts and variables.

const PAUSE = 150; // ms without a key before asking
const PATIENCE = 8000; // ms until no answer is an error
const LONGEST = 200; // characters that are searched as one types

const WORDS = {
  en: {
    label: "Search the clinical knowledge base", search: "Search", open: "Search", close: "Close",
    results: (n) => (n === 1 ? "1 result" : `${n} results`), none: "Nothing on this here.",
    some: "No passage has all the words; these have some of them.", all: "All results",
    failed: "The search cannot be reached.", busy: "Too many searches at once.", retry: "Try again",
    searching: "Searching", overdue: "Review overdue", reviewed: "Reviewed", meant: "Did you mean",
  },
  de: {
    label: "In der klinischen Wissensbasis suchen", search: "Suchen", open: "Suchen", close: "Schließen",
    results: (n) => (n === 1 ? "1 Treffer" : `${n} Treffer`), none: "Hierzu gibt es nichts.",
    some: "Kein Abschnitt enthält alle Wörter; diese enthalten einige davon.", all: "Alle Treffer",
    failed: "Die Suche ist nicht erreichbar.", busy: "Zu viele Suchen auf einmal.", retry: "Noch einmal",
    searching: "Suche läuft", overdue: "Prüfung überfällig", reviewed: "Geprüft", meant: "Meinten Sie",
  },
  fr: {
    label: "Chercher dans la base clinique", search: "Chercher", open: "Chercher", close: "Fermer",
    results: (n) => (n === 1 ? "1 résultat" : `${n} résultats`), none: "Rien à ce sujet ici.",
    some: "Aucun passage ne contient tous les mots ; ceux-ci en contiennent certains.", all: "Tous les résultats",
    failed: "La recherche est injoignable.", busy: "Trop de recherches à la fois.", retry: "Réessayer",
    searching: "Recherche en cours", overdue: "Révision en retard", reviewed: "Révisé", meant: "Vouliez-vous dire",
  },
  es: {
    label: "Buscar en la base clínica", search: "Buscar", open: "Buscar", close: "Cerrar",
    results: (n) => (n === 1 ? "1 resultado" : `${n} resultados`), none: "No hay nada sobre esto aquí.",
    some: "Ningún pasaje tiene todas las palabras; estos tienen algunas.", all: "Todos los resultados",
    failed: "No se puede acceder a la búsqueda.", busy: "Demasiadas búsquedas a la vez.", retry: "Reintentar",
    searching: "Buscando", overdue: "Revisión vencida", reviewed: "Revisado", meant: "Quiso decir",
  },
};

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
:host { display: block; position: relative; font: var(--kb-font, 1rem/1.5 system-ui, sans-serif);
  --ink: var(--kb-ink, light-dark(#1c2327, #e4e9ed)); --paper: var(--kb-paper, light-dark(#fff, #14191d));
  --quiet: var(--kb-quiet, light-dark(#55616a, #a5b0b9)); --edge: var(--kb-edge, light-dark(#75818a, #84919b));
  --accent: var(--kb-accent, light-dark(#0a558c, #82c0f0)); --on: var(--kb-on-accent, light-dark(#fff, #0d1a24));
  --mark: var(--kb-mark, light-dark(#d9eaf7, #1f4260)); --amber: var(--kb-amber, light-dark(#8a4a00, #f2b762));
  --round: var(--kb-radius, 4px); color: var(--ink); text-align: start; }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
form { display: flex; gap: 8px; margin: 0; }
input { flex: 1; min-width: 0; }
input, button { font: inherit; min-height: 44px; padding: 4px 12px; border-radius: var(--round); border: 1px solid var(--edge); }
input { background: var(--paper); color: var(--ink); }
button { background: var(--accent); border-color: var(--accent); color: var(--on); cursor: pointer; }
.plain { background: none; color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.offer { background: var(--paper); margin-top: 8px; }
[data-mode=searchbox] .offer { position: absolute; z-index: 1000; inset-inline: 0; top: 100%; max-height: min(70vh, 32rem);
  overflow: auto; border: 1px solid var(--edge); border-radius: var(--round); box-shadow: 0 4px 16px #0003; }
a { display: block; padding: 8px 12px; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
[aria-selected=true], a:hover { background: var(--mark); }
.name { color: var(--accent); font-weight: 600; }
.place, .more, .line { color: var(--quiet); font-size: .875em; }
.line { margin: 0; padding: 8px 12px; }
.overdue { color: var(--amber); }
mark { background: var(--mark); color: inherit; font-weight: 600; }
p { margin: 0; }
.away { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
dialog { border: 1px solid var(--edge); border-radius: var(--round); background: var(--paper); color: var(--ink); width: min(42rem, calc(100vw - 32px));
  max-height: 80vh; margin-top: 10vh; padding: 16px; }
dialog::backdrop { background: #0008; }
@media (prefers-reduced-motion: no-preference) { dialog[open] { animation: show .12s ease-out; } @keyframes show { from { opacity: 0; } } }
`);

let elements = 0;

class KbSearch extends HTMLElement {
  static observedAttributes = ["base", "mode", "tag", "topic", "limit", "lang", "placeholder", "shortcut", "target"];

  #root = this.attachShadow({ mode: "open" });
  #number = ++elements;
  #parts = {};
  #asking = null; // the one request in flight
  #timer = 0;
  #shown = ""; // what the list was asked for
  #active = -1;
  #key = (event) => this.#pressed(event);

  connectedCallback() {
    this.#root.adoptedStyleSheets = [STYLE];
    this.#build();
    document.addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key);
    this.#stop();
  }

  attributeChangedCallback(_name, before, after) {
    if (this.isConnected && before !== after) {
      const { value } = this.#parts.input ?? {};
      this.#stop();
      this.#build();
      if (value) this.#parts.input.value = value;
    }
  }

  /** Put the focus into the box, opening the dialog where there is one. */
  focus() {
    if (this.#mode === "modal") this.#open();
    this.#parts.input.focus();
    this.#parts.input.select();
  }

  get #mode() {
    const mode = this.getAttribute("mode");
    return mode === "modal" || mode === "results" ? mode : "searchbox";
  }

  get #base() {
    const base = new URL(this.getAttribute("base") || new URL("../..", import.meta.url), document.baseURI);
    return base.href.replace(/\/$/, "");
  }

  get #words() {
    const lang = this.getAttribute("lang") || this.closest("[lang]")?.getAttribute("lang") || "en";
    return WORDS[lang.toLowerCase().split("-")[0]] ?? WORDS.en;
  }

  // Building

  #build() {
    const words = this.#words;
    const id = `kb-${this.#number}`;
    const input = make("input", "input", {
      type: "search", name: "q", id: `${id}-q`, autocomplete: "off", role: "combobox", spellcheck: "false",
      placeholder: this.getAttribute("placeholder") ?? "", maxlength: "2000",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`,
    });
    const label = make("label", "label", { class: "away", for: input.id }, words.label);
    const form = make("form", "form", {
      action: `${this.#base}/search`, role: "search", target: this.getAttribute("target") ?? "",
    });
    form.append(label, input, make("button", "button", {}, words.search), ...this.#filters());
    const list = make("div", "list", { role: "listbox", id: `${id}-list`, "aria-label": words.label });
    const note = make("p", "note", { class: "line", hidden: "" });
    const problem = make("p", "problem", { class: "line", role: "alert", hidden: "" });
    const all = make("a", "all", { class: "name", hidden: "" }, words.all);
    const offer = make("div", "offer", { class: "offer", hidden: "" });
    offer.append(note, problem, list, all);
    const status = make("div", "status", { role: "status", class: "away" });
    this.#parts = { input, form, list, note, problem, all, offer, status };
    this.#active = -1;
    this.#shown = "";

    const root = make("div", "root", { "data-mode": this.#mode });
    if (this.#mode === "modal") {
      const trigger = make("button", "trigger", { type: "button", "aria-haspopup": "dialog" }, this.getAttribute("placeholder") || words.open);
      const dialog = make("dialog", "dialog", { "aria-label": words.label });
      const close = make("button", "close", { type: "button", class: "plain" }, words.close);
      form.append(close);
      dialog.append(form, offer, status);
      root.append(trigger, dialog);
      trigger.addEventListener("click", () => this.#open());
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("close", () => { this.#stop(); trigger.focus(); });
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
      this.#parts.dialog = dialog;
    } else {
      root.append(form, offer, status);
    }
    this.#root.replaceChildren(root);

    input.addEventListener("input", () => this.#later());
    input.addEventListener("keydown", (event) => this.#typed(event));
    input.addEventListener("focus", () => this.#shown && this.#shown === input.value.trim() && this.#reveal());
    form.addEventListener("submit", (event) => this.#submitted(event));
    root.addEventListener("focusout", (event) => {
      if (this.#mode === "searchbox" && !root.contains(event.relatedTarget)) this.#hide();
    });
    list.addEventListener("click", (event) => this.#chosen(event));
    list.addEventListener("pointermove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#point([...list.children].indexOf(option), false);
    });
  }

  #filters() {
    return ["tag", "topic"].flatMap((name) => this.#several(name).map((value) => make("input", "", { type: "hidden", name, value })));
  }

  #several(name) {
    return (this.getAttribute(name) ?? "").split(",").map((one) => one.trim()).filter(Boolean);
  }

  #open() {
    const { dialog, input } = this.#parts;
    if (dialog && !dialog.open) dialog.showModal();
    input.focus();
  }

  // Asking

  #stop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  #later() {
    this.#stop();
    const q = this.#parts.input.value.trim();
    if (!q || q.length > LONGEST) return this.#hide();
    if (q === this.#shown) return this.#reveal();
    this.#timer = setTimeout(() => this.#ask(q), PAUSE);
  }

  async #ask(q) {
    this.#stop();
    const request = new AbortController();
    this.#asking = request;
    const late = setTimeout(() => request.abort("late"), PATIENCE);
    const pairs = [["q", q], ["limit", this.#limit], ...["tag", "topic"].flatMap((name) => this.#several(name).map((value) => [name, value]))];
    this.#tell("kb:search", { q });
    this.#parts.status.textContent = this.#words.searching;
    try {
      const answer = await fetch(`${this.#base}/api/v1/search?${new URLSearchParams(pairs)}`, {
        signal: request.signal, mode: "cors", credentials: "omit", referrerPolicy: "no-referrer",
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (this.#asking === request) this.#show(q, found);
    } catch (error) {
      // Overtaken by a newer request, which says what there is to say; else it failed or was late.
      if (this.#asking === request) this.#fail(q, error);
    } finally {
      clearTimeout(late);
      if (this.#asking === request) this.#asking = null;
    }
  }

  get #limit() {
    const limit = Number.parseInt(this.getAttribute("limit") ?? "", 10);
    return limit >= 1 && limit <= 50 ? limit : 6;
  }

  // Showing

  #show(q, found) {
    const { list, note, problem, all, input, status } = this.#parts;
    const words = this.#words;
    this.#point(-1);
    this.#shown = q;
    problem.hidden = true;
    list.replaceChildren(...found.hits.map((hit, number) => this.#option(hit, number)));
    const meant = found.query.did_you_mean?.length ? `${words.meant}: ${found.query.did_you_mean.join(", ")}` : "";
    const said = found.hits.length ? (found.query.relaxed ? words.some : "") : [words.none, meant].filter(Boolean).join(" ");
    note.textContent = said;
    note.hidden = !said;
    all.hidden = found.total <= found.hits.length;
    all.href = this.#address(q);
    if (this.getAttribute("target")) all.target = this.getAttribute("target");
    status.textContent = found.hits.length ? words.results(found.total) : said;
    if (this.#mode !== "searchbox" || this.#root.activeElement === input) this.#reveal();
    this.#tell("kb:results", { q, total: found.total, hits: found.hits });
  }

  #option(hit, number) {
    const words = this.#words;
    const link = make("a", "option", {
      role: "option", id: `kb-${this.#number}-${number}`, "aria-selected": "false", tabindex: "-1",
      href: this.#safe(hit.url), rel: "noopener",
    });
    if (this.getAttribute("target")) link.target = this.getAttribute("target");
    const path = hit.passage.heading_path;
    const heading = path.at(-1) || hit.article.title;
    link.append(make("div", "name", { class: "name" }, heading));
    const place = [hit.article.title, ...path.slice(0, -1)].join(" › ");
    if (place !== heading) link.append(make("div", "place", { class: "place" }, place));
    const snippet = make("div", "snippet");
    for (const [text, matched] of hit.snippet) snippet.append(matched ? make("mark", "mark", {}, text) : text);
    link.append(snippet);
    const overdue = hit.article.review_state === "overdue";
    const when = overdue ? hit.article.review_due : hit.article.reviewed;
    if (overdue || when) {
      const more = `${overdue ? words.overdue : words.reviewed}${when ? ` ${when}` : ""}`;
      link.append(make("div", "review", { class: overdue ? "more overdue" : "more" }, more));
    }
    link.hit = hit;
    return link;
  }

  #fail(q, error) {
    const { list, problem, note, all, status } = this.#parts;
    const words = this.#words;
    this.#shown = "";
    this.#point(-1);
    list.replaceChildren();
    note.hidden = true;
    all.hidden = true;
    const retry = make("button", "retry", { type: "button", class: "plain" }, words.retry);
    retry.addEventListener("click", () => { this.#parts.input.focus(); this.#ask(q); });
    problem.replaceChildren(error?.message === "429" ? words.busy : words.failed, " ", retry);
    problem.hidden = false;
    status.textContent = "";
    this.#reveal();
  }

  #reveal() {
    this.#parts.offer.hidden = false;
    this.#parts.input.setAttribute("aria-expanded", String(this.#parts.list.childElementCount > 0));
  }

  #hide() {
    this.#point(-1);
    this.#parts.offer.hidden = true;
    this.#parts.input.setAttribute("aria-expanded", "false");
    this.#parts.status.textContent = "";
  }

  #point(number, scroll = true) {
    const { list, input } = this.#parts;
    list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = number;
    const option = list.children[number];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    if (scroll) option.scrollIntoView({ block: "nearest" });
  }

  // Keys and choices

  #typed(event) {
    const { list, offer, input } = this.#parts;
    const count = list.childElementCount;
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      if (offer.hidden) return this.#reveal();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // Round the list and through the box itself, which is -1.
      this.#point(((this.#active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      list.children[this.#active].click();
    } else if (event.key === "Escape" && this.#parts.dialog) {
      event.preventDefault(); // a box of this type would only be emptied
      this.#parts.dialog.close();
    } else if (event.key === "Escape" && !(offer.hidden && !input.value)) {
      event.preventDefault();
      if (offer.hidden || this.#mode === "results") input.value = "";
      this.#stop();
      this.#hide();
    }
  }

  #submitted(event) {
    const q = this.#parts.input.value.trim();
    if (!q) event.preventDefault();
    else if (this.#mode === "results") {
      event.preventDefault();
      this.#ask(q);
    }
  }

  #chosen(event) {
    const { hit } = event.target.closest("[role=option]") ?? {};
    if (!hit) return;
    const url = this.#safe(hit.url);
    const detail = { q: this.#shown, id: hit.id, url, title: hit.article.title };
    if (!this.#tell("kb:select", detail)) event.preventDefault();
  }

  #pressed(event) {
    const wanted = (this.getAttribute("shortcut") ?? "mod+k").toLowerCase();
    if (!wanted || event.defaultPrevented || event.isComposing) return;
    const keys = wanted.split("+");
    const key = keys.pop() || "+";
    const mod = keys.includes("mod");
    const at = event.composedPath()[0];
    const inField = at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
    if (event.key.toLowerCase() !== key || mod !== (event.ctrlKey || event.metaKey) || event.altKey) return;
    if (!mod && inField) return; // a letter that is being typed
    event.preventDefault();
    this.focus();
  }

  #address(q) {
    const pairs = [["q", q], ...["tag", "topic"].flatMap((name) => this.#several(name).map((value) => [name, value]))];
    return `${this.#base}/search?${new URLSearchParams(pairs)}`;
  }

  #safe(url) {
    const target = new URL(url, `${this.#base}/`);
    return target.protocol === "https:" || target.protocol === "http:" ? target.href : this.#base;
  }

  #tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: name === "kb:select" }));
  }
}

function make(name, part, attributes = {}, text = "") {
  const made = document.createElement(name);
  if (part) made.setAttribute("part", part);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "target" && !value) continue;
    made.setAttribute(key, value);
  }
  if (text) made.textContent = text;
  return made;
}

if (!customElements.get("kb-search")) customElements.define("kb-search", KbSearch);
