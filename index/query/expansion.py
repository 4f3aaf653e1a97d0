"""What a query means beyond its letters: what of it asks, and which other names its words have.

All of it is a rewriting of the query's own tree, so an engine knows nothing of vocabularies. What
stands in quotes, in a field or behind a minus is left as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from index.analyzer import is_question_word
from index.query.parser import Leaf, Node, Phrase, Query, Synonyms, Word
from index.query.synonyms import Match, Other, Vocabulary

# What the words of one name count when they stand apart: "an attack of angina does not hurt the
# heart" has both words of "heart attack" and is about something else.
APART = 0.5
MOST_NAMES = 24  # other names in one query: each is a list of postings to be read


def without_question_words(query: Query) -> Query:
    """Return `query` without words such as "known", "role" or "used", where enough others stand."""
    topical = tuple(node for node in query.wanted if not _asks(node))
    return replace(query, wanted=topical) if topical else query


def with_synonyms(query: Query, vocabulary: Vocabulary) -> tuple[Query, tuple[Match, ...]]:
    """Return `query` with the other names of its words, and the matches that were used."""
    wanted: list[Node] = []
    used: list[Match] = []
    names = 0
    for run in _runs(query.wanted):
        matches = vocabulary.matches([_text(node) for node in run])
        at = 0
        for match in matches:
            others = _others(match, MOST_NAMES - names)
            if not others:
                continue
            wanted.extend(run[at : match.start])
            wanted.append(_synonyms(tuple(_leaves(run[match.start : match.end])), others))
            used.append(match)
            names += len(others)
            at = match.end
        wanted.extend(run[at:])
    return replace(query, wanted=tuple(wanted)), tuple(used)


def _asks(node: Node) -> bool:
    return isinstance(node, Word) and not node.field and is_question_word(node.text)


def _runs(nodes: tuple[Node, ...]) -> Iterator[list[Node]]:
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
    if isinstance(node, Word):
        return not node.field
    return isinstance(node, Phrase) and not node.quoted and not node.field


def _text(node: Node) -> str:
    """Return a plain node as typed; an empty word, which has no other name, for any other."""
    return node.text if _is_plain(node) and isinstance(node, Word | Phrase) else ""


def _synonyms(typed: tuple[Leaf, ...], others: tuple[Word | Phrase, ...]) -> Synonyms:
    """Return the choice of the typed words, next to each other or apart, and their other names."""
    words = [leaf for leaf in typed if isinstance(leaf, Word)]
    if len(words) < len(typed) or len(words) == 1:
        return Synonyms(typed, others)
    text, stems = " ".join(word.text for word in words), tuple(word.stem for word in words)
    together = Phrase(text, stems, quoted=False)
    apart = tuple(replace(word, weight=APART * word.weight) for word in words)
    return Synonyms(apart, (together, *others))


def _leaves(nodes: list[Node]) -> Iterator[Leaf]:
    for node in nodes:
        if isinstance(node, Word | Phrase):
            yield node


def _others(match: Match, room: int) -> tuple[Word | Phrase, ...]:
    return tuple(_leaf(other) for other in match.others[: max(0, room)])


def _leaf(other: Other) -> Word | Phrase:
    if len(other.stems) == 1:
        return Word(other.text, other.stems[0], weight=other.weight)
    return Phrase(other.text, other.stems, weight=other.weight)
