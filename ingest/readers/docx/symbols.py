"""Characters of symbol fonts in Word documents.

Word stores such a character as an element (``w:sym``), as a private character (F000 and above) or
as a plain letter; only the font shows that it is a symbol.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

from ingest.readers.common.symbol_fonts import (
    UNKNOWN_SYMBOL,
    is_symbol_font,
    map_symbols,
)

PRIVATE_CHARACTERS = re.compile("[\uf000-\uf0ff]")
MAX_CODE = 0x10FFFF


class DecodedText(NamedTuple):
    """A text to show, and the symbols in it that are unknown."""

    text: str
    unknown: tuple[str, ...] = ()


def find_symbol(font: str, code: str) -> DecodedText:
    """Return the character of a ``w:sym`` element; `code` is hexadecimal."""
    try:
        number = int(code, 16)
    except ValueError:
        return _unknown(font, code)
    if not 0 <= number <= MAX_CODE:
        return _unknown(font, code)
    if is_symbol_font(font):
        return _decode(chr(number), font)
    # private characters and surrogates are not printable
    return DecodedText(chr(number)) if chr(number).isprintable() else _unknown(font, code)


def decode_letters(text: str, ascii_font: str, other_font: str) -> DecodedText:
    """Return a text with the characters of symbol fonts replaced.

    ASCII letters are displayed in the first font, all others in the second.
    """
    is_plain = not is_symbol_font(ascii_font) and not is_symbol_font(other_font)
    if is_plain and not PRIVATE_CHARACTERS.search(text):
        return DecodedText(text)
    decoded = [
        _decode("".join(letters), font)
        for font, letters in groupby(text, lambda letter: _font_of(letter, ascii_font, other_font))
    ]
    return DecodedText(
        "".join(part.text for part in decoded),
        tuple(name for part in decoded for name in part.unknown),
    )


def _font_of(letter: str, ascii_font: str, other_font: str) -> str:
    if PRIVATE_CHARACTERS.match(letter):
        fonts = [font for font in (ascii_font, other_font) if is_symbol_font(font)]
        return (fonts or [ascii_font or other_font])[0]
    return ascii_font if letter.isascii() else other_font


def _decode(letters: str, font: str) -> DecodedText:
    if is_symbol_font(font):
        text, unknown = map_symbols(letters, font)
    else:
        text = PRIVATE_CHARACTERS.sub(UNKNOWN_SYMBOL, letters)
        unknown = "".join(PRIVATE_CHARACTERS.findall(letters))
    return DecodedText(text, tuple(_name(font, f"{ord(letter):04X}") for letter in unknown))


def _unknown(font: str, code: str) -> DecodedText:
    return DecodedText(UNKNOWN_SYMBOL, (_name(font, code),))


def _name(font: str, code: str) -> str:
    return f"char {code} in font {font}"
