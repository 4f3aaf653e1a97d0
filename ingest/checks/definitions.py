"""Conflicting definitions, within an article and between articles.

There are three kinds, in order of decreasing certainty:

- **Long forms.** "X, short for Y", "X stands for Z", and "also known as Y" if Y looks like the long
  form of X: a name has one long form.
- **Denials.** Two sentences with the same words, one of them with "not".
- **Meanings.** "X means Y" and "X refers to Z" with few words in common. These may be two
  meanings or two wordings of one, so the finding is a warning.

"X is Y" is not evaluated, because an article makes many true statements about X in this form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from ingest.checks.config import Rule, RuleOptions
from ingest.checks.context import CheckContext, CheckPassage
from ingest.checks.contradictions import (
    Statement,
    content_words,
    describe_location,
    filter_content_words,
    find_conflicts,
    normalize_term,
)
from ingest.checks.finding import Finding
from ingest.language.phrase_matcher import tokenize
from kb.model.excerpt import shorten

BEFORE = re.compile(r"[,;:(—–]\s*")
AFTER = re.compile(
    r"[,;:.()—–]|\s(?:is|are|was|were|has|have|which|that|and|involves?|uses?|can)\b"
)
LINKS = re.compile(r"[\s,(]*(?:\b(?:which is|is|are|or|which)\s*)?$")
MEANING = re.compile(r"^(?P<term>[^,;:()]{2,60}?) (?:means|refers? to|is defined as) (?P<what>.+)$")
BRACKETED = re.compile(r"\((?P<short>[A-Z]{2,6})s?\)")
WORDS_BEFORE = re.compile(r"(?:[\w’']+[ -]+)+$")
AUXILIARY = frozenset({"do", "does", "did", "be"})
# Sentences that start with these refer to the previous one, so they are not compared across
# articles.
SUBJECT_BEFORE = frozenset({"it", "they", "this", "these", "those", "he", "she", "has", "have"})
SHARED_PREFIX_LENGTH = 3  # letters that a long form shares with its short form: pro-lotherapy
MAX_LOOK_BACK = 120  # characters before the brackets: eight long words
MIN_TERM_LENGTH = 6  # letters of such a short form
MAX_SHOWN_LENGTH = 120  # characters of a sentence in a message; `words` contains all of it
MIN_WORDS = 3  # content words in a sentence with a denial; fewer match by chance

Words = frozenset[str]


def extract_definitions(
    part: CheckPassage, rule: Rule, origin: str = ""
) -> Iterator[Statement[str]]:
    """Yield the long forms and meanings that a passage states."""
    for sentence in part.sentences:
        for term, long in _long_forms(sentence, rule):
            yield Statement(f"long:{term}", long, sentence, part.location, origin)
        found = MEANING.match(sentence)
        term = normalize_term(found["term"], rule.texts("generic_nouns")) if found else ""
        if found and term:
            yield Statement(f"meaning:{term}", found["what"], sentence, part.location, origin)


def extract_acronyms(part: CheckPassage) -> Iterator[Statement[str]]:
    """Yield acronyms in brackets with their long forms; only for use within one article."""
    for sentence in part.sentences:
        for found in BRACKETED.finditer(sentence):
            near = sentence[max(0, found.start() - MAX_LOOK_BACK) : found.start()]
            before = WORDS_BEFORE.search(near)
            words = re.findall(r"[\w’']+", before.group() if before else "")[-len(found["short"]) :]
            if "".join(word[:1] for word in words).upper() == found["short"]:
                key = f"acronym:{found['short']}"
                yield Statement(key, " ".join(words), sentence, part.location)


def extract_denials(
    part: CheckPassage, negation: RuleOptions, origin: str = ""
) -> Iterator[Statement[bool]]:
    """Yield each sentence with enough content words, and whether it is negated.

    The key of a statement consists of the content words.
    """
    denying = frozenset(negation.texts("words"))
    left_out = denying | AUXILIARY
    for sentence in part.prose:  # list items are often conditions rather than statements
        # A sentence without a full stop is a question or a heading.
        if not sentence.endswith(".") or negation.contains("no_denial", sentence):
            continue
        words = tokenize(sentence)
        if origin and words[:1] and words[0] in SUBJECT_BEFORE:
            continue
        content = filter_content_words(set(words) - left_out)
        if len(content) >= MIN_WORDS:
            key = "said:" + " ".join(sorted(content))
            yield Statement(key, not denying.isdisjoint(words), sentence, part.location, origin)


def check_contradictory_definitions(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find conflicting long forms, denials and meanings."""
    parts = context.text_parts
    stated = [s for part in parts for s in extract_definitions(part, rule)]
    stated += [
        s for part, title in _related_parts(context) for s in extract_definitions(part, rule, title)
    ]
    acronyms = [s for part in parts for s in extract_acronyms(part)]
    long_forms = [s for s in stated if s.key.startswith("long:")]
    for one, other in find_conflicts([*long_forms, *acronyms], _long_forms_differ):
        term = one.key.partition(":")[2]
        yield rule.finding(
            f'"{term}" is given as "{one.value}", but {describe_location(other)} '
            f'as "{other.value}".',
            at=one.location,
            words=(one.value, other.value),
            suggestion="Use one long form everywhere: the one in the sources.",
        )
    yield from _check_denials(context, rule)
    meanings = [s for s in stated if s.key.startswith("meaning:")]
    least = rule.number("overlap")
    for one, other in find_conflicts(meanings, lambda a, b: _overlap(a, b) < least):
        yield rule.finding(
            f'"{one.key.partition(":")[2]}" is defined in different words '
            f"{describe_location(other)}. Do both mean the same?",
            at=one.location,
            words=(one.sentence, other.sentence),
            suggestion="If they mean the same, use one wording. If not, use two names.",
            level=rule.level("overlap_level"),
        )


