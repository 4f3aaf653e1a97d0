"""Running a query on one segment: from our query tree to what matches.

The leaves become lists: a plain word is its postings as they are, everything else is worked out
(`index.postings.lists.Found`). The lists are then

- intersected, the shortest first, where all are wanted;
- united, where any is enough and they are short;
- else added up in sixteen bits for all passages at once: frequent words as rows of bytes, the
  others posting by posting (term-at-a-time, impacts in small integers).

The last costs the same whatever the words are, so it needs no skipping: 16 and 300 microseconds a
row at 100,000 and 1,000,000 passages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.postings.files import Array
from index.postings.lists import (
    Found,
    List,
    Scratch,
    Term,
    intersected,
    united,
    united_postings,
)
from index.postings.matches import Listed, Matches, Spread
from index.postings.phrases import in_text, side_by_side
from index.postings.prefixes import expanded, stems_beginning
from index.postings.runs import ragged
from index.postings.segment import Segment
from index.query import AnyOf, Leaf, Node, Phrase, Prefix, Synonyms, Word

UNITS = 2**16 - 1  # the highest bound


class OutOfTimeError(Exception):
    """The time of a search is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What of a score depends on the commit, for one of its segments.

    `table` is the saturation of the segment's pairs, and `growth` by how much it may exceed what
    the rows were made of. `idf` maps a stem to its idf over all segments, `idfs` gives it for terms
    of this one. `last_form` returns the last word that a beginning stands for, None for all.
    """

    table: Array
    growth: float
    idf: Mapping[str, float]
    idfs: Callable[[Segment, Array], Array]
    last_form: Callable[[str], bytes | None]


class Evaluation:
    """Runs queries on one segment with the statistics of one commit."""

    def __init__(
        self, segment: Segment, statistics: Statistics, scratch: Scratch, deadline: float
    ) -> None:
        self._segment, self._statistics = segment, statistics
        self._scratch, self._deadline = scratch, deadline

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
        return united([self._leaf(leaf) for leaf in leaves], self._scratch).docs

    def _nothing(self) -> Matches:
        return Listed(np.zeros(0, np.intp), np.zeros(0))

    def _any(self, lists: list[List]) -> Matches:
        rows = any(each.row is not None for each in lists)
        if not rows and sum(map(len, lists)) <= max(self._segment.few, 4096):
            found = united(lists, self._scratch)
            return Listed(found.docs, found.scores())
        bounds, unit = self._added(lists)
        return Spread(bounds, unit, lambda docs: _summed(lists, docs), self._scratch)

    def _all(self, lists: list[List]) -> Matches:
        short = [each for each in lists if each.row is None]
        long = [(each, each.row) for each in lists if each.row is not None]
        if not short:
            bounds, unit = self._added(lists)
            bounds = self._with_all(bounds, [row for _, row in long])
            return Spread(bounds, unit, lambda docs: _summed(lists, docs), self._scratch)
        found = intersected(short, self._scratch)
        docs, scores = found.docs, found.scores()
        if not long:
            return Listed(docs, scores)
        for each, row in long:
            bytes_ = row[docs]
            there = bytes_ > 0
            docs = docs[there]
            scores = scores[there] + bytes_[there] * (self._most(each) / 255)
        return Listed(docs, scores, lambda docs: _summed(lists, docs))

    def _with_all(self, bounds: Array, rows: list[Array]) -> Array:
        """Return `bounds` with 0 where one of `rows` has none."""
        if len(rows) == 1:
            return bounds
        there = rows[0] > 0
        for row in rows[1:]:
            np.logical_and(there, row, out=there)
        np.multiply(bounds, there, out=bounds)
        return bounds

    def _added(self, lists: list[List]) -> tuple[Array, float]:
        """Return the bounds of all passages and how many units a score of 1 has.

        Rounding up adds less than 256 units a list, which are set aside.
        """
        most = [self._most(each) for each in lists]
        unit = (UNITS - 256 * len(lists)) / sum(most)
        rows = [(each.row, bound) for each, bound in zip(lists, most, strict=True)]
        if len(lists) == 1 and lists[0].row is not None:
            return lists[0].row, 255 / most[0]
        bounds, spare = self._scratch.bounds, self._scratch.spare
        filled = False
        for row, bound in rows:
            if row is None:
                continue
            factor = np.uint16(np.ceil(bound * unit / 255))
            into = spare if filled else bounds
            np.multiply(row, factor, out=into, dtype=np.uint16, casting="unsafe")
            if filled:
                np.add(bounds, spare, out=bounds)
            filled = True
        if not filled:
            bounds.fill(0)
        for each in lists:
            if each.row is None:
                self._check_time()
                np.add.at(bounds, each.docs.astype(np.intp), each.small_scores(unit))
        return bounds, unit

    def _most(self, each: List) -> float:
        return each.most * self._statistics.growth if each.row is not None else each.most

    def _node(self, node: Node, every: bool) -> List:
        self._check_time()
        if isinstance(node, AnyOf):
            return united([self._leaf(part) for part in dict.fromkeys(node.parts)], self._scratch)
        if isinstance(node, Synonyms):
            typed = [self._leaf(part) for part in dict.fromkeys(node.typed)]
            if len(typed) == 1:
                own: List = typed[0]
            else:
                own = (intersected if every else united)(typed, self._scratch)
            others = [self._leaf(part) for part in dict.fromkeys(node.others)]
            others = [each for each in others if len(each)]
            return united([own, *others], self._scratch, best=True) if others else own
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
            return self._found(np.zeros(0, np.intp), np.zeros(0))
        found = self._term(term, word.stem, word.weight)
        if not word.field:
            return found
        docs, scores = found.docs.astype(np.intp), found.scores()
        there = in_text(self._segment, term, docs, word.field, self._scratch)
        return self._found(docs[there], scores[there])

    def _phrase(self, phrase: Phrase) -> List:
        """Return where the words stand side by side; each counts as it would alone."""
        self._check_time()
        terms = [self._segment.term(stem) for stem in phrase.stems]
        known = [term for term in terms if term is not None]
        if len(known) < len(terms):
            return self._found(np.zeros(0, np.intp), np.zeros(0))
        docs = side_by_side(self._segment, known, phrase.field, self._scratch)
        lists = [
            self._term(term, stem, phrase.weight)
            for stem, term in dict(zip(phrase.stems, known, strict=True)).items()
        ]
        return self._found(docs, _summed(lists, docs))

    def _prefix(self, prefix: Prefix) -> List:
        """Return the passages that have a word that begins so; its stem counts."""
        lists: list[List] = []
        if prefix.field:
            for term in stems_beginning(self._segment, prefix.start, prefix.stem):
                stem = self._segment.terms[term].decode()
                lists.append(self._word(Word(stem, stem, prefix.field)))
            return united(lists, self._scratch)
        terms = expanded(self._segment, prefix.start, self._statistics.last_form(prefix.start))
        whole = np.array([term for term, having in terms.items() if having is None], np.int64)
        lists.append(self._gathered(whole))
        for term, having in terms.items():
            if having is not None:
                found = self._term(term, self._segment.terms[term].decode(), 1.0)
                docs = found.docs[having].astype(np.intp)
                lists.append(self._found(docs, found.scores()[having]))
        return united(lists, self._scratch)

    def _gathered(self, terms: Array) -> List:
        """Return the union of some terms, all their postings read at once."""
        segment = self._segment
        begin, end = (segment.term_starts[terms + n].astype(np.int64) for n in (0, 1))
        postings = ragged(begin, end)
        docs = segment.docs[postings].astype(np.intp)
        factors = np.repeat(self._statistics.idfs(segment, terms), end - begin)
        return united_postings(
            docs, self._statistics.table[segment.pairs[postings]] * factors, self._scratch
        )

    def _term(self, term: int, stem: str, weight: float) -> Term:
        factor = weight * self._statistics.idf[stem]
        return Term(self._segment, term, factor, self._statistics.table, self._scratch)

    def _found(self, docs: Array, scores: Array) -> Found:
        return Found(docs, scores, self._scratch)

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise OutOfTimeError


def _summed(lists: Sequence[List], docs: Array) -> Array:
    """Return the sum of the scores that `lists` give to `docs`, sorted."""
    scores = np.zeros(len(docs))
    for each in lists:
        there, found = each.at(docs)
        scores[there] += found
    return scores
