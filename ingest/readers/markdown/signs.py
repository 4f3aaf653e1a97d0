"""Signs that look like list markers: "+ 5 mg if low" and "- 5 mg if high".

A plus sign before a number is text unless another item of its list begins with one and no number.
A hyphen is a bullet, but it is a minus sign next to such plus signs, after an unfinished sentence
and after another list marker. Where a minus sign may be meant, the list causes a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.language.unfinished_lines import ends_unfinished
from ingest.readers.markdown.code_blocks import find_code_lines
from kb.model.excerpt import shorten

_AMOUNT = r"[ \t]+(?:[.£$€]?\d|[½¼¾⅓⅔⅛])"
_LINE = re.compile(r"(?P<quote>(?: {0,3}>)*)(?P<indent>[ \t]*)(?P<text>.*)")
_ITEM = re.compile(r"(?:[-+*•▪◦●‣·]|\d{1,9}[.)])[ \t]+(?=\S)")
_SIGNED = re.compile(rf"[-+](?={_AMOUNT})")
_BLOCK = re.compile(r"#{1,6}\s|\||<")
# Words of an introduction to changes, and items that often are negative.
_CHANGE = re.compile(
    r"\b(?:by|minus|chang\w+|adjust\w*|correct\w*|differen\w+|deviat\w+|excess|deficit|balance"
    r"|scores?|offset|reduc\w+|decreas\w+|lower\w*|falls?|drops?|freez\w+|temperatures?|lens\w*"
    r"|refract\w+)\b",
    re.I,
)
_NEGATIVE = re.compile(r"-[ \t]+[\d.]+\s?(?:°\s?[CF]|SD|D|dioptres?)\b")
INDENTED_CODE = 4  # columns
MAX_EXAMPLES = 3
MAX_EXAMPLE_LENGTH = 40  # characters


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without its quotation marks and indentation."""

    quote: str
    indent: str
    text: str

    @property
    def place(self) -> tuple[int, int]:
        """Depth of the quotation, and columns of the indentation in pairs."""
        return self.quote.count(">"), len(self.indent.expandtabs(4)) // 2

    def escape(self, marker: str, position: int = 0) -> str:
        """Return the line with a list marker, and with the sign at a position escaped."""
        text = f"{self.text[:position]}\\{self.text[position:]}"
        return f"{self.quote}{self.indent}{marker}{text}"


def escape_signs(text: str, warnings: list[str]) -> str:
    """Return Markdown with signs before numbers escaped where they are not list markers."""
    source = text.split("\n")
    lines = [_Line(**found.groupdict()) for found in map(_LINE.fullmatch, source) if found]
    ambiguous: list[str] = []
    for items in _iter_lists(lines, find_code_lines(source)):
        ambiguous.extend(_escape_list(source, lines, items))
    if ambiguous:
        quoted = ", ".join(
            f'"{shorten(item, MAX_EXAMPLE_LENGTH)}"' for item in ambiguous[:MAX_EXAMPLES]
        )
        warnings.append(
            f"The hyphen of list items was read as a bullet: {quoted}. "
            "Check whether a minus sign is meant."
        )
    return "\n".join(source)


def _iter_lists(lines: Sequence[_Line], is_code: Sequence[bool]) -> Iterator[list[int]]:
    """Yield the numbers of the lines on which the items of each list begin."""
    open_lists: list[list[int]] = []
    for number, line in enumerate(lines):
        if not line.text.strip():
            continue
        above = lines[number - 1].text.strip() if number else ""
        is_lazy = bool(above) and not _BLOCK.match(line.text) and not is_code[number]
        is_item = _ITEM.match(line.text) is not None
        while open_lists:
            place = lines[open_lists[-1][0]].place
            if line.place > place or (line.place == place and is_item):
                break
            if not is_item and is_lazy and line.place[0] == place[0]:
                break
            yield open_lists.pop()
        is_text = not open_lists and len(line.indent.expandtabs(4)) >= INDENTED_CODE
        if is_item and not is_code[number] and not is_text:
            if open_lists and lines[open_lists[-1][0]].place == line.place:
                open_lists[-1].append(number)
            else:
                open_lists.append([number])
    yield from reversed(open_lists)


def _escape_list(source: list[str], lines: Sequence[_Line], items: Sequence[int]) -> list[str]:
    """Escape the signs of a list, and return the first item if its sign may be a minus sign."""
    above = _text_above(lines, items[0])
    if _continues_sentence(lines, items, above):
        source[items[0]] = lines[items[0]].escape("")
        items = items[1:]
    signed = [number for number in items if _SIGNED.match(lines[number].text)]
    others = sorted({*items}.difference(signed))
    for number in others:
        marker = _ITEM.match(lines[number].text)
        if marker and _SIGNED.match(lines[number].text, marker.end()):
            source[number] = lines[number].escape("", marker.end())
    bullets = {lines[number].text[0] for number in others}
    plus = [n for n in signed if lines[n].text[0] == "+" and "+" not in bullets]
    minus = [n for n in signed if lines[n].text[0] == "-"]
    is_minus_meant = bool(plus) and "-" not in bullets
    for number in (*plus, *(minus if is_minus_meant else ())):
        source[number] = lines[number].escape("- " if len(items) > 1 else "")
    if is_minus_meant or not minus or len(minus) < len(items):
        return []
    is_ambiguous = _CHANGE.search(above) or all(_NEGATIVE.match(lines[n].text) for n in minus)
    return [lines[minus[0]].text] if is_ambiguous else []


def _continues_sentence(lines: Sequence[_Line], items: Sequence[int], above: str) -> bool:
    """Return whether the hyphen of the first item is the sign of a number that ends a sentence."""
    first = items[0]
    is_alone = len(items) == 1 or (lines[first - 1].text.strip() and items[1] > first + 1)
    is_minus = lines[first].text[0] == "-" and _SIGNED.match(lines[first].text)
    return bool(is_alone and is_minus and ends_unfinished(above))


def _text_above(lines: Sequence[_Line], number: int) -> str:
    """Return the last text above a line."""
    while number and not lines[number - 1].text.strip():
        number -= 1
    return lines[number - 1].text.strip() if number else ""
