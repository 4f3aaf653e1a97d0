"""Autocomplete index: prefix matches in the expected order at bounded cost."""

from __future__ import annotations

import pytest

from index.autocomplete import index
from index.autocomplete import index as autocomplete_index
from index.autocomplete.entries import ArticleEntry, NameKind, SuggestedHeading, fold_name
from index.autocomplete.index import GROUP_SIZES, MAX_SUGGESTIONS, AutocompleteIndex


def an_article(title: str, *headings: str, **more: object) -> ArticleEntry:
    id_ = title.casefold().replace(" ", "-")
    return ArticleEntry(
        article_id=id_,
        title=title,
        passages=more.pop("passages", 3),  # type: ignore[arg-type]
        headings=tuple(SuggestedHeading(text, f"{id_}/{n}", 1) for n, text in enumerate(headings)),
        **more,  # type: ignore[arg-type]
    )


WARFARIN = an_article(
    "Warfarin",
    "How warfarin works",
    "Side effects",
    "Overview",
    also_called=("Coumadin", "Vitamin K antagonist", "warfarin"),
    topics=("Cardiology", "Medicines"),
)
CROHN = an_article("Crohn’s disease", "Side effects", "Overview", topics=("Bowel",))
HEART = an_article("Heart failure in older people", "Overview", passages=9, topics=("Cardiology",))
BETA = an_article("β-blockers", "Heart rate", "Stopping a β-blocker")
NAMES = AutocompleteIndex([WARFARIN, CROHN, HEART, BETA])


def found(
    typed: str, names: AutocompleteIndex = NAMES, **more: object
) -> list[tuple[str, str, str]]:
    answer = names.find(typed, **more)  # type: ignore[arg-type]
    assert not answer.fuzzy
    return [(name.kind.value, name.text, name.see) for name in answer.names]


def texts(typed: str, names: AutocompleteIndex = NAMES) -> list[str]:
    return [text for _, text, _ in found(typed, names)]


def test_each_word_of_a_name_matches_by_prefix():
    assert ("article", "Heart failure in older people", "") in found("fail")
    assert ("article", "Heart failure in older people", "") in found("OLD")
    assert found("ilure") == []


def test_all_typed_words_must_match_in_any_order():
    assert texts("peop hea") == ["Heart failure in older people"]
    assert found("heart zebra") == []


def test_matching_ignores_case_accents_possessives_and_greek_letters():
    for typed in ("crohn", "CROHN'S", "Cröhn", "crohn’s dis"):
        assert "Crohn’s disease" in texts(typed)
    assert "β-blockers" in texts("beta bl")
    assert "β-blockers" in texts("β")


def test_alternative_title_names_its_article():
    assert found("coum") == [("see", "Coumadin", "Warfarin")]


def test_article_is_suggested_once():
    # "warfarin" is also the title; "Vitamin K antagonist" and "Coumadin" lead to the same place.
    kinds = [kind for kind, _, see in found("wa") if kind in ("article", "see")]
    assert kinds == ["article"]


def test_exact_names_rank_before_prefixes_and_whole_words():
    names = AutocompleteIndex(
        [
            an_article("Large gout overview", passages=90),
            an_article("Goutweed poisoning", passages=50),
            an_article("Gout in pregnancy", passages=5),
            an_article("Gout"),
            an_article("Notgout and goutiness", passages=99),
        ]
    )
    assert texts("gout", names) == [
        "Gout",
        "Gout in pregnancy",
        "Goutweed poisoning",
        "Large gout overview",
        "Notgout and goutiness",
    ]


def test_names_rank_by_passages_then_length():
    names = AutocompleteIndex(
        [
            an_article("Asthma in old age", passages=2),
            an_article("Asthma at work", passages=2),
            an_article("Asthma in children", passages=8),
        ]
    )
    assert texts("ast", names) == ["Asthma in children", "Asthma at work", "Asthma in old age"]


def test_suggestions_are_grouped_with_limited_group_sizes():
    articles = [
        an_article(f"Care plan {n}", f"Caring for wound {n}", topics=(f"Care {n}",))
        for n in range(9)
    ]
    kinds = [kind for kind, _, _ in found("car", AutocompleteIndex(articles))]
    assert kinds == ["topic"] * 3 + ["article"] * 5
    assert len(kinds) == MAX_SUGGESTIONS <= sum(GROUP_SIZES.values())
    assert texts("caring", AutocompleteIndex(articles)) == [
        f"Caring for wound {n}" for n in range(8)
    ]


def test_heading_of_one_article_has_its_first_passage():
    (name,) = NAMES.find("stopp").names
    assert (name.kind, name.see, name.passage_id) == (
        NameKind.HEADING,
        "β-blockers",
        "β-blockers/1",
    )


