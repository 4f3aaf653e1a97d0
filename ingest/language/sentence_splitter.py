"""Where one sentence ends and the next begins, so that no passage cuts a sentence in two.

A splitter of our own, because clinical text is full of stops that end nothing: "e.g.", "Dr.",
"5 mg. daily", "Fig. 2", "vitamin B. complex". When in doubt it does not cut: a sentence too long
is only long, a sentence cut in two may say the opposite. The abbreviations are a data file,
``data/abbreviations.txt``, which explains its own marks.
"""

from __future__ import annotations

import re
from functools import cache

from ingest.language.word_lists import load_word_list

MAX_LOOK_BACK = 80  # characters before a stop: the last two words, whatever the sentence's length

NEVER, NOT_BEFORE_NUMBER, ONLY_BEFORE_CAPITAL = "", "#", "?"

# An end: stops, closing quotes and brackets, white space; or a line break, which ends any sentence.
_END = re.compile(r"(?:[.!?…]+[\"”’')\]]*\s+|\n+\s*)")
_OPENING = "\"“‘'(["
_LAST_WORD = re.compile(r"[^\s(\[\"“‘]*$")
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]")


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text`, each with the white space after it.

    Joined they are `text` again, character for character.
    """
    sentences: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if end.end() < len(text) and _is_sentence_end(text, start, end):
            sentences.append(text[start : end.end()])
            start = end.end()
    if start < len(text):
        sentences.append(text[start:])
    return sentences


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
    """Whether an abbreviation keeps the sentence open before the character `following`."""
    marks = _abbreviations().get(word, frozenset())
    return (
        NEVER in marks
        or (NOT_BEFORE_NUMBER in marks and following.isdigit())
        or (ONLY_BEFORE_CAPITAL in marks and not following.isupper())
    )


def _initial_ends_sentence(before: str) -> bool:
    """Whether a capital with a stop ends a sentence: "of vitamin K." does, "John F." does not."""
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
