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
Place = tuple[str, str, int]  # article, passage, version

MOST_CANDIDATES = 20  # for one passage: a text that stands in hundreds is told once, not compared


def record_bands(connection: Connection, article_id: str, kept: Sequence[Passage]) -> list[str]:
    """Replace the bands of an article; return a sentence for each near-duplicate."""
    connection.execute(delete(bands).where(bands.c.article_id == article_id))
    keys = {passage.id: set(band_keys(passage.text)) for passage in kept}
    told = [*_elsewhere(connection, kept, keys), *_within(kept, keys)]
    entries = [
        {"key": key, "passage_id": passage_id, "article_id": article_id}
        for passage_id, own in keys.items()
        for key in own
    ]
    if entries:
        connection.execute(insert(bands), entries)
    more = len(told) - MOST_SHOWN
    if more > 0:
        told[MOST_SHOWN:] = [f"Nearly the same as other passages are {more} more of this article."]
    return told


def _elsewhere(
    connection: Connection, kept: Sequence[Passage], keys: dict[str, set[int]]
) -> Iterator[str]:
    """Tell each passage that is too much like one of another article, with the first such."""
    candidates = _candidates(connection, set().union(*keys.values()))
    texts = _texts(connection, {place for found in candidates.values() for place in found})
    for passage in kept:
        met = {place for key in keys[passage.id] for place in candidates.get(key, ())}
        for article, other, version in sorted(met)[:MOST_CANDIDATES]:
            share = likeness(passage.text, texts.get((article, other, version), ""))
            if share >= ALIKE:
                yield (
                    f"{_place(passage)} is {share:.0%} the same as the passage "
                    f"/passages/{other} of {article}."
                )
                break


def _candidates(connection: Connection, keys: set[int]) -> dict[int, list[Place]]:
    """Return, for each key, the passages of other articles that have it."""
    found: dict[int, list[Place]] = defaultdict(list)
    for batch in rows.batches(sorted(keys)):
        statement = (
            select(bands.c.key, bands.c.article_id, bands.c.passage_id, articles.c.latest_version)
            .join(articles, articles.c.id == bands.c.article_id)
            .where(bands.c.key.in_(batch), articles.c.status != Status.RETIRED)
        )
        for key, article, passage, version in connection.execute(statement):
            if len(found[key]) < MOST_CANDIDATES:
                found[key].append((article, passage, version))
    return found


def _texts(connection: Connection, places: set[Place]) -> dict[Place, str]:
    """Return the texts of these passages, each in the version given."""
    texts: dict[Place, str] = {}
    for batch in rows.batches(sorted({passage for _, passage, _ in places})):
        statement = select(passages).where(passages.c.id.in_(batch))
        for row in connection.execute(statement):
            place = (row.article_id, row.id, row.version)
            if place in places:
                texts[place] = rows.PASSAGE.validate_json(row.content).text
    return texts


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
