"""Counting what matches: articles, and for each tag and topic the articles that have it.

A segment keeps the passages of an article together and the sets of tags that occur as numbers, so
that counting is one pass over what matches (``counting.c``).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

from index.postings import kernel
from index.postings.files import Array
from index.postings.matches import Matches
from index.postings.runs import sizes_of
from index.postings.segment import Segment
from index.postings.strings import Strings


@dataclass(frozen=True, slots=True)
class Counts:
    """What matches in one segment, counted; tags and topics by their numbers."""

    passages: int
    articles: int
    tags: Array
    topics: Array


class Labels:
    """The tags and topics of one segment, ready to be counted and filtered by."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self.tag_names = _names(segment.tag_names)
        self.topic_names = _names(segment.topic_names)
        self._native = kernel.NativeColumns(
            article_of=kernel.address(segment.article_of),
            tags=_native(segment.tags, segment.tag_starts, segment.tag_members),
            topics=_native(segment.topics, segment.topic_starts, segment.topic_members),
            tag_sets=len(segment.tag_starts) - 1,
            tag_count=len(self.tag_names),
            topic_sets=len(segment.topic_starts) - 1,
            topic_count=len(self.topic_names),
        )
        self._at = ctypes.addressof(self._native)

    def tagged(self, wanted: frozenset[str]) -> Array:
        """Return for every passage whether it has a tag of `wanted`."""
        chosen = np.array([name in wanted for name in self.tag_names], bool)
        segment = self._segment
        return _having(segment.tags, segment.tag_starts, chosen[segment.tag_members])

    def about(self, wanted: frozenset[str]) -> Array:
        """Return for every passage whether it has a topic of `wanted`, which are case-folded."""
        chosen = np.array([name.casefold() in wanted for name in self.topic_names], bool)
        segment = self._segment
        return _having(segment.topics, segment.topic_starts, chosen[segment.topic_members])

    def counts(self, matches: Matches, tagged: Array | None, about: Array | None) -> Counts:
        """Count what matches, under the filters `tagged` and `about` (a truth for every passage).

        A facet counts under the other facet's filter but not its own, so that the count beside a
        value is what choosing it would show.
        """
        tags, topics = len(self.tag_names), len(self.topic_names)
        tags_at = len(self._segment.tag_starts) - 1
        topics_at = tags_at + 2 * tags + len(self._segment.topic_starts) - 1
        totals, space = np.zeros(2, np.uint64), np.zeros(topics_at + 2 * topics, np.uint32)
        bounds = matches.bounds
        docs = matches.docs if bounds is None else None
        kernel.count(
            self._at,
            None if docs is None else kernel.address(docs),
            self._segment.count if docs is None else len(docs),
            None if bounds is None else kernel.address(bounds),
            bounds is not None and bounds.itemsize == 2,
            None if tagged is None else kernel.address(tagged),
            None if about is None else kernel.address(about),
            kernel.address(totals),
            kernel.address(space),
        )
        passages, articles = totals.tolist()
        return Counts(
            passages,
            articles,
            space[tags_at : tags_at + tags],
            space[topics_at : topics_at + topics],
        )


def _native(of_passage: Array, starts: Array, members: Array) -> kernel.NativeLabels:
    return kernel.NativeLabels(
        of_passage=kernel.address(of_passage),
        starts=kernel.address(starts),
        members=kernel.address(members),
        wide=of_passage.itemsize == 4,
    )


def _having(of_passage: Array, begin: Array, chosen: Array) -> Array:
    """Return for every passage whether its set has a member that is `chosen`."""
    sizes = sizes_of(begin)
    has = np.zeros(len(sizes), bool)
    has[np.repeat(np.arange(len(sizes)), sizes)[chosen]] = True
    return np.asarray(has[of_passage])


def _names(strings: Strings) -> list[str]:
    return [name.decode() for name in strings.all()]
