"""Near-duplicate detection with MinHash and locality-sensitive hashing.

A passage is represented by its set of five-word shingles, and two passages are compared by the
Jaccard similarity of these sets (Broder 1997). A signature of `BANDS * ROWS` minima is computed
with one hash per shingle (one permutation hashing: Li, Owen, Zhang 2012; empty bins filled by
rotation: Shrivastava, Li 2014). Passages whose signatures agree in all rows of a band are
candidates; only candidates are compared exactly.

Bands are stored when a version is saved, in the same transaction, so that of two copies saved
concurrently the second is detected. Retired articles are ignored.
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
from kb.storage.schema import near_duplicate_bands, passages

SHINGLE_WORDS = 5  # words; shorter shingles match common phrases
MIN_SIMILARITY = 0.8  # minimum similarity of a near-duplicate
MIN_WORDS = 20  # shorter passages ("Call 999 if:") legitimately recur

# At similarity 0.8 a pair shares a band with probability 1 - (1 - 0.8**5)**10 = 0.98, at 0.5 0.27.
BANDS, ROWS = 10, 5
_BINS = BANDS * ROWS
_ROTATION = 0x9E3779B97F4A7C15  # odd offset that marks a minimum borrowed from another bin
_MASK = (1 << 64) - 1


def compute_band_keys(text: str) -> tuple[int, ...]:
    """Return a signed 64-bit key for each band, or an empty tuple if the text is too short."""
    shingles = _shingles(text)
    if len(shingles) < MIN_WORDS - SHINGLE_WORDS + 1:
        return ()
    minima = _compute_minima([_hash(shingle) for shingle in shingles])
    return tuple(_hash_band(band, minima[band * ROWS : (band + 1) * ROWS]) for band in range(BANDS))


def shingle_similarity(first: str, second: str) -> float:
    """Return the Jaccard similarity of the shingles of two texts, from 0 to 1."""
    a, b = _shingles(first), _shingles(second)
    return len(a & b) / len(a | b) if a | b else 0.0


@lru_cache(maxsize=1_000)  # saving an article needs the shingles of a passage several times
def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(
        " ".join(words[i : i + SHINGLE_WORDS]) for i in range(len(words) - SHINGLE_WORDS + 1)
    )


def _compute_minima(hashes: Sequence[int]) -> list[int]:
    minima: list[int | None] = [None] * _BINS
    for value in hashes:
        bin_, rest = value % _BINS, value // _BINS
        minimum = minima[bin_]
        if minimum is None or rest < minimum:
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


def _hash_band(band: int, values: Sequence[int]) -> int:
    digest = hashlib.blake2b(repr((band, *values)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


MAX_REPORTED = 5  # reported pairs per article
MAX_CANDIDATES = 20  # per key, so that boilerplate in hundreds of articles is not compared

# Selects the first passages of other articles for each key. The limit keeps saving fast even if
# boilerplate occurs in every article. Written as text, because SQLAlchemy needs twenty times as
# long to render the list of values as SQLite needs to run the query.
SELECT_CANDIDATES = f"""
WITH wanted(key) AS (VALUES {{}})
SELECT bands.key, bands.article_id, bands.passage_id, articles.latest_version
FROM wanted
JOIN near_duplicate_bands AS bands ON bands.key = wanted.key
JOIN articles ON articles.id = bands.article_id
WHERE bands.article_id <> :own
AND articles.status <> '{ArticleStatus.RETIRED}'
AND bands.passage_id <= COALESCE((
    SELECT others.passage_id
    FROM near_duplicate_bands AS others
    JOIN articles AS theirs ON theirs.id = others.article_id
    WHERE others.key = wanted.key
    AND others.article_id <> :own
    AND theirs.status <> '{ArticleStatus.RETIRED}'
    ORDER BY others.passage_id
    LIMIT 1 OFFSET {MAX_CANDIDATES - 1}
), '{"z" * 21}')
"""

PassageKey = tuple[str, str, int]  # article, passage, version


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """A passage and the passage most similar to it.

    `article_id` is empty if the other passage precedes it in the same article. `heading` is the
    heading of the other passage and `share` the similarity (0 to 1). `is_boilerplate` is true if
    so many passages were candidates that not all were compared.
    """

    passage_id: str
    article_id: str
    other_id: str
    heading: str
    share: float
    is_boilerplate: bool = False


class NearDuplicateStore:
    """Near-duplicates of saved passages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, article_id: str, passages: Sequence[Passage]) -> list[NearDuplicate]:
        """Return the near-duplicates of an article's passages, in the order of the passages.

        Passages are compared with the latest version of every other article that is not retired.
        """
        with self._database.reading() as connection:
            return _find_near_duplicates(connection, article_id, passages, _compute_keys(passages))


