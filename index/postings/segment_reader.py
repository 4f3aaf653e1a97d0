"""Reads a segment: postings, positions, terms, forms and passage columns.

Segments are immutable. Deletions, the mean length and idf depend on the commit and are passed in.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from index.document import POSITIONAL_FIELDS
from index.postings import native
from index.postings.array_file import Array, read_arrays
from index.postings.string_table import StringTable

TERM_CACHE_SIZE = 4_096  # term numbers by stem


class SegmentReader:
    """The memory-mapped arrays of one segment; opening raises `IndexCorruptError`."""

    def __init__(self, path: Path) -> None:
        arrays = read_arrays(path)
        self.name = path.name
        self.terms = StringTable(arrays["term_heap"], arrays["term_ends"])
        self.term_starts = arrays["term_starts"]
        self.forms = StringTable(arrays["form_heap"], arrays["form_ends"])
        self.form_terms, self.form_numbers = arrays["form_terms"], arrays["form_numbers"]
        self.form_doc_freqs = arrays["form_holders"]
        self.spelling_starts, self.spellings = arrays["spelling_starts"], arrays["spellings"]
        rows = arrays["rows"]
        self.rows = {
            term: (row, native.address(row))
            for term, row in zip(arrays["row_terms"].tolist(), rows, strict=True)
        }
        self.length_bytes = arrays["length_bytes"]
        self.mean_length, self.all_lengths, longest = arrays["facts"].tolist()
        self.wide_positions = longest + len(POSITIONAL_FIELDS) >= 1 << 15
        self.passages = StringTable(arrays["passage_heap"], arrays["passage_ends"])
        self.articles = StringTable(arrays["article_heap"], arrays["article_ends"])
        self.article_order = arrays["article_order"]
        self.article_starts, self.article_of = arrays["article_starts"], arrays["article_of"]
        self.lengths = arrays["lengths"]
        self.priors, self.days, self.dues = arrays["priors"], arrays["days"], arrays["dues"]
        self.tags, self.topics = arrays["tags"], arrays["topics"]
        self.tag_names = StringTable(arrays["tag_heap"], arrays["tag_ends"])
        self.topic_names = StringTable(arrays["topic_heap"], arrays["topic_ends"])
        self.tag_starts, self.tag_members = arrays["tag_starts"], arrays["tag_members"]
        self.topic_starts, self.topic_members = arrays["topic_starts"], arrays["topic_members"]
        self.names = StringTable(arrays["name_heap"], arrays["name_ends"])
        self.name_articles = arrays["name_articles"]
        self.count = len(self.article_of)
        self.term = lru_cache(TERM_CACHE_SIZE)(self._term)
        self._arrays = arrays  # keeps the memory mapping alive while the kernel may read it
        self._native = native.NativeSegment(
            passages=self.count,
            texts=len(POSITIONAL_FIELDS),
            wide=self.lengths.itemsize == 4,
            **{
                name: native.address(arrays[of])
                for name, of in (
                    ("starts", "term_starts"),
                    ("at", "term_at"),
                    ("places_at", "term_places_at"),
                    ("postings", "postings"),
                    ("places", "places"),
                    ("length_bytes", "length_bytes"),
                    ("lengths", "lengths"),
                )
            },
        )
        self.address = ctypes.addressof(self._native)

    def _term(self, stem: str) -> int | None:
        """Return the number of a term, or None if no passage contains it."""
        return self.terms.find(stem.encode("utf-8", "surrogatepass"))

    @cached_property
    def form_counts(self) -> Array:
        """The number of forms of each term."""
        return np.bincount(self.form_terms, minlength=len(self.terms))

    def doc_freq(self, term: int) -> int:
        """Return the number of passages with a term, including deleted ones."""
        return int(self.term_starts[term + 1]) - int(self.term_starts[term])

    def doc_freqs(self, terms: Array) -> Array:
        """Return the number of passages with each of `terms`, including deleted ones."""
        return np.asarray(self.term_starts[terms + 1] - self.term_starts[terms])

    def postings(self, term: int) -> tuple[Array, Array]:
        """Return the passages with a term and its frequency in each."""
        return native.unpack_terms(self.address, term, term + 1, self.doc_freq(term))

    def all_postings(self) -> tuple[Array, Array]:
        """Return the concatenated passages and frequencies of all terms."""
        return native.unpack_terms(self.address, 0, len(self.terms), int(self.term_starts[-1]))

    def positions(self, term: int) -> Array:
        """Return the positions of a term by posting; the last of each has its highest bit set."""
        return native.unpack_places(self.address, term, term + 1, wide=True)[0]

    def all_positions(self) -> tuple[Array, Array]:
        """Return the concatenated positions of all terms and their number per term."""
        return native.unpack_places(self.address, 0, len(self.terms), wide=self.wide_positions)

    def find_article(self, name: str) -> range:
        """Return the passages of an article; empty if the segment does not contain it."""
        wanted = name.encode("utf-8", "surrogatepass")
        low, high = 0, len(self.article_order)
        while low < high:
            middle = (low + high) // 2
            if self.articles[int(self.article_order[middle])] < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(self.article_order):
            return range(0)
        number = int(self.article_order[low])
        if self.articles[number] != wanted:
            return range(0)
        return range(int(self.article_starts[number]), int(self.article_starts[number + 1]))

    def articles_named(self, name: str) -> list[int]:
        """Return the numbers of the articles with a name, including deleted ones."""
        wanted = name.encode("utf-8", "surrogatepass")
        first = last = self.names.lower_bound(wanted)
        while last < len(self.names) and self.names[last] == wanted:
            last += 1
        found: list[int] = self.name_articles[first:last].tolist()
        return found

    def text_starts(self, docs: Array, text: str) -> tuple[Array, Array]:
        """Return the first position of a text in each of `docs`, and the position after its end."""
        number = POSITIONAL_FIELDS.index(text)
        lengths = self.lengths[docs]
        before = lengths[:, :number].sum(axis=1, dtype=np.int64) + number
        return before, before + lengths[:, number]

    def form_mask(self, term: int) -> Array | None:
        """Return a matrix (postings x forms) of 0 and 1; None if the term has a single form."""
        start, end = int(self.spelling_starts[term]), int(self.spelling_starts[term + 1])
        if start == end:
            return None
        bits = np.unpackbits(self.spellings[start >> 3 : (end + 7) >> 3], bitorder="little")
        return bits[start & 7 : (start & 7) + end - start].reshape(self.doc_freq(term), -1)

    def all_forms(self) -> Iterator[tuple[str, int]]:
        """Yield each form and the number of passages with it."""
        names = (form.decode() for form in self.forms.all())
        return zip(names, self.form_doc_freqs.tolist(), strict=True)
