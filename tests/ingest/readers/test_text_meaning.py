"""Plain text in which line breaks, hyphens and numbers are ambiguous."""

import json
import re

import pytest

from ingest.readers.jsonl import read_json_line
from ingest.readers.text.reader import read_text
from ingest.text_encoding import TextNormalizer
from kb.model.article import BlockKind

WRAPPED = """Potassium

When to stop

Check the level every hour and write it on the chart, and if it is found to be above
{}
the drug again only after a second reading has been taken and seen by the whole team.
"""
LONG = "Fetch the trolley, the monitor and the oxygen for the transfer of the patient"


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
        ("Steps:\n· Wash.\n· Rinse.", ["", ""]),
        ("Steps:\n– Wash.\n– Rinse.", ["", ""]),
        ("Steps:\n(1) Wash.\n(2) Rinse.", ["(1)", "(2)"]),
        ("Steps:\ni) Wash.\nii) Rinse.\niii) Dry.", ["i)", "ii)", "iii)"]),
        ("Steps:\nIV. Wash.\nV. Rinse.", ["IV.", "V."]),
        ("Steps:\nA. Wash.\nB. Rinse.", ["A.", "B."]),
        ("Steps:\n1.2.1 Wash.\n1.2.2 Rinse.", ["1.2.1", "1.2.2"]),
        ("Steps:\n1.1. Wash.\n1.2. Rinse.", ["1.1.", "1.2."]),
        ("Ask the patient to\n1. Wash.\n2. Rinse.", ["1.", "2."]),
        ("Ask the patient to\na. Wash.\nb. Rinse.", ["a.", "b."]),
        ("The doses are\n- 5 mg.\n- 6 mg.", ["", ""]),
        (f"Steps:\n10. {LONG}\n9. {LONG}\n8. Go.", ["10.", "9.", "8."]),
        (f"Steps:\n3) {LONG}\nand then\n2) {LONG}\nand then\n1) Go.", ["3)", "2)", "1)"]),
        (f"Steps:\n1. {LONG}\nand call the whole team of the ward to the bed\n2. Go", ["1.", "2."]),
        (f"Steps:\nc) {LONG}\nb) {LONG}\na) Go.", ["c)", "b)", "a)"]),
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


@pytest.mark.parametrize(
    "text",
    [
        "A. Smith wrote it.\nC. Jones read it.",
        "Give 1.5 mg by mouth on the first day,\n2.5 mg after it.",
        "+ 5 mg on day 1.",
        "> 15 mmol/L: give 4 units.",
        "< 4 mmol/L: give glucose.",
    ],
)
def test_names_doses_and_signs_are_no_labels(text):
    found = blocks(text)
    assert [block.kind for block in found] == [BlockKind.PARAGRAPH] * len(found)
    assert " ".join(block.text for block in found) == text.replace("\n", " ")


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Keep the mean pressure, the whole night, >\n65 mmHg.", "> 65 mmHg."),
        ("Call if the reading falls by\n- 5 mmHg or more.", "by - 5 mmHg or more."),
        ("Give daily never more than\n20 mg by mouth.", "more than 20 mg by mouth."),
        ("Give a dose of 5-\n10 mg by mouth.", "5-10 mg by mouth."),
        ("It was sold until\n2004. Then it was not.", "until 2004. Then"),
        ("Measure pre-\nand postoperative pain.", "pre- and postoperative"),
    ],
)
def test_a_number_belongs_to_the_unfinished_line_above(text, joined):
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


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("wait\x85 then", "wait… then"),
        ("wait\x85 then\nwait\x85", "wait… then\nwait…"),
        ("one\x85two\x85", "one\ntwo\n"),  # a mainframe's line ends
    ],
)
def test_next_line_is_an_ellipsis_beside_other_line_ends(text, normalized):
    assert TextNormalizer().normalize(text) == normalized


def test_undefined_controls_are_removed_and_counted():
    normalizer = TextNormalizer()
    assert normalizer.normalize("a\x81b") == "ab"
    assert normalizer.removed == {"\x81": 1}


@pytest.mark.parametrize(
    "text",
    [
        "50 Âµg",
        "K â‰¥ 6",
        "Donâ€™t",
        "cafÃ©",
        "5 \ufffdg",
        "2 Ã— 5",
        "50 Î¼g",
        "Ã‚Âµg",
        "Donâ\x80\x99t",
        "endâ€\x9d",
        "ï‚· one",
    ],
)
def test_garbled_text_causes_a_warning(text):
    normalizer = TextNormalizer()
    normalizer.normalize(text)
    assert normalizer.garbled
    assert normalizer.warnings()


@pytest.mark.parametrize(
    ("text", "garbled", "meant"),
    [
        ("50 Âµg", "Âµ", "µ"),
        ("K â‰¥ 6", "â‰¥", "≥"),
        ("37 Â°C", "Â°", "°"),
        ("5 Ã— 2", "Ã—", "×"),
        ("Donâ\x80\x99t", "â€™", "’"),
        ("50 Î¼g", "Î¼", "μ"),
        ("endâ€\x9d", "â€", "”"),
    ],
)
def test_warning_names_the_text_that_may_be_meant(text, garbled, meant):
    normalizer = TextNormalizer()
    assert garbled in normalizer.normalize(text)
    warning = normalizer.warnings()[0]
    assert re.search(rf'"{garbled}" \([^()]*"{meant}"\)', warning)


@pytest.mark.parametrize("text", ["endâ€ ", "Ã‚", "5 \ufffdg", "\u00f0\u0178"])
def test_warning_names_no_text_that_is_uncertain(text):
    normalizer = TextNormalizer()
    normalizer.normalize(text)
    (warning,) = normalizer.warnings()
    assert "(" not in warning


@pytest.mark.parametrize("text", ["50 µg", "K ≥ 6", "Don’t", "café", "Âge", "château — 5"])
def test_correct_text_causes_none(text):
    normalizer = TextNormalizer()
    normalizer.normalize(text)
    assert normalizer.warnings() == []
