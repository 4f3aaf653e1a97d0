"""The query language: from what a person types to a small tree of our own.

Words, "phrases", -word, OR, `field:word`, and a trailing `*`. Every text has a reading; a mistake
is read as words, and whatever was left out is said in a note. docs/search.md tells it to people.

The tree is all that an engine sees. Its size is bounded here, before any engine does work:
Whoosh was seen to need minutes for a lone ``*s``, a wide slop or a thousand words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from index.analyzer import fold, is_stopword, split_words, stem_text, stem_word
from kb.errors import QueryError

MAX_QUERY_LENGTH = 2_000  # a pasted paragraph is read; what is longer is a mistake
MAX_WORDS = 32  # a long question has about 20; each further word costs and adds nothing
MAX_PHRASE_WORDS = 12  # longer quotations are cut here: they find the same passages
MIN_PREFIX_LENGTH = 3  # letters before a `*`: with fewer, half of the dictionary would match

WORDS_CUT = f"Only the first {MAX_WORDS} words are searched."
PREFIX_TOO_SHORT = f"A * needs at least {MIN_PREFIX_LENGTH} letters before it; it was left out."
PHRASE_CUT = f"Only the first {MAX_PHRASE_WORDS} words of a phrase are searched."

# Fields that a person may name. `tag` and `topic` filter, the others say where a word must stand.
TEXT_FIELDS = ("title", "heading", "body")
FILTER_FIELDS = ("tag", "topic")


@dataclass(frozen=True, slots=True)
class WordQuery:
    """A word; `stem` is what is compared. In `field`, or in any when that is empty.

    `weight` says how much it counts beside a typed word, which counts 1.
    """

    text: str
    stem: str
    field: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PrefixQuery:
    """All words that begin with `start`; `stem` is the stem of `start` taken as a word."""

    start: str
    stem: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class PhraseQuery:
    """Words that follow one another."""

    text: str
    stems: tuple[str, ...]
    field: str = ""
    quoted: bool = True  # False for "follow-up", which a person would not call a phrase
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AnyOfQuery:
    """What stood on both sides of OR."""

    alternatives: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class SynonymQuery:
    """Typed words that name one thing, and its other names, weighted below them.

    A passage matches that has the typed words or one of the `others`; the best of them counts, so
    that a passage is not better for saying one thing in many ways.
    """

    typed: tuple[Leaf, ...]
    synonyms: tuple[WordQuery | PhraseQuery, ...]


Leaf = WordQuery | PrefixQuery | PhraseQuery
Node = Leaf | AnyOfQuery | SynonymQuery


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query: what is wanted, what is excluded, and which tags and topics it is limited to."""

    clauses: tuple[Node, ...] = ()
    excluded: tuple[Leaf, ...] = ()
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

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
        """Everything that was typed as wanted, taken out of its ORs and synonyms."""
        found: list[Leaf] = []
        for node in self.clauses:
            if isinstance(node, AnyOfQuery):
                found.extend(node.alternatives)
            elif isinstance(node, SynonymQuery):
                found.extend(node.typed)
            else:
                found.append(node)
        return tuple(found)


# What most people type: words of plain letters, alone or in quotes, in which nothing is to be read.
_PLAIN_QUERY = re.compile(r'("?)([A-Za-z]+(?: [A-Za-z]+)*)\1')

# A quotation may have a field and a minus before it; so may a word. An open quotation runs to
# the end of the text.
_TOKEN = re.compile(
    r"""(?P<minus>(?<!\w)-)?
        (?:(?P<field>[A-Za-z]+):(?=["“”\w]))?
        (?:["“”](?P<phrase>[^"“”]*)(?:["“”]|$) | (?P<word>[^\s"“”]+))""",
    re.VERBOSE,
)


def check_length(text: str) -> None:
    """Raise `QueryError` for a text that is far too long, be it of spaces."""
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryError(
            f"The search has {len(text):,} characters; at most {MAX_QUERY_LENGTH:,} are read. "
            "Search for the few words that matter most.",
            code="length",
        )


def parse(text: str) -> ParsedQuery:
    """Read `text` as a query. Raises `QueryError` only for a text that is far too long."""
    check_length(text)
    plain = _PLAIN_QUERY.fullmatch(text)
    if plain:
        quoted, plainly = plain.groups()
        typed = plainly.split(" ")
        if quoted and 1 < len(typed) <= MAX_PHRASE_WORDS:
            return ParsedQuery((PhraseQuery(plainly, tuple(map(stem_word, typed))),))
        if not quoted and len(typed) <= MAX_WORDS and "OR" not in typed:
            read = [_plain_word(word) for word in typed]
            topical = tuple([word for word, is_filler in read if not is_filler])
            return ParsedQuery(topical or tuple([word for word, _ in read]))
    reading = _QueryParser()
    for match in _TOKEN.finditer(text.replace("\0", " ")):
        reading.add_token(match)
    return reading.finish()


