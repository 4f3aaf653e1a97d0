"""The Whoosh engine and the reference engine return the same passages with the same scores.

The reference scans all passages with the published formula, so agreement shows that no passage is
missed, duplicated or scored differently. Nothing is deleted here, because Whoosh counts deleted
passages in its statistics until their segment is merged.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from index.document import IndexDocument
from index.engine import Engine, EngineRequest
from index.engines import open_engine
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    Node,
    ParsedQuery,
    PhraseQuery,
    PrefixQuery,
    SynonymQuery,
    WordQuery,
)
from kb.model.taxonomy import load_taxonomy
from tests.index.builders import apply, build, document
from tests.index.engines.reference_engine import ReferenceEngine

WORDS = ("gout", "pain", "heart", "kidney", "rare")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
FIELDS = st.sampled_from(("", "", "", "title", "heading", "body"))
WEIGHTS = st.sampled_from((1.0, 0.5, 0.25))
DAYS = st.sampled_from((None, date(2025, 1, 1), date(2027, 1, 1)))

DOCUMENTS = st.builds(
    document,
    passage_id=st.builds("{}.{}".format, st.sampled_from("abcd"), st.integers(1, 3)),
    body=TEXTS,
    title=TEXTS,
    heading=TEXTS,
    named=TEXTS,
    due=DAYS,
)  # fmt: skip
STEMS = {"gout": "gout", "pain": "pain", "heart": "heart", "kidney": "kidney", "rare": "rare"}
PLAIN = st.builds(
    lambda word, field, weight: WordQuery(word, STEMS[word], field, weight),
    st.sampled_from(WORDS),
    FIELDS,
    WEIGHTS,
)
PHRASES = st.builds(
    lambda words, field, weight: PhraseQuery(
        " ".join(words), tuple(STEMS[word] for word in words), field, weight=weight
    ),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3),
    FIELDS,
    WEIGHTS,
)
PREFIXES = st.builds(
    lambda word, field: PrefixQuery(word[:3], STEMS[word], field), st.sampled_from(WORDS), FIELDS
)
LEAVES: st.SearchStrategy[Leaf] = PLAIN | PHRASES | PREFIXES
NODES: st.SearchStrategy[Node] = (
    LEAVES
    | st.builds(AnyOfQuery, st.lists(LEAVES, min_size=2, max_size=3).map(tuple))
    | st.builds(
        SynonymQuery,
        st.lists(PLAIN, min_size=1, max_size=2).map(tuple),
        st.lists(PLAIN | PHRASES, min_size=1, max_size=2).map(tuple),
    )
)
QUERIES = st.builds(
    ParsedQuery,
    clauses=st.lists(NODES, min_size=1, max_size=4).map(tuple),
    excluded=st.lists(LEAVES, max_size=1).map(tuple),
)
COMMITS = st.lists(
    st.lists(DOCUMENTS, min_size=1, max_size=6, unique_by=lambda each: each.passage_id),
    min_size=1,
    max_size=3,
)


@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(commits=COMMITS, asks=st.lists(st.tuples(QUERIES, st.booleans()), min_size=1, max_size=4))
def test_results_and_scores_match_whoosh(
    commits: list[list[IndexDocument]], asks: list[tuple[ParsedQuery, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        taxonomy = load_taxonomy()
        engines: list[Engine] = [
            open_engine(f"whoosh:{folder}/index", taxonomy),
            ReferenceEngine(Path(folder) / "reference", taxonomy.digest),
        ]
        for engine in engines:
            for number, documents in enumerate(commits):
                new = [_renamed(each, number) for each in documents]
                (apply if number else build)(engine, *new, checkpoint=number + 1)
        for query, every in asks:
            ask = EngineRequest(query=query, match_all=every, limit=50, today=date(2026, 1, 1))
            found, expected = (_scores(engine, ask) for engine in engines)
            assert found == pytest.approx(expected, rel=1e-6)


def _renamed(found: IndexDocument, number: int) -> IndexDocument:
    """Return the document with an article id that no other commit uses."""
    return replace(
        found,
        passage_id=f"{number}{found.passage_id}",
        article_id=f"{number}{found.article_id}",
    )


def _scores(engine: Engine, ask: EngineRequest) -> dict[str, float]:
    found = engine.search(ask)
    return {group.article_id: group.score for group in found.groups}
