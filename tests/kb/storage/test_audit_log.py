"""Audit log: entries, settings changes, filters and the hash chain."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import WorkflowStateError
from kb.settings import DEPRECATED_SETTINGS, Settings
from kb.storage import audit_log
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor, AuditEvent, AuditFilter
from tests.kb.builders import save


def deeds(store: ArticleStore, **asked: str) -> list[tuple[str, str, str, str]]:
    steps = store.list_audit_entries(AuditFilter(**asked), limit=100)
    assert [step.number for step in steps] == sorted((s.number for s in steps), reverse=True)
    return [
        (step.event.actor.name, step.event.actor.origin, step.event.action, step.event.about)
        for step in reversed(steps)
    ]


def test_every_article_change_is_logged(store: ArticleStore) -> None:
    saved = save(store, "Gout", ("Use", "Take it."), actor=Actor("ann", "10.0.0.7"))
    store.set_tag(saved.passages[0].id, "dosage", present=True, actor=Actor("ben"))
    ReviewWorkflow(store.database).retire(
        "gout", reason="", replaced_by="", actor=Actor("cid", "10.0.0.9")
    )
    with pytest.raises(WorkflowStateError):
        ReviewWorkflow(store.database).retire("gout", reason="", replaced_by="", actor=Actor("cid"))
    assert deeds(store) == [
        ("ann", "10.0.0.7", "article.saved", "gout"),
        ("ann", "10.0.0.7", "article.published", "gout"),
        ("ben", audit_log.COMMAND_LINE, "article.tagged", "gout"),
        ("cid", "10.0.0.9", "article.retired", "gout"),
    ]


def test_changed_settings_are_named_without_their_values(
    store: ArticleStore, tmp_path: Path
) -> None:
    def told() -> list[str]:
        return [
            s.event.about
            for s in store.list_audit_entries(AuditFilter(action="settings.changed"), limit=9)
        ]

    settings = Settings(home=tmp_path)
    store.record_settings(settings.digests(), actor=Actor("root"))
    store.record_settings(settings.digests(), actor=Actor("root"))
    assert told() == []  # the first time there is nothing to compare with
    secret = settings.model_copy(update={"title": "Ward 7", "oidc_client_secret": SecretStr("x")})
    store.record_settings(secret.digests(), actor=Actor("root"))
    assert sorted(told()) == ["oidc_client_secret", "title"]
    assert "Ward 7" not in str(store.list_audit_entries(limit=9))


def test_renamed_settings_are_not_reported_after_an_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kb.sqlite'}"
    settings = Settings(home=tmp_path, title="Ward 7")
    removed = {"oidc_name": "your directory", "role_rights": "{'reader': ()}"}
    before = settings.digests() | {
        name: sha256(value.encode()).hexdigest() for name, value in removed.items()
    }
    for former, name in DEPRECATED_SETTINGS.items():
        before[former] = before.pop(name)
    store = ArticleStore.create(url)
    store.record_settings(before, actor=Actor("root"))
    store.close()
    with sqlite3.connect(tmp_path / "kb.sqlite") as connection:
        connection.execute("ALTER TABLE versions DROP COLUMN differences")  # added by 0015
        for table in ("passage_vectors", "vector_progress"):  # added by 0016
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE alembic_version SET version_num = '0013'")

    store = ArticleStore.create(url)
    now = settings.model_copy(update={"proxy_count": 1})
    store.record_settings(now.digests(), actor=Actor("root"))

    entries = store.list_audit_entries(AuditFilter(action="settings.changed"), limit=99)
    assert {entry.event.about for entry in entries} == {"proxy_count", "role_rights"}
    store.close()


def test_other_events_are_logged_and_paginated(store: ArticleStore) -> None:
    save(store, "Gout", ("Use", "Take it."))
    store.append_audit_events(
        AuditEvent(Actor("ann", "10.0.0.7"), "signed-in"),
        AuditEvent(Actor("ben"), "signed-in", "", "key"),
    )
    (newest,) = store.list_audit_entries(limit=1)
    assert (newest.event.actor.name, newest.event.detail) == ("ben", "key")
    assert store.list_audit_entries(limit=1, before=audit_log.MAX_ENTRY_NUMBER) == [newest]
    (before,) = store.list_audit_entries(limit=1, before=newest.number)
    assert before.event == AuditEvent(Actor("ann", "10.0.0.7"), "signed-in")
    assert [about for _, _, _, about in deeds(store, about="gout")] == ["gout", "gout"]


@pytest.mark.parametrize(
    ("statement", "altered"),
    [
        ("UPDATE audit_log SET detail = 'key' WHERE name = 'ben'", "ben"),
        ("UPDATE audit_log SET seal = '' WHERE name = 'ann'", "ann"),
        ("DELETE FROM audit_log WHERE name = 'ben'", "cid"),
        ("DELETE FROM audit_log WHERE name = 'ann'", "ben"),
        ("DELETE FROM audit_log WHERE name = 'cid'", None),  # the end cannot be told
    ],
)
def test_first_altered_entry_is_named(
    store: ArticleStore, statement: str, altered: str | None
) -> None:
    assert store.find_altered_entry() is None
    for name in ("ann", "ben", "cid"):
        store.append_audit_events(AuditEvent(Actor(name), "signed-in"))
    assert store.find_altered_entry() is None
    with store.database.writing() as connection:
        connection.exec_driver_sql(statement)
    found = store.find_altered_entry()
    assert (found.event.actor.name if found else None) == altered
