"""Characters of symbol fonts, in which a letter is displayed as another character.

"m" in the font Symbol is displayed as "µ". The characters of each font are data
(``ingest/data/symbol-fonts.tsv``). Word stores them also as U+F000 and above.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from ingest.language.word_lists import DATA_FOLDER

UNKNOWN_SYMBOL = "\ufffd"  # shown in place of a character without a mapping
PRIVATE_USE = 0xF000
# Fonts with the characters of another font.
_ALIASES = {
    "symbolmt": "symbol",
    "symbolps": "symbol",
    "euclidsymbol": "symbol",
    "opensymbol": "symbol",
    "standardsymbolsl": "symbol",
    "standardsymbolsps": "symbol",
    "wingdingsregular": "wingdings",
}
# Fonts of symbols without a mapping.
_UNMAPPED = frozenset(
    [
        "bookshelfsymbol7",
        "euclidextra",
        "euclidmathone",
        "euclidmathtwo",
        "itczapfdingbats",
        "marlett",
        "monotypesorts",
        "mtextra",
        "msreferencespecialty",
        "zapfdingbats",
    ]
)
_NAME = re.compile(r"[\s\"'_-]+")


@cache
def _load_fonts() -> dict[str, dict[int, str]]:
    fonts: dict[str, dict[int, str]] = {name: {} for name in _UNMAPPED}
    for line in (DATA_FOLDER / "symbol-fonts.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            font, code, character = line.split("\t")
            fonts.setdefault(_font_name(font), {})[int(code, 16)] = chr(int(character, 16))
    return fonts


def _font_name(font: str) -> str:
    name = _NAME.sub("", font).casefold()
    return _ALIASES.get(name, name)


def find_symbols(font: str) -> Mapping[int, str] | None:
    """Return the characters of a symbol font by code, or None for a font of letters.

    The result is empty for a symbol font whose characters are not known.
    """
    return _load_fonts().get(_font_name(font))


def is_symbol_font(font: str) -> bool:
    """Return whether a font displays letters as other characters."""
    return find_symbols(font) is not None


def map_symbols(text: str, font: str) -> tuple[str, str]:
    """Return a text in a symbol font as it is displayed, and the characters without a mapping.

    Characters without a mapping are replaced by `UNKNOWN_SYMBOL`. Characters that the font does not
    contain, which are displayed in another font, are left unchanged.
    """
    symbols = find_symbols(font) or {}
    mapped: list[str] = []
    unknown: list[str] = []
    for character in text:
        code = _symbol_code(character)
        if code is None or character.isspace():
            mapped.append(character)
        elif code in symbols:
            mapped.append(symbols[code])
        else:
            mapped.append(UNKNOWN_SYMBOL)
            unknown.append(character)
    return "".join(mapped), "".join(unknown)


def _symbol_code(character: str) -> int | None:
    """Return the code of a character in a symbol font, or None if the font cannot contain it.

    The codes from 80 to 9F are those of Windows-1252: "€" is stored for 80.
    """
    code = ord(character)
    if PRIVATE_USE <= code <= PRIVATE_USE + 0xFF:
        return code - PRIVATE_USE
    if code <= 0xFF:
        return code
    try:
        return character.encode("cp1252")[0]
    except UnicodeEncodeError:
        return None
