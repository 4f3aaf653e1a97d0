"""Background thread for vectors: errors, stopping and start with the server."""

from __future__ import annotations

import threading

import pytest

from kb.errors import StoreError
from kb.settings import Settings
from web.bootstrap import create_base
from web.server.gunicorn_app import create_from_settings
from web.server.vector_worker import VectorWorker


class FakeVectorizer:
    """A vectorizer that raises the given errors, one per call, and then waits until stopped."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.started = threading.Event()

    def sync(self, *, rest: float, stopping: threading.Event) -> bool:
        if self.errors:
            raise self.errors.pop(0)
        self.started.set()
        stopping.wait(10)
        return True


def test_worker_logs_each_error_once_and_continues(caplog: pytest.LogCaptureFixture) -> None:
    locked = StoreError("The database is locked.")
    vectorizer = FakeVectorizer(locked, locked, RuntimeError("odd"), locked)
    worker = VectorWorker(vectorizer, 1)  # type: ignore[arg-type]

    for _ in range(4):
        worker.run_once()

    assert [bool(record.exc_info) for record in caplog.records] == [False, True, False]
    assert "locked" in caplog.records[0].getMessage()


def test_worker_stops_during_a_computation() -> None:
    vectorizer = FakeVectorizer()
    worker = VectorWorker(vectorizer, 0.01)  # type: ignore[arg-type]
    worker.start()
    assert vectorizer.started.wait(10)

    worker.stop()
    worker.join(5)

    assert not worker.is_alive()


def test_server_process_has_one_worker_only_with_a_model(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home")
    create_base(settings).store.close()

    def count_workers() -> int:
        _, threads = create_from_settings(settings)
        return sum(isinstance(thread, VectorWorker) for thread in threads)

    assert count_workers() == 1
    monkeypatch.setattr("index.semantic.model.PACKAGE", "no_such_package")
    assert count_workers() == 0