def test_shared_heading_is_one_name_ranked_last():
    (name,) = NAMES.find("side").names
    assert (name.text, name.see, name.passage_id) == ("Side effects", "", "")
    assert name.articles == ("warfarin", "crohn’s-disease")
    names = AutocompleteIndex([an_article(f"Drug {n}", "Overview") for n in range(5)])
    more = AutocompleteIndex([*(an_article(f"Drug {n}", "Overview") for n in range(5)),
                  an_article("Scan", "Overview of scans")])  # fmt: skip
    assert texts("overv", names) == ["Overview"]
    assert texts("over", more) == ["Overview of scans", "Overview"]


def test_heading_matches_together_with_article_title():
    assert found("warf side") == found("side warf") == [("heading", "Side effects", "Warfarin")]
    assert found("coumadin side eff") == [("heading", "Side effects", "Warfarin")]
    assert found("heart side") == []


def test_heading_equal_to_title_is_omitted():
    names = AutocompleteIndex([an_article("Falls", "FALLS", "Falls at home")])
    assert found("falls", names) == [
        ("article", "Falls", ""),
        ("heading", "Falls at home", "Falls"),
    ]


def test_hidden_article_is_never_suggested():
    gone = frozenset({"warfarin"})
    assert found("warf", hidden=gone) == []
    assert found("coum", hidden=gone) == []
    assert found("medic", hidden=gone) == []
    assert found("warf side", hidden=gone) == []
    assert texts("cardio") == ["Cardiology"]
    assert found("cardio", hidden=gone) == [("topic", "Cardiology", "")]
    assert found("cardio", hidden=frozenset({"warfarin", HEART.article_id})) == []


@pytest.mark.parametrize("typed", ["wafarin", "warfarinn", "warfatin", "wrafarin", "warfar1n"])
def test_one_edit_is_corrected_and_marked_fuzzy(typed):
    answer = NAMES.find(typed)
    if typed == "warfar1n":  # a digit may be a dose: it is never taken for a slip
        assert answer.names == ()
        return
    assert answer.fuzzy
    assert answer.names[0].text == "Warfarin"


def test_misspelt_word_next_to_known_word_is_corrected():
    answer = NAMES.find("haert fail")
    assert answer.fuzzy
    assert [name.text for name in answer.names] == ["Heart failure in older people"]


@pytest.mark.parametrize("typed", ["waf", "wxrfxrin", "haert failrue", "warfarin zebrafish"])
def test_two_edits_and_short_words_are_not_corrected(typed):
    assert NAMES.find(typed).names == ()


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "-", "?!", "\0", "\u0301" * 1000, "e\u0301" * 500, "a" * 1000, "a " * 500,
     "ß" * 999, "\U0010ffff", "\ud800", "“”", "🩺", "ﷺ" * 300],
)  # fmt: skip
def test_any_input_returns_suggestions_or_none(typed):
    assert len(NAMES.find(typed).names) <= MAX_SUGGESTIONS


def test_only_first_words_of_long_input_are_used():
    assert texts("heart failure in older people " + "x" * 1000) == []
    assert texts("warfarin " * 100) == texts("warfarin")


def test_empty_index_has_no_suggestions():
    assert AutocompleteIndex().find("a").names == ()


def test_names_without_words_are_ignored():
    names = AutocompleteIndex([an_article("???", "!!!", "…", topics=("—",), also_called=("++",))])
    assert names.find("?").names == ()


def test_short_prefix_in_large_index_returns_best_names(monkeypatch):
    monkeypatch.setattr(index, "MAX_SCANNED", 20)
    monkeypatch.setattr(index, "MAX_PRECOMPUTED", 10)
    articles = [an_article(f"Disease {n:03}", passages=n) for n in range(200)]
    names = AutocompleteIndex([*articles, an_article("Rare disease", passages=500)])
    assert texts("d", names)[:2] == ["Disease 199", "Disease 198"]
    assert texts("dis", names)[0] == "Disease 199"
    assert texts("disease 00", names) == texts("00 disease", names)
    assert set(texts("disease 01", names)) <= {f"Disease {n:03}" for n in range(10, 20)}
    assert texts("rare", names) == ["Rare disease"]


def test_search_examines_bounded_number_of_names(monkeypatch):
    monkeypatch.setattr(autocomplete_index, "MAX_HEADINGS", 7)
    articles = [an_article(f"Drug {n}", *(f"Use {m}" for m in range(3))) for n in range(50)]
    names = AutocompleteIndex(articles)
    assert {name.see for name in names.find("drug use").names} == {"Drug 0", "Drug 1"}


def test_fold_name_separates_words_by_spaces():
    assert fold_name("Crohn’s  DISEASE, in detail") == " crohn disease in detail "
    assert fold_name("…") == ""
