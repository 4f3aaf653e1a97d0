"""What a reader may put behind the question mark of an address, with its bounds.

The bounds are said once: the readers below hold to them, and the description of the API is made of
the same values. A value out of bounds is an error that names the parameter and the bounds, never
quietly replaced: a script that asks for 500 hits and gets 50 would take them for all there are.
What a query means is left to ``index``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from index.query.parser import MAX_QUERY_LENGTH, check_length
from index.search.results import SearchRequest
from index.search.service import MAX_LIMIT, MAX_OFFSET
from kb.errors import QueryError
from kb.exchange.exporter import ExportFilter
from kb.model.records import ArticleStatus
from kb.model.taxonomy import Taxonomy
from kb.storage.audit_log import MAX_ENTRY_NUMBER, AuditFilter


class QueryArgs(Protocol):
    """Query parameters of a request, such as a werkzeug `MultiDict`."""

    def get(self, key: str, default: str, /) -> str:
        """Return the first value of a parameter, or `default`."""

    def getlist(self, key: str, /) -> list[str]:
        """Return all values of a parameter."""


@dataclass(frozen=True, slots=True)
class IntRange:
    """The bounds of a whole number and what stands when it is not given."""

    default: int
    least: int
    most: int

    @property
    def schema(self) -> dict[str, Any]:
        """The same bounds as a JSON Schema."""
        return {
            "type": "integer",
            "minimum": self.least,
            "maximum": self.most,
            "default": self.default,
        }


LIMIT = IntRange(default=10, least=1, most=MAX_LIMIT)  # ten fit in two screens of a laptop
OFFSET = IntRange(default=0, least=0, most=MAX_OFFSET)
VERSION = IntRange(default=0, least=1, most=1_000_000)
DAYS = IntRange(default=30, least=1, most=3_650)
STEPS = IntRange(default=50, least=1, most=500)
STEPS_BEFORE = IntRange(default=MAX_ENTRY_NUMBER, least=1, most=MAX_ENTRY_NUMBER)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 12, 31)  # what every database can compare
MAX_NAME_LENGTH = 200  # characters of a file's name
SORTS = {"relevance": "Best match", "date": "Newest review"}
FLAGS = {"0": False, "1": True}
PUBLISHED = ArticleStatus.PUBLISHED.value
MAX_ARTICLES = 200  # named in one address, which may be 8,000 bytes long
MAX_FILTERS = 20  # more filters than the taxonomy has tags is a mistake or an attack


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it is described: what it means and which values there are."""

    name: str
    meaning: str
    schema: Mapping[str, Any]


def search_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what `read_search` reads, in the order of the documentation."""
    tag = {"type": "string", "enum": [definition.key for definition in taxonomy]}
    return [
        Parameter(
            "q",
            "What to search for, in the query language.",
            {"type": "string", "maxLength": MAX_QUERY_LENGTH, "default": ""},
        ),
        Parameter(
            "tag",
            "Only passages with this tag; repeat it to allow several.",
            {"type": "array", "items": tag, "maxItems": MAX_FILTERS},
        ),
        Parameter(
            "topic",
            "Only articles with this topic; repeat it to allow several.",
            {"type": "array", "items": {"type": "string"}, "maxItems": MAX_FILTERS},
        ),
        Parameter("limit", "Hits in one answer.", LIMIT.schema),
        Parameter("offset", "Hits to leave out at the beginning.", OFFSET.schema),
        Parameter(
            "sort",
            "relevance, or date for the newest review first.",
            {"type": "string", "enum": list(SORTS), "default": next(iter(SORTS))},
        ),
        Parameter(
            "literal",
            "1: only the words as they stand, nothing relaxed, corrected or under another name.",
            {"type": "string", "enum": list(FLAGS), "default": next(iter(FLAGS))},
        ),
    ]


def suggest_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what a request for suggestions takes."""
    return [
        Parameter(
            "q",
            "What is being typed; of a longer text the beginning is read.",
            {"type": "string", "default": ""},
        )
    ]


def list_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what the list of articles takes."""
    return [
        Parameter(
            "status",
            "Only published articles are listed here.",
            {"type": "string", "enum": [PUBLISHED], "default": PUBLISHED},
        )
    ]


def upload_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what an upload takes."""
    return [
        Parameter(
            "name",
            "The name of the file: the same name again is a new version of its article.",
            {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH},
        )
    ]


def log_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what a request for the counted searches takes."""
    return [Parameter("days", "How many days to look back.", DAYS.schema)]


def audit_log_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what a request for the trail takes; each narrows it."""
    text = {"type": "string", "default": ""}
    return [
        Parameter("before", "Only steps before the one of this number.", STEPS_BEFORE.schema),
        Parameter("limit", "Steps in one answer.", STEPS.schema),
        Parameter("name", "Only what this person did.", text),
        Parameter("action", "Only this kind, such as article.published.", text),
        Parameter("about", "Only what was done to this, such as the id of an article.", text),
        Parameter("since", "Only from this day on.", {"type": "string", "format": "date"}),
        Parameter("until", "Only up to this day.", {"type": "string", "format": "date"}),
    ]


