"""Resolution of passage links after an article has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from kb.errors import NotFoundError
from kb.model.passage import Passage
from kb.model.passage_matching import similarity
from kb.storage import mappers
from kb.storage.schema import passages

MIN_SIMILARITY = 0.3  # minimum similarity of a removed passage to its successor


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageLocation:
    """Target of a passage link. `passage_id` is None for the top of the article."""

    article_id: str
    passage_id: str | None
    moved: bool  # the current version does not contain the linked passage
    changed: bool  # the text differs from the version that was linked


def locate_passage(connection: Connection, passage_id: str, version: int | None) -> PassageLocation:
    """Return the current target of a link. Raises `NotFoundError` for an unknown passage."""
    rows = connection.execute(
        select(passages.c.article_id, passages.c.version, passages.c.content)
        .where(passages.c.id == mappers.strip_nul(passage_id))
        .order_by(passages.c.version)
    ).all()
    if not rows:
        raise NotFoundError("passage", passage_id)
    row = mappers.get_article_row(connection, rows[0].article_id)
    current = row.published_version or row.latest_version
    texts = {stored.version: mappers.parse_passage(stored.content) for stored in rows}
    if current in texts:
        linked = texts.get(version or current, texts[current])
        changed = linked.text != texts[current].text
        return PassageLocation(
            article_id=row.id, passage_id=passage_id, moved=False, changed=changed
        )
    removed = texts[max(texts)]
    successor = _find_successor(removed, mappers.load_passages(connection, row.id, current))
    return PassageLocation(article_id=row.id, passage_id=successor, moved=True, changed=True)


def _find_successor(removed: Passage, candidates: Sequence[Passage]) -> str | None:
    def score(passage: Passage) -> float:
        same_heading = passage.heading_path == removed.heading_path
        return similarity(removed.text, passage.text) + (MIN_SIMILARITY if same_heading else 0.0)

    best = max(candidates, key=score, default=None)
    return best.id if best is not None and score(best) >= MIN_SIMILARITY else None
