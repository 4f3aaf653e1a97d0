/* The offline pack's script: search with MiniSearch, and dates that depend on today.

   A classic script, because file:// allows neither modules nor fetch. Text is set as text, never as markup. */

(() => {
  "use strict";

  const FEW = 10; // articles: with fewer that match all words, those that match some follow
  const PAGE_SIZE = 20; // articles
  const MAX_SIMILAR = 3; // words
  const SYNONYMS_SHOWN = 3; // of all names; a drug can have a dozen brand names
  const MIN_HEADING_LIKENESS = 0.8; // share of the words typed and of the heading that are in both
  const SNIPPET = 260, LEAD = 60; // characters of a snippet, and before its first match

  const today = new Date().toLocaleDateString("sv"); // YYYY-MM-DD
  const formatDate = (iso) => new Date(`${iso}T00:00`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const counted = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
  const overdue = (due) => `Review overdue since ${formatDate(due)}`;

  /* Data and index, loaded at the first search */

  let data, index, limits, queries, spelling;
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
    for (const src of ["files/porter2.js", "files/minisearch.js", "files/queries.js", "files/spelling.js", "data/search.js"]) await load(src);
    data = window.kbPack;
    limits = data.constants;
    queries = window.kbQueries(data, indexed, window.exports.stem);
    for (const name of ["pins", "tags"]) data[name] = new Map(Object.entries(data[name]));
    data.ordinary = new Set(data.ordinary);
    data.intents.forEach((intent, number) => (intent.number = number));
    for (const article of data.articles) Object.assign(article, { passages: [], stems: { title: queries.stemmed(article.title), topics: queries.stemmed(article.topics) } });
    data.passages.forEach((passage, id) => {
      passage.id = id;
      data.articles[passage.article].passages.push(passage);
    });
    index = new MiniSearch({
      fields: ["text"],
      extractField: (passage, field) => (field === "text" ? indexedStems(passage) : passage[field]),
      stringifyField: (stems) => stems,
      tokenize: (stems) => {
        for (const stem of new Set(stems)) indexed.set(stem, (indexed.get(stem) ?? 0) + 1);
        // Arrays, because MiniSearch counts distinct tokens as the length, and BM25 counts all. Empty stems make it a length of the site's scale.
        const length = data.lengths.find((one) => one >= stems.length) ?? stems.length;
        return [...stems, ...Array(length - stems.length).fill("")].map((stem) => [stem]);
      },
      processTerm: ([stem]) => stem,
      searchOptions: { tokenize: (stem) => [stem], processTerm: (stem) => stem },
    });
    await index.addAllAsync(data.passages, { chunkSize: 200 });
    const namesOf = (drug) => (data.synonyms.get(queries.stemOf(drug)) ?? []).map(([, , text]) => queries.fold(text));
    spelling = window.kbSpelling(data, new Map(Object.entries(data.forms)), queries.stemOf, namesOf);
  }

  /* Return the stems of a passage, each as often as it counts, and keep those of its parts. */
  function indexedStems(passage) {
    const { path, text, tags, article } = passage;
    const labels = tags.map((key) => tagOf(key)[0]).join("\n");
    passage.stems = { ...data.articles[article].stems, heading: queries.stemmed(path.join("\n")), body: queries.stemmed(text), tags: queries.stemmed(labels) };
    return Object.entries(data.counts).flatMap(([name, count]) => Array(count).fill(passage.stems[name].split(" ").filter(Boolean)).flat());
  }
  const tagOf = (key) => data.tags.get(key) ?? [key, false];

  /* The subject of a query */

  /* Return what a query of plain words asks, and the articles about its subject, best first, with their passages. */
  function findSubject({ leaves, unwanted, tags }) {
    const words = leaves.flatMap((leaf) => leaf.words);
    const found = unwanted.length || leaves.some(({ fixed }) => fixed) || !words.length ? undefined : queries.interpret(words);
    if (!found) return undefined;
    const { asked } = found;
    const named = found.subject.map((at) => words[at]);
    const others = [...new Set(queries.stemsOf(words.filter((_, at) => !found.subject.includes(at))))];
    const ranks = ranksOf(named, asked);
    const isTopic = ranks.length > 1 && !asked.length && !ranks.some(([, rank]) => rank);
    const articles = (isTopic ? [] : ranks).map(([number, rank]) => {
      const { passages } = data.articles[number];
      const scores = new Map(passages.map((passage) => [passage, answerScore(passage, asked, others, limits.otherWords)]));
      const ordered = [...passages].sort((one, other) => scores.get(other) - scores.get(one));
      return { article: data.articles[number], rank, score: scores.get(ordered[0]), passages: ordered };
    }).filter(({ rank, score }) => !asked.length || rank || score).sort((one, other) => other.rank - one.rank || other.score - one.score);
    const namesake = articles.filter(({ rank }) => rank);
    const isAnswered = (intent) => namesake.some(({ passages }) => passages.some(({ answers }) => answers[intent.number]));
    return {
      titled: isTopic ? ranks.map(([number]) => data.articles[number]) : [], // shown by their openings
      asked, articles, stems: queries.stemsOf(named),
      unanswered: namesake.length ? asked.filter((intent) => !isAnswered(intent)).map(({ label }) => label) : [],
      query: queries.queryOf(named.map((word) => ({ words: [word] })), tags, []),
    };
  }

  /* Return the articles about a subject: 2 if it is their name, 1 if a synonym is, 0 if their title contains one of them. */
  function ranksOf(named, asked) {
    const keys = [queries.stemsOf(named).join(" "), ...(queries.synonymsOf(named) ?? []).map(([key]) => key)];
    const ranks = new Map(keys.flatMap((key, number) => (data.names.get(key) ?? []).map((article) => [article, number ? 1 : 2])).reverse());
    if (!ranks.size && (asked.length || named.length <= limits.maxTitleWords)) {
      data.articles.forEach(({ stems }, article) => keys.some((key) => queries.contains(stems.title, key)) && ranks.set(article, 0));
    }
    return ranks.size > limits.maxArticles ? [] : [...ranks].reverse();
  }

  /* Return how well a passage answers intents; words of the query add to it. */
  function answerScore({ answers, stems: { body, heading } }, asked, others, weight) {
    const score = asked.reduce((sum, intent) => sum + (answers[intent.number] ?? 0), 0);
    const shared = others.filter((stem) => queries.contains(body, stem) || queries.contains(heading, stem)).length;
    return score && others.length ? score + (weight * shared) / others.length : score;
  }

  /* Scores */

  // MiniSearch's inverse document frequency, replaced by the site's.
  function rarity(stem) {
    const [all, some] = [data.passages.length, indexed.get(stem) ?? 0];
    return (Math.log(all / (some + 1)) + 1) / Math.log(1 + (all - some + 0.5) / (some + 0.5));
  }

  /* Return the scores of the passages for a clause. */
  function score({ options }, combineWith) {
    const best = new Map();
    for (const { stems, weight, adjacent, any } of options) {
      const phrase = stems.join(" ");
      const found = index.search({ combineWith: any ? "OR" : adjacent ? "AND" : combineWith, queries: [...new Set(stems)] }, {
        bm25: { k: 1.2, b: 0.75, d: 0 },
        boostTerm: rarity,
        filter: ({ id }) => !adjacent || Object.values(data.passages[id].stems).some((part) => queries.contains(part, phrase)),
      });
      for (const { id, score } of found) best.set(id, Math.max(weight * score, best.get(id) ?? 0));
    }
    return best;
  }

  /* Return the articles that match all ("AND") or some ("OR") words of a query, each with its passages, best first. */
  function find({ clauses, words, unwanted, tags }, combineWith, subject) {
    const scores = clauses.map((clause) => score(clause, combineWith));
    const total = (id) => Number((data.passages[id].weight * scores.reduce((sum, found) => sum + (found.get(id) ?? 0), 0)).toFixed(6)); // equal scores in order
    const excluded = new Set(unwanted.flatMap((leaf) => [...score(queries.leafClause(leaf), "AND").keys()]));
    const ids = [...new Set(scores.flatMap((found) => [...found.keys()]))].filter((id) =>
      !excluded.has(id) && hasTags(data.passages[id], tags) && (combineWith === "OR" || scores.every((found) => found.has(id))));
    const totals = new Map(ids.map((id) => [id, total(id)]));
    const groups = byArticle(ids.sort((one, other) => totals.get(other) - totals.get(one) || one - other).map((id) => data.passages[id]));
    const typed = new Set(queries.stemsOf(words));
    return groups.map(({ article, passages }) => ({ article, passages: openingFirst(subject, passages) ?? answerFirst(subject, passages) ?? headingFirst(typed, passages) }));
  }
  const hasTags = (passage, tags) => tags.every((key) => passage.tags.includes(key));

  /* Move the opening of an article with the subject in its title to the front, if found; undefined for other articles. */
  function openingFirst(subject, passages) {
    const article = data.articles[passages[0].article];
    return subject?.titled.includes(article) ? moveFirst(passages, Math.max(0, passages.indexOf(article.passages[0]))) : undefined;
  }

  /* Move the passage that answers the intents to the front; undefined if none does. */
  function answerFirst(subject, passages) {
    const scores = passages.slice(0, limits.maxFurther + 1).map((passage) => answerScore(passage, subject?.asked ?? [], subject?.stems ?? [], limits.subjectWords));
    const best = Math.max(...scores);
    return best ? moveFirst(passages, scores.indexOf(best)) : undefined;
  }
  const moveFirst = (passages, at) => [passages[at], ...passages.filter((_, number) => number !== at)];

  /* Move the passage whose heading is most similar to the query to the front, if it is similar enough. */
  function headingFirst(typed, passages) {
    const likeness = passages.slice(0, limits.maxFurther + 1).map(({ path }) => {
      const heading = new Set(queries.topical(queries.wordsOf(path.at(-1) ?? "")).map(queries.stemOf));
      const shared = [...typed].filter((stem) => heading.has(stem)).length;
      return shared / (typed.size + heading.size - shared);
    });
    const best = Math.max(...likeness);
    return best >= MIN_HEADING_LIKENESS ? moveFirst(passages, likeness.indexOf(best)) : passages;
  }

  function byArticle(passages) {
    const groups = new Map();
    for (const passage of passages) groups.set(passage.article, [...(groups.get(passage.article) ?? []), passage]);
    return [...groups].map(([article, found]) => ({ article: data.articles[article], passages: found }));
  }

  /* Corrections of words that no passage contains */

  /* Return corrected queries, and the one that may be searched automatically: its corrections are certain. */
  function correct({ words, unwanted, tags }) {
    const unknown = words.filter((word) => !indexed.has(word.stem) && !queries.synonymsOf([word]) && !data.ordinary.has(queries.fold(word.typed).replace(/s$/, "")));
    const offered = new Map(unknown.map((word) => [word, spelling.suggest(queries.fold(word.typed), MAX_SIMILAR)]).filter(([, found]) => found.length));
    const replaced = (choose) => [
      ...words.map((word) => choose(offered.get(word) ?? []) ?? word.typed), ...unwanted.map((leaf) => `-${leaf.words.map(({ typed }) => typed).join("-")}`), ...tags.map((key) => `tag:${key}`),
    ].join(" ");
    const most = Math.max(0, ...[...offered.values()].map((found) => found.length));
    const suggestions = Array.from({ length: most }, (_, rank) => replaced((found) => found[Math.min(rank, found.length - 1)]?.word));
    const first = [...offered.values()].map(([best]) => best);
    const mustAsk = first.some(({ isDrug, isCertain }) => isDrug && !isCertain);
    const isCertain = first.some((best) => best.isCertain) && !mustAsk;
    return { suggestions, automatic: isCertain ? replaced(([best]) => (best?.isCertain ? best.word : undefined)) : "" };
  }

  /* Return the articles for a query, and how they were found: "all" words, "corrected" words, "some" words or "none".

     Articles about the subject come first. If an intent was recognised, only the words of the subject are searched for "some". */
  function answer(typed, tag) {
    const query = queries.parse(typed);
    if (tag) query.tags.push(tag);
    const result = answerQuery(query);
    if (result.kind === "none" || result.kind === "some") {
      const { suggestions, automatic } = correct(query);
      const corrected = automatic ? answerQuery(queries.parse(automatic)) : { kind: "none" };
      if (corrected.kind !== "none") Object.assign(result, corrected, { kind: "corrected", corrected: automatic });
      result.suggestions = suggestions.filter((text) => text !== result.corrected);
    }
    return tag ? result : withPins(typed, result);
  }

  function answerQuery(query) {
    const subject = findSubject(query);
    const about = subject?.articles ?? [];
    const without = (groups, others) => groups.filter(({ article }) => !others.some((one) => one.article === article));
    const leading = about.map(({ article, passages }) => ({ article, passages: passages.filter((passage) => hasTags(passage, query.tags)) })).filter(({ passages }) => passages.length);
    const found = [...leading, ...without(find(query, "AND", subject), about)];
    const isAbout = subject?.asked.length && (about.length || query.clauses.length < limits.minQuestionWords);
    const relaxed = queries.split(isAbout ? subject.query : query);
    const canRelax = isAbout || (!about.length && query.words.length > 1);
    const loose = found.length < FEW && canRelax ? without(find(relaxed, "OR", subject), about) : [];
    const result = { query, found, some: without(loose, found), kind: "all", suggestions: [], unanswered: subject?.unanswered ?? [], subject: leading[0]?.article };
    return found.length ? result : { ...result, found: loose, some: [], kind: loose.length ? "some" : "none" };
  }

  function withPins(typed, result) {
    const pins = data.pins.get(queries.wordsOf(typed.normalize("NFC")).map(queries.stemOf).join(" ")) ?? [];
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
    const matches = [...text.matchAll(queries.patternOf(text))].filter(([word]) => stems.has(queries.stemOf(word)) && !queries.isSmall(word));
    const distinct = ({ index: from }) => new Set(matches.filter(({ index: at }) => at >= from && at < from + SNIPPET - LEAD).map(([word]) => queries.stemOf(word))).size;
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
    for (const one of further.slice(0, limits.maxFurther)) {
      more.querySelector("ul").append(element("li", "", link(element("a", ""), `${page}#${one.anchor}`, one.path.join(" › ") || "Introduction")));
    }
    return made;
  }

  function showNotes(typed, { kind, query, corrected, suggestions, unanswered, subject }) {
    for (const note of document.querySelectorAll("[data-note]")) note.hidden = note.dataset.note !== kind;
    part("typed").textContent = typed;
    part("corrected").textContent = corrected ?? "";
    const links = suggestions.map((text) => link(element("a", ""), `#${new URLSearchParams({ q: text })}`, text));
    part("unanswered").hidden = !(unanswered.length && subject);
    part("unanswered-intents").textContent = unanswered.join(" or ");
    part("unanswered-subject").textContent = subject?.title ?? "";
    part("ignored").hidden = !query.ignored.length;
    part("ignored-words").textContent = query.ignored.map((word) => `“${word}”`).join(", ");
    part("similar").hidden = !links.length;
    part("similar-words").replaceChildren(...links.flatMap((one, at) => (at ? [", ", one] : [one])));
    const named = query.clauses.filter(({ synonyms }) => synonyms.length);
    part("synonyms").replaceChildren(...named.map((name) => alsoSearched(name, Math.max(1, Math.floor(SYNONYMS_SHOWN / named.length)))));
  }

  /* Return the synonyms of a name: the first `shown`, and the others folded. */
  function alsoSearched({ words, synonyms }, shown) {
    const texts = synonyms.map(([, , text]) => text);
    const note = element("div", "", `Also searched for “${words.map((word) => word.typed).join(" ")}”: ${texts.slice(0, shown).join(", ")}`);
    if (texts.length > shown) {
      const summary = element("summary", "", `and ${texts.length - shown} more`);
      note.append(" ", element("details", "names", summary, texts.slice(shown).join(", ")));
    }
    return note;
  }

  function showHits({ query, found, some }, size) {
    const stems = new Set(query.clauses.flatMap(({ options }) => options.flatMap((one) => one.stems)));
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
    const searched = result.corrected ?? typed;
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
