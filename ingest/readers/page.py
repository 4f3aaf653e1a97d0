"""The article's own part of a web page: what is read, what is left out, and why.

Extractors that guess by density lose clinical content: a review date, an aside, the caption of a
figure. So the content is what the page itself marks as such, everything in it is kept unless a
rule of the tables below names it, and what is left out is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, PageElement, Tag

from ingest.readers.reading import Dropped
from kb.errors import SourceError

DEEPEST = 200  # elements in each other; the walk costs two calls for each of the thousand there are
# A paragraph with its text costs 1 KB as objects (measured), so this is 150 MB at the most.
MOST_TAGS = 150_000

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
UNSEEN = frozenset(["script", "style", "template", "head", "title", "meta", "link", "noframes"])

# Elements left out wherever they stand <- reason.
LEFT_OUT = {
    "nav": "navigation",
    "noscript": "a note for browsers without scripts",
    "button": "a form control",
    "input": "a form control",
    "select": "a form control",
    "textarea": "a form control",
    "label": "a form control",
    "iframe": "embedded content",
    "object": "embedded content",
    "audio": "embedded content",
    "video": "embedded content",
    "canvas": "embedded content",
    "svg": "a drawing",
    "dialog": "a dialog",
}
LEFT_OUT_ROLES = {
    "navigation": "navigation",
    "search": "a form control",
    "dialog": "a dialog",
    "alertdialog": "a dialog",
}
PAGE_PARTS = {"header": "the header of the page", "footer": "the footer of the page"}
PAGE_ROLES = {"banner": "the header of the page", "contentinfo": "the footer of the page"}
CHROME_CLASS = re.compile(
    r"(?:^|[-_])(?:breadcrumbs?|cookies?|pagination|skip-?link|skip-?nav|social|share|sharing)"
    r"(?:[-_]|$)",
    re.I,
)
POWER = re.compile(r"[-−–+]?\d+")
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
# A list of links beside the text is navigation; a sentence with a link in it is not.
NAVIGATION_LINK_SHARE = 0.6
# Less text than this share of the page in "main" means that the page is marked wrongly.
SMALLEST_MAIN_SHARE = 0.25


def parse_page(text: str, source: str) -> BeautifulSoup:
    """Parse a page. Raises `SourceError` when it has more tags or nests deeper than a page does."""
    if text.count("<") > MOST_TAGS:
        raise SourceError(
            source, f"has more than {MOST_TAGS:,} tags.", "Split it into several articles."
        )
    soup = BeautifulSoup(text, "lxml")
    for _, depth in walk(soup):
        if depth > DEEPEST:
            raise SourceError(
                source, f"nests more than {DEEPEST} elements.", "Simplify its markup."
            )
    for raised in soup.find_all("sup"):
        _keep_apart(raised)
    return soup


def _keep_apart(raised: Tag) -> None:
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
            unseen += element.name in UNSEEN
            if element.name in BLOCKS or element.name == "br":
                parts.append("\n")
        elif element is None:
            ended = open_tags.pop() if open_tags else root
            unseen -= ended.name in UNSEEN and ended is not root
            if ended.name in BLOCKS:
                parts.append("\n")
        elif is_text(element) and not unseen:
            parts.append(str(element))
    return "".join(parts)


def content_of(body: Tag, dropped: list[Dropped]) -> Tag:
    """Return the element that holds the article, with what is not part of it taken out.

    Changes the tree. What is left out is added to `dropped`, with the reason.
    """
    _leave_out_marked(body, dropped)
    content = _chosen(body)
    if content is not body:
        for outside in _around(content, body):
            text = _words(outside)
            if text:
                dropped.append(Dropped("outside the main part of the page", text))
    return content


def _leave_out_marked(body: Tag, dropped: list[Dropped]) -> None:
    for tag in body.find_all(True):
        if tag.decomposed:
            continue
        reason = _reason(tag)
        if reason is None:
            continue
        text = _words(tag) if reason else ""
        if text:
            dropped.append(Dropped(reason, text))
        tag.decompose()


def _reason(tag: Tag) -> str | None:
    """Why a tag is left out; an empty text means that there is nothing to report."""
    role = str(tag.get("role", ""))
    if tag.name in UNSEEN:
        return ""
    reason = LEFT_OUT.get(tag.name) or LEFT_OUT_ROLES.get(role)
    part = PAGE_PARTS.get(tag.name) or PAGE_ROLES.get(role)
    if not reason and part and not _inside_article(tag):
        reason = part
    if not reason and _is_hidden(tag):
        reason = "hidden on the page"
    may_be_chrome = tag.name == "aside" or CHROME_CLASS.search(_names(tag))
    if not reason and may_be_chrome and tag.name in BLOCKS and _is_navigation(tag):
        reason = "navigation"
    return reason


def classes_of(tag: Tag) -> list[str]:
    """Return the classes of an element."""
    return [str(name) for name in tag.get_attribute_list("class")]


def _names(tag: Tag) -> str:
    return "_".join([*classes_of(tag), str(tag.get("id", ""))])


def _inside_article(tag: Tag) -> bool:
    return tag.find_parent(["main", "article", "section"]) is not None


def _is_hidden(tag: Tag) -> bool:
    if tag.has_attr("hidden") and str(tag["hidden"]).lower() != "until-found":
        return True
    if str(tag.get("aria-hidden", "")).lower() == "true":
        return True
    return bool(HIDDEN_STYLE.search(str(tag.get("style", ""))))


def _is_navigation(tag: Tag) -> bool:
    letters = len(_words(tag))
    linked = sum(len(_words(link)) for link in tag.find_all("a") if not link.find_parent("a"))
    return linked >= NAVIGATION_LINK_SHARE * letters


def _chosen(body: Tag) -> Tag:
    """The element that the page marks as its content, or the body where none is or it is small."""
    marked = body.find_all("main") or body.find_all(role="main")
    marked = marked or body.find_all("article")
    if not marked:
        return body
    largest: Tag = max(marked, key=lambda tag: len(_words(tag)))
    whole = len(_words(body))
    share = SMALLEST_MAIN_SHARE
    if len(marked) > 1 and largest.name == "article":
        share = 0.5  # a page of several articles is not its largest one
    return largest if len(_words(largest)) >= share * whole else body


def _around(content: Tag, body: Tag) -> Iterator[PageElement]:
    """Yield what stands in the body beside an element and beside all that is above it."""
    current = content
    while current is not body and current.parent is not None:
        yield from (element for element in current.parent.contents if element is not current)
        current = current.parent


def _words(element: PageElement) -> str:
    if isinstance(element, Tag):
        return " ".join(visible_text(element).split())
    return " ".join(str(element).split()) if is_text(element) else ""
