"""What a query means beyond its letters: what of it asks, and which other names its words have.

All of it is a rewriting of the query's own tree, so an engine knows nothing of vocabularies. What
stands in quotes, in a field or behind a minus is left as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from index.analyzer import is_question_word
from index.query.parser import Leaf, Node, ParsedQuery, PhraseQuery, SynonymQuery, WordQuery
from index.query.synonyms import Synonym, SynonymDictionary, SynonymMatch

# What the words of one name count when they stand apart: "an attack of angina does not hurt the
# heart" has both words of "heart attack" and is about something else.
SEPARATE_WORDS_WEIGHT = 0.5
MAX_SYNONYMS = 24  # other names in one query: each is a list of postings to be read


def remove_question_words(query: ParsedQuery) -> ParsedQuery:
    """Return `query` without words such as "known", "role" or "used", where enough others stand."""
    topical = tuple(node for node in query.clauses if not _is_question_word(node))
    return replace(query, clauses=topical) if topical else query


def expand_synonyms(
    query: ParsedQuery, vocabulary: SynonymDictionary
) -> tuple[ParsedQuery, tuple[SynonymMatch, ...]]:
    """Return `query` with the other names of its words, and the matches that were used."""
    wanted: list[Node] = []
    used: list[SynonymMatch] = []
    names = 0
    for run in _plain_runs(query.clauses):
        matches = vocabulary.find_matches([_text(node) for node in run])
        at = 0
        for match in matches:
            others = _synonym_leaves(match, MAX_SYNONYMS - names)
            if not others:
                continue
            wanted.extend(run[at : match.start])
            wanted.append(_synonym_query(tuple(_leaves(run[match.start : match.end])), others))
            used.append(match)
            names += len(others)
            at = match.end
        wanted.extend(run[at:])
    return replace(query, clauses=tuple(wanted)), tuple(used)


def _is_question_word(node: Node) -> bool:
    return isinstance(node, WordQuery) and not node.field and is_question_word(node.text)


def _plain_runs(nodes: tuple[Node, ...]) -> Iterator[list[Node]]:
    """Yield the nodes in runs: plain words that stand together, and each other node alone."""
    run: list[Node] = []
    for node in nodes:
        if _is_plain(node):
            run.append(node)
            continue
        if run:
            yield run
            run = []
        yield [node]
    if run:
        yield run


def _is_plain(node: Node) -> bool:
    if isinstance(node, WordQuery):
        return not node.field
    return isinstance(node, PhraseQuery) and not node.quoted and not node.field


def _text(node: Node) -> str:
    """Return a plain node as typed; an empty word, which has no other name, for any other."""
    return node.text if _is_plain(node) and isinstance(node, WordQuery | PhraseQuery) else ""


def _synonym_query(
    typed: tuple[Leaf, ...], others: tuple[WordQuery | PhraseQuery, ...]
) -> SynonymQuery:
    """Return the choice of the typed words, next to each other or apart, and their other names."""
    words = [leaf for leaf in typed if isinstance(leaf, WordQuery)]
    if len(words) < len(typed) or len(words) == 1:
        return SynonymQuery(typed, others)
    text, stems = " ".join(word.text for word in words), tuple(word.stem for word in words)
    together = PhraseQuery(text, stems, quoted=False)
    apart = tuple(replace(word, weight=SEPARATE_WORDS_WEIGHT * word.weight) for word in words)
    return SynonymQuery(apart, (together, *others))


def _leaves(nodes: list[Node]) -> Iterator[Leaf]:
    for node in nodes:
        if isinstance(node, WordQuery | PhraseQuery):
            yield node


def _synonym_leaves(match: SynonymMatch, room: int) -> tuple[WordQuery | PhraseQuery, ...]:
    return tuple(_leaf(other) for other in match.synonyms[: max(0, room)])


def _leaf(other: Synonym) -> WordQuery | PhraseQuery:
    if len(other.stems) == 1:
        return WordQuery(other.text, other.stems[0], weight=other.weight)
    return PhraseQuery(other.text, other.stems, weight=other.weight)
