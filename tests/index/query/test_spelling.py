"""Spelling: the intended word is suggested first, and no drug replaces another automatically."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    return SpellChecker(forms, VOCABULARY.drugs)


def of(*forms: str, drugs: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> SpellChecker:
    return SpellChecker(dict.fromkeys(forms, 9), frozenset(drugs), frozenset(known))


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


@pytest.fixture(scope="module")
def lookalikes() -> dict[str, tuple[SpellChecker, set[str]]]:
    """Return, for each name, a speller over it and other names, and these names."""
    ones, others = ({pair[side] for pair in LOOKALIKES} for side in (0, 1))
    spellers = {}
    for names in (ones - others, others - ones, ones & others):
        speller = SpellChecker(dict.fromkeys(names, 1_000), VOCABULARY.drugs)
        spellers.update(dict.fromkeys(names, (speller, names)))
    return spellers


@pytest.mark.parametrize(("one", "other"), LOOKALIKES)
def test_similar_drug_names_are_never_corrected_automatically(
    lookalikes: dict[str, tuple[SpellChecker, set[str]]], one: str, other: str
) -> None:
    for typed, near in ((one, other), (other, one)):
        speller, names = lookalikes[near]
        assert typed not in names
        assert {correction.kind for correction in speller.suggest(typed)} <= {"drug"}


def test_correction_of_misspelt_drug_has_kind_drug() -> None:
    assert of("amoxicillin", drugs=("amoxicillin",)).suggest("amoxicilin") == [
        SpellingCorrection("amoxicillin", "drug")
    ]


def test_drug_missing_from_articles_is_suggested() -> None:
    assert of("gout", drugs=("allopurinol",)).suggest("alopurinol") == [
        SpellingCorrection("allopurinol", "drug")
    ]


def test_likely_drug_prevents_automatic_correction() -> None:
    offered = of("axil", drugs=("axid",)).suggest("axit")
    assert [correction.kind for correction in offered] == ["drug", "drug"]


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
    assert often.suggest("heartattack")[0] == SpellingCorrection("heart attack", "split")


def test_more_frequent_word_is_suggested_first() -> None:
    assert found(SpellChecker({"lever": 1, "fever": 900}), "feverr")[0] == "fever"
    assert found(SpellChecker({"cramp": 2, "clamp": 800}), "camp")[0] == "clamp"


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
