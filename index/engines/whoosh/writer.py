"""Writes commits: new segments, deletions and the table of contents.

New passages form a new segment, and replaced passages are marked as deleted in the old segments, so
the cost of a commit depends on its changes, not on the size of the index. `MERGE_FACTOR` segments
of similar size are merged (logarithmic method, Bentley and Saxe, 1980; tiered merging in Lucene),
which bounds both the number of segments and the number of times a passage is rewritten.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from whoosh.index import TOC, clean_files

from index.document import IndexDocument
from index.engines.whoosh.codec import ArraySegment
from index.engines.whoosh.schema import schema
from index.engines.whoosh.storage import CommitMetadata, CommitStorage
from index.postings.builder import InvertedDocuments, SegmentBuilder
from index.postings.merger import merge_segments
from index.postings.segment_reader import SegmentReader
from index.postings.segment_writer import write_segment

INDEX = "MAIN"  # Whoosh's default index name, the prefix of its file names
MERGE_FACTOR = 8  # segments of similar size that are merged
MIN_SEGMENT_PASSAGES = 64  # smaller segments count as similar in size
MAX_DELETED_SHARE = 0.5  # a segment with a larger share of deleted passages is rewritten


class SegmentCommit:
    """A commit in preparation; requires the writer lock."""

    def __init__(
        self, folder: Path, stamp: str, checkpoint: int, refused: Mapping[str, str]
    ) -> None:
        self.refused = dict(refused)
        self._folder, self._stamp, self._checkpoint = folder, stamp, checkpoint
        self._generation = 0
        self._segments: list[ArraySegment] = []
        self._readers: dict[str, SegmentReader] = {}
        self._written: dict[str, str] = {}

    def start_from(self, generation: int, readers: Mapping[str, SegmentReader]) -> None:
        """Base the commit on an earlier one; `readers` are its open segments by file name."""
        self._generation = generation
        self._segments = read_segments(self._folder, generation)
        self._readers = dict(readers)

    def replace_articles(self, batch: Mapping[str, Sequence[IndexDocument]]) -> None:
        """Replace the passages of each article; articles that fail are added to `refused`."""
        for listed in self._segments:
            segment = self._segment_reader(listed)
            for article_id in batch:
                for number in segment.find_article(article_id):
                    listed.delete_document(number)
        builder = SegmentBuilder()
        for article_id, documents in batch.items():
            try:
                builder.add(documents)
            except (OSError, MemoryError):  # not caused by this article
                raise
            except Exception as error:  # noqa: BLE001  # any failure excludes this article
                self.refused[article_id] = f"{type(error).__name__}: {error}"
        if len(builder):
            self._segments.append(self._write_new_segment(builder.invert()))

    def merge_due(self) -> bool:
        """Merge segments that are due; return whether there were any."""
        due = _segments_to_merge(
            [(each.doc_count(), each.doc_count_all()) for each in self._segments]
        )
        self._merge([self._segments[number] for number in due])
        return bool(due)

    def merge_all(self) -> None:
        """Merge all segments into one."""
        if len(self._segments) > 1:
            self._merge(list(self._segments))

    def write(self) -> None:
        """Commit: make the changes visible to readers."""
        self._segments = [segment for segment in self._segments if segment.doc_count()]
        names = tuple(segment.filename for segment in self._segments)
        storage = CommitStorage(self._folder)
        storage.metadata = CommitMetadata(
            stamp=self._stamp,
            checkpoint=self._checkpoint,
            documents=sum(segment.doc_count() for segment in self._segments),
            refused=self.refused,
            segments=names,
            written={name: seal for name, seal in self._written.items() if name in names},
        )
        self._generation += 1
        TOC(schema(), self._segments, self._generation).write(storage, INDEX)
        clean_files(storage, INDEX, self._generation, self._segments)
        self._written = {}

    def _merge(self, old: Sequence[ArraySegment]) -> None:
        if not old:
            return
        sources = [
            (self._segment_reader(each), _live_mask(each)) for each in old if each.doc_count()
        ]
        at = self._segments.index(old[0])
        self._segments = [each for each in self._segments if each not in old]
        if sources:
            self._segments.insert(at, self._write_new_segment(merge_segments(sources)))

    def _write_new_segment(self, inverted: InvertedDocuments) -> ArraySegment:
        listed = ArraySegment(INDEX, len(inverted.columns.passages))
        self._written[listed.filename] = write_segment(self._folder / listed.filename, inverted)
        return listed

    def _segment_reader(self, listed: ArraySegment) -> SegmentReader:
        found = self._readers.get(listed.filename)
        if found is None:
            found = self._readers[listed.filename] = SegmentReader(self._folder / listed.filename)
        return found


def read_segments(folder: Path, generation: int) -> list[ArraySegment]:
    """Return the segments in the table of contents of a commit."""
    toc = TOC.read(CommitStorage(folder), INDEX, gen=generation, schema=schema())
    return list(toc.segments)


def toc_name(generation: int) -> str:
    """Return the file name of a commit's table of contents."""
    return f"_{INDEX}_{generation}.toc"


def _segments_to_merge(sizes: Sequence[tuple[int, int]]) -> list[int]:
    """Return the indexes of the segments to merge; `sizes` are (live, total) passages."""
    wasteful = [
        number for number, (left, all_) in enumerate(sizes) if left < all_ * (1 - MAX_DELETED_SHARE)
    ]
    tiers: dict[int, list[int]] = {}
    for number, (left, _) in enumerate(sizes):
        tier = int(math.log(max(left, MIN_SEGMENT_PASSAGES) / MIN_SEGMENT_PASSAGES, MERGE_FACTOR))
        tiers.setdefault(tier, []).append(number)
    full = [tier for tier, members in tiers.items() if len(members) >= MERGE_FACTOR]
    if not full:
        return wasteful[:1]
    return sorted(
        number for tier, members in tiers.items() if tier <= max(full) for number in members
    )


def _live_mask(listed: ArraySegment) -> np.ndarray | None:
    """Return a mask of the passages that are not deleted; None if none is deleted."""
    if not listed.has_deletions():
        return None
    live = np.ones(listed.count, bool)
    live[list(listed.deleted)] = False
    return live
