"""What somebody sends to the desk, read into drafts that are looked at before anything is saved.

The readers, the limits and the checks are those of `ingest.pipeline`; only that nothing is saved.
A draft goes through the database as JSON, with the bytes that it was made from kept beside.
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
from ingest.clipboard import clean_html
from ingest.pipeline import iter_tasks, read_original, rejected_result
from ingest.processing import Draft, ProcessingContext, process
from ingest.sources import SourceFile, open_sources, open_upload
from ingest.tagging.tagger import Tagger
from ingest.workers.pool import map_ordered
from kb.errors import SourceError
from kb.model.corrections import Correction
from kb.model.records import ArticleRecord
from kb.model.taxonomy import Taxonomy
from kb.storage.article_writer import SaveRequest
from kb.storage.audit_log import Actor


@cache
def _adapter() -> TypeAdapter[Draft]:
    return TypeAdapter(Draft)


@dataclass(frozen=True, slots=True)
class DraftResult:
    """One article of a source: a draft and its original bytes, or the reason why there is none."""

    source: str
    draft: Draft | None
    original: bytes = b""
    reason: str = ""


class DraftReader:
    """Reads sources into drafts, with the readers and rules of one knowledge base."""

    def __init__(self, taxonomy: Taxonomy, rules: Rules, *, fetch_private: bool) -> None:
        self._taxonomy, self._rules = taxonomy, rules
        self._fetch_private = fetch_private

    @cached_property
    def _context(self) -> ProcessingContext:
        return ProcessingContext(Tagger(self._taxonomy), self._rules)

    def read_file(self, path: Path, name: str) -> Iterator[DraftResult]:
        """Yield what a file that was sent under a name holds: an archive holds several."""
        with tempfile.TemporaryDirectory(prefix="kb-read-") as scratch:
            yield from self._read(open_upload(path, name, Path(scratch)))

    def read_url(self, address: str) -> Iterator[DraftResult]:
        """Yield what a page or a sitemap of the web holds."""
        with tempfile.TemporaryDirectory(prefix="kb-read-") as scratch:
            private = self._fetch_private
            yield from self._read(open_sources([address], Path(scratch), fetch_private=private))

    def _read(self, sources: Iterable[SourceFile | SourceError]) -> Iterator[DraftResult]:
        with closing(map_ordered(process, iter_tasks(sources), self._context, jobs=1)) as drafts:
            for together in drafts:
                for task, draft in together:
                    if isinstance(task, SourceError) or isinstance(draft, Exception):
                        outcome = rejected_result(task, draft)
                        yield DraftResult(outcome.source, None, reason=outcome.error or "")
                        continue
                    try:
                        original = read_original(task, draft)
                    except SourceError as error:
                        yield DraftResult(draft.source, None, reason=str(error))
                    else:
                        yield DraftResult(draft.source, draft, original)


def from_clipboard(html: str, text: str, title: str) -> bytes:
    """Return what was pasted as the page that the readers read; raises `SourceError`."""
    return clean_html(html, text, title)


def to_json(draft: Draft) -> str:
    """Return a draft as it is kept until it is saved."""
    return _adapter().dump_json(draft, exclude_defaults=True).decode()


def from_json(text: str) -> Draft:
    """Return a draft that was kept."""
    return _adapter().validate_json(text)


def draft_from_record(record: ArticleRecord) -> Draft:
    """Return a saved version as a draft, to be corrected."""
    return Draft(
        source=record.id,
        source_key="",
        source_sha256="",
        article=record.article,
        passages=tuple(record.passages),
        coverage=record.coverage,
        warnings=record.warnings,
    )


def to_save_request(
    draft: Draft, corrections: tuple[Correction, ...], *, source_key: str = "", by: Actor
) -> SaveRequest:
    """Return a draft as it is saved: as a draft of its article, with what was corrected."""
    return SaveRequest(
        article=draft.article,
        passages=tuple(replace(passage, id="") for passage in draft.passages),
        source_key=source_key or draft.source_key,
        source_sha256=draft.source_sha256,
        coverage=draft.coverage,
        warnings=draft.warnings,
        publish=False,
        by=by,
        corrections=corrections,
    )
