"""PDF: the text of its pages, put back into headings, paragraphs, lists and tables.

The steps, each in a module of its own: words with their places (`page`), running heads and feet
taken out (`furniture`), tables and boxes (`grids`), columns (`layout`), paragraphs
(`paragraphs`), headings (`headings`), blocks (`blocks`). Here the file is opened within
its limits, and what it says of itself becomes metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.metadata import ParsedMetadata, parse_metadata
from ingest.readers.base import (
    OmittedText,
    ReaderResult,
    SectionBuilder,
    derive_title,
    is_generic_heading,
)
from ingest.readers.pdf.annotations import (
    XFA,
    XFA_FORM_TYPES,
    PageOverlay,
    add_overlays,
    list_attachments,
    read_overlay,
)
from ingest.readers.pdf.blocks import OutlineBuilder
from ingest.readers.pdf.headers_footers import (
    remove_headers_footers,
    remove_line_numbers,
    remove_repeated_lines,
)
from ingest.readers.pdf.lines import Dehyphenator, PdfLine, PdfWord
from ingest.readers.pdf.page import PdfPage, read_page
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem

MAX_BYTES = 50_000_000
MAX_PAGES = 500  # a book; an article or a guideline has up to 200
# 300 full pages. A character takes 12 to 23 microseconds (four PDFs of 145,000 characters, on a
# busy machine), so this is the most that fits into the 20 seconds which a source has.
MAX_CHARACTERS = 800_000
# A page of text has some 2,000 characters, a scanned one none, or the few of a stamp.
MAX_SCANNED_CHARACTERS = 40
MIN_SCANNED_PAGE_SHARE = 0.5  # of the pages: then the text is in the images

OPEN_ERRORS = {
    raw.FPDF_ERR_PASSWORD: (
        "is protected by a password.",
        "Save it without a password.",
        SourceProblem.ENCRYPTED,
    ),
    raw.FPDF_ERR_SECURITY: (
        "is encrypted in a way that cannot be read.",
        "Save it without protection.",
        SourceProblem.ENCRYPTED,
    ),
}
DAMAGED = (
    "is damaged, or no PDF.",
    "Open it in a viewer and save or print it as a PDF anew.",
    SourceProblem.DAMAGED,
)
SCANNED = (
    "is scanned: its pages are images without text.",
    "Run text recognition (OCR) on it first, such as `ocrmypdf in.pdf out.pdf`.",
    SourceProblem.SCANNED,
)

TITLE_SEARCH_LENGTH = 5_000  # characters of the text: its first two pages
MAX_TITLE_LENGTH = 120  # characters; more is a sentence that some program took for the title
GENERIC_TITLE = re.compile(
    r"microsoft (?:word|powerpoint|excel)\b.*|(?:untitled|document|doc|presentation|slide|layout"
    r"|book|print|scan)[\s_-]*\d*|.*\.(?:docx?|dotx?|rtf|indd|pdf|pptx?|xlsx?|odt|pages|tex|dvi|html?)",
    re.I,
)
SITE_SEPARATORS = (" | ", " · ", " :: ")
PDF_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
OFF_PAGE = "outside the edges of the page"
DATE_FROM_FILE = "The date of publication is that of the file, for want of another."


def read_pdf(data: bytes, source: str) -> ReaderResult:
    """Read a PDF. Raises `SourceError` when it holds no text or cannot be opened."""
    if len(data) > MAX_BYTES:
        raise SourceError(
            source,
            f"is larger than {MAX_BYTES // 1_000_000} MB, the most for a PDF.",
            "Split it into several articles, or save it with smaller images.",
            code=SourceProblem.TOO_LARGE,
        )
    opened = _open_pdf(data, source)
    pages = opened.pages
    _reject_scanned(pages, source)
    visible, dehyphenator = _visible_text(pages)
    warnings = [*_image_page_warnings(pages), *([XFA] if opened.is_dynamic else [])]
    omitted = [
        *_off_page_text(pages),
        *remove_headers_footers(pages),
        *remove_repeated_lines(pages),
    ]
    omitted.extend(remove_line_numbers(pages))
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    headings = OutlineBuilder(builder, dehyphenator, omitted).build(pages)
    parsed = _read_metadata(opened.information)
    title = _select_title(parsed.title, headings, visible)
    if title:
        builder.merge_title_heading(title)
    else:
        title = derive_title([text for _, text in builder.headings], source)
    add_overlays(builder, opened.overlays)  # last: their headings are no title
    laid_over = [line for overlay in opened.overlays for line in overlay.lines]
    if parsed.metadata.published:
        warnings.append(DATE_FROM_FILE)
    return ReaderResult(
        article=builder.build_article(source, "", title, parsed.metadata),
        visible_text=TextNormalizer().normalize("\n".join([visible, *laid_over])),
        omitted=(*omitted, *opened.omitted),
        warnings=(*warnings, *parsed.warnings, *normalizer.warnings()),
    )


@dataclass(frozen=True, slots=True)
class _OpenedPdf:
    """What is taken out of a file before it is closed."""

    pages: list[PdfPage]
    overlays: list[PageOverlay]
    attachments: list[OmittedText]
    information: dict[str, str]
    is_dynamic: bool

    @property
    def omitted(self) -> list[OmittedText]:
        return [*self.attachments, *(piece for each in self.overlays for piece in each.omitted)]


def _open_pdf(data: bytes, source: str) -> _OpenedPdf:
    """Read a file as far as PDFium has to; its errors become our own."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        problem, mend, code = OPEN_ERRORS.get(error.err_code, DAMAGED)
        raise SourceError(source, problem, mend, code=code) from error
    try:
        number = len(document)
        if number > MAX_PAGES:
            raise SourceError(
                source,
                f"has {number:,} pages; {MAX_PAGES} is the most.",
                "Split it into several articles.",
                code=SourceProblem.TOO_MANY_PAGES,
            )
        is_dynamic = document.get_formtype() in XFA_FORM_TYPES
        if not is_dynamic:
            document.init_forms()  # before any page is loaded
        read = list(_read_pages(document, source))
        return _OpenedPdf(
            [page for page, _ in read],
            [overlay for _, overlay in read],
            list_attachments(document),
            document.get_metadata_dict(skip_empty=True),
            is_dynamic,
        )
    except (pdfium.PdfiumError, ValueError) as error:  # of texts in no known encoding, as well
        problem, mend, code = DAMAGED
        raise SourceError(source, problem, mend, code=code) from error
    finally:
        document.close()


