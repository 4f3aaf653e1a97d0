"""bm25s with numba: scores precomputed at index time, one array in memory, no fields.

It indexes bodies only and supports only disjunctions: no conjunction, phrase, prefix or filter.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from bench.contestants.contestant import TOP, probe_stems, stems
from bench.probes import Operator, Probe
from index.document import IndexDocument


class Bm25s:
    """A bm25s retriever, saved to a folder so that it has a size."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bm25s = import_module("bm25s")
        import_module("numba")  # bm25s is slower without numba
        self.version = f"{version('bm25s')} with numba {version('numba')}"

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Compute the scores of all passages."""
        texts = [stems(document.texts["body"]) for document in documents]
        self._retriever = self._bm25s.BM25(k1=1.2, b=0.75, backend="numba")
        self._retriever.index(texts, show_progress=False)
        self._retriever.save(str(self._folder))

    def open(self) -> None:
        """Load the saved index."""
        self._retriever = self._bm25s.BM25.load(str(self._folder))
        self._retriever.backend = "numba"
        self._count = int(self._retriever.scores["num_docs"])

    def supports(self, probe: Probe) -> bool:
        """Accept disjunctions and single words."""
        joined = probe.operator is Operator.ANY or (
            probe.operator is Operator.ALL and len(probe.words) == 1
        )
        return joined and not (probe.tag or probe.extra or probe.by_field)

    def ids(self, probe: Probe) -> list[str]:
        """Return the best passages; passages with score 0 are not hits."""
        found, scores = self._retriever.retrieve(
            [probe_stems(probe)], k=min(TOP, self._count), show_progress=False, n_threads=1
        )
        pairs = zip(found[0], scores[0], strict=True)
        return [f"p{number}" for number, score in pairs if score > 0]
