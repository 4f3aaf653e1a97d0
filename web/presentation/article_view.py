"""View model of an article: passages with headings, blocks, tags and highlighted words.

The store keeps an article as passages in reading order, each with its heading path. The view shows
each heading once, at its level, and adds a table of contents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.search.results import Snippet
from kb.model.article import (
    Block,
    BlockKind,
    CalloutLevel,
    ListItem,
    Mark,
    MarkKind,
    Metadata,
    is_safe_link,
    shift_marks,
)
from kb.model.list_numbering import Numbering, find_list_start
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, ReviewState
from kb.model.taxonomy import Taxonomy
from web.presentation.formatting import ReviewLabel, format_date
from web.presentation.line_breaks import join_amounts, join_snippet_amounts

SAFETY = "safety"  # passages with this tag, or a descendant of it, are marked as safety information
TOP_LEVEL = 2  # h1 is the title
MAX_HEADING_LEVEL = 6
MAX_CONTENTS_LEVEL = 3  # the table of contents has two levels

# The label of a callout is the first word of its text if it is one of these.
CALLOUT_WORD = re.compile(r"(Important|Warning|Caution|Danger|Alert|Note|Tip)\s*[:.!]\s+", re.I)
PLAIN_CALLOUT_WORD = "Important"
LEVEL_WORDS = {
    CalloutLevel.EMERGENCY: "Emergency",
    CalloutLevel.URGENT: "Urgent",
    CalloutLevel.NON_URGENT: "Non-urgent",
    CalloutLevel.IMPORTANT: "Important",
}

OCR_NOTE = "Read by OCR: check against the source"

Highlight = Callable[[str], Snippet]


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of a text with the same formatting. `matched` is true for a highlighted word.

    A `hidden` part is not displayed, but copied with the text: the "^" of an exponent.
    """

    text: str
    matched: bool = False
    kinds: frozenset[MarkKind] = frozenset()
    href: str = ""
    hidden: bool = False


FormattedText = tuple[TextSpan, ...]


def unmarked(text: str) -> Snippet:
    """Return the text without highlighted words."""
    return ((text, False),)


@dataclass(frozen=True, slots=True)
class ItemView:
    """A list item with the label of its source, and its nested list."""

    text: FormattedText
    label: str = ""
    below: ListView | None = None


@dataclass(frozen=True, slots=True)
class ListView:
    """A list: with bullets, with numbers in a style of CSS, or with the labels of its items."""

    items: Sequence[ItemView]
    numbering: str = ""
    start: int = 1


@dataclass(frozen=True, slots=True)
class CellView:
    """A table cell that is not covered by another."""

    text: FormattedText
    columns: int = 1
    rows: int = 1
    column: int = 0


@dataclass(frozen=True, slots=True)
class RowView:
    """A table row; a group row is the heading of the rows below."""

    cells: Sequence[CellView]
    is_group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """A block with formatting and highlighted words. `word` is the label of a callout."""

    kind: BlockKind
    text: FormattedText = ()
    word: str = ""
    level: str = ""
    list: ListView | None = None
    header: Sequence[RowView] = ()
    rows: Sequence[RowView] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class HeadingView:
    """A heading that precedes a passage."""

    level: int
    text: Snippet


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag with its label and glyph."""

    key: str
    label: str
    glyph: str
    safety: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageView:
    """A passage as shown on the page."""

    id: str
    anchor: str
    label: str
    page: int | None
    ocr_note: str  # empty unless the text was recognised by OCR
    headings: tuple[HeadingView, ...]
    blocks: tuple[BlockView, ...]
    tags: tuple[TagView, ...]
    safety: bool
    matches: int
    citation: str


@dataclass(slots=True)
class ContentsEntry:
    """Entry of the table of contents; `matches` counts the highlighted words in its section."""

    level: int
    text: str
    anchor: str
    matches: int = 0


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article as shown on the page."""

    passages: tuple[PassageView, ...]
    contents: tuple[ContentsEntry, ...]
    matches: int


