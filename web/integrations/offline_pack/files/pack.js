/* The offline pack's script: search with MiniSearch, and dates that depend on today.

   A classic script, because file:// allows neither modules nor fetch. Text is set as text, never as markup. */

(() => {
  "use strict";

  const FEW = 10; // articles: with fewer that match all words, those that match some follow
  const PAGE_SIZE = 20; // articles
  const MAX_FURTHER = 3; // passages listed under the first of an article
  const MAX_SIMILAR = 3; // words
  const APART = 0.5; // weight of the words of a name that are not next to each other
  const MIN_HEADING_LIKENESS = 0.8; // share of the words typed and of the heading that are in both
  const SNIPPET = 260, LEAD = 60; // characters of a snippet, and before its first match

  const today = new Date().toLocaleDateString("sv"); // YYYY-MM-DD
  const formatDate = (iso) => new Date(`${iso}T00:00`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const counted = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
  const overdue = (due) => `Review overdue since ${formatDate(due)}`;

  /* Data and index, loaded at the first search */

  let data, index, wordPattern, bySnowball, similarWords;
  const indexed = new Map(); // stems, and how many passages contain each

  const load = (src) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = resolve;
    script.onerror = () => reject(new Error(src));
    document.head.append(script);
  });

  async function prepare() {
    window.exports = {}; // porter2 is a CommonJS module
    for (const src of ["files/porter2.js", "files/minisearch.js", "data/search.js"]) await load(src);
    data = window.kbPack;
    for (const name of ["stems", "synonyms", "pins", "tags"]) data[name] = new Map(Object.entries(data[name]));
    const forms = [...data.stems]; // a word without a stem gets that of a word with the same Snowball stem
    bySnowball = new Map([...forms.map(([form, stem]) => [window.exports.stem(form), stem]), ...forms.map(([, stem]) => [stem, stem])]);
    for (const name of ["small", "drugs", "capitals"]) data[name] = new Set(data[name]);
    wordPattern = new RegExp(`\\d+(?=(?:${data.units})(?![\\p{L}\\p{N}]))|\\d+(?:[.,]\\d+)+|[\\p{L}\\p{N}\\p{M}]+(?:['’][\\p{L}\\p{N}\\p{M}]+)*`, "giu");
    index = new MiniSearch({
      fields: ["text"],
      extractField: (passage, field) => (field === "text" ? indexedText(passage) : passage[field]),
      tokenize: (text) => {
        const stems = wordsOf(text).map(stemOf);
        for (const stem of new Set(stems)) indexed.set(stem, (indexed.get(stem) ?? 0) + 1);
        return stems.map((stem) => [stem]); // arrays: MiniSearch counts distinct tokens as the length, and BM25 counts all
      },
      processTerm: ([stem]) => stem,
      searchOptions: { tokenize: (stem) => [stem], processTerm: (stem) => stem },
    });
    data.passages.forEach((passage, id) => (passage.id = id));
    await index.addAllAsync(data.passages, { chunkSize: 200 });
  }

  function indexedText({ article, path, text, tags }) {
    const { title, topics } = data.articles[article];
    const parts = { title, topics, heading: path.join("\n"), body: text, tags: tags.map(tagOf).map(([label]) => label).join("\n") };
    return Object.entries(data.counts).map(([name, count]) => `${parts[name]}\n`.repeat(count)).join("");
  }
  const tagOf = (key) => data.tags.get(key) ?? [key, false];
  const wordsOf = (text) => text.match(wordPattern) ?? [];
  const fold = (word) => word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/['’]s?$/, "");
  function stemOf(word) {
    const known = data.stems.get(word.toLowerCase());
    if (known) return known;
    const folded = fold(word);
    const snowball = window.exports.stem(folded);
    return data.stems.get(folded) ?? bySnowball.get(snowball) ?? snowball;
  }

  /* Queries: words, multi-word names, words excluded with a minus, and tags (tag:KEY) */

  const TAG = /(?<=^|\s)tag:([\w-]+)/gi;

  function parse(text) {
    const wanted = [], unwanted = [], tags = [...text.matchAll(TAG)].map(([, key]) => key.toLowerCase());
    for (const { 0: typed, index: at } of text.replace(TAG, "").normalize("NFC").matchAll(wordPattern)) {
      (/(^|\s)-$/.test(text.slice(0, at)) ? unwanted : wanted).push({ typed, stem: stemOf(typed) });
    }
    const words = topical(wanted, ({ typed }) => typed);
    const names = [];
    for (let at = 0; at < words.length; at += names.at(-1).words.length) {
      let size = Math.min(data.longest, words.length - at);
      while (size > 1 && !synonymsOf(words.slice(at, at + size))) size -= 1;
      const part = words.slice(at, at + size);
      names.push({ words: part, synonyms: synonymsOf(part) ?? [] });
    }
    return { words, names, unwanted, tags };
  }

  function topical(words, textOf = (word) => word) {
    const found = words.filter((word) => !data.small.has(textOf(word).toLowerCase()));
    return found.length ? found : words;
  }

  function synonymsOf(words) {
    const key = words.map(({ stem }) => stem).join(" ");
    const lowerCase = words.length === 1 && words[0].typed !== words[0].typed.toUpperCase();
    return data.capitals.has(key) && lowerCase ? undefined : data.synonyms.get(key);
  }

  // MiniSearch's inverse document frequency, replaced by the site's.
  function rarity(stem) {
    const [all, some] = [data.passages.length, indexed.get(stem) ?? 0];
    return (Math.log(all / (some + 1)) + 1) / Math.log(1 + (all - some + 0.5) / (some + 0.5));
  }

  /* Return the scores of the passages for a name: the best score of its words, adjacent or not, and its synonyms. */
  function score({ words, synonyms }, combineWith) {
    const stems = words.map(({ stem }) => stem);
    const apart = words.length > 1 ? [[stems, APART, combineWith]] : [];
    const best = new Map();
    for (const [queries, weight, combine] of [...apart, [stems, 1], ...synonyms.map(([key, weight]) => [key.split(" "), weight])]) {
      const phrase = !combine && queries.length > 1 ? queries.join(" ") : "";
      const found = index.search({ combineWith: combine ?? "AND", queries: [...new Set(queries)] }, {
        bm25: { k: 1.2, b: 0.75, d: 0 },
        boostTerm: rarity,
        filter: ({ id }) => !phrase || data.passages[id].phrases.includes(phrase),
      });
      for (const { id, score } of found) best.set(id, Math.max(weight * score, best.get(id) ?? 0));
    }
    return best;
  }

  /* Return the articles that match all ("AND") or some ("OR") words of a query, each with its passages, best first. */
  function find({ words, names, unwanted, tags }, combineWith, tag) {
    const scores = names.map((name) => score(name, combineWith));
    const total = (id) => data.passages[id].weight * scores.reduce((sum, found) => sum + (found.get(id) ?? 0), 0);
    const wanted = tag ? [...tags, tag] : tags;
    const excluded = new Set(unwanted.flatMap(({ stem }) => index.search(stem).map(({ id }) => id)));
    const ids = [...new Set(scores.flatMap((found) => [...found.keys()]))].filter((id) =>
      !excluded.has(id) && wanted.every((key) => data.passages[id].tags.includes(key)) && (combineWith === "OR" || scores.every((found) => found.has(id))));
    const totals = new Map(ids.map((id) => [id, total(id)]));
    const groups = byArticle(ids.sort((one, other) => totals.get(other) - totals.get(one) || one - other).map((id) => data.passages[id]));
    const typed = new Set(words.map(({ stem }) => stem));
    return groups.map(({ article, passages }) => ({ article, passages: headingFirst(typed, passages) }));
  }

  /* Move the passage whose heading is most similar to the query to the front, if it is similar enough. */
  function headingFirst(typed, passages) {
    const likeness = passages.slice(0, MAX_FURTHER + 1).map(({ path }) => {
      const heading = new Set(topical(wordsOf(path.at(-1) ?? "")).map(stemOf));
      const shared = [...typed].filter((stem) => heading.has(stem)).length;
      return shared / (typed.size + heading.size - shared);
    });
    const best = Math.max(...likeness);
    const first = best >= MIN_HEADING_LIKENESS ? passages[likeness.indexOf(best)] : passages[0];
    return [first, ...passages.filter((passage) => passage !== first)];
  }

  function byArticle(passages) {
    const groups = new Map();
    for (const passage of passages) groups.set(passage.article, [...(groups.get(passage.article) ?? []), passage]);
    return [...groups].map(([article, found]) => ({ article: data.articles[article], passages: found }));
  }

  /* Similar words for words that no passage contains. Drug names are suggested but never replace a word automatically. */

  function similarTo(word) {
    if (!similarWords) {
      similarWords = new MiniSearch({ fields: ["id"], tokenize: (id) => [id] });
      similarWords.addAll([...data.stems].filter(([, stem]) => indexed.has(stem)).map(([id]) => ({ id })));
    }
    const opposite = ([one, other], id) => (word.startsWith(one) && id.startsWith(other)) || (word.startsWith(other) && id.startsWith(one));
    const found = /^\p{L}{4,}$/u.test(word) ? similarWords.search(word, { fuzzy: word.length > 5 ? 2 : 1 }) : [];
    const allowed = found.filter(({ id }) => !data.opposites.some((pair) => opposite(pair, id)));
    return [...new Map(allowed.reverse().map(({ id }) => [stemOf(id), id])).values()].reverse().slice(0, MAX_SIMILAR);
  }

  function correct({ words, unwanted, tags }) {
    const unknown = words.filter((word) => !indexed.has(word.stem) && !synonymsOf([word]));
    const similar = new Map(unknown.map((word) => [word, similarTo(fold(word.typed))]));
    const replaced = (rank) => [
      ...words.map((word) => similar.get(word)?.[Math.min(rank, similar.get(word).length - 1)] ?? word.typed), ...unwanted.map(({ typed }) => `-${typed}`), ...tags.map((key) => `tag:${key}`),
    ].join(" ");
    const most = Math.max(0, ...[...similar.values()].map((found) => found.length));
    const drugs = [...similar].flatMap(([word, found]) => [fold(word.typed), ...found]).some((word) => data.drugs.has(word));
    return { suggestions: Array.from({ length: most }, (_, rank) => replaced(rank)), safe: !drugs };
  }

  /* Return the articles for a query, and how they were found: "all" words, "corrected" words, "some" words or "none". */
  function answer(typed, tag) {
    const query = parse(typed);
    const found = query.words.length ? find(query, "AND", tag) : [];
    const loose = found.length < FEW && query.words.length > 1 ? find(query, "OR", tag) : [];
    const result = { query, found, some: loose.filter(({ article }) => !found.some((one) => one.article === article)), kind: "all", suggestions: [] };
    if (!found.length) {
      const { suggestions, safe } = correct(query);
      const corrected = safe && suggestions.length ? parse(suggestions[0]) : undefined;
      const instead = corrected ? find(corrected, "AND", tag) : [];
      if (instead.length) Object.assign(result, { query: corrected, found: instead, some: [], kind: "corrected" });
      else Object.assign(result, { found: loose, some: [], kind: loose.length ? "some" : "none" });
      result.suggestions = suggestions;
    }
    return tag ? result : withPins(typed, result);
  }

  function withPins(typed, result) {
    const pins = data.pins.get(wordsOf(typed.normalize("NFC")).map(stemOf).join(" ")) ?? [];
    const first = byArticle(pins.map((id) => data.passages[id])).map((group) => ({ ...group, pinned: true }));
    const others = ({ article }) => !first.some((one) => one.article === article);
    return { ...result, found: [...first, ...result.found.filter(others)], some: result.some.filter(others) };
  }

  /* The page */

  const part = (name, within = document) => within.querySelector(`[data-${name}]`);
  const clone = (name) => part(`template=${name}`).content.firstElementChild.cloneNode(true);

  function element(name, className, ...content) {
    const made = document.createElement(name);
    made.className = className;
    made.append(...content);
    return made;
  }

  function link(made, href, text) {
    made.href = href;
    made.textContent = text;
    return made;
  }

  function showSnippet(place, text, stems) {
    const matches = [...text.matchAll(wordPattern)].filter(([word]) => stems.has(stemOf(word)));
    const distinct = ({ index: from }) => new Set(matches.filter(({ index: at }) => at >= from && at < from + SNIPPET - LEAD).map(([word]) => stemOf(word))).size;
    const counts = matches.map(distinct);
    const first = matches[counts.indexOf(Math.max(...counts))]?.index ?? 0;
    const start = first > LEAD ? text.lastIndexOf(" ", first - LEAD / 2) + 1 : 0;
    const space = text.indexOf(" ", start + SNIPPET);
    const end = space < 0 ? text.length : space;
    let at = start;
    place.append(start ? "… " : "");
    for (const { 0: word, index: from } of matches.filter((match) => match.index >= start && match.index < end)) {
      place.append(text.slice(at, from), element("mark", "", word));
      at = from + word.length;
    }
    place.append(text.slice(at, end), end < text.length ? " …" : "");
  }

  function hit({ article, passages, pinned }, stems) {
    const made = clone("hit");
    const page = `articles/${article.id}.html`;
    const [{ anchor, path, tags, text }, ...further] = passages;
    link(part("title", made), page, article.title);
    part("path", made).textContent = path.slice(0, -1).map((heading) => ` › ${heading}`).join("");
    link(part("heading", made), `${page}#${anchor}`, path.at(-1) ?? article.title);
    showSnippet(part("snippet", made), text, stems);
    if (!pinned) part("pinned", made).remove();
    for (const [label, safety] of tags.map(tagOf)) {
      part("review", made).before(element("span", safety ? "tag tag-safety" : "tag", label));
      if (safety) made.classList.add("safety");
    }
    const late = article.state === "overdue" || (article.due && article.due < today);
    part("review", made).textContent = late && article.state !== "overdue" ? overdue(article.due) : article.review;
    part("review", made).classList.toggle("review-overdue", Boolean(late));
    const more = part("further", made);
    if (!further.length) more.remove();
    more.querySelector("summary").textContent = `${counted(further.length, "more passage")} in this article`;
    for (const one of further.slice(0, MAX_FURTHER)) {
      more.querySelector("ul").append(element("li", "", link(element("a", ""), `${page}#${one.anchor}`, one.path.join(" › ") || "Introduction")));
    }
    return made;
  }

  function showNotes(typed, { kind, query, suggestions }) {
    for (const note of document.querySelectorAll("[data-note]")) note.hidden = note.dataset.note !== kind;
    part("typed").textContent = typed;
    part("corrected").textContent = kind === "corrected" ? suggestions[0] : "";
    const links = suggestions.slice(kind === "corrected" ? 1 : 0).map((text) => link(element("a", ""), `#${new URLSearchParams({ q: text })}`, text));
    part("similar").hidden = !links.length;
    part("similar-words").replaceChildren(...links.flatMap((one, at) => (at ? [", ", one] : [one])));
    part("synonyms").replaceChildren(...query.names.filter(({ synonyms }) => synonyms.length).map(({ words, synonyms }) =>
      element("p", "", `Also searched for “${words.map((word) => word.typed).join(" ")}”: ${synonyms.map(([, , text]) => text).join(", ")}.`)));
  }

  function showHits({ query, found, some }, size) {
    const stems = new Set(query.names.flatMap(({ words, synonyms }) => [...words.map(({ stem }) => stem), ...synonyms.flatMap(([key]) => key.split(" "))]));
    part("hits").replaceChildren(...found.slice(0, size).map((group) => hit(group, stems)));
    part("some-hits").replaceChildren(...some.slice(0, FEW).map((group) => hit(group, stems)));
    part("some").hidden = !some.length;
    part("more").hidden = found.length <= size;
    part("more").onclick = () => {
      showHits({ query, found, some }, size + PAGE_SIZE);
      document.querySelectorAll("[data-heading]")[size].focus();
    };
  }

  let ready;

  async function show() {
    const asked = new URLSearchParams(location.hash.slice(1) || location.search);
    const [typed, tag] = ["q", "tag"].map((name) => (asked.get(name) ?? "").trim());
    [search.q.value, search.tag.value] = [typed, tag];
    part("home").hidden = Boolean(typed);
    part("found").hidden = true;
    delete part("found").dataset.query;
    part("status").textContent = typed ? "Searching…" : "";
    document.title = typed ? `${typed} – ${title}` : title;
    if (!typed) return;
    try {
      await (ready ??= prepare());
    } catch (error) {
      part("status").textContent = `Search is not available: ${error.message} cannot be read. The copy may be damaged.`;
      part("home").hidden = false;
      return;
    }
    const result = answer(typed, tag);
    showNotes(typed, result);
    showHits(result, PAGE_SIZE);
    const searched = result.kind === "corrected" ? result.suggestions[0] : typed;
    part("status").textContent = result.found.length ? `${counted(result.found.length, "article")} for “${searched}”` : `Nothing for “${typed}”`;
    part("found").hidden = false;
    Object.assign(part("found").dataset, { query: typed, answer: result.kind, articles: result.found.length });
  }

  const search = document.querySelector("form[data-search]");
  const { title } = document;

  if (search) {
    search.addEventListener("submit", (event) => {
      event.preventDefault();
      const hash = `#${new URLSearchParams(new FormData(search))}`;
      if (location.hash === hash) show();
      else location.hash = hash;
    });
    search.tag.addEventListener("change", () => search.q.value && search.requestSubmit());
    search.q.addEventListener("focus", () => (ready ??= prepare()).catch(() => {})); // while the query is typed; show() reports errors
    window.addEventListener("hashchange", show);
    show();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    document.getElementById("q").select();
  });

  /* Age of the pack and reviews overdue since its creation, by the clock of this computer */

  const days = Math.round((Date.parse(today) - Date.parse(document.body.dataset.made)) / 86_400_000);
  for (const place of document.querySelectorAll("[data-age]")) {
    if (days > 0) place.textContent = `, ${counted(days, "day")} ago`;
  }
  for (const place of document.querySelectorAll("[data-due]")) {
    if (place.dataset.due >= today) continue;
    place.classList.add("review", "review-overdue");
    place.textContent = `⚠ ${overdue(place.dataset.due)}`;
  }
})();
