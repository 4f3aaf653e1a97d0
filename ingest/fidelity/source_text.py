"""Text of a source, read without the readers: plain, line by line, with raised text marked.

The check of `ingest.fidelity.comparison` must not share the mistakes of the readers. These
extractors therefore use other parsers (lxml, regular expressions, the text layer of a PDF), know
little of layout, and keep everything that might be visible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from itertools import pairwise

from ingest.fidelity.html_text import read_html_text
from ingest.fidelity.markers import (
    MAX_COLUMNS,
    OPTIONAL_END,
    OPTIONAL_START,
    RAISED,
    UNDERLINED_SIGNS,
    Grid,
    SourceText,
    mark_raised,
)
from ingest.fidelity.pdf_text import read_pdf_pages
from ingest.fidelity.tex_text import replace_tex
from ingest.fidelity.xml_text import read_docx_text, read_xml_text
from ingest.readers.media_type import MediaType

# A single line break does not end a paragraph, except before a list item.
_LINE_BREAK = re.compile(r"\n(?![^\S\n]*\n|[ \t>]*(?:[-*+•#>|]|\(?(?:\d{1,3}|[a-z])[.)])[ \t])")
# Each search ends where the next match could start, so that repeated openings without an end take
# linear time.
_MARKUP: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"<!--(?:(?!<!--).)*?-->", re.S), ""),
    (
        re.compile(
            r"~~.*?~~|<(del|s|strike)\b[^<>]*>(?:(?!<\1\b).)*?</\1>"
            r"|<(\w+)\b[^<>]{0,200}line-through[^<>]{0,200}>(?:(?!<\2\b).)*?</\2>",
            re.S,
        ),
        "",
    ),
    (
        re.compile(r"<(u)\b[^<>]*>\s*(<|>|\+|&lt;|&gt;)\s*</\1>(?!\s*=)"),
        lambda found: UNDERLINED_SIGNS[unescape(found[2])],
    ),
    (
        re.compile(
            r"<(sup)\b[^<>]*>([^<>]*)</\1>"
            r"|<(\w+)\b[^<>]{0,200}(?:vertical-align\s*:\s*(?:super|text-top|[\d.]*[1-9])"
            r"|class\s*=\s*[\"']?(?:[\w-]*[-_])?(?:sup|super|superscript)\b)"
            r"[^<>]{0,200}>([^<>]*)</\3>"
        ),
        lambda found: mark_raised((found[2] or found[4] or "").strip()),
    ),
    (re.compile(r"<sup\b[^<>]*>\s*|(?<=\w)\^(?=[^\s^]{1,12}\^)"), RAISED),
    (re.compile(r"!?\[([^\[\]]{0,500})\]\([^()\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]{0,500}>"), ""),
    (re.compile(r"(?<![*_`])[*_`]+(?=\w)|(?<=[\w.,;:!?)%])[*_`]+"), ""),
    (re.compile(r"\\(?=[!-/:-@\[-`{-~])"), ""),
)
# A hyphen at the end of a line of a PDF may only divide the word.
_DIVISION = f"{OPTIONAL_START}-{OPTIONAL_END}"
_HTML_TABLE = re.compile(r"<table\b(?:(?!<table\b).)*?</table>", re.S | re.I)
_DELIMITER_ROW = re.compile(r"[ >]*\|?[ :|-]*-[ :|-]*\|?[ ]*")


def read_source_text(data: bytes, media_type: MediaType, text: str) -> SourceText:
    """Return the text and tables of a source. `text` is the decoded source of a text format.

    Raises no error for damaged data, which the reader rejects: what can be read is returned.
    """
    return _EXTRACTORS[media_type](data, text)


def _read_markdown(_data: bytes, text: str) -> SourceText:
    tables = [grid for table in _HTML_TABLE.findall(text) for grid in read_html_text(table).tables]
    text = replace_tex(text)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    text = unescape(text)
    if "|" in text:
        tables += _pipe_tables(text.split("\n"))
        text = text.replace("|", "\n")
    return SourceText(_LINE_BREAK.sub(" ", text), tables)


def _pipe_tables(lines: list[str]) -> Iterator[Grid]:
    rows: list[str] = []  # of the open table
    for before, line in pairwise(["", *lines, ""]):
        if rows and "|" in line:
            rows.append(line)
        elif rows:
            yield _grid(rows)
            rows = []
        elif "|" in line and _DELIMITER_ROW.fullmatch(line):
            rows = [before]


def _grid(rows: list[str]) -> Grid:
    grid = [row.strip(" >").removeprefix("|").removesuffix("|").split("|") for row in rows]
    width = min(max(map(len, grid)), MAX_COLUMNS)
    return [[*row, *[""] * (width - len(row))] for row in grid]


def _read_plain(_data: bytes, text: str) -> SourceText:
    return SourceText(_LINE_BREAK.sub(" ", text))


def _read_json_line(_data: bytes, text: str) -> SourceText:
    try:
        strings = (_LINE_BREAK.sub(" ", each) for each in _strings(json.loads(text)))
        return SourceText("\n".join(strings))
    except (ValueError, RecursionError):
        return SourceText(text)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _read_pdf(data: bytes, _text: str) -> SourceText:
    pages = read_pdf_pages(data)
    text = "\n".join(_LINE_BREAK.sub(" ", page) for page in pages)
    return SourceText(
        text.replace("\ufffe", _DIVISION),
        has_raised=False,
        printed_lines="\n".join(pages).split("\n"),
    )


_EXTRACTORS: dict[MediaType, Callable[[bytes, str], SourceText]] = {
    MediaType.HTML: lambda _, text: read_html_text(text),
    MediaType.MARKDOWN: _read_markdown,
    MediaType.TEXT: _read_plain,
    MediaType.JSON_LINES: _read_json_line,
    MediaType.PDF: _read_pdf,
    MediaType.DOCX: lambda data, _: read_docx_text(data),
    MediaType.JATS: lambda data, _: read_xml_text(data),
    MediaType.SPL: lambda data, _: read_xml_text(data),
}
