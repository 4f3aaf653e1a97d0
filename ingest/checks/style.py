"""Style: promotional or absolute claims, long or passive sentences, jargon and acronyms."""

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
    """Find promotional words."""
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
                f"The text uses promotional language: {format_examples(words)}.",
                at=part.location,
                words=words,
                suggestion="State what is known, for how many people, and how certain it is.",
            )


def _is_factual(hit: TermMatch, sentence: str, context: CheckContext, rule: Rule) -> bool:
    """Return whether the sentence uses the word for a known fact or a hope, not for praise."""
    return rule.contains("not_with", sentence) or is_hedged(hit, sentence, context.negation)


def check_absolute_claims(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find claims without exception, unless they are negated or quoted."""
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in rule.texts("patterns")]
    for part in context.text_parts:
        words = unique_words(
            [
                word
                for sentence in part.sentences
                for word in _absolute_claims(sentence, context, rule, patterns)
            ]
        )
        if words:
            in_safety = context.has_section_tag(part.passage, "safety")
            yield rule.finding(
                f"The text makes an absolute claim: {format_examples(words)}.",
                at=part.location,
                words=words,
                suggestion='Write "most people" or "rarely", or state the figure.',
                level=rule.level("safety_level") if in_safety else None,
            )


def _absolute_claims(
    sentence: str, context: CheckContext, rule: Rule, patterns: Sequence[re.Pattern[str]]
) -> Iterator[str]:
    if rule.contains("not_with", sentence):
        return
    for hit in rule.find("words", sentence):
        has_own_no = hit.phrase in rule.texts("negative_words")
        if is_quoted(hit, sentence, context.negation) or is_hedged(hit, sentence, context.negation):
            continue
        if has_own_no or not is_negated(hit, sentence, context.negation):
            yield hit.words
    for pattern in patterns:
        for found in pattern.finditer(sentence):
            if not is_negated_after(sentence[: found.start()], context.negation):
                yield found.group()


def check_strong_verbs(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find passages that use a strong verb and mention only weak evidence."""
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
                f"The wording {format_examples(strong)} is too strong for the evidence mentioned: "
                f"{format_examples(weak)}.",
                at=part.location,
                words=(*strong, *weak),
                suggestion='Write "may" or "the evidence is uncertain", and name the studies.',
            )


def check_long_sentences(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles with too many long sentences; one finding per article."""
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
        suggestion="Split long sentences.",
    )


def check_passive_voice(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find texts for patients with too many passive sentences."""
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
        suggestion='Name the person who acts: "The nurse checks your wound".',
    )


def check_jargon(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find words with plainer alternatives in texts for patients; one finding per article."""
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


# At least two capitals, with digits and lower-case letters: COPD, eGFR, HbA1c, NSAIDs.
ACRONYM = re.compile(
    r"(?<![\w&/.@-])[a-z]?[A-Z][A-Za-z0-9]{0,6}[A-Z][A-Z0-9]{0,5}(?:-\d|s)?(?![\w@&])"
)
MIN_ACRONYM_LENGTH, MAX_ACRONYM_LENGTH = 2, 7  # longer ones are brands or emphasis
MAX_CAPITALS_SHARE = 0.5  # a line with a larger share of capitalised words is an unmarked heading
# An acronym is explained by the text before it, after it, or both. The BEFORE patterns match at the
# end of the text before it, the others at its end.
BEFORE_ACRONYM = re.compile(r"(?:\(|[a-z]{4}, or )\Z")  # chronic kidney disease (CKD)
BEFORE_NAME = re.compile(r"(?:\bor|,|called|known as|abbreviated(?: to)?) \Z")
MAX_LOOK_BACK = 20  # characters, more than these patterns match
WORD_START, ACRONYM_END = re.compile(r"\b"), re.compile(r"s?\b")
AFTER_NAME = re.compile(r"s?(?:,| for short|\)|\Z)")
AFTER_ACRONYM = re.compile(
    r"s?(?:,? (?:\(|or |short for |stands for |meaning |means |which stands for )"
    r"|(?:,? (?:and|or) \w+)? (?:genes?|proteins?|mutations?)\b)"  # name of a gene
)


def check_undefined_acronyms(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find acronyms without a long form anywhere in the article; one finding per article."""
    if context.audience not in rule.texts("audiences"):
        return
    known = {word.casefold() for word in rule.texts("known")}
    metadata = context.article.metadata
    names = set(re.findall(r"\w+", " ; ".join((context.article.title, *metadata.also_called))))
    first: dict[str, int] = {}
    text = "\n".join(sentence for _, sentence in context.sentences())
    lower_text = text.lower()
    for part in context.text_parts:
        for sentence in part.sentences:
            for acronym in _find_acronyms(sentence):
                first.setdefault(acronym.removesuffix("s"), part.number)
    undefined = [
        acronym
        for acronym in first
        if acronym.casefold() not in known
        and names.isdisjoint((acronym, acronym + "s"))
        and not _is_explained(acronym, text)
        and not _has_long_form(acronym, lower_text)
    ]
    if len(undefined) > rule.number("most"):
        yield rule.finding(
            f"The article does not define these acronyms: {', '.join(undefined)}.",
            at=context.parts[first[undefined[0]]].location,
            words=tuple(undefined),
            suggestion="Add the acronym in brackets after its long form, or use the long form.",
            level=rule.level("unknown_level") if context.audience == UNKNOWN else None,
        )


def _find_acronyms(sentence: str) -> Iterator[str]:
    acronyms = ACRONYM.findall(sentence)
    if not acronyms:
        return
    words = sentence.split()
    capitals = sum(word.isupper() and len(word) > 1 for word in words)
    if len(words) > 1 and capitals > MAX_CAPITALS_SHARE * len(words):
        return
    for acronym in acronyms:
        # With a digit it is the name of a gene, protein or score, which needs no long form.
        named = any(character.isdigit() for character in acronym)
        if MIN_ACRONYM_LENGTH <= len(acronym) <= MAX_ACRONYM_LENGTH and not named:
            yield acronym


def _is_explained(acronym: str, text: str) -> bool:
    """Return whether the text next to an occurrence of the acronym explains it."""
    start = text.find(acronym)
    while start >= 0:
        end = start + len(acronym)
        before = text[max(0, start - MAX_LOOK_BACK) : start]
        if BEFORE_ACRONYM.search(before) and ACRONYM_END.match(text, end):
            return True
        if BEFORE_NAME.search(before) and AFTER_NAME.match(text, end):
            return True
        if WORD_START.match(text, start) and AFTER_ACRONYM.match(text, end):
            return True
        start = text.find(acronym, start + 1)
    return False


def _has_long_form(acronym: str, lower_text: str) -> bool:
    """Return whether the text contains consecutive words with these initials."""
    first, *others = list(acronym.lower())
    if len(others) < len("BC"):  # two initials match by chance
        return False
    # The first letter comes before the test for the start of a word, because `re` finds a literal
    # prefix fastest.
    letters = (rf"{first}(?<!\w{first})", *others)
    pattern = r"[\w’']*[\s-]+(?:of |the |and |in |for )?".join(letters) + r"[\w’']{2,}"
    return re.search(pattern, lower_text) is not None