class _QueryParser:
    """A query on its way from left to right."""

    def __init__(self) -> None:
        self.clauses: list[Node] = []
        self.excluded: list[Leaf] = []
        self.tags: list[str] = []
        self.topics: list[str] = []
        self.notes: dict[str, None] = {}  # in order, each once
        self.words = 0
        self.or_pending = False

    def add_token(self, match: re.Match[str]) -> None:
        field = (match["field"] or "").lower()
        minus, phrase, word = match["minus"], match["phrase"], match["word"]
        if word == "OR" and not field and not minus:
            self.or_pending = bool(self.clauses)
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
        wanted = tuple(self.clauses)
        topical = tuple(node for node in wanted if not _is_filler(node))
        return ParsedQuery(
            topical or wanted,
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
        leaves = _leaves(body, None, field)
        if (
            isinstance(leaves[0] if leaves else None, PhraseQuery)
            and len(split_words(body)) > MAX_PHRASE_WORDS
        ):
            self.notes[PHRASE_CUT] = None
        return leaves

    def _add_leaves(self, leaves: list[Leaf], minus: bool) -> None:
        for leaf in leaves:
            if self.words >= MAX_WORDS:
                self.notes[WORDS_CUT] = None
                return
            self.words += len(leaf.stems) if isinstance(leaf, PhraseQuery) else 1
            if minus:
                self.excluded.append(leaf)
            elif self.or_pending and leaf is leaves[0]:
                last = self.clauses.pop()
                parts = last.alternatives if isinstance(last, AnyOfQuery) else (last,)
                self.clauses.append(AnyOfQuery((*parts, leaf)))
            else:
                self.clauses.append(leaf)
        if leaves:
            self.or_pending = False


def _leaves(text: str, prefix: str | None, field: str) -> list[Leaf]:
    """Return a leaf for each word of `text`; the last one is a prefix where there is one.

    A word with a hyphen is a phrase of its parts, as it is in the text: "x-ray", "follow-up".
    """
    found = split_words(text)
    if prefix is None and len(found) > 1 and re.search(r"\w[-‐‑]\w", text):
        kept = tuple(stem_word(word) for word in found[:MAX_PHRASE_WORDS])
        return [PhraseQuery(text, kept, field, quoted=False)]
    leaves: list[Leaf] = [WordQuery(word, stem_word(word), field) for word in found]
    if prefix is not None:
        leaves[-1:] = [PrefixQuery(fold(prefix), stem_word(prefix), field)]
    return leaves


@lru_cache(maxsize=10_000)  # a word of a query is often one of the last queries
def _plain_word(text: str) -> tuple[WordQuery, bool]:
    """Return a word of plain letters as a leaf, and whether it is a filler."""
    word = WordQuery(text, stem_word(text))
    return word, _is_filler(word)


def _is_filler(node: Node) -> bool:
    return isinstance(node, WordQuery) and not node.field and is_stopword(node.text)


def _format(node: Node) -> str:
    if isinstance(node, AnyOfQuery):
        return " OR ".join(_format(part) for part in node.alternatives)
    if isinstance(node, SynonymQuery):
        return " ".join(_format(part) for part in node.typed)
    field = f"{node.field}:" if node.field else ""
    if isinstance(node, PhraseQuery):
        return f'{field}"{node.text}"' if node.quoted else f"{field}{node.text}"
    return f"{field}{node.start}*" if isinstance(node, PrefixQuery) else f"{field}{node.text}"


def parse_words(text: str) -> tuple[Leaf, ...]:
    """Return `text` read as nothing but words."""
    return tuple(_leaves(text, None, ""))


def split_compounds(query: ParsedQuery) -> ParsedQuery:
    """Return `query` with the parts of its hyphenated words standing on their own."""
    wanted: dict[Node, None] = {}
    for node in query.clauses:
        if isinstance(node, PhraseQuery) and not node.quoted:
            parts = zip(split_words(node.text), node.stems, strict=False)
            wanted.update(dict.fromkeys(WordQuery(word, stem, node.field) for word, stem in parts))
        else:
            wanted[node] = None
    return replace(query, clauses=tuple(wanted))


def add_filters(query: ParsedQuery, tags: tuple[str, ...], topics: tuple[str, ...]) -> ParsedQuery:
    """Return `query` limited to these tags and topics as well."""
    return replace(
        query,
        tags=tuple(dict.fromkeys((*query.tags, *tags))),
        topics=tuple(dict.fromkeys((*query.topics, *topics))),
    )
