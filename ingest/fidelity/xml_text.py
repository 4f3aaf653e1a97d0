"""Text of Word, JATS and SPL documents for the check against the source."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree  # type: ignore[import-untyped]

from ingest.fidelity.markers import (
    OPTIONAL_END,
    OPTIONAL_START,
    UNDERLINED_SIGNS,
    Grid,
    GridBuilder,
    SourceText,
    mark_raised,
    parse_span,
)
from ingest.readers.common.symbol_fonts import is_symbol_font, map_symbols

_INLINE = frozenset([
    "bold", "italic", "sub", "sup", "xref", "ext-link", "underline", "sc", "named-content",
    "styled-content", "content", "linkHtml", "monospace", "email", "uri", "abbrev", "fixed-case",
    "roman", "sans-serif", "overline", "footnoteRef", "strike", "inline-formula", "inline-graphic",
])  # fmt: skip
_SPACED = frozenset([
    "br", "break", "math", "mfenced", "mfrac", "mi", "mn", "mo", "mrow", "mspace", "msqrt",
    "mstyle", "msub", "msubsup", "msup", "mtext",
])  # fmt: skip
_FORMULAS = frozenset(["inline-formula", "disp-formula", "chem-struct"])
_SPACE = re.compile(r"\s+")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SYMBOL_CODE = re.compile(r"[0-9A-Fa-f]{1,4}")
_STYLES = "word/styles.xml"
_OFF = frozenset(["0", "false", "off"])
MAX_CHAIN_LENGTH = 20  # inherited styles
MIN_SHIFT = 3  # half points; a smaller shift aligns text


def read_xml_text(data: bytes) -> SourceText:
    """Return the text of a JATS or SPL document."""
    parser = etree.XMLParser(recover=True, resolve_entities=True, no_network=True, load_dtd=False)
    root = etree.fromstring(data, parser=parser)
    if root is None:
        return SourceText("")
    tables = [_xml_grid(table) for table in root.iter("{*}table")]
    return SourceText(
        "".join(_walk_xml(root)),
        [table for table in tables if table],
        has_headings=False,
        has_heading_numbers=False,
    )


def _walk_xml(root: etree._Element) -> Iterator[str]:
    raised = 0
    last = ""
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(node.tag, str):
            yield _collapse(node.tail) if event == "end" else ""
            continue
        name = node.tag.rpartition("}")[2]
        gap = "" if name in _INLINE else " " if name in _SPACED else "\n"
        is_raising = name == "sup" or _is_exponent(node)
        if event == "start":
            raised += is_raising
            text = "et al" if name == "etal" else _collapse(node.text)
            if name in _FORMULAS and not "".join(node.itertext()).strip():
                text = " formula "  # an image
            if name == "underline" or "underline" in (node.get("styleCode") or "").lower():
                text = UNDERLINED_SIGNS.get(text.strip(), text)
            if name == "sub" and last[-1:].isdigit() and text[:1].isdigit():
                gap = " "
        else:
            raised -= is_raising
            text = _collapse(node.tail) if node is not root else ""
            if name == "sub" and text[:1].isdigit():
                gap = " "
        yield gap
        yield mark_raised(text) if raised else text
        last = text or last


def _collapse(text: str | None) -> str:
    return _SPACE.sub(" ", text or "")


def _is_exponent(node: etree._Element) -> bool:
    parent = node.getparent()
    name = str(parent.tag).rpartition("}")[2] if parent is not None else ""
    return name in ("msup", "msubsup") and parent[-1] is node


def _xml_grid(table: etree._Element) -> Grid:
    """Return the grid of a table; empty if it contains other tables."""
    grid = GridBuilder()
    for node in table.iter("{*}*"):
        name = str(node.tag).rpartition("}")[2]
        if name == "table" and node is not table:
            return []
        if name == "tr":
            grid.add_row()
        elif name in ("td", "th"):
            text = _collapse("".join(_walk_xml(node)))
            grid.add_cell(text, parse_span(node.get("colspan")), parse_span(node.get("rowspan")))
    return grid.build()


def read_docx_text(data: bytes) -> SourceText:
    """Return the text of all parts of a Word document."""
    source = SourceText("", has_heading_numbers=False)
    parts: list[str] = []
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [name for name in package.namelist() if name.endswith(".xml")]
        formats = _style_formats(package.read(_STYLES)) if _STYLES in names else {}
        for name in names:
            if (
                "/theme/" in name
                or "settings" in name
                or name.endswith(("styles.xml", "Types.xml"))
            ):
                continue
            root = _parse_part(package.read(name))
            if root is None:
                continue
            for moved in list(root.iter(f"{_W}moveFrom")):
                moved.clear()
            parts += _walk_docx(root, formats)
            source.tables += (_docx_grid(table, formats) for table in root.iter(f"{_W}tbl"))
    source.text = "".join(parts)
    source.tables = [table for table in source.tables if table]
    return source


def _parse_part(content: bytes) -> etree._Element | None:
    """Return the root of a part of a Word document, None if it has no elements."""
    try:
        return etree.fromstring(content, parser=etree.XMLParser(recover=True))
    except etree.XMLSyntaxError:  # an empty part, which the reader reports or ignores
        return None


class _RunFormat(NamedTuple):
    """Formatting of a run or style; None if it is not stated."""

    is_struck: bool | None = None
    is_raised: bool | None = None
    is_hidden: bool | None = None
    is_underlined: bool | None = None
    font: str | None = None

    def over(self, base: _RunFormat) -> _RunFormat:
        return _RunFormat(
            base.is_struck if self.is_struck is None else self.is_struck,
            base.is_raised if self.is_raised is None else self.is_raised,
            base.is_hidden if self.is_hidden is None else self.is_hidden,
            base.is_underlined if self.is_underlined is None else self.is_underlined,
            base.font if self.font is None else self.font,
        )


def _walk_docx(root: etree._Element, formats: dict[str, _RunFormat]) -> Iterator[str]:
    for node in root.iter():
        name = str(node.tag).rpartition("}")[2]
        if name in ("p", "tc", "tab", "br", "cr"):
            yield "\n" if name != "tab" else " "
        elif name == "sym":
            code = node.get(f"{_W}char", "")
            if _SYMBOL_CODE.fullmatch(code):
                yield _in_font(chr(int(code, 16)), node.get(f"{_W}font", ""))
        elif name == "noBreakHyphen":
            yield "-"
        elif name in ("t", "v", "pt") and node.text:
            run = node.getparent()
            form = _run_format(run, formats) if run is not None else _RunFormat()
            if form.is_struck:
                continue
            text = _in_font(node.text, form.font or "")
            if form.is_underlined:
                text = UNDERLINED_SIGNS.get(text.strip(), text)
            is_exponent = any(str(each.tag) == f"{_M}sup" for each in node.iterancestors())
            gap = " " if str(node.tag).startswith(_M) else ""
            text = gap + (mark_raised(text) if form.is_raised or is_exponent else text)
            yield f"{OPTIONAL_START}{text}{OPTIONAL_END}" if form.is_hidden else text


def _in_font(text: str, font: str) -> str:
    text = _collapse(text)
    return map_symbols(text, font)[0] if font and is_symbol_font(font) else text


def _run_format(run: etree._Element, styles: dict[str, _RunFormat]) -> _RunFormat:
    own = _stated_format(run)
    style = run.find(f"{_W}rPr/{_W}rStyle")
    base = styles.get(style.get(f"{_W}val", "")) if style is not None else None
    return own.over(base) if base else own


def _stated_format(element: etree._Element) -> _RunFormat:
    """Return the formatting that a run or style states itself; `w:val="0"` cancels its style."""
    properties = element.find(f"{_W}rPr")
    if properties is None:
        return _RunFormat()
    values = {str(each.tag).rpartition("}")[2]: each.get(f"{_W}val", "1") for each in properties}
    struck = [values[name] not in _OFF for name in ("strike", "dstrike") if name in values]
    raised: bool | None = None
    if "vertAlign" in values:
        raised = values["vertAlign"] == "superscript"
    elif "position" in values:
        shift = values["position"]
        raised = shift.isdecimal() and int(shift) >= MIN_SHIFT
    fonts = properties.find(f"{_W}rFonts")
    return _RunFormat(
        any(struck) if struck else None,
        raised,
        values["vanish"] not in _OFF if "vanish" in values else None,
        values["u"] != "none" if "u" in values else None,
        fonts.get(f"{_W}ascii") if fonts is not None else None,
    )


def _style_formats(styles: bytes) -> dict[str, _RunFormat]:
    """Return the formatting of each style, with that of the styles it is based on."""
    root = _parse_part(styles)
    if root is None:
        return {}
    stated: dict[str, tuple[_RunFormat, str]] = {}
    for style in root.iter(f"{_W}style"):
        base = style.find(f"{_W}basedOn")
        parent = base.get(f"{_W}val", "") if base is not None else ""
        stated[style.get(f"{_W}styleId", "")] = (_stated_format(style), parent)
    return {name: _inherited_format(name, stated) for name in stated}


def _inherited_format(name: str, stated: dict[str, tuple[_RunFormat, str]]) -> _RunFormat:
    form = _RunFormat()
    for _ in range(MAX_CHAIN_LENGTH):
        if name not in stated:
            break
        own, name = stated[name]
        form = form.over(own)
    return form


def _docx_grid(table: etree._Element, formats: dict[str, _RunFormat]) -> Grid:
    """Return the grid of a table; empty if it contains other tables."""
    if table.find(f".//{_W}tbl") is not None:
        return []
    grid = GridBuilder()
    for row in table.iter(f"{_W}tr"):
        grid.add_row()
        for cell in row.iter(f"{_W}tc"):
            span = cell.find(f"{_W}tcPr/{_W}gridSpan")
            columns = parse_span(span.get(f"{_W}val")) if span is not None else 1
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            if merge is not None and merge.get(f"{_W}val") != "restart":
                grid.continue_cell(columns)
            else:
                grid.add_cell(_collapse("".join(_walk_docx(cell, formats))), columns)
    return grid.build()
