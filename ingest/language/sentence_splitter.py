"""Sentence splitter, so that no passage is cut inside a sentence.

Clinical text contains many full stops that do not end a sentence: "e.g.", "Dr.", "5 mg. daily",
"Fig. 2", "vitamin B. complex". In doubt the splitter does not split: an overlong sentence is
harmless, but half a sentence may state the opposite of the whole. The abbreviations and the syntax
of their list are in ``data/abbreviations.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from ingest.language.word_lists import load_word_list

CACHED_TEXTS = 500  # blocks; chunking and the checks split the same ones
MAX_LOOK_BACK = 80  # characters before a full stop; enough for the last two words

NEVER, NOT_BEFORE_NUMBER, ONLY_BEFORE_CAPITAL = "", "#", "?"

# Terminal punctuation with closing quotes or brackets and white space, or a line break, which
# always ends a sentence.
_END = re.compile(r"(?:[.!?…]+[\"”’')\]]*\s+|\n+\s*)")
_OPENING = "\"“‘'(["
_LAST_WORD = re.compile(r"[^\s(\[\"“‘]*$")
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]")


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text`, each with its trailing white space.

    Joined together, the sentences equal `text`.
    """
    return list(_split(text))


@lru_cache(maxsize=CACHED_TEXTS)
def _split(text: str) -> tuple[str, ...]:
    return tuple(iter_sentences(text))


def iter_sentences(text: str) -> Iterator[str]:
    """Yield the sentences of `text` lazily; the result is that of `split_sentences`."""
    start = 0
    for end in _END.finditer(text):
        if end.end() < len(text) and _is_sentence_end(text, start, end):
            yield text[start : end.end()]
            start = end.end()
    if start < len(text):
        yield text[start:]


def _is_sentence_end(text: str, start: int, end: re.Match[str]) -> bool:
    if "\n" in end.group():
        return True
    following = text[end.end() :].lstrip(_OPENING)[:1] if text[end.end()] in _OPENING else ""
    following = following or text[end.end()]
    if following.islower():
        return False
    if not end.group().startswith(".") or end.group().startswith(".."):
        return True
    before = text[max(start, end.start() - MAX_LOOK_BACK) : end.start()]
    found = _LAST_WORD.search(before)
    word = found.group() if found else ""
    if len(word) == 1 and word.isupper():
        return _initial_ends_sentence(before[:-1].rstrip())
    if _INITIALS.fullmatch(word):
        return False
    return not _continues_sentence(word, following)


def _continues_sentence(word: str, following: str) -> bool:
    """Return whether an abbreviation keeps the sentence open before the character `following`."""
    marks = _abbreviations().get(word, frozenset())
    return (
        NEVER in marks
        or (NOT_BEFORE_NUMBER in marks and following.isdigit())
        or (ONLY_BEFORE_CAPITAL in marks and not following.isupper())
    )


def _initial_ends_sentence(before: str) -> bool:
    """Return whether a single capital ends a sentence: "vitamin K." does, "John F." does not."""
    previous = before.rsplit(maxsplit=1)[-1] if before else ""
    return bool(previous) and previous[0].islower()


@cache
def _abbreviations() -> dict[str, frozenset[str]]:
    marks: dict[str, frozenset[str]] = {}
    for line in load_word_list("abbreviations"):
        word, _, mark = line.partition(" ")
        for spelling in {word, word[0].upper() + word[1:]}:
            marks[spelling] = marks.get(spelling, frozenset()) | {mark.strip()}
    return marks
