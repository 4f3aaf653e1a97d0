"""Comparison of an article with its source: numbers with unit and sign, comparators, negations.

Both texts are reduced to tokens. A *fact* is a token that matters: a number with its comparator,
sign and unit, a raised number, a negation. Each fact is compared with the words before and after
it, as multisets, so that the order of the text and the layout do not matter:

- a fact of the article that the source does not contain in this context was changed or added;
- a negation or number of the source was dropped if the article joins the words around it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from ingest.fidelity.source_text import RAISED, read_source_text
from ingest.readers.registry import ReadDocument
from kb.model.article import Article, MarkKind, Marks
from kb.model.excerpt import shorten

MAX_EXCERPT_LENGTH = 100  # characters of a line that a message quotes
MAX_DIFFERENCES = 20  # an article with more is shown with the first ones
NEGATIONS = frozenset([
    "not", "no", "never", "without", "cannot", "nor", "avoid", "none", "don't", "doesn't",
    "didn't", "isn't", "aren't", "won't", "can't", "shouldn't", "mustn't", "contraindicated",
])  # fmt: skip
# Case-folded, so µ is the Greek letter.
UNITS = frozenset([
    "mg", "g", "kg", "mcg", "μg", "ng", "ml", "l", "dl", "mmol", "mol", "μmol", "nmol", "pmol",
    "meq", "mosm", "iu", "u", "unit", "units", "mm", "cm", "m", "kcal", "kj", "mmhg", "kpa",
    "bpm", "min", "mins", "minute", "minutes", "s", "sec", "second", "seconds", "h", "hr", "hrs",
    "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years", "times",
    "tablet", "tablets", "capsule", "capsules", "dose", "doses", "drop", "drops", "puff", "puffs",
    "%", "°c", "°f",
])  # fmt: skip
_SIGNS = "<>≤≥±≈~="
# The number of signs is limited because a long run without a number would take quadratic time.
_TOKEN = re.compile(
    rf"(?P<raised>[{RAISED}^]\s*[-−–+]?\d+(?:[.,]\d+)*)"
    rf"|(?P<number>(?:[{_SIGNS}]\s*){{0,3}}"
    r"(?:(?<![\w)\]/.-])[-−–](?=[\d.]))?(?:\d+(?:[.,]\d+)*|\.\d+))"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+|\d+\w*)?|[%°](?:[cf]\b)?)"
)
_DIGIT = re.compile(r"\d")
_NOTE_LABEL = re.compile(r"\[\d{1,3}\]")  # some readers number the notes
_HEADING_NUMBER = re.compile(r"^\(?\d{1,2}(?:\.\d{1,2})*[.)]?\s+(?=[^\W\d])")
# A PDF has the 2 of m2 in another place.
_AREA = re.compile(r"\b([cm]?m)[23]\b")
_CHARACTERS = str.maketrans("−–‐‑’", "----'")


class Fact(NamedTuple):
    """A token that matters, with its neighbours on the line, the line, and the heading above it."""

    before: str
    token: str
    after: str
    line: str
    place: str


def find_differences(document: ReadDocument, article: Article) -> list[str]:
    """Return the differences between an article and the document it was read from."""
    source_text = read_source_text(document.data, document.media_type, document.text)
    omitted = [omission.text for omission in document.result.omitted]
    return compare_with_source(article, source_text, omitted)


def compare_with_source(article: Article, source_text: str, omitted: Iterable[str]) -> list[str]:
    """Return the differences between an article and the text of its source, in words."""
    omitted = list(omitted)
    has_raised = RAISED in source_text or "^" in source_text
    if not has_raised:
        source_text = _AREA.sub(r"\1", source_text)
    source = _Tokens(("", text) for text in (source_text, *omitted))
    read = _Tokens(_article_lines(article, has_raised=has_raised))
    left_out = _Tokens(("", text) for text in omitted).numbers
    messages = [*_find_changed(read, source), *_find_dropped(read, source, left_out)]
    return list(dict.fromkeys(messages))[:MAX_DIFFERENCES]


class _Tokens:
    """Tokens of texts under their headings, and how often each occurs in its context."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        self.facts: list[Fact] = []
        self.triples: Counter[tuple[str, str, str]] = Counter()  # around facts
        self.numbers: set[str] = set()
        sequence = [""]
        for place, text in texts:
            normalized = _NOTE_LABEL.sub(" ", text.translate(_CHARACTERS).casefold())
            shown_lines = map(str.strip, text.split("\n"))
            for line, shown in zip(normalized.split("\n"), shown_lines, strict=True):
                tokens = _tokenize(line)
                for position, token in enumerate(tokens):
                    if is_fact(token):
                        before = tokens[position - 1] if position else ""
                        after = tokens[position + 1] if position + 1 < len(tokens) else ""
                        self.triples[before, token, after] += 1
                        self.facts.append(Fact(before, token, after, shown, place))
                        self.numbers.update((token, token.split()[0]))
                sequence += tokens
        self.pairs = Counter(pairwise(sequence))  # adjacent tokens, also across lines


