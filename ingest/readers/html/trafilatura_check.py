"""Cross-check of the extracted content with trafilatura.

trafilatura scores paragraphs, whereas our rules use markup and names, so it detects other
boilerplate. It also loses captions, asides and notes, so it never decides alone. It runs with a
time limit, and a failure does not affect the page.

Blocks that both extractors keep are the article. The rest is grouped into boxes: the largest
elements without such a block. A box is removed if it also looks like boilerplate: a form, mostly
links, or outside the range from the first to the last article block. Clinical content in it stays:
captions, notes, tables, reference lists, review dates. Text that trafilatura keeps but our rules
removed is not restored; on real pages it was mostly boilerplate.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import trafilatura
from bs4.element import Tag
from lxml.etree import (  # type: ignore[import-untyped]  # it has no stubs
    ElementDefaultClassLookup,
    LxmlError,
)
from lxml.html import HtmlElement  # type: ignore[import-untyped]
from trafilatura.utils import HTML_PARSER

from ingest.metadata import find_dates
from ingest.readers.common.result import OmittedText
from ingest.readers.html.boilerplate_rules import NOT_ARTICLE
from ingest.readers.html.class_rules import normalized_names
from ingest.readers.html.clinical_statements import (
    has_number_or_negation,
    is_possible_statement,
)
from ingest.readers.html.dom import (
    BLOCKS,
    contains_element,
    get_classes,
    remove_element,
    visible_line,
)
from ingest.readers.html.elements import SUBHEADINGS
from ingest.readers.html.form_controls import CHOICE_STATES
from ingest.readers.html.linked_content import is_linked_content
from ingest.readers.html.metadata import REVIEW_LINE
from ingest.readers.html.tables import is_layout_table
from ingest.readers.html.text_density import ElementDensity, TextDensity, ancestor_ids

MAX_SECONDS = 3.0  # CPU seconds; the slowest of a hundred real pages took 0.6
NGRAM_LENGTH = 4  # words; four equal consecutive words are almost never a coincidence
MIN_NGRAM_WORDS = 8  # words; a shorter text must occur as a whole
MIN_SHARED_NGRAMS = 0.5  # share of the n-grams that must occur
_WORD = re.compile(r"\w+")
# Exceptions that bugs in a tree-walking library typically raise.
TRAFILATURA_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    LxmlError,
    RuntimeError,
    TypeError,
    ValueError,
)
# Minimum share of our prose that trafilatura must keep for the check to apply. A smaller share is
# one of several parts of the page, or a guess.
MIN_TRAFILATURA_SHARE = 0.25
MIN_SENTENCE_WORDS = 8  # outside links; a label or a heading has fewer
# outside links, in one block before the article: its introduction rather than a label
MIN_LEAD_WORDS = 12
MIN_BOX_LINK_SHARE = 0.5  # link share from which a box inside the article is boilerplate
MIN_EDGE_LINK_SHARE = 0.3  # the same limit before and after the article
MAX_FORM_WORDS = 150  # words of a box with a form; a longer one may have other content
MAX_DATE_WORDS = 12  # words of a line with the date of the article
MAX_BYLINE_WORDS = 30  # words of the box around such a line; a list of other pages is longer
NOTE_PREFIX_LENGTH = 40  # characters at the start of a box that identify notes
MIN_STATEMENT_WORDS = 4  # outside links; a price, a date or the length of a video has fewer
PANEL_LABEL = "data-panel-label"  # attribute of a heading that was the label of a tab
LABELS = SUBHEADINGS | {"legend"}  # elements that stay with the text below them
CONTROLS = frozenset({"input", "select", "textarea", "form"})
PROTECTED_ELEMENTS = frozenset(
    {"aside", "figcaption", "caption", "blockquote", "details", "summary", "dl"}
)
NOTE_CLASSES = re.compile(
    r"-(?:callout|warning|important|alert|caution|danger|care-card|inset(?:-text)?|notes?|caption|"
    r"footnotes?|references?|ref-list|citations?|sources?|bibliography|key-?(?:points|facts))-"
)
NOTE_LINE = re.compile(
    r"(?:[*†‡§¹²³]|\[?(?:\d{1,2}|[a-z])[\].)])\s*\w|(?:article |content )?(?:sources?|references?|"
    r"footnotes?|citations?|cite as|how to cite)\b",
    re.I,
)

# trafilatura uses no methods of forms and links, and choosing a class for each element takes a
# sixth of its time.
HTML_PARSER.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))


class TrafilaturaText:
    """Text that trafilatura extracted from a page."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self.word_count = len(words)
        self._ngram_set = set(_ngrams(words))
        self._full_text = f" {' '.join(words)} "

    def contains(self, text: str) -> bool:
        """Return whether the text contains most n-grams of `text`, or all of a short text."""
        words = _words(text)
        if len(words) < MIN_NGRAM_WORDS:
            return f" {' '.join(words)} " in self._full_text
        matches = [ngram in self._ngram_set for ngram in _ngrams(words)]
        return sum(matches) >= MIN_SHARED_NGRAMS * len(matches)


