"""PDF reader: reconstructs headings, paragraphs, lists and tables from page text.

The steps: words with positions (`page`, `deleted_text`), watermarks, headers and footers
(`watermarks`, `headers_footers`, `contents_pages`), tables and boxes
(`ruled_tables`), reading order (`columns`), paragraphs (`paragraphs`), headings (`headings`),
blocks (`blocks`), text of scanned pages (`ocr`). This module opens the file within limits
and reads its metadata.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.metadata import ParsedMetadata, parse_metadata
from ingest.readers.common.result import (
    DATE_FROM_FILE,
    DELETED,
    OmittedText,
    ReaderResult,
    too_long_error,
    watermark_warning,
)
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title, is_generic_heading
from ingest.readers.pdf.annotations import (
    XFA,
    XFA_FORM_TYPES,
    PageOverlay,
    add_overlays,
    list_attachments,
    read_overlay,
)
from ingest.readers.pdf.blocks import OutlineBuilder
from ingest.readers.pdf.contents_pages import remove_contents
from ingest.readers.pdf.headers_footers import (
    remove_headers_footers,
    remove_line_numbers,
    remove_repeated_lines,
)
from ingest.readers.pdf.lines import Dehyphenator, PdfLine, PdfWord, join_words
from ingest.readers.pdf.ocr import MAX_OCR_PAGES, build_blocks, find_program, recognize_pages
from ingest.readers.pdf.page import PdfPage, count_characters, read_page
from ingest.readers.pdf.stamps import has_stamp, read_stamp
from ingest.readers.pdf.watermarks import remove_watermarks
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem
from kb.model.reader_limits import DEFAULT_LIMITS, ReaderLimits

MAX_BYTES = 50_000_000
# A text page has about 2,000 characters; a scanned one has none, or a short stamp.
MAX_SCANNED_CHARACTERS = 40
MIN_SCANNED_PAGE_SHARE = 0.5  # share of the pages; above it the document counts as scanned

OPEN_ERRORS = {
    raw.FPDF_ERR_PASSWORD: (
        "is protected by a password.",
        "Save it without a password.",
        SourceProblem.ENCRYPTED,
    ),
    raw.FPDF_ERR_SECURITY: (
        "has an unsupported encryption.",
        "Save it without protection.",
        SourceProblem.ENCRYPTED,
    ),
}
DAMAGED = (
    "is damaged or not a PDF.",
    "Open it in a viewer and save or print it as PDF again.",
    SourceProblem.DAMAGED,
)
SCANNED = "is scanned. Its pages are images without text."
INSTALL_OCR = (
    "Install tesseract to read them (`apt install tesseract-ocr` or `brew install tesseract`), "
    "or run `ocrmypdf in.pdf out.pdf` first."
)
OCR_FAILED = (
    f"OCR reads at most {MAX_OCR_PAGES} legible pages. "
    "Split the document, or run `ocrmypdf in.pdf out.pdf` first."
)

TITLE_SEARCH_LENGTH = 5_000  # characters at the start of the text: about two pages
# characters; a longer title is a sentence that an application used as the title
MAX_TITLE_LENGTH = 120
GENERIC_TITLE = re.compile(
    r"microsoft (?:word|powerpoint|excel)\b.*|(?:untitled|document|doc|presentation|slide|layout"
    r"|book|print|scan)[\s_-]*\d*|.*\.(?:docx?|dotx?|rtf|indd|pdf|pptx?|xlsx?|odt|pages|tex|dvi|html?)",
    re.I,
)
SITE_SEPARATORS = (" | ", " · ", " :: ")
STATED_DATE = re.compile(
    r"\b(?:published|publication date|date of (?:publication|issue)|issued|(?:last )?updated"
    r"|date of (?:last )?(?:update|revision))\b(?: on)?\s*:?\s*"
    r"(?:\d{1,2}\b|\d{4}\b|[A-Z][a-z]{2,8} \d)",
    re.I,
)
PDF_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
RIGHT_TO_LEFT = "text in a right-to-left script"
OFF_PAGE = "outside the page"


def read_pdf(data: bytes, source: str, limits: ReaderLimits = DEFAULT_LIMITS) -> ReaderResult:
    """Parse a PDF. Raises `SourceError` if it cannot be opened, contains no text or is too long."""
    if len(data) > MAX_BYTES:
        raise SourceError(
            source,
            f"is larger than the limit of {MAX_BYTES // 1_000_000} MB for PDF files.",
            "Split it into several articles, or save it with smaller images.",
            code=SourceProblem.TOO_LARGE,
        )
    opened = _open_pdf(data, source, limits)
    pages = opened.pages
    unread_pages = [number for number in opened.scanned_pages if number not in opened.recognized]
    if len(unread_pages) > MIN_SCANNED_PAGE_SHARE * len(pages):
        hint = OCR_FAILED if find_program() else INSTALL_OCR
        raise SourceError(source, SCANNED, hint, code=SourceProblem.SCANNED)
    _reject_right_to_left(pages, source)
    visible_text, dehyphenator = _visible_text(pages)
    recognized = build_blocks(opened.recognized)
    visible_text = "\n".join(
        [visible_text, *(block.text for blocks in recognized.values() for block in blocks)]
    )
    warnings = [
        *_scanned_page_warnings(unread_pages, " Not read."),
        *_scanned_page_warnings(list(recognized), " Read by OCR: check against the source."),
        *([XFA] if opened.is_dynamic else []),
    ]
    watermarks, watermark_warnings = remove_watermarks(pages)
    stamps = dict.fromkeys(overlay.stamp for overlay in opened.overlays if overlay.stamp)
    watermark_warnings.extend(watermark_warning(stamp) for stamp in stamps)
    warnings += [*dict.fromkeys(watermark_warnings), *_right_to_left_warnings(pages)]
    omitted = [
        *_off_page_text(pages),
        *_deleted_text(pages),
        *(OmittedText(RIGHT_TO_LEFT, page.right_to_left) for page in pages if page.right_to_left),
        *watermarks,
        *remove_headers_footers(pages),
        *remove_repeated_lines(pages),
    ]
    omitted.extend(remove_line_numbers(pages))
    omitted.extend(remove_contents(pages))
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    headings = OutlineBuilder(builder, dehyphenator, omitted).build(pages, recognized)
    parsed = _read_metadata(opened.information, visible_text)
    title = _select_title(parsed.title, headings, visible_text)
    if title:
        builder.merge_title_heading(title)
    else:
        title = derive_title([text for _, text in builder.headings], source)
    add_overlays(builder, opened.overlays)  # last, so that their headings cannot become the title
    overlay_lines = [line for overlay in opened.overlays for line in overlay.lines]
    if parsed.metadata.published:
        warnings.append(DATE_FROM_FILE)
    return ReaderResult(
        article=builder.build_article(source, "", title, parsed.metadata),
        visible_text=TextNormalizer().normalize("\n".join([visible_text, *overlay_lines])),
        omitted=(*omitted, *opened.omitted),
        warnings=(*warnings, *parsed.warnings, *normalizer.warnings()),
    )


@dataclass(frozen=True, slots=True)
class _OpenedPdf:
    """Content extracted from a file before it is closed.

    `scanned_pages` are the numbers of the pages that are images, `recognized` their text by OCR.
    """

    pages: list[PdfPage]
    overlays: list[PageOverlay]
    attachments: list[OmittedText]
    information: dict[str, str]
    is_dynamic: bool
    scanned_pages: list[int]
    recognized: dict[int, str]

    @property
    def omitted(self) -> list[OmittedText]:
        return [
            *self.attachments,
            *(omission for each in self.overlays for omission in each.omitted),
        ]


def _open_pdf(data: bytes, source: str, limits: ReaderLimits) -> _OpenedPdf:
    """Read everything that requires PDFium.

    Raises `SourceError` for its errors, and if the file is too long.
    """
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        problem, hint, code = OPEN_ERRORS.get(error.err_code, DAMAGED)
        raise SourceError(source, problem, hint, code=code) from error
    try:
        page_count = len(document)
        if page_count > limits.pdf_max_pages:
            raise SourceError(
                source,
                f"has {page_count:,} pages, more than the limit of {limits.pdf_max_pages:,}.",
                "Split it into several articles, or raise `pdf_max_pages`.",
                code=SourceProblem.TOO_MANY_PAGES,
            )
        is_dynamic = document.get_formtype() in XFA_FORM_TYPES
        if not is_dynamic:
            document.init_forms()  # must precede the loading of pages
        pages_and_overlays = list(_read_pages(document, source, limits))
        pages = [page for page, _ in pages_and_overlays]
        scanned = [
            page.number
            for page in pages
            if page.images and page.characters < MAX_SCANNED_CHARACTERS
        ]
        return _OpenedPdf(
            pages,
            [overlay for _, overlay in pages_and_overlays],
            list_attachments(document),
            document.get_metadata_dict(skip_empty=True),
            is_dynamic,
            scanned,
            recognize_pages(document, scanned) if len(scanned) <= MAX_OCR_PAGES else {},
        )
    except (pdfium.PdfiumError, ValueError) as error:  # ValueError: text in an unknown encoding
        problem, hint, code = DAMAGED
        raise SourceError(source, problem, hint, code=code) from error
    finally:
        document.close()


def _read_pages(
    document: pdfium.PdfDocument, source: str, limits: ReaderLimits
) -> Iterator[tuple[PdfPage, PageOverlay]]:
    remaining = limits.article_max_characters
    for index in range(len(document)):
        page = document[index]
        pdf_page = read_page(page, index + 1, remaining)
        overlay = read_overlay(page, index + 1)
        is_stamped = has_stamp(page)
        page.close()
        if is_stamped:
            overlay.add_stamp(read_stamp(document, index))
        if pdf_page is None:
            raise too_long_error(source, count_characters(document), limits)
        remaining -= pdf_page.characters
        yield pdf_page, overlay


def _scanned_page_warnings(numbers: Sequence[int], outcome: str) -> list[str]:
    if not numbers:
        return []
    *others, last = map(str, numbers)
    if others:
        return [f"Pages {', '.join(others)} and {last} have no text layer.{outcome}"]
    return [f"Page {last} has no text layer.{outcome}"]


def _visible_text(pages: Sequence[PdfPage]) -> tuple[str, Dehyphenator]:
    """Return the text of all pages in file order, and the dehyphenator built from it.

    Words hyphenated at the end of a line are joined, as in the article.
    """
    page_lines = [list(_source_lines([*page.words, *page.sideways])) for page in pages]
    dehyphenator = Dehyphenator(line for lines in page_lines for line in lines)
    visible_lines: list[str] = []
    for lines in page_lines:
        for line in lines:
            joined = dehyphenator.join(visible_lines[-1], line) if visible_lines else ""
            if joined and joined != f"{visible_lines[-1]} {line}":
                visible_lines[-1] = joined
            else:
                visible_lines.append(line)
    for page in pages:
        visible_lines.extend(word.text for word in page.off_page)
        visible_lines.extend(omission.text for omission in _deleted_text([page]))
        visible_lines.extend((page.right_to_left, *(text for text, _ in page.slanted)))
    return "\n".join(visible_lines), dehyphenator


def _source_lines(words: Sequence[PdfWord]) -> Iterator[str]:
    line: list[PdfWord] = []
    for word in words:
        if word.drawn:
            continue
        if word.starts_line and line:
            yield PdfLine(line).text
            line = []
        line.append(word)
    if line:
        yield PdfLine(line).text


def _off_page_text(pages: Sequence[PdfPage]) -> Iterator[OmittedText]:
    for page in pages:
        if page.off_page:
            text = " ".join(word.text for word in page.off_page)
            yield OmittedText(OFF_PAGE, text)


def _deleted_text(pages: Sequence[PdfPage]) -> Iterator[OmittedText]:
    for page in pages:
        for _, words in itertools.groupby(page.deleted, key=lambda word: round(word.y)):
            yield OmittedText(DELETED, join_words(list(words)))


def _right_to_left_warnings(pages: Sequence[PdfPage]) -> list[str]:
    numbers = [str(page.number) for page in pages if page.right_to_left]
    if not numbers:
        return []
    return [
        "Text in a right-to-left script cannot be read from PDF files and was left out. "
        f"Pages: {', '.join(numbers)}."
    ]


def _reject_right_to_left(pages: Sequence[PdfPage], source: str) -> None:
    if any(page.right_to_left for page in pages) and not any(page.words for page in pages):
        raise SourceError(
            source,
            "contains only text in a right-to-left script, which cannot be read from PDF files.",
            "Use the original document, for example a Word file.",
            code=SourceProblem.FORMAT,
        )


def _read_metadata(information: dict[str, str], visible_text: str) -> ParsedMetadata:
    """Return the metadata of the file.

    The date of the file is that of its last version, so a date of publication or of the last update
    in the text takes precedence.
    """
    creation_date = PDF_DATE.match(information.get("CreationDate", ""))
    pairs = [("title", information.get("Title", "")), ("author", information.get("Author", ""))]
    if creation_date and not STATED_DATE.search(visible_text):
        pairs.append(("published", "-".join(part or "01" for part in creation_date.groups())))
    return parse_metadata(pairs)


def _select_title(stated_title: str, headings: Sequence[tuple[float, str]], visible: str) -> str:
    """Return the title in the file if its pages confirm it, or the largest heading."""
    for separator in SITE_SEPARATORS:
        stated_title = stated_title.split(separator, maxsplit=1)[0].strip()
    title_words = set(re.findall(r"\w+", stated_title.casefold()))
    page_words = set(re.findall(r"\w+", visible[:TITLE_SEARCH_LENGTH].casefold()))
    is_confirmed = 2 * len(title_words & page_words) >= len(title_words) > 0
    if (
        is_confirmed
        and len(stated_title) <= MAX_TITLE_LENGTH
        and not GENERIC_TITLE.fullmatch(stated_title)
    ):
        return stated_title
    return _largest_heading(headings)


def _largest_heading(headings: Sequence[tuple[float, str]]) -> str:
    usable = [(size, text) for size, text in headings if not is_generic_heading(text)]
    return max(usable, key=lambda heading: heading[0])[1] if usable else ""
