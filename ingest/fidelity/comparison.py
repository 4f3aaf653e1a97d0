"""Comparison of an article with its source: numbers, comparators, negations, names with doses.

Both texts are reduced to tokens (`ingest.fidelity.tokens`), which are compared with their
neighbours as multisets, so that the order of the text and the layout do not matter:

- a number with its sign and unit, or a word, that the source does not contain in this context was
  changed or added;
- a number, negation or comparator of the source was dropped if the article joins its neighbours;
- numbers were exchanged if their order and the words around them differ from the source;
- a cell of a table must have the numbers of the cell in the same row and column of the source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice, pairwise
from typing import NamedTuple

from ingest.fidelity.markers import (
    OPTIONAL_END,
    OPTIONAL_START,
    RAISED,
    SourceText,
    is_joined,
    with_raised,
)
from ingest.fidelity.source_text import read_source_text
from ingest.fidelity.tables import find_moved_cells
from ingest.fidelity.tokens import Fact, Tokens, Triple, is_fact, normalize, split_lines, tokenize
from ingest.readers.registry import ReadDocument
from kb.model.article import Article, MarkKind, Marks
from kb.model.excerpt import shorten

MAX_EXCERPT_LENGTH = 100  # characters of a line that a message quotes
MAX_DIFFERENCES = 20  # an article with more is shown with the first ones
MAX_CHANGED_WORDS = 3  # a longer text with other neighbours was moved
MAX_OCCURRENCES = 200  # of a number, whose contexts are compared
MIN_EQUAL_LENGTH = 60  # characters
MIN_LINE_LENGTH = 2  # words of a line that can be recognised; a shorter one may be a cell
CONTEXT_LENGTH = 5  # words on each side of a number that may have been exchanged
_HEADING_NUMBER = re.compile(r"^\(?\d{1,2}(?:\.\d{1,2})*[.)]?\s+(?=[^\W\d])")
# A PDF has the 2 of m2 in another place.
_AREA = re.compile(r"\b([cm]?m)[23]\b")

Pair = tuple[str, str]


def find_differences(document: ReadDocument, article: Article) -> list[str]:
    """Return the differences between an article and the document it was read from."""
    source = read_source_text(document.data, document.media_type, document.text)
    omitted = [omission.text for omission in document.result.omitted]
    return compare_with_source(article, source, omitted)


def compare_with_source(
    article: Article, source_text: SourceText, omitted: Iterable[str]
) -> list[str]:
    """Return the differences between an article and the text of its source, in words.

    `omitted` are the texts that the reader has left out and reported.
    """
    lines = list(_article_lines(article, source_text))
    messages: list[str] = []
    # Most lines are equal, so that the others alone are compared first.
    if _find_in_lines(*_without_equal_lines(lines, source_text), omitted):
        messages += _find_in_lines(lines, source_text, omitted)
    messages += find_moved_cells(article, source_text.tables)
    return list(dict.fromkeys(messages))[:MAX_DIFFERENCES]


def _find_in_lines(
    lines: list[_Line], source_text: SourceText, omitted: Iterable[str]
) -> list[str]:
    source = _Source(source_text, omitted)
    read = _Article(lines)
    left = {pair for pair, count in read.pairs.items() if count > source.pairs[pair]}
    found = chain(
        _find_changed(read, source, left),
        _find_changed_words(read, source, left),
        _find_exchanged(read, source),
        _find_dropped(read, source),
    )
    return list(islice(found, MAX_DIFFERENCES))


def _without_equal_lines(lines: list[_Line], source: SourceText) -> tuple[list[_Line], SourceText]:
    """Return the lines of an article and of its source without those that are in both.

    Short lines are kept, because their order matters: "500 mg" below the name of a drug.
    """
    keys = [" ".join(line.text.split()) for line in lines]
    source_lines = source.text.split("\n")
    source_keys = [" ".join(line.split()) for line in source_lines]
    equal = Counter(keys) & Counter(source_keys)
    equal = Counter({key: equal[key] for key in equal if len(key) >= MIN_EQUAL_LENGTH})

    def others(texts: list[str]) -> list[int]:
        left = equal.copy()
        kept = []
        for number, text in enumerate(texts):
            if left[text] > 0:
                left[text] -= 1
            else:
                kept.append(number)
        return kept

    text = "\n".join(source_lines[number] for number in others(source_keys))
    return [lines[number] for number in others(keys)], replace(source, text=text)


class _Line(NamedTuple):
    """A line of an article, with the heading above it."""

    text: str
    place: str
    is_heading: bool = False


class _Source(Tokens):
    """Tokens of a source."""

    def __init__(self, source: SourceText, omitted: Iterable[str]) -> None:
        super().__init__(source.text if source.has_raised else _AREA.sub(r"\1", source.text))
        self._omitted = omitted
        self.has_raised = source.has_raised
        self.has_tables = bool(source.tables)
        self._printed_lines = source.printed_lines

    @cached_property
    def omitted(self) -> Tokens:
        """The text that the reader has left out and reported."""
        return Tokens("\n".join(self._omitted))

    def spans_omission(self, before: str, after: str) -> bool:
        """Return whether text that the reader has left out may separate two tokens."""
        return any(
            self.pairs[before, first] and self.pairs[last, after] for first, last in self._gaps
        )

    @cached_property
    def _gaps(self) -> set[Pair]:
        return {(line[0], line[-1]) for line in split_lines(self.omitted.all) if line}

    def contains_line(self, line: list[str]) -> bool:
        """Return whether a line of the source has exactly these tokens."""
        return len(line) >= MIN_LINE_LENGTH and tuple(line) in self._token_lines

    @cached_property
    def _token_lines(self) -> set[tuple[str, ...]]:
        return set(split_lines(self.all))

    @cached_property
    def squeezed(self) -> str:
        """The tokens without spaces."""
        return "".join(self.all).replace("\n", "")

    @cached_property
    def line_starts(self) -> set[Pair]:
        """The first two tokens of each printed line."""
        return {(line[0], line[1] if len(line) > 1 else "") for line in self._lines}

    @cached_property
    def line_ends(self) -> set[Pair]:
        """The last two tokens of each printed line."""
        return {(line[-2] if len(line) > 1 else "", line[-1]) for line in self._lines}

    @cached_property
    def _lines(self) -> list[list[str]]:
        text = normalize("\n".join(self._printed_lines))
        return [tokens for line in text.split("\n") if (tokens := tokenize(line))]

    def has_words(self, words: Iterable[str]) -> bool:
        """Return whether the source contains each of the words somewhere."""
        return self._words.issuperset(words)

    @cached_property
    def _words(self) -> set[str]:
        return set(self.all)

    def breaks_line(self, before: str, after: str) -> bool:
        """Return whether one printed line ends with a token, and another begins with the other."""
        return before in self._last_tokens and after in self._first_tokens

    @cached_property
    def _first_tokens(self) -> set[str]:
        return {first for first, _ in self.line_starts}

    @cached_property
    def _last_tokens(self) -> set[str]:
        return {last for _, last in self.line_ends}

    def joins_lines(self, before: str, token: str, after: str) -> bool:
        """Return whether a token begins or ends a printed line, and its neighbour another one."""
        if not self._printed_lines:
            return False
        ends_line = (before, token) in self.line_ends or ("", token) in self.line_ends
        starts_line = (token, after) in self.line_starts or (token, "") in self.line_starts
        return (ends_line and after in self._first_tokens) or (
            starts_line and before in self._last_tokens
        )

    def is_separated(self, before: str, token: str, after: str) -> bool:
        """Return whether the digits of a token such as B12 are in another place of a PDF."""
        letters = token.rstrip("0123456789")
        return (
            not self.has_raised
            and letters != token
            and letters.isalpha()
            and self.pairs[before, letters] > 0
            and self.pairs[letters, after] > 0
            and token[len(letters) :] in self.numbers
        )


class _Article(Tokens):
    """Tokens of the lines of an article."""

    def __init__(self, lines: list[_Line]) -> None:
        super().__init__("\n".join(line.text for line in lines))
        self.read_lines = lines

    def describe(self, position: int, words: Iterable[str]) -> str:
        """Return a message on words that the source does not contain."""
        line = self.read_lines[self.line_number(position)]
        under = f" (under “{_shorten(line.place)}”)" if line.place else ""
        return f"{_show(words)} is not in the source{under}. Compare: “{_shorten(line.text)}”"


def _article_lines(article: Article, source: SourceText) -> Iterator[_Line]:
    """Yield the lines of an article without those that the source does not contain as text."""
    stated = (
        None
        if source.has_headings
        else Counter(" ".join(line.split()).casefold() for line in source.text.split("\n"))
    )
    title = " ".join(article.title.split())
    # A title may also be the name of the file.
    is_stated = any(map(is_fact, tokenize(normalize(title)))) or (
        title.casefold() in " ".join(source.text.split()).casefold()
    )
    if is_stated and article.title not in {section.heading for _, section in article.walk()}:
        yield _Line(title, "", is_heading=True)
    for _, section in article.walk():
        place = section.heading
        heading = place if source.has_heading_numbers else _HEADING_NUMBER.sub("", place)
        if stated is not None and not any(map(is_fact, tokenize(normalize(heading)))):
            key = " ".join(heading.split()).casefold()
            heading = heading if stated[key] > 0 else ""
            stated[key] -= 1
        yield _Line(heading, place, is_heading=True)
        for block in section.blocks:
            if block.ocr:  # an image: its text cannot be read in another way
                continue
            for text, marks in block.formatted_texts:
                shown = (
                    with_raised(text, marks)
                    if source.has_raised
                    else _AREA.sub(r"\1", _without_raised(text, marks))
                )
                for line in shown.split("\n"):
                    yield _Line(line, place)


def _without_raised(text: str, marks: Marks) -> str:
    """Return a text without raised and lowered parts, which a PDF has in another place."""
    lowered = {mark.start for mark in marks if mark.kind is MarkKind.SUBSCRIPT}
    for mark in sorted(marks, key=lambda each: -each.start):
        if mark.kind in (MarkKind.SUPERSCRIPT, MarkKind.SUBSCRIPT) and not is_joined(text, mark):
            is_fraction = text[mark.end : mark.end + 1] == "/" and mark.end + 1 in lowered
            text = text[: mark.start] + text[mark.end + is_fraction :]
    return text


def _find_changed(read: _Article, source: _Source, left: set[Pair]) -> Iterator[str]:
    """Yield a message for each number that has other neighbours than in the source."""
    surplus = read.triples - source.triples
    if not surplus:
        return
    for fact in read.facts:
        before, token, after, position = fact
        triple = (before, token, after)
        if surplus[triple] <= 0:
            continue
        if token.isalpha():
            if source.triples[triple] == 0 and _is_changed_word(triple, source):
                yield read.describe(position, triple)
            continue
        if _is_joined_in_source(before, token, source) or _is_joined_in_source(
            token, after, source
        ):
            continue
        number, _, unit = token.partition(" ")
        if source.pairs[before, RAISED + token] or (unit and source.pairs[number, unit]):
            continue
        is_changed = (before and (before, token) in left) or (after and (token, after) in left)
        if token not in source.numbers or is_changed:
            surplus[triple] -= 1
            if source.is_separated(*triple) or (
                token in source.numbers
                and (
                    source.joins_lines(*triple)
                    or source.spans_omission(before, token)
                    or source.spans_omission(token, after)
                )
            ):
                continue
            yield read.describe(position, triple)


def _is_changed_word(triple: Triple, source: _Source) -> bool:
    """Return whether the source does not contain a negation or comparator next to these words."""
    before, token, after = triple
    return (
        bool(before and after)
        and not (source.pairs[before, token] and source.pairs[token, after])
        and "".join(triple) not in source.squeezed
    )


def _is_joined_in_source(base: str, raised: str, source: _Source) -> bool:
    """Return whether the source has no information that a number is raised: 109 for 10^9."""
    return raised.startswith(RAISED) and f"{base}{raised[1:]}" in source.numbers


def _find_changed_words(read: _Article, source: _Source, left: set[Pair]) -> Iterator[str]:
    """Yield a message for each word or short name with other neighbours on both sides."""
    if not left:
        return
    touched = {token for pair in left for token in pair}
    before, start = "", 0
    for line, shown in zip(split_lines(read.all), read.read_lines, strict=True):
        end = start + len(line)
        after = next((token for token in read.all[end : end + 9] if token != "\n"), "")
        around = [before, *line, after]
        is_new = (
            []
            if touched.isdisjoint(line)
            else [pair in left or not all(pair) for pair in pairwise(around)]
        )
        runs = list(_new_runs(is_new))
        if runs and not source.contains_line(list(line)):
            for first, last in runs:
                context = around[first : last + 3]
                if last - first + 1 == len(line) and (shown.is_heading or source.has_words(line)):
                    continue
                if _is_changed(context, source):
                    yield read.describe(start + first, context)
        before = line[-1] if line else before
        start = end + 1


def _is_changed(context: list[str], source: _Source) -> bool:
    """Return whether the source does not contain words between their neighbours."""
    words = context[1:-1]
    edges = (context[0], context[1]), (context[-2], context[-1])
    return (
        not any(source.breaks_line(*edge) or source.spans_omission(*edge) for edge in edges)
        and all(map(str.isalpha, words))
        and (source.has_raised or any(len(word) > 2 for word in words))
        and "".join(context) not in source.squeezed
    )


def _new_runs(is_new: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield the first and last word of each short text between two new pairs."""
    edges = [number for number, new in enumerate(is_new) if new]
    for first, last in pairwise(edges):
        if last - first <= MAX_CHANGED_WORDS:
            yield first, last - 1


