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
    title_without_one,
)
from ingest.readers.spl.inline import (
    BLOCKS,
    INLINE,
    bold_rows,
    cell_lines,
    first_line,
    is_heading,
    is_layout,
    item_text,
    preprocess,
    shown,
    words,
)
from ingest.readers.spl.metadata import (
    BOXED_WARNING,
    FOR_PATIENTS,
    PRODUCT_DATA,
    code_of,
    metadata_of,
    name_of,
    title_of,
)
from ingest.readers.xml.node import XmlNode, list_items, outermost, rows_of, table_block, text_of
from ingest.readers.xml.parser import parse_kind
from ingest.text_encoding import TextNormalizer
from kb.model.article import Block, BlockKind

HIGHLIGHTS = "Highlights"
# Why a part is left out
IMAGE = "an image"
CODED_DATA = "coded data of the product"
REPEATED = "highlights that repeat the section"
FILE_NAMES = (".jpg", ".jpeg", ".png", ".gif")


def read_spl(data: bytes, source: str) -> ReaderResult:
    """Read a label. Raises `SourceError` when it is not SPL, not well-formed or empty."""
    warnings: list[str] = []
    root = parse_kind(data, source, "document", "a drug label", warnings)
    preprocess(root)
    cleaner = TextNormalizer()
    walk = _SplWalker(SectionBuilder(cleaner), root)
    visible = text_of(root, INLINE, gap="\n")
    title = title_of(root)
    walk.label(root, title)
    title = title or title_without_one([text for _, text in walk.outline.headings], source)
    return ReaderResult(
        article=walk.outline.article(source, "", title, metadata_of(root, title)),
        visible="\n".join([visible, *walk.image_names]),
        dropped=tuple(walk.dropped),
        warnings=(*warnings, *cleaner.warnings()),
    )


