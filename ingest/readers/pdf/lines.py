"""Words with page positions, lines of words, and joining of hyphenated lines."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ingest.readers.common.inline_text import mark_text, strip_marks
from kb.model.article import MarkKind

# Shares of the word size.
MAX_RAISED_SIZE = 0.85  # share of the line's size; a footnote marker has about two thirds of it
RAISED_RANGE = (0.1, 0.8)  # vertical distance of a superscript or subscript from its line
MAX_RAISED_GAP = 0.3  # gap between a superscript and its word
MAX_TOUCHING_GAP = 0.12  # words closer than this are not separated by a space
ROW_HEIGHT = 16.0  # points; the base word is searched for in the same row and its two neighbours

BULLET = "•"
BULLETS = frozenset("•‣◦▪▫●○■□◆◇►▶➢➤✓✔∙❑❖➔◊♦❒⦁🞄🗸")
# Ambiguous: they start an item, or belong to text that continues on a new line.
DASHES = frozenset("·*-–—o")
ITEM_NUMBER = re.compile(r"\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]")
SECTION_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?")
SOFT_HYPHEN = "\u00ad"
# First parts of hyphenated compounds that are not separate words.
COMPOUND_PREFIXES = frozenset(
    ["anti", "co", "ex", "extra", "inter", "intra", "mid", "multi", "non", "post", "pre", "re"]
)

# First parts whose hyphen is never that of a line end: numbers, single letters and counts.
COMPOUND_START = re.compile(r"\d+|[^\W\d_]|once|twice|two|three|five|half", re.I)
# Combinations with a common name: "co-amoxiclav". "co-" and "agulation" are one word.
CO_DRUGS = re.compile(
    r"amil|amox|beneld|careld|codam|cyprind|danthr|dydram|fluamp|flumac|magald|pheno|prox"
    r"|simalc|tenid|triam|trimox|zidoc"
)

_TRAILING_MARKS = re.compile("[\ufdd8-\ufddc]*$")
_LEADING_MARKS = re.compile("(?:[\ufdd0-\ufdd3]|\ufdd4[^\ufddd]*\ufddd)*")
_LAST_PART = re.compile(r"(\w+)[-\u2010\u00ad]$")
_FIRST_PART = re.compile(r"^[a-zà-ÿ]\w*")
# "mg/" and "mL", the parts of an address, "5–" and "10"
_CONTINUED_TERM = re.compile(r"\w/$|https?://\S*/$|\d[–—]$")
_WORD = re.compile(r"\w+(?:-\w+)*")


@dataclass(slots=True)
class PdfWord:
    """Characters without a space. `y` is the baseline; coordinates and sizes are in points."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool = False
    italic: bool = False
    light: bool = False  # in a pale colour
    drawn: bool = False  # a bullet drawn as a shape
    starts_line: bool = False  # whether it starts a line in the file
    space_before: bool = False  # whether a space precedes it in the file
    rise: float = 0.0  # distance of a superscript above its line; negative for a subscript
    address: str = ""  # of the link that it belongs to
    char_starts: tuple[float, ...] = ()  # left edge of each character

    def split_at(self, at: float) -> tuple[PdfWord, PdfWord] | None:
        """Return the parts left and right of `at`, each of at least two characters, or None."""
        cut = sum(1 for start in self.char_starts if start < at)
        if len(self.char_starts) != len(self.text) or not 1 < cut < len(self.text) - 1:
            return None
        left = replace(self, text=self.text[:cut], x1=at, char_starts=self.char_starts[:cut])
        right = replace(self, text=self.text[cut:], x0=self.char_starts[cut], starts_line=False)
        return left, replace(right, char_starts=self.char_starts[cut:])

    @property
    def top(self) -> float:
        """Upper edge, by the height of capitals."""
        return self.y - 0.75 * self.size

    @property
    def bottom(self) -> float:
        """Lower edge, by the depth of descenders."""
        return self.y + 0.2 * self.size


