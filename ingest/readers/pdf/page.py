"""A page of a PDF as words and drawn lines, in upright coordinates: x to the right, y downwards.

A PDF says where each character stands and nothing more. Here characters become words with a size
and a weight; `ingest.readers.pdf.columns` finds the order in which they are read. The characters
come from PDFium, one at a time, because its own lines run across the columns of a table.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.readers.pdf.drawings import Edge, read_drawings
from ingest.readers.pdf.lines import BULLET, PdfWord, attach_raised_marks

MIN_BOLD_WEIGHT = 600  # of 100 to 900, where 400 is regular and 700 is bold
BOLD_FONT_NAME = re.compile(r"bold|black|heavy|[-,]demi|semib", re.I)
ITALIC_FONT_NAME = re.compile(r"italic|oblique", re.I)
# Shares of the size of a character: the space between words is a quarter of it, and a kerned
# letter never leaves so much; a letter may reach back under the one before, but not further.
MIN_SPACE_WIDTH = 0.3
MAX_OVERLAP = 0.5
MAX_BASELINE_SHIFT = 0.05  # between the baselines in a word; a raised part is a word of its own

MAX_COORDINATE = 100_000.0  # points
MAX_BULLET_DISTANCE = 30  # points between a bullet that is drawn as a shape and its text
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")  # where fonts of symbols keep their bullets
LINE_END_HYPHENS = {0x02: "-", 0xFFFE: "-"}  # how PDFium marks a hyphen at the end of a line
LIGATURES = {
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
}


@dataclass(slots=True)
class PdfPage:
    """What stands on a page. `sideways` is text at a right angle to the rest, in the file's order.

    `outside` is text beyond the edges of the page, which no reader sees.
    """

    number: int
    width: float
    height: float
    words: list[PdfWord] = field(default_factory=list)
    sideways: list[PdfWord] = field(default_factory=list)
    off_page: list[PdfWord] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    images: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool
    italic: bool
    quarter_turns: int  # quarter turns to the left


@dataclass(slots=True)
class _Char:
    text: str
    x0: float
    x1: float
    y: float
    style: _Style


_NO_STYLE = _Style(0, False, False, 0)
_SPACE = _Char(" ", 0, 0, 0, _NO_STYLE)


def read_page(page: pdfium.PdfPage, number: int, most: int) -> PdfPage | None:
    """Read one page, or return None when it has more than `most` characters.

    PDFium's own errors pass.
    """
    text = page.get_textpage()
    if text.count_chars() > most:
        return None
    chars = list(_read_chars(text))
    text.close()
    turns = [char.style.quarter_turns for char in chars if char]
    turn = max(set(turns), key=turns.count) if turns else 0
    frame = PageFrame(page.get_bbox(), turn)
    found = PdfPage(
        number, *frame.size, characters=sum(1 for char in chars if char not in (None, _SPACE))
    )
    for word, word_turn in _group_words(chars, frame):
        if word_turn != turn:
            found.sideways.append(word)
        elif frame.contains(word):
            found.words.append(word)
        else:
            found.off_page.append(word)
    found.words = attach_raised_marks(found.words)
    shapes = read_drawings(page, frame.to_page)
    found.edges, found.images = shapes.edges, shapes.images
    for x0, y0, x1, y1 in shapes.dots:
        _add_bullet(found.words, x0, x1, (y0 + y1) / 2)
    return found


@dataclass(frozen=True, slots=True)
class PageFrame:
    """The edges of a page in the file's coordinates, and how far its text is turned."""

    edges: tuple[float, float, float, float]  # left, bottom, right, top
    quarter_turns: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page when its text is upright."""
        left, bottom, right, top = self.edges
        width, height = right - left, top - bottom
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def to_page(self, x: float, y: float) -> tuple[float, float]:
        """Turn a point of the file into one of the upright page."""
        left, bottom, right, top = self.edges
        if self.quarter_turns == 1:
            return y - bottom, x - left
        if self.quarter_turns == 2:
            return right - x, y - bottom
        if self.quarter_turns == 3:
            return top - y, right - x
        return x - left, top - y

    def contains(self, word: PdfWord) -> bool:
        """Whether a word stands on the page."""
        width, height = self.size
        return word.x1 >= 0 and word.x0 <= width and word.y >= 0 and word.top <= height


def _read_chars(text: pdfium.PdfTextPage) -> Iterator[_Char | None]:
    """Yield the characters in the file's order, spaces as " ", and None where a line ends.

    A style is looked up for each word, and where the height or the place changes within one: asking
    for every character would take most of the time, as some programs write each by itself.
    """
    x, y = ctypes.c_double(), ctypes.c_double()
    box = raw.FS_RECTF()
    fonts: dict[int, tuple[bool, bool]] = {}
    style, like = _NO_STYLE, (0.0, 0.0)
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        if code in (10, 13):
            style = _NO_STYLE
            yield None
            continue
        character = LINE_END_HYPHENS.get(code) or (chr(code) if 0 < code < 0x110000 else "")
        if not character.strip():
            style = _NO_STYLE
            yield _SPACE
            continue
        raw.FPDFText_GetCharOrigin(text, index, x, y)
        raw.FPDFText_GetLooseCharBox(text, index, box)
        at = (_clamp(x.value), _clamp(y.value))
        here = (at[1], box.top - box.bottom)
        if style is _NO_STYLE or here != like:
            style, like = _read_style(text, index, fonts), here
        character = LIGATURES.get(character, character)
        if style.quarter_turns:
            yield _rotated_char(character, at, box, style)
        else:
            yield _Char(character, _clamp(box.left), _clamp(box.right), -at[1], style)
        if code in LINE_END_HYPHENS:
            style = _NO_STYLE
            yield None


def _clamp(place: float) -> float:
    """Return a coordinate, or one far off the page for what is no number or beyond all paper."""
    return place if abs(place) < MAX_COORDINATE else -MAX_COORDINATE


def _rotated_char(
    character: str, origin: tuple[float, float], box: raw.FS_RECTF, style: _Style
) -> _Char:
    """Return a character in coordinates that are upright for it: its line runs along x."""
    frame = PageFrame((0, 0, 0, 0), style.quarter_turns)
    _, y = frame.to_page(*origin)
    left, bottom, right, top = map(_clamp, (box.left, box.bottom, box.right, box.top))
    corners = (frame.to_page(left, bottom), frame.to_page(right, top))
    x0, x1 = sorted(corner[0] for corner in corners)
    return _Char(character, x0, x1, y, style)


def _read_style(
    text: pdfium.PdfTextPage, index: int, fonts: dict[int, tuple[bool, bool]]
) -> _Style:
    item = raw.FPDFText_GetTextObject(text, index)
    if not item:  # a character that PDFium put in
        return _NO_STYLE
    size, matrix = ctypes.c_float(), raw.FS_MATRIX()
    raw.FPDFTextObj_GetFontSize(item, size)
    raw.FPDFText_GetMatrix(text, index, matrix)
    scale = (_clamp(matrix.c) ** 2 + _clamp(matrix.d) ** 2) ** 0.5 or 1.0
    if abs(matrix.a) >= abs(matrix.b):
        turn = 0 if matrix.a >= 0 else 2
    else:
        turn = 1 if matrix.b > 0 else 3
    font = raw.FPDFTextObj_GetFont(item)
    address = ctypes.cast(font, ctypes.c_void_p).value or 0
    if address not in fonts:
        fonts[address] = _font_style(font)
    bold, italic = fonts[address]
    outlined = raw.FPDFTextObj_GetTextRenderMode(item) == raw.FPDF_TEXTRENDERMODE_FILL_STROKE
    return _Style(round(abs(_clamp(size.value)) * scale, 1), bold or outlined, italic, turn)


def _font_style(font: object) -> tuple[bool, bool]:
    """Whether a font is bold and whether it is italic; by its name, which says most."""
    name = ctypes.create_string_buffer(128)
    raw.FPDFFont_GetBaseFontName(font, name, 128)
    family = name.value.decode("utf-8", "replace")
    bold = BOLD_FONT_NAME.search(family) or raw.FPDFFont_GetWeight(font) >= MIN_BOLD_WEIGHT
    return bool(bold), bool(ITALIC_FONT_NAME.search(family))


def _group_words(chars: list[_Char | None], frame: PageFrame) -> Iterator[tuple[PdfWord, int]]:
    """Yield words with their turn, in the file's order."""
    word: list[_Char] = []
    new_line, spaced = True, False
    for char in [*chars, None]:
        if word and (char is None or char.text == " " or not _continues_word(word, char)):
            turn = word[0].style.quarter_turns
            found = _make_word(word, replace(frame, quarter_turns=turn), new_line)
            found.space_before = spaced
            yield found, turn
            new_line, spaced = char is None, False
            word = []
        elif char is None:
            new_line = True
        spaced = spaced or char is _SPACE
        if char is not None and char.text != " ":
            word.append(char)