def extract_with_trafilatura(page: str) -> TrafilaturaText | None:
    """Extract the text of a page with trafilatura, or return None on failure or timeout.

    The `fast` option skips trafilatura's own fallback extractors: twice as fast, with equal quality
    here. Must be called in the main thread, because of the timer signal.
    """
    try:
        with _time_limit(MAX_SECONDS):
            text = trafilatura.extract(page, fast=True, include_comments=False, include_tables=True)
    except (_TimeLimitError, *TRAFILATURA_ERRORS):
        return None
    return TrafilaturaText(text or "")


class _TimeLimitError(Exception):
    """The extraction exceeded its CPU time."""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `_TimeLimitError` in the body of the with statement after `seconds` of CPU time."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TimeLimitError

    previous_handler = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous_handler)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _ngrams(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(NGRAM_LENGTH)), strict=False)


@dataclass(slots=True)
class _Box:
    """Largest element without an article block, and its position."""

    tag: Tag
    before: bool  # whether it precedes all article blocks
    after: bool  # whether it follows all article blocks
    disputed: list[Tag] = field(default_factory=list)  # blocks that only our rules keep
    has_agreed: bool = False  # whether it contains a short block that both extractors keep


class _TextBlocks:
    """Text blocks of a page in reading order, and whether both extractors keep them."""

    def __init__(self, content: Tag, trafilatura_text: TrafilaturaText) -> None:
        self.density = TextDensity(content)
        self.tags = [
            tag
            for tag in self.density.iter_tags()
            if tag.name in BLOCKS
            and self.density.measure(tag).words
            and not self.density.measure(tag).blocks
        ]
        self.agreed = [trafilatura_text.contains(visible_line(tag)) for tag in self.tags]
        # Prose in a parent of the same shape as the article's also counts as agreed: the second
        # column of a page, or the answers to questions.
        shapes = {_parent_shape(self.tags[index]) for index in self.prose_indexes()} - {()}
        for index, tag in enumerate(self.tags):
            self.agreed[index] |= self._is_prose(index) and _parent_shape(tag) in shapes
        self.article_ids = ancestor_ids([self.tags[index] for index in self.prose_indexes()])
        self.article_ids.add(id(content))

    def prose_indexes(self) -> list[int]:
        """Return the indexes of the article blocks: sentences that both extractors keep."""
        return [index for index, both in enumerate(self.agreed) if both and self._is_prose(index)]

    def boxes(self) -> list[_Box]:
        """Return the boxes around all blocks in reading order. There must be an article block."""
        article = self.prose_indexes()
        boxes: dict[int, _Box] = {}
        for index, tag in enumerate(self.tags):
            box = tag
            while box.parent is not None and id(box.parent) not in self.article_ids:
                box = box.parent
            entry = boxes.setdefault(id(box), _Box(box, index < article[0], index > article[-1]))
            if self.agreed[index]:
                entry.has_agreed = True
            else:
                entry.disputed.append(tag)
        return list(boxes.values())

    def _is_prose(self, index: int) -> bool:
        measured = self.density.measure(self.tags[index])
        return measured.prose >= MIN_SENTENCE_WORDS and measured.link_share < MIN_EDGE_LINK_SHARE


