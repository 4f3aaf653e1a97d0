"""Executes a query tree on one segment.

Leaves become lists: a plain word uses its stored postings, other leaves are computed
(`index.postings.posting_lists.ScoredDocs`). The lists are then

- intersected, shortest first, if all must match;
- united, if any may match and the lists are short;
- otherwise accumulated as 16-bit bounds of all passages: frequent words as rows of bytes, others
  posting by posting (term-at-a-time with impacts in small integers).
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
    NO_DOCS,
    Buffers,
    PostingList,
    PostingLists,
    ScoredDocs,
    TermPostings,
    TopDocs,
    TopKOptions,
    WordUnion,
    expand_prefix,
    terms_with_prefix,
)
from index.postings.segment_reader import TERM_CACHE_SIZE, SegmentReader
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    Node,
    PhraseQuery,
    PrefixQuery,
    SynonymQuery,
    WordQuery,
)

MAX_BOUND = 2**16 - 1  # the highest bound
# Lists are accumulated if they have more postings than 1/n of the number of passages, else united.
# One value applies to queries for all matches, the other to queries for the top k.
MIN_ACCUMULATE_SHARE, MIN_ACCUMULATE_SHARE_TOP_K = 4, 16


class QueryTimeoutError(Exception):
    """The search exceeded its time limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatistics:
    """The statistics of a commit that scores depend on, for one of its segments.

    `growth` is the factor by which a score may exceed the bounds in the rows. `idf` maps a stem to
    its idf over all segments; `idfs` returns it for terms of this segment. `last_form` returns the
    last word that a prefix expands to, None for no limit.
    """

    model: Saturation
    growth: float
    idf: Mapping[str, float]
    idfs: Callable[[SegmentReader, Array], Sequence[float]]
    last_form: Callable[[str], bytes | None]


