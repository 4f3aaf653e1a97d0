"""Characters of symbol fonts, in which a letter is displayed as another character.

"m" in the font Symbol is displayed as "µ". Symbol follows Adobe's Symbol encoding. The other tables
contain the characters of documents (boxes, ticks, arrows, bullets) as the Unicode Standard maps
Microsoft's Wingdings and Webdings. Word stores the same characters as U+F000 and above.
"""

from __future__ import annotations

import re

_ASCII = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾"
    "αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}∼"
)
_UPPER = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"
    "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\0〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)
_SYMBOL = {
    **{0x20 + position: character for position, character in enumerate(_ASCII)},
    **{0xA0 + position: character for position, character in enumerate(_UPPER)},
}
_SYMBOL.pop(0xF0)

_WINGDINGS = {
    0x20: " ", 0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x3F: "✍", 0x41: "✌",
    0x43: "👍", 0x44: "👎", 0x45: "☜", 0x46: "☞", 0x47: "☝", 0x48: "☟", 0x49: "✋", 0x4A: "☺",
    0x4B: "😐", 0x4C: "☹", 0x4D: "💣", 0x4E: "☠", 0x52: "☼", 0x53: "💧", 0x54: "❄", 0x6C: "●",
    0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x70: "◻", 0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "⧫",
    0x75: "◆", 0x76: "❖", 0x77: "⬥", 0x78: "⌧", 0x7A: "⌘", 0x80: "⓪", 0x81: "①", 0x82: "②",
    0x83: "③", 0x84: "④", 0x85: "⑤", 0x86: "⑥", 0x87: "⑦", 0x88: "⑧", 0x89: "⑨", 0x8A: "⑩",
    0x9E: "·", 0x9F: "•", 0xA1: "○", 0xA4: "◉", 0xA5: "◎", 0xA7: "▪", 0xA8: "◻", 0xAB: "★",
    0xB1: "⌖", 0xC3: "⬉", 0xC4: "⬈", 0xD5: "⌫", 0xD6: "⌦", 0xD7: "⮘", 0xD8: "➢", 0xD9: "⮙",
    0xDA: "⮛", 0xDC: "➲", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE3: "↖", 0xE4: "↗",
    0xE5: "↙", 0xE6: "↘", 0xE8: "➔", 0xE7: "🡄", 0xE9: "🡅", 0xEA: "🡇", 0xEF: "⇦", 0xF0: "⇨",
    0xF1: "⇧", 0xF2: "⇩", 0xF3: "⬄", 0xF4: "⇳", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {
    0x20: " ", 0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x56: "⦸",
    0x97: "●", 0x98: "⬤", 0x9E: "⊙", 0xA0: "■", 0xA2: "□", 0xA3: "□", 0xAE: "◆", 0xAF: "◇",
}  # fmt: skip
_WINGDINGS_3 = {
    0x20: " ", 0x22: "→", 0x21: "←", 0x23: "↑", 0x24: "↓", 0x64: "↔", 0x70: "▲", 0x71: "▼",
    0x72: "△", 0x73: "▽", 0x74: "◀", 0x75: "▶", 0x76: "◁", 0x77: "▷", 0x7D: "▶", 0x84: "◀",
}  # fmt: skip
_WEBDINGS = {0x20: " ", 0x61: "✔", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "✖", 0x78: "🚫"}
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings2": _WINGDINGS_2,
    "wingdings3": _WINGDINGS_3,
    "webdings": _WEBDINGS,
}
_PRIVATE_USE = 0xF000
_NAME = re.compile(r"[\s\"'_-]+")


def is_symbol_font(font: str) -> bool:
    """Return whether a font displays letters as other characters."""
    return _NAME.sub("", font).casefold() in _FONTS


def map_symbols(text: str, font: str) -> tuple[str, str]:
    """Return a text in a symbol font as it is displayed, and the characters without a mapping.

    Characters without a mapping are replaced by U+FFFD. Characters that the font does not contain,
    which are displayed in another font, are left unchanged.
    """
    table = _FONTS[_NAME.sub("", font).casefold()]
    mapped: list[str] = []
    unknown: list[str] = []
    for character in text:
        code = ord(character)
        code -= _PRIVATE_USE if _PRIVATE_USE <= code <= _PRIVATE_USE + 0xFF else 0
        if code > 0xFF or character.isspace():
            mapped.append(character)
        elif code in table:
            mapped.append(table[code])
        else:
            mapped.append("\ufffd")
            unknown.append(character)
    return "".join(mapped), "".join(unknown)
