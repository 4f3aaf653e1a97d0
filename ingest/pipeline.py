"""Sources in, one outcome out for each article: read, cut, tagged, measured and saved.

Reading, cutting and tagging depend on nothing but the source, so they may run in other processes;
the store is used in this one only. Whatever one article does, the others go on: its outcome says
what went wrong. Only the store itself failing (`kb.errors.StoreError`) ends the batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.chunking import chunk
from ingest.coverage import cover
from ingest.readers import Piece, pieces, read
from ingest.readers.detection import MediaType
from ingest.readers.reading import AS_METADATA, Dropped
from ingest.sources import files_of
from ingest.tagging import Tagger
from ingest.workers import in_order
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


def ingest(
    sources: Sequence[str],
    store: Store,
    taxonomy: Taxonomy,
    *,
    publish: bool,
    topics: Sequence[str],
    jobs: int,
    actor: str,
) -> Iterator[Outcome]:
    """Add every article of `sources`, files or folders; yield one outcome each, in their order.

    An article is saved when its outcome is yielded, so stopping early keeps what is done. With
    `jobs` above 1, that many processes read ahead, no further than `ingest.workers.AHEAD` says.
    Raises `StoreError` when the store cannot be used any more.
    """
    tagger = Tagger(taxonomy)
    seen: dict[str, str] = {}
    for piece, draft in in_order(prepare, _all_pieces(sources), tagger, jobs=jobs):
        if isinstance(draft, Exception):
            yield _rejected(piece, draft)
            continue
        try:
            _refuse_double(draft, seen)
            yield _save(_with_topics(draft, topics), store, publish=publish, actor=actor)
        except StoreError:
            raise
        except KnowledgeBaseError as error:
            yield _rejected(piece, error, draft.article.title)


def prepare(piece: Piece, tagger: Tagger) -> Draft:
    """Read, cut, tag and measure one article. Raises `SourceError`."""
    found = read(piece)
    reading = found.reading
    coverage = cover(reading, found.media_type)
    return Draft(
        source=_shown(piece),
        source_key=_source_key(piece, reading.article, found.media_type),
        source_sha256=found.sha256,
        article=reading.article,
        passages=tagger.tagged(chunk(reading.article)),
        coverage=coverage.share,
        warnings=(
            *reading.warnings,
            *_left_out(reading.dropped),
            *coverage.warnings,
            *_headings_without_text(reading.article),
        ),
    )


def _all_pieces(sources: Sequence[str]) -> Iterator[Piece | SourceError]:
    for file in files_of(sources):
        if isinstance(file, SourceError):
            yield file
            continue
        try:
            yield from pieces(file)
        except SourceError as error:
            yield error


def _source_key(piece: Piece, article: Article, media_type: MediaType) -> str:
    """What makes the same article the same again: its own id, its address, or its file."""
    if article.metadata.id:
        return f"id:{article.metadata.id}"
    if article.metadata.url and media_type in (MediaType.HTML, MediaType.JSON_LINES):
        return f"url:{article.metadata.url}"
    return f"file:{piece.source}" + (f"#{piece.place}" if piece.place else "")


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
        warnings=(*draft.warnings, *saved.notes),
    )


def _rejected(piece: Piece | SourceError, error: Exception, title: str = "") -> Outcome:
    source = _shown(piece)
    known = isinstance(error, KnowledgeBaseError)
    return Outcome(
        source=source,
        status="rejected",
        title=title,
        tags={},
        error=str(error) if known else f"{source}: {_fault(error)}",
    )


def _shown(named: Piece | SourceError) -> str:
    return f"{named.source}, {named.place}" if named.place else named.source


def _fault(error: Exception) -> str:
    return (
        f"reading it failed inside the program ({type(error).__name__}: {error}). "
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
        path[-1] for path, section in article.walk() if not section.blocks and not section.sections
    ]
    if bare:
        shown = ", ".join(f'"{_beginning(heading)}"' for heading in bare[:MOST_SHOWN])
        number = f" ({len(bare)} of them)" if len(bare) > 1 else ""
        yield f"Headings without text under them are in no passage{number}: {shown}"
