"""From a piece of a source to an article that is ready to be saved, or the reason why not.

This is what runs in the processes of `ingest.workers.sandbox`: nothing here knows the store, so that they
need not load it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from ingest.checks.config import Rules
from ingest.checks.finding import WHOLE_ARTICLE, Finding, Level
from ingest.checks.runner import check_article
from ingest.chunking import chunk_article
from ingest.coverage import measure_coverage
from ingest.readers.base import AS_METADATA, OmittedText
from ingest.readers.media_type import MediaType
from ingest.readers.registry import read_document
from ingest.sources import IngestTask, SourceFile
from ingest.tagging.tagger import Tagger
from kb.errors import SourceError
from kb.model.article import Article
from kb.model.passage import Passage

MAX_EXCERPT_LENGTH = 60  # characters of a left-out piece: enough to recognise it
MAX_EXCERPTS = 3  # pieces left out for one reason that are shown; their number is told


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
    # Of the editorial checks, which age and so are not kept: on the whole article, on passages.
    editorial: tuple[str, ...] = ()
    passage_findings: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """What the editorial checks found; what concerns the whole article in one sentence."""
        whole = (format_editorial_findings(self.editorial),) if self.editorial else ()
        return (*whole, *self.passage_findings)


@dataclass(frozen=True, slots=True)
class ProcessingContext:
    """What a process needs to work on sources; without `rules` nothing is checked."""

    tagger: Tagger
    rules: Rules | None = None


def process(task: IngestTask, desk: ProcessingContext) -> Draft:
    """Read, cut, tag, measure and check one article. Raises `SourceError`."""
    try:
        found = read_document(task.document)
    except SourceError as error:
        raise with_source_name(error, task.source) from error
    reading = found.result
    coverage = measure_coverage(reading, found.media_type)
    passages = desk.tagger.tag_passages(chunk_article(reading.article))
    findings = _run_checks(reading.article, passages, desk.rules)
    return Draft(
        source=task.display_name,
        source_key=_source_key(task, reading.article, found.media_type),
        source_sha256=found.sha256,
        article=_with_url(reading.article, task.source),
        passages=passages,
        coverage=coverage.share,
        warnings=(
            *reading.warnings,
            *_omitted_text_warnings(reading.omitted),
            *coverage.warnings,
            *_empty_heading_warnings(reading.article),
        ),
        editorial=tuple(finding.message for finding in findings if finding.place == WHOLE_ARTICLE),
        passage_findings=tuple(
            f"{finding.place}: {finding.message}"
            for finding in findings
            if finding.place != WHOLE_ARTICLE
        ),
    )


def format_editorial_findings(messages: Sequence[str]) -> str:
    """Return the findings on a whole article as one warning."""
    return " ".join(("Editorial checks:", *messages))


def _run_checks(
    article: Article, passages: Sequence[Passage], rules: Rules | None
) -> list[Finding]:
    """Return what an editor should look at."""
    found = check_article(article, passages, rules, date.today()) if rules else ()
    return [finding for finding in found if finding.level is not Level.INFO]


def with_source_name(error: SourceError, source: SourceFile) -> SourceError:
    """Return the error of a reader, who knows only the file, under the name of the source."""
    return SourceError(source.name, error.problem, error.hint, error.place, code=error.code)


def _source_key(task: IngestTask, article: Article, media_type: MediaType) -> str:
    """What makes the same article the same again: its own id, its address, or its file.

    A page from the web is its address, and what it says of itself counts only within its host:
    no page can pass itself off as another one's article.
    """
    source, place = task.source, task.document.location
    stranger = bool(source.url) and not place
    if article.metadata.id and not stranger:
        return f"id:{article.metadata.id}"
    url = article.metadata.url
    believed = not stranger or urlsplit(url).netloc == urlsplit(source.url).netloc
    if url and believed and media_type in (MediaType.HTML, MediaType.JSON_LINES):
        return f"url:{url}"
    return source.key + (f"#{place}" if place else "")


def _with_url(article: Article, source: SourceFile) -> Article:
    if article.metadata.url or not source.url:
        return article
    return replace(article, metadata=replace(article.metadata, url=source.url))


def _omitted_text_warnings(dropped: Sequence[OmittedText]) -> Iterator[str]:
    """Yield one sentence for each reason, with the beginnings of what was left out."""
    by_reason: dict[str, list[str]] = {}
    for piece in dropped:
        if piece.reason != AS_METADATA:
            by_reason.setdefault(piece.reason, []).append(" ".join(piece.text.split()))
    for reason, texts in by_reason.items():
        shown = ", ".join(f'"{_shorten(text)}"' for text in texts[:MAX_EXCERPTS])
        number = f" ({len(texts)} times)" if len(texts) > 1 else ""
        yield f"Left out as {reason}{number}: {shown}"


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_EXCERPT_LENGTH else text[: MAX_EXCERPT_LENGTH - 3] + "..."


def _empty_heading_warnings(article: Article) -> Iterator[str]:
    bare = [
        section.heading
        for _, section in article.walk()
        if section.heading and not section.blocks and not section.sections
    ]
    if bare:
        shown = ", ".join(f'"{_shorten(heading)}"' for heading in bare[:MAX_EXCERPTS])
        number = f" ({len(bare)} of them)" if len(bare) > 1 else ""
        yield f"Headings without text under them are in no passage{number}: {shown}"