def _line_end(tokens: list[str], start: int) -> int:
    try:
        return tokens.index("\n", start)
    except ValueError:
        return len(tokens)


def _find_exchanged(read: _Article, source: _Source) -> Iterator[str]:
    """Yield a message for each number in another order of numbers and another context."""
    numbers = [fact for fact in read.facts if not fact.token[0].isalpha()]
    order = Counter(pairwise(fact.token for fact in numbers))
    order -= Counter(pairwise(fact.token for fact in source.facts if not fact.token[0].isalpha()))
    if not order:
        return
    is_new = [True, *(order[pair] > 0 for pair in pairwise(fact.token for fact in numbers)), True]
    for fact, edges in zip(numbers, pairwise(is_new), strict=True):
        if all(edges) and not _has_context(fact, read, source):
            yield read.describe(fact.position, (fact.before, fact.token, fact.after))


def _has_context(fact: Fact, read: Tokens, source: _Source) -> bool:
    """Return whether the source contains a number between the same words."""
    left, right = _context(read.all, fact.position)
    if not left and not right:
        return source.has_tables
    if source.spans_omission(fact.before, fact.token) or source.spans_omission(
        fact.token, fact.after
    ):
        return True
    same = [(source.all, other.position) for other in source.facts if other.token == fact.token]
    same += [
        (source.shown, position)
        for position, token in enumerate(source.shown)
        if token == fact.token
    ]
    for tokens, position in same[:MAX_OCCURRENCES]:
        source_left, source_right = _context(tokens, position)
        if all(map(str.__eq__, left, source_left)) and all(map(str.__eq__, right, source_right)):
            return True
    return len(same) > MAX_OCCURRENCES


