"""Notes below a table: "* If CrCl is below 30", "Note: ...", "CrCl = creatinine clearance"."""

from __future__ import annotations

import re

NOTE_SIGNS = frozenset("*†‡§¶‖#")
_SIGNS = "".join(sorted(NOTE_SIGNS))
_SIGNED = re.compile(rf"[{_SIGNS}]+ ?\w|[{_SIGNS}]+ ?[<>≤≥(]")
_LABELLED = re.compile(
    r"(?:foot)?notes?\s*(?:[:.–—]|$)|(?:abbreviations|key|legend)\s*(?::|$)", re.I
)
_ABBREVIATION = re.compile(r"([^\W\d_][\w/+–-]{0,14}) ?= ?[^\W\d_]{2}")


def is_signed_note(text: str) -> bool:
    """Return whether a text starts with a sign that refers to a note, such as "*" or "†"."""
    return bool(_SIGNED.match(text))


def defined_abbreviation(text: str) -> str:
    """Return the abbreviation that a text explains ("CrCl = creatinine clearance"), or ""."""
    match = _ABBREVIATION.match(text)
    return match.group(1) if match else ""


def is_table_note(text: str) -> bool:
    """Return whether a text below a table has the form of a note, by its plain text.

    Notes that start with a raised letter or digit are recognised by their formatting.
    """
    return bool(is_signed_note(text) or defined_abbreviation(text) or _LABELLED.match(text))
