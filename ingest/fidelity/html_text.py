"""Text of an HTML page for the check against the source, by lxml and the rules of its styles."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

import lxml.html  # type: ignore[import-untyped]
from lxml import etree

from ingest.fidelity.markers import (
    OPTIONAL_END,
    OPTIONAL_START,
    UNDERLINED_SIGNS,
    GridBuilder,
    SourceText,
    mark_raised,
    parse_span,
)
from ingest.fidelity.tex_text import is_tex, read_tex, replace_tex
from ingest.readers.common.symbol_fonts import is_symbol_font, map_symbols

MAX_DEPTH = 250  # deeper pages are rejected by the reader
MAX_STYLE_LENGTH = 500_000
MAX_OFFSET_LENGTH = 12  # characters; a longer text with an offset is layout
MAX_RULES = 200  # of those that change a meaning
_BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "body", "caption", "dd", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "title",
])  # fmt: skip
_SKIPPED = frozenset(["style", "template", "del", "s", "strike", "annotation", "annotation-xml"])
# Elements with these roles are laid out as these elements.
_ROLES = {
    "table": "table", "grid": "table", "treegrid": "table", "row": "tr", "cell": "td",
    "gridcell": "td", "columnheader": "th", "rowheader": "th", "list": "ul", "listitem": "li",
    "heading": "h2", "paragraph": "p",
}  # fmt: skip
_FORMULA_CLASS = re.compile(r"(?:^|\s)(?:katex|mathjax|mjx|mwe-math)", re.I)
# Attributes that state a displayed formula in another notation.
_FORMULA_NOTATIONS = ("data-mathml", "aria-label", "data-semantic-speech", "alttext")
_SPACED = frozenset(["br", "mi", "mn", "mo", "img"])
_STRUCK_CLASS = re.compile(
    r"(?:^|[\s-])(?:strike|strikethrough|struck|line-?through)(?=$|\s)", re.I
)
_RAISED_CLASS = re.compile(r"(?:^|[\s_-])(?:sup|super|superscript)(?=$|\s)", re.I)
_FRACTION_CLASS = re.compile(r"(?:^|[\s_-])(?:s?frac|fraction)(?=$|\s)", re.I)
_RAISED_VALUE = re.compile(r"super|text-top|\+?(?=[\d.]*[1-9])[\d.]")
_OFFSET_VALUE = re.compile(r"(-?)(?=[\d.]*[1-9])[\d.]")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_PRINT = re.compile(r"@media\s+print[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.I)
_RULE = re.compile(r"([^{};]+)\{([^{}]*)\}")
_MEANINGFUL = re.compile(
    r"vertical-align|baseline-shift|font-variant-position|line-through|underline|display\s*:\s*none"
    r"|visibility\s*:\s*hidden|font(?:-family)?\s*:|position\s*:\s*relative",
    re.I,
)
_SIMPLE_SELECTOR = re.compile(r"([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+)*)", re.I)
_NAME = re.compile(r"(?<=[.#])[\w-]+")
_SPACE = re.compile(r"\s+")
_FONT_SIZE = re.compile(r"[\d.]+(?:px|pt|em|rem|%)(?:/\S+)?\s+")

Styles = dict[str, str]


class _Format(NamedTuple):
    """Formatting that an element inherits."""

    font: str = ""
    raised: bool = False


def read_html_text(text: str) -> SourceText:
    """Return the text of a page; a page that cannot be parsed is returned as it is."""
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=False)
    try:
        root = lxml.html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return SourceText(text)
    page = _Page(_page_styles(root))
    page.walk(root, 0, _Format())
    return SourceText("".join([*page.parts, *page.attributes]), page.tables)


class _Page:
    """Collects the text of a page in order."""

    def __init__(self, styles: dict[etree._Element, Styles]) -> None:
        self.parts: list[str] = []
        self.attributes: list[str] = []  # texts that are nowhere on the page
        self.tables: list[list[list[str]]] = []
        self._styles = styles
        self._grids: list[GridBuilder | None] = []

    def walk(self, node: etree._Element, depth: int, inherited: _Format) -> None:
        """Add the text of an element."""
        name = node.tag if isinstance(node.tag, str) else ""
        if not name or name in _SKIPPED or depth > MAX_DEPTH:
            return
        if name == "script":
            self._add_script(node.get("type") or "", node.text or "", depth, inherited)
            return
        if not node.attrib and name not in ("rt", "rp") and node not in self._styles:
            form = inherited._replace(raised=True) if name == "sup" else inherited
            self._add_content(node, name, depth, form)
            return
        style = self._style(node)
        classes = node.get("class") or ""
        if "line-through" in style.get("text-decoration", "") or _STRUCK_CLASS.search(classes):
            return
        self._add_attributes(node)
        name = _ROLES.get(node.get("role") or "", name)
        font = (node.get("face") if name == "font" else "") or _font(style) or inherited.font
        raised = inherited.raised or (
            name not in _BLOCKS
            and (_RAISED_CLASS.search(classes) is not None or _is_raised(node, style))
        )
        is_restated = self._add_notation(node, depth, inherited)
        is_hidden = name in ("rt", "rp") or is_restated or _is_hidden(node, style)
        start = len(self.parts)
        self.parts.append(OPTIONAL_START if is_hidden else "")
        is_fraction = name not in _BLOCKS and _FRACTION_CLASS.search(classes)
        self._add_content(node, name, depth, _Format(font, raised or name == "sup"), style)
        if is_fraction:
            self.parts[start:] = [" ", " ".join(self.parts[start:]), " "]
        if is_hidden:
            if any("\n" in part for part in self.parts[start:]):
                self.parts[start] = ""
            else:
                self.parts.append(OPTIONAL_END)

    def _add_content(
        self,
        node: etree._Element,
        name: str,
        depth: int,
        form: _Format,
        style: Styles | None = None,
    ) -> None:
        edge = "\n" if name in _BLOCKS else " " if name in _SPACED else ""
        sign = _underlined_sign(node, name, style or {})
        if sign:
            self.parts.append(sign)
            return
        if name == "sub" and self.parts and self.parts[-1][-1:].isdigit():
            self.parts.append(" ")
        self._open_table_part(name)
        start = len(self.parts)
        self.parts.append(edge)
        self._add_text(node.text, form)
        children = reversed(node) if name == "mroot" else node  # the degree is written first
        for number, child in enumerate(children):
            is_power = name in ("msup", "msubsup") and number == len(node) - 1
            before = len(self.parts)
            self.walk(child, depth + 1, form._replace(raised=True) if is_power else form)
            if name in ("msub", "msubsup") and number == 1:
                self._join_index(start, before)
            self._add_text(child.tail, form, after_subscript=child.tag == "sub")
        self.parts.append(edge)
        self._close_table_part(node, name, start)

    def _add_script(self, kind: str, text: str, depth: int, form: _Format) -> None:
        """Add the text of a script that contains data or a formula."""
        if "json" in kind:
            self.parts += ["\n", text, "\n"]
        elif "tex" in kind:
            self.parts += [" ", read_tex(text), " "]
        elif "mml" in kind or "mathml" in kind:
            self._add_mathml(text, depth, form)

    def _add_notation(self, node: etree._Element, depth: int, form: _Format) -> bool:
        """Add a formula as an attribute states it, and return whether there is one."""
        is_formula = node.tag == "mjx-container" or _FORMULA_CLASS.search(node.get("class") or "")
        if not is_formula and node.get("data-mathml") is None:
            return False
        if node.find(".//math") is not None or node.find(".//img") is not None:
            return False
        texts = (node.get(name) for name in _FORMULA_NOTATIONS)
        text = next(filter(None, texts), "")
        if "<" in text:
            self._add_mathml(text, depth, form)
        elif text:
            self.parts.append(f" {read_tex(text) if is_tex(text) else text} ")
        return bool(text)

    def _add_mathml(self, text: str, depth: int, form: _Format) -> None:
        for element in lxml.html.fragments_fromstring(text):
            if isinstance(element, str):
                self._add_text(element, form)
            else:
                self.walk(element, depth + 1, form)

    def _add_text(self, text: str | None, form: _Format, *, after_subscript: bool = False) -> None:
        if not text:
            return
        text = _SPACE.sub(" ", text)
        if after_subscript and text[0].isdigit():
            text = f" {text}"
        text = replace_tex(text)
        if form.font and is_symbol_font(form.font):
            text = map_symbols(text, form.font)[0]
        self.parts.append(mark_raised(text) if form.raised else text)

    def _join_index(self, start: int, middle: int) -> None:
        """Join an index with the letters that it belongs to, as in x1."""
        base, index = "".join(self.parts[start:middle]), "".join(self.parts[middle:])
        if base.rstrip()[-1:].isalpha() and index.strip().isalnum():
            self.parts[start:] = [base.rstrip(), index.lstrip()]

    def _open_table_part(self, name: str) -> None:
        if name == "table":
            if self._grids:  # a table for layout
                self._grids[-1] = None
            self._grids.append(GridBuilder())
        elif name == "tr" and self._grids and self._grids[-1]:
            self._grids[-1].add_row()

    def _close_table_part(self, node: etree._Element, name: str, start: int) -> None:
        if name == "table":
            grid = self._grids.pop()
            if grid:
                self.tables.append(grid.build())
        elif name in ("td", "th") and self._grids and self._grids[-1]:
            text = "".join(self.parts[start:]).replace("\n", " ")
            columns, rows = parse_span(node.get("colspan")), parse_span(node.get("rowspan"))
            self._grids[-1].add_cell(text, columns, rows)

    def _add_attributes(self, node: etree._Element) -> None:
        for key in ("alt", "title", "aria-label"):
            value = " ".join((node.get(key) or "").split())
            if value and key == "alt":
                self.parts.append(f" {read_tex(value) if is_tex(value) else value} ")
            elif value:
                self.parts.append(f"{OPTIONAL_START} {value} {OPTIONAL_END}")
        for key in ("content", "value"):
            if node.get(key):
                self.attributes.append(f"\n{node.get(key)}")

    def _style(self, node: etree._Element) -> Styles:
        own = node.get("style")
        rules = self._styles.get(node, {})
        return {**rules, **_declarations(own)} if own else rules


def _declarations(text: str) -> Styles:
    """Return the declarations of a rule or an attribute, in lower case except for fonts."""
    styles: Styles = {}
    for declaration in text.split(";"):
        key, _, value = declaration.partition(":")
        key, value = key.strip().lower(), value.replace("!important", "").strip()
        if key == "text-decoration-line":
            key = "text-decoration"
        styles[key] = value if key.startswith("font") else value.lower()
    return styles


def _font(style: Styles) -> str:
    family = style.get("font-family") or _FONT_SIZE.split(style.get("font", ""))[-1]
    return family.split(",")[0].strip("'\" ")


def _is_raised(node: etree._Element, style: Styles) -> bool:
    if _RAISED_VALUE.match(style.get("vertical-align", "")):
        return True
    if "super" in (style.get("baseline-shift"), style.get("font-variant-position")):
        return True
    if len("".join(node.itertext()).strip()) > MAX_OFFSET_LENGTH:
        return False
    if style.get("vertical-align") == "top" and "font-size" in style:
        return True
    top = _OFFSET_VALUE.match(style.get("top", ""))
    bottom = _OFFSET_VALUE.match(style.get("bottom", ""))
    return style.get("position") == "relative" and bool(
        (top and top[1]) or (not top and bottom and not bottom[1])
    )


def _is_hidden(node: etree._Element, style: Styles) -> bool:
    return (
        node.get("hidden") is not None
        or node.get("aria-hidden") == "true"
        or style.get("display") == "none"
        or style.get("visibility") == "hidden"
    )


def _underlined_sign(node: etree._Element, name: str, style: Styles) -> str:
    """Return the sign that an underlined character is typed for, such as ≥, or an empty string."""
    if name != "u" and "underline" not in style.get("text-decoration", ""):
        return ""
    sign = UNDERLINED_SIGNS.get("".join(node.itertext()).strip(), "")
    return "" if (node.tail or "").lstrip().startswith("=") else sign


def _page_styles(root: etree._Element) -> dict[etree._Element, Styles]:
    """Return the declarations of the page's style sheets that may change a meaning, by element."""
    css = "\n".join(style.text or "" for style in root.iter("style"))[:MAX_STYLE_LENGTH]
    styles: dict[etree._Element, Styles] = defaultdict(dict)
    if not css.strip():
        return styles
    used = set(" ".join(root.xpath("//@class | //@id")).split())
    rules = 0
    for selectors, body in _RULE.findall(_PRINT.sub("", _COMMENT.sub("", css))):
        if not _MEANINGFUL.search(body):
            continue
        for selector in selectors.split(","):
            path = _xpath(selector) if used.issuperset(_NAME.findall(selector)) else ""
            rules += bool(path)
            if path and rules <= MAX_RULES:
                for node in root.xpath(path):
                    styles[node].update(_declarations(body))
    return styles


def _xpath(selector: str) -> str:
    """Return the XPath of a selector of elements, classes and ids, or an empty string.

    A rule for an element without a class or id is its usual style, and is not used.
    """
    path, axis = "", "//"
    for part in selector.replace(">", " > ").split():
        if part == ">":
            axis = "/"
            continue
        match = _SIMPLE_SELECTOR.fullmatch(part)
        if match is None:
            return ""
        path += axis + (match[1] or "*").lower()
        for name in re.findall(r"[.#][\w-]+", match[2]):
            path += (
                f"[contains(concat(' ',normalize-space(@class),' '),' {name[1:]} ')]"
                if name[0] == "."
                else f"[@id='{name[1:]}']"
            )
        axis = "//"
    return path if path.endswith("]") else ""
