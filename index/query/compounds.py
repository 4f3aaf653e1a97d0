"""Compounds: words that are written together, with a hyphen or apart.

"xray", "x-ray" and "x ray" are one word for readers. The index keeps what was written, so a query
searches the other spellings too, as synonyms of the same weight, as far as the index has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from index.analyzer import fold, is_stopword, split_words, stem_word
from index.query.parser import Node, ParsedQuery, PhraseQuery, SynonymQuery, WordQuery

MIN_LENGTH = 3  # letters of a word that may be a compound
MAX_JOINED_LETTERS = 24
# First parts that are joined to any word. Other words are split only if the index lacks them.
PREFIXES = frozenset({
    "after", "anti", "auto", "bi", "co", "cross", "extra", "follow", "half", "health", "hyper",
    "hypo", "inter", "intra", "multi", "non", "off", "out", "over", "peri", "post", "pre",
    "self", "semi", "sub", "super", "trans", "ultra", "under", "up", "x",
})  # fmt: skip
# Second parts of verbs such as "follow up", which are no topic on their own.
PARTICLES = frozenset({"down", "off", "out", "up"})
PARTS_WEIGHT = 0.5  # of two parts, whose idfs add up, unless they are surely the word
PARTICLE_WEIGHT = 0.5  # of the first part alone

# A name of letters and a number, such as "il6", which is also written "IL-6".
_CODE = re.compile(r"([a-z]{2,5})(\d{1,3})")

# Returns whether the index has a word with this stem.
IndexTest = Callable[[str], bool]


def expand_compounds(query: ParsedQuery, is_indexed: IndexTest) -> ParsedQuery:
    """Return `query` with the other spellings of its compounds as synonyms."""
    clauses: list[Node] = []
    nodes = query.clauses
    at = 0
    while at < len(nodes):
        pair = nodes[at : at + 2]
        joined = _joined(pair, is_indexed)
        if joined:
            clauses.append(joined)
            at += 2
        else:
            clauses.append(_with_spellings(nodes[at], is_indexed))
            at += 1
    return replace(query, clauses=tuple(clauses))


def _joined(pair: Sequence[Node], is_indexed: IndexTest) -> SynonymQuery | None:
    """Return two words that are also written as one, with that spelling."""
    words = [node for node in pair if isinstance(node, WordQuery) and not node.field]
    if len(words) < 2:
        return None
    first, second = words
    text = first.text + second.text
    spellings: list[WordQuery | PhraseQuery] = []
    if (
        MIN_LENGTH <= len(text) <= MAX_JOINED_LETTERS
        and text.isalnum()
        and not (is_stopword(first.text) or is_stopword(second.text))  # "of ten" is not "often"
        and is_indexed(stem_word(text))
    ):
        spellings.append(WordQuery(text, stem_word(text)))
    if fold(second.text) in PARTICLES and not is_stopword(first.text):
        together = PhraseQuery(
            f"{first.text} {second.text}", (first.stem, second.stem), quoted=False
        )
        alone = replace(first, weight=PARTICLE_WEIGHT * first.weight)
        return SynonymQuery((alone,), (together, *spellings))
    return SynonymQuery((first, second), tuple(spellings)) if spellings else None


def _with_spellings(node: Node, is_indexed: IndexTest) -> Node:
    if isinstance(node, PhraseQuery) and not node.quoted and not node.field:
        text = "".join(split_words(node.text))
        if is_indexed(stem_word(text)):
            return SynonymQuery((node,), (WordQuery(text, stem_word(text)),))
    if isinstance(node, WordQuery) and not node.field and len(node.text) >= MIN_LENGTH:
        phrases = tuple(_split(node.text, is_indexed))
        if phrases:
            return SynonymQuery((node,), phrases)
    return node


def _split(word: str, is_indexed: IndexTest) -> Iterator[PhraseQuery]:
    """Yield the two parts of a compound, if the index has both."""
    folded = fold(word)
    if code := _CODE.fullmatch(folded):
        stems = stem_word(code[1]), code[2]
        if all(map(is_indexed, stems)):
            yield PhraseQuery(f"{code[1]} {code[2]}", stems, quoted=False)
    if not folded.isalpha():
        return
    known = is_indexed(stem_word(folded))
    for at in range(1, len(folded) - 1):
        first, second = folded[:at], folded[at:]
        if first in PREFIXES or (not known and min(len(first), len(second)) > 2):
            stems = stem_word(first), stem_word(second)
            if all(map(is_indexed, stems)):
                weight = PARTS_WEIGHT if known or first not in PREFIXES else 1.0
                yield PhraseQuery(f"{first} {second}", stems, quoted=False, weight=weight)