class SegmentExecutor:
    """Executes queries on one segment with the statistics of one commit; shared by threads."""

    def __init__(
        self, segment: SegmentReader, statistics: CommitStatistics, scratch: Buffers
    ) -> None:
        self._segment, self._statistics = segment, statistics
        self._lists = PostingLists(segment, statistics.model, scratch)
        # Queries share few distinct words.
        self._term = lru_cache(TERM_CACHE_SIZE)(self._find_term)

    def matches(self, nodes: Sequence[Node], deadline: float, *, match_all: bool) -> Matches:
        """Return the matches of any or, with `match_all`, all nodes; raises `QueryTimeoutError`."""
        lists = self._node_lists(nodes, deadline, match_all)
        if not lists:
            return SparseMatches(NO_DOCS.docs, NO_DOCS.scores)
        if match_all and not _have_rows(lists):
            found = self._lists.intersection(lists)
        elif unit := self._bound_unit(lists, MIN_ACCUMULATE_SHARE):
            return self._accumulate(lists, unit, match_all=match_all)
        else:
            found = self._lists.union(lists)
        return SparseMatches(found.docs, found.scores)

    def best(
        self, nodes: Sequence[Node], choice: TopKOptions, deadline: float, *, match_all: bool
    ) -> TopDocs:
        """Return the top k of `matches`; raises `QueryTimeoutError`.

        Faster than `matches`, because passages that cannot be among the best are skipped.
        """
        if len(nodes) == 1 and isinstance(nodes[0], PhraseQuery):
            phrase = self._phrase(nodes[0], deadline)
            return self._lists.best_phrase(*phrase, choice) if phrase else ([], [])
        if len(nodes) == 1 and isinstance(nodes[0], PrefixQuery) and not nodes[0].field:
            return self._lists.best_of_words(self._prefix_words(nodes[0]), choice)
        lists = self._node_lists(nodes, deadline, match_all)
        if not lists:
            return [], []
        if (match_all or len(lists) == 1) and not _have_rows(lists):
            return self._lists.best_of_all(lists, choice)
        unit = self._bound_unit(lists, MIN_ACCUMULATE_SHARE_TOP_K)
        return self._lists.best_of_any(lists, unit, choice, match_all=match_all)

    def passages(self, leaves: Sequence[Leaf], deadline: float) -> Array:
        """Return the passages that match any of `leaves`."""
        return self._lists.union([self._leaf(leaf, deadline) for leaf in leaves]).docs

    def _node_lists(
        self, nodes: Sequence[Node], deadline: float, match_all: bool
    ) -> list[PostingList]:
        """Return the non-empty lists of `nodes`; no list if a required one is empty."""
        lists: list[PostingList] = []
        for node in dict.fromkeys(nodes) if len(nodes) > 1 else nodes:
            found = self._node(node, deadline, match_all)
            if len(found):
                lists.append(found)
            elif match_all:
                return []
        return lists

    def _bound_unit(self, lists: Sequence[PostingList], share: int) -> float:
        """Return the bound of a score of 1, or 0 if the lists should be united.

        Rounding up adds at most 256 units per list.
        """
        short = sum(map(len, lists)) * share <= self._segment.count
        if short and not (len(lists) == 1 and lists[0].row is not None):
            return 0
        return (MAX_BOUND - 256 * len(lists)) / sum(each.max_score for each in lists)

    def _accumulate(
        self, lists: list[PostingList], unit: float, *, match_all: bool
    ) -> DenseMatches:
        """Return the matches as bounds of all passages."""
        row = lists[0].row
        if len(lists) == 1 and row is not None:
            return DenseMatches(row, 255 / lists[0].max_score, lists, self._lists)
        bounds = self._lists.accumulate(lists, unit, match_all=match_all)
        return DenseMatches(bounds, unit, lists, self._lists)

    def _node(self, node: Node, deadline: float, match_all: bool) -> PostingList:
        _check_time(deadline)
        if isinstance(node, WordQuery):
            return self._word(node)
        if isinstance(node, AnyOfQuery):
            return self._lists.union(self._leaves(node.alternatives, deadline))
        if isinstance(node, SynonymQuery):
            typed = self._leaves(node.typed, deadline)
            if len(typed) == 1:
                own: PostingList = typed[0]
            else:
                own = (self._lists.intersection if match_all else self._lists.union)(typed)
            others = [each for each in self._leaves(node.synonyms, deadline) if len(each)]
            return self._lists.union([own, *others], best=True) if others else own
        return self._leaf(node, deadline)

    def _leaves(self, leaves: Sequence[Leaf], deadline: float) -> list[PostingList]:
        return [self._leaf(leaf, deadline) for leaf in dict.fromkeys(leaves)]

    def _leaf(self, leaf: Leaf, deadline: float) -> PostingList:
        if isinstance(leaf, PhraseQuery):
            phrase = self._phrase(leaf, deadline)
            return self._lists.phrase(*phrase) if phrase else NO_DOCS
        if isinstance(leaf, PrefixQuery):
            return self._prefix(leaf)
        return self._word(leaf)

    def _word(self, word: WordQuery) -> PostingList:
        found = self._term(word.stem, word.weight)
        if found is None:
            return NO_DOCS
        if not word.field:
            return found
        return self._lists.phrase([found], [0], POSITIONAL_FIELDS.index(word.field))

    def _phrase(
        self, phrase: PhraseQuery, deadline: float
    ) -> tuple[list[TermPostings], list[int], int] | None:
        """Return the distinct terms of a phrase, each word's index among them, and the text number.

        None if a word occurs in no passage.
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

    def _prefix(self, prefix: PrefixQuery) -> PostingList:
        """Return the passages with a word that has the prefix, scored by its stem."""
        if prefix.field:
            beginning = terms_with_prefix(self._segment, prefix.start, prefix.stem)
            stems = self._segment.terms.texts(beginning)
            return self._lists.union([self._word(WordQuery(s, s, prefix.field)) for s in stems])
        return self._lists.union_of_words(self._prefix_words(prefix))

    def _prefix_words(self, prefix: PrefixQuery) -> WordUnion:
        """Return the words with the prefix, in any text."""
        statistics = self._statistics
        whole, having = expand_prefix(
            self._segment, prefix.start, statistics.last_form(prefix.start)
        )
        some = np.fromiter(having, np.uint32, len(having))
        idfs = statistics.idfs(self._segment, np.concatenate((whole, some)))
        others = []
        for (term, postings), idf in zip(having.items(), idfs[len(whole) :], strict=True):
            united = self._lists.union([TermPostings(self._segment, term, idf, statistics.growth)])
            others.append(ScoredDocs(united.docs[postings], united.scores[postings]))
        return WordUnion(self._segment, whole, idfs[: len(whole)], others)

    def _find_term(self, stem: str, weight: float) -> TermPostings | None:
        """Return the postings of a word, None if no passage contains it."""
        term = self._segment.term(stem)
        if term is None:
            return None
        factor = weight * self._statistics.idf[stem]
        return TermPostings(self._segment, term, factor, self._statistics.growth)


def _have_rows(lists: Sequence[PostingList]) -> bool:
    return all(each.row is not None for each in lists)


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise QueryTimeoutError
