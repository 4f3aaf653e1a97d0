"""The check of an article: the table of rules and what looks for each, and one pass over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from ingest.checking import (
    acronyms,
    definitions,
    duplicates,
    fairness,
    figures,
    identifiers,
    provenance,
    quantities,
    readability,
    structure,
    versions,
    wording,
)
from ingest.checking.finding import WEIGHT, Finding
from ingest.checking.manuscript import Manuscript
from ingest.checking.rules import Rule, Rules
from ingest.checking.surroundings import ALONE, Surroundings
from kb.article import Article
from kb.passage import Passage

Check = Callable[[Manuscript, Rule], Iterator[Finding]]

# Rule of rules.toml -> what looks for it.
CHECKS: dict[str, Check] = {
    "review-date": provenance.review_date,
    "partial-review": versions.partial_review,
    "owner": provenance.owner,
    "licence-source": provenance.licence_source,
    "no-citations": provenance.no_citations,
    "dead-links": provenance.dead_links,
    "stale-citations": provenance.stale_citations,
    "synonyms-missing": provenance.synonyms_missing,
    "conflict-of-interest": provenance.conflict_of_interest,
    "promo-words": wording.promotional,
    "absolutes": wording.absolutes,
    "weak-evidence-strong-verb": wording.strong_verbs,
    "long-sentences": wording.long_sentences,
    "passive": wording.passive,
    "jargon": wording.jargon,
    "undefined-acronyms": acronyms.undefined_acronyms,
    "safety-missing": fairness.safety_missing,
    "contraindications-missing": fairness.contraindications_missing,
    "help-missing": fairness.help_missing,
    "serious-harm-silent": fairness.serious_harm_silent,
    "alternatives-missing": fairness.alternatives_missing,
    "uncertainty": fairness.uncertainty,
    "evidence-label": fairness.evidence_label,
    "balance": fairness.balance,
    "main-message": structure.main_message,
    "generic-headings": structure.generic_headings,
    "actions": structure.actions,
    "passage-size": structure.passage_size,
    "readability": readability.readability,
    "percent-of-what": figures.percent_of_what,
    "frequency-words": figures.frequency_words,
    "number-conflict": quantities.number_conflicts,
    "contradictory-definition": definitions.contradictory_definitions,
    "near-duplicate": duplicates.near_duplicates,
    "patient-identifiers": identifiers.patient_identifiers,
}


def check_article(
    article: Article,
    passages: Sequence[Passage],
    rules: Rules,
    today: date,
    around: Surroundings = ALONE,
) -> tuple[Finding, ...]:
    """Return what the rules that are on find, heaviest first, then in reading order.

    `passages` are tagged; `around` is what a knowledge base knows beside them.
    """
    manuscript = Manuscript(article, tuple(passages), rules, today, around)
    found = [
        finding for rule in rules if rule.on for finding in CHECKS[rule.name](manuscript, rule)
    ]
    return tuple(sorted(found, key=_weight))


def _weight(finding: Finding) -> tuple[int, int]:
    whole_article = -1
    number = finding.place.passage
    return WEIGHT[finding.level], whole_article if number is None else number
