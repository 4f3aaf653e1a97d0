"""The vocabulary: what else people call the thing that a query names.

Three lists, the nearest to the content team first: their own ``synonyms.txt``, ours in
``data/synonyms.txt``, and ``data/vocabulary.tsv.gz``, compiled from public terminologies by
``python -m bench.vocabulary``. A name that stands in a nearer list is looked up in that one alone.
Only exact synonyms stand in any of them; nothing here reads an index or changes a query.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from os.path import commonprefix
from pathlib import Path

from index.analysis import (
    fold,
    is_question_word,
    is_stopword,
    one_spelling,
    stem_of,
    stems,
    words,
)
from kb.errors import SynonymsError

_DATA = Path(__file__).with_name("data")
OURS = _DATA / "synonyms.txt"
CONCEPTS = _DATA / "vocabulary.tsv.gz"
DRUGS = _DATA / "drugs.txt.gz"
ORDINARY = _DATA / "ordinary-words.txt"

MAX_OTHERS = 8  # each costs the engine a phrase; beyond these nobody writes them
ENDING = 3  # letters by which a typed word may differ from a name: "itch" and "itching"
MAX_WORDS = 8  # of a name; no list has a longer one


class Kind(Enum):
    """What sort of name it is; the value marks it in the compiled file."""

    PREFERRED = "="
    LAY = "~"
    EXACT = "-"
    SHORT = "+"
    DRUG = "!"


# What a passage with the other name counts beside one with the typed words, which is 1: the typed
# words stay ahead where both are found. Two letters stand for many things ("PE", "MI"), so they
# count least, as typed words and as other names.
WEIGHTS = {
    Kind.PREFERRED: 0.7, Kind.LAY: 0.7, Kind.DRUG: 0.7, Kind.EXACT: 0.6, Kind.SHORT: 0.5,
}  # fmt: skip
TWO_LETTERS = 0.4

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a concept."""

    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Other:
    """Another name of what was typed; `weight` is between 0 and 1."""

    text: str
    stems: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Match:
    """The words from `start` to before `end` name a concept that has these other names."""

    start: int
    end: int
    typed: str
    others: tuple[Other, ...]


def is_abbreviation(name: str) -> bool:
    """Tell whether a name is letters that stand for words: "COPD", "T2DM", "U&E"."""
    return len(name) <= 8 and bool(re.fullmatch(r"[A-Za-z]{0,2}[A-Z0-9&]{2,}[a-z0-9]{0,2}", name))


def written(names: Iterable[tuple[str, Kind]]) -> str:
    """Return a concept as its line of the compiled file: names, then their keys."""
    listed = list(names)
    marked = "\t".join(f"{kind.value}{text}" for text, kind in listed)
    return marked + "\t\t" + "\t".join(" ".join(stems(text)) for text, _ in listed)


