"""Import: what an export holds, into this knowledge base, in one transaction.

`kb.unpacking` verifies the file before anything is written, and `kb.merging` decides what of an
article is new. What is here is never overwritten: where the export says something else, the answer
names the article and what was left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from kb import arriving, feed, originals, rows, saving, taught, trail
from kb.database import Database
from kb.durable import stream_durably, write_durably
from kb.errors import ExportError
from kb.exporting import portable
from kb.feed import Entry
from kb.identity import keep_ids
from kb.merging import Merge, merged, renamed, what_happened
from kb.portable import Portable, passages_of
from kb.record import Status
from kb.tables import passages
from kb.trail import By, Deed
from kb.unpacking import DESK, VOCABULARY, Unpacked, unpacked

BESIDE = ".imported"  # ends the name of a file of the vocabulary that differs from ours

# Of a file of the vocabulary: what is wrong with it, or nothing.
Check = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one article: `status` is added, updated or unchanged.

    `added` are the numbers of its new versions; `notes` end sentences that begin with its id.
    """

    article_id: str
    title: str
    status: str
    added: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do. `vocabulary` tells of each file what became of it."""

    made_at: str
    arrivals: tuple[Arrival, ...]
    sources: int
    vocabulary: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many articles were added, updated and unchanged."""
        found = [arrival.status for arrival in self.arrivals]
        return {name: found.count(name) for name in ("added", "updated", "unchanged")}


class _TriedError(Exception):
    """Ends the transaction of an import that was only tried."""


def bring_in(
    database: Database,
    home: Path,
    path: Path,
    by: By,
    *,
    shown: str = "",
    check: Check,
    vocabulary: bool = True,
    only_try: bool = False,
) -> Imported:
    """Import the export at `path`, called `shown` in messages; raises `ExportError`.

    With `only_try` nothing is written. Without `vocabulary` its files are left where they are.
    """
    with unpacked(path, shown or str(path)) as found:
        words = found.words() if vocabulary else {}
        _check_words(found, words, check, shown or str(path))
        written = [] if only_try else _write_sources(found, home)
        arrivals: list[Arrival] = []
        desk: dict[str, str] = {}
        notes = (
            []
            if vocabulary
            else [f"{name} was left out: `kb import` brings it" for name in found.words()]
        )
        try:
            with database.writing() as connection:
                importing = _Importing(connection, found, by, shown or path.name)
                arrivals += importing.articles()
                notes += importing.missing()
                desk = importing.desk(notes)
                if only_try:
                    raise _TriedError
        except _TriedError:
            pass
        except BaseException:  # whatever it was: no original stays of an article that did not
            for source in written:
                source.unlink(missing_ok=True)
            raise
        states = {name: _put(home / name, content, only_try) for name, content in words.items()}
        states |= desk
        return Imported(found.manifest.made_at, tuple(arrivals), len(written), states, tuple(notes))


def _check_words(found: Unpacked, words: Mapping[str, bytes], check: Check, shown: str) -> None:
    """Raise `ExportError` unless the vocabulary can be used here."""
    lines = "".join(f"{one.line}\n" for one in found.taught().synonyms).encode()
    files = [(f"vocabulary/{name}", name, content) for name, content in words.items()]
    for member, name, content in (*files, (DESK, VOCABULARY[0], lines)):
        problem = check(name, content)
        if problem:
            mend = "Mend it where it came from, and export again."
            raise ExportError(shown, member, f"cannot be used: {problem}", mend, code="vocabulary")


