"""Characters of symbol fonts, in which the letter "m" is displayed as "µ".

Word stores such a character as an element (``w:sym``), as a private character (F000 and above) or
as a plain letter; only the font shows that it is a symbol.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ingest.language.word_lists import DATA_FOLDER

PRIVATE_CHARACTERS = re.compile("[\uf000-\uf0ff]")
PRIVATE_BASE = 0xF000
UNKNOWN_SYMBOL = "[symbol]"  # shown in place of a character that cannot be identified

# Fonts with the characters of another font.
FONT_ALIASES = {
    "symbolmt": "symbol",
    "symbol mt": "symbol",
    "symbolps": "symbol",
    "euclid symbol": "symbol",
    "opensymbol": "symbol",
    "standard symbols l": "symbol",
    "standard symbols ps": "symbol",
    "wingdings-regular": "wingdings",
}
# Fonts of symbols whose characters are not known here.
OTHER_SYMBOL_FONTS = frozenset(
    [
        "bookshelf symbol 7",
        "euclid extra",
        "euclid math one",
        "euclid math two",
        "fontawesome",
        "itc zapf dingbats",
        "marlett",
        "monotype sorts",
        "mt extra",
        "ms reference specialty",
        "zapf dingbats",
        "zapfdingbats",
    ]
)


class DecodedText(NamedTuple):
    """A text to show, and the symbols in it that are unknown."""

    text: str
    unknown: tuple[str, ...] = ()


@cache
def _load_fonts() -> dict[str, dict[int, str]]:
    fonts: dict[str, dict[int, str]] = {}
    for line in (DATA_FOLDER / "symbol-fonts.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            font, code, character = line.split("\t")
            fonts.setdefault(font.casefold(), {})[int(code, 16)] = chr(int(character, 16))
    return fonts


def is_symbol_font(font: str) -> bool:
    """Return whether the plain letters of a font are displayed as symbols."""
    name = _font_name(font)
    return name in _load_fonts() or name in OTHER_SYMBOL_FONTS


def find_symbol(font: str, code: str) -> DecodedText:
    """Return the character of a ``w:sym`` element; `code` is hexadecimal."""
    try:
        number = int(code, 16)
    except ValueError:
        return _unknown(f"char {code} in font {font}")
    characters = _load_fonts().get(_font_name(font))
    if characters is not None:
        found = characters.get(number - PRIVATE_BASE if number >= PRIVATE_BASE else number)
    elif _font_name(font) not in OTHER_SYMBOL_FONTS and _is_plain_text(number):
        found = chr(number)
    else:
        found = None
    return DecodedText(found) if found else _unknown(f"char {code} in font {font}")


def _unknown(name: str) -> DecodedText:
    return DecodedText(UNKNOWN_SYMBOL, (name,))


def _is_plain_text(number: int) -> bool:
    """Return whether a number is a Unicode character that is neither private nor a surrogate."""
    return number < 0x110000 and chr(number).isprintable()


def decode_letters(text: str, ascii_font: str, other_font: str) -> DecodedText:
    """Return a text with the characters of symbol fonts replaced.

    ASCII letters are displayed in the first font, all others in the second.
    """
    is_plain = not is_symbol_font(ascii_font) and not is_symbol_font(other_font)
    if is_plain and not PRIVATE_CHARACTERS.search(text):
        return DecodedText(text, ())
    symbols = [_decode_letter(letter, ascii_font, other_font) for letter in text]
    return DecodedText(
        "".join(symbol.text for symbol in symbols),
        tuple(name for symbol in symbols for name in symbol.unknown),
    )


def _decode_letter(letter: str, ascii_font: str, other_font: str) -> DecodedText:
    if PRIVATE_CHARACTERS.match(letter):
        fonts = [font for font in (ascii_font, other_font) if is_symbol_font(font)]
        font = (fonts or [ascii_font or other_font])[0]
        return find_symbol(font, f"{ord(letter):04X}")
    font = ascii_font if letter.isascii() else other_font
    if letter.isspace() or not is_symbol_font(font):
        return DecodedText(letter)
    code = letter.encode("cp1252", "replace")[0] if letter != "?" else ord("?")
    if code == ord("?") and letter != "?":
        return DecodedText(letter)  # not a character of the font: Word displays it in another one
    characters = _load_fonts().get(_font_name(font), {})
    if code in characters:
        return DecodedText(characters[code])
    if 0x80 <= code < 0xA0 and _font_name(font) == "symbol":
        return DecodedText(letter)
    return _unknown(f"char {code:02X} in font {font}")


def _font_name(font: str) -> str:
    name = " ".join(font.split()).casefold()
    return FONT_ALIASES.get(name, name)
