"""Kernel functions compared with a plain Python implementation.

One segment covers all cases: terms with one and with many blocks, rows, passages after the last
whole strip.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.document import FIELD_BOOSTS, POSITIONAL_FIELDS, IndexDocument
from index.postings.bm25f import LENGTHS, Saturation, growth, length_bytes, saturation
from index.postings.builder import SegmentBuilder
from index.postings.collectors import DenseMatches, SparseMatches
from index.postings.facet_counts import FacetColumns
from index.postings.posting_lists import (
    MIN_RESULT_CAPACITY,
    Buffers,
    PostingList,
    PostingLists,
    ScoredDocs,
    TermPostings,
    TopDocs,
    TopKOptions,
)
from index.postings.segment_reader import SegmentReader
from index.postings.segment_writer import write_segment

PASSAGES = 4_500  # enough for rows; no multiple of a strip
WORDS = [f"w{number}" for number in range(300)]
PHRASE = 3
SEEDS = st.integers(0, 2**32 - 1)


def _documents() -> list[IndexDocument]:
    chance = random.Random(4)
    shares = [1 / (number + 1.5) for number in range(len(WORDS))]
    found = []
    for number in range(PASSAGES):
        size = 700 if number == 77 else chance.randint(1, 25)
        article = number // 3
        found.append(
            IndexDocument(
                passage_id=f"p{number}",
                article_id=f"a{article}",
                texts={
                    "title": f"w{article % 40} w7",
                    "heading": chance.choice(WORDS),
                    "body": " ".join(chance.choices(WORDS, shares, k=size)),
                    "topics": "",
                    "tags": "w9",
                },
                tags=tuple(chance.sample(["t1", "t2", "t3"], chance.randint(0, 2))),
                topics=(f"o{article % 70}", f"o{70 + number % 2}"),  # more than fit into one mask
                reviewed=date(2026, 1, 1),
            )
        )
    return found


class Reference:
    """The same passages in dictionaries."""

    def __init__(self, documents: Sequence[IndexDocument]) -> None:
        self.documents = documents
        self.positions: dict[str, dict[int, list[int]]] = defaultdict(dict)
        self.texts: dict[tuple[int, int], str] = {}
        self.frequencies: dict[str, Counter[int]] = defaultdict(Counter)
        lengths = []
        for doc, document in enumerate(documents):
            place = length = 0
            for name in POSITIONAL_FIELDS:
                for word in document.texts[name].split():
                    self.positions[word].setdefault(doc, []).append(place)
                    self.texts[doc, place] = name
                    self.frequencies[word][doc] += FIELD_BOOSTS[name]
                    place += 1
                    length += FIELD_BOOSTS[name]
                place += 1
            lengths.append(length)
        self.mean = sum(lengths) / len(lengths)
        self.norms = [int(LENGTHS[byte]) for byte in length_bytes(np.array(lengths))]

    def scores(self, word: str, factor: float) -> dict[int, float]:
        return {
            doc: factor * f * 2.2 / (f + 1.2 * (0.25 + 0.75 * self.norms[doc] / self.mean))
            for doc, f in self.frequencies[word].items()
        }

    def phrase(self, words: Sequence[str], text: str) -> list[int]:
        found: set[tuple[int, int]] | None = None  # (passage, place of the first word)
        for number, word in enumerate(words):
            starts = {
                (doc, place - number)
                for doc, places in self.positions[word].items()
                for place in places
                if text in ("", self.texts[doc, place])
            }
            found = starts if found is None else found & starts
        return sorted({doc for doc, _ in found or ()})


REFERENCE = Reference(_documents())


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> SegmentReader:
    batch = SegmentBuilder()
    for start in range(0, PASSAGES, 3):
        batch.add(REFERENCE.documents[start : start + 3])
    path: Path = tmp_path_factory.mktemp("segment") / "a.seg"
    write_segment(path, batch.invert())
    return SegmentReader(path)


@pytest.fixture(scope="module")
def lists(segment: SegmentReader) -> PostingLists:
    return PostingLists(segment, Saturation(REFERENCE.mean), Buffers(segment.count))


def _term(segment: SegmentReader, word: str, factor: float) -> TermPostings:
    number = segment.term(word)
    assert number is not None
    return TermPostings(segment, number, factor, 1.0)


def _chosen(segment: SegmentReader, seed: int) -> tuple[list[PostingList], list[dict[int, float]]]:
    """Return random lists of words and computed scores, and the same as mappings."""
    chance = random.Random(seed)
    found: list[PostingList] = []
    mappings = []
    for word in chance.sample(WORDS[:40] + chance.sample(WORDS, 20), chance.randint(1, 5)):
        factor = chance.uniform(0.1, 8)
        scores = REFERENCE.scores(word, factor)
        if chance.random() < 0.3:
            docs = sorted(chance.sample(sorted(scores), len(scores) // 2 + 1))
            scores = {doc: scores[doc] for doc in docs}
            found.append(ScoredDocs(np.array(docs, np.uint32), np.array(list(scores.values()))))
        else:
            found.append(_term(segment, word, factor))
        mappings.append(scores)
    return found, mappings


def _summed(
    mappings: Sequence[dict[int, float]], combine: Callable[[list[float]], float]
) -> dict[int, float]:
    docs = sorted({doc for scores in mappings for doc in scores})
    return {doc: combine([s[doc] for s in mappings if doc in s]) for doc in docs}


def _same(found: ScoredDocs, wanted: dict[int, float]) -> None:
    assert found.docs.tolist() == list(wanted)
    assert found.scores.shape == found.docs.shape
    # Not `pytest.approx`, which compares one number at a time.
    assert np.allclose(found.scores, list(wanted.values()), rtol=1e-6, atol=0)


def test_fixture_segment_covers_required_cases(segment: SegmentReader) -> None:
    sizes = [segment.doc_freq(number) for number in range(len(segment.terms))]
    assert min(sizes) < 128 < max(sizes)
    assert 3 < len(segment.rows) < len(sizes)


def test_postings_and_positions_round_trip(segment: SegmentReader) -> None:
    docs, frequencies = segment.all_postings()
    places, counts = segment.all_positions()
    marked = places >= 1 << (8 * places.itemsize - 1)
    assert len(docs) == len(frequencies) == marked.sum()
    begin = at = 0
    for number, name in enumerate(segment.terms.all()):
        word, end = name.decode(), begin + segment.doc_freq(number)
        assert docs[begin:end].tolist() == sorted(REFERENCE.frequencies[word])
        assert (
            dict(zip(docs[begin:end].tolist(), frequencies[begin:end].tolist(), strict=True))
            == (REFERENCE.frequencies[word])
        )
        every = [place for places in REFERENCE.positions[word].values() for place in places]
        here = places[at : at + int(counts[number])]
        assert (here & ((1 << (8 * here.itemsize - 1)) - 1)).tolist() == every
        begin, at = end, at + len(every)


@given(SEEDS)
def test_union_and_intersection_match_dictionaries(
    segment: SegmentReader, lists: PostingLists, seed: int
) -> None:
    chosen, mappings = _chosen(segment, seed)
    _same(lists.union(chosen), _summed(mappings, math.fsum))
    _same(lists.union(chosen, best=True), _summed(mappings, max))
    every = _summed(mappings, math.fsum)
    shared = {doc: every[doc] for doc in every if all(doc in scores for scores in mappings)}
    _same(lists.intersection(chosen), shared)
    some = np.array(
        sorted(random.Random(seed).sample(sorted(every), min(9, len(every)))), np.uint32
    )
    assert lists.scores(chosen, some) == pytest.approx([every[doc] for doc in some.tolist()])


@given(SEEDS, st.integers(1, 60), st.booleans(), st.booleans())
def test_accumulated_bounds_yield_exact_results(
    segment: SegmentReader,
    lists: PostingLists,
    seed: int,
    count: int,
    every: bool,
    less_worth: bool,
) -> None:
    chosen, mappings = _chosen(segment, seed)
    if every:
        there = [(c, m) for c, m in zip(chosen, mappings, strict=True) if c.row is not None]
        chosen, mappings = [c for c, _ in there], [m for _, m in there]
        if not chosen:
            return
    wanted = _summed(mappings, math.fsum)
    if every:
        wanted = {doc: s for doc, s in wanted.items() if all(doc in m for m in mappings)}
    worth = None
    if less_worth:
        worth = np.random.default_rng(seed).choice([1.0, 0.95, 0.5], segment.count)
    unit = (65535 - 256 * len(chosen)) / sum(each.max_score for each in chosen)
    spread = DenseMatches(
        lists.accumulate(chosen, unit, match_all=every).copy(), unit, chosen, lists
    )
    listed = SparseMatches(np.array(list(wanted), np.uint32), np.array(list(wanted.values())))
    assert spread.docs.tolist() == list(wanted)
    for matches in (spread, listed):
        docs, found = matches.best(count, worth)
        value = {d: s * (1 if worth is None else worth[d]) for d, s in wanted.items()}
        assert found == pytest.approx(sorted(value.values(), reverse=True)[:count])
        assert found == pytest.approx([value[doc] for doc in docs.tolist()])
        assert len(set(docs.tolist())) == min(count, len(wanted))


def test_equal_scores_keep_passage_order(segment: SegmentReader) -> None:
    docs = np.arange(0, 900, 3, dtype=np.uint32)
    listed = SparseMatches(docs, np.tile([2.0, 1.0, 2.0], 100))
    assert listed.best(5, None)[0].tolist() == [0, 6, 9, 15, 18]


def test_single_row_is_used_as_bounds(segment: SegmentReader, lists: PostingLists) -> None:
    term = _term(segment, "w0", 3.0)
    assert term.row is not None
    docs, scores = DenseMatches(term.row, 255 / term.max_score, [term], lists).best(20, None)
    wanted = REFERENCE.scores("w0", 3.0)
    assert scores == pytest.approx(sorted(wanted.values(), reverse=True)[:20])
    assert scores == pytest.approx([wanted[doc] for doc in docs.tolist()])


@given(SEEDS, st.sampled_from(["", *POSITIONAL_FIELDS]))
def test_phrase_matches_adjacent_positions(
    segment: SegmentReader, lists: PostingLists, seed: int, text: str
) -> None:
    chance = random.Random(seed)
    words = chance.choices(WORDS[:12], k=chance.randint(1, PHRASE))
    different = list(dict.fromkeys(words))
    terms = [_term(segment, word, 1.0) for word in different]
    found = lists.phrase(
        terms,
        [different.index(word) for word in words],
        POSITIONAL_FIELDS.index(text) if text else -1,
    )
    docs = REFERENCE.phrase(words, text)
    every = _summed([REFERENCE.scores(word, 1.0) for word in different], math.fsum)
    _same(found, {doc: every[doc] for doc in docs})


@given(SEEDS, st.integers(1, 40), st.booleans(), st.booleans(), st.booleans())
def test_top_k_equals_best_of_all_matches(
    segment: SegmentReader,
    lists: PostingLists,
    seed: int,
    count: int,
    dead: bool,
    filtered: bool,
    worn: bool,
) -> None:
    """Top-k search with pruning returns the same as ranking all matches."""
    chance = np.random.default_rng(seed)
    live = chance.random(segment.count) < 0.9 if dead else None
    allowed = chance.random(segment.count) < 0.5 if filtered else None
    worth = chance.choice([1.0, 0.95, 0.5], segment.count) if worn else None
    choice = TopKOptions(count, live, allowed, worth)

    def same(best: TopDocs, found: ScoredDocs) -> None:
        every = SparseMatches(found.docs, found.scores)
        for left in (live, allowed):
            if left is not None:
                every.restrict(left)
        docs, scores = every.best(count, worth)
        assert best[1] == pytest.approx(scores.tolist())
        value = dict(zip(found.docs.tolist(), found.scores.tolist(), strict=True))
        assert best[1] == pytest.approx([value[d] * (worth[d] if worn else 1) for d in best[0]])  # type: ignore[index]
        assert len(set(best[0])) == len(docs)

    chosen, _ = _chosen(segment, seed)
    same(lists.best_of_all(chosen, choice), lists.intersection(chosen))
    unit = (65535 - 256 * len(chosen)) / sum(each.max_score for each in chosen)
    for each in (0.0, unit):
        same(lists.best_of_any(chosen, each, choice, match_all=False), lists.union(chosen))
    drawn = random.Random(seed)
    words = drawn.choices(WORDS[:12], k=drawn.randint(1, PHRASE))
    different = list(dict.fromkeys(words))
    terms = [_term(segment, word, drawn.uniform(0.1, 8)) for word in different]
    phrase = terms, [different.index(word) for word in words], -1
    same(lists.best_phrase(*phrase, choice), lists.phrase(*phrase))


def test_top_k_may_include_all_matches(segment: SegmentReader, lists: PostingLists) -> None:
    term = _term(segment, "w0", 3.0)
    wanted = REFERENCE.scores("w0", 3.0)
    assert len(wanted) > MIN_RESULT_CAPACITY
    for best in (
        lists.best_of_all,
        lambda *given: lists.best_of_any([term], 0, given[1], match_all=False),
    ):
        docs, scores = best([term], TopKOptions(10**6, None, None, None))
        assert sorted(docs) == sorted(wanted)
        assert scores == pytest.approx(sorted(wanted.values(), reverse=True))
    assert lists.best_of_all([term], TopKOptions(0, None, None, None)) == ([], [])


@given(SEEDS, st.booleans(), st.booleans())
def test_facets_count_articles_tags_and_topics(
    segment: SegmentReader, seed: int, by_tag: bool, by_topic: bool
) -> None:
    chance = np.random.default_rng(seed)
    labels = FacetColumns(segment)
    docs = np.flatnonzero(chance.random(segment.count) < chance.random()).astype(np.uint32)
    tagged = labels.tag_mask(frozenset(["t1"])) if by_tag else None
    about = labels.topic_mask(frozenset(["o1", "o70"])) if by_topic else None
    bounds = np.zeros(segment.count, np.uint16)
    bounds[docs] = 5
    documents = REFERENCE.documents
    of_tag = [d for d in docs.tolist() if not by_tag or "t1" in documents[d].tags]
    of_topic = [
        d for d in docs.tolist() if not by_topic or {"o1", "o70"} & set(documents[d].topics)
    ]
    both = sorted(set(of_tag) & set(of_topic))
    tags = Counter(tag for tag, _ in {(t, d // 3) for d in of_topic for t in documents[d].tags})
    topics = Counter(
        topic for topic, _ in {(t, d // 3) for d in of_tag for t in documents[d].topics}
    )
    for matches in (
        SparseMatches(docs, np.ones(len(docs))),
        DenseMatches(
            bounds, 1.0, [], PostingLists(segment, Saturation(1.0), Buffers(segment.count))
        ),
    ):
        counts = labels.count(matches, tagged, about)
        assert counts.passages == len(both)
        assert counts.articles == len({doc // 3 for doc in both})
        assert Counter(dict(zip(labels.tag_names, counts.tags.tolist(), strict=True))) == tags
        assert Counter(dict(zip(labels.topic_names, counts.topics.tolist(), strict=True))) == topics


@given(st.floats(0.5, 5_000), st.floats(0.5, 5_000), st.integers(1, 5_000), st.integers(0, 255))
def test_growth_bounds_every_saturation(then: float, now: float, frequency: int, byte: int) -> None:
    frequencies, bytes_ = np.array([frequency]), np.array([byte])
    before, after = (saturation(frequencies, bytes_, mean)[0] for mean in (then, now))
    assert after <= before * growth(then, now) * (1 + 1e-12)


def test_positions_beyond_fifteen_bits_round_trip(tmp_path: Path) -> None:
    texts = dict.fromkeys(POSITIONAL_FIELDS, "")
    long = IndexDocument(
        passage_id="p", article_id="a",
        texts={**texts, "body": "filler " * 40_000 + "septic shock"},
        tags=(), topics=(), reviewed=date(2026, 1, 1),
    )  # fmt: skip
    batch = SegmentBuilder()
    batch.add([long])
    write_segment(tmp_path / "a.seg", batch.invert())
    segment = SegmentReader(tmp_path / "a.seg")
    lists = PostingLists(segment, Saturation(1.0), Buffers(1))
    septic, shock = ("sepsis", "shock")
    terms = [_term(segment, septic, 1.0), _term(segment, shock, 1.0)]
    for words, found in (([0, 1], [0]), ([1, 0], [])):
        assert lists.phrase(terms, words, POSITIONAL_FIELDS.index("body")).docs.tolist() == found
    assert segment.all_positions()[0].dtype == np.uint32
