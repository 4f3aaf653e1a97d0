"""Formulas in Office Math (OMML) on one line: (140 − age)/72, x^2, 3√(RR)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.formulas import format_structure, parenthesize
from ingest.readers.docx.namespaces import M, W, find_child
from ingest.readers.docx.omissions import DELETED_ELEMENTS, HIDDEN, STRUCK
from ingest.readers.docx.styles import run_properties

# Combining characters of accents -> the name of a function that is read the same.
BARS = frozenset("\u0304\u0305\u00af\u203e")
BRACES = frozenset("⏞⏟︷︸⎴⎵")  # over or under a group
FENCED = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|\|[^|]*\|")
HATS = frozenset("\u0302^")


def linearize(formula: etree._Element) -> str:
    """Return a formula on one line."""
    return " ".join(_children(formula).split())


def _children(element: etree._Element | None) -> str:
    """Return the contents of an element, without its properties."""
    if element is None:
        return ""
    text = ""
    for child in element.iterchildren(etree.Element):
        part = _element(child)
        # A mixed number: 2 and 1/2 are not 21/2. The runs of one number stay joined.
        is_mixed = str(child.tag) == f"{M}f" and text[-1:].isdigit() and part[:1].isdigit()
        text += f" {part}" if is_mixed else part
    return text


def _element(element: etree._Element) -> str:
    tag = str(element.tag)
    if tag in (f"{W}t", f"{M}t"):
        return element.text or ""
    if tag in DELETED_ELEMENTS or (tag == f"{M}r" and _run_reason(element)):
        return ""
    if tag.startswith(W):
        return "" if tag.removeprefix(W) in ("rPr", "delText") else _children(element)
    name = tag.removeprefix(M)
    if name in FORMATS:
        return FORMATS[name](element)
    return "" if name.endswith("Pr") else _children(element)


def omitted_parts(formula: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the reason and the text of each part of a formula that is left out."""
    for run in formula.iter(f"{M}r"):
        parents = (DELETED_ELEMENTS[each.tag] for each in run.iterancestors(*DELETED_ELEMENTS))
        reason = next(parents, "") or _run_reason(run)
        text = "".join(each.text or "" for each in run.iter(f"{M}t", f"{W}delText"))
        if reason and text.strip():
            yield reason, text


def _run_reason(run: etree._Element) -> str:
    properties = run_properties(find_child(run, "rPr"))
    if properties.get("vanish") == "1":
        return HIDDEN
    return STRUCK if "1" in (properties.get("strike"), properties.get("dstrike")) else ""


def _part(element: etree._Element, name: str) -> str:
    """Return the contents of a part; a zero-width space represents an empty part."""
    return _children(next(element.iterchildren(f"{M}{name}"), None)).strip(" \u200b")


def _property(element: etree._Element, name: str, default: str) -> str:
    """Return the value of a property such as ``m:naryPr/m:chr``."""
    for properties in element.iterchildren(etree.Element):
        if str(properties.tag).endswith("Pr"):
            for found in properties.iterchildren(f"{M}{name}"):
                return str(found.get(f"{M}val", found.get("val", "")))
    return default


def _term(text: str) -> str:
    """Return an operand in parentheses unless it is a single name, number or group."""
    text = text.strip()
    is_single = text.replace(".", "").replace(",", "").isalnum()
    return text if is_single or FENCED.fullmatch(text) else parenthesize(text)


def _fraction(element: etree._Element) -> str:
    upper, lower = _part(element, "num"), _part(element, "den")
    if _property(element, "type", "bar") == "noBar":  # a binomial coefficient
        return f"{upper}; {lower}"
    return format_structure("mfrac", "", [upper, lower])


def _root(element: etree._Element) -> str:
    degree = "" if _is_hidden(element, "degHide") else _part(element, "deg")
    operand = _part(element, "e")
    if not degree or degree == "2":
        return format_structure("msqrt", "", [operand])
    return " " + format_structure("mroot", "", [operand, degree])


def _superscript(element: etree._Element) -> str:
    base = _part(element, "e")
    return format_structure("msup", "", [_term(base) if base else "", _part(element, "sup")])


def _subscript(element: etree._Element) -> str:
    return format_structure("msub", "", [_part(element, "e"), _part(element, "sub")])


