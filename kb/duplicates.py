"""Near-duplicates in the store: each version's bands, and whom its passages are too much like.

Works inside the transaction that saves the version, so two copies saved at once are seen by one of
the two. A passage of an article that was retired is no one's duplicate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, insert, select

from kb import rows
from kb.likeness import ALIKE, band_keys, likeness
from kb.passage import Passage
from kb.record import Status
from kb.tables import articles, bands, passages

MOST_SHOWN = 5  # pairs that are told; an article that is a copy as a whole needs no more
MOST_CANDIDATES = 20  # for one passage: a text that stands in hundreds is told once, not compared


def record_bands(connection: Connection, article_id: str, kept: Sequence[Passage]) -> list[str]:
    """Replace the bands of an article; return a sentence for each near-duplicate."""
    connection.execute(delete(bands).where(bands.c.article_id == article_id))
    by_passage = {passage.id: set(band_keys(passage.text)) for passage in kept}
    told = [
        f"{_place(passage)} is {share:.0%} the same as the passage /passages/{other} of {of}."
        for passage in kept
        for of, other, share in _alike(connection, passage, by_passage[passage.id])
    ]
    told += _within(kept, by_passage)
    entries = [
        {"key": key, "passage_id": passage_id, "article_id": article_id}
        for passage_id, keys in by_passage.items()
        for key in keys
    ]
    if entries:
        connection.execute(insert(bands), entries)
    more = len(told) - MOST_SHOWN
    if more > 0:
        told[MOST_SHOWN:] = [f"Nearly the same as other passages are {more} more of this article."]
    return told


def _alike(
    connection: Connection, passage: Passage, keys: set[int]
) -> Iterator[tuple[str, str, float]]:
    """Yield (article, passage, likeness) of the passages of other articles that are too alike."""
    if not keys:
        return
    candidates = connection.execute(
        select(bands.c.article_id, bands.c.passage_id, articles.c.latest_version)
        .join(articles, articles.c.id == bands.c.article_id)
        .where(bands.c.key.in_(sorted(keys)), articles.c.status != Status.RETIRED)
        .distinct()
        .limit(MOST_CANDIDATES)
    ).all()
    for row in candidates:
        content = connection.execute(
            select(passages.c.content).where(
                passages.c.article_id == row.article_id,
                passages.c.version == row.latest_version,
                passages.c.id == row.passage_id,
            )
        ).scalar_one_or_none()
        if content is not None:
            share = likeness(passage.text, rows.PASSAGE.validate_json(content).text)
            if share >= ALIKE:
                yield row.article_id, row.passage_id, share


def _within(kept: Sequence[Passage], by_passage: dict[str, set[int]]) -> list[str]:
    """Return a sentence for each passage that is too much like one before it in the article."""
    seen: dict[int, list[Passage]] = defaultdict(list)
    told = []
    for passage in kept:
        before = {p.id: p for key in by_passage[passage.id] for p in seen[key]}
        for other in before.values():
            share = likeness(passage.text, other.text)
            if share >= ALIKE:
                told.append(f"{_place(passage)} is {share:.0%} the same as {_place(other)}.")
                break
        for key in by_passage[passage.id]:
            seen[key].append(passage)
    return told


def _place(passage: Passage) -> str:
    heading = passage.heading or "the lead"
    return f"The passage /passages/{passage.id} under “{heading}”"
