"""Links that are content: instructions, and lists that the text introduces."""

from __future__ import annotations

import re
from itertools import islice

from bs4.element import Tag

from ingest.readers.html.boilerplate_rules import HEADING_RULES
from ingest.readers.html.clinical_statements import is_clear_statement
from ingest.readers.html.dom import BLOCKS, is_text, visible_line
from ingest.readers.html.elements import SUBHEADINGS
from ingest.readers.html.lists import LISTS

EMERGENCY_CALL = re.compile(r"\b(?:call|dial|ring|phone|text) \d{3}\b", re.I)
MIN_LEAD_IN_WORDS = 3
MAX_NODES_BEFORE = 40  # nodes examined before a list; keeps the search linear
# Headings of lists that may consist of links to other articles.
CLINICAL_HEADING = re.compile(
    r"\b(?:contra-?indicat\w+|interact\w*|cautions?|precautions?|warnings?|avoid|not|never|without"
    r"|side[ -]effects|adverse|causes?|risks?|triggers?|symptoms?|signs?|differential|diagnos\w+"
    r"|indications?|complications?|allerg\w+|medicines|drugs|antidotes?|alternatives)\b",
    re.I,
)


def is_linked_content(tag: Tag) -> bool:
    """Return whether links are content.

    For example "Call 999", or the medicines after "Do not take it with:" or "Contraindications".
    """
    text = visible_line(tag)
    if is_clear_statement(text) or EMERGENCY_CALL.search(text):
        return True
    if tag.find("a") is None:
        return False
    top = tag
    while top.parent is not None and (top.name == "li" or top.parent.name in LISTS):
        top = top.parent
    block = _block_before(top)
    if block is None:
        return False
    before = visible_line(block)
    if any(rule.pattern.fullmatch(before) for rule in HEADING_RULES):
        return False
    if block.name in SUBHEADINGS:
        return bool(CLINICAL_HEADING.search(before))
    return before.endswith(":") and len(before.split()) >= MIN_LEAD_IN_WORDS


def _block_before(tag: Tag) -> Tag | None:
    """Return the block that contains the text before an element, or None."""
    for element in islice(tag.previous_elements, MAX_NODES_BEFORE):
        if is_text(element) and str(element).strip():
            return next((parent for parent in element.parents if parent.name in BLOCKS), None)
    return None
