"""Sources in, one outcome out for each article: read, cut, tagged, measured and saved.

Reading, cutting, tagging and checking depend on nothing but the source, so they run in processes of
their own (`ingest.workers.sandbox` says why); the store is used in this one only, which does nothing else
than save, the articles that came together in one transaction. Whatever one article does, the others
go on: its outcome says what went wrong. Only the store itself failing (`kb.errors.StoreError`) ends
the batch.
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
from ingest.workers.sandbox import SandboxLimits
from kb.errors import RejectedError, SourceError, SourceProblem
from kb.model.taxonomy import Taxonomy
from kb.storage.article_writer import SaveRequest, SaveResult
from kb.storage.audit_log import Actor
from kb.storage.source_files import SourceFileBatch, has_same_bytes

if TYPE_CHECKING:
    from kb.storage.article_store import ArticleStore


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What became of one article, or of a source that gave none."""

    source: str
    status: str  # added, updated, unchanged, rejected
    article_id: str = ""
    title: str = ""
    passages: int = 0
    tags: dict[str, int]
    coverage: float = 0.0
    warnings: tuple[str, ...] = ()
    editorial: tuple[str, ...] = ()  # the findings on the whole article, a warning together
    error: str | None = None
    code: str = ""  # of the error: a `SourceProblem`, when it is the source's


def ingest(
    sources: Sequence[str],
    store: ArticleStore,
    taxonomy: Taxonomy,
    *,
    publish: bool,
    topics: Sequence[str],
    jobs: int,
    by: Actor,
    originals: Path | None = None,
    fetch_private: bool = False,
    rules: Rules | None = None,
    limits: SandboxLimits | None = None,
) -> Iterator[IngestResult]:
    """Add every article of `sources`: files, folders, ZIP archives, addresses of pages or sitemaps.

    Yields one outcome each, in their order. An article is saved when its outcome is yielded, and
    with `originals`, its bytes are in that folder: stopping early, or being killed, keeps what was
    yielded. With `rules`, what the editorial checks find is among the outcome's warnings.
    `jobs` processes read ahead, no further than `ingest.workers.pool.READ_AHEAD` says. Raises `StoreError`
    when the store or that folder cannot be used any more.
    """
    seen: dict[str, str] = {}
    last: SourceFile | None = None
    with tempfile.TemporaryDirectory(prefix="kb-add-") as scratch:
        found = open_sources(sources, Path(scratch), fetch_private=fetch_private)
        tasks = iter_tasks(found)
        desk = ProcessingContext(Tagger(taxonomy), rules)
        drafts = map_ordered(process, tasks, desk, jobs=jobs, limits=limits)
        with closing(drafts):
            for together in drafts:
                entries = [_check_draft(task, draft, seen, topics) for task, draft in together]
                with SourceFileBatch(originals) if originals else nullcontext() as portion:
                    outcomes = _save_batch(entries, store, portion, publish=publish, by=by)
                last = _remove_finished(together, last)
                yield from outcomes


def _check_draft(
    task: IngestTask | SourceError,
    draft: Draft | Exception,
    seen: dict[str, str],
    topics: Sequence[str],
) -> tuple[IngestTask, Draft] | IngestResult:
    """Return what is to be saved, or the outcome when nothing is."""
    if isinstance(task, SourceError) or isinstance(draft, Exception):
        return rejected_result(task, draft)
    try:
        _reject_duplicate(draft, seen)
    except SourceError as error:
        return rejected_result(task, error, draft.article.title)
    return task, _with_topics(draft, topics)


def _remove_finished(
    together: Iterable[tuple[IngestTask | SourceError, Draft | Exception]], last: SourceFile | None
) -> SourceFile | None:
    """Remove what was made to read sources that are done with; return the last, which may not be.

    Pieces come in order: with the first of a source, the one before is done.
    """
    for task, _ in together:
        if isinstance(task, IngestTask) and task.source is not last:
            if last is not None:
                last.remove()
            last = task.source
    return last


