"""Pasted messages: the topical words of a long text.

"Hi doctor, I hope you are well. My mother is 72 and takes warfarin ..." is about warfarin.
Greetings, pronouns and small talk would outweigh the topic and fill the query, so they are removed
from a message, and the limit of words applies to what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from index.analyzer import filler_words, fold, read_lines, split_words, unit_names
from index.query.parser import MAX_WORDS, WORDS_CUT, ParsedQuery, PlainLeaf, parse_words
from index.query.synonyms import SynonymDictionary

MIN_MESSAGE_WORDS = 30
MIN_PRONOUNS = 2  # a long list of search terms has none
PRONOUNS = frozenset({
    "he", "her", "him", "his", "i", "i'm", "i've", "im", "ive", "me", "my", "our", "she", "their",
    "they", "us", "we", "you", "your",
})  # fmt: skip

_INTEGER = re.compile(r"\d+(?:st|nd|rd|th)?")
_SYNTAX = re.compile(
    r'["“”*]|(?<!\w)-\w|\b(?:AND|OR|NOT)\b|\b(?i:title|heading|body|tag|topic):[\w"“”]'
)


def is_message(text: str) -> bool:
    """Return whether a text is written to a person: long, and with pronouns."""
    words = split_words(text)
    return (
        len(words) >= MIN_MESSAGE_WORDS
        and sum(fold(word) in PRONOUNS for word in words) >= MIN_PRONOUNS
    )


def parse_long_text(text: str, vocabulary: SynonymDictionary) -> ParsedQuery | None:
    """Return the topical words of a long text, at most `MAX_WORDS`; None for other queries.

    Nothing in a message is an operator, and numbers without a unit are ages, dates or counts. Other
    texts are long if they have more than `MAX_WORDS` words and no syntax; only stop words and
    question words are removed from them.
    """
    written = is_message(text)
    if written:
        fillers = filler_words() | _small_talk()
    elif len(split_words(text)) > MAX_WORDS and not _SYNTAX.search(text):
        fillers = filler_words()
    else:
        return None
    kept: dict[tuple[PlainLeaf, ...], None] = {}  # ordered set
    for part in _split_parts(text, vocabulary):
        is_count = written and len(part) == 1 and _INTEGER.fullmatch(part[0].text)
        if len(part) > 1 or not (is_count or fold(part[0].text) in fillers):
            kept[part] = None
    words = [leaf for part in kept for leaf in part] or parse_words(text)
    notes = (WORDS_CUT,) if len(words) > MAX_WORDS else ()
    return ParsedQuery(tuple(words[:MAX_WORDS]), notes=notes, is_message=written)


def _split_parts(text: str, vocabulary: SynonymDictionary) -> Iterator[tuple[PlainLeaf, ...]]:
    """Yield the names, the numbers with their units and the other words of a text, in order."""
    leaves = parse_words(text)
    texts = [leaf.text for leaf in leaves]
    ends = {match.start: match.end for match in vocabulary.find_matches(texts)}
    at = 0
    while at < len(leaves):
        end = ends.get(at, at + 1)
        if (
            end == at + 1
            and _INTEGER.fullmatch(texts[at])
            and _is_amount_unit(texts[end : end + 1])
        ):
            end += 1
        yield leaves[at:end]
        at = end


def _is_amount_unit(texts: Sequence[str]) -> bool:
    """Return whether the next word is a unit, but not of time: ages and dates carry no topic."""
    return any(fold(text) in unit_names() and fold(text) not in _small_talk() for text in texts)


@lru_cache(maxsize=1)
def _small_talk() -> frozenset[str]:
    return frozenset(fold(word) for line in read_lines("small-talk.txt") for word in line.split())
