"""JSON type of errors."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from web.schemas.types import Path, means


class ProblemRequired(TypedDict):
    """Fields of every error (RFC 9457)."""

    type: Annotated[Path, means("The URL of the description of this error.")]
    title: str
    status: int
    detail: Annotated[str, means("What happened and what to do.")]
    code: Annotated[str, means("The machine-readable error code.")]


class ProblemResponse(ProblemRequired, total=False):
    """An error (RFC 9457)."""

    parameter: Annotated[str, means("The name of the invalid parameter.")]
