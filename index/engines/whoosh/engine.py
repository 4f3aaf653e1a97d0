"""Embedded engine: Whoosh behind the protocol of `index.engine`.

Layout of the index folder: ``CURRENT`` contains the name of the folder ``build-N`` with the Whoosh
index. A rebuild writes ``build-N+1`` and then updates CURRENT. The writing process holds
``writer.lock``.

Known defects of Whoosh and where they are avoided:

- a refreshed searcher returns deleted documents: `index.engines.whoosh.reader` opens a new reader
  for each commit;
- two operations on one id in one writer duplicate it: a batch is a mapping with one entry per
  article;
- a document that fails leaks its words into the next one: `index.postings.builder` adds an article
  completely or not at all;
- files are neither synced nor verified: `index.engines.whoosh.storage`;
- a query can take minutes: `index.query.parser` limits the tree, the reader limits expansions and
  time.

Whoosh provides the schema, the table of contents with segments, deletions and generations, and the
codec interface (`index.engines.whoosh.codec`). `index.postings` implements segments and query
execution.
"""

from __future__ import annotations

import pickle
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import whoosh
from whoosh.util.filelock import FileLock

from index import analyzer
from index.document import SCHEMA_VERSION, IndexDocument
from index.engine import EngineRequest, EngineResult, IndexState
from index.engines.whoosh.codec import ArraySegment
from index.engines.whoosh.reader import IndexReader, SegmentSearcher
from index.engines.whoosh.storage import (
    CommitManifest,
    CommitStorage,
    CommitWatcher,
    read_manifest,
    verify_files,
    write_pointer,
)
from index.engines.whoosh.writer import SegmentCommit, read_segments, toc_name
from index.postings.segment_reader import SegmentReader
from kb.errors import IndexCorruptError, IndexLockedError, IndexVersionError, SearchIndexError
from kb.model.taxonomy import Taxonomy

NAME = "whoosh"
OPEN_ATTEMPTS = 50  # attempts to open the latest commit while newer ones replace it

T = TypeVar("T")


def _build_signature() -> str:
    """Return the versions that an index depends on, apart from the taxonomy.

    A new library version may change stems or file formats, after which searches would fail
    silently.
    """
    release = ".".join(map(str, whoosh.__version__))
    return f"schema-{SCHEMA_VERSION} {analyzer.signature()} whoosh-{release}"


def open_whoosh(location: str, taxonomy: Taxonomy) -> WhooshEngine:
    """Return the engine of the index in the folder `location`."""
    return WhooshEngine(Path(location), taxonomy.digest)


