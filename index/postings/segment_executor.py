"""Running a query on one segment: from our query tree to what matches.

The leaves become lists: a plain word is its postings as they are, everything else is worked out
(`index.postings.posting_lists.ScoredDocs`). The lists are then

- intersected, the shortest first, where all are wanted;
- united, where any is enough and they are short;
- else added up in sixteen bits for all passages at once: frequent words as rows of bytes, the
  others posting by posting (term-at-a-time, impacts in small integers).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.document import POSITIONAL_FIELDS
from index.postings.array_file import Array
from index.postings.bm25f import Saturation
from index.postings.collectors import DenseMatches, Matches, SparseMatches
from index.postings.posting_lists import (
    NOTHING,
    Best,
    Buffers,
    List,
    PostingLists,
    ScoredDocs,
    TermPostings,
    TopKOptions,
    UnitedWords,
    expanded,
    stems_beginning,
)
from index.postings.segment_reader import KNOWN_TERMS, SegmentReader
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    Node,
    PhraseQuery,
    PrefixQuery,
    SynonymQuery,
    WordQuery,
)

UNITS = 2**16 - 1  # the highest bound
# Lists with fewer postings than one in so many passages are united, not added up: more where all
# that matches is listed afterwards, and not the best alone.
UNITED_SHARE, UNITED_SHARE_OF_BEST = 4, 16


class QueryTimeoutError(Exception):
    """The time of a search is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatistics:
    """What of a score depends on the commit, for one of its segments.

    `growth` is by how much a score may exceed what the rows were made of. `idf` maps a stem to its
    idf over all segments, `idfs` gives it for terms of this one. `last_form` returns the last word
    that a beginning stands for, None for all.
    """

    model: Saturation
    growth: float
    idf: Mapping[str, float]
    idfs: Callable[[SegmentReader, Array], Sequence[float]]
    last_form: Callable[[str], bytes | None]