@dataclass(slots=True)
class PdfLine:
    """Consecutive words on one line."""

    words: list[PdfWord]

    @property
    def text(self) -> str:
        """The line as text."""
        return join_words(self.words)

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(word.x1 for word in self.words)

    @property
    def y(self) -> float:
        """Baseline."""
        return self.words[0].y

    @property
    def size(self) -> float:
        """The most frequent character size."""
        sizes: dict[float, int] = {}
        for word in self.words:
            sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
        return max(sizes, key=lambda size: sizes[size])

    @property
    def top(self) -> float:
        """Upper edge."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return max(word.bottom for word in self.words)

    @property
    def bold(self) -> bool:
        """Whether all words with letters or digits are bold."""
        return _all_lettered(self.words, lambda word: word.bold)

    @property
    def italic(self) -> bool:
        """Whether all words with letters or digits are italic."""
        return _all_lettered(self.words, lambda word: word.italic)

    @property
    def is_marked(self) -> bool:
        """Whether it starts with a bullet or a number."""
        return is_marker(self.words[0].text)


def _all_lettered(words: Sequence[PdfWord], predicate: Callable[[PdfWord], bool]) -> bool:
    lettered = [word for word in words if any(map(str.isalnum, word.text))]
    return bool(lettered) and all(map(predicate, lettered))


def is_bullet(text: str) -> bool:
    """Return whether a word is a bullet."""
    return text in BULLETS


def is_unnumbered(marker: str) -> bool:
    """Return whether the marker of an item is a bullet or a dash. "*" may refer to a note."""
    return marker in BULLETS or (marker in DASHES and marker != "*")


def is_item_marker(text: str) -> bool:
    """Return whether a word is the bullet or number of a list item."""
    return text in BULLETS or text in DASHES or bool(ITEM_NUMBER.fullmatch(text))


def is_marker(text: str) -> bool:
    """Return whether a word is a bullet, or the number of an item or a section."""
    return is_item_marker(text) or bool(SECTION_NUMBER.fullmatch(text))


def attach_raised_marks(words: Sequence[PdfWord]) -> list[PdfWord]:
    """Move superscripts and subscripts onto the baseline of the word they belong to."""
    rows: dict[int, list[PdfWord]] = {}
    for word in words:
        rows.setdefault(int(word.y // ROW_HEIGHT), []).append(word)
    bases: dict[int, PdfWord] = {}
    for word in words:
        row = int(word.y // ROW_HEIGHT)
        neighbours = (
            group for row_number in (row - 1, row, row + 1) for group in rows.get(row_number, ())
        )
        base = next((base for base in neighbours if _is_raised_mark(word, base)), None)
        if base is not None:
            bases[id(word)] = base
    marks: dict[int, list[PdfWord]] = {}
    for word in words:
        base = bases.get(id(word))
        if base is not None and id(base) not in bases:
            marks.setdefault(id(base), []).append(word)
    attached_ids = {id(mark) for group in marks.values() for mark in group}
    ordered: list[PdfWord] = []
    for word in words:
        if id(word) not in attached_ids:
            ordered.extend(_insert_marks(word, marks.get(id(word), ())))
    return ordered


def _is_raised_mark(word: PdfWord, base: PdfWord) -> bool:
    """Return whether a word is a superscript or subscript of `base`.

    It is a small word to the upper or lower right, or the upper left, of `base`.
    """
    if word.size > MAX_RAISED_SIZE * base.size:
        return False
    low, high = RAISED_RANGE
    rise = (base.y - word.y) / base.size
    gap = MAX_RAISED_GAP * base.size
    is_right = abs(word.x0 - base.x1) <= gap and low <= abs(rise) <= high
    return is_right or (abs(base.x0 - word.x1) <= gap and low <= rise <= high)


def _insert_marks(base: PdfWord, marks: Sequence[PdfWord]) -> list[PdfWord]:
    words = sorted([base, *marks], key=lambda word: word.x0)
    starts_line = base.starts_line
    for word in words:
        if word is not base:
            word.rise, word.y = base.y - word.y, base.y
        word.starts_line = False
    words[0].starts_line = starts_line
    return words


def join_words(words: Sequence[PdfWord]) -> str:
    """Return the plain text of words on one line, with raised text separated."""
    return strip_marks(mark_words(words, emphasis=False))


def mark_words(words: Sequence[PdfWord], *, emphasis: bool = True) -> str:
    """Return words on one line as formatted text (`ingest.readers.common.inline_text`).

    Bold and italic text is marked if `emphasis`; links and raised and lowered text always are.
    """
    text = ""
    before: PdfWord | None = None
    for (rise, bold, italic, address), group in itertools.groupby(words, key=_word_style):
        part = ""
        for word in group:
            gap = _gap(before, word) if before else ""
            if before is words[0] and before.rise > 0 >= word.rise:
                gap = " "  # the mark of a note before its text
            if part:
                part += gap
            else:
                text += gap
            part += word.text
            before = word
        if rise:
            part = mark_text(MarkKind.SUPERSCRIPT if rise > 0 else MarkKind.SUBSCRIPT, part)
        if bold and emphasis:
            part = mark_text(MarkKind.STRONG, part)
        if italic and emphasis:
            part = mark_text(MarkKind.EMPHASIS, part)
        if address:
            part = mark_text(MarkKind.LINK, part, address)
        text += part
    return text


def _word_style(word: PdfWord) -> tuple[int, bool, bool, str]:
    rise = (word.rise > 0) - (word.rise < 0)
    return rise, word.bold and not word.drawn, word.italic, word.address


def _gap(before: PdfWord, word: PdfWord) -> str:
    """Return the space between two words, if any."""
    if not -1 <= (word.x0 - before.x1) / max(word.size, before.size) <= MAX_TOUCHING_GAP:
        return " "
    # An f or an italic letter extends over the space after it.
    return " " if word.space_before and not word.rise and not before.rise else ""


class Dehyphenator:
    """Document vocabulary that decides whether a hyphen at a line end belongs to the word."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._seen: Counter[str] = Counter()
        was_hyphenated = False
        for line in lines:
            # The parts of a hyphenated word are not evidence that they are words.
            text = _FIRST_PART.sub("", line, count=1) if was_hyphenated else line
            was_hyphenated = bool(_LAST_PART.search(line))
            self._seen.update(_WORD.findall(_LAST_PART.sub("", text).casefold()))

    def join(self, above: str, below: str) -> str:
        """Return two lines joined, with a word hyphenated between them restored.

        The lines may be formatted.
        """
        tail = _TRAILING_MARKS.search(above)
        head = _LEADING_MARKS.match(below)
        ends, starts = tail.group() if tail else "", head.group() if head else ""
        start = below[len(starts) :]
        joined = self._join(above[: len(above) - len(ends)], start)
        return joined[: len(joined) - len(start)] + ends + starts + start

    def _join(self, above: str, below: str) -> str:
        before, after = _LAST_PART.search(above), _FIRST_PART.match(below)
        if _CONTINUED_TERM.search(above) and below[:1].isalnum():
            return above + below
        if not before or not after:
            number = before and below[:1].isalnum()  # "COVID-" and "19", or a telephone number
            return above + ("" if number else " ") + below
        first, second = before.group(1), after.group()
        if above.endswith(SOFT_HYPHEN) or not self._is_compound(first, second):
            return above[:-1] + below
        return above + below

    def _is_compound(self, first: str, second: str) -> bool:
        """Return whether two parts of a word are joined by a hyphen of the word itself.

        The document decides: by the word without a hyphen, by the word with a hyphen, or by whether
        both parts are separate words, as in "follow-up" but not in "hydro-".
        """
        first, second = first.casefold(), second.casefold()
        if COMPOUND_START.fullmatch(first) or (first == "co" and CO_DRUGS.match(second)):
            return True
        if self._seen[first + second]:
            return False
        if self._seen[f"{first}-{second}"]:
            return True
        return bool(self._seen[second]) and (bool(self._seen[first]) or first in COMPOUND_PREFIXES)
