"""SPL (HL7 Structured Product Labeling): drug labels, as the FDA and DailyMed hand them out.

A label says by LOINC codes what its sections are about; they are carried into the article. The
highlights, short forms of the sections that stand at the top of a printed label, are kept once, in
a section of their own. A box that the regulator demands is a callout. Tables often only draw a box
or columns around text; such text is read as text.
"""

from __future__ import annotations

from ingest.readers.base import (
    AS_METADATA,
    OmittedText,
    ReaderResult,
    SectionBuilder,
    derive_title,
)
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
# Why a part is left out
IMAGE = "an image"
CODED_DATA = "coded data of the product"
REPEATED_HIGHLIGHTS = "highlights that repeat the section"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif")


def read_spl(data: bytes, source: str) -> ReaderResult:
    """Read a label. Raises `SourceError` when it is not SPL, not well-formed or empty."""
    warnings: list[str] = []
    root = parse_document(data, source, "document", "a drug label", warnings)
    preprocess_label(root)
    normalizer = TextNormalizer()
    walk = _SplWalker(SectionBuilder(normalizer), root)
    visible = node_text(root, INLINE, gap="\n")
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
    """The way through a label: bounded calls for each level, of which the parser allows 200."""

    def __init__(self, builder: SectionBuilder, root: XmlNode) -> None:
        self.builder = builder
        self.omitted: list[OmittedText] = []
        self.image_names: list[str] = []  # those that no text of the label says
        self._images: dict[str, XmlNode] = {}
        for number, image in enumerate(root.descendants("observationMedia")):
            name = image.attributes.get("ID", "")
            self._images[f"{name}#{number}" if name in self._images else name] = image
        self._level = 0  # of the heading before
        self._question_level = 0  # of a heading that is a question; 0 outside parts for patients

    def read_label(self, root: XmlNode, title: str) -> None:
        """Read a whole label: title, highlights, sections."""
        sections = [
            section
            for body in root.children("component")
            for structured in body.children("structuredBody")
            for component in structured.children("component")
            for section in component.children("section")
        ]
        self._highlights(root, line_text(root.find("title")) != title)
        for section in sections:
            self._section(section, 1)
        for image in self._images.values():
            self.omitted.append(OmittedText(IMAGE, line_text(image) or "without a name"))
        for part in root.elements:
            if part.name not in ("title", "component") and line_text(part):
                reason = AS_METADATA if part.name == "author" else "coded data of the label"
                self.omitted.append(OmittedText(reason, line_text(part)))

    def _highlights(self, root: XmlNode, with_title: bool) -> None:
        coded = [
            (s, e)
            for s in root.descendants("section")
            for e in s.children("excerpt")
            if line_text(e)
        ]
        if coded:
            self._heading(1, HIGHLIGHTS)
        if with_title:
            title = root.find("title") or XmlNode("title")
            self.builder.add_text(BlockKind.PARAGRAPH, node_text(title, INLINE))
        for section, excerpt in coded:
            own = section.find("text")
            if own and line_text(own) == line_text(excerpt):
                self.omitted.append(OmittedText(REPEATED_HIGHLIGHTS, line_text(own)))
                continue
            code = section_code(section)
            heading = line_text(section.find("title")) or section_name(section)
            self._heading(2, heading, (code,) if code else ())
            self._text(excerpt, boxed=code == BOXED_WARNING)

    def _heading(self, level: int, text: str, codes: tuple[str, ...] = ()) -> None:
        self._level = level
        self.builder.add_heading(level, text, codes)

    def _section(self, section: XmlNode, level: int, *, boxed: bool = False) -> None:
        code = section_code(section)
        text = section.find("text") or XmlNode("text")
        boxed = boxed or code == BOXED_WARNING
        inner = [s for part in section.children("component") for s in part.children("section")]
        self._leave_out(section)
        if code == PRODUCT_DATA and not line_text(text):
            return
        holds_text = bool(line_text(text) or inner)
        heading = line_text(section.find("title")) or (
            section_name(section) if code and holds_text else ""
        )
        if not heading and (line := find_heading_line(text, bool(inner))):
            heading = line_text(line)
            text = XmlNode("text", content=[part for part in text.content if part is not line])
        if not heading and self._level >= level and holds_text:
            heading = section_name(section)
        if heading:
            self._heading(level, heading, (code,) if code else ())
        around = self._question_level
        self._question_level = level + 1 if code in PATIENT_SECTIONS else around
        self._text(text, boxed=boxed)
        for image in [m for part in section.children("component") for m in part.elements]:
            self._image(image.attributes.get("ID", ""))
        for below in inner:
            self._section(below, level + 1, boxed=boxed)
        self._question_level = around

    def _leave_out(self, section: XmlNode) -> None:
        for part in section.elements:
            if part.name not in ("title", "text", "component", "excerpt") and line_text(part):
                self.omitted.append(OmittedText(CODED_DATA, line_text(part)))

    def _text(self, text: XmlNode, *, boxed: bool) -> None:
        """Read the text of a section; in a box it is one callout."""
        if not boxed:
            self._flow(text)
            return
        around, self.builder = self.builder, SectionBuilder(TextNormalizer())
        self._flow(text)
        blocks = [block for s in self.builder.build_sections() for block in s.blocks]
        self.builder = around
        self.builder.add_text(BlockKind.CALLOUT, "\n".join(block.plain for block in blocks))

    def _flow(self, node: XmlNode) -> None:
        """Read an element that holds blocks, loose text, or both."""
        run = XmlNode("paragraph")
        for piece in node.content:
            if isinstance(piece, str) or (
                piece.name in (*INLINE, "br", "footnote") and not piece.contains(*BLOCK_ELEMENTS)
            ):
                run.content.append(piece)
                continue
            self._block(run)
            run = XmlNode("paragraph")
            self._block(piece)
        self._block(run)

    def _block(self, node: XmlNode) -> None:
        if node.name == "list" and not node.contains("table"):
            for caption in node.children("caption"):
                self.builder.add_text(BlockKind.PARAGRAPH, line_text(caption))
            items = tuple(iter_list_items(node, "item", "caption", item_text))
            ordered = node.attributes.get("listType") == "ordered"
            self.builder.add_block(Block(kind=BlockKind.LIST, items=items, ordered=ordered))
        elif node.name == "table" and not is_layout_table(node):
            self._table(node)
        elif node.name != "paragraph" or node.contains(*BLOCK_ELEMENTS):
            (self._layout if node.name == "table" else self._flow)(node)
            return  # what is in it reports its own notes and images
        elif self._question_level and line_text(node).endswith("?") and is_emphasised_heading(node):
            self._heading(self._question_level, line_text(node))
        else:
            self.builder.add_text(BlockKind.PARAGRAPH, text_without_notes(node))
        for note in find_outermost(node, "footnote"):
            self.builder.add_text(BlockKind.CAPTION, line_text(note))
        for image in node.descendants("renderMultiMedia"):
            self._image(image.attributes.get("referencedObject", ""))

    def _image(self, name: str) -> None:
        """Keep what is said of an image as a caption, once, and report the image."""
        image = self._images.pop(name, None)
        if image is None:
            return
        said = line_text(image.find("text"))
        reference = next(image.descendants("reference"), image)
        file_name = reference.attributes.get("value", "without a name")
        is_caption = len(said.split()) > 1 and not said.lower().endswith(IMAGE_SUFFIXES)
        if is_caption:
            self.builder.add_text(BlockKind.CAPTION, said)
        if is_caption or not said:
            self.image_names.append(file_name)
        self.omitted.append(OmittedText(IMAGE, file_name if is_caption or not said else said))

    def _table(self, node: XmlNode) -> None:
        for caption in node.children("caption"):
            self.builder.add_text(BlockKind.CAPTION, text_without_notes(caption))
        rows = table_rows(node)
        heads = sum(
            len(part.children("tr")) for part in node.children("thead")
        ) or count_header_rows(rows)
        if rows:
            self.builder.add_block(build_table(rows, heads, cell_lines))
        foot = [
            text_without_notes(row)
            for part in node.children("tfoot")
            for row in part.children("tr")
        ]
        self.builder.add_text(BlockKind.CAPTION, "\n".join(foot))

    def _layout(self, node: XmlNode) -> None:
        """Read a table that only places text: what stands in one row is a table at most."""
        for part in [*node.children("caption"), *table_rows(node), *node.children("tfoot")]:
            filled = [cell for cell in part.children("td", "th") if line_text(cell)]
            if len(filled) > 1 and not part.contains(
                "list", "table", "footnote", "renderMultiMedia"
            ):
                self.builder.add_block(build_table([part], 0, cell_lines))
            else:
                self._flow(part)
