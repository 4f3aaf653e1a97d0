"""Facet counts: the matching articles in total and by tag and topic.

The passages of an article are adjacent, and passages refer to distinct tag and topic sets, so
counting takes one pass over the matches (``counting.c``).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

from index.postings import native
from index.postings.array_file import Array
from index.postings.array_ops import range_sizes
from index.postings.collectors import Matches
from index.postings.segment_reader import SegmentReader
from index.postings.string_table import StringTable

MAX_MASK_LABELS = 64  # labels that fit into a 64-bit mask


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """Counts of one segment; `tags` and `topics` are article counts by label number."""

    passages: int
    articles: int
    tags: Array
    topics: Array


class FacetColumns:
    """The tags and topics of one segment, for counting and filtering."""

    def __init__(self, segment: SegmentReader) -> None:
        self._segment = segment
        self.tag_names = _names(segment.tag_names)
        self.topic_names = _names(segment.topic_names)
        self._tags = _FacetSets(segment.tag_starts, segment.tag_members, len(self.tag_names))
        self._topics = _FacetSets(
            segment.topic_starts, segment.topic_members, len(self.topic_names)
        )
        self._native = native.NativeColumns(
            article_of=native.address(segment.article_of),
            tags=self._tags.native(segment.tags),
            topics=self._topics.native(segment.topics),
        )
        self._at = ctypes.addressof(self._native)

    def tag_mask(self, wanted: frozenset[str]) -> Array:
        """Return a mask of the passages with any of the tags."""
        chosen = np.array([name in wanted for name in self.tag_names], bool)
        return self._tags.sets_with(chosen)[self._segment.tags]

    def topic_mask(self, wanted: frozenset[str]) -> Array:
        """Return a mask of the passages with any of the topics, which are case-folded."""
        chosen = np.array([name.casefold() in wanted for name in self.topic_names], bool)
        return self._topics.sets_with(chosen)[self._segment.topics]

    def count(self, matches: Matches, tagged: Array | None, about: Array | None) -> FacetCounts:
        """Count the matches under the filter masks `tagged` and `about`.

        Each facet is counted under the other facet's filter only, so that the count of a value is
        the number of articles if it were selected.
        """
        tags, topics = len(self.tag_names), len(self.topic_names)
        tags_at = self._tags.count
        topics_at = tags_at + 2 * tags + self._topics.count
        totals, space = np.zeros(2, np.uint64), np.zeros(topics_at + 2 * topics, np.uint32)
        docs = matches.docs
        native.count(
            self._at,
            native.address(docs),
            len(docs),
            None if tagged is None else native.address(tagged),
            None if about is None else native.address(about),
            native.address(totals),
            native.address(space),
        )
        passages, articles = totals.tolist()
        return FacetCounts(
            passages,
            articles,
            space[tags_at : tags_at + tags],
            space[topics_at : topics_at + topics],
        )


class _FacetSets:
    """The distinct label sets: start offsets and concatenated members."""

    def __init__(self, begin: Array, members: Array, labels: int) -> None:
        self._begin, self._members, self._labels = begin, members, labels
        self.count = len(begin) - 1
        sizes = range_sizes(begin)
        self._of_member = np.repeat(np.arange(self.count), sizes)
        self._masks: Array | None = None
        if labels <= MAX_MASK_LABELS:
            self._masks = np.zeros(self.count, np.uint64)
            np.bitwise_or.at(
                self._masks, self._of_member, np.uint64(1) << members.astype(np.uint64)
            )

    def sets_with(self, chosen: Array) -> Array:
        """Return a mask of the sets with a chosen label."""
        has = np.zeros(self.count, bool)
        has[self._of_member[chosen[self._members]]] = True
        return has

    def native(self, of_passage: Array) -> native.NativeLabels:
        """Return the sets in the format of the kernel, which does not own the arrays."""
        return native.NativeLabels(
            of_passage=native.address(of_passage),
            starts=native.address(self._begin),
            members=native.address(self._members),
            masks=None if self._masks is None else native.address(self._masks),
            wide=of_passage.itemsize == 4,
            sets=self.count,
            labels=self._labels,
        )


def _names(strings: StringTable) -> list[str]:
    return [name.decode() for name in strings.all()]
