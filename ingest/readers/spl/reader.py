"""SPL reader: drug labels (HL7 Structured Product Labeling) of the FDA and DailyMed.

LOINC codes identify the subject of a section and are kept in the article. Highlights, the short
forms of sections at the top of a printed label, are kept once, in a separate section. A boxed
warning becomes a callout. Tables often only draw a box or columns around text; such tables are read
as text.
"""

from __future__ import annotations

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.result import AS_METADATA, OmittedText, ReaderResult
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title
from ingest.readers.spl.inline import (
    BLOCK_ELEMENTS,
    INLINE,
    cell_lines,
    count_header_rows,
    find_heading_line,
    is_emphasised_heading,
    is_layout_table,
    item_text,
    line_text,
    list_numbering,
    preprocess_label,
    text_without_notes,
)
from ingest.readers.spl.metadata import (
    BOXED_WARNING,
    PATIENT_SECTIONS,
    PRODUCT_DATA,
    read_metadata,
    read_title,
    section_code,
    section_name,
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
from kb.model.article import Block, BlockKind

HIGHLIGHTS = "Highlights"
# Reasons for omitted parts.
IMAGE = "an image"
CODED_DATA = "coded product data"
REPEATED_HIGHLIGHTS = "highlights that repeat the section"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif")


def read_spl(data: bytes, source: str) -> ReaderResult:
    """Parse a label. Raises `SourceError` if it is not SPL, not well-formed or empty."""
    warnings: list[str] = []
    root = parse_document(data, source, "document", "a drug label", warnings)
    preprocess_label(root)
    normalizer = TextNormalizer()
    walk = _SplWalker(SectionBuilder(normalizer), root)
    visible = strip_marks(node_text(root, INLINE, gap="\n"))
    title = read_title(root)
    walk.read_label(root, title)
    title = title or derive_title([text for _, text in walk.builder.headings], source)
    return ReaderResult(
        article=walk.builder.build_article(source, "", title, read_metadata(root, title)),
        visible_text="\n".join([visible, *walk.image_names]),
        omitted=tuple(walk.omitted),
        warnings=(*warnings, *normalizer.warnings()),
    )


class _SplWalker:
    """Recursive walk over a label. The parser limits the depth to 200 levels."""

    def __init__(self, builder: SectionBuilder, root: XmlNode) -> None:
        self.builder = builder
        self.omitted: list[OmittedText] = []
        self.image_names: list[str] = []  # file names of images without a text
        self._images: dict[str, XmlNode] = {}
        for number, image in enumerate(root.descendants("observationMedia")):
            name = image.attributes.get("ID", "")
            self._images[f"{name}#{number}" if name in self._images else name] = image
        self._level = 0  # level of the preceding heading
        self._question_level = 0  # level of question headings; 0 outside patient sections

    def read_label(self, root: XmlNode, title: str) -> None:
        """Read a whole label: title, highlights, sections."""
        sections = [
            section
            for body in root.children("component")
            for structured in body.children("structuredBody")
            for component in structured.children("component")
            for section in component.children("section")
        ]
        self._add_highlights(root, line_text(root.find("title")) != title)
        for section in sections:
            self._add_section(section, 1)
        for image in self._images.values():
            self.omitted.append(OmittedText(IMAGE, line_text(image) or "without a name"))
        for part in root.elements:
            if part.name not in ("title", "component") and line_text(part):
                reason = AS_METADATA if part.name == "author" else "coded label data"
                self.omitted.append(OmittedText(reason, line_text(part)))

    def _add_highlights(self, root: XmlNode, with_title: bool) -> None:
        excerpts = [
            (s, e)
            for s in root.descendants("section")
            for e in s.children("excerpt")
            if line_text(e)
        ]
        if excerpts:
            self._add_heading(1, HIGHLIGHTS)
        if with_title:
            title = root.find("title") or XmlNode("title")
            self.builder.add_text(BlockKind.PARAGRAPH, node_text(title, INLINE))
        for section, excerpt in excerpts:
            section_text = section.find("text")
            if section_text and line_text(section_text) == line_text(excerpt):
                self.omitted.append(OmittedText(REPEATED_HIGHLIGHTS, line_text(section_text)))
                continue
            code = section_code(section)
            heading = line_text(section.find("title")) or section_name(section)
            self._add_heading(2, heading, (code,) if code else ())
            self._add_text(excerpt, boxed=code == BOXED_WARNING)

    def _add_heading(self, level: int, text: str, codes: tuple[str, ...] = ()) -> None:
        self._level = level
        self.builder.add_heading(level, text, codes)

    def _add_section(self, section: XmlNode, level: int, *, boxed: bool = False) -> None:
        code = section_code(section)
        text = section.find("text") or XmlNode("text")
        boxed = boxed or code == BOXED_WARNING
        subsections = [
            s for part in section.children("component") for s in part.children("section")
        ]
        self._omit_coded_data(section)
        if code == PRODUCT_DATA and not line_text(text):
            return
        holds_text = bool(line_text(text) or subsections)
        heading = line_text(section.find("title")) or (
            section_name(section) if code and holds_text else ""
        )
        if not heading and (line := find_heading_line(text, bool(subsections))):
            heading = line_text(line)
            text = XmlNode("text", content=[part for part in text.content if part is not line])
        if not heading and self._level >= level and holds_text:
            heading = section_name(section)
        if heading:
            self._add_heading(level, heading, (code,) if code else ())
        outer_question_level = self._question_level
        self._question_level = level + 1 if code in PATIENT_SECTIONS else outer_question_level
        self._add_text(text, boxed=boxed)
        for image in [m for part in section.children("component") for m in part.elements]:
            self._add_image(image.attributes.get("ID", ""))
        for subsection in subsections:
            self._add_section(subsection, level + 1, boxed=boxed)
        self._question_level = outer_question_level

    def _omit_coded_data(self, section: XmlNode) -> None:
        for part in section.elements:
            if part.name not in ("title", "text", "component", "excerpt") and line_text(part):
                self.omitted.append(OmittedText(CODED_DATA, line_text(part)))

    def _add_text(self, text: XmlNode, *, boxed: bool) -> None:
        """Add the text of a section, as a single callout if it is boxed."""
        if not boxed:
            self._add_mixed_content(text)
            return
        outer_builder, self.builder = self.builder, SectionBuilder(TextNormalizer())
        self._add_mixed_content(text)
        blocks = [block for s in self.builder.build_sections() for block in s.blocks]
        self.builder = outer_builder
        self.builder.add_text(BlockKind.CALLOUT, "\n".join(block.plain for block in blocks))

    def _add_mixed_content(self, node: XmlNode) -> None:
        """Add an element that contains blocks, loose text, or both."""
        paragraph = XmlNode("paragraph")
        for child in node.content:
            if isinstance(child, str) or (
                child.name in (*INLINE, "br", "footnote") and not child.contains(*BLOCK_ELEMENTS)
            ):
                paragraph.content.append(child)
                continue
            self._add_block(paragraph)
            paragraph = XmlNode("paragraph")
            self._add_block(child)
        self._add_block(paragraph)

    def _add_block(self, node: XmlNode) -> None:
        if node.name == "list" and not node.contains("table"):
            for caption in node.children("caption"):
                self.builder.add_text(BlockKind.PARAGRAPH, line_text(caption))
            items = tuple(
                iter_list_items(node, "item", "caption", item_text, numbering=list_numbering)
            )
            ordered = node.attributes.get("listType") == "ordered"
            self.builder.add_block(Block(kind=BlockKind.LIST, items=items, ordered=ordered))
        elif node.name == "table" and not is_layout_table(node):
            self._add_table(node)
        elif node.name != "paragraph" or node.contains(*BLOCK_ELEMENTS):
            (self._add_layout_table if node.name == "table" else self._add_mixed_content)(node)
            return  # its content reports its own notes and images
        elif self._question_level and line_text(node).endswith("?") and is_emphasised_heading(node):
            self._add_heading(self._question_level, line_text(node))
        else:
            self.builder.add_text(BlockKind.PARAGRAPH, text_without_notes(node))
        for note in find_outermost(node, "footnote"):
            self.builder.add_text(BlockKind.CAPTION, node_text(note, INLINE))
        for image in node.descendants("renderMultiMedia"):
            self._add_image(image.attributes.get("referencedObject", ""))

    def _add_image(self, name: str) -> None:
        """Add the text of an image as a caption, once, and report the image."""
        image = self._images.pop(name, None)
        if image is None:
            return
        text = line_text(image.find("text"))
        reference = next(image.descendants("reference"), image)
        file_name = reference.attributes.get("value", "without a name")
        is_caption = len(text.split()) > 1 and not text.lower().endswith(IMAGE_SUFFIXES)
        if is_caption:
            self.builder.add_text(BlockKind.CAPTION, text)
        if is_caption or not text:
            self.image_names.append(file_name)
        self.omitted.append(OmittedText(IMAGE, file_name if is_caption or not text else text))

    def _add_table(self, node: XmlNode) -> None:
        for caption in node.children("caption"):
            self.builder.add_text(BlockKind.CAPTION, text_without_notes(caption))
        rows = table_rows(node)
        header_count = sum(
            len(part.children("tr")) for part in node.children("thead")
        ) or count_header_rows(rows)
        if rows:
            self.builder.add_block(build_table(rows, header_count, cell_lines))
        footer_rows = [
            text_without_notes(row)
            for part in node.children("tfoot")
            for row in part.children("tr")
        ]
        self.builder.add_text(BlockKind.CAPTION, "\n".join(footer_rows))

    def _add_layout_table(self, node: XmlNode) -> None:
        """Add a layout table as text; at most a single row is read as a table."""
        for part in [*node.children("caption"), *table_rows(node), *node.children("tfoot")]:
            filled_cells = [cell for cell in part.children("td", "th") if line_text(cell)]
            if len(filled_cells) > 1 and not part.contains(
                "list", "table", "footnote", "renderMultiMedia"
            ):
                self.builder.add_block(build_table([part], 0, cell_lines))
            else:
                self._add_mixed_content(part)
