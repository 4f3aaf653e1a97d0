"""What a contestant does, and the stems that all of them are given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from bench.corpus import FIELDS
from bench.probes import Probe
from index import analyzer
from index.document import FIELD_BOOSTS, IndexDocument

TOP = 10  # hits of an answer: one page
WEIGHTS = {name: FIELD_BOOSTS[name] for name in FIELDS}


class Contestant(Protocol):
    """A search engine that is measured. It has a folder of its own, whose files are its size."""

    version: str

    def __init__(self, folder: Path) -> None:
        """Import what is needed; raises `ImportError` when it is not installed."""

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Index `documents` and write the index to the folder; this is timed."""

    def open(self) -> None:
        """Open what was built, for searching; this is not timed."""

    def takes(self, probe: Probe) -> bool:
        """Tell whether there is such a query here."""

    def ids(self, probe: Probe) -> list[str]:
        """Return the ids of the `TOP` best passages, read from the index; this is timed.

        With them, what the probe wants besides is worked out and thrown away.
        """


def fields_of(probe: Probe) -> list[str]:
    """Return the fields that a peer searches: the body alone, its fastest, unless all are asked."""
    return list(WEIGHTS) if probe.by_field else ["body"]


def stems(text: str) -> list[str]:
    """Return our stems in letters and digits only, which every peer's tokenizer leaves whole."""
    return [stem if stem.isalnum() else _plain(stem) for stem in analyzer.stem_text(text)]


def probe_stems(probe: Probe) -> list[str]:
    """Return the stems of a query's words; the beginning of a word is taken as it is."""
    return [analyzer.stem_word(word) for word in probe.words]


def tag_word(tag: str) -> str:
    """Return a tag as one word of letters."""
    return _plain(tag)


def _plain(stem: str) -> str:
    # "0.5" must not become the "05" that may stand there as well.
    return "".join(letter if letter.isalnum() else "q" for letter in stem)
