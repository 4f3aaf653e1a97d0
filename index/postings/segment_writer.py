"""Writes segments: the arrays of a segment and their encoding.

===================  ===============================================================================
term_*               sorted terms; start of each term's postings and positions
postings             passage and frequency of each posting, packed in blocks (packing.c)
places               positions of each posting, packed in the same blocks
form_*               sorted unstemmed words; the term of each, its number among the term's forms,
                     and its number of passages
spelling_*           one bit per posting and form for terms with several forms; start of each term
rows, row_terms      frequent words, also with one byte per passage: 0 or the saturation
                     in 255ths of the maximum, rounded up
article_*, ...       columns of passages and articles (`index.postings.builder.PassageColumns`)
facts                mean length of a passage, sum of all lengths, maximum number of words
===================  ===============================================================================

Arrays use the narrowest type that fits the segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from index.analyzer import stopword_stems
from index.document import BM25_K1, FIELD_BOOSTS, POSITIONAL_FIELDS
from index.postings import native
from index.postings.array_file import Array, write_arrays
from index.postings.bm25f import length_bytes, saturation
from index.postings.builder import InvertedDocuments, PassageColumns
from index.postings.string_table import pack_strings

# A word that occurs in more than one in ROW_SHARE passages gets a row. Accumulating a row takes as
# long as accumulating a fortieth as many postings.
ROW_SHARE = 6
MIN_DOCS_FOR_ROWS = 4096  # passages; smaller segments are fast without rows
MAX_ROW_FREQUENCY = 255
MAX_POSTINGS = 1 << 31  # per segment, because offsets have 32 bits


def write_segment(path: Path, inverted: InvertedDocuments) -> str:
    """Write a segment to a new file and return its checksum."""
    columns = inverted.columns
    counted = columns.lengths @ np.array(
        [FIELD_BOOSTS[name] for name in POSITIONAL_FIELDS], np.int64
    )
    bytes_ = length_bytes(counted)
    mean = counted.mean() if len(counted) else 0.0
    if len(inverted.docs) >= MAX_POSTINGS:
        raise OverflowError(f"a segment has at most {MAX_POSTINGS:,} postings")
    term_heap, term_ends = pack_strings(inverted.terms)
    form_heap, form_ends = pack_strings(inverted.forms)
    starts = range_starts(inverted.doc_freqs)
    postings, term_at, places, term_places_at = native.pack(
        np.ascontiguousarray(inverted.docs, np.uint32),
        np.ascontiguousarray(inverted.frequencies, np.uint32),
        np.ascontiguousarray(inverted.positions),
        np.ascontiguousarray(inverted.doc_freqs, np.uint32),
    )
    row_terms, rows = _frequent_rows(inverted, starts, bytes_, mean)
    spelling_starts, spellings, form_numbers = _form_bits(inverted)
    return write_arrays(
        path,
        {
            "term_heap": term_heap,
            "term_ends": term_ends,
            "term_starts": starts,
            "term_at": term_at,
            "term_places_at": term_places_at,
            "postings": _pad(postings),
            "places": _pad(places),
            "form_heap": form_heap,
            "form_ends": form_ends,
            "form_terms": inverted.form_terms.astype(np.uint32),
            "form_numbers": form_numbers,
            "form_holders": inverted.form_doc_freqs.astype(np.uint32),
            "spelling_starts": spelling_starts,
            "spellings": spellings,
            "row_terms": row_terms,
            "rows": rows,
            "length_bytes": bytes_,
            "facts": np.array([mean, counted.sum(), columns.lengths.sum(axis=1).max(initial=0)]),
            **_column_arrays(columns),
        },
    )


def narrowest_type(bound: int) -> type[np.unsignedinteger]:
    """Return uint16 if all numbers are below 65,536 (`bound` is exclusive), else uint32."""
    return np.uint16 if bound <= 1 << 16 else np.uint32


def range_starts(counts: Array) -> Array:
    """Return the start of each of the concatenated ranges with these sizes, and the end."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts if starts[-1] >= 1 << 32 else starts.astype(np.uint32)


def _pad(heap: Array) -> Array:
    """Return `heap` with padding for reads beyond its end."""
    return np.concatenate([heap, np.zeros(native.PADDING, np.uint8)])


