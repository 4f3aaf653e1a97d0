"""Scalar types of the JSON schemas."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from index.autocomplete.entries import NameKind
from kb.model.article import BlockKind, CalloutLevel, MarkKind
from kb.model.records import ArticleStatus, ReviewState


def means(description: str) -> Any:
    """Return the metadata that describes a field."""
    return Field(description=description)


def one_of(values: type[StrEnum]) -> WithJsonSchema:
    """Return the JSON schema of a string with the values of an enumeration."""
    return WithJsonSchema({"type": "string", "enum": [value.value for value in values]})


Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Path = Annotated[str, WithJsonSchema({"type": "string", "format": "uri-reference"})]
StatusName = Annotated[str, one_of(ArticleStatus)]
ReviewName = Annotated[str, one_of(ReviewState)]
BlockName = Annotated[str, one_of(BlockKind)]
MarkName = Annotated[str, one_of(MarkKind)]
LevelName = Annotated[str, one_of(CalloutLevel)]
SuggestionKindName = Annotated[str, one_of(NameKind)]
Piece = Annotated[
    list[str | bool],
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [{"type": "string"}, {"type": "boolean"}],
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
