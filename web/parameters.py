"""What a reader may put behind the question mark of an address, with its bounds.

A value out of bounds is an error that names the parameter and the bounds, never quietly replaced:
a script that asks for 500 hits and gets 50 would take them for all there are. What a query means
is left to ``index``.
"""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from index.answer import SearchRequest
from index.search import MAX_LIMIT, MAX_OFFSET
from kb.errors import QueryError


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of a whole number and what stands when it is not given."""

    default: int
    least: int
    most: int


LIMIT = Bounds(default=10, least=1, most=MAX_LIMIT)  # ten fit in two screens of a laptop
OFFSET = Bounds(default=0, least=0, most=MAX_OFFSET)
VERSION = Bounds(default=0, least=1, most=1_000_000)
SORTS = {"relevance": "Best match", "date": "Newest review"}
FLAGS = {"0": False, "1": True}
FILTERS_MOST = 20  # more filters than the taxonomy has tags is a mistake or an attack


class ParameterError(QueryError):
    """A parameter of an address is out of bounds."""

    def __init__(self, parameter: str, problem: str) -> None:
        self.parameter = parameter
        super().__init__(f"The parameter {parameter!r} {problem}.")


def read_search(args: MultiDict[str, str], *, limit: int | None = None) -> SearchRequest:
    """Return the search that an address asks for; with `limit` the page decides how many."""
    return SearchRequest(
        q=args.get("q", "").strip(),
        tags=_filters(args, "tag"),
        topics=_filters(args, "topic"),
        limit=limit or read_number(args, "limit", LIMIT),
        offset=read_number(args, "offset", OFFSET),
        sort=_sort(args),
        literal=_flag(args, "literal"),
    )


def read_number(args: MultiDict[str, str], name: str, bounds: Bounds) -> int:
    """Return a whole number within its bounds, or its default when it is not given."""
    given = args.get(name, "").strip()
    if not given:
        return bounds.default
    if given.isascii() and given.removeprefix("-").isdigit() and len(given) <= 10:
        number = int(given)
        if bounds.least <= number <= bounds.most:
            return number
    raise ParameterError(name, f"must be a whole number from {bounds.least} to {bounds.most}")


def _filters(args: MultiDict[str, str], name: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(value for value in args.getlist(name) if value))
    if len(values) > FILTERS_MOST:
        raise ParameterError(name, f"may be given at most {FILTERS_MOST} times")
    return values


def _flag(args: MultiDict[str, str], name: str) -> bool:
    given = args.get(name) or "0"
    if given not in FLAGS:
        raise ParameterError(name, "must be 1 or 0")
    return FLAGS[given]


def _sort(args: MultiDict[str, str]) -> str:
    given = args.get("sort") or next(iter(SORTS))
    if given not in SORTS:
        raise ParameterError("sort", f"must be one of: {', '.join(SORTS)}")
    return given
