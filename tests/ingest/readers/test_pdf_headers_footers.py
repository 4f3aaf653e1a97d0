"""Headers and footers of PDF pages: sentences that are repeated in the text are kept."""

from __future__ import annotations

import pytest

from ingest.readers.common.result import ReaderResult
from ingest.readers.pdf.headers_footers import FOOTER, HEADER
from ingest.readers.pdf.reader import read_pdf
from tests.ingest.documents.pdf import Page, pdf

PREGNANCY = "There are no data from the use in pregnant women."
WORDS = (
    "Apixaban",
    "Bisoprolol",
    "Candesartan",
    "Digoxin",
    "Enalapril",
    "Felodipine",
    "Gliclazide",
)


def read(*pages: Page) -> ReaderResult:
    return read_pdf(pdf(*pages), "/kb/product.pdf")


def full_page(word: str, last_y: float = 740) -> Page:
    page = Page()
    for at, y in enumerate(range(60, int(last_y) - 11, 12)):
        page.text(50, y, f"{word} statement {'abcdefghijklmnopqrstuvwxyz'[at % 26]} about the use.")
    return page


@pytest.mark.parametrize("y", [740, 60])
def test_sentence_repeated_on_consecutive_pages_is_kept(y: float) -> None:
    pages = []
    for word in WORDS[:4]:
        page = Page()
        for at in range(1, 20):
            page.text(50, y + 12 * at * (1 if y < 400 else -1), f"{word} about {chr(96 + at)} use.")
        pages.append(page.text(50, y, PREGNANCY))
    result = read(*pages)
    assert not result.omitted
    assert result.article.plain.count(PREGNANCY) == 4


def test_paragraph_repeated_in_the_same_place_is_kept() -> None:
    pages = [full_page(word, 700).text(50, 740, PREGNANCY) for word in WORDS[:3]]
    result = read(*pages)
    assert not result.omitted
    assert result.article.plain.count(PREGNANCY) == 3


def test_line_that_ends_mid_sentence_is_kept() -> None:
    line = "The use is not recommended in patients on dialysis because no"
    pages = []
    for number, word in enumerate(WORDS, start=1):
        page = full_page(word, 738).text(50, 740, line).text(300, 780, str(number))
        pages.append(page)
    for page in pages[1:]:
        page.text(50, 48, "data are available.")
    result = read(*pages)
    # The page break is inside the sentence on every page but the last.
    assert result.article.plain.count("on dialysis because no data") == len(WORDS) - 1
    assert result.article.plain.count("on dialysis because no") == len(WORDS)
    assert result.article.plain.count("data are available.") == len(WORDS) - 1
    assert {piece.reason for piece in result.omitted} == {FOOTER}
    assert [piece.text for piece in result.omitted] == [str(n) for n in range(1, len(WORDS) + 1)]


def test_equal_lines_on_distant_pages_are_kept() -> None:
    """Sections of several strengths are laid out alike, many pages apart."""
    pages = []
    for number in range(1, 31):
        page = full_page(WORDS[number % 7], 700).text(300, 780, str(number))
        page.text(50, 740, "Pregnancy category" if number % 10 == 5 else f"{WORDS[number % 7]} use")
        pages.append(page)
    result = read(*pages)
    assert result.article.plain.count("Pregnancy category") == 3


def test_header_of_a_chapter_is_omitted() -> None:
    pages = []
    for number in range(12):
        chapter = "Dosing in adults" if number < 6 else "Dosing in children"
        pages.append(full_page(WORDS[number % 7]).text(50, 30, chapter, 8))
    result = read(*pages)
    assert [piece.reason for piece in result.omitted] == [HEADER] * 12


@pytest.mark.parametrize("sign", ["#", "##", "# #", "#1", "1 #", "no. #"])
@pytest.mark.parametrize("y", [20, 780])
def test_number_sign_at_the_edge_is_read(sign: str, y: float) -> None:
    pages = [full_page(word).text(300, y, sign) for word in WORDS[:3]]
    result = read(*pages)
    assert "Apixaban statement a" in result.article.plain


@pytest.mark.parametrize("pressure", ["120/80", "10 of 20", "3/4"])
def test_fraction_at_the_edge_is_not_a_page_number(pressure: str) -> None:
    pages = [full_page(WORDS[0]), full_page(WORDS[1]).text(50, 770, pressure)]
    assert not read(*pages).omitted


@pytest.mark.parametrize("form", ["{}/3", "{} of 3", "Page {}", "p. {}", "- {} -", "Page {} of 3"])
def test_page_number_is_omitted(form: str) -> None:
    pages = [full_page(WORDS[n - 1]).text(300, 780, form.format(n)) for n in (1, 2, 3)]
    assert [piece.text for piece in read(*pages).omitted] == [form.format(n) for n in (1, 2, 3)]


def test_text_whose_numbers_count_with_the_pages_is_kept() -> None:
    pages = []
    for number in range(1, 13):
        page = Page().text(300, 780, str(number))
        for y in range(60, 730, 12):
            page.text(50, y, f"Group {number} has statement {y} about the use.")
        pages.append(page.text(50, 740, PREGNANCY))
    result = read(*pages)
    assert [piece.text for piece in result.omitted] == [str(number) for number in range(1, 13)]
    assert result.article.plain.count(PREGNANCY) == 12
