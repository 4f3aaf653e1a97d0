"""Where an article comes from and who answers for it: dates, owner, licence, sources, interests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import WHOLE_ARTICLE, Finding
from ingest.checks.negation import format_examples, unique_words

YEAR = re.compile(
    r"(?<![\d/.-])(?:19[5-9]\d|20\d\d)(?![\d/-])"
)  # no part of a number or an address


def check_review_dates(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Missing, past, or too far apart."""
    reviewed, due = context.article.metadata.reviewed, context.article.metadata.review_due
    if reviewed is None and due is None:
        yield rule.finding(
            "The article says neither when it was last reviewed nor when it must be again.",
            suggestion="Have the whole article reviewed, then add both dates (last reviewed: "
            f"YYYY-MM-DD; next review due: YYYY-MM-DD), at most {rule.number('years'):g} years "
            "apart.",
        )
        return
    if reviewed is None:
        yield rule.finding(
            "The article does not say when it was last reviewed.",
            suggestion="Add the date of the last full review (last reviewed: YYYY-MM-DD).",
        )
    elif reviewed > context.today:
        yield rule.finding(
            f"The last review is dated {reviewed}, which is still to come.",
            words=(str(reviewed),),
            suggestion="Correct the date.",
        )
    if due is None:
        yield rule.finding(
            "The article does not say when it must be reviewed again.",
            suggestion=f"Add a date within {rule.number('years'):g} years of the last review "
            "(next review due: YYYY-MM-DD).",
        )
        return
    if due < context.today:
        yield rule.finding(
            f"The review was due on {due}.",
            words=(str(due),),
            suggestion="Have the whole article reviewed, then set both dates.",
        )
    if reviewed and _interval_too_long(reviewed, due, rule):
        yield rule.finding(
            f"The next review ({due}) is more than {rule.number('years'):g} years after the last "
            f"({reviewed}).",
            words=(str(reviewed), str(due)),
            suggestion="Set an earlier date for the next review.",
        )


def _interval_too_long(reviewed: date, due: date, rule: Rule) -> bool:
    days = (due - reviewed).days - rule.number("slack_days")
    return days > rule.number("years") * 365.25


def check_owner(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Nobody answers for the article."""
    if not context.article.metadata.owner:
        yield rule.finding(
            "Nobody is named who answers for this article.",
            suggestion="Name the team or the person who approved it clinically (owner: ...).",
        )


def check_licence_and_source(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """It is not said where the text is from, or on what terms it may be used."""
    metadata = context.article.metadata
    placed = metadata.source or metadata.url
    if not placed and not metadata.licence:
        yield rule.finding(
            "It is said neither where the text comes from nor on what terms it may be used.",
            suggestion="Add the publisher (source: ...) or the address it was published at (url), "
            "and the licence or the permission (licence: ...).",
        )
        return
    if not placed:
        yield rule.finding(
            "It is not said where the text comes from.",
            suggestion="Add the publisher (source: ...) or the address it was published at (url).",
        )
    if not metadata.licence:
        yield rule.finding(
            "It is not said on what terms the text may be used.",
            suggestion="Add the licence or the permission (licence: ...); for your own text, "
            "the name of your organisation.",
        )


def check_citations(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Neither a section of sources nor a single reference in the text."""
    headings = {heading for path, _ in context.article.walk() for heading in path[-1:]}
    if any(part.is_reference_list for part in context.parts):
        return
    if any(rule.contains("headings", heading) for heading in headings):
        return
    text = context.article.plain
    if any(re.search(pattern, text) for pattern in rule.texts("patterns")):
        return
    yield rule.finding(
        "The article names no sources: it has no section of references, and cites none.",
        suggestion="Add a section Sources with the guidelines and studies that it rests on.",
    )


def check_stale_citations(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """All sources old at the time of the review, or one from after it."""
    reviewed = context.article.metadata.reviewed
    parts = [part for part in context.parts if part.is_reference_list]
    cited = [(int(year), part) for part in parts for year in YEAR.findall(part.passage.text)]
    if reviewed is None or not cited:
        return
    newest, part = max(cited, key=lambda pair: pair[0])
    if newest > reviewed.year:
        yield rule.finding(
            f"A source is from {newest}, later than the last review ({reviewed}).",
            at=part.location,
            words=(str(newest),),
            suggestion="Review the article with that source in mind, or correct the year.",
        )
    elif reviewed.year - newest > rule.number("years"):
        yield rule.finding(
            f"The newest source with a year is from {newest}, "
            f"{reviewed.year - newest} years before the last review.",
            at=part.location,
            words=(str(newest),),
            suggestion="Look for newer evidence, or say that none was found and when you looked.",
        )


def check_dead_links(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A link that could not be opened; told once, where it stands first."""
    for address, problem in context.related.dead_links.items():
        holding = [part for part in context.parts if address in part.passage.text]
        yield rule.finding(
            f"The link {address} {problem}",
            at=holding[0].location if holding else WHOLE_ARTICLE,
            words=(address,),
            suggestion="Open it in a browser, since some hosts turn programs away; if it is gone, "
            "correct it or take it out.",
        )


def check_synonyms(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """No other name under which a reader might search."""
    if not context.article.metadata.also_called:
        yield rule.finding(
            "The article lists no other names for its subject.",
            suggestion="Add the names and abbreviations that readers may search for "
            "(also called: ...).",
        )


def check_conflict_of_interest(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Words and prices of somebody who sells what the article is about."""
    for part in context.text_parts:
        words: list[str] = []
        for sentence in part.sentences:
            if rule.contains("not_with", sentence):
                continue
            words += [hit.words for hit in rule.find("words", sentence)]
            for pattern in rule.texts("patterns"):
                words += [found.group() for found in re.finditer(pattern, sentence)]
        if words:
            found_words = unique_words(words)
            yield rule.finding(
                f"The text seems to sell something: {format_examples(found_words)}.",
                at=part.location,
                words=found_words,
                suggestion="Take it out, or say who earns from the treatment.",
            )


def check_partial_review(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """The date of the last review moved on with a change to a small part of the text.

    Who read the rest is written nowhere, so the finding asks.
    """
    earlier, reviewed = context.related.previous_version, context.article.metadata.reviewed
    if earlier is None or reviewed is None or not context.parts:
        return
    before = earlier.article.metadata.reviewed
    if before is None or reviewed <= before:
        return
    texts = {passage.text for passage in earlier.passages}
    changed = [part for part in context.parts if part.passage.text not in texts]
    if not changed or len(changed) > rule.number("share") * len(context.parts):
        return
    yield rule.finding(
        f"The last review moved from {before} to {reviewed}, and {len(changed)} of "
        f"{len(context.parts)} passages changed: was the whole article reviewed?",
        at=changed[0].location,
        words=tuple(part.passage.id for part in changed),
        suggestion=f"If only a part was, set the last review back to {before}.",
    )