def remove_disputed_blocks(
    content: Tag, trafilatura_text: TrafilaturaText, omitted: list[OmittedText]
) -> None:
    """Remove content that only our rules keep and that looks like boilerplate.

    A page without links, controls and text omitted so far has no boilerplate.
    """
    blocks = _TextBlocks(content, trafilatura_text)
    density = blocks.density
    has_boilerplate = bool(
        omitted or density.measure(content).links or contains_element(content, CONTROLS)
    )
    if (
        not has_boilerplate
        or not blocks.prose_indexes()
        or trafilatura_text.word_count < MIN_TRAFILATURA_SHARE * density.measure(content).prose
    ):
        return
    next_is_kept = False  # whether the box after this one stays; a heading stays with it
    for box in reversed(blocks.boxes()):
        if not box.disputed or not _is_boilerplate(box, next_is_kept, density):
            next_is_kept = True
            continue
        removable = list(_removable_blocks(box, density))
        next_is_kept = box.has_agreed or len(removable) < len(box.disputed)
        for tag in removable if next_is_kept else [box.tag]:
            remove_element(tag, NOT_ARTICLE, omitted)


def _removable_blocks(box: _Box, density: TextDensity) -> Iterator[Tag]:
    """Yield the blocks of a boilerplate box without clinical content, and not its heading."""
    next_is_kept = False
    for tag in reversed(box.disputed):
        is_heading = tag.name in LABELS
        if (is_heading and next_is_kept) or _is_clinical_content(tag, box.tag, density):
            next_is_kept = True
        else:
            next_is_kept = next_is_kept and not is_heading
            yield tag


def _parent_shape(tag: Tag) -> tuple[str, ...]:
    """Return the name and classes of a block's parent, or () if it has no class."""
    parent = tag.parent
    names = get_classes(parent) if parent is not None else []
    return (parent.name, *names) if parent is not None and names else ()


def _is_boilerplate(box: _Box, next_is_kept: bool, density: TextDensity) -> bool:
    """Return whether a box looks like boilerplate."""
    if len(box.disputed) == 1 and box.disputed[0].name in SUBHEADINGS:
        return not next_is_kept
    measured = density.measure(box.tag)
    if measured.words <= MAX_FORM_WORDS and contains_element(box.tag, CONTROLS):
        return True
    is_edge = box.before or box.after
    if measured.links and measured.link_share >= (
        MIN_EDGE_LINK_SHARE if is_edge else MIN_BOX_LINK_SHARE
    ):
        return True
    if not is_edge or _is_paragraph(box, measured):
        return False
    texts = (leaf for leaf in box.disputed if leaf.name not in SUBHEADINGS)
    return box.after or all(density.measure(leaf).prose < MIN_LEAD_WORDS for leaf in texts)


def _is_paragraph(box: _Box, measured: ElementDensity) -> bool:
    """Return whether a box is a paragraph next to those of the article, in whatever element."""
    if box.tag.name == "p" and measured.prose >= MIN_SENTENCE_WORDS:
        return True
    is_plain = not (measured.blocks or measured.links or box.tag.attrs)
    return is_plain and (box.before or box.tag.name in ("p", "div"))


def _is_clinical_content(block: Tag, box: Tag, density: TextDensity) -> bool:
    """Return whether a block of a boilerplate box has the form of clinical content or a date."""
    text = visible_line(block)
    has_sentence = density.measure(block).prose >= MIN_STATEMENT_WORDS
    if (
        is_possible_statement(text)
        or (has_sentence and block.name not in SUBHEADINGS and has_number_or_negation(text))
        or is_linked_content(block)
        or text.startswith(CHOICE_STATES)
        or REVIEW_LINE.search(text)
        or block.has_attr(PANEL_LABEL)
    ):
        return True
    measured = density.measure(box)
    is_byline = measured.words <= MAX_BYLINE_WORDS and len(text.split()) <= MAX_DATE_WORDS
    if is_byline and find_dates(text):
        return True
    is_linked = measured.link_share >= MIN_BOX_LINK_SHARE
    if NOTE_LINE.match(text) or NOTE_LINE.match(visible_line(box)[:NOTE_PREFIX_LENGTH]):
        return not is_linked
    for tag in (block, *block.parents):
        if tag.name == "h1" or (tag.name == "table" and not is_layout_table(tag)):
            return True
        if not is_linked and (
            tag.name in PROTECTED_ELEMENTS or NOTE_CLASSES.search(normalized_names(tag))
        ):
            return True
        if tag is box:
            break
    return False
