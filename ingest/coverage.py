"""Coverage: the share of a source's words that reached the article, and a list of the missing text.

The readers are not trusted: the words visible in the source are compared with those of the article
and of the text reported as omitted. Words in neither are lost, and are reported. The comparison
uses word counts, not order, so it takes one pass and no alignment; the tests of the readers check
order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import unescape

from ingest.language.sentence_splitter import split_sentences
from ingest.readers.common.result import ReaderResult
from ingest.readers.media_type import MediaType
from kb.model.article import Block
from kb.model.excerpt import shorten

MAX_EXCERPT_LENGTH = 80  # characters of a lost text, enough to find it in the source
MAX_EXCERPTS = 5  # lost texts that are quoted
# Share of missing words from which a sentence counts as lost; below it, matches are coincidental.
MIN_LOST_SHARE = 0.6

_WORD = re.compile(r"\w+")
_URL = r"""<?(?:\{[{%].*?[}%]\}|[^()\s<>]|\([^()\s]*\))*>?(?:\s+(?:"[^"]*"|'[^']*'))?"""
# Markdown syntax with words that are not visible: link targets, tags, item numbers, the x of a
# completed task, languages of code blocks, rows of dashes.
_MARKUP = (
    (re.compile(rf"(!?\[(?:[^\[\]]|\[[^\[\]]{{0,500}}\]){{1,500}}\])\({_URL}\)"), r"\1"),
    (re.compile(r"^ {0,3}\[(?!\^)[^\]\n]+\]:\s*\S+.*$", re.M), ""),
    (re.compile(r"(?<=\])\[[^\]\n]*\]"), ""),
    (re.compile(r"<!--.*?-->", re.S), ""),
    (re.compile(r"</?[A-Za-z][^<>]{0,500}>"), " "),
    (re.compile(r"^[ \t>]*(?:```|~~~).*$", re.M), ""),
    (re.compile(r"^([ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[xX]\](?=\s)", re.M), r"\1"),
    (re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\[A-Za-z]+"), " "),  # commands of formulas
    (re.compile(r"\\(?=[!-/:-@\[-`{-~])"), ""),
)
_ITEM_NUMBER = re.compile(r"^[ \t>]*\(?(?:\d{1,9}|[a-z])[.)](?=\s)", re.M)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of the source's words in the article (0 to 1), and warnings about lost text."""

    share: float
    warnings: tuple[str, ...] = ()


def measure_coverage(result: ReaderResult, media_type: MediaType) -> Coverage:
    """Compare a reader's result with the visible text of its source."""
    visible = VISIBLE_TEXT[media_type](result.visible_text)
    source = Counter(_words(visible))
    omitted: Counter[str] = Counter()
    for omission in result.omitted:
        omitted.update(_words(VISIBLE_TEXT[media_type](omission.text)))
    body = source - omitted if omitted else source
    missing = body - Counter(_words("\n".join(_article_texts(result))))
    if not body:
        return Coverage(1.0)
    share = 1 - missing.total() / body.total()
    return Coverage(round(share, 4), tuple(_lost_text_warnings(visible, missing)))


def _article_texts(result: ReaderResult) -> Iterator[str]:
    yield result.article.title
    for _, section in result.article.walk():
        yield section.heading
        for block in section.blocks:
            yield from _block_texts(block)


def _block_texts(block: Block) -> Iterator[str]:
    yield block.text
    yield from (item.text for item in block.items)
    for row in block.row_texts:
        yield from row
    if block.figure:
        yield block.figure.alt


def _lost_text_warnings(visible: str, missing: Counter[str]) -> Iterator[str]:
    """Yield the sentences whose words are missing, and the number of other missing words."""
    if not missing:
        return
    left = missing.copy()
    lost: list[str] = []
    for sentence in split_sentences(visible):
        words = Counter(_words(sentence))
        missing_words = words & left
        if words and missing_words.total() >= MIN_LOST_SHARE * words.total():
            left -= missing_words
            lost.append(" ".join(sentence.split()))
    for text in lost[:MAX_EXCERPTS]:
        yield f'Text missing from the article: "{shorten(text, MAX_EXCERPT_LENGTH)}"'
    if len(lost) > MAX_EXCERPTS:
        yield f"Text missing from the article: {len(lost) - MAX_EXCERPTS} more passages of text."
    if left:
        quoted = ", ".join(f'"{word}"' for word in list(left)[:MAX_EXCERPTS])
        yield f"Text missing from the article: {left.total()} single words, such as {quoted}."


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


# Media type -> function that returns the visible part of its text.
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
