"""Matching: the articles that are about what a record asks for, and their passages.

For each main criterion, and no further than needed:

1. articles with that very code, then those with a code below it, then with one above it;
2. articles that are called as the criterion is: by its display name, by the names of its code and
   of those above it, and by the vocabulary's other names for them;
3. passages under whose title and heading all its words stand.

Nothing else: a record shows what it gets beside a patient, so that an honest nothing is better
than a passage that has some of the words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.answer import SearchRequest
from index.sections import topical
from kb.browsing import Contents
from kb.codes import Code, above, name_of, read_code
from kb.errors import QueryError
from kb.taxonomy import Taxonomy
from web.catalogue import Shelves
from web.infobutton.asking import Concept, Request
from web.site import Searching

MOST = 20  # entries of an answer
SEARCHED = 5  # passages that a search by words may add
HOUSE_LANGUAGE = "en"  # of an article that does not say
PATIENTS, PROFESSIONALS = "patients", "professionals"

# The MeSH qualifiers that a record may name in words instead of by their code.
QUALIFIERS = {
    "adverse effects": "Q000009",
    "administration & dosage": "Q000008",
    "complications": "Q000150",
    "contraindications": "Q000744",
    "diagnosis": "Q000175",
    "drug interactions": "D004347",
    "etiology": "Q000209",
    "pharmacology": "Q000494",
    "pharmacokinetics": "Q000493",
    "poisoning": "Q000506",
    "prognosis": "D011379",
    "therapeutic use": "Q000627",
    "therapy": "Q000628",
    "toxicity": "Q000633",
}

# What ICD-10-CM adds to the name of a condition: "Unspecified asthma, uncomplicated".
_ADDED = re.compile(
    r"\([^)]*\)|\[[^\]]*\]|,.*|\b(?:unspecified|other|specified|essential|primary"
    r"|without (?:\w+ )?complications?"
    r"|not elsewhere classified|due to .*|with .*|without .*|in diseases classified elsewhere)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Match:
    """An article, or one of its passages, that answers a request."""

    contents: Contents
    passage_id: str = ""  # empty for the article as a whole
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Known:
    """What is looked up in one state of the list of articles."""

    shelves: Shelves
    by_id: dict[str, Contents]
    coded: dict[Code, list[Contents]]
    below: dict[Code, list[Contents]]
    named: dict[frozenset[str], list[Contents]]
    names: list[tuple[frozenset[str], bool, Contents]]  # words, whether the title, article


class Matcher:
    """Finds what answers a request among the published articles."""

    def __init__(self, search: Searching, taxonomy: Taxonomy) -> None:
        self._search, self._taxonomy = search, taxonomy
        self._known: _Known | None = None

    def tags(self, request: Request) -> frozenset[str]:
        """Return the tags that the subtopics of a request stand for."""
        return frozenset(tag for concept in request.subtopics for tag in self.tags_of(concept))

    def tags_of(self, concept: Concept) -> frozenset[str]:
        """Return the tags that a subtopic stands for, none for one that we do not know."""
        said = dict(concept.sent)
        code = said.get("c", "").upper()
        name = (concept.name or concept.text).casefold().replace(" and ", " & ")
        codes = {code, QUALIFIERS.get(name, "")} - {""}
        found = {tag.key for tag in self._taxonomy if codes.intersection(tag.infobutton)}
        if not found and name:
            found = {tag.key for tag in self._taxonomy if name in (tag.label.casefold(), tag.key)}
        return frozenset(found)

    def matches(self, request: Request, shelves: Shelves) -> list[Match]:
        """Return what answers a request, the best first."""
        known = self._knowing(shelves)
        found: dict[tuple[str, str], Match] = {}
        for concept in request.main:
            for match in self._of(concept, known):
                if _is_for(match.contents, request):
                    found.setdefault((match.contents.article.id, match.passage_id), match)
        wanted = self.tags(request)
        if wanted:
            found = {
                (match.contents.article.id, match.passage_id): match
                for each in found.values()
                for match in _narrowed(each, wanted)
            }
        return list(found.values())[:MOST]

    def _of(self, concept: Concept, known: _Known) -> Iterable[Match]:
        coded = _coded(concept.code, known) if concept.code else []
        if coded:
            return [Match(contents) for contents in coded]
        names = list(self._names(concept))
        for name in names:
            called = _called(name, known)
            if called:
                return [Match(contents) for contents in called]
        typed = concept.name or concept.text or (names[0] if names else "")
        return list(self._searched(typed, known, everywhere=bool(concept.text))) if typed else []

    def _names(self, concept: Concept) -> Iterator[str]:
        """Yield what a criterion is called, the nearest first."""
        codes = [concept.code, *above(concept.code)] if concept.code else []
        own = [concept.name, concept.text, *(name_of(code) for code in codes)]
        for name in filter(None, own):
            plain = " ".join(_ADDED.sub(" ", name).split())
            for variant in dict.fromkeys((name, plain)):
                if variant:
                    yield variant
                    yield from self._search.other_names(variant)

    def _searched(self, typed: str, known: _Known, *, everywhere: bool) -> Iterator[Match]:
        """Yield passages whose title and heading have all the words; anywhere, for free text."""
        try:
            answer = self._search.search(SearchRequest(q=typed, limit=SEARCHED))
        except QueryError:
            return
        if answer.query.relaxed:
            return
        words = topical(typed)
        for hit in answer.hits:
            place = topical(" ".join((hit.article.title, *hit.passage.heading_path)))
            if hit.article.id in known.by_id and (everywhere or words <= place):
                tags = tuple(tag.tag for tag in hit.passage.tags)
                yield Match(known.by_id[hit.article.id], hit.passage.id, tags)

    def _knowing(self, shelves: Shelves) -> _Known:
        known = self._known
        if known is None or known.shelves is not shelves:
            known = self._known = _know(shelves)
        return known


def _know(shelves: Shelves) -> _Known:
    known = _Known(shelves, {}, defaultdict(list), defaultdict(list), defaultdict(list), [])
    for contents in shelves.articles:
        metadata = contents.article.metadata
        known.by_id[contents.article.id] = contents
        for code in filter(None, map(read_code, metadata.codes)):
            known.coded[code].append(contents)
            for higher in above(code):
                known.below[higher].append(contents)
        for name in (contents.article.title, *metadata.also_called):
            words = topical(name)
            known.named[words].append(contents)
            known.names.append((words, name == contents.article.title, contents))
    return known


def _coded(code: Code, known: _Known) -> list[Contents]:
    """Return the articles with a code, with codes below it, and else with the nearest above it."""
    found = [*known.coded.get(code, ()), *known.below.get(code, ())]
    for higher in above(code):
        if not found:
            found = known.coded.get(higher, [])
    return _once(found)


def _called(name: str, known: _Known) -> list[Contents]:
    """Return the articles of a name; else those whose names have all its words, shortest first."""
    words = topical(name)
    if not words:
        return []
    if words in known.named:
        return _once(known.named[words])
    longer = [
        (len(others - words), not title, number)
        for number, (others, title, _) in enumerate(known.names)
        if words < others
    ]
    return _once(known.names[number][2] for _, _, number in sorted(longer))


def _once(contents: Iterable[Contents]) -> list[Contents]:
    return list({one.article.id: one for one in contents}.values())


def _is_for(contents: Contents, request: Request) -> bool:
    """Tell whether an article is in the language asked for and for the one who reads it."""
    metadata = contents.article.metadata
    language = (metadata.language or HOUSE_LANGUAGE).lower().partition("-")[0]
    if request.language and request.language.partition("-")[0] != language:
        return False
    return not (request.recipient == "PAT" and metadata.audience == PROFESSIONALS)


def _narrowed(match: Match, wanted: frozenset[str]) -> Sequence[Match]:
    """Return the passages of a match that have a tag of `wanted`."""
    return [
        Match(match.contents, place.passage_id, place.tags)
        for place in match.contents.places
        if match.passage_id in ("", place.passage_id) and wanted.intersection(place.tags)
    ]
