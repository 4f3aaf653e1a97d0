"""No-break spaces inside amounts: a line never ends between a number and its unit."""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.search.results import Snippet
from kb.model.article import Mark, MarkKind

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
UNIT = (
    r"(?:(?:[kmcdµμunp]?g|mcg|[mcdµμun]?[lL]|mc[lL]|[mµμunp]?mol|micromol|mEq|mOsm|m?IU|m?U"
    r"|[kmcµμn]?m|[kM]?Hz|k?J|kcals?|m?W|k?Pa|mmHg|cmH2O|[kM]?Bq|m?Gy|m?Sv|bpm|Fr"
    r"|s|secs?|mins?|h|hrs?|wks?|yrs?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|times"
    r"|(?:micro|milli|kilo|nano)?gram(?:me)?s?|(?:micro|milli|deci)?lit(?:re|er)s?"
    r"|(?:micro|milli|nano)moles?|units?|tablets?|capsules?|drops?|puffs?|sprays?|sachets?|doses?)"
    r"(?![^\W\d_])|[%‰]|°[CF]?)"
)
AMOUNT_GAP = re.compile(
    rf"(?<=\d) (?={UNIT})"  # 5 mg
    r"|(?<=\d) (?=\d{3}(?!\d))"  # 10 000 units
    r"|(?<=[<>≤≥≈~±=×]) (?=[-−–+]?\.?\d)"  # ≥ 15, × 10
    r"|(?<=\d) (?=[×x] ?\d)|(?<=\d x) (?=\d)"  # 50 × 10, 2 x 5
)
UNIT_AFTER_NOTE = re.compile(f" {UNIT}")


def join_amounts(text: str, marks: Iterable[Mark] = ()) -> str:
    """Return a text of the same length with no-break spaces inside its amounts.

    A number is not parted from its unit or comparator, and no text from the superscript that is
    its note: 250 1 mg, where the 1 is raised.
    """
    joined = list(AMOUNT_GAP.sub(NO_BREAK_SPACE, text))
    for mark in marks:
        if mark.kind is not MarkKind.SUPERSCRIPT or not mark.start:
            continue
        before = text[: mark.start].rstrip(" ")
        if text[mark.start - 1] == " ":
            joined[mark.start - 1] = NO_BREAK_SPACE
        if before[-1:].isdigit() and UNIT_AFTER_NOTE.match(text, mark.end):
            joined[mark.end] = NO_BREAK_SPACE
    return "".join(joined)


def join_snippet_amounts(snippet: Snippet) -> Snippet:
    """Return a snippet with no-break spaces inside its amounts, highlighted or not."""
    return split_like(snippet, join_amounts("".join(text for text, _ in snippet)))


def split_like(snippet: Snippet, text: str) -> Snippet:
    """Return a changed text of a snippet, of the same length, in the parts of the snippet."""
    pieces: list[tuple[str, bool]] = []
    start = 0
    for part, matched in snippet:
        pieces.append((text[start : start + len(part)], matched))
        start += len(part)
    return tuple(pieces)
