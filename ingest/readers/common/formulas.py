"""Formulas on one line: x^2, (a + b)/c, 3√(x).

MathML of web pages and journal articles is read into `MathNode`; the formulas of Word documents use
the same formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

OPERATORS = frozenset("=<>≤≥≈≠±×·+−-/∝→⇌")
_DECIMAL = re.compile(r"[-−+]?\d+[.,]\d+")
SUM_SIGNS = frozenset("∑∏∐∫∮⋃⋂")
SKIPPED = frozenset({"annotation", "annotation-xml", "mphantom", "maligngroup", "malignmark"})


@dataclass(frozen=True, slots=True)
class MathNode:
    """An element of MathML: its name, its text without that of the children, and the children."""

    name: str
    text: str = ""
    children: tuple[MathNode, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)


def format_math(node: MathNode) -> str:
    """Return a formula on one line."""
    return " ".join(_linearize(node).split())


def _linearize(node: MathNode) -> str:
    children = [child for child in node.children if child.name not in SKIPPED]
    if node.name == "semantics":
        children = children[:1]  # the others are alternative notations
    parts = [_linearize(child) for child in children]
    if node.name == "mo":
        text = node.text.strip()
        return f" {text} " if text in OPERATORS else text
    if node.name == "mfenced":
        return _format_fence(node, parts)
    if node.name in _SEPARATORS:
        return _SEPARATORS[node.name].join(part.strip() for part in parts)
    text = node.text if node.name == "mtext" else node.text.strip()
    return format_structure(node.name, text or _SPACES.get(node.name, ""), parts)


_SEPARATORS = {"mtable": "; ", "mtr": ", ", "mlabeledtr": ", "}
_SPACES = {"mspace": " "}


def format_structure(name: str, text: str, parts: Sequence[str]) -> str:
    """Return the notation of a MathML structure with these formatted children."""
    if name == "msqrt":
        return "√" + _root_operand(join_parts(parts))
    is_sum = name in ("munder", "munderover") and parts[0].strip() in SUM_SIGNS if parts else False
    write = _FORMATS.get((f"{name}-sum" if is_sum else name, len(parts)))
    return write(*parts) if write else join_parts([text, *parts])


# MathML structure and number of children -> notation.
_FORMATS: dict[tuple[str, int], Callable[..., str]] = {
    ("mfrac", 2): lambda upper, lower: f"{parenthesize(upper)}/{parenthesize(lower)}",
    ("mroot", 2): lambda operand, degree: f"{parenthesize(degree)}√{_root_operand(operand)}",
    ("msup", 2): lambda base, power: f"{_base(base)}^{parenthesize(power)}",
    ("msub", 2): lambda base, index: base + _lowered(base, index),
    ("msubsup", 3): lambda base, index, power: (
        f"{base}{_lowered(base, index)}^{parenthesize(power)}"
    ),
    ("munder-sum", 2): lambda sign, lower: f"{sign.strip()}_{parenthesize(lower)} ",
    ("munderover-sum", 3): lambda sign, lower, upper: (
        f"{sign.strip()}_{parenthesize(lower)}^{parenthesize(upper)} "
    ),
    ("munder", 2): lambda base, lower: f"{base}_{parenthesize(lower)} ",
}


def join_parts(parts: Sequence[str]) -> str:
    """Return the parts of a row as one text; two numbers never join: 2 and 1/2 are not 21/2."""
    text = ""
    for part in parts:
        text += (" " if text[-1:].isdigit() and part[:1].isdigit() else "") + part
    return text


def parenthesize(text: str) -> str:
    """Return an operand in parentheses, unless it is a single term."""
    text = text.strip()
    is_term = text.lstrip("-−").isalnum() or _DECIMAL.fullmatch(text) or _is_enclosed(text)
    return text if is_term else f"({text})"


def _base(text: str) -> str:
    """Return the base of a power in parentheses if it has several terms."""
    text = text.strip()
    return f"({text})" if " " in text and not _is_enclosed(text) else text


def _root_operand(text: str) -> str:
    text = text.strip()
    return text if len(text) == 1 or text.isdigit() or _is_enclosed(text) else f"({text})"


def _is_enclosed(text: str) -> bool:
    """Return whether one pair of parentheses encloses the whole text."""
    if not text.startswith("(") or not text.endswith(")"):
        return False
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def _lowered(base: str, text: str) -> str:
    """Return a subscript, separated after a number, and if it is not a single word."""
    text = text.strip()
    if base[-1:].isdigit() or not text.isalnum():
        return "_" + parenthesize(text)
    return text


def _format_fence(node: MathNode, parts: Sequence[str]) -> str:
    separators = node.attributes.get("separators", ",").split() or [""]
    text = ""
    for number, part in enumerate(parts):
        if number:
            text += separators[min(number, len(separators)) - 1] + " "
        text += part.strip()
    return node.attributes.get("open", "(") + text + node.attributes.get("close", ")")