def build_article_view(
    record: ArticleRecord, taxonomy: Taxonomy, review: ReviewLabel, mark: Highlight = unmarked
) -> ArticleView:
    """Return the view of one version of an article; `mark` splits a text into highlighted parts."""
    views: list[PassageView] = []
    contents: list[ContentsEntry] = []
    previous_path: tuple[str, ...] = ()
    for passage in record.passages:
        headings = _new_headings(previous_path, passage.heading_path)
        citation = cite(
            record.article.title, record.version, record.article.metadata, passage, review
        )
        view = _build_passage_view(
            passage, headings, taxonomy, mark, label=record.article.title, citation=citation
        )
        contents += [
            ContentsEntry(level, text, passage.anchor)
            for level, text in headings
            if level <= MAX_CONTENTS_LEVEL
        ]
        if contents:
            contents[-1].matches += view.matches
        views.append(view)
        previous_path = passage.heading_path
    return ArticleView(tuple(views), tuple(contents), sum(view.matches for view in views))


def build_tag_views(keys: Sequence[str], taxonomy: Taxonomy) -> tuple[TagView, ...]:
    """Return the views of these tags, with the safety tag first if any tag descends from it."""
    ordered = [key for key in keys if key != SAFETY]
    if is_safety(keys, taxonomy):
        ordered.insert(0, SAFETY)
    return tuple(
        TagView(key, taxonomy.label(key), taxonomy.glyph(key), is_safety((key,), taxonomy))
        for key in ordered
    )


def is_safety(keys: Sequence[str], taxonomy: Taxonomy) -> bool:
    """Return whether a tag is the safety tag or one of its descendants."""
    return SAFETY in taxonomy.with_ancestors(keys)


