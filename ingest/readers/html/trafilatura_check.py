"""What another reader takes for the article of a page: trafilatura, as one voice beside our rules.

It weighs paragraphs where we ask what is marked and named, so it sees other furniture than we do.
It also loses captions, asides and notes, so it decides nothing alone: `ingest.readers.html.trafilatura_check`
says where it counts. It runs within a limit of time, and its failure is none of the page.

What only our rules keep of a page, and why it goes or stays: the use of a second opinion.

Blocks of text that both readers keep are the article. Around them the rest parts into boxes: the
largest elements that hold no such block. A box goes when it looks like furniture as well: a form,
mostly links, or outside the stretch from the first to the last block of the article. Of such a box,
what has the shape of clinical content stays: captions, notes, tables, lists of works, lines of
review. What the other reader keeps and our rules left out does not come back: on real pages it was
mostly furniture.
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
from lxml.etree import LxmlError  # type: ignore[import-untyped]  # it has no stubs

from ingest.metadata import find_dates
from ingest.readers.base import OmittedText
from ingest.readers.html.boilerplate_rules import NOT_ARTICLE, normalized_names
from ingest.readers.html.dom import BLOCKS, get_classes, remove_element, visible_line
from ingest.readers.html.elements import is_layout_table
from ingest.readers.html.metadata import REVIEW_LINE
from ingest.readers.html.text_density import TextDensity, ancestor_ids

MAX_SECONDS = 3.0  # of the processor; the slowest of a hundred pages of the web took 0.6
NGRAM_LENGTH = 4  # words: the same four in a row stand in a text by chance hardly ever
MIN_NGRAM_WORDS = 8  # words: a shorter text has so few grams that all its words must stand in a row
MIN_SHARED_NGRAMS = 0.5  # share of its grams that must be there
_WORD = re.compile(r"\w+")
# What a fault in a library that walks a tree and counts comes out as.
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
# The other reader has a say when it keeps at least this share of our words outside links: less is
# one part of a page of several, or a guess.
MIN_TRAFILATURA_SHARE = 0.25
MIN_SENTENCE_WORDS = 8  # outside links: a label or a heading has fewer
MIN_LEAD_WORDS = 12  # outside links, in one block before the article: its lead, and no label
MIN_BOX_LINK_SHARE = (
    0.5  # share of its words in links, from which a box within the article is furniture
)
MIN_EDGE_LINK_SHARE = 0.3  # the same before and after the article
MAX_FORM_WORDS = 150  # words of a box with a form; a longer one may hold more than the form
MAX_DATE_WORDS = 12  # words of a line that tells the day of the article
MAX_BYLINE_WORDS = 30  # words of the box that such a line stands in; a list of other pages has more
NOTE_PREFIX_LENGTH = 40  # characters of a box that tell whether it holds notes
SUBHEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
CONTROLS = ["input", "select", "textarea", "form"]
PROTECTED_ELEMENTS = frozenset(
    {"aside", "figcaption", "caption", "blockquote", "details", "summary"}
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


class TrafilaturaText:
    """The text that the other reader keeps, asked for pieces of it."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self.word_count = len(words)
        self._grams = set(_ngrams(words))
        self._line = f" {' '.join(words)} "

    def contains(self, text: str) -> bool:
        """Whether most of a text is in it; of a short text, all."""
        words = _words(text)
        if len(words) < MIN_NGRAM_WORDS:
            return f" {' '.join(words)} " in self._line
        found = [gram in self._grams for gram in _ngrams(words)]
        return sum(found) >= MIN_SHARED_NGRAMS * len(found)


def extract_with_trafilatura(page: str) -> TrafilaturaText | None:
    """Ask the other reader about a whole page; nothing when it fails or takes too long.

    Of its ways, `fast` is the one that asks no third reader: twice as fast, and as good here. To be
    called in the main thread of a process, as a timer needs it.
    """
    try:
        with _time_limit(MAX_SECONDS):
            text = trafilatura.extract(page, fast=True, include_comments=False, include_tables=True)
    except (_TimeLimitError, *TRAFILATURA_ERRORS):
        return None
    return TrafilaturaText(text or "")


class _TimeLimitError(Exception):
    """It took more than its time."""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `_TimeLimitError` in what runs inside after so much processor time."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TimeLimitError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _ngrams(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(NGRAM_LENGTH)), strict=False)


@dataclass(slots=True)
class _Box:
    """A largest element without a block of the article, and where it stands."""

    tag: Tag
    before: bool  # the whole article
    after: bool
    disputed: list[Tag] = field(default_factory=list)  # its blocks that only our rules keep
    has_agreed: bool = False  # whether it holds a short block that both keep


