"""The embedded engine: Whoosh behind the contract of `index.engine`.

Layout of the index folder: ``CURRENT`` names a folder ``build-N`` that holds one Whoosh index; a
rebuild writes ``build-N+1`` beside it and then lets CURRENT name that. ``writer.lock`` is held by
the one process that writes.

What Whoosh was seen to do wrong, and where that is kept from happening:

- a refreshed searcher answers with deleted documents: `index.whoosh_view` opens each commit anew;
- two operations on one id in one writer double it: a batch is a mapping, one entry an article;
- a document that fails half-way leaks its words into the next: the writer is cancelled, and the
  batch is written again without it;
- nothing is synced or checked: `index.commits`;
- a query can take minutes: the tree is bounded by `index.query`, expansions and time by the view.
"""

from __future__ import annotations

import pickle
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import whoosh
from whoosh.index import TOC, FileIndex, LockError
from whoosh.util.filelock import FileLock

from index import analysis
from index.commits import (
    CommitNote,
    CommitStorage,
    Manifest,
    newest_generation,
    read_manifest,
    read_pointer,
    verify_files,
    write_pointer,
)
from index.document import SCHEMA_VERSION, Document
from index.engine import Ask, Found, State
from index.whoosh_schema import packed_card, schema, searched
from index.whoosh_view import View
from kb.errors import IndexBusyError, IndexDamagedError, IndexStampError, SearchIndexError

NAME = "whoosh"
OPEN_ATTEMPTS = 50  # commits that may replace one another while a reader tries to open the newest
INDEX = "MAIN"  # Whoosh's own name for the index of a folder; its file names begin with it
MEMORY_MB = 256  # postings held in memory before they are spilt; a batch fits into it

T = TypeVar("T")


def _built_with() -> str:
    """Name all that an index depends on besides the taxonomy.

    A library's stems, letters or file format may change with its version, unnoticed until a search
    finds nothing.
    """
    release = ".".join(map(str, whoosh.__version__))
    return f"schema-{SCHEMA_VERSION} {analysis.signature()} whoosh-{release}"


class WhooshEngine:
    """A Whoosh index in a folder; see `index.engine.Engine` for what each method promises."""

    name = NAME

    def __init__(self, root: Path, taxonomy_digest: str) -> None:
        self.root = root
        self.stamp = f"{_built_with()} tags-{taxonomy_digest}"
        self._opening = threading.Lock()
        self._view: View | None = None
        self._verified: dict[Path, tuple[int, int, str]] = {}

    def state(self) -> State:
        """Return the newest commit's state."""
        return self._settled(lambda folder, number: _state(number, self._manifest(folder, number)))

    def search(self, ask: Ask) -> Found:
        """Answer from the newest commit."""
        return self._settled(lambda folder, number: self._current(folder, number).search(ask))

    def rarity(self, stems: Iterable[str]) -> Mapping[str, float]:
        """Return the idf of each stem."""
        return self.current().rarity(stems)

    def forms(self) -> Mapping[str, int]:
        """Return each word as it is written and the number of passages that have it."""
        return self.current().forms

    def verify(self) -> State:
        """Read every file of the newest commit and compare it with what was committed."""
        self._verified.clear()

        def opened(folder: Path, generation: int) -> State:
            manifest = self._manifest(folder, generation)
            self._open(folder, generation, manifest).close()
            return _state(generation, manifest)

        return self._settled(opened)

    @contextmanager
    def try_writing(self) -> Iterator[_WhooshWriter | None]:
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

    def _settled(self, action: Callable[[Path, int], T]) -> T:
        """Run `action` on the newest commit; look again when it is replaced meanwhile."""
        for _ in range(OPEN_ATTEMPTS):
            folder = read_pointer(self.root)
            generation = newest_generation(folder)
            try:
                if generation is None:
                    raise IndexDamagedError(f"{folder.name} holds no commit")
                return action(folder, generation)
            except (OSError, IndexDamagedError) as error:
                # What a newer commit has replaced is not damaged: look at the newer one.
                now = read_pointer(self.root)
                if (now, newest_generation(now)) == (folder, generation):
                    raise _translated(error, self.root) from error
        raise IndexBusyError

    def _manifest(self, folder: Path, generation: int) -> Manifest:
        manifest = read_manifest(folder, generation)
        if manifest.stamp != self.stamp:
            raise IndexStampError(manifest.stamp, self.stamp)
        return manifest

    def current(self) -> View:
        """Return the view of the newest commit, opening it when it is new."""
        return self._settled(self._current)

    def _current(self, folder: Path, generation: int) -> View:
        with self._opening:
            view = self._view
            if view is None or (view.folder, view.generation) != (folder, generation):
                view = self._open(folder, generation, self._manifest(folder, generation))
                self._view = view
            return view

    def _open(self, folder: Path, generation: int, manifest: Manifest) -> View:
        self._check_files(folder, [f"_{INDEX}_{generation}.toc"], manifest)
        try:
            # This commit's own TOC: a newer one may be there by now, of which the manifest says
            # nothing.
            toc = TOC.read(CommitStorage(folder), INDEX, gen=generation, schema=schema())
            names = [f"{segment.segment_id()}.seg" for segment in toc.segments]
            self._check_files(folder, names, manifest)
            return View(folder, generation, manifest, toc)
        except (pickle.PickleError, EOFError, ValueError, KeyError, IndexError) as error:
            raise IndexDamagedError(f"{type(error).__name__} at opening") from error

    def _check_files(self, folder: Path, names: Sequence[str], manifest: Manifest) -> None:
        """Verify the files that this process has not verified yet, or that have changed since."""
        for name in names:
            path = folder / name
            about = path.stat()
            seen = (about.st_mtime_ns, about.st_size, manifest.files.get(name, ""))
            if self._verified.get(path) != seen:
                verify_files(folder, [name], manifest)
                self._verified[path] = seen


