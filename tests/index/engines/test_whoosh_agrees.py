"""Our query execution ranks like Whoosh's BM25F, on a native Whoosh index and on ours.

Random passages, query trees, deletions, updates, segments and merges; all matching passages are
compared.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.document import IndexDocument
from index.engine import Engine, EngineRequest
from index.engines.whoosh import writer as whoosh_writer
from index.engines.whoosh.engine import WhooshEngine
from index.postings import segment_writer
from index.query.parser import ParsedQuery
from tests.index.builders import DIGEST, apply, batch_of, build
from tests.index.engines.test_engines_agree import COMMITS, DOCUMENTS, QUERIES
from tests.index.engines.whoosh_oracle import our_index, own_index, scores

EXAMPLES = settings().max_examples
QUESTIONS = st.lists(st.tuples(QUERIES, st.booleans()), min_size=1, max_size=4)


@pytest.fixture(params=["lists", "rows"], autouse=True)
def rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use rows for frequent words in small segments, too."""
    if request.param == "rows":
        monkeypatch.setattr(segment_writer, "MIN_DOCS_FOR_ROWS", 1)
        monkeypatch.setattr(segment_writer, "ROW_SHARE", 3)


def ranked(engine: Engine, query: ParsedQuery, every: bool) -> dict[str, float]:
    return dict(engine.top_passages(EngineRequest(query=query, match_all=every, limit=1_000)))


def assert_same(found: dict[str, float], expected: dict[str, float]) -> None:
    """Assert the same passages with the same scores.

    Whoosh stores frequencies as 32-bit floats and adds in another order: seven digits agree.
    """
    assert found == pytest.approx(expected, rel=1e-6)
    assert list(found.values()) == sorted(found.values(), reverse=True)


@settings(max_examples=max(10, EXAMPLES // 3))
@given(commits=COMMITS, asks=QUESTIONS)
def test_ranking_matches_native_whoosh_index(
    commits: list[list[IndexDocument]], asks: list[tuple[ParsedQuery, bool]]
) -> None:
    numbered = [
        [
            replace(d, passage_id=f"{n}{d.passage_id}", article_id=f"{n}{d.article_id}")
            for d in found
        ]
        for n, found in enumerate(commits)
    ]
    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(Path(folder) / "ours", DIGEST)
        for number, documents in enumerate(numbered):
            (apply if number else build)(engine, *documents, checkpoint=number + 1)
        searcher, ids = own_index(Path(folder) / "theirs", numbered)
        for query, every in asks:
            assert_same(ranked(engine, query, every), scores(searcher, ids, query, match_all=every))
        searcher.close()


STEPS = st.lists(
    st.lists(DOCUMENTS, max_size=6, unique_by=lambda d: d.passage_id), min_size=1, max_size=9
)


@settings(max_examples=max(10, EXAMPLES // 4))
@given(steps=STEPS, asks=QUESTIONS, fanout=st.sampled_from((2, 3, 8)))
def test_ranking_matches_whoosh_on_same_segments(
    steps: list[list[IndexDocument]], asks: list[tuple[ParsedQuery, bool]], fanout: int
) -> None:
    """Articles are added, changed and deleted; segments are merged."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(whoosh_writer, "MERGE_FACTOR", fanout)
        place = Path(folder) / "ours"
        engine = WhooshEngine(place, DIGEST)
        build(engine)
        for number, documents in enumerate(steps):
            gone = "abcd"[number % 4]
            batch = {gone: [], **batch_of(*documents)}
            with engine.try_acquire_writer() as writer:
                assert writer is not None
                writer.apply(batch, number)
            searcher, ids = our_index(place)
            for query, every in asks:
                expected = scores(searcher, ids, query, match_all=every)
                assert_same(ranked(engine, query, every), expected)
            searcher.close()


@settings(max_examples=max(10, EXAMPLES // 4))
@given(commits=COMMITS, asks=QUESTIONS)
def test_scores_do_not_depend_on_segments(
    commits: list[list[IndexDocument]], asks: list[tuple[ParsedQuery, bool]]
) -> None:
    numbered = [
        [
            replace(d, passage_id=f"{n}{d.passage_id}", article_id=f"{n}{d.article_id}")
            for d in found
        ]
        for n, found in enumerate(commits)
    ]
    with tempfile.TemporaryDirectory() as folder:
        several, one = (WhooshEngine(Path(folder) / name, DIGEST) for name in ("several", "one"))
        for number, documents in enumerate(numbered):
            (apply if number else build)(several, *documents, checkpoint=number + 1)
        with one.try_acquire_writer() as writer:
            assert writer is not None
            writer.rebuild([batch_of(*documents) for documents in numbered], 1)
        assert len(one.current_reader().parts) == 1
        for query, every in asks:
            assert_same(ranked(several, query, every), ranked(one, query, every))