def _context(tokens: list[str], position: int) -> tuple[list[str], list[str]]:
    """Return the words before a token, the nearest first, and those after it, on its line."""
    left = tokens[max(position - CONTEXT_LENGTH, 0) : position][::-1]
    right = tokens[position + 1 : position + 1 + CONTEXT_LENGTH]
    return left[: _line_end(left, 0)], right[: _line_end(right, 0)]


def _find_dropped(read: _Article, source: _Source) -> Iterator[str]:
    """Yield a message for each number or word of the source whose neighbours the article joins."""
    surplus = source.triples - read.triples
    for fact in source.facts:
        before, token, after, position = fact
        if not before or not after or surplus[before, token, after] <= 0:
            continue
        joined = (before, after)
        if read.pairs[joined] <= source.pairs[joined]:
            continue
        edges = ((b, token, a) for b in (before, "") for a in (after, ""))
        if any(source.omitted.triples[triple] for triple in edges):
            continue
        read.pairs[joined] -= 1
        line = _shorten(source.lines[source.line_number(position)])
        yield f"{_show(fact[:3])} may be missing. The source reads: “{line}”"


def _show(words: Iterable[str]) -> str:
    text = " ".join(word for word in words if word).replace(RAISED, "^").replace(" ^", "^")
    return f"“{text}”"


def _shorten(line: str) -> str:
    shown = line.replace(RAISED, "").replace(OPTIONAL_START, "").replace(OPTIONAL_END, "")
    return shorten(" ".join(shown.split()), MAX_EXCERPT_LENGTH)
