"""Lines, headed boxes and lists of links that only a page has, found inside its main part.

Applies the tables of `ingest.readers.html.boilerplate_rules`; what a box is called is the subject of
`ingest.readers.html.boilerplate_rules`.
"""

from __future__ import annotations

import re
from itertools import islice

from bs4.element import Tag

from ingest.readers.base import OmittedText
from ingest.readers.html.boilerplate_rules import (
    CONTENTS,
    HEADING_RULES,
    MAX_TEASER_LENGTH,
    NAVIGATION,
    RELATED,
    HeadingRule,
    match_text_rule,
    normalized_names,
)
from ingest.readers.html.dom import BLOCKS, is_text, remove_element, visible_line
from ingest.readers.html.metadata import REVIEW_LINE
from ingest.readers.html.text_density import ElementDensity, TextDensity, ancestor_ids

# A list of links beside the text is navigation; a sentence with a link in it is not.
MIN_NAVIGATION_LINK_SHARE = 0.6
# Before the first and after the last sentence, where breadcrumbs and further pages stand.
MIN_EDGE_LINK_SHARE = 0.8
MIN_SENTENCE_WORDS = 8  # not in links, in one block: a label or a heading has fewer
# Lists of works are links only, and clinical content.
REFERENCE_CLASSES = re.compile(
    r"-(?:references?|ref-list|footnotes?|citations?|sources?|bibliography)-"
)
MAX_SIBLINGS = 40  # under one heading: a box has no more, and the search stays linear
MAX_LINE_LENGTH = 60  # words of the longest line that the tables know
CAPTIONS = frozenset({"caption", "figcaption"})  # "© the hospital" is a part of the figure
HEADINGS = ("h2", "h3", "h4", "h5", "h6")
HEADING_CANDIDATES = frozenset({*HEADINGS, "p", "div", "strong", "b"})
LINE_CANDIDATES = BLOCKS | {"a", "span", "font"}


def remove_headed_blocks(density: TextDensity, omitted: list[OmittedText]) -> None:
    """Leave out headings such as "Related" with what stands under them."""
    for heading in density.iter_tags():
        if heading.name not in HEADING_CANDIDATES:
            continue
        measured = density.measure(heading)
        if not 0 < measured.words <= 8 or measured.blocks:
            continue
        text = visible_line(heading)
        for rule in HEADING_RULES:
            if rule.pattern.fullmatch(text) and (under := _elements_under(heading, rule, density)):
                for tag in (*under, heading):
                    remove_element(tag, rule.reason, omitted)
                break


def _elements_under(heading: Tag, rule: HeadingRule, density: TextDensity) -> list[Tag]:
    """Return the elements under a heading if the rule holds for them together."""
    top = heading
    while (
        top.parent is not None
        and density.measure(top.parent).words == density.measure(heading).words
    ):
        top = top.parent
    found: list[Tag] = []
    words = linked = 0
    for element in islice(top.next_siblings, MAX_SIBLINGS):
        if is_text(element) and str(element).strip():
            break
        if not isinstance(element, Tag) or not density.measure(element).words:
            continue
        measured = density.measure(element)
        words, linked = words + measured.words, linked + measured.linked_words
        teaser = rule.reason == RELATED and _is_teaser(element, density)
        linked += measured.words - measured.linked_words if teaser else 0
        ends = element.name in HEADINGS or (measured.titles and not teaser)
        if ends or words > rule.max_words or linked < rule.min_link_share * words:
            break
        found.append(element)
    only_heading = not rule.min_link_share and heading.name in HEADINGS
    return found or ([heading] if only_heading else [])


def _is_teaser(element: Tag, density: TextDensity) -> bool:
    """Whether an element shows other pages: a linked title each, and little text beside it.

    A sentence with a link in it is none: there the link has no block to itself.
    """
    measured = density.measure(element)
    return 0 < measured.words <= MAX_TEASER_LENGTH * measured.links and any(
        tag.name in BLOCKS and density.measure(tag).link_share >= MIN_EDGE_LINK_SHARE
        for tag in (element, *element.find_all(True, limit=MAX_SIBLINGS))
    )


def remove_boilerplate_lines(density: TextDensity, omitted: list[OmittedText]) -> None:
    """Leave out single lines by their words, and lists of links to places on the page."""
    judged: set[int] = set()
    for tag in density.iter_tags():
        if tag.name not in LINE_CANDIDATES:
            continue
        measured = density.measure(tag)
        if not measured.words or tag.name in ("td", "tr", "table"):
            continue
        inner = measured.internal_links > 1 and measured.internal_links == measured.links
        if inner and measured.link_share >= MIN_EDGE_LINK_SHARE:
            remove_element(tag, CONTENTS, omitted)
            continue
        if measured.blocks or measured.titles or measured.words > MAX_LINE_LENGTH:
            continue
        if tag.parent is not None and id(tag.parent) in judged:
            around = density.measure(tag.parent)
            if (around.words, around.linked_words) == (measured.words, measured.linked_words):
                judged.add(id(tag))
                continue  # the same words, and so the same answer
        judged.add(id(tag))
        if tag.name in CAPTIONS or _is_within_sentence(tag, measured, density):
            continue
        text = visible_line(tag)
        reason = match_text_rule(text, measured)
        if reason and not REVIEW_LINE.search(text):
            remove_element(tag, reason, omitted)


def _is_within_sentence(tag: Tag, measured: ElementDensity, density: TextDensity) -> bool:
    """Whether an inline element stands in a sentence, where its words mean something else."""
    if tag.name in BLOCKS or tag.parent is None:
        return False
    around = density.measure(tag.parent)
    return bool(around.prose - measured.prose) and measured.words > 1


def remove_link_lists(content: Tag, density: TextDensity, omitted: list[OmittedText]) -> None:
    """Leave out blocks of nothing but links before the first sentence and after the last one."""
    blocks = [
        tag
        for tag in density.iter_tags(content)
        if tag.name in BLOCKS and density.measure(tag).words
    ]
    leaves = [tag for tag in blocks if not density.measure(tag).blocks or tag.name == "p"]
    texts = [
        number
        for number, tag in enumerate(leaves)
        if density.measure(tag).prose >= MIN_SENTENCE_WORDS
    ]
    if not texts:
        return
    edges = {id(tag) for tag in (*leaves[: texts[0]], *leaves[texts[-1] + 1 :])}
    edges |= ancestor_ids([tag for tag in leaves if id(tag) in edges])
    kept = {id(above) for number in (texts[0], texts[-1]) for above in leaves[number].parents}
    references = _reference_ids(content, density)
    for tag in density.iter_tags(content):
        measured = density.measure(tag)
        if tag.name not in BLOCKS or not measured.words:
            continue
        if id(tag) in kept or id(tag) not in edges or measured.titles or tag.name in HEADINGS:
            continue
        if id(tag) in references:
            continue
        if (
            measured.links
            and measured.link_share >= MIN_EDGE_LINK_SHARE
            and not REVIEW_LINE.search(visible_line(tag))
        ):
            remove_element(tag, NAVIGATION, omitted)


def _reference_ids(content: Tag, density: TextDensity) -> set[int]:
    """Return the identities of the elements of lists of works, and of all that they hold."""
    inside: set[int] = set()
    for tag in (content, *density.iter_tags(content)):
        above = tag.parent
        if (above is not None and id(above) in inside) or REFERENCE_CLASSES.search(
            normalized_names(tag)
        ):
            inside.add(id(tag))
    return inside
