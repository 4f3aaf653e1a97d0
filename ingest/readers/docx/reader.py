"""DOCX reader: structure from paragraph styles, numbering and tables.

The parts are prepared by `ingest.readers.docx.preprocess` and read into items by
`ingest.readers.docx.content`; this module finds the title and the headings and emits blocks. What
is left out is reported: deleted, hidden and struck-through text, page headers, comments.
"""

from __future__ import annotations

import re
from itertools import groupby

from lxml import etree  # type: ignore[import-untyped]

from ingest.metadata import ParsedMetadata, parse_metadata
from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.result import (
    DATE_FROM_FILE,
    MAX_HEADING_WORDS,
    OmittedText,
    ReaderResult,
)
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title, is_generic_heading
from ingest.readers.docx.content import ContentReader
from ingest.readers.docx.inline import PartContext
from ingest.readers.docx.items import Item, Paragraph, ParagraphRole, item_lines, iter_paragraphs
from ingest.readers.docx.lists import ListBuilder
from ingest.readers.docx.namespaces import find_child
from ingest.readers.docx.notes import ENDNOTE, FOOTNOTE, NoteNumbers, find_notes
from ingest.readers.docx.numbering import read_numbering
from ingest.readers.docx.other_parts import read_other_parts
from ingest.readers.docx.package import SAVE_AS_DOCX_HINT, DocxPackage, open_package
from ingest.readers.docx.preprocess import preprocess
from ingest.readers.docx.runs import part_text
from ingest.readers.docx.styles import StyleSheet
from ingest.readers.docx.tab_tables import convert_tab_tables
from ingest.readers.docx.tables import flatten
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem
from kb.model.article import Block, BlockKind, ListItem

CONTENTS = "the table of contents"
FOOTNOTES_HEADING = "Footnotes"
UNREFERENCED_NOTE = "a note without a reference"

# Titles set by an application, or placeholders.
GENERIC_TITLE = re.compile(
    r"microsoft word\b.*|(?:document|doc|untitled|template|word document|normal)[\s_-]*\d*"
    r"|.*\.(?:docx?|dotx?|rtf)",
    re.I,
)
_SENTENCE_END = re.compile(r"[.,;][\"”’')\]]*$")
_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")
_BOLD_LEVELS = (2, 3)  # levels of bold lines in capitals, and of other bold lines
MAX_BOLD_LEVEL = 6

CORE_PROPERTIES = "docProps/core.xml"
# Core property, and the key of `ingest.metadata`.
PROPERTY_KEYS = {"title": "title", "creator": "author", "modified": "published", "language": "lang"}


def read_docx(data: bytes, source: str) -> ReaderResult:
    """Parse a Word document. Raises `SourceError` if it cannot be opened or contains no text."""
    package = open_package(data, source)
    document = _Document(package)
    items, visible_text = document.read_body()
    title_paragraph = _take_title(items)
    content = convert_tab_tables(flatten(items))
    if not any(_is_heading(item) for item in content):
        _find_headings(content)
    parsed = _read_metadata(package)
    stated_title = title_paragraph or _usable_title(parsed.title)
    _unnumber_title(content, stated_title)
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    _add_content(builder, content)
    notes, notes_text = document.read_notes()
    if notes:
        builder.add_heading(
            min((level for level, _ in builder.headings), default=1), FOOTNOTES_HEADING
        )
        builder.add_block(Block(kind=BlockKind.LIST, items=notes, ordered=True))
    headings = [text for _, text in builder.headings]
    title = stated_title or derive_title(headings, source)
    builder.merge_title_heading(title)
    others = read_other_parts(package, document.styles, document.body)
    warnings = [*parsed.warnings, *normalizer.warnings(), *others.warnings]
    if parsed.metadata.published:
        warnings.append(DATE_FROM_FILE)
    visible = "\n".join((visible_text, notes_text, *(each.text for each in others.omitted)))
    return ReaderResult(
        article=builder.build_article(source, "", title, parsed.metadata),
        visible_text=TextNormalizer().normalize(visible),
        omitted=(*document.omitted, *others.omitted),
        warnings=tuple(warnings),
    )


class _Document:
    """The main part with its styles, lists and notes, and the text that is left out."""

    def __init__(self, package: DocxPackage) -> None:
        main = package.parse(package.main)
        body = find_child(main, "body")
        if body is None:
            raise SourceError(
                package.source,
                "is damaged.",
                SAVE_AS_DOCX_HINT,
                package.main,
                code=SourceProblem.DAMAGED,
            )
        self._package = package
        self.body = body
        self.styles = StyleSheet(package.parse(package.find_related("styles", "styles.xml")))
        numbering = package.parse(package.find_related("numbering", "numbering.xml"))
        settings = package.parse(package.find_related("settings", "settings.xml"))
        self._lists = read_numbering(numbering, self.styles)
        self._notes = NoteNumbers(settings, body)
        self._inline_omitted: list[OmittedText] = []
        self._contents: list[str] = []

    @property
    def omitted(self) -> tuple[OmittedText, ...]:
        """Text that is left out."""
        contents = "\n".join(filter(None, self._contents))
        listed = (OmittedText(CONTENTS, contents),) if contents else ()
        return (*self._inline_omitted, *listed)

    def read_body(self) -> tuple[list[Item], str]:
        """Return the content of the body, and its visible text."""
        preprocess(self.body, self._inline_omitted)
        visible_text = part_text(self.body, self.styles)
        items = self._content_reader(self._package.main).read_items(self.body)
        return items, visible_text

    def read_notes(self) -> tuple[tuple[ListItem, ...], str]:
        """Return the notes in the order of their references, and their visible text."""
        items: dict[tuple[str, str], ListItem] = {}
        visible: list[str] = []
        for kind in (FOOTNOTE, ENDNOTE):
            name = self._package.find_related(f"{kind}s", f"{kind}s.xml")
            tree = self._package.parse(name)
            if tree is None:
                continue
            preprocess(tree, self._inline_omitted)
            reader = self._content_reader(name)
            for note_id, note in find_notes(tree, kind).items():
                visible.append(part_text(note, self.styles))
                text = "\n".join(item_lines(reader.read_items(note), "- "))
                label = self._notes.labels.get((kind, note_id))
                if label is not None:
                    items[kind, note_id] = ListItem(text, label=label)
                elif strip_marks(text).strip():
                    self._inline_omitted.append(OmittedText(UNREFERENCED_NOTE, strip_marks(text)))
        ordered = [items[key] for key in self._notes.labels if key in items]
        return tuple(ordered), "\n".join(visible)

    def _content_reader(self, name: str) -> ContentReader:
        links: dict[str, str] = {}
        graphics: dict[str, etree._Element] = {}
        for key, relationship in self._package.relationships(name).items():
            if relationship.is_external:
                links[key] = relationship.target
            elif relationship.kind in ("chart", "diagramData"):
                tree = self._package.parse(relationship.target)
                if tree is not None:
                    graphics[key] = tree

        def omit(reason: str, text: str) -> None:
            self._inline_omitted.append(OmittedText(reason, text))

        context = PartContext(self.styles, self._notes, links, graphics, omit)
        return ContentReader(context, self._lists, self._contents)


