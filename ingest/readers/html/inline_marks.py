"""Formatting of HTML text: the elements and styles that give a part of a text another meaning.

The text nodes of the page are changed in place (`ingest.readers.common.inline_text`), so that all
later code only joins texts: raised and lowered text, symbol fonts and named icons in the whole page
(`mark_raised_text`), because the visible text also depends on them; emphasis and links in the
content alone (`mark_emphasis`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from ingest.readers.common.inline_text import NOTE_EDGES, mark_edges
from ingest.readers.common.result import DELETED, OmittedText
from ingest.readers.common.symbol_fonts import is_symbol_font, map_symbols
from ingest.readers.html.dom import (
    BLOCKS,
    DELETED_TAGS,
    contains_element,
    get_classes,
    is_text,
    remove_element,
)
from ingest.readers.html.form_controls import mark_check_boxes
from ingest.readers.html.formulas import replace_formulas
from ingest.readers.html.icons import name_icon
from kb.model.article import MarkKind

_WORD_IMAGE_CLASSES = frozenset({"emoji", "wp-smiley", "latex", "mwe-math-fallback-image-inline"})
UNKNOWN_SYMBOL = "a symbol in an unknown font"
MAX_CAPTION_DISTANCE = 12  # nodes between an image and its caption
_WORD = re.compile(r"\w+|[<>≤≥±%]")
_STRUCK_CLASSES = frozenset(
    {"strike", "strikethrough", "struck", "line-through", "linethrough"}
    | {"text-decoration-line-through", "text-strike"}
)
_STRUCK_STYLE = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.I)
_RAISED_STYLE = re.compile(r"vertical-align\s*:\s*(?:super|text-top|\+?(?=[\d.]*[1-9])[\d.])", re.I)
_LOWERED_STYLE = re.compile(r"vertical-align\s*:\s*(?:sub|text-bottom|-(?=[\d.]*[1-9])[\d.])", re.I)
_FONT_STYLE = re.compile(r"font-family\s*:\s*['\"]?\s*([^;,'\"]+)|font\s*:[^;]*?\s([A-Z]\w+)", re.I)
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I)
_ITALIC_STYLE = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.I)
_RAISED_CLASS = re.compile(r"(?:^|[-_])(?:sup|superscript|super)$", re.I)
_LOWERED_CLASS = re.compile(r"(?:^|[-_])(?:sub|subscript)$", re.I)
_RAISED_VARIANT = re.compile(r"(?:baseline-shift|font-variant-position)\s*:\s*super", re.I)
_LOWERED_VARIANT = re.compile(r"(?:baseline-shift|font-variant-position)\s*:\s*sub", re.I)
_RELATIVE_STYLE = re.compile(r"position\s*:\s*relative", re.I)
_OFFSET = re.compile(r"(?:^|;)\s*(top|bottom)\s*:\s*(-?)(?=[\d.]*[1-9])", re.I)
_TOP_STYLE = re.compile(r"vertical-align\s*:\s*top", re.I)
MAX_RAISED_LENGTH = 12  # characters of a text that only its offset raises; a longer one is layout
_INLINE_TAGS = frozenset({"a", "b", "em", "font", "i", "small", "span", "strong"})
_FRACTION_CLASS = re.compile(r"(?:^|[-_])(?:s?frac|fraction)$", re.I)
_FRACTION = re.compile(r"\d+\s*[/\u2044\u2215]\s*\d+")
_UNDERLINE_STYLE = re.compile(r"text-decoration(?:-line)?\s*:[^;]*underline", re.I)
# A sign that is typed as an underlined character.
_UNDERLINED = {"<": "≤", ">": "≥", "+": "±"}
_NOTE_CLASSES = frozenset(
    {"reference", "footnote", "footnote-ref", "footnoteref", "noteref", "fn", "citation", "cite"}
)
_NOTE_ROLES = frozenset({"doc-noteref", "doc-biblioref"})
_STRONG_TAGS = frozenset({"b", "strong"})
_EMPHASIS_TAGS = frozenset({"i", "em", "cite", "dfn", "var"})


def mark_fragment(soup: BeautifulSoup, omitted: list[OmittedText]) -> None:
    """Prepare a fragment that is content as a whole, such as HTML inside Markdown."""
    replace_formulas(soup, omitted)
    mark_raised_text(soup, omitted)
    place_image_labels(soup)
    mark_check_boxes(soup)
    remove_deleted_text(soup, omitted)
    mark_emphasis(soup, "")


def place_image_labels(body: Tag) -> None:
    """Replace each image that represents a word by its description.

    Such an image is between words, or is a smiley or a formula. A description that only repeats the
    caption is removed.
    """
    for image in body.find_all("img"):
        if not image.get("alt") and image.get("role") not in ("presentation", "none"):
            image["alt"] = str(image.get("aria-label") or image.get("title") or "")
        alt = " ".join(str(image.get("alt", "")).split())
        if alt and _repeats_caption(image, _plain_words(alt)):
            del image["alt"]
        elif alt and (_is_word_image(image, alt) or _is_between_words(image)):
            image.replace_with(NavigableString(alt))


def _repeats_caption(image: Tag, words: list[str]) -> bool:
    """Return whether the caption of an image or the block next to it has its description."""
    if not words:
        return False
    figure = image.find_parent("figure")
    caption = figure.find("figcaption") if isinstance(figure, Tag) else None
    if isinstance(caption, Tag) and _has_words(_plain_words(caption.get_text(" ")), words):
        return True
    for following in (image.next_elements, image.previous_elements):
        for element in islice(following, MAX_CAPTION_DISTANCE):
            if is_text(element) and str(element).strip():
                block = _block_of(element)
                is_other = block is not None and block is not _block_of(image)
                if block and is_other and _plain_words(block.get_text(" ")) == words:
                    return True
                break
    return False


def _plain_words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _has_words(text: list[str], words: list[str]) -> bool:
    """Return whether a caption has the words of a description one after another."""
    return f" {' '.join(words)} " in f" {' '.join(text)} "


def _is_word_image(image: Tag, alt: str) -> bool:
    return bool(_WORD_IMAGE_CLASSES & set(get_classes(image))) or not any(map(str.isalnum, alt))


def _is_between_words(image: Tag) -> bool:
    """Return whether an image follows an unfinished sentence, or a word in lower case follows."""
    before = _adjacent_text(image, forwards=False).rstrip()
    after = _adjacent_text(image, forwards=True).lstrip()
    is_unfinished = bool(before) and before[-1] not in ".!?:;"
    return bool(after) and (is_unfinished or after[0].islower())


def _adjacent_text(image: Tag, *, forwards: bool) -> str:
    """Return the text before or after an image in the same paragraph."""
    for element in image.next_elements if forwards else image.previous_elements:
        if isinstance(element, Tag):
            # A paragraph is left at its start tag; going forwards, at the next one's.
            if element.name in BLOCKS or element.name == "br":
                return ""
        elif is_text(element) and str(element).strip():
            return str(element) if _block_of(element) is _block_of(image) else ""
    return ""


def _block_of(element: PageElement) -> Tag | None:
    return next((parent for parent in element.parents if parent.name in BLOCKS), None)


def remove_deleted_text(body: Tag, omitted: list[OmittedText]) -> None:
    """Remove struck-out text and report it."""
    for tag in [tag for tag in body.find_all(True) if _is_deleted(tag)]:
        remove_element(tag, DELETED, omitted)


def _is_deleted(tag: Tag) -> bool:
    if tag.name in _INLINE_TAGS and _STRUCK_CLASSES & set(get_classes(tag)):
        return True
    return tag.name in DELETED_TAGS or bool(_STRUCK_STYLE.search(str(tag.get("style", ""))))


def mark_raised_text(soup: BeautifulSoup, omitted: list[OmittedText]) -> None:
    """Mark raised and lowered text, map symbol fonts, and give icons their names as text."""
    for tag in soup.find_all(True):
        style = str(tag.get("style", ""))
        font = _find_font(tag, style)
        if font and is_symbol_font(font):
            _map_symbol_text(tag, font, omitted)
        name_icon(tag)
        if tag.name == "u" or _UNDERLINE_STYLE.search(style):
            _map_underlined_sign(tag)
        _separate_fraction(tag)
        kind = _find_position(tag, style)
        if kind is None or contains_element(tag, BLOCKS) or _unnest(tag, kind):
            continue
        if kind is MarkKind.SUPERSCRIPT and _is_note(tag):
            _surround(tag, NOTE_EDGES)
        else:
            _surround(tag, mark_edges(kind))


def _find_font(tag: Tag, style: str) -> str:
    if tag.name == "font" and tag.get("face"):
        return str(tag["face"]).split(",")[0].strip()
    found = _FONT_STYLE.search(style) if "font" in style.lower() else None
    return (found[1] or found[2] or "").strip() if found else ""


def _map_symbol_text(tag: Tag, font: str, omitted: list[OmittedText]) -> None:
    for text in _own_texts(tag):
        mapped, unknown = map_symbols(str(text), font)
        text.replace_with(NavigableString(mapped))
        if unknown:
            omitted.append(OmittedText(UNKNOWN_SYMBOL, f"{unknown} ({font})"))


def _own_texts(tag: Tag) -> list[NavigableString]:
    """Return the texts of an element whose font no other element inside it changes."""
    texts = []
    for text in tag.find_all(string=True):
        between = []
        for parent in text.parents:
            if parent is tag:
                break
            between.append(parent)
        if is_text(text) and not any(
            _find_font(parent, str(parent.get("style", ""))) for parent in between
        ):
            texts.append(text)
    return texts


def _find_position(tag: Tag, style: str) -> MarkKind | None:
    """Return whether an element raises or lowers its text."""
    names = get_classes(tag) if tag.name in _INLINE_TAGS and tag.has_attr("class") else []
    if tag.name == "sup" or any(map(_RAISED_CLASS.search, names)):
        return MarkKind.SUPERSCRIPT
    if tag.name == "sub" or any(map(_LOWERED_CLASS.search, names)):
        return MarkKind.SUBSCRIPT
    if tag.name in BLOCKS or not style:
        return None
    if _RAISED_STYLE.search(style) or _RAISED_VARIANT.search(style):
        return MarkKind.SUPERSCRIPT
    if _LOWERED_STYLE.search(style) or _LOWERED_VARIANT.search(style):
        return MarkKind.SUBSCRIPT
    return _find_offset(tag, style)


def _find_offset(tag: Tag, style: str) -> MarkKind | None:
    """Return whether an offset from the line raises or lowers a short text."""
    if not 0 < len(tag.get_text(strip=True)) <= MAX_RAISED_LENGTH:
        return None
    if _TOP_STYLE.search(style) and "font-size" in style.lower():
        return MarkKind.SUPERSCRIPT
    offset = _OFFSET.search(style) if _RELATIVE_STYLE.search(style) else None
    if offset is None:
        return None
    is_raised = (offset[1].lower() == "top") == bool(offset[2])
    return MarkKind.SUPERSCRIPT if is_raised else MarkKind.SUBSCRIPT


def _unnest(tag: Tag, kind: MarkKind) -> bool:
    """Separate raised text inside raised text, and return whether only the inner one remains.

    "4<sup>×10<sup>9</sup>/L</sup>" has a power, "x<sup>2<sup>1</sup></sup>" a note after the power.
    """
    text = tag.get_text()
    for inner in tag.find_all(True):
        position = _find_position(inner, str(inner.get("style", "")))
        if position is None:
            continue
        if inner.get_text(strip=True) == text.strip():  # raised twice, by its tag and by a style
            inner.name = "span"
            inner.attrs = {key: inner[key] for key in ("role", "id") if inner.has_attr(key)}
        elif position is not kind:
            inner.unwrap()
        elif text.partition(inner.get_text())[0].rstrip().endswith("10"):
            return True
        else:
            tag.insert_after(inner.extract())
    return False


def _map_underlined_sign(tag: Tag) -> None:
    sign = _UNDERLINED.get(tag.get_text(strip=True))
    following = str(tag.next_sibling or "").lstrip() if sign else ""
    if sign and not following.startswith("="):
        tag.string = sign


def _separate_fraction(tag: Tag) -> None:
    """Separate a fraction from the number before it, and its parts from each other."""
    if not any(map(_FRACTION_CLASS.search, get_classes(tag))):
        return
    parts = [child for child in tag.find_all(True) if child.get_text(strip=True).isdigit()]
    if len(parts) == 2 and not _FRACTION.search(tag.get_text()):
        parts[0].insert_after(NavigableString("/"))
    if _FRACTION.search(tag.get_text()):
        tag.insert_before(NavigableString(" "))


def _is_note(tag: Tag) -> bool:
    """Return whether a superscript refers to a note: it is, contains or is inside such a link."""
    parent = tag.parent
    around = [tag, *tag.find_all("a")]
    if parent is not None and parent.name in ("a", "span"):
        around.append(parent)
    return any(
        (element.name == "a" and str(element.get("href", "")).startswith("#"))
        or element.get("role") in _NOTE_ROLES
        or "noteref" in str(element.get("epub:type", ""))
        or _NOTE_CLASSES & {name.lower() for name in get_classes(element)}
        for element in around
    )


def mark_emphasis(content: Tag, base_url: str) -> None:
    """Mark emphasised text and links. Relative addresses are resolved if `base_url` is known."""
    for tag in content.find_all(True):
        if tag.name in BLOCKS:
            continue
        edges = [mark_edges(kind) for kind in _emphasis_kinds(tag, str(tag.get("style", "")))]
        if tag.name == "a" and tag.get("href"):
            href = _absolute(str(tag["href"]).strip(), base_url)
            edges.append(mark_edges(MarkKind.LINK, href))
        if not edges or contains_element(tag, BLOCKS) or not tag.get_text(strip=True):
            continue
        for each in edges:
            _surround(tag, each)


def _emphasis_kinds(tag: Tag, style: str) -> Iterator[MarkKind]:
    if tag.name in _STRONG_TAGS or _BOLD_STYLE.search(style):
        yield MarkKind.STRONG
    if tag.name in _EMPHASIS_TAGS or _ITALIC_STYLE.search(style):
        yield MarkKind.EMPHASIS


def _absolute(href: str, base_url: str) -> str:
    if href.startswith("#") or not base_url:
        return href
    try:
        return urljoin(base_url, href)
    except ValueError:  # an invalid address, such as an unclosed IPv6 host
        return ""


def _surround(tag: Tag, edges: tuple[str, str]) -> None:
    start, end = edges
    if start:
        tag.insert(0, NavigableString(start))
        tag.append(NavigableString(end))
