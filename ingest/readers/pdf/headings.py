"""Which paragraphs of a PDF are headings, and of which level; and which are a list of contents.

A heading is larger than the text of the document, or bold, and short. Its level is where it stands
among the headings that are open: under the nearest one that is more prominent. Section numbers,
where a document has them, say more than size, which is often the same at two levels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.readers.pdf.lines import PdfWord, is_bullet
from ingest.readers.pdf.paragraphs import Entry, PdfParagraph, is_different_size

MIN_LARGE_RATIO = 1.12  # times the size of the text: 11 points over 10 is no heading by itself
MAX_LARGE_WORDS = 30  # of a large heading; a title of a guideline runs over three lines
MAX_BOLD_WORDS = 16  # of a bold one: more is a warning in bold type
MAX_CAPITAL_WORDS = 12
MIN_CAPITAL_LETTERS = 4  # "NDC" before a number names nothing
NAME_LETTERS = re.compile(r"[^\W\d_]{3}")  # of a line in capitals: "A + B = C" is a formula
MIN_BOLD_SHARE = 0.5  # of the letters are bold: then bold says nothing
MIN_STACK_HEIGHT = (
    3  # headings on end without text, of one kind: the lines of a label or an address
)

MIN_CONTENTS_ENTRIES = 4  # fewer repeated lines may be a summary
MIN_CONTENTS_SHARE = 0.6  # of the lines are headings further down
MAX_CONTENTS_WORDS = 20

SECTION_NUMBER = re.compile(r"(?:section\s+)?(\d{1,2}(?:\.\d{1,2}){0,5})\.?(?:\s+|$)(?=\D|$)", re.I)
CAPTION = re.compile(r"(?:table|figure|fig\.?|box|chart)\s+\d+(?:\.\d+)?[a-z]?\s*(\S)?", re.I)
DASH_RULES = re.compile(r"^[-_=.·•*~\s]{3,}|[-_=.·*~\s]{3,}$")  # lines of dashes beside a heading
_LEADER = re.compile(r"[\s.…·_]{2,}\d{1,3}$|\s+\d{1,3}$|[*†]+$")
_SENTENCE_END = re.compile(r"[.,;][\"”’')\]*]*$")
_MAX_COLON_WORDS = 8
_VALUE_AFTER_COLON = re.compile(r":\s+\S*\d")  # "Revised: 11/2022" says a thing and names none


@dataclass(frozen=True, slots=True)
class BodyType:
    """The type in which a document is set: the size of its text, and whether that is bold."""

    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Prominence:
    """How much a heading stands out."""

    size: float
    capitals: bool
    bold: bool
    italic: bool

    def exceeds(self, other: Prominence) -> bool:
        """Whether this stands out more than another; italic type stands out no less."""
        if is_different_size(self.size, other.size):
            return self.size > other.size
        return (self.capitals, self.bold) > (other.capitals, other.bold)

    def matches(self, other: Prominence) -> bool:
        """Whether two are of one kind."""
        same = not self.exceeds(other) and not other.exceeds(self)
        return same and self.italic == other.italic


@dataclass(slots=True)
class HeadingLevels:
    """The headings that are open, from the first level down."""

    _open: list[tuple[Prominence, int]] = field(default_factory=list)  # and the number's depth
    _kinds: list[Prominence] = field(default_factory=list)  # in the order of their coming

    def next_level(self, paragraph: PdfParagraph, text: str) -> int:
        """Return the level of the next heading."""
        number = SECTION_NUMBER.match(text)
        depth = number.group(1).count(".") + 1 if number else 0
        prominence = measure_prominence(paragraph, text)
        if not any(kind.matches(prominence) for kind in self._kinds):
            self._kinds.append(prominence)
        while self._open and not self._stands_under(prominence, depth):
            self._open.pop()
        self._open.append((prominence, depth))
        return len(self._open)

    def _stands_under(self, prominence: Prominence, depth: int) -> bool:
        above, above_depth = self._open[-1]
        if depth and above_depth:
            return depth > above_depth
        if prominence.matches(above):
            return not depth and above_depth > 1  # a heading without a number in a numbered part
        if above.exceeds(prominence) or prominence.exceeds(above):
            return above.exceeds(prominence)
        # Upright or italic is a matter of taste: what comes first in a document is the higher.
        return self._first(above) < self._first(prominence)

    def _first(self, prominence: Prominence) -> int:
        return next(at for at, kind in enumerate(self._kinds) if kind.matches(prominence))


def measure_body_type(words: Sequence[PdfWord]) -> BodyType:
    """Return the type of most of the text."""
    sizes: Counter[float] = Counter()
    bold = 0
    for word in words:
        sizes[word.size] += len(word.text)
        bold += len(word.text) * word.bold
    if not sizes:
        return BodyType(0.0, False)
    near = {
        size: sum(count for other, count in sizes.items() if not is_different_size(size, other))
        for size in sizes
    }
    return BodyType(
        max(sizes, key=lambda size: (near[size], sizes[size])),
        bold > MIN_BOLD_SHARE * sizes.total(),
    )


def measure_prominence(paragraph: PdfParagraph, text: str) -> Prominence:
    """Return how much a paragraph stands out."""
    return Prominence(paragraph.size, text.isupper(), paragraph.bold, paragraph.italic)


def could_be_heading(paragraph: PdfParagraph, text: str, usual: BodyType) -> bool:
    """Whether a paragraph has the shape of a heading, wherever it stands."""
    words = len(text.split())
    if (
        not any(map(str.isalpha, text))
        or is_bullet(paragraph.marker)
        or is_caption(paragraph, text)
    ):
        return False
    if _SENTENCE_END.search(text) and not SECTION_NUMBER.match(text):
        return False
    if (text.endswith(":") and words > _MAX_COLON_WORDS) or _VALUE_AFTER_COLON.search(text):
        return False
    if paragraph.size >= MIN_LARGE_RATIO * usual.size:
        return words <= MAX_LARGE_WORDS
    if paragraph.bold and not usual.bold:
        return words <= MAX_BOLD_WORDS
    named = sum(map(str.isalpha, text)) >= MIN_CAPITAL_LETTERS and NAME_LETTERS.search(text)
    return text.isupper() and words <= MAX_CAPITAL_WORDS and bool(named)


def is_caption(paragraph: PdfParagraph, text: str) -> bool:
    """Whether a paragraph names a table or a figure."""
    found = CAPTION.match(text)
    if not found or len(text.split()) > 2 * MAX_BOLD_WORDS:
        return False
    return paragraph.bold or (found.group(1) or ":") in ":.–—-"


def strip_dash_rules(text: str) -> str:
    """Return a heading without the lines of dashes beside it."""
    return DASH_RULES.sub("", text).strip() if len(DASH_RULES.sub("", text).strip()) > 1 else text


def find_headings(
    entries: Sequence[Entry], texts: Sequence[str], usual: BodyType, contents: set[int]
) -> set[int]:
    """Return the positions of the headings among the entries."""
    found = {
        position
        for position, entry in enumerate(entries)
        if position not in contents
        and isinstance(entry, PdfParagraph)
        and could_be_heading(entry, texts[position], usual)
    }
    found.discard(len(entries) - 1)  # nothing follows that it could be the heading of
    return found - _inside_stacks(entries, texts, found)


def _inside_stacks(entries: Sequence[Entry], texts: Sequence[str], headings: set[int]) -> set[int]:
    """Return the headings inside a stack of the same kind: only its first and last are headings."""
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
    """Return the positions of the lines of a list of contents: most of them come again below."""
    again: dict[int, int] = {}  # position -> where the same text comes next
    coming: dict[str, int] = {}
    for position in reversed(range(len(texts))):
        entry = _contents_key(texts[position])
        if entry in coming:
            again[position] = coming[entry]
        coming[entry] = position
    found: set[int] = set()
    run: list[int] = []
    end = len(entries)
    for position, each in enumerate(entries):
        short = (
            isinstance(each, PdfParagraph) and len(texts[position].split()) <= MAX_CONTENTS_WORDS
        )
        if position >= end or not short:
            found |= _contents_in_run(run, again)
            run, end = [], len(entries)
        if short:
            run.append(position)
            end = min(end, again.get(position, end))
    return found | _contents_in_run(run, again)


def _contents_in_run(run: Sequence[int], again: dict[int, int]) -> set[int]:
    repeated = [position for position in run if position in again]
    if len(repeated) < MIN_CONTENTS_ENTRIES:
        return set()
    inside = range(repeated[0], repeated[-1] + 1)
    targets = [again[position] for position in repeated]
    # Text stands between the headings that are named; two labels of one make have none between.
    apart = max(targets) - min(targets) > len(inside)
    return set(inside) if apart and len(repeated) >= MIN_CONTENTS_SHARE * len(inside) else set()


def _contents_key(text: str) -> str:
    """A line of contents as the heading that it names: without leaders, page and spacing."""
    return " ".join(_LEADER.sub("", text.casefold()).split())
