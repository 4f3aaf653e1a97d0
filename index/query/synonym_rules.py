"""Formats of synonym rules, with one concept per line.

Handwritten: ``heart attack = myocardial infarction, MI``. ``=>`` makes a rule one-way: a query for
the left side matches the right side, but not vice versa. ``#`` starts a comment. Compiled
(`format_rules`, `parse_rules`): names with a mark of their kind, followed by their stems, so that
loading needs no stemming.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

from index.analyzer import fold, is_question_word, is_stopword, read_lines, split_words, stem_text
from index.query.parser import OPERATORS
from kb.errors import SynonymsError

MAX_WORDS = 8  # words in a name
HINT = "Write one concept per line: heart attack = myocardial infarction, MI."


class SynonymKind(Enum):
    """Kind of a name; the value is its mark in the compiled file."""

    PREFERRED = "="
    LAY = "~"
    EXACT = "-"
    SHORT = "+"
    DRUG = "!"


@dataclass(frozen=True, slots=True)
class ConceptName:
    """One name of a concept."""

    text: str
    kind: SynonymKind


@dataclass(frozen=True, slots=True)
class SynonymConcept:
    """One rule: a query for a name in `left` also matches all `names`."""

    left: tuple[ConceptName, ...]
    names: tuple[ConceptName, ...]

    @property
    def single_words(self) -> frozenset[str]:
        """The folded one-word names, without abbreviations."""
        names = (*self.left, *self.names)
        return frozenset(
            fold(n.text) for n in names if n.kind is not SynonymKind.SHORT and " " not in n.text
        )


def is_abbreviation(name: str) -> bool:
    """Return whether a name is an abbreviation such as "COPD", "T2DM" or "U&E"."""
    return len(name) <= 8 and bool(re.fullmatch(r"[A-Za-z]{0,2}[A-Z0-9&]{2,}[a-z0-9]{0,2}", name))


def format_rules(names: Sequence[ConceptName]) -> str:
    """Return the line of a concept in the compiled file: names, then their stems."""
    marked = "\t".join(f"{name.kind.value}{name.text}" for name in names)
    return marked + "\t\t" + "\t".join(" ".join(stem_text(name.text)) for name in names)


def parse_rules(line: str) -> list[ConceptName]:
    """Return the names in a line written by `format_rules`."""
    return [
        ConceptName(marked[1:], SynonymKind(marked[0]))
        for marked in line.partition("\t\t")[0].split("\t")
    ]


def parse_rule(line: str, where: str = "line", number: int = 1) -> SynonymConcept:
    """Return the concept of one handwritten line; raises `SynonymsError` if it is invalid."""
    return _parse_concept(line.strip(), Path(where), number)


def read_rules(path: Path) -> list[SynonymConcept]:
    """Return the concepts in a file of handwritten rules; raises `SynonymsError` if invalid."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SynonymsError(
            str(path), 1, "is not UTF-8", "Save the file as UTF-8.", code="encoding"
        ) from error
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if content:
            found.append(_parse_concept(content, path, number))
    return found


def _parse_concept(content: str, path: Path, number: int) -> SynonymConcept:
    one_way = "=>" in content
    sides = content.split("=>" if one_way else "=")
    if len(sides) != 2:
        problem = "has no “=”" if len(sides) == 1 else "has more than one “=”"
        code = "equals-missing" if len(sides) == 1 else "equals-repeated"
        raise SynonymsError(str(path), number, problem, HINT, code=code)
    left, right = (tuple(_parse_names(side, path, number)) for side in sides)
    concept = SynonymConcept(left, right) if one_way else SynonymConcept(left + right, left + right)
    if not any(adds_matches(name, other) for name in concept.left for other in concept.names):
        raise SynonymsError(
            str(path),
            number,
            "no name adds a match to another",
            "Write names with different words. Abbreviations such as WHO, which are also ordinary "
            "words, match only as typed in capitals, on the left.",
            code="names-equal",
        )
    return concept


def _parse_names(side: str, path: Path, number: int) -> Iterator[ConceptName]:
    for part in side.split(","):
        text = " ".join(part.split())
        words = split_words(text)
        size = len(words)
        if not 1 <= size <= MAX_WORDS:
            problem = f"“{text}” is too long" if size else "a name is empty"
            code = "name-length" if size else "name-empty"
            raise SynonymsError(str(path), number, problem, HINT, code=code)
        if size > 1 and not OPERATORS.isdisjoint(text.split()):
            problem = f"“{text}” contains an operator of the query language"
            hint = "Write AND, OR and NOT in small letters."
            raise SynonymsError(str(path), number, problem, hint, code="name-operator")
        kind = SynonymKind.SHORT if is_abbreviation(text) else SynonymKind.LAY
        if kind is not SynonymKind.SHORT and all(map(is_stopword, words)):
            problem = f"“{text}” has only stop words, which occur in every text"
            hint = "Write an abbreviation in capitals, or add a word."
            raise SynonymsError(str(path), number, problem, hint, code="name-stop-words")
        yield ConceptName(text, kind)


def adds_matches(typed: ConceptName, other: ConceptName) -> bool:
    """Return whether a search for `typed` finds more passages with `other` as a synonym."""
    key, stems = tuple(stem_text(typed.text)), tuple(stem_text(other.text))
    if other.kind is SynonymKind.SHORT and is_ordinary_word(other.text):
        return False
    return set(key) != set(stems) and not contains_name(stems, key)


def contains_name(name: Sequence[str], part: Sequence[str]) -> bool:
    """Return whether `name` contains the words of `part`, so that `part` matches it anyway."""
    size = len(part)
    return any(name[at : at + size] == part for at in range(len(name) - size + 1))


def is_ordinary_word(word: str) -> bool:
    """Return whether an abbreviation is also an ordinary word."""
    return fold(word) in ordinary_words() or is_stopword(word) or is_question_word(word)


@lru_cache(maxsize=1)
def ordinary_words() -> frozenset[str]:
    """Return the words of everyday language that are also abbreviations or look like names."""
    return frozenset(word for line in read_lines("ordinary-words.txt") for word in line.split())