def _both_scripts(element: etree._Element) -> str:
    if not _part(element, "e"):
        return _prescripts(element)
    parts = [_part(element, name) for name in ("e", "sub", "sup")]
    return format_structure("msubsup", "", parts)


def _prescripts(element: etree._Element) -> str:
    """Return the scripts before a base, such as the mass number of an isotope."""
    lower, upper = _part(element, "sub"), _part(element, "sup")
    marks = (f"_{_term(lower)}" if lower else "") + (f"^{_term(upper)}" if upper else "")
    return f" {marks}{_part(element, 'e')}"


def _fence(element: etree._Element) -> str:
    start = _property(element, "begChr", "(")
    end = _property(element, "endChr", ")")
    separator = _property(element, "sepChr", "|")
    gap = f" {separator} " if separator == "|" else f"{separator} "
    inside = [_children(part).strip() for part in element.iterchildren(f"{M}e")]
    return f"{start}{gap.join(inside)}{end}"


def _n_ary(element: etree._Element) -> str:
    """Return a sum, product or integral with its limits."""
    sign = _property(element, "chr", "∫")
    lower = "" if _is_hidden(element, "subHide") else _part(element, "sub")
    upper = "" if _is_hidden(element, "supHide") else _part(element, "sup")
    limits = (f"_{_term(lower)}" if lower else "") + (f"^{_term(upper)}" if upper else "")
    return f" {sign}{limits} {_part(element, 'e')}"


def _is_hidden(element: etree._Element, name: str) -> bool:
    return _property(element, name, "0") in ("1", "on", "true", "")


def _function(element: etree._Element) -> str:
    name, argument = _part(element, "fName"), _part(element, "e")
    return f"{name}{argument}" if argument.startswith("(") else f"{name} {argument}"


def _lower_limit(element: etree._Element) -> str:
    if _part(element, "lim") in BRACES:
        return _part(element, "e")
    return f"{_part(element, 'e')}_{_term(_part(element, 'lim'))}"


def _upper_limit(element: etree._Element) -> str:
    if _part(element, "lim") in BRACES:
        return _part(element, "e")
    return f"{_part(element, 'e')}^{_term(_part(element, 'lim'))}"


def _accent(element: etree._Element) -> str:
    base = _part(element, "e")
    sign = _property(element, "chr", "\u0302")
    if len(base) == 1 and sign:
        combining = "\u0304" if sign in BARS else "\u0302" if sign in HATS else sign
        return base + combining
    return f"{sign.strip()}({base})" if sign in BARS or sign in HATS else f"{base}{sign}"


def _bar(element: etree._Element) -> str:
    base = _part(element, "e")
    return f"{base}\u0304" if len(base) == 1 else f"({base})\u0304"


def _group_sign(element: etree._Element) -> str:
    sign = _property(element, "chr", "⏟")
    base = _part(element, "e")
    return f" {base}{sign} " if sign.strip() in "→←⇒⇐↔⇌" else base


def _matrix(element: etree._Element) -> str:
    rows = (
        ", ".join(_children(cell).strip() for cell in row.iterchildren(f"{M}e"))
        for row in element.iterchildren(f"{M}mr")
    )
    return "; ".join(rows)


def _equations(element: etree._Element) -> str:
    lines = (_children(part).replace("&", "").strip() for part in element.iterchildren(f"{M}e"))
    return "; ".join(line for line in lines if line)


def _phantom(element: etree._Element) -> str:
    """Return invisible content, which only takes up space, as nothing."""
    is_shown = _property(element, "show", "1") not in ("0", "off", "false")
    return _part(element, "e") if is_shown else ""


FORMATS: dict[str, Callable[[etree._Element], str]] = {
    "f": _fraction,
    "rad": _root,
    "sSup": _superscript,
    "sSub": _subscript,
    "sSubSup": _both_scripts,
    "sPre": _prescripts,
    "d": _fence,
    "nary": _n_ary,
    "func": _function,
    "limLow": _lower_limit,
    "limUpp": _upper_limit,
    "acc": _accent,
    "bar": _bar,
    "groupChr": _group_sign,
    "m": _matrix,
    "phant": _phantom,
    "eqArr": _equations,
}
