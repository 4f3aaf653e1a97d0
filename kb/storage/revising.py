"""New versions made of what is kept: an old one again, or the newest with corrections.

Everything here runs inside a writing transaction that `kb.storage.article_store` opened. What is written is a draft
like any new version; `kb.storage.article_writer` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row

from kb.model.corrections import Correction
from kb.storage import article_writer, change_feed, correction_store, mappers
from kb.storage.article_writer import SaveRequest, SaveResult
from kb.storage.audit_log import Actor
from kb.storage.change_feed import PendingChange
from kb.storage.correction_store import apply_on_save


def save_correction(
    connection: Connection, row: Row[Any], corrections: Sequence[Correction], by: Actor
) -> SaveResult:
    """Write the newest version anew with these corrections; those without a place are told."""
    base = _version(connection, row, row.latest_version, by)
    mended = apply_on_save(base.article, base.passages, corrections)
    again = article_writer.with_corrections(base, mended)
    bare = tuple(replace(passage, id="") for passage in again.passages)
    saved = article_writer.update_article(connection, replace(again, passages=bare), row)
    correction_store.add_corrections(connection, row.id, corrections, by)
    tagged = correction_store.add_tags(connection, saved.passages, mended.tags, by)
    if tagged and saved.status == "unchanged":
        change_feed.append(connection, [PendingChange(row.id, "tagged", by)])
    return replace(saved, notes=(*mended.notes, *saved.notes))


def restore_version(connection: Connection, row: Row[Any], number: int, by: Actor) -> int:
    """Write an old version again as the newest; return its number.

    Its passages have the ids that they had, so that links and editors' tags go on.
    """
    again = _version(connection, row, number, by)
    now, newest = datetime.now(UTC), int(row.latest_version) + 1
    article_writer.write_version(connection, row.id, newest, again, kept=again.passages, now=now)
    changed = {"latest_version": newest, "updated_at": now}
    connection.execute(article_writer.CHANGE_ARTICLE.values(changed), {"article": row.id})
    detail = f"version {number} again, as version {newest}"
    change_feed.append(connection, [PendingChange(row.id, "saved", by, detail)])
    return newest


def _version(connection: Connection, row: Row[Any], number: int, by: Actor) -> SaveRequest:
    """Return a version as if it were submitted again."""
    old = mappers.version_row(connection, row.id, number)
    return SaveRequest(
        article=mappers.article_of(old),
        passages=tuple(mappers.passages_of(connection, row.id, number)),
        source_key=row.source_key,
        source_sha256=old.source_sha256,
        coverage=old.coverage,
        warnings=tuple(json.loads(old.warnings)),
        publish=False,
        by=by,
    )
