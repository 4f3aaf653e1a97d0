"""Main-content extraction: find the article on a web page and remove everything else.

Each stage measures the text density once, so the number of passes does not grow with the page:

1. `expand_collapsed`: collapsed and tabbed parts are content, and so is a `noscript` element that
   contains most of the page.
2. `_remove_by_name`: apply the element, role and class rules of
   `ingest.readers.html.boilerplate_rules`.
3. `find_main_element`: the element marked as main content, otherwise the smallest one that contains
   nearly all the prose.
4. Remove boilerplate lines, headed boxes and link lists inside it.
5. `ingest.readers.html.trafilatura_check`: compare the result with trafilatura's.
6. Restore lines with a review date, and warnings and asides with a dose or an instruction not to do
   something, from outside the main element: they are clinical content.

Everything removed is reported with its reason. Removed elements are emptied and become `hr`
elements, because unlinking each one from its parent takes quadratic time on a flat page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bs4.element import PageElement, Tag

from ingest.readers.common.result import OmittedText
from ingest.readers.html.boilerplate import (
    MIN_NAVIGATION_LINK_SHARE,
    remove_boilerplate_lines,
    remove_headed_blocks,
    remove_link_lists,
)
from ingest.readers.html.boilerplate_rules import (
    DIALOG,
    FOOTER,
    NAVIGATION,
    OMITTED_ELEMENTS,
    OMITTED_ROLES,
    PAGE_ELEMENTS,
    PAGE_ROLES,
)
from ingest.readers.html.class_rules import (
    is_inside_article,
    match_class_rule,
    normalized_names,
)
from ingest.readers.html.clinical_statements import is_clear_statement, is_possible_statement
from ingest.readers.html.dom import BLOCKS, INVISIBLE, find_tag, remove_element, visible_line
from ingest.readers.html.hidden_content import expand_collapsed, is_hidden
from ingest.readers.html.metadata import MAX_REVIEW_LINES, extract_review_lines
from ingest.readers.html.page_boxes import (
    remove_edit_links,
    remove_headings_of_boxes,
    remove_product_cards,
)
from ingest.readers.html.text_density import ElementDensity, TextDensity, ancestor_ids
from ingest.readers.html.trafilatura_check import TrafilaturaText, remove_disputed_blocks

# If "main" contains less than this share of the text, the page is marked up incorrectly.
MIN_MAIN_SHARE = 0.25
# Minimum prose words and maximum link share of a box next to the content that may belong to it.
MIN_ADJACENT_PROSE = 25
MAX_ADJACENT_LINK_SHARE = 0.25
# Share of the page's prose; an element with this share is the content of a page without semantic
# markup.
MIN_PROSE_SHARE = 0.9
NAMED_ELEMENTS = BLOCKS | {"a", "span"}  # elements to which the class rules apply
TEMPLATE = "a script template"
# An aside with at least this many links and this link share is navigation, even with summaries.
MIN_ASIDE_LINKS = 10
MIN_ASIDE_LINK_SHARE = 0.4
# Names of an article element, or of a box around it, that is not the article of the page.
ENTRY_NAMES = re.compile(
    r"-(?:comments?|comment-(?:list|body|area|thread)|commentlist|comments-area|teasers?|related|"
    r"related-(?:posts?|articles?|content)|relatedposts|most-read|product)-"
)
BREADCRUMB_LABELS = frozenset({"breadcrumb", "breadcrumbs"})
WARNING_ROLES = frozenset({"alert", "note"})
WARNING_NAMES = re.compile(
    r"-(?:callout|warning|important|alert|caution|danger|care-card|admonition)-"
)
MAX_WARNING_WORDS = 100
OUTSIDE = "outside the main content"


def extract_main_content(
    body: Tag,
    omitted: list[OmittedText],
    title: str = "",
    trafilatura_text: TrafilaturaText | None = None,
) -> Tag:
    """Return the element that contains the article, without boilerplate.

    Modifies the tree and adds everything that is removed to `omitted`. `title` is the title in the
    page's head, `trafilatura_text` the text that trafilatura extracts from the page.
    """
    density = TextDensity(body)
    expand_collapsed(body, density)
    remove_edit_links(body, omitted)
    remove_product_cards(body, density, omitted)
    review_lines = _remove_by_name(body, density, omitted, title)
    density = TextDensity(body)
    remove_headed_blocks(density, omitted)
    remove_boilerplate_lines(density, omitted)
    density = TextDensity(body)
    content = find_main_element(body, density)
    outside = list(iter_outside(content, body))
    remove_link_lists(content, density, omitted)
    for element in outside:
        review_lines.extend(_omit_outside(element, content, title, omitted))
    if trafilatura_text:
        remove_disputed_blocks(content, trafilatura_text, omitted)
    remove_headings_of_boxes(content, omitted)
    for line in review_lines:
        content.append(line)
    return content


def _remove_by_name(
    body: Tag, density: TextDensity, omitted: list[OmittedText], title: str
) -> list[Tag]:
    """Remove elements by tag, role and name, and return their review-date lines.

    The lines are limited to `MAX_REVIEW_LINES`.
    """
    review_lines: list[Tag] = []
    page = density.measure(body)
    title_ancestors = ancestor_ids(
        [
            tag
            for tag in density.iter_tags()
            if tag.name == "main"
            or (tag.name == "article" and not _is_entry(tag))
            or (tag.name == "h1" and _may_be_title(tag, title))
        ]
    )
    for tag in density.iter_tags():
        if not tag.contents and tag.name == "hr":
            continue  # already emptied, or nothing to remove
        reason = _omission_reason(tag, density.measure(tag), page, id(tag) in title_ancestors)
        if reason is None:
            continue
        if reason == FOOTER and len(review_lines) < MAX_REVIEW_LINES:
            review_lines.extend(extract_review_lines(tag))
        remove_element(tag, reason, omitted)
    return review_lines


def _omission_reason(
    tag: Tag, measured: ElementDensity, page: ElementDensity, contains_title: bool
) -> str | None:
    """Return the reason for removing a tag, None to keep it.

    An empty string means that the tag is removed without being reported.
    """
    role = str(tag.get("role", ""))
    if tag.name in INVISIBLE:
        return TEMPLATE if tag.name == "template" else ""
    reason = OMITTED_ELEMENTS.get(tag.name) or OMITTED_ROLES.get(role)
    if reason == DIALOG and is_possible_statement(visible_line(tag)):
        reason = None
    if str(tag.get("aria-label", "")).lower() in BREADCRUMB_LABELS and tag.name in BLOCKS:
        reason = NAVIGATION
    page_part = PAGE_ELEMENTS.get(tag.name) or PAGE_ROLES.get(role)
    if (
        not reason
        and page_part
        and not is_inside_article(tag)
        and not contains_title
        and not is_clear_statement(visible_line(tag))
    ):
        reason = page_part
    if not reason and is_hidden(tag):
        reason = "hidden on the page"
    if reason or tag.name not in NAMED_ELEMENTS or tag.name in ("body", "td", "tr"):
        return reason
    has_many_links = (
        measured.links >= MIN_ASIDE_LINKS and measured.link_share >= MIN_ASIDE_LINK_SHARE
    )
    if tag.name == "aside" and (has_many_links or measured.link_share >= MIN_NAVIGATION_LINK_SHARE):
        return NAVIGATION
    if not contains_title:
        measured = measured._replace(titles=0)
    return match_class_rule(tag, measured, page) or None


def _is_entry(article: Tag) -> bool:
    """Return whether an article element is a reader's comment or a teaser of another article."""
    return any(
        ENTRY_NAMES.search(normalized_names(tag)) for tag in (article, *islice(article.parents, 3))
    )


