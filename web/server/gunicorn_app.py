"""Serving: the site on gunicorn, each worker with its own store, index and follower of changes.

Everything is opened after the fork, since a database connection must not be shared by processes.
No access log is written: an address may hold a query, and a query may hold a patient's name.
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

HIGHEST_PORT = 65_535
BACKLOG = 2_048  # connections that wait to be accepted, as gunicorn has it
THREADS = 4  # a search waits for the disk now and then; more would only wait for each other
OPTIONS: dict[str, Any] = {
    "worker_class": ProblemJsonWorker,
    "threads": THREADS,
    "accesslog": None,
    "loglevel": "warning",
    "graceful_timeout": 5,
    "control_socket_disable": True,  # nobody steers a worker from outside
    "limit_request_line": 8190,  # a query of 2,000 characters, each of them three bytes escaped
}

log = logging.getLogger(__name__)


class IndexSyncThread(threading.Thread):
    """Brings the index to where the store is, every `seconds`, until the process ends.

    An error is logged when it is not the one of the last round, and the next round tries again:
    an index that somebody rebuilds, or a database that comes back, needs no restart.
    """

    def __init__(
        self,
        indexer: Indexer,
        seconds: float,
        then: Callable[[], None] = lambda: None,
        first: Callable[[], object] = lambda: None,
    ) -> None:
        """Take who indexes; `first` begins each round, `then` ends one that went well."""
        super().__init__(name="kb-follower", daemon=True)
        self._indexer, self._seconds, self._then = indexer, seconds, then
        self._first = first
        self._stopping = threading.Event()
        self._said = ""

    def run(self) -> None:
        """Go round until stopped."""
        while not self._stopping.wait(self._seconds):
            self.go_round()

    def go_round(self) -> None:
        """Catch up once."""
        try:
            self._first()
            refused = self._indexer.sync().refused
            self._then()
        except (SearchIndexError, StoreError) as error:
            self._say(f"The index cannot follow the store for now. {error}")
            return
        except Exception as error:
            if str(error) != self._said:
                log.exception("The index cannot follow the store: a fault of this program.")
            self._said = str(error)
            return
        shown = ", ".join(f"{article}: {why}" for article, why in refused.items())
        self._say(f"Not indexed: {shown}" if shown else "")

    def stop(self) -> None:
        """Let the thread end after its round."""
        self._stopping.set()

    def _say(self, message: str) -> None:
        if message and message != self._said:
            log.warning("%s", message)
        self._said = message


def create_from_settings(settings: Settings) -> tuple[Flask, tuple[threading.Thread, ...]]:
    """Open what the settings name; returns the site and the threads that work beside it."""
    base = open_base(settings)
    base.search.load()
    app = create_app(settings, base.store, base.search, base.taxonomy)
    site = services_of(app)
    clerk = ImportWorker(site.editorial.jobs, site.editorial.draft_reader, settings.home)

    def first() -> None:
        """What stands in the database and is due: whoever comes first leaves the others nothing."""
        site.editorial.workflow.publish_due()
        site.analytics.curation_sync.sync()
        site.analytics.query_log.write()
        site.az_index.suggestions.find("a")  # so that nobody who types waits for the names

    follower = IndexSyncThread(base.indexer, settings.sync_seconds, base.search.refresh, first)
    return app, (follower, clerk)


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve the site until it is told to stop.

    Raises at once, before any worker starts, what would keep each of them from starting:
    `ServerError` when it cannot listen there, `StoreError` when there is no knowledge base.
    """
    listener = _listen(host, port)
    base = open_base(settings)
    _ = base.indexer, base.search
    store = base.store
    store.note_settings(settings.digests(), by=Actor(getpass.getuser()))
    store.close()
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    _GunicornApp(settings, listener, address, workers).run()


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; gunicorn would retry for seconds and log each attempt."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ServerError(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        another = port + 1 if port < HIGHEST_PORT else port - 1
        return (
            f"Port {port} is already in use. Choose another port, for example --port {another} or, "
            f"with make, PORT={another}."
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
        self._listener = listener.detach()  # gunicorn closes it
        self._beside: tuple[threading.Thread, ...] = ()
        super().__init__()

    def load_config(self) -> None:
        options = {
            **OPTIONS,
            "bind": f"fd://{self._listener}",
            "workers": self._workers,
            "when_ready": self._announce,
            "post_worker_init": self._follow,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        ehr_audit_log.to_stderr()
        app, self._beside = create_from_settings(self._settings)
        # What was read to serve stays for good: collecting garbage need not go through it again.
        gc.collect()
        gc.freeze()
        return app

    def _announce(self, _arbiter: object) -> None:
        print(f"Serving http://{self._address} until Ctrl-C.", file=sys.stderr, flush=True)

    def _follow(self, worker: AnyWorker) -> None:
        for thread in self._beside:  # `load` has run in this worker just before
            thread.start()
