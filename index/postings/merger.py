"""Merges segments and drops deleted passages.

No sorting is needed: the postings of a term are ordered within each segment, so the destination of
each posting follows from the counts, and each array is moved in one assignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.postings.array_file import Array
from index.postings.array_ops import range_sizes
from index.postings.builder import InvertedDocuments, PassageColumns
from index.postings.segment_reader import SegmentReader
from index.postings.string_table import StringTable

Source = tuple[SegmentReader, Array | None]  # a segment and its mask of live passages, None for all


def merge_segments(sources: Sequence[Source]) -> InvertedDocuments:
    """Return the postings of all live passages of `sources` in order."""
    parts = [_live_postings(segment, live) for segment, live in sources]
    names = sorted(set().union(*(part.terms for part in parts)))
    number = {name: at for at, name in enumerate(names)}
    new_numbers = [np.array([number[name] for name in part.terms], np.int64) for part in parts]
    doc_freqs = _sum_counts(new_numbers, [part.doc_freqs for part in parts], len(names))
    occurrences = _sum_counts(new_numbers, [part.position_counts for part in parts], len(names))
    posting_targets = _destinations(new_numbers, [part.doc_freqs for part in parts], doc_freqs)
    position_targets = _destinations(
        new_numbers, [part.position_counts for part in parts], occurrences
    )
    docs = np.zeros(int(doc_freqs.sum()), np.uint32)
    frequencies = np.zeros(len(docs), np.uint32)
    wide = max((part.positions.dtype.itemsize for part in parts), default=2)
    positions = np.zeros(int(occurrences.sum()), np.uint16 if wide == 2 else np.uint32)
    base = 0
    for part, where, where_positions in zip(parts, posting_targets, position_targets, strict=True):
        docs[where] = part.docs + np.uint32(base)
        frequencies[where] = part.frequencies
        positions[where_positions] = _widened(part.positions, positions.dtype)
        base += part.passages
    forms, form_terms, form_doc_freqs, spellings = _forms(
        sources, parts, new_numbers, posting_targets, doc_freqs
    )
    return InvertedDocuments(
        terms=names,
        doc_freqs=doc_freqs,
        docs=docs,
        frequencies=frequencies,
        position_counts=occurrences,
        positions=positions,
        forms=forms,
        form_terms=form_terms,
        form_doc_freqs=form_doc_freqs,
        spellings=spellings,
        columns=_merge_columns(sources),
    )


@dataclass(slots=True)
class _LivePostings:
    """The postings of the live passages of one segment, without empty terms."""

    terms: list[bytes]
    kept: Array  # the numbers of `terms` in the segment
    doc_freqs: Array
    position_counts: Array
    postings: Array | None  # the numbers of the postings in the segment; None for all
    docs: Array
    frequencies: Array
    positions: Array
    passages: int


def _live_postings(segment: SegmentReader, live: Array | None) -> _LivePostings:
    names = segment.terms.all()
    doc_freqs = range_sizes(segment.term_starts)
    docs, frequencies = segment.all_postings()
    positions, occurrences = segment.all_positions()
    occurrences = occurrences.astype(np.int64)
    if live is None:
        kept = np.arange(len(names))
        return _LivePostings(names, kept, doc_freqs, occurrences, None, docs,
                     frequencies, positions, segment.count)  # fmt: skip
    is_live = live[docs]
    mark = positions.dtype.type(1 << (8 * positions.itemsize - 1))
    ended = (positions & mark) > 0
    posting_of_position = np.cumsum(ended) - ended
    live_positions = is_live[posting_of_position]
    term_of = np.repeat(np.arange(len(names)), doc_freqs)
    doc_freqs = np.bincount(term_of[is_live], minlength=len(names))
    term_of_position = np.repeat(np.arange(len(names)), occurrences)
    occurrences = np.bincount(term_of_position[live_positions], minlength=len(names))
    kept = np.flatnonzero(doc_freqs)
    renumbered = (np.cumsum(live) - 1).astype(np.uint32)
    return _LivePostings(
        [names[number] for number in kept.tolist()],
        kept,
        doc_freqs[kept],
        occurrences[kept],
        np.flatnonzero(is_live),
        renumbered[docs[is_live]],
        frequencies[is_live],
        positions[live_positions],
        int(np.count_nonzero(live)),
    )


def _sum_counts(new_numbers: Sequence[Array], counts: Sequence[Array], terms: int) -> Array:
    total = np.zeros(terms, np.int64)
    for numbers, count in zip(new_numbers, counts, strict=True):
        total[numbers] += count
    return total


def _destinations(
    new_numbers: Sequence[Array], counts: Sequence[Array], total: Array
) -> list[Array]:
    """Return for each segment the positions of its items in the merged array, ordered by term."""
    following = np.cumsum(total) - total
    destinations = []
    for numbers, count in zip(new_numbers, counts, strict=True):
        own = np.cumsum(count) - count
        destinations.append(
            np.repeat(following[numbers] - own, count) + np.arange(int(count.sum()))
        )
        following[numbers] += count
    return destinations


def _widened(positions: Array, kind: np.dtype[np.generic]) -> Array:
    """Return the positions in a wider integer type, with the marker in the most significant bit."""
    if positions.dtype == kind:
        return positions
    mark = positions.dtype.type(1 << (8 * positions.itemsize - 1))
    marked = (positions & mark) > 0
    wide: Array = (positions & ~mark).astype(kind)
    wide[marked] |= wide.dtype.type(1 << (8 * wide.itemsize - 1))
    return wide


def _forms(
    sources: Sequence[Source],
    parts: Sequence[_LivePostings],
    new_numbers: Sequence[Array],
    postings: Sequence[Array],
    doc_freqs: Array,
) -> tuple[list[bytes], Array, Array, tuple[Array, Array]]:
    """Return the word forms, their terms and document frequencies, and (posting, form) pairs.

    Only terms with several forms have pairs.
    """
    term_of: dict[bytes, int] = {}
    for (segment, _), part, new in zip(sources, parts, new_numbers, strict=True):
        renumbered = np.full(len(segment.terms), -1, np.int64)
        renumbered[part.kept] = new
        of_forms = renumbered[segment.form_terms].tolist()
        names = segment.forms.all()
        term_of.update((n, term) for n, term in zip(names, of_forms, strict=True) if term >= 0)
    names = sorted(term_of)
    terms = np.array([term_of[name] for name in names], np.int64)
    number = {name: at for at, name in enumerate(names)}
    several = np.bincount(terms, minlength=len(doc_freqs)) > 1
    pairs = [
        _pairs(segment, part, where, _new_form_numbers(segment, number), several[new])
        for (segment, _), part, new, where in zip(
            sources, parts, new_numbers, postings, strict=True
        )
    ]
    of_posting = np.concatenate([posting for posting, _ in pairs])
    of_form = np.concatenate([form for _, form in pairs])
    spelling_counts = np.bincount(of_form, minlength=len(names))
    counts = (
        np.where(several[terms], spelling_counts, doc_freqs[terms]) if names else spelling_counts
    )
    # Forms without live passages are dropped, which may leave a term with a single form.
    present = counts > 0
    position = np.cumsum(present) - 1
    kept_terms = terms[present]
    has_several = np.bincount(kept_terms, minlength=len(doc_freqs)) > 1
    needed = has_several[terms[of_form]] if len(of_form) else np.zeros(0, bool)
    return (
        [name for name, kept in zip(names, present.tolist(), strict=True) if kept],
        kept_terms,
        counts[present].astype(np.uint32),
        (of_posting[needed], position[of_form[needed]]),
    )


def _pairs(
    segment: SegmentReader, part: _LivePostings, where: Array, form_new: Array, several: Array
) -> tuple[Array, Array]:
    """Return the (new posting, new form) pairs of one segment for terms with several forms.

    `several` marks the segment's live terms that have several forms after the merge.
    """
    by_term = np.argsort(segment.form_terms, kind="stable")
    of_term = np.bincount(segment.form_terms, minlength=len(segment.terms))
    first = np.cumsum(of_term) - of_term
    doc_freqs = range_sizes(segment.term_starts)
    new_of = np.full(int(doc_freqs.sum()), -1, np.int64)
    new_of[slice(None) if part.postings is None else part.postings] = where

    starts = segment.spelling_starts.astype(np.int64)
    bits = np.flatnonzero(np.unpackbits(segment.spellings, bitorder="little"))
    term = np.searchsorted(starts, bits, side="right") - 1
    within, forms = bits - starts[term], np.maximum(of_term[term], 1)
    posting = new_of[segment.term_starts.astype(np.int64)[term] + within // forms]
    form = form_new[by_term[first[term] + within % forms]]

    # Terms with a single form in this segment and others elsewhere: all postings have this form.
    alone = np.zeros(len(of_term), bool)
    alone[part.kept] = several
    alone &= of_term == 1
    term_of_posting = np.repeat(np.arange(len(doc_freqs)), doc_freqs)
    single = np.flatnonzero(alone[term_of_posting])
    posting = np.concatenate([posting, new_of[single]])
    form = np.concatenate([form, form_new[by_term[first[term_of_posting[single]]]]])
    left = posting >= 0
    return posting[left], form[left]


def _new_form_numbers(segment: SegmentReader, number: dict[bytes, int]) -> Array:
    """Return the new number of each form of a segment, -1 for dropped forms."""
    return np.array([number.get(name, -1) for name in segment.forms.all()], np.int64)


def _merge_columns(sources: Sequence[Source]) -> PassageColumns:
    tags, topics = _MergedLabelSets(), _MergedLabelSets()
    passages: list[bytes] = []
    articles: list[bytes] = []
    article_of: list[Array] = []
    article_names: list[tuple[bytes, int]] = []
    columns: dict[str, list[Array]] = {name: [] for name in ("lengths", "priors", "days", "dues")}
    for segment, live in sources:
        kept = np.arange(segment.count) if live is None else np.flatnonzero(live)
        names = segment.passages.all()
        passages += names if live is None else [names[number] for number in kept.tolist()]
        kept_articles = np.unique(segment.article_of[kept])
        renumbered = np.zeros(len(segment.articles), np.uint32)
        renumbered[kept_articles] = np.arange(len(articles), len(articles) + len(kept_articles))
        names = segment.articles.all()
        articles += [names[number] for number in kept_articles.tolist()]
        still = set(kept_articles.tolist())
        article_names += [
            (name, int(renumbered[article]))
            for name, article in zip(
                segment.names.all(), segment.name_articles.tolist(), strict=True
            )
            if article in still
        ]
        article_of.append(renumbered[segment.article_of[kept]])
        for name, found in columns.items():
            found.append(getattr(segment, name)[kept])
        tags.add_segment(
            segment.tags[kept], segment.tag_names, segment.tag_starts, segment.tag_members
        )
        topics.add_segment(
            segment.topics[kept], segment.topic_names, segment.topic_starts, segment.topic_members
        )
    return PassageColumns(
        passages=passages,
        articles=articles,
        article_of=np.concatenate(article_of),
        lengths=np.concatenate(columns["lengths"]).astype(np.uint32),
        priors=np.concatenate(columns["priors"]),
        days=np.concatenate(columns["days"]),
        dues=np.concatenate(columns["dues"]),
        tags=np.concatenate(tags.of_passages),
        tag_sets=list(tags.sets),
        tag_names=list(tags.names),
        topics=np.concatenate(topics.of_passages),
        topic_sets=list(topics.sets),
        topic_names=list(topics.names),
        names=sorted(article_names),
    )


class _MergedLabelSets:
    """Renumbered label sets of several segments, without unused names."""

    def __init__(self) -> None:
        self.names: dict[bytes, int] = {}
        self.sets: dict[tuple[int, ...], int] = {}
        self.of_passages: list[Array] = []

    def add_segment(
        self, of_passages: Array, names: StringTable, starts: Array, members: Array
    ) -> None:
        old = names.all()
        begin, of_set = starts.tolist(), members.tolist()
        number = np.zeros(max(1, len(begin) - 1), np.uint32)
        for each in np.unique(of_passages).tolist():
            set_names = (old[member] for member in of_set[begin[each] : begin[each + 1]])
            key = tuple(self.names.setdefault(name, len(self.names)) for name in set_names)
            number[each] = self.sets.setdefault(key, len(self.sets))
        self.of_passages.append(number[of_passages])
