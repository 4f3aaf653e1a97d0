"""Precision, recall and F1 compared with a manual table; labels as in `bench.tagging`."""

import json
from pathlib import Path

import pytest

from bench.classification import macro_f1, scores
from bench.tagging import first_class_tags, load_sections, predict_tags, report
from ingest.tagging.tagger import Tagger
from kb.model.taxonomy import Taxonomy, load_taxonomy

#         truth         predicted     a: correct, predicted, true
JUDGED = [
    ({"a"}, {"a"}),  #                   1      1     1
    ({"a"}, {"b"}),  #                                1
    ({"a", "b"}, {"a", "b"}),  #         1      1     1
    (set(), {"a"}),  #                          1
    (set(), set()),
]


def test_scores_match_manual_counts() -> None:
    a = scores(JUDGED, "a")
    assert a == {"precision": 0.6667, "recall": 0.6667, "f1": 0.6667, "support": 3, "predicted": 3}
    b = scores(JUDGED, "b")
    assert b == {"precision": 0.5, "recall": 1.0, "f1": 0.6667, "support": 1, "predicted": 2}


def test_unused_label_scores_zero() -> None:
    unused = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0, "predicted": 0}
    assert scores(JUDGED, "c") == unused


def test_macro_f1_weights_labels_equally() -> None:
    rare = scores([({"a"}, {"a"}), ({"b"}, set())], "b")
    common = scores([({"a"}, {"a"})] * 9, "a")
    assert macro_f1([rare, common]) == 0.5


def test_report_lists_each_source() -> None:
    found = report([("one", ({"a"}, {"a"})), ("two", ({"a"}, set()))], ["a"])
    assert found["tags"]["a"]["recall"] == 0.5
    assert found["sources"]["one"]["a"]["recall"] == 1.0
    assert found["sources"]["two"]["a"]["recall"] == 0.0


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


def test_categories_are_first_class_tags(taxonomy: Taxonomy) -> None:
    assert sorted(first_class_tags(taxonomy)) == ["long-term-care", "mechanism", "safety"]


def test_tags_accept_underscores_and_reject_unknown_tags(
    tmp_path: Path, taxonomy: Taxonomy
) -> None:
    path = tmp_path / "sections.jsonl"
    entry = {"heading": "H", "text": "T", "tags": ["long_term_care"], "source": "S"}
    path.write_text(json.dumps(entry) + "\n", "utf-8")
    assert [section.tags for section in load_sections(path, taxonomy)] == [{"long-term-care"}]
    path.write_text(json.dumps(entry | {"tags": ["interactions"]}) + "\n", "utf-8")
    with pytest.raises(ValueError, match="interactions"):
        list(load_sections(path, taxonomy))


def test_subtag_counts_for_its_category(taxonomy: Taxonomy) -> None:
    found = predict_tags(Tagger(taxonomy), taxonomy, "Contraindications", "Do not give it.")
    assert {"contraindications", "safety"} <= set(found)
