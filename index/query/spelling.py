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

from index.analyzer import fold, stem_of

Kind = Literal["word", "drug", "split"]

MIN_WORD_LENGTH = 4  # letters; of shorter words half of the dictionary is one letter away
SHORT = 5  # letters up to which one wrong letter is all that is forgiven
LONG = 9  # letters from which a third is, if the word still sounds nearly the same
MIN_PART_LENGTH = 3  # letters of a word in "heartattack"
MAX_CANDIDATES = 40  # candidates by letters that are looked at closely

# What a difference costs. A wrong letter that sounds the same is nearly free; a frequent word is
# worth up to half a letter (FREQUENT for each factor of ten), one that no passage has costs one.
LETTER, SOUND, FIRST_LETTER, ABSENT, FREQUENT = 0.45, 0.55, 0.6, 0.6, 0.13
NEIGHBOUR = 0.2  # off for one letter mistaken for the key beside it
SPLIT = 1.2  # two words run together; both must be frequent to be likelier than a wrong letter
MAX_COST = 2.2  # beyond this a candidate is no likelier than chance

# Beginnings that turn a word into its opposite: never corrected into one another.
OPPOSITES = (
    ("hyper", "hypo"), ("macro", "micro"), ("inter", "intra"), ("abd", "add"), ("ante", "anti"),
    ("supra", "infra"), ("pre", "post"), ("endo", "exo"), ("eu", "dys"), ("mono", "poly"),
    ("afferent", "efferent"), ("ileum", "ilium"), ("ileal", "ilial"), ("inflow", "outflow"),
)  # fmt: skip

# A drug this much dearer than the likeliest word may still have been meant: what it costs that no
# article has it, and some.
AS_LIKELY = 0.75

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

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
    kind: Kind


@lru_cache(maxsize=300_000)  # the words of an index, which are heard again after each commit
def sound(word: str) -> str:
    """Return how a folded word sounds, roughly: words of the same sound are equal."""
    return _DOUBLED.sub(r"\1", _SOUND.sub(_sounded, word))


def _sounded(match: re.Match[str]) -> str:
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
        for word in {*filter(_correctable, forms), *drugs}:
            heard = sound(word)
            by_sound.setdefault(heard[:1], []).append((heard, word))
        self._by_sound = {
            first: (_Shelf((word, word) for _, word in heard), _Shelf(heard))
            for first, heard in by_sound.items()
        }

    def corrections(self, word: str, limit: int = 3) -> list[SpellingCorrection]:
        """Return the likeliest words for one that the index does not have, the best first."""
        typed = fold(word)
        is_drug = typed in self._drugs
        if (
            typed in self._forms
            or not _correctable(typed)
            or (typed in self._known and not is_drug)
        ):
            return []
        costs = self._costs(typed)
        is_drug = is_drug or self._drug_is_near(costs)
        best: dict[str, str] = {}  # by stem: "diabetes" is enough, "diabetic" is the same search
        for near in sorted(costs, key=lambda near: (costs[near], near)):
            best.setdefault(" ".join(map(stem_of, near.split())), near)
        return [self._correction(near, is_drug) for near in list(best.values())[:limit]]

    def _correction(self, near: str, is_drug: bool) -> SpellingCorrection:
        parts = near.split()
        if is_drug or any(part in self._drugs for part in parts):
            return SpellingCorrection(near, "drug")
        return SpellingCorrection(near, "split" if len(parts) > 1 else "word")

    def _drug_is_near(self, costs: Mapping[str, float]) -> bool:
        """Tell whether a drug may have been meant as well as the likeliest word."""
        drugs = [cost for near, cost in costs.items() if near in self._drugs]
        return bool(drugs) and min(drugs) - min(costs.values()) <= AS_LIKELY

    def _costs(self, typed: str) -> dict[str, float]:
        """Return the candidates and what each costs; of another first letter only if need be."""
        heard = sound(typed)
        costs = self._cheap(typed, heard, self._near(typed, heard))
        for at in range(MIN_PART_LENGTH, len(typed) - MIN_PART_LENGTH + 1):
            left, right = self._forms.get(typed[:at], 0), self._forms.get(typed[at:], 0)
            if left and right:
                costs[f"{typed[:at]} {typed[at:]}"] = SPLIT - 2 * self._worth(min(left, right))
        return costs or self._cheap(typed, heard, self._elsewhere(typed, heard))

    def _cheap(self, typed: str, heard: str, candidates: Iterable[str]) -> dict[str, float]:
        opposites = _opposites(typed)
        costs = {near: self._cost(typed, heard, near) for near in candidates}
        return {
            near: cost
            for near, cost in costs.items()
            if cost <= MAX_COST and not near.startswith(opposites)
        }

    def _near(self, typed: str, heard: str) -> Iterable[str]:
        """Return words near by letters or by sound that begin with the same sound."""
        if heard[:1] not in self._by_sound:
            return ()
        words, sounds = self._by_sound[heard[:1]]
        return {*words.near(typed, _allowed(typed)), *sounds.near(heard, _allowed_sound(typed))}

    def _elsewhere(self, typed: str, heard: str) -> Iterable[str]:
        """Return words one letter away that begin with another sound."""
        for first, (words, _) in self._by_sound.items():
            if first != heard[:1]:
                yield from words.near(typed, 1)

    def _cost(self, typed: str, heard: str, near: str) -> float:
        cost = LETTER * OSA.distance(typed, near) + SOUND * OSA.distance(heard, sound(near))
        if typed[0] != near[0]:
            cost += FIRST_LETTER * (heard[:1] != sound(near)[:1])
        if _neighbours(typed, near):
            cost -= NEIGHBOUR
        passages = self._forms.get(near, 0)
        return cost - self._worth(passages) if passages else cost + ABSENT

    @staticmethod
    def _worth(passages: int) -> float:
        return FREQUENT * math.log10(1 + min(passages, 10_000))