def _may_be_title(heading: Tag, title: str) -> bool:
    """Return whether a heading may be the article's title rather than the site's name."""
    text, page_title = visible_line(heading).casefold(), title.casefold()
    return bool(text) and (text == page_title or not page_title.endswith(text))


def find_main_element(body: Tag, density: TextDensity) -> Tag:
    """Return the element marked as main content, or the one that contains nearly all prose."""
    marked = body.find_all("main") or body.find_all(role="main")
    marked = marked or body.find_all("article")
    if marked:
        largest: Tag = max(marked, key=lambda tag: density.measure(tag).words)
        share = MIN_MAIN_SHARE
        if len(marked) > 1 and largest.name == "article":
            share = 0.5  # a page of several articles must not be reduced to the largest one
        if density.measure(largest).words >= share * density.measure(body).words:
            return largest
        if len(marked) > 1:
            return body
    return _find_densest(body, density)


def _find_densest(body: Tag, density: TextDensity) -> Tag:
    """Descend from the body while a single child contains nearly all the prose and the title."""
    min_prose = MIN_PROSE_SHARE * density.measure(body).prose
    current = body
    while True:
        titles = density.measure(current).titles
        inner = [
            child
            for child in current.children
            if isinstance(child, Tag)
            and child.name in BLOCKS
            and density.measure(child).prose >= min_prose
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
    """Yield the siblings of an element and of its ancestors up to the body."""
    current = content
    while current is not body and current.parent is not None:
        yield from (element for element in current.parent.contents if element is not current)
        current = current.parent


def _omit_outside(
    element: PageElement, content: Tag, title: str, omitted: list[OmittedText]
) -> list[Tag]:
    """Report an element outside the content, and return its review-date lines and warnings.

    If the content has no h1, the title heading is moved into it.
    """
    review_lines: list[Tag] = []
    if isinstance(element, Tag):
        review_lines = extract_review_lines(element)
        if _is_warning(element):
            return [*review_lines, element.extract()]
        review_lines.extend(tag.extract() for tag in element.find_all(_is_warning))
        heading = element if element.name == "h1" else find_tag(element, "h1")
        if isinstance(heading, Tag) and not find_tag(content, "h1") and _is_title(heading, title):
            element = Tag(name="hr") if heading is element else element
            content.insert(0, heading.extract())
    text = visible_line(element)
    if text:
        omitted.append(OmittedText(OUTSIDE, text))
    return review_lines


def _is_warning(tag: Tag) -> bool:
    """Return whether a box outside the content is a warning or an aside with a clear statement."""
    is_box = (
        tag.name == "aside"
        or tag.get("role") in WARNING_ROLES
        or (tag.name in BLOCKS and bool(WARNING_NAMES.search(normalized_names(tag))))
    )
    text = visible_line(tag) if is_box else ""
    return 0 < len(text.split()) <= MAX_WARNING_WORDS and is_clear_statement(text)


def _is_title(heading: Tag, title: str) -> bool:
    text = visible_line(heading).casefold()
    return bool(text) and title.casefold().startswith(text)