def _new_headings(previous: tuple[str, ...], path: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return (level, heading) for each heading that differs from the previous passage's path."""
    shared = 0
    for old, new in zip(previous, path, strict=False):
        if old != new:
            break
        shared += 1
    return [
        (min(TOP_LEVEL + depth, MAX_HEADING_LEVEL), heading)
        for depth, heading in enumerate(path)
        if depth >= shared
    ]


def _build_passage_view(
    passage: Passage,
    headings: Sequence[tuple[int, str]],
    taxonomy: Taxonomy,
    mark: Highlight,
    *,
    label: str,
    citation: str,
) -> PassageView:
    keys = [tag.tag for tag in passage.tags]
    blocks = tuple(build_block_view(block, mark) for block in passage.blocks)
    marked = tuple(HeadingView(level, join_snippet_amounts(mark(text))) for level, text in headings)
    return PassageView(
        id=passage.id,
        anchor=passage.anchor,
        label=passage.heading or label,
        page=passage.page,
        ocr_note=OCR_NOTE if passage.ocr else "",
        headings=marked,
        blocks=blocks,
        tags=build_tag_views(keys, taxonomy),
        safety=is_safety(keys, taxonomy),
        matches=sum(_count_matches(heading.text) for heading in marked)
        + sum(map(_count_block_matches, blocks)),
        citation=citation,
    )


def build_block_view(block: Block, mark: Highlight = unmarked) -> BlockView:
    """Return a block with formatting and highlighted words."""
    if block.kind is BlockKind.LIST:
        return BlockView(kind=block.kind, list=_build_list(block, mark))
    if block.kind is BlockKind.TABLE:
        rows = _build_rows(block, mark)
        return BlockView(
            kind=block.kind, header=rows[: block.header_rows], rows=rows[block.header_rows :]
        )
    if block.kind is BlockKind.CALLOUT:
        match = CALLOUT_WORD.match(block.text)
        word = LEVEL_WORDS[block.level] if block.level else ""
        if match and word not in ("", match[1].capitalize()):
            match = None  # the level is the label, so the text keeps its own word
        word = word or (match[1].capitalize() if match else PLAIN_CALLOUT_WORD)
        start = match.end() if match else 0
        marks = shift_marks(block.marks, start, len(block.text))
        return BlockView(
            kind=block.kind,
            text=format_text(block.text[start:], marks, mark),
            word=word,
            level=block.level or "",
        )
    text = format_text(block.text, block.marks, mark)
    return BlockView(kind=block.kind, text=text, repeated=block.repeated)


def format_text(text: str, marks: Sequence[Mark], highlight: Highlight) -> FormattedText:
    """Return a text as spans with the same formatting and highlighting."""
    pieces: list[tuple[int, int, bool]] = []
    shown = join_amounts(text, marks)
    position = 0
    for piece, matched in highlight(text):
        pieces.append((position, position + len(piece), matched))
        position += len(piece)
    if not marks:
        return tuple(TextSpan(shown[start:end], matched) for start, end, matched in pieces)
    hidden = {
        mark.start
        for mark in marks
        if mark.kind is MarkKind.SUPERSCRIPT and text[mark.start] == "^"
    }
    edges = {edge for mark in marks for edge in (mark.start, mark.end)}
    edges |= hidden | {position + 1 for position in hidden}
    spans: list[TextSpan] = []
    for start, end, matched in pieces:
        cuts = sorted({start, end, *(edge for edge in edges if start < edge < end)})
        for left, right in pairwise(cuts):
            around = [mark for mark in marks if mark.start <= left and mark.end >= right]
            kinds = frozenset(mark.kind for mark in around)
            href = next((mark.href for mark in around if is_safe_link(mark.href)), "")
            spans.append(TextSpan(shown[left:right], matched, kinds, href, left in hidden))
    return tuple(spans)


def _build_list(block: Block, mark: Highlight) -> ListView:
    """Return the items nested by depth; one that skips a depth becomes a child of the last item."""
    view, _ = _build_items(block.items, 0, 0, mark, ordered=block.ordered)
    return view


def _build_items(
    items: Sequence[ListItem], position: int, depth: int, mark: Highlight, *, ordered: bool
) -> tuple[ListView, int]:
    """Return the list of the items from a position down to a depth, and the position after it."""
    views: list[ItemView] = []
    labels: list[str] = []
    while position < len(items) and items[position].depth >= depth:
        item = items[position]
        position += 1
        below = None
        if position < len(items) and items[position].depth > item.depth:
            below, position = _build_items(items, position, item.depth + 1, mark, ordered=False)
        views.append(ItemView(format_text(item.text, item.marks, mark), item.label, below))
        labels.append(item.label)
    if ordered and not any(labels):
        return ListView(views, Numbering.DECIMAL), position
    start = find_list_start(labels)
    if start is not None:
        return ListView(views, start.numbering, start.start), position
    return ListView(views), position


def _build_rows(block: Block, mark: Highlight) -> list[RowView]:
    groups = block.group_rows
    covered: dict[int, int] = {}  # column -> first row that is not covered
    views: list[RowView] = []
    for number, row in enumerate(block.rows):
        cells: list[CellView] = []
        end = 0  # first column that is not covered in this row
        for column, cell in enumerate(row):
            if column < end or covered.get(column, 0) > number:
                continue
            columns = min(cell.columns, len(row) - column)
            rows = min(cell.rows, len(block.rows) - number)
            if number in groups:
                columns = len(row)
            end = column + columns
            covered.update(dict.fromkeys(range(column, end), number + rows))
            text = format_text(cell.text, cell.marks, mark)
            cells.append(CellView(text, columns, rows, column))
        views.append(RowView(cells, number in groups))
    return views


def _count_block_matches(block: BlockView) -> int:
    cells = [cell for row in (*block.header, *block.rows) for cell in row.cells]
    return (
        _count_span_matches(block.text)
        + sum(_count_span_matches(cell.text) for cell in cells)
        + _count_item_matches(block.list)
    )


def _count_item_matches(view: ListView | None) -> int:
    items = view.items if view else ()
    return sum(_count_span_matches(item.text) + _count_item_matches(item.below) for item in items)


def _count_span_matches(text: FormattedText) -> int:
    return sum(span.matched for span in text)


def _count_matches(text: Snippet) -> int:
    return sum(matched for _, matched in text)


def cite(
    title: str, version: int, metadata: Metadata, passage: Passage, review: ReviewLabel
) -> str:
    """Return the citation of a passage: article, headings, source, version and review."""
    heading = ", ".join([title, *passage.heading_path])
    reviewed = f", reviewed {format_date(metadata.reviewed)}" if metadata.reviewed else ""
    warning = review.words if review.state is ReviewState.OVERDUE else ""
    parts = [heading, metadata.source, f"Version {version}{reviewed}", warning]
    return ". ".join(part for part in parts if part) + "."
