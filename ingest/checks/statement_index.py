"""Index of the statements in published passages, for finding contradictions between articles.

Statements that must agree share a key: definitions of one term, numbers for one quantity, sentences
with the same words. Two passages are compared only if one states a key that the other would
conflict with, so the cost of a check depends on the article and not on the size of the knowledge
base.

Like the search index, the file is derived: it follows the store's change feed, is rebuilt when the
rules or `VERSION` change, and may be deleted at any time. It stores keys, not text, and has about a
sixth of the size of the store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path

from ingest.checks.config import Rules
from ingest.checks.context import CheckPassage, RelatedPassage
from ingest.checks.definitions import extract_definitions, extract_denials
from ingest.checks.quantities import extract_quantities
from kb.errors import StoreError
from kb.model.article import Article
from kb.model.passage import Passage
from kb.storage.article_store import ArticleStore

VERSION = 1  # increment it if the extraction of keys changes, here or in the imported modules
KEY_RULES = ("contradictory-definition", "number-conflict")  # rules that the keys depend on
KEY_BYTES = 8  # a collision costs only an unnecessary comparison


@dataclass(frozen=True, slots=True)
class StatementKeys:
    """Keys that a passage states, and keys of statements that would conflict with it."""

    stated: frozenset[int]
    conflicting: frozenset[int]


def extract_keys(
    title: str, also_called: Sequence[str], passage: Passage, rules: Rules
) -> StatementKeys:
    """Return the keys of a passage in an article with this title and these other names."""
    pairs = list(
        _key_pairs(CheckPassage(passage, 0, is_reference_list=False), (title, *also_called), rules)
    )
    return StatementKeys(
        frozenset(_hash(stated) for stated, _ in pairs),
        frozenset(_hash(conflicting) for _, conflicting in pairs),
    )


def rules_fingerprint(rules: Rules) -> str:
    """Return a string that changes whenever the keys of existing passages may change."""
    read = [rules[name].values for name in KEY_RULES]
    return repr((VERSION, read, rules.settings("negation").values))


def _key_pairs(part: CheckPassage, names: Sequence[str], rules: Rules) -> Iterator[tuple[str, str]]:
    definitions, numbers = (rules[name] for name in KEY_RULES)
    for definition in extract_definitions(part, definitions):
        yield definition.key, definition.key
    for quantity in extract_quantities(part, names, numbers):
        yield quantity.key, quantity.key
    for statement in extract_denials(part, rules.settings("negation"), origin=names[0]):
        # Only the opposite statement is a conflict.
        yield f"{statement.value} {statement.key}", f"{not statement.value} {statement.key}"


def _hash(key: str) -> int:
    digest = blake2b(key.encode(), digest_size=KEY_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)


FILE_NAME = "statements.sqlite"
BATCH_SIZE = 500  # changes per transaction: a few seconds of work
MAX_PER_KEY = 8  # passages per key; a key with more of them is boilerplate
BUSY_TIMEOUT_SECONDS = 60.0  # another process may be indexing a batch
RELEVANT_KINDS = ("published", "retired")  # changes that affect published passages
TABLES = """
CREATE TABLE IF NOT EXISTS stated (
    key INTEGER, passage_id TEXT, article_id TEXT, PRIMARY KEY (key, passage_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stated_article ON stated (article_id);
CREATE TABLE IF NOT EXISTS reached (stamp TEXT, seq INTEGER);
"""


class StatementIndex:
    """Keys of all published passages of one store."""

    def __init__(self, home: Path, store: ArticleStore, rules: Rules, address: str) -> None:
        """Create the index file in `home` for the store's database at the URL `address`."""
        self._path, self._store, self._rules = home / FILE_NAME, store, rules
        self._stamp = sha256(f"{address}\n{rules_fingerprint(rules)}".encode()).hexdigest()

    def sync(self) -> None:
        """Index all pending changes. Raises `StoreError`."""
        while self._apply_batch():
            pass

    def count_pending_changes(self) -> int:
        """Return the number of changes in the feed that are not yet indexed."""
        with self._connect() as file:
            return self._store.last_seq() - self._last_applied_seq(file)

    def find_related(
        self, article_id: str, article: Article, passages: Sequence[Passage]
    ) -> tuple[RelatedPassage, ...]:
        """Return the passages of other articles that may contradict one of these."""
        names = (article.title, article.metadata.also_called)
        keys = {key for p in passages for key in extract_keys(*names, p, self._rules).conflicting}
        with self._connect() as file:
            ids = {
                str(row[0])
                for key in keys
                for row in file.execute(
                    "SELECT passage_id FROM stated WHERE key = ? AND article_id != ? LIMIT ?",
                    (key, article_id, MAX_PER_KEY),
                )
            }
        related = self._store.published_passages(ids)
        return tuple(
            RelatedPassage(summary.id, summary.title, summary.metadata.also_called, passage)
            for _, (summary, passage) in sorted(related.items())
        )

    def _apply_batch(self) -> bool:
        """Index one batch of changes; return whether there was one."""
        with self._connect() as file:
            file.execute("BEGIN IMMEDIATE")
            changes = self._store.changes(self._last_applied_seq(file), BATCH_SIZE)
            changed = {change.article_id for change in changes if change.kind in RELEVANT_KINDS}
            file.executemany("DELETE FROM stated WHERE article_id = ?", [(c,) for c in changed])
            file.executemany("INSERT OR IGNORE INTO stated VALUES (?, ?, ?)", self._rows(changed))
            if changes:
                file.execute("DELETE FROM reached")
                file.execute("INSERT INTO reached VALUES (?, ?)", (self._stamp, changes[-1].seq))
            file.execute("COMMIT")
        return bool(changes)

    def _last_applied_seq(self, file: sqlite3.Connection) -> int:
        """Return the last indexed position in the feed, or 0 after clearing an outdated index."""
        row = file.execute("SELECT stamp, seq FROM reached").fetchone()
        if row and row[0] == self._stamp and row[1] <= self._store.last_seq():
            return int(row[1])
        file.execute("DELETE FROM stated")
        file.execute("DELETE FROM reached")
        return 0

    def _rows(self, article_ids: set[str]) -> Iterator[tuple[int, str, str]]:
        for record in self._store.published(article_ids):
            names = (record.article.title, record.article.metadata.also_called)
            for passage in record.passages:
                for key in extract_keys(*names, passage, self._rules).stated:
                    yield key, passage.id, record.id

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_SECONDS)) as file:
                file.isolation_level = None  # transactions are managed explicitly
                file.executescript(TABLES)
                yield file
        except sqlite3.Error as error:
            raise StoreError(
                f"{self._path} cannot be used ({error}). Delete it; the next check rebuilds it.",
                code="statements-file",
            ) from error