class _WhooshWriter:
    """The writer while it holds the lock; see `index.engine.Writer`."""

    def __init__(self, engine: WhooshEngine) -> None:
        self._engine = engine

    @property
    def state(self) -> State:
        """The state that the next commit builds on."""
        return self._engine.state()

    def apply(self, batch: Mapping[str, Sequence[Document]], checkpoint: int) -> Mapping[str, str]:
        """Commit the batch on top of the current index."""
        current = self._engine.current()  # its files are verified: damage is never merged
        storage = CommitStorage(current.folder)
        refused = current.manifest.refused
        known = {name: why for name, why in refused.items() if name not in batch}
        with _writing(self._engine.root):
            storage.sweep()
            return _commit(storage, self._engine.stamp, batch, checkpoint, known)

    def rebuild(
        self, batches: Iterable[Mapping[str, Sequence[Document]]], checkpoint: int
    ) -> Mapping[str, str]:
        """Build a new folder and switch to it."""
        root = self._engine.root
        numbers = [int(path.name.partition("-")[2]) for path in root.glob("build-*")]
        folder = root / f"build-{max(numbers, default=0) + 1}"
        with _writing(root):
            try:
                refused = self._built(folder, batches, checkpoint)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            write_pointer(root, folder)
            for old in root.glob("build-*"):
                if old != folder:
                    shutil.rmtree(old)
        return refused

    def _built(
        self, folder: Path, batches: Iterable[Mapping[str, Sequence[Document]]], checkpoint: int
    ) -> Mapping[str, str]:
        folder.mkdir()
        storage, stamp = CommitStorage(folder), self._engine.stamp
        storage.note = CommitNote(stamp=stamp, checkpoint=0, documents=0, refused={})
        FileIndex.create(storage, schema(), INDEX)
        refused: Mapping[str, str] = {}
        for batch in batches:
            refused = _commit(storage, stamp, batch, 0, refused)
        # The last commit alone carries the checkpoint: it speaks for all that came before.
        refused = _commit(storage, stamp, {}, checkpoint, refused)
        storage.sweep()
        return refused


def _translated(error: Exception, root: Path) -> SearchIndexError:
    """Return what an error at reading means."""
    if isinstance(error, FileNotFoundError):
        return IndexDamagedError(f"{Path(str(error.filename)).name} is missing")
    if isinstance(error, SearchIndexError):
        return error
    return SearchIndexError(
        f"The search index at {root} cannot be read ({error}). Check the folder's disk and owner."
    )


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Translate what can go wrong while files are written."""
    try:
        yield
    except LockError as error:
        raise IndexBusyError from error
    except OSError as error:
        raise SearchIndexError(
            f"The search index at {root} cannot be written ({error}). No article is lost: make "
            "room on the disk, and the index catches up."
        ) from error


def _commit(
    storage: CommitStorage,
    stamp: str,
    batch: Mapping[str, Sequence[Document]],
    checkpoint: int,
    refused: Mapping[str, str],
) -> Mapping[str, str]:
    """Write one commit; an article that Whoosh cannot take is left out and named."""
    index = FileIndex(storage, schema=schema())
    refused = dict(refused)
    wanted = {name: list(docs) for name, docs in batch.items()}
    while True:
        writer = index.writer(limitmb=MEMORY_MB, timeout=10.0)
        try:
            failed = _write(writer, wanted)
            if failed is None:
                storage.note = CommitNote(
                    stamp=stamp,
                    checkpoint=checkpoint,
                    documents=_live(writer) + sum(map(len, wanted.values())),
                    refused=refused,
                )
                writer.commit()
                return refused
        except BaseException:
            if not writer.is_closed:
                writer.cancel()
            raise
        # Words of a document that failed half-way stay in the writer's pool: begin again.
        writer.cancel()
        article_id, reason = failed
        refused[article_id] = reason
        wanted[article_id] = []


def _write(writer: Any, wanted: Mapping[str, Sequence[Document]]) -> tuple[str, str] | None:
    """Delete and add; return the first article that failed and why, or None."""
    for article_id in wanted:
        writer.delete_by_term("article", article_id)
    for article_id, found in wanted.items():
        for document in found:
            try:
                card = packed_card(document)
                writer.add_document(article=article_id, card=card, **searched(document))
            except (OSError, MemoryError):  # a full disk says nothing about this article
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is: named, and left out whole
                return article_id, f"{type(error).__name__}: {error}"
    return None


def _live(writer: Any) -> int:
    return sum(segment.doc_count() for segment in writer.segments)


def _state(generation: int, manifest: Manifest) -> State:
    return State(
        engine=NAME,
        generation=generation,
        checkpoint=manifest.checkpoint,
        as_of=manifest.as_of,
        documents=manifest.documents,
        refused=manifest.refused,
    )
