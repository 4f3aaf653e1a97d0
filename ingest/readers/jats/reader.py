"""JATS reader: journal articles from PubMed Central and publishers.

The front matter becomes title, metadata and abstract; body and back matter become sections. Notes,
figures, tables and boxes float in JATS: inside a paragraph they are read after it, so that no
sentence is split. Information about the journal is omitted and reported.
"""

from __future__ import annotations

from collections.abc import Iterable

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.result import MAX_CALLOUT_WORDS, OmittedText, ReaderResult
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title
from ingest.readers.jats.front_matter import (
    FRONT_CONTENT,
    FRONT_OMISSIONS,
    JOURNAL_DETAILS,
    abstract_title,
    read_metadata,
    read_title,
)
from ingest.readers.jats.inline import (
    INLINE,
    definition_list,
    format_citation,
    formatted_text,
    line_text,
    preprocess_article,
    remove_struck_text,
)
from ingest.readers.xml.node import (
    XmlNode,
    build_table,
    find_outermost,
    iter_list_items,
    node_text,
    table_rows,
)
from ingest.readers.xml.parser import parse_document
from ingest.text_encoding import TextNormalizer
from kb.model.article import Block, BlockKind, ListItem
from kb.model.list_numbering import Numbering

# Section elements, and the heading of one without a title. A section without any heading joins the
# section above.
SECTION_HEADINGS = {
    "sec": "",
    "ack": "Acknowledgements",
    "app-group": "",
    "app": "Appendix",
    "bio": "About the authors",
    "boxed-text": "Box",
    "fn-group": "Notes",
    "floats-group": "Figures and tables",
    "floats-wrap": "Figures and tables",
    "glossary": "Glossary",
    "notes": "Notes",
    "ref-list": "References",
}
AUTHOR_NOTES = "Notes of the authors"
MAIN_TEXT = "Main text"  # heading of a body without sections, so that it does not join the abstract
UNTITLED_SECTION = "More"  # heading of an untitled part that must not join the previous section
CAPTIONED_ELEMENTS = frozenset(
    ["fig", "fig-group", "table-wrap", "table-wrap-group", "supplementary-material", "media"]
)
IMAGES = frozenset(["graphic", "inline-graphic"])
FLOATS = CAPTIONED_ELEMENTS | {"boxed-text", "fn"}
BLOCKS = FLOATS | IMAGES | {"list", "def-list", "disp-quote", "table", "table-wrap-foot", "p"}
BLOCKS_NOT_IN_ITEMS = ("table-wrap", "table", "fig", "boxed-text", "disp-quote")
# Elements of a section that are not its text: read with the heading, or about the file.
HEADING_ELEMENTS = frozenset(["title", "label", "caption", "sec-meta", "object-id"])
NUMBERINGS = {
    "order": Numbering.DECIMAL,
    "ordered": Numbering.DECIMAL,
    "alpha-lower": Numbering.LOWER_ALPHA,
    "alpha-upper": Numbering.UPPER_ALPHA,
    "roman-lower": Numbering.LOWER_ROMAN,
    "roman-upper": Numbering.UPPER_ROMAN,
}
UNORDERED_LIST_TYPES = frozenset(["bullet", "simple", "unordered"])
SUBSECTIONS = frozenset(SECTION_HEADINGS) - {"boxed-text"}
NOT_TEXT = HEADING_ELEMENTS | SUBSECTIONS | {"ref"}
NOTICES = {
    "retraction": "a retraction",
    "correction": "a correction",
    "expression-of-concern": "an expression of concern",
}


def read_jats(data: bytes, source: str) -> ReaderResult:
    """Parse an article. Raises `SourceError` if it is not JATS, not well-formed or empty."""
    warnings: list[str] = []
    root = parse_document(data, source, "article", "a journal article", warnings)
    normalizer = TextNormalizer()
    walk = _JatsWalker(SectionBuilder(normalizer))
    preprocess_article(root, walk.omit_image)
    visible = strip_marks(node_text(root, INLINE, gap="\n"))
    remove_struck_text(root, walk.omitted)
    metadata = read_metadata(root, warnings)
    walk.read_article(root, 0)
    title = read_title(root)
    title = title or derive_title([text for _, text in walk.builder.headings], source)
    notice = NOTICES.get(root.attributes.get("article-type", ""))
    if notice:
        warnings.append(f"This document is {notice} of another article.")
    return ReaderResult(
        article=walk.builder.build_article(source, "", title, metadata),
        visible_text="\n".join([visible, *walk.images]),
        omitted=tuple(walk.omitted),
        warnings=(*warnings, *normalizer.warnings()),
    )


