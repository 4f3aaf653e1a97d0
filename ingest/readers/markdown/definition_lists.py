"""Definition lists ("Term" above ": definition"), which CommonMark does not know.

They are rewritten as bullet lists in the form of `ingest.readers.common.definition_list`. Lines are
never added or removed, so that line numbers stay correct.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.readers.markdown.code_blocks import find_code_lines

_DEFINITION = re.compile(r" {0,3}:[ \t]+(?=\S)(?!:)")
# A line that begins a block or belongs to a table is not a term, nor is the paragraph of a list.
_NO_TERM = re.compile(
    r"\s*(?:#{1,6}\s|[|:]|[<>](?!\s*=?\s*\d)|[-*+]\s|\d{1,9}[.)]\s|[-=*_]{3}|`{3}|~{3})"
    r"|\s{4}|\t|.*\s\|\s"
)
_SIGN = re.compile(r"^[-+](?=\s+\d)")
_SENTENCE_END = re.compile(r"[.,;!?:]$")
MAX_TERM_LENGTH = 100  # characters
# "*" is the rarest bullet, so that the list does not join with another one next to it.
BULLET = "* "


def rewrite_definition_lists(text: str) -> str:
    """Return Markdown with definition lists as bullet lists."""
    lines = text.split("\n")
    if not any(line.lstrip().startswith(":") for line in lines):
        return text
    is_code = find_code_lines(lines)
    end = 0  # of the definitions above
    for number in range(len(lines)):
        if number < end or is_code[number] or not _DEFINITION.match(lines[number]):
            continue
        terms = _find_terms(lines, number, end)
        if terms:
            end = _find_end(lines, is_code, number)
            _rewrite(lines, terms, range(number, end))
    return "\n".join(lines)


def _find_terms(lines: Sequence[str], number: int, end_above: int) -> range:
    """Return the lines of the terms above a definition: the lines of a short paragraph."""
    last = number - 1
    if last > 0 and not lines[last].strip():
        last -= 1
    first = last
    while first > end_above and lines[first - 1].strip() and not _NO_TERM.match(lines[first - 1]):
        first -= 1
    terms = range(max(first, 0), last + 1)
    are_terms = all(
        lines[index].strip()
        and not _NO_TERM.match(lines[index])
        and len(lines[index]) <= MAX_TERM_LENGTH
        and (len(terms) == 1 or not _SENTENCE_END.search(lines[index].rstrip()))
        for index in terms
    )
    return terms if last >= end_above and are_terms else range(0)


def _find_end(lines: Sequence[str], is_code: Sequence[bool], number: int) -> int:
    """Return the number of the line after the definitions that begin at a line."""
    end = number + 1
    while end < len(lines):
        line = lines[end]
        below = lines[end + 1] if end + 1 < len(lines) else ""
        if not line.strip():
            is_more = _DEFINITION.match(below) or below.startswith(("  ", "\t"))
        elif line.startswith(("  ", "\t")) or _DEFINITION.match(line):
            is_more = True
        else:  # a line that continues a paragraph, unless it is the next term
            is_more = not (_DEFINITION.match(below) or _NO_TERM.match(line) or is_code[end])
        if not is_more:
            return end
        end += 1
    return end


def _rewrite(lines: list[str], terms: range, body: range) -> None:
    for index in terms:
        term = lines[index].strip()
        is_last = index == terms[-1]
        mark = ("" if term.endswith(":") else ":") if is_last else " /"
        lines[index] = (BULLET if index == terms[0] else "  ") + term + mark
    starts = [index for index in body if _DEFINITION.match(lines[index])]
    for index in starts:
        definition = _SIGN.sub(r"\\\g<0>", _DEFINITION.sub("", lines[index], count=1))
        lines[index] = "  " + (BULLET if len(starts) > 1 else "") + definition
