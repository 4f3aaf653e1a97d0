"""Boilerplate identified by its parts: product cards, edit links, headings of removed boxes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from bs4.element import NavigableString, PageElement, Tag

from ingest.readers.common.result import OmittedText
from ingest.readers.html.boilerplate_rules import (
    COMMENTS,
    FEEDBACK,
    FORM_CONTROL,
    NAVIGATION,
    NOT_ARTICLE,
    PROMOTION,
    RELATED,
    SHARING,
)
from ingest.readers.html.clinical_statements import is_possible_statement
from ingest.readers.html.dom import (
    BLOCKS,
    OMISSION_REASON,
    is_text,
    remove_element,
    visible_line,
)
from ingest.readers.html.elements import HEADINGS, SUBHEADINGS
from ingest.readers.html.text_density import TextDensity

PAGE_TOOL = "a page tool"
_BUY = re.compile(
    r"add to (?:cart|basket|bag|trolley)|buy(?: it)? (?:now|on|at|from)\b.*|shop now"
    r"|view (?:deal|offer)|check (?:the )?(?:latest )?price\b.*|in den (?:warenkorb|einkaufswagen)",
    re.I,
)
_PRICE = re.compile(r"[£$€¥]\s?\d|\d[.,]\d\d\s?(?:€|EUR|USD|GBP|CHF)|\d\s?€", re.I)
_INSTRUCTION = re.compile(r"\b(?:do not|don[’']t|never|avoid|must not|contra-?indicated)\b", re.I)
MAX_PRODUCT_WORDS = 50
MAX_PRODUCT_DEPTH = 5  # elements between the link to the basket and its card
_EDIT_ADDRESS = re.compile(r"[?&](?:action|do)=edit\b|[?&]veaction=|/edit(?:[/?#]|$)", re.I)
_EDIT_TEXT = re.compile(
    r"edit(?: (?:source|section|this (?:page|section)))?|(?:quelltext )?bearbeiten"
    r"|modifier(?: le code)?|editar(?: (?:código|código-fonte))?|modifica(?: wikitesto)?|bewerken",
    re.I,
)
# A heading above a removed box of these kinds belongs to the box.
BOX_REASONS = frozenset(
    {
        COMMENTS,
        FEEDBACK,
        FORM_CONTROL,
        NAVIGATION,
        NOT_ARTICLE,
        PROMOTION,
        RELATED,
        SHARING,
    }
)


def remove_product_cards(body: Tag, density: TextDensity, omitted: list[OmittedText]) -> None:
    """Remove boxes with a price and a link to a shopping basket."""
    for tag in body.find_all(["a", "button", "span", "input"]):
        text = str(tag.get("value", "")) if tag.name == "input" else visible_line(tag)
        card = _find_card(tag, density) if _BUY.fullmatch(text) else None
        if card is not None:
            remove_element(card, PROMOTION, omitted)


def _find_card(tag: Tag, density: TextDensity) -> Tag | None:
    """Return the smallest box around a link to a basket that has a price, or None."""
    for _, box in zip(range(MAX_PRODUCT_DEPTH), tag.parents, strict=False):
        measured = density.measure(box)
        if box.name in ("body", "table", "tr", "td") or measured.words > MAX_PRODUCT_WORDS:
            return None
        text = visible_line(box)
        if box.name in BLOCKS and _PRICE.search(text):
            return None if measured.titles or _INSTRUCTION.search(text) else box
    return None


def remove_edit_links(body: Tag, omitted: list[OmittedText]) -> None:
    """Remove links of a wiki to the editor of a section, with their brackets."""
    for link in body.find_all("a", href=_EDIT_ADDRESS):
        text = visible_line(link)
        if not _EDIT_TEXT.fullmatch(text.strip("[]")):
            continue
        before, after = link.previous_sibling, link.next_sibling
        if is_text(before) and is_text(after) and str(after).lstrip().startswith("]"):
            before.replace_with(NavigableString(str(before).rstrip().removesuffix("[")))
            after.replace_with(NavigableString(str(after).lstrip().removeprefix("]")))
        remove_element(link, PAGE_TOOL, omitted)


def remove_headings_of_boxes(content: Tag, omitted: list[OmittedText]) -> None:
    """Remove each heading whose section has lost all its text as boilerplate."""
    elements = list(content.descendants)
    for index in range(len(elements) - 1, -1, -1):
        heading = elements[index]
        if not isinstance(heading, Tag) or heading.name not in SUBHEADINGS:
            continue
        text = visible_line(heading)
        if not text or is_possible_statement(text):
            continue
        reason = _reason_below(heading, islice(elements, index + 1, None))
        if reason:
            remove_element(heading, reason, omitted)


def _reason_below(heading: Tag, following: Iterable[PageElement]) -> str:
    """Return why the section of a heading is empty, or an empty string if it is not.

    `following` are the nodes after the start of the heading.
    """
    reason = ""
    level = HEADINGS[heading.name]
    inside = {id(element) for element in heading.descendants}
    for element in following:
        if id(element) in inside:
            continue
        if isinstance(element, Tag):
            if HEADINGS.get(element.name, level + 1) <= level and visible_line(element):
                break
            if element.name in ("img", "table"):
                return ""
            removed = str(element.get(OMISSION_REASON, ""))
            if removed and removed not in BOX_REASONS:
                return ""
            reason = reason or removed
        elif is_text(element) and str(element).strip():
            return ""
    return reason
