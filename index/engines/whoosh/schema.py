"""Whoosh schema and analyzers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whoosh import fields
from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken
from whoosh.fields import Schema

from index import analyzer
from index.document import ALL, POSITIONAL_FIELDS

FORMS = "forms"  # the field of unstemmed words
ARTICLE, PASSAGE = "article", "passage"  # the fields of the ids


class ClinicalAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no type for it
    """Adapter of `index.analyzer` for Whoosh: stems with positions and offsets."""

    def __call__(self, value: str, **wanted: Any) -> Iterator[WhooshToken]:
        """Yield the same Whoosh token object, updated for each word."""
        token = WhooshToken(positions=True, chars=True, **_token_options(wanted))
        for stem, position, start, end in analyzer.tokenize(value):
            token.text, token.boost, token.stopped = stem, 1.0, False
            token.pos, token.startchar, token.endchar = position, start, end
            yield token


def _token_options(wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: wanted[key] for key in ("mode", "removestops") if key in wanted}


class FormAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no type for it
    """Adapter for Whoosh that yields folded, unstemmed words, for prefixes and spelling."""

    def __call__(self, value: str, **wanted: Any) -> Iterator[WhooshToken]:
        """Yield the same Whoosh token object, updated for each word."""
        token = WhooshToken(**_token_options(wanted))
        for word in analyzer.split_words(value):
            token.text, token.boost, token.stopped = analyzer.fold(word), 1.0, False
            yield token


def schema() -> Schema:
    """Return the schema: each text, the combined text that is scored, and the unstemmed words."""
    texts = {
        name: fields.TEXT(analyzer=ClinicalAnalyzer(), phrase=True) for name in POSITIONAL_FIELDS
    }
    texts[ALL] = fields.TEXT(analyzer=ClinicalAnalyzer(), phrase=False)
    texts[FORMS] = fields.TEXT(analyzer=FormAnalyzer(), phrase=False)
    return Schema(**{ARTICLE: fields.ID(), PASSAGE: fields.STORED()}, **texts)
