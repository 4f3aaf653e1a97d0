"""Whoosh codec for the array segments of `index.postings`.

With it, all queries and scorers of Whoosh run on this index; the tests use them as the reference
for our own query execution. `index.engines.whoosh.writer` writes segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.codec import base
from whoosh.matching import ListMatcher
from whoosh.reading import TermInfo

from index.document import ALL, POSITIONAL_FIELDS
from index.engines.whoosh.schema import ARTICLE, FORMS, PASSAGE
from index.postings.array_file import Array
from index.postings.bm25f import LENGTHS
from index.postings.segment_reader import SegmentReader

EXTENSION = ".seg"
LAST_POSITION_FLAG = np.uint32(1 << 31)  # marks the last position of a posting


class ArraySegment(base.Segment):  # type: ignore[misc]  # Whoosh has no type for it
    """A segment in the table of contents: its name, size and deleted passages."""

    def __init__(self, indexname: str, count: int = 0) -> None:
        super().__init__(indexname)
        self.count = count
        self.deleted: set[int] = set()

    @property
    def filename(self) -> str:
        """The file name of the segment."""
        return str(self.make_filename(EXTENSION))

    def codec(self) -> ArrayCodec:
        """Return the codec that reads the segment."""
        return ArrayCodec()

    def set_doc_count(self, doccount: int) -> None:
        """Set the number of passages, deleted ones included."""
        self.count = doccount

    def doc_count_all(self) -> int:
        """Return the number of passages, deleted ones included."""
        return self.count

    def doc_count(self) -> int:
        """Return the number of passages that are not deleted."""
        return self.count - len(self.deleted)

    def has_deletions(self) -> bool:
        """Return whether any passage is deleted."""
        return bool(self.deleted)

    def deleted_count(self) -> int:
        """Return the number of deleted passages."""
        return len(self.deleted)

    def deleted_docs(self) -> set[int]:
        """Return the deleted passages."""
        return self.deleted

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        """Mark a passage as deleted, or restore it."""
        (self.deleted.add if delete else self.deleted.discard)(docnum)

    def is_deleted(self, docnum: int) -> bool:
        """Return whether the passage is deleted."""
        return docnum in self.deleted

    def should_assemble(self) -> bool:
        """Return False: the segment is already a single file."""
        return False


class ArrayCodec(base.Codec):  # type: ignore[misc]  # Whoosh has no type for it
    """Creates the readers of array segments."""

    length_stats = True

    def terms_reader(self, storage: Any, segment: ArraySegment) -> ArrayTerms:
        """Return the reader of the segment's terms."""
        return ArrayTerms(SegmentReader(Path(storage.folder) / segment.filename))

    def per_document_reader(self, storage: Any, segment: ArraySegment) -> ArrayPassages:
        """Return the reader of the segment's passages."""
        return ArrayPassages(SegmentReader(Path(storage.folder) / segment.filename), segment)

    def new_segment(self, storage: Any, indexname: str) -> ArraySegment:
        """Return an empty segment."""
        return ArraySegment(indexname)


