"""Spelling: the intended word comes first, and only a certain correction is marked as such."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA

from index.analyzer import fold, is_stopword, split_words, stem_text
from index.query.spelling import SpellChecker, SpellingCorrection, phonetic_key
from index.query.synonyms import SynonymDictionary
from kb import samples

HERE = Path(__file__).parent


def lines(name: str) -> Iterator[str]:
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line


MISSPELLED = [tuple(line.split(": ")) for line in lines("misspellings.txt")]
LOOKALIKES = [tuple(line.split()) for line in lines("lookalikes.txt")]
VOCABULARY = SynonymDictionary()


@pytest.fixture(scope="module")
def speller() -> SpellChecker:
    """Return a spell checker over the samples, the intended words and the dictionary's words."""
    forms: Counter[str] = Counter()
    for name in samples.__path__:
        for path in sorted(Path(name).iterdir()):
            if path.suffix in {".md", ".txt", ".html", ".jsonl"}:
                forms.update(fold(word) for word in split_words(path.read_text(encoding="utf-8")))
    forms.update(dict.fromkeys(VOCABULARY.words, 1))
    forms.update({word: 20 for _, meant in MISSPELLED for word in meant.split()})
    for typed, _ in MISSPELLED:
        del forms[typed]
    return SpellChecker(forms, VOCABULARY.drugs, synonyms=synonyms_of)


