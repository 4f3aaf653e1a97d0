"""Provenance of an article: review dates, owner, licence, sources and conflicts of interest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import WHOLE_ARTICLE, Finding
from ingest.checks.negation import format_examples, unique_words

# A year that is not part of a longer number or a URL.
YEAR = re.compile(r"(?<![\d/.-])(?:19[5-9]\d|20\d\d)(?![\d/-])")


def check_review_dates(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find review dates that are missing, in the past or too far apart."""
    reviewed, due = context.article.metadata.reviewed, context.article.metadata.review_due
    if reviewed is None and due is None:
        yield rule.finding(
            "The article has neither a last nor a next review date.",
            suggestion="Have the whole article reviewed, then add both dates (last reviewed: "
            f"YYYY-MM-DD; next review due: YYYY-MM-DD), at most {rule.number('years'):g} years "
            "apart.",
        )
        return
    if reviewed is None:
        yield rule.finding(
            "The article has no last review date.",
            suggestion="Add the date of the last full review (last reviewed: YYYY-MM-DD).",
        )
    elif reviewed > context.today:
        yield rule.finding(
            f"The last review date ({reviewed}) is in the future.",
            words=(str(reviewed),),
            suggestion="Correct the date.",
        )
    if due is None:
        yield rule.finding(
            "The article has no next review date.",
            suggestion=f"Add a date within {rule.number('years'):g} years of the last review "
            "(next review due: YYYY-MM-DD).",
        )
        return
    if due < context.today:
        yield rule.finding(
            f"The next review was due on {due}.",
            words=(str(due),),
            suggestion="Have the whole article reviewed, then update both dates.",
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
    """Find articles without an owner."""
    if not context.article.metadata.owner:
        yield rule.finding(
            "The article has no owner.",
            suggestion="Add the team or person responsible for clinical approval (owner: ...).",
        )


def check_licence_and_source(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles without a source or a licence."""
    metadata = context.article.metadata
    placed = metadata.source or metadata.url
    if not placed and not metadata.licence:
        yield rule.finding(
            "The article has neither a source nor a licence.",
            suggestion="Add the publisher (source: ...) or the original URL (url: ...), and the "
            "licence or permission (licence: ...).",
        )
        return
    if not placed:
        yield rule.finding(
            "The article has no source.",
            suggestion="Add the publisher (source: ...) or the original URL (url: ...).",
        )
    if not metadata.licence:
        yield rule.finding(
            "The article has no licence.",
            suggestion="Add the licence or permission (licence: ...). For your own text, add the "
            "name of your organisation.",
        )


def check_citations(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles with neither a sources section nor references in the text."""
    headings = {heading for path, _ in context.article.walk() for heading in path[-1:]}
    if any(part.is_reference_list for part in context.parts):
        return
    if any(rule.contains("headings", heading) for heading in headings):
        return
    text = context.article.plain
    if any(re.search(pattern, text) for pattern in rule.texts("patterns")):
        return
    yield rule.finding(
        "The article has neither a sources section nor references in the text.",
        suggestion="Add a Sources section with the guidelines and studies used.",
    )


def check_stale_citations(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find source lists that are much older than the last review, or include a newer source."""
    reviewed = context.article.metadata.reviewed
    parts = [part for part in context.parts if part.is_reference_list]
    cited = [(int(year), part) for part in parts for year in YEAR.findall(part.passage.text)]
    if reviewed is None or not cited:
        return
    newest, part = max(cited, key=lambda pair: pair[0])
    if newest > reviewed.year:
        yield rule.finding(
            f"A source is from {newest}, after the last review ({reviewed}).",
            at=part.location,
            words=(str(newest),),
            suggestion="Review the article against that source, or correct the year.",
        )
    elif reviewed.year - newest > rule.number("years"):
        yield rule.finding(
            f"The latest source with a year is from {newest}, "
            f"{reviewed.year - newest} years before the last review.",
            at=part.location,
            words=(str(newest),),
            suggestion="Search for newer evidence, or state when a search found none.",
        )


def check_dead_links(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find links that could not be opened; each is reported once, at its first occurrence."""
    for address, problem in context.related.dead_links.items():
        holding = [
            part
            for part in context.parts
            if address in part.passage.text
            or any(address in block.links for block in part.passage.blocks)
        ]
        yield rule.finding(
            f"The link {address} {problem}",
            at=holding[0].location if holding else WHOLE_ARTICLE,
            words=(address,),
            suggestion="Open it in a browser, because some sites block automated requests. If it "
            "does not work, correct or remove it.",
        )


def check_synonyms(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find articles without other names for their subject."""
    if not context.article.metadata.also_called:
        yield rule.finding(
            "The article has no other names for its subject.",
            suggestion="Add names and abbreviations that readers may search for "
            "(also called: ...).",
        )


def check_conflict_of_interest(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find sales language and prices."""
    patterns = [re.compile(pattern) for pattern in rule.texts("patterns")]
    for part in context.text_parts:
        words: list[str] = []
        for sentence in part.sentences:
            if rule.contains("not_with", sentence):
                continue
            words += [hit.words for hit in rule.find("words", sentence)]
            for pattern in patterns:
                words += [found.group() for found in pattern.finditer(sentence)]
        if words:
            found_words = unique_words(words)
            yield rule.finding(
                f"The text contains sales language: {format_examples(found_words)}.",
                at=part.location,
                words=found_words,
                suggestion="Remove it, or state who profits from the treatment.",
            )


def check_partial_review(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find a later review date in a version that changes only a small part of the text.

    Reviews of individual passages are not recorded, so the finding is phrased as a question.
    """
    previous, reviewed = context.related.previous_version, context.article.metadata.reviewed
    if previous is None or reviewed is None or not context.parts:
        return
    before = previous.article.metadata.reviewed
    if before is None or reviewed <= before:
        return
    texts = {passage.text for passage in previous.passages}
    changed = [part for part in context.parts if part.passage.text not in texts]
    if not changed or len(changed) > rule.number("share") * len(context.parts):
        return
    yield rule.finding(
        f"The last review date moved from {before} to {reviewed}, but only {len(changed)} of "
        f"{len(context.parts)} passages changed. Was the whole article reviewed?",
        at=changed[0].location,
        words=tuple(part.passage.id for part in changed),
        suggestion=f"If only part of it was reviewed, reset the date to {before}.",
    )