def _check_denials(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    negation = context.negation
    statements = [s for part in context.text_parts for s in extract_denials(part, negation)]
    statements += [
        s for part, title in _related_parts(context) for s in extract_denials(part, negation, title)
    ]
    for one, other in find_conflicts(statements, lambda a, b: a != b):
        yield rule.finding(
            f'"{shorten(one.sentence, MAX_SHOWN_LENGTH)}" is contradicted '
            f"{describe_location(other)}: "
            f'"{shorten(other.sentence, MAX_SHOWN_LENGTH)}"',
            at=one.location,
            words=(one.sentence, other.sentence),
            suggestion="Keep the correct one, or state in both to whom or when it applies.",
            level=rule.level("denial_level"),
        )


def _related_parts(context: CheckContext) -> Iterable[tuple[CheckPassage, str]]:
    return [
        (CheckPassage(neighbour.passage, number, is_reference_list=False), neighbour.title)
        for number, neighbour in enumerate(context.related.related_passages)
    ]


def _long_forms(sentence: str, rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield the (term, long form) pairs in a sentence."""
    long_forms, names = rule.texts("long_forms"), rule.texts("other_names")
    lower = sentence.lower()
    if not any(marker in lower for marker in _lower_markers(long_forms, names)):
        return  # most sentences; the pattern takes ten times as long
    for found in _marker_pattern(long_forms, names).finditer(sentence):
        before = LINKS.sub("", sentence[: found.start()])
        written = BEFORE.split(before)[-1]
        term = normalize_term(written, rule.texts("generic_nouns"))
        long = AFTER.split(sentence[found.end() :])[0].strip(" \"“”'‘’")
        if written.isupper() and not _shares_initial(written, long):
            continue  # "GRACILE stands for its features"
        if term and long and (not found["name"] or _resembles(term, long)):
            yield term, long


def _shares_initial(short: str, long: str) -> bool:
    return any(word[0] == short[0].lower() for word in tokenize(long))


@cache
def _lower_markers(long_forms: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(marker.lower() for marker in (*long_forms, *names))


@cache
def _marker_pattern(long_forms: tuple[str, ...], names: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern for words before a long form; group `name` matches those before a name."""
    long, name = ("|".join(map(re.escape, words)) or "(?!)" for words in (long_forms, names))
    return re.compile(rf"\b(?:(?:{long})|(?P<name>{name}))\s+", re.IGNORECASE)


def _resembles(term: str, name: str) -> bool:
    """Return whether a name looks like a long form of the term.

    For example, "proliferative therapy" looks like a long form of "prolotherapy".
    """
    words = tokenize(name)
    if len(words) < SHARED_PREFIX_LENGTH - 1 or " " in term or len(term) < MIN_TERM_LENGTH:
        return False
    return words[0][:SHARED_PREFIX_LENGTH] == term[:SHARED_PREFIX_LENGTH] and term.endswith(
        words[-1]
    )


def _long_forms_differ(one: str, other: str) -> bool:
    a, b = content_words(one), content_words(other)
    return not (a <= b or b <= a)


def _overlap(one: str, other: str) -> float:
    a, b = content_words(one), content_words(other)
    return len(a & b) / len(a | b) if a | b else 1.0
