from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from ingest.checks.config import load_rules
from ingest.checks.runner import check_article
from ingest.language.phrase_matcher import PhraseMatch, PhraseMatcher
from tests.ingest.checks.builders import TODAY, article, passage

SENTENCES = 3_000  # a long guideline


def test_checks_search_each_sentence_of_long_article_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: Counter[str] = Counter()
    find = PhraseMatcher.find

    def count(matcher: PhraseMatcher, text: str) -> Iterator[PhraseMatch]:
        searched[text] += 1
        return find(matcher, text)

    monkeypatch.setattr(PhraseMatcher, "find", count)
    text = " ".join(f"Patient {number} may take the tablet." for number in range(SENTENCES))
    check_article(article([]), [passage("Course", text)], load_rules(), TODAY)
    sentences = {text: number for text, number in searched.items() if text.startswith("Patient ")}
    assert len(sentences) >= SENTENCES
    assert set(sentences.values()) == {1}
