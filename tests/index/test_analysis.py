"""Analysis: the same words come out of a text and of a query, however they are written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import LONGEST, fold, is_stopword, stem_of, stems, tokenize, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Endings
        ("treats", "treating"),
        ("infections", "infection"),
        ("diabetes", "diabetic"),
        ("bleeding", "BLEED"),
        # Possessives, with either apostrophe
        ("Crohn's", "crohn"),
        ("Crohn’s", "Crohn's"),
        ("patients'", "patient"),
        ("patient's", "patients’"),
        # Accents, as one character or as two
        ("Ménière", "Meniere"),
        ("Me\u0301nie\u0300re", "Ménière"),
        ("Me\u0301nie\u0300re’s", "Meniere"),
        ("naïve", "naive"),
        # Case
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("I\u0307stanbul", "istanbul"),
        # Invisible characters inside a word
        ("hy\u00adper\u00adten\u00adsion", "hypertension"),
        ("hyper\u200btension", "hypertension"),
        ("hyper\u00ad\u200b\u2060tension", "hypertension"),
        ("dia\u200d\u200cbetes", "diabetes"),
        # Letters in other forms
        ("ﬁbrosis", "fibrosis"),
        ("ＡＳＡ", "asa"),
        ("𝐚𝐬𝐩𝐢𝐫𝐢𝐧", "aspirin"),
        ("CO₂", "co2"),
        ("β", "beta"),
        ("Β", "beta"),
        ("α", "alpha"),
        ("γδ", "gammadelta"),
        ("µ", "μ"),
        # The file of exceptions
        ("diagnoses", "diagnosis"),
        ("metastases", "metastasis"),
        ("thrombi", "thrombus"),
        ("bacteria", "bacterium"),
        ("foetus", "fetuses"),
        ("gases", "gas"),
        ("organs", "organ"),
    ],
)
def test_words_that_mean_the_same_have_one_stem(one: str, other: str) -> None:
    assert stems(one) == stems(other)
    assert len(stems(one)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("organ", "organism"),
        ("general", "generic"),
        ("aids", "aid"),
        ("sepsis", "septic"),
        ("ms", "m"),
        ("news", "new"),
        ("0.5", "5"),
        ("1.5", "1.6"),
        ("5.0", "50"),
        ("hypertension", "hypotension"),
        ("hyperthyroidism", "hypothyroidism"),
        ("aspirin", "aspirate"),
    ],
)
def test_words_that_differ_stay_apart(one: str, other: str) -> None:
    assert stem_of(one) != stem_of(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \n\t—…!", []),
        ("Take 0.5 mg.", ["Take", "0.5", "mg"]),
        ("1,000 units", ["1,000", "units"]),
        ("Rest. 2 days", ["Rest", "2", "days"]),
        ("mg/kg", ["mg", "kg"]),
        ("follow-up", ["follow", "up"]),
        ("x‑ray", ["x", "ray"]),
        ("snake_case", ["snake", "case"]),
        ("don't stop", ["don't", "stop"]),
        ("'quoted'", ["quoted"]),
        ("β-blocker", ["β", "blocker"]),
        ("B12, HbA1c", ["B12", "HbA1c"]),
        ("中文", ["中文"]),
        ("a\u200b b", ["a", "b"]),
        ("cafe\u0301 au lait", ["cafe\u0301", "au", "lait"]),
        ("😀 pain", ["pain"]),
    ],
)
def test_a_text_is_cut_into_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_token_says_where_it_stands() -> None:
    text = "Crohn’s disease: 0.5 mg"

    found = list(tokenize(text))

    assert [text[token.start : token.end] for token in found] == ["Crohn’s", "disease", "0.5", "mg"]
    assert [token.position for token in found] == [0, 1, 2, 3]
    assert [token.stem for token in found] == ["crohn", "diseas", "0.5", "mg"]


def test_a_word_that_nobody_types_is_cut() -> None:
    assert len(stem_of("x" * 10_000)) == LONGEST


@pytest.mark.parametrize("word", ["the", "The", "THE", "what", "is"])
def test_stopwords_carry_no_topic(word: str) -> None:
    assert is_stopword(word)


@pytest.mark.parametrize("word", ["gout", "pain", "ms", "ra", "news", "0.5"])
def test_words_of_medicine_are_no_stopwords(word: str) -> None:
    assert not is_stopword(word)


@given(st.text())
def test_tokens_stand_in_the_text_in_order_and_none_is_empty(text: str) -> None:
    at = 0
    for number, token in enumerate(tokenize(text)):
        assert token.position == number
        assert at <= token.start < token.end <= len(text)
        assert token.stem
        assert len(token.stem) <= LONGEST
        at = token.end


@given(st.text())
def test_both_ends_agree(text: str) -> None:
    assert [token.stem for token in tokenize(text)] == stems(text)
    assert [stem_of(word) for word in words(text)] == stems(text)


LATIN = st.characters(min_codepoint=0x41, max_codepoint=0x17F, categories=["Lu", "Ll"])


@given(st.text(LATIN, min_size=1))
def test_case_and_the_form_of_accents_make_no_difference(word: str) -> None:
    assert fold(word) == fold(unicodedata.normalize("NFD", word))
    assert fold(word) == fold(word.casefold())
    assert stems(word) == stems(unicodedata.normalize("NFD", word))
