"""Query parameters of pages and of the API, with their limits.

The limits are defined once: the parsing functions enforce them, and the OpenAPI document is built
from the same values. A value outside its limits is rejected with an error that names the parameter
and the limits; it is never replaced silently. The query language is defined in `index.query`.
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
from kb.storage.audit_log import MAX_ENTRY_NUMBER, AuditFilter


class QueryArgs(Protocol):
    """Query parameters of a request, such as a werkzeug `MultiDict`."""

    def get(self, key: str, default: str, /) -> str:
        """Return the first value of a parameter, or `default`."""

    def getlist(self, key: str, /) -> list[str]:
        """Return all values of a parameter."""


@dataclass(frozen=True, slots=True)
class IntRange:
    """Minimum, maximum and default of an integer parameter."""

    default: int
    minimum: int
    maximum: int

    @property
    def schema(self) -> dict[str, Any]:
        """The limits as a JSON Schema."""
        return {
            "type": "integer",
            "minimum": self.minimum,
            "maximum": self.maximum,
            "default": self.default,
        }


LIMIT = IntRange(
    default=10, minimum=1, maximum=MAX_LIMIT
)  # ten hits fill about two screens of a laptop
OFFSET = IntRange(default=0, minimum=0, maximum=MAX_OFFSET)
VERSION = IntRange(default=0, minimum=1, maximum=1_000_000)
DAYS = IntRange(default=30, minimum=1, maximum=3_650)
AUDIT_LIMIT = IntRange(default=50, minimum=1, maximum=500)
AUDIT_BEFORE = IntRange(default=MAX_ENTRY_NUMBER, minimum=1, maximum=MAX_ENTRY_NUMBER)
MIN_DATE, MAX_DATE = date(1970, 1, 1), date(9000, 12, 31)  # can be compared in every database
MAX_NAME_LENGTH = 200  # characters of a file name
SORTS = {"relevance": "Best match", "date": "Newest review"}
FLAGS = {"0": False, "1": True}
PUBLISHED = ArticleStatus.PUBLISHED.value
MAX_ARTICLES = 200  # article ids in one URL, which is limited to 8,000 bytes
MAX_FILTERS = 20  # more than the number of tags in the built-in taxonomy


TEXT = {"type": "string", "default": ""}
FLAG = {"type": "string", "enum": list(FLAGS), "default": next(iter(FLAGS))}


@dataclass(frozen=True, slots=True)
class Parameter:
    """Name, description and JSON Schema of a query parameter."""

    name: str
    description: str
    schema: Mapping[str, Any]


# Parameters of the API routes, in the order of the documentation.
TAG = Parameter(  # `web.api.openapi` adds the keys of the taxonomy
    "tag",
    "Only passages with this tag. Repeat the parameter to allow several tags.",
    {"type": "array", "items": {"type": "string"}, "maxItems": MAX_FILTERS},
)
SEARCH_PARAMETERS = (
    Parameter(
        "q",
        "Query in the query language.",
        {"type": "string", "maxLength": MAX_QUERY_LENGTH, "default": ""},
    ),
    TAG,
    Parameter(
        "topic",
        "Only articles with this topic. Repeat the parameter to allow several topics.",
        {"type": "array", "items": {"type": "string"}, "maxItems": MAX_FILTERS},
    ),
    Parameter("limit", "Maximum number of hits.", LIMIT.schema),
    Parameter("offset", "Number of hits to skip.", OFFSET.schema),
    Parameter(
        "sort",
        "Sort order: relevance, or date (most recently reviewed first).",
        {"type": "string", "enum": list(SORTS), "default": next(iter(SORTS))},
    ),
    Parameter(
        "literal",
        "1: search for exactly these words, without relaxation, correction or synonyms.",
        FLAG,
    ),
)
SUGGEST_PARAMETERS = (
    Parameter("q", "Text typed so far. Only the beginning of a long text is used.", TEXT),
)
LIST_PARAMETERS = (
    Parameter(
        "status",
        "Workflow status. Only published articles are listed.",
        {"type": "string", "enum": [PUBLISHED], "default": PUBLISHED},
    ),
)
UPLOAD_PARAMETERS = (
    Parameter(
        "name",
        "File name. Uploading the same name again creates a new version of the article.",
        {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH},
    ),
)
QUERY_STATS_PARAMETERS = (
    Parameter("days", "Number of days to include, counted back from today.", DAYS.schema),
)
AUDIT_LOG_PARAMETERS = (
    Parameter("before", "Only entries before the entry with this number.", AUDIT_BEFORE.schema),
    Parameter("limit", "Maximum number of entries.", AUDIT_LIMIT.schema),
    Parameter("name", "Only actions of the user with this name.", TEXT),
    Parameter("action", "Only this action, such as article.published.", TEXT),
    Parameter("about", "Only actions on this object, such as an article id.", TEXT),
    Parameter("since", "First date to include.", {"type": "string", "format": "date"}),
    Parameter("until", "Last date to include.", {"type": "string", "format": "date"}),
)
EXPORT_PARAMETERS = (
    Parameter(
        "article",
        "Only the article with this id. Repeat the parameter for several articles.",
        {"type": "array", "items": {"type": "string"}, "maxItems": MAX_ARTICLES},
    ),
    Parameter("topic", "Only articles with this topic.", TEXT),
    Parameter(
        "status",
        "Only articles with this workflow status.",
        {"type": "string", "enum": [status.value for status in ArticleStatus]},
    ),
)
IMPORT_PARAMETERS = (Parameter("dry_run", "1: report the changes without applying them.", FLAG),)


class ParameterError(QueryError):
    """A query parameter or a field of a request is not valid."""

    def __init__(self, parameter: str, problem: str) -> None:
        self.parameter = parameter
        super().__init__(f"The parameter {parameter!r} {problem}.")


def read_search(args: QueryArgs, *, limit: int | None = None) -> SearchRequest:
    """Return the search request; `limit` overrides the query parameter.

    Raises `ParameterError`, and `QueryError` if the query is too long.
    """
    text = args.get("q", "")
    check_length(text)
    return SearchRequest(
        q=text.strip(),
        tags=_read_list(args, "tag", MAX_FILTERS),
        topics=_read_list(args, "topic", MAX_FILTERS),
        limit=limit or read_number(args, "limit", LIMIT),
        offset=read_number(args, "offset", OFFSET),
        sort=_sort(args),
        literal=read_flag(args, "literal"),
    )


def read_number(args: QueryArgs, name: str, bounds: IntRange) -> int:
    """Return an integer parameter, or its default if it is missing or empty."""
    value = args.get(name, "").strip()
    if not value:
        return bounds.default
    if value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 10:
        number = int(value)
        if bounds.minimum <= number <= bounds.maximum:
            return number
    raise ParameterError(name, f"must be an integer from {bounds.minimum} to {bounds.maximum}")


def read_audit_filter(args: QueryArgs) -> AuditFilter:
    """Return the filter for the audit log."""
    return AuditFilter(
        name=args.get("name", "").strip(),
        action=args.get("action", "").strip(),
        about=args.get("about", "").strip(),
        since=read_date(args, "since"),
        until=read_date(args, "until"),
    )


def read_date(args: QueryArgs, name: str) -> date | None:
    """Return a date parameter in ISO 8601 format, or None if it is missing or empty."""
    value = args.get(name, "").strip()
    if not value:
        return None
    try:
        parsed = date.fromisoformat(value)
    except ValueError as error:
        raise ParameterError(name, "must be a date, such as 2027-03-31") from error
    if not MIN_DATE <= parsed <= MAX_DATE:
        raise ParameterError(name, f"must be a date from {MIN_DATE} to {MAX_DATE}")
    return parsed


def read_name(args: QueryArgs) -> str:
    """Return the name of an uploaded file without its folders."""
    name = args.get("name", "").replace("\\", "/").rpartition("/")[2].strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise ParameterError("name", f"must be a file name of at most {MAX_NAME_LENGTH} characters")
    return name


def check_status(args: QueryArgs) -> None:
    """Raise `ParameterError` for any status except published."""
    if (args.get("status", "") or PUBLISHED) != PUBLISHED:
        raise ParameterError("status", "must be 'published'; use `kb list` for other articles")


def read_export_filter(args: QueryArgs) -> ExportFilter:
    """Return the filter for an export."""
    ids = _read_list(args, "article", MAX_ARTICLES)
    status = args.get("status", "")
    if status and status not in list(map(str, ArticleStatus)):
        raise ParameterError("status", f"must be one of: {', '.join(ArticleStatus)}")
    return ExportFilter(ids, args.get("topic", ""), ArticleStatus(status) if status else None)


def read_flag(args: QueryArgs, name: str) -> bool:
    """Return whether a flag is set to 1; a missing or empty flag counts as 0."""
    value = args.get(name, "") or "0"
    if value not in FLAGS:
        raise ParameterError(name, "must be 1 or 0")
    return FLAGS[value]


def _read_list(args: QueryArgs, name: str, most: int) -> tuple[str, ...]:
    """Return the distinct values of a repeated parameter, without empty ones."""
    values = [value for value in args.getlist(name) if value]
    if len(values) > most:
        raise ParameterError(name, f"can be given at most {most} times")
    return tuple(dict.fromkeys(values))


def _sort(args: QueryArgs) -> str:
    value = args.get("sort", "") or next(iter(SORTS))
    if value not in SORTS:
        raise ParameterError("sort", f"must be one of: {', '.join(SORTS)}")
    return value
