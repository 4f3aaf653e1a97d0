"""Correctly spelled medical words: listed ones, and those formed from known parts."""

from __future__ import annotations

import pytest

from index.query.medical_words import is_medical_word


@pytest.mark.parametrize(
    "word",
    ["myelopathy", "tuberculosis", "colposcopy", "hysterectomy", "oesophagogastroduodenoscopy"],
)
def test_correct_words_are_recognised(word: str) -> None:
    assert is_medical_word(word)


@pytest.mark.parametrize("word", ["colpscopy", "hysterctomy", "oscopy", "spend", "table", "itis"])
def test_other_words_are_not_recognised(word: str) -> None:
    assert not is_medical_word(word)


@pytest.mark.parametrize(
    "pair", [("haematoma", "hematoma"), ("orchidectomised", "orchidectomized")]
)
def test_both_spellings_are_recognised(pair: tuple[str, str]) -> None:
    assert all(map(is_medical_word, pair))
