"""Stored views of an article: status, versions, review state and change events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kb.model.article import Article, Metadata
from kb.model.passage import Passage

DUE_SOON_DAYS = 60  # owners need about two months to have a clinical text reviewed


class ArticleStatus(StrEnum):
    """Status of an article. Only published articles are searchable."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class WorkflowState(StrEnum):
    """State of the latest version of an article in the review workflow."""

    DRAFT = "draft"
    IN_REVIEW = "in-review"
    CHANGES_REQUESTED = "changes-requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    RETIRED = "retired"


class ReviewState(StrEnum):
    """State of an article relative to its review date."""

    CURRENT = "current"
    DUE_SOON = "due-soon"
    OVERDUE = "overdue"
    UNKNOWN = "unknown"


def get_review_state(review_due: date | None, today: date) -> ReviewState:
    """Return the review state of an article with this due date on the day `today`."""
    if review_due is None:
        return ReviewState.UNKNOWN
    if review_due < today:
        return ReviewState.OVERDUE
    if (review_due - today).days <= DUE_SOON_DAYS:
        return ReviewState.DUE_SOON
    return ReviewState.CURRENT


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSummary:
    """An article without its text. `version` is the published version, otherwise the latest."""

    id: str
    title: str
    status: ArticleStatus
    version: int
    metadata: Metadata
    published_at: datetime | None
    updated_at: datetime
    passage_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRecord:
    """One version of an article with its text and passages."""

    id: str
    status: ArticleStatus
    version: int
    article: Article
    passages: tuple[Passage, ...]
    warnings: tuple[str, ...]
    coverage: float
    created_at: datetime
    published_at: datetime | None
    published_version: int | None
    retired_reason: str = ""
    replaced_by: str = ""
    # Differences between the text and its source, from the fidelity check.
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """A version of an article without its text. `passages` is their number."""

    number: int
    title: str
    author: str
    at: datetime
    passage_count: int


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """An entry of the change feed. `seq` increases in commit order."""

    seq: int
    article_id: str
    kind: str  # saved, published, retired, tagged
    at: datetime
