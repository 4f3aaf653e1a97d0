"""Detection of negated, hedged and quoted words in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.checks.config import RuleOptions
from ingest.checks.term_matcher import TermMatch
from ingest.language.phrase_matcher import BOUNDARY, tokenize

QUOTATION_PATTERN = re.compile(r"“([^”]*)”|\"([^\"]*)\"|‘([^’]*)’")


def is_negated(hit: TermMatch, text: str, negation: RuleOptions) -> bool:
    """Return whether a word before the match, in the same clause, negates it."""
    return _has_negation(tokenize(text)[: hit.start], negation)


def is_negated_after(text: str, negation: RuleOptions) -> bool:
    """Return whether the last words of `text` negate what follows it in the sentence."""
    return _has_negation(tokenize(text), negation)


def _has_negation(before: Sequence[str], negation: RuleOptions) -> bool:
    reach = int(negation.number("reach"))
    denying, ends = negation.texts("words"), {BOUNDARY, *negation.texts("clause_ends")}
    for word in reversed(before[-reach:]):
        if word in ends:
            return False
        if word in denying:
            return True
    return False


def is_hedged(hit: TermMatch, text: str, negation: RuleOptions) -> bool:
    """Return whether a word shortly before the match qualifies it: "usually cures"."""
    before = " ".join(tokenize(text)[max(0, hit.start - int(negation.number("reach"))) : hit.start])
    return negation.contains("hedges", before)


def is_quoted(hit: TermMatch, text: str, negation: RuleOptions) -> bool:
    """Return whether the match is in a short quotation, which is not the article's own claim."""
    most = negation.number("quoted_words")
    return any(
        hit.words in quotation and len(quotation.split()) <= most
        for found in QUOTATION_PATTERN.finditer(text)
        for quotation in (next(part for part in found.groups() if part is not None),)
    )


def unique_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words without duplicates, ignoring case, in their order."""
    return tuple({word.casefold(): word for word in reversed(words)}.values())[::-1]


def format_examples(words: Sequence[str], most: int = 6) -> str:
    """Return the first `most` words in quotation marks, for use in a message."""
    listed = ", ".join(f'"{word}"' for word in words[:most])
    return f"{listed} and {len(words) - most} more" if len(words) > most else listed
