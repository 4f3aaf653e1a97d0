"""Near-duplicates in the store: each version's bands, and whom its passages are too much like.

Told when a version is saved, inside the transaction that saves it, so that two copies saved at once
are seen by one of the two; and asked again by the editorial checks. A passage of an article that
was retired is no one's duplicate.

Near-duplicates: passages that say the same in almost the same words, not comparing all pairs.

A passage is the set of its runs of five words ("shingles"); two are alike by the Jaccard
similarity of these sets (Broder 1997). A signature of `BANDS * ROWS` minima estimates it, taken
with one hash for each shingle (one permutation hashing: Li, Owen, Zhang 2012; empty bins are filled
by rotation: Shrivastava, Li 2014). Signatures that agree in all rows of any band make a candidate,
and only candidates are compared word by word.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, delete, insert, select, text

from kb.model.passage import Passage
from kb.model.records import ArticleStatus
from kb.storage import mappers
from kb.storage.database import Database
from kb.storage.schema import bands, passages

SHINGLE = 5  # words; with fewer, common turns of phrase look like copies
ALIKE = 0.8  # share of shingles in common from which an editor should look
MIN_WORDS = 20  # a shorter passage ("Call 999 if:") may well stand in many articles

# A pair at 0.8 shares a band with probability 1 - (1 - 0.8**5)**10 = 0.98, one at 0.5 with 0.27.
BANDS, ROWS = 10, 5
_BINS = BANDS * ROWS
_ROTATION = 0x9E3779B97F4A7C15  # odd, so that a borrowed minimum differs from the lender's own
_MASK = (1 << 64) - 1


def band_keys(text: str) -> tuple[int, ...]:
    """Return a signed 64-bit key for each band, or nothing for a text too short to tell."""
    found = _shingles(text)
    if len(found) < MIN_WORDS - SHINGLE + 1:
        return ()
    minima = _minima([_hash(shingle) for shingle in found])
    return tuple(_key(band, minima[band * ROWS : (band + 1) * ROWS]) for band in range(BANDS))


def similarity_estimate(one: str, other: str) -> float:
    """Return the share of shingles that both texts have, of those that either has: 0 to 1."""
    a, b = _shingles(one), _shingles(other)
    return len(a & b) / len(a | b) if a | b else 0.0


@lru_cache(maxsize=1_000)  # a passage is asked for several times while its article is saved
def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def _minima(hashes: Sequence[int]) -> list[int]:
    minima: list[int | None] = [None] * _BINS
    for value in hashes:
        bin_, rest = value % _BINS, value // _BINS
        least = minima[bin_]
        if least is None or rest < least:
            minima[bin_] = rest
    filled: list[int] = []
    for start in range(_BINS):
        distance = 0
        while (value_here := minima[(start + distance) % _BINS]) is None:
            distance += 1
        filled.append((value_here + distance * _ROTATION) & _MASK)
    return filled


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _key(band: int, values: Sequence[int]) -> int:
    digest = hashlib.blake2b(repr((band, *values)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


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
    `kb.storage.near_duplicates.similarity_estimate`, and `heading` the heading right above the other. `everywhere` says that
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
