"""Words that promise too much, and words that a reader stumbles over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.checks.article_type import UNKNOWN
from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding
from ingest.checks.negation import (
    format_examples,
    is_hedged,
    is_negated,
    is_negated_after,
    is_quoted,
    unique_words,
)
from ingest.checks.term_matcher import TermMatch

FORMS_OF_BE = r"(?:am|is|are|was|were|be|been|being|gets?|got)"


def check_promotional_words(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Words of advertising."""
    for part in context.text_parts:
        words = unique_words(
            [
                hit.words
                for sentence in part.sentences
                for hit in rule.find("words", sentence)
                if not is_negated(hit, sentence, context.negation)
                and not (
                    hit.phrase in rule.texts("hedged") and _is_factual(hit, sentence, context, rule)
                )
            ]
        )
        if words:
            yield rule.finding(
                f"The text praises where it should inform: {format_examples(words)}.",
                at=part.location,
                words=words,
                suggestion="Say what is known, for how many people, and how sure it is.",
            )


def _is_factual(hit: TermMatch, sentence: str, context: CheckContext, rule: Rule) -> bool:
    """Whether the sentence says with this word what is known, and praises nothing."""
    return rule.contains("not_with", sentence) or is_hedged(hit, sentence, context.negation)


def check_absolute_claims(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Claims without exception; what is denied or quoted is no claim of the article."""
    for part in context.text_parts:
        words = unique_words(
            [
                word
                for sentence in part.sentences
                for word in _absolute_claims(sentence, context, rule)
            ]
        )
        if words:
            in_safety = context.has_section_tag(part.passage, "safety")
            yield rule.finding(
                f"No treatment keeps a promise without exception: {format_examples(words)}.",
                at=part.location,
                words=words,
                suggestion='Say "most people", "rarely" or give the figure.',
                level=rule.level("safety_level") if in_safety else None,
            )


def _absolute_claims(sentence: str, context: CheckContext, rule: Rule) -> Iterator[str]:
    if rule.contains("not_with", sentence):
        return
    for hit in rule.find("words", sentence):
        has_own_no = hit.phrase in rule.texts("negative_words")
        if is_quoted(hit, sentence, context.negation) or is_hedged(hit, sentence, context.negation):
            continue
        if has_own_no or not is_negated(hit, sentence, context.negation):
            yield hit.words
    for pattern in rule.texts("patterns"):
        for found in re.finditer(pattern, sentence, re.IGNORECASE):
            if not is_negated_after(sentence[: found.start()], context.negation):
                yield found.group()


def check_strong_verbs(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A strong verb in a passage that itself names weak evidence and no other."""
    for part in context.text_parts:
        weak = unique_words(
            [hit.words for sentence in part.sentences for hit in rule.find("weak", sentence)]
        )
        strong = unique_words(
            [
                hit.words
                for sentence in part.sentences
                for hit in rule.find("strong", sentence)
                if not is_negated(hit, sentence, context.negation)
            ]
        )
        if weak and strong:
            yield rule.finding(
                f"{format_examples(strong)} says more than {format_examples(weak)} can carry.",
                at=part.location,
                words=(*strong, *weak),
                suggestion='Write "may" or "the evidence is uncertain", and say what was studied.',
            )


def check_long_sentences(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Too large a share of long sentences in the whole article."""
    sentences = [sentence for part in context.text_parts for sentence in part.prose]
    most = int(rule.number("words_in_sentence"))
    long = [sentence for sentence in sentences if len(sentence.split()) > most]
    if not sentences or len(long) <= rule.number("share") * len(sentences):
        return
    longest = max(long, key=lambda sentence: len(sentence.split()))
    yield rule.finding(
        f"{len(long)} of {len(sentences)} sentences have more than {most} words; the longest "
        f"has {len(longest.split())}.",
        words=(longest,),
        suggestion="Make two sentences of one.",
    )


def check_passive_voice(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Too large a share of sentences in the passive voice, in texts for patients."""
    if context.audience not in rule.texts("audiences"):
        return
    irregular = "|".join(rule.texts("participles"))
    pattern = re.compile(
        rf"\b{FORMS_OF_BE}\s+(?:\w+ly\s+|not\s+)?(\w{{3,}}ed|{irregular})\b", re.IGNORECASE
    )
    adjectives = set(rule.texts("adjectives"))
    sentences = [sentence for part in context.text_parts for sentence in part.prose]
    found = [
        match.group()
        for sentence in sentences
        for match in [pattern.search(sentence)]
        if match and match.group(1).lower() not in adjectives
    ]
    if len(sentences) < rule.number("sentences") or len(found) <= rule.number("share") * len(
        sentences
    ):
        return
    yield rule.finding(
        f"{len(found)} of {len(sentences)} sentences are in the passive voice, such as "
        f"{format_examples(unique_words(found), 3)}.",
        words=unique_words(found),
        suggestion="Say who does it: the nurse checks your wound.",
    )


def check_jargon(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Words for which there are plainer ones, in texts for patients; one finding for all."""
    if context.audience not in rule.texts("audiences"):
        return
    swaps = rule.pairs("swaps")
    found = [
        (part, hit)
        for part, sentence in context.sentences()
        for hit in rule.find("swaps", sentence)
    ]
    if found:
        words = unique_words([hit.words for _, hit in found])
        yield rule.finding(
            f"There are plainer words for {format_examples(words)}.",
            at=found[0][0].location,
            words=words,
            suggestion=_format_swaps([(hit.words, swaps[hit.phrase]) for _, hit in found]),
        )


def _format_swaps(pairs: Sequence[tuple[str, str]]) -> str:
    by_word = {word.casefold(): plain for word, plain in pairs}
    return "; ".join(f"{word}: {plain}" for word, plain in by_word.items()) + "."


# Two capitals at least, the rest capitals, digits or small letters: COPD, eGFR, HbA1c, NSAIDs.
ACRONYM = re.compile(
    r"(?<![\w&/.@-])[a-z]?[A-Z][A-Za-z0-9]{0,6}[A-Z][A-Z0-9]{0,5}(?:-\d|s)?(?![\w@&])"
)
MIN_ACRONYM_LENGTH, MAX_ACRONYM_LENGTH = (
    2,
    7,
)  # one letter is a vitamin, more are a brand or a shout
MAX_CAPITALS_SHARE = (
    0.5  # a line with more than this share in capitals is a heading in all but markup
)
EXPLANATION_PATTERN = "|".join(
    (
        r"\({0}\b",  # chronic kidney disease (CKD)
        r"\b{0},? (?:\(|or |short for |stands for |meaning |means |which stands for )",
        r"(?:\bor|,|called|known as|abbreviated(?: to)?) {0}\b(?:,| for short|\)|$)",
        r"[a-z]{{4,}}, or {0}\b",
        r"\b{0}(?:,? (?:and|or) \w+)? (?:genes?|proteins?|mutations?)\b",  # a name
    )
)


def check_undefined_acronyms(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Acronyms without a long form anywhere in the article; one finding for all of them."""
    if context.audience not in rule.texts("audiences"):
        return
    known = {word.casefold() for word in rule.texts("known")}
    names = " ; ".join((context.article.title, *context.article.metadata.also_called))
    first: dict[str, int] = {}
    text = "\n".join(sentence for _, sentence in context.sentences())
    for part in context.text_parts:
        for sentence in part.sentences:
            for acronym in _find_acronyms(sentence):
                first.setdefault(acronym.removesuffix("s"), part.number)
    undefined = [
        acronym
        for acronym in first
        if acronym.casefold() not in known and not _is_explained(acronym, text, names)
    ]
    if len(undefined) > rule.number("most"):
        yield rule.finding(
            f"The article never says what these stand for: {', '.join(undefined)}.",
            at=context.parts[first[undefined[0]]].location,
            words=tuple(undefined),
            suggestion="Write the long form with the short one in brackets, or use the long form.",
            level=rule.level("unknown_level") if context.audience == UNKNOWN else None,
        )


def _find_acronyms(sentence: str) -> Iterator[str]:
    words = sentence.split()
    capitals = sum(word.isupper() and len(word) > 1 for word in words)
    if len(words) > 1 and capitals > MAX_CAPITALS_SHARE * len(words):
        return
    for found in ACRONYM.finditer(sentence):
        # With a digit it is the name of a gene, a protein or a score, which stands for itself.
        named = any(character.isdigit() for character in found.group())
        if MIN_ACRONYM_LENGTH <= len(found.group()) <= MAX_ACRONYM_LENGTH and not named:
            yield found.group()


def _is_explained(acronym: str, text: str, names: str) -> bool:
    plain = re.escape(acronym) + "s?"
    if re.search(rf"\b{plain}\b", names):
        return True
    if re.search(EXPLANATION_PATTERN.format(plain), text):
        return True
    return _has_long_form(acronym, text)


def _has_long_form(acronym: str, text: str) -> bool:
    """Whether words with these initials stand in the text: no brackets are needed then."""
    letters = [re.escape(letter) for letter in acronym if letter.isalpha()]
    if len(letters) < len("AB") + 1:  # two letters begin any two words
        return False
    pattern = r"\b" + r"[\w’']*[\s-]+(?:of |the |and |in |for )?".join(letters) + r"[\w’']{2,}"
    return re.search(pattern, text, re.IGNORECASE) is not None