class _Shelf:
    """Words by a key, which is how they are written or how they sound; keys of a length together.

    One wrong letter takes one letter at most from a key and gives it one at most. So its letters,
    as bits, leave few keys whose distance is worth counting (Boytsov, "Indexing methods for
    approximate dictionary searching", 2011, calls them signatures).
    """

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take pairs of a key and its word."""
        ordered = sorted(entries, key=lambda entry: (len(entry[0]), *entry))
        self._keys, self._words = [key for key, _ in ordered], [word for _, word in ordered]
        self._letters = np.array([_letters(key) for key in self._keys], np.uint64)
        lengths = [len(key) for key in self._keys]
        self._starts = [bisect_left(lengths, n) for n in range(max(lengths, default=0) + 2)]

    def near(self, key: str, cutoff: int) -> list[str]:
        """Return up to `MAX_CANDIDATES` words whose key is at most `cutoff` letters off, nearest first."""
        last = len(self._starts) - 1
        first = self._starts[min(last, max(0, len(key) - cutoff))]
        letters = self._letters[first : self._starts[min(last, len(key) + cutoff + 1)]]
        different = letters ^ np.uint64(_letters(key))
        taken = np.bitwise_count(different & letters)
        maybe = ((taken <= cutoff) & (np.bitwise_count(different) <= taken + cutoff)).nonzero()[0]
        numbers = (maybe + first).tolist()
        keys = list(map(self._keys.__getitem__, numbers))
        found = process.extract(
            key, keys, scorer=OSA.distance, score_cutoff=cutoff, limit=MAX_CANDIDATES
        )
        return [self._words[numbers[at]] for _, _, at in found]


def _letters(key: str) -> int:
    """Return the letters of `key` as bits, another bit for one that is there again."""
    once = again = 0
    for letter in key:
        bit = 1 << (ord(letter) & 31)
        again |= once & bit
        once |= bit
    return again << 32 | once


def _allowed(typed: str) -> int:
    """Return how many letters may be wrong."""
    return 1 if len(typed) <= SHORT else 2


def _allowed_sound(typed: str) -> int:
    """Return how far the sound may be off."""
    return 0 if len(typed) <= SHORT else 1 if len(typed) < LONG else 2


def _correctable(word: str) -> bool:
    """Tell whether a word is letters enough; "b12" and "2nd" are nobody's misspelling."""
    return len(word) >= MIN_WORD_LENGTH and word.replace("'", "").isalpha()


def _opposites(typed: str) -> tuple[str, ...]:
    """Return the beginnings of words that would mean the opposite of what was typed."""
    both = (pair for one, other in OPPOSITES for pair in ((one, other), (other, one)))
    return tuple(other for one, other in both if typed.startswith(one))


def _neighbours(typed: str, near: str) -> bool:
    """Tell whether the words differ in one letter by the key beside it."""
    if len(typed) != len(near):
        return False
    different = [(a, b) for a, b in zip(typed, near, strict=True) if a != b]
    return len(different) == 1 and any(
        abs(row.find(different[0][0]) - row.find(different[0][1])) == 1
        for row in _ROWS
        if different[0][0] in row and different[0][1] in row
    )
