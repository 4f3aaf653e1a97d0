"""Whether an article about a treatment tells both sides: harms, limits, doubts and other ways."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding
from ingest.checks.negation import format_examples, unique_words

PERCENT = re.compile(r"\d+(?:\.\d+)?\s?(?:%|per ?cent\b)", re.IGNORECASE)
# "20% of people", "60% in those who", "1 in 100 (1%)": the whole is told beside it; and "a 25%
# chance" is one person's.
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
    """A per cent of a risk or an effect, without the whole it is of."""
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
                f"A reader cannot tell of how many people this is: {format_examples(unique_words(words))}.",
                at=part.location,
                words=unique_words(words),
                suggestion="Write it as people out of 100 or 1,000, always with the same whole.",
            )


def check_frequency_words(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Words for how often a harm happens, and not one figure; one finding for the article."""
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
            f"How often harms happen is said in words only ({format_examples(unique_words(words))}), which "
            "people take to mean very different numbers.",
            at=parts[0].location,
            words=unique_words(words),
            suggestion='Add figures where they are known: "about 1 in 1,000".',
        )


def check_safety_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """No passage on harms at all."""
    if _treatment_lacks("harms", context, rule):
        yield rule.finding(
            f"The article is about a treatment ({context.article_type.reason}) and has no passage on "
            "its harms.",
            suggestion="Add a section on side effects and risks, with how often they happen.",
        )


def check_contraindications_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Nothing on who should not have the treatment."""
    if _treatment_lacks("contraindications", context, rule):
        yield rule.finding(
            f"The article is about a treatment ({context.article_type.reason}) and does not say who "
            "should not have it.",
            suggestion="Add a section on who should not have it, or state that this is not known.",
        )


def check_help_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Nothing on when to ask for help."""
    if _treatment_lacks("help", context, rule):
        yield rule.finding(
            f"The article is about a treatment ({context.article_type.reason}) and does not say when "
            "to seek help.",
            suggestion="Add a section on warning signs and whom to call, apart from the rest.",
        )


def check_alternatives_missing(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Neither other ways of treatment nor what happens without any."""
    if _treatment_lacks("alternatives", context, rule):
        yield rule.finding(
            "The article names no other treatment, and does not say what happens without any.",
            suggestion="Add a section on the other options, with no treatment as one of them.",
        )


def _treatment_lacks(section: str, context: CheckContext, rule: Rule) -> bool:
    """Whether it is about a treatment, and neither a tag nor a sentence is of that section."""
    if not context.article_type.is_treatment or context.parts_of_section(section):
        return False
    return not any(rule.contains("words", text) for _, text in context.sentences())


def check_serious_harms(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Passages on harms that name mild ones only, or an injection without the harms of one."""
    parts = context.parts_of_section("harms")
    if not context.article_type.is_treatment or not parts:
        return
    text = "\n".join(part.passage.text for part in parts)
    mild = unique_words([hit.words for hit in rule.find("mild", text)])
    if mild and not rule.contains("serious", text):
        yield rule.finding(
            f"The passages on safety name mild effects only: {format_examples(mild)}.",
            at=parts[0].location,
            words=mild,
            suggestion="Name the serious harms, too, however rare they are.",
        )
        return
    title = rule.find("injection_titles", context.article.title)
    injections = [hit.words for hit in title]
    named = {hit.phrase for hit in rule.find("injection_harms", text)}
    if injections and len(named) < rule.number("injection_least"):
        yield rule.finding(
            f"The article is about {format_examples(unique_words(injections))}, and its passages on safety "
            "name hardly any of the serious harms of an injection.",
            at=parts[0].location,
            words=unique_words(injections),
            suggestion="Say what is known of infection, bleeding, nerve injury, allergic reaction "
            "and, near the chest or the spine, of pneumothorax and spinal headache.",
        )


def check_uncertainty(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """It works, says the article, and never how sure that is."""
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
        f"{len(claims)} sentences say that the treatment works ({format_examples(words, 4)}), and where it "
        "says so the article gives neither figures nor doubts.",
        at=parts[0].location,
        words=words,
        suggestion="Say how many people it helps, how much, and how certain the evidence is.",
    )


def check_evidence_label(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Passages on how well it works that do not say on what evidence; one for the article."""
    doubt = context.rules["uncertainty"]
    if not context.article_type.is_treatment or (
        doubt.enabled and any(check_uncertainty(context, doubt))
    ):
        return  # that finding asks for as much
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
            f"It is said that the treatment works ({format_examples(words, 4)}), and not how certain the "
            "evidence for that is.",
            at=found[0][0].location,
            words=words,
            suggestion="Add the level (high, moderate, low or very low certainty, expert opinion), "
            "or what was studied.",
        )


def check_balance(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Many sentences on benefit for one on harm."""
    if not context.article_type.is_treatment:
        return
    benefits = harms = 0
    for _, sentence in context.sentences():
        harm = rule.contains("harms", sentence)
        harms += harm
        benefits += not harm and rule.contains("benefits", sentence)
    if benefits >= rule.number("least_benefits") and benefits > rule.number("ratio") * harms:
        yield rule.finding(
            f"{benefits} sentences speak of benefit and {harms} of harm.",
            words=(f"{benefits}:{harms}",),
            suggestion="Give harms the room that benefits have.",
        )
