"""PDF annotations: content that is read and content that is reported."""

from __future__ import annotations

import pytest

from ingest.coverage import measure_coverage
from ingest.readers.common.result import DELETED, WATERMARK
from ingest.readers.media_type import MediaType
from ingest.readers.pdf.annotations import (
    ATTACHED,
    CHECKED_VALUE,
    COMMENT,
    FIELDS_HEADING,
    HIDDEN,
    MASKED_PASSWORD,
    PASSWORD,
    TEXTS_HEADING,
    UNSAFE_LINK,
)
from ingest.readers.pdf.reader import read_pdf
from kb.model.article import Block, MarkKind, Section
from tests.ingest.documents.pdf import Page, pdf

TEXT = "Warfarin is stopped five days before the operation."


def read(page: Page) -> tuple[dict[str, Section], list[tuple[str, str]]]:
    """Return the blocks by section heading, and the omitted text as (reason, text)."""
    result = read_pdf(pdf(page.text(50, 60, TEXT)), "/kb/bridging-form.pdf")
    assert measure_coverage(result, MediaType.PDF).share == 1.0
    assert result.article.title == "Bridging form"
    sections = {section.heading: section for section in result.article.sections}
    return sections, [(piece.reason, piece.text) for piece in result.omitted]


def test_form_values_are_read_with_field_names() -> None:
    page = Page()
    page.annotation("Widget", "/FT /Tx /T (inr) /TU (INR today) /V (2.4)")
    page.annotation("Widget", "/FT /Tx /T (inr2) /TU (INR today) /V (2.4)")
    page.annotation("Widget", "/FT /Tx /T (empty)")
    page.annotation("Widget", "/FT /Ch /T (Clinic) /V (West) /Opt [(East) (West)]")
    page.annotation(
        "Widget", "/FT /Btn /T (Informed) /V /Yes /AS /Yes /AP << /N << /Yes 4 0 R >> >>"
    )
    page.annotation(
        "Widget", "/FT /Btn /T (Allergy) /V /Off /AS /Off /AP << /N << /Yes 4 0 R >> >>"
    )
    sections, omitted = read(page)
    (block,) = sections[FIELDS_HEADING].blocks
    assert block.page == 1
    assert [item.text for item in block.items] == [
        "INR today: 2.4",
        "Clinic: West",
        f"Informed: {CHECKED_VALUE}",
    ]
    assert omitted == []


def test_free_text_is_read_and_comment_reported() -> None:
    page = Page()
    page.annotation("FreeText", "/Contents (Not for patients with valves.) /DA (/F 10 Tf)")
    page.annotation("Text", "/Contents (Is this still so?)")
    page.annotation("Link", "/Contents (the address)")
    sections, omitted = read(page)
    assert [block.text for block in sections[TEXTS_HEADING].blocks] == [
        "Not for patients with valves."
    ]
    assert omitted == [(COMMENT, "Is this still so?")]


def test_hidden_fields_passwords_and_attachments_are_reported() -> None:
    page = Page()
    page.annotation("FreeText", "/Contents (An old dose.) /DA (/F 10 Tf) /F 2")
    page.annotations[-1] = page.annotations[-1].replace("/F 4 ", "")
    page.annotation("Widget", "/FT /Tx /T (Code) /V (1234) /Ff 8192")
    page.annotation("FileAttachment", "/Contents (The table as a workbook)")
    sections, omitted = read(page)
    assert list(sections) == [""]
    assert omitted == [
        (HIDDEN, "An old dose."),
        (PASSWORD, f"Code: {MASKED_PASSWORD}"),
        (ATTACHED, "The table as a workbook"),
    ]


def links(block: Block) -> list[tuple[str, str]]:
    """Return (text, address) of the links of a block."""
    marks = [mark for mark in block.marks if mark.kind is MarkKind.LINK]
    return [(block.text[mark.start : mark.end], mark.href) for mark in marks]


@pytest.mark.parametrize(
    "address", ["https://nice.org.uk/ng196", "mailto:ward@nhs.uk", "tel:0300", "http://a.uk"]
)
def test_words_under_a_link_keep_its_address(address: str) -> None:
    page = Page().text(50, 90, "See the guideline (NG196).", font="c")
    page.link(98, 82, 200, 93, f"/S /URI /URI ({address})")
    sections, omitted = read(page)
    assert links(sections[""].blocks[-1]) == [("guideline (NG196)", address)]
    assert not omitted


def test_link_over_two_lines_is_one() -> None:
    page = Page().text(50, 90, "See the guide", font="c").text(50, 102, "line of NICE.", font="c")
    page.link(98, 82, 130, 93, "/S /URI /URI (https://nice.org.uk)")
    page.link(50, 94, 74, 105, "/S /URI /URI (https://nice.org.uk)")
    sections, _ = read(page)
    assert links(sections[""].blocks[-1]) == [("guide line", "https://nice.org.uk")]


@pytest.mark.parametrize(
    ("action", "address"),
    [
        ("/S /URI /URI (javascript:alert)", "javascript:alert"),
        ("/S /URI /URI (file:///etc/passwd)", "file:///etc/passwd"),
        ("/S /Launch /F (calc.exe)", "calc.exe"),
        ("/S /GoToR /F (other.pdf) /D [0 /Fit]", "other.pdf"),
    ],
)
def test_other_links_are_reported(action: str, address: str) -> None:
    sections, omitted = read(Page().text(50, 90, "See it.", font="c").link(50, 82, 90, 93, action))
    assert links(sections[""].blocks[-1]) == []
    assert omitted == [(UNSAFE_LINK, address)]


def test_link_within_the_document_is_ignored() -> None:
    page = Page().text(50, 90, "See page 1.", font="c").link(50, 82, 90, 93, "/S /GoTo /D [5 0 R]")
    assert not read(page)[1]


@pytest.mark.parametrize("kind", ["Stamp", "Watermark"])
def test_text_of_a_stamp_is_a_warning(kind: str) -> None:
    pages = [Page().text(50, 90, TEXT).stamp("WITHDRAWN", kind) for _ in range(2)]
    pages[1].annotation("FreeText", "/Contents (Not for children.) /DA (/F 10 Tf)")
    pages[1].strike_out(50, 82, 90, 92)
    result = read_pdf(pdf(*pages), "/kb/bridging-form.pdf")
    assert sum("WITHDRAWN" in warning for warning in result.warnings) == 1
    omitted = [(piece.reason, piece.text) for piece in result.omitted]
    assert omitted == [(DELETED, "Warfarin"), *[(WATERMARK, "WITHDRAWN")] * 2]
    assert "Not for children." in result.article.plain


def test_name_of_a_stamp_without_text_is_a_warning() -> None:
    page = Page().text(50, 90, TEXT).annotation("Stamp", "/Name /NotApproved")
    result = read_pdf(pdf(page), "/kb/bridging-form.pdf")
    assert any("Not Approved" in warning for warning in result.warnings)


def test_hidden_stamp_is_ignored() -> None:
    page = Page().text(50, 90, TEXT).stamp("WITHDRAWN")
    page.annotations[-1] = page.annotations[-1].replace("/F 4 ", "/F 2 ")
    assert not read_pdf(pdf(page), "/kb/bridging-form.pdf").warnings
