/* Spelling correction of the offline pack. Follows index/query/spelling.py of the site, with its data and constants.

   `forms` has the folded words of the passages and how many passages contain each; `namesOf` returns the other names of a drug. */

window.kbSpelling = (data, forms, stemOf, namesOf) => {
  "use strict";

  const limits = data.constants;
  const ordered = Object.keys(data.sounds).sort((one, other) => other.length - one.length || (one < other ? -1 : 1));
  const sounds = new RegExp(ordered.map((letters) => `(${letters})`).join("|"), "g");
  const drugs = new Set(data.drugs);
  const known = new Set(data.known.split(" "));
  const formed = new RegExp(`^(?:${data.formed})$`);

  const soundOf = (word) => word.replace(sounds, (...found) => data.sounds[ordered[found.slice(1, ordered.length + 1).findIndex((group) => group !== undefined)]]).replace(/(.)\1+/g, "$1");
  const isCorrectable = (word) => /^[\p{L}']+$/u.test(word) && word.length >= limits.minWordLetters;

  const words = [...new Set([...[...forms.keys()].filter(isCorrectable), ...drugs])].map((word) => ({ word, sound: soundOf(word) }));

  /* Return the number of insertions, deletions, replacements and exchanges of adjacent letters; stop beyond `most`. */
  function distance(one, other, most = Infinity) {
    if (Math.abs(one.length - other.length) > most) return Infinity;
    let before = [], last = Array.from({ length: other.length + 1 }, (_, at) => at);
    for (let i = 1; i <= one.length; i += 1) {
      const row = [i];
      for (let j = 1; j <= other.length; j += 1) {
        const cost = Number(one[i - 1] !== other[j - 1]);
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
      }
      if (Math.min(...row) > most) return Infinity;
      [before, last] = [last, row];
    }
    return last[other.length];
  }

  function isCorrect(word) {
    const american = word.replace(/[ao]e/g, "e");
    return forms.has(word) || drugs.has(word) || [word, american].some((one) => known.has(one) || formed.test(one));
  }

  const bonus = (passages) => limits.frequencyBonus * Math.log10(1 + Math.min(passages, 10_000));
  const letterErrors = (typed) => (typed.length <= limits.shortWordLetters ? 1 : 2);
  const soundErrors = (typed) => (typed.length <= limits.shortWordLetters ? 0 : typed.length < limits.longWordLetters ? 1 : 2);

  function costOf(typed, sound, candidate) {
    let cost = limits.letterCost * distance(typed, candidate.word) + limits.soundCost * distance(sound, candidate.sound);
    if (typed[0] !== candidate.word[0] && sound[0] !== candidate.sound[0]) cost += limits.firstLetterCost;
    if (differByAdjacentKey(typed, candidate.word)) cost -= limits.adjacentKeyBonus;
    const passages = forms.get(candidate.word) ?? 0;
    return passages ? cost - bonus(passages) : cost + limits.unindexedCost;
  }

  function differByAdjacentKey(one, other) {
    const differences = one.length === other.length ? [...one].map((letter, at) => [letter, other[at]]).filter(([a, b]) => a !== b) : [];
    return differences.length === 1 && data.keyboard.some((row) => differences[0].every((letter) => row.includes(letter)) && Math.abs(row.indexOf(differences[0][0]) - row.indexOf(differences[0][1])) === 1);
  }

  function costsOf(typed, sound) {
    const opposites = data.opposites.flatMap(([one, other]) => [[one, other], [other, one]]).filter(([one]) => typed.startsWith(one)).map(([, other]) => other);
    const affordable = (candidates) => candidates.map((candidate) => [candidate.word, costOf(typed, sound, candidate)])
      .filter(([word, cost]) => cost <= limits.maxCost && !opposites.some((prefix) => word.startsWith(prefix)));
    const same = words.filter((candidate) => candidate.sound[0] === sound[0]);
    const costs = affordable(same.filter((candidate) => distance(typed, candidate.word, letterErrors(typed)) <= letterErrors(typed) || distance(sound, candidate.sound, soundErrors(typed)) <= soundErrors(typed)));
    for (let at = limits.minPartLetters; at <= typed.length - limits.minPartLetters; at += 1) {
      const passages = Math.min(...[typed.slice(0, at), typed.slice(at)].map((part) => forms.get(part) ?? 0));
      if (passages) costs.push([`${typed.slice(0, at)} ${typed.slice(at)}`, limits.splitCost - 2 * bonus(passages)]);
    }
    return costs.length ? costs : affordable(words.filter((candidate) => candidate.sound[0] !== sound[0] && distance(typed, candidate.word, 1) <= 1));
  }

  /* Return the corrections of a folded word, best first. Only a certain one may be searched automatically. */
  function suggest(typed, limit) {
    if (!isCorrectable(typed) || isCorrect(typed)) return [];
    const sound = soundOf(typed);
    const costs = new Map(costsOf(typed, sound).sort(([one, cost], [other, otherCost]) => cost - otherCost || (one < other ? -1 : 1)));
    const best = new Map(); // by stem: "diabetes" and "diabetic" are the same search
    for (const word of costs.keys()) {
      const key = word.split(" ").map(stemOf).join(" ");
      if (!best.has(key)) best.set(key, word);
    }
    const ranked = [...best.values()];
    const lowest = Math.min(...costs.values());
    const isDrug = [...costs].some(([word, cost]) => drugs.has(word) && cost - lowest <= limits.maxDrugCostGap);
    const drug = isDrug ? onlyCloseDrug(typed, sound, ranked) : "";
    if (drug) return [{ word: drug, isDrug, isCertain: true }];
    const isCertain = !isDrug && isOnlyPlausible(typed, sound, ranked, costs);
    return ranked.slice(0, limit).map((word, at) => {
      const named = isDrug || word.split(" ").some((part) => drugs.has(part));
      return { word, isDrug: named, isCertain: isCertain && !named && at === 0 };
    });
  }

  /* Return the indexed name of the drug that was meant, if no other drug is close to it. */
  function onlyCloseDrug(typed, sound, ranked) {
    const most = letterErrors(typed);
    const near = words.filter((one) => drugs.has(one.word) && one.sound[0] === sound[0]).map((one) => ({ ...one, edits: distance(typed, one.word, most) }));
    const similar = near.filter(({ edits }) => edits <= most).sort((one, other) => one.edits - other.edits);
    const alike = similar.filter((one) => one.sound === sound);
    const close = [...alike, ...similar.filter((one) => one.edits === 1 && !alike.includes(one))];
    if (!close.length) return "";
    const namesIn = (word) => new Set([word, ...namesOf(word)]);
    const names = namesIn(close[0].word);
    const rivals = alike.length ? close : similar.filter((one) => one.word[0] === typed[0] || close.includes(one));
    if (rivals.some(({ word }) => ![...namesIn(word)].some((name) => names.has(name)))) return "";
    if (!names.has(ranked[0])) return ""; // an ordinary word is more likely
    return [...close.map(({ word }) => word), ...[...names].sort()].find((name) => forms.has(name)) ?? "";
  }

  /* Return whether the best candidate, an ordinary word, is the only plausible one. */
  function isOnlyPlausible(typed, sound, ranked, costs) {
    const [best, next] = ranked;
    if (!best) return false;
    if (best.includes(" ")) return !ranked.some((word) => !word.includes(" ") && distance(typed, word) === 1);
    if (next && costs.get(next) - costs.get(best) < limits.minRivalCostGap) return false;
    const edits = distance(typed, best);
    const differences = distance(sound, soundOf(best));
    if (edits > 1 && differences && (typed.length < limits.minTwoEditsLetters || differences > 1)) return false;
    if (typed.length < limits.minLookalikeLetters) return true;
    const others = [...known, ...drugs].filter((word) => word[0] === typed[0] && !forms.has(word) && distance(typed, word, 1) <= 1);
    return !others.some((word) => stemOf(word) !== stemOf(best) && (edits > 1 || word.length >= typed.length));
  }

  return { suggest };
};
