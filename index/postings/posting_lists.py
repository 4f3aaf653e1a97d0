"""Posting lists: union, intersection, phrases and top k of scored passages; prefix expansion.

Lists are sorted by passage. `TermPostings` refers to the stored postings of a word; `ScoredDocs`
contains computed passages and scores. Both have an upper bound of their scores, which pruning
uses, and pack themselves into the structures of `index.postings.native`.
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

MIN_RESULT_CAPACITY = 1024  # size of the reusable result buffers


class Buffers(threading.local):
    """Per-thread work arrays over all passages of a segment, with their addresses."""

    def __init__(self, count: int) -> None:
        self.count = count

    @cached_property
    def docs(self) -> tuple[Array, int]:
        """Result passages, with room for one extra write."""
        return _with_address(np.empty(self.count + 1, np.uint32))

    @cached_property
    def scores(self) -> tuple[Array, int]:
        """The scores of `docs`."""
        return _with_address(np.empty(self.count, np.float64))

    @cached_property
    def bounds(self) -> tuple[Array, int]:
        """Bounds of scores in sixteen bits."""
        return _with_address(np.empty(self.count, np.uint16))

    @cached_property
    def spare(self) -> Array:
        """A second array of bounds, for filtered matches."""
        return np.empty(self.count, np.uint16)

    @cached_property
    def maxima(self) -> tuple[Array, int]:
        """The highest bound of each strip of passages."""
        return _with_address(np.empty(self.count // native.STRIP + 1, np.uint16))

    @cached_property
    def packed(self) -> bytes:
        """The addresses as a packed `Space` structure."""
        return native.SPACE.pack(self.docs[1], self.scores[1], self.bounds[1], self.maxima[1])

    @cached_property
    def best(self) -> tuple[Array, int, Array, int]:
        """The best passages and their scores."""
        return *_with_address(np.empty(MIN_RESULT_CAPACITY, np.uint32)), *_with_address(
            np.empty(MIN_RESULT_CAPACITY)
        )


def _with_address(array: Array) -> tuple[Array, int]:
    return array, native.address(array)


class ScoredDocs:
    """Computed passages (uint32) and their scores (float64)."""

    row: Array | None = None

    def __init__(self, docs: Array, scores: Array) -> None:
        self.docs, self.scores = docs, scores

    def __len__(self) -> int:
        return len(self.docs)

    @cached_property
    def max_score(self) -> float:
        """The highest score, 0 if the list is empty."""
        return float(self.scores.max(initial=0.0))

    def packed(self) -> bytes:
        """Return the list as a packed `List` structure."""
        docs, scores = native.address(self.docs), native.address(self.scores)
        return native.LIST.pack(0, len(self.docs), 1.0, self.max_score, 0, docs, scores)


class TermPostings:
    """The stored postings of one word; `factor` is its weight times its idf.

    The bounds in a word's row were computed with the mean length of the segment; `growth` is the
    factor by which a score may exceed them now.
    """

    def __init__(self, segment: SegmentReader, term: int, factor: float, growth: float) -> None:
        self._count = segment.doc_freq(term)
        self.row, row_at = segment.rows.get(term, (None, 0))
        self.max_score = factor * (BM25_K1 + 1) * (growth if row_at else 1.0)
        self._packed = native.LIST.pack(term, self._count, factor, self.max_score, row_at, 0, 0)

    def __len__(self) -> int:
        return self._count

    def packed(self) -> bytes:
        """Return the list as a packed `List` structure."""
        return self._packed


class WordUnion:
    """A union of up to hundreds of words and some computed lists.

    `factors` are the weights of the words times their idf.
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
TopDocs = tuple[list[int], list[float]]  # passages and scores, best first


