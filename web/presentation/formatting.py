"""Dates, numbers and review states as text for pages and citations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, overload

from kb.model.article import Metadata
from kb.model.records import ReviewState

if TYPE_CHECKING:
    from index.search.results import QueryEcho

# Labels of the field names in `index.search.explain`.
FIELD_LABELS = {
    "title": "In the title",
    "heading": "In the heading",
    "text": "In the text",
    "topics": "In topics and alternative names",
    "tags": "In the tags",
}

# How check messages refer to a passage.
PASSAGE_NAMED = re.compile(r"/passages/(?:new-(?P<new>\d+)|[a-z0-9]+)")


@dataclass(frozen=True, slots=True)
class ReviewLabel:
    """The review state of an article and its text."""

    state: ReviewState
    words: str


def format_month(day: date) -> str:
    """Return a month such as "March 2026"."""
    return f"{day:%B %Y}"


def format_moment(at: datetime) -> str:
    """Return a time such as "9 March 2026, 14:05 UTC"."""
    return f"{format_date(at.date())}, {at:%H:%M} UTC"


def split_links(text: str) -> list[tuple[str, str]]:
    """Split a message into (text, URL) parts; the URL is empty except for references to passages.

    An unsaved passage has no URL, so its part links to an anchor on the same page.
    """
    parts: list[tuple[str, str]] = []
    at = 0
    for match in PASSAGE_NAMED.finditer(text):
        number = match["new"]
        parts += [(text[at : match.start()], ""), ("this passage", match.group())]
        if number:
            parts[-1] = ("this passage", f"#n{number}")
        at = match.end()
    return [part for part in (*parts, (text[at:], "")) if part[0]]


def format_date(day: date) -> str:
    """Return a date such as "9 March 2026"."""
    return f"{day.day} {format_month(day)}"


def format_review(metadata: Metadata, state: ReviewState) -> ReviewLabel:
    """Return when an article was reviewed and when its next review is due."""
    reviewed = f"Reviewed {format_month(metadata.reviewed)}" if metadata.reviewed else ""
    due = metadata.review_due
    if due is None:
        return ReviewLabel(
            state, f"{reviewed}, no next review date" if reviewed else "No review date"
        )
    if state is ReviewState.OVERDUE:
        return ReviewLabel(state, f"Review overdue since {format_month(due)}")
    if state is ReviewState.DUE_SOON:
        return ReviewLabel(
            state,
            f"{reviewed}, next due {format_month(due)}"
            if reviewed
            else f"Review due {format_month(due)}",
        )
    return ReviewLabel(state, reviewed or f"Review due {format_month(due)}")


def format_missing(query: QueryEcho) -> str:
    """Return what was not found on the subject of a query as a sentence, or an empty string."""
    if query.missing:
        *others, last = query.missing
        labels = f"{', '.join(others)} or {last}" if others else last
        return f"Nothing on {labels} under {query.article}."
    return f"Nothing on {query.subject} here." if query.is_absent else ""


def count_phrase(number: int, singular: str, plural: str = "") -> str:
    """Return a count with its noun, such as "1 article" or "1,000 articles"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def format_duration(milliseconds: float) -> str:
    """Return a duration such as "12 ms" or "1.3 s"."""
    if milliseconds < 1:
        return "under 1 ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


@overload
def format_timestamp(moment: datetime) -> str: ...
@overload
def format_timestamp(moment: None) -> None: ...
@overload
def format_timestamp(moment: datetime | None) -> str | None: ...
def format_timestamp(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC, to the second; a naive time is taken as UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
