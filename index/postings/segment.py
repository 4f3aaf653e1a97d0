"""Reading one segment: its arrays by name, its terms and forms, what it knows of a passage.

A segment never changes. Which of its passages are deleted, how long passages are on the whole and
how rare a word is depend on the commit, and come from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from index.document import PLACED
from index.postings.files import Array, Strings, read_arrays
from index.postings.layout import BLOCK, ROW_SHARE
from index.postings.runs import ragged, starts, starts_at

MANY = 4  # blocks to be read of so many: reading all in one piece costs less than picking
KNOWN_TERMS = (
    4_096  # remembered by their bytes; a look-up in the sorted heap takes ten microseconds
)


class Segment:
    """The arrays of one segment, mapped read-only; raises `IndexDamagedError` at opening."""

    def __init__(self, path: Path) -> None:
        arrays = read_arrays(path)
        self.name = path.name
        self.terms = Strings(arrays["term_heap"], arrays["term_ends"])
        self.term_starts, self.term_places = arrays["term_starts"], arrays["term_places"]
        self.docs, self.pairs, self.places = arrays["docs"], arrays["pairs"], arrays["places"]
        self.block_places = arrays["block_places"]
        self.pair_frequencies = arrays["pair_frequencies"]
        self.pair_lengths = arrays["pair_lengths"]
        self.forms = Strings(arrays["form_heap"], arrays["form_ends"])
        self.form_terms, self.form_numbers = arrays["form_terms"], arrays["form_numbers"]
        self.form_holders = arrays["form_holders"]
        self.spelling_starts, self.spellings = arrays["spelling_starts"], arrays["spellings"]
        self.rows = dict(zip(arrays["row_terms"].tolist(), arrays["rows"], strict=True))
        self.length_bytes = arrays["length_bytes"]
        self.mean_length, self.all_lengths = arrays["facts"].tolist()
        self.passages = Strings(arrays["passage_heap"], arrays["passage_ends"])
        self.articles = Strings(arrays["article_heap"], arrays["article_ends"])
        self.article_order = arrays["article_order"]
        self.article_starts, self.article_of = arrays["article_starts"], arrays["article_of"]
        self.lengths = arrays["lengths"]
        self.priors, self.days, self.dues = arrays["priors"], arrays["days"], arrays["dues"]
        self.tags, self.topics = arrays["tags"], arrays["topics"]
        self.tag_names = Strings(arrays["tag_heap"], arrays["tag_ends"])
        self.topic_names = Strings(arrays["topic_heap"], arrays["topic_ends"])
        self.tag_starts, self.tag_members = arrays["tag_starts"], arrays["tag_members"]
        self.topic_starts, self.topic_members = arrays["topic_starts"], arrays["topic_members"]
        self.count = len(self.article_of)
        self.few = self.count // ROW_SHARE  # postings of a list that is short beside a row
        self.term = lru_cache(KNOWN_TERMS)(self._term)

    def _term(self, stem: str) -> int | None:
        """Return the number of a term, or None when no passage has it."""
        return self.terms.find(stem.encode("utf-8", "surrogatepass"))

    @cached_property
    def form_counts(self) -> Array:
        """How many forms each term has."""
        return np.bincount(self.form_terms, minlength=len(self.terms))

    def holders(self, term: int) -> int:
        """Return how many passages have a term, deleted ones included."""
        return int(self.term_starts[term + 1]) - int(self.term_starts[term])

    def postings(self, term: int) -> slice:
        """Return where a term's postings stand in `docs` and `pairs`."""
        return slice(int(self.term_starts[term]), int(self.term_starts[term + 1]))

    def places_of(self, postings: Array) -> tuple[Array, Array]:
        """Return the places of some postings, which are sorted, and whose each place is.

        The second counts `postings` from 0. A place says nothing of its posting but where that
        ends, so whole blocks of `BLOCK` postings are read and counted through.
        """
        blocks = postings // BLOCK
        first, last = int(blocks[0]), int(blocks[-1]) + 1
        if len(blocks) * MANY < last - first:
            read = blocks[starts(blocks)]
            numbers = ragged(self.block_places[read].astype(np.int64),
                             self.block_places[read + 1].astype(np.int64))  # fmt: skip
            places = self.places[numbers]
            rank = np.cumsum(starts_at(blocks)) - 1
        else:
            read = np.arange(first, last)
            places = self.places[int(self.block_places[first]) : int(self.block_places[last])]
            rank = blocks - first
        mark = places.dtype.type(1 << (8 * places.itemsize - 1))
        after = np.flatnonzero(places >= mark) + 1  # the end of each posting that was read
        wanted = rank * BLOCK + postings % BLOCK
        end = after[wanted]
        begin = np.where(wanted > 0, after[wanted - 1], 0)
        of = np.repeat(np.arange(len(postings)), end - begin)
        return places[ragged(begin, end)] & ~mark, of

    def article(self, name: str) -> range:
        """Return the passages of an article, none when it is not here."""
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

    def text_starts(self, docs: Array, text: str) -> tuple[Array, Array]:
        """Return the first place of a text in each of `docs`, and the first place after it."""
        number = PLACED.index(text)
        lengths = self.lengths[docs]
        before = lengths[:, :number].sum(axis=1, dtype=np.int64) + number
        return before, before + lengths[:, number]

    def spelled(self, term: int) -> Array | None:
        """Return the bits of a term's postings (postings x bytes), None where it has one form."""
        start, end = int(self.spelling_starts[term]), int(self.spelling_starts[term + 1])
        if start == end:
            return None
        return np.asarray(self.spellings[start:end].reshape(self.holders(term), -1))

    def all_forms(self) -> Iterator[tuple[str, int]]:
        """Yield each form and how many passages have it."""
        names = (form.decode() for form in self.forms.all())
        return zip(names, self.form_holders.tolist(), strict=True)
