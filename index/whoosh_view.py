"""Reading one Whoosh commit: compiling our query, scoring, and grouping what was found.

A `View` is never refreshed: a refreshed Whoosh searcher was seen to answer with deleted documents.
The next commit gets a view of its own. The size of a query is bounded by `index.query`; what a
prefix stands for and the time that a search may take are bounded here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from whoosh import query as wq
from whoosh import scoring
from whoosh.collectors import ScoredCollector, TimeLimit
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.searching import Searcher

from index.commits import Manifest
from index.document import ALL, PLACED
from index.engine import OVERDUE, Ask, Found, Group
from index.query import AnyOf, Leaf, Node, Phrase, Prefix, Synonyms
from index.whoosh_best import Best
from index.whoosh_schema import FORMS, Card, unpacked_card

MAX_EXPANSIONS = 500  # words that one prefix stands for
TIME_LIMIT = 2.0  # seconds; then what was found so far is the answer, marked as partial
CLOCK_EVERY = 256  # documents between two looks at the clock


class View:
    """One commit, open for reading. Never refreshed: the next commit gets a view of its own."""

    def __init__(self, folder: Path, generation: int, manifest: Manifest, toc: TOC) -> None:
        self.folder, self.generation, self.manifest = folder, generation, manifest
        self._toc = toc
        self._idle: list[Any] = []  # searchers not in use: a searcher serves one thread at a time
        first = self._searcher()
        self._cards = _cards(first.reader())
        self._idle.append(first)

    def close(self) -> None:
        """Close the searchers that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def search(self, ask: Ask) -> Found:
        """Score every matching document, then filter, count and group."""
        with self._lent() as searcher:
            scores, partial = _scored(searcher, ask, self._cards)
        chosen = _Chosen(ask, self._cards, scores)
        groups = chosen.groups(ask.sort)
        return Found(
            articles=len(groups),
            passages=len(chosen.documents),
            groups=tuple(groups[ask.offset : ask.offset + ask.limit]),
            tags=chosen.tags,
            topics=chosen.topics,
            generation=self.generation,
            as_of=self.manifest.as_of,
            partial=partial,
        )

    def rarity(self, stems: Iterable[str]) -> Mapping[str, float]:
        """Return the idf of each stem, as it is scored."""
        with self._lent() as searcher:
            if not searcher.doc_count_all():  # Whoosh would take the logarithm of nothing
                return dict.fromkeys(stems, 1.0)
            return {stem: searcher.idf(ALL, stem) for stem in stems}

    @cached_property
    def forms(self) -> Mapping[str, int]:
        """Each word as it is written and the number of passages that have it."""
        with self._lent() as searcher:
            reader = searcher.reader()
            if not reader.doc_count_all():
                return {}
            terms = ((term.decode(), info) for term, info in reader.iter_field(FORMS))
            return {term: int(info.doc_frequency()) for term, info in terms}

    @contextmanager
    def _lent(self) -> Iterator[Any]:
        searcher = self._idle.pop() if self._idle else self._searcher()
        try:
            yield searcher
        finally:
            self._idle.append(searcher)

    def _searcher(self) -> Any:
        # Not `FileIndex.searcher`: that opens whatever commit is the newest by now, and this view's
        # cards would be those of other documents.
        storage = FileStorage(str(self.folder))
        reader = FileIndex._reader(
            storage, self._toc.schema, list(self._toc.segments), self.generation
        )
        return Searcher(reader, weighting=scoring.BM25F())


def _cards(reader: Any) -> list[Card | None]:
    """Return the card of each document by number; None where the document is deleted."""
    if not reader.doc_count_all():
        return []
    column = reader.column_reader("card")
    return [
        None if reader.is_deleted(number) else unpacked_card(column[number])
        for number in range(reader.doc_count_all())
    ]


