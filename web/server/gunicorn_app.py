"""gunicorn application: each worker process has its own store, index reader and background threads.

Everything is opened after the fork, because processes must not share database connections. No
access log is written: URLs may contain queries, and queries may contain patients' names.
"""

from __future__ import annotations

import errno
import gc
import getpass
import logging
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker as AnyWorker

from index.indexer import Indexer
from kb.errors import SearchIndexError, ServerError, StoreError
from kb.settings import Settings
from kb.storage.audit_log import Actor
from web.app import create_app
from web.bootstrap import open_base
from web.context import services_of
from web.integrations import ehr_audit_log
from web.server.gunicorn_worker import ProblemJsonWorker
from web.server.import_worker import ImportWorker
from web.server.vector_worker import VectorWorker

MAX_PORT = 65_535
VECTOR_TIMEOUT = 2.0  # seconds; the vector of a passage takes less than a tenth
BACKLOG = 2_048  # pending connections; the default of gunicorn
THREADS = 4  # for searches that wait for the disk; more threads would wait for each other
OPTIONS: dict[str, Any] = {
    "worker_class": ProblemJsonWorker,
    "threads": THREADS,
    "accesslog": None,
    "loglevel": "warning",
    "graceful_timeout": 5,
    "control_socket_disable": True,
    "limit_request_line": 8190,  # bytes
}

log = logging.getLogger(__name__)


class IndexSyncThread(threading.Thread):
    """Background thread that applies changes in the store to the index every `seconds`.

    Errors are logged once and retried in the next round, so no restart is needed after a rebuild of
    the index or an outage of the database. `before` runs at the start of each round, `after` at the
    end of each successful round.
    """

    def __init__(
        self,
        indexer: Indexer,
        seconds: float,
        after: Callable[[], None] = lambda: None,
        before: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(name="kb-index-sync", daemon=True)
        self._indexer, self._seconds = indexer, seconds
        self._before, self._after = before, after
        self._stopping = threading.Event()
        self._last_message = ""

    def run(self) -> None:
        """Run rounds until `stop` is called."""
        while not self._stopping.wait(self._seconds):
            self.run_once()

    def run_once(self) -> None:
        """Run one round."""
        try:
            self._before()
            rejected = self._indexer.sync().refused
            self._after()
        except (SearchIndexError, StoreError) as error:
            self._log_once(f"The index cannot be updated. {error}")
            return
        except Exception as error:
            if str(error) != self._last_message:
                log.exception("The index cannot be updated because of a fault in the program.")
            self._last_message = str(error)
            return
        reasons = ", ".join(f"{article}: {reason}" for article, reason in rejected.items())
        self._log_once(f"Not indexed: {reasons}" if reasons else "")

    def stop(self) -> None:
        """End the thread after the current round."""
        self._stopping.set()

    def _log_once(self, message: str) -> None:
        if message and message != self._last_message:
            log.warning("%s", message)
        self._last_message = message


def create_from_settings(settings: Settings) -> tuple[Flask, tuple[threading.Thread, ...]]:
    """Return the application for `settings`, and its background threads (not started)."""
    base = open_base(settings)
    base.search.load()
    app = create_app(settings, base.store, base.search, base.taxonomy)
    services = services_of(app)
    import_worker = ImportWorker(
        services.editorial.jobs, services.editorial.draft_reader, settings.home
    )

    def before() -> None:
        """Run due work; each task is done by the first process that gets to it."""
        services.editorial.workflow.publish_due()
        services.analytics.curation_sync.sync()
        services.analytics.query_log.write()
        services.az_index.suggestions.find("a")  # builds the suggestions

    index_sync = IndexSyncThread(
        base.indexer, settings.index_sync_seconds, after=base.search.refresh, before=before
    )
    threads = (index_sync, import_worker)
    if base.vectorizer is None:
        return app, threads
    return app, (*threads, VectorWorker(base.vectorizer, settings.index_sync_seconds))


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve the site until the process is stopped.

    Errors that would prevent every worker from starting are raised before any worker starts:
    `ServerError` if the address cannot be bound, `StoreError` if there is no knowledge base.
    """
    listener = _listen(host, port)
    base = open_base(settings)
    _ = base.indexer, base.search
    store = base.store
    store.record_settings(settings.digests(), actor=Actor(getpass.getuser()))
    store.close()
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    _GunicornApp(settings, listener, address, workers).run()


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; gunicorn itself would retry for seconds and log each attempt."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ServerError(_bind_error_message(host, port, error)) from error
    return listener


def _bind_error_message(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        free_port = port + 1 if port < MAX_PORT else port - 1
        return (
            f"Port {port} is already in use. Choose another port, for example --port {free_port} "
            f"or, with make, PORT={free_port}."
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} needs administrator rights on this computer. Choose a port above 1023, "
            "for example --port 8080."
        )
    return (
        f"{host} is not an address of this computer. Use --host 127.0.0.1, or --host 0.0.0.0 "
        "for all of its addresses."
    )


class _GunicornApp(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(
        self, settings: Settings, listener: socket.socket, address: str, workers: int
    ) -> None:
        self._settings, self._address, self._workers = settings, address, workers
        self._listener = listener.detach()  # closed by gunicorn
        self._threads: tuple[threading.Thread, ...] = ()
        super().__init__()

    def load_config(self) -> None:
        options = {
            **OPTIONS,
            "bind": f"fd://{self._listener}",
            "workers": self._workers,
            "when_ready": self._announce,
            "post_worker_init": self._start_threads,
            "worker_exit": self._stop_vector_worker,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        ehr_audit_log.to_stderr()
        app, self._threads = create_from_settings(self._settings)
        # Exclude all objects created so far from garbage collection: they are never freed.
        gc.collect()
        gc.freeze()
        return app

    def _announce(self, _arbiter: object) -> None:
        print(f"Serving http://{self._address} until Ctrl-C.", file=sys.stderr, flush=True)

    def _start_threads(self, worker: AnyWorker) -> None:
        for thread in self._threads:  # set by `load` in this worker
            thread.start()

    def _stop_vector_worker(self, _arbiter: object, _worker: AnyWorker) -> None:
        """Wait for the vector worker, because the model must not run while the process ends."""
        for thread in self._threads:
            if isinstance(thread, VectorWorker):
                thread.stop()
                thread.join(VECTOR_TIMEOUT)
