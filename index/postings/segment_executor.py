"""Running a query on one segment: from our query tree to what matches.

The leaves become lists: a plain word is its postings as they are, everything else is worked out
(`index.postings.posting_lists.Found`). The lists are then

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

from index.document import PLACED
from index.postings.array_file import Array
from index.postings.bm25f import Model
from index.postings.collectors import Listed, Matches, Spread
from index.postings.posting_lists import (
    NOTHING,
    Best,
    Choice,
    Found,
    List,
    Lists,
    Scratch,
    Term,
    Words,
)
from index.postings.prefixes import expanded, stems_beginning
from index.postings.segment_reader import KNOWN_TERMS, Segment
from index.query.parser import AnyOf, Leaf, Node, Phrase, Prefix, Synonyms, Word

UNITS = 2**16 - 1  # the highest bound
# Lists with fewer postings than one in so many passages are united, not added up: more where all
# that matches is listed afterwards, and not the best alone.
UNITED_SHARE, UNITED_SHARE_OF_BEST = 4, 16


class OutOfTimeError(Exception):
    """The time of a search is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What of a score depends on the commit, for one of its segments.

    `growth` is by how much a score may exceed what the rows were made of. `idf` maps a stem to its
    idf over all segments, `idfs` gives it for terms of this one. `last_form` returns the last word
    that a beginning stands for, None for all.
    """

    model: Model
    growth: float
    idf: Mapping[str, float]
    idfs: Callable[[Segment, Array], Sequence[float]]
    last_form: Callable[[str], bytes | None]


class Evaluation:
    """Runs queries on one segment with the statistics of one commit; threads share it."""

    def __init__(self, segment: Segment, statistics: Statistics, scratch: Scratch) -> None:
        self._segment, self._statistics = segment, statistics
        self._lists = Lists(segment, statistics.model, scratch)
        # The lists of words that were asked for: most queries are made of few words.
        self._term = lru_cache(KNOWN_TERMS)(self._found_term)

    def matches(self, nodes: Sequence[Node], deadline: float, *, every: bool) -> Matches:
        """Return what matches all of `nodes`, or any; raises `OutOfTimeError`."""
        lists = self._wanted(nodes, deadline, every)
        if not lists:
            return Listed(NOTHING.docs, NOTHING.scores)
        if every and not _have_rows(lists):
            found = self._lists.intersected(lists)
        elif unit := self._unit(lists, UNITED_SHARE):
            return self._spread(lists, unit, every=every)
        else:
            found = self._lists.united(lists)
        return Listed(found.docs, found.scores)

    def best(self, nodes: Sequence[Node], choice: Choice, deadline: float, *, every: bool) -> Best:
        """Return the best of what `matches` finds; raises `OutOfTimeError`.

        What cannot be among them is not looked at to the end, so this is faster.
        """
        if len(nodes) == 1 and isinstance(nodes[0], Phrase):
            phrase = self._phrase(nodes[0], deadline)
            return self._lists.best_side_by_side(*phrase, choice) if phrase else ([], [])
        if len(nodes) == 1 and isinstance(nodes[0], Prefix) and not nodes[0].field:
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

    def _spread(self, lists: list[List], unit: float, *, every: bool) -> Spread:
        """Return bounds for all passages."""
        row = lists[0].row
        if len(lists) == 1 and row is not None:
            return Spread(row, 255 / lists[0].most, lists, self._lists)
        bounds = self._lists.added_up(lists, unit, every=every)
        return Spread(bounds, unit, lists, self._lists)

    def _node(self, node: Node, deadline: float, every: bool) -> List:
        _check_time(deadline)
        if isinstance(node, Word):
            return self._word(node)
        if isinstance(node, AnyOf):
            return self._lists.united(self._leaves(node.parts, deadline))
        if isinstance(node, Synonyms):
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
        if isinstance(leaf, Phrase):
            phrase = self._phrase(leaf, deadline)
            return self._lists.side_by_side(*phrase) if phrase else NOTHING
        if isinstance(leaf, Prefix):
            return self._prefix(leaf)
        return self._word(leaf)

    def _word(self, word: Word) -> List:
        found = self._term(word.stem, word.weight)
        if found is None:
            return NOTHING
        if not word.field:
            return found
        return self._lists.side_by_side([found], [0], PLACED.index(word.field))

    def _phrase(self, phrase: Phrase, deadline: float) -> tuple[list[Term], list[int], int] | None:
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
        return terms, words, PLACED.index(phrase.field) if phrase.field else -1

    def _prefix(self, prefix: Prefix) -> List:
        """Return the passages that have a word that begins so; its stem counts."""
        if prefix.field:
            beginning = stems_beginning(self._segment, prefix.start, prefix.stem)
            stems = self._segment.terms.texts(beginning)
            return self._lists.united([self._word(Word(s, s, prefix.field)) for s in stems])
        return self._lists.united_words(self._beginning(prefix))

    def _beginning(self, prefix: Prefix) -> Words:
        """Return the words that begin so, in any text."""
        statistics = self._statistics
        whole, having = expanded(self._segment, prefix.start, statistics.last_form(prefix.start))
        some = np.fromiter(having, np.uint32, len(having))
        idfs = statistics.idfs(self._segment, np.concatenate((whole, some)))
        others = []
        for (term, postings), idf in zip(having.items(), idfs[len(whole) :], strict=True):
            every = self._lists.united([Term(self._segment, term, idf, statistics.growth)])
            others.append(Found(every.docs[postings], every.scores[postings]))
        return Words(self._segment, whole, idfs[: len(whole)], others)

    def _found_term(self, stem: str, weight: float) -> Term | None:
        """Return the postings of a word, None where no passage has it."""
        term = self._segment.term(stem)
        if term is None:
            return None
        factor = weight * self._statistics.idf[stem]
        return Term(self._segment, term, factor, self._statistics.growth)


def _have_rows(lists: Sequence[List]) -> bool:
    return all(each.row is not None for each in lists)


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise OutOfTimeError
