"""HTML parsing within limits, visible text, and removal of elements.

The main content is determined by `ingest.readers.html.main_content`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Container, Iterator
from typing import TypeGuard

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import CData, NavigableString, PageElement, Tag

from ingest.readers.common.inline_text import remove_noncharacters, strip_marks
from ingest.readers.common.result import OmittedText
from ingest.readers.html.markup_repair import repair_markup
from kb.errors import SourceError, SourceProblem

MAX_DEPTH = 200  # nested elements; the HTML walker uses two stack frames per level
# A paragraph takes 0.17 ms and 1 KB (measured), so this is seven of the twenty seconds of a
# sandbox. The largest of a thousand real pages had half as many.
MAX_TAGS = 40_000

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
OMISSION_REASON = "data-omission-reason"  # attribute of an emptied element
CELLS = frozenset({"td", "th"})
DELETED_TAGS = frozenset({"del", "s", "strike"})
# Inline elements whose text does not join with the text next to them.
_SEPARATE = DELETED_TAGS | {"button", "input", "label", "option"}
# Elements without visible text, removed without a report.
INVISIBLE = frozenset(["script", "style", "template", "head", "title", "meta", "link", "noframes"])


# Character references to the characters that represent formatting (U+FDD0 to U+FDEF).
_NONCHARACTER_REFERENCE = re.compile(r"&#(?:x0*fd[de][0-9a-f]|0*(?:649[789]\d|650[01]\d));?", re.I)


def parse_page(text: str, source: str) -> BeautifulSoup:
    """Parse a page. Raises `SourceError` if it has too many tags or is nested too deeply."""
    if text.count("<") > MAX_TAGS:
        raise SourceError(
            source,
            f"has more than {MAX_TAGS:,} tags.",
            "Split it into several articles.",
            code=SourceProblem.TOO_MANY_TAGS,
        )
    text = repair_markup(_NONCHARACTER_REFERENCE.sub("", remove_noncharacters(text)))
    with warnings.catch_warnings():  # XHTML is parsed as HTML, as in browsers
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(text, "lxml")
    level: list[PageElement] = [soup]
    for _ in range(MAX_DEPTH + 1):
        level = [child for tag in level if isinstance(tag, Tag) for child in tag.contents]
    if level:
        raise SourceError(
            source,
            f"has more than {MAX_DEPTH} nested elements.",
            "Simplify the markup.",
            code=SourceProblem.TOO_DEEP,
        )
    return soup


def walk(root: Tag) -> Iterator[tuple[PageElement, bool]]:
    """Yield the descendants of `root` in reading order, with False; each element again at its end.

    At the end of an element, the second value is True. Without recursion, so it is safe for pages
    whose depth was not checked.
    """
    open_elements = [(root, iter(root.contents))]
    while open_elements:
        tag, children = open_elements[-1]
        element = next(children, None)
        if element is None:
            open_elements.pop()
            if open_elements:
                yield tag, True
            continue
        yield element, False
        if isinstance(element, Tag):
            open_elements.append((element, iter(element.contents)))


def is_text(element: PageElement | None) -> TypeGuard[NavigableString]:
    """Return whether an element is text rather than a comment or a declaration."""
    return type(element) in (NavigableString, CData)


def visible_text(root: Tag) -> str:
    """Return the visible text of an element, one line per block."""
    parts: list[str] = []
    open_elements = [(root, iter(root.contents))]
    unseen = 0
    while open_elements:
        tag, children = open_elements[-1]
        for element in children:
            if isinstance(element, Tag):
                open_elements.append((element, iter(element.contents)))
                unseen += element.name in INVISIBLE
                if element.name in BLOCKS or element.name == "br":
                    parts.append("\n")
                elif element.name in _SEPARATE:
                    parts.append(" ")
                break
            if not unseen and is_text(element):
                parts.append(element)
        else:
            open_elements.pop()
            unseen -= tag.name in INVISIBLE and tag is not root
            if tag.name in BLOCKS:
                parts.append("\n")
            elif tag.name in _SEPARATE:
                parts.append(" ")
    return strip_marks("".join(parts))


def contains_element(tag: Tag, names: Container[str]) -> bool:
    """Return whether an element has a descendant with one of these names.

    Faster than `Tag.find`, which prepares its arguments in every call.
    """
    return any(isinstance(element, Tag) and element.name in names for element in tag.descendants)


def find_tags(root: Tag, names: Container[str]) -> list[Tag]:
    """Return the descendants of an element with one of these names, in reading order.

    Faster than `Tag.find_all` with several names or a limit, which evaluates a filter per element.
    """
    return list(_iter_tags(root, names))


def find_tag(root: Tag, name: str) -> Tag | None:
    """Return the first descendant of an element with this name."""
    return next(_iter_tags(root, (name,)), None)


def find_ancestor(tag: Tag, names: Container[str]) -> Tag | None:
    """Return the nearest ancestor of an element with one of these names."""
    return next((parent for parent in tag.parents if parent.name in names), None)


def _iter_tags(root: Tag, names: Container[str]) -> Iterator[Tag]:
    for element in root.descendants:
        if isinstance(element, Tag) and element.name in names:
            yield element


def get_classes(tag: Tag) -> list[str]:
    """Return the classes of an element."""
    classes = tag.attrs.get("class", ())
    return [classes] if isinstance(classes, str) else [str(name) for name in classes]


def remove_element(tag: Tag, reason: str, omitted: list[OmittedText]) -> None:
    """Empty an element and report its text; an empty reason is not reported.

    A block becomes an `hr`: unlinking each element from its parent takes quadratic time on a flat
    page. A table cell stays as an empty one, so that the cells after it keep their columns.
    """
    text = visible_line(tag) if reason else ""
    if text:
        omitted.append(OmittedText(reason, text))
    following = element_after(tag)
    tag.contents = []
    tag.next_element = following
    if following is not None:
        following.previous_element = tag
    if tag.name in CELLS:
        tag.attrs = {name: tag[name] for name in ("colspan", "rowspan") if tag.has_attr(name)}
        return
    tag.name = "hr" if tag.name in BLOCKS else tag.name
    tag.attrs = {OMISSION_REASON: reason} if text else {}


def element_after(tag: Tag) -> PageElement | None:
    """Return the first node after an element and its descendants, or None."""
    current: Tag | None = tag
    while current is not None:
        if current.next_sibling is not None:
            return current.next_sibling
        current = current.parent
    return None


def visible_line(element: PageElement) -> str:
    """Return the visible text of an element on one line."""
    if isinstance(element, Tag):
        if element.name == "template":  # its text nodes have a separate type
            return " ".join(element.get_text(" ").split())
        return " ".join(visible_text(element).split())
    return " ".join(strip_marks(str(element)).split()) if is_text(element) else ""
