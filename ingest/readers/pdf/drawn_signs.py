"""Signs that a PDF page draws with a line: ≥ as an underlined >, and fractions with a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.readers.common.formulas import parenthesize
from ingest.readers.pdf.drawings import Edge
from ingest.readers.pdf.lines import PdfWord

UNDERLINED_SIGNS = {"<": "≤", ">": "≥", "+": "±"}
# Shares of the type size. The underline of a phrase is longer than that of a sign.
UNDERLINE_RANGE = (-0.05, 0.35)  # vertical distance of an underline below the baseline
MAX_SIGN_OVERHANG = 0.45  # the space after the sign may be underlined as well
MIN_COVERED_SHARE = 0.7  # of the width of a sign

# A fraction bar is close to both parts, and the text next to it is level with the bar.
MAX_GAP_ABOVE = 0.5  # from the baseline of the upper part to the bar
MAX_GAP_BELOW = 1.2  # from the bar to the baseline of the lower part
MAX_BAR_OVERHANG = 0.6
MAX_NEIGHBOUR_GAP = 1.2
NEIGHBOUR_RANGE = (0.1, 0.6)  # distance of the baseline of the text below the bar
MAX_BAR_LENGTH = 250.0  # points
MAX_BARS = 100  # per page; a page with more short lines is a drawing


def read_drawn_signs(
    words: Sequence[PdfWord], edges: Sequence[Edge]
) -> tuple[list[PdfWord], list[Edge]]:
    """Return the words with drawn signs as characters, and the lines that draw no sign."""
    words, edges = _read_underlined_signs(words, edges)
    bars = [
        edge
        for edge in edges
        if edge.horizontal and not edge.white and edge.high - edge.low <= MAX_BAR_LENGTH
    ]
    used: set[Edge] = set()
    for bar in bars if len(bars) <= MAX_BARS else ():
        fraction = _build_fraction(words, bar, edges)
        if fraction:
            words = fraction
            used.add(bar)
    return words, [edge for edge in edges if edge not in used]


def _read_underlined_signs(
    words: Sequence[PdfWord], edges: Sequence[Edge]
) -> tuple[list[PdfWord], list[Edge]]:
    """Return the words with underlined signs replaced, and the other lines.

    The line may also be an underscore, typed over the sign.
    """
    read = list(words)
    places = [at for at, word in enumerate(words) if UNDERLINED_SIGNS.keys() & set(word.text)]
    if not places:
        return read, list(edges)
    typed = [
        (at, Edge(True, word.y, word.x0, word.x1))
        for at, word in enumerate(words)
        if word.text == "_"
    ]
    underscores = {at for at, line in typed if _replace_sign(read, places, line)}
    others = [
        edge
        for edge in edges
        if not edge.horizontal or edge.white or not _replace_sign(read, places, edge)
    ]
    return [word for at, word in enumerate(read) if at not in underscores], others


def _replace_sign(words: list[PdfWord], places: Sequence[int], edge: Edge) -> bool:
    """Replace the sign above a line, and return whether the line underlines only a sign.

    A thin rectangle has two lines, and both belong to the sign.
    """
    low, high = UNDERLINE_RANGE
    for place in places:
        word = words[place]
        is_below = low * word.size <= edge.position - word.y <= high * word.size
        if not is_below or len(word.char_starts) != len(word.text):
            continue
        reach = MAX_SIGN_OVERHANG * word.size
        ends = [*word.char_starts[1:], word.x1]
        for at, (start, end) in enumerate(zip(word.char_starts, ends, strict=True)):
            sign = UNDERLINED_SIGNS.get(word.text[at], word.text[at])
            if (
                sign in UNDERLINED_SIGNS.values()
                and min(end, edge.high) - max(start, edge.low) >= MIN_COVERED_SHARE * (end - start)
                and edge.low >= start - reach / 2
                and edge.high <= end + reach
            ):
                words[place] = replace(word, text=word.text[:at] + sign + word.text[at + 1 :])
                return True
    return False


def _build_fraction(words: list[PdfWord], bar: Edge, edges: Sequence[Edge]) -> list[PdfWord] | None:
    """Return the words with the fraction over and under a bar on one line, or None."""
    upper = [word for word in words if _is_over(word, bar) and word.y <= bar.position]
    lower = [word for word in words if _is_over(word, bar) and word.y > bar.position]
    if not upper or not lower or len({round(word.y) for word in (*upper, *lower)}) != 2:
        return None
    size = max(word.size for word in (*upper, *lower))
    x0, x1 = min(w.x0 for w in (*upper, *lower)), max(w.x1 for w in (*upper, *lower))
    if bar.high - bar.low > x1 - x0 + 2 * MAX_BAR_OVERHANG * size:
        return None
    if any(
        not edge.horizontal
        and bar.low - 1 <= edge.position <= bar.high + 1
        and edge.low - 1 <= bar.position <= edge.high + 1
        for edge in edges
    ):
        return None  # a line of a table
    base = _find_neighbour(words, bar)
    if base is None or any(_extends(word, upper) or _extends(word, lower) for word in words):
        return None
    parts = _set_on_line(upper, lower, bar, base)
    first = min(words.index(word) for word in (*upper, *lower))
    rest = [word for word in words if word not in upper and word not in lower]
    position = sum(1 for word in words[:first] if word in rest)
    return [*rest[:position], *parts, *rest[position:]]


def _is_over(word: PdfWord, bar: Edge) -> bool:
    """Return whether a word is directly above or below a bar, and no longer than it."""
    distance = bar.position - word.y
    return (
        bar.low - 0.2 * word.size <= word.x0
        and word.x1 <= bar.high + 0.2 * word.size
        and -MAX_GAP_BELOW * word.size <= distance <= MAX_GAP_ABOVE * word.size
    )


def _extends(word: PdfWord, part: Sequence[PdfWord]) -> bool:
    """Return whether a word continues a part beyond the bar."""
    is_level = abs(word.y - part[0].y) <= 0.1 * word.size and word not in part
    return is_level and any(
        max(word.x0 - each.x1, each.x0 - word.x1) <= MAX_BAR_OVERHANG * word.size for each in part
    )


def _find_neighbour(words: Sequence[PdfWord], bar: Edge) -> PdfWord | None:
    """Return the word left or right of a bar that is level with it."""
    low, high = NEIGHBOUR_RANGE
    for word in words:
        gap = max(bar.low - word.x1, word.x0 - bar.high)
        if (
            -0.2 * word.size <= gap <= MAX_NEIGHBOUR_GAP * word.size
            and low * word.size <= word.y - bar.position <= high * word.size
        ):
            return word
    return None


def _set_on_line(
    upper: Sequence[PdfWord], lower: Sequence[PdfWord], bar: Edge, base: PdfWord
) -> list[PdfWord]:
    """Return the words of a fraction on the line of `base`, such as 1 / 2 or (140 - age) / weight.

    A fraction of two numbers is raised and lowered, so that it does not join with a number.
    """
    texts = [" ".join(word.text for word in part) for part in (upper, lower)]
    is_numeric = all(text.isdigit() for text in texts)
    width = (bar.high - bar.low) / 3
    slash = replace(base, text="/", x0=bar.low + width, x1=bar.low + 2 * width, char_starts=())
    slash = replace(slash, starts_line=False, space_before=False)
    rise = 0.3 * base.size if is_numeric else 0.0
    numerator = replace(upper[0], text=parenthesize(texts[0]), x0=bar.low, x1=slash.x0, rise=rise)
    denominator = replace(lower[0], text=parenthesize(texts[1]), x0=slash.x1, x1=bar.high)
    denominator = replace(denominator, rise=-rise, starts_line=False, space_before=False)
    return [
        replace(part, y=base.y, size=base.size, char_starts=())
        for part in (numerator, slash, denominator)
    ]
