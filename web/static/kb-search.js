// <kb-search>: the search of a clinical knowledge base inside another page.
//
//   <script type="module" src="https://KB/embed/v1/kb-search.js"></script>
//   <kb-search base="https://KB"><form action="https://KB/search"><input name="q"></form></kb-search>
//
// A custom element without dependencies that does not change the host page. The form inside is the
// fallback without JavaScript. Text is inserted as text nodes and styles are adopted style sheets, so
// the host may forbid inline scripts and styles. /embed/docs documents attributes, events, parts and
// variables.

const TYPING_PAUSE = 150; // ms without a keystroke before a search
const SLOW = 800; // ms until a pending search is announced
const TIMEOUT = 8000; // ms
const MAX_TYPED = 200; // longer queries are not searched while typing
const MAX_PREFIX = 100; // longer queries have no suggestions; limit of the API
const MAX_NAMES = 3; // suggestions above the results
const DEFAULT_LIMIT = 6; // results without the attribute `limit`
const MAX_LIMIT = 50; // limit of the API
const [MARGIN, MIN_WIDTH, MIN_HEIGHT] = [8, 320, 240]; // px around and of the popover
const POPOVERS = "popover" in HTMLElement.prototype;
const MAC = /mac|iphone|ipad/i.test(navigator.platform);

const WORDS = {
  en: {
    label: "Search the clinical knowledge base", search: "Search", open: "Search", close: "Close", ctrl: "Ctrl",
    results: (n) => (n === 1 ? "1 result" : `${n} results`), none: "No results.",
    some: "No passage contains all of these words. These contain some of them.", all: "All results",
    fuzzy: (q) => `No results for “${q}”. Showing results for similar spellings. Check that they are what you mean.`, like: "Similar spelling",
    corrected: (q) => `Showing results for “${q}”.`, meant: "Did you mean",
    failed: "Search is unavailable.", busy: "Too many searches right now.", refused: "This query is not valid.",
    retry: "Try again", elsewhere: "Open the knowledge base", searching: "Searching",
    names: (n) => (n === 1 ? "1 suggestion" : `${n} suggestions`), topic: "Topic", see: (title) => `see ${title}`, within: (title) => `in ${title}`,
    overdue: (when) => `Review overdue since ${when}`, reviewed: (when) => `Reviewed ${when}`,
  },
  de: {
    label: "In der klinischen Wissensbasis suchen", search: "Suchen", open: "Suchen", close: "Schließen", ctrl: "Strg",
    results: (n) => `${n} Treffer`, none: "Keine Treffer.",
    some: "Kein Abschnitt enthält alle Wörter; diese enthalten einige davon.", all: "Alle Treffer",
    fuzzy: (q) => `Keine Treffer für „${q}“. Gezeigt werden Treffer für ähnliche Schreibweisen; prüfen Sie, ob diese gemeint sind.`, like: "Ähnliche Schreibweise",
    corrected: (q) => `Ergebnisse für „${q}“.`, meant: "Meinten Sie",
    failed: "Die Suche ist nicht erreichbar.", busy: "Zurzeit zu viele Suchen.", refused: "Diese Suchanfrage ist ungültig.",
    retry: "Erneut versuchen", elsewhere: "Wissensbasis öffnen", searching: "Suche läuft",
    names: (n) => (n === 1 ? "1 Vorschlag" : `${n} Vorschläge`), topic: "Thema", see: (title) => `siehe ${title}`, within: (title) => `in ${title}`,
    overdue: (when) => `Prüfung überfällig seit ${when}`, reviewed: (when) => `Geprüft ${when}`,
  },
  fr: {
    label: "Chercher dans la base clinique", search: "Chercher", open: "Chercher", close: "Fermer", ctrl: "Ctrl",
    results: (n) => (n < 2 ? `${n} résultat` : `${n} résultats`), none: "Aucun résultat.",
    some: "Aucun passage ne contient tous les mots ; ceux-ci en contiennent certains.", all: "Tous les résultats",
    fuzzy: (q) => `Aucun résultat pour « ${q} ». Voici des orthographes voisines ; vérifiez que c’est bien ce que vous cherchez.`, like: "Orthographe voisine",
    corrected: (q) => `Résultats pour « ${q} ».`, meant: "Vouliez-vous dire",
    failed: "La recherche est indisponible.", busy: "Trop de recherches en ce moment.", refused: "Cette recherche n’est pas valide.",
    retry: "Réessayer", elsewhere: "Ouvrir la base clinique", searching: "Recherche en cours",
    names: (n) => (n < 2 ? `${n} suggestion` : `${n} suggestions`), topic: "Thème", see: (title) => `voir ${title}`, within: (title) => `dans ${title}`,
    overdue: (when) => `Révision en retard depuis ${when}`, reviewed: (when) => `Révisé en ${when}`,
  },
  es: {
    label: "Buscar en la base clínica", search: "Buscar", open: "Buscar", close: "Cerrar", ctrl: "Ctrl",
    results: (n) => (n === 1 ? "1 resultado" : `${n} resultados`), none: "Sin resultados.",
    some: "Ningún pasaje tiene todas las palabras; estos tienen algunas.", all: "Todos los resultados",
    fuzzy: (q) => `No hay resultados para «${q}». Se muestran grafías parecidas; compruebe que son lo que busca.`, like: "Grafía parecida",
    corrected: (q) => `Resultados de «${q}».`, meant: "¿Quiso decir",
    failed: "La búsqueda no está disponible.", busy: "Demasiadas búsquedas en este momento.", refused: "Esta búsqueda no es válida.",
    retry: "Reintentar", elsewhere: "Abrir la base clínica", searching: "Buscando",
    names: (n) => (n === 1 ? "1 sugerencia" : `${n} sugerencias`), topic: "Tema", see: (title) => `véase ${title}`, within: (title) => `en ${title}`,
    overdue: (when) => `Revisión vencida desde ${when}`, reviewed: (when) => `Revisado en ${when}`,
  },
};

