"""What another reader takes for the article of a page: trafilatura, as one voice beside our rules.

It weighs paragraphs where we ask what is marked and named, so it sees other furniture than we do.
It also loses captions, asides and notes, so it decides nothing alone: `ingest.readers.html.agreement`
says where it counts. It runs within a limit of time, and its failure is none of the page.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import trafilatura
from lxml.etree import LxmlError  # type: ignore[import-untyped]  # it has no stubs

MAX_SECONDS = 3.0  # of the processor; the slowest of a hundred pages of the web took 0.6
GRAM = 4  # words: the same four in a row stand in a text by chance hardly ever
SHORT = 8  # words: a shorter text has so few grams that all its words must stand in a row
SAME = 0.5  # share of its grams that must be there

_WORD = re.compile(r"\w+")
# What a fault in a library that walks a tree and counts comes out as.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    LxmlError,
    RuntimeError,
    TypeError,
    ValueError,
)


class TrafilaturaText:
    """The text that the other reader keeps, asked for pieces of it."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self.words = len(words)
        self._grams = set(_grams(words))
        self._line = f" {' '.join(words)} "

    def keeps(self, text: str) -> bool:
        """Whether most of a text is in it; of a short text, all."""
        words = _words(text)
        if len(words) < SHORT:
            return f" {' '.join(words)} " in self._line
        found = [gram in self._grams for gram in _grams(words)]
        return sum(found) >= SAME * len(found)


def extract_with_trafilatura(page: str) -> TrafilaturaText | None:
    """Ask the other reader about a whole page; nothing when it fails or takes too long.

    Of its ways, `fast` is the one that asks no third reader: twice as fast, and as good here. To be
    called in the main thread of a process, as a timer needs it.
    """
    try:
        with _within(MAX_SECONDS):
            text = trafilatura.extract(page, fast=True, include_comments=False, include_tables=True)
    except (_TooLongError, *FAULTS):
        return None
    return TrafilaturaText(text or "")


class _TooLongError(Exception):
    """It took more than its time."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise `_TooLongError` in what runs inside after so much processor time."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _grams(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(GRAM)), strict=False)
