"""Spelling: words of the index, and names of drugs, that an unknown word may have been meant for.

Words are compared twice: by their letters, with insertions, deletions, substitutions and swapped
neighbours, and by how they sound, so that "neumonia" is as near to "pneumonia" as one wrong letter.
Nothing here decides whether a query is changed; `kind` says where that would be dangerous: a drug
is never taken for one that looks like it without being asked.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.analyzer import fold, stem_word

SpellingKind = Literal["word", "drug", "split"]

MIN_WORD_LENGTH = 4  # letters; of shorter words half of the dictionary is one letter away
SHORT_WORD_LENGTH = 5  # letters up to which one wrong letter is all that is forgiven
LONG_WORD_LENGTH = 9  # letters from which a third is, if the word still sounds nearly the same
MIN_PART_LENGTH = 3  # letters of a word in "heartattack"
MAX_CANDIDATES = 40  # candidates by letters that are looked at closely

# What a difference costs. A wrong letter that sounds the same is nearly free; a frequent word is
# worth up to half a letter (FREQUENT for each factor of ten), one that no passage has costs one.
LETTER_COST, SOUND_COST, FIRST_LETTER_COST, UNINDEXED_COST, FREQUENCY_BONUS = (
    0.45,
    0.55,
    0.6,
    0.6,
    0.13,
)
ADJACENT_KEY_BONUS = 0.2  # off for one letter mistaken for the key beside it
SPLIT_COST = 1.2  # two words run together; both must be frequent to be likelier than a wrong letter
MAX_COST = 2.2  # beyond this a candidate is no likelier than chance

# Beginnings that turn a word into its opposite: never corrected into one another.
OPPOSITES = (
    ("hyper", "hypo"), ("macro", "micro"), ("inter", "intra"), ("abd", "add"), ("ante", "anti"),
    ("supra", "infra"), ("pre", "post"), ("endo", "exo"), ("eu", "dys"), ("mono", "poly"),
    ("afferent", "efferent"), ("ileum", "ilium"), ("ileal", "ilial"), ("inflow", "outflow"),
)  # fmt: skip

# A drug this much dearer than the likeliest word may still have been meant: what it costs that no
# article has it, and some.
MAX_DRUG_COST_GAP = 0.75

_KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

# How letters sound in English; `^` and `$` are the ends of a word. Doubled letters sound as one.
_SOUNDS = {
    "^pn": "n", "^ps": "s", "^pt": "t", "^kn": "n", "^gn": "n", "^mn": "n", "^wr": "r", "^x": "s",
    "^wh": "w", "rrh": "r", "rh": "r", "ph": "f", "sch": "sk", "ck": "k", "ch": "k", "sh": "s",
    "th": "t", "gh": "g", "sc(?=[eiy])": "s", "c(?=[eiy])": "s", "c": "k", "qu": "kw", "q": "k",
    "x": "ks", "z": "s", "tion": "sn", "sion": "sn", "cian": "sn", "g(?=[eiy])": "j",
    "dg(?=[eiy])": "j", "mb$": "m", "oea": "e", "ae": "e", "oe": "e", "ei": "e", "ie": "e",
    "ee": "e", "ea": "e", "ey$": "i", "y": "i", "ou": "u", "oo": "u", "eu": "u", "au": "o",
    "aw": "o", "e$": "", "es$": "s",
}  # fmt: skip
_ORDERED = sorted(_SOUNDS, key=lambda letters: (-len(letters), letters))
_SOUND = re.compile("|".join(f"({letters})" for letters in _ORDERED))
_DOUBLED = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class SpellingCorrection:
    """A word that may have been meant; `word` is folded, two words where one was typed.

    ``drug`` says that the word typed or the word meant is the name of a drug: offer it, never
    search for it unasked.
    """

    word: str
    kind: SpellingKind


@lru_cache(maxsize=300_000)  # the words of an index, which are heard again after each commit
def phonetic_key(word: str) -> str:
    """Return how a folded word sounds, roughly: words of the same sound are equal."""
    return _DOUBLED.sub(r"\1", _SOUND.sub(_replace_sound, word))


def _replace_sound(match: re.Match[str]) -> str:
    return _SOUNDS[_ORDERED[(match.lastindex or 1) - 1]]


class SpellChecker:
    """Corrects words by the `forms` of an index (folded word -> passages) and names of `drugs`.

    `known` are words that are spelled well although the index has none of them: they stay.
    """

    def __init__(
        self, forms: Mapping[str, int], drugs: Collection[str] = (), known: Collection[str] = ()
    ) -> None:
        self._forms, self._drugs, self._known = forms, drugs, known
        by_sound: dict[str, list[tuple[str, str]]] = {}
        for word in {*filter(_is_correctable, forms), *drugs}:
            heard = phonetic_key(word)
            by_sound.setdefault(heard[:1], []).append((heard, word))
        self._by_sound = {
            first: (_KeyIndex((word, word) for _, word in heard), _KeyIndex(heard))
            for first, heard in by_sound.items()
        }

    def suggest(self, word: str, limit: int = 3) -> list[SpellingCorrection]:
        """Return the likeliest words for one that the index does not have, the best first."""
        typed = fold(word)
        is_drug = typed in self._drugs
        if (
            typed in self._forms
            or not _is_correctable(typed)
            or (typed in self._known and not is_drug)
        ):
            return []
        costs = self._costs(typed)
        is_drug = is_drug or self._is_drug_likely(costs)
        best: dict[str, str] = {}  # by stem: "diabetes" is enough, "diabetic" is the same search
        for near in sorted(costs, key=lambda near: (costs[near], near)):
            best.setdefault(" ".join(map(stem_word, near.split())), near)
        return [self._correction(near, is_drug) for near in list(best.values())[:limit]]

    def _correction(self, near: str, is_drug: bool) -> SpellingCorrection:
        parts = near.split()
        if is_drug or any(part in self._drugs for part in parts):
            return SpellingCorrection(near, "drug")
        return SpellingCorrection(near, "split" if len(parts) > 1 else "word")

    def _is_drug_likely(self, costs: Mapping[str, float]) -> bool:
        """Tell whether a drug may have been meant as well as the likeliest word."""
        drugs = [cost for near, cost in costs.items() if near in self._drugs]
        return bool(drugs) and min(drugs) - min(costs.values()) <= MAX_DRUG_COST_GAP

    def _costs(self, typed: str) -> dict[str, float]:
        """Return the candidates and what each costs; of another first letter only if need be."""
        heard = phonetic_key(typed)
        costs = self._affordable(typed, heard, self._similar_words(typed, heard))
        for at in range(MIN_PART_LENGTH, len(typed) - MIN_PART_LENGTH + 1):
            left, right = self._forms.get(typed[:at], 0), self._forms.get(typed[at:], 0)
            if left and right:
                costs[f"{typed[:at]} {typed[at:]}"] = SPLIT_COST - 2 * self._frequency_bonus(
                    min(left, right)
                )
        return costs or self._affordable(typed, heard, self._other_first_sounds(typed, heard))

    def _affordable(self, typed: str, heard: str, candidates: Iterable[str]) -> dict[str, float]:
        opposites = _opposite_prefixes(typed)
        costs = {near: self._cost(typed, heard, near) for near in candidates}
        return {
            near: cost
            for near, cost in costs.items()
            if cost <= MAX_COST and not near.startswith(opposites)
        }

    def _similar_words(self, typed: str, heard: str) -> Iterable[str]:
        """Return words near by letters or by sound that begin with the same sound."""
        if heard[:1] not in self._by_sound:
            return ()
        words, sounds = self._by_sound[heard[:1]]
        return {
            *words.find_similar(typed, _max_letter_errors(typed)),
            *sounds.find_similar(heard, _max_sound_errors(typed)),
        }

    def _other_first_sounds(self, typed: str, heard: str) -> Iterable[str]:
        """Return words one letter away that begin with another sound."""
        for first, (words, _) in self._by_sound.items():
            if first != heard[:1]:
                yield from words.find_similar(typed, 1)

    def _cost(self, typed: str, heard: str, near: str) -> float:
        cost = LETTER_COST * OSA.distance(typed, near) + SOUND_COST * OSA.distance(
            heard, phonetic_key(near)
        )
        if typed[0] != near[0]:
            cost += FIRST_LETTER_COST * (heard[:1] != phonetic_key(near)[:1])
        if _differ_by_adjacent_key(typed, near):
            cost -= ADJACENT_KEY_BONUS
        passages = self._forms.get(near, 0)
        return cost - self._frequency_bonus(passages) if passages else cost + UNINDEXED_COST

    @staticmethod
    def _frequency_bonus(passages: int) -> float:
        return FREQUENCY_BONUS * math.log10(1 + min(passages, 10_000))


class _KeyIndex:
    """Words by a key, which is how they are written or how they sound; keys of a length together.

    One wrong letter takes one letter at most from a key and gives it one at most. So its letters,
    as bits, leave few keys whose distance is worth counting (Boytsov, "Indexing methods for
    approximate dictionary searching", 2011, calls them signatures).
    """

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take pairs of a key and its word."""
        ordered = sorted(entries, key=lambda entry: (len(entry[0]), *entry))
        self._keys, self._words = [key for key, _ in ordered], [word for _, word in ordered]
        self._letters = np.array([_letter_bits(key) for key in self._keys], np.uint64)
        lengths = [len(key) for key in self._keys]
        self._starts = [bisect_left(lengths, n) for n in range(max(lengths, default=0) + 2)]

    def find_similar(self, key: str, cutoff: int) -> list[str]:
        """Return up to `MAX_CANDIDATES` words whose key is at most `cutoff` letters off, nearest first."""
        last = len(self._starts) - 1
        first = self._starts[min(last, max(0, len(key) - cutoff))]
        letters = self._letters[first : self._starts[min(last, len(key) + cutoff + 1)]]
        different = letters ^ np.uint64(_letter_bits(key))
        taken = np.bitwise_count(different & letters)
        maybe = ((taken <= cutoff) & (np.bitwise_count(different) <= taken + cutoff)).nonzero()[0]
        numbers = (maybe + first).tolist()
        keys = list(map(self._keys.__getitem__, numbers))
        found = process.extract(
            key, keys, scorer=OSA.distance, score_cutoff=cutoff, limit=MAX_CANDIDATES
        )
        return [self._words[numbers[at]] for _, _, at in found]


def _letter_bits(key: str) -> int:
    """Return the letters of `key` as bits, another bit for one that is there again."""
    once = again = 0
    for letter in key:
        bit = 1 << (ord(letter) & 31)
        again |= once & bit
        once |= bit
    return again << 32 | once


def _max_letter_errors(typed: str) -> int:
    """Return how many letters may be wrong."""
    return 1 if len(typed) <= SHORT_WORD_LENGTH else 2


def _max_sound_errors(typed: str) -> int:
    """Return how far the sound may be off."""
    return 0 if len(typed) <= SHORT_WORD_LENGTH else 1 if len(typed) < LONG_WORD_LENGTH else 2


def _is_correctable(word: str) -> bool:
    """Tell whether a word is letters enough; "b12" and "2nd" are nobody's misspelling."""
    return len(word) >= MIN_WORD_LENGTH and word.replace("'", "").isalpha()


def _opposite_prefixes(typed: str) -> tuple[str, ...]:
    """Return the beginnings of words that would mean the opposite of what was typed."""
    both = (pair for one, other in OPPOSITES for pair in ((one, other), (other, one)))
    return tuple(other for one, other in both if typed.startswith(one))


def _differ_by_adjacent_key(typed: str, near: str) -> bool:
    """Tell whether the words differ in one letter by the key beside it."""
    if len(typed) != len(near):
        return False
    different = [(a, b) for a, b in zip(typed, near, strict=True) if a != b]
    return len(different) == 1 and any(
        abs(row.find(different[0][0]) - row.find(different[0][1])) == 1
        for row in _KEYBOARD_ROWS
        if different[0][0] in row and different[0][1] in row
    )
