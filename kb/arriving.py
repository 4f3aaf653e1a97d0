"""Writing what an import brings: rows as the export had them, inside the import's transaction.

What is to be written was decided by `kb.merging`; nothing here looks at what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, update

from kb import mending, rows, saving
from kb.duplicates import write_bands
from kb.portable import Corrected, EditorTag, Portable, State, Version
from kb.tables import articles, passages, versions


def add_article(connection: Connection, article: Portable) -> None:
    """Write a new article, without its versions."""
    row = {
        "id": article.id,
        "source_key": article.source_key,
        "latest_version": len(article.versions),
    }
    connection.execute(saving.ADD_ARTICLE, row | _columns(article.state))


def set_state(connection: Connection, article_id: str, latest: int, state: State) -> None:
    """Change which version of an article is the newest, and which is found."""
    changed = {"latest_version": latest} | _columns(state)
    connection.execute(update(articles).where(articles.c.id == article_id).values(changed))


def add_versions(connection: Connection, article_id: str, new: Sequence[Version]) -> None:
    """Write versions; the last of them is the newest of the article."""
    connection.execute(insert(versions), [_version_row(article_id, version) for version in new])
    contents = [
        row
        for version in new
        for row in rows.passage_rows(article_id, version.number, version.passages)
    ]
    for batch in rows.batches(contents):
        connection.execute(insert(passages), batch)
    write_bands(connection, article_id, new[-1].passages)


def set_tags(connection: Connection, tags: Iterable[EditorTag]) -> None:
    """Write what editors said of tags, over what was said here."""
    for tag in tags:
        mending.set_tag(
            connection, tag.passage_id, tag.tag, present=tag.present, name=tag.actor, at=tag.at
        )


def add_corrections(connection: Connection, article_id: str, made: Iterable[Corrected]) -> None:
    """Write corrections after those that are here."""
    for one in made:
        mending.keep_one(connection, article_id, one.correction, name=one.actor, at=one.at)


def _columns(state: State) -> dict[str, Any]:
    return {
        "status": state.status,
        "published_version": state.published_version,
        "published_at": state.published_at,
        "updated_at": state.updated_at,
        "confirmed_on": state.confirmed_on,
        "confirmed_due": state.confirmed_due,
        "retired_reason": state.retired_reason,
        "replaced_by": state.replaced_by,
    }


def _version_row(article_id: str, version: Version) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "number": version.number,
        **rows.article_columns(version.article),
        "warnings": json.dumps(version.warnings, ensure_ascii=False),
        "passages": len(version.passages),
        "coverage": version.coverage,
        "source_sha256": version.source_sha256,
        "created_at": version.created_at,
        "created_by": version.created_by,
    }
