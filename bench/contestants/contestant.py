"""Protocol of the compared engines, and the stems that they receive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from bench.corpus import FIELDS
from bench.probes import Probe
from index import analyzer
from index.document import FIELD_BOOSTS, IndexDocument

TOP = 10  # hits per result: one page
WEIGHTS = {name: FIELD_BOOSTS[name] for name in FIELDS}


class Contestant(Protocol):
    """A benchmarked search engine; the size of its folder is the size of its index."""

    version: str

    def __init__(self, folder: Path) -> None:
        """Import the engine; raises `ImportError` if it is not installed."""

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Index `documents` and write the index to the folder; timed."""

    def open(self) -> None:
        """Open the index for searching; not timed."""

    def supports(self, probe: Probe) -> bool:
        """Return whether the engine supports this kind of query."""

    def ids(self, probe: Probe) -> list[str]:
        """Return the ids of the `TOP` best passages, read from the index; timed.

        Extra results that the probe requests are computed and discarded.
        """


def fields_of(probe: Probe) -> list[str]:
    """Return the fields that a peer searches: the body unless all are requested."""
    return list(WEIGHTS) if probe.by_field else ["body"]


def stems(text: str) -> list[str]:
    """Return our stems as letters and digits only, which no peer's tokenizer splits."""
    return [stem if stem.isalnum() else _plain(stem) for stem in analyzer.stem_text(text)]


def probe_stems(probe: Probe) -> list[str]:
    """Return the stems of a query's words; a prefix stays unchanged."""
    return [analyzer.stem_word(word) for word in probe.words]


def tag_word(tag: str) -> str:
    """Return a tag as one word of letters."""
    return _plain(tag)


def _plain(stem: str) -> str:
    # "0.5" must not become "05", which may occur as well.
    return "".join(letter if letter.isalnum() else "q" for letter in stem)
