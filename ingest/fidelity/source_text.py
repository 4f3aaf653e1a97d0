"""Text of a source, read without the readers: plain, line by line, with raised text marked.

The check of `ingest.fidelity.comparison` must not share the mistakes of the readers. These
extractors therefore use other parsers (lxml, regular expressions, the text layer of a PDF), know
nothing of layout, and keep everything that might be visible. `RAISED` precedes raised text.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from html import unescape

import lxml.html  # type: ignore[import-untyped]
import pypdfium2 as pdfium  # type: ignore[import-untyped]
from lxml import etree

from ingest.readers.common.symbol_fonts import is_symbol_font, map_symbols
from ingest.readers.media_type import MediaType

RAISED = "↑"
MAX_DEPTH = 250  # of HTML; deeper pages are rejected by the reader
_BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "title",
])  # fmt: skip
_SKIPPED = frozenset(["style", "template", "del", "s", "strike"])
_STRUCK = re.compile(r"line-through", re.I)
_SUPER = re.compile(r"vertical-align\s*:\s*super", re.I)
_FONT = re.compile(r"font-family\s*:\s*['\"]?([^;,'\"]+)", re.I)
_XML_INLINE = frozenset([
    "bold", "italic", "sub", "sup", "xref", "ext-link", "underline", "sc", "named-content",
    "styled-content", "content", "linkHtml", "monospace", "email", "uri", "abbrev", "fixed-case",
    "roman", "sans-serif", "overline", "footnoteRef", "strike",
])  # fmt: skip
_SPACE = re.compile(r"\s+")
# A single line break does not end a paragraph, except before a list item.
_LINE_BREAK = re.compile(r"\n(?![^\S\n]*\n|[ \t>]*(?:[-*+•#>|]|\(?(?:\d{1,3}|[a-z])[.)])[ \t])")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SYMBOL_CODE = re.compile(r"[0-9A-Fa-f]{1,4}")
_STYLES = "word/styles.xml"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
# Each search ends where the next match could start, so that repeated openings without an end take
# linear time.
_TEX = re.compile(
    r"\$\$(?:(?!\$\$)[^\0]){1,2000}\$\$|\$[^$\n]{1,200}\$"
    r"|\\\[(?:(?!\\[\[\]]|\n[ \t]*\n)[^\0]){1,2000}\\\]|\\\((?:(?!\\[()])[^\n]){1,200}\\\)"
)
_TEX_MARKUP = (
    (re.compile(r"\\(?:leq?(?:slant)?)(?![A-Za-z])"), "≤"),
    (re.compile(r"\\(?:geq?(?:slant)?)(?![A-Za-z])"), "≥"),
    (re.compile(r"\\lt(?![A-Za-z])"), "<"),
    (re.compile(r"\\gt(?![A-Za-z])"), ">"),
    (re.compile(r"\\pm(?![A-Za-z])"), "±"),
    (re.compile(r"\\approx(?![A-Za-z])"), "≈"),
    (re.compile(r"\^\s*\{?\s*\\circ\b\s*\}?"), "°"),
    (re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\(?:[A-Za-z]+|[,;:!\\ ])"), " "),
    (re.compile(r"\^\s*\{\s*([-−]?[\w.]+)\s*\}"), r"^\1"),
    (re.compile(r"\^\s*\{"), "^("),
    (re.compile(r"[{}_&]"), " "),
)
_MARKUP = (
    (re.compile(r"<!--(?:(?!<!--).)*?-->", re.S), ""),
    (re.compile(r"~~.*?~~|<(del|s|strike)\b[^<>]*>(?:(?!<\1\b).)*?</\1>", re.S), ""),
    (re.compile(r"<sup\b[^<>]*>\s*|(?<=\w)\^(?=[^\s^]{1,12}\^)"), RAISED),
    (re.compile(r"!?\[([^\[\]]{0,500})\]\([^()\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]{0,500}>"), ""),
    (re.compile(r"(?<![*_`])[*_`]+(?=\w)|(?<=[\w.,;:!?)%])[*_`]+"), ""),
    (re.compile(r"\\(?=[!-/:-@\[-`{-~])"), ""),
    (re.compile(r"\|"), "\n"),
)


def read_source_text(data: bytes, media_type: MediaType, text: str) -> str:
    """Return the text of a source. `text` is the decoded source of a text format.

    Raises no error for damaged data, which the reader rejects: what can be read is returned.
    """
    return _EXTRACTORS[media_type](data, text)


def _read_html(_data: bytes, text: str) -> str:
    try:
        root = lxml.html.document_fromstring(text.encode(), parser=_html_parser())
    except (etree.LxmlError, ValueError):
        return text
    parts: list[str] = []
    _walk_html(root, parts, 0, "")
    return "".join(parts)


def _html_parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", huge_tree=False)


def _walk_html(node: etree._Element, parts: list[str], depth: int, font: str) -> None:
    name = node.tag if isinstance(node.tag, str) else ""
    if not name or name in _SKIPPED or depth > MAX_DEPTH:
        return
    style = node.get("style") or ""
    if _STRUCK.search(style):
        return
    if name == "script":
        if "json" in (node.get("type") or "") or "tex" in (node.get("type") or ""):
            parts += ["\n", node.text or "", "\n"]
        return
    parts += [
        f" {value} " if key == "alt" else f"\n{value}\n"
        for key in ("alt", "title", "aria-label", "content", "value")
        if (value := node.get(key))
    ]
    found = _FONT.search(style)
    font = (node.get("face") if name == "font" else found[1] if found else "") or font
    edge = (
        " "
        if name == "br"
        else "\n"
        if name in _BLOCKS
        else " "
        if name.startswith("m") and len(name) < 4
        else ""
    )
    parts.append(edge)
    if name in ("sup",) or _SUPER.search(style):
        parts.append(RAISED)
    parts.append(_in_font(node.text, font))
    children = reversed(node) if name == "mroot" else node  # the degree is written first
    for number, child in enumerate(children):
        if name in ("msup", "msubsup") and number == len(node) - 1:
            parts.append(RAISED)
        _walk_html(child, parts, depth + 1, font)
        parts.append(_in_font(child.tail, font))
    parts.append(edge)


def _in_font(text: str | None, font: str) -> str:
    text = _SPACE.sub(" ", text or "")
    return map_symbols(text, font)[0] if font and is_symbol_font(font) else text


def _read_formula(formula: re.Match[str]) -> str:
    """Return TeX with the signs that are compared, and without its other commands."""
    text = _SPACE.sub(" ", formula.group().replace("$", ""))  # an amount keeps its spaces
    for pattern, replacement in _TEX_MARKUP:
        text = pattern.sub(replacement, text)
    return text + "\n" * ("\n" in formula.group())


def _read_markdown(_data: bytes, text: str) -> str:
    text = _TEX.sub(_read_formula, text)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return _LINE_BREAK.sub(" ", unescape(text))


def _read_plain(_data: bytes, text: str) -> str:
    return _LINE_BREAK.sub(" ", text)


def _read_json_line(_data: bytes, text: str) -> str:
    try:
        strings = (_LINE_BREAK.sub(" ", each) for each in _strings(json.loads(text)))
        return "\n".join(strings)
    except (ValueError, RecursionError):
        return text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _read_xml(data: bytes, _text: str) -> str:
    parser = etree.XMLParser(recover=True, resolve_entities=True, no_network=True, load_dtd=False)
    root = etree.fromstring(data, parser=parser)
    parts: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end")) if root is not None else ():
        if not isinstance(node.tag, str):
            parts.append(_in_font(node.tail, "") if event == "end" else "")
            continue
        name = node.tag.rpartition("}")[2]
        gap = "" if name in _XML_INLINE else " " if name in ("br", "break") else "\n"
        if event == "start":
            raised = RAISED if name == "sup" or _is_exponent(node) else ""
            text = "et al" if name == "etal" else _in_font(node.text, "")
            parts += [gap, raised, text]
        else:
            parts += [gap, _in_font(node.tail, "")]
    return "".join(parts)


def _is_exponent(node: etree._Element) -> bool:
    parent = node.getparent()
    name = str(parent.tag).rpartition("}")[2] if parent is not None else ""
    return name in ("msup", "msubsup") and parent[-1] is node


def _read_docx(data: bytes, _text: str) -> str:
    parts: list[str] = []
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [name for name in package.namelist() if name.endswith(".xml")]
        struck = _struck_styles(package.read(_STYLES)) if _STYLES in names else frozenset()
        for name in names:
            if (
                "/theme/" in name
                or "settings" in name
                or name.endswith(("styles.xml", "Types.xml"))
            ):
                continue
            root = etree.fromstring(package.read(name), parser=etree.XMLParser(recover=True))
            parts += _walk_docx(root, struck) if root is not None else ()
    return "".join(parts)


def _walk_docx(root: etree._Element, struck: frozenset[str]) -> Iterator[str]:
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
            if run is not None and _is_struck(run, struck):
                continue
            raised = run is not None and run.find(f"{_W}rPr/{_W}vertAlign[@{_W}val='superscript']")
            exponent = any(str(a.tag) == f"{_M}sup" for a in node.iterancestors())
            fonts = run.find(f"{_W}rPr/{_W}rFonts") if run is not None else None
            font = fonts.get(f"{_W}ascii", "") if fonts is not None else ""
            is_raised = (raised is not None and raised is not False) or exponent
            gap = " " if str(node.tag).startswith(_M) else ""
            yield gap + (RAISED if is_raised else "") + _in_font(node.text, font)


def _struck_styles(styles: bytes) -> frozenset[str]:
    root = etree.fromstring(styles, parser=etree.XMLParser(recover=True))
    found = root.iter(f"{_W}style") if root is not None else ()
    return frozenset(style.get(f"{_W}styleId", "") for style in found if _is_struck(style))


def _is_struck(run: etree._Element, styles: frozenset[str] = frozenset()) -> bool:
    """Return whether a run or style is struck through; `w:val="0"` cancels its style."""
    marks = [run.find(f"{_W}rPr/{_W}{name}") for name in ("strike", "dstrike")]
    own = [mark.get(f"{_W}val") not in ("0", "false", "off") for mark in marks if mark is not None]
    style = run.find(f"{_W}rPr/{_W}rStyle")
    return any(own) if own else style is not None and style.get(f"{_W}val") in styles


def _read_pdf(data: bytes, _text: str) -> str:
    document = pdfium.PdfDocument(data)
    try:
        pages = [
            document[number].get_textpage().get_text_range() for number in range(len(document))
        ]
    finally:
        document.close()
    return "\n".join(_LINE_BREAK.sub(" ", page.replace("\r\n", "\n")) for page in pages)


_EXTRACTORS: dict[MediaType, Callable[[bytes, str], str]] = {
    MediaType.HTML: _read_html,
    MediaType.MARKDOWN: _read_markdown,
    MediaType.TEXT: _read_plain,
    MediaType.JSON_LINES: _read_json_line,
    MediaType.PDF: _read_pdf,
    MediaType.DOCX: _read_docx,
    MediaType.JATS: _read_xml,
    MediaType.SPL: _read_xml,
}
