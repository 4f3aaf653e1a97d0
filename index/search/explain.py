"""Match explanation: the matching words of a hit by field and kind of match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from index.query.parser import Leaf, ParsedQuery, PhraseQuery, PrefixQuery, SynonymQuery, WordQuery
from index.search.highlighter import Name, highlight_terms
from index.search.results import MatchedWords, MatchExplanation
from kb.model.passage import Passage
from kb.model.records import ArticleSummary, ReviewState
from kb.model.taxonomy import Taxonomy


class MatchExplainer:
    """Explains the hits of one query."""

    def __init__(
        self, query: ParsedQuery, taxonomy: Taxonomy, *, fuzzy: bool, names: Iterable[Name] = ()
    ) -> None:
        """Create an explainer for the executed query; `fuzzy` if it was corrected.

        `names` are the names of several words in it, as stems.
        """
        self.terms = highlight_terms(query, names)
        self._typed = highlight_terms(replace(query, clauses=query.leaves))
        self._query, self._taxonomy, self._fuzzy = query, taxonomy, fuzzy

    def find_matches(self, passages: Iterable[tuple[ArticleSummary, Passage]]) -> None:
        """Find the matches of several passages, faster than one after the other."""
        self.terms.find_matches(text for each in passages for text in self._texts(*each).values())

    def explain(
        self, article: ArticleSummary, passage: Passage, state: ReviewState
    ) -> tuple[MatchedWords, MatchExplanation]:
        """Return the matching words by kind of match, and by field with the missing words."""
        texts = self._texts(article, passage)
        found = {name: self.terms.matched_words(text) for name, text in texts.items()}
        every = dict.fromkeys(word for words in found.values() for word in words)
        typed = tuple(word for word in every if self._typed.stem(word))
        others = tuple(word for word in every if word not in typed)
        matched = (
            MatchedWords(fuzzy=typed, synonym=others)
            if self._fuzzy
            else MatchedWords(exact=typed, synonym=others)
        )
        there = {self.terms.stem(word) for word in every}
        why = MatchExplanation(
            fields=tuple((name, words) for name, words in found.items() if words),
            missing=tuple(dict.fromkeys(self._missing(there))),
            overdue=state is ReviewState.OVERDUE,
        )
        return matched, why

    def _missing(self, there: set[str]) -> Iterator[str]:
        for node in self._query.clauses:
            if isinstance(node, SynonymQuery):
                if not any(self._topical_stems(other) <= there for other in node.synonyms):
                    yield from (
                        _format_leaf(leaf) for leaf in node.typed if self._is_missing(leaf, there)
                    )
            elif isinstance(node, WordQuery | PhraseQuery) and self._is_missing(node, there):
                yield node.text

    def _is_missing(self, leaf: Leaf, there: set[str]) -> bool:
        return not isinstance(leaf, PrefixQuery) and not self._topical_stems(leaf) <= there

    def _topical_stems(self, leaf: Leaf) -> frozenset[str]:
        """Return the stems of a leaf without stop words inside a name."""
        return self.terms.stems.intersection(leaf.stems)

    def _texts(self, article: ArticleSummary, passage: Passage) -> Mapping[str, str]:
        """Return the searched texts by the field names of pages and the API."""
        heading, text, tags = _passage_texts(passage, self._taxonomy)
        metadata = article.metadata
        return {
            "title": article.title,
            "heading": heading,
            "text": text,
            "topics": "\n".join((*metadata.topics, *metadata.also_called)),
            "tags": tags,
        }


@lru_cache(maxsize=4_096)  # passages of frequent subjects are hits of many searches
def _passage_texts(passage: Passage, taxonomy: Taxonomy) -> tuple[str, str, str]:
    """Return the headings, the text and the labels of the tags of a passage."""
    tags = taxonomy.with_ancestors(tag.tag for tag in passage.tags)
    labels = "\n".join(taxonomy.label(tag) for tag in tags)
    return "\n".join(passage.heading_path), passage.text, labels


def _format_leaf(leaf: Leaf) -> str:
    return f"{leaf.start}*" if isinstance(leaf, PrefixQuery) else leaf.text
