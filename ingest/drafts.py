"""Ingestion without saving: reads uploads, web pages and pasted text into drafts for review.

The readers, limits and checks are those of `ingest.pipeline`. A draft is stored in the database as
JSON, together with its source file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from pydantic import TypeAdapter

from ingest.checks.config import Rules
from ingest.pipeline import iter_tasks, read_original, rejected_result
from ingest.processing import Draft, ProcessingContext, process
from ingest.sources import SourceFile, open_sources, open_upload
from ingest.tagging.tagger import Tagger
from ingest.workers.pool import map_ordered
from ingest.workers.sandbox import limits_for
from kb.errors import SourceError
from kb.model.corrections import Correction
from kb.model.reader_limits import DEFAULT_LIMITS, ReaderLimits
from kb.model.records import ArticleRecord
from kb.model.taxonomy import Taxonomy
from kb.storage.article_writer import SaveRequest
from kb.storage.audit_log import Actor


@cache
def _adapter() -> TypeAdapter[Draft]:
    return TypeAdapter(Draft)


@dataclass(frozen=True, slots=True)
class DraftResult:
    """A draft with the bytes of its source, or the reason why a document was rejected."""

    source: str
    draft: Draft | None
    content: bytes = b""
    reason: str = ""


class DraftReader:
    """Reads sources into drafts, with the taxonomy, rules and limits of one knowledge base."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        rules: Rules,
        limits: ReaderLimits = DEFAULT_LIMITS,
        *,
        fetch_private_networks: bool,
    ) -> None:
        self._taxonomy, self._rules, self._limits = taxonomy, rules, limits
        self._fetch_private_networks = fetch_private_networks

    @cached_property
    def _context(self) -> ProcessingContext:
        return ProcessingContext(Tagger(self._taxonomy), self._rules, self._limits)

    def read_file(self, path: Path, name: str) -> Iterator[DraftResult]:
        """Yield a draft for each article in an uploaded file; an archive may contain several."""
        with tempfile.TemporaryDirectory(prefix="kb-read-") as scratch:
            yield from self._read(open_upload(path, name, Path(scratch)))

    def read_url(self, address: str) -> Iterator[DraftResult]:
        """Yield a draft for each article of a web page or sitemap."""
        with tempfile.TemporaryDirectory(prefix="kb-read-") as scratch:
            private = self._fetch_private_networks
            sources = open_sources([address], Path(scratch), fetch_private_networks=private)
            yield from self._read(sources)

    def _read(self, sources: Iterable[SourceFile | SourceError]) -> Iterator[DraftResult]:
        tasks, limits = iter_tasks(sources), limits_for(self._limits)
        results = map_ordered(process, tasks, self._context, jobs=1, limits=limits)
        with closing(results) as drafts:
            for batch in drafts:
                for task, draft in batch:
                    if isinstance(task, SourceError) or isinstance(draft, Exception):
                        result = rejected_result(task, draft)
                        yield DraftResult(result.source, None, reason=result.error or "")
                        continue
                    try:
                        content = read_original(task, draft)
                    except SourceError as error:
                        yield DraftResult(draft.source, None, reason=str(error))
                    else:
                        yield DraftResult(draft.source, draft, content)


def to_json(draft: Draft) -> str:
    """Serialize a draft for storage."""
    return _adapter().dump_json(draft, exclude_defaults=True).decode()


def from_json(text: str) -> Draft:
    """Deserialize a stored draft."""
    return _adapter().validate_json(text)


def draft_from_record(record: ArticleRecord) -> Draft:
    """Return a stored version as a draft, to be corrected."""
    return Draft(
        source=record.id,
        source_key="",
        source_sha256="",
        article=record.article,
        passages=tuple(record.passages),
        coverage=record.coverage,
        warnings=record.warnings,
        differences=record.differences,
    )


def to_save_request(
    draft: Draft, corrections: tuple[Correction, ...], *, source_key: str = "", actor: Actor
) -> SaveRequest:
    """Return the request that saves a draft, unpublished, with the editor's corrections."""
    return SaveRequest(
        article=draft.article,
        passages=tuple(replace(passage, id="") for passage in draft.passages),
        source_key=source_key or draft.source_key,
        source_sha256=draft.source_sha256,
        coverage=draft.coverage,
        warnings=draft.warnings,
        differences=draft.differences,
        publish=False,
        actor=actor,
        corrections=corrections,
    )
