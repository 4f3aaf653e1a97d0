"""Scores of extraction compared with manual counts, and a minimum for the sample pages."""

from pathlib import Path

import pytest

from bench.extraction import PageAnnotation, score_folder, score_page, summarize, word_f1

PAGES = Path(__file__).parents[2] / "bench" / "pages"
# Measured when the pages were written; raise them when the reader improves.
FLOOR = {"keep_rate": 0.99, "drop_rate": 0.97, "f1": 0.985}


def test_texts_are_matched_by_words():
    marked = PageAnnotation(("Take 5 mg.", "Not there"), ("Share this", "take 5"), "Take 5 mg")
    found = score_page("page", marked, "Take  5\nMG daily", frozenset())
    assert (found.missing, found.retained) == (("Not there",), ("take 5",))
    assert found.f1 == pytest.approx(2 * 3 / (4 + 3))


def test_review_date_in_metadata_counts_as_kept():
    marked = PageAnnotation(("Last reviewed: 3 March 2025", "Born 3 March 2025"), (), "")
    found = score_page("page", marked, "Text", frozenset({"2025-03-03"}))
    assert found.missing == ("Born 3 March 2025",)


def test_summary_counts_texts_and_averages_pages():
    one = score_page("a", PageAnnotation(("x", "y"), ("z",), "x"), "x", frozenset())
    two = score_page("b", PageAnnotation((), (), ""), "x", frozenset())
    assert summarize([one, two]) == {"pages": 2, "keep_rate": 0.5, "drop_rate": 1.0, "f1": 1.0}


def test_f1_counts_repeated_words():
    assert word_f1("a a b", "a b b") == pytest.approx(2 / 3)


def test_extraction_of_sample_pages_reaches_floor():
    reached = summarize(list(score_folder(PAGES)))
    assert reached["pages"] == 20
    assert {name: reached[name] >= floor for name, floor in FLOOR.items()} == dict.fromkeys(
        FLOOR, True
    )
