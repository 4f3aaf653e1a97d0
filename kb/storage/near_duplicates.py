"""Near-duplicates in the store: each version's bands, and whom its passages are too much like.

Told when a version is saved, inside the transaction that saves it, so that two copies saved at once
are seen by one of the two; and asked again by the editorial checks. A passage of an article that
was retired is no one's duplicate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, text

from kb.model.passage import Passage
from kb.model.records import ArticleStatus
from kb.storage import mappers
from kb.storage.database import Database
from kb.storage.likeness import ALIKE, band_keys, similarity_estimate
from kb.storage.schema import bands, passages

MAX_SHOWN = 5  # pairs that are told; an article that is a copy as a whole needs no more
MAX_CANDIDATES = 20  # under one key: a text that stands in hundreds is told once, not compared

# The first passages of others under each key, and nothing beyond them: a box that stands in every
# article has a key with as many passages, and ranking them all makes each saving wait longer, the
# more articles there are. Written out, since SQLAlchemy takes twenty times as long to write a list
# of values as SQLite needs to answer.
FIRST_OF_EACH = f"""
WITH wanted(key) AS (VALUES {{}})
SELECT bands.key, bands.article_id, bands.passage_id, articles.latest_version
FROM wanted
JOIN bands ON bands.key = wanted.key
JOIN articles ON articles.id = bands.article_id
WHERE bands.article_id <> :own
AND articles.status <> '{ArticleStatus.RETIRED}'
AND bands.passage_id <= COALESCE((
    SELECT others.passage_id
    FROM bands AS others
    JOIN articles AS theirs ON theirs.id = others.article_id
    WHERE others.key = wanted.key
    AND others.article_id <> :own
    AND theirs.status <> '{ArticleStatus.RETIRED}'
    ORDER BY others.passage_id
    LIMIT 1 OFFSET {MAX_CANDIDATES - 1}
), '{"z" * 21}')
"""

Place = tuple[str, str, int]  # article, passage, version


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """A passage of an article, and the one that it is most like.

    `article_id` is empty when the other stands before it in the same article; `share` is that of
    `kb.storage.likeness.similarity_estimate`, and `heading` the heading right above the other. `everywhere` says that
    others like it were more than are looked at, as of a box that stands in every article.
    """

    passage_id: str
    article_id: str
    other_id: str
    heading: str
    share: float
    everywhere: bool = False


class NearDuplicateStore:
    """The near-duplicates of what is in a database, for whoever asks after the saving."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, article_id: str, kept: Sequence[Passage]) -> list[NearDuplicate]:
        """Return the doubles of these passages of an article, in the order of the passages.

        Compared is with the newest version of every other article that is not retired.
        """
        with self._database.reading() as connection:
            return _doubles(connection, article_id, kept, _keys(kept))


def record_bands(connection: Connection, article_id: str, kept: Sequence[Passage]) -> list[str]:
    """Replace the bands of an article; return a sentence for each near-duplicate."""
    keys = write_bands(connection, article_id, kept)
    headings = {passage.id: passage.heading for passage in kept}
    told = [
        f"The passage {_link(double.passage_id, headings[double.passage_id])} is "
        f"{double.share:.0%} the same as {_of(double)}."
        for double in _doubles(connection, article_id, kept, keys)
    ]
    more = len(told) - MAX_SHOWN
    if more > 0:
        told[MAX_SHOWN:] = [f"Nearly the same as other passages are {more} more of this article."]
    return told


def write_bands(
    connection: Connection, article_id: str, kept: Sequence[Passage]
) -> dict[str, frozenset[int]]:
    """Replace the bands of an article; return the keys of each passage."""
    connection.execute(delete(bands).where(bands.c.article_id == article_id))
    keys = _keys(kept)
    entries = [
        {"key": key, "passage_id": passage_id, "article_id": article_id}
        for passage_id, own in keys.items()
        for key in own
    ]
    if entries:
        connection.execute(insert(bands), entries)
    return keys


def _link(passage_id: str, heading: str) -> str:
    return f"/passages/{passage_id} under “{heading or 'the lead'}”"


def _of(double: NearDuplicate) -> str:
    there = f"of {double.article_id}" if double.article_id else "before it"
    return f"the passage {_link(double.other_id, double.heading)} {there}"


def _keys(kept: Sequence[Passage]) -> dict[str, frozenset[int]]:
    return {passage.id: frozenset(band_keys(passage.text)) for passage in kept}


def _doubles(
    connection: Connection,
    article_id: str,
    kept: Sequence[Passage],
    keys: dict[str, frozenset[int]],
) -> list[NearDuplicate]:
    """Return the nearest passage, here or elsewhere, for each that has one too much like it."""
    elsewhere = _candidates(connection, article_id, frozenset().union(*keys.values()))
    known = _contents(connection, {place for found in elsewhere.values() for place in found})
    before: dict[int, list[Place]] = defaultdict(list)
    found = []
    for passage in kept:
        met = {place for key in keys[passage.id] for place in (*elsewhere[key], *before[key])}
        double = _nearest(passage, sorted(met), known)
        if double:
            found.append(double)
        place = ("", passage.id, 0)
        known[place] = passage
        for key in keys[passage.id]:
            if len(before[key]) < MAX_CANDIDATES:
                before[key].append(place)
    return found


def _nearest(
    passage: Passage, met: Sequence[Place], known: dict[Place, Passage]
) -> NearDuplicate | None:
    """Return the double with the first of the passages that are most like this one."""
    best: NearDuplicate | None = None
    for place in met:
        if place not in known:
            continue
        share = similarity_estimate(passage.text, known[place].text)
        if share >= ALIKE and (best is None or share > best.share):
            article, other, _ = place
            best = NearDuplicate(
                passage_id=passage.id,
                article_id=article,
                other_id=other,
                heading=known[place].heading,
                share=share,
                everywhere=len(met) >= MAX_CANDIDATES,
            )
            if share == 1.0:
                break
    return best


def _candidates(
    connection: Connection, article_id: str, keys: frozenset[int]
) -> dict[int, list[Place]]:
    """Return, for each key, the first passages of other articles that have it."""
    found: dict[int, list[Place]] = defaultdict(list)
    for batch in mappers.batches(sorted(keys)):
        wanted = {f"key{number}": key for number, key in enumerate(batch)}
        statement = FIRST_OF_EACH.format(", ".join(f"(:{name})" for name in wanted))
        for row in connection.execute(text(statement), {**wanted, "own": article_id}):
            found[row.key].append((row.article_id, row.passage_id, row.latest_version))
    return found


def _contents(connection: Connection, places: set[Place]) -> dict[Place, Passage]:
    """Return these passages, each in the version given."""
    contents: dict[Place, Passage] = {}
    for batch in mappers.batches(sorted({passage for _, passage, _ in places})):
        for row in connection.execute(select(passages).where(passages.c.id.in_(batch))):
            place = (row.article_id, row.id, row.version)
            if place in places:
                contents[place] = mappers.read_passage(row.content)
    return contents
