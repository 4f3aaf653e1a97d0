"""Reading of stored originals again, with the current readers, into drafts.

An improved reader may read a source differently. The original of each article is read in the same
sandboxed workers as by `ingest.pipeline`, the stored corrections are applied, and the result is
compared with the latest version. A draft that replaces a version which editors have finished is
submitted for review. Nothing is published.
"""

from __future__ import annotations

import re
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ingest.checks.config import Rules
from ingest.pipeline import iter_tasks, rejected_result
from ingest.processing import Draft, ProcessingContext, process
from ingest.readers.media_type import HEAD_BYTES, MARKDOWN_SUFFIXES, is_json_lines
from ingest.sources import IngestTask, SourceFile
from ingest.tagging.tagger import Tagger
from ingest.workers.pool import map_ordered
from ingest.workers.sandbox import limits_for
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import NotFoundError, RejectedError, SourceError, SourceProblem
from kb.model.corrections import CorrectionKind
from kb.model.passage import Passage
from kb.model.passage_matching import assign_ids
from kb.model.reader_limits import DEFAULT_LIMITS, ReaderLimits
from kb.model.records import ArticleStatus, WorkflowState
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
MAX_NAME_BYTES = 200  # of the copy of an original; file systems allow 255
LINE_LOCATION = re.compile(r"#line \d+$")  # of a JSON Lines file, in a source key
# States of versions that an editor is working on: a draft that replaces one is not submitted.
UNFINISHED = (WorkflowState.DRAFT, WorkflowState.CHANGES_REQUESTED)


class ReingestStatus(StrEnum):
    """Result of reading an article again."""

    UNCHANGED = "unchanged"
    FORMATTING = "formatting"  # only formatting differs
    CHANGED = "changed"
    RETIRED = "retired"  # skipped
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReingestResult:
    """Result for one article.

    `version` is the number of the new draft, or None; `submitted`, whether it is in review.
    """

    article_id: str
    status: ReingestStatus
    title: str = ""
    version: int | None = None
    submitted: bool = False
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
    article that differs only in formatting is reported and not saved. A draft is submitted for
    review, unless the version that it replaces is a draft or has been returned to its author.
    Raises `StoreError` if the store becomes unusable.
    """
    entries: deque[_Entry] = deque()
    context = ProcessingContext(Tagger(taxonomy), rules, limits)
    workflow = ReviewWorkflow(store.database)
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
                    result, request = _compare_draft(entry, task, draft)
                    if request is None or (
                        changed_only and result.status is ReingestStatus.FORMATTING
                    ):
                        yield result
                    else:
                        yield _save_draft(result, request, store, workflow)
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
    """Return the task that reads a copy of the original.

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
    copy = Path(tempfile.mkdtemp(dir=scratch)) / _file_name(request)
    copy.write_bytes(content)
    source = SourceFile(
        path=copy,
        name=article_id,
        key=request.source_key,
        url=_page_url(request, content),
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


def _file_name(request: SaveRequest) -> str:
    """Return the file name for the copy of an original.

    The readers derive a title from it if the content has none, and its extension distinguishes
    Markdown from plain text. The title is used because it yields itself again, and because the key
    of an article with an id or a URL does not contain the original name.
    """
    kind, _, name = LINE_LOCATION.sub("", request.source_key).partition(":")
    if kind == "url":
        parts = urlsplit(name)
        name = parts.fragment or unquote(parts.path)  # the fragment is a member of an archive
    suffix = PurePath(name).suffix.lower()
    stem = request.article.title.replace("/", " ").replace("\0", " ").encode()[:MAX_NAME_BYTES]
    title = stem.decode(errors="ignore").strip(". ") or "untitled"
    return title + (suffix if suffix in MARKDOWN_SUFFIXES else ".txt")


def _page_url(request: SaveRequest, content: bytes) -> str:
    """Return the address that the original was downloaded from, or "".

    A member of a downloaded archive has no address.
    """
    kind, _, name = request.source_key.partition(":")
    if kind == "url":
        address = LINE_LOCATION.sub("", name)
        return "" if "#" in address else address
    if kind == "id" and is_json_lines(content[:HEAD_BYTES]):
        return request.article.metadata.url  # the key of a line with an id lacks the address
    return ""


def _is_retired(entry: _Entry) -> bool:
    return entry.latest is not None and entry.latest.status is ArticleStatus.RETIRED


def _retired_result(entry: _Entry) -> ReingestResult:
    title = entry.latest.request.article.title if entry.latest else ""
    return ReingestResult(article_id=entry.article_id, status=ReingestStatus.RETIRED, title=title)


def _compare_draft(
    entry: _Entry, task: IngestTask | SourceError, draft: Draft | Exception
) -> tuple[ReingestResult, SaveRequest | None]:
    """Compare a draft with the latest version; return the request to save it if it differs."""
    if entry.latest is None or isinstance(task, SourceError) or isinstance(draft, Exception):
        failure = rejected_result(task, draft)
        failed = ReingestResult(
            article_id=entry.article_id,
            status=ReingestStatus.FAILED,
            error=failure.error,
            code=failure.code,
        )
        return failed, None
    request = _to_request(draft, entry.latest)
    diff = _compare(entry.article_id, entry.latest, request)
    result = ReingestResult(
        article_id=entry.article_id,
        status=_classify(diff),
        title=request.article.title,
        changed_passages=diff.changed_passages,
        differences=tuple(_iter_differences(diff)),
        warnings=request.warnings,
        errors=request.differences,
    )
    return result, None if result.status is ReingestStatus.UNCHANGED else request


def _save_draft(
    result: ReingestResult, request: SaveRequest, store: ArticleStore, workflow: ReviewWorkflow
) -> ReingestResult:
    """Save a draft, and submit it for review unless it replaces unfinished work."""
    id_ = result.article_id
    is_finished = workflow.get_status(id_).state not in UNFINISHED
    (saved,) = store.save_all([request])
    if isinstance(saved, RejectedError):
        return replace(result, status=ReingestStatus.FAILED, error=f"{id_}: {saved}")
    if is_finished:
        workflow.submit(id_, saved.version, actor=request.actor)
    return replace(
        result,
        version=saved.version,
        submitted=is_finished,
        warnings=tuple(dict.fromkeys((*result.warnings, *saved.notes))),
    )


def _to_request(draft: Draft, latest: LatestVersion) -> SaveRequest:
    """Return the request that saves a draft as the next version.

    Topics that were added when the article was ingested are not distinguished from topics that a
    former reader found in the source. They are kept, with a warning.
    """
    base, metadata = latest.request, draft.article.metadata
    kept = tuple(t for t in base.article.metadata.topics if t not in metadata.topics)
    if any(one.what is CorrectionKind.TOPICS for one in latest.corrections):
        kept = ()  # the correction replaces the topics
    article = replace(draft.article, metadata=replace(metadata, topics=(*metadata.topics, *kept)))
    return replace(
        base,
        article=article,
        passages=draft.passages,
        coverage=draft.coverage,
        warnings=(*draft.warnings, *_kept_topics_warning(kept)),
        differences=draft.differences,
        publish=False,
        detail=AUDIT_DETAIL,
    )


def _kept_topics_warning(kept: Sequence[str]) -> Iterator[str]:
    if kept:
        yield (
            f"These topics are not in the source and were kept: {', '.join(kept)}. Remove those "
            "that do not belong to the article."
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
