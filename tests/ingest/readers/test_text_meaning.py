"""Plain text in which line breaks, hyphens and numbers are ambiguous."""

import json

import pytest

from ingest.readers.jsonl import read_json_line
from ingest.readers.text.reader import read_text
from ingest.text_encoding import TextNormalizer

WRAPPED = """Potassium

When to stop

Check the level every hour and write it on the chart, and if it is found to be above
{}
the drug again only after a second reading has been taken and seen by the whole team.
"""


def blocks(text):
    article = read_text(f"Title\n\nHeading\n\n{text}\n", "a.txt").article
    return [block for _, section in article.walk() for block in section.blocks]


@pytest.mark.parametrize("number", ["6. Stop", "1. Stop", "6) Stop"])
def test_a_number_that_ends_a_sentence_is_no_item(number):
    text = WRAPPED.format(f"{number} the infusion at once and call the doctor; then give")
    assert f"above {number}" in read_text(text, "a.txt").article.plain


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Steps:\n1. Wash.\n2. Rinse.", ["1.", "2."]),
        ("Steps:\n3. Wash.\n4. Rinse.", ["3.", "4."]),
        ("Steps:\na) Wash.\nb) Rinse.", ["a)", "b)"]),
        ("Steps:\n- Wash.\n- Rinse.", ["", ""]),
        ("Steps:\no Wash.\no Rinse.", ["", ""]),
    ],
)
def test_items_keep_their_labels(text, labels):
    assert [item.label for item in blocks(text)[-1].items] == labels


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Give the patient co-\namoxiclav twice a day,\nand call.", "co-amoxiclav"),
        ("This is a 10-\nfold overdose for the patient,\nso call.", "10-fold"),
        ("Give medi-\ncine now,\nthen medicine again.", "medicine now"),
    ],
)
def test_a_hyphen_at_a_line_end(text, joined):
    assert joined in blocks(text)[0].text


def test_line_separators_inside_json_are_text():
    line = json.dumps(
        {
            "title": "Doses",
            "sections": [{"heading": "A", "text": "One\u2028two\u2029three\x85four"}],
        },
        ensure_ascii=False,
    )
    article = read_json_line(line, "a.jsonl", "line 1").article
    assert all(word in article.plain for word in ("One", "two", "three", "four"))


def test_c1_controls_are_windows_1252():
    assert TextNormalizer().normalize("5\x9610 mg \x80") == "5–10 mg €"


@pytest.mark.parametrize("text", ["50 Âµg", "K â‰¥ 6", "Donâ€™t", "cafÃ©", "5 \ufffdg"])
def test_garbled_text_causes_a_warning(text):
    normalizer = TextNormalizer()
    normalizer.normalize(text)
    assert len(normalizer.warnings()) == 1


@pytest.mark.parametrize("text", ["50 µg", "K ≥ 6", "Don’t", "café", "Âge", "château — 5"])
def test_correct_text_causes_none(text):
    normalizer = TextNormalizer()
    normalizer.normalize(text)
    assert normalizer.warnings() == []
