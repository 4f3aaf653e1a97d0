"""Ingestion pipeline: reads, processes and saves the articles of a list of sources.

Reading, chunking, tagging and checking depend only on the source, so they run in worker processes
(see `ingest.workers.sandbox`). Only this process uses the store; it saves each batch of articles in
one transaction. A failing article does not affect the others: its result contains the error. Only a
failure of the store itself (`kb.errors.StoreError`) ends the run.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.checks.config import Rules
from ingest.processing import Draft, ProcessingContext, process, with_source_name
from ingest.readers.registry import split_documents
from ingest.sources import IngestTask, SourceFile, open_sources
from ingest.tagging.tagger import Tagger
from ingest.workers.fork_server import WorkerFaultError, WorkerLostError
from ingest.workers.pool import map_ordered
from ingest.workers.sandbox import SandboxLimits, limits_for
from kb.errors import RejectedError, SourceError, SourceProblem
from kb.model.reader_limits import DEFAULT_LIMITS, ReaderLimits
from kb.model.taxonomy import Taxonomy
from kb.storage.article_writer import SaveRequest, SaveResult
from kb.storage.audit_log import Actor
from kb.storage.source_files import SourceFileBatch, read_unchanged

if TYPE_CHECKING:
    from kb.storage.article_store import ArticleStore


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """Result for one article, or for a source that yielded none."""

    source: str
    status: str  # added, updated, unchanged, rejected
    article_id: str = ""
    title: str = ""
    passages: int = 0
    tags: dict[str, int]
    coverage: float = 0.0
    warnings: tuple[str, ...] = ()
    editorial: tuple[str, ...] = ()  # findings on the whole article; one of `warnings` joins them
    error: str | None = None
    code: str = ""  # of the error; a `SourceProblem` if the source caused it
    errors: tuple[str, ...] = ()  # differences between the article and its source


def ingest(
    sources: Sequence[str],
    store: ArticleStore,
    taxonomy: Taxonomy,
    *,
    publish: bool,
    accept_differences: bool = False,
    topics: Sequence[str],
    jobs: int,
    actor: Actor,
    originals: Path | None = None,
    fetch_private_networks: bool = False,
    rules: Rules | None = None,
    reader_limits: ReaderLimits = DEFAULT_LIMITS,
    sandbox_limits: SandboxLimits | None = None,
) -> Iterator[IngestResult]:
    """Add the articles of `sources`: files, folders, ZIP archives, and URLs of pages or sitemaps.

    Yields one result per article or rejected source, in order. By the time a result is yielded, the
    article is saved and its bytes are stored in the folder `originals`, if given, so an interrupted
    run keeps everything yielded so far. With `rules`, the findings of the editorial checks are
    among the warnings. With `publish`, an article that differs from its source in a number, sign or
    negation is still saved as a draft, unless `accept_differences` is set. `jobs` workers read
    ahead, up to `ingest.workers.pool.READ_AHEAD` articles each. Raises `StoreError` if the store or
    the folder becomes unusable.
    """
    seen: dict[str, str] = {}
    last: SourceFile | None = None
    with tempfile.TemporaryDirectory(prefix="kb-add-") as scratch:
        found = open_sources(sources, Path(scratch), fetch_private_networks=fetch_private_networks)
        tasks = iter_tasks(found)
        context = ProcessingContext(Tagger(taxonomy), rules, reader_limits)
        limits = sandbox_limits or limits_for(reader_limits)
        drafts = map_ordered(process, tasks, context, jobs=jobs, limits=limits)
        with closing(drafts):
            for batch in drafts:
                checked = [_check_draft(task, draft, seen, topics) for task, draft in batch]
                with SourceFileBatch(originals) if originals else nullcontext() as files:
                    results = _save_batch(
                        checked,
                        store,
                        files,
                        publish=publish,
                        accept_differences=accept_differences,
                        actor=actor,
                    )
                last = _remove_finished(batch, last)
                yield from results


def _check_draft(
    task: IngestTask | SourceError,
    draft: Draft | Exception,
    seen: dict[str, str],
    topics: Sequence[str],
) -> tuple[IngestTask, Draft] | IngestResult:
    """Return the draft to save, or a result that rejects it."""
    if isinstance(task, SourceError) or isinstance(draft, Exception):
        return rejected_result(task, draft)
    try:
        _reject_duplicate(draft, seen)
    except SourceError as error:
        return rejected_result(task, error, draft.article.title)
    return task, _with_topics(draft, topics)


def _remove_finished(
    batch: Iterable[tuple[IngestTask | SourceError, Draft | Exception]], last: SourceFile | None
) -> SourceFile | None:
    """Remove the temporary files of finished sources, and return the last source of the batch.

    Documents arrive in order, so a source is finished when the first document of the next one
    arrives.
    """
    for task, _ in batch:
        if isinstance(task, IngestTask) and task.source is not last:
            if last is not None:
                last.remove()
            last = task.source
    return last


def _save_batch(
    checked: Iterable[tuple[IngestTask, Draft] | IngestResult],
    store: ArticleStore,
    files: SourceFileBatch | None,
    *,
    publish: bool,
    accept_differences: bool,
    actor: Actor,
) -> list[IngestResult]:
    """Save a batch with its source files, and return a result for each entry."""
    results: list[IngestResult | Draft] = []
    for checked_item in checked:
        if isinstance(checked_item, IngestResult):
            results.append(checked_item)
            continue
        task, draft = checked_item
        try:
            if files is not None:
                files.write(draft.source_sha256, read_original(task, draft))
        except SourceError as error:
            results.append(rejected_result(task, error, draft.article.title))
        else:
            results.append(draft)
    drafts = [result for result in results if isinstance(result, Draft)]
    saved = store.save_all(
        [
            _save_request(draft, publish and (accept_differences or not draft.differences), actor)
            for draft in drafts
        ]
    )
    if files is not None:
        files.commit(
            draft.source_sha256
            for draft, saved_item in zip(drafts, saved, strict=True)
            if isinstance(saved_item, SaveResult)
        )
    remaining = iter(saved)
    return [
        result if isinstance(result, IngestResult) else _ingest_result(result, next(remaining))
        for result in results
    ]


def iter_tasks(sources: Iterable[SourceFile | SourceError]) -> Iterator[IngestTask | SourceError]:
    """Yield the documents in the sources, one per article; an error for each bad document."""
    for source in sources:
        if isinstance(source, SourceError):
            yield source
            continue
        try:
            for document in split_documents(source.path):
                if isinstance(document, SourceError):
                    yield with_source_name(document, source)
                else:
                    yield IngestTask(source, document)
        except SourceError as error:
            yield with_source_name(error, source)


def read_original(task: IngestTask, draft: Draft) -> bytes:
    """Return the bytes an article was read from. Raises `SourceError` if the file has changed."""
    if task.document.line is not None:
        return task.document.line
    return read_unchanged(task.source.path, draft.source_sha256, task.display_name)


def _reject_duplicate(draft: Draft, seen: dict[str, str]) -> None:
    """Raise `SourceError` if the run already contains an article with the same key."""
    first = seen.setdefault(draft.source_key, draft.source)
    if first != draft.source:
        kind, _, name = draft.source_key.partition(":")
        raise SourceError(
            draft.source,
            f"has the same {kind} ({name}) as {first}, which has already been added.",
            f"Give each article a unique {kind}, or remove one of them.",
            code=SourceProblem.DUPLICATE,
        )


def _with_topics(draft: Draft, topics: Sequence[str]) -> Draft:
    metadata = draft.article.metadata
    all_topics = tuple(dict.fromkeys((*metadata.topics, *topics)))
    return replace(
        draft, article=replace(draft.article, metadata=replace(metadata, topics=all_topics))
    )


def _save_request(draft: Draft, publish: bool, actor: Actor) -> SaveRequest:
    return SaveRequest(
        article=draft.article,
        passages=draft.passages,
        source_key=draft.source_key,
        source_sha256=draft.source_sha256,
        coverage=draft.coverage,
        warnings=draft.warnings,
        differences=draft.differences,
        publish=publish,
        actor=actor,
    )


def _ingest_result(draft: Draft, saved_item: SaveResult | RejectedError) -> IngestResult:
    if isinstance(saved_item, RejectedError):
        return IngestResult(
            source=draft.source,
            status="rejected",
            title=draft.article.title,
            tags={},
            error=f"{draft.source}: {saved_item}",
        )
    tags = Counter(tag.tag for passage in saved_item.passages for tag in passage.tags)
    return IngestResult(
        source=draft.source,
        status=saved_item.status,
        article_id=saved_item.article_id,
        title=draft.article.title,
        passages=len(saved_item.passages),
        tags=dict(tags),
        coverage=draft.coverage,
        warnings=(*draft.warnings, *saved_item.notes, *draft.findings),
        editorial=draft.editorial,
        errors=draft.differences,
    )


def rejected_result(task: IngestTask | SourceError, error: object, title: str = "") -> IngestResult:
    """Return the result for a rejected document, with the error message."""
    if isinstance(task, SourceError):
        source = f"{task.source}, {task.location}" if task.location else task.source
    else:
        source = task.display_name
    code = ""
    if isinstance(error, WorkerLostError):
        error = SourceError(source, error.problem, error.hint, code=error.code)
    elif isinstance(error, WorkerFaultError):
        error, code = f"{source}: {_fault_message(error)}", SourceProblem.FAULT
    if isinstance(error, SourceError):
        code = error.code
    return IngestResult(
        source=source, status="rejected", title=title, tags={}, error=str(error), code=code
    )


def _fault_message(error: WorkerFaultError) -> str:
    return (
        f"an internal error occurred while reading it ({error}). "
        "Report this problem with the file. The other articles are not affected."
    )
