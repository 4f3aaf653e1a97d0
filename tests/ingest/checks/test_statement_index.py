"""Statement index: related passages, and updates from the change feed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.checks.config import Rules
from ingest.checks.statement_index import FILE_NAME, StatementIndex
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import StoreError
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.ingest.checks.builders import RULES, article, passage, rules_with

ADDRESS = "sqlite:///kb.sqlite"


def save(store: ArticleStore, name: str, text: str, **others: bool) -> None:
    store.save(
        article([("Course", text)], name, id=name),
        [passage("Course", text)],
        source_key=f"id:{name}",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        publish=others.get("publish", True),
        actor=Actor("test"),
    )


def met(
    store: ArticleStore, home: Path, text: str, name: str = "mine", rules: Rules = RULES
) -> list[tuple[str, str]]:
    """Return (article, text) of the passages that may contradict this text."""
    index = StatementIndex(home, store, rules, ADDRESS)
    index.sync()
    found = index.find_related(name, article([], name), [passage("Course", text)])
    return [(neighbour.article_id, neighbour.passage.text) for neighbour in found]


def test_related_passages_share_a_statement_key(store: ArticleStore, tmp_path: Path) -> None:
    save(store, "tens", "TENS stands for tension.")
    save(store, "gout", "Gout is a painful arthritis of the toe.")
    save(store, "mine", "A course is 3 sessions.")
    assert met(store, tmp_path, "TENS stands for tired nerves.") == [
        ("tens", "TENS stands for tension.")
    ]
    assert met(store, tmp_path, "TENS stands for tired nerves.", "tens") == []
    assert met(store, tmp_path, "A course is 5 sessions.") == []
    assert met(store, tmp_path, "Arthritis is a disease.") == []


def test_sentence_is_related_to_its_negation_only(store: ArticleStore, tmp_path: Path) -> None:
    save(store, "copy", "Gout tablets are safe in a normal pregnancy.")
    save(store, "denial", "Gout tablets are not safe in a normal pregnancy.")
    found = met(store, tmp_path, "Gout tablets are safe in a normal pregnancy.")
    assert [name for name, _ in found] == ["denial"]
    save(store, "it", "It is not safe in a normal pregnancy.")
    assert met(store, tmp_path, "It is safe in a normal pregnancy.") == []


def test_index_follows_new_versions_and_retirement(store: ArticleStore, tmp_path: Path) -> None:
    asked = "TENS stands for tired nerves."
    save(store, "tens", "TENS stands for tension.")
    assert met(store, tmp_path, asked) == [("tens", "TENS stands for tension.")]
    save(store, "tens", "TENS stands for tensile care.")
    assert met(store, tmp_path, asked) == [("tens", "TENS stands for tensile care.")]
    ReviewWorkflow(store.database).retire("tens", reason="old", replaced_by="", actor=Actor("test"))
    assert met(store, tmp_path, asked) == []


def test_draft_is_not_indexed(store: ArticleStore, tmp_path: Path) -> None:
    save(store, "tens", "TENS stands for tension.", publish=False)
    assert met(store, tmp_path, "TENS stands for tired nerves.") == []


def test_index_is_rebuilt_when_rules_change(store: ArticleStore, tmp_path: Path) -> None:
    save(store, "tens", "TENS spells tension.")
    asked = "TENS spells tired nerves."
    assert met(store, tmp_path, asked) == []
    rules = rules_with(tmp_path, '[rule.contradictory-definition]\nlong_forms_more = ["spells"]\n')
    assert met(store, tmp_path, asked, rules=rules) == [("tens", "TENS spells tension.")]


def test_index_is_rebuilt_when_feed_is_shorter(
    store: ArticleStore, tmp_path: Path, database_url: str
) -> None:
    save(store, "tens", "TENS stands for tension.")
    asked = "TENS stands for tired nerves."
    assert len(met(store, tmp_path, asked)) == 1
    empty = ArticleStore.create(f"sqlite:///{tmp_path / 'other.sqlite'}")
    index = StatementIndex(tmp_path, empty, RULES, ADDRESS)
    index.sync()
    empty.close()
    assert len(met(store, tmp_path, asked)) == 1


def test_damaged_index_raises_store_error(store: ArticleStore, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database, but something else" * 100)
    with pytest.raises(StoreError) as error:
        met(store, tmp_path, "TENS stands for tired nerves.")
    assert error.value.code == "statements-file"
    assert str(tmp_path / FILE_NAME) in str(error.value)