class _JatsWalker:
    """Recursive walk over an article. The parser limits the depth to 200 levels."""

    def __init__(self, builder: SectionBuilder) -> None:
        self.builder = builder
        self.omitted: list[OmittedText] = []
        self.images: list[str] = []
        self._level, self._last = 0, ""  # level and text of the preceding heading
        self._in_box = False  # nested boxes belong to the same box
        self._boxes: list[
            XmlNode
        ] = []  # large boxes, which become sections at the end of the surrounding text

    def read_article(self, node: XmlNode, level: int) -> None:
        """Read a whole article. `level` is 0, or the heading level of a sub-article."""
        front = node.find("front") or node.find("front-stub") or XmlNode("front")
        meta = front.find("article-meta") or front
        self._add_abstracts(meta, level + 1)
        for body in node.children("body"):
            if self._level > level and any(part.name != "sec" for part in body.elements):
                self._add_heading(level + 1, MAIN_TEXT)
            self._add_content(body, level)
        for notes in meta.children("author-notes"):
            if any(part.name != "corresp" for part in notes.elements):
                self._add_section(notes, level + 1, AUTHOR_NOTES, skip=("corresp",))
        for notes in [*meta.children("funding-group"), *front.children("notes")]:
            self._add_section(notes, level + 1, "Notes" if notes.name == "notes" else "Funding")
        for part in [*node.children("back"), *node.children("floats-group", "floats-wrap")]:
            self._add_section(
                part, level + 1, SECTION_HEADINGS.get(part.name, ""), joins=part.name == "back"
            )
        for inner in node.children("sub-article", "response"):
            self._add_heading(level + 1, read_title(inner) or inner.name.capitalize())
            self.read_article(inner, level + 1)
        self._omit_front(front, meta)

    def _add_heading(self, level: int, text: str) -> None:
        if text:
            self._level, self._last = level, text
        self.builder.add_heading(level, text)

    def _add_abstracts(self, meta: XmlNode, level: int) -> None:
        for abstract in meta.children("abstract", "trans-abstract"):
            self._add_section(abstract, level, abstract_title(abstract))
        for group in meta.children("kwd-group"):
            self._add_heading(level, line_text(group.find("title")) or "Keywords")
            items = [
                ListItem(line_text(keyword)) for keyword in group.children("kwd", "compound-kwd")
            ]
            self.builder.add_block(Block(kind=BlockKind.LIST, items=tuple(items)))

    def _omit_front(self, front: XmlNode, meta: XmlNode) -> None:
        """Report the parts of the front matter that were not read."""
        titles = [part for group in meta.children("title-group") for part in group.elements]
        parts = [*front.elements, *(meta.elements if meta is not front else ()), *titles]
        for part in [*parts, *find_outermost(meta, "corresp")]:
            if part.name not in FRONT_CONTENT | {"article-title", "subtitle"}:
                self._omit(FRONT_OMISSIONS.get(part.name, JOURNAL_DETAILS), part)

    def _omit(self, reason: str, node: XmlNode) -> None:
        text = line_text(node)
        if text:
            self.omitted.append(OmittedText(reason, text))

    def omit_image(self, node: XmlNode, reason: str = "an image") -> None:
        """Report an image by its file name, which also counts as visible text."""
        name = node.attributes.get("href", "without a name")
        self.omitted.append(OmittedText(reason, name))
        self.images.append(name)

    def _add_section(
        self,
        node: XmlNode,
        level: int,
        default: str = "",
        *,
        skip: Iterable[str] = (),
        joins: bool = False,
    ) -> None:
        """Add a section.

        Without a heading it joins the section above, or gets a default heading.
        """
        caption = node.find("caption", "title") if node.name == "boxed-text" else None
        title = line_text(node.find("title") or caption)
        heading = (
            " ".join(part for part in (line_text(node.find("label")), title) if part) or default
        )
        joins = joins or self._last in (MAIN_TEXT, UNTITLED_SECTION)
        if not heading and not joins and self._level >= level:
            heading = UNTITLED_SECTION
        self._add_heading(level, heading)
        for part in node.children("sec-meta", "object-id"):
            self._omit("details of a section", part)
        self._add_content(node, level if heading else level - 1, frozenset(skip))

    def _add_content(self, node: XmlNode, level: int, skip: frozenset[str] = frozenset()) -> None:
        """Add the text of a section, then its large boxes, then its subsections."""
        outer_boxes, self._boxes = self._boxes, []
        if node.name == "boxed-text":
            for part in node.children("caption"):
                self._add_mixed_content(part, frozenset(["title"]))
        self._add_mixed_content(node, NOT_TEXT | skip)
        self._add_references(node)
        boxes, self._boxes = self._boxes, outer_boxes
        for box in boxes:
            parts = box.elements
            is_wrapper = len(parts) == 1 and parts[0].name == "sec"
            self._add_section(
                parts[0] if is_wrapper else box, level + 1, SECTION_HEADINGS[box.name]
            )
        for section in node.children(*SUBSECTIONS):
            self._add_section(section, level + 1, SECTION_HEADINGS[section.name])

    def _add_references(self, node: XmlNode) -> None:
        items = tuple(ListItem(format_citation(ref)) for ref in node.children("ref"))
        self.builder.add_block(Block(kind=BlockKind.LIST, items=items, ordered=True))

    def _add_mixed_content(self, node: XmlNode, skip: frozenset[str] = frozenset()) -> None:
        """Add an element that contains blocks, loose text, or both."""
        text_parts: list[str] = []
        floats: list[XmlNode] = []
        for child in node.content:
            if isinstance(child, str):
                text_parts.append(" ".join(child.split("\n")))
            elif child.name in skip:
                continue
            elif child.name in FLOATS and node.name == "p":
                floats.append(child)
            elif child.name in BLOCKS or child.name not in INLINE or child.contains(*BLOCKS):
                self._flush(text_parts)
                self._add_block(child)
            else:
                text_parts.append(node_text(child, INLINE))
        self._flush(text_parts)
        for child in floats:
            self._add_block(child)

    def _flush(self, text_parts: list[str]) -> None:
        self.builder.add_text(BlockKind.PARAGRAPH, "".join(text_parts))
        text_parts.clear()

    def _add_block(self, node: XmlNode) -> None:
        if node.name in CAPTIONED_ELEMENTS:
            self._add_captioned(node)
        elif node.name == "table":
            self._add_table(node)
        elif node.name == "table-wrap-foot":
            notes = "\n".join(map(formatted_text, node.elements)) or formatted_text(node)
            self.builder.add_text(BlockKind.CAPTION, notes)
        elif node.name == "fn":
            self.builder.add_text(BlockKind.PARAGRAPH, formatted_text(node))
        elif node.name in ("boxed-text", "disp-quote"):
            self._add_box(node)
        elif node.name == "list" and not node.contains(*BLOCKS_NOT_IN_ITEMS):
            self._add_list(node)
        elif node.name == "def-list" and not node.contains(*BLOCKS_NOT_IN_ITEMS):
            self.builder.add_text(BlockKind.PARAGRAPH, line_text(node.find("title")))
            self.builder.add_block(definition_list(node))
        elif node.name in IMAGES:
            self.omit_image(node)
            self._add_mixed_content(node)
        else:
            self._add_mixed_content(node)

    def _add_captioned(self, node: XmlNode) -> None:
        """Add a figure, table or file: label, title and text of its caption, then the rest."""
        caption = node.find("caption") or XmlNode("caption")
        label, title = line_text(node.find("label")), line_text(caption.find("title"))
        separator = " " if label.endswith((".", ":")) or not label else ". "
        text = [formatted_text(part) for part in caption.elements if part.name != "title"]
        untitled_text = "" if title else formatted_text(caption)
        lines = [(label + separator + title).rstrip(" "), *(text or [untitled_text])]
        self.builder.add_text(BlockKind.CAPTION, "\n".join(lines))
        for part in node.children("object-id"):
            self._omit("the identifier of a figure or table", part)
        self._add_mixed_content(node, frozenset(["label", "caption", "object-id"]))

    def _add_table(self, node: XmlNode) -> None:
        footer_rows = [row for part in node.children("tfoot") for row in part.children("tr")]
        header_count = sum(len(part.children("tr")) for part in node.children("thead"))
        rows = [*table_rows(node), *footer_rows]
        if rows:
            self.builder.add_block(
                build_table(rows, header_count, lambda c: node_text(c, INLINE, gap="\n"))
            )
            self._add_mixed_content(
                node, frozenset(["thead", "tbody", "tfoot", "tr", "col", "colgroup"])
            )
        else:
            self._add_mixed_content(node)

    def _add_box(self, node: XmlNode) -> None:
        """Add a small box as a callout, or keep a large one to become a section later."""
        if self._in_box:
            self._add_mixed_content(node)
            return
        if len(node_text(node, INLINE).split()) > MAX_CALLOUT_WORDS:
            if node.name == "boxed-text":
                self._boxes.append(node)
            else:
                self._add_mixed_content(node)
            return
        box_walker = _JatsWalker(SectionBuilder(TextNormalizer()))
        box_walker.omitted, box_walker.images, box_walker._in_box = self.omitted, self.images, True
        box_walker._add_section(node, 1)
        lines: list[str] = []
        for section in box_walker.builder.build_sections():
            for _, part in section.walk():
                lines += [part.heading, *(block.plain for block in part.blocks)]
        self.builder.add_text(BlockKind.CALLOUT, "\n".join(lines))

    def _add_list(self, node: XmlNode) -> None:
        self.builder.add_text(BlockKind.PARAGRAPH, line_text(node.find("title")))
        skip = frozenset(["list", "label"])
        items = iter_list_items(
            node,
            "list-item",
            "label",
            lambda i: node_text(i, INLINE, skip=skip),
            numbering=lambda each: NUMBERINGS.get(each.attributes.get("list-type", "")),
        )
        ordered = node.attributes.get("list-type", "bullet") not in UNORDERED_LIST_TYPES
        self.builder.add_block(Block(kind=BlockKind.LIST, items=tuple(items), ordered=ordered))