class _Importing:
    """One import inside its transaction."""

    def __init__(self, connection: Connection, found: Unpacked, by: By, name: str) -> None:
        self._connection, self._found, self._by, self._name = connection, found, by, name
        self._ids = self._names(found.keys)
        self._renamed: dict[str, str] = {}

    def articles(self) -> list[Arrival]:
        """Write what is new of every article."""
        entries: list[Entry] = []
        arrivals = [self._article(article, entries) for article in self._found.articles()]
        if entries:
            feed.append(self._connection, entries)
            changed = sum(arrival.status != "unchanged" for arrival in arrivals)
            deed = Deed(self._by, "base.imported", self._name[:200], f"{changed} articles")
            trail.append(self._connection, [deed], datetime.now(UTC))
        return arrivals

    def desk(self, notes: list[str]) -> dict[str, str]:
        """Write what was taught at the desk, after the articles; return what became of it."""
        found = self._found.taught()
        if not found:
            return {}
        count, more = taught.arrive(self._connection, found, self._renamed, self._by)
        notes += more
        return {Path(DESK).name: "added" if count else "unchanged"}

    def missing(self) -> list[str]:
        """Name the replacements that are neither in the export nor here."""
        wanted = sorted(set(self._found.manifest.elsewhere) - set(self._ids))
        there: set[str] = set()
        for batch in rows.batches(wanted):
            there |= set(self._connection.execute(saving.USED_IDS, {"ids": batch}).scalars())
        return [
            f"{name} replaces a retired article and is not here: its link leads nowhere until it is"
            for name in wanted
            if name not in there
        ]

    def _names(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Return what each article is called here: the same source is the same article."""
        names: dict[str, str] = {}
        for id_, key in keys.items():
            known = self._connection.execute(saving.BY_KEY, {"key": key}).one_or_none()
            if known is not None:
                names[id_] = known.id
        for id_ in keys:
            if id_ not in names:
                taken = self._connection.execute(saving.USED_IDS, {"ids": [id_]}).first()
                names[id_] = (
                    saving.free_id(self._connection, id_, {*keys, *names.values()})
                    if taken or id_ in names.values()
                    else id_
                )
        return names

    def _article(self, article: Portable, entries: list[Entry]) -> Arrival:
        id_ = self._ids[article.id]
        replaced_by = article.state.replaced_by
        state = replace(article.state, replaced_by=self._ids.get(replaced_by, replaced_by))
        notes = []
        if id_ != article.id:
            notes.append(f"is called {article.id} in the export")
        fresh = self._fresh(id_, article)
        if fresh:
            notes.append(f"has new ids for {len(fresh)} passages, which another article has here")
        there = replace(article, id=id_, state=state)
        row = self._connection.execute(saving.BY_KEY, {"key": article.source_key}).one_or_none()
        if row is None:
            self._add(there, fresh, entries)
            self._renamed |= fresh
            added = tuple(version.number for version in there.versions)
            return Arrival(id_, article.newest.title, "added", added, tuple(notes))
        here = portable(self._connection, id_)
        merge = merged(here, there, fresh)
        self._update(here, merge, entries)
        self._renamed |= merge.renamed
        return Arrival(
            id_,
            article.newest.title,
            "updated" if merge.changes else "unchanged",
            tuple(version.number for version in merge.added),
            (*notes, *merge.notes),
        )

    def _fresh(self, id_: str, article: Portable) -> dict[str, str]:
        """Return new ids for the passages whose ids another article has here."""
        own = passages_of(article)
        taken: set[str] = set()
        for batch in rows.batches(sorted(own)):
            taken |= set(
                self._connection.execute(
                    select(passages.c.id).where(
                        passages.c.id.in_(batch), passages.c.article_id != id_
                    )
                ).scalars()
            )
        strange = sorted(taken)
        ids = keep_ids(id_, (), [own[name] for name in strange], {*own, *taken})
        return dict(zip(strange, ids, strict=True))

    def _add(self, article: Portable, fresh: Mapping[str, str], entries: list[Entry]) -> None:
        tags = [
            replace(tag, passage_id=fresh.get(tag.passage_id, tag.passage_id))
            for tag in article.editor_tags
        ]
        versions = [renamed(version, fresh) for version in article.versions]
        arriving.add_article(self._connection, article)
        arriving.add_versions(self._connection, article.id, versions)
        arriving.set_tags(self._connection, tags)
        arriving.add_corrections(self._connection, article.id, article.corrections)
        entries.append(self._entry(article.id, "saved"))
        if article.state.status is Status.PUBLISHED:
            entries.append(self._entry(article.id, "published"))

    def _update(self, here: Portable, merge: Merge, entries: list[Entry]) -> None:
        if merge.added:
            arriving.add_versions(self._connection, here.id, merge.added)
            entries.append(self._entry(here.id, "saved"))
        if merge.added or merge.state:
            latest = len(here.versions) + len(merge.added)
            state = merge.state or replace(here.state, updated_at=datetime.now(UTC))
            arriving.set_state(self._connection, here.id, latest, state)
        kind = what_happened(here.state, merge.state) if merge.state else ""
        if kind:
            entries.append(self._entry(here.id, kind))
        if merge.editor_tags:
            arriving.set_tags(self._connection, merge.editor_tags)
            entries.append(self._entry(here.id, "tagged"))
        arriving.add_corrections(self._connection, here.id, merge.corrections)

    def _entry(self, article_id: str, kind: str) -> Entry:
        return Entry(article_id, kind, self._by, f"imported from {self._name}")


# Files


def _write_sources(found: Unpacked, home: Path) -> list[Path]:
    """Write the sources that are not here, before the articles that are made of them."""
    written: list[Path] = []
    try:
        for sha256 in found.sources:
            target = home / originals.name_of(sha256)
            if not target.exists():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stream_durably(target, found.source(sha256))
                written.append(target)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise ExportError(
            home / originals.FOLDER,
            "",
            f"cannot be written: {error.strerror}",
            "Free some space.",
            code="write-failed",
        ) from error
    return written


def _put(path: Path, content: bytes, only_try: bool) -> str:
    """Write a file of the vocabulary where there is none; beside ours where it differs."""
    if path.exists() and path.read_bytes() == content:
        return "unchanged"
    status = "beside" if path.exists() else "added"
    if not only_try:
        write_durably(path.with_name(path.name + BESIDE) if status == "beside" else path, content)
    return status