class SegmentExecutor:
    """Runs queries on one segment with the statistics of one commit; threads share it."""

    def __init__(
        self, segment: SegmentReader, statistics: CommitStatistics, scratch: Buffers
    ) -> None:
        self._segment, self._statistics = segment, statistics
        self._lists = PostingLists(segment, statistics.model, scratch)
        # The lists of words that were asked for: most queries are made of few words.
        self._term = lru_cache(KNOWN_TERMS)(self._found_term)

    def matches(self, nodes: Sequence[Node], deadline: float, *, every: bool) -> Matches:
        """Return what matches all of `nodes`, or any; raises `QueryTimeoutError`."""
        lists = self._wanted(nodes, deadline, every)
        if not lists:
            return SparseMatches(NOTHING.docs, NOTHING.scores)
        if every and not _have_rows(lists):
            found = self._lists.intersected(lists)
        elif unit := self._unit(lists, UNITED_SHARE):
            return self._spread(lists, unit, every=every)
        else:
            found = self._lists.united(lists)
        return SparseMatches(found.docs, found.scores)

    def best(
        self, nodes: Sequence[Node], choice: TopKOptions, deadline: float, *, every: bool
    ) -> Best:
        """Return the best of what `matches` finds; raises `QueryTimeoutError`.

        What cannot be among them is not looked at to the end, so this is faster.
        """
        if len(nodes) == 1 and isinstance(nodes[0], PhraseQuery):
            phrase = self._phrase(nodes[0], deadline)
            return self._lists.best_side_by_side(*phrase, choice) if phrase else ([], [])
        if len(nodes) == 1 and isinstance(nodes[0], PrefixQuery) and not nodes[0].field:
            return self._lists.best_of_words(self._beginning(nodes[0]), choice)
        lists = self._wanted(nodes, deadline, every)
        if not lists:
            return [], []
        if (every or len(lists) == 1) and not _have_rows(lists):
            return self._lists.best_of_all(lists, choice)
        unit = self._unit(lists, UNITED_SHARE_OF_BEST)
        return self._lists.best_of_any(lists, unit, choice, every=every)

    def passages(self, leaves: Sequence[Leaf], deadline: float) -> Array:
        """Return the passages that have any of `leaves`."""
        return self._lists.united([self._leaf(leaf, deadline) for leaf in leaves]).docs

    def _wanted(self, nodes: Sequence[Node], deadline: float, every: bool) -> list[List]:
        """Return the lists of `nodes`, none where one that is needed is empty."""
        lists: list[List] = []
        for node in dict.fromkeys(nodes) if len(nodes) > 1 else nodes:
            found = self._node(node, deadline, every)
            if len(found):
                lists.append(found)
            elif every:
                return []
        return lists

    def _unit(self, lists: Sequence[List], share: int) -> float:
        """Return what stands for a score of 1 in bounds, 0 where lists are better united.

        Rounding up adds at most 256 units a list.
        """
        short = sum(map(len, lists)) * share <= self._segment.count
        if short and not (len(lists) == 1 and lists[0].row is not None):
            return 0
        return (UNITS - 256 * len(lists)) / sum(each.most for each in lists)

    def _spread(self, lists: list[List], unit: float, *, every: bool) -> DenseMatches:
        """Return bounds for all passages."""
        row = lists[0].row
        if len(lists) == 1 and row is not None:
            return DenseMatches(row, 255 / lists[0].most, lists, self._lists)
        bounds = self._lists.added_up(lists, unit, every=every)
        return DenseMatches(bounds, unit, lists, self._lists)

    def _node(self, node: Node, deadline: float, every: bool) -> List:
        _check_time(deadline)
        if isinstance(node, WordQuery):
            return self._word(node)
        if isinstance(node, AnyOfQuery):
            return self._lists.united(self._leaves(node.parts, deadline))
        if isinstance(node, SynonymQuery):
            typed = self._leaves(node.typed, deadline)
            if len(typed) == 1:
                own: List = typed[0]
            else:
                own = (self._lists.intersected if every else self._lists.united)(typed)
            others = [each for each in self._leaves(node.others, deadline) if len(each)]
            return self._lists.united([own, *others], best=True) if others else own
        return self._leaf(node, deadline)

    def _leaves(self, leaves: Sequence[Leaf], deadline: float) -> list[List]:
        return [self._leaf(leaf, deadline) for leaf in dict.fromkeys(leaves)]

    def _leaf(self, leaf: Leaf, deadline: float) -> List:
        if isinstance(leaf, PhraseQuery):
            phrase = self._phrase(leaf, deadline)
            return self._lists.side_by_side(*phrase) if phrase else NOTHING
        if isinstance(leaf, PrefixQuery):
            return self._prefix(leaf)
        return self._word(leaf)

    def _word(self, word: WordQuery) -> List:
        found = self._term(word.stem, word.weight)
        if found is None:
            return NOTHING
        if not word.field:
            return found
        return self._lists.side_by_side([found], [0], POSITIONAL_FIELDS.index(word.field))

    def _phrase(
        self, phrase: PhraseQuery, deadline: float
    ) -> tuple[list[TermPostings], list[int], int] | None:
        """Return the different words of a phrase, which of them each word is, and in which text.

        None where a word is in no passage.
        """
        _check_time(deadline)
        different = list(dict.fromkeys(phrase.stems))
        terms = []
        for stem in different:
            term = self._term(stem, phrase.weight)
            if term is None:
                return None
            terms.append(term)
        words = [different.index(stem) for stem in phrase.stems]
        return terms, words, POSITIONAL_FIELDS.index(phrase.field) if phrase.field else -1

    def _prefix(self, prefix: PrefixQuery) -> List:
        """Return the passages that have a word that begins so; its stem counts."""
        if prefix.field:
            beginning = stems_beginning(self._segment, prefix.start, prefix.stem)
            stems = self._segment.terms.texts(beginning)
            return self._lists.united([self._word(WordQuery(s, s, prefix.field)) for s in stems])
        return self._lists.united_words(self._beginning(prefix))

    def _beginning(self, prefix: PrefixQuery) -> UnitedWords:
        """Return the words that begin so, in any text."""
        statistics = self._statistics
        whole, having = expanded(self._segment, prefix.start, statistics.last_form(prefix.start))
        some = np.fromiter(having, np.uint32, len(having))
        idfs = statistics.idfs(self._segment, np.concatenate((whole, some)))
        others = []
        for (term, postings), idf in zip(having.items(), idfs[len(whole) :], strict=True):
            every = self._lists.united([TermPostings(self._segment, term, idf, statistics.growth)])
            others.append(ScoredDocs(every.docs[postings], every.scores[postings]))
        return UnitedWords(self._segment, whole, idfs[: len(whole)], others)

    def _found_term(self, stem: str, weight: float) -> TermPostings | None:
        """Return the postings of a word, None where no passage has it."""
        term = self._segment.term(stem)
        if term is None:
            return None
        factor = weight * self._statistics.idf[stem]
        return TermPostings(self._segment, term, factor, self._statistics.growth)


def _have_rows(lists: Sequence[List]) -> bool:
    return all(each.row is not None for each in lists)


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise QueryTimeoutError
