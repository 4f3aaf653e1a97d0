"""Card of the article that a query names: links to its sections by intent, in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from index.query.intents import IntentCatalog
from index.search import sections
from index.search.results import CardLink, SearchHit, SubjectCard
from index.search.subjects import Subject
from kb.model.passage import Passage
from kb.model.taxonomy import Taxonomy

# Keys of intents, in the order of the card. A file of a team's own may lack some of them.
CARD_INTENTS = (
    "dose",
    "side-effects",
    "warnings",
    "contraindications",
    "interactions",
    "pregnancy",
    "when-to-call",
    "mechanism",
    "diagnosis",
    "treatment",
    "monitoring",
    "long-term-care",
    "alternatives",
)


def build_card(
    subject: Subject | None,
    hits: Sequence[SearchHit],
    catalog: IntentCatalog,
    taxonomy: Taxonomy,
) -> SubjectCard | None:
    """Return the card if the first hit is the opening of the article that the query names."""
    if not (subject and subject.articles and hits):
        return None
    named, hit = subject.articles[0], hits[0]
    if hit.pinned or hit.article.id != named.article.id or not subject.shows_opening(hit.passage):
        return None
    return SubjectCard(hit=hit, links=_links(named.passages, catalog, taxonomy))


@lru_cache(maxsize=256)  # depends on the article only
def _links(
    passages: tuple[Passage, ...], catalog: IntentCatalog, taxonomy: Taxonomy
) -> tuple[CardLink, ...]:
    """Return a link to the best section of each intent, once; `passages` begin with the opening."""
    links: list[CardLink] = []
    linked = {passages[0].id}
    for key in CARD_INTENTS:
        if key not in catalog:
            continue
        intent = catalog[key]
        best = max(
            passages[1:], key=lambda each: sections.section_score(each, intent), default=None
        )
        if best and best.id not in linked and sections.section_score(best, intent):
            linked.add(best.id)
            tag = sections.section_tag(best, intent)
            # A tag of several intents, such as safety, does not say which of them is meant.
            is_ambiguous = sum(tag in each.tags for each in catalog.intents) > 1
            label = taxonomy.label(tag) if is_ambiguous else intent.label
            links.append(CardLink(key, label, best))
    return tuple(links)
