"""Query expansion: removes question words and adds synonyms.

Both rewrite the query tree, so engines need no dictionaries. Quoted phrases, words in a field and
excluded words are left unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from index.analyzer import is_question_word
from index.query.parser import Leaf, Node, ParsedQuery, PhraseQuery, SynonymQuery, WordQuery
from index.query.synonyms import Synonym, SynonymDictionary, SynonymMatch

# Weight of the words of a name when they are not adjacent: "an attack of angina does not hurt the
# heart" contains both words of "heart attack" but is about something else.
SEPARATE_WORDS_WEIGHT = 0.5
MAX_SYNONYMS = 24  # per query; each costs a posting list


def remove_question_words(query: ParsedQuery) -> ParsedQuery:
    """Return `query` without question words such as "known", "role" or "used", if others remain."""
    topical = tuple(node for node in query.clauses if not _is_question_word(node))
    return replace(query, clauses=topical) if topical else query


def expand_synonyms(
    query: ParsedQuery, vocabulary: SynonymDictionary
) -> tuple[ParsedQuery, tuple[SynonymMatch, ...]]:
    """Return `query` with the synonyms of its words, and the matches that contributed them."""
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
    """Yield the nodes in runs: adjacent plain words together, every other node alone."""
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
    """Return the text of a plain node; empty, and thus without synonyms, for other nodes."""
    return node.text if _is_plain(node) and isinstance(node, WordQuery | PhraseQuery) else ""


def _synonym_query(
    typed: tuple[Leaf, ...], others: tuple[WordQuery | PhraseQuery, ...]
) -> SynonymQuery:
    """Return the typed words with their synonyms; words that are not adjacent weigh less."""
    words = [leaf for leaf in typed if isinstance(leaf, WordQuery)]
    if len(words) < len(typed) or len(words) == 1:
        return SynonymQuery(typed, others)
    text, stems = " ".join(word.text for word in words), tuple(word.stem for word in words)
    together = PhraseQuery(text, stems, quoted=False)
    separate = tuple(replace(word, weight=SEPARATE_WORDS_WEIGHT * word.weight) for word in words)
    return SynonymQuery(separate, (together, *others))


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
