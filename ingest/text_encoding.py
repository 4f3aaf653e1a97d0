r"""Decoding of bytes into normalised text without invisible characters.

Invisible characters silently break search ("war\u200bfarin" is not found), and bidirectional
controls display text in another order than it is stored, which may alter a dose. Both are removed
and counted. Formats with character escapes (``&#8203;``, ``\u200b``) normalise their text again
after parsing.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from kb.errors import SourceError, SourceProblem

BYTE_ORDER_MARKS = (  # longest first, because the mark of UTF-32 starts with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
FALLBACK_ENCODING = "windows-1252"  # the usual encoding of older Western word processors
ENCODING_DECLARATION = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w-]{2,40})""", re.I
)
DECLARATION_BYTES = 4096  # HTML requires it in the first 1024; pages with long comments exceed that

# A UTF-8 file with one invalid byte must not be read as Windows-1252, which would garble every dash
# and quote. The file counts as damaged UTF-8 if it has at least this many valid multi-byte
# characters per invalid byte.
MIN_VALID_PER_INVALID = 3

INVISIBLE_CHARACTERS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d"  # controls
    "\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff"  # soft hyphen, zero width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls
    "\ud800-\udfff\ufff9-\ufffb\ufffe\uffff]"  # surrogates, annotation marks, non-characters
)
# C1 controls in a text are Windows-1252 that was decoded as Latin-1 (WHATWG Encoding Standard).
C1_CONTROLS = re.compile("[\x80-\x9f]")
C1_CHARACTERS = {
    code: bytes([code]).decode(FALLBACK_ENCODING)
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # undefined
}
# U+0085 is the ellipsis of Windows-1252, but the line end of mainframes in a text without others.
NEXT_LINE = "\x85"
# UTF-8 that was decoded as Windows-1252 or Latin-1: "Âµ", "Ã©", "Î¼", "â‰¥", "â€™", "ï»¿".
MOJIBAKE = re.compile(
    "\u00c2[\u00a0-\u00bf]|\u00c3[\u0080-\u00bf\u0152-\u2122]|[\u00cb\u00ce\u00cf][\u0080-\u00bf\u0152-\u2122]"
    "|[\u00e2\u00ef][\u0080-\u2122][\u0080-\u2122]|\u00e2\u20ac|\u00f0\u0178"
)
MAX_EXAMPLES = 3
REPLACEMENT = "\ufffd"
LINE_ENDS = re.compile("[\r\x0b\x0c\u2028\u2029](?:(?<=\r)\n)?")


@dataclass(slots=True)
class TextNormalizer:
    """Normalises text, and counts removed invisible characters and garbled ones."""

    removed: Counter[str] = field(default_factory=Counter)
    garbled: Counter[str] = field(default_factory=Counter)

    def normalize(self, text: str) -> str:
        r"""Return `text` in NFC with ``\n`` line ends and without invisible characters."""
        has_controls = not text.isprintable()  # the fastest test for the characters below
        if has_controls:
            text = LINE_ENDS.sub("\n", text)
            if text.count(NEXT_LINE) > 1 and "\n" not in text:
                text = text.replace(NEXT_LINE, "\n")
            if C1_CONTROLS.search(text):
                text = text.translate(C1_CHARACTERS)
        if not text.isascii():
            self.garbled.update(MOJIBAKE.findall(text))
            self.garbled.update(REPLACEMENT * (REPLACEMENT in text))
        found = INVISIBLE_CHARACTERS.findall(text) if has_controls else ()
        if found:
            self.removed.update(found)
            text = INVISIBLE_CHARACTERS.sub("", text)
        return unicodedata.normalize("NFC", text)

    def warnings(self) -> list[str]:
        """Return the warnings about garbled and about removed characters, if any."""
        warnings = []
        if self.garbled:
            examples = ", ".join(map(_describe_garbled, sorted(self.garbled)[:MAX_EXAMPLES]))
            warnings.append(
                f"The text has characters of a wrong encoding, such as {examples}. "
                "Correct the source before you publish it."
            )
        if self.removed:
            kinds = ", ".join(
                f"{_describe_character(character)} x{count}"
                for character, count in sorted(self.removed.items())
            )
            number = sum(self.removed.values())
            subject = "invisible character was" if number == 1 else "invisible characters were"
            warnings.append(f"{number} {subject} removed: {kinds}.")
        return warnings


def decode(data: bytes, source: str, location: str, warnings: list[str]) -> str:
    """Return the text of `data`.

    Tries the byte order mark, UTF-8, the declared encoding and Windows-1252, in this order. Appends
    to `warnings` if the encoding was guessed or bytes are invalid. Raises `SourceError` if the data
    is not text.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_strict(data[len(mark) :], encoding, source, location)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    declared = _declared_encoding(data, warnings)
    if declared:
        return _decode_strict(data, declared, source, location)
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - broken
    if good >= MIN_VALID_PER_INVALID * broken:
        warnings.append(
            f"The file is UTF-8 with {broken} invalid bytes, the first in line {line}. "
            "Each was replaced by \ufffd."
        )
        return text
    warnings.append(
        f"The file is not UTF-8 (line {line}) and declares no encoding. "
        "It was read as Windows-1252."
    )
    return _decode_strict(data, FALLBACK_ENCODING, source, location)


def _declared_encoding(data: bytes, warnings: list[str]) -> str:
    found = ENCODING_DECLARATION.search(data[:DECLARATION_BYTES])
    if not found:
        return ""
    name = found.group(1).decode("ascii")
    try:
        encoding = codecs.lookup(name).name
    except LookupError:
        warnings.append(f'The file declares an unknown encoding, "{name}".')
        return ""
    if encoding == "utf-8":  # already tried, so the declaration is wrong
        return ""
    # Browsers decode Latin-1 as Windows-1252, and pages rely on that.
    return FALLBACK_ENCODING if encoding in ("iso8859-1", "ascii") else encoding


def _decode_strict(data: bytes, encoding: str, source: str, location: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise SourceError(
            source,
            f"is not valid {encoding} text ({error}).",
            "Save it as UTF-8.",
            location,
            code=SourceProblem.ENCODING,
        ) from error


def _describe_garbled(text: str) -> str:
    """Return a garbled text in quotation marks, with the text that may be meant, if it is certain.

    Text that was decoded as Windows-1252 has the bytes of the original, so the reverse is exact.
    """
    shown = f'"{INVISIBLE_CHARACTERS.sub("", text)}"'
    try:
        meant = b"".join(map(_encode_character, text)).decode()
    except UnicodeError:  # a byte was lost
        return shown
    # A letter that begins mojibake itself was encoded wrongly twice.
    is_readable = meant.isprintable() and not MOJIBAKE.search(meant + "\u00a0\u00a0")
    return f'{shown} (may be "{meant}")' if is_readable else shown


def _encode_character(character: str) -> bytes:
    return character.encode(FALLBACK_ENCODING if character > "\xff" else "latin-1")


def _describe_character(character: str) -> str:
    name = unicodedata.name(character, "control character").lower()
    return f"{name} (U+{ord(character):04X})"
