"""Reads what waits at the desk: a thread of each serving process, one item at a time.

What to read stands in the database (`kb.editorial.import_jobs`), the files in ``KB_HOME/incoming``, so a restart
goes on where it was. The readers run in processes of their own, as always (`ingest.workers.pool`).
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

PAUSE_SECONDS = 0.5  # between two looks, when nothing waits
SWEEP_EVERY = 7_200  # pauses: an hour; old jobs and their files go then
GONE = (
    "The file is not on this machine any more. Upload it again. (Where several machines serve the "
    "desk, they must share KB_HOME.)"
)

log = logging.getLogger(__name__)


class ImportWorker(threading.Thread):
    """Takes item after item until the process ends."""

    def __init__(self, jobs: ImportJobStore, drafter: DraftReader, home: Path) -> None:
        super().__init__(name="kb-clerk", daemon=True)
        self._jobs, self._drafter, self._home = jobs, drafter, home
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until stopped; an error of the database is logged, and the next look tries again."""
        looks = 0
        while not self._stopping.is_set():
            try:
                worked = self.work_once()
                if looks % SWEEP_EVERY == 0:
                    self.sweep()
            except StoreError as error:
                log.warning("What waits at the desk cannot be read for now. %s", error)
                worked = False
            if not worked:
                looks += 1
                self._stopping.wait(PAUSE_SECONDS)

    def stop(self) -> None:
        """Let the thread end after its item."""
        self._stopping.set()

    def work_once(self) -> bool:
        """Read the next item that waits; return whether there was one."""
        item = self._jobs.take()
        if item is None:
            return False
        try:
            reason = self._read(item)
        except StoreError:
            raise  # the lease runs out, and it is read again
        except KnowledgeBaseError as error:
            reason = str(error)
        except Exception:
            log.exception("An item at the desk cannot be read: a fault of this program.")
            reason = "Reading it failed inside the program. Please report this with the file."
        self._jobs.finish(item, reason=reason)
        return True

    def sweep(self) -> None:
        """Forget old jobs, and remove their files."""
        for job in self._jobs.forget_old():
            shutil.rmtree(job_folder(self._home, job), ignore_errors=True)

    def _read(self, item: ImportItem) -> str:
        """Read an item and keep what it holds; return why nothing could be read."""
        if item.kind is ItemKind.ADDRESS:
            found = self._drafter.read_url(item.source)
        else:
            path = uploaded_file(self._home, item)
            if not path.is_file():
                return GONE
            found = self._drafter.read_file(path, item.source)
        for one in found:
            self._keep_original(item, one)
            kept = self._jobs.found(
                item,
                source=one.source,
                title=one.draft.article.title if one.draft else "",
                draft=to_json(one.draft) if one.draft else "",
                reason=one.reason,
            )
            if kept is None:  # somebody has stopped it
                break
        return ""

    def _keep_original(self, item: ImportItem, found: DraftResult) -> None:
        if found.draft is not None:
            path = original_file(self._home, item.job, found.draft.source_sha256)
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                atomic_write(path, found.content)
