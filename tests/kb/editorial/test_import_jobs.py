"""Import jobs: leases, retries, corrections and retention."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kb.editorial.import_jobs import LEASE, RETENTION, ImportJobStore, ItemKind, ItemState
from kb.errors import NotFoundError, WorkflowStateError
from kb.model.corrections import Correction, CorrectionKind
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import Clock
from tests.raises import raises

ANN = Actor("ann")


@pytest.fixture
def jobs(store: ArticleStore, clock: Clock) -> ImportJobStore:
    return ImportJobStore(store.database, clock)


def begun(jobs: ImportJobStore, *names: str) -> int:
    job, _ = jobs.create_job([(ItemKind.FILE, name) for name in names], actor=ANN)
    jobs.start(job)
    return job


def states(jobs: ImportJobStore, job: int) -> list[tuple[str, str]]:
    return [(item.source, item.state.value) for item in jobs.get_job(job).items]


def test_items_wait_until_the_job_is_started(jobs: ImportJobStore) -> None:
    job, _ = jobs.create_job([(ItemKind.FILE, "a.docx")], actor=ANN)
    assert jobs.lease_next() is None
    jobs.start(job)
    assert jobs.lease_next() is not None


def test_item_is_leased_again_after_the_lease_expires(jobs: ImportJobStore, clock: Clock) -> None:
    job = begun(jobs, "a.docx")
    first = jobs.lease_next()
    assert first is not None
    assert jobs.lease_next() is None
    jobs.add_result(first, source="a.docx", title="Half", draft="{}")
    clock.now += LEASE + timedelta(seconds=1)
    second = jobs.lease_next()
    assert second is not None
    assert second.number == first.number
    jobs.add_result(second, source="a.docx", title="Gout", draft="{}")
    jobs.finish_item(second)
    assert states(jobs, job) == [("a.docx", "read"), ("a.docx", "ready")]
    assert [item.title for item in jobs.get_job(job).items] == ["", "Half"]


def test_failed_item_keeps_its_reason_and_can_be_retried(jobs: ImportJobStore) -> None:
    job = begun(jobs, "a.docx", "b.pdf")
    one = jobs.lease_next()
    assert one is not None
    jobs.finish_item(one, reason="It is locked.")
    other = jobs.lease_next()
    assert other is not None
    jobs.add_result(other, source="b.pdf, page 1", title="", reason="It is empty.")
    jobs.finish_item(other)
    failed = [item.reason for item in jobs.get_job(job).items if item.state is ItemState.FAILED]
    assert failed == ["It is locked.", "It is empty."]
    jobs.retry(one.number)
    again = jobs.lease_next()
    assert again is not None
    assert again.number == one.number
    with raises(WorkflowStateError, "already-reading"):
        jobs.retry(one.number)


def test_stopped_job_keeps_its_results_and_can_be_restarted(jobs: ImportJobStore) -> None:
    job = begun(jobs, "a", "b", "c")
    one = jobs.lease_next()
    assert one is not None
    assert jobs.add_result(one, source="a", title="A", draft="{}")
    jobs.stop(job)
    assert jobs.lease_next() is None
    assert jobs.add_result(one, source="a2", title="A2", draft="{}") is None, "it was stopped"
    jobs.finish_item(one)
    assert states(jobs, job)[:3] == [("a", "stopped"), ("b", "stopped"), ("c", "stopped")]
    assert not jobs.get_job(job).is_open
    jobs.start(job)
    assert jobs.lease_next() is not None


def test_edit_keeps_corrections_until_saved(jobs: ImportJobStore) -> None:
    job, item = jobs.create_edit("gout", "Gout", "{}", 3, actor=ANN)
    made = (Correction(CorrectionKind.HEADING, ("Use", "Dose"), new="How much"),)
    jobs.set_corrections(item, made)
    kept = jobs.get_item(item)
    assert (kept.corrections, kept.made_from, kept.article_id) == (made, 3, "gout")
    jobs.rebase(item, '{"newer": 1}', 4)
    assert (jobs.get_item(item).made_from, jobs.get_item(item).corrections) == (4, made)
    jobs.mark_saved(item, "gout")
    for change in (lambda: jobs.set_corrections(item, ()), lambda: jobs.discard(item, actor=ANN)):
        with raises(WorkflowStateError, "already-saved"):
            change()
    assert [found.number for found in jobs.list_jobs("ann")] == [job]
    assert jobs.list_jobs("ben") == []


def test_old_jobs_are_purged(jobs: ImportJobStore, clock: Clock) -> None:
    old = begun(jobs, "a")
    clock.now += RETENTION + timedelta(hours=1)
    new = begun(jobs, "b")
    assert jobs.purge_old() == [old]
    with pytest.raises(NotFoundError):
        jobs.get_job(old)
    assert jobs.get_job(new).items
