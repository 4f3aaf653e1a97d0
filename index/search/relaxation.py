"""Relaxation: the words of a query that may be matched without the others.

If no article is about rabies, a passage about the schedule of another vaccine does not answer
"rabies vaccine schedule", and the reader is told that there is nothing on rabies. Partial matches
therefore contain a word that names a subject, and if a name in the query occurs nowhere, another
name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from index.analyzer import fold, read_lines, stem_text
from index.engine import Engine, EngineRequest
from index.query.intents import GAP, IntentCatalog, Stems
from index.query.medical_words import is_medical_word
from index.query.parser import (
    Leaf,
    Node,
    ParsedQuery,
    PhraseQuery,
    SynonymQuery,
    WordQuery,
    split_compounds,
)
from index.query.synonym_rules import is_ordinary_word
from index.query.synonyms import SynonymDictionary
from index.search.query_expander import QueryExpander

GENERIC_WORDS, SYMPTOM_WORDS = "generic-words.txt", "symptom-words.txt"
MAX_GENERIC_WORDS = 2  # in a listed phrase


@dataclass(frozen=True, slots=True)
class RelaxedQuery:
    """The words of an expanded query of which one must match; without clauses, nothing may.

    `scored` has all words, which count in the passages of the matching articles. `absent` are the
    names and words that name a subject and that no article contains.
    """

    query: ParsedQuery
    scored: ParsedQuery
    absent: tuple[str, ...] = ()


class QueryRelaxer:
    """Relaxes queries on one engine with one synonym dictionary and the phrases of the intents."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: SynonymDictionary,
        intents: IntentCatalog,
        expander: QueryExpander,
    ) -> None:
        self._engine, self._vocabulary, self._expander = engine, vocabulary, expander
        self._generic = read_names(GENERIC_WORDS) | {
            tuple(stem_text(phrase))
            for intent in intents.intents
            if not intent.population
            for phrase in intent.phrases
            if " " not in phrase and GAP not in phrase
        }

    def relax(
        self, expanded: ParsedQuery, *, may_drop: bool = True, is_plain: bool = True
    ) -> RelaxedQuery:
        """Return the words of an expanded query that may be matched alone; hyphenated ones split.

        Only queries of plain words have a subject. In a long query, generic words count little, so
        unless words `may_drop`, all of them may match if any may.
        """
        split = split_compounds(expanded)
        if not is_plain:
            return RelaxedQuery(split, split)
        specific = [node for node, is_generic in self._with_kind(split.clauses) if not is_generic]
        absent = [node for node in specific if not (_is_ordinary(node) or self._is_present(node))]
        if not absent:
            kept = specific or list(split.clauses)
        else:
            kept = [node for node in specific if node not in absent and not _is_symptom(node)]
            if any(map(self._is_name, absent)):
                kept = list(filter(self._is_name, kept))
        if kept and not may_drop:
            return RelaxedQuery(split, split)
        clauses = tuple(map(self._without_generic, kept))
        return RelaxedQuery(replace(split, clauses=clauses), split, tuple(map(_text, absent)))

    def _with_kind(self, nodes: Sequence[Node]) -> Iterator[tuple[Node, bool]]:
        """Yield each node and whether it is generic, alone or with its neighbours."""
        at = 0
        while at < len(nodes):
            ends = range(min(len(nodes), at + MAX_GENERIC_WORDS), at, -1)
            end = next((end for end in ends if self._is_generic(nodes[at:end])), at)
            yield from ((node, end > at) for node in nodes[at : max(end, at + 1)])
            at = max(end, at + 1)

    def _is_generic(self, nodes: Sequence[Node | Leaf]) -> bool:
        """Return whether the words of some nodes together are generic, or each of them is."""
        words = [stem for node in nodes for stem in stem_text(_text(node))]
        return tuple(words) in self._generic or all((word,) in self._generic for word in words)

    def _without_generic(self, node: Node) -> Node:
        """Return a name without its words that are generic or single letters, if others remain."""
        if not isinstance(node, SynonymQuery):
            return node
        kept = tuple(
            leaf for leaf in node.typed if len(_text(leaf)) > 1 and not self._is_generic([leaf])
        )
        return replace(node, typed=kept or node.typed)

    def _is_present(self, node: Node) -> bool:
        """Return whether a passage contains a word, or all words of a name, or a synonym."""
        if isinstance(node, WordQuery):
            return self._expander.is_indexed(node.stem)
        found = self._engine.search(EngineRequest(query=ParsedQuery((node,)), limit=1))
        return bool(found.articles) or found.partial

    def _is_name(self, node: Node) -> bool:
        """Return whether a node is the name of an article, a drug or another concept."""
        text = _text(node)
        word = fold(text)
        return (
            isinstance(node, SynonymQuery)
            or word in self._vocabulary.drugs
            or is_medical_word(word)
            or bool(self._engine.find_articles([" ".join(stem_text(text))]))
        )


@lru_cache(maxsize=2)
def read_names(word_list: str) -> frozenset[Stems]:
    """Return the stems of the words and phrases in a list."""
    return frozenset(
        tuple(stem_text(entry))
        for line in read_lines(word_list)
        for entry in line.split(",")
        if entry.strip()
    )


def _text(node: Node | Leaf) -> str:
    """Return the typed text of a node."""
    if isinstance(node, SynonymQuery):
        return " ".join(map(_text, node.typed))
    return node.text if isinstance(node, WordQuery | PhraseQuery) else ""


def _is_ordinary(node: Node) -> bool:
    """Return whether a word is an everyday word, which names no subject even if it is absent."""
    return is_ordinary_word(_text(node))


def _is_symptom(node: Node) -> bool:
    """Return whether a word names a symptom or another subject that is too general beside one."""
    return tuple(stem_text(_text(node))) in read_names(SYMPTOM_WORDS)
