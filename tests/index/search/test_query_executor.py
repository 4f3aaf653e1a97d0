"""Progressive relaxation: its steps, their order and the notes about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from index.query.synonyms import SynonymDictionary
from index.search.query_executor import MIN_COMPLETE_MATCHES
from index.search.results import SearchRequest, SearchResponse
from index.search.service import SearchService
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from tests.kb.builders import save

TAXONOMY = load_taxonomy()
TODAY = date(2026, 3, 15)
OVERDUE, FRESH = date(2026, 1, 1), date(2027, 1, 1)
TEAM = "ward round = board round\nzap => electrocution\n"


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchService]:
    folder = tmp_path_factory.mktemp("asking")
    store = ArticleStore.create(f"sqlite:///{folder / 'kb.sqlite'}")
    save(
        store,
        "Myocardial infarction",
        ("What it is", "A clot stops the blood to a part of the heart muscle."),
        ("After it", "Cardiac rehabilitation begins in the first week.", "long-term-care"),
        ("Harm of treatment", "Thrombolysis may cause bleeding in the brain.", "safety"),
        ("Other harm", "Allergic reactions are rare.", "contraindications"),
    )
    save(
        store, "Angina", ("Attacks", "An attack of angina passes with rest. The heart is not hurt.")
    )
    save(store, "Hydralazine", ("Uses", "Hydralazine lowers the blood pressure."))
    save(store, "Diabetes", ("Feet", "Diabetes harms the nerves of the feet."))
    save(
        store,
        "Overdue twin",
        ("Scabies", "Treat the household on the same day."),
        review_due=OVERDUE,
    )
    save(
        store, "Current twin", ("Scabies", "Treat the household on the same day."), review_due=FRESH
    )
    save(store, "Meetings", ("Board round", "The board round is at nine."))
    save(store, "Burns", ("Electrocution", "Electrocution burns deeper than it looks."))
    for number in range(MIN_COMPLETE_MATCHES):
        save(store, f"Gout {number}", ("Gout", f"Gout and the kidney, part {number}."))
    team = folder / "synonyms.txt"
    team.write_text(TEAM, encoding="utf-8")
    engine = open_engine(f"whoosh:{folder / 'index'}", TAXONOMY)
    Indexer(store, engine, TAXONOMY).rebuild()
    yield SearchService(
        store, engine, TAXONOMY, today=lambda: TODAY, vocabulary=SynonymDictionary(team)
    )
    store.close()


@pytest.fixture
def ask(search: SearchService) -> Ask:
    return Ask(search)


class Ask:
    """Searches as a user does."""

    def __init__(self, search: SearchService) -> None:
        self._search = search

    def __call__(self, q: str, **values: object) -> SearchResponse:
        return self._search.search(SearchRequest(q=q, **values))  # type: ignore[arg-type]


def titles(answer: SearchResponse) -> list[str]:
    return [hit.article.title for hit in answer.hits]


def also(answer: SearchResponse) -> list[str]:
    return [hit.article.title for hit in answer.partial_hits]


# Other names


def test_synonym_match_is_found_and_reported(ask: Ask) -> None:
    answer = ask("heart attack")

    assert titles(answer)[0] == "Myocardial infarction"
    assert ("heart attack", "myocardial infarction") in answer.query.synonyms
    assert answer.query.relaxed is None
    assert "myocardial" in answer.hits[0].matched.synonym


def test_typed_words_rank_above_synonyms(ask: Ask) -> None:
    assert titles(ask("scabies"))[0] == "Current twin"
    assert titles(ask("myocardial infarction"))[0] == "Myocardial infarction"


def test_literal_search_uses_no_synonyms(ask: Ask) -> None:
    answer = ask("heart attack", literal=True)

    assert titles(answer) == ["Angina"]
    assert answer.query.synonyms == ()
    assert titles(ask("heart zoster", literal=True)) == []


def test_synonyms_of_editors_are_searched(ask: Ask) -> None:
    assert titles(ask("ward round")) == ["Meetings"]
    assert titles(ask("zap")) == ["Burns"]


def test_one_way_synonym_is_not_reversed(ask: Ask) -> None:
    assert ask("electrocution").query.synonyms == ()


def test_quoted_words_have_no_synonyms(ask: Ask) -> None:
    answer = ask('"heart attack"')

    assert answer.query.synonyms == ()
    assert titles(answer) == []


# Some of the words


def test_partial_hits_contain_some_of_the_words(ask: Ask) -> None:
    answer = ask("angina rest thrombolysis OR passes")

    assert titles(answer) == ["Angina"]
    assert answer.total == 1
    assert answer.query.relaxed is None


def test_few_complete_matches_are_followed_by_partial_hits(ask: Ask) -> None:
    answer = ask("blood pressure hydralazine")

    assert titles(answer) == ["Hydralazine"]
    assert also(answer) == ["Myocardial infarction"]
    assert not {hit.article.id for hit in answer.hits} & {
        hit.article.id for hit in answer.partial_hits
    }


def test_partial_hits_are_paged_after_complete_matches(ask: Ask) -> None:
    first, second = (ask("blood pressure hydralazine", limit=1, offset=at) for at in (0, 1))

    assert (titles(first), also(first)) == (["Hydralazine"], [])
    assert (titles(second), also(second)) == ([], ["Myocardial infarction"])


def test_full_page_of_complete_matches_has_no_partial_hits(ask: Ask) -> None:
    answer = ask("gout kidney")

    assert answer.total == MIN_COMPLETE_MATCHES
    assert answer.partial_hits == ()


def test_any_word_matches_if_no_passage_has_all(ask: Ask) -> None:
    answer = ask("hydralazine feet")

    assert answer.query.relaxed == "any"
    assert set(titles(answer)) == {"Hydralazine", "Diabetes"}
    assert answer.hits[0].why.missing in {("feet",), ("hydralazine",)}


def test_single_unknown_word_has_no_results(ask: Ask) -> None:
    answer = ask("qwxzvb")

    assert (answer.total, answer.hits, answer.partial_hits) == (0, (), ())
    assert (answer.query.relaxed, answer.query.corrected) == (None, None)


# Spelling


def test_misspelt_word_is_corrected_and_labelled_fuzzy(ask: Ask) -> None:
    answer = ask("diabetis")

    assert titles(answer) == ["Diabetes"]
    assert (answer.query.relaxed, answer.query.corrected) == ("fuzzy", "diabetes")
    assert answer.query.did_you_mean == ()
    assert answer.hits[0].matched.exact == ()
    assert "diabetes" in answer.hits[0].matched.fuzzy


def test_drug_name_is_never_replaced_automatically(ask: Ask) -> None:
    answer = ask("hydroxyzine")

    assert answer.hits == ()
    assert answer.query.corrected is None


def test_misspelt_drug_is_replaced_if_no_other_is_close(ask: Ask) -> None:
    answer = ask("hidralazine")

    assert titles(answer) == ["Hydralazine"]
    assert (answer.query.relaxed, answer.query.corrected) == (None, "hydralazine")
    assert answer.query.did_you_mean == ()


def test_misspelt_drug_is_asked_if_several_are_close(ask: Ask) -> None:
    for typed in ("lamical", "lamical feet"):
        answer = ask(typed)

        assert (answer.hits, answer.partial_hits, answer.query.corrected) == ((), (), None)
        assert typed.replace("lamical", "lamictal") in answer.query.did_you_mean


def test_literal_search_does_not_correct(ask: Ask) -> None:
    assert ask("hidralazine", literal=True).hits == ()


def test_misspelt_word_among_others_is_corrected_and_labelled(ask: Ask) -> None:
    answer = ask("diabetis feet")

    assert titles(answer) == ["Diabetes"]
    assert (answer.query.relaxed, answer.query.corrected) == ("fuzzy", "diabetes feet")


def test_correction_is_followed_by_partial_matches(ask: Ask) -> None:
    complete, relaxed = ask("blood pressure hidralazine"), ask("hidralazine feet")

    assert (titles(complete), also(complete)) == (["Hydralazine"], ["Myocardial infarction"])
    assert set(titles(relaxed)) == {"Hydralazine", "Diabetes"}
    assert (relaxed.query.relaxed, relaxed.query.corrected) == ("any", "hydralazine feet")


@pytest.mark.parametrize("typed", ["zolpidem dose", "colposcopy", "hydroxyzine feet"])
def test_correctly_typed_words_are_not_questioned(ask: Ask, typed: str) -> None:
    assert ask(typed).query.did_you_mean == ()


@pytest.mark.parametrize("typed", ["zap", "boardround", "boardround feet"])
def test_words_found_under_another_spelling_are_not_questioned(ask: Ask, typed: str) -> None:
    answer = ask(typed)

    assert answer.hits
    assert answer.query.did_you_mean == ()


def test_operators_apply_to_whole_names(ask: Ask) -> None:
    excluded = ask("heart NOT myocardial infarction")

    assert excluded.query.parsed == 'heart -"myocardial infarction"'
    assert titles(excluded) == ["Angina"]
    assert set(titles(ask("myocardial infarction OR feet"))) == {
        "Myocardial infarction",
        "Diabetes",
    }


# What else counts


def test_overdue_article_ranks_below_current_one(ask: Ask) -> None:
    answer = ask("scabies")

    assert titles(answer) == ["Current twin", "Overdue twin"]
    assert [hit.why.overdue for hit in answer.hits] == [False, True]


def test_explanation_lists_matching_words_by_field(ask: Ask) -> None:
    (hit, *_) = ask("bleeding myocardial").hits

    assert dict(hit.why.fields) == {"title": ("myocardial",), "text": ("bleeding",)}
    assert hit.why.missing == ()


def test_response_contains_safety_passages_of_first_article(ask: Ask) -> None:
    answer = ask("cardiac rehabilitation")

    assert [passage.heading for passage in answer.safety] == ["Harm of treatment", "Other harm"]
    assert ask("cardiac rehabilitation", offset=1).safety == ()


def test_question_words_are_not_searched(ask: Ask) -> None:
    assert ask("what is known about hydralazine pressure").query.parsed == "hydralazine pressure"
    assert titles(ask("what is known about gout"))[0].startswith("Gout")