def _tokenize(line: str) -> list[str]:
    """Return the tokens of a normalised line; a unit is part of its number."""
    tokens: list[str] = []
    number = False  # the last token is a number without a unit
    for match in _TOKEN.finditer(line):
        kind, text = match.lastgroup, match.group()
        if kind == "word":
            if number and text in UNITS:
                tokens[-1] += f" {text}"
            else:
                tokens.append(text)
            number = False
            continue
        text = "".join(text.split())
        tokens.append(RAISED + text[1:] if kind == "raised" else text)
        number = kind == "number"
    return tokens


def is_fact(token: str) -> bool:
    """Return whether a token is a negation, or contains a digit: 5 mg, ^9, B12."""
    return token in NEGATIONS or _DIGIT.search(token) is not None


def _article_lines(article: Article, *, has_raised: bool) -> Iterator[tuple[str, str]]:
    """Yield the texts of an article; raised text only if the source has this information."""
    if article.title not in {section.heading for _, section in article.walk()}:
        yield "", article.title
    for _, section in article.walk():
        place = section.heading
        yield place, _HEADING_NUMBER.sub("", place)  # Word generates it
        for block in section.blocks:
            if block.ocr:  # an image: its text cannot be read in another way
                continue
            for text, marks in block.formatted_texts:
                if has_raised:
                    yield place, _with_raised(text, marks)
                else:
                    yield place, _AREA.sub(r"\1", _without_raised(text, marks))


def _with_raised(text: str, marks: Marks) -> str:
    """Return a text in which raised numbers are marked as in the source."""
    for mark in sorted(marks, key=lambda each: -each.start):
        if mark.kind is MarkKind.SUPERSCRIPT and text[mark.start] != "^":
            text = text[: mark.start].rstrip(" ") + RAISED + text[mark.start :]
    return text


def _without_raised(text: str, marks: Marks) -> str:
    """Return a text without raised and lowered parts, which a PDF has in another place."""
    for mark in sorted(marks, key=lambda each: -each.start):
        if mark.kind in (MarkKind.SUPERSCRIPT, MarkKind.SUBSCRIPT):
            text = text[: mark.start] + text[mark.end :]
    return text


def _find_changed(read: _Tokens, source: _Tokens) -> Iterator[str]:
    left = _surplus_pairs(read, source)
    for fact in read.facts:
        before, token, after, line, place = fact
        triple = (before, token, after)
        if read.triples[triple] <= source.triples[triple]:
            continue
        if _is_joined(before, token, source) or _is_joined(token, after, source):
            continue
        if source.pairs[before, RAISED + token]:
            continue
        has_left = bool(before) and (before, token) in left
        has_right = bool(after) and (token, after) in left
        is_unknown = token not in source.numbers
        if is_unknown or (has_left and has_right if token[0].isalpha() else has_left or has_right):
            read.triples[triple] -= 1
            under = f" (under “{_shorten(place)}”)" if place else ""
            yield f"{_show(fact)} is not in the source{under}. Compare: “{_shorten(line)}”"


def _is_joined(base: str, raised: str, source: _Tokens) -> bool:
    """Return whether the source has no information that a number is raised: 109 for 10^9."""
    return raised.startswith(RAISED) and f"{base}{raised[1:]}" in source.numbers


def _surplus_pairs(read: _Tokens, source: _Tokens) -> set[tuple[str, str]]:
    return {pair for pair, count in read.pairs.items() if count > source.pairs[pair]}


def _find_dropped(read: _Tokens, source: _Tokens, left_out: set[str]) -> Iterator[str]:
    for fact in source.facts:
        before, token, after, line, _ = fact
        triple = (before, token, after)
        if not before or not after or source.triples[triple] <= read.triples[triple]:
            continue
        if token in left_out:
            continue
        joined = (before, after)
        if read.pairs[joined] > source.pairs[joined]:
            read.pairs[joined] -= 1
            yield f"{_show(fact)} may be missing. The source reads: “{_shorten(line)}”"


def _show(fact: Fact) -> str:
    token = fact.token.replace(RAISED, "^")
    words = " ".join(filter(None, (fact.before, token, fact.after))).replace(" ^", "^")
    return f"“{words}”"


def _shorten(line: str) -> str:
    return shorten(" ".join(line.split()), MAX_EXCERPT_LENGTH)