def record_bands(connection: Connection, article_id: str, passages: Sequence[Passage]) -> list[str]:
    """Replace the bands of an article. Returns a sentence for each near-duplicate."""
    keys = write_bands(connection, article_id, passages)
    headings = {passage.id: passage.heading for passage in passages}
    notes = [
        f"The passage {_describe_passage(double.passage_id, headings[double.passage_id])} is "
        f"{double.share:.0%} identical to {_describe_other(double)}."
        for double in _find_near_duplicates(connection, article_id, passages, keys)
    ]
    omitted = len(notes) - MAX_REPORTED
    if omitted > 0:
        notes[MAX_REPORTED:] = [f"{omitted} more passages of this article have near-duplicates."]
    return notes


def write_bands(
    connection: Connection, article_id: str, passages: Sequence[Passage]
) -> dict[str, frozenset[int]]:
    """Replace the bands of an article. Returns the keys by passage id."""
    connection.execute(
        delete(near_duplicate_bands).where(near_duplicate_bands.c.article_id == article_id)
    )
    keys = _compute_keys(passages)
    entries = [
        {"key": key, "passage_id": passage_id, "article_id": article_id}
        for passage_id, band_keys in keys.items()
        for key in band_keys
    ]
    if entries:
        connection.execute(insert(near_duplicate_bands), entries)
    return keys


def _describe_passage(passage_id: str, heading: str) -> str:
    return f"/passages/{passage_id} under “{heading or 'Introduction'}”"


def _describe_other(double: NearDuplicate) -> str:
    article = f"of {double.article_id}" if double.article_id else "before it"
    return f"the passage {_describe_passage(double.other_id, double.heading)} {article}"


def _compute_keys(passages: Sequence[Passage]) -> dict[str, frozenset[int]]:
    return {passage.id: frozenset(compute_band_keys(passage.text)) for passage in passages}


def _find_near_duplicates(
    connection: Connection,
    article_id: str,
    passages: Sequence[Passage],
    keys: dict[str, frozenset[int]],
) -> list[NearDuplicate]:
    """Return the most similar passage for each passage that has a near-duplicate."""
    others = _load_candidates(connection, article_id, frozenset().union(*keys.values()))
    loaded = _load_passages(
        connection, {location for group in others.values() for location in group}
    )
    before: dict[int, list[PassageKey]] = defaultdict(list)
    group = []
    for passage in passages:
        candidates = {
            location for key in keys[passage.id] for location in (*others[key], *before[key])
        }
        double = _find_nearest(passage, sorted(candidates), loaded)
        if double:
            group.append(double)
        location = ("", passage.id, 0)
        loaded[location] = passage
        for key in keys[passage.id]:
            if len(before[key]) < MAX_CANDIDATES:
                before[key].append(location)
    return group


def _find_nearest(
    passage: Passage, candidates: Sequence[PassageKey], loaded: dict[PassageKey, Passage]
) -> NearDuplicate | None:
    """Return the near-duplicate with the highest similarity, or None."""
    best: NearDuplicate | None = None
    for candidate in candidates:
        if candidate not in loaded:
            continue
        share = shingle_similarity(passage.text, loaded[candidate].text)
        if share >= MIN_SIMILARITY and (best is None or share > best.share):
            article, other_id, _ = candidate
            best = NearDuplicate(
                passage_id=passage.id,
                article_id=article,
                other_id=other_id,
                heading=loaded[candidate].heading,
                share=share,
                is_boilerplate=len(candidates) >= MAX_CANDIDATES,
            )
            if share == 1.0:
                break
    return best


def _load_candidates(
    connection: Connection, article_id: str, keys: frozenset[int]
) -> dict[int, list[PassageKey]]:
    """Return the first passages of other articles for each key."""
    candidates: dict[int, list[PassageKey]] = defaultdict(list)
    for batch in mappers.iter_batches(sorted(keys)):
        parameters = {f"key{number}": key for number, key in enumerate(batch)}
        statement = SELECT_CANDIDATES.format(", ".join(f"(:{name})" for name in parameters))
        for row in connection.execute(text(statement), {**parameters, "own": article_id}):
            candidates[row.key].append((row.article_id, row.passage_id, row.latest_version))
    return candidates


def _load_passages(connection: Connection, keys: set[PassageKey]) -> dict[PassageKey, Passage]:
    """Return the passages at these locations."""
    contents: dict[PassageKey, Passage] = {}
    for batch in mappers.iter_batches(sorted({passage for _, passage, _ in keys})):
        for row in connection.execute(select(passages).where(passages.c.id.in_(batch))):
            key = (row.article_id, row.id, row.version)
            if key in keys:
                contents[key] = mappers.parse_passage(row.content)
    return contents