def _save_batch(
    entries: Iterable[tuple[IngestTask, Draft] | IngestResult],
    store: ArticleStore,
    portion: SourceFileBatch | None,
    *,
    publish: bool,
    by: Actor,
) -> list[IngestResult]:
    """Save what came together, with its originals; return an outcome for each entry."""
    outcomes: list[IngestResult | Draft] = []
    for entry in entries:
        if isinstance(entry, IngestResult):
            outcomes.append(entry)
            continue
        task, draft = entry
        try:
            if portion is not None:
                portion.write(draft.source_sha256, read_original(task, draft))
        except SourceError as error:
            outcomes.append(rejected_result(task, error, draft.article.title))
        else:
            outcomes.append(draft)
    drafts = [found for found in outcomes if isinstance(found, Draft)]
    answers = store.save_all([_save_request(draft, publish, by) for draft in drafts])
    if portion is not None:
        portion.keep(
            draft.source_sha256
            for draft, answer in zip(drafts, answers, strict=True)
            if isinstance(answer, SaveResult)
        )
    coming = iter(answers)
    return [
        found if isinstance(found, IngestResult) else _ingest_result(found, next(coming))
        for found in outcomes
    ]


def iter_tasks(sources: Iterable[SourceFile | SourceError]) -> Iterator[IngestTask | SourceError]:
    """Yield the pieces of sources that are each one article; an error where there is none."""
    for source in sources:
        if isinstance(source, SourceError):
            yield source
            continue
        try:
            for piece in split_documents(source.path):
                if isinstance(piece, SourceError):
                    yield with_source_name(piece, source)
                else:
                    yield IngestTask(source, piece)
        except SourceError as error:
            yield with_source_name(error, source)


def read_original(task: IngestTask, draft: Draft) -> bytes:
    """Return the bytes that an article was made from; raises `SourceError` if they changed."""
    if task.document.line is not None:
        return task.document.line
    return has_same_bytes(task.source.path, draft.source_sha256, task.display_name)


def _reject_duplicate(draft: Draft, seen: dict[str, str]) -> None:
    """Raise `SourceError` when an article of the same name was in this batch already."""
    first = seen.setdefault(draft.source_key, draft.source)
    if first != draft.source:
        kind, _, name = draft.source_key.partition(":")
        raise SourceError(
            draft.source,
            f"has the same {kind} ({name}) as {first}, which was added before it.",
            "Give each article its own, or leave one of them out.",
            code=SourceProblem.DUPLICATE,
        )


def _with_topics(draft: Draft, topics: Sequence[str]) -> Draft:
    metadata = draft.article.metadata
    together = tuple(dict.fromkeys((*metadata.topics, *topics)))
    return replace(
        draft, article=replace(draft.article, metadata=replace(metadata, topics=together))
    )


def _save_request(draft: Draft, publish: bool, by: Actor) -> SaveRequest:
    return SaveRequest(
        article=draft.article,
        passages=draft.passages,
        source_key=draft.source_key,
        source_sha256=draft.source_sha256,
        coverage=draft.coverage,
        warnings=draft.warnings,
        publish=publish,
        by=by,
    )


def _ingest_result(draft: Draft, answer: SaveResult | RejectedError) -> IngestResult:
    if isinstance(answer, RejectedError):
        return IngestResult(
            source=draft.source,
            status="rejected",
            title=draft.article.title,
            tags={},
            error=f"{draft.source}: {answer}",
        )
    tags = Counter(tag.tag for passage in answer.passages for tag in passage.tags)
    return IngestResult(
        source=draft.source,
        status=answer.status,
        article_id=answer.article_id,
        title=draft.article.title,
        passages=len(answer.passages),
        tags=dict(tags),
        coverage=draft.coverage,
        warnings=(*draft.warnings, *answer.notes, *draft.findings),
        editorial=draft.editorial,
    )


def rejected_result(task: IngestTask | SourceError, error: object, title: str = "") -> IngestResult:
    """Return the outcome of what gave no article, with the reason in words."""
    if isinstance(task, SourceError):
        source = f"{task.source}, {task.place}" if task.place else task.source
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
        f"reading it failed inside the program ({error}). "
        "Please report this with the file; the other articles are not affected."
    )
