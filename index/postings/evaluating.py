"""Running a query on one segment: from our query tree to what matches.

The leaves become lists: a plain word is its postings as they are, everything else is worked out
(`index.postings.lists.Found`). The lists are then

- intersected, the shortest first, where all are wanted;
- united, where any is enough and they are short;
- else added up in sixteen bits for all passages at once: frequent words as rows of bytes, the
  others posting by posting (term-at-a-time, impacts in small integers).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from index.document import PLACED
from index.postings.files import Array
from index.postings.lists import NOTHING, Found, List, Lists, Scratch, Term
from index.postings.matches import Listed, Matches, Spread
from index.postings.prefixes import expanded, stems_beginning
from index.postings.scoring import Model
from index.postings.segment import Segment
from index.query import AnyOf, Leaf, Node, Phrase, Prefix, Synonyms, Word

UNITS = 2**16 - 1  # the highest bound
UNITED_SHARE = 4  # lists with fewer postings than one in so many passages are united, not added up


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
    idfs: Callable[[Segment, Sequence[int]], Sequence[float]]
    last_form: Callable[[str], bytes | None]


class Evaluation:
    """Runs queries on one segment with the statistics of one commit."""

    def __init__(
        self, segment: Segment, statistics: Statistics, scratch: Scratch, deadline: float
    ) -> None:
        self._segment, self._statistics = segment, statistics
        self._lists = Lists(segment, statistics.model, scratch)
        self._deadline = deadline

    def matches(self, nodes: Sequence[Node], *, every: bool) -> Matches:
        """Return what matches all of `nodes`, or any; raises `OutOfTimeError`."""
        lists: list[List] = []
        for node in dict.fromkeys(nodes):
            found = self._node(node, every)
            if len(found):
                lists.append(found)
            elif every:
                return self._nothing()
        if not lists:
            return self._nothing()
        return self._all(lists) if every else self._any(lists)

    def passages(self, leaves: Sequence[Leaf]) -> Array:
        """Return the passages that have any of `leaves`."""
        return self._lists.united([self._leaf(leaf) for leaf in leaves]).docs

    def _nothing(self) -> Matches:
        return Listed(NOTHING.docs, NOTHING.scores)

    def _any(self, lists: list[List]) -> Matches:
        if len(lists) == 1 and lists[0].row is not None:
            return Spread(lists[0].row, 255 / lists[0].most, lists, self._lists)
        if sum(map(len, lists)) * UNITED_SHARE <= self._segment.count:
            found = self._lists.united(lists)
            return Listed(found.docs, found.scores)
        return self._added_up(lists, every=False)

    def _all(self, lists: list[List]) -> Matches:
        if all(each.row is not None for each in lists):
            return self._any(lists) if len(lists) == 1 else self._added_up(lists, every=True)
        found = self._lists.intersected(lists)
        return Listed(found.docs, found.scores)

    def _added_up(self, lists: list[List], *, every: bool) -> Spread:
        """Return bounds for all passages. Rounding up adds at most 256 units a list."""
        unit = (UNITS - 256 * len(lists)) / sum(each.most for each in lists)
        self._check_time()
        bounds = self._lists.added_up(lists, unit, every=every)
        return Spread(bounds, unit, lists, self._lists)

    def _node(self, node: Node, every: bool) -> List:
        self._check_time()
        if isinstance(node, AnyOf):
            return self._lists.united([self._leaf(part) for part in dict.fromkeys(node.parts)])
        if isinstance(node, Synonyms):
            typed = [self._leaf(part) for part in dict.fromkeys(node.typed)]
            if len(typed) == 1:
                own: List = typed[0]
            else:
                own = (self._lists.intersected if every else self._lists.united)(typed)
            others = [self._leaf(part) for part in dict.fromkeys(node.others)]
            others = [each for each in others if len(each)]
            return self._lists.united([own, *others], best=True) if others else own
        return self._leaf(node)

    def _leaf(self, leaf: Leaf) -> List:
        if isinstance(leaf, Phrase):
            return self._phrase(leaf)
        if isinstance(leaf, Prefix):
            return self._prefix(leaf)
        return self._word(leaf)

    def _word(self, word: Word) -> List:
        term = self._segment.term(word.stem)
        if term is None:
            return NOTHING
        found = self._term(term, word.stem, word.weight)
        if not word.field:
            return found
        return self._lists.side_by_side([found], [0], PLACED.index(word.field))

    def _phrase(self, phrase: Phrase) -> List:
        """Return where the words stand side by side; each counts as it would alone."""
        self._check_time()
        different = list(dict.fromkeys(phrase.stems))
        terms = []
        for stem in different:
            term = self._segment.term(stem)
            if term is None:
                return NOTHING
            terms.append(self._term(term, stem, phrase.weight))
        words = [different.index(stem) for stem in phrase.stems]
        text = PLACED.index(phrase.field) if phrase.field else -1
        return self._lists.side_by_side(terms, words, text)

    def _prefix(self, prefix: Prefix) -> List:
        """Return the passages that have a word that begins so; its stem counts."""
        lists: list[List] = []
        if prefix.field:
            for term in stems_beginning(self._segment, prefix.start, prefix.stem):
                stem = self._segment.terms[term].decode()
                lists.append(self._word(Word(stem, stem, prefix.field)))
            return self._lists.united(lists)
        terms = expanded(self._segment, prefix.start, self._statistics.last_form(prefix.start))
        idfs = self._statistics.idfs(self._segment, list(terms))
        for (term, having), idf in zip(terms.items(), idfs, strict=True):
            found: List = Term(self._segment, term, idf, self._statistics.growth)
            if having is not None:
                every = self._lists.united([found])
                found = Found(every.docs[having], every.scores[having])
            lists.append(found)
        return self._lists.united(lists)

    def _term(self, term: int, stem: str, weight: float) -> Term:
        factor = weight * self._statistics.idf[stem]
        return Term(self._segment, term, factor, self._statistics.growth)

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise OutOfTimeError
