"""PDF annotations: content that is read and content that is reported."""

from __future__ import annotations

from ingest.coverage import measure_coverage
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
)
from ingest.readers.pdf.reader import read_pdf
from kb.model.article import Section
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
