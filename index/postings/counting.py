"""Counting what matches: articles, and for each tag and topic the articles that have it.

A segment keeps the passages of an article together and the sets of tags that occur as numbers, so
that counting is a run-length of the matching passages' articles and an OR over each run.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from index.postings.files import Array, Strings
from index.postings.runs import ragged, sizes_of, starts
from index.postings.segment import Segment

WORD = 64  # tags in one integer of a mask


class Labels:
    """The tags and topics of one segment, ready to be counted and filtered by."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self.tag_names = _names(segment.tag_names)
        self.topic_names = _names(segment.topic_names)

    def tagged(self, wanted: frozenset[str]) -> Array:
        """Return for every passage whether it has a tag of `wanted`."""
        chosen = np.array([name in wanted for name in self.tag_names], bool)
        segment = self._segment
        return _having(segment.tags, self._tags, chosen[segment.tag_members], segment.tag_starts)

    def about(self, wanted: frozenset[str]) -> Array:
        """Return for every passage whether it has a topic of `wanted`, which are case-folded."""
        chosen = np.array([name.casefold() in wanted for name in self.topic_names], bool)
        segment = self._segment
        return _having(
            segment.topics, self._topics, chosen[segment.topic_members], segment.topic_starts
        )

    def tag_counts(self, docs: Array, first: Array) -> Array:
        """Return for each tag the articles that have it in one of `docs`, which are sorted.

        `first` is where each article begins in `docs`.
        """
        names = len(self.tag_names)
        if not len(docs):
            return np.zeros(names, np.int64)
        sets = self._segment.tags[docs]
        counts = []
        for low, masks in zip(range(0, names, WORD), self._masks, strict=False):
            of_article = np.bitwise_or.reduceat(masks[sets], first)
            for tag in range(low, min(names, low + WORD)):
                counts.append(np.count_nonzero(of_article & np.uint64(1 << (tag - low))))
        return np.array(counts, np.int64)

    def topic_counts(self, docs: Array, first: Array) -> Array:
        """Return for each topic the articles that have it in one of `docs`; see `tag_counts`."""
        segment, names = self._segment, len(self.topic_names)
        if not names:
            return np.zeros(0, np.int64)
        sets = segment.topics[docs]
        if not self._by_article:
            both = starts(segment.article_of[docs].astype(np.int64) << 32 | sets)
            return self._distinct_topics(segment.article_of[docs[both]], sets[both])
        per_set = np.bincount(sets[first], minlength=len(segment.topic_starts) - 1)
        return np.bincount(
            segment.topic_members, np.repeat(per_set, self._topic_sizes), minlength=names
        ).astype(np.int64)

    def _distinct_topics(self, articles: Array, sets: Array) -> Array:
        sizes = self._topic_sizes[sets]
        begin = self._segment.topic_starts[sets].astype(np.int64)
        topics = self._segment.topic_members[ragged(begin, begin + sizes)]
        pairs = np.unique(np.repeat(articles.astype(np.int64), sizes) << 32 | topics)
        return np.bincount(pairs & 0xFFFFFFFF, minlength=len(self.topic_names))

    @cached_property
    def _tags(self) -> Array:
        """The set of each member of a set of tags."""
        sizes = sizes_of(self._segment.tag_starts)
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def _topics(self) -> Array:
        """The set of each member of a set of topics."""
        return np.repeat(np.arange(len(self._topic_sizes)), self._topic_sizes)

    @cached_property
    def _by_article(self) -> bool:
        """Whether all passages of an article have the same topics, as those of the store do."""
        topics = self._segment.topics
        return bool(
            (topics == topics[self._segment.article_starts[self._segment.article_of]]).all()
        )

    @cached_property
    def _topic_sizes(self) -> Array:
        return sizes_of(self._segment.topic_starts)

    @cached_property
    def _masks(self) -> list[Array]:
        """A bit for each tag of each set, sixty-four tags to an array."""
        sets = len(self._segment.tag_starts) - 1
        masks = []
        for low in range(0, max(1, len(self.tag_names)), WORD):
            mask = np.zeros(sets, np.uint64)
            members = self._segment.tag_members.astype(np.int64) - low
            here = (members >= 0) & (members < WORD)
            bits = np.uint64(1) << members[here].astype(np.uint64)
            np.bitwise_or.at(mask, self._tags[here], bits)
            masks.append(mask)
        return masks


def _having(of_passage: Array, of_member: Array, chosen: Array, begin: Array) -> Array:
    """Return for every passage whether its set has a member that is `chosen`."""
    has = np.zeros(len(begin) - 1, bool)
    has[of_member[chosen]] = True
    return np.asarray(has[of_passage])


def _names(strings: Strings) -> list[str]:
    return [name.decode() for name in strings.all()]
