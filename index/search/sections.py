"""Sections: the one whose heading says what was typed goes first among its article's passages.

Who types a heading, or most of one, wants that section, and not the passage that repeats its words
most often. The order of the articles is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from index.analyzer import is_question_word, is_stopword, stem_of, stems, words
from kb.model.passage import Passage

# Of all words of the query and the heading, the share that both must have: one word of five may
# differ, as "the treatments for asthma" and "how is asthma treated" do in a longer question.
ALIKE = 0.8


@lru_cache(maxsize=8_192)  # queries come again, and articles have the same few headings
def heading_stems(text: str) -> frozenset[str]:
    """Return the stems of the words of `text` that neither ask nor are small."""
    found = [word for word in words(text) if not is_stopword(word)]
    return frozenset(stem_of(word) for word in found if not is_question_word(word)) or frozenset(
        map(stem_of, found)
    )


def leading(typed: frozenset[str], passages: Sequence[Passage]) -> int:
    """Return the number of the passage that goes first: 0, unless a heading says what was typed."""
    if not typed:
        return 0
    likeness = [_likeness(typed, passage) for passage in passages]
    best = max(likeness, default=0.0)
    return likeness.index(best) if best >= ALIKE else 0


@lru_cache(maxsize=8_192)
def _heading_stems(heading: str) -> frozenset[str]:
    return frozenset(stems(heading))


def _likeness(typed: frozenset[str], passage: Passage) -> float:
    """Return the share of all words, typed or of the heading, that are in both."""
    if not passage.heading_path:
        return 0.0
    heading = passage.heading_path[-1]
    if len(typed.intersection(_heading_stems(heading))) < ALIKE * len(typed):
        return 0.0  # most headings: which of their words carry a topic does not matter
    alike = heading_stems(heading)
    return len(typed & alike) / max(1, len(typed | alike))
