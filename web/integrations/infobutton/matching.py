"""Matching: the articles that are about what a record asks for, and their passages.

For each main criterion, and no further than needed:

1. articles with that very code, then those with a code below it;
2. articles that are called as the criterion is, by its display name, the name of its code, what
   the vocabulary calls them, or, of a medicine or a test, the name without strength and form; then
   articles with the nearest code above;
3. articles that are called as the codes above are;
4. articles whose names begin or end with the display name, unless the code says more than it;
5. passages under whose title and heading all its words stand.

Nothing else: a record shows what it gets beside a patient, so that an honest nothing is better
than a passage that has some of the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.analyzer import split_words
from index.search.results import SearchRequest, SearchResponse
from kb.errors import QueryError
from kb.model.medical_codes import get_code_name, iter_ancestors
from kb.model.taxonomy import Taxonomy
from kb.storage.article_listing import ArticleOutline
from kb.storage.catalog_cache import CatalogSnapshot
from web.integrations.infobutton.code_index import CodeIndex
from web.integrations.infobutton.concept_names import (
    is_of_product,
    name_key,
    of_product,
    of_test,
    stems,
    without_additions,
)
from web.integrations.infobutton.request import InfobuttonConcept, InfobuttonRequest

MAX_MATCHES = 20  # entries of an answer
SEARCHED = 5  # passages that a search by words may add
LOOKED_AT = 50  # of the hits of such a search: those whose title and heading have all the words
HOUSE_LANGUAGE = "en"  # of an article that does not say
PATIENTS, PROFESSIONALS = "patients", "professionals"
PRODUCTS, TESTS = ("rxnorm", "ndc"), "loinc"
OPERATORS = frozenset(("AND", "OR", "NOT"))  # of our query language, which no record writes

# Whose articles go first, by who is informed and by what is done on the screen.
FOR = {"PAT": PATIENTS, "PROV": PROFESSIONALS, "PATINFO": PATIENTS}

# Whose passages go first while an order is written or a result read.
FIRST = {
    "MEDOE": ("safety", "dosing-course"),
    "OE": ("safety", "dosing-course"),
    "MLREV": ("safety", "long-term-care"),
    "LABOE": ("diagnosis",),
    "LABRREV": ("diagnosis",),
}

# The MeSH qualifiers that a record may name in words instead of by their code.
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


class ConceptSearch(Protocol):
    """The part of the search service that matching uses."""

    def search(self, request: SearchRequest, /) -> SearchResponse:
        """Run a search; raises `QueryError` or `SearchIndexError`."""

    def find_synonyms(self, name: str, /) -> tuple[str, ...]:
        """Return the synonyms of `name`."""


@dataclass(frozen=True, slots=True)
class InfobuttonMatch:
    """An article, or one of its passages, that answers a request."""

    contents: ArticleOutline
    passage_id: str = ""  # empty for the article as a whole
    tags: tuple[str, ...] = ()


class InfobuttonMatcher:
    """Finds what answers a request among the published articles."""

    def __init__(self, search: ConceptSearch, taxonomy: Taxonomy) -> None:
        self._search, self._taxonomy = search, taxonomy
        self._register: CodeIndex | None = None

    def tags(self, request: InfobuttonRequest) -> frozenset[str]:
        """Return the tags that the subtopics of a request stand for."""
        return frozenset(tag for concept in request.subtopics for tag in self.tags_of(concept))

    def tags_of(self, concept: InfobuttonConcept) -> frozenset[str]:
        """Return the tags that a subtopic stands for, none for one that we do not know."""
        said = dict(concept.sent)
        code = said.get("c", "").upper()
        name = (concept.name or concept.text).casefold()
        codes = {code, QUALIFIERS.get(name.replace(" and ", " & "), "")} - {""}
        found = {tag.key for tag in self._taxonomy if codes.intersection(tag.infobutton)}
        if not found and name:
            found = {tag.key for tag in self._taxonomy if name in (tag.label.casefold(), tag.key)}
        return frozenset(found)

    def matches(
        self, request: InfobuttonRequest, shelves: CatalogSnapshot, *, by_words: bool = True
    ) -> list[InfobuttonMatch]:
        """Return what answers a request, the best first; `by_words` lets the search help."""
        register = self._register_of(shelves)
        found: dict[tuple[str, str], InfobuttonMatch] = {}
        for concept in request.main:
            named = self._of(concept, register, request)
            searched = by_words and not named
            for match in self._searched(concept, register, request) if searched else named:
                found.setdefault((match.contents.article.id, match.passage_id), match)
        wanted = self.tags(request)
        if wanted:
            found = {
                (match.contents.article.id, match.passage_id): match
                for each in found.values()
                for match in _narrowed(each, wanted, request.task)
            }
        return list(found.values())[:MAX_MATCHES]

    def _of(
        self, concept: InfobuttonConcept, register: CodeIndex, request: InfobuttonRequest
    ) -> list[InfobuttonMatch]:
        """Return the articles with the code or name of a criterion.

        What is not for this reader counts as not there.
        """

        def fitting(articles: Iterable[ArticleOutline]) -> list[ArticleOutline]:
            return _for(request, articles)

        def called(groups: Iterable[Sequence[str]]) -> list[ArticleOutline]:
            """Return the articles of the first names that have any."""
            for names in groups:
                found = fitting(one for name in names for one in register.called(name))
                if found:
                    return found
            return []

        code = concept.code
        found = fitting(register.coded(code)) if code else []
        if not found:
            found = called(self._with_others(_own_names(concept)))
            if code:
                found += fitting(register.coded_above(code))
        if not found and code:
            names = [(get_code_name(higher),) for higher in iter_ancestors(code)]
            found = called(self._with_others([*names, *map(_cleaned, names)]))
        if not found and not (code and get_code_name(code)):
            given = _variants(concept)
            found = fitting(one for name in given for one in register.called_in_part(name))
        return [InfobuttonMatch(one) for one in {one.article.id: one for one in found}.values()]

    def _with_others(self, groups: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        """Yield names, each group followed by what else the vocabulary calls its things."""
        for group in groups:
            names = [name for name in group if name]
            if names:
                yield names
                yield [other for name in names for other in self._search.find_synonyms(name)]

    def _searched(
        self, concept: InfobuttonConcept, register: CodeIndex, request: InfobuttonRequest
    ) -> Iterator[InfobuttonMatch]:
        """Yield passages whose title and heading have all the words; anywhere, for free text."""
        for typed, everywhere in ((concept.name, False), (concept.text, True)):
            found = self._hits(typed, register, everywhere=everywhere)
            fitting = (match for match in found if _is_for(match.contents, request))
            for _, match in zip(range(SEARCHED), fitting, strict=False):
                yield match

    def _hits(
        self, typed: str, register: CodeIndex, *, everywhere: bool
    ) -> Iterator[InfobuttonMatch]:
        plain = " ".join(w.lower() if w in OPERATORS else w for w in split_words(typed))
        asked = name_key(typed)
        if not plain or not asked:
            return
        try:
            answer = self._search.search(SearchRequest(q=plain, limit=LOOKED_AT))
        except QueryError:
            return
        if answer.query.relaxed:
            return
        for hit in answer.hits:
            contents = register.by_id.get(hit.article.id)
            path = hit.passage.heading_path
            if contents and (everywhere or _stands_over(asked, hit.article.title, path)):
                yield InfobuttonMatch(
                    contents, hit.passage.id, tuple(tag.tag for tag in hit.passage.tags)
                )

    def _register_of(self, shelves: CatalogSnapshot) -> CodeIndex:
        register = self._register
        if register is None or register.shelves is not shelves:
            register = self._register = CodeIndex(shelves)
        return register


def _own_names(concept: InfobuttonConcept) -> Iterator[Sequence[str]]:
    """Yield what a criterion is called, the nearest first, in groups that count alike."""
    official = get_code_name(concept.code) if concept.code else ""
    for name in filter(None, (concept.name, concept.text, official)):
        yield (name,)
        yield _cleaned((name,))
    system = concept.code.system if concept.code else ""
    name = concept.name or concept.text
    if system in PRODUCTS or is_of_product(name):
        yield from of_product(name)
    if system == TESTS:
        yield (of_test(name),)


def _cleaned(names: Sequence[str]) -> Sequence[str]:
    return tuple(map(without_additions, names))


def _variants(concept: InfobuttonConcept) -> Iterator[str]:
    """Yield the display name as longer names may begin or end with it."""
    for names in _own_names(concept):
        yield from filter(None, map(without_additions, names))


def _stands_over(asked: frozenset[str], title: str, path: Sequence[str]) -> bool:
    """Tell whether title and headings have all words asked for; a single one must be a heading.

    "Pain" is not what "Epidural pain relief in labour" is about.
    """
    if len(asked) > 1:
        return asked <= name_key(" ".join((title, *path)))
    heads = (stems(title), *map(stems, path))
    return any(head and asked in ({head[0]}, set(head)) for head in heads)


def _for(request: InfobuttonRequest, articles: Iterable[ArticleOutline]) -> list[ArticleOutline]:
    """Return the articles that are for who reads, those for nobody else first."""
    first = FOR.get(request.recipient) or FOR.get(request.task)
    found = [one for one in articles if _is_for(one, request)]
    return sorted(found, key=lambda one: bool(first) and one.article.metadata.audience != first)


def _is_for(contents: ArticleOutline, request: InfobuttonRequest) -> bool:
    """Tell whether an article is in the language asked for and for the one who reads it."""
    metadata = contents.article.metadata
    language = (metadata.language or HOUSE_LANGUAGE).lower().partition("-")[0]
    if request.language and request.language.partition("-")[0] != language:
        return False
    return not (request.recipient == "PAT" and metadata.audience == PROFESSIONALS)


def _narrowed(
    match: InfobuttonMatch, wanted: frozenset[str], task: str
) -> Sequence[InfobuttonMatch]:
    """Return the passages of a match that have a tag of `wanted`, what the task needs first."""
    found = [
        InfobuttonMatch(match.contents, place.passage_id, place.tags)
        for place in match.contents.passages
        if match.passage_id in ("", place.passage_id) and wanted.intersection(place.tags)
    ]
    first = FIRST.get(task, ())
    return sorted(found, key=lambda one: not set(first).intersection(one.tags))
