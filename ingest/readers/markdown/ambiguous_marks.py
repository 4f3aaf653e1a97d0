"""Escaping of characters that are Markdown syntax, but something else in clinical text.

A comparison at the start of a line ("> 15 mmol/L") is not a quotation, a product ("2*3*4") is not
emphasised, and "<age and weight>" is not a tag. Admonitions of other dialects become the alerts
that the reader knows. Lines are never added or removed, so that line numbers stay correct.
"""

from __future__ import annotations

import itertools
import re

from ingest.language.unfinished_lines import ends_unfinished
from ingest.readers.common.html_names import find_closed_names, is_tag
from ingest.readers.markdown.code_blocks import find_code_lines

# "> 15", ">= 15", "> £5", "> **15**", "> ULN", but not the quoted list item "> 1. Wash"
_COMPARISON = re.compile(
    r"(?P<lead>\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)*)"
    r">(?=\s*(?:/?=)?\s*[*_]{0,3}(?:[£$€]?(?!\d+[.)]\s)\.?\d|ULN\b))"
)
_BULLET_SIGN = re.compile(r"^(\s{0,3})[•▪◦●‣·](?=\s+\S)")  # as copied from a word processor
_PRODUCT = re.compile(r"(?<=\d)\*+(?=\d)")
_TAG = re.compile(r"<(?=/?([A-Za-z][\w-]*)([\s/>][^<>]{0,500}|$))")  # not an address: <https://...>
_ADMONITION = re.compile(
    r"(?P<indent>\s*)(?:!!!|\?\?\?\+?)\s+(?P<type>[\w-]+)(?:\s+\"(?P<title>[^\"]*)\")?\s*"
)
_CONTAINER = re.compile(r"\s*:::+\s*\{?\.?(?P<type>[A-Za-z][\w-]*)\}?\s*(?P<title>.*?)\s*")
_CONTAINER_END = re.compile(r"\s*:::+\s*")
MAX_ITEM_LINES = 20  # in which the second item of a list begins
_SECOND_ITEM = re.compile(r"\s{0,3}2[.)]\s")
_FIRST_ITEM = re.compile(r"(\s{0,3})1([.)])(?=\s)")


def escape_ambiguous_marks(text: str) -> str:
    """Return Markdown with these characters escaped, and with admonitions as alerts."""
    lines = text.split("\n")
    closed = find_closed_names(text)
    for number, is_code in enumerate(find_code_lines(lines)):
        if not is_code and not lines[number].startswith(("    ", "\t")):
            if "<" in lines[number]:
                lines[number] = _escape_words(lines[number], closed)
            lines[number] = _escape_line(lines, number)
    return "\n".join(_convert_admonitions(lines))


def _escape_words(line: str, closed: frozenset[str]) -> str:
    """Escape "<" before words that are no tags."""
    return _TAG.sub(
        lambda tag: "<" if is_tag(tag[1], tag[2].partition(">")[0], closed) else "\\<", line
    )


def _escape_line(lines: list[str], number: int) -> str:
    line = lines[number]
    if "*" in line:
        line = _PRODUCT.sub(lambda stars: "\\*" * len(stars.group()), line)
    comparison = _COMPARISON.match(line)
    if comparison and (comparison["lead"].strip() or not _is_in_quotation(lines, number)):
        line = f"{comparison['lead']}\\>{line[comparison.end() :]}"
        if not comparison["lead"].strip() and number and lines[number - 1].startswith("\\>"):
            lines[number - 1] += "\\"  # each comparison keeps its line
    line = _BULLET_SIGN.sub(r"\1-", line)
    first = _FIRST_ITEM.match(line)
    if (
        first
        and number
        and ends_unfinished(lines[number - 1])
        and not _has_second_item(lines, number)
    ):
        line = f"{first[1]}1\\{line[first.end() - 1 :]}"
    return line


def _has_second_item(lines: list[str], number: int) -> bool:
    following = itertools.takewhile(str.strip, lines[number + 1 : number + 1 + MAX_ITEM_LINES])
    return any(_SECOND_ITEM.match(line) for line in following)


def _is_in_quotation(lines: list[str], number: int) -> bool:
    """Return whether a line belongs to a quotation: other lines of it are not comparisons."""
    above = lines[number - 1].lstrip() if number else ""
    if above.startswith(("\\>", ">")):
        return above.startswith(">")
    following = itertools.islice(lines, number + 1, None)
    quoted = itertools.takewhile(lambda line: line.lstrip().startswith(">"), following)
    return not all(map(_COMPARISON.match, quoted))


def _convert_admonitions(lines: list[str]) -> list[str]:
    """Return the lines with ``!!! type "Title"`` and ``::: type`` blocks as quoted alerts."""
    converted: list[str] = []
    indent: int | None = None  # of the text of an open ``!!!`` block
    in_container = False
    for line in lines:
        admonition = _ADMONITION.fullmatch(line)
        container = None if in_container else _CONTAINER.fullmatch(line)
        if indent is not None and line.strip():
            if len(line) - len(line.lstrip()) >= indent:
                converted.append("> " + line[indent:])
                continue
            indent = None
        if in_container and _CONTAINER_END.fullmatch(line):
            in_container = False
            converted.append("")
        elif admonition:
            indent = len(admonition["indent"]) + 4
            converted.append(_alert(admonition["type"], admonition["title"] or ""))
        elif container:
            in_container = True
            converted.append(_alert(container["type"], container["title"]))
        elif in_container or (indent is not None and not line.strip()):
            converted.append("> " + line)
        else:
            converted.append(line)
    return converted


def _alert(kind: str, title: str) -> str:
    name = kind.replace("-", "_").upper()
    return f"> [!{name}] {title}. " if title and title[-1].isalnum() else f"> [!{name}] {title} "
