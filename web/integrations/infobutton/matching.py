"""Matching of Infobutton requests to published articles and passages.

For each main criterion, the first step with a result is used:

1. articles with the same code, then articles with a code below it;
2. articles named like the criterion: by its display name, the name of its code, synonyms of these,
   or, for medicines and tests, the name without strength and form; then articles with the nearest
   code above;
3. articles named like the codes above;
4. articles whose names start or end with the display name, unless the code is more specific;
5. passages whose title and headings contain all words of the display name.

There is no weaker fallback: the result is shown next to a patient, so an empty result is better
than a passage that contains only some of the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.analyzer import split_words
from index.search.results import SearchRequest
from index.search.service import SearchService
from kb.errors import QueryError
from kb.model.medical_codes import get_code_name, iter_ancestors
from kb.model.taxonomy import Taxonomy
from kb.storage.article_listing import ArticleOutline
from kb.storage.catalog_cache import CatalogSnapshot
from web.integrations.infobutton.code_index import CodeIndex
from web.integrations.infobutton.concept_names import (
    analyte_name,
    is_product_name,
    name_key,
    product_names,
    stems,
    without_additions,
)
from web.integrations.infobutton.request import InfobuttonConcept, InfobuttonRequest

MAX_MATCHES = 20  # entries in a response
MAX_SEARCH_MATCHES = 5  # passages from full-text search
MAX_SEARCH_HITS = 50  # hits that are checked for all words in title and headings
DEFAULT_LANGUAGE = "en"  # of articles without a language
PATIENTS, PROFESSIONALS = "patients", "professionals"
PRODUCTS, TESTS = ("rxnorm", "ndc"), "loinc"
OPERATORS = frozenset(("AND", "OR", "NOT"))  # of the query language; lowercased in names

# Audience to rank first, by recipient or task.
AUDIENCES = {"PAT": PATIENTS, "PROV": PROFESSIONALS, "PATINFO": PATIENTS}

# Tags to rank first, by task.
TASK_TAGS = {
    "MEDOE": ("safety", "dosing-course"),
    "OE": ("safety", "dosing-course"),
    "MLREV": ("safety", "long-term-care"),
    "LABOE": ("diagnosis",),
    "LABRREV": ("diagnosis",),
}

# MeSH qualifiers by name, for requests without their code.
QUALIFIERS = {
    "adverse effects": "Q000009",
    "administration & dosage": "Q000008",
    "aftercare": "D000359",
    "classification": "Q000145",
    "complications": "Q000150",
    "contraindications": "Q000744",
    "diagnosis": "Q000175",
    "drug interactions": "D004347",
    "etiology": "Q000209",
    "follow-up": "D000359",
    "long-term care": "D008134",
    "pharmacology": "Q000494",
    "pharmacokinetics": "Q000493",
    "poisoning": "Q000506",
    "prognosis": "D011379",
    "therapeutic use": "Q000627",
    "therapy": "Q000628",
    "toxicity": "Q000633",
}


@dataclass(frozen=True, slots=True)
class InfobuttonMatch:
    """Article or passage that matches a request."""

    contents: ArticleOutline
    passage_id: str = ""  # empty: the whole article
    tags: tuple[str, ...] = ()


class InfobuttonMatcher:
    """Finds the published articles and passages that match a request."""

    def __init__(self, search: SearchService, taxonomy: Taxonomy) -> None:
        self._search, self._taxonomy = search, taxonomy
        self._index: CodeIndex | None = None

    def tags(self, request: InfobuttonRequest) -> frozenset[str]:
        """Return the tags of the subtopics of a request."""
        return frozenset(tag for concept in request.subtopics for tag in self.tags_of(concept))

    def tags_of(self, concept: InfobuttonConcept) -> frozenset[str]:
        """Return the tags of a subtopic; empty if it is unknown."""
        values = dict(concept.sent)
        code = values.get("c", "").upper()
        name = (concept.name or concept.text).casefold()
        codes = {code, QUALIFIERS.get(name.replace(" and ", " & "), "")} - {""}
        keys = {tag.key for tag in self._taxonomy if codes.intersection(tag.infobutton)}
        if not keys and name:
            keys = {tag.key for tag in self._taxonomy if name in (tag.label.casefold(), tag.key)}
        return frozenset(keys)

    def matches(
        self, request: InfobuttonRequest, catalog: CatalogSnapshot, *, by_words: bool = True
    ) -> list[InfobuttonMatch]:
        """Return at most `MAX_MATCHES` matches, best first.

        `by_words` enables full-text search for criteria without a match by code or name.
        """
        index = self._index_of(catalog)
        matches: dict[tuple[str, str], InfobuttonMatch] = {}
        for concept in request.main:
            articles = self._match_names(concept, index, request)
            is_searched = by_words and not articles
            for match in self._match_words(concept, index, request) if is_searched else articles:
                matches.setdefault((match.contents.article.id, match.passage_id), match)
        tags = self.tags(request)
        if tags:
            matches = {
                (match.contents.article.id, match.passage_id): match
                for result in matches.values()
                for match in _filter_by_tags(result, tags, request.task)
            }
        return list(matches.values())[:MAX_MATCHES]

    def _match_names(
        self, concept: InfobuttonConcept, index: CodeIndex, request: InfobuttonRequest
    ) -> list[InfobuttonMatch]:
        """Return the articles with the code or a name of a criterion.

        Articles in another language or for another audience are ignored.
        """

        def suitable(articles: Iterable[ArticleOutline]) -> list[ArticleOutline]:
            return _filter_and_rank(request, articles)

        def by_names(groups: Iterable[Sequence[str]]) -> list[ArticleOutline]:
            """Return the articles of the first group of names with any articles."""
            for names in groups:
                candidates = suitable(article for name in names for article in index.by_name(name))
                if candidates:
                    return candidates
            return []

        code = concept.code
        candidates = suitable(index.by_code(code)) if code else []
        if not candidates:
            candidates = by_names(self._with_synonyms(_concept_names(concept)))
            if code:
                candidates += suitable(index.by_ancestor_code(code))
        if not candidates and code:
            names = [(get_code_name(ancestor),) for ancestor in iter_ancestors(code)]
            candidates = by_names(self._with_synonyms([*names, *map(_without_additions, names)]))
        if not candidates and not (code and get_code_name(code)):
            short_names = _short_names(concept)
            candidates = suitable(
                outline for name in short_names for outline in index.by_partial_name(name)
            )
        return [
            InfobuttonMatch(outline)
            for outline in {outline.article.id: outline for outline in candidates}.values()
        ]

    def _with_synonyms(self, groups: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        """Yield the groups of names, each followed by its synonyms."""
        for group in groups:
            names = [name for name in group if name]
            if names:
                yield names
                yield [synonym for name in names for synonym in self._search.find_synonyms(name)]

    def _match_words(
        self, concept: InfobuttonConcept, index: CodeIndex, request: InfobuttonRequest
    ) -> Iterator[InfobuttonMatch]:
        """Yield the passages found by full-text search.

        All words of the display name must occur in title and headings; words of the original text
        can occur anywhere.
        """
        for text, anywhere in ((concept.name, False), (concept.text, True)):
            passages = self._search_passages(text, index, anywhere=anywhere)
            suitable = (match for match in passages if _is_suitable(match.contents, request))
            for _, match in zip(range(MAX_SEARCH_MATCHES), suitable, strict=False):
                yield match

    def _search_passages(
        self, text: str, index: CodeIndex, *, anywhere: bool
    ) -> Iterator[InfobuttonMatch]:
        q = " ".join(w.lower() if w in OPERATORS else w for w in split_words(text))
        key = name_key(text)
        if not q or not key:
            return
        try:
            response = self._search.search(SearchRequest(q=q, limit=MAX_SEARCH_HITS))
        except QueryError:
            return
        if response.query.relaxed:
            return
        for hit in response.hits:
            contents = index.by_id.get(hit.article.id)
            path = hit.passage.heading_path
            if contents and (anywhere or _covers(key, hit.article.title, path)):
                yield InfobuttonMatch(
                    contents, hit.passage.id, tuple(tag.tag for tag in hit.passage.tags)
                )

    def _index_of(self, catalog: CatalogSnapshot) -> CodeIndex:
        index = self._index
        if index is None or index.catalog is not catalog:
            index = self._index = CodeIndex(catalog)
        return index


def _concept_names(concept: InfobuttonConcept) -> Iterator[Sequence[str]]:
    """Yield the names of a criterion in groups of equal rank, most specific first."""
    official = get_code_name(concept.code) if concept.code else ""
    for name in filter(None, (concept.name, concept.text, official)):
        yield (name,)
        yield _without_additions((name,))
    system = concept.code.system if concept.code else ""
    name = concept.name or concept.text
    if system in PRODUCTS or is_product_name(name):
        yield from product_names(name)
    if system == TESTS:
        yield (analyte_name(name),)


def _without_additions(names: Sequence[str]) -> Sequence[str]:
    return tuple(map(without_additions, names))


def _short_names(concept: InfobuttonConcept) -> Iterator[str]:
    """Yield the forms of the display name to look up as part of longer names."""
    for names in _concept_names(concept):
        yield from filter(None, map(without_additions, names))


def _covers(key: frozenset[str], title: str, path: Sequence[str]) -> bool:
    """Return whether title and headings contain all words of a name.

    A single word must be the first word of a heading, or the only one: "Epidural pain relief in
    labour" is not about "pain".
    """
    if len(key) > 1:
        return key <= name_key(" ".join((title, *path)))
    headings = (stems(title), *map(stems, path))
    return any(heading and key in ({heading[0]}, set(heading)) for heading in headings)


def _filter_and_rank(
    request: InfobuttonRequest, articles: Iterable[ArticleOutline]
) -> list[ArticleOutline]:
    """Return the articles suitable for the reader, those written for this audience first."""
    first = AUDIENCES.get(request.recipient) or AUDIENCES.get(request.task)
    suitable = [article for article in articles if _is_suitable(article, request)]
    return sorted(
        suitable, key=lambda article: bool(first) and article.article.metadata.audience != first
    )


def _is_suitable(contents: ArticleOutline, request: InfobuttonRequest) -> bool:
    """Return whether an article is in the requested language and suitable for the recipient."""
    metadata = contents.article.metadata
    language = (metadata.language or DEFAULT_LANGUAGE).lower().partition("-")[0]
    if request.language and request.language.partition("-")[0] != language:
        return False
    return not (request.recipient == "PAT" and metadata.audience == PROFESSIONALS)


def _filter_by_tags(
    match: InfobuttonMatch, tags: frozenset[str], task: str
) -> Sequence[InfobuttonMatch]:
    """Return the passages of a match with one of the `tags` tags; tags of the task come first."""
    refs = [
        InfobuttonMatch(match.contents, ref.passage_id, ref.tags)
        for ref in match.contents.passages
        if match.passage_id in ("", ref.passage_id) and tags.intersection(ref.tags)
    ]
    first = TASK_TAGS.get(task, ())
    return sorted(refs, key=lambda passage: not set(first).intersection(passage.tags))
