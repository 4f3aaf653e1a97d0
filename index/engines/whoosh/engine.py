"""The embedded engine: Whoosh behind the contract of `index.engine`.

Layout of the index folder: ``CURRENT`` names a folder ``build-N`` that holds one Whoosh index; a
rebuild writes ``build-N+1`` beside it and then lets CURRENT name that. ``writer.lock`` is held by
the one process that writes.

What Whoosh was seen to do wrong, and where that is kept from happening:

- a refreshed searcher answers with deleted documents: `index.whoosh_view` opens each commit anew;
- two operations on one id in one writer double it: a batch is a mapping, one entry an article;
- a document that fails half-way leaks its words into the next: `index.postings.builder` takes an
  article whole or not at all;
- nothing is synced or checked: `index.engines.whoosh.storage`;
- a query can take minutes: the tree is bounded by `index.query.parser`, expansions and time by the view.

Of Whoosh is the index itself: the schema, the table of contents with its segments, deletions and
generations, and, through `index.engines.whoosh.codec`, whatever reads one. What a segment holds and how a
query is run is `index.postings`.
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
OPEN_ATTEMPTS = 50  # commits that may replace one another while a reader tries to open the newest

T = TypeVar("T")


def _build_signature() -> str:
    """Name all that an index depends on besides the taxonomy.

    A library's stems, letters or file format may change with its version, unnoticed until a search
    finds nothing.
    """
    release = ".".join(map(str, whoosh.__version__))
    return f"schema-{SCHEMA_VERSION} {analyzer.signature()} whoosh-{release}"


def open_whoosh(location: str, taxonomy: Taxonomy) -> WhooshEngine:
    """Return the Whoosh index in the folder `location`."""
    return WhooshEngine(Path(location), taxonomy.digest)


class WhooshEngine:
    """A Whoosh index in a folder; see `index.engine.Engine` for what each method promises."""

    name = NAME

    def __init__(self, root: Path, taxonomy_digest: str) -> None:
        self.root = root
        self.stamp = f"{_build_signature()} tags-{taxonomy_digest}"
        self._watcher = CommitWatcher(root)
        self._opening = threading.Lock()
        self._reader: IndexReader | None = None
        self._verified: dict[Path, tuple[int, int, str]] = {}

    def state(self) -> IndexState:
        """Return the newest commit's state."""
        return self._on_newest_commit(
            lambda folder, number: _index_state(number, self._manifest(folder, number))
        )

    def search(self, request: EngineRequest) -> EngineResult:
        """Answer from the newest commit."""
        return self._on_newest_commit(
            lambda folder, number: self._reader_of(folder, number).search(request)
        )

    def top_passages(self, request: EngineRequest) -> Sequence[tuple[str, float]]:
        """Return the best passages and their scores from the newest commit."""
        return self.current_reader().top_passages(request)

    def idf(self, stems: Iterable[str]) -> Mapping[str, float]:
        """Return the idf of each stem."""
        return self.current_reader().idf(stems)

    def term_counts(self) -> Mapping[str, int]:
        """Return each word as it is written and the number of passages that have it."""
        return self.current_reader().term_counts

    def verify(self) -> IndexState:
        """Read every file of the newest commit and compare it with what was committed."""
        self._verified.clear()

        def opened(folder: Path, generation: int) -> IndexState:
            manifest = self._manifest(folder, generation)
            self._open(folder, generation, manifest)
            return _index_state(generation, manifest)

        return self._on_newest_commit(opened)

    @contextmanager
    def try_acquire_writer(self) -> Iterator[_WhooshWriter | None]:
        """Hold ``writer.lock``, or yield None when another process or thread holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        # Index files hold pickles: whoever may write here may run code as this user.
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
        """Run `action` on the newest commit; look again when it is replaced meanwhile."""
        for _ in range(OPEN_ATTEMPTS):
            folder, generation = self._watcher.read()
            try:
                if generation is None:
                    raise IndexCorruptError(f"{folder.name} holds no commit", code="no-commit")
                return action(folder, generation)
            except (OSError, IndexCorruptError) as error:
                # What a newer commit has replaced is not damaged: look at the newer one.
                if self._watcher.read() == (folder, generation):
                    raise _translate_error(error, self.root) from error
        raise IndexLockedError

    def _manifest(self, folder: Path, generation: int) -> CommitManifest:
        manifest = read_manifest(folder, generation)
        if manifest.stamp != self.stamp:
            raise IndexVersionError(manifest.stamp, self.stamp)
        return manifest

    def current_reader(self) -> IndexReader:
        """Return the view of the newest commit, opening it when it is new."""
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
        """Return the parts of a commit; what the last view has open is not opened again."""
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
        """Verify the files that this process has not verified yet, or that have changed since."""
        for name in names:
            path = folder / name
            about = path.stat()
            seen = (about.st_mtime_ns, about.st_size, manifest.files.get(name, ""))
            if self._verified.get(path) != seen:
                verify_files(folder, [name], manifest)
                self._verified[path] = seen


class _WhooshWriter:
    """The writer while it holds the lock; see `index.engine.IndexWriter`."""

    def __init__(self, engine: WhooshEngine) -> None:
        self._engine = engine

    @property
    def state(self) -> IndexState:
        """The state that the next commit builds on."""
        return self._engine.state()

    def apply(
        self, batch: Mapping[str, Sequence[IndexDocument]], checkpoint: int
    ) -> Mapping[str, str]:
        """Commit the batch on top of the current index."""
        current = self._engine.current_reader()  # its files are verified: damage is never merged
        known = {name: why for name, why in current.manifest.refused.items() if name not in batch}
        with _translate_write_errors(self._engine.root):
            CommitStorage(current.folder).remove_leftovers()
            commit = SegmentCommit(current.folder, self._engine.stamp, checkpoint, known)
            commit.start_from(current.generation, _open_segments(current))
            commit.replace_articles(batch)
            commit.write()
            # A commit of its own: what is new need not wait for it to be found.
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
    """Return what an error at reading means."""
    if isinstance(error, FileNotFoundError):
        return IndexCorruptError(f"{Path(str(error.filename)).name} is missing", code="missing")
    if isinstance(error, SearchIndexError):
        return error
    return SearchIndexError(
        f"The search index at {root} cannot be read ({error}). Check the folder's disk and owner.",
        code="read-failed",
    )


@contextmanager
def _translate_write_errors(root: Path) -> Iterator[None]:
    """Translate what can go wrong while files are written."""
    try:
        yield
    except OSError as error:
        raise SearchIndexError(
            f"The search index at {root} cannot be written ({error}). No article is lost: make "
            "room on the disk, and the index catches up.",
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
