"""Removal of boilerplate lines, headed boxes and link lists inside the main content.

The rules are in `ingest.readers.html.boilerplate_rules`.
"""

from __future__ import annotations

import re
from itertools import islice

from bs4.element import Tag

from ingest.readers.common.result import OmittedText
from ingest.readers.html.boilerplate_rules import (
    CONTENTS,
    EMBEDDED,
    HEADING_RULES,
    MAX_TEASER_LENGTH,
    NAVIGATION,
    RELATED,
    HeadingRule,
    match_text_rule,
)
from ingest.readers.html.class_rules import normalized_names
from ingest.readers.html.clinical_statements import is_clear_statement, is_possible_statement
from ingest.readers.html.dom import BLOCKS, is_text, remove_element, visible_line
from ingest.readers.html.elements import SUBHEADINGS
from ingest.readers.html.linked_content import is_linked_content
from ingest.readers.html.metadata import REVIEW_LINE
from ingest.readers.html.text_density import ElementDensity, TextDensity, ancestor_ids

LAYOUT_ELEMENTS = ["h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "nav", "form"]
# A list with this share of links is navigation; a sentence with a link is not.
MIN_NAVIGATION_LINK_SHARE = 0.6
# Limit before the first and after the last sentence, where breadcrumbs and pagination are.
MIN_EDGE_LINK_SHARE = 0.8
MIN_SENTENCE_WORDS = 8  # words outside links in one block; a label or a heading has fewer
# Reference lists consist of links, but are clinical content.
REFERENCE_CLASSES = re.compile(
    r"-(?:references?|ref-list|footnotes?|citations?|sources?|bibliography)-"
)
MAX_SIBLINGS = 40  # siblings examined below a heading; keeps the search linear
MAX_LINE_LENGTH = 60  # words; longer than any line that the rules match
# for example "© the hospital", which belongs to the figure
CAPTIONS = frozenset({"caption", "figcaption"})
HEADING_CANDIDATES = frozenset({*SUBHEADINGS, "p", "div", "strong", "b"})
LINE_CANDIDATES = BLOCKS | {"a", "span", "font"}


def remove_headed_blocks(density: TextDensity, omitted: list[OmittedText]) -> None:
    """Remove headings such as "Related" and the content below them."""
    for heading in density.iter_tags():
        if heading.name not in HEADING_CANDIDATES:
            continue
        measured = density.measure(heading)
        if not 0 < measured.words <= 8 or measured.blocks:
            continue
        text = visible_line(heading)
        for rule in HEADING_RULES:
            if is_clear_statement(text):
                break
            if rule.pattern.fullmatch(text) and (under := _elements_under(heading, rule, density)):
                for tag in (*under, heading):
                    remove_element(tag, rule.reason, omitted)
                break


def _elements_under(heading: Tag, rule: HeadingRule, density: TextDensity) -> list[Tag]:
    """Return the elements below a heading if the rule matches all of them together."""
    top = heading
    while (
        top.parent is not None
        and density.measure(top.parent).words == density.measure(heading).words
    ):
        top = top.parent
    elements: list[Tag] = []
    words = linked_words = 0
    for element in islice(top.next_siblings, MAX_SIBLINGS):
        if is_text(element) and str(element).strip():
            break
        if not isinstance(element, Tag) or not density.measure(element).words:
            continue
        measured = density.measure(element)
        words, linked_words = words + measured.words, linked_words + measured.linked_words
        is_teaser = rule.reason == RELATED and _is_teaser(element, density)
        linked_words += measured.words - measured.linked_words if is_teaser else 0
        is_end = element.name in SUBHEADINGS or (measured.titles and not is_teaser)
        if is_end or words > rule.max_words or linked_words < rule.min_link_share * words:
            break
        if _is_content_under(element, rule):
            break
        elements.append(element)
    is_plain_heading = not rule.min_link_share and heading.name in SUBHEADINGS
    return elements or ([heading] if is_plain_heading else [])


def _is_content_under(element: Tag, rule: HeadingRule) -> bool:
    """Return whether the text below a heading is clinical whatever the heading is called."""
    text = visible_line(element)
    return is_clear_statement(text) if rule.min_link_share else is_possible_statement(text)


def _is_teaser(element: Tag, density: TextDensity) -> bool:
    """Return whether an element links to other pages: linked titles with little text next to them.

    A sentence with a link does not count, because the link is not in a separate block.
    """
    measured = density.measure(element)
    return 0 < measured.words <= MAX_TEASER_LENGTH * measured.links and any(
        tag.name in BLOCKS and density.measure(tag).link_share >= MIN_EDGE_LINK_SHARE
        for tag in (element, *element.find_all(True, limit=MAX_SIBLINGS))
    )


def remove_boilerplate_lines(density: TextDensity, omitted: list[OmittedText]) -> None:
    """Remove single lines that match a text rule, and lists of links within the page."""
    checked: set[int] = set()
    for tag in density.iter_tags():
        if tag.name not in LINE_CANDIDATES:
            continue
        measured = density.measure(tag)
        if not measured.words or tag.name in ("td", "tr", "table"):
            continue
        is_internal = measured.internal_links > 1 and measured.internal_links == measured.links
        if is_internal and measured.link_share >= MIN_EDGE_LINK_SHARE:
            remove_element(tag, CONTENTS, omitted)
            continue
        if measured.blocks or measured.titles or measured.words > MAX_LINE_LENGTH:
            continue
        if tag.parent is not None and id(tag.parent) in checked:
            parent = density.measure(tag.parent)
            if (parent.words, parent.linked_words) == (measured.words, measured.linked_words):
                checked.add(id(tag))
                continue  # same words as the parent, and so the same result
        checked.add(id(tag))
        if tag.name in CAPTIONS or _is_within_sentence(tag, measured, density):
            continue
        text = visible_line(tag)
        reason = match_text_rule(text, measured)
        if reason and (reason == EMBEDDED or not REVIEW_LINE.search(text)):
            remove_element(tag, reason, omitted)


def _is_within_sentence(tag: Tag, measured: ElementDensity, density: TextDensity) -> bool:
    """Return whether an inline element is part of a sentence, where text rules do not apply."""
    if tag.name in BLOCKS or tag.parent is None:
        return False
    parent = density.measure(tag.parent)
    return bool(parent.prose - measured.prose) and measured.words > 1


def remove_link_lists(content: Tag, density: TextDensity, omitted: list[OmittedText]) -> None:
    """Remove blocks of links before the first sentence and after the last one."""
    blocks = [
        tag
        for tag in density.iter_tags(content)
        if tag.name in BLOCKS and density.measure(tag).words
    ]
    text_blocks = [tag for tag in blocks if not density.measure(tag).blocks or tag.name == "p"]
    sentences = [
        index
        for index, tag in enumerate(text_blocks)
        if density.measure(tag).prose >= MIN_SENTENCE_WORDS
    ]
    if not sentences:
        return
    edge_ids = {
        id(tag) for tag in (*text_blocks[: sentences[0]], *text_blocks[sentences[-1] + 1 :])
    }
    edge_ids |= ancestor_ids([tag for tag in text_blocks if id(tag) in edge_ids])
    protected = {
        id(ancestor)
        for index in (sentences[0], sentences[-1])
        for ancestor in text_blocks[index].parents
    }
    references = _reference_ids(content, density)
    for tag in density.iter_tags(content):
        measured = density.measure(tag)
        if tag.name not in BLOCKS or not measured.words:
            continue
        if (
            id(tag) in protected
            or id(tag) not in edge_ids
            or measured.titles
            or tag.name in SUBHEADINGS
        ):
            continue
        if id(tag) in references:
            continue
        if (
            measured.links
            and measured.link_share >= MIN_EDGE_LINK_SHARE
            and not REVIEW_LINE.search(visible_line(tag))
            and not is_linked_content(tag)
            and not _is_in_data_row(tag, density)
        ):
            remove_element(tag, NAVIGATION, omitted)


def _is_in_data_row(tag: Tag, density: TextDensity) -> bool:
    """Return whether an element is in a row of data: "500 micrograms | formulary", with a link.

    The rows of a layout table contain lists, headings or other tables.
    """
    row = tag.find_parent("tr")
    return row is not None and bool(density.measure(row).prose) and not row.find(LAYOUT_ELEMENTS)


def _reference_ids(content: Tag, density: TextDensity) -> set[int]:
    """Return the object ids of the elements of reference lists and of all their descendants."""
    ids: set[int] = set()
    for tag in (content, *density.iter_tags(content)):
        parent = tag.parent
        if (parent is not None and id(parent) in ids) or REFERENCE_CLASSES.search(
            normalized_names(tag)
        ):
            ids.add(id(tag))
    return ids
