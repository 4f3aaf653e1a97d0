"""What the shapes are made of: days, times, addresses, and texts of which there are only a few."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from index.autocomplete.entries import NameKind as Kind
from kb.model.article import BlockKind
from kb.model.records import ArticleStatus, ReviewState


def means(description: str) -> Any:
    """Say what a name means."""
    return Field(description=description)


def one_of(values: type[StrEnum]) -> WithJsonSchema:
    """Say which texts there are; the values of a shape are plain texts, as in JSON."""
    return WithJsonSchema({"type": "string", "enum": [value.value for value in values]})


Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Path = Annotated[str, WithJsonSchema({"type": "string", "format": "uri-reference"})]
StatusName = Annotated[str, one_of(ArticleStatus)]
ReviewName = Annotated[str, one_of(ReviewState)]
BlockName = Annotated[str, one_of(BlockKind)]
NameKind = Annotated[str, one_of(Kind)]
Piece = Annotated[
    list[str | bool],
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [{"type": "string"}, {"type": "boolean"}],
            "items": False,
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
