"""A web page as a tree, parsed within limits, and its text as a reader of the page sees it.

Which part of it is the article is the subject of `ingest.readers.html.main_content`.

Taking elements out of a page: each is reported with what it said, and leaves a rule behind.

An emptied element stays as an `hr`: taking elements out one by one costs a search among their
siblings each, which is quadratic on a flat page.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import CData, NavigableString, PageElement, Tag

from ingest.readers.base import OmittedText
from kb.errors import SourceError, SourceProblem

MAX_DEPTH = (
    200  # elements in each other; the walk costs two calls for each of the thousand there are
)
# A paragraph costs 0.17 ms and 1 KB as objects (measured): this is seven seconds of the twenty of
# a sandbox. The largest of a thousand pages of the web had half of it.
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
# What no reader of the page sees as text: not content, and not worth a report.
INVISIBLE = frozenset(["script", "style", "template", "head", "title", "meta", "link", "noframes"])

POWER = re.compile(r"[-−–+]?\d+")


def parse_page(text: str, source: str) -> BeautifulSoup:
    """Parse a page. Raises `SourceError` when it has more tags or nests deeper than a page does."""
    if text.count("<") > MAX_TAGS:
        raise SourceError(
            source,
            f"has more than {MAX_TAGS:,} tags.",
            "Split it into several articles.",
            code=SourceProblem.TOO_MANY_TAGS,
        )
    with warnings.catch_warnings():  # XHTML is read as the HTML that browsers take it for
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(text, "lxml")
    for _, depth in walk(soup):
        if depth > MAX_DEPTH:
            raise SourceError(
                source,
                f"nests more than {MAX_DEPTH} elements.",
                "Simplify its markup.",
                code=SourceProblem.TOO_DEEP,
            )
    for raised in soup.find_all("sup"):
        _separate_superscript(raised)
    return soup


def _separate_superscript(raised: Tag) -> None:
    """Mark a power and part a footnote's number from its word: 10<sup>9</sup> is not 109."""
    before = raised.previous_sibling
    if not is_text(before) or not str(before)[-1:].strip():
        return
    if raised.find("a"):
        raised.insert_before(" ")
    elif str(before)[-1].isdigit() and POWER.fullmatch(raised.get_text().strip()):
        raised.insert_before("^")


def walk(root: Tag) -> Iterator[tuple[PageElement | None, int]]:
    """Yield what `root` holds with its depth, in reading order, and None where an element ends.

    No recursion, so that it can be trusted with a page that has not been checked yet.
    """
    open_elements = [iter(root.contents)]
    while open_elements:
        element = next(open_elements[-1], None)
        if element is None:
            open_elements.pop()
            yield None, len(open_elements)
            continue
        yield element, len(open_elements)
        if isinstance(element, Tag):
            open_elements.append(iter(element.contents))


def is_text(element: PageElement | None) -> bool:
    """Whether an element is text, and not a comment or a declaration."""
    return type(element) in (NavigableString, CData)


def visible_text(root: Tag) -> str:
    """Return the text of an element as a reader of the page sees it, a line to each block."""
    parts: list[str] = []
    open_tags: list[Tag] = []
    unseen = 0
    for element, _ in walk(root):
        if isinstance(element, Tag):
            open_tags.append(element)
            unseen += element.name in INVISIBLE
            if element.name in BLOCKS or element.name == "br":
                parts.append("\n")
        elif element is None:
            ended = open_tags.pop() if open_tags else root
            unseen -= ended.name in INVISIBLE and ended is not root
            if ended.name in BLOCKS:
                parts.append("\n")
        elif is_text(element) and not unseen:
            parts.append(str(element))
    return "".join(parts)


def get_classes(tag: Tag) -> list[str]:
    """Return the classes of an element."""
    return [str(name) for name in tag.get_attribute_list("class")]


def remove_element(tag: Tag, reason: str, omitted: list[OmittedText]) -> None:
    """Report and empty an element; with an empty reason there is nothing to report."""
    text = visible_line(tag) if reason else ""
    if text:
        omitted.append(OmittedText(reason, text))
    following = element_after(tag)
    tag.contents = []
    tag.next_element = following
    if following is not None:
        following.previous_element = tag
    tag.name = "hr" if tag.name in BLOCKS else tag.name
    tag.attrs.clear()


def element_after(tag: Tag) -> PageElement | None:
    """Return what follows an element in the page, past all that it holds."""
    current: Tag | None = tag
    while current is not None:
        if current.next_sibling is not None:
            return current.next_sibling
        current = current.parent
    return None


def visible_line(element: PageElement) -> str:
    """Return the visible text of an element in one line."""
    if isinstance(element, Tag):
        if element.name == "template":  # its text is of a kind of its own
            return " ".join(element.get_text(" ").split())
        return " ".join(visible_text(element).split())
    return " ".join(str(element).split()) if is_text(element) else ""
