"""Index of the published articles by medical code and by name.

It is built once per catalogue snapshot, so requests do not compare texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kb.model.medical_codes import MedicalCode, iter_ancestors, parse_prefixed_code
from kb.storage.article_listing import ArticleOutline
from kb.storage.catalog_cache import CatalogSnapshot
from web.integrations.infobutton.concept_names import name_key, stems, titles_of

MIN_WORDS = 2  # shortest part of an alternative name that matches it


class CodeIndex:
    """Codes and names of the articles in one catalogue snapshot."""

    def __init__(self, catalog: CatalogSnapshot) -> None:
        self.catalog = catalog
        self.by_id = {article.article.id: article for article in catalog.articles}
        self._coded: dict[MedicalCode, list[ArticleOutline]] = defaultdict(list)
        self._below: dict[MedicalCode, list[ArticleOutline]] = defaultdict(list)
        self._named: dict[frozenset[str], list[ArticleOutline]] = defaultdict(list)
        self._names: list[tuple[tuple[str, ...], bool, ArticleOutline]] = []
        self._first: dict[str, list[int]] = defaultdict(list)
        self._last: dict[str, list[int]] = defaultdict(list)
        for contents in catalog.articles:
            self._add(contents)

    def by_code(self, code: MedicalCode) -> list[ArticleOutline]:
        """Return the articles with `code`, followed by those with codes below it."""
        return _deduplicate([*self._coded.get(code, ()), *self._below.get(code, ())])

    def with_code(self, code: MedicalCode) -> list[ArticleOutline]:
        """Return the articles with exactly this code."""
        return _deduplicate(self._coded.get(code, ()))

    def nearest_ancestor(self, code: MedicalCode) -> MedicalCode | None:
        """Return the nearest code above `code` that an article has."""
        return next((above for above in iter_ancestors(code) if above in self._coded), None)

    def by_name(self, name: str) -> list[ArticleOutline]:
        """Return the articles that have `name` as their title or as an alternative name."""
        words = name_key(name)
        return _deduplicate(self._named.get(words, ())) if words else []

    def by_partial_name(self, name: str) -> list[ArticleOutline]:
        """Return the articles with a name that starts or ends with `name`, shortest names first.

        Examples: "type 2 diabetes mellitus" for "diabetes mellitus", "Asthma inhalers" for
        "asthma". A single word matches titles only, so that "poisoning" does not match an
        article with the alternative name "blood poisoning".
        """
        part = stems(name)
        if not part:
            return []
        matches = []
        for number in {*self._first.get(part[0], ()), *self._last.get(part[-1], ())}:
            words, is_title, _ = self._names[number]
            is_at_end = part in (words[: len(part)], words[-len(part) :])
            if is_at_end and (is_title or len(part) >= MIN_WORDS):
                matches.append((len(words), not is_title, number))
        return _deduplicate(self._names[number][2] for _, _, number in sorted(matches))

    def _add(self, contents: ArticleOutline) -> None:
        metadata = contents.article.metadata
        for code in filter(None, map(parse_prefixed_code, metadata.codes)):
            self._coded[code].append(contents)
            for ancestor in iter_ancestors(code):
                self._below[ancestor].append(contents)
        titles = titles_of(contents.article.title)
        for number, name in enumerate((*titles, *metadata.also_called)):
            words = stems(name)
            if words:
                self._named[frozenset(words)].append(contents)
                self._first[words[0]].append(len(self._names))
                self._last[words[-1]].append(len(self._names))
                self._names.append((words, number < len(titles), contents))


def _deduplicate(
    contents: Iterable[ArticleOutline] | Sequence[ArticleOutline],
) -> list[ArticleOutline]:
    return list({article.article.id: article for article in contents}.values())
