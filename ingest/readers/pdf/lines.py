"""Words as they stand on a page, and how they become lines of text and paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

# Shares of the size of a word.
MAX_RAISED_SIZE = 0.85  # of the size of its line: a footnote's mark is some two thirds of it
RAISED_RANGE = (0.1, 0.8)  # the heights at which a mark stands above or below its line
MAX_RAISED_GAP = 0.3  # between a mark and the word that it belongs to
MAX_TOUCHING_GAP = 0.12  # words nearer than this have no space between them
ROW_HEIGHT = 16.0  # points: a mark's word is looked for in its own row and the two around it

BULLET = "•"
BULLETS = frozenset("•‣◦▪▫●○■□◆◇►▶➢➤✓✔∙")
# These begin an item as well, or stand in a text that goes on in a new line.
DASHES = frozenset("·*-–—o")
ITEM_NUMBER = re.compile(r"\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]")
SECTION_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?")
SOFT_HYPHEN = "\u00ad"
# First parts of compounds that are no words by themselves.
COMPOUND_PREFIXES = frozenset(
    ["anti", "co", "ex", "extra", "inter", "intra", "mid", "multi", "non", "post", "pre", "re"]
)

_POWER = re.compile(r"[-−–+]?\d+")
# What takes a raised number as part of itself: m2, cm3, kg/h-1, and a symbol of one letter.
_UNIT = re.compile(r"(?:^|[^A-Za-z])(?:[A-Za-z]|[cmkdµ]m|in|ft)$")
_LAST_PART = re.compile(r"(\w+)[-\u2010\u00ad]$")
_FIRST_PART = re.compile(r"^[a-zà-ÿ]\w*")
_WORD = re.compile(r"\w+(?:-\w+)*")


@dataclass(slots=True)
class PdfWord:
    """Characters without a space; `y` is the baseline of their line, and x goes to the right."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool = False
    italic: bool = False
    drawn: bool = False  # a bullet that is a shape and no character
    starts_line: bool = False  # whether the source begins a line with it
    space_before: bool = False  # whether the source has a space before it
    rise: float = 0.0  # of a mark: how far it stands above its line, or below
    char_starts: tuple[float, ...] = ()  # where each of its characters begins

    def split_at(self, at: float) -> tuple[PdfWord, PdfWord] | None:
        """Return the parts left and right of a place, of two characters at least, or None."""
        cut = sum(1 for start in self.char_starts if start < at)
        if len(self.char_starts) != len(self.text) or not 1 < cut < len(self.text) - 1:
            return None
        left = replace(self, text=self.text[:cut], x1=at, char_starts=self.char_starts[:cut])
        right = replace(self, text=self.text[cut:], x0=self.char_starts[cut], starts_line=False)
        return left, replace(right, char_starts=self.char_starts[cut:])

    @property
    def top(self) -> float:
        """The upper edge, by the height of capitals."""
        return self.y - 0.75 * self.size

    @property
    def bottom(self) -> float:
        """The lower edge, by the depth of a g."""
        return self.y + 0.2 * self.size