def _read_pages(document: pdfium.PdfDocument, source: str) -> Iterator[tuple[PdfPage, PageOverlay]]:
    left = MAX_CHARACTERS
    for index in range(len(document)):
        page = document[index]
        found = read_page(page, index + 1, left)
        overlay = read_overlay(page, index + 1)
        page.close()
        if found is None:
            raise SourceError(
                source,
                f"has more than {MAX_CHARACTERS:,} characters.",
                "Split it into several articles.",
                code=SourceProblem.TOO_LONG,
            )
        left -= found.characters
        yield found, overlay


def _reject_scanned(pages: Sequence[PdfPage], source: str) -> None:
    thin = [page for page in pages if page.images and page.characters < MAX_SCANNED_CHARACTERS]
    if thin and len(thin) > MIN_SCANNED_PAGE_SHARE * len(pages):
        problem, mend, code = SCANNED
        raise SourceError(source, problem, mend, code=code)


def _image_page_warnings(pages: Sequence[PdfPage]) -> list[str]:
    """Name the pages that are images in a document that is not scanned as a whole."""
    thin = [page for page in pages if page.images and page.characters < MAX_SCANNED_CHARACTERS]
    if not thin:
        return []
    numbers = ", ".join(str(page.number) for page in thin)
    return [f"Pages that are images hold text that cannot be read: {numbers}."]


def _visible_text(pages: Sequence[PdfPage]) -> tuple[str, Dehyphenator]:
    """Return the text of all pages in the file's order, and its words.

    A word that is parted at the end of a line is whole in it, as it is in the article.
    """
    texts = [list(_source_lines([*page.words, *page.sideways])) for page in pages]
    dehyphenator = Dehyphenator(line for lines in texts for line in lines)
    visible: list[str] = []
    for lines in texts:
        for line in lines:
            whole = dehyphenator.join(visible[-1], line) if visible else ""
            if whole and whole != f"{visible[-1]} {line}":
                visible[-1] = whole
            else:
                visible.append(line)
    visible.extend(word.text for page in pages for word in page.off_page)
    return "\n".join(visible), dehyphenator


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


def _read_metadata(information: dict[str, str]) -> ParsedMetadata:
    date = PDF_DATE.match(information.get("CreationDate", ""))
    pairs = [("title", information.get("Title", "")), ("author", information.get("Author", ""))]
    if date:
        pairs.append(("published", "-".join(part or "01" for part in date.groups())))
    return parse_metadata(pairs)


def _select_title(stated: str, headings: Sequence[tuple[float, str]], visible: str) -> str:
    """Return the title that the file states, if its pages bear it out, or the largest heading."""
    for separator in SITE_SEPARATORS:
        stated = stated.split(separator, maxsplit=1)[0].strip()
    words = set(re.findall(r"\w+", stated.casefold()))
    on_page = set(re.findall(r"\w+", visible[:TITLE_SEARCH_LENGTH].casefold()))
    borne_out = 2 * len(words & on_page) >= len(words) > 0
    if borne_out and len(stated) <= MAX_TITLE_LENGTH and not GENERIC_TITLE.fullmatch(stated):
        return stated
    return _largest_heading(headings)


def _largest_heading(headings: Sequence[tuple[float, str]]) -> str:
    usable = [(size, text) for size, text in headings if not is_generic_heading(text)]
    return max(usable, key=lambda heading: heading[0])[1] if usable else ""
