"""The register: which published articles have which codes and names.

It is made once for each state of the list of articles, so that a request compares no texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kb.model.medical_codes import MedicalCode, iter_ancestors, parse_prefixed_code
from kb.storage.article_listing import ArticleOutline
from kb.storage.catalog_cache import CatalogSnapshot
from web.integrations.infobutton.concept_names import name_key, stems, titles_of

MIN_WORDS = 2  # words of an "also called" that may be a part of a longer one


class CodeIndex:
    """What is looked up in one state of the list of articles."""

    def __init__(self, shelves: CatalogSnapshot) -> None:
        self.shelves = shelves
        self.by_id = {one.article.id: one for one in shelves.articles}
        self._coded: dict[MedicalCode, list[ArticleOutline]] = defaultdict(list)
        self._below: dict[MedicalCode, list[ArticleOutline]] = defaultdict(list)
        self._named: dict[frozenset[str], list[ArticleOutline]] = defaultdict(list)
        self._names: list[tuple[tuple[str, ...], bool, ArticleOutline]] = []
        self._first: dict[str, list[int]] = defaultdict(list)
        self._last: dict[str, list[int]] = defaultdict(list)
        for contents in shelves.articles:
            self._enter(contents)

    def coded(self, code: MedicalCode) -> list[ArticleOutline]:
        """Return the articles with a code, then those with codes below it."""
        return _once([*self._coded.get(code, ()), *self._below.get(code, ())])

    def coded_above(self, code: MedicalCode) -> list[ArticleOutline]:
        """Return the articles with the nearest code above one."""
        found = (self._coded.get(higher) for higher in iter_ancestors(code))
        return _once(next(filter(None, found), ()))

    def called(self, name: str) -> list[ArticleOutline]:
        """Return the articles of which this is the title or another name."""
        words = name_key(name)
        return _once(self._named.get(words, ())) if words else []

    def called_in_part(self, name: str) -> list[ArticleOutline]:
        """Return the articles whose names begin or end with this one, the shortest names first.

        "Diabetes mellitus" stands at the end of "type 2 diabetes mellitus", "asthma" at the
        beginning of "Asthma inhalers"; "poisoning" must not lead to what is also called "blood
        poisoning", so that single words count in titles only.
        """
        asked = stems(name)
        if not asked:
            return []
        fits = []
        for number in {*self._first.get(asked[0], ()), *self._last.get(asked[-1], ())}:
            words, is_title, _ = self._names[number]
            at_an_end = asked in (words[: len(asked)], words[-len(asked) :])
            if at_an_end and (is_title or len(asked) >= MIN_WORDS):
                fits.append((len(words), not is_title, number))
        return _once(self._names[number][2] for _, _, number in sorted(fits))

    def _enter(self, contents: ArticleOutline) -> None:
        metadata = contents.article.metadata
        for code in filter(None, map(parse_prefixed_code, metadata.codes)):
            self._coded[code].append(contents)
            for higher in iter_ancestors(code):
                self._below[higher].append(contents)
        titles = titles_of(contents.article.title)
        for number, name in enumerate((*titles, *metadata.also_called)):
            words = stems(name)
            if words:
                self._named[frozenset(words)].append(contents)
                self._first[words[0]].append(len(self._names))
                self._last[words[-1]].append(len(self._names))
                self._names.append((words, number < len(titles), contents))


def _once(contents: Iterable[ArticleOutline] | Sequence[ArticleOutline]) -> list[ArticleOutline]:
    return list({one.article.id: one for one in contents}.values())
