import pytest

from ingest.tagging.category_classifier import (
    MAX_WORDS,
    MIN_FEATURES,
    CategoryClassifier,
    extract_features,
    load_classifier,
)
from ingest.tagging.tagger import CLASSIFIER_REASON, Tagger
from kb.model.article import paragraph
from kb.model.passage import Evidence, Passage
from kb.model.taxonomy import load_taxonomy

SMALL = CategoryClassifier(
    ("how", "safe"), {"bleed": (-1.0, 2.0), "stomach": (1.0, 0.5), "0 mg": (0.0, 0.0)}
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("Bleeding!", {"bleed": "bleeding"}),
        ("2.5 mg", {"0": "2.5", "mg": "mg", "0 mg": "2.5 mg"}),
        ("Don’t, don't", {"don't": "don't", "don't don't": "don't don't"}),
    ],
)  # fmt: skip
def test_features_are_stems_and_neighbouring_pairs(text, found):
    assert extract_features(text) == found


def test_score_sums_weights_of_known_features():
    score = SMALL.classify("Bleeding of the stomach, bleeding again.")
    root = MIN_FEATURES**0.5
    assert score["safe"].score == pytest.approx(2.5 / root)
    assert score["how"].score == pytest.approx(0.0)
    assert score["safe"].words == ("bleeding", "stomach")
    assert score["how"].words == ("stomach",)


def test_text_of_unknown_words_scores_zero():
    assert all(score.score == 0 for score in SMALL.classify("Xyzzy plugh.").values())


def test_classifier_reads_only_first_words():
    assert len(extract_features(" ".join("abcdefgh" * 5 * MAX_WORDS))) <= 2 * 8
    assert "late" not in extract_features("early " * MAX_WORDS + "late")


UNSEEN = [
    (
        "The capsule dissolves and its contents hold acid pumps in the stomach lining shut, so "
        "less acid is made.",
        "mechanism",
    ),
    (
        "Come back to the clinic every three months so that we can repeat the blood test and "
        "adjust the tablets.",
        "long-term-care",
    ),
    ("It made some people faint, and one in fifty had to stop because of a severe rash.", "safety"),
]


@pytest.mark.parametrize(("text", "category"), UNSEEN)
def test_classifier_tags_text_without_cues(text, category):
    found = {
        tag.tag: tag
        for tag in Tagger(load_taxonomy()).tag_passage(
            Passage(heading_path=(), blocks=(paragraph(text),))
        )
    }
    assert category in found
    assert CLASSIFIER_REASON in found[category].reason


def test_classifier_tag_has_model_evidence():
    text = UNSEEN[1][0]
    tagger = Tagger(load_taxonomy(), load_classifier())
    found = tagger.tag_passage(Passage(heading_path=("Notes",), blocks=(paragraph(text),)))
    assert [tag.evidence for tag in found if tag.tag == "long-term-care"] == [Evidence.MODEL]


def test_administrative_text_has_no_category():
    text = "The office is on the second floor. Bring your appointment letter and proof of address."
    categories = {"mechanism", "safety", "long-term-care"}
    found = Tagger(load_taxonomy()).tag_passage(Passage(heading_path=(), blocks=(paragraph(text),)))
    assert not categories & {tag.tag for tag in found}
