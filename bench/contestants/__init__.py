"""The engines that are compared: ours and the installed peers.

All index the same three fields and return the ids of the best ten passages. Peers receive our
stems, so that all engines search the same words; stemming counts towards the index time of each.
Each engine is configured as its documentation recommends, choosing the faster option.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from bench.contestants.bm25s_array import Bm25s
from bench.contestants.contestant import Contestant
from bench.contestants.ours import Ours
from bench.contestants.sqlite_fts5 import SqliteFts5
from bench.contestants.tantivy_index import Tantivy
from bench.contestants.whoosh_plain import PlainWhoosh
from bench.contestants.xapian_database import Xapian

OURS = "ours"
PEERS: dict[str, Callable[[Path], Contestant]] = {
    "whoosh": PlainWhoosh,
    "sqlite-fts5": SqliteFts5,
    "tantivy": Tantivy,
    "bm25s": Bm25s,
    "xapian": Xapian,
}


def open_contestants(
    names: Iterable[str], folder: Path
) -> tuple[dict[str, Contestant], dict[str, str]]:
    """Return our engine and the named peers, and the reason for each peer that is unavailable."""
    contestants: dict[str, Contestant] = {OURS: Ours(_own(folder, OURS))}
    left_out: dict[str, str] = {}
    for name in names:
        try:
            contestants[name] = PEERS[name](_own(folder, name))
        except ImportError as error:
            left_out[name] = f"not installed: {error}"
    return contestants, left_out


def _own(folder: Path, name: str) -> Path:
    own = folder / name
    own.mkdir(exist_ok=True)
    return own
