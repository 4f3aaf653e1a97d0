"""Detection of headings, their levels, and tables of contents.

A heading is short, and larger than the body text or bold. Its level follows from the open headings:
it belongs to the nearest one that is more prominent. Section numbers take precedence over size,
which is often the same at two levels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.readers.common.table_notes import is_table_note
from ingest.readers.pdf.lines import PdfWord, is_bullet
from ingest.readers.pdf.paragraphs import Entry, PdfParagraph, PdfTable, is_different_size

MIN_LARGE_RATIO = 1.12  # times the body size; 11 points over 10 is not a heading by size alone
MAX_LARGE_WORDS = 30  # words of a large heading; the title of a guideline may have three lines
MAX_BOLD_WORDS = 16  # words of a bold heading; longer bold text is a warning
MAX_CAPITAL_WORDS = 12
MIN_CAPITAL_LETTERS = 4  # "NDC" before a number is not a heading
# required in a line in capitals; "A + B = C" is a formula
NAME_LETTERS = re.compile(r"[^\W\d_]{3}")
MIN_BOLD_SHARE = 0.5  # share of bold letters above which bold does not mark headings
MIN_STACK_HEIGHT = 3  # consecutive equal headings without text: a label or an address

MIN_CONTENTS_ENTRIES = 4  # fewer repeated lines may be a summary
MIN_CONTENTS_SHARE = 0.6  # share of lines that are repeated as headings
MAX_CONTENTS_WORDS = 20

SECTION_NUMBER = re.compile(r"(?:section\s+)?(\d{1,2}(?:\.\d{1,2}){0,5})\.?(?:\s+|$)(?=\D|$)", re.I)
CAPTION = re.compile(r"(?:table|figure|fig\.?|box|chart)\s+\d+(?:\.\d+)?[a-z]?\s*(\S)?", re.I)
DASH_RULES = re.compile(r"^[-_=.·•*~\s]{3,}|[-_=.·*~\s]{3,}$")  # dashes next to a heading
_LEADER = re.compile(r"[\s.…·_]{2,}\d{1,3}$|\s+\d{1,3}$|[*†]+$")
_SENTENCE_END = re.compile(r"[.,;][\"”’')\]*]*$")
_MAX_COLON_WORDS = 8
_VALUE_AFTER_COLON = re.compile(r":\s+\S*\d")  # "Revised: 11/2022" is a statement, not a heading


@dataclass(frozen=True, slots=True)
class BodyType:
    """Size of the body text, and whether it is bold."""

    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Prominence:
    """Typographic prominence of a heading."""

    size: float
    capitals: bool
    bold: bool
    italic: bool

    def exceeds(self, other: Prominence) -> bool:
        """Return whether this is more prominent than another; italics do not count."""
        if is_different_size(self.size, other.size):
            return self.size > other.size
        return (self.capitals, self.bold) > (other.capitals, other.bold)

    def matches(self, other: Prominence) -> bool:
        """Return whether two prominences are equal, italics included."""
        is_equal = not self.exceeds(other) and not other.exceeds(self)
        return is_equal and self.italic == other.italic


@dataclass(slots=True)
class HeadingLevels:
    """Open headings, from the first level down."""

    # with the depth of the section number
    _open: list[tuple[Prominence, int]] = field(default_factory=list)
    _kinds: list[Prominence] = field(default_factory=list)  # in order of first occurrence

    def next_level(self, paragraph: PdfParagraph, text: str) -> int:
        """Return the level of the next heading."""
        number = SECTION_NUMBER.match(text)
        depth = number.group(1).count(".") + 1 if number else 0
        prominence = measure_prominence(paragraph, text)
        if not any(kind.matches(prominence) for kind in self._kinds):
            self._kinds.append(prominence)
        while self._open and not self._is_below(prominence, depth):
            self._open.pop()
        self._open.append((prominence, depth))
        return len(self._open)

    def _is_below(self, prominence: Prominence, depth: int) -> bool:
        above, above_depth = self._open[-1]
        if depth and above_depth:
            return depth > above_depth
        if prominence.matches(above):
            return not depth and above_depth > 1  # an unnumbered heading in a numbered part
        if above.exceeds(prominence) or prominence.exceeds(above):
            return above.exceeds(prominence)
        # Whether italics rank higher depends on the document: the style that occurs first does.
        return self._first_occurrence(above) < self._first_occurrence(prominence)

    def _first_occurrence(self, prominence: Prominence) -> int:
        return next(at for at, kind in enumerate(self._kinds) if kind.matches(prominence))


def measure_body_type(words: Sequence[PdfWord]) -> BodyType:
    """Return the most frequent type of the text."""
    sizes: Counter[float] = Counter()
    bold = 0
    for word in words:
        sizes[word.size] += len(word.text)
        bold += len(word.text) * word.bold
    if not sizes:
        return BodyType(0.0, False)
    similar_counts = {
        size: sum(count for other, count in sizes.items() if not is_different_size(size, other))
        for size in sizes
    }
    return BodyType(
        max(sizes, key=lambda size: (similar_counts[size], sizes[size])),
        bold > MIN_BOLD_SHARE * sizes.total(),
    )


def measure_prominence(paragraph: PdfParagraph, text: str) -> Prominence:
    """Return the prominence of a paragraph."""
    return Prominence(paragraph.size, text.isupper(), paragraph.bold, paragraph.italic)


def could_be_heading(paragraph: PdfParagraph, text: str, body: BodyType) -> bool:
    """Return whether a paragraph has the form of a heading, regardless of its position."""
    word_count = len(text.split())
    if (
        not any(map(str.isalpha, text))
        or is_bullet(paragraph.marker)
        or is_caption(paragraph, text)
    ):
        return False
    if _SENTENCE_END.search(text) and not SECTION_NUMBER.match(text):
        return False
    if (text.endswith(":") and word_count > _MAX_COLON_WORDS) or _VALUE_AFTER_COLON.search(text):
        return False
    if paragraph.size >= MIN_LARGE_RATIO * body.size:
        return word_count <= MAX_LARGE_WORDS
    if paragraph.bold and not body.bold:
        return word_count <= MAX_BOLD_WORDS
    has_name = sum(map(str.isalpha, text)) >= MIN_CAPITAL_LETTERS and NAME_LETTERS.search(text)
    return text.isupper() and word_count <= MAX_CAPITAL_WORDS and bool(has_name)


def is_caption(paragraph: PdfParagraph, text: str) -> bool:
    """Return whether a paragraph is the caption of a table or figure."""
    match = CAPTION.match(text)
    if not match or len(text.split()) > 2 * MAX_BOLD_WORDS:
        return False
    return paragraph.bold or (match.group(1) or ":") in ":.–—-"


def strip_dash_rules(text: str) -> str:
    """Return a heading without the dashes next to it."""
    return DASH_RULES.sub("", text).strip() if len(DASH_RULES.sub("", text).strip()) > 1 else text


def find_headings(
    entries: Sequence[Entry], texts: Sequence[str], body: BodyType, no_headings: set[int]
) -> set[int]:
    """Return the positions of the headings among the entries, outside of `no_headings`."""
    positions = {
        position
        for position, entry in enumerate(entries)
        if position not in no_headings
        and isinstance(entry, PdfParagraph)
        and could_be_heading(entry, texts[position], body)
    }
    positions.discard(len(entries) - 1)  # a heading must have text below it
    return positions - _inside_stacks(entries, texts, positions)


def find_table_notes(entries: Sequence[Entry], texts: Sequence[str], body: BodyType) -> set[int]:
    """Return the positions of the notes of a table, directly below it.

    A note starts with a sign or a label, or with a letter or digit that is raised in the table.
    """
    notes: set[int] = set()
    signs: set[str] | None = None  # of the table above
    for position, (entry, text) in enumerate(zip(entries, texts, strict=True)):
        if isinstance(entry, PdfTable):
            signs = entry.raised_texts if entry.is_table else None
        elif signs is not None and entry.size < MIN_LARGE_RATIO * body.size:
            first = entry.first.words[0]
            if first.rise > 0 or is_table_note(text) or first.text.rstrip(".):") in signs:
                notes.add(position)
            else:
                signs = None
        else:
            signs = None
    return notes


def _inside_stacks(entries: Sequence[Entry], texts: Sequence[str], headings: set[int]) -> set[int]:
    """Return the headings inside a stack of equal ones; only its first and last are headings."""
    inside: set[int] = set()
    run: list[int] = []
    for position in [*sorted(headings), -1]:
        if (
            run
            and position == run[-1] + 1
            and _have_equal_prominence(entries, texts, run[-1], position)
        ):
            run.append(position)
            continue
        if len(run) >= MIN_STACK_HEIGHT:
            inside.update(run[1:-1])
        run = [position]
    return inside


def _have_equal_prominence(
    entries: Sequence[Entry], texts: Sequence[str], one: int, other: int
) -> bool:
    first, second = entries[one], entries[other]
    if not isinstance(first, PdfParagraph) or not isinstance(second, PdfParagraph):
        return False
    if SECTION_NUMBER.match(texts[one]) or SECTION_NUMBER.match(texts[other]):
        return False
    return measure_prominence(first, texts[one]).matches(measure_prominence(second, texts[other]))


def find_contents(entries: Sequence[Entry], texts: Sequence[str]) -> set[int]:
    """Return the positions of table-of-contents lines: most of them are repeated below."""
    next_positions: dict[int, int] = {}  # position -> next position with the same text
    seen: dict[str, int] = {}
    for position in reversed(range(len(texts))):
        key = _contents_key(texts[position])
        if key in seen:
            next_positions[position] = seen[key]
        seen[key] = position
    contents: set[int] = set()
    run: list[int] = []
    end = len(entries)
    for position, entry in enumerate(entries):
        is_short = (
            isinstance(entry, PdfParagraph) and len(texts[position].split()) <= MAX_CONTENTS_WORDS
        )
        if position >= end or not is_short:
            contents |= _contents_in_run(run, next_positions)
            run, end = [], len(entries)
        if is_short:
            run.append(position)
            end = min(end, next_positions.get(position, end))
    return contents | _contents_in_run(run, next_positions)


def _contents_in_run(run: Sequence[int], next_positions: dict[int, int]) -> set[int]:
    repeated = [position for position in run if position in next_positions]
    if len(repeated) < MIN_CONTENTS_ENTRIES:
        return set()
    contents = range(repeated[0], repeated[-1] + 1)
    targets = [next_positions[position] for position in repeated]
    # There is text between the listed headings, but not between two equal labels.
    is_spread = max(targets) - min(targets) > len(contents)
    return (
        set(contents)
        if is_spread and len(repeated) >= MIN_CONTENTS_SHARE * len(contents)
        else set()
    )


def _contents_key(text: str) -> str:
    """Return a contents line as the heading that it refers to, without leader and page number."""
    return " ".join(_LEADER.sub("", text.casefold()).split())
