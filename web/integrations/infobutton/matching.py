"""Matching of Infobutton requests to published articles and passages.

For each main criterion, the first step with a result is used:

1. articles with the same code, then articles with a code below it;
2. articles named like the criterion: by its display name, the name of its code, an abbreviation or
   its expansion in brackets, synonyms of these, or, for medicines and tests, the name without
   strength and form; then articles with the nearest code above;
3. articles named like the codes above;
4. articles whose names start or end with the display name, unless the code is more specific;
5. passages whose title and headings contain all words of the display name.

With a subtopic, the passages of these articles that answer its intents are returned
(`index/data/intents.toml`), best first.

There is no weaker fallback: the result is shown next to a patient, so an empty result is better
than a passage that contains only some of the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.analyzer import is_stopword, split_words, stem_word
from index.query.intents import Intent, IntentCatalog
from index.search.results import SearchRequest
from index.search.sections import intent_score, is_identified
from index.search.service import SearchService
from kb.errors import QueryError
from kb.model.medical_codes import (
    MedicalCode,
    get_code_name,
    get_plain_name,
    get_system,
    iter_ancestors,
)
from kb.model.passage import Passage
from kb.model.taxonomy import TagDefinition, Taxonomy
from kb.storage.article_listing import ArticleOutline
from kb.storage.article_store import ArticleStore
from kb.storage.catalog_cache import CatalogSnapshot
from web.integrations.infobutton.code_index import CodeIndex
from web.integrations.infobutton.concept_names import (
    analyte_name,
    is_product_name,
    name_key,
    product_names,
    spelled_out,
    stems,
    without_additions,
)
from web.integrations.infobutton.request import InfobuttonConcept, InfobuttonRequest

MAX_MATCHES = 20  # entries in a response
MAX_SEARCH_MATCHES = 5  # passages from full-text search
BROADER_TAG = 0.25  # score of a passage with only a broader tag of the subtopic
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

Found = tuple[ArticleOutline, str]  # an article with the code or name that matched


@dataclass(frozen=True, slots=True)
class InfobuttonMatch:
    """Article or passage that matches a request.

    `found_by` is the code or name that was looked up, or the words that were searched.
    """

    contents: ArticleOutline
    passage_id: str = ""  # empty: the whole article
    tags: tuple[str, ...] = ()
    found_by: str = ""


class InfobuttonMatcher:
    """Finds the published articles and passages that match a request."""

    def __init__(
        self,
        search: SearchService,
        store: ArticleStore,
        taxonomy: Taxonomy,
        intents: IntentCatalog,
    ) -> None:
        self._search, self._store = search, store
        self._taxonomy, self._intents = taxonomy, intents
        self._index: CodeIndex | None = None

    def intents_of(self, subtopic: InfobuttonConcept) -> tuple[Intent, ...]:
        """Return the intents of a subtopic by its code, or else its name; () if it is unknown.

        Tags count as intents if their own code or their name equals the subtopic's.
        """
        code = dict(subtopic.sent).get("c", "").upper()
        found = [intent for intent in self._intents.intents if code in intent.infobutton]
        found += [_tag_intent(tag) for tag in self._taxonomy if code in tag.infobutton]
        if not found:
            name = (subtopic.name or subtopic.text).casefold()
            tags = [tag for tag in self._taxonomy if name in (tag.key, tag.label.casefold())]
            found = [_tag_intent(tag) for tag in tags] or self._intents_named(name)
        return tuple(found)

    def _intents_named(self, name: str) -> list[Intent]:
        """Return the intents whose phrases are all words of a name, apart from stop words."""
        words = split_words(name)
        matches = self._intents.find_matches([stem_word(word) for word in words])
        covered = {number for match in matches for number in match.words}
        others = (word for number, word in enumerate(words) if number not in covered)
        return [match.intent for match in matches] if all(map(is_stopword, others)) else []

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
        found = list(matches.values())
        subtopics = dict.fromkeys(i for each in request.subtopics for i in self.intents_of(each))
        if subtopics:
            found = self._answering(found, tuple(subtopics), TASK_TAGS.get(request.task, ()))
        return found[:MAX_MATCHES]

    def _answering(
        self, matches: Sequence[InfobuttonMatch], intents: Sequence[Intent], first: Sequence[str]
    ) -> list[InfobuttonMatch]:
        """Return the passages of the matches that answer the intents, best first in each article.

        Among equally good passages, those with one of the tags `first` come first.
        """
        ids = [
            match.passage_id or ref.passage_id
            for match in matches
            for ref in match.contents.passages
        ]
        published = self._store.published_passages(ids)
        answers: dict[str, InfobuttonMatch] = {}
        for match in matches:
            scored: list[tuple[float, bool, InfobuttonMatch]] = []
            for ref in match.contents.passages:
                if match.passage_id not in ("", ref.passage_id) or ref.passage_id not in published:
                    continue
                score = _answer_score(published[ref.passage_id][1], intents)
                if score:
                    is_other = not set(first).intersection(ref.tags)
                    passage = replace(match, passage_id=ref.passage_id, tags=ref.tags)
                    scored.append((-score, is_other, passage))
            for *_, passage in sorted(scored, key=lambda entry: entry[:2]):
                answers.setdefault(passage.passage_id, passage)
        return list(answers.values())

    def _match_names(
        self, concept: InfobuttonConcept, index: CodeIndex, request: InfobuttonRequest
    ) -> list[InfobuttonMatch]:
        """Return the articles with the code or a name of a criterion.

        Articles in another language or for another audience are ignored.
        """

        def by_code(articles: Sequence[ArticleOutline], code: MedicalCode) -> list[Found]:
            label = f"{get_system(code.system).label} {code.value}"
            return _filter_and_rank(request, ((article, label) for article in articles))

        def by_names(groups: Iterable[Sequence[str]]) -> list[Found]:
            """Return the articles of the first group of names with any articles."""
            found = (
                _filter_and_rank(request, ((a, n) for n in names for a in index.by_name(n)))
                for names in groups
            )
            return next(filter(None, found), [])

        code = concept.code
        candidates = by_code(index.by_code(code), code) if code else []
        if not candidates:
            candidates = by_names(self._with_synonyms(_concept_names(concept)))
            nearest = index.nearest_ancestor(code) if code else None
            if nearest:
                candidates += by_code(index.with_code(nearest), nearest)
        if not candidates and code:
            names = [(get_code_name(ancestor),) for ancestor in iter_ancestors(code)]
            candidates = by_names(self._with_synonyms([*names, *map(_without_additions, names)]))
        if not candidates and not (code and get_code_name(code)):
            partial = (
                (outline, name)
                for name in _short_names(concept)
                for outline in index.by_partial_name(name)
            )
            candidates = _filter_and_rank(request, partial)
        matches: dict[str, InfobuttonMatch] = {}
        for outline, found_by in candidates:
            matches.setdefault(outline.article.id, InfobuttonMatch(outline, found_by=found_by))
        return list(matches.values())

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
                tags = tuple(tag.tag for tag in hit.passage.tags)
                yield InfobuttonMatch(contents, hit.passage.id, tags, text)

    def _index_of(self, catalog: CatalogSnapshot) -> CodeIndex:
        index = self._index
        if index is None or index.catalog is not catalog:
            index = self._index = CodeIndex(catalog)
        return index


def _concept_names(concept: InfobuttonConcept) -> Iterator[Sequence[str]]:
    """Yield the names of a criterion in groups of equal rank, most specific first."""
    code = concept.code
    official = (get_code_name(code), get_plain_name(code)) if code else ()
    for name in filter(None, (concept.name, concept.text, *official)):
        for names in ((name,), *spelled_out(name)):
            yield names
            yield _without_additions(names)
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


def _filter_and_rank(request: InfobuttonRequest, found: Iterable[Found]) -> list[Found]:
    """Return the articles suitable for the reader, those written for this audience first."""
    first = AUDIENCES.get(request.recipient) or AUDIENCES.get(request.task)
    suitable = [entry for entry in found if _is_suitable(entry[0], request)]
    return sorted(
        suitable, key=lambda entry: bool(first) and entry[0].article.metadata.audience != first
    )


def _is_suitable(contents: ArticleOutline, request: InfobuttonRequest) -> bool:
    """Return whether an article is in the requested language and suitable for the recipient."""
    metadata = contents.article.metadata
    language = (metadata.language or DEFAULT_LANGUAGE).lower().partition("-")[0]
    if request.language and request.language.partition("-")[0] != language:
        return False
    return not (request.recipient == "PAT" and metadata.audience == PROFESSIONALS)


def _tag_intent(tag: TagDefinition) -> Intent:
    """Return an intent that passages with a tag answer."""
    return Intent(key=tag.key, label=tag.label, phrases=(), tags=(tag.key,))


def _answer_score(passage: Passage, intents: Sequence[Intent]) -> float:
    """Return how well a passage answers the intents by its code, heading or tags; 0 if it does not.

    A broader tag suffices: an article without a section on poisoning answers with its harms.
    """
    tags = {tag.tag for tag in passage.tags}
    score = 0.0
    for intent in intents:
        if is_identified(passage, intent) or tags & {*intent.tags, *intent.related_tags}:
            score += intent_score(passage, intent) or BROADER_TAG
    return score
