"""Runner of the editorial checks: the table of rules and one pass over an article."""

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
from ingest.checks.finding import LEVEL_ORDER, Finding
from ingest.language.phrase_matcher import tokenize
from kb.model.article import Article
from kb.model.passage import Passage

Check = Callable[[CheckContext, Rule], Iterator[Finding]]

# Rule in rules.toml -> function that checks it.
CHECKS: dict[str, Check] = {
    "review-date": provenance.check_review_dates,
    "partial-review": provenance.check_partial_review,
    "owner": provenance.check_owner,
    "licence-source": provenance.check_licence_and_source,
    "no-citations": provenance.check_citations,
    "dead-links": provenance.check_dead_links,
    "stale-citations": provenance.check_stale_citations,
    "synonyms-missing": provenance.check_synonyms,
    "conflict-of-interest": provenance.check_conflict_of_interest,
    "promo-words": style.check_promotional_words,
    "absolutes": style.check_absolute_claims,
    "weak-evidence-strong-verb": style.check_strong_verbs,
    "long-sentences": style.check_long_sentences,
    "passive": style.check_passive_voice,
    "jargon": style.check_jargon,
    "undefined-acronyms": style.check_undefined_acronyms,
    "safety-missing": balance.check_safety_missing,
    "contraindications-missing": balance.check_contraindications_missing,
    "help-missing": balance.check_help_missing,
    "serious-harm-silent": balance.check_serious_harms,
    "alternatives-missing": balance.check_alternatives_missing,
    "uncertainty": balance.check_uncertainty,
    "evidence-label": balance.check_evidence_label,
    "balance": balance.check_balance,
    "main-message": structure.check_main_message,
    "generic-headings": structure.check_generic_headings,
    "actions": structure.check_actions,
    "passage-size": structure.check_passage_size,
    "readability": readability.check_readability,
    "percent-of-what": balance.check_percentages,
    "frequency-words": balance.check_frequency_words,
    "number-conflict": quantities.check_number_conflicts,
    "contradictory-definition": definitions.check_contradictory_definitions,
    "near-duplicate": structure.check_near_duplicates,
    "patient-identifiers": patient_identifiers.check_patient_identifiers,
}


def check_article(
    article: Article,
    passages: Sequence[Passage],
    rules: Rules,
    today: date,
    related: RelatedContent = NO_RELATED_CONTENT,
) -> tuple[Finding, ...]:
    """Return the findings of all enabled rules, by severity and then in reading order.

    `passages` must be tagged; `related` is content of the knowledge base outside the article.
    """
    context = CheckContext(article, tuple(passages), rules, today, related)
    findings = [
        finding for rule in rules if rule.enabled for finding in CHECKS[rule.name](context, rule)
    ]
    # Every check reads the sentences of this article; the next one has others.
    rules.clear_cache()
    tokenize.cache_clear()
    return tuple(sorted(findings, key=_sort_key))


def _sort_key(finding: Finding) -> tuple[int, int]:
    whole_article = -1
    number = finding.place.passage
    return LEVEL_ORDER[finding.level], whole_article if number is None else number
