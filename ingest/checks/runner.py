"""The check of an article: the table of rules and what looks for each, and one pass over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from ingest.checks import (
    balance,
    definitions,
    patient_identifiers,
    provenance,
    quantities,
    readability,
    structure,
    style,
)
from ingest.checks.config import Rule, Rules
from ingest.checks.context import NO_RELATED_CONTENT, CheckContext, RelatedContent
from ingest.checks.finding import WEIGHT, Finding
from kb.model.article import Article
from kb.model.passage import Passage

Check = Callable[[CheckContext, Rule], Iterator[Finding]]

# Rule of rules.toml -> what looks for it.
CHECKS: dict[str, Check] = {
    "review-date": provenance.review_date,
    "partial-review": provenance.partial_review,
    "owner": provenance.owner,
    "licence-source": provenance.licence_source,
    "no-citations": provenance.no_citations,
    "dead-links": provenance.dead_links,
    "stale-citations": provenance.stale_citations,
    "synonyms-missing": provenance.synonyms_missing,
    "conflict-of-interest": provenance.conflict_of_interest,
    "promo-words": style.promotional,
    "absolutes": style.absolutes,
    "weak-evidence-strong-verb": style.strong_verbs,
    "long-sentences": style.long_sentences,
    "passive": style.passive,
    "jargon": style.jargon,
    "undefined-acronyms": style.undefined_acronyms,
    "safety-missing": balance.safety_missing,
    "contraindications-missing": balance.contraindications_missing,
    "help-missing": balance.help_missing,
    "serious-harm-silent": balance.serious_harm_silent,
    "alternatives-missing": balance.alternatives_missing,
    "uncertainty": balance.uncertainty,
    "evidence-label": balance.evidence_label,
    "balance": balance.balance,
    "main-message": structure.main_message,
    "generic-headings": structure.generic_headings,
    "actions": structure.actions,
    "passage-size": structure.passage_size,
    "readability": readability.readability,
    "percent-of-what": balance.percent_of_what,
    "frequency-words": balance.frequency_words,
    "number-conflict": quantities.number_conflicts,
    "contradictory-definition": definitions.contradictory_definitions,
    "near-duplicate": structure.near_duplicates,
    "patient-identifiers": patient_identifiers.patient_identifiers,
}


def check_article(
    article: Article,
    passages: Sequence[Passage],
    rules: Rules,
    today: date,
    around: RelatedContent = NO_RELATED_CONTENT,
) -> tuple[Finding, ...]:
    """Return what the rules that are on find, heaviest first, then in reading order.

    `passages` are tagged; `around` is what a knowledge base knows beside them.
    """
    manuscript = CheckContext(article, tuple(passages), rules, today, around)
    found = [
        finding for rule in rules if rule.on for finding in CHECKS[rule.name](manuscript, rule)
    ]
    return tuple(sorted(found, key=_weight))


def _weight(finding: Finding) -> tuple[int, int]:
    whole_article = -1
    number = finding.place.passage
    return WEIGHT[finding.level], whole_article if number is None else number
