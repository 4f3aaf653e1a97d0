"""The shape of an error."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from web.schemas.types import Path, means


class ProblemRequired(TypedDict):
    """What every error tells (RFC 9457)."""

    type: Annotated[Path, means("Where this kind of error is described.")]
    title: str
    status: int
    detail: Annotated[str, means("What happened and what to do.")]
    code: Annotated[str, means("The kind of error, for programs.")]


class ProblemResponse(ProblemRequired, total=False):
    """An error (RFC 9457)."""

    parameter: Annotated[str, means("The parameter that is out of its bounds.")]
