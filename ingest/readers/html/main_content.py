"""The article's own part of a web page: what is read, what is left out, and why.

Stages, each over weights counted afresh, so the number of walks does not grow with the page:
1. `expand_collapsed`: folded and tabbed parts are content; so is a `noscript` that holds most of the page.
2. `_remove_by_name`: elements, roles and names of the tables in `ingest.readers.html.boilerplate_rules`.
3. `find_main_element`: the element that the page marks as its content or, where it marks none, the smallest
   one that holds nearly all the prose.
4. Within it, lines, headed boxes and lists of links that only a page has are left out.
5. `ingest.readers.html.trafilatura_check` asks the opinion of another reader of the page about what is left.
6. A line about the review of the text that stood outside comes back: it is clinical content.

What is left out is reported with its reason. An emptied element stays as an `hr`: taking elements
out one by one costs a search among their siblings each, which is quadratic on a flat page.

Which element of a page holds the article, and what of the rest belongs to it.

The page may mark it; where it does not, it is the smallest element that holds nearly all the prose.
"""

from __future__ import annotations

from collections.abc import Iterator

from bs4.element import PageElement, Tag

from ingest.readers.base import OmittedText
from ingest.readers.html.boilerplate import (
    MIN_NAVIGATION_LINK_SHARE,
    remove_boilerplate_lines,
    remove_headed_blocks,
    remove_link_lists,
)
from ingest.readers.html.boilerplate_rules import (
    FOOTER,
    NAVIGATION,
    OMITTED_ELEMENTS,
    OMITTED_ROLES,
    PAGE_ELEMENTS,
    PAGE_ROLES,
    match_class_rule,
    normalized_names,
)
from ingest.readers.html.dom import BLOCKS, INVISIBLE, remove_element, visible_line
from ingest.readers.html.hidden_content import expand_collapsed, is_hidden
from ingest.readers.html.metadata import MAX_REVIEW_LINES, extract_review_lines
from ingest.readers.html.text_density import ElementDensity, TextDensity, ancestor_ids
from ingest.readers.html.trafilatura_check import TrafilaturaText, remove_disputed_blocks

# Less text than this share of the page in "main" means that the page is marked wrongly.
MIN_MAIN_SHARE = 0.25
# Words of prose, and their share in links, with which a box beside the content may belong to it.
MIN_ADJACENT_PROSE = 25
MAX_ADJACENT_LINK_SHARE = 0.25
MIN_PROSE_SHARE = 0.9  # of the page: an element with it is the content of a page without mark-up
TEMPLATE = "a template that a script would fill"
# An aside with so many links, and so much of it in them, lists pages, however it describes them.
MIN_ASIDE_LINKS = 10
MIN_ASIDE_LINK_SHARE = 0.4
OUTSIDE = "outside the main part of the page"


def extract_main_content(
    body: Tag,
    omitted: list[OmittedText],
    title: str = "",
    trafilatura_text: TrafilaturaText | None = None,
) -> Tag:
    """Return the element that holds the article, with what is not part of it taken out.

    Changes the tree. What is left out is added to `dropped`, with the reason. `title` is that of
    the head of the page, `opinion` what another reader keeps of the page.
    """
    density = TextDensity(body)
    expand_collapsed(body, density)
    salvaged = _remove_by_name(body, density, omitted, title)
    density = TextDensity(body)
    remove_headed_blocks(density, omitted)
    remove_boilerplate_lines(density, omitted)
    density = TextDensity(body)
    content = find_main_element(body, density)
    outside = list(iter_outside(content, body))
    remove_link_lists(content, density, omitted)
    for element in outside:
        salvaged.extend(_omit_outside(element, content, title, omitted))
    if trafilatura_text:
        remove_disputed_blocks(content, trafilatura_text, omitted)
    for line in salvaged:
        content.append(line)
    return content


def _remove_by_name(
    body: Tag, density: TextDensity, omitted: list[OmittedText], title: str
) -> list[Tag]:
    """Apply the tables of names; return the lines of review of what was left out."""
    salvaged: list[Tag] = []
    page = density.measure(body)
    titled = ancestor_ids(
        [
            tag
            for tag in density.iter_tags()
            if tag.name in ("main", "article") or (tag.name == "h1" and _may_be_title(tag, title))
        ]
    )
    for tag in density.iter_tags():
        if not tag.contents and tag.name == "hr":
            continue  # emptied with what it stood in, or nothing to leave out
        reason = _omission_reason(tag, density.measure(tag), page, id(tag) in titled)
        if reason is None:
            continue
        if reason == FOOTER and len(salvaged) < MAX_REVIEW_LINES:
            salvaged.extend(extract_review_lines(tag))
        remove_element(tag, reason, omitted)
    return salvaged


