"""Reference engine without an index: token lists in memory, full scan for every query.

It is implemented from the protocol of `index.engine` and the published BM25 formula, independently
of the Whoosh engine, so that the tests can compare the two. It shares Whoosh's definitions: idf =
log(N / (n + 1)) + 1, b = 0.75, k1 = 1.2, and lengths quantised to one byte on a logarithmic scale.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from index.analyzer import fold, split_words, stem_text, stem_word
from index.document import ALL, POSITIONAL_FIELDS, IndexDocument
from index.engine import OVERDUE_FACTOR, ArticleGroup, EngineRequest, EngineResult, IndexState
from index.query.parser import AnyOfQuery, Node, ParsedQuery, PhraseQuery, PrefixQuery, SynonymQuery
from kb.errors import IndexMissingError, IndexVersionError

B, K1 = 0.75, 1.2
FORMS = "forms"
LENGTHS = [round((1.033**byte - 1) * 27) for byte in range(256)]


@dataclass
class _Commit:
    stamp: str
    generation: int
    checkpoint: int
    articles: dict[str, Sequence[IndexDocument]]
    refused: dict[str, str]
    as_of: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.documents = [found for article in self.articles.values() for found in article]
        self.tokens = [
            {
                **{name: stem_text(found.texts[name]) for name in POSITIONAL_FIELDS},
                ALL: stem_text(found.all),
                FORMS: [fold(word) for word in split_words("\n".join(found.texts.values()))],
            }
            for found in self.documents
        ]


@dataclass
class _Place:
    """State that other engines store in a folder."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    commit: _Commit | None = None


PLACES: dict[Path, _Place] = {}


