"""Reading of stored originals again, with the current readers, into drafts.

An improved reader may read a source differently. The original of each article is read in the same
sandboxed workers as by `ingest.pipeline`, the stored corrections are applied, and the result is
compared with the latest version. Nothing is published.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ingest.checks.config import Rules
from ingest.pipeline import iter_tasks, rejected_result
from ingest.processing import Draft, ProcessingContext, process
from ingest.sources import IngestTask, SourceFile, safe_file_name
from ingest.tagging.tagger import Tagger
from ingest.workers.pool import map_ordered
from ingest.workers.sandbox import limits_for
from kb.errors import NotFoundError, RejectedError, SourceError, SourceProblem
from kb.model.passage import Passage
from kb.model.passage_matching import assign_ids
from kb.model.reader_limits import DEFAULT_LIMITS, ReaderLimits
from kb.model.records import ArticleStatus
from kb.model.taxonomy import Taxonomy
from kb.model.version_diff import (
    FORMATTING,
    ArticleDiff,
    DiffSpanKind,
    DiffSpans,
    PassageChangeKind,
    compare_versions,
)
from kb.storage.article_writer import LatestVersion, SaveRequest
from kb.storage.audit_log import Actor
from kb.storage.correction_store import apply_on_save
from kb.storage.source_files import get_source_path, read_unchanged

if TYPE_CHECKING:
    from kb.storage.article_store import ArticleStore

AUDIT_DETAIL = "read again from its original"


class ReingestStatus(StrEnum):
    """Result of reading an article again."""

    UNCHANGED = "unchanged"
    FORMATTING = "formatting"  # only formatting differs
    CHANGED = "changed"
    RETIRED = "retired"  # skipped
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReingestResult:
    """Result for one article. `version` is the number of the new draft, or None."""

    article_id: str
    status: ReingestStatus
    title: str = ""
    version: int | None = None
    changed_passages: int = 0
    differences: tuple[tuple[str, str], ...] = ()  # old and new words
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()  # differences between the article and its source
    error: str | None = None
    code: str = ""  # of the error; a `SourceProblem` if the original caused it


@dataclass(frozen=True, slots=True)
class _Entry:
    """An article to read again; `latest` is None if it does not exist."""

    article_id: str
    latest: LatestVersion | None = None


def reingest(
    article_ids: Iterable[str],
    store: ArticleStore,
    taxonomy: Taxonomy,
    *,
    changed_only: bool,
    originals: Path,
    actor: Actor,
    rules: Rules | None = None,
    limits: ReaderLimits = DEFAULT_LIMITS,
    jobs: int = 1,
) -> Iterator[ReingestResult]:
    """Read the originals of articles again and save each article that differs as a draft.

    Yields one result per article, in order. Retired articles are skipped. With `changed_only`, an
    article that differs only in formatting is reported and not saved. Raises `StoreError` if the
    store becomes unusable.
    """
    entries: deque[_Entry] = deque()
    context = ProcessingContext(Tagger(taxonomy), rules, limits)
    with tempfile.TemporaryDirectory(prefix="kb-reingest-") as scratch:
        latest = ((id_, _find_latest(store, id_, actor)) for id_ in article_ids)
        tasks = _iter_tasks(latest, originals, Path(scratch), entries)
        results = map_ordered(process, tasks, context, jobs=jobs, limits=limits_for(limits))
        with closing(results) as drafts:
            for batch in drafts:
                for task, draft in batch:
                    if isinstance(task, IngestTask):
                        task.source.remove()
                    while entries and _is_retired(entries[0]):
                        yield _retired_result(entries.popleft())
                    entry = entries.popleft()
                    yield _save_draft(entry, task, draft, store, changed_only=changed_only)
        yield from (_retired_result(entry) for entry in entries)


def _find_latest(store: ArticleStore, article_id: str, actor: Actor) -> LatestVersion | None:
    try:
        return store.latest(article_id, actor=actor)
    except NotFoundError:
        return None


def _iter_tasks(
    articles: Iterable[tuple[str, LatestVersion | None]],
    originals: Path,
    scratch: Path,
    entries: deque[_Entry],
) -> Iterator[IngestTask | SourceError]:
    """Yield the task or the error of each article that is not retired; `entries` has them all."""
    for article_id, latest in articles:
        entry = _Entry(article_id, latest)
        entries.append(entry)
        if latest is None:
            yield SourceError(
                article_id,
                "is not an article.",
                "Run `kb list` to see the articles.",
                code=SourceProblem.NOT_FOUND,
            )
        elif not _is_retired(entry):
            try:
                task = _open_original(article_id, latest.request, originals, scratch)
            except SourceError as error:
                yield error
            else:
                yield task


def _open_original(
    article_id: str, request: SaveRequest, originals: Path, scratch: Path
) -> IngestTask:
    """Return the task that reads a copy of the original under the name it was added with.

    Raises `SourceError` if the original is missing or damaged.
    """
    sha256 = request.source_sha256
    path = originals / get_source_path(sha256)
    if not sha256 or not path.exists():
        raise SourceError(
            article_id,
            "has no stored original.",
            "Add its source again with `kb add`.",
            code=SourceProblem.NOT_FOUND,
        )
    content = read_unchanged(path, sha256, f"The original of {article_id}")
    name = _original_name(request)
    copy = Path(tempfile.mkdtemp(dir=scratch)) / safe_file_name(name)
    copy.write_bytes(content)
    kind, _, address = request.source_key.partition(":")
    source = SourceFile(
        path=copy,
        name=article_id,
        key=request.source_key,
        url=address if kind == "url" else "",
        temporary=True,
    )
    documents = list(iter_tasks([source]))
    if len(documents) == 1 and isinstance(documents[0], IngestTask):
        return documents[0]
    source.remove()
    if len(documents) == 1 and isinstance(documents[0], SourceError):
        raise documents[0]
    raise SourceError(
        article_id,
        "has an original with several articles.",
        "Add its source again with `kb add`.",
        code=SourceProblem.FORMAT,
    )


def _original_name(request: SaveRequest) -> str:
    """Return the file name of the original, which determines the format and a missing title.

    The key of an article with its own id does not contain the name, so its title is used.
    """
    kind, _, name = request.source_key.partition(":")
    if kind == "url":
        parts = urlsplit(name)
        return PurePath(unquote(parts.path)).name or parts.hostname or ""
    if kind in ("file", "upload"):
        file, _, location = name.rpartition("#")
        return PurePath(file if file and location.startswith("line ") else name).name
    return request.article.title


def _is_retired(entry: _Entry) -> bool:
    return entry.latest is not None and entry.latest.status is ArticleStatus.RETIRED


def _retired_result(entry: _Entry) -> ReingestResult:
    title = entry.latest.request.article.title if entry.latest else ""
    return ReingestResult(article_id=entry.article_id, status=ReingestStatus.RETIRED, title=title)


def _save_draft(
    entry: _Entry,
    task: IngestTask | SourceError,
    draft: Draft | Exception,
    store: ArticleStore,
    *,
    changed_only: bool,
) -> ReingestResult:
    """Compare a draft with the latest version and save it if it differs."""
    if entry.latest is None or isinstance(task, SourceError) or isinstance(draft, Exception):
        failure = rejected_result(task, draft)
        return ReingestResult(
            article_id=entry.article_id,
            status=ReingestStatus.FAILED,
            error=failure.error,
            code=failure.code,
        )
    request = _to_request(draft, entry.latest.request)
    diff = _compare(entry.article_id, entry.latest, request)
    status = _classify(diff)
    result = ReingestResult(
        article_id=entry.article_id,
        status=status,
        title=request.article.title,
        changed_passages=diff.changed_passages,
        differences=tuple(_iter_differences(diff)),
        warnings=request.warnings,
        errors=request.differences,
    )
    if status is ReingestStatus.UNCHANGED or (changed_only and status is ReingestStatus.FORMATTING):
        return result
    (saved,) = store.save_all([request])
    if isinstance(saved, RejectedError):
        return replace(result, status=ReingestStatus.FAILED, error=f"{entry.article_id}: {saved}")
    return replace(
        result,
        version=saved.version,
        warnings=tuple(dict.fromkeys((*result.warnings, *saved.notes))),
    )


def _to_request(draft: Draft, base: SaveRequest) -> SaveRequest:
    """Return the request that saves a draft as the next version, with topics added by users."""
    metadata = draft.article.metadata
    topics = tuple(dict.fromkeys((*metadata.topics, *base.article.metadata.topics)))
    return replace(
        base,
        article=replace(draft.article, metadata=replace(metadata, topics=topics)),
        passages=draft.passages,
        coverage=draft.coverage,
        warnings=draft.warnings,
        differences=draft.differences,
        publish=False,
        detail=AUDIT_DETAIL,
    )


def _compare(article_id: str, latest: LatestVersion, request: SaveRequest) -> ArticleDiff:
    """Return the diff between the latest version and the request with corrections applied."""
    old = latest.request
    corrected = apply_on_save(request.article, request.passages, latest.corrections)
    ids = assign_ids(article_id, old.passages, corrected.passages, ())
    passages = [
        replace(passage, id=id_) for passage, id_ in zip(corrected.passages, ids, strict=True)
    ]
    return compare_versions(
        old.article, _without_tags(old.passages), corrected.article, _without_tags(passages)
    )


def _without_tags(passages: Iterable[Passage]) -> list[Passage]:
    """Return the passages without tags: a new tagger is no reason for a new version."""
    return [replace(passage, tags=()) for passage in passages]


def _classify(diff: ArticleDiff) -> ReingestStatus:
    changes = [change for change in diff.passages if change.kind is not PassageChangeKind.SAME]
    if (
        diff.metadata
        or any(span.kind is not DiffSpanKind.BOTH for span in diff.title)
        or any(change.note != FORMATTING for change in changes)
    ):
        return ReingestStatus.CHANGED
    return ReingestStatus.FORMATTING if changes else ReingestStatus.UNCHANGED


def _iter_differences(diff: ArticleDiff) -> Iterator[tuple[str, str]]:
    """Yield the old and new words of each difference, with the next word as context."""
    yield from _span_differences(diff.title)
    for field in diff.metadata:
        yield f"{field.name}: {field.old}", f"{field.name}: {field.new}"
    for change in diff.passages:
        if change.note != FORMATTING:
            yield from _span_differences(change.heading)
            yield from _span_differences(change.text)


def _span_differences(spans: DiffSpans) -> Iterator[tuple[str, str]]:
    index = 0
    while index < len(spans):
        if spans[index].kind is DiffSpanKind.BOTH:
            index += 1
            continue
        before = spans[index - 1].text if index else ""
        old = new = ""
        while index < len(spans) and spans[index].kind is not DiffSpanKind.BOTH:
            old += spans[index].text if spans[index].kind is DiffSpanKind.OLD else ""
            new += spans[index].text if spans[index].kind is DiffSpanKind.NEW else ""
            index += 1
        after = spans[index].text if index < len(spans) else ""
        start, end = _last_word(before), _first_word(after)
        yield _join(start, old, end), _join(start, new, end)


def _last_word(text: str) -> str:
    """Return the last word of a text with the space behind it."""
    return text[len(text.rstrip().rpartition(" ")[0]) :] if text.strip() else ""


def _first_word(text: str) -> str:
    """Return the first word of a text with the space before it."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return text[: text.index(word) + len(word)] if word else ""


def _join(*parts: str) -> str:
    return " ".join("".join(parts).split())
