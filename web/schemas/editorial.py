"""JSON types of the editorial API and of imports."""

from __future__ import annotations

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from web.schemas.types import means


class NewArticleRequest(TypedDict):
    """A new draft from pasted text; send `html` or `text`."""

    title: str
    html: NotRequired[Annotated[str, means("The content as HTML.")]]
    text: NotRequired[Annotated[str, means("The content as plain text.")]]


class RetireRequest(TypedDict):
    """Why an article is retired."""

    reason: Annotated[str, means("Shown to readers who follow an old link.")]
    replaced_by: NotRequired[Annotated[str, means("The id of the article that replaces it.")]]


class AddedArticleResponse(TypedDict):
    """The result for one submitted article, with the same fields as `kb add --json`."""

    source: str
    status: Annotated[str, means("added, updated, unchanged or rejected.")]
    article_id: str
    title: str
    version: Annotated[int, means("The new draft version; 0 if rejected.")]
    passages: int
    tags: Annotated[dict[str, int], means("The number of passages with each tag.")]
    coverage: Annotated[float, means("The share of the source's words that was kept, 0 to 1.")]
    warnings: list[str]
    errors: Annotated[list[str], means("Differences from the source: numbers, signs, negations.")]
    error: Annotated[str | None, means("Why it was rejected, and what to do.")]


class AddedArticlesResponse(TypedDict):
    """The results for all submitted articles."""

    articles: list[AddedArticleResponse]


class ScheduleResponse(TypedDict):
    """The schedule of a version."""

    version: int
    at: Annotated[str, means("The time of publication in UTC.")]


class WorkflowStatusResponse(TypedDict):
    """The workflow status of an article."""

    id: str
    title: str
    state: Annotated[
        str,
        means(
            "draft, in-review, changes-requested, approved, scheduled, published or retired: "
            "the status of the latest version."
        ),
    ]
    version: Annotated[int, means("The latest version.")]
    published_version: Annotated[int | None, means("The published version.")]
    schedules: Annotated[list[ScheduleResponse], means("The scheduled versions, earliest first.")]


class QueryStatsResponse(TypedDict):
    """The counters of a query."""

    q: Annotated[str, means("The query; empty if it may contain personal data.")]
    times: int
    found: Annotated[int, means("How many of these searches had results.")]
    changed: Annotated[int, means("How many were corrected or relaxed.")]
    opened: int
    helped: int
    not_helped: int
    days: Annotated[int, means("The number of days on which it was searched.")]
    last: Annotated[str, means("The last day on which it was searched.")]


class QueryStatsListResponse(TypedDict):
    """The counters of all queries, most frequent first."""

    days: int
    searches: list[QueryStatsResponse]


class AuditEntryResponse(TypedDict):
    """One entry of the audit log."""

    number: int
    at: str | None
    name: Annotated[str, means("The user name of the actor.")]
    origin: Annotated[str, means("The IP address, or the command line.")]
    action: str
    about: Annotated[str, means("The subject, usually the id of an article.")]
    detail: str


class AuditLogResponse(TypedDict):
    """The entries of the audit log, newest first."""

    steps: list[AuditEntryResponse]


class ImportedArticleResponse(TypedDict):
    """The result for one imported article."""

    id: Annotated[str, means("The local id of the article.")]
    title: str
    status: Annotated[str, means("added, updated or unchanged.")]
    versions_added: Annotated[list[int], means("The numbers of the new versions.")]
    conflict: Annotated[
        str | None,
        means(
            "The conflict to resolve: diverged (both sides have new versions; the incoming one is "
            "a draft), retired-here (incoming versions are drafts) or retired-there (nothing was "
            "retired here)."
        ),
    ]
    notes: Annotated[
        list[str], means("Notes such as changed ids, each to be read after the article's id.")
    ]


class ImportReportResponse(TypedDict):
    """The result of an import or a dry run."""

    made_at: Annotated[str, means("When the export was created.")]
    added: int
    updated: int
    unchanged: int
    conflicts: Annotated[int, means("The number of articles with conflicts.")]
    sources: Annotated[int, means("The number of source files added.")]
    vocabulary: Annotated[
        dict[str, str],
        means("The result for each vocabulary file."),
    ]
    articles: list[ImportedArticleResponse]
    notes: Annotated[list[str], means("Missing or omitted content.")]
