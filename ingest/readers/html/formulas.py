"""Formulas of a page as text: MathML, and the output of KaTeX, MathJax and MediaWiki.

These libraries put the same formula into a page two or three times: as MathML, as positioned
letters or an image, and as TeX. It is read once.
"""

from __future__ import annotations

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from ingest.readers.common.formulas import MathNode, format_math
from ingest.readers.html.dom import get_classes

CONTAINER_CLASSES = frozenset(
    {"katex", "katex-display", "MathJax", "MathJax_Display", "MathJax_CHTML", "MathJax_SVG"}
    | {"mwe-math-element", "math-tex"}
)
CONTAINER_TAGS = frozenset({"mjx-container"})
TEX_TYPES = frozenset({"math/tex", "math/tex; mode=display"})
PREVIEW_CLASS = "MathJax_Preview"


def replace_formulas(soup: BeautifulSoup) -> None:
    """Replace each formula by its text."""
    with_math = False
    for math in soup.find_all(["math", "mml:math"]):
        text = format_math(_to_node(math))
        _find_container(math).replace_with(NavigableString(_spaced(math, text)))
        with_math = True
    for script in soup.find_all("script", type=lambda value: value in TEX_TYPES):
        rendered = script.find_previous_sibling(True)
        has_text = isinstance(rendered, Tag) and rendered.get_text(strip=True)
        is_preview = isinstance(rendered, Tag) and PREVIEW_CLASS in get_classes(rendered)
        if not with_math and (not has_text or is_preview):
            if is_preview and isinstance(rendered, Tag):
                rendered.decompose()
            script.replace_with(NavigableString(script.get_text()))


def _to_node(tag: Tag) -> MathNode:
    text = "".join(str(child) for child in tag.contents if isinstance(child, NavigableString))
    children = tuple(_to_node(child) for child in tag.contents if isinstance(child, Tag))
    attributes = {name: str(value) for name, value in tag.attrs.items()}
    return MathNode(tag.name.rpartition(":")[2], text, children, attributes)


def _find_container(math: Tag) -> Tag:
    """Return the outermost element that only displays this formula."""
    container = math
    for parent in math.parents:
        if parent.name in CONTAINER_TAGS or CONTAINER_CLASSES & set(get_classes(parent)):
            container = parent
    return container


def _spaced(math: Tag, text: str) -> str:
    return f" {text} " if math.get("display") == "block" else text
