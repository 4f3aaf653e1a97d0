"""How much of a source arrived in the article, and what did not.

Readers are trusted with nothing here: the words of the source as a person sees it are counted, and
so are those of the article and of the pieces reported as left out. What is in neither was lost, and
is named. Words are compared as a bag, not in order, which costs one pass and has never to align two
texts; order is what the tests of the readers hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import unescape

from ingest.language.sentence_splitter import split_sentences
from ingest.readers.base import ReaderResult
from ingest.readers.media_type import MediaType
from kb.model.article import Block, BlockKind

MAX_EXCERPT_LENGTH = 80  # characters of a lost text: enough to find it in the source
MAX_EXCERPTS = 5  # lost texts; with more, the source needs a look as a whole
# A sentence is named as lost when this share of its words is missing; fewer are words by chance.
MIN_LOST_SHARE = 0.6

_WORD = re.compile(r"\w+")
_URL = r"""<?(?:\{[{%].*?[}%]\}|[^()\s<>]|\([^()\s]*\))*>?(?:\s+(?:"[^"]*"|'[^']*'))?"""
# Marks of Markdown that hold words no reader sees: the target of a link, a tag, the number of an
# item, the x of a task that is done, the language of a code block, the rows of dashes.
_MARKUP = (
    (re.compile(rf"(!?\[(?:[^\[\]]|\[[^\[\]]{{0,500}}\]){{1,500}}\])\({_URL}\)"), r"\1"),
    (re.compile(r"^ {0,3}\[(?!\^)[^\]\n]+\]:\s*\S+.*$", re.M), ""),
    (re.compile(r"(?<=\])\[[^\]\n]*\]"), ""),
    (re.compile(r"<!--.*?-->", re.S), ""),
    (re.compile(r"</?[A-Za-z][^<>]{0,500}>"), " "),
    (re.compile(r"^[ \t>]*(?:```|~~~).*$", re.M), ""),
    (re.compile(r"^([ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[xX]\](?=\s)", re.M), r"\1"),
    (re.compile(r"\\(?=[!-/:-@\[-`{-~])"), ""),
)
_ITEM_NUMBER = re.compile(r"^[ \t>]*\(?(?:\d{1,9}|[a-z])[.)](?=\s)", re.M)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`share` of the words of the article's source that arrived, 0 to 1, and what did not."""

    share: float
    warnings: tuple[str, ...] = ()


def measure_coverage(reading: ReaderResult, media_type: MediaType) -> Coverage:
    """Compare a reading with its source."""
    visible = VISIBLE_TEXT[media_type](reading.visible_text)
    source = Counter(_words(visible))
    dropped: Counter[str] = Counter()
    for piece in reading.omitted:
        dropped.update(_words(VISIBLE_TEXT[media_type](piece.text)))
    body = source - dropped
    missing = body - Counter(_article_words(reading))
    if not body:
        return Coverage(1.0)
    share = 1 - missing.total() / body.total()
    return Coverage(round(share, 4), tuple(_lost_text_warnings(visible, missing)))


def _article_words(reading: ReaderResult) -> Iterator[str]:
    yield from _words(reading.article.title)
    for _, section in reading.article.walk():
        yield from _words(section.heading)
        for block in section.blocks:
            for text in _block_texts(block):
                yield from _words(text)


def _block_texts(block: Block) -> Iterator[str]:
    yield block.text
    if block.kind is BlockKind.LIST:
        yield from (item.text for item in block.items)
    for row in block.rows:
        yield from row


def _lost_text_warnings(visible: str, missing: Counter[str]) -> Iterator[str]:
    """Name the sentences whose words are missing, and the number of words beyond those."""
    if not missing:
        return
    left = missing.copy()
    lost: list[str] = []
    for sentence in split_sentences(visible):
        words = Counter(_words(sentence))
        here = words & left
        if words and here.total() >= MIN_LOST_SHARE * words.total():
            left -= here
            lost.append(" ".join(sentence.split()))
    for text in lost[:MAX_EXCERPTS]:
        shown = text if len(text) <= MAX_EXCERPT_LENGTH else text[: MAX_EXCERPT_LENGTH - 3] + "..."
        yield f'Lost without a reason: "{shown}"'
    if len(lost) > MAX_EXCERPTS:
        yield f"Lost without a reason: {len(lost) - MAX_EXCERPTS} more pieces of text."
    if left:
        words_left = ", ".join(f'"{word}"' for word in list(left)[:MAX_EXCERPTS])
        yield f"Lost without a reason: {left.total()} single words, such as {words_left}."


def _words(text: str) -> Iterable[str]:
    return _WORD.findall(text.casefold())


def _unchanged(text: str) -> str:
    return text


def _without_item_numbers(text: str) -> str:
    return _ITEM_NUMBER.sub("", text)


def _without_markup(text: str) -> str:
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return unescape(_without_item_numbers(text))


# Media type -> what of its text a person sees.
VISIBLE_TEXT: dict[MediaType, Callable[[str], str]] = {
    MediaType.HTML: _unchanged,
    MediaType.MARKDOWN: _without_markup,
    MediaType.TEXT: _without_item_numbers,
    MediaType.JSON_LINES: _without_item_numbers,
    MediaType.PDF: _without_item_numbers,
    MediaType.DOCX: _unchanged,
    MediaType.JATS: _unchanged,
    MediaType.SPL: _unchanged,
}