def of(*forms: str, drugs: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> SpellChecker:
    return SpellChecker(dict.fromkeys(forms, 9), frozenset(drugs), frozenset(known))


def with_vocabulary(*forms: str) -> SpellChecker:
    return SpellChecker(
        dict.fromkeys(forms, 1_000), VOCABULARY.drugs, VOCABULARY.words, synonyms_of
    )


def synonyms_of(name: str) -> list[str]:
    return [other.text for match in VOCABULARY.find_matches([name]) for other in match.synonyms]


def found(speller: SpellChecker, word: str) -> list[str]:
    return [correction.word for correction in speller.suggest(word)]


# Shares over words of the samples and of the vocabulary, twice as many as an index of the samples.
FIRST, WITHIN_THREE = 0.92, 0.96


def test_intended_word_is_suggested_first(speller: SpellChecker) -> None:
    first = within_three = 0
    for typed, meant in MISSPELLED:
        offered = [stem_text(word) for word in found(speller, typed)]
        first += offered[:1] == [stem_text(meant)]
        within_three += stem_text(meant) in offered
    assert first / len(MISSPELLED) >= FIRST
    assert within_three / len(MISSPELLED) >= WITHIN_THREE


# Most misspelt words, including those of which another word may have been meant.
CERTAIN = 0.87


def test_certain_corrections_are_the_intended_words(speller: SpellChecker) -> None:
    certain = 0
    for typed, meant in MISSPELLED:
        first = next(iter(speller.suggest(typed)), None)
        if first and first.is_certain:
            certain += 1
            assert stem_text(first.word) == stem_text(meant)
    assert certain / len(MISSPELLED) >= CERTAIN


@pytest.mark.parametrize(("one", "other"), LOOKALIKES)
def test_correctly_typed_lookalike_is_never_questioned(one: str, other: str) -> None:
    assert with_vocabulary(other).suggest(one) == []
    assert with_vocabulary(one).suggest(other) == []


@pytest.mark.parametrize(("one", "other"), LOOKALIKES)
def test_mistyped_lookalike_is_never_replaced_automatically(one: str, other: str) -> None:
    for meant, indexed in ((one, other), (other, one)):
        speller = with_vocabulary(indexed)
        for typed in (meant[:-2] + meant[-1], meant[:3] + meant[3] + meant[3:]):
            if OSA.distance(typed, indexed) > 1:
                assert not any(each.is_certain for each in speller.suggest(typed))


@pytest.mark.parametrize(
    "brand", ["ventolin", "zolpidem", "Coumadin", "splenda", "Lantus", "jext", "imuran", "shortec"]
)
def test_drugs_missing_from_articles_are_not_questioned(brand: str) -> None:
    indexed = ("ventilation", "zolmitriptan", "coumarin", "spend", "lasts", "next", "short")
    assert with_vocabulary(*indexed, "azathioprine").suggest(brand) == []


@pytest.mark.parametrize("brand", ["sprendla", "lontas", "vobrol", "permario", "anidan"])
def test_unlisted_brand_is_not_a_dissimilar_word(brand: str) -> None:
    assert with_vocabulary("spend", "lasts", "boil", "preparing", "again").suggest(brand) == []


def test_misspelt_drug_is_certain_if_no_other_drug_is_close() -> None:
    expected = [SpellingCorrection("warfarin", "drug", is_certain=True)]
    assert with_vocabulary("warfarin").suggest("warfrin") == expected


def test_misspelt_drug_is_asked_if_several_are_close() -> None:
    offered = with_vocabulary("lamisil", "lamictal").suggest("lamical")
    assert {each.word for each in offered} >= {"lamictal", "lamisil"}
    assert {(each.kind, each.is_certain) for each in offered} == {("drug", False)}


def test_close_drug_missing_from_articles_prevents_replacement() -> None:
    assert not any(each.is_certain for each in with_vocabulary("lamisil").suggest("lamical"))


def test_foreign_name_of_drug_is_replaced_by_indexed_name() -> None:
    expected = [SpellingCorrection("morphine", "drug", is_certain=True)]
    assert with_vocabulary("morphine").suggest("morfine") == expected


def test_drug_missing_from_articles_is_suggested() -> None:
    assert of("gout", drugs=("allopurinol",)).suggest("alopurinol") == [
        SpellingCorrection("allopurinol", "drug")
    ]


def test_likely_drug_prevents_automatic_correction() -> None:
    offered = of("axil", drugs=("axid",)).suggest("axit")
    assert [correction.kind for correction in offered] == ["drug", "drug"]


@pytest.mark.parametrize(
    ("typed", "word"), [("hext", "next"), ("bxnds", "bands"), ("gastrosomy", "gastrostomy")]
)
def test_doubtful_correction_is_not_certain(typed: str, word: str) -> None:
    offered = with_vocabulary(word, "bends").suggest(typed)
    assert word in [each.word for each in offered]
    assert not any(each.is_certain for each in offered)


@pytest.mark.parametrize(
    "typed", ["gout", "hypertension", "b12", "2nd", "cat", "xqzvbnmlk", "", "h1n1", "中文"]
)
def test_known_and_uncorrectable_words_have_no_suggestions(typed: str) -> None:
    speller = of("gout", "b13", "3nd", "cats", "hypotension", known=("hypertension",))
    assert speller.suggest(typed) == []


@pytest.mark.parametrize(
    ("typed", "opposite"),
    [("hypertension", "hypotension"), ("interarticular", "intraarticular"), ("abduct", "adduct")],
)
def test_word_is_never_corrected_to_its_opposite(typed: str, opposite: str) -> None:
    assert of(opposite).suggest(typed) == []


def test_joined_words_are_split() -> None:
    often = SpellChecker({"heart": 900, "attack": 300, "hear": 2, "tattack": 1})
    assert often.suggest("heartattack")[0] == SpellingCorrection("heart attack", "split", True)


def test_more_frequent_word_is_suggested_first() -> None:
    assert found(SpellChecker({"lever": 1, "fever": 900}), "feverr")[0] == "fever"
    assert found(SpellChecker({"cramp": 2, "clamp": 800}), "cxamp")[0] == "clamp"


def test_forms_of_one_word_are_suggested_once() -> None:
    assert found(of("infection", "infections"), "infecton") == ["infection"]


def test_suggest_respects_limit() -> None:
    assert len(of("bands", "bends", "binds", "bonds").suggest("bxnds", limit=2)) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("farmacy", "pharmacy"),
        ("neumonia", "pneumonia"),
        ("hemorage", "hemorrhage"),
        ("sirrosis", "cirrhosis"),
        ("diarea", "diarrhoea"),
        ("preshure", "pressure"),
        ("astma", "asthma"),
        ("siatica", "sciatica"),
    ],
)
def test_words_that_sound_alike_have_equal_keys(one: str, other: str) -> None:
    assert phonetic_key(one) == phonetic_key(other)


def test_misspellings_exclude_stop_words() -> None:
    assert not any(is_stopword(meant) for _, meant in MISSPELLED)
