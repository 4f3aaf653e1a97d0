"""Processing of one document into a draft that is ready to be saved.

This code runs in the worker processes of `ingest.workers.sandbox`. It must not import the store, so
that the workers need not load it.
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
from ingest.fidelity.comparison import find_differences
from ingest.prose_metadata import add_prose_metadata
from ingest.readers.common.result import AS_METADATA, OmittedText
from ingest.readers.media_type import MediaType
from ingest.readers.registry import read_document
from ingest.sources import IngestTask, SourceFile
from ingest.tagging.tagger import Tagger
from kb.errors import SourceError
from kb.model.article import Article
from kb.model.excerpt import shorten
from kb.model.passage import Passage
from kb.model.reader_limits import DEFAULT_LIMITS, ReaderLimits

MAX_EXCERPT_LENGTH = 60  # characters of an omitted text that a warning quotes
MAX_EXCERPTS = 3  # omitted texts that a warning quotes per reason; it also gives their number


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article that is ready to be saved."""

    source: str
    source_key: str
    source_sha256: str
    article: Article
    passages: tuple[Passage, ...]
    coverage: float
    warnings: tuple[str, ...]
    # Differences between article and source; an article that has any is not published on ingest.
    differences: tuple[str, ...] = ()
    # Findings of the editorial checks, not stored with the article because they become outdated.
    editorial: tuple[str, ...] = ()
    passage_findings: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings; those on the whole article are joined into one string."""
        whole = (format_editorial_findings(self.editorial),) if self.editorial else ()
        return (*whole, *self.passage_findings)


@dataclass(frozen=True, slots=True)
class ProcessingContext:
    """What a worker needs to process documents; without `rules`, no checks are run."""

    tagger: Tagger
    rules: Rules | None = None
    limits: ReaderLimits = DEFAULT_LIMITS


def process(task: IngestTask, context: ProcessingContext) -> Draft:
    """Read, chunk, tag, measure and check one document. Raises `SourceError`."""
    try:
        document = read_document(task.document, context.limits)
    except SourceError as error:
        raise with_source_name(error, task.source) from error
    article, conflicts = add_prose_metadata(document.result.article)
    result = replace(
        document.result, article=article, warnings=(*document.result.warnings, *conflicts)
    )
    coverage = measure_coverage(result, document.media_type)
    differences = find_differences(document, result.article)
    passages = context.tagger.tag_passages(chunk_article(result.article))
    findings = _run_checks(result.article, passages, context.rules)
    return Draft(
        source=task.display_name,
        source_key=_source_key(task, result.article, document.media_type),
        source_sha256=document.sha256,
        article=_with_url(result.article, task.source),
        passages=passages,
        coverage=coverage.share,
        differences=tuple(differences),
        warnings=(
            *result.warnings,
            *_omitted_text_warnings(result.omitted),
            *coverage.warnings,
            *_empty_heading_warnings(result.article),
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
    """Return the findings that are errors or warnings."""
    found = check_article(article, passages, rules, date.today()) if rules else ()
    return [finding for finding in found if finding.level is not Level.INFO]


def with_source_name(error: SourceError, source: SourceFile) -> SourceError:
    """Return an error of a reader, which knows only the file, with the name of the source."""
    return SourceError(source.name, error.problem, error.hint, error.location, code=error.code)


def _source_key(task: IngestTask, article: Article, media_type: MediaType) -> str:
    """Return the key that identifies an article across ingests: its id, URL or file.

    A web page is identified by its URL. Its own metadata counts only within its host, so that no
    page can impersonate an article of another site.
    """
    source, location = task.source, task.document.location
    is_web_page = bool(source.url) and not location
    if article.metadata.id and not is_web_page:
        return f"id:{article.metadata.id}"
    url = article.metadata.url
    is_same_site = not is_web_page or urlsplit(url).netloc == urlsplit(source.url).netloc
    if url and is_same_site and media_type in (MediaType.HTML, MediaType.JSON_LINES):
        return f"url:{url}"
    return source.key + (f"#{location}" if location else "")


def _with_url(article: Article, source: SourceFile) -> Article:
    if article.metadata.url or not source.url:
        return article
    return replace(article, metadata=replace(article.metadata, url=source.url))


def _omitted_text_warnings(omitted: Sequence[OmittedText]) -> Iterator[str]:
    """Yield one warning per reason, quoting the beginnings of the omitted texts."""
    by_reason: dict[str, list[str]] = {}
    for omitted_text in omitted:
        if omitted_text.reason != AS_METADATA:
            by_reason.setdefault(omitted_text.reason, []).append(
                " ".join(omitted_text.text.split())
            )
    for reason, texts in by_reason.items():
        shown = ", ".join(f'"{shorten(text, MAX_EXCERPT_LENGTH)}"' for text in texts[:MAX_EXCERPTS])
        number = f" ({len(texts)} times)" if len(texts) > 1 else ""
        yield f"Omitted as {reason}{number}: {shown}"


def _empty_heading_warnings(article: Article) -> Iterator[str]:
    bare = [
        section.heading
        for _, section in article.walk()
        if section.heading and not section.blocks and not section.sections
    ]
    if bare:
        shown = ", ".join(
            f'"{shorten(heading, MAX_EXCERPT_LENGTH)}"' for heading in bare[:MAX_EXCERPTS]
        )
        number = f" ({len(bare)})" if len(bare) > 1 else ""
        yield f"Headings without text are not part of any passage{number}: {shown}"
