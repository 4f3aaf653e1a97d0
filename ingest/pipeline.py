"""Sources in, one outcome out for each article: read, cut, tagged, measured and saved.

Reading, cutting and tagging depend on nothing but the source, so they run in processes of their
own (`ingest.sandbox` says why); the store is used in this one only. Whatever one article does, the
others go on: its outcome says what went wrong. Only the store itself failing
(`kb.errors.StoreError`) ends the batch.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingest.checking import Level, Place, Rules, check_article
from ingest.chunking import chunk
from ingest.coverage import cover
from ingest.originals import keep, same_bytes
from ingest.readers import pieces, read
from ingest.readers.detection import MediaType
from ingest.readers.reading import AS_METADATA, Dropped
from ingest.sandbox import Limits
from ingest.sources import Source, Task, sources_of
from ingest.tagging import Tagger
from ingest.workers import FaultError, LostError, in_order
from kb.article import Article
from kb.errors import KnowledgeBaseError, SourceError, StoreError
from kb.passage import Passage
from kb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from kb.store import Store

LONGEST_SHOWN = 60  # characters of a left-out piece: enough to recognise it
MOST_SHOWN = 3  # pieces left out for one reason that are shown; their number is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one article, or of a source that gave none."""

    source: str
    status: str  # added, updated, unchanged, rejected
    article_id: str = ""
    title: str = ""
    passages: int = 0
    tags: dict[str, int]
    coverage: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article ready to be saved."""

    source: str
    source_key: str
    source_sha256: str
    article: Article
    passages: tuple[Passage, ...]
    coverage: float
    warnings: tuple[str, ...]
    findings: tuple[str, ...] = ()  # of the editorial checks: said, not kept, since they age


@dataclass(frozen=True, slots=True)
class Desk:
    """What a process needs to work on sources; without `rules` nothing is checked."""

    tagger: Tagger
    rules: Rules | None = None


def ingest(
    sources: Sequence[str],
    store: Store,
    taxonomy: Taxonomy,
    *,
    publish: bool,
    topics: Sequence[str],
    jobs: int,
    actor: str,
    originals: Path | None = None,
    fetch_private: bool = False,
    rules: Rules | None = None,
    limits: Limits | None = None,
) -> Iterator[Outcome]:
    """Add every article of `sources`: files, folders, ZIP archives, addresses of pages or sitemaps.

    Yields one outcome each, in their order. An article is saved when its outcome is yielded, so
    stopping early keeps what is done; with `originals`, its bytes are then in that folder as well.
    With `rules`, what the editorial checks find is among the outcome's warnings.
    `jobs` processes read ahead, no further than `ingest.workers.AHEAD` says. Raises `StoreError`
    when the store or that folder cannot be used any more.
    """
    seen: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="kb-add-") as scratch:
        tasks = _tasks(sources, Path(scratch), fetch_private)
        desk = Desk(Tagger(taxonomy), rules)
        drafts = in_order(prepare, tasks, desk, jobs=jobs, limits=limits)
        with closing(drafts):
            for task, draft in _removing(drafts):
                if isinstance(task, SourceError) or isinstance(draft, Exception):
                    yield _rejected(task, draft)
                    continue
                try:
                    _refuse_double(draft, seen)
                    content = _original(task, draft) if originals else b""
                    chosen = _with_topics(draft, topics)
                    outcome = _save(chosen, store, publish=publish, actor=actor)
                except StoreError:
                    raise
                except KnowledgeBaseError as error:
                    yield _rejected(task, error, draft.article.title)
                    continue
                if originals:
                    keep(originals, draft.source_sha256, content)
                yield outcome


def _removing(
    drafts: Iterable[tuple[Task | SourceError, Draft | Exception]],
) -> Iterator[tuple[Task | SourceError, Draft | Exception]]:
    """Pass the drafts on; with the first of a source, what was made to read the one before goes.

    They come in order, so no piece of that one is still to be read.
    """
    last: Source | None = None
    for task, draft in drafts:
        if isinstance(task, Task) and task.source is not last:
            if last is not None:
                last.remove()
            last = task.source
        yield task, draft


def prepare(task: Task, desk: Desk) -> Draft:
    """Read, cut, tag, measure and check one article. Raises `SourceError`."""
    try:
        found = read(task.piece)
    except SourceError as error:
        raise _named(error, task.source) from error
    reading = found.reading
    coverage = cover(reading, found.media_type)
    passages = desk.tagger.tagged(chunk(reading.article))
    return Draft(
        source=task.shown,
        source_key=_source_key(task, reading.article, found.media_type),
        source_sha256=found.sha256,
        article=_with_address(reading.article, task.source),
        passages=passages,
        coverage=coverage.share,
        warnings=(
            *reading.warnings,
            *_left_out(reading.dropped),
            *coverage.warnings,
            *_headings_without_text(reading.article),
        ),
        findings=tuple(_findings(reading.article, passages, desk.rules)),
    )


def _findings(article: Article, passages: Sequence[Passage], rules: Rules | None) -> Iterator[str]:
    """Yield what an editor should look at; what concerns the whole article in one sentence."""
    if rules is None:
        return
    found = [
        finding
        for finding in check_article(article, passages, rules, date.today())
        if finding.level is not Level.INFO
    ]
    whole = [finding.message for finding in found if finding.place == Place()]
    if whole:
        yield " ".join(("Editorial checks:", *whole))
    for finding in found:
        if finding.place != Place():
            yield f"{finding.place}: {finding.message}"


def _tasks(
    sources: Sequence[str], scratch: Path, fetch_private: bool
) -> Iterator[Task | SourceError]:
    for source in sources_of(sources, scratch, fetch_private=fetch_private):
        if isinstance(source, SourceError):
            yield source
            continue
        try:
            for piece in pieces(source.path):
                if isinstance(piece, SourceError):
                    yield _named(piece, source)
                else:
                    yield Task(source, piece)
        except SourceError as error:
            yield _named(error, source)


def _named(error: SourceError, source: Source) -> SourceError:
    """Return the error of a reader, who knows only the file, under the name of the source."""
    return SourceError(source.name, error.problem, error.mend, error.place)


def _source_key(task: Task, article: Article, media_type: MediaType) -> str:
    """What makes the same article the same again: its own id, its address, or its file.

    A page from the web is its address, and what it says of itself counts only within its host:
    no page can pass itself off as another one's article.
    """
    source, place = task.source, task.piece.place
    stranger = bool(source.address) and not place
    if article.metadata.id and not stranger:
        return f"id:{article.metadata.id}"
    url = article.metadata.url
    believed = not stranger or urlsplit(url).netloc == urlsplit(source.address).netloc
    if url and believed and media_type in (MediaType.HTML, MediaType.JSON_LINES):
        return f"url:{url}"
    return source.key + (f"#{place}" if place else "")


def _with_address(article: Article, source: Source) -> Article:
    if article.metadata.url or not source.address:
        return article
    return replace(article, metadata=replace(article.metadata, url=source.address))


def _original(task: Task, draft: Draft) -> bytes:
    if task.piece.line is not None:
        return task.piece.line
    return same_bytes(task.source.path, draft.source_sha256, task.shown)


def _refuse_double(draft: Draft, seen: dict[str, str]) -> None:
    """Raise `SourceError` when an article of the same name was in this batch already."""
    first = seen.setdefault(draft.source_key, draft.source)
    if first != draft.source:
        kind, _, name = draft.source_key.partition(":")
        raise SourceError(
            draft.source,
            f"has the same {kind} ({name}) as {first}, which was added before it.",
            "Give each article its own, or leave one of them out.",
        )


def _with_topics(draft: Draft, topics: Sequence[str]) -> Draft:
    metadata = draft.article.metadata
    together = tuple(dict.fromkeys((*metadata.topics, *topics)))
    return replace(
        draft, article=replace(draft.article, metadata=replace(metadata, topics=together))
    )


def _save(draft: Draft, store: Store, *, publish: bool, actor: str) -> Outcome:
    saved = store.save(
        draft.article,
        draft.passages,
        source_key=draft.source_key,
        source_sha256=draft.source_sha256,
        coverage=draft.coverage,
        warnings=draft.warnings,
        publish=publish,
        actor=actor,
    )
    tags = Counter(tag.tag for passage in saved.passages for tag in passage.tags)
    return Outcome(
        source=draft.source,
        status=saved.status,
        article_id=saved.article_id,
        title=draft.article.title,
        passages=len(saved.passages),
        tags=dict(tags),
        coverage=draft.coverage,
        warnings=(*draft.warnings, *saved.notes, *draft.findings),
    )


def _rejected(task: Task | SourceError, error: object, title: str = "") -> Outcome:
    if isinstance(task, SourceError):
        source = f"{task.source}, {task.place}" if task.place else task.source
    else:
        source = task.shown
    if isinstance(error, LostError):
        error = SourceError(source, error.problem, error.mend)
    elif isinstance(error, FaultError):
        error = f"{source}: {_fault(error)}"
    return Outcome(source=source, status="rejected", title=title, tags={}, error=str(error))


def _fault(error: FaultError) -> str:
    return (
        f"reading it failed inside the program ({error}). "
        "Please report this with the file; the other articles are not affected."
    )


def _left_out(dropped: Sequence[Dropped]) -> Iterator[str]:
    """Yield one sentence for each reason, with the beginnings of what was left out."""
    by_reason: dict[str, list[str]] = {}
    for piece in dropped:
        if piece.reason != AS_METADATA:
            by_reason.setdefault(piece.reason, []).append(" ".join(piece.text.split()))
    for reason, texts in by_reason.items():
        shown = ", ".join(f'"{_beginning(text)}"' for text in texts[:MOST_SHOWN])
        number = f" ({len(texts)} times)" if len(texts) > 1 else ""
        yield f"Left out as {reason}{number}: {shown}"


def _beginning(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def _headings_without_text(article: Article) -> Iterator[str]:
    bare = [
        section.heading
        for _, section in article.walk()
        if section.heading and not section.blocks and not section.sections
    ]
    if bare:
        shown = ", ".join(f'"{_beginning(heading)}"' for heading in bare[:MOST_SHOWN])
        number = f" ({len(bare)} of them)" if len(bare) > 1 else ""
        yield f"Headings without text under them are in no passage{number}: {shown}"
