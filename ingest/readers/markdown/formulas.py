r"""Formulas in TeX between dollar signs, such as ``$10^{9}$`` and ``$$\frac{a}{b}$$``.

Markdown would read their backslashes, asterisks and hyphens as its own syntax. `protect_formulas`
therefore escapes them before parsing, and joins the lines of a formula; `split_formulas` formats
them in the parsed text, in the notation of `ingest.readers.common.formulas`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from ingest.readers.common.formulas import format_structure, parenthesize
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
_FORMULA = re.compile(rf"{_DISPLAY}|{_INLINE}")
_FORMULA_OR_CODE = re.compile(
    rf"(?P<code>(?P<ticks>(?<!`)`+(?!`))[^\n]{{1,500}}?(?<!`)(?P=ticks)(?!`))"
    rf"|(?<!\\)(?P<formula>{_DISPLAY}|{_INLINE})(?P<end>[.,;:]?)"
)
_PADDING = re.compile(r"(?<=\()\s+|\s+(?=[);])")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_DEGREE = re.compile(r"\[(\w{1,3})\]")  # of a root
_GROUP = re.compile(r"\{[^{}]*\}")
MAX_COMMANDS = 200  # and groups, which may be nested
_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac"})
# Commands of layout, whose argument is read like any group.
_SKIPPED = frozenset([
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "displaystyle",
    "textstyle", "limits", "nolimits", "text", "textbf", "textit", "textrm", "mathrm", "mathbf",
    "mathit", "mathsf", "mathcal", "operatorname", "mbox", "hbox",
])  # fmt: skip
_SYMBOLS = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "approx": "≈", "sim": "~",
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<",
    "gt": ">", "ne": "≠", "neq": "≠", "equiv": "≡", "propto": "∝", "to": "→", "rightarrow": "→",
    "Rightarrow": "⇒", "leftarrow": "←", "rightleftharpoons": "⇌", "infty": "∞", "circ": "°",
    "degree": "°", "sum": "∑", "prod": "∏", "int": "∫", "alpha": "α", "beta": "β", "gamma": "γ",
    "delta": "δ", "Delta": "Δ", "epsilon": "ε", "varepsilon": "ε", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "µ", "pi": "π", "rho": "ρ", "sigma": "σ", "Sigma": "Σ",
    "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Omega": "Ω",
    "quad": " ", "qquad": " ", ",": " ", ";": " ", ":": " ", "!": "", " ": " ", "\\": "; ",
    "{": "{", "}": "}", "%": "%", "#": "#", "&": "&", "_": "_", "$": "$",
    "ln": "ln", "log": "log", "exp": "exp", "min": "min", "max": "max", "sin": "sin",
    "cos": "cos", "tan": "tan", "lim": "lim", "mod": "mod",
}  # fmt: skip


def protect_formulas(text: str) -> str:
    """Return Markdown with each formula on one line and its punctuation escaped.

    Lines are never added or removed, so that line numbers stay correct.
    """
    if "$" not in text:
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


def format_tex(formula: str) -> str:
    """Return TeX as text on one line; unknown commands stay as they are written."""
    if formula.count("{") + formula.count("\\") > MAX_COMMANDS:
        return formula
    text, _ = _read(formula, 0)
    text = _PADDING.sub("", text)
    return " ".join(text.split())


def _protect(found: re.Match[str]) -> str:
    if found["code"]:
        return found.group()
    line_start = found.string.rfind("\n", 0, found.start()) + 1
    if found.string.startswith(("    ", "\t"), line_start):  # an indented code block
        return found.group()
    formula = found["formula"]
    edge = "$$" if formula.startswith("$$") else "$"
    body = _PUNCTUATION.sub(r"\\\1", " ".join(formula.strip("$").split()))
    return edge + body + edge + found["end"] + "\n" * formula.count("\n")


def _read(formula: str, position: int) -> tuple[str, int]:
    """Return the text up to the end of a group, and the position behind it."""
    parts: list[str] = []
    while position < len(formula):
        character = formula[position]
        if character == "}":
            return "".join(parts), position + 1
        if character in "^_":
            argument, position = _read_argument(formula, position + 1)
            parts.append("°" if argument == "°" else character + parenthesize(argument))
        elif character in "{\\":
            argument, position = _read_argument(formula, position)
            parts.append(argument)
        else:
            parts.append("" if character == "&" else character)
            position += 1
    return "".join(parts), position


def _read_argument(formula: str, position: int) -> tuple[str, int]:
    """Return the text of a group, a command with its arguments or a character."""
    while formula[position : position + 1].isspace():
        position += 1
    if formula.startswith("{", position):
        return _read(formula, position + 1)
    command = _COMMAND.match(formula, position)
    if command is None:
        return formula[position : position + 1], position + 1
    return _read_command(formula, command[1], command.end())


def _read_command(formula: str, name: str, position: int) -> tuple[str, int]:
    """Return the text of a command, whose arguments begin at a position."""
    if name in _FRACTIONS:
        upper, position = _read_argument(formula, position)
        lower, position = _read_argument(formula, position)
        return format_structure("mfrac", "", (upper, lower)), position
    if name == "sqrt":
        degree = _DEGREE.match(formula, position)
        operand, position = _read_argument(formula, degree.end() if degree else position)
        parts = (operand, degree[1]) if degree else (operand,)
        return format_structure("mroot" if degree else "msqrt", "", parts), position
    if name in ("begin", "end"):
        group = _GROUP.match(formula, position)
        return "", group.end() if group else position
    if name in _SKIPPED:
        is_invisible = name in ("left", "right") and formula.startswith(".", position)
        return "", position + is_invisible
    return _SYMBOLS.get(name, f"\\{name}"), position
