"""An article as its page shows it: headings where they change, blocks, tags, and marked words.

The store keeps an article as passages in reading order, each with its heading path. A page wants a
heading once, at the right level, a list of contents, and the words of a search marked everywhere.
The template only writes down what is laid out here.
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
from web.presentation.formatting import ReviewLabel, full_date

SAFETY = "safety"  # the tag whose passages, and those of the tags under it, carry the band
TOP_LEVEL = 2  # the title is the page's h1
MAX_HEADING_LEVEL = 6  # HTML has no further
CONTENTS_LEVEL = 3  # two levels of contents can be taken in at a glance

# A callout is set apart by a band and a word: its own, where its text begins with one of these.
CALLOUT_WORD = re.compile(r"(Important|Warning|Caution|Danger|Alert|Note|Tip)\s*[:.!]\s+", re.I)
PLAIN_CALLOUT_WORD = "Important"

Mark = Callable[[str], Snippet]


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item of a list and the items under it."""

    text: Snippet
    below: list[ItemView] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """A block with its words marked."""

    kind: BlockKind
    text: Snippet = ()
    word: str = ""
    items: Sequence[ItemView] = ()
    ordered: bool = False
    header: Sequence[Sequence[Snippet]] = ()
    rows: Sequence[Sequence[Snippet]] = ()


@dataclass(frozen=True, slots=True)
class HeadingView:
    """A heading that begins at a passage."""

    level: int
    text: Snippet


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag as a small label."""

    key: str
    label: str
    glyph: str
    safety: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageView:
    """A passage as the page shows it."""

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
    """A line of the contents; `matches` counts the marked places down to the next line."""

    level: int
    text: str
    anchor: str
    matches: int = 0


@dataclass(frozen=True, slots=True)
class ArticleView:
    """The article laid out."""

    passages: tuple[PassageView, ...]
    contents: tuple[ContentsEntry, ...]
    matches: int


def build_article_view(
    record: ArticleRecord, taxonomy: Taxonomy, review: ReviewLabel, mark: Mark
) -> ArticleView:
    """Lay out one version of an article; `mark` says which words of a text are to be marked."""
    views: list[PassageView] = []
    contents: list[ContentsEntry] = []
    above: tuple[str, ...] = ()
    for passage in record.passages:
        headings = _new_headings(above, passage.heading_path)
        citation = cite(
            record.article.title, record.version, record.article.metadata, passage, review
        )
        view = _passage(
            passage, headings, taxonomy, mark, label=record.article.title, citation=citation
        )
        contents += [
            ContentsEntry(level, text, passage.anchor)
            for level, text in headings
            if level <= CONTENTS_LEVEL
        ]
        if contents:
            contents[-1].matches += view.matches
        views.append(view)
        above = passage.heading_path
    return ArticleView(tuple(views), tuple(contents), sum(view.matches for view in views))


def tag_views(keys: Sequence[str], taxonomy: Taxonomy) -> tuple[TagView, ...]:
    """Return the labels of these tags; a tag under safety brings the word for safety with it."""
    shown = [key for key in keys if key != SAFETY]
    if is_safety(keys, taxonomy):
        shown.insert(0, SAFETY)
    return tuple(
        TagView(key, taxonomy.label(key), taxonomy.glyph(key), is_safety((key,), taxonomy))
        for key in shown
    )


def is_safety(keys: Sequence[str], taxonomy: Taxonomy) -> bool:
    """Say whether any of these tags is about safety."""
    return SAFETY in taxonomy.with_ancestors(keys)


def _new_headings(above: tuple[str, ...], path: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return (level, heading) for what has changed since the passage before."""
    same = 0
    for one, other in zip(above, path, strict=False):
        if one != other:
            break
        same += 1
    return [
        (min(TOP_LEVEL + depth, MAX_HEADING_LEVEL), heading)
        for depth, heading in enumerate(path)
        if depth >= same
    ]


def _passage(
    passage: Passage,
    headings: Sequence[tuple[int, str]],
    taxonomy: Taxonomy,
    mark: Mark,
    *,
    label: str,
    citation: str,
) -> PassageView:
    keys = [tag.tag for tag in passage.tags]
    blocks = tuple(block_view(block, mark) for block in passage.blocks)
    marked = tuple(HeadingView(level, mark(text)) for level, text in headings)
    return PassageView(
        id=passage.id,
        anchor=passage.anchor,
        label=passage.heading or label,
        page=passage.page,
        headings=marked,
        blocks=blocks,
        tags=tag_views(keys, taxonomy),
        safety=is_safety(keys, taxonomy),
        matches=sum(_count(heading.text) for heading in marked) + sum(map(_matches, blocks)),
        citation=citation,
    )


def block_view(block: Block, mark: Mark) -> BlockView:
    """Return a block with its words marked."""
    if block.kind is BlockKind.LIST:
        return BlockView(kind=block.kind, items=_tree(block.items, mark), ordered=block.ordered)
    if block.kind is BlockKind.TABLE:
        rows = [[mark(cell) for cell in row] for row in block.rows]
        return BlockView(
            kind=block.kind, header=rows[: block.header_rows], rows=rows[block.header_rows :]
        )
    if block.kind is BlockKind.CALLOUT:
        found = CALLOUT_WORD.match(block.text)
        word = found[1].capitalize() if found else PLAIN_CALLOUT_WORD
        text = block.text[found.end() :] if found else block.text
        return BlockView(kind=block.kind, text=mark(text), word=word)
    return BlockView(kind=block.kind, text=mark(block.text))


def _tree(items: Sequence[ListItem], mark: Mark) -> list[ItemView]:
    """Nest the items by their depth; one that skips a depth hangs under the nearest above it."""
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


def _matches(block: BlockView) -> int:
    cells = [cell for row in (*block.header, *block.rows) for cell in row]
    return _count(block.text) + sum(map(_count, cells)) + _item_matches(block.items)


def _item_matches(items: Sequence[ItemView]) -> int:
    return sum(_count(item.text) + _item_matches(item.below) for item in items)


def _count(text: Snippet) -> int:
    return sum(matched for _, matched in text)


def cite(
    title: str, version: int, metadata: Metadata, passage: Passage, review: ReviewLabel
) -> str:
    """Say where a quoted passage comes from: article, place, source, version, review."""
    place = ", ".join([title, *passage.heading_path])
    reviewed = f", reviewed {full_date(metadata.reviewed)}" if metadata.reviewed else ""
    late = review.words if review.state is ReviewState.OVERDUE else ""
    parts = [place, metadata.source, f"Version {version}{reviewed}", late]
    return ". ".join(part for part in parts if part) + "."
