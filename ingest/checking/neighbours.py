"""Passages of other articles that may disagree with this one, or say the same again.

Every passage has keys: the terms it defines, the quantities it gives, and a sketch of its word
runs. Only passages that share a key are compared, so checking one article against a base of any
size costs what the article costs. `Neighbourhood` keeps the keys in memory; whoever keeps them
elsewhere (a table of key and passage) asks `keys_of` and hands `Neighbour`s to the check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.checking.definitions import definitions_in, denials_in
from ingest.checking.duplicates import sketch
from ingest.checking.manuscript import Part
from ingest.checking.quantities import quantities_in
from ingest.checking.rules import Rules
from kb.article import Article
from kb.passage import Passage

MOST_PER_KEY = 8  # passages under one key: what more of them share is boilerplate


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A passage of another article."""

    article_id: str
    title: str
    also_called: tuple[str, ...]
    passage: Passage


def keys_of(title: str, also_called: Sequence[str], passage: Passage, rules: Rules) -> set[str]:
    """Return the keys under which a passage may meet another that it must agree with."""
    part = Part(passage, 0, sources=False)
    names = (title, *also_called)
    found = {s.key for s in definitions_in(part, rules["contradictory-definition"])}
    found |= {s.key for s in denials_in(part, rules.settings("negation"))}
    found |= {s.key for s in quantities_in(part, names, rules["number-conflict"])}
    found |= {f"run:{number:x}" for number in sketch(passage.text, rules["near-duplicate"])}
    return found


class Neighbourhood:
    """The passages of a whole base by their keys."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._by_key: dict[str, list[Neighbour]] = defaultdict(list)

    def add(self, article_id: str, article: Article, passages: Sequence[Passage]) -> None:
        """Take in an article's passages."""
        for passage in passages:
            metadata = article.metadata
            neighbour = Neighbour(article_id, article.title, metadata.also_called, passage)
            for key in keys_of(article.title, metadata.also_called, passage, self._rules):
                if len(self._by_key[key]) < MOST_PER_KEY:
                    self._by_key[key].append(neighbour)

    def of(
        self, article_id: str, article: Article, passages: Sequence[Passage]
    ) -> tuple[Neighbour, ...]:
        """Return the passages of other articles that share a key with one of these."""
        found: dict[int, Neighbour] = {}
        for passage in passages:
            for key in keys_of(article.title, article.metadata.also_called, passage, self._rules):
                for neighbour in self._by_key.get(key, ()):
                    if neighbour.article_id != article_id:
                        found[id(neighbour)] = neighbour
        return tuple(found.values())
