"""Inverts documents: builds the postings of a new segment.

Each distinct word of a batch is analysed once. The tokens of all passages form one sequence, which
a stable sort by term turns into postings ordered by term, passage and position.

Positions count through all texts of a passage in the order of `index.document.POSITIONAL_FIELDS`,
with a gap of one between two texts, so that no phrase matches across texts.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from index import analyzer
from index.document import FIELD_BOOSTS, POSITIONAL_FIELDS, IndexDocument
from index.postings.array_file import Array
from index.postings.array_ops import run_starts


@dataclass(slots=True, kw_only=True)
class PassageColumns:
    """Columns with the metadata of each passage; the passages of an article are adjacent.

    `lengths` are words per text (passages x `POSITIONAL_FIELDS`). `tags` and `topics` contain for
    each passage the index of a set in `tag_sets` or `topic_sets`; a set contains indexes into
    `tag_names` or `topic_names`. `names` are pairs of a name and the index of its article, sorted.
    `days` and `dues` are proleptic ordinals of the last and the next review;
    0 means none.
    """

    passages: list[bytes]
    articles: list[bytes]
    article_of: Array
    lengths: Array
    priors: Array
    days: Array
    dues: Array
    tags: Array
    tag_sets: list[tuple[int, ...]]
    tag_names: list[bytes]
    topics: Array
    topic_sets: list[tuple[int, ...]]
    topic_names: list[bytes]
    names: list[tuple[bytes, int]]


@dataclass(slots=True, kw_only=True)
class InvertedDocuments:
    """Postings by term; terms are sorted bytewise.

    `doc_freqs` is the number of postings of each term; `docs` and `frequencies` are the
    concatenated postings. `position_counts` is the number of positions of each term, and
    `positions` are the concatenated positions; the last position of a posting has its highest bit
    set. `forms` are the sorted unstemmed words; `spellings` are (posting, form) pairs of terms with
    several forms.
    """

    terms: list[bytes]
    doc_freqs: Array
    docs: Array
    frequencies: Array
    position_counts: Array
    positions: Array
    forms: list[bytes]
    form_terms: Array
    form_doc_freqs: Array
    spellings: tuple[Array, Array]
    columns: PassageColumns


class SegmentBuilder:
    """Collects documents and inverts them; an article is added completely or not at all."""

    def __init__(self) -> None:
        self._words = _WordTable()
        self._tokens = array("I")
        self._counts = array("I")  # tokens per passage and text
        self._documents: list[IndexDocument] = []

    def __len__(self) -> int:
        return len(self._documents)

    def add(self, article: Sequence[IndexDocument]) -> None:
        """Add the passages of one article; after an exception, none of them is added."""
        tokens, counts = array("I"), array("I")
        known: dict[str, list[int]] = {}  # titles and topics repeat in all passages
        for document in article:
            _validate(document)
            for name in POSITIONAL_FIELDS:
                text = document.texts[name]
                found = known.get(text)
                if found is None:
                    found = list(map(self._words.__getitem__, analyzer.split_words(text)))
                    if name != "body":
                        known[text] = found
                tokens.extend(found)
                counts.append(len(found))
        self._tokens.extend(tokens)
        self._counts.extend(counts)
        self._documents.extend(article)

    def invert(self) -> InvertedDocuments:
        """Return the postings of all added documents."""
        texts = len(POSITIONAL_FIELDS)
        counts = np.array(self._counts, np.int64).reshape(-1, texts)
        surfaces = (
            np.frombuffer(self._tokens, np.uint32) if self._tokens else np.zeros(0, np.uint32)
        )
        lengths = counts.sum(axis=1)
        doc = np.repeat(np.arange(len(counts), dtype=np.uint32), lengths)
        text = np.repeat(np.tile(np.arange(texts, dtype=np.uint8), len(counts)), counts.ravel())
        begin = np.repeat(np.cumsum(lengths) - lengths, lengths)
        place = (np.arange(len(surfaces)) - begin + text).astype(np.uint32)
        counted = np.array([FIELD_BOOSTS[name] for name in POSITIONAL_FIELDS], np.uint32)[text]
        terms, forms, form_terms, term, form = self._words.sorted(surfaces)

        order = stable_order(term, len(terms))
        term, doc, form = term[order], doc[order], form[order]
        starts = _posting_starts(term, doc)
        ends = np.append(starts[1:], len(term))[: len(starts)]
        doc_freqs = np.bincount(term[starts], minlength=len(terms))
        marked = place[order]
        kind = np.uint16 if not len(marked) or marked.max() < 2**15 else np.uint32
        places = marked.astype(kind)
        if len(ends):
            places[ends - 1] |= kind(1 << (8 * places.itemsize - 1))
        posting = np.repeat(np.arange(len(starts), dtype=np.uint32), ends - starts)
        several = np.bincount(form_terms, minlength=len(terms)) > 1
        spelled, spellings = _spellings(posting, form, several[term], len(forms))
        form_doc_freqs = np.where(several[form_terms], spelled, doc_freqs[form_terms])
        return InvertedDocuments(
            terms=terms,
            doc_freqs=doc_freqs,
            docs=doc[starts],
            frequencies=np.add.reduceat(counted[order], starts) if len(starts) else counted,
            position_counts=np.bincount(term, minlength=len(terms)),
            positions=places,
            forms=forms,
            form_terms=form_terms,
            form_doc_freqs=form_doc_freqs.astype(np.uint32),
            spellings=spellings,
            columns=_passage_columns(self._documents, counts),
        )


def stable_order(keys: Array, bound: int) -> Array:
    """Return the stable sort order of `keys`, all below `bound`.

    Sorts 16 bits at a time, for which NumPy uses a radix sort.
    """
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    if bound > 1 << 16:
        high = (keys >> 16).astype(np.uint16)[order]
        order = order[np.argsort(high, kind="stable")]
    return order


def _posting_starts(term: Array, doc: Array) -> Array:
    """Return the index of the first token of each posting."""
    new = np.ones(len(term), bool)
    new[1:] = (term[1:] != term[:-1]) | (doc[1:] != doc[:-1])
    return np.flatnonzero(new)


def _spellings(
    posting: Array, form: Array, several: Array, forms: int
) -> tuple[Array, tuple[Array, Array]]:
    """Return the document frequency of each form, and the distinct (posting, form) pairs.

    Only tokens marked in `several`, whose terms have several forms, are considered.
    """
    pairs = posting[several].astype(np.uint64) * np.uint64(max(1, forms)) + form[several]
    pairs.sort(kind="stable")  # nearly sorted, so faster than `np.unique`
    pairs = pairs[run_starts(pairs)]
    of_posting, of_form = np.divmod(pairs, np.uint64(max(1, forms)))
    of_form = of_form.astype(np.uint32)
    return np.bincount(of_form, minlength=forms), (of_posting.astype(np.uint32), of_form)


class _WordTable(dict[str, int]):
    """Assigns numbers to distinct unmodified words, which are analysed once each."""

    def __init__(self) -> None:
        super().__init__()
        self._form_of = array("I")  # of each word
        self._term_of = array("I")  # of each form
        self._forms: dict[str, int] = {}
        self._terms: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        form, stem = analyzer.fold(word), analyzer.stem_word(word)
        if form not in self._forms:
            self._forms[form] = len(self._forms)
            self._term_of.append(self._terms.setdefault(stem, len(self._terms)))
        self._form_of.append(self._forms[form])
        self[word] = number = len(self)
        return number

    def sorted(self, surfaces: Array) -> tuple[list[bytes], list[bytes], Array, Array, Array]:
        """Return sorted terms and forms, the term of each form, and each token's term and form."""
        form_of = np.array(self._form_of, np.uint32)
        used = np.zeros(len(self._forms), bool)
        used[form_of[surfaces]] = True
        names, stems = list(self._forms), list(self._terms)
        term_of = np.array(self._term_of, np.uint32)
        numbers = np.flatnonzero(used).tolist()
        forms = sorted((names[number].encode(), number) for number in numbers)
        terms = sorted((stems[n].encode(), n) for n in set(term_of[numbers].tolist()))
        form_rank = np.zeros(len(names), np.uint32)
        form_rank[[number for _, number in forms]] = np.arange(len(forms), dtype=np.uint32)
        term_rank = np.zeros(len(stems), np.uint32)
        term_rank[[number for _, number in terms]] = np.arange(len(terms), dtype=np.uint32)
        form = form_of[surfaces]
        form_terms = (
            term_rank[term_of[[number for _, number in forms]]] if forms else np.zeros(0, np.uint32)
        )
        return (
            [name for name, _ in terms],
            [name for name, _ in forms],
            form_terms,
            term_rank[term_of[form]] if len(form) else form,
            form_rank[form] if len(form) else form,
        )


