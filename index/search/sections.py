"""Section choice: which passages of an article answer what the query asks.

A passage answers an intent by the code of its section, by its heading or by its tags, in this order
of reliability. The weights were chosen on one half of the queries of `bench.intents`, see
docs/relevance.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from index.analyzer import fold, is_stopword, split_words, stem_text
from index.query.intents import Intent
from index.query.interpretation import Interpretation
from kb.model.passage import Evidence, Passage

LOINC = "loinc:"
CODE, HEADING, TAG, WEAK_TAG, WORDS = 4.0, 3.0, 1.5, 0.5, 0.5
MIN_HEADING_SHARE = 0.5  # of the words of a heading, to name the section on a card
ANCESTOR_SHARE = 0.7  # of a code or heading of an enclosing section
AGREEMENT = 0.6  # of code and heading; more than WORDS
ORGANS = "34084-4"  # code of adverse reactions by organ; "Renal" there does not mean impairment
SUBJECT_WORDS = 4.0  # in articles that the words of the subject do not name
MENTION = 0.75  # of a phrase in the text only
POPULATION = 1.6  # more specific than what is asked about it: "is it safe in pregnancy"
RELIABLE = (Evidence.EDITOR, Evidence.CODE, Evidence.HEADING)


def score_passage(
    passage: Passage, asked: Sequence[Intent], stems: frozenset[str], weight: float = WORDS
) -> float:
    """Return how well a passage answers the intents; 0 if it answers none of them.

    `weight` is added for a passage with all of the `stems`, and a share of it for some of them.
    """
    found = sum(intent_score(passage, intent) for intent in asked)
    return found + weight * _share_of_words(passage, stems) if found else 0.0


@lru_cache(maxsize=16_384)  # passages of frequent subjects are scored in many searches
def intent_score(passage: Passage, intent: Intent) -> float:
    """Return how well a passage answers one intent, 0 if it does not."""
    by_code, by_heading = _code_score(passage, intent), _heading_score(passage, intent)
    if intent.population and ORGANS in map(_bare, passage.codes):
        by_heading = 0.0
    score = max(by_code, by_heading)
    if by_code and by_heading >= HEADING:  # of the section itself
        score += AGREEMENT
    if not score and _mentions(passage, intent):
        score = MENTION
    counted = (*intent.tags, *intent.related_tags) if score else intent.tags
    tags = [tag for tag in passage.tags if tag.tag in counted]
    if tags:
        score += TAG if any(tag.evidence in RELIABLE for tag in tags) else WEAK_TAG
    return score * (POPULATION if intent.population else 1)


def is_identified(passage: Passage, intent: Intent) -> bool:
    """Return whether the code or a heading of a passage identifies it as answering an intent."""
    return bool(_code_score(passage, intent) or _heading_score(passage, intent))


def section_score(passage: Passage, intent: Intent) -> float:
    """Return how surely the section of a passage is about an intent: by code, heading or tag."""
    if _section_keys(passage).isdisjoint(_intent_keys(intent)):
        return 0.0  # fast path for most sections
    score = _code_score(passage, intent)
    share = _heading_share(passage.heading, intent)
    if share >= MIN_HEADING_SHARE:
        score = max(score, HEADING + share)
    return score or (TAG if _reliable_tags(passage, intent) else 0.0)


@lru_cache(maxsize=8_192)
def _section_keys(passage: Passage) -> frozenset[str]:
    """Return what may identify the section of a passage: codes, tags and words of its heading."""
    codes = map(_bare, passage.codes)
    return frozenset((*codes, *(tag.tag for tag in passage.tags), *stem_phrase(passage.heading)))


@lru_cache(maxsize=512)
def _intent_keys(intent: Intent) -> frozenset[str]:
    """Return what sections about an intent have: a code, a tag or the first word of a phrase."""
    first = (stems[0] for stems in _phrase_forms(intent) if stems)
    return frozenset((*intent.loinc, *intent.tags, *first))


def section_tag(passage: Passage, intent: Intent) -> str:
    """Return the tag that makes a section one about an intent; empty if a heading or code does."""
    tags = _reliable_tags(passage, intent)
    return tags[0] if tags and section_score(passage, intent) == TAG else ""


def _reliable_tags(passage: Passage, intent: Intent) -> list[str]:
    tags = (tag for tag in passage.tags if tag.evidence in RELIABLE)
    return [tag.tag for tag in tags if tag.tag in intent.tags]


def answered_intents(
    passages: Sequence[Passage], asked: Sequence[Intent], best: float
) -> frozenset[str]:
    """Return the keys of the intents that a passage answers; `best` is the highest score."""
    if not best:
        return frozenset()
    if len(asked) == 1:  # the usual case: no need to score the passages again
        return frozenset({asked[0].key})
    return frozenset(
        intent.key for intent in asked if any(intent_score(each, intent) for each in passages)
    )


def order_passages(
    passages: Sequence[Passage], query: Interpretation, stems: frozenset[str], weight: float = WORDS
) -> list[tuple[float, Passage]]:
    """Return the passages with their scores, those that answer the query first."""
    scored = [(score_passage(passage, query.asked, stems, weight), passage) for passage in passages]
    return sorted(scored, key=lambda entry: -entry[0])


def _code_score(passage: Passage, intent: Intent) -> float:
    for depth, code in enumerate(passage.codes):
        if _bare(code) in intent.loinc:
            return CODE * (1.0 if depth == 0 else ANCESTOR_SHARE)
    return 0.0


def _bare(code: str) -> str:
    return code.removeprefix(LOINC)


def _heading_score(passage: Passage, intent: Intent) -> float:
    for depth, heading in enumerate(reversed(passage.heading_path)):
        share = _heading_share(heading, intent)
        if share:
            return (HEADING + share) * (1.0 if depth == 0 else ANCESTOR_SHARE)
    return 0.0


@lru_cache(maxsize=32_768)
def _heading_share(heading: str, intent: Intent) -> float:
    """Return the share of the heading's words that the longest phrase of the intent is, else 0.

    Stop words beside the phrase do not count. Phrases of one word must have the same form: a
    heading with "used" names no uses.
    """
    words, stems = split_words(heading), stem_phrase(heading)
    phrases = _phrase_forms(intent)
    longest = max(map(len, phrases), default=0)
    for size in range(min(len(words), longest), 0, -1):
        for at in range(len(words) - size + 1):
            forms = phrases.get(stems[at : at + size], ())
            if forms and (size > 1 or not forms.isdisjoint(map(fold, words))):
                beside = (*words[:at], *words[at + size :])
                return size / (size + sum(not is_stopword(word) for word in beside))
    return 0.0


@lru_cache(maxsize=512)
def _phrase_forms(intent: Intent) -> dict[tuple[str, ...], frozenset[str]]:
    """Return the folded forms of the phrases of an intent by their stems."""
    forms: dict[tuple[str, ...], frozenset[str]] = {}
    for phrase in intent.heading_phrases():
        stems = stem_phrase(phrase)
        forms[stems] = forms.get(stems, frozenset()) | {fold(phrase)}
    return forms


def _mentions(passage: Passage, intent: Intent) -> bool:
    """Return whether a text has a phrase, of one word in the same form: not "dose dependent"."""
    words = f" {' '.join(text_stems(passage))} "
    phrases = [form for phrase, form in _heading_phrases(intent) if phrase in words]
    if not phrases or "" in phrases:
        return bool(phrases)
    return not frozenset(map(fold, split_words(passage.text))).isdisjoint(phrases)


def _share_of_words(passage: Passage, stems: frozenset[str]) -> float:
    if not stems:
        return 0.0
    words = {*text_stems(passage), *stem_phrase(" ".join(passage.heading_path))}
    return len(stems & words) / len(stems)


@lru_cache(maxsize=8_192)  # articles share headings
def stem_phrase(text: str) -> tuple[str, ...]:
    """Return the stems of a heading, title or phrase."""
    return tuple(stem_text(text))


@lru_cache(maxsize=8_192)  # passages of frequent subjects are scored in many searches
def text_stems(passage: Passage) -> tuple[str, ...]:
    """Return the stems of the text of a passage."""
    return tuple(stem_text(passage.text))


@lru_cache(maxsize=512)
def _heading_phrases(intent: Intent) -> tuple[tuple[str, str], ...]:
    """Return the stems of each phrase of an intent, between spaces, and the form of one word."""
    found: dict[tuple[str, str], None] = {}
    for phrase in intent.heading_phrases():
        words = split_words(phrase)
        form = fold(words[0]) if len(words) == 1 else ""
        found[f" {' '.join(stem_text(phrase))} ", form] = None
    return tuple(found)