class TopKOptions:
    """Options of a top-k search: the number of results, filters and score factors.

    `live` and `allowed` are masks over all passages; `score_factors` are at most 1.
    """

    def __init__(
        self, count: int, live: Array | None, allowed: Array | None, score_factors: Array | None
    ) -> None:
        self.count, self._arrays = count, (live, allowed, score_factors)

    def packed(self) -> bytes:
        """Return the options as a packed `Choice` structure."""
        live, allowed, score_factors = self._arrays
        return native.CHOICE.pack(
            0 if live is None else native.address(live),
            0 if allowed is None else native.address(allowed),
            0 if score_factors is None else native.address(score_factors),
            self.count,
        )


class PostingLists:
    """Operations on the lists of one segment with the scoring model of one commit."""

    def __init__(self, segment: SegmentReader, model: Saturation, scratch: Buffers) -> None:
        self.segment, self.buffers, self._model = segment, scratch, model

    def union(self, lists: Sequence[PostingList], *, best: bool = False) -> ScoredDocs:
        """Return the passages in any of `lists` with their summed or, if `best`, highest scores."""
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
        """Return the passages with any of `words` and their summed scores."""
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
        """Return the top k of `union_of_words`."""
        return self._best_of_any(words.packed, words.count, 0, choice, match_all=False)

    def intersection(self, lists: Sequence[PostingList]) -> ScoredDocs:
        """Return the passages in all of `lists` with their summed scores."""
        lists = sorted(lists, key=len)
        if not len(lists[0]):
            return NO_DOCS
        if len(lists) == 1 and isinstance(lists[0], ScoredDocs):
            return lists[0]
        return self._intersect(lists)

    def phrase(self, terms: Sequence[TermPostings], words: Sequence[int], text: int) -> ScoredDocs:
        """Return the passages that contain a phrase; scores are the sum of its terms' scores.

        `words` are the indexes in `terms` of the words of the phrase. `text` is the number of the
        text that must contain it, -1 for any.
        """
        return self._intersect(terms, words, text)

    def _intersect(
        self, lists: Sequence[PostingList], words: Sequence[int] = (), text: int = -1
    ) -> ScoredDocs:
        scratch = self.buffers
        return self._copy_results(
            native.intersect(
                self.segment.address, self._model.address, pack_lists(lists), len(lists),
                _pack_word_indexes(words), len(words), text, None,
                scratch.docs[1], scratch.scores[1],
            )
        )  # fmt: skip

    def best_of_all(self, lists: Sequence[PostingList], choice: TopKOptions) -> TopDocs:
        """Return the top k of `intersection`."""
        return self._best_intersection(sorted(lists, key=len), (), -1, choice)

    def best_phrase(
        self, terms: Sequence[TermPostings], words: Sequence[int], text: int, choice: TopKOptions
    ) -> TopDocs:
        """Return the top k of `phrase`."""
        return self._best_intersection(terms, words, text, choice)

    def _best_intersection(
        self, lists: Sequence[PostingList], words: Sequence[int], text: int, choice: TopKOptions
    ) -> TopDocs:
        docs, docs_at, scores, scores_at = self._result_buffers(choice)
        found = native.intersect(
            self.segment.address, self._model.address, pack_lists(lists), len(lists),
            _pack_word_indexes(words), len(words), text, choice.packed(), docs_at, scores_at,
        )  # fmt: skip
        return _to_lists(found, docs, scores)

    def best_of_any(
        self, lists: Sequence[PostingList], unit: float, choice: TopKOptions, *, match_all: bool
    ) -> TopDocs:
        """Return the top k of the passages in any or, with `match_all`, all of `lists`.

        With a `unit` of 0 the lists are united; otherwise bounds are accumulated in that unit.
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
        return _to_lists(found, docs, scores)

    def _result_buffers(self, choice: TopKOptions) -> tuple[Array, int, Array, int]:
        count = min(choice.count, self.segment.count)
        if count <= MIN_RESULT_CAPACITY:
            return self.buffers.best
        return *_with_address(np.empty(count, np.uint32)), *_with_address(np.empty(count))

    def accumulate(self, lists: Sequence[PostingList], unit: float, *, match_all: bool) -> Array:
        """Return 16-bit score bounds of all passages; a score of 1 is `unit`.

        With `match_all`, all lists must have rows, and a passage missing from any list gets 0.
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
        """Return the passages with a bound above 0, in a buffer that the next call overwrites."""
        docs, at = self.buffers.docs
        wide = bounds.itemsize == 2
        return docs[: native.listed(native.address(bounds), wide, len(bounds), at)]

    def scores(self, lists: Sequence[PostingList], docs: Array) -> Array:
        """Return the summed scores of `docs` (uint32, sorted) in `lists`."""
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
        score_factors: Array | None,
    ) -> tuple[Array, Array]:
        """Return the top k passages with a bound above 0 (see `index.postings.collectors`)."""
        count = min(count, self.segment.count)
        docs, scores = np.empty(count, np.uint32), np.empty(count, np.float64)
        found = native.check_count(
            native.best_spread(
                self.segment.address, self._model.address, pack_lists(lists), len(lists),
                native.address(bounds), bounds.itemsize == 2, unit,
                None if score_factors is None else native.address(score_factors), count,
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


def _pack_word_indexes(words: Sequence[int]) -> bytes | None:
    """Return the word indexes of a phrase as packed uint32, None without a phrase."""
    return struct.pack(f"={len(words)}I", *words) if words else None


def _to_lists(found: int, docs: Array, scores: Array) -> TopDocs:
    count = native.check_count(found)
    return docs[:count].tolist(), scores[:count].tolist()


def pack_lists(lists: Sequence[PostingList]) -> bytes:
    """Return the packed `List` structures; the caller must keep `lists` alive."""
    return b"".join([each.packed() for each in lists])


def best_sparse(
    docs: Array, scores: Array, count: int, score_factors: Array | None
) -> tuple[Array, Array]:
    """Return the `count` best of `docs` and their scores multiplied by `score_factors`."""
    count = min(count, len(docs))
    best, best_scores = np.empty(count, np.uint32), np.empty(count, np.float64)
    native.best_listed(
        native.address(docs), native.address(scores), len(docs),
        None if score_factors is None else native.address(score_factors), count,
        native.address(best), native.address(best_scores),
    )  # fmt: skip
    return best, best_scores


MAX_EXPANSIONS = 500  # words per prefix


def expand_prefix(
    segment: SegmentReader, start: str, last: bytes | None
) -> tuple[Array, dict[int, Array]]:
    """Return the terms of the first `MAX_EXPANSIONS` words that begin with `start`.

    The first result are terms of which all postings have such a word, the second are the other
    terms with a mask of the postings that have one. Words after `last` are ignored.
    """
    wanted = start.encode("utf-8", "surrogatepass")
    forms = segment.forms.prefix_range(wanted, MAX_EXPANSIONS)
    end = forms.stop if last is None else min(forms.stop, segment.forms.lower_bound(last + b"\0"))
    of_forms = segment.form_terms[forms.start : end]
    terms, first_text = np.unique(of_forms, return_counts=True)
    whole = first_text == segment.form_counts[terms]
    having = {}
    for term in terms[~whole].tolist():
        spelled = segment.form_mask(term)
        if spelled is None:
            raise AssertionError("a partially matching term must have several forms")
        numbers = segment.form_numbers[forms.start : end][of_forms == term]
        having[term] = np.asarray(spelled[:, numbers].any(axis=1))
    return terms[whole], having


def terms_with_prefix(segment: SegmentReader, start: str, stem: str) -> list[int]:
    """Return the terms that begin with `start`, and the term `stem`."""
    wanted = start.encode("utf-8", "surrogatepass")
    found = dict.fromkeys(segment.terms.prefix_range(wanted, MAX_EXPANSIONS))
    own = segment.term(stem)
    if own is not None:
        found[own] = None
    return list(found)