def _omission_reason(
    tag: Tag, measured: ElementDensity, page: ElementDensity, titled: bool
) -> str | None:
    """Why a tag is left out; an empty text means that there is nothing to report."""
    role = str(tag.get("role", ""))
    if tag.name in INVISIBLE:
        return TEMPLATE if tag.name == "template" else ""
    reason = OMITTED_ELEMENTS.get(tag.name) or OMITTED_ROLES.get(role)
    part = PAGE_ELEMENTS.get(tag.name) or PAGE_ROLES.get(role)
    if not reason and part and not _inside_article(tag) and not titled:
        reason = part
    if not reason and is_hidden(tag):
        reason = "hidden on the page"
    if reason or tag.name not in BLOCKS | {"a", "span"} or tag.name in ("body", "td", "tr"):
        return reason
    many = measured.links >= MIN_ASIDE_LINKS and measured.link_share >= MIN_ASIDE_LINK_SHARE
    if tag.name == "aside" and (many or measured.link_share >= MIN_NAVIGATION_LINK_SHARE):
        return NAVIGATION
    names = normalized_names(tag)
    if not names:
        return None
    if not titled:
        measured = measured._replace(titles=0)
    return match_class_rule(names, measured, page, _inside_article(tag)) or None


def _may_be_title(heading: Tag, title: str) -> bool:
    """Whether a heading may be the title of the article, which a site's name in an h1 is not."""
    text, whole = visible_line(heading).casefold(), title.casefold()
    return bool(text) and (text == whole or not whole.endswith(text))


def _inside_article(tag: Tag) -> bool:
    return any(above.name in ("main", "article", "section") for above in tag.parents)


def find_main_element(body: Tag, density: TextDensity) -> Tag:
    """The element that the page marks as its content, or the one that holds nearly all prose."""
    marked = body.find_all("main") or body.find_all(role="main")
    marked = marked or body.find_all("article")
    if marked:
        largest: Tag = max(marked, key=lambda tag: density.measure(tag).words)
        share = MIN_MAIN_SHARE
        if len(marked) > 1 and largest.name == "article":
            share = 0.5  # a page of several articles is not its largest one
        if density.measure(largest).words >= share * density.measure(body).words:
            return largest
        if len(marked) > 1:
            return body
    return _find_densest(body, density)


def _find_densest(body: Tag, density: TextDensity) -> Tag:
    """Go down from the body as long as one element holds nearly all the prose and the title."""
    least = MIN_PROSE_SHARE * density.measure(body).prose
    current = body
    while True:
        titles = density.measure(current).titles
        inner = [
            child
            for child in current.children
            if isinstance(child, Tag)
            and child.name in BLOCKS
            and density.measure(child).prose >= least
            and density.measure(child).prose
        ]
        if len(inner) != 1 or (titles and not _contains_title(inner[0], density)):
            return current
        if any(
            density.measure(child).prose >= MIN_ADJACENT_PROSE
            and density.measure(child).link_share < MAX_ADJACENT_LINK_SHARE
            for child in current.children
            if isinstance(child, Tag) and child is not inner[0]
        ):
            return current
        current = inner[0]


def _contains_title(tag: Tag, density: TextDensity) -> bool:
    return tag.name == "h1" or bool(density.measure(tag).titles)


def iter_outside(content: Tag, body: Tag) -> Iterator[PageElement]:
    """Yield what stands in the body beside an element and beside all that is above it."""
    current = content
    while current is not body and current.parent is not None:
        yield from (element for element in current.parent.contents if element is not current)
        current = current.parent


def _omit_outside(
    element: PageElement, content: Tag, title: str, omitted: list[OmittedText]
) -> list[Tag]:
    """Report what stands outside the content; return its lines of review, and bring the title."""
    salvaged: list[Tag] = []
    if isinstance(element, Tag):
        salvaged = extract_review_lines(element)
        heading = element if element.name == "h1" else element.find("h1")
        if isinstance(heading, Tag) and not content.find("h1") and _is_title(heading, title):
            element = Tag(name="hr") if heading is element else element
            content.insert(0, heading.extract())
    text = visible_line(element)
    if text:
        omitted.append(OmittedText(OUTSIDE, text))
    return salvaged


def _is_title(heading: Tag, title: str) -> bool:
    text = visible_line(heading).casefold()
    return bool(text) and title.casefold().startswith(text)