// List and table markers in plain text, and their replacements in a single-line snippet.
const LINE_SIGNS = [[/\n\s*-\s+/g, " • "], [/([^.!?:;\s])\n/g, "$1 • "], [/\n/g, " "], [/ \| /g, " · "]];

// Light and dark value of each colour. Browsers without light-dark() get the light values.
const COLOURS = {
  ink: ["#1c2327", "#e4e9ed"], paper: ["#fff", "#14191d"], quiet: ["#55616a", "#a5b0b9"], edge: ["#75818a", "#84919b"],
  rule: ["#d8dde1", "#343e46"], wash: ["#f3f5f7", "#1d2429"], accent: ["#0a558c", "#82c0f0"], "on-accent": ["#fff", "#0d1a24"],
  mark: ["#d9eaf7", "#1f4260"], amber: ["#8a4a00", "#f2b762"], red: ["#a8201a", "#ff9a8f"],
};
const colours = (choose) =>
  Object.entries(COLOURS).map(([name, pair]) => `--${name}: var(--kb-${name}, ${choose(pair)});`).join(" ");

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
:host { ${colours(([light]) => light)} }
@supports (color: light-dark(#000, #fff)) { :host { ${colours((pair) => `light-dark(${pair})`)} } }
:host { display: block; position: relative; }
/* Inherited properties of the host page end here. medium is the reader's font size, whatever size the page gives its root. */
.root { all: initial; display: block; color-scheme: inherit; font: var(--kb-font, medium/1.5 system-ui, sans-serif); --round: var(--kb-radius, 4px);
  color: var(--ink); text-align: start; overflow-wrap: anywhere; }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
form { display: flex; flex-wrap: wrap; gap: 8px; margin: 0; }
input { flex: 1 1 11em; min-width: 0; }
input, button { font: inherit; min-height: 44px; padding: 4px 12px; border-radius: var(--round); border: 1px solid var(--edge); }
input { background: var(--paper); color: var(--ink); }
input::placeholder { color: var(--quiet); opacity: 1; }
button { background: var(--accent); border-color: var(--accent); color: var(--on-accent); cursor: pointer; }
.plain { background: none; color: var(--accent); }
.link { min-height: 24px; padding: 0; border: 0; background: none; color: var(--accent); text-decoration: underline; text-underline-offset: .15em; }
.trigger { display: inline-flex; gap: 24px; align-items: center; justify-content: space-between; max-width: 100%; text-align: start;
  background: var(--paper); border-color: var(--edge); color: var(--quiet); }
.trigger:hover { border-color: var(--accent); color: var(--ink); }
kbd { padding: 0 6px; border: 1px solid var(--rule); border-radius: 3px; font: .8125em/1.5 ui-monospace, monospace; white-space: nowrap; }
@media (hover: none) { kbd { display: none; } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.offer { display: flex; flex-direction: column; background: var(--paper); margin-top: 8px; }
.list { min-height: 0; overflow: auto; overscroll-behavior: contain; }
/* In the top layer, so that no ancestor clips it; browsers without popovers place it below the box. */
[data-mode=searchbox] .offer { position: absolute; z-index: 1000; inset-inline: 0; top: 100%; padding: 0; overflow: hidden; color: var(--ink); max-height: min(70vh, 32em); border: 1px solid var(--edge); border-radius: var(--round); box-shadow: 0 4px 16px #0003; }
[data-mode=searchbox] .offer:popover-open { position: fixed; inset: auto; margin: 0; }
.option { display: block; padding: 12px; color: inherit; text-decoration: none; }
.option + .option { border-top: 1px solid var(--rule); }
.option[aria-selected=true] { background: var(--wash); box-shadow: inset 4px 0 var(--accent); }
.option:dir(rtl)[aria-selected=true] { box-shadow: inset -4px 0 var(--accent); }
.name { color: var(--accent); font-weight: 600; }
.option[data-kind=hit]:not([data-kind=hit] ~ *) .snippet { -webkit-line-clamp: 4; }
.place, .more, .line { color: var(--quiet); font-size: .875em; }
.snippet { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; font-size: .9375em; }
.more { display: flex; flex-wrap: wrap; gap: 4px 12px; margin-top: 4px; }
.tag { padding: 0 6px; border: 1px solid var(--rule); border-radius: 3px; color: var(--ink); }
.tag-safety { border-color: currentcolor; color: var(--red); }
.tag-like, .overdue { border-color: currentcolor; color: var(--amber); }
.overdue { font-weight: 600; }
.line { display: flex; flex-wrap: wrap; gap: 0 12px; margin: 0; padding: 8px 12px; }
.problem { color: var(--ink); }
.all { padding: 12px; border-top: 1px solid var(--rule); color: var(--accent); font-weight: 600; }
mark { background: var(--mark); color: inherit; font-weight: 600; border-radius: 2px; }
.away { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
dialog { width: min(42em, calc(100vw - 32px)); max-width: none; max-height: 80vh; margin: 10vh auto auto; padding: 0; overflow: hidden;
  border: 1px solid var(--edge); border-radius: var(--round); background: var(--paper); color: var(--ink); }
dialog::backdrop { background: #0008; }
.inner { display: flex; flex-direction: column; max-height: 80vh; padding: 16px; }
.inner .offer { margin-inline: -16px; margin-bottom: -16px; min-height: 0; border-top: 1px solid var(--rule); margin-top: 16px; }
.inner .option, .inner .line, .inner .all { padding-inline: 16px; }
@media (max-width: 30rem) { .inner input { flex-basis: 100%; } .inner form > button { flex: 1; } }
@media (forced-colors: active) { [aria-selected=true] { outline: 2px solid Highlight; outline-offset: -2px; } }
@media (prefers-reduced-motion: no-preference) { dialog[open] { animation: show .12s ease-out; } @keyframes show { from { opacity: 0; } } }
`);

let elements = 0;

class KbSearch extends HTMLElement {
  static observedAttributes = ["base", "mode", "tag", "topic", "limit", "lang", "placeholder", "shortcut", "target"];

  #root = this.attachShadow({ mode: "open" });
  #number = ++elements;
  #parts = null; // null until built; the fallback form stays if building fails
  #asking = null; // the pending request
  #timer = 0;
  #shown = ""; // the query of the shown results
  #active = -1;
  #before = null; // the element that had the focus when the dialog opened
  #isTyping = false; // whether the last search was sent while typing
  #key = (event) => this.#pressed(event);
  #place = () => this.#parts && this.#moveOffer();

  connectedCallback() {
    this.#root.adoptedStyleSheets = [STYLE];
    if (!this.#parts) this.#build();
    document.addEventListener("keydown", this.#key);
    addEventListener("scroll", this.#place, { capture: true, passive: true });
    addEventListener("resize", this.#place);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key);
    removeEventListener("scroll", this.#place, { capture: true });
    removeEventListener("resize", this.#place);
    this.#stop();
    if (this.#parts) this.#hide(); // a popover closes when it is disconnected
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected || (!this.#parts && name !== "base")) return;
    if (name === "mode" || name === "lang" || name === "base") this.#build();
    else this.#dress();
    if (this.#shown) this.#ask(this.#shown, this.#isTyping);
  }

  /** Focus the search box, opening the dialog in the mode "modal". */
  focus() {
    if (!this.#parts) return;
    this.#open();
    this.#parts.input.focus();
    this.#parts.input.select();
  }

  get #mode() {
    const mode = this.getAttribute("mode");
    return mode === "modal" || mode === "results" ? mode : "searchbox";
  }

  get #base() {
    return new URL(this.getAttribute("base") || new URL("../..", import.meta.url), document.baseURI).href.replace(/\/$/, "");
  }

  get #language() {
    const lang = this.getAttribute("lang") || this.closest("[lang]")?.getAttribute("lang") || "";
    const known = lang.toLowerCase().split("-")[0];
    return Object.hasOwn(WORDS, known) ? known : "en";
  }

  get #words() {
    return WORDS[this.#language];
  }

  get #limit() {
    const limit = Number(this.getAttribute("limit"));
    return Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT ? limit : DEFAULT_LIMIT;
  }

  // Building

  #build() {
    this.#stop();
    try {
      new URL(this.#base);
    } catch {
      console.error(`kb-search: "${this.getAttribute("base")}" is no address; the form inside is left as it is.`);
      this.#parts = null;
      this.#shown = "";
      return this.#root.replaceChildren(make("slot"));
    }
    const old = this.#parts;
    const early = this.querySelector("input[name=q]"); // text typed before the script was loaded
    const typed = old ? old.input.value : (early?.value ?? "");
    const focused = old ? this.#root.activeElement === old.input : early && early === document.activeElement;
    const wasOpen = old?.dialog?.open;

    const words = this.#words;
    const id = `kb-${this.#number}`;
    const input = make("input", "input", {
      type: "search", name: "q", id: `${id}-q`, autocomplete: "off", role: "combobox", spellcheck: "false", maxlength: "2000",
      autocapitalize: "none", enterkeyhint: "search", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`,
    });
    input.value = typed;
    const form = make("form", "form", { role: "search" });
    const filters = make("span", "", { hidden: "" });
    form.append(make("label", "label", { class: "away", for: input.id }, words.label), input, make("button", "button", {}, words.search), filters);
    const list = make("div", "list", { class: "list", role: "listbox", id: `${id}-list`, "aria-label": words.label });
    const note = make("p", "note", { class: "line", hidden: "" });
    const problem = make("p", "problem", { class: "line problem", role: "alert", hidden: "" });
    const all = make("a", "all", { class: "all", hidden: "" }, words.all);
    const offer = make("div", "offer", { class: "offer", hidden: "" });
    offer.append(note, problem, list, all);
    if (this.#mode === "searchbox" && POPOVERS) offer.popover = "manual";
    const status = make("div", "status", { role: "status", class: "away" });
    const root = make("div", "root", { class: "root", "data-mode": this.#mode, "data-lang": this.#language });
    this.#parts = { input, form, filters, list, note, problem, all, offer, status, root };
    this.#active = -1;
    if (this.#mode === "modal") this.#wrap(root, form, offer, status);
    else root.append(form, offer, status);
    this.#root.replaceChildren(root);
    this.#dress();
    this.#listen();
    if (wasOpen) this.#open();
    if (focused) input.focus();
  }

  // The dialog of the mode "modal", and the button that opens it.
  #wrap(root, form, offer, status) {
    const words = this.#words;
    const trigger = make("button", "trigger", { type: "button", class: "trigger", "aria-haspopup": "dialog" });
    const said = make("span", "", {});
    const keys = make("kbd", "keys", { "aria-hidden": "true" });
    trigger.append(said, keys);
    const dialog = make("dialog", "dialog", { "aria-label": words.label });
    const inner = make("div", "", { class: "inner" });
    const close = make("button", "close", { type: "button", class: "plain" }, words.close);
    form.append(close);
    inner.append(form, offer, status);
    dialog.append(inner);
    root.append(trigger, dialog);
    trigger.addEventListener("click", () => this.#open());
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      this.#stop();
      const before = this.#before;
      (before?.isConnected && before !== document.body ? before : trigger).focus();
    });
    dialog.addEventListener("mousedown", (event) => {
      if (event.target !== dialog) return;
      event.preventDefault(); // keep the page below from taking the focus
      dialog.close();
    });
    Object.assign(this.#parts, { dialog, trigger, said, keys });
  }

  // Apply attributes that can change without rebuilding.
  #dress() {
    const { input, form, filters, all, trigger, said, keys } = this.#parts;
    const words = this.#words;
    const placeholder = this.getAttribute("placeholder");
    input.placeholder = placeholder ?? "";
    form.action = `${this.#base}/search`;
    for (const link of [form, all]) link.target = this.getAttribute("target") ?? "";
    filters.replaceChildren(...this.#filters().map(([name, value]) => make("input", "", { type: "hidden", name, value })));
    const { mod, key } = this.#shortcut;
    const spelt = key && (mod ? [MAC ? "Meta" : "Control", key.toUpperCase()].join("+") : key);
    const at = trigger ?? input;
    if (spelt) at.setAttribute("aria-keyshortcuts", spelt);
    else at.removeAttribute("aria-keyshortcuts");
    if (!trigger) return;
    said.textContent = placeholder || words.open;
    keys.textContent = mod ? (MAC ? `⌘ ${key.toUpperCase()}` : `${words.ctrl} ${key.toUpperCase()}`) : key;
    keys.hidden = !key;
  }

  #listen() {
    const { input, form, list, offer, root } = this.#parts;
    input.addEventListener("input", (event) => event.isComposing || this.#later());
    input.addEventListener("compositionend", () => this.#later());
    input.addEventListener("keydown", (event) => this.#typed(event));
    input.addEventListener("click", () => this.#shown && this.#shown === input.value.trim() && this.#reveal());
    form.addEventListener("submit", (event) => this.#submitted(event));
    root.addEventListener("focusout", (event) => {
      if (this.#parts?.root === root && this.#mode === "searchbox" && !root.contains(event.relatedTarget)) this.#hide();
    });
    offer.addEventListener("mousedown", (event) => {
      // Keep the focus in the box; otherwise the list would close before the click.
      if (this.#mode === "searchbox" && !event.target.closest("button")) event.preventDefault();
    });
    list.addEventListener("click", (event) => this.#chosen(event));
    list.addEventListener("pointermove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#point([...list.children].indexOf(option), false);
    });
  }

  #filters() {
    return ["tag", "topic"].flatMap((name) => {
      const several = (this.getAttribute(name) ?? "").split(",").map((one) => one.trim());
      return several.filter(Boolean).map((value) => [name, value]);
    });
  }

  #open() {
    const { dialog, input } = this.#parts;
    if (!dialog || dialog.open) return;
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    this.#before = at;
    dialog.showModal();
    input.focus();
  }

  // Search

  #stop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  #later() {
    this.#stop();
    this.#point(-1); // the selection belongs to the previous results
    const q = this.#parts.input.value.trim();
    if (!q || q.length > MAX_TYPED) return this.#clear();
    if (q === this.#shown) return this.#reveal();
    this.#timer = setTimeout(() => this.#ask(q), TYPING_PAUSE);
  }

  // Search for `q`. While typing, names that begin with it are suggested; if it is only the beginning of one,
  // that name is searched.
  async #ask(q, isTyping = true) {
    this.#stop();
    const request = new AbortController();
    this.#asking = request;
    this.#isTyping = isTyping;
    const timers = [setTimeout(() => request.abort(), TIMEOUT), setTimeout(() => this.#wait(), SLOW)];
    this.#tell("kb:search", { q });
    const search = (words) => this.#get("search", [["q", words], ["limit", this.#limit], ...this.#filters()], request.signal);
    try {
      const [answer, names] = await Promise.all([search(q), isTyping ? this.#names(q, request.signal) : []]);
      let found = answer.ok ? await answer.json() : null;
      let name = "";
      if (found && names.length && (!found.hits.length || found.query.relaxed || found.query.corrected)) {
        const completed = await search(names[0].text);
        if (completed.ok) [found, name] = [await completed.json(), names[0].text];
      }
      if (this.#asking !== request) return; // superseded by a newer request
      if (found) this.#show(q, found, names, name);
      else this.#fail(q, answer.status);
    } catch {
      if (this.#asking === request) this.#fail(q, 0);
    } finally {
      timers.forEach(clearTimeout);
      if (this.#asking === request) this.#asking = null;
    }
  }

  #get(path, pairs, signal) {
    return fetch(`${this.#base}/api/v1/${path}?${new URLSearchParams(pairs)}`, {
      signal, mode: "cors", credentials: "omit", referrerPolicy: "no-referrer", headers: { Accept: "application/json" },
    });
  }

  // Return the names that begin with `q`; none if they cannot be loaded, because the results do not need them.
  async #names(q, signal) {
    if (q.length > MAX_PREFIX) return [];
    try {
      const answer = await this.#get("suggest", [["q", q]], signal);
      const { suggestions, did_you_mean: isSimilar } = answer.ok ? await answer.json() : { suggestions: [] };
      return isSimilar ? [] : suggestions; // the search corrects spelling itself
    } catch {
      return [];
    }
  }

  #wait() {
    const { note, problem, status } = this.#parts;
    status.textContent = this.#words.searching;
    note.textContent = `${this.#words.searching} …`;
    note.dataset.made = "searching";
    note.hidden = false;
    problem.hidden = true;
    this.#reveal();
  }

  // Results

  #show(q, found, names, name) {
    const { list, note, problem, all, input, status } = this.#parts;
    const { query, hits, total } = found;
    const words = this.#words;
    const labels = new Map((found.facets?.tag ?? []).map(({ value, label }) => [value, label]));
    this.#point(-1);
    this.#shown = q;
    problem.hidden = true;
    // Suggestions ignore tags and topics, so a restricted element only searches for them.
    const room = hits.length ? Math.min(MAX_NAMES, this.#limit - 1) : this.#limit;
    const offered = this.#filters().length ? [] : names.slice(0, room);
    const shown = hits.slice(0, this.#limit - offered.length);
    list.replaceChildren(...offered.map((one) => this.#name(one, offered)), ...shown.map((hit) => this.#hit(hit, labels)));
    [...list.children].forEach((option, number) => { option.id = `kb-${this.#number}-${number}`; });
    const [kind, made] = !hits.length ? (offered.length ? ["", ""] : ["none", words.none])
      : name ? ["completed", words.corrected(name)]
      : query.relaxed === "fuzzy" ? ["fuzzy", words.fuzzy(q)]
      : query.relaxed ? ["any", words.some]
      : query.corrected ? ["corrected", words.corrected(query.corrected)] : ["", ""];
    note.dataset.made = kind;
    const meant = (query.did_you_mean ?? []).map((other) => {
      const button = make("button", "meant", { type: "button", class: "link" }, other);
      button.addEventListener("click", () => { input.value = other; input.focus(); this.#ask(other, false); });
      return button;
    });
    const replaced = query.corrected && query.relaxed ? `${words.corrected(query.corrected)} ` : "";
    note.replaceChildren(...(made ? [make("span", "", { dir: "auto" }, replaced + made)] : []));
    if (query.message && hits.length) note.append(make("span", "", { dir: "auto" }, query.message));
    if (meant.length) note.append(make("span", "", { dir: "auto" }, `${words.meant}:`), ...meant);
    note.hidden = !note.childElementCount;
    all.textContent = hits.length ? words.all : words.elsewhere; // the full page explains what was tried
    all.hidden = hits.length > 0 && total <= shown.length;
    all.href = this.#address(name || q);
    status.textContent = [offered.length ? words.names(offered.length) : "", hits.length ? words.results(total) : "", ...[...note.children].map((part) => part.textContent)].filter(Boolean).join(" ");
    if (this.#mode !== "searchbox" || this.#root.activeElement) this.#reveal();
    else this.#hide();
    this.#tell("kb:results", { q, total, hits });
  }

  #option(kind, url, chosen) {
    const link = make("a", "option", {
      class: "option", role: "option", "data-kind": kind, "aria-selected": "false", tabindex: "-1", href: this.#safe(url), rel: "noopener",
    });
    link.target = this.getAttribute("target") ?? "";
    link.chosen = chosen;
    return link;
  }

  #name({ text, kind, see, url, source }, offered) {
    const words = this.#words;
    const isTwin = offered.filter((one) => one.text === text).length > 1;
    const link = this.#option(kind, url, { id: "", title: text });
    link.append(make("div", "name", { class: "name", dir: "auto" }, text));
    const more = kind === "topic" ? words.topic : kind === "see" ? words.see(see) : kind === "heading" ? see && words.within(see) : isTwin && source;
    if (more) link.append(make("div", "place", { class: "place", dir: "auto" }, more));
    return link;
  }

  #hit(hit, labels) {
    const words = this.#words;
    const link = this.#option("hit", hit.url, { id: hit.id, title: hit.article.title });
    const { article, passage, snippet } = hit;
    const heading = passage.heading_path.at(-1) || article.title;
    link.append(make("div", "name", { class: "name", dir: "auto" }, heading));
    const place = [article.title, ...passage.heading_path.slice(0, -1)].join(" › ");
    if (place !== heading) link.append(make("div", "place", { class: "place", dir: "auto" }, place));
    const lines = make("div", "snippet", { class: "snippet", dir: "auto" });
    for (const [text, matched] of snippet) lines.append(matched ? make("mark", "mark", {}, text) : flowing(text));
    const more = make("div", "more", { class: "more" });
    if (hit.matched?.fuzzy?.length) more.append(make("span", "tag", { class: "tag tag-like" }, `≈ ${words.like}: ${hit.matched.fuzzy.join(", ")}`));
    for (const tag of passage.tags ?? []) more.append(make("span", "tag", { class: tag === "safety" ? "tag tag-safety" : "tag" }, labels.get(tag) ?? tag));
    const overdue = article.review_state === "overdue" && article.review_due;
    if (overdue) more.append(make("span", "review", { class: "overdue" }, `⚠ ${words.overdue(this.#month(overdue))}`));
    else if (article.reviewed) more.append(make("span", "review", {}, words.reviewed(this.#month(article.reviewed))));
    link.append(lines, more);
    return link;
  }

  #month(day) {
    return new Intl.DateTimeFormat(this.#language, { year: "numeric", month: "long", timeZone: "UTC" }).format(new Date(day));
  }

  #fail(q, status) {
    const { list, problem, note, all, status: said, input } = this.#parts;
    const words = this.#words;
    this.#shown = "";
    this.#point(-1);
    list.replaceChildren();
    note.hidden = all.hidden = true;
    said.textContent = "";
    const mine = status === 400 || status === 413 || status === 414; // retrying would not help
    const retry = make("button", "retry", { type: "button", class: "link" }, words.retry);
    retry.addEventListener("click", () => { input.focus(); this.#ask(q); });
    const elsewhere = make("a", "elsewhere", { class: "link", href: this.#address(q), target: this.getAttribute("target") ?? "" }, words.elsewhere);
    const what = mine ? "refused" : status === 429 ? "busy" : "failed";
    problem.dataset.problem = what;
    problem.replaceChildren(make("span", "", { dir: "auto" }, words[what]), ...(mine ? [] : [retry]), elsewhere);
    problem.hidden = false;
    this.#reveal();
  }

  #reveal() {
    const { offer, input, list } = this.#parts;
    offer.hidden = false;
    if (offer.popover && !offer.matches(":popover-open")) offer.showPopover();
    this.#moveOffer();
    input.setAttribute("aria-expanded", String(list.childElementCount > 0));
  }

  // Place the popover below the box, or above it if there is more room; hide it when the box is scrolled away.
  #moveOffer() {
    const { offer, form } = this.#parts;
    if (!offer.popover || offer.hidden) return;
    const box = form.getBoundingClientRect();
    const { clientWidth: across, clientHeight: down } = document.documentElement;
    if (box.bottom < 0 || box.top > down) return this.#hide();
    const width = Math.min(Math.max(box.width, MIN_WIDTH), across - 2 * MARGIN);
    const start = getComputedStyle(this).direction === "rtl" ? box.right - width : box.left;
    const [above, below] = [box.top - 2 * MARGIN, down - box.bottom - 2 * MARGIN];
    const isAbove = below < MIN_HEIGHT && above > below;
    Object.assign(offer.style, {
      width: `${width}px`, left: `${Math.max(MARGIN, Math.min(start, across - width - MARGIN))}px`,
      top: isAbove ? "auto" : `${box.bottom + MARGIN}px`, bottom: isAbove ? `${down - box.top + MARGIN}px` : "auto",
      maxHeight: `min(70vh, 32em, ${Math.max(isAbove ? above : below, MIN_HEIGHT / 2)}px)`,
    });
  }

  #hide() {
    const { offer, input, status } = this.#parts;
    this.#point(-1);
    if (offer.popover && offer.matches(":popover-open")) offer.hidePopover();
    offer.hidden = true;
    input.setAttribute("aria-expanded", "false");
    status.textContent = "";
  }

  #clear() {
    this.#hide();
    this.#shown = "";
    this.#parts.list.replaceChildren();
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

  // Keyboard and selection

  #typed(event) {
    const { list, offer, input, dialog } = this.#parts;
    const count = list.childElementCount;
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      if (offer.hidden) return this.#reveal();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // Cycle through the list and the box itself (-1).
      this.#point(((this.#active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      list.children[this.#active].click();
    } else if (event.key === "Escape" && dialog) {
      event.preventDefault(); // the default action would clear the box
      dialog.close();
    } else if (event.key === "Escape" && !(offer.hidden && !input.value)) {
      event.preventDefault();
      this.#stop();
      if (offer.hidden || this.#mode === "results") {
        input.value = "";
        this.#clear();
      } else this.#hide();
    }
  }

  #submitted(event) {
    const q = this.#parts.input.value.trim();
    if (!q) event.preventDefault();
    else if (this.#mode === "results") {
      event.preventDefault();
      this.#ask(q, false);
    }
  }

  #chosen(event) {
    const { chosen, href } = event.target.closest("[role=option]") ?? {};
    if (!chosen) return;
    const detail = { q: this.#shown, url: href, ...chosen };
    if (!this.#tell("kb:select", detail)) event.preventDefault();
  }

  get #shortcut() {
    const keys = (this.getAttribute("shortcut") ?? "mod+k").trim().toLowerCase().split("+");
    const key = keys.pop() || (keys.length ? "+" : "");
    return { mod: keys.includes("mod"), key };
  }

  #pressed(event) {
    const { mod, key } = this.#shortcut;
    if (!key || !this.#parts || event.defaultPrevented || event.isComposing || event.altKey) return;
    if (event.key?.toLowerCase() !== key || !this.getClientRects().length) return;
    const held = mod ? (MAC ? event.metaKey : event.ctrlKey) && !event.shiftKey : !event.ctrlKey && !event.metaKey;
    if (!held) return;
    const at = event.composedPath()[0];
    const inField = at instanceof HTMLElement && (at.isContentEditable || at.matches("input, textarea, select, [role=textbox]"));
    if (!mod && inField) return; // the user is typing
    event.preventDefault();
    this.focus();
  }

  #address(q) {
    return `${this.#base}/search?${new URLSearchParams([["q", q], ...this.#filters()])}`;
  }

  // Return the URL of a result if it belongs to the knowledge base, else nothing.
  #safe(url) {
    const target = new URL(url, `${this.#base}/`);
    return target.origin === new URL(this.#base).origin ? target.href : this.#base;
  }

  #tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: name === "kb:select" }));
  }
}

function make(name, part = "", attributes = {}, text = "") {
  const made = document.createElement(name);
  if (part) made.setAttribute("part", part);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

function flowing(text) {
  return LINE_SIGNS.reduce((line, [sign, written]) => line.replace(sign, written), text.replace(/^(… )?\s*- /, "$1"));
}

if (!customElements.get("kb-search")) customElements.define("kb-search", KbSearch);
