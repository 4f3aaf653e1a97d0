/* The downtime pack's script: the search on its first page, and what is out of date by now.

   A classic script, since a page from a memory stick (file://) may load no module and fetch no file. Data
   comes as further scripts of the folder "data", each of which hands one value to kbPack.take. What is hard
   was done when the pack was written (web/pack/terms.py): stems, scores, other names. Here they are looked
   up, added and sorted. Text is set as text, never as markup.

   In order: files, words, other names, scores, misspellings, an answer, the page. */

(() => {
  "use strict";

  const FEW = 10; // articles: with fewer that have all words, those with some follow
  const AT_ONCE = 20; // articles shown, and more with each press of a button
  const MORE = 3; // further passages named under the first of an article
  const NAME_WORDS = 8; // of a name in the vocabulary; none is longer
  const APART = 0.5; // what the words of one name count when they stand apart
  const ALIKE = 0.8; // of the words of a heading and a query: then it is what was asked for
  const SNIPPET = 260, LEAD = 60; // characters around a match, and before the first
  const SHORTEST = 4, SHORT = 5; // letters of a word that is corrected; up to which by one letter only
  const LETTER = 1, FIRST_LETTER = 0.6, FREQUENT = 0.2, AS_LIKELY = 0.75; // what a difference costs

  // Endings and spellings tried for a word that no article has in this form.
  const ENDINGS = [["ies", "y"], ["es", ""], ["s", ""], ["ed", ""], ["ed", "e"], ["ing", ""], ["ing", "e"], ["ly", ""]];
  const ADDED = ["s", "es", "ed", "d", "ing", "ly"];
  const SPELLINGS = [
    [/ae/g, "e"], [/oe/g, "e"], [/our/g, "or"], [/is(?=(e|ed|es|ing|ation|ations)$)/, "iz"], [/ys(?=(e|ed|is)$)/, "yz"],
    [/sulph/g, "sulf"], [/([^l])l(?=(ed|ing)$)/, "$1ll"], [/ll(?=(ed|ing)$)/, "l"], [/re$/, "er"], [/gramme/, "gram"],
  ];

  /* Files */

  const files = new Map();

  window.kbPack = Object.freeze({
    take(name, value) {
      files.get(name)?.resolve(value);
    },
  });

  function load(name) {
    if (!files.has(name)) {
      const file = {};
      files.set(name, file);
      file.value = new Promise((resolve, reject) => {
        file.resolve = resolve;
        const script = document.createElement("script");
        script.src = `data/${name}.js`;
        script.onerror = () => {
          files.delete(name);
          reject(new Error(`data/${name}.js cannot be read`));
        };
        document.head.append(script);
      });
    }
    return files.get(name).value;
  }

  /* Words */

  const WORD = /\d+(?:[.,]\d+)+|[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*/gu;
  const THOUSANDS = /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;

  const number = (digits) => parseInt(digits, 36);

  function fold(word) {
    const plain = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/’/g, "'").replace(/'s?$/, "");
    return THOUSANDS.test(plain) ? plain.replace(/,/g, "") : plain;
  }

  let known; // everything but postings and texts, once it is loaded

  async function prepare() {
    const [words, forms, names, articles, texts] = await Promise.all(["words", "forms", "names", "articles", "texts"].map(load));
    const stems = new Set(), byForm = new Map();
    for (const line of forms ? forms.split("\n") : []) {
      const [stem, ...rest] = line.split(" ");
      stems.add(stem);
      for (let at = 0; at < rest.length; at += 2) {
        const drug = rest[at + 1].endsWith("!");
        byForm.set(rest[at], { stem, passages: number(drug ? rest[at + 1].slice(0, -1) : rest[at + 1]), drug });
      }
    }
    const starts = [];
    let first = 0;
    for (const article of articles) {
      starts.push(first);
      first += article[2];
    }
    known = {
      stems, byForm, articles, starts, textStarts: texts, partStarts: words.starts, opposites: words.opposites,
      units: new Map(Object.entries(words.units)), small: new Set(words.small), capitals: new Set(names.capitals),
      others: new Map(Object.entries(names.others)), places: new Map(Object.entries(names.places)),
      nameForms: new Map(Object.entries(names.forms)),
      nameStems: new Set(Object.keys(names.others).flatMap((key) => key.split(" "))),
    };
  }

  function stemOf(word) {
    const folded = known.units.get(fold(word)) ?? fold(word);
    const form = known.byForm.get(folded);
    if (form) return form.stem;
    if (known.nameForms.has(folded)) return known.nameForms.get(folded);
    if (known.stems.has(folded) || known.nameStems.has(folded) || folded.length < 3) return folded;
    const tried = SPELLINGS.map(([from, to]) => folded.replace(from, to));
    for (const [ending, other] of ENDINGS) {
      if (folded.length > ending.length + 2 && folded.endsWith(ending)) tried.push(folded.slice(0, -ending.length) + other);
    }
    tried.push(...ADDED.map((ending) => folded + ending));
    const found = tried.find((other) => other !== folded && known.byForm.has(other));
    return found ? known.byForm.get(found).stem : folded;
  }

  /* The words of a query; a minus before one leaves out what has it. "5mg" is two words. */
  function read(q) {
    const text = q.normalize("NFC").replace(/[\u00ad\u200b-\u200d\u2060]/g, "");
    const wanted = [], unwanted = [];
    for (const match of text.matchAll(WORD)) {
      const minus = /(^|\s)-$/.test(text.slice(0, match.index));
      const dose = /^(\d+)(\p{L}+)$/u.exec(match[0]);
      const parts = dose && known.units.has(fold(dose[2])) ? [dose[1], dose[2]] : [match[0]];
      for (const part of parts) (minus ? unwanted : wanted).push({ text: part, stem: stemOf(part) });
    }
    const topical = wanted.filter((word) => !known.small.has(fold(word.text)));
    return { wanted: topical.length ? topical : wanted, unwanted };
  }

  /* Other names: at each word the longest name, no overlaps */

  function groups(words) {
    const found = [];
    let at = 0;
    while (at < words.length) {
      let size = Math.min(NAME_WORDS, words.length - at);
      let others;
      for (; size > 0; size -= 1) {
        others = named(words.slice(at, at + size));
        if (others) break;
      }
      const typed = words.slice(at, at + Math.max(1, size));
      found.push({ typed, others: others ?? [], named: Boolean(others) });
      at += typed.length;
    }
    return found;
  }

  function named(words) {
    const key = words.map((word) => word.stem).join(" ");
    const lower = words.length === 1 && words[0].text !== words[0].text.toUpperCase();
    return known.capitals.has(key) && lower ? undefined : known.others.get(key);
  }

  /* Scores: passages by number, and what each counts in hundredths */

  const postings = new Map();

  function scores(stem) {
    if (!postings.has(stem)) postings.set(stem, readScores(stem));
    return postings.get(stem);
  }

  async function readScores(stem) {
    const found = new Map();
    if (!known.stems.has(stem)) return found;
    const part = await load(`words-${last(known.partStarts, stem)}`);
    const written = (part[stem] ?? "").split(" ");
    let passage = -1;
    for (let at = 0; at + 1 < written.length; at += 2) {
      passage += number(written[at]);
      found.set(passage, number(written[at + 1]));
    }
    return found;
  }

  /* The number of the last of sorted values that is not above one. */
  function last(values, value) {
    let low = 0, high = values.length;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (values[middle] <= value) low = middle;
      else high = middle;
    }
    return low;
  }

  async function nameScores(key, weight) {
    const stems = [...new Set(key.split(" "))];
    const each = await Promise.all(stems.map(scores));
    const found = new Map();
    const add = (passage) => found.set(passage, weight * each.reduce((sum, one) => sum + (one.get(passage) ?? 0), 0));
    if (!key.includes(" ")) for (const passage of each[0].keys()) add(passage);
    else {
      let passage = -1;
      for (const step of (known.places.get(key) ?? "").split(" ").filter(Boolean)) add((passage += number(step)));
    }
    return found;
  }

  async function groupScores(group, every) {
    const own = await Promise.all(group.typed.map((word) => scores(word.stem)));
    if (!group.named) return own[0];
    const several = own.length > 1;
    const typed = several ? scaled(every ? both(own) : either(own), APART) : own[0];
    const names = group.others.map(([key, weight]) => nameScores(key, weight));
    if (several) names.push(nameScores(group.typed.map((word) => word.stem).join(" "), 1));
    const best = new Map(typed);
    for (const found of await Promise.all(names)) {
      for (const [passage, score] of found) best.set(passage, Math.max(score, best.get(passage) ?? 0));
    }
    return best;
  }

  function scaled(found, factor) {
    return new Map([...found].map(([passage, score]) => [passage, score * factor]));
  }

  function both(lists) {
    const [fewest, ...others] = [...lists].sort((one, other) => one.size - other.size);
    const found = new Map();
    for (const [passage, score] of fewest) {
      if (others.every((list) => list.has(passage))) {
        found.set(passage, others.reduce((sum, list) => sum + list.get(passage), score));
      }
    }
    return found;
  }

  function either(lists) {
    const found = new Map();
    for (const list of lists) for (const [passage, score] of list) found.set(passage, score + (found.get(passage) ?? 0));
    return found;
  }

  async function find(query, every) {
    if (!query.groups.length) return [];
    const lists = await Promise.all(query.groups.map((group) => groupScores(group, every)));
    const found = every ? both(lists) : either(lists);
    for (const word of query.unwanted) for (const passage of (await scores(word.stem)).keys()) found.delete(passage);
    const articles = new Map();
    const ranked = [...found].sort(([a, one], [b, other]) => other - one || a - b);
    for (const [passage] of ranked) {
      const article = last(known.starts, passage);
      if (!articles.has(article)) articles.set(article, []);
      articles.get(article).push(passage);
    }
    return [...articles].map(([article, passages]) => ({ article, passages }));
  }

  /* Misspellings: never a drug for another, or for another word, without being asked */

  async function corrections(words) {
    const unknown = words.filter((word) => !known.stems.has(word.stem) && !named([word]));
    if (!unknown.length) return { safe: undefined, asked: [] };
    const drugs = new Set((await load("drugs")).split(" "));
    const offered = new Map(unknown.map((word) => [word, near(fold(word.text), drugs)]));
    const put = (choose) => words.map((word) => choose(offered.get(word)) ?? word.text).join(" ");
    const safe = [...offered.values()].some((found) => found?.words.length && !found.drug);
    const most = Math.max(0, ...[...offered.values()].map((found) => found.words.length));
    const asked = Array.from({ length: most }, (_, rank) => put((found) => found?.words[Math.min(rank, found.words.length - 1)]));
    return { safe: safe ? put((found) => (found && !found.drug ? found.words[0] : undefined)) : undefined, asked };
  }

  function near(typed, drugs) {
    if (typed.length < SHORTEST || !/^\p{L}+$/u.test(typed)) return { words: [], drug: false };
    const most = typed.length <= SHORT ? 1 : 2;
    const costs = [];
    for (const [form, { stem, passages, drug }] of known.byForm) {
      if (!passages || Math.abs(form.length - typed.length) > most || opposite(typed, form)) continue;
      const wrong = distance(typed, form, most);
      if (wrong > most) continue;
      const first = form[0] === typed[0] ? 0 : FIRST_LETTER;
      costs.push({ form, stem, drug, cost: LETTER * wrong + first - FREQUENT * Math.log10(1 + passages) });
    }
    for (let at = 3; at <= typed.length - 3; at += 1) {
      const [left, right] = [typed.slice(0, at), typed.slice(at)];
      const passages = Math.min(known.byForm.get(left)?.passages ?? 0, known.byForm.get(right)?.passages ?? 0);
      if (passages) costs.push({ form: `${left} ${right}`, stem: `${left} ${right}`, drug: false, cost: 1.4 - 2 * FREQUENT * Math.log10(1 + passages) });
    }
    costs.sort((one, other) => one.cost - other.cost || (one.form < other.form ? -1 : 1));
    const words = new Map();
    for (const one of costs) if (!words.has(one.stem) && words.size < 3) words.set(one.stem, one.form);
    const drug = drugs.has(typed) || costs.some((one) => one.drug && one.cost - costs[0].cost <= AS_LIKELY);
    return { words: [...words.values()], drug };
  }

  function opposite(one, other) {
    return known.opposites.some(
      ([a, b]) => (one.startsWith(a) && other.startsWith(b)) || (one.startsWith(b) && other.startsWith(a)),
    );
  }

  /* Letters to put in, take out, change or swap with their neighbour; given up above `most`. */
  function distance(one, other, most) {
    let before = [], above = Array.from({ length: other.length + 1 }, (_, at) => at);
    for (let row = 1; row <= one.length; row += 1) {
      const line = [row];
      for (let at = 1; at <= other.length; at += 1) {
        const same = one[row - 1] === other[at - 1] ? 0 : 1;
        line[at] = Math.min(above[at] + 1, line[at - 1] + 1, above[at - 1] + same);
        if (row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1]) {
          line[at] = Math.min(line[at], before[at - 2] + 1);
        }
      }
      if (Math.min(...line) > most) return most + 1;
      [before, above] = [above, line];
    }
    return above[other.length];
  }

  /* An answer: all words first, then words spelt alike, then some of the words */

  function understood(q) {
    const { wanted, unwanted } = read(q);
    return { words: wanted, unwanted, groups: groups(wanted) };
  }

  async function answer(q) {
    const query = understood(q);
    const all = await find(query, true);
    const result = { query, found: all, some: [], relaxed: "", corrected: "", asked: [] };
    if (all.length >= FEW || !query.groups.length) return result;
    const meaning = await corrections(query.words);
    result.asked = meaning.asked;
    if (!all.length && meaning.safe) {
      const corrected = understood(meaning.safe);
      corrected.unwanted = query.unwanted;
      const found = await find(corrected, true);
      if (found.length) return { ...result, query: corrected, found, corrected: meaning.safe };
    }
    const loose = query.groups.length > 1 || query.groups[0].typed.length > 1 ? await find(query, false) : [];
    if (all.length) {
      const there = new Set(all.map((group) => group.article));
      return { ...result, some: loose.filter((group) => !there.has(group.article)) };
    }
    if (loose.length) return { ...result, found: loose, relaxed: "some" };
    if (!meaning.safe) return result;
    const corrected = understood(meaning.safe);
    return { ...result, query: corrected, found: await find(corrected, false), corrected: meaning.safe };
  }

  /* The page. Everything is made of elements and texts. */

  const MONTHS = "January February March April May June July August September October November December".split(" ");
  const today = () => {
    const now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  };
  const counted = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

  function element(name, className, ...parts) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...parts);
    return made;
  }

  function link(address, ...parts) {
    const made = element("a", "", ...parts);
    made.href = address;
    return made;
  }

  function lateSince(due) {
    const [year, month, day] = due.split("-").map(Number);
    return `Review overdue since ${day} ${MONTHS[month - 1]} ${year}`;
  }

  function reviewOf([, , , words, state, due]) {
    const late = state === "overdue" || (due && due < today());
    if (!late) return element("span", "review", words);
    const glyph = element("span", "glyph", "⚠");
    glyph.setAttribute("aria-hidden", "true");
    return element("span", "review review-overdue", glyph, state === "overdue" ? words : lateSince(due));
  }

  /* The part of a text that has the most different words, with the words marked. */
  function snippet(text, stems) {
    const found = [...text.matchAll(WORD)]
      .map((match) => ({ start: match.index, end: match.index + match[0].length, stem: stemOf(match[0]) }))
      .filter((match) => stems.has(match.stem));
    let best = 0, most = 0;
    for (const first of found) {
      const within = found.filter((match) => match.start >= first.start && match.end <= first.start + SNIPPET - LEAD);
      const different = new Set(within.map((match) => match.stem)).size;
      if (different > most) [best, most] = [first.start, different];
    }
    let start = best <= LEAD ? 0 : text.lastIndexOf(" ", best - LEAD / 2) + 1;
    const sentence = text.slice(Math.max(0, best - LEAD), best).search(/[.!?:;\n]\s+\S[^.!?:;\n]*$/);
    if (best > LEAD && sentence >= 0) start = Math.max(0, best - LEAD) + sentence + 1;
    const room = text.indexOf(" ", start + SNIPPET);
    const end = room < 0 ? text.length : room;
    const made = element("p", "snippet", start ? "… " : "");
    let at = start;
    for (const match of found.filter((one) => one.start >= start && one.end <= end)) {
      made.append(text.slice(at, match.start), element("mark", "", text.slice(match.start, match.end)));
      at = match.end;
    }
    made.append(text.slice(at, end), end < text.length ? " …" : "");
    return made;
  }

  async function passage(number_) {
    const part = last(known.textStarts, number_);
    return (await load(`texts-${part}`))[number_ - known.textStarts[part]];
  }

  /* Whoever types a heading wants that section: it goes first among those of its article. */
  function leading(passages, typed) {
    const likeness = passages.map(([, , path]) => {
      const words = path.length ? [...path[path.length - 1].matchAll(WORD)].map((match) => match[0]) : [];
      const topical = words.filter((word) => !known.small.has(fold(word)));
      const heading = new Set((topical.length ? topical : words).map(stemOf));
      const shared = [...typed].filter((stem) => heading.has(stem)).length;
      return shared / Math.max(1, heading.size + typed.size - shared);
    });
    const best = Math.max(...likeness);
    if (best < ALIKE) return passages;
    const first = likeness.indexOf(best);
    return [passages[first], ...passages.filter((_, at) => at !== first)];
  }

  async function hit(group, stems, typed) {
    const [id, title] = known.articles[group.article];
    const found = leading(await Promise.all(group.passages.slice(0, MORE + 1).map(passage)), typed);
    const page = `articles/${id}.html`;
    const [, anchor, path, tags, text] = found[0];
    const place = element("p", "hit-place", link(page, title));
    if (path.length > 1) place.append(` › ${path.slice(0, -1).join(" › ")}`);
    const safe = tags.some((tag) => tag.startsWith("!"));
    const meta = element("div", "meta");
    for (const tag of tags) {
      meta.append(tag.startsWith("!") ? element("span", "tag tag-safety", tag.slice(1)) : element("span", "tag", tag));
    }
    meta.append(reviewOf(known.articles[group.article]));
    const made = element(
      "article", safe ? "hit safety" : "hit", place,
      element("h2", "", link(`${page}#${anchor}`, path[path.length - 1] ?? title)), snippet(text, stems), meta,
    );
    if (found.length > 1) made.append(further(page, found.slice(1), group.passages.length - 1));
    return made;
  }

  function further(page, passages, count) {
    const list = element("ul", "");
    for (const [, anchor, path] of passages) list.append(element("li", "", link(`${page}#${anchor}`, path.join(" › ") || "Opening")));
    return element("details", "more meta", element("summary", "", `${counted(count, "more passage")} in this article`), list);
  }

  const search = document.querySelector("form[data-search]");
  let latest = 0;

  async function show(q) {
    const turn = (latest += 1);
    const part = (name) => document.querySelector(`[data-${name}]`);
    const [status, found, told, hits, home] = ["status", "found", "told", "hits", "home"].map(part);
    search.q.value = q;
    home.hidden = Boolean(q.trim());
    found.hidden = true;
    status.textContent = q.trim() ? "Searching…" : "";
    document.title = document.title.replace(/^.*? – Search – /, "");
    if (!q.trim()) return;
    document.title = `${q} – Search – ${document.title}`;
    try {
      if (!known) await prepare();
      const result = await answer(q);
      if (turn !== latest) return;
      told.replaceChildren(...notes(q, result));
      hits.replaceChildren();
      await list(hits, result, AT_ONCE, turn);
      if (turn !== latest) return;
      found.hidden = false;
      const words = counted(result.found.length, "article");
      status.textContent = result.found.length ? `${words} for “${q}”` : `Nothing on “${q}” in this copy`;
    } catch (error) {
      status.textContent = `The search does not work: ${error.message}. A to Z and topics do; the pack may be damaged.`;
      home.hidden = false;
    }
  }

  function notes(q, { query, found, relaxed, corrected, asked }) {
    const made = [];
    if (corrected && found.length) {
      made.push(element("p", "notice", `No passage has “${q}”. These have words spelt nearly so: `, element("b", "", corrected), "."));
    } else if (asked.length) {
      const line = element("p", "", "Did you mean ");
      asked.forEach((other, at) => line.append(at ? " or " : "", link(`#q=${encodeURIComponent(other)}`, other)));
      line.append("?");
      made.push(line);
    }
    if (relaxed) made.push(element("p", "notice", "No passage has all of these words. These have some of them."));
    for (const group of query.groups) {
      if (!group.others.length) continue;
      const typed = group.typed.map((word) => word.text).join(" ");
      made.push(element("p", "", `Also searched for “${typed}”: ${group.others.map((other) => other[2]).join(", ")}.`));
    }
    return made;
  }

  async function list(into, { query, found, some }, most, turn) {
    const stems = new Set(query.groups.flatMap((group) => [
      ...group.typed.map((word) => word.stem), ...group.others.flatMap(([key]) => key.split(" ")),
    ]));
    const typed = new Set(query.words.map((word) => word.stem));
    const shown = [...found, null, ...some.slice(0, FEW)];
    const made = [];
    for (const group of shown.slice(0, most)) {
      if (group) made.push(await hit(group, stems, typed));
      else if (some.length) made.push(element("h2", "some", found.length ? "With some of the words" : ""));
    }
    if (turn !== latest) return;
    into.replaceChildren(...made);
    if (shown.length <= most + 1) return;
    const button = element("button", "pack-more", "Show more");
    button.type = "button";
    button.addEventListener("click", async () => {
      await list(into, { query, found, some }, most + AT_ONCE, turn);
      into.querySelectorAll(".hit h2 a")[most]?.focus();
    });
    into.append(button);
  }

  function asked() {
    const hash = new URLSearchParams(location.hash.slice(1));
    return (hash.has("q") ? hash.get("q") : new URLSearchParams(location.search).get("q")) ?? "";
  }

  if (search) {
    search.addEventListener("submit", (event) => {
      event.preventDefault();
      const hash = `#q=${encodeURIComponent(search.q.value)}`;
      if (location.hash === hash) show(search.q.value);
      else location.hash = hash;
    });
    window.addEventListener("hashchange", () => show(asked()));
    if (asked()) show(asked());
  }

  document.addEventListener("keydown", (event) => {
    const field = document.getElementById("q");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  /* What is out of date by the clock of this computer */

  const made = Date.parse(document.body.dataset.made);
  const days = Math.floor((Date.parse(today()) - made) / 86_400_000);
  for (const place of document.querySelectorAll("[data-age]")) {
    if (days > 0) place.textContent = `, ${counted(days, "day")} ago`;
  }
  for (const place of document.querySelectorAll("[data-due]")) {
    if (place.dataset.due >= today()) continue;
    place.classList.add("review", "review-overdue");
    place.textContent = `⚠ ${lateSince(place.dataset.due)}`;
  }
})();
