"""Lists: passages with a score each, of one word or worked out for a phrase; united, intersected.

A list is sorted by passage. `TermPostings` is the postings of a word where they stand on the disk; `ScoredDocs`
holds passages and scores that were worked out. Both say the most that a passage of theirs can
score, which is what pruning rests on, and pack themselves for the loops of `index.postings.native`.

Prefixes: the words that begin alike, and the passages that have one of them.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from index.document import BM25_K1
from index.postings import native
from index.postings.array_file import Array
from index.postings.bm25f import Saturation
from index.postings.segment_reader import SegmentReader

MIN_RESULT_CAPACITY = 1024  # passages for whose best there is always room


class Buffers(threading.local):
    """Arrays over all passages of a segment, with their addresses; each thread has its own."""

    def __init__(self, count: int) -> None:
        self.count = count

    @cached_property
    def docs(self) -> tuple[Array, int]:
        """Passages that were found; one may be written after the last."""
        return _addressed(np.empty(self.count + 1, np.uint32))

    @cached_property
    def scores(self) -> tuple[Array, int]:
        """The scores of `docs`."""
        return _addressed(np.empty(self.count, np.float64))

    @cached_property
    def bounds(self) -> tuple[Array, int]:
        """Bounds of scores in sixteen bits."""
        return _addressed(np.empty(self.count, np.uint16))

    @cached_property
    def spare(self) -> Array:
        """As `bounds`, for those that a filter leaves."""
        return np.empty(self.count, np.uint16)

    @cached_property
    def maxima(self) -> tuple[Array, int]:
        """The highest bound of each strip of passages."""
        return _addressed(np.empty(self.count // native.STRIP + 1, np.uint16))

    @cached_property
    def packed(self) -> bytes:
        """All of these as the loops want them."""
        return native.SPACE.pack(self.docs[1], self.scores[1], self.bounds[1], self.maxima[1])

    @cached_property
    def best(self) -> tuple[Array, int, Array, int]:
        """The best passages and their scores."""
        return *_addressed(np.empty(MIN_RESULT_CAPACITY, np.uint32)), *_addressed(
            np.empty(MIN_RESULT_CAPACITY)
        )


def _addressed(array: Array) -> tuple[Array, int]:
    return array, native.address(array)


class ScoredDocs:
    """Passages (uint32) and their scores (float64), worked out."""

    row: Array | None = None

    def __init__(self, docs: Array, scores: Array) -> None:
        self.docs, self.scores = docs, scores

    def __len__(self) -> int:
        return len(self.docs)

    @cached_property
    def max_score(self) -> float:
        """The highest score, 0 where there is none."""
        return float(self.scores.max(initial=0.0))

    def packed(self) -> bytes:
        """Return the list as the loops want it."""
        docs, scores = native.address(self.docs), native.address(self.scores)
        return native.LIST.pack(0, len(self.docs), 1.0, self.max_score, 0, docs, scores)


class TermPostings:
    """The postings of one word. `factor` is its weight times its idf.

    Where the word has a row, its bounds were made when lengths were others on the whole; `growth`
    is by how much a score may exceed them now.
    """

    def __init__(self, segment: SegmentReader, term: int, factor: float, growth: float) -> None:
        self._count = segment.doc_freq(term)
        self.row, row_at = segment.rows.get(term, (None, 0))
        self.max_score = factor * (BM25_K1 + 1) * (growth if row_at else 1.0)
        self._packed = native.LIST.pack(term, self._count, factor, self.max_score, row_at, 0, 0)

    def __len__(self) -> int:
        return self._count

    def packed(self) -> bytes:
        """Return the list as the loops want it."""
        return self._packed


class WordUnion:
    """Words to be united, of which there may be hundreds, and passages that were worked out.

    `factors` are their weights times their idf.
    """

    def __init__(
        self,
        segment: SegmentReader,
        terms: Array,
        factors: Sequence[float],
        others: Sequence[ScoredDocs],
    ) -> None:
        words = np.zeros(len(terms), native.LISTS)
        words["term"], words["count"] = terms, segment.doc_freqs(terms)
        words["factor"] = factors
        self._others = [each for each in others if len(each)]
        self.packed = words.tobytes() + pack_lists(self._others)
        self.count = len(words) + len(self._others)


PostingList = TermPostings | ScoredDocs
TopDocs = tuple[list[int], list[float]]  # passages and their scores, the best first


class TopKOptions:
    """Which passages are wanted: the `count` best, each score times its `worth`, at most 1.

    Only what is `live` and `allowed` is looked at, a truth for every passage.
    """

    def __init__(
        self, count: int, live: Array | None, allowed: Array | None, worth: Array | None
    ) -> None:
        self.count, self._arrays = count, (live, allowed, worth)

    def packed(self) -> bytes:
        """Return the choice as the loops want it."""
        live, allowed, worth = self._arrays
        return native.CHOICE.pack(
            0 if live is None else native.address(live),
            0 if allowed is None else native.address(allowed),
            0 if worth is None else native.address(worth),
            self.count,
        )


class PostingLists:
    """What is done with lists of one segment, under the model of one commit."""

    def __init__(self, segment: SegmentReader, model: Saturation, scratch: Buffers) -> None:
        self.segment, self.buffers, self._model = segment, scratch, model

    def union(self, lists: Sequence[PostingList], *, best: bool = False) -> ScoredDocs:
        """Return the passages of any of `lists`, with the sum of their scores, or the best."""
        lists = [each for each in lists if len(each)]
        if not lists:
            return NO_DOCS
        if len(lists) == 1 and isinstance(lists[0], ScoredDocs):
            return lists[0]
        scratch = self.buffers
        return self._copy_results(
            native.unite(
                self.segment.address, self._model.address, pack_lists(lists), len(lists), best,
                scratch.docs[1], scratch.scores[1],
            )
        )  # fmt: skip

    def union_of_words(self, words: WordUnion) -> ScoredDocs:
        """Return the passages of any of `words`, with the sum of their scores."""
        if not words.count:
            return NO_DOCS
        scratch = self.buffers
        return self._copy_results(
            native.unite(
                self.segment.address, self._model.address, words.packed, words.count, False,
                scratch.docs[1], scratch.scores[1],
            )
        )  # fmt: skip

    def best_of_words(self, words: WordUnion, choice: TopKOptions) -> TopDocs:
        """Return the best of what `united_words` finds."""
        return self._best_of_any(words.packed, words.count, 0, choice, match_all=False)

    def intersection(self, lists: Sequence[PostingList]) -> ScoredDocs:
        """Return the passages that are in all of `lists`, with the sum of their scores."""
        lists = sorted(lists, key=len)
        if not len(lists[0]):
            return NO_DOCS
        if len(lists) == 1 and isinstance(lists[0], ScoredDocs):
            return lists[0]
        return self._intersect(lists)

    def phrase(self, terms: Sequence[TermPostings], words: Sequence[int], text: int) -> ScoredDocs:
        """Return where words stand side by side; each of `terms` counts as it would alone.

        `words` says which of `terms` each word is. `text` is the number of the text that they must
        stand in, -1 for any.
        """
        return self._intersect(terms, words, text)

    def _intersect(
        self, lists: Sequence[PostingList], words: Sequence[int] = (), text: int = -1
    ) -> ScoredDocs:
        scratch = self.buffers
        return self._copy_results(
            native.together(
                self.segment.address, self._model.address, pack_lists(lists), len(lists),
                _numbers(words), len(words), text, None,
                scratch.docs[1], scratch.scores[1],
            )
        )  # fmt: skip

    def best_of_all(self, lists: Sequence[PostingList], choice: TopKOptions) -> TopDocs:
        """Return the best of what is in all of `lists`, as `intersected` scores it."""
        return self._best_intersection(sorted(lists, key=len), (), -1, choice)

    def best_phrase(
        self, terms: Sequence[TermPostings], words: Sequence[int], text: int, choice: TopKOptions
    ) -> TopDocs:
        """Return the best of what `side_by_side` finds."""
        return self._best_intersection(terms, words, text, choice)

    def _best_intersection(
        self, lists: Sequence[PostingList], words: Sequence[int], text: int, choice: TopKOptions
    ) -> TopDocs:
        docs, docs_at, scores, scores_at = self._result_buffers(choice)
        found = native.together(
            self.segment.address, self._model.address, pack_lists(lists), len(lists),
            _numbers(words), len(words), text, choice.packed(), docs_at, scores_at,
        )  # fmt: skip
        return _read(found, docs, scores)

    def best_of_any(
        self, lists: Sequence[PostingList], unit: float, choice: TopKOptions, *, match_all: bool
    ) -> TopDocs:
        """Return the best of what any of `lists` has, or all; as `united` or `added_up` do it.

        They are united where `unit` is 0.
        """
        return self._best_of_any(pack_lists(lists), len(lists), unit, choice, match_all=match_all)

    def _best_of_any(
        self, lists: bytes, count: int, unit: float, choice: TopKOptions, *, match_all: bool
    ) -> TopDocs:
        docs, docs_at, scores, scores_at = self._result_buffers(choice)
        found = native.best(
            self.segment.address, self._model.address, lists, count, match_all, unit,
            choice.packed(), self.buffers.packed, docs_at, scores_at,
        )  # fmt: skip
        return _read(found, docs, scores)

    def _result_buffers(self, choice: TopKOptions) -> tuple[Array, int, Array, int]:
        count = min(choice.count, self.segment.count)
        if count <= MIN_RESULT_CAPACITY:
            return self.buffers.best
        return *_addressed(np.empty(count, np.uint32)), *_addressed(np.empty(count))

    def accumulate(self, lists: Sequence[PostingList], unit: float, *, match_all: bool) -> Array:
        """Return bounds of all passages in sixteen bits, `unit` to a score of 1.

        With `match_all`, a passage that one of the lists lacks gets 0; all must have rows.
        """
        bounds, at = self.buffers.bounds
        native.check_count(
            native.add_up(
                self.segment.address,
                self._model.address,
                pack_lists(lists),
                len(lists),
                match_all,
                unit,
                at,
            )
        )
        return bounds

    def nonzero_docs(self, bounds: Array) -> Array:
        """Return the passages that have a bound above 0; good until others are asked for."""
        docs, at = self.buffers.docs
        wide = bounds.itemsize == 2
        return docs[: native.listed(native.address(bounds), wide, len(bounds), at)]

    def scores(self, lists: Sequence[PostingList], docs: Array) -> Array:
        """Return the sum of what `lists` give to `docs` (uint32, sorted)."""
        found = np.empty(len(docs), np.float64)
        native.check_count(
            native.scores(
                self.segment.address, self._model.address, pack_lists(lists), len(lists),
                native.address(docs), len(docs), native.address(found),
            )
        )  # fmt: skip
        return found

    def best_dense(
        self,
        lists: Sequence[PostingList],
        bounds: Array,
        unit: float,
        count: int,
        worth: Array | None,
    ) -> tuple[Array, Array]:
        """Return the `count` best of what has a bound above 0; see `index.postings.collectors`."""
        count = min(count, self.segment.count)
        docs, scores = np.empty(count, np.uint32), np.empty(count, np.float64)
        found = native.check_count(
            native.best_spread(
                self.segment.address, self._model.address, pack_lists(lists), len(lists),
                native.address(bounds), bounds.itemsize == 2, unit,
                None if worth is None else native.address(worth), count,
                self.buffers.maxima[1], native.address(docs), native.address(scores),
            )
        )  # fmt: skip
        return docs[:found], scores[:found]

    def _copy_results(self, found: int) -> ScoredDocs:
        count = native.check_count(found)
        return ScoredDocs(
            self.buffers.docs[0][:count].copy(), self.buffers.scores[0][:count].copy()
        )


NO_DOCS = ScoredDocs(np.zeros(0, np.uint32), np.zeros(0))


def _numbers(words: Sequence[int]) -> bytes | None:
    """Return the words of a phrase as the loops want them, None where there is no phrase."""
    return struct.pack(f"={len(words)}I", *words) if words else None


def _read(found: int, docs: Array, scores: Array) -> TopDocs:
    count = native.check_count(found)
    return docs[:count].tolist(), scores[:count].tolist()


def pack_lists(lists: Sequence[PostingList]) -> bytes:
    """Return lists as the loops want them; they must live as long as they are used."""
    return b"".join([each.packed() for each in lists])


def best_sparse(docs: Array, scores: Array, count: int, worth: Array | None) -> tuple[Array, Array]:
    """Return the `count` best of `docs` and their scores, each times its `worth`."""
    count = min(count, len(docs))
    best, best_scores = np.empty(count, np.uint32), np.empty(count, np.float64)
    native.best_listed(
        native.address(docs), native.address(scores), len(docs),
        None if worth is None else native.address(worth), count,
        native.address(best), native.address(best_scores),
    )  # fmt: skip
    return best, best_scores


MAX_EXPANSIONS = 500  # words that one prefix stands for


def expand_prefix(
    segment: SegmentReader, start: str, last: bytes | None
) -> tuple[Array, dict[int, Array]]:
    """Return the terms of the words that begin with `start`, the first `MAX_EXPANSIONS` of them.

    First the terms all of whose postings have such a word; then the others, and which of their
    postings have one. Words after `last` are left out.
    """
    wanted = start.encode("utf-8", "surrogatepass")
    forms = segment.forms.prefix_range(wanted, MAX_EXPANSIONS)
    end = forms.stop if last is None else min(forms.stop, segment.forms.lower_bound(last + b"\0"))
    of_forms = segment.form_terms[forms.start : end]
    terms, begins = np.unique(of_forms, return_counts=True)
    whole = begins == segment.form_counts[terms]
    having = {}
    for term in terms[~whole].tolist():
        spelled = segment.form_mask(term)
        if spelled is None:
            raise AssertionError("only a term with several forms has some of them")
        numbers = segment.form_numbers[forms.start : end][of_forms == term]
        having[term] = np.asarray(spelled[:, numbers].any(axis=1))
    return terms[whole], having


def terms_with_prefix(segment: SegmentReader, start: str, stem: str) -> list[int]:
    """Return the terms that begin with `start`, and the one that is `stem`."""
    wanted = start.encode("utf-8", "surrogatepass")
    found = dict.fromkeys(segment.terms.prefix_range(wanted, MAX_EXPANSIONS))
    own = segment.term(stem)
    if own is not None:
        found[own] = None
    return list(found)
