"""Balance of benefits and harms in articles on treatments, and figures on risks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding
from ingest.checks.negation import format_examples, unique_words

PERCENT = re.compile(r"\d+(?:\.\d+)?\s?(?:%|per ?cent\b)", re.IGNORECASE)
# Percentages with a reference population: "20% of people", "60% in those who", "1 in 100 (1%)". A
# "25% chance" refers to one person and needs none.
DENOMINATOR = re.compile(
    r"(?:%|per ?cent)\)?\s+(?:\w+\s+){0,2}(?:of|in|among)\s+\w+|"
    r"(?:%|per ?cent)\)?\s+(?:chance|risk|probability|likelihood)\b|"
    r"\b\d+\s+(?:in|out of)\s+(?:every\s+)?\d+",
    re.IGNORECASE,
)
RISK_FIGURE = re.compile(
    r"\b(?:\d+|one|two|three|four|five|(?:fewer|less) than one)\s+(?:\w+\s+){0,2}"
    r"(?:in|out of)\s+(?:every\s+|a\s+)?(?:\d|ten|hundred|thousand)|%|per ?cent|per \d",
    re.IGNORECASE,
)


def check_percentages(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find percentages of a risk or an effect without a reference population."""
    for part in context.text_parts:
        words = [
            found.group()
            for sentence in part.text_outside_tables
            if rule.contains("words", sentence)
            and not rule.contains("not_with", sentence)
            and not DENOMINATOR.search(sentence)
            for found in PERCENT.finditer(sentence)
        ]
        if words:
            yield rule.finding(
                "A percentage has no reference population: "
                f"{format_examples(unique_words(words))}.",
                at=part.location,
                words=unique_words(words),
                suggestion="State the number of people out of 100 or 1,000, with the same "
                "denominator throughout.",
            )


def check_frequency_words(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find words for the frequency of harms if there is no figure; one finding per article."""
    parts = context.parts_of_section("harms")
    if any(RISK_FIGURE.search(part.passage.text) for part in parts):
        return
    words = [
        hit.words
        for part in parts
        for sentence in part.sentences
        for hit in rule.find("words", sentence)
    ]
    if len(words) >= rule.number("least"):
        yield rule.finding(
            f"The frequency of harms is given in words only ({format_examples(unique_words(words))}"
            "), which readers understand very differently.",
            at=parts[0].location,
            words=unique_words(words),
            suggestion='Add figures if they are known, such as "about 1 in 1,000".',
        )


def check_safety_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles on a treatment without a passage on harms."""
    if _treatment_lacks("harms", context, rule):
        yield rule.finding(
            f"The article is about a treatment ({context.article_type.reason}) but has no passage "
            "on its harms.",
            suggestion="Add a section on side effects and risks, including their frequency.",
        )


def check_contraindications_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles on a treatment that do not state its contraindications."""
    if _treatment_lacks("contraindications", context, rule):
        yield rule.finding(
            f"The article is about a treatment ({context.article_type.reason}) but does not say "
            "who should not have it.",
            suggestion="Add a section on who should not have it, or state that this is not known.",
        )


def check_help_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles on a treatment that do not say when to seek help."""
    if _treatment_lacks("help", context, rule):
        yield rule.finding(
            f"The article is about a treatment ({context.article_type.reason}) but does not say "
            "when to seek help.",
            suggestion="Add a separate section on warning signs and whom to call.",
        )


def check_alternatives_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles on a treatment without alternatives or the consequences of no treatment."""
    if _treatment_lacks("alternatives", context, rule):
        yield rule.finding(
            "The article mentions neither other treatments nor the consequences of no treatment.",
            suggestion="Add a section on other options, including no treatment.",
        )


def _treatment_lacks(section: str, context: CheckContext, rule: Rule) -> bool:
    """Return whether an article on a treatment has neither a tag nor a sentence for a section."""
    if not context.article_type.is_treatment or context.parts_of_section(section):
        return False
    return not any(rule.contains("words", text) for _, text in context.sentences())


def check_serious_harms(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles that mention only mild harms, or omit the typical harms of injections."""
    parts = context.parts_of_section("harms")
    if not context.article_type.is_treatment or not parts:
        return
    text = "\n".join(part.passage.text for part in parts)
    mild = unique_words([hit.words for hit in rule.find("mild", text)])
    if mild and not rule.contains("serious", text):
        yield rule.finding(
            f"The passages on safety mention only mild effects: {format_examples(mild)}.",
            at=parts[0].location,
            words=mild,
            suggestion="Add the serious harms, even if they are rare.",
        )
        return
    title = rule.find("injection_titles", context.article.title)
    injections = [hit.words for hit in title]
    named = {hit.phrase for hit in rule.find("injection_harms", text)}
    if injections and len(named) < rule.number("injection_least"):
        yield rule.finding(
            f"The article is about {format_examples(unique_words(injections))}, but its passages "
            "on safety mention hardly any serious harms of injections.",
            at=parts[0].location,
            words=unique_words(injections),
            suggestion="State what is known about infection, bleeding, nerve injury and allergic "
            "reactions and, near the chest or spine, about pneumothorax and spinal headache.",
        )


def check_uncertainty(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find claims of effectiveness without any figure or expression of uncertainty."""
    if not context.article_type.is_treatment:
        return
    claims = [
        (part, hit.words)
        for part, sentence in context.sentences()
        for hit in list(rule.find("claims", sentence))[:1]
    ]
    if len(claims) < rule.number("least_claims"):
        return
    parts = context.parts_of_section("effectiveness") or [part for part, _ in claims]
    texts = [part.passage.text for part in parts]
    if any(rule.contains("words", text) or RISK_FIGURE.search(text) for text in texts):
        return
    words = unique_words([words for _, words in claims])
    yield rule.finding(
        f"{len(claims)} sentences claim that the treatment works ({format_examples(words, 4)}), "
        "but those passages contain neither figures nor uncertainty.",
        at=parts[0].location,
        words=words,
        suggestion="State how many people it helps, how much, and how certain the evidence is.",
    )


def check_evidence_label(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find passages on effectiveness without the level of evidence; one finding per article."""
    doubt = context.rules["uncertainty"]
    if not context.article_type.is_treatment or (
        doubt.enabled and any(check_uncertainty(context, doubt))
    ):
        return  # that finding already asks for the evidence
    found = [
        (part, hit.words)
        for part in context.parts_of_section("effectiveness")
        if not rule.contains("levels", part.passage.text)
        for sentence in part.sentences
        for hit in list(rule.find("claims", sentence))[:1]
    ]
    if found:
        words = unique_words([words for _, words in found])
        yield rule.finding(
            f"The article claims that the treatment works ({format_examples(words, 4)}), but does "
            "not state the certainty of the evidence.",
            at=found[0][0].location,
            words=words,
            suggestion="Add the level of evidence (high, moderate, low or very low certainty, "
            "expert opinion), or the type of study.",
        )


def check_balance(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles with many more sentences on benefits than on harms."""
    if not context.article_type.is_treatment:
        return
    benefits = harms = 0
    for _, sentence in context.sentences():
        harm = rule.contains("harms", sentence)
        harms += harm
        benefits += not harm and rule.contains("benefits", sentence)
    if benefits >= rule.number("least_benefits") and benefits > rule.number("ratio") * harms:
        yield rule.finding(
            f"{benefits} sentences are about benefits and {harms} about harms.",
            words=(f"{benefits}:{harms}",),
            suggestion="Cover harms in the same depth as benefits.",
        )