class WhooshEngine:
    """A Whoosh index in a folder; implements `index.engine.Engine`."""

    name = NAME

    def __init__(self, root: Path, taxonomy_digest: str) -> None:
        self.root = root
        self.stamp = f"{_build_signature()} tags-{taxonomy_digest}"
        self._watcher = CommitWatcher(root)
        self._opening = threading.Lock()
        self._reader: IndexReader | None = None
        self._verified: dict[Path, tuple[int, int, str]] = {}

    def state(self) -> IndexState:
        """Return the state of the latest commit."""
        return self._on_newest_commit(
            lambda folder, number: _index_state(number, self._manifest(folder, number))
        )

    def search(self, request: EngineRequest) -> EngineResult:
        """Search the latest commit."""
        return self._on_newest_commit(
            lambda folder, number: self._reader_of(folder, number).search(request)
        )

    def top_passages(self, request: EngineRequest) -> Sequence[tuple[str, float]]:
        """Return the ids and scores of the best passages of the latest commit."""
        return self.current_reader().top_passages(request)

    def idf(self, stems: Iterable[str]) -> Mapping[str, float]:
        """Return the idf of each stem."""
        return self.current_reader().idf(stems)

    def find_articles(self, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the ids of the articles with each name."""
        return self.current_reader().find_articles(names)

    def term_counts(self) -> Mapping[str, int]:
        """Return each folded word and the number of passages with it."""
        return self.current_reader().term_counts

    def verify(self) -> IndexState:
        """Read all files of the latest commit and compare their checksums."""
        self._verified.clear()

        def opened(folder: Path, generation: int) -> IndexState:
            manifest = self._manifest(folder, generation)
            self._open(folder, generation, manifest)
            return _index_state(generation, manifest)

        return self._on_newest_commit(opened)

    @contextmanager
    def try_acquire_writer(self) -> Iterator[_WhooshWriter | None]:
        """Acquire ``writer.lock``; yields None if another process or thread holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        # Index files contain pickles: write access allows running code as this user.
        self.root.chmod(0o700)
        lock = FileLock(str(self.root / "writer.lock"))
        if not lock.acquire(blocking=False):
            yield None
            return
        try:
            yield _WhooshWriter(self)
        finally:
            lock.release()

    def _on_newest_commit(self, action: Callable[[Path, int], T]) -> T:
        """Run `action` on the latest commit; retry if a newer commit replaces it meanwhile."""
        for _ in range(OPEN_ATTEMPTS):
            folder, generation = self._watcher.read()
            try:
                if generation is None:
                    raise IndexCorruptError(
                        f"{folder.name} does not contain a commit", code="no-commit"
                    )
                return action(folder, generation)
            except (OSError, IndexCorruptError) as error:
                # Files may be missing because a newer commit replaced them: retry with that one.
                if self._watcher.read() == (folder, generation):
                    raise _translate_error(error, self.root) from error
        raise IndexLockedError

    def _manifest(self, folder: Path, generation: int) -> CommitManifest:
        manifest = read_manifest(folder, generation)
        if manifest.stamp != self.stamp:
            raise IndexVersionError(manifest.stamp, self.stamp)
        return manifest

    def current_reader(self) -> IndexReader:
        """Return the reader of the latest commit; opens it if it is new."""
        view = self._reader
        if view is not None and self._watcher.read() == (view.folder, view.generation):
            return view
        return self._on_newest_commit(self._reader_of)

    def _reader_of(self, folder: Path, generation: int) -> IndexReader:
        with self._opening:
            view = self._reader
            if view is None or (view.folder, view.generation) != (folder, generation):
                view = self._open(folder, generation, self._manifest(folder, generation))
                self._reader = view
            return view

    def _open(self, folder: Path, generation: int, manifest: CommitManifest) -> IndexReader:
        self._check_files(folder, [toc_name(generation)], manifest)
        try:
            segments = read_segments(folder, generation)
            self._check_files(folder, [segment.filename for segment in segments], manifest)
            return IndexReader(
                folder, generation, manifest, self._segment_searchers(folder, segments)
            )
        except (pickle.PickleError, EOFError, ValueError, KeyError, IndexError) as error:
            raise IndexCorruptError(
                f"{type(error).__name__} at opening", code="unreadable"
            ) from error

    def _segment_searchers(
        self, folder: Path, segments: Sequence[ArraySegment]
    ) -> list[SegmentSearcher]:
        """Return searchers for the segments of a commit, reusing those of the previous reader."""
        last = self._reader
        known = {p.segment.name: p for p in last.parts} if last and last.folder == folder else {}
        parts: list[SegmentSearcher] = []
        base = 0
        for listed in segments:
            part, deleted = known.get(listed.filename), frozenset(listed.deleted)
            if part is None or (part.deleted, part.base) != (deleted, base):
                segment = part.segment if part else SegmentReader(folder / listed.filename)
                part = SegmentSearcher(segment, deleted, base)
            parts.append(part)
            base += listed.count
        return parts

    def _check_files(self, folder: Path, names: Sequence[str], manifest: CommitManifest) -> None:
        """Verify files that are new to this process or have changed."""
        for name in names:
            path = folder / name
            about = path.stat()
            seen = (about.st_mtime_ns, about.st_size, manifest.files.get(name, ""))
            if self._verified.get(path) != seen:
                verify_files(folder, [name], manifest)
                self._verified[path] = seen


class _WhooshWriter:
    """The writer that holds the lock; implements `index.engine.IndexWriter`."""

    def __init__(self, engine: WhooshEngine) -> None:
        self._engine = engine

    @property
    def state(self) -> IndexState:
        """The state that the next commit is based on."""
        return self._engine.state()

    def apply(
        self, batch: Mapping[str, Sequence[IndexDocument]], checkpoint: int
    ) -> Mapping[str, str]:
        """Commit the batch on top of the current index."""
        current = self._engine.current_reader()  # verified, so damage is never merged
        known = {name: why for name, why in current.manifest.refused.items() if name not in batch}
        with _translate_write_errors(self._engine.root):
            CommitStorage(current.folder).remove_leftovers()
            commit = SegmentCommit(current.folder, self._engine.stamp, checkpoint, known)
            commit.start_from(current.generation, _open_segments(current))
            commit.replace_articles(batch)
            commit.write()
            # Merge in separate commits, so that new content is searchable at once.
            while commit.merge_due():
                commit.write()
        return commit.refused

    def rebuild(
        self, batches: Iterable[Mapping[str, Sequence[IndexDocument]]], checkpoint: int
    ) -> Mapping[str, str]:
        """Build a new folder and switch to it."""
        root = self._engine.root
        numbers = [int(path.name.partition("-")[2]) for path in root.glob("build-*")]
        folder = root / f"build-{max(numbers, default=0) + 1}"
        commit = SegmentCommit(folder, self._engine.stamp, checkpoint, {})
        with _translate_write_errors(root):
            try:
                folder.mkdir()
                for batch in batches:
                    commit.replace_articles(batch)
                commit.merge_all()
                commit.write()
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            write_pointer(root, folder)
            for old in root.glob("build-*"):
                if old != folder:
                    shutil.rmtree(old)
        return commit.refused


def _open_segments(view: IndexReader) -> dict[str, SegmentReader]:
    return {part.segment.name: part.segment for part in view.parts}


def _translate_error(error: Exception, root: Path) -> SearchIndexError:
    """Return the `SearchIndexError` for an error while reading."""
    if isinstance(error, FileNotFoundError):
        return IndexCorruptError(f"{Path(str(error.filename)).name} is missing", code="missing")
    if isinstance(error, SearchIndexError):
        return error
    return SearchIndexError(
        f"The search index at {root} cannot be read ({error}). Check the disk and the permissions.",
        code="read-failed",
    )


@contextmanager
def _translate_write_errors(root: Path) -> Iterator[None]:
    """Translate errors while writing files to `SearchIndexError`."""
    try:
        yield
    except OSError as error:
        raise SearchIndexError(
            f"The search index at {root} cannot be written ({error}). Free disk space; indexing "
            "then resumes and no article is lost.",
            code="write-failed",
        ) from error


def _index_state(generation: int, manifest: CommitManifest) -> IndexState:
    return IndexState(
        engine=NAME,
        generation=generation,
        checkpoint=manifest.checkpoint,
        as_of=manifest.as_of,
        documents=manifest.documents,
        refused=manifest.refused,
    )
