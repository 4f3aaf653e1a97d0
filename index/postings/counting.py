"""Counting what matches: articles, and for each tag and topic the articles that have it.

A segment keeps the passages of an article together and the sets of tags that occur as numbers, so
that counting is a run-length of the matching passages' articles and an OR over each run.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from index.postings.files import Array, Strings
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

    def tag_counts(self, docs: Array) -> Array:
        """Return for each tag the articles that have it in one of `docs`, which are sorted."""
        if not len(docs):
            return np.zeros(len(self.tag_names), np.int64)
        sets = self._segment.tags[docs]
        first = starts(self._segment.article_of[docs])
        counts = []
        for masks in self._masks:
            of_article = np.bitwise_or.reduceat(masks[sets], first)
            counts += [
                int(np.count_nonzero(of_article & bit))
                for bit in np.uint64(1) << np.arange(WORD, dtype=np.uint64)
            ][: len(self.tag_names) - len(counts)]
        return np.array(counts, np.int64)

    def topic_counts(self, docs: Array) -> Array:
        """Return for each topic the articles that have it in one of `docs`, which are sorted."""
        segment, names = self._segment, len(self.topic_names)
        articles, sets = segment.article_of[docs], segment.topics[docs].astype(np.int64)
        first = starts(articles)
        if len(first) < len(docs) and (np.diff(sets) != 0).any():
            both = starts(articles.astype(np.int64) << 32 | sets)
            if len(both) > len(first):  # an article whose passages differ in their topics
                return self._distinct_topics(articles[both], sets[both])
        per_set = np.bincount(sets[first], minlength=len(segment.topic_starts) - 1)
        return np.bincount(
            segment.topic_members, np.repeat(per_set, self._topic_sizes), minlength=names
        ).astype(np.int64)

    def _distinct_topics(self, articles: Array, sets: Array) -> Array:
        sizes = self._topic_sizes[sets]
        begin = np.repeat(self._segment.topic_starts[sets].astype(np.int64), sizes)
        within = np.arange(len(begin)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        topics = self._segment.topic_members[begin + within]
        pairs = np.unique(np.repeat(articles.astype(np.int64), sizes) << 32 | topics)
        return np.bincount(pairs & 0xFFFFFFFF, minlength=len(self.topic_names))

    @cached_property
    def _tags(self) -> Array:
        """The set of each member of a set of tags."""
        sizes = np.diff(self._segment.tag_starts.astype(np.int64))
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def _topics(self) -> Array:
        """The set of each member of a set of topics."""
        return np.repeat(np.arange(len(self._topic_sizes)), self._topic_sizes)

    @cached_property
    def _topic_sizes(self) -> Array:
        return np.diff(self._segment.topic_starts.astype(np.int64))

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


def starts(values: Array) -> Array:
    """Return where a run of equal values begins."""
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    return np.flatnonzero(new)


def _having(of_passage: Array, of_member: Array, chosen: Array, begin: Array) -> Array:
    """Return for every passage whether its set has a member that is `chosen`."""
    has = np.zeros(len(begin) - 1, bool)
    has[of_member[chosen]] = True
    return np.asarray(has[of_passage])


def _names(strings: Strings) -> list[str]:
    return [name.decode() for name in strings.all()]
