"""HTML reader: full pages and fragments.

`ingest.readers.html.main_content` finds the article and `ingest.readers.html.elements` converts
single elements; this module emits headings and blocks in reading order. Text directly inside a
container becomes a paragraph, so nothing is lost if `p` elements are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from ingest.readers.common.callout_level import level_from_classes, level_from_text
from ingest.readers.common.result import (
    MAX_CALLOUT_WORDS,
    MAX_HEADING_WORDS,
    OmittedText,
    ReaderResult,
    watermark_warning,
)
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title
from ingest.readers.html.boilerplate_rules import NOT_ARTICLE
from ingest.readers.html.dom import (
    BLOCKS,
    contains_element,
    find_tag,
    find_tags,
    get_classes,
    is_text,
    parse_page,
    visible_text,
)
from ingest.readers.html.elements import (
    HEADINGS,
    collapse_whitespace,
    inline_text,
)
from ingest.readers.html.form_controls import mark_check_boxes
from ingest.readers.html.formulas import replace_formulas
from ingest.readers.html.icons import count_unnamed_icons
from ingest.readers.html.inline_marks import (
    mark_emphasis,
    mark_raised_text,
    place_image_labels,
    remove_deleted_text,
)
from ingest.readers.html.lists import (
    LISTS,
    build_list_items,
    callout_text,
    definition_list,
    item_labels,
    read_items,
    split_item,
)
from ingest.readers.html.main_content import extract_main_content
from ingest.readers.html.metadata import find_json_ld_text, read_metadata
from ingest.readers.html.page_styles import apply_page_styles, remove_watermarks
from ingest.readers.html.panel_index import PANEL_LEVEL
from ingest.readers.html.panels import label_panels
from ingest.readers.html.tables import build_table, convert_roles, is_layout_table
from ingest.readers.html.text_density import ancestor_ids
from ingest.readers.html.trafilatura_check import extract_with_trafilatura
from ingest.text_encoding import TextNormalizer
from kb.model.article import Block, BlockKind, CalloutLevel, ListItem

# Class names of callout boxes, in any naming scheme.
CALLOUT_CLASS = re.compile(
    r"(?:^|[-_])(?:callout|warning|important|alert|caution|danger|care-card|inset(?:-text)?"
    r"|admonition|information-macro)"
    r"(?:[-_]|$)",
    re.I,
)
# Boxes with these names or roles are callouts if their text has a level or a title.
_NOTICE_CLASS = re.compile(
    r"(?:^|[-_])(?:notice|note|alert-box|infobox|highlight-box)(?:[-_]|$)", re.I
)
CALLOUT_CONTAINERS = frozenset({"div", "section", "p"})
CALLOUT_ELEMENTS = frozenset({"blockquote", "aside"})
# A list with one of these elements is a layout list, not a list of items.
BLOCKS_NOT_IN_ITEMS = frozenset({"table", "details", "figure", *HEADINGS})

# Minimum ratio of JSON-LD text to page text for the JSON-LD to be used instead. Pages that display
# their text have about the same amount in both.
MIN_JSON_LD_RATIO = 3
SITE_SEPARATORS = (" - ", " – ", " — ", " | ", " · ", " :: ")
MIN_REPORTED_WORDS = 40  # words of an omitted text that an editor should review
MAX_SHOWN_LENGTH = 80  # characters quoted from it
TRAFILATURA_FAILED = "The cross-check with trafilatura failed. Check that the article is complete."
READ_FROM_JSON_LD = (
    "The text was read from the JSON-LD, because the page displays it with a script."
)
UNREADABLE_FORMULA = (
    'The formula after "{place}" has no text. Write it in the source, for example as TeX.'
)
UNNAMED_ICONS = (
    "Table cells or list items with an icon without a name: {number}. Check what they mean."
)
LONG_TEXT_OMITTED = (
    "A long text next to the article was omitted. Check whether it belongs to the article."
)


def read_html(text: str, source: str) -> ReaderResult:
    """Parse a page. Raises `SourceError` if it has no text or exceeds a limit."""
    soup = parse_page(text, source)
    body = soup.body or soup
    omitted: list[OmittedText] = []
    watermarks = [*apply_page_styles(soup), *remove_watermarks(body, omitted)]
    convert_roles(soup)
    formulas = replace_formulas(soup, omitted)
    mark_raised_text(soup, omitted)
    place_image_labels(body)
    visible = visible_text(body)
    remove_deleted_text(body, omitted)
    label_panels(soup, body, omitted)
    mark_check_boxes(body)  # after the panels, whose tabs may be radio buttons
    about = read_metadata(soup, visible)
    warnings = [
        *about.warnings,
        *map(watermark_warning, watermarks),
        *(UNREADABLE_FORMULA.format(place=place) for place in formulas),
    ]
    json_ld_text = find_json_ld_text(soup)
    trafilatura_text = extract_with_trafilatura(text)
    if trafilatura_text is None:
        warnings.append(TRAFILATURA_FAILED)
    content = extract_main_content(body, omitted, about.title, trafilatura_text)
    if len(json_ld_text.split()) > MIN_JSON_LD_RATIO * len(visible_text(content).split()):
        # A script renders the text that the page provides to search engines.
        content = _paragraphs(soup, json_ld_text)
        visible = f"{visible}\n{json_ld_text}"
        warnings.append(READ_FROM_JSON_LD)
    long_texts = [
        omission
        for omission in omitted
        if omission.reason == NOT_ARTICLE and len(omission.text.split()) >= MIN_REPORTED_WORDS
    ]
    if long_texts:
        warnings.append(
            f'{LONG_TEXT_OMITTED} It begins: "{long_texts[0].text[:MAX_SHOWN_LENGTH]}..."'
        )
    mark_emphasis(content, about.metadata.url)
    unnamed_icons = count_unnamed_icons(content)
    if unnamed_icons:
        warnings.append(UNNAMED_ICONS.format(number=unnamed_icons))
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    HtmlWalker(builder, content).add_content(content)
    title = _select_title(content, about.title)
    if title:
        builder.merge_title_heading(title)
    else:
        title = derive_title([text for _, text in builder.headings], source)
    return ReaderResult(
        article=builder.build_article(source, "", title, about.metadata),
        visible_text=visible,
        omitted=tuple(omitted),
        warnings=(*warnings, *normalizer.warnings()),
    )


def _paragraphs(soup: BeautifulSoup, text: str) -> Tag:
    """Return a text as an element with one paragraph per line."""
    content = soup.new_tag("div")
    for line in text.split("\n"):
        paragraph = soup.new_tag("p")
        paragraph.string = line
        content.append(paragraph)
    return content


def _select_title(content: Tag, head_title: str) -> str:
    """Return the text of the first h1, or the head title without the site name."""
    first = find_tag(content, "h1")
    text = inline_text(first).strip() if first is not None else ""
    if text:
        return text
    cut = max(head_title.rfind(separator) for separator in SITE_SEPARATORS)
    return head_title[:cut] if cut > 0 else head_title


class HtmlWalker:
    """Depth-first walk over the content. The parser limits the recursion depth."""

    def __init__(self, builder: SectionBuilder, root: Tag) -> None:
        self._builder = builder
        self._root = root
        self._block_ancestors = ancestor_ids(
            tag for tag in root.descendants if isinstance(tag, Tag) and tag.name in BLOCKS
        )
        self._level = 0  # of the preceding heading
        self._ended_panel = 0  # level of the heading of a panel that ended, until text follows

    def add_content(self, tag: Tag) -> None:
        """Add an element that contains blocks, loose text, or both."""
        self._add_nodes(tag.children)

    def _add_nodes(self, nodes: Iterable[PageElement]) -> None:
        text_parts: list[str] = []
        captions: list[str] = []
        for child in nodes:
            if not isinstance(child, Tag):
                text_parts.append(collapse_whitespace(child) if is_text(child) else "")
            elif child.name in BLOCKS or id(child) in self._block_ancestors:
                self._flush(text_parts, captions)
                self._add_block(child)
            elif child.name == "br":
                text_parts.append("\n")
            else:
                text_parts.append(inline_text(child, images=False))
                images = [child] if child.name == "img" else find_tags(child, ("img",))
                captions.extend(str(image.get("alt", "")) for image in images)
        self._flush(text_parts, captions)

    def _flush(self, text_parts: list[str], captions: list[str]) -> None:
        text = "".join(text_parts)
        if text.strip(" \n"):  # most gaps between blocks are blank
            self._add_text(BlockKind.PARAGRAPH, text)
        for caption in captions:
            self._add_text(BlockKind.CAPTION, caption)
        text_parts.clear()
        captions.clear()

    def _add(self, block: Block) -> None:
        """Add a block; the first one after a panel does not belong to the panel's heading."""
        if self._ended_panel and (block.text.strip() or block.items or block.rows):
            self._builder.add_untitled_section(self._ended_panel)
            self._level, self._ended_panel = self._ended_panel - 1, 0
        self._builder.add_block(block)

    def _add_text(self, kind: BlockKind, text: str) -> None:
        self._add(Block(kind=kind, text=text))

    def _add_block(self, tag: Tag) -> None:
        if tag.name in HEADINGS:
            self._level, self._ended_panel = HEADINGS[tag.name], 0
            self._builder.add_heading(self._level, inline_text(tag))
        elif _is_callout(tag):
            self._add_callout(tag)
        elif tag.name in LISTS and not contains_element(tag, BLOCKS_NOT_IN_ITEMS):
            self._add_items(build_list_items(tag), ordered=tag.name == "ol")
        elif tag.name in LISTS and item_labels(tag):
            self._add_numbered_list(tag)
        elif tag.name == "dl" and not contains_element(tag, BLOCKS_NOT_IN_ITEMS):
            self._add(definition_list(tag))
        elif tag.name == "table" and not is_layout_table(tag):
            for caption in tag.find_all("caption", limit=1):
                self._add_text(BlockKind.CAPTION, inline_text(caption))
            self._add(build_table(tag))
        elif tag.name in ("figcaption", "caption"):
            self._add_text(BlockKind.CAPTION, inline_text(tag))
        elif tag.name == "pre":
            self._add_text(BlockKind.PARAGRAPH, tag.get_text())
        elif tag.name == "details":
            self._add_details(tag)
        else:
            self._add_nodes(tag.children)
        if tag.has_attr(PANEL_LEVEL):
            self._ended_panel = int(str(tag[PANEL_LEVEL]))

    def _add_callout(self, tag: Tag) -> None:
        text = callout_text(tag)
        level = level_from_classes(get_classes(tag))
        if level is None and tag.get("role") == "alert":
            level = level_from_text(text) or CalloutLevel.IMPORTANT
        self._add(Block(kind=BlockKind.CALLOUT, text=text, level=level))

    def _add_numbered_list(self, tag: Tag) -> None:
        """Add a list in parts, which tables and other blocks inside its items separate."""
        labels = item_labels(tag)
        items: list[ListItem] = []
        for child in tag.children:
            if not isinstance(child, Tag) or not contains_element(child, BLOCKS_NOT_IN_ITEMS):
                items.extend(read_items([child], labels))
                continue
            label = labels.get(id(child), "")
            lead, rest = split_item(child, BLOCKS_NOT_IN_ITEMS)
            first = read_items(lead, labels, item_label=label)
            items.extend(first)
            self._add_items(items, ordered=True)
            items.clear()
            if label and not any(item.text.strip() for item in first):
                self._add_label(label, rest[0])
            self._add_nodes(rest)
        self._add_items(items, ordered=True)

    def _add_items(self, items: Iterable[ListItem], *, ordered: bool) -> None:
        self._add(Block(kind=BlockKind.LIST, items=tuple(items), ordered=ordered))

    def _add_label(self, label: str, block: PageElement) -> None:
        """Add the label of an item to the heading with which it begins, or as a paragraph."""
        title = block
        if isinstance(block, Tag) and block.name == "details":
            title = block.find("summary", recursive=False) or block
        if isinstance(title, Tag) and title.name in (*HEADINGS, "summary"):
            title.insert(0, NavigableString(f"{label} "))
        else:
            self._add_text(BlockKind.PARAGRAPH, label)

    def _add_details(self, tag: Tag) -> None:
        """Add a details element as a section, which the text after it does not belong to."""
        level_above = self._level
        summary = tag.find("summary", recursive=False)
        text = inline_text(summary) if isinstance(summary, Tag) else ""
        is_heading = 0 < len(text.split()) <= MAX_HEADING_WORDS
        if is_heading:
            self._level, self._ended_panel = level_above + 1, 0
            self._builder.add_heading(self._level, text)
        else:
            self._add_text(BlockKind.PARAGRAPH, text)
        if isinstance(summary, Tag):
            summary.extract()
        self._add_nodes(tag.children)
        if is_heading:
            self._level, self._ended_panel = level_above, level_above + 1


def _is_callout(tag: Tag) -> bool:
    if tag.name not in CALLOUT_ELEMENTS and not _is_marked_as_callout(tag):
        return False
    return len(visible_text(tag).split()) <= MAX_CALLOUT_WORDS


def _is_marked_as_callout(tag: Tag) -> bool:
    """Return whether the name, the role or the text of a box makes it a callout."""
    if tag.name == "details":
        is_empty = len(tag.find_all(True, recursive=False)) < 2
        return not is_empty and level_from_classes(get_classes(tag)) is not None
    if tag.name not in CALLOUT_CONTAINERS:
        return False
    role = tag.get("role")
    if role == "alert" or any(CALLOUT_CLASS.search(name) for name in get_classes(tag)):
        return True
    is_notice = any(_NOTICE_CLASS.search(name) for name in get_classes(tag))
    if not is_notice and role != "note":
        return False
    return contains_element(tag, HEADINGS) or level_from_text(callout_text(tag)) is not None