def export_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what an export takes; each narrows it."""
    return [
        Parameter(
            "article",
            "Only the article with this id; repeat it to name several.",
            {"type": "array", "items": {"type": "string"}, "maxItems": MAX_ARTICLES},
        ),
        Parameter("topic", "Only articles with this topic.", {"type": "string", "default": ""}),
        Parameter(
            "status",
            "Only articles that stand so.",
            {"type": "string", "enum": [status.value for status in ArticleStatus]},
        ),
    ]


def import_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return what an import takes."""
    return [
        Parameter(
            "dry_run",
            "1: say what would be done, and write nothing.",
            {"type": "string", "enum": list(FLAGS), "default": next(iter(FLAGS))},
        )
    ]


def no_parameters(taxonomy: Taxonomy) -> list[Parameter]:
    """Return nothing: an address that takes none."""
    return []


class ParameterError(QueryError):
    """A parameter of an address is out of bounds."""

    def __init__(self, parameter: str, problem: str) -> None:
        self.parameter = parameter
        super().__init__(f"The parameter {parameter!r} {problem}.")


def read_search(args: QueryArgs, *, limit: int | None = None) -> SearchRequest:
    """Return the search that an address asks for; with `limit` the page decides how many."""
    typed = args.get("q", "")
    check_length(typed)
    return SearchRequest(
        q=typed.strip(),
        tags=_filters(args, "tag"),
        topics=_filters(args, "topic"),
        limit=limit or read_number(args, "limit", LIMIT),
        offset=read_number(args, "offset", OFFSET),
        sort=_sort(args),
        literal=read_flag(args, "literal"),
    )


def read_number(args: QueryArgs, name: str, bounds: IntRange) -> int:
    """Return a whole number within its bounds, or its default when it is not given."""
    given = args.get(name, "").strip()
    if not given:
        return bounds.default
    if given.isascii() and given.removeprefix("-").isdigit() and len(given) <= 10:
        number = int(given)
        if bounds.least <= number <= bounds.most:
            return number
    raise ParameterError(name, f"must be a whole number from {bounds.least} to {bounds.most}")


def read_asked(args: QueryArgs) -> AuditFilter:
    """Return which steps of the trail are wanted."""
    return AuditFilter(
        name=args.get("name", "").strip(),
        action=args.get("action", "").strip(),
        about=args.get("about", "").strip(),
        since=read_day(args, "since"),
        until=read_day(args, "until"),
    )


def read_day(args: QueryArgs, name: str) -> date | None:
    """Return a day, None where it is not given."""
    given = args.get(name, "").strip()
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError as error:
        raise ParameterError(name, "must be a day, such as 2027-03-31") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ParameterError(name, f"must be a day from {FIRST_DAY} to {LAST_DAY}")
    return day


def read_name(args: QueryArgs) -> str:
    """Return the name of an uploaded file, without folders."""
    name = args.get("name", "").replace("\\", "/").rpartition("/")[2].strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise ParameterError(
            "name", f"must be the name of a file, in up to {MAX_NAME_LENGTH} characters"
        )
    return name


def read_status(args: QueryArgs) -> None:
    """Refuse to list anything but what is published."""
    if (args.get("status", "") or PUBLISHED) != PUBLISHED:
        raise ParameterError("status", "can only be 'published' here; `kb list` shows the others")


def read_selection(args: QueryArgs) -> ExportFilter:
    """Return which articles are to be exported."""
    named = tuple(dict.fromkeys(value for value in args.getlist("article") if value))
    if len(named) > MAX_ARTICLES:
        raise ParameterError("article", f"may be given at most {MAX_ARTICLES} times")
    status = args.get("status", "")
    if status and status not in list(map(str, ArticleStatus)):
        raise ParameterError("status", f"must be one of: {', '.join(ArticleStatus)}")
    return ExportFilter(named, args.get("topic", ""), ArticleStatus(status) if status else None)


def read_flag(args: QueryArgs, name: str) -> bool:
    """Return whether a switch is on; it is off when it is not given."""
    given = args.get(name, "") or "0"
    if given not in FLAGS:
        raise ParameterError(name, "must be 1 or 0")
    return FLAGS[given]


def _filters(args: QueryArgs, name: str) -> tuple[str, ...]:
    values = [value for value in args.getlist(name) if value]
    if len(values) > MAX_FILTERS:
        raise ParameterError(name, f"may be given at most {MAX_FILTERS} times")
    return tuple(dict.fromkeys(values))


def _sort(args: QueryArgs) -> str:
    given = args.get("sort", "") or next(iter(SORTS))
    if given not in SORTS:
        raise ParameterError("sort", f"must be one of: {', '.join(SORTS)}")
    return given
