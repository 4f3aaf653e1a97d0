"""Workflow actions of the desk: POST handlers that redirect to the article.

If an action is not allowed, the article page shows why and keeps the entered text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import WorkflowStateError
from kb.model.permissions import Permission
from web.context import current_services, urls
from web.middleware import auth
from web.view_models.worklist import parse_optional_date
from web.views.editorial.articles import show_article
from web.views.notices import redirect_with_notice

blueprint = Blueprint("editorial_actions", __name__)

Handler = Callable[..., str | None]  # returns the fragment to open on the article page, if any


def _action(
    path: str, permission: Permission, notice: str
) -> Callable[[Handler], Callable[..., ResponseReturnValue]]:
    """Register a POST handler below the article that redirects to it with a notice."""

    def register(action: Handler) -> Callable[..., ResponseReturnValue]:
        @blueprint.post(f"/desk/articles/<article_id>/{path}")
        @auth.requires(permission)
        @wraps(action)
        def view(article_id: str, **arguments: int) -> ResponseReturnValue:
            try:
                anchor = action(article_id, **arguments)
            except WorkflowStateError as error:
                return show_article(article_id, error, HTTPStatus.CONFLICT, _note())
            location = urls().desk_article(article_id) + (f"#{anchor}" if anchor else "")
            return redirect_with_notice(location, notice)

        return view

    return register


@_action("submit", Permission.WRITE, "submitted")
def submit(article_id: str) -> None:
    """Submit the latest version for review."""
    _workflow().submit(article_id, _version(), note=_note(), actor=auth.current_actor())


@_action("withdraw", Permission.WRITE, "withdrawn")
def withdraw(article_id: str) -> None:
    """Return a version to draft, which also cancels its schedule."""
    _workflow().withdraw(article_id, _version(), actor=auth.current_actor())


@_action("approve", Permission.REVIEW, "approved")
def approve(article_id: str) -> None:
    """Approve a version for publication."""
    _workflow().approve(article_id, _version(), note=_note(), actor=auth.current_actor())


@_action("request-changes", Permission.REVIEW, "changes-requested")
def request_changes(article_id: str) -> None:
    """Return a version to its author with comments."""
    _workflow().request_changes(article_id, _version(), note=_note(), actor=auth.current_actor())


@_action("publish", Permission.PUBLISH, "published")
def publish(article_id: str) -> None:
    """Publish a version immediately."""
    _workflow().publish(article_id, _version(), actor=auth.current_actor())


@_action("schedule", Permission.PUBLISH, "scheduled")
def schedule(article_id: str) -> None:
    """Schedule a version to be published at a later time (UTC)."""
    try:
        at = datetime.fromisoformat(request.form.get("at", "")).replace(tzinfo=UTC)
    except ValueError as error:
        raise WorkflowStateError(
            "The publication time is missing. Choose a date and a time.", code="time-missing"
        ) from error
    if at <= datetime.now(UTC):
        raise WorkflowStateError(
            "The publication time is in the past. Choose a later time, or publish now.",
            code="time-past",
        )
    _workflow().publish(article_id, _version(), at=at, actor=auth.current_actor())


@_action("comments", Permission.WRITE, "comment-added")
def comment(article_id: str) -> str:
    """Add a comment on a passage or on the whole article."""
    passage_id = request.form.get("passage", "")
    _workflow().add_comment(article_id, _version(), passage_id, _note(), auth.current_actor())
    return f"p-{passage_id}" if passage_id else "comments"


@_action("comments/<int:number>/done", Permission.WRITE, "comment-resolved")
def resolve_comment(article_id: str, number: int) -> str:
    """Mark a comment as resolved."""
    _workflow().resolve_comment(article_id, number, actor=auth.current_actor())
    return "comments"


@_action("corrections/<int:number>/drop", Permission.WRITE, "correction-removed")
def remove_correction(article_id: str, number: int) -> str:
    """Remove a correction, so that later imports do not apply it."""
    current_services().store.delete_correction(article_id, number, actor=auth.current_actor())
    return "corrections"


@_action("retire", Permission.PUBLISH, "retired")
def retire(article_id: str) -> None:
    """Retire an article; its links then show the reason and the replacement."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise WorkflowStateError(
            "The reason is missing. Enter one for readers who follow an old link.",
            code="reason-missing",
        )
    replacement = request.form.get("replaced_by", "").strip()
    _workflow().retire(
        article_id, reason=reason, replaced_by=replacement, actor=auth.current_actor()
    )


@_action("reviewed", Permission.REVIEW, "reviewed")
def confirm_review(article_id: str) -> None:
    """Confirm that the published version is still correct."""
    try:
        due = parse_optional_date(request.form.get("due", ""))
    except ValueError as error:
        raise WorkflowStateError(
            "The date of the next review is not valid. Choose a date or leave it empty.",
            code="date-invalid",
        ) from error
    _workflow().confirm_review(article_id, note=_note(), due=due, actor=auth.current_actor())


@_action("versions/<int:number>/restore", Permission.WRITE, "restored")
def restore(article_id: str, number: int) -> None:
    """Create a new draft with the text of an old version."""
    current_services().store.restore(article_id, number, actor=auth.current_actor())


def _workflow() -> ReviewWorkflow:
    return current_services().editorial.workflow


def _version() -> int:
    """Return the version number in the form, or 0 if it is not a number."""
    value = request.form.get("version", "")
    return int(value) if value.isdecimal() and len(value) < 9 else 0


def _note() -> str:
    return request.form.get("note", "").replace("\r\n", "\n")
