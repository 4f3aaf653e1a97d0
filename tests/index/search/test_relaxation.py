"""Relaxation: a query is not searched by words that name no subject."""

from __future__ import annotations

import pytest

from index.engines import open_engine
from index.query.intents import load_intents
from index.query.synonyms import SynonymDictionary
from index.search.query_expander import QueryExpander
from index.search.relaxation import GENERIC_WORDS, SYMPTOM_WORDS, QueryRelaxer, read_names
from kb.model.taxonomy import load_taxonomy
from tests.index.builders import build, document

BODY = "A schedule of each vaccine for a child with asthma, fever, gout or a myocardial problem."


@pytest.fixture(scope="module")
def relaxer(tmp_path_factory: pytest.TempPathFactory) -> tuple[QueryRelaxer, QueryExpander]:
    engine = open_engine(f"whoosh:{tmp_path_factory.mktemp('relaxation')}", load_taxonomy())
    build(engine, document("travel.1", BODY, title="Travel"))
    vocabulary = SynonymDictionary()
    expander = QueryExpander(engine, vocabulary)
    return QueryRelaxer(engine, vocabulary, load_intents(), expander), expander


@pytest.mark.parametrize(
    ("q", "kept", "absent"),
    [
        ("rabies vaccine schedule", "", "rabies vaccine"),
        ("asthma vaccine schedule", "asthma", ""),
        ("dengue fever", "", "dengue"),  # another illness with a fever is no answer
        ("gout fever", "gout fever", ""),
        ("vaccine schedule", "vaccine schedule", ""),  # no word names a subject
        ("rabies gout", "gout", "rabies"),
    ],
)
def test_words_that_name_no_subject_are_not_searched_alone(
    relaxer: tuple[QueryRelaxer, QueryExpander], q: str, kept: str, absent: str
) -> None:
    relax, expander = relaxer
    found = relax.relax(expander.expand(expander.parse(q))[0])
    assert (str(found.query), " ".join(found.absent)) == (kept, absent)


def test_long_queries_keep_their_words(relaxer: tuple[QueryRelaxer, QueryExpander]) -> None:
    relax, expander = relaxer
    expanded, _ = expander.expand(expander.parse("asthma vaccine schedule"))
    found = relax.relax(expanded, may_drop=False)
    assert found.query == found.scored


def test_operators_are_kept(relaxer: tuple[QueryRelaxer, QueryExpander]) -> None:
    relax, expander = relaxer
    expanded, _ = expander.expand(expander.parse('"rabies vaccine" schedule'))
    assert relax.relax(expanded, is_plain=False).query.clauses == expanded.clauses


@pytest.mark.parametrize("word_list", [GENERIC_WORDS, SYMPTOM_WORDS])
def test_listed_entries_are_of_one_or_two_words(word_list: str) -> None:
    assert {len(entry) for entry in read_names(word_list)} <= {1, 2}