class ReferenceEngine:
    """Searches in memory; engines with the same location share commits."""

    name = "reference"

    def __init__(self, place: Path, digest: str) -> None:
        self._path, self._place = place, PLACES.setdefault(place, _Place())
        self.stamp = f"reference tags-{digest}"

    def state(self) -> IndexState:
        commit = self.commit()
        return IndexState(
            engine=self.name,
            generation=commit.generation,
            checkpoint=commit.checkpoint,
            as_of=commit.as_of,
            documents=len(commit.documents),
            refused=commit.refused,
        )

    verify = state

    def commit(self) -> _Commit:
        commit = self._place.commit
        if commit is None:
            raise IndexMissingError(str(self._path))
        if commit.stamp != self.stamp:
            raise IndexVersionError(commit.stamp, self.stamp)
        return commit

    @contextmanager
    def try_acquire_writer(self) -> Iterator[_Writer | None]:
        if not self._place.lock.acquire(blocking=False):
            yield None
            return
        try:
            yield _Writer(self, self._place)
        finally:
            self._place.lock.release()

    def search(self, ask: EngineRequest) -> EngineResult:
        commit = self.commit()
        scores = {
            number: score * _worth(commit.documents[number], ask)
            for number, score in _Scores(commit).of(ask).items()
            if commit.documents[number].article_id not in ask.excluded_articles
        }
        in_tags = {n for n in scores if _allowed(ask.query.tags, commit.documents[n].tags)}
        in_topics = {
            n
            for n in scores
            if _allowed(
                [topic.casefold() for topic in ask.query.topics],
                [topic.casefold() for topic in commit.documents[n].topics],
            )
        }
        chosen = sorted(in_tags & in_topics, key=lambda n: (-scores[n], n))
        groups: dict[str, list[int]] = {}
        for number in chosen:
            groups.setdefault(commit.documents[number].article_id, []).append(number)
        ordered = list(groups.items())
        if ask.sort == "date":
            ordered.sort(
                key=lambda item: commit.documents[item[1][0]].reviewed or date.min, reverse=True
            )
        return EngineResult(
            articles=len(groups),
            passages=len(chosen),
            groups=tuple(
                ArticleGroup(
                    article, scores[found[0]], tuple(commit.documents[n].passage_id for n in found)
                )
                for article, found in ordered[ask.offset : ask.offset + ask.limit]
            ),
            tags=_counts(commit, in_topics, "tags"),
            topics=_counts(commit, in_tags, "topics"),
            generation=commit.generation,
            as_of=commit.as_of,
        )

    def top_passages(self, ask: EngineRequest) -> list[tuple[str, float]]:
        found = self.search(replace(ask, limit=len(self.commit().articles), offset=0))
        scores = _Scores(self.commit()).of(ask)
        numbers = {each.passage_id: n for n, each in enumerate(self.commit().documents)}
        ids = [numbers[id_] for group in found.groups for id_ in group.passages]
        worth = {n: scores[n] * _worth(self.commit().documents[n], ask) for n in ids}
        ordered = sorted(ids, key=lambda n: (-worth[n], n))[: ask.limit]
        return [(self.commit().documents[n].passage_id, worth[n]) for n in ordered]

    def idf(self, wanted: Iterable[str]) -> Mapping[str, float]:
        scores = _Scores(self.commit())
        return {stem: scores.idf(ALL, stem) for stem in wanted}

    def find_articles(self, wanted: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        found = {
            name: tuple(
                dict.fromkeys(d.article_id for d in self.commit().documents if name in d.names)
            )
            for name in wanted
        }
        return {name: articles for name, articles in found.items() if articles}

    def term_counts(self) -> Mapping[str, int]:
        counted = Counter(form for tokens in self.commit().tokens for form in set(tokens[FORMS]))
        return dict(counted)


class _Writer:
    def __init__(self, engine: ReferenceEngine, place: _Place) -> None:
        self._engine, self._place = engine, place

    @property
    def state(self) -> IndexState:
        return self._engine.state()

    def apply(
        self, batch: Mapping[str, Sequence[IndexDocument]], checkpoint: int
    ) -> Mapping[str, str]:
        now = self._engine.commit()
        articles = {name: found for name, found in now.articles.items() if name not in batch}
        refused = {name: why for name, why in now.refused.items() if name not in batch}
        return self._commit(articles, refused, batch, checkpoint, now.generation + 1)

    def rebuild(
        self, batches: Iterable[Mapping[str, Sequence[IndexDocument]]], checkpoint: int
    ) -> Mapping[str, str]:
        whole = {name: found for batch in batches for name, found in batch.items()}
        return self._commit({}, {}, whole, checkpoint, 1)

    def _commit(
        self,
        articles: dict[str, Sequence[IndexDocument]],
        refused: dict[str, str],
        batch: Mapping[str, Sequence[IndexDocument]],
        checkpoint: int,
        generation: int,
    ) -> Mapping[str, str]:
        for name, found in batch.items():
            try:
                for each in found:
                    "".join((*each.texts.values(), *each.tags, *each.topics)).encode()
            except (TypeError, UnicodeEncodeError) as error:
                refused[name] = str(error)
            else:
                articles[name] = tuple(found)
        self._place.commit = _Commit(self._engine.stamp, generation, checkpoint, articles, refused)
        return refused


def _worth(document: IndexDocument, ask: EngineRequest) -> float:
    overdue = document.due and ask.today and document.due < ask.today
    return document.prior * OVERDUE_FACTOR if overdue else document.prior


def _allowed(wanted: Sequence[str], there: Sequence[str]) -> bool:
    return not wanted or bool(set(wanted) & set(there))


def _counts(commit: _Commit, numbers: Iterable[int], facet: str) -> dict[str, int]:
    articles: dict[str, set[str]] = {}
    for number in numbers:
        found = commit.documents[number]
        for value in getattr(found, facet):
            articles.setdefault(value, set()).add(found.article_id)
    return {value: len(names) for value, names in articles.items()}


class _Scores:
    """The scores of a query: None if a part of it does not match."""

    def __init__(self, commit: _Commit) -> None:
        self._tokens = commit.tokens
        self._average = {
            name: sum(len(tokens[name]) for tokens in self._tokens) / (len(self._tokens) or 1) or 1
            for name in (*POSITIONAL_FIELDS, ALL, FORMS)
        }

    def of(self, ask: EngineRequest) -> dict[int, float]:
        found = {}
        for number in range(len(self._tokens)):
            score = self._document(number, ask.query, ask.match_all)
            if score is not None:
                found[number] = score
        return found

    def _document(self, number: int, query: ParsedQuery, every: bool) -> float | None:
        if any(self._node(number, leaf, every) is not None for leaf in query.excluded):
            return None
        if not query.clauses:
            return 0.0
        parts = [self._node(number, node, every) for node in dict.fromkeys(query.clauses)]
        matching = [part for part in parts if part is not None]
        if len(matching) < (len(parts) if every else 1):
            return None
        return sum(matching)

    def _node(self, number: int, node: Node, every: bool) -> float | None:
        if isinstance(node, AnyOfQuery):
            return _sum(
                self._node(number, part, every) for part in dict.fromkeys(node.alternatives)
            )
        if isinstance(node, SynonymQuery):
            typed = [self._node(number, part, every) for part in dict.fromkeys(node.typed)]
            whole = None if every and None in typed else _sum(typed)
            others = [self._node(number, part, every) for part in node.synonyms]
            return max((s for s in (whole, *others) if s is not None), default=None)
        if isinstance(node, PhraseQuery):
            if not any(self._stands(number, node.stems, name) for name in _fields(node.field)):
                return None
            return _sum(
                self._word(number, ALL, stem, node.weight) for stem in dict.fromkeys(node.stems)
            )
        if isinstance(node, PrefixQuery):
            return _sum(
                self._word(number, ALL, stem, 1.0) for stem in self._beginning(number, node)
            )
        if node.field and node.stem not in self._tokens[number][node.field]:
            return None
        return self._word(number, ALL, node.stem, node.weight)

    def _beginning(self, number: int, prefix: PrefixQuery) -> set[str]:
        """Return the stems of the words with a prefix; in a field, words are known by stem only."""
        tokens = self._tokens[number]
        if prefix.field:
            there = tokens[prefix.field]
            return {s for s in there if s.startswith(prefix.start) or s == prefix.stem}
        return {stem_word(word) for word in tokens[FORMS] if word.startswith(prefix.start)}

    def _stands(self, number: int, wanted: Sequence[str], name: str) -> bool:
        tokens, size = self._tokens[number][name], len(wanted)
        return any(tokens[at : at + size] == list(wanted) for at in range(len(tokens)))

    def idf(self, name: str, stem: str) -> float:
        if not self._tokens:
            return 1.0
        holders = sum(stem in tokens[name] for tokens in self._tokens)
        return math.log(len(self._tokens) / (holders + 1)) + 1

    def _word(self, number: int, name: str, stem: str, weight: float) -> float | None:
        frequency = self._tokens[number][name].count(stem)
        if not frequency:
            return None
        idf = self.idf(name, stem)
        length = LENGTHS[bisect_left(LENGTHS, len(self._tokens[number][name]))]
        norm = (1 - B) + B * length / self._average[name]
        return weight * idf * frequency * (K1 + 1) / (frequency + K1 * norm)


def _fields(name: str) -> tuple[str, ...]:
    return (name,) if name else POSITIONAL_FIELDS


def _sum(scores: Iterable[float | None]) -> float | None:
    found = [score for score in scores if score is not None]
    return sum(found) if found else None
