"""Tables of PDF pages: the notes below them, spans, groups and lines inside cells."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingest.chunking import chunk_article
from ingest.readers.common.result import ReaderResult
from ingest.readers.pdf.headers_footers import FOOTER
from ingest.readers.pdf.reader import read_pdf
from kb.model.article import Block
from tests.ingest.documents.pdf import Page, pdf

TEXT = "The dose is adjusted to the response and to the results of the tests at every visit. "
DOSES = (("Drug", "Dose"), ("Apixaban", "5 mg"), ("Dabigatran", "150 mg"), ("Edoxaban", "60 mg"))


def read(*pages: Page) -> ReaderResult:
    return read_pdf(pdf(*pages), "/kb/anticoagulants.pdf")


def draw_table(page: Page, top: float, rows: Sequence[Sequence[str]] = DOSES) -> float:
    """Draw a ruled table with a bold header, and return its lower edge."""
    xs = [50.0 + 150 * at for at in range(len(rows[0]) + 1)]
    page.grid(xs, [top + 20 * at for at in range(len(rows) + 1)])
    for at, row in enumerate(rows):
        for x, text in zip(xs, row, strict=False):
            page.text(x + 5, top + 14 + 20 * at, text, font="" if at else "b")
    return top + 20 * len(rows)


def blocks(result: ReaderResult) -> list[Block]:
    """Return the blocks of the first section."""
    return list(result.article.sections[0].blocks)


@pytest.mark.parametrize(
    "note",
    [
        "* 2.5 mg if CrCl is below 30 mL/min",
        "† Not in pregnancy",
        "*Not in pregnancy",
        "Note: give with food",
        "NOTE",
        "CrCl = creatinine clearance; INR = international normalised ratio",
        "Abbreviations: CrCl, creatinine clearance",
    ],
)
@pytest.mark.parametrize("font", ["", "b"])
def test_note_below_a_table_stays_with_it(note: str, font: str) -> None:
    page = Page().text(50, 60, "Doses of anticoagulants", 16, "b")
    bottom = draw_table(page, 100)
    page.text(50, bottom + 12, note, font=font)
    page.lines(50, bottom + 40, TEXT * 2)
    result = read(page)
    assert [block.plain for block in blocks(result)[1:]] == [note, (TEXT * 2).strip()]
    (passage,) = chunk_article(result.article)
    assert note in passage.text


@pytest.mark.parametrize("sign", ["a", "1"])
def test_note_with_a_sign_that_is_raised_in_the_table_is_no_heading(sign: str) -> None:
    page = Page().text(50, 60, "Doses of anticoagulants", 16, "b")
    bottom = draw_table(page, 100)
    page.text(227.5, 130, sign, 6).text(
        50, bottom + 12, f"{sign} Twice daily if over 60 kg", 10, "b"
    )
    page.lines(50, bottom + 40, TEXT * 2)
    (section,) = read(page).article.sections
    assert section.blocks[0].row_texts[1] == ("Apixaban", f"5 mg {sign}")
    assert section.blocks[1].plain == f"{sign} Twice daily if over 60 kg"


def test_notes_with_raised_signs_are_separate() -> None:
    page = Page().text(50, 60, "Doses of anticoagulants", 16, "b")
    bottom = draw_table(page, 100)
    for at, (sign, text) in enumerate((("a", "Not in pregnancy"), ("b", "not in children"))):
        page.text(50, bottom + 9 + 10 * at, sign, 5).text(53.2, bottom + 12 + 10 * at, text, 8)
    page.lines(50, bottom + 60, TEXT)
    notes = [block.plain for block in blocks(read(page))[1:3]]
    assert notes == ["a Not in pregnancy", "b not in children"]


def test_table_and_notes_at_the_foot_of_every_page_are_no_footer() -> None:
    pages = []
    for number in range(1, 4):
        page = Page()
        page.lines(50, 60, f"Part {number}. " + TEXT * 3)
        bottom = draw_table(page, 680)
        page.text(50, bottom + 10, "CrCl = creatinine clearance", 8)
        pages.append(page.text(300, 790, str(number), 8))
    result = read(*pages)
    assert [(piece.reason, piece.text) for piece in result.omitted] == [
        (FOOTER, "1"),
        (FOOTER, "2"),
        (FOOTER, "3"),
    ]
    assert result.article.plain.count("Edoxaban | 60 mg\n\nCrCl = creatinine clearance") == 3


def test_note_of_a_sign_on_the_page_is_no_footer() -> None:
    pages = []
    for number in range(1, 4):
        page = Page()
        page.lines(50, 60, f"Give drug {number} 5 mg* daily. " + TEXT)
        pages.append(page.text(50, 770, "* 2.5 mg if CrCl is below 30 mL/min", 8))
    assert not read(*pages).omitted
