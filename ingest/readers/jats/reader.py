"""JATS: journal articles, as PubMed Central and the publishers hand them out.

The front becomes title, metadata and abstract, body and back become sections. Notes, figures,
tables and boxes float in JATS: inside a paragraph they are read after it, so that no sentence is
cut in two. What is about the journal and not about the subject is left out and reported.
"""

from __future__ import annotations

from collections.abc import Iterable

from ingest.readers.base import OmittedText, ReaderResult, SectionBuilder, derive_title
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
    line_text,
    preprocess_article,
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

# Sections <- the heading of one that has none; an empty one joins what stands above it.
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
MAIN_TEXT = "Main text"  # of a body without sections, so that it is not part of the abstract
UNTITLED_SECTION = (
    "More"  # a part without a heading where it could be taken for part of the one before
)
CAPTIONED_ELEMENTS = frozenset(
    ["fig", "fig-group", "table-wrap", "table-wrap-group", "supplementary-material", "media"]
)
IMAGES = frozenset(["graphic", "inline-graphic"])
FLOATS = CAPTIONED_ELEMENTS | {"boxed-text", "fn"}
BLOCKS = FLOATS | IMAGES | {"list", "def-list", "disp-quote", "table", "table-wrap-foot", "p"}
BLOCKS_NOT_IN_ITEMS = ("table-wrap", "table", "fig", "boxed-text", "disp-quote")
# Words of a box that is shown as one warning; a larger one is a section, as in HTML.
MAX_CALLOUT_WORDS = 250
# Parts of a section that are not its text: read with its heading, or about the file.
HEADING_ELEMENTS = frozenset(["title", "label", "caption", "sec-meta", "object-id"])
UNORDERED_LIST_TYPES = frozenset(["bullet", "simple", "unordered"])
SUBSECTIONS = frozenset(SECTION_HEADINGS) - {"boxed-text"}
NOT_TEXT = HEADING_ELEMENTS | SUBSECTIONS | {"ref"}
NOTICES = {
    "retraction": "a retraction",
    "correction": "a correction",
    "expression-of-concern": "an expression of concern",
}


def read_jats(data: bytes, source: str) -> ReaderResult:
    """Read an article. Raises `SourceError` when it is not JATS, not well-formed or empty."""
    warnings: list[str] = []
    root = parse_document(data, source, "article", "a journal article", warnings)
    normalizer = TextNormalizer()
    walk = _JatsWalker(SectionBuilder(normalizer))
    preprocess_article(root, walk.omit_image)
    visible = node_text(root, INLINE, gap="\n")
    metadata = read_metadata(root, warnings)
    walk.read_article(root, 0)
    title = read_title(root)
    title = title or derive_title([text for _, text in walk.builder.headings], source)
    notice = NOTICES.get(root.attributes.get("article-type", ""))
    if notice:
        warnings.append(f"This is {notice} of another article, not an article of its own.")
    return ReaderResult(
        article=walk.builder.build_article(source, "", title, metadata),
        visible_text="\n".join([visible, *walk.images]),
        omitted=tuple(walk.omitted),
        warnings=(*warnings, *normalizer.warnings()),
    )


