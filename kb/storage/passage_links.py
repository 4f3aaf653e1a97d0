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
    found = connection.execute(
        select(passages.c.article_id, passages.c.version, passages.c.content)
        .where(passages.c.id == mappers.strip_nul(passage_id))
        .order_by(passages.c.version)
    ).all()
    if not found:
        raise NotFoundError("passage", passage_id)
    row = mappers.get_article_row(connection, found[0].article_id)
    current = row.published_version or row.latest_version
    texts = {one.version: mappers.parse_passage(one.content) for one in found}
    if current in texts:
        then = texts.get(version or current, texts[current])
        changed = then.text != texts[current].text
        return PassageLocation(
            article_id=row.id, passage_id=passage_id, moved=False, changed=changed
        )
    lost = texts[max(texts)]
    heir = _find_successor(lost, mappers.load_passages(connection, row.id, current))
    return PassageLocation(article_id=row.id, passage_id=heir, moved=True, changed=True)


def _find_successor(lost: Passage, present: Sequence[Passage]) -> str | None:
    def likeness(passage: Passage) -> float:
        same_heading = passage.heading_path == lost.heading_path
        return similarity(lost.text, passage.text) + (MIN_SIMILARITY if same_heading else 0.0)

    best = max(present, key=likeness, default=None)
    return best.id if best is not None and likeness(best) >= MIN_SIMILARITY else None
