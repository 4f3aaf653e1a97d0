"""Whoosh's side of a document: the schema and the analyzers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whoosh import fields
from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken
from whoosh.fields import Schema

from index import analyzer
from index.document import ALL, POSITIONAL_FIELDS, IndexDocument

FORMS = "forms"  # the field of the words as they are written
ARTICLE, PASSAGE = "article", "passage"  # the ids: one to find by, one to show


class ClinicalAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no type for it
    """`index.analyzer` in the form that Whoosh asks for."""

    def __call__(self, value: str, **wanted: Any) -> Iterator[WhooshToken]:
        """Yield Whoosh's one token, filled anew for each word."""
        token = WhooshToken(positions=True, chars=True, **_token_options(wanted))
        for stem, position, start, end in analyzer.tokenize(value):
            token.text, token.boost, token.stopped = stem, 1.0, False
            token.pos, token.startchar, token.endchar = position, start, end
            yield token


def _token_options(wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: wanted[key] for key in ("mode", "removestops") if key in wanted}


class FormAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no type for it
    """The words as they are written, folded but not stemmed: for prefixes and for spelling."""

    def __call__(self, value: str, **wanted: Any) -> Iterator[WhooshToken]:
        """Yield Whoosh's one token, filled anew for each word."""
        token = WhooshToken(**_token_options(wanted))
        for word in analyzer.split_words(value):
            token.text, token.boost, token.stopped = analyzer.fold(word), 1.0, False
            yield token


def schema() -> Schema:
    """Return the schema: each text, all of them as they are scored, the words as written."""
    texts = {
        name: fields.TEXT(analyzer=ClinicalAnalyzer(), phrase=True) for name in POSITIONAL_FIELDS
    }
    texts[ALL] = fields.TEXT(analyzer=ClinicalAnalyzer(), phrase=False)
    texts[FORMS] = fields.TEXT(analyzer=FormAnalyzer(), phrase=False)
    return Schema(**{ARTICLE: fields.ID(), PASSAGE: fields.STORED()}, **texts)


def field_texts(document: IndexDocument) -> dict[str, str]:
    """Return the text of each searched field of the schema."""
    placed = {name: document.texts[name] for name in POSITIONAL_FIELDS}
    return {**placed, ALL: document.all, FORMS: "\n".join(document.texts.values())}