class _JatsWalker:
    """The way through an article: bounded calls for each level, of which the parser allows 200."""

    def __init__(self, builder: SectionBuilder) -> None:
        self.builder = builder
        self.omitted: list[OmittedText] = []
        self.images: list[str] = []
        self._level, self._last = 0, ""  # of the heading before
        self._in_box = False  # what is boxed in it is part of the same box
        self._boxes: list[
            XmlNode
        ] = []  # that are sections, and wait for the end of the text around

    def read_article(self, node: XmlNode, level: int) -> None:
        """Read a whole article; `level` is 0, or that of the heading of one inside another."""
        front = node.find("front") or node.find("front-stub") or XmlNode("front")
        meta = front.find("article-meta") or front
        self._abstracts(meta, level + 1)
        for body in node.children("body"):
            if self._level > level and any(part.name != "sec" for part in body.elements):
                self._heading(level + 1, MAIN_TEXT)
            self._content(body, level)
        for notes in meta.children("author-notes"):
            if any(part.name != "corresp" for part in notes.elements):
                self._section(notes, level + 1, AUTHOR_NOTES, skip=("corresp",))
        for notes in [*meta.children("funding-group"), *front.children("notes")]:
            self._section(notes, level + 1, "Notes" if notes.name == "notes" else "Funding")
        for part in [*node.children("back"), *node.children("floats-group", "floats-wrap")]:
            self._section(
                part, level + 1, SECTION_HEADINGS.get(part.name, ""), joins=part.name == "back"
            )
        for inner in node.children("sub-article", "response"):
            self._heading(level + 1, read_title(inner) or inner.name.capitalize())
            self.read_article(inner, level + 1)
        self._leave_out_front(front, meta)

    def _heading(self, level: int, text: str) -> None:
        if text:
            self._level, self._last = level, text
        self.builder.add_heading(level, text)

    def _abstracts(self, meta: XmlNode, level: int) -> None:
        for abstract in meta.children("abstract", "trans-abstract"):
            self._section(abstract, level, abstract_title(abstract))
        for group in meta.children("kwd-group"):
            self._heading(level, line_text(group.find("title")) or "Keywords")
            items = [
                ListItem(line_text(keyword)) for keyword in group.children("kwd", "compound-kwd")
            ]
            self.builder.add_block(Block(kind=BlockKind.LIST, items=tuple(items)))

    def _leave_out_front(self, front: XmlNode, meta: XmlNode) -> None:
        """Report what the front holds besides what was read."""
        titles = [part for group in meta.children("title-group") for part in group.elements]
        parts = [*front.elements, *(meta.elements if meta is not front else ()), *titles]
        for part in [*parts, *find_outermost(meta, "corresp")]:
            if part.name not in FRONT_CONTENT | {"article-title", "subtitle"}:
                self._leave_out(FRONT_OMISSIONS.get(part.name, JOURNAL_DETAILS), part)

    def _leave_out(self, reason: str, node: XmlNode) -> None:
        text = line_text(node)
        if text:
            self.omitted.append(OmittedText(reason, text))

    def omit_image(self, node: XmlNode, what: str = "an image") -> None:
        """Report an image, by its name: a reader of the source sees it."""
        name = node.attributes.get("href", "without a name")
        self.omitted.append(OmittedText(what, name))
        self.images.append(name)

    def _section(
        self,
        node: XmlNode,
        level: int,
        default: str = "",
        *,
        skip: Iterable[str] = (),
        joins: bool = False,
    ) -> None:
        """Read a section. One without a heading joins what is above, or gets one to be apart."""
        caption = node.find("caption", "title") if node.name == "boxed-text" else None
        title = line_text(node.find("title") or caption)
        heading = (
            " ".join(part for part in (line_text(node.find("label")), title) if part) or default
        )
        joins = joins or self._last in (MAIN_TEXT, UNTITLED_SECTION)
        if not heading and not joins and self._level >= level:
            heading = UNTITLED_SECTION
        self._heading(level, heading)
        for part in node.children("sec-meta", "object-id"):
            self._leave_out("details of a section", part)
        self._content(node, level if heading else level - 1, frozenset(skip))

    def _content(self, node: XmlNode, level: int, skip: frozenset[str] = frozenset()) -> None:
        """Read the text of a section first, then its large boxes, then the sections under it."""
        boxes_around, self._boxes = self._boxes, []
        if node.name == "boxed-text":
            for part in node.children("caption"):
                self._flow(part, frozenset(["title"]))
        self._flow(node, NOT_TEXT | skip)
        self._references(node)
        boxes, self._boxes = self._boxes, boxes_around
        for box in boxes:
            parts = box.elements
            alone = len(parts) == 1 and parts[0].name == "sec"
            self._section(parts[0] if alone else box, level + 1, SECTION_HEADINGS[box.name])
        for section in node.children(*SUBSECTIONS):
            self._section(section, level + 1, SECTION_HEADINGS[section.name])

    def _references(self, node: XmlNode) -> None:
        items = tuple(ListItem(format_citation(ref)) for ref in node.children("ref"))
        self.builder.add_block(Block(kind=BlockKind.LIST, items=items, ordered=True))

    def _flow(self, node: XmlNode, skip: frozenset[str] = frozenset()) -> None:
        """Read an element that holds blocks, loose text, or both."""
        run: list[str] = []
        floats: list[XmlNode] = []
        for piece in node.content:
            if isinstance(piece, str):
                run.append(" ".join(piece.split("\n")))
            elif piece.name in skip:
                continue
            elif piece.name in FLOATS and node.name == "p":
                floats.append(piece)
            elif piece.name in BLOCKS or piece.name not in INLINE or piece.contains(*BLOCKS):
                self._end_run(run)
                self._block(piece)
            else:
                run.append(node_text(piece, INLINE))
        self._end_run(run)
        for piece in floats:
            self._block(piece)

    def _end_run(self, run: list[str]) -> None:
        self.builder.add_text(BlockKind.PARAGRAPH, "".join(run))
        run.clear()

    def _block(self, node: XmlNode) -> None:
        if node.name in CAPTIONED_ELEMENTS:
            self._captioned(node)
        elif node.name == "table":
            self._table(node)
        elif node.name == "table-wrap-foot":
            notes = "\n".join(line_text(note) for note in node.elements) or line_text(node)
            self.builder.add_text(BlockKind.CAPTION, notes)
        elif node.name == "fn":
            self.builder.add_text(BlockKind.PARAGRAPH, line_text(node))
        elif node.name in ("boxed-text", "disp-quote"):
            self._box(node)
        elif node.name == "list" and not node.contains(*BLOCKS_NOT_IN_ITEMS):
            self._list(node)
        elif node.name == "def-list" and not node.contains(*BLOCKS_NOT_IN_ITEMS):
            self.builder.add_text(BlockKind.PARAGRAPH, line_text(node.find("title")))
            self.builder.add_block(definition_list(node))
        elif node.name in IMAGES:
            self.omit_image(node)
            self._flow(node)
        else:
            self._flow(node)

    def _captioned(self, node: XmlNode) -> None:
        """Read a figure, a table or a file: label, title and text of its caption, then the rest."""
        caption = node.find("caption") or XmlNode("caption")
        label, title = line_text(node.find("label")), line_text(caption.find("title"))
        between = " " if label.endswith((".", ":")) or not label else ". "
        text = [line_text(part) for part in caption.elements if part.name != "title"]
        loose = "" if title else line_text(caption)
        lines = [(label + between + title).rstrip(" "), *(text or [loose])]
        self.builder.add_text(BlockKind.CAPTION, "\n".join(lines))
        for part in node.children("object-id"):
            self._leave_out("the identifier of a figure or table", part)
        self._flow(node, frozenset(["label", "caption", "object-id"]))

    def _table(self, node: XmlNode) -> None:
        foot = [row for part in node.children("tfoot") for row in part.children("tr")]
        heads = sum(len(part.children("tr")) for part in node.children("thead"))
        rows = [*table_rows(node), *foot]
        if rows:
            self.builder.add_block(
                build_table(rows, heads, lambda c: node_text(c, INLINE, gap="\n"))
            )
            self._flow(node, frozenset(["thead", "tbody", "tfoot", "tr", "col", "colgroup"]))
        else:
            self._flow(node)

    def _box(self, node: XmlNode) -> None:
        """Read a box: one callout where it is small; else it waits until it can be a section."""
        if self._in_box:
            self._flow(node)
            return
        if len(node_text(node, INLINE).split()) > MAX_CALLOUT_WORDS:
            if node.name == "boxed-text":
                self._boxes.append(node)
            else:
                self._flow(node)
            return
        inside = _JatsWalker(SectionBuilder(TextNormalizer()))
        inside.omitted, inside.images, inside._in_box = self.omitted, self.images, True
        inside._section(node, 1)
        lines: list[str] = []
        for section in inside.builder.build_sections():
            for _, part in section.walk():
                lines += [part.heading, *(block.plain for block in part.blocks)]
        self.builder.add_text(BlockKind.CALLOUT, "\n".join(lines))

    def _list(self, node: XmlNode) -> None:
        self.builder.add_text(BlockKind.PARAGRAPH, line_text(node.find("title")))
        skip = frozenset(["list", "label"])
        items = iter_list_items(
            node, "list-item", "label", lambda i: node_text(i, INLINE, skip=skip)
        )
        ordered = node.attributes.get("list-type", "bullet") not in UNORDERED_LIST_TYPES
        self.builder.add_block(Block(kind=BlockKind.LIST, items=tuple(items), ordered=ordered))