class _Collector(ScoredCollector):  # type: ignore[misc]  # Whoosh has no type for it
    """Collects (document, score) for all matches until the time is up."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self.scores: dict[int, float] = {}
        self._deadline = deadline

    def _collect(self, global_docnum: int, score: float) -> float:
        self.scores[global_docnum] = score
        if len(self.scores) % CLOCK_EVERY == 0 and time.monotonic() > self._deadline:
            raise TimeLimit
        return 0.0

    def results(self) -> None:
        """Return nothing: the scores are read from the collector."""


def _scored(
    searcher: Any, ask: Ask, cards: Sequence[Card | None]
) -> tuple[Mapping[int, float], bool]:
    """Return the score of each matching document, and whether the time limit cut it short.

    What is excluded is subtracted here: Whoosh's own AndNot lets the first match pass when an
    excluded document stands before it.
    """
    deadline = time.monotonic() + TIME_LIMIT
    excluded: Mapping[int, float] = {}
    if ask.query.excluded:
        unwanted = _compiled(ask.query.excluded, searcher.reader(), every=False)
        excluded, partial = _collected(searcher, unwanted, deadline)
        if partial:  # nothing is known to be allowed
            return {}, True
    if ask.query.wanted:
        wanted = _compiled(ask.query.wanted, searcher.reader(), every=ask.every)
        scores, partial = _collected(searcher, wanted, deadline)
    else:
        everything = (number for number, card in enumerate(cards) if card is not None)
        scores, partial = dict.fromkeys(everything, 0.0), False
    return {number: scores[number] for number in scores if number not in excluded}, partial


def _collected(searcher: Any, compiled: Any, deadline: float) -> tuple[Mapping[int, float], bool]:
    collector = _Collector(deadline)
    try:
        searcher.search_with_collector(compiled, collector)
    except TimeLimit:
        return collector.scores, True
    return collector.scores, False


def _compiled(nodes: Sequence[Node], reader: Any, *, every: bool) -> Any:
    parts = [_node(node, reader, every=every) for node in dict.fromkeys(nodes)]
    if len(parts) == 1:
        return parts[0]
    return wq.And(parts) if every else wq.Or(parts)


def _node(node: Node, reader: Any, *, every: bool) -> Any:
    if isinstance(node, AnyOf):
        return _either([_leaf(part, reader) for part in dict.fromkeys(node.parts)])
    if isinstance(node, Synonyms):
        typed = [_leaf(part, reader) for part in dict.fromkeys(node.typed)]
        others = [_leaf(part, reader) for part in dict.fromkeys(node.others)]
        own = typed[0] if len(typed) == 1 else (wq.And(typed) if every else wq.Or(typed))
        return Best([own, *others])
    return _leaf(node, reader)


def _leaf(leaf: Leaf, reader: Any) -> Any:
    """Return the query for `leaf`: its words are scored in `ALL`, wherever they must stand."""
    if isinstance(leaf, Phrase):
        words = _either([wq.Term(ALL, stem, boost=leaf.weight) for stem in leaf.stems])
        names = (leaf.field,) if leaf.field else PLACED
        return wq.Require(words, _either([wq.Phrase(name, list(leaf.stems)) for name in names]))
    if isinstance(leaf, Prefix):
        name = leaf.field or FORMS
        return _either([wq.Term(name, word) for word in _expanded(leaf, name, reader)])
    word = wq.Term(ALL, leaf.stem, boost=leaf.weight)
    return wq.Require(word, wq.Term(leaf.field, leaf.stem)) if leaf.field else word


def _either(parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else wq.Or(list(dict.fromkeys(parts)))


def _expanded(leaf: Prefix, name: str, reader: Any) -> list[str]:
    """Return the words that `leaf` stands for.

    In a named field words are known by their stems alone: the stem of the beginning stands for it,
    too, so that "title:treating*" finds "treat".
    """
    found = [leaf.stem] if leaf.field else []
    for term in reader.expand_prefix(name, leaf.start):
        if len(found) >= MAX_EXPANSIONS:
            break
        found.append(term.decode() if isinstance(term, bytes) else term)
    return found or [leaf.start]


class _Chosen:
    """The matching documents under the filters, with the counts of both facets.

    A facet counts under the other facet's filter but not its own, so that the count beside a value
    is what choosing it would show.
    """

    def __init__(self, ask: Ask, cards: Sequence[Card | None], scores: Mapping[int, float]) -> None:
        wanted_tags = frozenset(ask.query.tags)
        wanted_topics = frozenset(topic.casefold() for topic in ask.query.topics)
        today = ask.today.toordinal() if ask.today else 0
        self.documents: list[tuple[int, float, Card]] = []
        by_tag: dict[str, set[str]] = {}
        by_topic: dict[str, set[str]] = {}
        for number, score in scores.items():
            card = cards[number]
            if card is None or card.article in ask.without:
                continue
            in_tags = not wanted_tags or not wanted_tags.isdisjoint(card.tags)
            in_topics = not wanted_topics or any(
                topic.casefold() in wanted_topics for topic in card.topics
            )
            if in_topics:
                for tag in card.tags:
                    by_tag.setdefault(tag, set()).add(card.article)
            if in_tags:
                for topic in card.topics:
                    by_topic.setdefault(topic, set()).add(card.article)
            if in_tags and in_topics:
                worth = card.prior * (OVERDUE if 0 < card.due < today else 1.0)
                self.documents.append((number, score * worth, card))
        self.tags = {tag: len(found) for tag, found in by_tag.items()}
        self.topics = {topic: len(found) for topic, found in by_topic.items()}

    def groups(self, sort: str) -> list[Group]:
        """Return the articles in order, each with its passages, best first."""
        found: dict[str, list[tuple[int, float, Card]]] = {}
        # Equal scores keep the order of the text: the earlier passage is the better start.
        for entry in sorted(self.documents, key=lambda entry: (-entry[1], entry[0])):
            found.setdefault(entry[2].article, []).append(entry)
        groups = [
            (entries[0][2].day, Group(article, entries[0][1], tuple(e[2].passage for e in entries)))
            for article, entries in found.items()
        ]
        if sort == "date":
            groups.sort(key=lambda group: -group[0])
        return [group for _, group in groups]
