"""DOCX reader: structure from paragraph styles.

mammoth converts the document prepared by `ingest.readers.docx.preprocess` to HTML. The HTML is
cleaned here (title, bold headings, boxes, notes) and read by the HTML reader. Only its elements and
text are used; links are discarded, because they may be unsafe (``javascript:``).
"""

from __future__ import annotations

import re

import mammoth  # type: ignore[import-untyped]
from bs4 import BeautifulSoup
from bs4.element import Tag

from ingest.metadata import ParsedMetadata, parse_metadata
from ingest.readers.common.result import (
    DATE_FROM_FILE,
    MAX_CALLOUT_WORDS,
    MAX_HEADING_WORDS,
    OmittedText,
    ReaderResult,
)
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title
from ingest.readers.docx.package import SIMPLIFY_HINT, DocxPackage, open_package
from ingest.readers.docx.preprocess import has_strikethrough, preprocess
from ingest.readers.html.dom import parse_page
from ingest.readers.html.elements import HEADINGS
from ingest.readers.html.reader import HtmlWalker
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem

STYLES = """
p[style-name='Title'] => p.title:fresh
p[style-name='heading 7'] => h6:fresh
p[style-name='heading 8'] => h6:fresh
p[style-name='heading 9'] => h6:fresh
p[style-name='caption'] => figcaption:fresh
p[style-name='toc heading'] => p.contents:fresh
p[style-name^='toc '] => p.contents:fresh
p[style-name='List Bullet 2'] => ul|ol > li > ul > li:fresh
p[style-name='List Bullet 3'] => ul|ol > li > ul|ol > li > ul > li:fresh
p[style-name='List Number 2'] => ul|ol > li > ol > li:fresh
p[style-name='List Number 3'] => ul|ol > li > ul|ol > li > ol > li:fresh
table => table:fresh
"""
CONTENTS = "the table of contents"
UNDESCRIBED_IMAGE = "an image without a description"
STRIKETHROUGH_KEPT = "Struck-through text was kept."
FOOTNOTES_HEADING = "Footnotes"
UNKNOWN_SYMBOL = "a symbol in an unknown font"
SYMBOL_MESSAGE = re.compile(r"^A w:sym element.*: (char .*)$")
MAX_STYLED_HEADING_WORDS = (
    40  # words; templates may number whole clauses as outline levels, and these are text
)

KEPT_ATTRIBUTES = ("colspan", "rowspan", "alt", "class")
NOTE_BACKLINK = re.compile(r"#(?:foot|end)note-ref-")
NOTE_ID = re.compile(r"(?:foot|end)note-\d+")

# Titles set by an application, or placeholders.
GENERIC_TITLE = re.compile(
    r"microsoft word\b.*|(?:document|doc|untitled|template|word document|normal)[\s_-]*\d*"
    r"|.*\.(?:docx?|dotx?|rtf)",
    re.I,
)
_SENTENCE_END = re.compile(r"[.,;][\"”’')\]]*$")
_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")
_BOLD_LEVELS = (2, 3)  # levels of bold lines in capitals, and of other bold lines

CORE_PROPERTIES = "docProps/core.xml"
# Core property, and the key of `ingest.metadata`.
PROPERTY_KEYS = {"title": "title", "creator": "author", "modified": "published", "language": "lang"}


def read_docx(data: bytes, source: str) -> ReaderResult:
    """Parse a Word document. Raises `SourceError` if it cannot be opened or contains no text."""
    package = open_package(data, source)
    changed, visible_text, omitted = preprocess(package)
    soup = parse_page(_convert_to_html(package, changed, omitted), source)
    body = soup.body or soup
    parsed = _read_metadata(package)
    _remove_contents(soup, omitted)
    styled_title = _extract_title(soup)
    _clean_html(soup, omitted)
    if not soup.find(list(HEADINGS)):
        _find_headings(soup)
    _add_notes_heading(soup)
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    HtmlWalker(builder, body).add_content(body)
    headings = [text for _, text in builder.headings]
    title = styled_title or _usable_title(parsed.title) or derive_title(headings, source)
    builder.merge_title_heading(title)
    warnings = [*parsed.warnings, *normalizer.warnings()]
    if parsed.metadata.published:
        warnings.append(DATE_FROM_FILE)
    if has_strikethrough(package):
        warnings.append(STRIKETHROUGH_KEPT)
    return ReaderResult(
        article=builder.build_article(source, "", title, parsed.metadata),
        visible_text=TextNormalizer().normalize(visible_text),
        omitted=tuple(omitted),
        warnings=tuple(warnings),
    )


def _convert_to_html(
    package: DocxPackage, changed: dict[str, bytes], omitted: list[OmittedText]
) -> str:
    """Return the document as HTML, and add lost symbols to `omitted`.

    Raises `SourceError` for any failure of mammoth. Of its messages, only lost symbols are used:
    coverage detects all other lost text.
    """
    try:
        result = mammoth.convert_to_html(
            package.to_zip(changed),
            style_map=STYLES,
            # an embedded map is controlled by the document's author
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(lambda image: {"src": ""}),
        )
    except Exception as error:  # a damaged part can raise any exception
        is_too_deep = isinstance(error, RecursionError)
        code = SourceProblem.TOO_DEEP if is_too_deep else SourceProblem.DAMAGED
        raise SourceError(
            package.source, "is damaged or too deeply nested.", SIMPLIFY_HINT, code=code
        ) from error
    symbols = (
        match for message in result.messages if (match := SYMBOL_MESSAGE.search(message.message))
    )
    omitted.extend(OmittedText(UNKNOWN_SYMBOL, match.group(1)) for match in symbols)
    return f"<html><body>{result.value}</body></html>"