def _continues_word(word: list[_Char], char: _Char) -> bool:
    """Whether a character belongs to a word by where it stands."""
    last, size = word[-1], max(word[-1].style.size, char.style.size)
    return (
        char.style.quarter_turns == last.style.quarter_turns
        and abs(char.y - last.y) <= MAX_BASELINE_SHIFT * size
        and -MAX_OVERLAP * size <= char.x0 - last.x1 < MIN_SPACE_WIDTH * size
    )


def _make_word(chars: list[_Char], frame: PageFrame, new_line: bool) -> PdfWord:
    size = max(char.style.size for char in chars)
    # The characters are placed about the file's origin; the page's corner is what they lack.
    dx, dy = frame.to_page(0, 0)
    text = "".join(char.text for char in chars)
    if len(text) == 1:
        text = PRIVATE_USE.sub(BULLET, text)
    return PdfWord(
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        min(char.x0 for char in chars) + dx,
        max(char.x1 for char in chars) + dx,
        chars[0].y + dy,
        size,
        2 * sum(char.style.bold for char in chars) > len(chars),
        2 * sum(char.style.italic for char in chars) > len(chars),
        starts_line=new_line,
        char_starts=tuple(char.x0 + dx for char in chars),
    )


def _add_bullet(words: list[PdfWord], x0: float, x1: float, y: float) -> None:
    """Add a bullet before the word to the right of a dot that is drawn and not written."""
    beside = [
        word
        for word in words
        if word.top - 1 <= y <= word.bottom and 0 <= word.x0 - x1 <= MAX_BULLET_DISTANCE
    ]
    if beside:
        first = min(beside, key=lambda word: word.x0)
        if not first.drawn:
            words.append(PdfWord(BULLET, x0, x1, first.y, first.size, drawn=True))