class _SplWalker:
    """The way through a label: bounded calls for each level, of which the parser allows 200."""

    def __init__(self, outline: SectionBuilder, root: XmlNode) -> None:
        self.outline = outline
        self.dropped: list[OmittedText] = []
        self.image_names: list[str] = []  # those that no text of the label says
        self._images: dict[str, XmlNode] = {}
        for number, image in enumerate(root.all("observationMedia")):
            name = image.attributes.get("ID", "")
            self._images[f"{name}#{number}" if name in self._images else name] = image
        self._level = 0  # of the heading before
        self._question_level = 0  # of a heading that is a question; 0 outside parts for patients

    def label(self, root: XmlNode, title: str) -> None:
        """Read a whole label: title, highlights, sections."""
        sections = [
            section
            for body in root.named("component")
            for structured in body.named("structuredBody")
            for component in structured.named("component")
            for section in component.named("section")
        ]
        self._highlights(root, words(root.first("title")) != title)
        for section in sections:
            self._section(section, 1)
        for image in self._images.values():
            self.dropped.append(OmittedText(IMAGE, words(image) or "without a name"))
        for part in root.elements:
            if part.name not in ("title", "component") and words(part):
                reason = AS_METADATA if part.name == "author" else "coded data of the label"
                self.dropped.append(OmittedText(reason, words(part)))

    def _highlights(self, root: XmlNode, with_title: bool) -> None:
        coded = [(s, e) for s in root.all("section") for e in s.named("excerpt") if words(e)]
        if coded:
            self._heading(1, HIGHLIGHTS)
        if with_title:
            title = root.first("title") or XmlNode("title")
            self.outline.add_text(BlockKind.PARAGRAPH, text_of(title, INLINE))
        for section, excerpt in coded:
            own = section.first("text")
            if own and words(own) == words(excerpt):
                self.dropped.append(OmittedText(REPEATED, words(own)))
                continue
            code = code_of(section)
            heading = words(section.first("title")) or name_of(section)
            self._heading(2, heading, (code,) if code else ())
            self._text(excerpt, boxed=code == BOXED_WARNING)

    def _heading(self, level: int, text: str, codes: tuple[str, ...] = ()) -> None:
        self._level = level
        self.outline.heading(level, text, codes)

    def _section(self, section: XmlNode, level: int, *, boxed: bool = False) -> None:
        code = code_of(section)
        text = section.first("text") or XmlNode("text")
        boxed = boxed or code == BOXED_WARNING
        inner = [s for part in section.named("component") for s in part.named("section")]
        self._leave_out(section)
        if code == PRODUCT_DATA and not words(text):
            return
        holds_text = bool(words(text) or inner)
        heading = words(section.first("title")) or (name_of(section) if code and holds_text else "")
        if not heading and (line := first_line(text, bool(inner))):
            heading = words(line)
            text = XmlNode("text", content=[part for part in text.content if part is not line])
        if not heading and self._level >= level and holds_text:
            heading = name_of(section)
        if heading:
            self._heading(level, heading, (code,) if code else ())
        around = self._question_level
        self._question_level = level + 1 if code in FOR_PATIENTS else around
        self._text(text, boxed=boxed)
        for image in [m for part in section.named("component") for m in part.elements]:
            self._image(image.attributes.get("ID", ""))
        for below in inner:
            self._section(below, level + 1, boxed=boxed)
        self._question_level = around

    def _leave_out(self, section: XmlNode) -> None:
        for part in section.elements:
            if part.name not in ("title", "text", "component", "excerpt") and words(part):
                self.dropped.append(OmittedText(CODED_DATA, words(part)))

    def _text(self, text: XmlNode, *, boxed: bool) -> None:
        """Read the text of a section; in a box it is one callout."""
        if not boxed:
            self._flow(text)
            return
        around, self.outline = self.outline, SectionBuilder(TextNormalizer())
        self._flow(text)
        blocks = [block for s in self.outline.sections() for block in s.blocks]
        self.outline = around
        self.outline.add_text(BlockKind.CALLOUT, "\n".join(block.plain for block in blocks))

    def _flow(self, node: XmlNode) -> None:
        """Read an element that holds blocks, loose text, or both."""
        run = XmlNode("paragraph")
        for piece in node.content:
            if isinstance(piece, str) or (
                piece.name in (*INLINE, "br", "footnote") and not piece.holds(*BLOCKS)
            ):
                run.content.append(piece)
                continue
            self._block(run)
            run = XmlNode("paragraph")
            self._block(piece)
        self._block(run)

    def _block(self, node: XmlNode) -> None:
        if node.name == "list" and not node.holds("table"):
            for caption in node.named("caption"):
                self.outline.add_text(BlockKind.PARAGRAPH, words(caption))
            items = tuple(list_items(node, "item", "caption", item_text))
            ordered = node.attributes.get("listType") == "ordered"
            self.outline.add(Block(kind=BlockKind.LIST, items=items, ordered=ordered))
        elif node.name == "table" and not is_layout(node):
            self._table(node)
        elif node.name != "paragraph" or node.holds(*BLOCKS):
            (self._layout if node.name == "table" else self._flow)(node)
            return  # what is in it reports its own notes and images
        elif self._question_level and words(node).endswith("?") and is_heading(node):
            self._heading(self._question_level, words(node))
        else:
            self.outline.add_text(BlockKind.PARAGRAPH, shown(node))
        for note in outermost(node, "footnote"):
            self.outline.add_text(BlockKind.CAPTION, words(note))
        for image in node.all("renderMultiMedia"):
            self._image(image.attributes.get("referencedObject", ""))

    def _image(self, name: str) -> None:
        """Keep what is said of an image as a caption, once, and report the image."""
        image = self._images.pop(name, None)
        if image is None:
            return
        said = words(image.first("text"))
        reference = next(image.all("reference"), image)
        file_name = reference.attributes.get("value", "without a name")
        is_caption = len(said.split()) > 1 and not said.lower().endswith(FILE_NAMES)
        if is_caption:
            self.outline.add_text(BlockKind.CAPTION, said)
        if is_caption or not said:
            self.image_names.append(file_name)
        self.dropped.append(OmittedText(IMAGE, file_name if is_caption or not said else said))

    def _table(self, node: XmlNode) -> None:
        for caption in node.named("caption"):
            self.outline.add_text(BlockKind.CAPTION, shown(caption))
        rows = rows_of(node)
        heads = sum(len(part.named("tr")) for part in node.named("thead")) or bold_rows(rows)
        if rows:
            self.outline.add(table_block(rows, heads, cell_lines))
        foot = [shown(row) for part in node.named("tfoot") for row in part.named("tr")]
        self.outline.add_text(BlockKind.CAPTION, "\n".join(foot))

    def _layout(self, node: XmlNode) -> None:
        """Read a table that only places text: what stands in one row is a table at most."""
        for part in [*node.named("caption"), *rows_of(node), *node.named("tfoot")]:
            filled = [cell for cell in part.named("td", "th") if words(cell)]
            if len(filled) > 1 and not part.holds("list", "table", "footnote", "renderMultiMedia"):
                self.outline.add(table_block([part], 0, cell_lines))
            else:
                self._flow(part)