class _TextBlocks:
    """The blocks of text of a page in reading order, and which of them both readers keep."""

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
        # A text in an element like that of the article's text is agreed as well: a page of two
        # columns, of which the other reader saw one; the answers to a question.
        shapes = {_parent_shape(self.tags[number]) for number in self.prose_indexes()} - {()}
        for number, tag in enumerate(self.tags):
            self.agreed[number] |= self._is_prose(number) and _parent_shape(tag) in shapes
        self.article_ids = ancestor_ids([self.tags[number] for number in self.prose_indexes()])
        self.article_ids.add(id(content))

    def prose_indexes(self) -> list[int]:
        """The numbers of the blocks of the article: sentences that both readers keep."""
        return [
            number for number, both in enumerate(self.agreed) if both and self._is_prose(number)
        ]

    def boxes(self) -> list[_Box]:
        """The boxes around all blocks, in reading order; there must be an article."""
        first, last = self.prose_indexes()[0], self.prose_indexes()[-1]
        found: dict[int, _Box] = {}
        for number, leaf in enumerate(self.tags):
            box = leaf
            while box.parent is not None and id(box.parent) not in self.article_ids:
                box = box.parent
            place = found.setdefault(id(box), _Box(box, number < first, number > last))
            if self.agreed[number]:
                place.has_agreed = True
            else:
                place.disputed.append(leaf)
        return list(found.values())

    def _is_prose(self, number: int) -> bool:
        measured = self.density.measure(self.tags[number])
        return measured.prose >= MIN_SENTENCE_WORDS and measured.link_share < MIN_EDGE_LINK_SHARE


def remove_disputed_blocks(
    content: Tag, trafilatura_text: TrafilaturaText, omitted: list[OmittedText]
) -> None:
    """Leave out of the content what looks like furniture and only our rules keep."""
    leaves = _TextBlocks(content, trafilatura_text)
    density = leaves.density
    if (
        not leaves.prose_indexes()
        or trafilatura_text.word_count < MIN_TRAFILATURA_SHARE * density.measure(content).prose
    ):
        return
    follows = False  # whether the box after this one stays, and with it a heading
    for box in reversed(leaves.boxes()):
        if not box.disputed or not _is_boilerplate(box, follows, density):
            follows = True
            continue
        going = [leaf for leaf in box.disputed if not _is_clinical_content(leaf, box.tag, density)]
        follows = box.has_agreed or len(going) < len(box.disputed)
        for tag in going if follows else [box.tag]:
            remove_element(tag, NOT_ARTICLE, omitted)


def _parent_shape(tag: Tag) -> tuple[str, ...]:
    """Return what the element around a block is called; nothing where it has no class."""
    around = tag.parent
    names = get_classes(around) if around is not None else []
    return (around.name, *names) if around is not None and names else ()


def _is_boilerplate(box: _Box, follows: bool, density: TextDensity) -> bool:
    """Whether a box looks like furniture."""
    if len(box.disputed) == 1 and box.disputed[0].name in SUBHEADINGS:
        return not follows
    measured = density.measure(box.tag)
    if measured.words <= MAX_FORM_WORDS and box.tag.find(CONTROLS):
        return True
    if not box.before and not box.after:
        return bool(measured.links) and measured.link_share >= MIN_BOX_LINK_SHARE
    if measured.link_share >= MIN_EDGE_LINK_SHARE:
        return True
    if box.after:  # a paragraph among those of the article is its last one
        return box.tag.name != "p" or measured.prose < MIN_SENTENCE_WORDS
    texts = (leaf for leaf in box.disputed if leaf.name not in SUBHEADINGS)
    return all(density.measure(leaf).prose < MIN_LEAD_WORDS for leaf in texts)


def _is_clinical_content(leaf: Tag, box: Tag, density: TextDensity) -> bool:
    """Whether a block of furniture has the shape of clinical content, or tells a day."""
    text = visible_line(leaf)
    if REVIEW_LINE.search(text):
        return True
    measured = density.measure(box)
    short = measured.words <= MAX_BYLINE_WORDS and len(text.split()) <= MAX_DATE_WORDS
    if short and find_dates(text):
        return True
    linked = measured.link_share >= MIN_BOX_LINK_SHARE
    if NOTE_LINE.match(text) or NOTE_LINE.match(visible_line(box)[:NOTE_PREFIX_LENGTH]):
        return not linked
    for tag in (leaf, *leaf.parents):
        if tag.name == "h1" or (tag.name == "table" and not is_layout_table(tag)):
            return True
        if not linked and (
            tag.name in PROTECTED_ELEMENTS or NOTE_CLASSES.search(normalized_names(tag))
        ):
            return True
        if tag is box:
            break
    return False
