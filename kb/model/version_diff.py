"""Diff of two versions of an article, by passage and word.

Passages are paired by their ids, which stay the same between versions
(`kb.model.passage_matching`). Unchanged passages are included, so that a page can collapse them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum

from kb.model.article import Article, Block, BlockKind, Metadata
from kb.model.passage import Passage

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# Note of a passage whose formatting (marks, list numbers, spans, level) has changed, not its words.
FORMATTING = "formatting"
# difflib is quadratic in the worst case: a few tenths of a second at this size. Longer texts are
# compared by line.
MAX_TOKENS = 4_000


class PassageChangeKind(StrEnum):
    """Kind of change to a passage."""

    SAME = "same"
    CHANGED = "changed"
    MOVED = "moved"
    ADDED = "added"
    REMOVED = "removed"


class DiffSpanKind(StrEnum):
    """Which version a span of text belongs to."""

    BOTH = "both"
    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class DiffSpan:
    """A span of text in one or both versions."""

    kind: DiffSpanKind
    text: str


DiffSpans = tuple[DiffSpan, ...]


@dataclass(frozen=True, slots=True)
class PassageChange:
    """The change to one passage. `old` is None if it was added, `new` if it was removed.

    `note` is `FORMATTING` if the words and the heading are the same and the formatting differs.
    """

    kind: PassageChangeKind
    old: Passage | None
    new: Passage | None
    heading: DiffSpans
    text: DiffSpans
    removed_tags: tuple[str, ...] = ()
    added_tags: tuple[str, ...] = ()
    note: str = ""

    @property
    def current(self) -> Passage:
        """The passage in the new version, or in the old version if it was removed."""
        passage = self.new or self.old
        assert passage is not None  # at least one of them is set
        return passage


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """A metadata field that differs, with both values as text."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ArticleDiff:
    """The diff of two versions, including unchanged passages."""

    title: DiffSpans
    metadata: tuple[MetadataChange, ...]
    passages: tuple[PassageChange, ...]

    @property
    def changed_passages(self) -> int:
        """Number of passages that differ."""
        return sum(change.kind is not PassageChangeKind.SAME for change in self.passages)


def compare_versions(
    old: Article, old_passages: Sequence[Passage], new: Article, new_passages: Sequence[Passage]
) -> ArticleDiff:
    """Return the diff of two versions."""
    return ArticleDiff(
        compare_text(old.title, new.title),
        tuple(_compare_metadata(old.metadata, new.metadata)),
        tuple(_compare_passages(old_passages, new_passages)),
    )


def compare_text(old: str, new: str) -> DiffSpans:
    """Return an inline diff of two texts."""
    if old == new:
        return (DiffSpan(DiffSpanKind.BOTH, new),) if new else ()
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    if max(len(before), len(after)) > MAX_TOKENS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    spans: list[DiffSpan] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for operation, i1, i2, j1, j2 in matcher.get_opcodes():
        if operation == "equal":
            spans.append(DiffSpan(DiffSpanKind.BOTH, "".join(after[j1:j2])))
            continue
        if i2 > i1:
            spans.append(DiffSpan(DiffSpanKind.OLD, "".join(before[i1:i2])))
        if j2 > j1:
            spans.append(DiffSpan(DiffSpanKind.NEW, "".join(after[j1:j2])))
    return tuple(_merge_adjacent(spans))


def _merge_adjacent(spans: Sequence[DiffSpan]) -> Iterator[DiffSpan]:
    """Merge changes separated only by whitespace, which read better as a phrase."""
    index = 0
    while index < len(spans):
        if spans[index].kind is DiffSpanKind.BOTH:
            yield spans[index]
            index += 1
            continue
        old, new = "", ""
        while index < len(spans):
            span = spans[index]
            between = index + 1 < len(spans) and spans[index + 1].kind is not DiffSpanKind.BOTH
            if span.kind is DiffSpanKind.BOTH and not (span.text.isspace() and between):
                break
            old += span.text if span.kind is not DiffSpanKind.NEW else ""
            new += span.text if span.kind is not DiffSpanKind.OLD else ""
            index += 1
        if old:
            yield DiffSpan(DiffSpanKind.OLD, old)
        if new:
            yield DiffSpan(DiffSpanKind.NEW, new)


def _compare_metadata(old: Metadata, new: Metadata) -> Iterator[MetadataChange]:
    for field in fields(Metadata):
        before, after = (_format_value(getattr(metadata, field.name)) for metadata in (old, new))
        if before != after:
            yield MetadataChange(field.name, before, after)


