"""View model of a draft's preview: the source next to its passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from ingest.checks.finding import Finding
from ingest.checks.service import CheckService
from ingest.processing import Draft
from kb.editorial.import_jobs import ImportItem
from kb.model.article import Article, Block
from kb.model.corrections import Correction, CorrectionResult, apply_corrections
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, ArticleStatus
from kb.model.source_differences import remaining_differences
from kb.model.taxonomy import Taxonomy
from web.presentation.article_view import BlockView, TagView, build_block_view, build_tag_views

MAX_HEADING_LEVEL = 6


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """A heading or a block of the source; `passage` is the number of its passage, if any."""

    level: int
    heading: str
    block: BlockView | None
    passage: int | None


@dataclass(frozen=True, slots=True)
class TagLine:
    """A tag with its confidence in per cent and its reason."""

    tag: TagView
    percent: int
    reason: str


@dataclass(frozen=True, slots=True)
class Editable:
    """A block of a passage and its editable text."""

    view: BlockView
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagePreview:
    """A passage as it would be saved. Corrections identify it by `first_text`."""

    number: int
    path: tuple[str, ...]
    place: str  # heading path as sent by forms, one heading per line
    first_text: str
    blocks: tuple[Editable, ...]
    tags: tuple[TagLine, ...]
    free_tags: tuple[tuple[str, str], ...]
    can_join: bool  # the previous passage has the same heading path
    safety: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPreview:
    """The preview of an unsaved draft."""

    article: Article
    parts: tuple[PreviewPart, ...]
    passages: tuple[PassagePreview, ...]
    findings: tuple[Finding, ...]
    lost: tuple[Correction, ...]
    differences: tuple[str, ...]  # from the source, not settled by the corrections
    omitted_parts: int  # parts of the source that are in no passage


def build_preview(
    draft: Draft, item: ImportItem, taxonomy: Taxonomy, checks: CheckService, today: date
) -> DraftPreview:
    """Return the preview of a draft with its corrections applied."""
    corrected = apply_corrections(draft.article, draft.passages, item.corrections)
    linked_findings = tuple(
        replace(passage, id=f"new-{number}") for number, passage in enumerate(corrected.passages)
    )
    parts = tuple(_parts(corrected))
    return DraftPreview(
        article=corrected.article,
        parts=parts,
        passages=tuple(
            _build_passage(number, linked_findings, taxonomy)
            for number in range(len(linked_findings))
        ),
        findings=checks.check(_record(item, draft, corrected.article, linked_findings), today),
        lost=corrected.lost,
        differences=remaining_differences(draft.differences, draft.article, corrected.article),
        omitted_parts=sum(part.block is not None and part.passage is None for part in parts),
    )


def _record(
    item: ImportItem, draft: Draft, article: Article, passages: tuple[Passage, ...]
) -> ArticleRecord:
    now = datetime.now(UTC)
    return ArticleRecord(
        id=item.article_id,
        status=ArticleStatus.DRAFT,
        version=1,
        article=article,
        passages=passages,
        warnings=draft.warnings,
        differences=draft.differences,
        coverage=draft.coverage,
        created_at=now,
        published_at=None,
        published_version=None,
    )


def _parts(corrected: CorrectionResult) -> list[PreviewPart]:
    """Return the headings and blocks of the source in order, each with its passage number."""
    remaining = [
        (number, passage.heading_path, block)
        for number, passage in enumerate(corrected.passages)
        for block in passage.blocks
    ]
    parts: list[PreviewPart] = []
    for path, section in corrected.article.walk():
        first = len(parts)
        if section.heading:
            parts.append(
                PreviewPart(min(len(path) + 1, MAX_HEADING_LEVEL), section.heading, None, None)
            )
        for block in section.blocks:
            number = _find_passage(remaining, path, block)
            parts.append(PreviewPart(0, "", build_block_view(block), number))
        if section.heading and len(parts) > first + 1:
            parts[first] = replace(parts[first], passage=parts[first + 1].passage)
    return parts


def _find_passage(
    remaining: list[tuple[int, tuple[str, ...], Block]], path: tuple[str, ...], block: Block
) -> int | None:
    """Return the number of the passage with a block; if chunking split it, of its first part."""
    for index, (number, candidate_path, candidate) in enumerate(remaining):
        if candidate_path == path and candidate == block:
            del remaining[index]
            return number
    text = block.plain
    for number, candidate_path, candidate in remaining:
        if candidate_path == path and (candidate.plain in text or text in candidate.plain):
            return number
    return None


def _build_passage(number: int, passages: Sequence[Passage], taxonomy: Taxonomy) -> PassagePreview:
    passage = passages[number]
    keys = [tag.tag for tag in passage.tags]
    views = {view.key: view for view in build_tag_views(keys, taxonomy)}
    before = passages[number - 1].heading_path if number else None
    return PassagePreview(
        number=number,
        path=passage.heading_path,
        place="\n".join(passage.heading_path),
        first_text=passage.opening,
        blocks=tuple(Editable(build_block_view(block), block.plain) for block in passage.blocks),
        tags=tuple(
            TagLine(views[tag.tag], round(100 * tag.confidence), tag.reason) for tag in passage.tags
        ),
        free_tags=tuple(
            (definition.key, definition.label)
            for definition in taxonomy
            if definition.key not in keys
        ),
        can_join=before == passage.heading_path,
        safety=any(view.safety for view in views.values()),
    )
