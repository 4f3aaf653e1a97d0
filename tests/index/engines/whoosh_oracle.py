"""Whoosh as the reference for query execution: our query tree as Whoosh queries with BM25F.

It runs on a native Whoosh index and on ours through `index.engines.whoosh.codec`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from whoosh import query as wq
from whoosh import scoring
from whoosh.collectors import ScoredCollector
from whoosh.index import TOC, FileIndex, create_in
from whoosh.matching import UnionMatcher
from whoosh.searching import Searcher

from index.analyzer import stem_word
from index.document import ALL, POSITIONAL_FIELDS, IndexDocument
from index.engines.whoosh.schema import ARTICLE, FORMS, PASSAGE, schema
from index.engines.whoosh.storage import CommitStorage, newest_generation, read_pointer
from index.engines.whoosh.writer import INDEX
from index.postings.posting_lists import MAX_EXPANSIONS
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    Node,
    ParsedQuery,
    PhraseQuery,
    PrefixQuery,
    SynonymQuery,
)


class BestMatcher(UnionMatcher):
    """The union of two matchers with the higher score if both match.

    Whoosh's `DisjunctionMax` does not check that both scores belong to the same passage, so a
    passage may get the score of a later one.
    """

    def score(self) -> float:
        scores = [m.score() for m in (self.a, self.b) if m.is_active() and m.id() == self.id()]
        return float(max(scores))


class Best(wq.Or):
    def _matcher(self, subs: Any, searcher: Any, context: Any) -> Any:
        matchers = [sub.matcher(searcher, context) for sub in subs]
        while len(matchers) > 1:
            last = matchers.pop()
            matchers[-1] = BestMatcher(matchers[-1], last)
        return matchers[0]


class Everything(ScoredCollector):
    """Collects the score of every match."""

    def __init__(self) -> None:
        super().__init__()
        self.scores: dict[int, float] = {}

    def _collect(self, global_docnum: int, score: float) -> float:
        self.scores[global_docnum] = score
        return 0.0

    def results(self) -> None:
        return None


def own_index(
    folder: Path, commits: Iterable[Sequence[IndexDocument]]
) -> tuple[Searcher, list[str]]:
    """Return a searcher over a native Whoosh index, and the passages by number."""
    folder.mkdir()
    index = create_in(str(folder), schema(), INDEX)
    ids: list[str] = []
    for documents in commits:
        writer = index.writer()
        for each in documents:
            texts = {name: each.texts[name] for name in POSITIONAL_FIELDS}
            forms = "\n".join(each.texts.values())
            writer.add_document(**texts, **{ALL: each.all, FORMS: forms, ARTICLE: each.article_id})
            ids.append(each.passage_id)
        writer.commit(merge=False)
    return index.searcher(weighting=scoring.BM25F()), ids


def our_index(place: Path) -> tuple[Searcher, list[str]]:
    """Return a Whoosh searcher over our latest commit, and the passages by number."""
    folder = read_pointer(place)
    generation = newest_generation(folder) or 0
    storage = CommitStorage(folder)
    toc = TOC.read(storage, INDEX, gen=generation, schema=schema())
    reader = FileIndex._reader(storage, toc.schema, list(toc.segments), generation)
    searcher = Searcher(reader, weighting=scoring.BM25F())
    ids = [
        "" if reader.is_deleted(number) else reader.stored_fields(number)[PASSAGE]
        for number in range(reader.doc_count_all())
    ]
    return searcher, ids


def scores(
    searcher: Searcher, ids: Sequence[str], query: ParsedQuery, *, match_all: bool
) -> dict[str, float]:
    """Return the score of each passage that matches the query."""
    unwanted = _collected(searcher, query.excluded, match_all=False)
    found = _collected(searcher, query.clauses, match_all=match_all)
    return {ids[number]: score for number, score in found.items() if number not in unwanted}


def _collected(searcher: Searcher, nodes: Sequence[Node], *, match_all: bool) -> dict[int, float]:
    if not nodes or not searcher.doc_count_all():
        return {}
    parts = [_node(node, searcher.reader(), match_all) for node in dict.fromkeys(nodes)]
    compiled = parts[0] if len(parts) == 1 else (wq.And if match_all else wq.Or)(parts)
    collector = Everything()
    searcher.search_with_collector(compiled, collector)
    return collector.scores


def _node(node: Node, reader: Any, match_all: bool) -> Any:
    if isinstance(node, AnyOfQuery):
        return _either([_leaf(part, reader) for part in dict.fromkeys(node.alternatives)])
    if isinstance(node, SynonymQuery):
        typed = [_leaf(part, reader) for part in dict.fromkeys(node.typed)]
        others = [_leaf(part, reader) for part in dict.fromkeys(node.synonyms)]
        own = typed[0] if len(typed) == 1 else (wq.And(typed) if match_all else wq.Or(typed))
        return Best([own, *others])
    return _leaf(node, reader)


def _leaf(leaf: Leaf, reader: Any) -> Any:
    """Return the query for `leaf`: words are scored in `ALL`, whichever field restricts them."""
    if isinstance(leaf, PhraseQuery):
        words = _either([wq.Term(ALL, stem, boost=leaf.weight) for stem in leaf.stems])
        names = (leaf.field,) if leaf.field else POSITIONAL_FIELDS
        return wq.Require(words, _either([wq.Phrase(name, list(leaf.stems)) for name in names]))
    if isinstance(leaf, PrefixQuery):
        return _either(list(_beginning(leaf, reader)) or [wq.NullQuery])
    word = wq.Term(ALL, leaf.stem, boost=leaf.weight)
    return wq.Require(word, wq.Term(leaf.field, leaf.stem)) if leaf.field else word


def _beginning(prefix: PrefixQuery, reader: Any) -> Iterable[Any]:
    name = prefix.field or FORMS
    words = [word.decode() for word in reader.expand_prefix(name, prefix.start)][:MAX_EXPANSIONS]
    if prefix.field:
        for stem in dict.fromkeys([*words, prefix.stem]):
            yield wq.Require(wq.Term(ALL, stem), wq.Term(name, stem))
        return
    forms: dict[str, list[str]] = {}
    for word in words:
        forms.setdefault(stem_word(word), []).append(word)
    for stem, found in forms.items():
        yield wq.Require(wq.Term(ALL, stem), _either([wq.Term(FORMS, word) for word in found]))


def _either(parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else wq.Or(list(dict.fromkeys(parts)))
