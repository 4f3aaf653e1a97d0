r"""Formulas in TeX: ``$10^{9}$``, ``$$\frac{a}{b}$$``, and the same between ``\(\)`` and ``\[\]``.

Markdown would read their backslashes, asterisks and hyphens as its own syntax. `protect_formulas`
therefore escapes them before parsing, and joins the lines of a formula; `split_formulas` formats
them in the parsed text, with `ingest.readers.common.tex`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from ingest.readers.common.tex import format_tex
from ingest.readers.markdown.code_blocks import find_code_lines

# "$5 and $10" is an amount: a formula has commands or exponents, or neither spaces nor digits next
# to its dollar signs; one with spaces has an operator.
_OPERATOR = r"[\\^_=+<>≤≥×]"
_INLINE = (
    r"\$(?=[^\s$]*[\\^])[^\s$]{1,200}\$(?![\d$])"
    rf"|\$(?=[^\s$])(?:[^\s$]{{1,200}}|(?=[^$\n]*{_OPERATOR})[^$\n]{{1,200}}?)(?<=\S)\$(?![\w$])"
)
# A formula in a separate paragraph; "$$ to $$$" is a range of prices.
_DISPLAY = (
    rf"\$\$(?=[^$]*(?:{_OPERATOR}|\d))(?:(?!\$\$)(?:[^\n]|\n(?![ \t]*\n))){{1,2000}}?\$\$(?!\$)"
)
# In Markdown, these are escaped brackets; only commands, exponents and equations are formulas.
_BRACKETS = (
    r"\\\[(?=(?:(?!\\[\[\]])[^\0]){0,2000}?(?:\\[A-Za-z]|[\^=]))"
    r"(?:(?!\\[\[\]])(?:[^\n]|\n(?![ \t]*\n))){1,2000}?\\\]"
    r"|\\\((?=(?:(?!\\[()])[^\n]){0,200}?(?:\\[A-Za-z]|[\^=]))(?:(?!\\[()])[^\n]){1,200}?\\\)"
)
_FORMULA = re.compile(rf"{_DISPLAY}|{_INLINE}")
_FORMULA_OR_CODE = re.compile(
    rf"(?P<code>(?P<ticks>(?<!`)`+(?!`))[^\n]{{1,500}}?(?<!`)(?P=ticks)(?!`))"
    rf"|(?<!\\)(?P<formula>{_BRACKETS}|{_DISPLAY}|{_INLINE})(?P<end>[.,;:]?)"
)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def protect_formulas(text: str) -> str:
    """Return Markdown with each formula on one line and its punctuation escaped.

    Lines are never added or removed, so that line numbers stay correct.
    """
    if "$" not in text and "\\" not in text:
        return text
    lines = text.split("\n")
    numbered = zip(find_code_lines(lines), lines, strict=True)
    parts = (
        (is_code, "\n".join(line for _, line in group))
        for is_code, group in groupby(numbered, key=lambda pair: pair[0])
    )
    return "\n".join(
        part if is_code else _FORMULA_OR_CODE.sub(_protect, part) for is_code, part in parts
    )


def split_formulas(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a text with whether they are formulas, which are formatted."""
    position = 0
    for found in _FORMULA.finditer(text):
        yield False, text[position : found.start()]
        yield True, format_tex(found.group().strip("$"))
        position = found.end()
    yield False, text[position:]


def _protect(found: re.Match[str]) -> str:
    if found["code"]:
        return found.group()
    line_start = found.string.rfind("\n", 0, found.start()) + 1
    if found.string.startswith(("    ", "\t"), line_start):  # an indented code block
        return found.group()
    formula = found["formula"]
    edge = "$$" if formula.startswith(("$$", "\\[")) else "$"
    content = formula[2:-2] if formula.startswith("\\") else formula.strip("$")
    body = _PUNCTUATION.sub(r"\\\1", " ".join(content.split()))
    return edge + body + edge + found["end"] + "\n" * formula.count("\n")
