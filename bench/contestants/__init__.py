"""Who is measured: ours, and the peers that are installed.

All index the same three fields and answer with the ids of the best ten. The peers are given our
stems, so that all search the same words; the time of stemming is in everybody's index time. Each
is set up as its own documentation recommends, and where there is a choice, the faster way.
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


def entered(names: Iterable[str], folder: Path) -> tuple[dict[str, Contestant], dict[str, str]]:
    """Return ours and the peers of these names, and why others were left out."""
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
