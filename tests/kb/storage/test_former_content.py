"""Upgrade of a knowledge base written before formatting was stored next to the text.

`data/schema-0013.json` has the rows of such a database, by table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, Connection, Date, DateTime, MetaData, create_engine, inspect, text
from sqlalchemy import Table as SqlTable

import kb
from ingest.drafts import from_json
from kb.editorial.import_jobs import ImportJobStore
from kb.editorial.workflow import ReviewWorkflow
from kb.model.article import BlockKind, Cell
from kb.model.corrections import CorrectionKind
from kb.model.records import WorkflowState
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.curation_store import CurationStore
from tests import services

ROWS = json.loads((Path(__file__).parent / "data" / "schema-0013.json").read_text())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def former(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArticleStore]:
    """The store after its upgrade from the former schema."""
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    url = (
        services.make_database(server, "former")
        if server
        else f"sqlite:///{tmp_path / 'kb.sqlite'}"
    )
    engine = create_engine(url)
    config = Config()
    config.set_main_option(
        "script_location", str(Path(kb.__file__).parent / "storage" / "migrations")
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0013")
        insert_rows(connection)
    engine.dispose()
    store = ArticleStore.create(url)
    yield store
    store.close()
    if server:
        services.drop_database(server, "former")


def insert_rows(connection: Connection) -> None:
    tables = MetaData()
    names = set(inspect(connection).get_table_names())
    assert names >= set(ROWS)
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if rows := ROWS.get(table.name):
            connection.execute(table.delete())
            connection.execute(table.insert(), [convert(table, row) for row in rows])
            if connection.dialect.name == "postgresql" and "number" in rows[0]:
                advance_sequence(connection, table.name)


def advance_sequence(connection: Connection, table: str) -> None:
    """Continue automatic numbers after inserted rows; a column without a sequence is left alone."""
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), max(number)) FROM {table}"
        )
    )


def convert(table: SqlTable, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with dates and truth values, which SQLite stores as text and numbers."""
    values = dict(row)
    for column in table.columns:
        value = values.get(column.name)
        if value is None:
            continue
        if isinstance(column.type, DateTime):
            values[column.name] = datetime.fromisoformat(value)
        elif isinstance(column.type, Date):
            values[column.name] = date.fromisoformat(value)
        elif isinstance(column.type, Boolean):
            values[column.name] = bool(value)
    return values


def test_passages_and_tags_survive(former: ArticleStore) -> None:
    for article_id in ("dose", "gout"):
        ids = [row["id"] for row in ROWS["passages"] if row["article_id"] == article_id]
        found = [
            passage.id
            for version in reversed(former.versions(article_id))
            for passage in former.article(article_id, version.number).passages
        ]
        assert found == ids
        assert former.locate(ids[0]).article_id == article_id
    (tag,) = ROWS["editor_tags"]
    tagged = [p for p in former.article("gout", 2).passages if p.id == tag["passage_id"]]
    assert tag["tag"] in {each.tag for each in tagged[0].tags}


def test_rows_of_strings_are_cells(former: ArticleStore) -> None:
    (block,) = (
        block
        for passage in former.article("dose").passages
        for block in passage.blocks
        if block.kind is BlockKind.TABLE
    )
    assert block.rows == (
        (Cell("Age"), Cell("Dose")),
        (Cell("Adult"), Cell("500 mg")),
        (Cell("Child"), Cell("250 mg")),
    )
    assert block.header_rows == 1


def test_ordered_lists_load_without_labels(former: ArticleStore) -> None:
    (block,) = (b for p in former.article("gout", 1).passages for b in p.blocks if b.items)
    assert block.ordered
    assert [(item.label, item.depth) for item in block.items] == [("", 0), ("", 1), ("", 0)]


def test_corrections_survive(former: ArticleStore) -> None:
    kinds = {correction.what for _, correction in former.corrections("gout")}
    assert kinds == {CorrectionKind(row["what"]) for row in ROWS["corrections"]}
    assert former.article("gout", 2).article.metadata.owner == "Rheumatology"


def test_workflow_curation_and_imports_survive(former: ArticleStore) -> None:
    workflow = ReviewWorkflow(former.database)
    assert workflow.get_status("gout").state is WorkflowState.SCHEDULED
    assert len(workflow.list_comments("gout")) == len(ROWS["comments"])
    rules = CurationStore(former.database).load()
    assert [pin.passage_id for pin in rules.pins] == [ROWS["pins"][0]["passage_id"]]
    (item,) = (row for row in ROWS["import_items"] if row["draft"])
    stored = ImportJobStore(former.database).get_item(item["number"])
    assert from_json(stored.draft).article.title == "Dose"
    assert [one.what for one in stored.corrections] == [CorrectionKind.OWNER]


def test_new_versions_and_audit_log_continue(former: ArticleStore) -> None:
    assert former.find_altered_entry() is None
    passage = former.article("dose").passages[0]
    former.set_tag(passage.id, "safety", present=True, actor=Actor("ann"))
    request = former.latest("dose", actor=Actor("ann")).request
    with former.database.reading() as connection:
        seq = connection.execute(text("SELECT max(seq) FROM change_feed")).scalar_one()
    assert former.last_seq() == seq
    assert request.passages[0].id == passage.id