def _format_value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _compare_passages(old: Sequence[Passage], new: Sequence[Passage]) -> Iterator[PassageChange]:
    before = {passage.id: passage for passage in old}
    old_ids, new_ids = [p.id for p in old], [p.id for p in new]
    unmoved = {
        new_ids[block.b + step]
        for block in SequenceMatcher(None, old_ids, new_ids, autojunk=False).get_matching_blocks()
        for step in range(block.size)
    }
    removed = _group_removed(old_ids, set(new_ids))
    yield from (_removed_passage(before[id_]) for id_ in removed.get("", ()))
    for passage in new:
        yield _compare_passage(before.get(passage.id), passage, moved=passage.id not in unmoved)
        yield from (_removed_passage(before[id_]) for id_ in removed.get(passage.id, ()))


def _group_removed(old_ids: Sequence[str], remaining: set[str]) -> dict[str, list[str]]:
    """Return the removed passages, keyed by the remaining passage that precedes them."""
    removed: dict[str, list[str]] = {}
    behind = ""
    for id_ in old_ids:
        if id_ in remaining:
            behind = id_
        else:
            removed.setdefault(behind, []).append(id_)
    return removed


def _removed_passage(passage: Passage) -> PassageChange:
    heading = _single_span(DiffSpanKind.OLD, _format_heading(passage))
    text = _single_span(DiffSpanKind.OLD, passage.text)
    return PassageChange(PassageChangeKind.REMOVED, passage, None, heading, text)


def _compare_passage(old: Passage | None, new: Passage, *, moved: bool) -> PassageChange:
    if old is None:
        return PassageChange(
            PassageChangeKind.ADDED,
            None,
            new,
            _single_span(DiffSpanKind.NEW, _format_heading(new)),
            _single_span(DiffSpanKind.NEW, new.text),
        )
    tags_old, tags_new = ({tag.tag for tag in passage.tags} for passage in (old, new))
    is_same_content = old.heading_path == new.heading_path and (
        _ignore_pages(old.blocks) == _ignore_pages(new.blocks)
    )
    is_same = is_same_content and tags_old == tags_new
    note = FORMATTING if not is_same_content and has_same_words(old, new) else ""
    change = (
        PassageChangeKind.CHANGED
        if not is_same
        else PassageChangeKind.MOVED
        if moved
        else PassageChangeKind.SAME
    )
    return PassageChange(
        change,
        old,
        new,
        compare_text(_format_heading(old), _format_heading(new)),
        compare_text(_displayed_text(old), _displayed_text(new)),
        tuple(sorted(tags_old - tags_new)),
        tuple(sorted(tags_new - tags_old)),
        note,
    )


def has_same_words(old: Passage, new: Passage) -> bool:
    """Return whether heading and text are the same, whatever the formatting.

    A list number that was not stored before counts as formatting. A different number, or a number
    other than the one displayed for a list without numbers (1, 2, 3), counts as a word.
    """
    if old.heading_path != new.heading_path:
        return False
    old_lines, new_lines = (list(_iter_lines(passage.blocks)) for passage in (old, new))
    return [text for _, text in old_lines] == [text for _, text in new_lines] and all(
        before == after or "" in (before, after)
        for (before, _), (after, _) in zip(old_lines, new_lines, strict=True)
    )


def _iter_lines(blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    """Yield (list number, text) for each item of a list, and ("", text) for any other block."""
    for block in map(_with_displayed_numbers, blocks):
        if block.kind is BlockKind.LIST:
            yield from ((item.label.strip("().:"), item.text) for item in block.items)
        else:
            yield "", block.plain


def _displayed_text(passage: Passage) -> str:
    return "\n".join(_with_displayed_numbers(block).plain for block in passage.blocks)


def _with_displayed_numbers(block: Block) -> Block:
    """Return a numbered list with the numbers displayed for items without one (1, 2, 3)."""
    if not block.ordered:
        return block
    items, number = [], 0
    for item in block.items:
        number += item.depth == 0
        label = item.label or (f"{number}." if item.depth == 0 else "")
        items.append(replace(item, label=label))
    return replace(block, items=tuple(items))


def _ignore_pages(blocks: Sequence[Block]) -> list[Block]:
    return [replace(block, page=None) for block in blocks]


def _format_heading(passage: Passage) -> str:
    return " › ".join(passage.heading_path)


def _single_span(kind: DiffSpanKind, text: str) -> DiffSpans:
    return (DiffSpan(kind, text),) if text else ()