@dataclass(slots=True)
class _LabelSets:
    """Assigns numbers to distinct sets of names."""

    names: dict[str, int] = field(default_factory=dict)
    sets: dict[tuple[int, ...], int] = field(default_factory=dict)

    def number(self, names: Sequence[str]) -> int:
        members = tuple(
            self.names.setdefault(name, len(self.names)) for name in dict.fromkeys(names)
        )
        return self.sets.setdefault(members, len(self.sets))


def _passage_columns(documents: Sequence[IndexDocument], lengths: Array) -> PassageColumns:
    articles: dict[str, int] = {}
    tags, topics = _LabelSets(), _LabelSets()
    return PassageColumns(
        passages=[document.passage_id.encode() for document in documents],
        article_of=np.array(
            [articles.setdefault(found.article_id, len(articles)) for found in documents], np.uint32
        ),
        articles=[name.encode() for name in articles],
        lengths=lengths.astype(np.uint32),
        priors=np.array([document.prior for document in documents], np.float32),
        days=np.array([d.reviewed.toordinal() if d.reviewed else 0 for d in documents], np.int32),
        dues=np.array([d.due.toordinal() if d.due else 0 for d in documents], np.int32),
        tags=np.array([tags.number(document.tags) for document in documents], np.uint32),
        tag_sets=list(tags.sets),
        tag_names=[name.encode() for name in tags.names],
        topics=np.array([topics.number(document.topics) for document in documents], np.uint32),
        topic_sets=list(topics.sets),
        topic_names=[name.encode() for name in topics.names],
        names=sorted(
            {
                (name.encode(), articles[found.article_id])
                for found in documents
                for name in found.names
            }
        ),
    )


def _validate(document: IndexDocument) -> None:
    """Raise an error for a document that cannot be indexed, before any of it is added."""
    texts: Mapping[str, object] = document.texts
    if not all(isinstance(texts[name], str) for name in POSITIONAL_FIELDS):
        raise TypeError("a text of the passage is not a string")
    labels = (*document.names, *document.tags, *document.topics)
    for name in (document.passage_id, document.article_id, *labels):
        name.encode()
    if not 0 < document.prior <= 1:
        raise ValueError("the prior of a passage must be above 0 and at most 1")