def _read_metadata(package: DocxPackage) -> ParsedMetadata:
    tree = package.parse(CORE_PROPERTIES)
    if tree is None:
        return ParsedMetadata()
    pairs: list[tuple[str, str]] = []
    for element in tree:
        name = str(element.tag).rpartition("}")[2]
        text = (element.text or "").strip()
        if name in PROPERTY_KEYS and text:
            pairs.append((PROPERTY_KEYS[name], text))
    return parse_metadata(pairs)


def _take_title(items: list[Item]) -> str:
    """Remove the first paragraph with the Title style and return its text."""
    for paragraph, siblings in iter_paragraphs(items):
        text = " ".join(paragraph.plain.split())
        if paragraph.role is ParagraphRole.TITLE and text:
            siblings.remove(paragraph)
            return text
    return ""


def _is_heading(item: Block | Paragraph) -> bool:
    return isinstance(item, Paragraph) and item.role is ParagraphRole.HEADING and bool(item.plain)


def _find_headings(content: list[Block | Paragraph]) -> None:
    """Convert short bold paragraphs to headings, in a document without heading styles."""
    single_items = _find_single_items(content)
    candidates = [
        item
        for item in content[:-1]
        if isinstance(item, Paragraph)
        and (item.role in (ParagraphRole.TEXT, ParagraphRole.TITLE) or id(item) in single_items)
        and _could_be_heading(item)
    ]
    has_capitals = any(item.plain.isupper() for item in candidates)
    for item in candidates:
        number = _NUMBER.match(item.labelled_text)
        upper_level, lower_level = _BOLD_LEVELS
        if number:
            item.level = min(MAX_BOLD_LEVEL, upper_level + number.group(1).count("."))
        else:
            item.level = upper_level if item.plain.isupper() or not has_capitals else lower_level
        item.role = ParagraphRole.HEADING


def _find_single_items(content: list[Block | Paragraph]) -> set[int]:
    """Return the ids of numbered paragraphs with other content between them.

    A list of which no two items follow each other numbers the headings of a document.
    """
    items: dict[str, list[int]] = {}
    adjacent: set[str] = set()
    previous = ""
    for item in filter(_has_content, content):
        list_id = item.list_id if isinstance(item, Paragraph) and item.is_numbered else ""
        if list_id:
            items.setdefault(list_id, []).append(id(item))
            adjacent |= {list_id} & {previous}
        previous = list_id
    return {
        each
        for list_id, ids in items.items()
        if len(ids) > 1 and list_id not in adjacent
        for each in ids
    }


def _could_be_heading(item: Paragraph) -> bool:
    text = item.plain
    return (
        not item.in_table
        and item.is_bold
        and len(text.split()) <= MAX_HEADING_WORDS
        and not _SENTENCE_END.search(text)
        and any(map(str.isalpha, text))
    )


def _unnumber_title(content: list[Block | Paragraph], title: str) -> None:
    """Remove the number of the first heading if it is or repeats the title of the article."""
    first = next((item for item in content if _is_heading(item)), None)
    if isinstance(first, Paragraph) and (
        first.plain.casefold() == title.casefold() if title else not is_generic_heading(first.plain)
    ):
        first.label = ""


def _usable_title(stated: str) -> str:
    return "" if GENERIC_TITLE.fullmatch(stated) else stated


def _add_content(builder: SectionBuilder, content: list[Block | Paragraph]) -> None:
    lists = ListBuilder()
    for role, group in groupby(filter(_has_content, content), _group_key):
        if role is ParagraphRole.LIST_ITEM:
            for block in lists.build([item for item in group if isinstance(item, Paragraph)]):
                builder.add_block(block)
            continue
        for item in group:
            if isinstance(item, Block):
                builder.add_block(item)
            elif item.role is ParagraphRole.HEADING:
                lists.close()
                builder.add_heading(item.level, " ".join(item.labelled_text.split("\n")))
            else:
                kind = (
                    BlockKind.CAPTION if item.role is ParagraphRole.CAPTION else BlockKind.PARAGRAPH
                )
                builder.add_text(kind, item.labelled_text)


def _group_key(item: Block | Paragraph) -> ParagraphRole | None:
    return item.role if isinstance(item, Paragraph) else None


def _has_content(item: Block | Paragraph) -> bool:
    return isinstance(item, Block) or bool(item.plain)
