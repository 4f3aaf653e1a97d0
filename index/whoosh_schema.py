"""Whoosh's side of a document: the schema, the analyzer, and the card of each document.

A card is what a hit needs besides its score: whose passage it is, its tags and topics. It is a
column of the index, read once when a commit is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from whoosh import columns, fields
from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken
from whoosh.fields import Schema

from index import analysis
from index.document import ALL, PLACED, Document

FORMS = "forms"  # the field of the words as they are written

_UNIT, _LIST = "\x1f", "\x1e"  # between and within the values of a card


class ClinicalAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no type for it
    """`index.analysis` in the form that Whoosh asks for."""

    def __call__(self, value: str, **wanted: Any) -> Iterator[WhooshToken]:
        """Yield Whoosh's one token, filled anew for each word."""
        token = WhooshToken(positions=True, chars=True, **_known(wanted))
        for stem, position, start, end in analysis.tokenize(value):
            token.text, token.boost, token.stopped = stem, 1.0, False
            token.pos, token.startchar, token.endchar = position, start, end
            yield token


def _known(wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: wanted[key] for key in ("mode", "removestops") if key in wanted}


class FormAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no type for it
    """The words as they are written, folded but not stemmed: for prefixes and for spelling."""

    def __call__(self, value: str, **wanted: Any) -> Iterator[WhooshToken]:
        """Yield Whoosh's one token, filled anew for each word."""
        token = WhooshToken(**_known(wanted))
        for word in analysis.words(value):
            token.text, token.boost, token.stopped = analysis.fold(word), 1.0, False
            yield token


def schema() -> Schema:
    """Return the schema: what is searched, and what belongs to the hit."""
    texts = {name: fields.TEXT(analyzer=ClinicalAnalyzer(), phrase=True) for name in PLACED}
    texts[ALL] = fields.TEXT(analyzer=ClinicalAnalyzer(), phrase=False)
    texts[FORMS] = fields.TEXT(analyzer=FormAnalyzer(), phrase=False)
    return Schema(article=fields.ID, card=fields.COLUMN(columns.VarBytesColumn()), **texts)


def searched(document: Document) -> dict[str, str]:
    """Return the text of each searched field of the schema."""
    placed = {name: document.texts[name] for name in PLACED}
    return {**placed, ALL: document.all, FORMS: "\n".join(document.texts.values())}


@dataclass(frozen=True, slots=True)
class Card:
    """What a view keeps in memory of each document."""

    passage: str
    article: str
    tags: tuple[str, ...]
    topics: tuple[str, ...]
    day: int  # of the review, as a proleptic ordinal
    due: int  # of the next review, 0 when nobody set one
    prior: float


def packed_card(document: Document) -> bytes:
    """Return the card of a document; raises an error for what the index could not take."""
    if not all(isinstance(text, str) for text in document.texts.values()):
        raise TypeError("a text of the passage is no text")
    values = (
        document.passage_id,
        document.article_id,
        _LIST.join(document.tags),
        _LIST.join(document.topics),
        str(document.reviewed.toordinal()),
        str(document.due.toordinal() if document.due else 0),
        str(document.prior),
    )
    names = (document.passage_id, document.article_id, *document.tags, *document.topics)
    if any(sign in name for name in names for sign in (_UNIT, _LIST)):
        raise ValueError("a name of the passage holds a control character")
    return _UNIT.join(values).encode()


def unpacked_card(packed: bytes) -> Card:
    """Return the card that `packed_card` packed."""
    passage, article, tags, topics, day, due, prior = packed.decode().split(_UNIT)
    return Card(
        passage,
        article,
        tuple(tags.split(_LIST)) if tags else (),
        tuple(topics.split(_LIST)) if topics else (),
        int(day),
        int(due),
        float(prior),
    )