def _frequent_rows(
    inverted: InvertedDocuments, starts: Array, bytes_: Array, mean: float
) -> tuple[Array, Array]:
    """Return the terms that have rows, and the rows.

    Stop words have no rows because they are rarely searched.
    """
    passages = len(inverted.columns.passages)
    if passages < MIN_DOCS_FOR_ROWS:
        return np.zeros(0, np.uint32), np.zeros((0, passages), np.uint8)
    frequent = np.flatnonzero(inverted.doc_freqs * ROW_SHARE > passages).tolist()
    stopwords = stopword_stems()
    chosen = [term for term in frequent if inverted.terms[term].decode() not in stopwords]
    rows = np.zeros((len(chosen), passages), np.uint8)
    for row, term in zip(rows, chosen, strict=True):
        postings = slice(int(starts[term]), int(starts[term + 1]))
        docs = inverted.docs[postings]
        saturated = saturation(inverted.frequencies[postings], bytes_[docs], mean)
        row[docs] = np.ceil(saturated * (MAX_ROW_FREQUENCY / (BM25_K1 + 1)))
    return np.array(chosen, np.uint32), rows


def _form_bits(inverted: InvertedDocuments) -> tuple[Array, Array, Array]:
    """Return the start of each term's bits, the bits, and the number of each form in its term."""
    forms = np.bincount(inverted.form_terms, minlength=len(inverted.terms))
    by_term = np.argsort(inverted.form_terms, kind="stable")
    first = np.cumsum(forms) - forms
    numbers = np.zeros(len(by_term), np.int64)
    numbers[by_term] = np.arange(len(by_term)) - np.repeat(first, forms)
    widths = np.where(forms > 1, forms, 0)
    starts = range_starts(widths * inverted.doc_freqs)
    postings, of_form = inverted.spellings
    bits = np.zeros(int(starts[-1]) // 8 + 1, np.uint8)
    if len(postings):
        term = inverted.form_terms[of_form]
        within = postings - np.cumsum(inverted.doc_freqs)[term] + inverted.doc_freqs[term]
        at = starts[term].astype(np.int64) + within * widths[term] + numbers[of_form]
        np.bitwise_or.at(bits, at >> 3, (1 << (at & 7)).astype(np.uint8))
    return starts, bits, numbers.astype(narrowest_type(int(numbers.max(initial=0)) + 1))


def _column_arrays(columns: PassageColumns) -> dict[str, Array]:
    passage_heap, passage_ends = pack_strings(columns.passages)
    article_heap, article_ends = pack_strings(columns.articles)
    order = sorted(range(len(columns.articles)), key=columns.articles.__getitem__)
    starts = np.searchsorted(columns.article_of, np.arange(len(columns.articles) + 1))
    tag_heap, tag_ends = pack_strings(columns.tag_names)
    topic_heap, topic_ends = pack_strings(columns.topic_names)
    tag_starts, tag_members = _flatten(columns.tag_sets)
    topic_starts, topic_members = _flatten(columns.topic_sets)
    name_heap, name_ends = pack_strings([name for name, _ in columns.names])
    return {
        "passage_heap": passage_heap,
        "passage_ends": passage_ends,
        "article_heap": article_heap,
        "article_ends": article_ends,
        "article_order": np.array(order, np.uint32),
        "article_starts": starts.astype(np.uint32),
        "article_of": columns.article_of.astype(np.uint32),
        "lengths": columns.lengths.astype(narrowest_type(int(columns.lengths.max(initial=0)) + 1)),
        "priors": columns.priors,
        "days": columns.days,
        "dues": columns.dues,
        "tags": columns.tags.astype(narrowest_type(len(columns.tag_sets))),
        "tag_starts": tag_starts,
        "tag_members": tag_members,
        "tag_heap": tag_heap,
        "tag_ends": tag_ends,
        "topics": columns.topics.astype(narrowest_type(len(columns.topic_sets))),
        "topic_starts": topic_starts,
        "topic_members": topic_members,
        "topic_heap": topic_heap,
        "topic_ends": topic_ends,
        "name_heap": name_heap,
        "name_ends": name_ends,
        "name_articles": np.array([article for _, article in columns.names], np.uint32),
    }


def _flatten(sets: Sequence[Iterable[int]]) -> tuple[Array, Array]:
    """Return the start of each set and the concatenated members."""
    members = [member for each in sets for member in each]
    return range_starts(np.array([len(list(each)) for each in sets], np.int64)), np.array(
        members, np.uint32
    )
