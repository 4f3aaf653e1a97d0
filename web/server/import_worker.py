"""Background thread of each server process that reads queued imports, one item at a time.

The queue is in the database (`kb.editorial.import_jobs`), the files in ``KB_HOME/incoming``, so
reading resumes after a restart. The readers run in sandboxed processes (`ingest.workers.pool`).
"""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

from ingest.drafts import DraftReader, DraftResult, to_json
from kb.editorial.import_jobs import ImportItem, ImportJobStore, ItemKind
from kb.errors import KnowledgeBaseError, StoreError
from kb.storage.atomic_files import atomic_write
from web.services.import_files import job_folder, original_file, uploaded_file

POLL_SECONDS = 0.5  # pause between polls of an empty queue
POLLS_PER_PURGE = 7_200  # one hour; old jobs and their files are deleted then
FILE_MISSING = (
    "The file is no longer on this machine. Upload it again. (If several machines serve the "
    "site, they must share KB_HOME.)"
)

log = logging.getLogger(__name__)


class ImportWorker(threading.Thread):
    """Background thread that processes queued import items."""

    def __init__(self, jobs: ImportJobStore, draft_reader: DraftReader, home: Path) -> None:
        super().__init__(name="kb-import-worker", daemon=True)
        self._jobs, self._draft_reader, self._home = jobs, draft_reader, home
        self._stopping = threading.Event()

    def run(self) -> None:
        """Process items until `stop` is called; database errors are logged and retried."""
        polls = 0
        while not self._stopping.is_set():
            try:
                has_processed = self.process_next()
                if polls % POLLS_PER_PURGE == 0:
                    self.purge()
            except StoreError as error:
                log.warning("Queued imports cannot be processed. %s", error)
                has_processed = False
            if not has_processed:
                polls += 1
                self._stopping.wait(POLL_SECONDS)

    def stop(self) -> None:
        """End the thread after the current item."""
        self._stopping.set()

    def process_next(self) -> bool:
        """Read the next queued item; return False if the queue is empty."""
        item = self._jobs.lease_next()
        if item is None:
            return False
        try:
            reason = self._read(item)
        except StoreError:
            raise  # the lease expires, and the item is read again
        except KnowledgeBaseError as error:
            reason = str(error)
        except Exception:
            log.exception("An import item failed because of a fault in the program.")
            reason = "The program failed to read this item. Report the problem with the file."
        self._jobs.finish_item(item, reason=reason)
        return True

    def purge(self) -> None:
        """Delete old jobs and their files."""
        for job in self._jobs.purge_old():
            shutil.rmtree(job_folder(self._home, job), ignore_errors=True)

    def _read(self, item: ImportItem) -> str:
        """Read an item and store its drafts; return the reason if it cannot be read."""
        if item.kind is ItemKind.ADDRESS:
            results = self._draft_reader.read_url(item.source)
        else:
            path = uploaded_file(self._home, item)
            if not path.is_file():
                return FILE_MISSING
            results = self._draft_reader.read_file(path, item.source)
        for result in results:
            self._store_original(item, result)
            stored = self._jobs.add_result(
                item,
                source=result.source,
                title=result.draft.article.title if result.draft else "",
                draft=to_json(result.draft) if result.draft else "",
                reason=result.reason,
            )
            if stored is None:  # the job was stopped
                break
        return ""

    def _store_original(self, item: ImportItem, result: DraftResult) -> None:
        if result.draft is not None:
            path = original_file(self._home, item.job, result.draft.source_sha256)
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                atomic_write(path, result.content)
