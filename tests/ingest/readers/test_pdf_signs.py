"""Signs of PDF pages that are drawn with lines, and words and numbers broken at line ends."""

from __future__ import annotations

import pytest

from ingest.fidelity.comparison import compare_with_source
from ingest.fidelity.source_text import read_source_text
from ingest.readers.media_type import MediaType
from ingest.readers.pdf.reader import read_pdf
from kb.model.article import MarkKind
from tests.ingest.documents.pdf import Page, pdf

LINE = "Take it every morning with food and a glass of water, and then"


def read(page: Page) -> str:
    """Return the first paragraph below the title."""
    result = read_pdf(pdf(page.text(50, 60, "Warfarin", 16, "b")), "/kb/warfarin.pdf")
    assert not result.omitted
    (section,) = result.article.sections
    return section.blocks[-1].text


def write(page: Page, column: int, text: str) -> Page:
    """Write in Courier: each character is 6 points wide."""
    return page.text(50 + 6 * column, 90, text, font="c")


@pytest.mark.parametrize(("sign", "read_as"), [("<", "≤"), (">", "≥"), ("+", "±")])
@pytest.mark.parametrize("shape", ["line", "box", "underscore", "line below the space as well"])
def test_underlined_sign_is_one_character(sign: str, read_as: str, shape: str) -> None:
    page = write(Page(), 0, f"Stop if INR {sign} 5 or less.")
    if shape == "line":
        page.line(122, 91.2, 128, 91.2)
    elif shape == "box":
        page.box(122, 91, 128, 91.5, "f")
    elif shape == "underscore":
        page = write(write(write(Page(), 0, f"Stop if INR {sign}"), 12, "_"), 14, "5 or less.")
    else:
        page.line(122, 91.2, 132, 91.2)
    assert read(page) == f"Stop if INR {read_as} 5 or less."
    assert f"{read_as} 5" in read_source_text(pdf(page), MediaType.PDF, "").text.replace("_", "")


@pytest.mark.parametrize(("low", "high"), [(50, 200), (98, 140), (50, 128), (50, 56)])
def test_underlined_phrase_keeps_its_sign(low: float, high: float) -> None:
    page = write(Page(), 0, "Stop if INR > 5 or less.").line(low, 91.2, high, 91.2)
    assert read(page) == "Stop if INR > 5 or less."
    assert "> 5 or less." in read_source_text(pdf(page), MediaType.PDF, "").text


def test_fraction_with_a_bar_is_on_one_line() -> None:
    page = write(write(Page(), 0, "Give 2"), 8, "tablets.")
    page.text(86, 86, "1", 6, "c").text(86, 93, "2", 6, "c").line(85.5, 88, 90, 88)
    result = read_pdf(pdf(page.text(50, 60, "Warfarin", 16, "b")), "/kb/warfarin.pdf")
    (block,) = result.article.sections[0].blocks
    assert block.text == "Give 2 1/2 tablets."
    source_text = read_source_text(pdf(page), MediaType.PDF, "")
    assert compare_with_source(result.article, source_text, ()) == []
    assert [mark.kind for mark in block.marks] == [MarkKind.SUPERSCRIPT, MarkKind.SUBSCRIPT]


def test_formula_with_a_bar_is_on_one_line() -> None:
    page = write(write(Page(), 0, "CrCl ="), 29, "in women.")
    page.text(95, 83, "(140 - age) x weight", font="c").text(105, 97, "serum creatinine", font="c")
    assert read(page.line(94, 87, 216, 87)) == (
        "CrCl = ((140 - age) x weight)/(serum creatinine) in women."
    )


def test_digits_of_table_cells_are_no_fractions() -> None:
    page = Page().grid([50, 62, 74, 86], [80, 94, 108, 122])
    for row in range(3):
        for column in range(3):
            page.text(53 + 12 * column, 91 + 14 * row, str(row + column))
    result = read_pdf(pdf(page.text(50, 60, "Score", 16, "b")), "/kb/score.pdf")
    (table,) = result.article.sections[0].blocks
    assert table.row_texts == (("0", "1", "2"), ("1", "2", "3"), ("2", "3", "4"))


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("co-", "amoxiclav is given", "co-amoxiclav is given"),
        ("see if the co-", "agulation is normal", "coagulation is normal"),
        ("a 10-", "fold rise", "10-fold rise"),
        ("a 24-", "hour infusion", "24-hour infusion"),
        ("the T-", "cell count", "T-cell count"),
        ("a once-", "daily dose", "once-daily dose"),
        ("give 5-", "10 mg", "5-10 mg"),
        ("give 5\u2013", "10 mg", "5\u201310 mg"),
        ("a balance of \u2013", "5 is", "\u2013 5 is"),
        ("give 5 mg/", "mL twice", "5 mg/mL twice"),
        (
            "see https://www.nice.org.uk/",
            "guidance/ng196",
            "https://www.nice.org.uk/guidance/ng196",
        ),
        ("if the INR is", "<5 stop it", "INR is <5 stop it"),
        ("if it is above", "6. Stop it", "above 6. Stop it"),
        ("give 500", "mg twice", "500 mg twice"),
    ],
)
def test_terms_broken_at_a_line_end_are_joined(above: str, below: str, joined: str) -> None:
    text = read(Page().text(50, 90, f"{LINE} {above}").text(50, 102, below))
    assert text.endswith(f" {joined}")
