"""Spelling correction with the words of the index and the names of drugs.

Candidates are compared by edit distance (insertions, deletions, substitutions and transpositions)
and by sound, so that "neumonia" is close to "pneumonia". A correctly spelled name is never
corrected, and a correction may be applied automatically only if it is certain: looking alike is no
evidence that two drugs, procedures or conditions are the same.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase
from typing import Literal

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.analyzer import fold, stem_word
from index.query.medical_words import is_medical_word

SpellingKind = Literal["word", "drug", "split"]

MIN_WORD_LENGTH = 4  # letters; shorter words have too many neighbours
SHORT_WORD_LENGTH = 5  # letters; up to this length one edit is allowed, beyond it two
LONG_WORD_LENGTH = 9  # letters; from this length two edits of the phonetic key are allowed
MIN_PART_LENGTH = 3  # letters of each part when a word such as "heartattack" is split
# A correction with two edits is certain only in a word of this length or if it sounds the same.
MIN_TWO_EDITS_LENGTH = 9
MIN_LOOKALIKE_LENGTH = 8  # letters of a word that may be meant although it is not indexed
MIN_EVERYDAY_LENGTH = 6  # letters of a word for which an everyday word may be certain
MIN_DISSIMILAR_LENGTH = 8  # letters of a word with two differences in letters and in sound
MAX_CANDIDATES = 40  # candidates by edit distance whose cost is computed

# Costs of differences. An edit that does not change the sound is cheap.
LETTER_COST, SOUND_COST, FIRST_LETTER_COST = 0.45, 0.55, 0.6
UNINDEXED_COST = 0.6  # of a word without passages
FREQUENCY_BONUS = 0.13  # deducted for each factor of ten in the number of passages
ADJACENT_KEY_BONUS = 0.2  # deducted if the words differ in one letter by an adjacent key
SPLIT_COST = 1.2  # splitting a word in two; cheaper than an edit only if both parts are frequent
MAX_COST = 2.2  # more expensive candidates are discarded

# Prefixes with opposite meanings, which are never corrected into each other.
OPPOSITES = (
    ("hyper", "hypo"), ("macro", "micro"), ("inter", "intra"), ("abd", "add"), ("ante", "anti"),
    ("supra", "infra"), ("pre", "post"), ("endo", "exo"), ("eu", "dys"), ("mono", "poly"),
    ("afferent", "efferent"), ("ileum", "ilium"), ("ileal", "ilial"), ("inflow", "outflow"),
)  # fmt: skip

# A drug name within this cost of the best candidate counts as likely. Slightly more than
# UNINDEXED_COST, so that drugs without articles are considered.
MAX_DRUG_COST_GAP = 0.75
MIN_RIVAL_COST_GAP = 0.15  # a correction is certain only if the next one costs this much more

KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

# English phonetic replacements; `^` and `$` match the ends of a word.
SOUNDS = {
    "^pn": "n", "^ps": "s", "^pt": "t", "^kn": "n", "^gn": "n", "^mn": "n", "^wr": "r", "^x": "s",
    "^wh": "w", "rrh": "r", "rh": "r", "ph": "f", "sch": "sk", "ck": "k", "ch": "k", "sh": "s",
    "th": "t", "gh": "g", "sc(?=[eiy])": "s", "c(?=[eiy])": "s", "c": "k", "qu": "kw", "q": "k",
    "x": "ks", "z": "s", "tion": "sn", "sion": "sn", "cian": "sn", "g(?=[eiy])": "j",
    "dg(?=[eiy])": "j", "mb$": "m", "oea": "e", "ae": "e", "oe": "e", "ei": "e", "ie": "e",
    "ee": "e", "ea": "e", "ey$": "i", "y": "i", "ou": "u", "oo": "u", "eu": "u", "au": "o",
    "aw": "o", "e$": "", "es$": "s",
}  # fmt: skip
_ORDERED = sorted(SOUNDS, key=lambda letters: (-len(letters), letters))
_SOUND = re.compile("|".join(f"({letters})" for letters in _ORDERED))
_DOUBLED = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class SpellingCorrection:
    """A suggested correction; `word` is folded and consists of two words if `kind` is ``split``.

    ``drug`` means that a drug name is likely. Only a correction that `is_certain` may be applied
    automatically; all others must be confirmed by the user.
    """

    word: str
    kind: SpellingKind
    is_certain: bool = False


@lru_cache(maxsize=300_000)  # the vocabulary of an index, which is keyed again after each commit
def phonetic_key(word: str) -> str:
    """Return the phonetic key of a folded word: words that sound alike have equal keys."""
    return _DOUBLED.sub(r"\1", _SOUND.sub(_replace_sound, word))


def _replace_sound(match: re.Match[str]) -> str:
    return SOUNDS[_ORDERED[(match.lastindex or 1) - 1]]


class SpellChecker:
    """Suggests corrections from `forms` (folded word -> number of passages) and drug names.

    Words in `known` are spelled correctly although the index does not contain them. `synonyms`
    returns the other names of a drug.
    """

    def __init__(
        self,
        forms: Mapping[str, int],
        drugs: Collection[str] = (),
        known: Collection[str] = (),
        synonyms: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        self._forms, self._drugs, self._known, self._synonyms = forms, drugs, known, synonyms
        by_sound: dict[str, list[tuple[str, str]]] = {}
        for word in {*filter(_is_correctable, forms), *drugs}:
            sound = phonetic_key(word)
            by_sound.setdefault(sound[:1], []).append((sound, word))
        self._by_sound = {
            first: (_KeyIndex((word, word) for _, word in sound), _KeyIndex(sound))
            for first, sound in by_sound.items()
        }

    def suggest(self, word: str, limit: int = 3) -> list[SpellingCorrection]:
        """Return the most likely corrections of an unknown word, best first.

        A correctly spelled word has none.
        """
        typed = fold(word)
        if not _is_correctable(typed) or _is_abbreviation(word) or self.is_correct(typed):
            return []
        costs = self._costs(typed)
        best: dict[str, str] = {}  # by stem: "diabetes" and "diabetic" are the same search
        for candidate in sorted(costs, key=lambda candidate: (costs[candidate], candidate)):
            best.setdefault(" ".join(map(stem_word, candidate.split())), candidate)
        ranked = list(best.values())
        is_drug = self._is_drug_likely(costs)
        if is_drug and (drug := self._only_close_drug(typed, ranked)):
            return [SpellingCorrection(drug, "drug", is_certain=True)]
        certain = not is_drug and self._is_certain(typed, ranked, costs)
        return [
            self._correction(candidate, is_drug, certain and number == 0)
            for number, candidate in enumerate(ranked[:limit])
        ]

    def is_correct(self, word: str) -> bool:
        """Return whether a folded word is indexed or the name of a drug or other concept."""
        return (
            word in self._forms
            or word in self._drugs
            or word in self._known
            or is_medical_word(word)
        )

    def _correction(self, candidate: str, is_drug: bool, certain: bool) -> SpellingCorrection:
        parts = candidate.split()
        if is_drug or any(part in self._drugs for part in parts):
            return SpellingCorrection(candidate, "drug")
        return SpellingCorrection(candidate, "split" if len(parts) > 1 else "word", certain)

    def _only_close_drug(self, typed: str, ranked: list[str]) -> str:
        """Return the indexed name of the drug that was meant, if no other drug is close to it.

        It must sound the same, or differ by one edit while every drug within two edits is the same
        drug. Articles may have it under another name: "morfina" is morphine.
        """
        sound = phonetic_key(typed)
        similar = self._similar_drugs(typed, sound)
        close = [drug for drug in similar if phonetic_key(drug) == sound]
        close += [drug for drug in similar if OSA.distance(typed, drug) == 1 and drug not in close]
        if not close:
            return ""
        rivals = close
        if phonetic_key(close[0]) != sound:
            rivals = [drug for drug in similar if drug[0] == typed[0] or drug in close]
        names = {close[0], *self._names(close[0])}
        if any(drug not in names and names.isdisjoint(self._names(drug)) for drug in rivals):
            return ""
        if ranked[0] not in names:  # an ordinary word is more likely
            return ""
        return next((name for name in (*close, *sorted(names)) if name in self._forms), "")

    def _names(self, drug: str) -> set[str]:
        return {fold(name) for name in self._synonyms(drug)}

    def _similar_drugs(self, typed: str, sound: str) -> list[str]:
        """Return the drug names with the same first sound and similar letters, nearest first."""
        if sound[:1] not in self._by_sound:
            return []
        similar = self._by_sound[sound[:1]][0].find_similar(typed, _max_letter_errors(typed))
        return [word for word in similar if word in self._drugs]

    def _is_certain(self, typed: str, ranked: list[str], costs: Mapping[str, float]) -> bool:
        """Return whether the best candidate, an ordinary word, is the only plausible one."""
        if not ranked:
            return False
        best = ranked[0]
        if " " in best:
            return not any(" " not in word and OSA.distance(typed, word) == 1 for word in ranked)
        if len(typed) < MIN_EVERYDAY_LENGTH and not is_medical_word(best):
            return False
        if len(ranked) > 1 and costs[ranked[1]] - costs[best] < MIN_RIVAL_COST_GAP:
            return False
        edits = OSA.distance(typed, best)
        differences = OSA.distance(phonetic_key(typed), phonetic_key(best))
        if edits > 1 and differences and (len(typed) < MIN_TWO_EDITS_LENGTH or differences > 1):
            return False
        return not any(
            word not in self._forms and stem_word(word) != stem_word(best) and self.is_correct(word)
            for word in _intended_words(typed, may_have_added=edits > 1)
        )

    def _is_drug_likely(self, costs: Mapping[str, float]) -> bool:
        """Return whether a drug name is nearly as likely as the best candidate."""
        drugs = [cost for candidate, cost in costs.items() if candidate in self._drugs]
        return bool(drugs) and min(drugs) - min(costs.values()) <= MAX_DRUG_COST_GAP

    def _costs(self, typed: str) -> dict[str, float]:
        """Return the cost of each candidate; tries other first sounds only if there is none."""
        sound = phonetic_key(typed)
        costs = self._affordable(typed, sound, self._similar_words(typed, sound))
        for at in range(MIN_PART_LENGTH, len(typed) - MIN_PART_LENGTH + 1):
            left, right = self._forms.get(typed[:at], 0), self._forms.get(typed[at:], 0)
            if left and right:
                costs[f"{typed[:at]} {typed[at:]}"] = SPLIT_COST - 2 * self._frequency_bonus(
                    min(left, right)
                )
        return costs or self._affordable(typed, sound, self._other_first_sounds(typed, sound))

    def _affordable(self, typed: str, sound: str, candidates: Iterable[str]) -> dict[str, float]:
        opposites = _opposite_prefixes(typed)
        costs = {candidate: self._cost(typed, sound, candidate) for candidate in candidates}
        return {
            candidate: cost
            for candidate, cost in costs.items()
            if cost <= MAX_COST
            and not candidate.startswith(opposites)
            and self._is_plausible(typed, sound, candidate)
        }

    def _is_plausible(self, typed: str, sound: str, candidate: str) -> bool:
        """Return whether a candidate is similar enough for its kind.

        Brands are the words that most often are in no list: "splenda" is neither "splenic" nor
        "spend". All drugs that may be meant are kept, because the user is asked which one it is.
        """
        edits = OSA.distance(typed, candidate)
        differences = OSA.distance(sound, phonetic_key(candidate))
        if candidate in self._drugs or edits == 1 or differences == 0:
            return True
        long_enough = differences == 1 or len(typed) >= MIN_DISSIMILAR_LENGTH
        return long_enough and is_medical_word(candidate)

    def _similar_words(self, typed: str, sound: str) -> Iterable[str]:
        """Return words with the same first sound that are similar in spelling or sound."""
        if sound[:1] not in self._by_sound:
            return ()
        words, sounds = self._by_sound[sound[:1]]
        return {
            *words.find_similar(typed, _max_letter_errors(typed)),
            *sounds.find_similar(sound, _max_sound_errors(typed)),
        }

    def _other_first_sounds(self, typed: str, sound: str) -> Iterable[str]:
        """Return words with another first sound and an edit distance of one."""
        for first, (words, _) in self._by_sound.items():
            if first != sound[:1]:
                yield from words.find_similar(typed, 1)

    def _cost(self, typed: str, sound: str, candidate: str) -> float:
        cost = LETTER_COST * OSA.distance(typed, candidate) + SOUND_COST * OSA.distance(
            sound, phonetic_key(candidate)
        )
        if typed[0] != candidate[0]:
            cost += FIRST_LETTER_COST * (sound[:1] != phonetic_key(candidate)[:1])
        if _differ_by_adjacent_key(typed, candidate):
            cost -= ADJACENT_KEY_BONUS
        passages = self._forms.get(candidate, 0)
        return cost - self._frequency_bonus(passages) if passages else cost + UNINDEXED_COST

    @staticmethod
    def _frequency_bonus(passages: int) -> float:
        return FREQUENCY_BONUS * math.log10(1 + min(passages, 10_000))


class _KeyIndex:
    """Words by key (spelling or phonetic key), sorted by key length.

    An edit removes at most one letter and adds at most one. Comparing letters as bit sets therefore
    excludes most keys before the edit distance is computed (signatures; Boytsov, "Indexing methods
    for approximate dictionary searching", 2011).
    """

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """Index pairs of key and word."""
        ordered = sorted(entries, key=lambda entry: (len(entry[0]), *entry))
        self._keys, self._words = [key for key, _ in ordered], [word for _, word in ordered]
        self._letters = np.array([_letter_bits(key) for key in self._keys], np.uint64)
        lengths = [len(key) for key in self._keys]
        self._starts = [bisect_left(lengths, n) for n in range(max(lengths, default=0) + 2)]

    def find_similar(self, key: str, cutoff: int) -> list[str]:
        """Return at most `MAX_CANDIDATES` words within edit distance `cutoff`, nearest first."""
        last = len(self._starts) - 1
        first = self._starts[min(last, max(0, len(key) - cutoff))]
        letters = self._letters[first : self._starts[min(last, len(key) + cutoff + 1)]]
        difference = letters ^ np.uint64(_letter_bits(key))
        surplus = np.bitwise_count(difference & letters)
        plausible = (
            (surplus <= cutoff) & (np.bitwise_count(difference) <= surplus + cutoff)
        ).nonzero()[0]
        numbers = (plausible + first).tolist()
        keys = list(map(self._keys.__getitem__, numbers))
        matches = process.extract(
            key, keys, scorer=OSA.distance, score_cutoff=cutoff, limit=MAX_CANDIDATES
        )
        return [self._words[numbers[at]] for _, _, at in matches]


def _letter_bits(key: str) -> int:
    """Return the letters of `key` as bits, with a second bit for repeated letters."""
    once = again = 0
    for letter in key:
        bit = 1 << (ord(letter) & 31)
        again |= once & bit
        once |= bit
    return again << 32 | once


def _max_letter_errors(typed: str) -> int:
    """Return the maximum edit distance of the spelling."""
    return 1 if len(typed) <= SHORT_WORD_LENGTH else 2


def _max_sound_errors(typed: str) -> int:
    """Return the maximum edit distance of the phonetic key."""
    return 0 if len(typed) <= SHORT_WORD_LENGTH else 1 if len(typed) < LONG_WORD_LENGTH else 2


def _is_correctable(word: str) -> bool:
    """Return whether a word has enough letters and no digits; "b12" is not a misspelling."""
    return len(word) >= MIN_WORD_LENGTH and word.replace("'", "").isalpha()


def _is_abbreviation(word: str) -> bool:
    """Return whether a word has capitals inside it, as "mRNA" and "dLNs" do."""
    return not word.isupper() and any(letter.isupper() for letter in word[1:])


def _intended_words(typed: str, *, may_have_added: bool) -> set[str]:
    """Return the words of which `typed` may be a typing error, except of the first letter.

    A letter was omitted or replaced, or two were exchanged; the least likely error is an added
    letter. Short words have too many neighbours.
    """
    if len(typed) < MIN_LOOKALIKE_LENGTH:
        return set()
    heads = [(typed[:at], typed[at:]) for at in range(1, len(typed) + 1)]
    words = {
        *(head + tail[1] + tail[0] + tail[2:] for head, tail in heads if len(tail) > 1),
        *(head + letter + tail[1:] for head, tail in heads if tail for letter in ascii_lowercase),
        *(head + letter + tail for head, tail in heads for letter in ascii_lowercase),
    }
    return words | {head + tail[1:] for head, tail in heads if tail} if may_have_added else words


def _opposite_prefixes(typed: str) -> tuple[str, ...]:
    """Return the prefixes that would reverse the meaning of the typed word."""
    pairs = (pair for one, other in OPPOSITES for pair in ((one, other), (other, one)))
    return tuple(other for one, other in pairs if typed.startswith(one))


def _differ_by_adjacent_key(typed: str, candidate: str) -> bool:
    """Return whether the words differ in one letter, typed with an adjacent key."""
    if len(typed) != len(candidate):
        return False
    differences = [(a, b) for a, b in zip(typed, candidate, strict=True) if a != b]
    return len(differences) == 1 and any(
        abs(row.find(differences[0][0]) - row.find(differences[0][1])) == 1
        for row in KEYBOARD_ROWS
        if differences[0][0] in row and differences[0][1] in row
    )
