"""Reranking of questions: detection, word weights and article scores."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from index.query.parser import ParsedQuery, PhraseQuery, SynonymQuery, WordQuery, parse
from index.search.reranking import (
    ARTICLE_SHARE,
    MIN_WEIGHT,
    ArticleTerms,
    count_terms,
    is_question,
    mix_scores,
    query_stems,
    score_articles,
    weight_by_idf,
)
from kb.model.article import Block, BlockKind, Metadata
from kb.model.passage import Passage
from kb.model.records import ArticleStatus, ArticleSummary


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("gout", False),
        ("gout kidney heart liver", False),
        ("gout kidney heart liver lung", True),
        ('gout kidney heart liver "lung disease"', False),
        ("gout kidney heart liver title:lung", False),
        ("gout OR kidney heart liver lung skin", False),
    ],
)
def test_only_long_plain_queries_are_reranked(q: str, wanted: bool) -> None:
    assert is_question(parse(q)) is wanted


def test_weights_use_idf_without_added_constant() -> None:
    query = ParsedQuery(
        (
            WordQuery("gout", "gout"),
            WordQuery("patients", "patient"),
            SynonymQuery(
                (WordQuery("attack", "attack"),),
                (PhraseQuery("acute gout", ("acut", "gout"), weight=0.5),),
            ),
        )
    )
    idfs = {"gout": 5.0, "patient": 1.0, "attack": 3.0, "acut": 3.0}

    assert query_stems(query) == set(idfs)
    gout, patients, attack = weight_by_idf(query, idfs).clauses
    assert isinstance(gout, WordQuery)
    assert gout.weight == pytest.approx(4 / 5)
    assert isinstance(patients, WordQuery)
    assert patients.weight == MIN_WEIGHT
    assert isinstance(attack, SynonymQuery)
    assert [leaf.weight for leaf in attack.synonyms] == [pytest.approx(0.5 * 6 / 8)]


def test_count_terms_weights_titles_and_headings() -> None:
    summary = ArticleSummary(
        id="gout",
        title="Gout",
        status=ArticleStatus.PUBLISHED,
        version=1,
        metadata=Metadata(),
        published_at=None,
        updated_at=datetime.now(UTC),
        passage_count=2,
    )
    passages = [
        Passage(
            heading_path=("Causes",),
            blocks=(Block(kind=BlockKind.PARAGRAPH, text="Uric acid."),),
        ),
        Passage(
            heading_path=("Treatment",),
            blocks=(Block(kind=BlockKind.PARAGRAPH, text="Gout and acid."),),
        ),
    ]

    found = count_terms(summary, passages)

    assert found.counts["gout"] == 3 + 1
    assert found.counts["acid"] == 2
    assert found.length == 3 + 2 * 3 + 2 + 3


def test_article_with_more_query_words_scores_higher() -> None:
    query = parse("gout kidney heart liver lung")
    idfs = dict.fromkeys((leaf.stem for leaf in query.leaves if isinstance(leaf, WordQuery)), 3.0)
    some, more = Counter({"gout": 4}), Counter({"gout": 2, "kidney": 2})
    one, other = score_articles(query, [ArticleTerms(some, 100), ArticleTerms(more, 100)], idfs)
    assert 0 < one < other
    assert mix_scores([2.0, 1.0], [one, other]) == pytest.approx(
        [
            (1 - ARTICLE_SHARE) * 2 + ARTICLE_SHARE * one,
            (1 - ARTICLE_SHARE) * 1 + ARTICLE_SHARE * other,
        ]
    )
