"""View model of an article: passages with headings, blocks, tags and highlighted words.

The store keeps an article as passages in reading order, each with its heading path. The view shows
each heading once, at its level, and adds a table of contents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from index.search.results import Snippet
from kb.model.article import Block, BlockKind, ListItem, Metadata
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, ReviewState
from kb.model.taxonomy import Taxonomy
from web.presentation.formatting import ReviewLabel, format_date

SAFETY = "safety"  # passages with this tag, or a descendant of it, are marked as safety information
TOP_LEVEL = 2  # h1 is the title
MAX_HEADING_LEVEL = 6
MAX_CONTENTS_LEVEL = 3  # the table of contents has two levels

# The label of a callout is the first word of its text if it is one of these.
CALLOUT_WORD = re.compile(r"(Important|Warning|Caution|Danger|Alert|Note|Tip)\s*[:.!]\s+", re.I)
PLAIN_CALLOUT_WORD = "Important"

Mark = Callable[[str], Snippet]


def unmarked(text: str) -> Snippet:
    """Return the text without highlighted words."""
    return ((text, False),)


@dataclass(frozen=True, slots=True)
class ItemView:
    """A list item and its nested items."""

    text: Snippet
    below: list[ItemView] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """A block with highlighted words."""

    kind: BlockKind
    text: Snippet = ()
    word: str = ""
    items: Sequence[ItemView] = ()
    ordered: bool = False
    header: Sequence[Sequence[Snippet]] = ()
    rows: Sequence[Sequence[Snippet]] = ()


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
    record: ArticleRecord, taxonomy: Taxonomy, review: ReviewLabel, mark: Mark = unmarked
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
    mark: Mark,
    *,
    label: str,
    citation: str,
) -> PassageView:
    keys = [tag.tag for tag in passage.tags]
    blocks = tuple(build_block_view(block, mark) for block in passage.blocks)
    marked = tuple(HeadingView(level, mark(text)) for level, text in headings)
    return PassageView(
        id=passage.id,
        anchor=passage.anchor,
        label=passage.heading or label,
        page=passage.page,
        headings=marked,
        blocks=blocks,
        tags=build_tag_views(keys, taxonomy),
        safety=is_safety(keys, taxonomy),
        matches=sum(_count_matches(heading.text) for heading in marked)
        + sum(map(_count_block_matches, blocks)),
        citation=citation,
    )


def build_block_view(block: Block, mark: Mark = unmarked) -> BlockView:
    """Return a block with highlighted words."""
    if block.kind is BlockKind.LIST:
        return BlockView(
            kind=block.kind, items=_nest_items(block.items, mark), ordered=block.ordered
        )
    if block.kind is BlockKind.TABLE:
        rows = [[mark(cell) for cell in row] for row in block.rows]
        return BlockView(
            kind=block.kind, header=rows[: block.header_rows], rows=rows[block.header_rows :]
        )
    if block.kind is BlockKind.CALLOUT:
        match = CALLOUT_WORD.match(block.text)
        word = match[1].capitalize() if match else PLAIN_CALLOUT_WORD
        text = block.text[match.end() :] if match else block.text
        return BlockView(kind=block.kind, text=mark(text), word=word)
    return BlockView(kind=block.kind, text=mark(block.text))


def _nest_items(items: Sequence[ListItem], mark: Mark) -> list[ItemView]:
    """Return the items nested by depth; one that skips a depth becomes a child of the last item."""
    outermost: list[ItemView] = []
    open_lists = [(items[0].depth if items else 0, outermost)]
    for item in items:
        while len(open_lists) > 1 and open_lists[-1][0] > item.depth:
            open_lists.pop()
        depth, current = open_lists[-1]
        if item.depth > depth and current:
            open_lists.append((item.depth, current[-1].below))
            current = current[-1].below
        current.append(ItemView(mark(item.text)))
    return outermost


def _count_block_matches(block: BlockView) -> int:
    cells = [cell for row in (*block.header, *block.rows) for cell in row]
    return (
        _count_matches(block.text)
        + sum(map(_count_matches, cells))
        + _count_item_matches(block.items)
    )


def _count_item_matches(items: Sequence[ItemView]) -> int:
    return sum(_count_matches(item.text) + _count_item_matches(item.below) for item in items)


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
