"""Workflow actions of the desk: POST handlers that redirect to the article.

If an action is not allowed, the article page shows why and keeps the entered text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from kb.errors import WorkflowStateError
from kb.model.permissions import Permission
from web.context import current_services, urls
from web.middleware import auth
from web.view_models.worklist import parse_optional_date
from web.views.editorial.articles import show_article
from web.views.notices import redirect_with_notice

blueprint = Blueprint("editorial_actions", __name__)


@blueprint.post("/desk/articles/<article_id>/submit")
@auth.requires(Permission.WRITE)
def submit(article_id: str) -> ResponseReturnValue:
    """Submit the latest version for review."""
    way = current_services().editorial.workflow
    return _run_and_redirect(
        article_id,
        "submitted",
        lambda: way.submit(article_id, _version(), note=_note(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/withdraw")
@auth.requires(Permission.WRITE)
def withdraw(article_id: str) -> ResponseReturnValue:
    """Return a version to draft, which also cancels its schedule."""
    way = current_services().editorial.workflow
    return _run_and_redirect(
        article_id,
        "withdrawn",
        lambda: way.withdraw(article_id, _version(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/approve")
@auth.requires(Permission.REVIEW)
def approve(article_id: str) -> ResponseReturnValue:
    """Approve a version for publication."""
    way = current_services().editorial.workflow
    return _run_and_redirect(
        article_id,
        "approved",
        lambda: way.approve(article_id, _version(), note=_note(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/request-changes")
@auth.requires(Permission.REVIEW)
def request_changes(article_id: str) -> ResponseReturnValue:
    """Return a version to its author with comments."""
    way = current_services().editorial.workflow
    return _run_and_redirect(
        article_id,
        "changes-requested",
        lambda: way.request_changes(article_id, _version(), note=_note(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/publish")
@auth.requires(Permission.PUBLISH)
def publish(article_id: str) -> ResponseReturnValue:
    """Publish a version immediately."""
    way = current_services().editorial.workflow
    return _run_and_redirect(
        article_id,
        "published",
        lambda: way.publish(article_id, _version(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/schedule")
@auth.requires(Permission.PUBLISH)
def schedule(article_id: str) -> ResponseReturnValue:
    """Schedule a version to be published at a later time (UTC)."""
    way = current_services().editorial.workflow

    def do() -> None:
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
        way.publish(article_id, _version(), at=at, by=auth.current_actor())

    return _run_and_redirect(article_id, "scheduled", do)


@blueprint.post("/desk/articles/<article_id>/comments")
@auth.requires(Permission.WRITE)
def comment(article_id: str) -> ResponseReturnValue:
    """Add a comment on a passage or on the whole article."""
    way, passage_id = current_services().editorial.workflow, request.form.get("passage", "")
    place = f"p-{passage_id}" if passage_id else "comments"
    return _run_and_redirect(
        article_id,
        "comment-added",
        lambda: way.add_comment(article_id, _version(), passage_id, _note(), auth.current_actor()),
        place,
    )


@blueprint.post("/desk/articles/<article_id>/comments/<int:number>/done")
@auth.requires(Permission.WRITE)
def resolve_comment(article_id: str, number: int) -> ResponseReturnValue:
    """Mark a comment as resolved."""
    way = current_services().editorial.workflow
    return _run_and_redirect(
        article_id,
        "comment-resolved",
        lambda: way.resolve_comment(article_id, number, by=auth.current_actor()),
        "comments",
    )


@blueprint.post("/desk/articles/<article_id>/corrections/<int:number>/drop")
@auth.requires(Permission.WRITE)
def remove_correction(article_id: str, number: int) -> ResponseReturnValue:
    """Remove a correction, so that later imports do not apply it."""
    store = current_services().store
    return _run_and_redirect(
        article_id,
        "correction-removed",
        lambda: store.delete_correction(article_id, number, by=auth.current_actor()),
        "corrections",
    )


@blueprint.post("/desk/articles/<article_id>/retire")
@auth.requires(Permission.PUBLISH)
def retire(article_id: str) -> ResponseReturnValue:
    """Retire an article; its links then show the reason and the replacement."""
    way, form = current_services().editorial.workflow, request.form

    def do() -> None:
        reason = form.get("reason", "").strip()
        if not reason:
            raise WorkflowStateError(
                "The reason is missing. Enter one for readers who follow an old link.",
                code="reason-missing",
            )
        replacement = form.get("replaced_by", "").strip()
        way.retire(article_id, reason=reason, replaced_by=replacement, by=auth.current_actor())

    return _run_and_redirect(article_id, "retired", do)


@blueprint.post("/desk/articles/<article_id>/reviewed")
@auth.requires(Permission.REVIEW)
def confirm_review(article_id: str) -> ResponseReturnValue:
    """Confirm that the published version is still correct."""
    way = current_services().editorial.workflow

    def do() -> None:
        try:
            due = parse_optional_date(request.form.get("due", ""))
        except ValueError as error:
            raise WorkflowStateError(
                "The date of the next review is not valid. Choose a date or leave it empty.",
                code="date-invalid",
            ) from error
        way.confirm_review(article_id, note=_note(), due=due, by=auth.current_actor())

    return _run_and_redirect(article_id, "reviewed", do)


@blueprint.post("/desk/articles/<article_id>/versions/<int:number>/restore")
@auth.requires(Permission.WRITE)
def restore(article_id: str, number: int) -> ResponseReturnValue:
    """Create a new draft with the text of an old version."""
    store = current_services().store

    def do() -> None:
        store.restore(article_id, number, by=auth.current_actor())

    return _run_and_redirect(article_id, "restored", do)


def _version() -> int:
    """Return the version number in the form, or 0 if it is not a number."""
    given = request.form.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


def _note() -> str:
    return request.form.get("note", "").replace("\r\n", "\n")


def _run_and_redirect(
    article_id: str, notice: str, action: Callable[[], object], anchor: str = ""
) -> ResponseReturnValue:
    """Run an action and redirect to the article with a notice, or show why it was rejected."""
    try:
        action()
    except WorkflowStateError as error:
        return show_article(article_id, error, HTTPStatus.CONFLICT, _note())
    location = urls().desk_article(article_id) + (f"#{anchor}" if anchor else "")
    return redirect_with_notice(location, notice)
