"""Query parser: text to query tree.

The language has words, "phrases", -word, NOT, OR, AND, `field:word` and a trailing `*`;
docs/search.md documents it. Operators are written in capitals. Every text can be parsed: syntax
errors are treated as words, and `notes` lists what was ignored.

The parser limits the size of the tree. Without limits, Whoosh took minutes for a lone ``*s``, a
wide slop or a thousand words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from index.analyzer import Token, fold, has_cjk, split_words, stem_text, stem_word, tokenize
from kb.errors import QueryError

MAX_QUERY_LENGTH = 2_000  # characters: enough for a pasted paragraph
MAX_WORDS = 32  # a long question has about 20 words
MAX_PHRASE_WORDS = 12  # longer quotations are truncated; they match the same passages
MIN_PREFIX_LENGTH = 3  # letters before a `*`; shorter prefixes match too many words

WORDS_CUT = f"Only the first {MAX_WORDS} words were searched."
OPERATORS = frozenset({"AND", "OR", "NOT"})
PREFIX_TOO_SHORT = f"A * needs at least {MIN_PREFIX_LENGTH} letters before it. It was ignored."
PHRASE_CUT = f"Only the first {MAX_PHRASE_WORDS} words of a phrase were searched."

# Fields of the query language: text fields restrict a word to one text, filter fields select
# articles.
TEXT_FIELDS = ("title", "heading", "body")
FILTER_FIELDS = ("tag", "topic")


@dataclass(frozen=True, slots=True)
class WordQuery:
    """A word, compared by `stem`, in the text `field`, or in any text if `field` is empty.

    `weight` multiplies its score; a typed word has weight 1.
    """

    text: str
    stem: str
    field: str = ""
    weight: float = 1.0

    @property
    def stems(self) -> tuple[str, ...]:
        """The stem, as of a phrase of one word."""
        return (self.stem,)


@dataclass(frozen=True, slots=True)
class PrefixQuery:
    """All words that begin with `start`; `stem` is the stem of `start` as a word."""

    start: str
    stem: str
    field: str = ""

    @property
    def stems(self) -> tuple[str, ...]:
        """The stem, as of a phrase of one word."""
        return (self.stem,)


@dataclass(frozen=True, slots=True)
class PhraseQuery:
    """Consecutive words."""

    text: str
    stems: tuple[str, ...]
    field: str = ""
    quoted: bool = True  # False for hyphenated words such as "follow-up"
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AnyOfQuery:
    """Alternatives joined by OR."""

    alternatives: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class SynonymQuery:
    """Typed words and their synonyms, which have lower weights.

    A passage matches if it contains the typed words or one of the synonyms. The best match counts,
    so that repeating a concept in other words does not raise the score.
    """

    typed: tuple[Leaf, ...]
    synonyms: tuple[WordQuery | PhraseQuery, ...]


PlainLeaf = WordQuery | PhraseQuery
Leaf = PlainLeaf | PrefixQuery
Node = Leaf | AnyOfQuery | SynonymQuery


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A parsed query: clauses to match, excluded words, and filters by tag and topic.

    The clauses include stop words, because names may contain them; `index.query.expansion` removes
    those that are left. `is_message` marks a text written to a person (`index.query.messages`).
    """

    clauses: tuple[Node, ...] = ()
    excluded: tuple[Leaf, ...] = ()
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_message: bool = False

    def __str__(self) -> str:
        parts = [_format(node) for node in self.clauses]
        parts += ["-" + _format(node) for node in self.excluded]
        parts += [
            f"tag:{tag}" if re.fullmatch(r"\S+", tag) else f'tag:"{tag}"' for tag in self.tags
        ]
        parts += [f'topic:"{topic}"' for topic in self.topics]
        return " ".join(parts)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The typed leaves of all clauses, without synonyms."""
        found: list[Leaf] = []
        for node in self.clauses:
            if isinstance(node, AnyOfQuery):
                found.extend(node.alternatives)
            elif isinstance(node, SynonymQuery):
                found.extend(node.typed)
            else:
                found.append(node)
        return tuple(found)


# Fast path for most queries: words of ASCII letters, optionally in quotes.
_PLAIN_QUERY = re.compile(r'("?)([A-Za-z]+(?: [A-Za-z]+)*)\1')

# A word or a quotation with optional minus and field. An unclosed quotation extends to the end.
_TOKEN = re.compile(
    r"""(?P<minus>(?<!\w)-)?
        (?:(?P<field>[A-Za-z]+):(?=["“”\w]))?
        (?:["“”](?P<phrase>[^"“”]*)(?:["“”]|$) | (?P<word>[^\s"“”]+))""",
    re.VERBOSE,
)


# Between the parts of a hyphenated word, and between Chinese, Japanese and Korean characters.
_HYPHEN = re.compile("[-‐‑]")
_JOINED = re.compile("[-‐‑]?")


def check_length(text: str) -> None:
    """Raise `QueryError` if `text` exceeds `MAX_QUERY_LENGTH`."""
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryError(
            f"The query has {len(text):,} characters; the limit is {MAX_QUERY_LENGTH:,}. "
            "Use a few important words.",
            code="length",
        )


def parse(text: str) -> ParsedQuery:
    """Parse `text`; raises `QueryError` only if it is too long."""
    check_length(text)
    plain = _PLAIN_QUERY.fullmatch(text)
    if plain:
        quoted, plainly = plain.groups()
        typed = plainly.split(" ")
        if quoted and 1 < len(typed) <= MAX_PHRASE_WORDS:
            return ParsedQuery((PhraseQuery(plainly, tuple(map(stem_word, typed))),))
        if not quoted and len(typed) <= MAX_WORDS and OPERATORS.isdisjoint(typed):
            return ParsedQuery(tuple(map(_plain_word, typed)))
    reading = _QueryParser()
    for match in _TOKEN.finditer(text.replace("\0", " ")):
        reading.add_token(match)
    return reading.finish()


class _QueryParser:
    """Parser state while tokens are added from left to right."""

    def __init__(self) -> None:
        self.clauses: list[Node] = []
        self.excluded: list[Leaf] = []
        self.tags: list[str] = []
        self.topics: list[str] = []
        self.notes: dict[str, None] = {}  # ordered set
        self.words = 0
        self.or_pending = self.not_pending = False

    def add_token(self, match: re.Match[str]) -> None:
        field = (match["field"] or "").lower()
        minus, phrase, word = match["minus"], match["phrase"], match["word"]
        if word in OPERATORS and not field and not minus:
            self.or_pending = word == "OR" and bool(self.clauses)
            self.not_pending = word == "NOT" or (word == "AND" and self.not_pending)
            return
        if field in FILTER_FIELDS and not minus:
            value = (phrase if phrase is not None else word).strip()
            if value:
                (self.tags if field == "tag" else self.topics).append(value)
            return
        if field and field not in TEXT_FIELDS:  # "warning: bleeding" is not a field
            self._add_leaves(_leaves(match["field"], None, ""), bool(minus))
            field = ""
        if phrase is not None:
            self._add_leaves(self._parse_phrase(phrase, field), bool(minus))
        else:
            self._add_leaves(self._parse_word(word, field), bool(minus))

    def finish(self) -> ParsedQuery:
        return ParsedQuery(
            tuple(self.clauses),
            tuple(self.excluded),
            tuple(dict.fromkeys(self.tags)),
            tuple(dict.fromkeys(self.topics)),
            tuple(self.notes),
        )

    def _parse_phrase(self, phrase: str, field: str) -> list[Leaf]:
        found = stem_text(phrase)
        if len(found) > MAX_PHRASE_WORDS:
            self.notes[PHRASE_CUT] = None
            found = found[:MAX_PHRASE_WORDS]
        if len(found) > 1:
            return [PhraseQuery(" ".join(phrase.split()), tuple(found), field)]
        return _leaves(phrase, None, field)

    def _parse_word(self, word: str, field: str) -> list[Leaf]:
        body = word.rstrip(").,;:!?")
        if body.endswith("*") and body.strip("*"):
            start = "".join(split_words(body)[-1:])
            if len(fold(start)) >= MIN_PREFIX_LENGTH:
                return _leaves(body, start, field)
            self.notes[PREFIX_TOO_SHORT] = None
            body = body.rstrip("*")
        if "*" in body and split_words(body):
            self.notes[f"A * is allowed only at the end of a word. “{body}” was ignored."] = None
            return []
        leaves = _leaves(body, None, field)
        phrases = (leaf.text for leaf in leaves if isinstance(leaf, PhraseQuery))
        if any(len(split_words(phrase)) > MAX_PHRASE_WORDS for phrase in phrases):
            self.notes[PHRASE_CUT] = None
        return leaves

    def _add_leaves(self, leaves: list[Leaf], minus: bool) -> None:
        for leaf in leaves:
            if self.words >= MAX_WORDS:
                self.notes[WORDS_CUT] = None
                return
            self.words += len(leaf.stems)
            if minus or self.not_pending:
                self.excluded.append(leaf)
            elif self.or_pending and leaf is leaves[0]:
                last = self.clauses.pop()
                parts = last.alternatives if isinstance(last, AnyOfQuery) else (last,)
                self.clauses.append(AnyOfQuery((*parts, leaf)))
            else:
                self.clauses.append(leaf)
        if leaves:
            self.or_pending = self.not_pending = False


def _leaves(text: str, prefix: str | None, field: str) -> list[Leaf]:
    """Return the leaves of `text`; the last one is a `PrefixQuery` if `prefix` is given."""
    if prefix is None:
        return [*_plain_leaves(text, field)]
    words = [WordQuery(word, stem_word(word), field) for word in split_words(text)]
    return [*words[:-1], PrefixQuery(fold(prefix), stem_word(prefix), field)]


def _plain_leaves(text: str, field: str = "") -> Iterator[PlainLeaf]:
    """Yield the words of `text`.

    A hyphenated word such as "x-ray" becomes a phrase of its parts, as in the indexed text, and so
    does a run of Chinese, Japanese or Korean characters.
    """
    joiner = _JOINED if has_cjk(text) else _HYPHEN
    parts: list[Token] = []
    for token in (*tokenize(text), None):
        if parts and (token is None or not joiner.fullmatch(text, parts[-1].end, token.start)):
            first, last = parts[0], parts[-1]
            if len(parts) == 1:
                yield WordQuery(text[first.start : first.end], first.stem, field)
            else:
                stems = tuple(part.stem for part in parts[:MAX_PHRASE_WORDS])
                yield PhraseQuery(text[first.start : last.end], stems, field, quoted=False)
            parts = []
        if token:
            parts.append(token)


@lru_cache(maxsize=10_000)
def _plain_word(text: str) -> WordQuery:
    """Return a word of ASCII letters as a leaf."""
    return WordQuery(text, stem_word(text))


def _format(node: Node) -> str:
    if isinstance(node, AnyOfQuery):
        return " OR ".join(_format(part) for part in node.alternatives)
    if isinstance(node, SynonymQuery):
        return " ".join(_format(part) for part in node.typed)
    field = f"{node.field}:" if node.field else ""
    if isinstance(node, PhraseQuery):
        return f'{field}"{node.text}"' if node.quoted else f"{field}{node.text}"
    return f"{field}{node.start}*" if isinstance(node, PrefixQuery) else f"{field}{node.text}"


def parse_words(text: str) -> tuple[PlainLeaf, ...]:
    """Return the words of `text` without interpreting any syntax."""
    return tuple(_plain_leaves(text))


def split_compounds(query: ParsedQuery) -> ParsedQuery:
    """Return `query` with hyphenated words split into independent words."""
    wanted: dict[Node, None] = {}
    for node in query.clauses:
        if isinstance(node, SynonymQuery):
            typed = tuple(part for leaf in node.typed for part in _split_compound(leaf))
            wanted[replace(node, typed=typed)] = None
        elif isinstance(node, PhraseQuery):
            wanted.update(dict.fromkeys(_split_compound(node)))
        else:
            wanted[node] = None
    return replace(query, clauses=tuple(wanted))


def _split_compound(leaf: Leaf) -> tuple[Leaf, ...]:
    """Return the words of a hyphenated word, and any other leaf unchanged."""
    if not isinstance(leaf, PhraseQuery) or leaf.quoted or has_cjk(leaf.text):
        return (leaf,)
    words = zip(split_words(leaf.text), leaf.stems, strict=False)
    return tuple(WordQuery(word, stem, leaf.field, leaf.weight) for word, stem in words)


def add_filters(query: ParsedQuery, tags: tuple[str, ...], topics: tuple[str, ...]) -> ParsedQuery:
    """Return `query` with additional tag and topic filters."""
    return replace(
        query,
        tags=tuple(dict.fromkeys((*query.tags, *tags))),
        topics=tuple(dict.fromkeys((*query.topics, *topics))),
    )
