"""Applies editor corrections when an article is saved, and stores them for later ingests.

Tag corrections are stored per passage, all others per article. Functions with a connection run
inside the caller's write transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select

from kb.errors import NotFoundError
from kb.model.article import Article
from kb.model.corrections import METADATA_KINDS, Correction, CorrectionKind, apply_corrections
from kb.model.passage import Passage
from kb.storage.audit_log import Actor
from kb.storage.schema import corrections, editor_tags

TAG_KINDS = (CorrectionKind.TAG, CorrectionKind.UNTAG)


@dataclass(frozen=True, slots=True)
class CorrectedArticle:
    """An article with corrections applied, ready to be saved.

    `tags` contains, for each passage, the tags that editors added (True) or removed (False); they
    are stored separately from the version. `notes` describe the corrections that were lost and the
    formatting that they removed.
    """

    article: Article
    passages: tuple[Passage, ...]
    tags: tuple[dict[str, bool], ...]
    notes: tuple[str, ...]


def apply_on_save(
    article: Article, passages: Sequence[Passage], corrections: Sequence[Correction]
) -> CorrectedArticle:
    """Apply corrections to an article that is about to be saved."""
    corrected = apply_corrections(article, passages, corrections)
    without_tags = apply_corrections(
        article, passages, [one for one in corrections if one.what not in TAG_KINDS]
    )
    notes = tuple(
        f"A correction can no longer be applied: {one}. Check whether it is still needed."
        for one in corrected.lost
    )
    if corrected.unformatted:
        removed = ", ".join(corrected.unformatted)
        notes += (f"Corrections removed formatting: {removed}. Check that the text is clear.",)
    decisions = tuple(
        {tag.tag: True for tag in by_hand.tags if tag not in bare.tags}
        | dict.fromkeys({t.tag for t in bare.tags} - {t.tag for t in by_hand.tags}, False)
        for by_hand, bare in zip(corrected.passages, without_tags.passages, strict=True)
    )
    return CorrectedArticle(without_tags.article, without_tags.passages, decisions, notes)


def list_corrections(connection: Connection, article_id: str) -> tuple[Correction, ...]:
    """Return the corrections of an article, oldest first."""
    return tuple(correction for _, correction in list_numbered_corrections(connection, article_id))


def list_numbered_corrections(
    connection: Connection, article_id: str
) -> list[tuple[int, Correction]]:
    """Return the corrections of an article with their numbers, oldest first."""
    rows = connection.execute(
        select(corrections)
        .where(corrections.c.article_id == article_id)
        .order_by(corrections.c.number)
    )
    return [
        (
            row.number,
            Correction(CorrectionKind(row.what), tuple(json.loads(row.place)), row.old, row.new),
        )
        for row in rows
    ]


def add_corrections(
    connection: Connection, article_id: str, new: Sequence[Correction], actor: Actor
) -> None:
    """Store corrections for later ingests, except tag corrections (see `add_tags`)."""
    for correction in new:
        if correction.what not in TAG_KINDS:
            add_correction(
                connection, article_id, correction, name=actor.name, at=datetime.now(UTC)
            )


def add_correction(
    connection: Connection, article_id: str, correction: Correction, *, name: str, at: datetime
) -> None:
    """Store a correction. A metadata correction replaces an earlier one of the same field."""
    if correction.what in METADATA_KINDS:
        condition = (corrections.c.article_id == article_id, corrections.c.what == correction.what)
        connection.execute(delete(corrections).where(*condition))
    connection.execute(
        insert(corrections).values(
            article_id=article_id,
            what=correction.what,
            place=json.dumps(correction.place, ensure_ascii=False),
            old=correction.old,
            new=correction.new,
            name=name,
            at=at,
        )
    )


def add_tags(
    connection: Connection, saved: Sequence[Passage], tags: Sequence[dict[str, bool]], actor: Actor
) -> bool:
    """Store the editor tags of each passage. Returns whether there are any."""
    for passage, decisions in zip(saved, tags, strict=True):
        for tag, present in decisions.items():
            now = datetime.now(UTC)
            set_tag(connection, passage.id, tag, present=present, name=actor.name, at=now)
    return any(tags)


def set_tag(
    connection: Connection,
    passage_id: str,
    tag: str,
    *,
    present: bool,
    name: str,
    at: datetime,
) -> None:
    """Add or remove an editor tag of a passage, replacing an earlier decision."""
    condition = (editor_tags.c.passage_id == passage_id, editor_tags.c.tag == tag)
    connection.execute(delete(editor_tags).where(*condition))
    connection.execute(
        insert(editor_tags).values(
            passage_id=passage_id,
            tag=tag,
            present=present,
            actor=name,
            at=at,
        )
    )


def delete_correction(connection: Connection, article_id: str, number: int) -> Correction:
    """Delete a correction and return it. Raises `NotFoundError`."""
    existing = dict(list_numbered_corrections(connection, article_id))
    if number not in existing:
        raise NotFoundError("correction", str(number))
    connection.execute(delete(corrections).where(corrections.c.number == number))
    return existing[number]