class ArrayTerms(base.TermsReader):  # type: ignore[misc]  # Whoosh has no type for it
    """The terms of a segment by field."""

    def __init__(self, segment: SegmentReader) -> None:
        self._segment = segment

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return bool(len(self._docs(*term)))

    def indexed_field_names(self) -> tuple[str, ...]:
        """Return the names of the fields with terms."""
        return (*POSITIONAL_FIELDS, ALL, FORMS, ARTICLE)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Yield all (field, term) pairs in order."""
        for name in sorted(self.indexed_field_names()):
            yield from self.terms_from(name, b"")

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield the (field, term) pairs of one field in order, starting at `prefix`."""
        if fieldname == ARTICLE:
            names = sorted(self._segment.articles.all())
        else:
            names = (self._segment.forms if fieldname == FORMS else self._segment.terms).all()
        for name in names:
            if name >= prefix and (fieldname, name) in self:
                yield fieldname, name

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], Any]]:
        """Yield each term from `prefix` on with its statistics."""
        for term in self.terms_from(fieldname, prefix):
            yield term, self.term_info(*term)

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        """Return the statistics of a term; raises `KeyError` if it does not exist."""
        docs = self._docs(fieldname, text)
        if not len(docs):
            raise KeyError(text)
        weights = self._weights(fieldname, text, docs)
        return TermInfo(
            weight=float(weights.sum()), df=len(docs), minlength=0, maxlength=int(LENGTHS[-1]),
            maxweight=float(weights.max()), minid=int(docs[0]), maxid=int(docs[-1]),
        )  # fmt: skip

    def frequency(self, fieldname: str, text: bytes) -> float:
        """Return the total frequency of a term in a field."""
        return float(self.term_info(fieldname, text).weight())

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        """Return the number of passages with a term in a field."""
        return len(self._docs(fieldname, text))

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> ListMatcher:
        """Return a Whoosh matcher over the postings of a term."""
        docs = self._docs(fieldname, text)
        weights = self._weights(fieldname, text, docs)
        values = (
            self._encoded_positions(fieldname, text, format_)
            if fieldname in POSITIONAL_FIELDS
            else None
        )
        return ListMatcher(
            docs.tolist(), weights.tolist(), values, format_, scorer,
            term=(fieldname, text), terminfo=self.term_info(fieldname, text),
        )  # fmt: skip

    def close(self) -> None:
        """Do nothing: the mapping is released with the last array."""

    def _docs(self, fieldname: str, text: bytes) -> Array:
        segment = self._segment
        if fieldname == ARTICLE:
            return np.array(segment.find_article(text.decode()), np.intp)
        if fieldname == FORMS:
            form = segment.forms.find(text)
            if form is None:
                return np.zeros(0, np.intp)
            term, number = int(segment.form_terms[form]), int(segment.form_numbers[form])
            docs, _ = segment.postings(term)
            spelled = segment.form_mask(term)
            return docs if spelled is None else docs[spelled[:, number] > 0]
        found = segment.term(text.decode())
        if found is None:
            return np.zeros(0, np.intp)
        docs, _ = segment.postings(found)
        return (
            docs if fieldname == ALL else docs[self._positions_in_text(found, docs, fieldname)[2]]
        )

    def _positions_in_text(self, term: int, docs: Array, text: str) -> tuple[Array, Array, Array]:
        """Return the positions of a term in a text, the posting of each, and a mask of postings.

        Positions are relative to the start of the text; the mask marks postings that have any.
        """
        marked = self._segment.positions(term)
        last = marked >= LAST_POSITION_FLAG
        of: Array = np.cumsum(last) - last
        starts, ends = self._segment.text_starts(docs, text)
        places = (marked & ~LAST_POSITION_FLAG).astype(np.int64)
        inside = (places >= starts[of]) & (places < ends[of])
        there = np.zeros(len(docs), bool)
        there[of[inside]] = True
        return (places - starts[of])[inside], of[inside], there

    def _weights(self, fieldname: str, text: bytes, docs: Array) -> Array:
        if fieldname != ALL:
            return np.ones(len(docs))
        _, frequencies = self._segment.postings(self._segment.term(text.decode()) or 0)
        return frequencies.astype(np.float64)

    def _encoded_positions(self, fieldname: str, text: bytes, format_: Any) -> list[bytes]:
        term = self._segment.term(text.decode()) or 0
        places, of, there = self._positions_in_text(
            term, self._segment.postings(term)[0], fieldname
        )
        found: dict[int, list[int]] = {posting: [] for posting in np.flatnonzero(there).tolist()}
        for posting, place in zip(of.tolist(), places.tolist(), strict=True):
            found[posting].append(place)
        return [format_.encode(each) for each in found.values()]


class ArrayPassages(base.PerDocumentReader):  # type: ignore[misc]  # Whoosh has no type for it
    """The passages of a segment."""

    def __init__(self, segment: SegmentReader, listed: ArraySegment) -> None:
        self._segment, self._listed = segment, listed

    def close(self) -> None:
        """Do nothing: the mapping is released with the last array."""

    def doc_count(self) -> int:
        """Return the number of passages that are not deleted."""
        return self._listed.doc_count()

    def doc_count_all(self) -> int:
        """Return the number of passages, deleted ones included."""
        return self._listed.doc_count_all()

    def has_deletions(self) -> bool:
        """Return whether any passage is deleted."""
        return self._listed.has_deletions()

    def is_deleted(self, docnum: int) -> bool:
        """Return whether the passage is deleted."""
        return self._listed.is_deleted(docnum)

    def deleted_docs(self) -> set[int]:
        """Return the deleted passages."""
        return self._listed.deleted_docs()

    def supports_columns(self) -> bool:
        """Return False: the segment has no Whoosh columns."""
        return False

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        """Return the quantised length of the field `ALL`, `default` for other fields."""
        if fieldname == ALL:
            return int(LENGTHS[self._segment.length_bytes[docnum]])
        return default

    def field_length(self, fieldname: str) -> int:
        """Return the total length of a field over all passages."""
        return int(self._segment.all_lengths) if fieldname == ALL else self._segment.count

    def min_field_length(self, fieldname: str) -> int:
        """Return a lower bound of the field length."""
        return 0

    def max_field_length(self, fieldname: str) -> int:
        """Return an upper bound of the field length."""
        return int(LENGTHS[-1])

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return the stored id of a passage."""
        return {PASSAGE: self._segment.passages[docnum].decode()}
