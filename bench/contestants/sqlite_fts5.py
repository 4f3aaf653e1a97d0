"""SQLite FTS5 table with weighted columns, optimized after loading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from bench.contestants.contestant import TOP, WEIGHTS, fields_of, probe_stems, stems, tag_word
from bench.probes import Extra, Operator, Probe
from index.document import IndexDocument

COLUMNS = ", ".join(WEIGHTS)
WITH_SNIPPETS = (
    "SELECT id, snippet(passages, 2, '[', ']', '', 40) FROM passages WHERE passages MATCH ? "
    f"ORDER BY rank LIMIT {TOP}"
)
SEARCH = f"SELECT id FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT {TOP}"


class SqliteFts5:
    """An FTS5 table in one file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "passages.sqlite"
        self.version = f"SQLite {sqlite3.sqlite_version}"

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Insert all passages in one transaction."""
        connection = sqlite3.connect(self._path)
        weights = ", ".join(str(weight) for weight in WEIGHTS.values())
        with connection:
            connection.execute(
                f"CREATE VIRTUAL TABLE passages USING fts5({COLUMNS}, tags, id UNINDEXED)"
            )
            connection.execute(
                "INSERT INTO passages(passages, rank) VALUES ('rank', ?)",
                (f"bm25({weights}, 0.0)",),
            )
            connection.executemany(
                f"INSERT INTO passages({COLUMNS}, tags, id) VALUES (?, ?, ?, ?, ?)",
                (_row(document) for document in documents),
            )
            connection.execute("INSERT INTO passages(passages) VALUES ('optimize')")
        connection.close()

    def open(self) -> None:
        """Open the file."""
        self._connection = sqlite3.connect(self._path)

    def supports(self, probe: Probe) -> bool:
        """Accept every class except misspelt words and facets."""
        return probe.operator is not Operator.FUZZY and probe.extra is not Extra.FACETS

    def ids(self, probe: Probe) -> list[str]:
        """Search and read the stored ids."""
        search = WITH_SNIPPETS if probe.extra is Extra.SNIPPETS else SEARCH
        return [str(row[0]) for row in self._connection.execute(search, (_match(probe),))]


def _row(document: IndexDocument) -> list[str]:
    texts = [" ".join(stems(document.texts[name])) for name in WEIGHTS]
    return [*texts, " ".join(tag_word(tag) for tag in document.tags), document.passage_id]


def _match(probe: Probe) -> str:
    if probe.operator is Operator.PREFIX:
        wanted = f'"{probe.words[0]}" *'
    elif probe.operator is Operator.PHRASE:
        wanted = f'"{" ".join(probe_stems(probe))}"'
    else:
        joint = " OR " if probe.operator is Operator.ANY else " AND "
        wanted = joint.join(f'"{stem}"' for stem in probe_stems(probe))
    in_texts = f"{{{' '.join(fields_of(probe))}}} : ({wanted})"
    return f'(tags : "{tag_word(probe.tag)}") AND {in_texts}' if probe.tag else in_texts