def _read_metadata(package: DocxPackage) -> ParsedMetadata:
    tree = package.parse(CORE_PROPERTIES)
    if tree is None:
        return ParsedMetadata()
    pairs: list[tuple[str, str]] = []
    for element in tree:
        name = str(element.tag).rpartition("}")[2]
        text = (element.text or "").strip()
        if name in PROPERTY_KEYS and text:
            pairs.append((PROPERTY_KEYS[name], text))
    return parse_metadata(pairs)


def _remove_contents(soup: BeautifulSoup, omitted: list[OmittedText]) -> None:
    lines = [line.extract().get_text(" ") for line in soup.select("p.contents")]
    if lines:
        omitted.append(OmittedText(CONTENTS, "\n".join(lines)))


def _clean_html(soup: BeautifulSoup, omitted: list[OmittedText]) -> None:
    """Normalise mammoth's HTML: notes, check boxes, images, attributes and table headers."""
    for link in soup.find_all("a", href=NOTE_BACKLINK):
        link.decompose()
    notes = soup.find_all("li", id=NOTE_ID)
    for box in soup.find_all("input"):
        box.replace_with("☒ " if box.has_attr("checked") else "☐ ")
    for image in soup.find_all("img"):
        if str(image.get("alt", "")).strip():
            continue
        omitted.append(OmittedText(UNDESCRIBED_IMAGE, ""))
        image.decompose()
    if notes and isinstance(notes[0].parent, Tag):
        notes[0].parent["class"] = "notes"
    for link in soup.find_all("a"):
        link.unwrap()
    for tag in soup.find_all(True):
        tag.attrs = {name: tag[name] for name in KEPT_ATTRIBUTES if tag.has_attr(name)}
    for heading in soup.find_all(list(HEADINGS)):
        if len(heading.get_text().split()) > MAX_STYLED_HEADING_WORDS:
            heading.name = "p"
    for table in soup.find_all("table"):
        _clean_table(table)


def _clean_table(table: Tag) -> None:
    """Convert a single-cell table to a callout, and a bold first row to header cells."""
    cells = table.find_all(["td", "th"])
    if len(cells) == 1 and len(cells[0].get_text().split()) <= MAX_CALLOUT_WORDS:
        cells[0].name = "aside"
        table.replace_with(cells[0])
        return
    rows = table.find_all("tr")
    if len(rows) < 2 or table.find("th") or table.find("table"):
        return
    first = rows[0].find_all("td", recursive=False)
    if first and all(_is_bold(cell) or not cell.get_text().strip() for cell in first):
        for cell in first:
            cell.name = "th"


def _is_bold(tag: Tag) -> bool:
    """Return whether all text of an element is bold."""
    texts = [text for text in tag.find_all(string=True) if text.strip()]
    return bool(texts) and all(text.find_parent(["strong", "b"]) is not None for text in texts)


def _find_headings(soup: BeautifulSoup) -> None:
    """Convert short bold paragraphs to headings, in a document without heading styles."""
    candidates = [tag for tag in soup.find_all("p") if _could_be_heading(tag)]
    has_capitals = any(tag.get_text().isupper() for tag in candidates)
    for tag in candidates:
        text = tag.get_text(" ").strip()
        number = _NUMBER.match(text)
        upper_level, lower_level = _BOLD_LEVELS
        if number:
            level = min(6, upper_level + number.group(1).count("."))
        else:
            level = upper_level if text.isupper() or not has_capitals else lower_level
        tag.name = f"h{level}"


def _could_be_heading(tag: Tag) -> bool:
    text = tag.get_text(" ").strip()
    return (
        tag.find_parent(["li", "table", "aside"]) is None
        and _is_bold(tag)
        and len(text.split()) <= MAX_HEADING_WORDS
        and not _SENTENCE_END.search(text)
        and any(map(str.isalpha, text))
        and tag.find_next_sibling() is not None
    )


def _extract_title(soup: BeautifulSoup) -> str:
    """Remove the paragraph with the Title style and return its text."""
    for paragraph in soup.select("p.title"):
        text = paragraph.get_text(" ").strip()
        if text:
            paragraph.decompose()
            return text
    return ""


def _usable_title(stated: str) -> str:
    return "" if GENERIC_TITLE.fullmatch(stated) else stated


def _add_notes_heading(soup: BeautifulSoup) -> None:
    """Add a heading above the notes, which mammoth appends at the end."""
    notes = soup.select_one("ol.notes")
    if notes is not None:
        levels = [HEADINGS[tag.name] for tag in soup.find_all(list(HEADINGS))]
        heading = soup.new_tag(f"h{min(levels, default=1)}")
        heading.string = FOOTNOTES_HEADING
        notes.insert_before(heading)
