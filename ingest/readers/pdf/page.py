"""Words and drawn lines of a PDF page, in upright coordinates: x to the right, y downwards.

A PDF only records the position of each character. Here characters become words with a size and a
weight; `ingest.readers.pdf.columns` finds the reading order. Characters are read from PDFium one at
a time, because PDFium joins the columns of a table into one line.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.readers.common.inline_text import remove_noncharacters
from ingest.readers.common.symbol_fonts import UNKNOWN_SYMBOL, find_symbols, map_symbols
from ingest.readers.pdf.deleted_text import find_strikes, split_deleted
from ingest.readers.pdf.drawings import Edge, read_drawings
from ingest.readers.pdf.drawn_signs import read_drawn_signs
from ingest.readers.pdf.lines import BULLET, PdfWord, attach_raised_marks
from ingest.readers.pdf.links import mark_links

MIN_BOLD_WEIGHT = 600  # on the scale of 100 to 900; 400 is regular and 700 is bold
BOLD_FONT_NAME = re.compile(r"bold|black|heavy|[-,]demi|semib", re.I)
ITALIC_FONT_NAME = re.compile(r"italic|oblique", re.I)
# Shares of the character size. A space is a quarter of it; gaps from kerning are always smaller. A
# letter may overlap the one before it, but not by more than half.
MIN_SPACE_WIDTH = 0.3
MAX_OVERLAP = 0.5
MAX_BASELINE_SHIFT = 0.05  # distance of baselines within a word; a superscript is a separate word

MIN_SLANT = 0.1  # tangent of the angle of slanted text
PALE = (160, 245)  # luminance of pale text; white text is on a coloured bar
MAX_OPAQUE = 128  # alpha below which text is translucent
MAX_SLANTED_GAP = 1.3  # distance of two slanted characters of a word, as a multiple of the size

MAX_COORDINATE = 100_000.0  # points
MAX_BULLET_DISTANCE = 30  # points between a drawn bullet and its text
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")  # used by symbol fonts for bullets
RIGHT_TO_LEFT = frozenset({"R", "AL"})  # bidirectional classes
LINE_END_HYPHENS = {0x02: "-", 0xFFFE: "-"}  # PDFium's codes for a hyphen at the end of a line
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
    """Content of a page.

    `sideways` is text at a right angle to the other text, in file order. `off_page` is text outside
    the page, which readers do not see. `deleted` is struck-out text. `slanted` is text at another
    angle, with its size. `right_to_left` is text in Arabic, Hebrew and similar scripts. Sizes are
    in points.
    """

    number: int
    width: float
    height: float
    words: list[PdfWord] = field(default_factory=list)
    sideways: list[PdfWord] = field(default_factory=list)
    off_page: list[PdfWord] = field(default_factory=list)
    deleted: list[PdfWord] = field(default_factory=list)
    slanted: list[tuple[str, float]] = field(default_factory=list)
    right_to_left: str = ""
    edges: list[Edge] = field(default_factory=list)
    images: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool
    italic: bool
    quarter_turns: int  # counter-clockwise
    slanted: bool = False
    light: bool = False
    symbol_font: str = ""


@dataclass(slots=True)
class _Char:
    text: str
    x0: float
    x1: float
    y: float
    style: _Style


_NO_STYLE = _Style(0, False, False, 0)
_SPACE = _Char(" ", 0, 0, 0, _NO_STYLE)  # inserted by PDFium in a gap
_TYPED_SPACE = _Char(" ", 0, 0, 0, _NO_STYLE)


def count_characters(document: pdfium.PdfDocument) -> int:
    """Return the number of characters on all pages, with those that PDFium inserts."""
    count = 0
    for index in range(len(document)):
        page = document[index]
        text = page.get_textpage()
        count += text.count_chars()
        text.close()
        page.close()
    return count


def read_page(page: pdfium.PdfPage, number: int, max_characters: int) -> PdfPage | None:
    """Read a page, or return None if it has more than `max_characters` characters.

    PDFium errors propagate.
    """
    text = page.get_textpage()
    if text.count_chars() > max_characters:
        return None
    chars = list(_read_chars(text))
    text.close()
    slanted = list(_slanted_texts(chars))
    chars = [char for char in chars if char is None or not char.style.slanted]
    right_to_left, chars = _split_right_to_left(chars)
    rotations = [char.style.quarter_turns for char in chars if char]
    main_rotation = max(set(rotations), key=rotations.count) if rotations else 0
    frame = PageFrame(page.get_bbox(), main_rotation)
    pdf_page = PdfPage(
        number,
        *frame.size,
        slanted=slanted,
        right_to_left=right_to_left,
        characters=sum(1 for char in chars if char not in (None, _SPACE)),
    )
    for word, word_rotation in _group_words(chars, frame):
        if word_rotation != main_rotation:
            pdf_page.sideways.append(word)
        elif frame.contains(word):
            pdf_page.words.append(word)
        else:
            pdf_page.off_page.append(word)
    drawings = read_drawings(page, frame.to_page)
    pdf_page.images = drawings.images
    strikes = find_strikes(page, pdf_page.words, drawings.edges, frame.to_page)
    pdf_page.words, pdf_page.deleted = split_deleted(pdf_page.words, strikes)
    drawn = {strike.edge for strike in strikes}
    edges = [edge for edge in drawings.edges if edge not in drawn]
    pdf_page.words, pdf_page.edges = read_drawn_signs(pdf_page.words, edges)
    pdf_page.words = mark_links(page, pdf_page.words, frame.to_page)
    pdf_page.words = attach_raised_marks(pdf_page.words)
    for x0, y0, x1, y1 in drawings.dots:
        _add_bullet(pdf_page.words, x0, x1, (y0 + y1) / 2)
    return pdf_page


@dataclass(frozen=True, slots=True)
class PageFrame:
    """Page boundaries in file coordinates, and the rotation of the page's text."""

    edges: tuple[float, float, float, float]  # left, bottom, right, top
    quarter_turns: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page with upright text."""
        left, bottom, right, top = self.edges
        width, height = right - left, top - bottom
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def to_page(self, x: float, y: float) -> tuple[float, float]:
        """Convert a point from file coordinates to upright page coordinates."""
        left, bottom, right, top = self.edges
        if self.quarter_turns == 1:
            return y - bottom, x - left
        if self.quarter_turns == 2:
            return right - x, y - bottom
        if self.quarter_turns == 3:
            return top - y, right - x
        return x - left, top - y

    def contains(self, word: PdfWord) -> bool:
        """Return whether a word is on the page."""
        width, height = self.size
        return word.x1 >= 0 and word.x0 <= width and word.y >= 0 and word.top <= height


def _read_chars(text: pdfium.PdfTextPage) -> Iterator[_Char | None]:
    """Yield the characters in file order, spaces as " ", and None at the end of a line.

    The style is looked up once per word, and when the height or position changes within a word.
    Looking it up for each character would take most of the time, because some applications write
    every character separately.
    """
    x, y = ctypes.c_double(), ctypes.c_double()
    box = raw.FS_RECTF()
    fonts: dict[int, tuple[bool, bool, str]] = {}
    style, style_position = _NO_STYLE, (0.0, 0.0)
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        if code in (10, 13):
            style = _NO_STYLE
            yield None
            continue
        character = LINE_END_HYPHENS.get(code) or (chr(code) if 0 < code < 0x110000 else "")
        if not remove_noncharacters(character).strip():
            style = _NO_STYLE
            yield _SPACE if raw.FPDFText_IsGenerated(text, index) == 1 else _TYPED_SPACE
            continue
        raw.FPDFText_GetCharOrigin(text, index, x, y)
        raw.FPDFText_GetLooseCharBox(text, index, box)
        origin = (_clamp(x.value), _clamp(y.value))
        position = (origin[1], box.top - box.bottom)
        if style is _NO_STYLE or position != style_position:
            style, style_position = _read_style(text, index, fonts), position
        character = _displayed(LIGATURES.get(character, character), style.symbol_font)
        if style.quarter_turns:
            yield _rotated_char(character, origin, box, style)
        else:
            yield _Char(character, _clamp(box.left), _clamp(box.right), -origin[1], style)
        if code in LINE_END_HYPHENS:
            style = _NO_STYLE
            yield None


def _displayed(character: str, symbol_font: str) -> str:
    """Return a character as its font displays it.

    PDFium decodes some fonts by the names of their characters; the result is in the font already.
    """
    if not symbol_font or character in (find_symbols(symbol_font) or {}).values():
        return character
    mapped, unknown = map_symbols(character, symbol_font)
    return character if unknown and PRIVATE_USE.match(character) else mapped


def _slanted_texts(chars: Sequence[_Char | None]) -> Iterator[tuple[str, float]]:
    """Yield the slanted texts of a page with their size.

    Each character is on its own baseline, so only their order in the file is known.
    """
    text, gap, before = "", "", _SPACE
    for char in chars:
        if char is _TYPED_SPACE:
            gap = " "
        if char is None or not char.style.slanted:
            continue
        if text and char.style != before.style:
            yield text, before.style.size
            text = ""
        if math.hypot(char.x0 - before.x0, char.y - before.y) > MAX_SLANTED_GAP * char.style.size:
            gap = " "
        text += (gap if text else "") + char.text
        gap, before = "", char
    if text:
        yield text, before.style.size


def _split_right_to_left(chars: list[_Char | None]) -> tuple[str, list[_Char | None]]:
    """Return the text of the lines in a right-to-left script, and the other characters.

    The order of the words in such a line depends on their direction. A line that mixes directions
    would be shuffled, so the whole line is left out.
    """
    removed: list[str] = []
    kept: list[_Char | None] = []
    lines = itertools.groupby(chars, key=lambda char: char is None)
    for is_break, group in lines:
        line = list(group)
        texts = [char.text for char in line if char is not None]
        if is_break or not any(
            unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for text in texts for letter in text
        ):
            kept.extend(line)
        else:
            removed.append("".join(texts))
    return "\n".join(removed), kept


def _clamp(coordinate: float) -> float:
    """Return the coordinate, or `-MAX_COORDINATE` if it is out of range or NaN."""
    return coordinate if abs(coordinate) < MAX_COORDINATE else -MAX_COORDINATE


def _rotated_char(
    character: str, origin: tuple[float, float], box: raw.FS_RECTF, style: _Style
) -> _Char:
    """Return a rotated character in coordinates in which its line is horizontal."""
    frame = PageFrame((0, 0, 0, 0), style.quarter_turns)
    _, y = frame.to_page(*origin)
    left, bottom, right, top = map(_clamp, (box.left, box.bottom, box.right, box.top))
    corners = (frame.to_page(left, bottom), frame.to_page(right, top))
    x0, x1 = sorted(corner[0] for corner in corners)
    return _Char(character, x0, x1, y, style)


def _read_style(
    text: pdfium.PdfTextPage, index: int, fonts: dict[int, tuple[bool, bool, str]]
) -> _Style:
    item = raw.FPDFText_GetTextObject(text, index)
    if not item:  # a character inserted by PDFium
        return _NO_STYLE
    size, matrix = ctypes.c_float(), raw.FS_MATRIX()
    raw.FPDFTextObj_GetFontSize(item, size)
    raw.FPDFText_GetMatrix(text, index, matrix)
    scale = (_clamp(matrix.c) ** 2 + _clamp(matrix.d) ** 2) ** 0.5 or 1.0
    if abs(matrix.a) >= abs(matrix.b):
        rotation = 0 if matrix.a >= 0 else 2
    else:
        rotation = 1 if matrix.b > 0 else 3
    font = raw.FPDFTextObj_GetFont(item)
    address = ctypes.cast(font, ctypes.c_void_p).value or 0
    if address not in fonts:
        fonts[address] = _font_style(font)
    bold, italic, symbol_font = fonts[address]
    low, high = sorted((abs(_clamp(matrix.a)), abs(_clamp(matrix.b))))
    outlined = raw.FPDFTextObj_GetTextRenderMode(item) == raw.FPDF_TEXTRENDERMODE_FILL_STROKE
    return _Style(
        round(abs(_clamp(size.value)) * scale, 1),
        bold or outlined,
        italic,
        rotation,
        low > MIN_SLANT * high,
        _is_light(item),
        symbol_font,
    )


def _is_light(item: object) -> bool:
    """Return whether a text is translucent or in a pale colour."""
    parts = [ctypes.c_uint() for _ in range(4)]
    if not raw.FPDFPageObj_GetFillColor(item, *parts):
        return False
    red, green, blue, alpha = (part.value for part in parts)
    low, high = PALE
    return alpha < MAX_OPAQUE or low <= 0.3 * red + 0.59 * green + 0.11 * blue <= high


def _font_style(font: object) -> tuple[bool, bool, str]:
    """Return whether a font is bold and whether it is italic, mainly by its name.

    The name of a symbol font follows, or an empty string.
    """
    name = ctypes.create_string_buffer(128)
    raw.FPDFFont_GetBaseFontName(font, name, 128)
    family = name.value.decode("utf-8", "replace")
    bold = BOLD_FONT_NAME.search(family) or raw.FPDFFont_GetWeight(font) >= MIN_BOLD_WEIGHT
    base_name = family.partition(",")[0].rpartition("+")[2]
    symbol_font = base_name if find_symbols(base_name) is not None else ""
    return bool(bold), bool(ITALIC_FONT_NAME.search(family)), symbol_font


def _group_words(chars: list[_Char | None], frame: PageFrame) -> Iterator[tuple[PdfWord, int]]:
    """Yield words with their rotation, in file order."""
    word: list[_Char] = []
    starts_line, space_before = True, False
    for char in [*chars, None]:
        if word and (char is None or char.text == " " or not _continues_word(word, char)):
            rotation = word[0].style.quarter_turns
            pdf_word = _make_word(word, replace(frame, quarter_turns=rotation), starts_line)
            pdf_word.space_before = space_before
            yield pdf_word, rotation
            starts_line, space_before = char is None, False
            word = []
        elif char is None:
            starts_line = True
        space_before = space_before or (char is not None and char.text == " ")
        if char is not None and char.text != " ":
            word.append(char)


def _continues_word(word: list[_Char], char: _Char) -> bool:
    """Return whether a character belongs to a word by its position."""
    last, size = word[-1], max(word[-1].style.size, char.style.size)
    return (
        char.style.quarter_turns == last.style.quarter_turns
        and abs(char.y - last.y) <= MAX_BASELINE_SHIFT * size
        and -MAX_OVERLAP * size <= char.x0 - last.x1 < MIN_SPACE_WIDTH * size
    )


def _make_word(chars: list[_Char], frame: PageFrame, starts_line: bool) -> PdfWord:
    size = max(char.style.size for char in chars)
    # Character positions are relative to the file's origin; add the offset of the page corner.
    dx, dy = frame.to_page(0, 0)
    text = "".join(char.text for char in chars)
    if len(text) == 1:
        text = PRIVATE_USE.sub(BULLET, text)
    else:
        text = PRIVATE_USE.sub(UNKNOWN_SYMBOL, text)
    return PdfWord(
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        min(char.x0 for char in chars) + dx,
        max(char.x1 for char in chars) + dx,
        chars[0].y + dy,
        size,
        2 * sum(char.style.bold for char in chars) > len(chars),
        2 * sum(char.style.italic for char in chars) > len(chars),
        light=2 * sum(char.style.light for char in chars) > len(chars),
        starts_line=starts_line,
        char_starts=tuple(char.x0 + dx for char in chars),
    )


def _add_bullet(words: list[PdfWord], x0: float, x1: float, y: float) -> None:
    """Add a bullet before the word to the right of a drawn dot."""
    candidates = [
        word
        for word in words
        if word.top - 1 <= y <= word.bottom and 0 <= word.x0 - x1 <= MAX_BULLET_DISTANCE
    ]
    if candidates:
        first = min(candidates, key=lambda word: word.x0)
        if not first.drawn:
            words.append(PdfWord(BULLET, x0, x1, first.y, first.size, drawn=True))
