"""PDF reader: section trees, omitted text and rejected files."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pypdfium2 as pdfium
import pytest

from ingest.readers.common.result import DATE_FROM_FILE, ReaderResult
from ingest.readers.pdf import reader
from ingest.readers.pdf.blocks import SIDEWAYS
from ingest.readers.pdf.contents_pages import CONTENTS
from ingest.readers.pdf.headers_footers import FOOTER, HEADER
from ingest.readers.pdf.lines import Dehyphenator
from ingest.readers.pdf.reader import read_pdf
from kb.errors import SourceError, SourceProblem
from kb.model.article import Section
from kb.model.reader_limits import ReaderLimits
from tests.ingest.documents.pdf import Page, pdf

DOSE = (
    "The dose is adjusted to the response of the patient and to the results of the tests "
    "that are done at every visit to the clinic. "
)
BLEEDING = (
    "Bleeding is more likely in the first month, in people over 75 years of age and in those "
    "who take other medicines. "
)


def tree(sections: tuple[Section, ...]) -> list[object]:
    """Return the sections as nested lists: heading, blocks as (kind, page, text), subsections."""
    return [
        [
            section.heading,
            *((str(block.kind), block.page, block.plain) for block in section.blocks),
            *tree(section.sections),
        ]
        for section in sections
    ]


def read(*pages: Page, **information: str) -> ReaderResult:
    return read_pdf(pdf(*pages, **information), "/kb/warfarin-in-adults.pdf")


def test_headings_paragraphs_and_lists_are_read() -> None:
    page = Page()
    page.text(50, 60, "Warfarin in adults", 18, "b")
    page.text(50, 100, "1 Dosing", 13, "b")
    y = page.lines(50, 120, DOSE * 2)
    y = page.lines(50, y + 8, BLEEDING)
    page.text(50, y + 10, "1.1 Starting dose", 11, "b")
    page.text(60, y + 30, "• 5 mg on the first day")
    page.text(60, y + 42, "• the next doses by the INR, which is measured on")
    page.text(68, y + 54, "the third day")
    page.text(80, y + 66, "– earlier in the elderly")
    page.text(50, y + 90, "2 Bleeding", 13, "b")
    page.text(50, y + 110, "1. Stop warfarin.")
    page.text(50, y + 122, "2. Give vitamin K.")
    assert tree(read(page).article.sections) == [
        [
            "1 Dosing",
            ("paragraph", 1, (DOSE * 2).strip()),
            ("paragraph", 1, BLEEDING.strip()),
            [
                "1.1 Starting dose",
                (
                    "list",
                    1,
                    "- 5 mg on the first day\n"
                    "- the next doses by the INR, which is measured on the third day\n"
                    "  - earlier in the elderly",
                ),
            ],
        ],
        ["2 Bleeding", ("list", 1, "1. Stop warfarin.\n2. Give vitamin K.")],
    ]


def test_columns_are_read_in_order_below_spanning_heading() -> None:
    page = Page()
    page.text(50, 50, "Management of atrial fibrillation in the emergency department", 16, "b")
    end = page.lines(50, 80, "First. " + DOSE * 3, 48)
    page.lines(320, 80, "Second. " + DOSE * 3, 48)
    page.text(50, end + 20, "A heading over both of the columns, as wide as the page", 14, "b")
    page.lines(50, end + 40, "Third. " + DOSE * 3, 48)
    page.lines(320, end + 46, "Fourth. " + DOSE * 3, 48)
    article = read(page).article
    texts = [block.text for _, section in article.walk() for block in section.blocks]
    assert [text.split()[0] for text in texts] == ["First.", "Second.", "Third.", "Fourth."]
    assert texts[0] == ("First. " + DOSE * 3).strip()
    assert article.sections[1].heading == "A heading over both of the columns, as wide as the page"


def test_paragraph_continues_across_column_and_page_breaks() -> None:
    pages = [Page(), Page()]
    pages[0].text(50, 50, "Warfarin", 16, "b")
    pages[0].lines(50, 80, DOSE * 2 + "The patient is told that", 48)
    pages[0].lines(320, 80, "the dose may change. " + DOSE + "Treatment is stopped when", 48)
    pages[1].lines(50, 50, "surgery is planned. " + DOSE)
    (block,) = read(*pages).article.sections[0].blocks
    assert block.page == 1
    assert "is told that the dose may change" in block.text
    assert "is stopped when surgery is planned" in block.text


def test_headers_footers_and_page_numbers_are_reported() -> None:
    pages = []
    for number in range(1, 5):
        page = Page().text(50, 30, "Trust guideline 17", 8).text(480, 30, f"Page {number} of 4", 8)
        page.lines(50, 60, f"{'ABCD'[number - 1]}. {BLEEDING}")
        pages.append(page.text(300, 780, str(number + 10), 8))
    result = read(*pages)
    assert Counter(piece.reason for piece in result.omitted) == {HEADER: 4, FOOTER: 4}
    assert result.omitted[0].text == "Trust guideline 17  Page 1 of 4"
    assert "Trust" not in result.article.plain
    assert "Trust guideline 17" in result.visible_text


def test_doses_at_same_height_on_several_pages_are_kept() -> None:
    pages = [Page(), Page(), Page()]
    for dose, page in zip((5, 10, 20), pages, strict=True):
        page.text(50, 40, f"Give {dose} mg")
        page.lines(50, 70, BLEEDING)
    assert not read(*pages).omitted


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["anticoag-", "ulation"], "anticoagulation"),
        (["a follow-up and a follow-", "up"], "a follow-up and a follow-up"),
        (["up and follow that follow-", "up"], "up and follow that follow-up"),
        (["the followup, the follow-", "up"], "the followup, the followup"),
        (["non-", "steroidal", "steroidal"], "non-steroidal steroidal"),
        (["COVID-", "19"], "COVID-19"),
        (["between 10 -", "20 mg"], "between 10 - 20 mg"),
        (["hepa\u00ad", "rin, hepa, rin"], "heparin, hepa, rin"),
    ],
)
def test_dehyphenator_joins_words_at_line_ends(lines: list[str], joined: str) -> None:
    vocabulary = Dehyphenator(lines)
    text = lines[0]
    for line in lines[1:]:
        text = vocabulary.join(text, line)
    assert text == joined


def test_hyphenated_word_is_joined_in_article_and_visible_text() -> None:
    page = Page().text(50, 50, "Warfarin", 16, "b")
    page.text(50, 80, "Treatment with an oral anticoag-").text(50, 92, "ulant takes some days.")
    result = read(page)
    assert "oral anticoagulant takes" in result.article.plain
    assert "anticoagulant" in result.visible_text


def test_ruled_table_has_header_and_caption() -> None:
    page = Page().text(50, 60, "Target INR", 16, "b").text(50, 90, "Table 1: Targets", 10, "b")
    page.grid([50, 200, 350], [100, 120, 150, 170])
    page.text(55, 114, "Indication", 10, "b").text(205, 114, "INR", 10, "b")
    page.text(55, 132, "Mechanical valve,").text(55, 144, "mitral").text(205, 138, "3.0")
    page.text(55, 164, "Atrial fibrillation").text(205, 164, "2.5")
    caption, table = read(page).article.sections[0].blocks
    assert (caption.kind, caption.text) == ("caption", "Table 1: Targets")
    assert table.header_rows == 1
    assert table.row_texts == (
        ("Indication", "INR"),
        ("Mechanical valve, mitral", "3.0"),
        ("Atrial fibrillation", "2.5"),
    )


def test_table_over_two_pages_is_joined_with_one_header() -> None:
    pages = [Page(), Page()]
    pages[0].lines(50, 60, BLEEDING)
    for page, top, rows in ((pages[0], 700, "AB"), (pages[1], 40, "CD")):
        page.grid([50, 200, 350], [top, top + 20, top + 40, top + 60])
        page.text(55, top + 14, "Drug", 10, "b").text(205, top + 14, "Dose", 10, "b")
        for at, row in enumerate(rows, 1):
            page.text(55, top + 14 + 20 * at, row).text(205, top + 14 + 20 * at, f"{row} mg")
    result = read(*pages)
    (table,) = [block for block in result.article.sections[0].blocks if block.row_texts]
    assert [row[0] for row in table.row_texts] == ["Drug", "A", "B", "C", "D"]
    assert (table.page, table.header_rows) == (1, 1)
    assert [piece.text for piece in result.omitted] == ["Drug Dose"]


def test_word_across_cell_boundary_is_split() -> None:
    page = Page().text(50, 60, "Interactions", 16, "b")
    page.line(50, 100, 350, 100).line(50, 120, 350, 120).line(50, 140, 350, 140)
    page.line(50, 100, 50, 140).line(110, 120, 110, 140).line(350, 100, 350, 140)
    page.text(55, 114, "Carbonic anhydrase inhibitors").text(55, 134, "Intervention:Monitor it")
    (table,) = read(page).article.sections[0].blocks
    assert table.row_texts == (
        ("Carbonic anhydrase inhibitors", ""),
        ("Intervention:", "Monitor it"),
    )


def test_unruled_table_is_read_by_rows() -> None:
    page = Page().text(50, 60, "Doses by age", 16, "b")
    for at, (age, dose) in enumerate(
        (("6 months", "2.5 mL"), ("1 year", "5 mL"), ("4 years", "10 mL"))
    ):
        page.text(50, 90 + 14 * at, age).text(300, 90 + 14 * at, dose)
    (table,) = read(page).article.sections[0].blocks
    assert table.row_texts == (("6 months", "2.5 mL"), ("1 year", "5 mL"), ("4 years", "10 mL"))


def test_box_becomes_callout_but_heading_bar_does_not() -> None:
    page = Page().text(50, 60, "Warfarin", 16, "b")
    page.box(45, 80, 400, 130).text(50, 95, "Warning", 10, "b")
    page.text(60, 110, "• Bleeding can kill.").text(60, 122, "• Check the INR.")
    page.operators.append("0.8 g")
    page.box(45, 150, 400, 170, "f")
    page.operators.append("0 g")
    page.text(50, 164, "Monitoring", 12, "b").text(50, 190, "Every week.")
    assert tree(read(page).article.sections) == [
        ["", ("callout", 1, "Warning\n- Bleeding can kill.\n- Check the INR.")],
        ["Monitoring", ("paragraph", 1, "Every week.")],
    ]


def test_superscripts_are_separated() -> None:
    page = Page().text(50, 60, "Platelets", 16, "b")
    page.text(50, 90, "Below 50 x 10").text(112.3, 86, "9", 6).text(118, 90, "per litre")
    page.text(50, 110, "Give 5 mg").text(96.2, 106, "a", 6).text(104, 110, "daily")
    texts = [block.text for block in read(page).article.sections[0].blocks]
    assert texts == ["Below 50 x 10^9 per litre", "Give 5 mg a daily"]


def test_table_of_contents_is_omitted_and_reported() -> None:
    names = ["Indications", "Dosing", "Monitoring", "Bleeding", "Surgery"]
    first, second = Page(), Page()
    first.text(50, 60, "Warfarin in adults", 18, "b").text(50, 90, "Contents", 13, "b")
    for at, name in enumerate(names):
        first.text(50, 110 + 14 * at, f"{name} .......... {at + 2}", 10, "b")
        second.text(50, 60 + 60 * at, name, 13, "b").text(50, 80 + 60 * at, f"About {name}.")
    result = read(first, second)
    assert [s.heading for s in result.article.sections if s.blocks] == names
    (piece,) = result.omitted
    assert piece.reason == CONTENTS
    assert [line.split(" ")[0] for line in piece.text.split("\n")] == names


def test_doses_with_leaders_are_kept() -> None:
    page = Page().text(50, 60, "Warfarin in adults", 18, "b")
    for at in range(5):
        page.text(50, 90 + 14 * at, f"Weight {10 + at} kg .......... {at + 5}")
    result = read(page)
    assert not result.omitted
    assert "Weight 14 kg" in result.article.plain


@pytest.mark.parametrize("stated", ["Published 3 May 2021", "Last updated: May 2024"])
def test_date_of_the_file_does_not_replace_a_stated_date(stated: str) -> None:
    page = Page().text(50, 60, "Warfarin", 16, "b").text(50, 90, f"{stated}.")
    result = read(page, CreationDate="D:20260101")
    assert result.article.metadata.published is None
    assert DATE_FROM_FILE not in result.warnings


def test_list_not_starting_at_one_keeps_numbers() -> None:
    page = Page().text(50, 60, "Steps", 16, "b")
    page.text(50, 90, "3. Stop it.").text(50, 102, "4. Go back to step 3.")
    (steps,) = read(page).article.sections[0].blocks
    assert steps.ordered
    assert [(item.label, item.text) for item in steps.items] == [
        ("3.", "Stop it."),
        ("4.", "Go back to step 3."),
    ]


def test_sideways_and_off_page_text_is_reported() -> None:
    page = Page().text(50, 60, "Warfarin", 16, "b").text(50, 90, "Every week.")
    page.upright(590, 400, "Feedback").text(900, 90, "Printer")
    result = read(page)
    assert {(piece.reason, piece.text) for piece in result.omitted} == {
        (SIDEWAYS, "Feedback"),
        (reader.OFF_PAGE, "Printer"),
    }


def test_sideways_page_is_read_upright() -> None:
    page = Page()
    page.upright(60, 700, "Warfarin", 16).upright(100, 700, "Every week, at the same time of day.")
    assert tree(read(page).article.sections) == [
        ["", ("paragraph", 1, "Every week, at the same time of day.")]
    ]


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("Warfarin in adults", "Warfarin in adults"),
        ("Warfarin in adults | Trust", "Warfarin in adults"),
        ("Microsoft Word - warfarin v3.docx", "Taking warfarin"),
        ("Document1", "Taking warfarin"),
        ("Template for leaflets", "Taking warfarin"),  # not confirmed by the pages
        ("", "Taking warfarin"),
    ],
)
def test_title(stated: str, title: str) -> None:
    page = Page().text(50, 60, "Taking warfarin", 16, "b").text(50, 90, "Warfarin is for adults.")
    assert read(page, Title=stated).article.title == title


def test_title_without_heading_is_the_file_name() -> None:
    assert read(Page().text(50, 60, BLEEDING)).article.title == "Warfarin in adults"


def test_file_metadata_is_read() -> None:
    page = Page().text(50, 60, "Every week.")
    result = read(page, Author="Haematology", CreationDate="D:20240229120000Z")
    assert result.article.metadata.owner == "Haematology"
    assert result.article.metadata.published == date(2024, 2, 29)
    assert result.warnings == (DATE_FROM_FILE,)


def test_visible_text_has_every_letter_of_the_file() -> None:
    page = Page().text(50, 60, "Warfarin", 16, "b").upright(590, 400, "Feedback")
    page.grid([50, 200, 350], [100, 120, 150]).text(55, 114, "A and b").text(205, 144, "c or d")
    page.lines(320, 200, DOSE * 3, 48)
    data = pdf(page)
    raw = pdfium.PdfDocument(data)[0].get_textpage().get_text_range()
    visible = read_pdf(data, "a.pdf").visible_text
    assert Counter(filter(str.isalnum, visible)) == Counter(filter(str.isalnum, raw))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", SourceProblem.DAMAGED),
        (b"%PDF-1.7\nnonsense", SourceProblem.DAMAGED),
        (b"\x89PNG\r\n", SourceProblem.DAMAGED),
        (pdf(Page().text(50, 50, "Warfarin"))[:600], SourceProblem.DAMAGED),
        (pdf(Page().text(50, 50, "Warfarin"), password="secret"), SourceProblem.ENCRYPTED),
        (pdf(Page().image()), SourceProblem.SCANNED),
        (pdf(Page().image().text(50, 780, "Scan 3"), Page().image()), SourceProblem.SCANNED),
        (pdf(Page()), SourceProblem.NO_TEXT),
    ],
)
def test_invalid_file_is_rejected(data: bytes, code: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read_pdf(data, "a.pdf")
    assert refusal.value.code == code
    assert refusal.value.hint


def test_file_that_is_too_large_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1)
    with pytest.raises(SourceError) as refusal:
        read(Page().text(50, 50, "Warfarin"))
    assert refusal.value.code == SourceProblem.TOO_LARGE


@pytest.mark.parametrize(
    ("setting", "limit", "code", "size"),
    [
        ("pdf_max_pages", 1, SourceProblem.TOO_MANY_PAGES, 2),
        ("article_max_characters", 12, SourceProblem.TOO_LONG, 16),
    ],
)
def test_file_longer_than_the_limit_is_rejected(
    setting: str, limit: int, code: str, size: int
) -> None:
    data = pdf(Page().text(50, 400, "Warfarin"), Page().text(50, 500, "Bleeding"))
    with pytest.raises(SourceError) as refusal:
        read_pdf(data, "a.pdf", ReaderLimits(**{setting: limit}))
    assert (refusal.value.source, refusal.value.code) == ("a.pdf", code)
    assert re.findall(r"\d+", refusal.value.problem) == [str(size), str(limit)]
    assert setting in refusal.value.hint
    assert read_pdf(data, "a.pdf", ReaderLimits(**{setting: size})).article


def test_scanned_page_among_others_is_a_warning() -> None:
    first, last = Page().text(50, 60, BLEEDING), Page().text(50, 60, DOSE)
    (warning,) = read(first, Page().image(), last).warnings
    assert re.findall(r"\d+", warning) == ["2"]


def test_truncated_file_is_read_or_rejected() -> None:
    page = Page().text(50, 60, "Warfarin", 16, "b").text(50, 90, BLEEDING).image()
    data = pdf(page, page)
    for end in range(0, len(data), 29):
        damaged = data[:end] + b"\xff" * 20 + data[end + 40 :]
        for attempt in (data[:end], damaged):
            try:
                read_pdf(attempt, "a.pdf")
            except SourceError as refusal:
                assert refusal.problem
