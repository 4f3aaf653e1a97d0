/* Queries of the offline pack's search: words and their stems, the query language, and the interpretation of a query.

   Follows index/analyzer.py, index/query/ and index/search/subjects.py of the site, with their data and constants. `indexed` has the stems that
   a passage contains; `snowball` returns the stem of a word that `data.stems` and `data.endings` do not list. */

window.kbQueries = (data, indexed, snowball) => {
  "use strict";

  const limits = data.constants;
  for (const name of ["stems", "synonyms", "units", "names"]) data[name] = new Map(Object.entries(data[name]));
  for (const name of ["small", "stopwords", "capitals", "prefixes", "particles", "asides"]) data[name] = new Set(data[name]);
  const forms = [...data.stems]; // a word without a stem gets that of a word with the same Snowball stem
  const bySnowball = new Map([...forms.map(([form, stem]) => [snowball(form), stem]), ...forms.map(([, stem]) => [stem, stem])]);
  const [ending, endings] = [new RegExp(data.endings[0]), data.endings[1]];
  const wordPatterns = data.words.map((pattern) => new RegExp(pattern, "giu"));
  const greek = new RegExp(`[${Object.keys(data.greek).join("")}]`, "g");

  const CJK = /[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]/;
  const patternOf = (text) => wordPatterns[Number(CJK.test(text))];
  const wordsOf = (text) => text.match(patternOf(text)) ?? [];
  const stemmed = (text) => ` ${wordsOf(text).map(stemOf).join(" ")} `;
  const contains = (stems, phrase) => stems.includes(` ${phrase} `); // of texts and phrases as stems
  const isStopword = (word) => data.stopwords.has(fold(word));
  const isSmall = (word) => data.small.has(fold(word));

  function fold(word) {
    const plain = word.replace(/[\u00ad\u200b-\u200d\u2060]/g, "").normalize("NFKC").toLowerCase();
    const number = /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(plain) ? plain.replaceAll(",", "") : plain.replace(/^\./, "0.");
    const named = number.replace(/^([a-z]{1,2})-(\d{1,3})$/, "$1$2").replace(greek, (letter) => data.greek[letter]);
    const folded = named.normalize("NFKD").replace(/\p{M}/gu, "").replace(/['’]s?$/, "");
    return data.units.get(plain) ?? folded;
  }
  function stemOf(word) {
    const known = data.stems.get(word.toLowerCase());
    if (known) return known;
    const folded = fold(word);
    const stem = snowball(folded);
    const named = folded.match(ending);
    return data.stems.get(folded) ?? (named ? folded.slice(0, named.index) + endings[named[1]] : bySnowball.get(stem) ?? stem);
  }

  /* Queries: words, "phrases", words excluded with a minus or NOT, and tags (tag:KEY) */

  const TAG = /(?<=^|\s)tag:([\w-]+)/gi;
  const TOKEN = /(-)?(?:["“”]([^"“”]*)["“”]?|([^\s"“”]+))/g;

  function parse(text) {
    const wanted = [], unwanted = [], ignored = [], tags = [...text.matchAll(TAG)].map(([, key]) => key.toLowerCase());
    let negated = false;
    for (const [, minus, quoted, typed] of text.replace(TAG, "").normalize("NFC").matchAll(TOKEN)) {
      if (["AND", "OR", "NOT"].includes(typed)) {
        negated = typed === "NOT" || (typed === "AND" && negated);
        continue;
      }
      const body = (typed ?? "").replace(/[).,;:!?]+$/, "").replace(/\*+$/, "");
      const found = typed && body.includes("*") ? [] : leavesOf(quoted ?? typed, quoted !== undefined);
      if (typed && body.includes("*")) ignored.push(typed);
      else if (typed && body !== typed && typed.includes("*") && found.length) found.push(prefixLeaf(found.pop()));
      (minus || negated ? unwanted : wanted).push(...found);
      if (found.length) negated = false;
    }
    return { ...queryOf(wanted, tags, unwanted), ignored };
  }

  /* A leaf is a word, or words that are adjacent: in quotation marks, with hyphens or without spaces (Chinese). */
  function leavesOf(text, quoted = false) {
    const words = wordsOf(text).map((typed) => ({ typed, stem: stemOf(typed) }));
    const joined = words.length > 1 && (quoted || CJK.test(text) || /[\p{L}\p{N}][-‐‑][\p{L}\p{N}]/u.test(text));
    return joined ? [{ words, fixed: quoted, splits: !quoted && !CJK.test(text) }] : words.map((word) => ({ words: [word] }));
  }

  /* Return the leaf of a word with a star: all words that begin with it. */
  function prefixLeaf(leaf) {
    const start = fold(leaf.words.at(-1).typed);
    if (start.length < limits.minPrefixLetters) return leaf;
    const stems = [...data.stems].filter(([form, stem]) => form.startsWith(start) && indexed.has(stem)).map(([, stem]) => stem);
    return { words: leaf.words, fixed: true, starts: stems.length ? stems : [start] };
  }

  function queryOf(leaves, tags, unwanted) {
    const words = leaves.flatMap((leaf) => leaf.words);
    return { leaves, clauses: clausesOf(leaves), words: topical(words, ({ typed }) => typed), tags, unwanted };
  }

  function topical(words, textOf = (word) => word) {
    const found = words.filter((word) => !isSmall(textOf(word)));
    return found.length ? found : words;
  }

  const stemsOf = (words) => words.map(({ stem }) => stem);

  function synonymsOf(words) {
    const lowerCase = words.length === 1 && words[0].typed !== words[0].typed.toUpperCase();
    const key = stemsOf(words).join(" ");
    return data.capitals.has(key) && lowerCase ? undefined : data.synonyms.get(key);
  }

  /* Return the names among leaves as [start, end, synonyms]: at each leaf the longest. */
  function namesIn(leaves) {
    const found = [];
    for (let start = 0; start < leaves.length; start = found.at(-1)?.[1] > start ? found.at(-1)[1] : start + 1) {
      for (let end = Math.min(start + limits.maxSynonymWords, leaves.length); end > start; end -= 1) {
        const part = leaves.slice(start, end);
        const synonyms = part.some(({ fixed }) => fixed) ? undefined : synonymsOf(part.flatMap(({ words }) => words));
        if (synonyms && found.push([start, end, synonyms])) break;
      }
    }
    return found;
  }

  /* Return the clauses of a query. Each has options, of which the best counts: stems, adjacent or not, and their weight. */
  function clausesOf(leaves) {
    const clauses = [];
    let at = 0;
    const addPlain = (end) => {
      while (at < end) {
        const clause = pairClause(leaves.slice(at, Math.min(end, at + 2))) ?? leafClause(leaves[at]);
        at += clause.leaves;
        clauses.push(clause);
      }
    };
    for (const [start, end, synonyms] of namesIn(leaves)) {
      addPlain(start);
      clauses.push(nameClause(leaves.slice(start, end), synonyms));
      at = end;
    }
    addPlain(leaves.length);
    const kept = clauses.filter(({ small }) => !small);
    return kept.length ? kept : clauses;
  }

  const option = (stems, weight = 1, adjacent = stems.length > 1) => ({ stems, weight, adjacent });

  function nameClause(leaves, synonyms) {
    const words = leaves.flatMap((leaf) => leaf.words);
    const topics = words.filter(({ typed }) => !isStopword(typed));
    const apart = leaves.length > 1 ? [option(stemsOf(topics.length ? topics : words), limits.separateWords, false)] : [];
    return { words, synonyms, options: [...apart, option(stemsOf(words)), ...synonyms.map(([key, weight]) => option(key.split(" "), weight))] };
  }

  function leafClause({ words, fixed, splits, starts }) {
    if (starts) return { leaves: 1, words, synonyms: [], options: [{ ...option(starts, 1, false), any: true }] };
    const options = [option(stemsOf(words)), ...(fixed ? [] : spellings(words))];
    return { leaves: 1, words, synonyms: [], options, splits: splits && options.length === 1, small: options.length === 1 && words.length === 1 && isSmall(words[0].typed) };
  }

  /* Return the other spellings of a compound that the passages have: joined ("x-ray") or in two parts ("xray"). */
  function spellings(words) {
    const joined = stemOf(words.map(({ typed }) => typed).join(""));
    if (words.length > 1) return indexed.has(joined) ? [option([joined])] : [];
    const word = fold(words[0].typed);
    const [, letters, digits] = word.match(/^([a-z]{2,5})(\d{1,3})$/) ?? []; // "il6", also written "IL-6"
    if (letters) return [[letters, digits].map(stemOf)].filter((stems) => stems.every((stem) => indexed.has(stem))).map((stems) => option(stems));
    if (word.length < limits.minCompoundLetters || !/^\p{L}+$/u.test(word)) return [];
    const parts = Array.from({ length: word.length - 2 }, (_, before) => [word.slice(0, before + 1), word.slice(before + 1)]);
    return parts.filter(([first, second]) => data.prefixes.has(first) || (!indexed.has(joined) && Math.min(first.length, second.length) > 2))
      .map((part) => part.map(stemOf)).filter((stems) => stems.every((stem) => indexed.has(stem))).map((stems) => option(stems));
  }

  /* Return the clause of two words that are also written as one, or that are a verb with a particle ("follow up"). */
  function pairClause(leaves) {
    if (leaves.length < 2 || leaves.some(({ words, fixed }) => fixed || words.length > 1)) return undefined;
    const words = leaves.flatMap((leaf) => leaf.words);
    const [first, second] = words.map(({ typed }) => typed);
    const text = first + second;
    const isJoined = text.length <= limits.maxJoinedLetters && /^[\p{L}\p{N}]+$/u.test(text) && indexed.has(stemOf(text));
    const joined = isJoined ? [option([stemOf(text)])] : [];
    const clause = (...options) => ({ leaves: 2, words, synonyms: [], options: [...options, ...joined] });
    if (data.particles.has(fold(second)) && !isStopword(first)) return clause(option([words[0].stem], limits.particle), option(stemsOf(words)));
    return isJoined ? clause(option(stemsOf(words), 1, false)) : undefined;
  }

  /* Return a query with its hyphenated words as independent words. */
  function split(query) {
    const clauses = query.clauses.flatMap((clause) => (clause.splits ? clause.words.map((word) => leafClause({ words: [word], fixed: true })) : [clause]));
    return { ...query, clauses };
  }

  /* The subject of a query, and what is asked about it (intents and populations) */

  function phraseAt(parts, stems, at) {
    const isAt = (part, start) => part.every((stem, number) => stems[start + number] === stem);
    const places = (part, start) => part.map((_, number) => start + number);
    if (!isAt(parts[0], at)) return [];
    const words = places(parts[0], at);
    for (const part of parts.slice(1)) { // after a gap of one or more words
      const last = Math.min(stems.length, words.at(-1) + 1 + limits.maxGap);
      let start = words.at(-1) + 2;
      while (start <= last && !isAt(part, start)) start += 1;
      if (start > last) return [];
      words.push(...places(part, start));
    }
    return words;
  }

  function intentsIn(stems) {
    const every = stems.flatMap((_, at) => data.intents.flatMap((intent) => intent.phrases.map((parts) => ({ intent, words: phraseAt(parts, stems, at) }))));
    const inOrder = (one, other) => one.words.map((word, number) => word - other.words[number]).find(Boolean) ?? 0;
    const found = every.filter(({ words }) => words.length).sort((one, other) => other.words.length - one.words.length || inOrder(one, other));
    const used = new Set();
    return found.filter(({ words }) => !words.some((word) => used.has(word)) && words.forEach((word) => used.add(word)) === undefined).sort(inOrder);
  }

  /* Return the indexes of the words that name the subject, and the intents; undefined without a subject. */
  function interpret(words) {
    const stems = stemsOf(words);
    const listed = new Set(namesIn(words.map((word) => ({ words: [word] }))).map(([start, end]) => `${start} ${end}`));
    const isName = (start, end) => data.names.has(stems.slice(start, end).join(" ")) || (words.length > 1 && listed.has(`${start} ${end}`));
    const places = words.map((_, at) => at);
    if (isName(0, words.length)) return { subject: places, asked: [] };
    const names = [];
    for (let start = 0; start < words.length - 1; start = names.at(-1)?.[1] > start ? names.at(-1)[1] : start + 1) {
      for (let end = Math.min(words.length, start + limits.maxNameWords); end > start + 1; end -= 1) {
        if (isName(start, end) && names.push([start, end])) break;
      }
    }
    const isCovered = (found) => names.some(([start, end]) => found.every((at) => start <= at && at < end) && end - start > found.length);
    const isNamed = (at) => names.some(([start, end]) => start <= at && at < end);
    const matches = intentsIn(stems).filter((match) => !isCovered(match.words));
    const isOpening = ({ intent, words: found }) =>
      intent.overview || (found.at(-1) - found[0] >= found.length && found.every((at) => isSmall(words[at].typed)));
    const isDropped = matches.some((match) => !isOpening(match) && !match.intent.population) ? isOpening : () => false;
    // "What is ..." opens other questions. If nothing else is the subject, a population is: "kidney failure causes". Or a name: "anaphylaxis dose".
    const named = matches.length > 1 ? matches.find((match) => isName(match.words[0], match.words.at(-1) + 1)) : undefined;
    for (const isIgnored of [isDropped, (match) => isDropped(match) || match.intent.population, (match) => isDropped(match) || match === named]) {
      const kept = matches.filter((match) => !isIgnored(match));
      const used = new Set(kept.flatMap((match) => match.words));
      const subject = places.filter((at) => !used.has(at) && (isNamed(at) || !(isSmall(words[at].typed) || data.asides.has(stems[at]))));
      if (subject.length) return { subject, asked: [...new Set(kept.map(({ intent }) => intent))] };
    }
    return undefined;
  }

  return { contains, fold, interpret, isSmall, leafClause, parse, patternOf, queryOf, split, stemmed, stemOf, stemsOf, synonymsOf, topical, wordsOf };
};
