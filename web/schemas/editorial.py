"""What scripts of the content team are answered."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from web.schemas.types import means


class AddedArticleResponse(TypedDict):
    """What became of one article that was sent; the same names as `kb add --json`."""

    source: str
    status: Annotated[str, means("added, updated, unchanged or rejected.")]
    article_id: str
    title: str
    version: Annotated[int, means("The version that it became, as a draft; 0 when rejected.")]
    passages: int
    tags: Annotated[dict[str, int], means("How many passages have each tag.")]
    coverage: Annotated[float, means("How much of the source's text arrived, 0 to 1.")]
    warnings: list[str]
    error: Annotated[str | None, means("Why it was rejected, and what to do.")]


class AddedArticlesResponse(TypedDict):
    """What became of all that was sent."""

    articles: list[AddedArticleResponse]


class Schedule(TypedDict):
    """A version that will be published, and when."""

    version: int
    at: Annotated[str, means("The moment of publication, in UTC.")]


class WorkflowStatusResponse(TypedDict):
    """How an article stands on its way to being found."""

    id: str
    title: str
    state: Annotated[
        str,
        means(
            "draft, in-review, changes-requested, approved, scheduled, published or retired: "
            "that of the newest version."
        ),
    ]
    version: Annotated[int, means("The newest version.")]
    published_version: Annotated[int | None, means("The version that is found.")]
    schedules: Annotated[
        list[Schedule], means("Versions that will be published, the earliest first.")
    ]


class QueryStatsResponse(TypedDict):
    """How often something was searched, and what came of it."""

    q: Annotated[str, means("The words; empty where they may be a person's.")]
    times: int
    found: Annotated[int, means("Of these times, how often something was found.")]
    changed: Annotated[int, means("How often with other words than were typed.")]
    opened: int
    helped: int
    not_helped: int
    days: Annotated[int, means("On how many days.")]
    last: Annotated[str, means("The last of these days.")]


class QueryStatsListResponse(TypedDict):
    """What was searched, the most frequent first."""

    days: int
    searches: list[QueryStatsResponse]


class AuditEntryResponse(TypedDict):
    """One thing that somebody did."""

    number: int
    at: str | None
    name: Annotated[str, means("Who did it.")]
    origin: Annotated[str, means("From which address, or the command line.")]
    action: str
    about: Annotated[str, means("On what: mostly the id of an article.")]
    detail: str


class AuditLogResponse(TypedDict):
    """What was done, the newest first."""

    steps: list[AuditEntryResponse]
