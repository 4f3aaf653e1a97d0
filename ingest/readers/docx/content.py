"""Content of a part: paragraphs with their roles and numbers, and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx.inline import SKIPPED, InlineReader, PartContext
from ingest.readers.docx.items import Item, Paragraph, ParagraphRole
from ingest.readers.docx.namespaces import (
    M,
    W,
    child_value,
    find_child,
    get_attribute,
    is_enabled,
    number_value,
)
from ingest.readers.docx.numbering import (
    LEVELS,
    ListDefinition,
    NumberCounters,
)
from ingest.readers.docx.omissions import EMBEDDED_FILE
from ingest.readers.docx.preprocess import has_deleted_mark
from ingest.readers.docx.styles import StyleNumbering
from ingest.readers.docx.tables import TableReader
from kb.model.article import Block, BlockKind

CONTENTS_STYLE = re.compile(r"toc (?:heading|\d+)", re.I)
CONTENTS_GALLERY = "Table of Contents"
LIST_STYLE = re.compile(r"list (?:bullet|number)(?: ([2-5]))?", re.I)
# Templates may number whole clauses as outline levels, and these are text.
MAX_STYLED_HEADING_WORDS = 40
MAX_LEVEL = 6
INDENTATION_PER_LEVEL = 360  # twentieths of a point, if neither list nor style states any
BLOCK_TAGS = (f"{W}p", f"{W}tbl", f"{W}altChunk")


class ContentReader:
    """Reads the content of a part, or of a text box, which has its own counters in Word.

    `contents` collects the lines of tables of contents.
    """

    def __init__(
        self, context: PartContext, lists: dict[str, ListDefinition], contents: list[str]
    ) -> None:
        self._context = context
        self._lists = lists
        self._contents = contents
        self._counters = NumberCounters(lists)

    def read_items(self, parent: etree._Element) -> list[Item]:
        """Return the paragraphs and tables in an element."""
        items: list[Item] = []
        loose: list[etree._Element] = []  # inline elements outside of a paragraph
        for child in list(parent.iterchildren(etree.Element)):
            if child.tag != f"{W}r" and next(child.iter(*BLOCK_TAGS), None) is not None:
                items.extend(self._read_loose(loose))
                items.extend(self._read_block(child))
            elif child.tag not in SKIPPED and _has_inline_content(child):
                loose.append(child)
        items.extend(self._read_loose(loose))
        return items

    def _read_loose(self, elements: list[etree._Element]) -> list[Item]:
        if not elements:
            return []
        paragraph = etree.Element(f"{W}p")
        paragraph.extend(elements)
        elements.clear()
        return self._read_paragraph(paragraph)

    def _read_block(self, element: etree._Element) -> list[Item]:
        if element.tag == f"{W}p":
            return self._read_paragraph(element)
        if element.tag == f"{W}tbl":
            reader = TableReader(self._context.styles, self.read_items, self._context.omit)
            return [reader.read(element)]
        if element.tag == f"{W}altChunk":
            self._context.omit(EMBEDDED_FILE, "")
            return []
        items = self.read_items(element)
        if child_value(element, "sdtPr", "docPartObj", "docPartGallery") == CONTENTS_GALLERY:
            self._contents.extend(item.plain for item in items if isinstance(item, Paragraph))
            return []
        return items

    def _read_paragraph(self, element: etree._Element) -> list[Item]:
        """Return a paragraph, followed by the drawings that are anchored in it."""
        styles = self._context.styles
        properties = find_child(element, "pPr")
        style_id = styles.paragraph_style(properties)
        content = InlineReader(self._context, style_id).read(element)
        paragraph = Paragraph(content.text, is_bold=content.is_bold)
        if CONTENTS_STYLE.fullmatch(styles.style_name(style_id)):
            self._contents.append(paragraph.plain)
            return []
        has_mark = not (_has_hidden_mark(properties) or has_deleted_mark(properties))
        if paragraph.plain or has_mark:
            self._number(paragraph, style_id, properties)
        self._set_role(paragraph, style_id, properties)
        items: list[Item] = [paragraph]
        for drawing in content.drawings:
            items.extend(drawing.items)
            for box in drawing.text_boxes:
                reader = ContentReader(self._context, self._lists, self._contents)
                items.extend(reader.read_items(box))
        items.extend(Block(kind=BlockKind.CAPTION, text=text) for text in content.captions)
        return items

    def _set_role(
        self, paragraph: Paragraph, style_id: str, properties: etree._Element | None
    ) -> None:
        styles = self._context.styles
        name = styles.style_name(style_id).casefold()
        level = styles.heading_level(style_id, properties)
        if name == "title":
            paragraph.role = ParagraphRole.TITLE
        elif styles.is_based_on(style_id, "caption"):
            paragraph.role = ParagraphRole.CAPTION
        elif level is not None and len(paragraph.plain.split()) <= MAX_STYLED_HEADING_WORDS:
            paragraph.role = ParagraphRole.HEADING
            paragraph.level = min(level + 1, MAX_LEVEL)
        elif paragraph.list_id:
            paragraph.role = ParagraphRole.LIST_ITEM
        elif match := LIST_STYLE.fullmatch(name):
            paragraph.role = ParagraphRole.LIST_ITEM
            paragraph.level = number_value(match.group(1) or "", 1) - 1
            paragraph.list_id = name
            paragraph.indentation = INDENTATION_PER_LEVEL * paragraph.level

    def _number(
        self, paragraph: Paragraph, style_id: str, properties: etree._Element | None
    ) -> None:
        """Count a numbered paragraph, and set its label and its place in the list."""
        by_style = self._context.styles.numbering(style_id)
        own = find_child(properties, "numPr")
        num_id = child_value(own, "numId") or by_style.num_id
        definition = self._lists.get(num_id)
        if definition is None:
            return
        own_level = child_value(own, "ilvl")
        number = _find_level(definition, own_level, style_id, by_style)
        level = definition.levels.get(number)
        if level is None or level.is_blank:
            return
        paragraph.label, paragraph.gap = self._counters.count(num_id, number)
        paragraph.list_id = num_id
        paragraph.is_numbered = not level.is_bullet
        paragraph.level = number
        indentations = [
            find_child(properties, "ind"),
            *([level.indentation] if own is not None else []),
            self._context.styles.indentation(style_id),
            level.indentation,
        ]
        paragraph.indentation = _left_indentation(indentations, INDENTATION_PER_LEVEL * number)


def _has_inline_content(element: etree._Element) -> bool:
    return next(element.iter(f"{W}r", f"{M}oMath"), None) is not None


def _has_hidden_mark(properties: etree._Element | None) -> bool:
    return is_enabled(find_child(properties, "rPr", "vanish"))


def _find_level(
    definition: ListDefinition, own_level: str, style_id: str, by_style: StyleNumbering
) -> int:
    """Return the level of a paragraph in its list."""
    if own_level:
        return min(number_value(own_level, 0), LEVELS - 1)
    linked = definition.level_of_style(style_id)
    if linked is not None:
        return linked
    return min(by_style.level or 0, LEVELS - 1)


def _left_indentation(indentations: Sequence[etree._Element | None], default: int) -> int:
    """Return the indentation of a paragraph from the first element that states it."""
    for indentation in indentations:
        if indentation is not None:
            value = get_attribute(indentation, "left") or get_attribute(indentation, "start")
            if value:
                return number_value(value, default)
    return default
