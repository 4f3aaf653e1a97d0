"""Query expansion: adds synonyms, then removes stop words and question words.

Both rewrite the query tree, so engines need no dictionaries. Quoted phrases, words in a field and
excluded words are left unchanged. Names are matched first, because they may contain stop words:
"shortness of breath", "over the counter", "hepatitis A".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, takewhile

from index.analyzer import is_question_word, is_stopword
from index.query.parser import (
    OPERATORS,
    Node,
    ParsedQuery,
    PhraseQuery,
    SynonymQuery,
    WordQuery,
)
from index.query.synonyms import Synonym, SynonymDictionary, SynonymMatch

# Weight of the words of a name when they are not adjacent: "an attack of angina does not hurt the
# heart" contains both words of "heart attack" but is about something else.
SEPARATE_WORDS_WEIGHT = 0.5
MAX_SYNONYMS = 24  # per query; each costs a posting list


def quote_operands(text: str, vocabulary: SynonymDictionary) -> str:
    """Return `text` with quotes around names of several words beside OR and after NOT.

    So "heart attack OR stroke" is "heart attack" or stroke, and NOT excludes the whole name.
    """
    tokens = text.split()
    if OPERATORS.isdisjoint(tokens):
        return text
    quoted: list[str] = []
    for number, token in enumerate(tokens):
        if sum(map(" ".join(tokens[:number]).count, '"“”')) % 2:  # inside a quotation
            quoted.append(token)
            continue
        if token == "OR":
            _quote_last_name(quoted, vocabulary)
        quoted.append(token)
        if token in ("OR", "NOT"):
            following = list(takewhile(_is_bare_word, tokens[number + 1 :]))
            names = [match for match in vocabulary.find_matches(following) if not match.start]
            if names and names[0].end > 1:
                name = " ".join(following[: names[0].end])
                rest = " ".join(tokens[number + 1 + names[0].end :])
                return " ".join((*quoted, quote_operands(f'"{name}" {rest}'.strip(), vocabulary)))
    return " ".join(quoted)


def _quote_last_name(tokens: list[str], vocabulary: SynonymDictionary) -> None:
    """Quote the longest name of several words at the end of `tokens`."""
    words = list(takewhile(_is_bare_word, reversed(tokens)))[::-1]
    for start in range(len(words) - 1):
        name = words[start:]
        if vocabulary.find_name(name):
            tokens[len(tokens) - len(name) :] = ['"' + " ".join(name) + '"']
            return


def _is_bare_word(token: str) -> bool:
    return token not in OPERATORS and token.replace("-", "").isalnum() and token[0] != "-"


def remove_stopwords(query: ParsedQuery) -> ParsedQuery:
    """Return `query` without stop words, if others remain."""
    return _keep_topical(query, is_stopword)


def remove_fillers(query: ParsedQuery) -> ParsedQuery:
    """Return `query` without stop words and question words such as "known", if others remain."""
    return _keep_topical(remove_stopwords(query), is_question_word)


def _keep_topical(query: ParsedQuery, is_filler: Callable[[str], bool]) -> ParsedQuery:
    topical = tuple(
        node
        for node in query.clauses
        if not (isinstance(node, WordQuery) and not node.field and is_filler(node.text))
    )
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
    typed: tuple[WordQuery | PhraseQuery, ...], others: tuple[WordQuery | PhraseQuery, ...]
) -> SynonymQuery:
    """Return the typed words with their synonyms; words that are not adjacent weigh less."""
    if len(typed) == 1:
        return SynonymQuery(typed, others)
    stems = tuple(chain.from_iterable(leaf.stems for leaf in typed))
    together = PhraseQuery(" ".join(_text(leaf) for leaf in typed), stems, quoted=False)
    topical = [leaf for leaf in typed if not is_stopword(_text(leaf))] or typed
    separate = tuple(replace(leaf, weight=SEPARATE_WORDS_WEIGHT * leaf.weight) for leaf in topical)
    return SynonymQuery(separate, (together, *others))


def _leaves(nodes: list[Node]) -> Iterator[WordQuery | PhraseQuery]:
    for node in nodes:
        if isinstance(node, WordQuery | PhraseQuery):
            yield node


def _synonym_leaves(match: SynonymMatch, room: int) -> tuple[WordQuery | PhraseQuery, ...]:
    return tuple(_leaf(other) for other in match.synonyms[: max(0, room)])


def _leaf(other: Synonym) -> WordQuery | PhraseQuery:
    if len(other.stems) == 1:
        return WordQuery(other.text, other.stems[0], weight=other.weight)
    return PhraseQuery(other.text, other.stems, weight=other.weight)