class Vocabulary:
    """The names of things. `team_file` is the content team's own list; it need not exist.

    Raises `SynonymsError` when a line of it cannot be read.
    """

    def __init__(self, team_file: Path | None = None) -> None:
        listed = [(OURS, _listed(OURS))]
        if team_file is not None and team_file.exists():
            listed.insert(0, (team_file, _listed(team_file)))
        self._lists = [concepts for _, concepts in listed]
        self._keys = [_by_key(concepts) for concepts in self._lists]

    def matches(self, typed: Sequence[str]) -> list[Match]:
        """Return what the words of a query name: at each word the longest name, none overlapping."""
        keys = tuple(stem_of(word) for word in typed)
        shouted = len(typed) > 1 and all(word.isupper() for word in typed)
        found: list[Match] = []
        start = 0
        while start < len(keys):
            for end in range(min(len(keys), start + MAX_WORDS), start, -1):
                others = self._others(keys[start:end], typed[start:end], shouted)
                if others:
                    found.append(Match(start, end, " ".join(typed[start:end]), others))
                    start = end
                    break
            else:
                start += 1
        return found

    def names(self) -> Iterator[str]:
        """Yield the names that may be suggested, abbreviations left out, each once."""
        seen: set[Key] = set()
        for concept in (*(c.names for part in self._lists for c in part), *map(_read, self._lines)):
            for name in concept:
                key = tuple(stems(name.text))
                if name.kind is not Kind.SHORT and key not in seen:
                    seen.add(key)
                    yield name.text

    def is_drug(self, word: str) -> bool:
        """Tell whether a single word is the name of a drug, generic or brand."""
        return fold(word) in self.drugs

    @cached_property
    def drugs(self) -> frozenset[str]:
        """The single words that name a drug, folded."""
        return frozenset(gzip.decompress(DRUGS.read_bytes()).decode().split("\n"))

    @cached_property
    def _lines(self) -> list[str]:
        return gzip.decompress(CONCEPTS.read_bytes()).decode().split("\n")

    @cached_property
    def _compiled(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, line in enumerate(self._lines):
            for key in line.partition("\t\t")[2].split("\t"):
                found[key] = number
        return found

    def _others(self, key: Key, typed: Sequence[str], shouted: bool) -> tuple[Other, ...]:
        """Return the other names, from the nearest list first."""
        names: list[Name] = []
        for by_key in self._keys:
            for concept in by_key.get(key, ()):
                if _means(concept.left, key, typed, shouted):
                    names += concept.names
        if any(name.kind is Kind.SHORT and stems(name.text) == list(key) for name in names):
            return _usable(names, key, typed)  # what else its letters may stand for is not meant
        number = self._compiled.get(" ".join(key))
        if number is not None:
            further = _read(self._lines[number])
            if _means(further, key, typed, shouted):
                # Beside names that were written by hand, no abbreviations that were not.
                names += [name for name in further if not names or name.kind is not Kind.SHORT]
        return _usable(names, key, typed)


@dataclass(frozen=True, slots=True)
class _Concept:
    """A line of a list: each of `left` is read as each of `names`."""

    left: tuple[Name, ...]
    names: tuple[Name, ...]


def _means(names: Iterable[Name], key: Key, typed: Sequence[str], shouted: bool) -> bool:
    """Tell whether what was typed is one of `names` and not another word of the same stem.

    Abbreviations that are ordinary words count in capitals only: WHO is not who. A single word
    may differ in its ending, so that "bleed" is "bleeding" and "incidence" no "Incidal".
    """
    for name in names:
        if tuple(stems(name.text)) != key:
            continue
        if name.kind is Kind.SHORT and is_ordinary(name.text):
            if typed[0].isupper() and not shouted:
                return True
        elif len(key) > 1 or _differ(typed[0], name.text) <= (0 if name.kind is Kind.DRUG else ENDING):
            return True
    return False


def _differ(one: str, other: str) -> int:
    """Return how many letters the longer of two words has after what both begin with."""
    one, other = one_spelling(fold(one)), one_spelling(fold(other))
    both = len(commonprefix((one, other)))
    return max(len(one), len(other)) - both


def is_ordinary(word: str) -> bool:
    """Tell whether the letters of an abbreviation are a word of the language as well."""
    return fold(word) in _ordinary() or is_stopword(word) or is_question_word(word)


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    lines = ORDINARY.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _usable(names: Iterable[Name], key: Key, typed: Sequence[str]) -> tuple[Other, ...]:
    """Return the names to search beside those typed, each with what it counts."""
    kept: dict[Key, Other] = {}
    short = len(typed) == 1 and len(typed[0]) <= 2
    for name in names:
        other = tuple(stems(name.text))
        if other in kept or _holds(other, key) or set(other) == set(key):
            continue
        if name.kind is Kind.SHORT and is_ordinary(name.text):
            continue
        tiny = short or (name.kind is Kind.SHORT and len(name.text) <= 2)
        kept[other] = Other(name.text, other, TWO_LETTERS if tiny else WEIGHTS[name.kind])
        if len(kept) == MAX_OTHERS:
            break
    return tuple(kept.values())


def _holds(name: Key, part: Key) -> bool:
    """Tell whether the words of `part` stand in `name`: whoever finds the one finds the other."""
    size = len(part)
    return any(name[at : at + size] == part for at in range(len(name) - size + 1))


def _read(line: str) -> list[Name]:
    return [Name(marked[1:], Kind(marked[0])) for marked in line.partition("\t\t")[0].split("\t")]


def _by_key(concepts: Iterable[_Concept]) -> dict[Key, list[_Concept]]:
    found: dict[Key, list[_Concept]] = {}
    for concept in concepts:
        for key in dict.fromkeys(tuple(stems(name.text)) for name in concept.left):
            found.setdefault(key, []).append(concept)
    return found


def _listed(path: Path) -> list[_Concept]:
    """Return the concepts of a list of synonyms; raises `SynonymsError` for a bad line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SynonymsError(str(path), 1, "is not UTF-8", "Save the file as UTF-8.") from error
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if content:
            found.append(_concept(content, path, number))
    return found


def _concept(content: str, path: Path, number: int) -> _Concept:
    one_way = "=>" in content
    sides = content.split("=>" if one_way else "=")
    if len(sides) != 2:
        problem = "has no “=”" if len(sides) == 1 else "has more than one “=”"
        raise SynonymsError(str(path), number, problem, _MEND)
    left, right = (tuple(_names(side, path, number)) for side in sides)
    return _Concept(left, right) if one_way else _Concept(left + right, left + right)


_MEND = "Write one concept a line: heart attack = myocardial infarction, MI."


def _names(side: str, path: Path, number: int) -> Iterator[Name]:
    for part in side.split(","):
        text = " ".join(part.split())
        size = len(words(text))
        if not 1 <= size <= MAX_WORDS:
            problem = f"“{text}” is too long" if size else "a name is empty"
            raise SynonymsError(str(path), number, problem, _MEND)
        yield Name(text, Kind.SHORT if is_abbreviation(text) else Kind.LAY)