@dataclass(slots=True)
class PdfLine:
    """Words that are read on end, on one height."""

    words: list[PdfWord]

    @property
    def text(self) -> str:
        """The line as text."""
        return join_words(self.words)

    @property
    def x0(self) -> float:
        """Where it begins."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Where it ends."""
        return max(word.x1 for word in self.words)

    @property
    def y(self) -> float:
        """Its baseline."""
        return self.words[0].y

    @property
    def size(self) -> float:
        """The size that most of its characters have."""
        sizes: dict[float, int] = {}
        for word in self.words:
            sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
        return max(sizes, key=lambda size: sizes[size])

    @property
    def top(self) -> float:
        """The upper edge."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return max(word.bottom for word in self.words)

    @property
    def bold(self) -> bool:
        """Whether all of it is bold, marks and bullets aside."""
        return _all_lettered(self.words, lambda word: word.bold)

    @property
    def italic(self) -> bool:
        """Whether all of it is italic."""
        return _all_lettered(self.words, lambda word: word.italic)

    @property
    def is_marked(self) -> bool:
        """Whether it begins with a bullet or a number."""
        return is_marker(self.words[0].text)


def _all_lettered(words: Sequence[PdfWord], true_of: Callable[[PdfWord], bool]) -> bool:
    lettered = [word for word in words if any(map(str.isalnum, word.text))]
    return bool(lettered) and all(map(true_of, lettered))


def is_bullet(text: str) -> bool:
    """Whether a word is nothing but the bullet of an item."""
    return text in BULLETS


def is_item_marker(text: str) -> bool:
    """Whether a word is the bullet or the number of an item."""
    return text in BULLETS or text in DASHES or bool(ITEM_NUMBER.fullmatch(text))


def is_marker(text: str) -> bool:
    """Whether a word is a bullet or a number, of an item or of a section."""
    return is_item_marker(text) or bool(SECTION_NUMBER.fullmatch(text))


def attach_raised_marks(words: Sequence[PdfWord]) -> list[PdfWord]:
    """Set small words that stand above or below a line on it, next to the word they belong to."""
    rows: dict[int, list[PdfWord]] = {}
    for word in words:
        rows.setdefault(int(word.y // ROW_HEIGHT), []).append(word)
    bases: dict[int, PdfWord] = {}
    for word in words:
        row = int(word.y // ROW_HEIGHT)
        near = (each for at in (row - 1, row, row + 1) for each in rows.get(at, ()))
        base = next((base for base in near if _is_raised_mark(word, base)), None)
        if base is not None:
            bases[id(word)] = base
    marks: dict[int, list[PdfWord]] = {}
    for word in words:
        base = bases.get(id(word))
        if base is not None and id(base) not in bases:
            marks.setdefault(id(base), []).append(word)
    placed = {id(mark) for each in marks.values() for mark in each}
    ordered: list[PdfWord] = []
    for word in words:
        if id(word) not in placed:
            ordered.extend(_insert_marks(word, marks.get(id(word), ())))
    return ordered


def _is_raised_mark(word: PdfWord, base: PdfWord) -> bool:
    """Whether a word is a small one at the upper or lower right, or upper left, of another."""
    if word.size > MAX_RAISED_SIZE * base.size:
        return False
    low, high = RAISED_RANGE
    rise = (base.y - word.y) / base.size
    gap = MAX_RAISED_GAP * base.size
    right = abs(word.x0 - base.x1) <= gap and low <= abs(rise) <= high
    return right or (abs(base.x0 - word.x1) <= gap and low <= rise <= high)


def _insert_marks(base: PdfWord, marks: Sequence[PdfWord]) -> list[PdfWord]:
    around = sorted([base, *marks], key=lambda word: word.x0)
    begins = base.starts_line
    for word in around:
        if word is not base:
            word.rise, word.y = base.y - word.y, base.y
        word.starts_line = False
    around[0].starts_line = begins
    return around


def join_words(words: Sequence[PdfWord]) -> str:
    """Return the text of words that stand on one line.

    Raised parts are set apart: 10⁹ is not 109, and 500 mg⁴ has nothing to do with mg4.
    """
    text = ""
    before: PdfWord | None = None
    for word in words:
        text += (_separator(before, word, text) if before else "") + word.text
        before = word
    return text


def _separator(before: PdfWord, word: PdfWord, text: str) -> str:
    if not -1 <= (word.x0 - before.x1) / max(word.size, before.size) <= MAX_TOUCHING_GAP:
        return " "
    if word.space_before and not word.rise and not before.rise:
        return " "  # an f or a slanted letter reaches over the space behind it
    if not text[-1:].isalnum():
        return ""
    if word.rise > 0 and _POWER.fullmatch(word.text):
        return "" if _UNIT.search(text) else "^"
    letters = word.text[:1].isalnum() and (word.rise > 0) != (before.rise > 0)
    return " " if letters else ""


class Dehyphenator:
    """The words of a document, which tell whether a hyphen at the end of a line is its own."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._seen: Counter[str] = Counter()
        parted = False
        for line in lines:
            # The two parts of a parted word prove nothing about it.
            text = _FIRST_PART.sub("", line, count=1) if parted else line
            parted = bool(_LAST_PART.search(line))
            self._seen.update(_WORD.findall(_LAST_PART.sub("", text).casefold()))

    def join(self, above: str, below: str) -> str:
        """Return two lines as one, with the word that was parted between them whole again."""
        before, after = _LAST_PART.search(above), _FIRST_PART.match(below)
        if not before or not after:
            number = before and below[:1].isalnum()  # "COVID-" and "19", a number of a telephone
            return above + ("" if number else " ") + below
        first, second = before.group(1), after.group()
        if above.endswith(SOFT_HYPHEN) or not self._is_compound(first, second):
            return above[:-1] + below
        return above + below

    def _is_compound(self, first: str, second: str) -> bool:
        """Whether two parts of a word have a hyphen of their own.

        The document decides: by the word written whole, by the word with a hyphen, and else by
        whether both parts are words by themselves, as "follow" and "up" are, and "hydro" is not.
        """
        first, second = first.casefold(), second.casefold()
        if self._seen[first + second]:
            return False
        if self._seen[f"{first}-{second}"]:
            return True
        return bool(self._seen[second]) and (bool(self._seen[first]) or first in COMPOUND_PREFIXES)
