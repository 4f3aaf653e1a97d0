"""Tables of PDF pages: the notes below them, spans, groups and lines inside cells."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingest.chunking import chunk_article
from ingest.readers.common.result import ReaderResult
from ingest.readers.pdf.headers_footers import FOOTER
from ingest.readers.pdf.reader import read_pdf
from kb.model.article import Block, Cell
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


def draw_cells(*cells: tuple[float, float, str], ys: Sequence[float]) -> Page:
    """Return a page with a ruled table of two columns, with a bold header in its first row."""
    page = Page().text(50, 60, "Doses of antibiotics", 16, "b")
    page.grid([50, 200, 350], [100, *ys])
    page.text(55, 114, "Age", font="b").text(205, 114, "Dose", font="b")
    for x, y, text in cells:
        page.text(x, y, text)
    return page


def rows_below_header(page: Page) -> list[tuple[str, ...]]:
    (table,) = blocks(read(page))
    assert (table.header_rows, table.row_texts[0]) == (1, ("Age", "Dose"))
    return list(table.row_texts[1:])


def test_cells_over_several_columns_and_rows_keep_their_spans() -> None:
    page = Page().text(50, 60, "Doses of antibiotics", 16, "b")
    for y, x in ((100, 50), (120, 200), (140, 50), (160, 200), (180, 50)):
        page.line(x, y, 500, y)
    for x, y in ((50, 100), (200, 100), (350, 120), (500, 100)):
        page.line(x, y, x, 180)
    page.text(55, 124, "Drug", font="b").text(205, 114, "Dose", font="b")
    page.text(205, 134, "Adult", font="b").text(355, 134, "Child", font="b")
    page.text(55, 164, "Amoxicillin").text(205, 154, "500 mg").text(355, 154, "250 mg")
    (table,) = blocks(read(page.text(355, 174, "125 mg")))
    assert table.header_rows == 2
    assert table.rows == (
        (Cell("Drug", rows=2), Cell("Dose", columns=2), Cell()),
        (Cell(), Cell("Adult"), Cell("Child")),
        (Cell("Amoxicillin", rows=2), Cell("500 mg"), Cell("250 mg")),
        (Cell(), Cell(), Cell("125 mg")),
    )


def test_bold_group_rows_are_no_header() -> None:
    page = Page().text(50, 60, "Doses of antibiotics", 16, "b")
    for y in range(100, 201, 20):
        page.line(50, y, 350, y)
    page.line(50, 100, 50, 200).line(350, 100, 350, 200)
    page.line(200, 100, 200, 120).line(200, 140, 200, 160).line(200, 180, 200, 200)
    rows = (("Drug", "Dose"), ("Adults",), ("Amoxicillin", "500 mg"), ("Children",), ("", "250 mg"))
    for at, row in enumerate(rows):
        for x, text in zip((55, 205), row, strict=False):
            page.text(x, 114 + 20 * at, text, font="b" if at in (0, 1, 3) else "")
    (table,) = blocks(read(page))
    assert (table.header_rows, table.group_rows) == (1, frozenset({1, 3}))
    assert table.rows[1] == (Cell("Adults", columns=2), Cell())


@pytest.mark.parametrize("is_ruled", [True, False])
def test_empty_cell_does_not_move_the_dose_of_a_child(is_ruled: bool) -> None:
    rows = (
        ("Drug", "Adult", "Child"),
        ("Amoxicillin", "", "250 mg"),
        ("Doxycycline", "100 mg", ""),
        ("Cefalexin", "500 mg", "125 mg"),
    )
    page = Page().text(50, 60, "Doses of antibiotics", 16, "b")
    if is_ruled:
        draw_table(page, 100, rows)
    else:
        for at, row in enumerate(rows):
            for x, text in zip((55, 205, 355), row, strict=True):
                page.text(x, 114 + 14 * at, text, font="" if at else "b")
    (table,) = blocks(read(page))
    assert table.row_texts == rows


def test_columns_of_a_continued_table_do_not_replace_each_other() -> None:
    pages = []
    for number, xs in enumerate(([50, 150, 350, 500], [50, 350, 500], [50, 200, 350, 500])):
        page = Page().grid(list(map(float, xs)), [100, 120, 140])
        for column, x in enumerate(xs[:-1]):
            page.text(x + 5, 114, f"{number}a{column}").text(x + 5, 134, f"{number}b{column}")
        pages.append(page)
    (table,) = blocks(read(*pages))
    assert table.row_texts[::2] == (
        ("0a0", "0a1", "", "0a2"),
        ("1a0", "", "", "1a1"),
        ("2a0", "", "2a1", "2a2"),
    )


def test_lines_of_cells_that_correspond_are_separated() -> None:
    page = draw_cells(
        (55, 132, "Adults"),
        (55, 144, "Children"),
        (205, 132, "500 mg"),
        (205, 144, "250 mg"),
        ys=[120, 150],
    )
    assert rows_below_header(page) == [("Adults; Children", "500 mg; 250 mg")]


def test_wrapped_lines_of_a_cell_are_joined() -> None:
    page = draw_cells(
        (55, 132, "Adults and older children"),
        (55, 144, "Of any weight"),
        (205, 132, "500 mg three times a day"),
        (205, 144, "for 5 days"),
        ys=[120, 150],
    )
    assert rows_below_header(page) == [
        ("Adults and older children Of any weight", "500 mg three times a day for 5 days")
    ]


def test_two_numbers_of_a_narrow_cell_are_separated() -> None:
    page = Page().text(50, 60, "Risk of stroke", 16, "b")
    page.grid([50, 200, 245], [100, 120, 150]).text(55, 114, "Trial").text(205, 114, "p")
    page.text(55, 132, "AFASAK").text(205, 132, "<0.001").text(205, 144, "0.03")
    (table,) = blocks(read(page))
    assert table.row_texts[1] == ("AFASAK", "<0.001; 0.03")


def test_level_lines_of_cells_are_rows_with_empty_cells() -> None:
    page = draw_cells(
        (55, 132, "Adults"),
        (55, 144, "Children"),
        (55, 156, "Infants"),
        (205, 132, "500 mg"),
        (205, 156, "50 mg"),
        ys=[120, 162],
    )
    assert rows_below_header(page) == [("Adults", "500 mg"), ("Children", ""), ("Infants", "50 mg")]


def test_labels_at_line_starts_of_a_cell_are_separated() -> None:
    page = draw_cells(
        (55, 132, "Any"), (205, 132, "Adults: 500 mg"), (205, 144, "Children: no"), ys=[120, 150]
    )
    assert rows_below_header(page) == [("Any", "Adults: 500 mg; Children: no")]


def test_lines_of_a_header_are_joined() -> None:
    page = Page().text(50, 60, "Doses by clearance", 16, "b")
    page.grid([50, 200, 350], [100, 130, 150])
    page.text(55, 112, "Creatinine").text(55, 124, "clearance")
    page.text(205, 112, "Dose").text(205, 124, "(mg)").text(55, 144, "30").text(205, 144, "5")
    (table,) = blocks(read(page))
    assert table.row_texts == (("Creatinine clearance", "Dose (mg)"), ("30", "5"))


@pytest.mark.parametrize(("step", "is_joined"), [(12, True), (16, False)])
def test_wrapped_row_of_an_unruled_table_is_one_row(step: float, is_joined: bool) -> None:
    page = Page().text(50, 60, "Directions", 16, "b")
    page.text(50, 100, "adults and children over 12").text(250, 100, "take 2 tablets, but not more")
    y = 100 + step
    page.text(50, y, "years of age").text(250, y, "than 12 tablets in 24 hours")
    page.text(50, y + 16, "children 6 to 11 years of age").text(250, y + 16, "take 1 tablet")
    for at, age in enumerate(("children under 6 years", "infants", "newborns"), 2):
        page.text(50, y + 16 * at, age).text(250, y + 16 * at, "do not use")
    (table,) = blocks(read(page))
    first = ("adults and children over 12", "take 2 tablets, but not more")
    second = ("years of age", "than 12 tablets in 24 hours")
    joined = tuple(" ".join(texts) for texts in zip(first, second, strict=True))
    assert table.row_texts[:-4] == ((joined,) if is_joined else (first, second))


def test_close_rows_of_an_unruled_table_are_not_joined() -> None:
    page = Page().text(50, 60, "Doses", 16, "b")
    rows = (("amoxicillin", "one dose a day"), ("cefalexin", "two doses a day"), ("none", "never"))
    for (drug, dose), y in zip(rows, (100, 112, 130), strict=True):
        page.text(50, y, drug).text(250, y, dose)
    (table,) = blocks(read(page))
    assert table.row_texts == rows


LABELLED = (
    ("Adults over 65 years", ("500 mg three times a day for", "five days, then 250 mg twice")),
    ("Children 6 to 11", ("250 mg three times a day for", "five days, then 125 mg twice")),
    ("Children under 6", ("125 mg three times a day",)),
    ("Infants under one", ("do not use it in this group of", "patients in any case", "at all")),
)


def write_labelled(step: float, *, is_centred: bool) -> Page:
    """Write lines at a distance of 12 points next to labels, with `step` points between blocks."""
    page, y = Page().text(50, 60, "Doses of antibiotics", 16, "b"), 100.0
    for label, lines in LABELLED:
        page.text(50, y + 6 * (len(lines) - 1) * is_centred, label)
        for line in lines:
            page.text(200, y, line)
            y += 12
        y += step - 12
    return page


@pytest.mark.parametrize("step", [16, 20, 30])
@pytest.mark.parametrize("is_centred", [False, True])
def test_blocks_of_lines_next_to_labels_are_rows(step: float, is_centred: bool) -> None:
    (table,) = blocks(read(write_labelled(step, is_centred=is_centred)))
    assert table.row_texts == tuple((label, " ".join(lines)) for label, lines in LABELLED)


def test_label_does_not_move_to_the_lines_of_another_label() -> None:
    text = read(write_labelled(12, is_centred=False)).article.plain
    for label, lines in LABELLED:
        assert f"{label} | {lines[0]}" in text


def test_last_line_of_a_cell_stays_in_its_table() -> None:
    table, *others = blocks(read(write_labelled(12, is_centred=False)))
    assert table.row_texts[-2:] == (("", "patients in any case"), ("", "at all"))
    assert not others


def test_text_columns_with_short_paragraphs_are_read_in_turn() -> None:
    page = Page().text(50, 60, "Doses of antibiotics", 16, "b")
    y = page.lines(50, 100, TEXT * 2, 40)
    page.lines(50, y + 10, "Then stop it at once and call the doctor.", 40)
    page.lines(320, 100, "Second. " + TEXT * 3, 40)
    texts = [block.text for block in blocks(read(page))]
    assert texts[0] == (TEXT * 2).strip()
    assert texts[-1] == ("Second. " + TEXT * 3).strip()
