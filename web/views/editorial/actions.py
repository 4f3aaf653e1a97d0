"""What is done at the desk: each a form that is posted, and an answer that leads back.

What cannot be done now is said on the article's page, with what was typed still in its field.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from kb.errors import WorkflowStateError
from kb.model.permissions import Permission
from web.context import current_services, urls
from web.middleware import auth
from web.view_models.worklist import day_after
from web.views.editorial.articles import show_article

blueprint = Blueprint("deeds", __name__)


@blueprint.post("/desk/articles/<article_id>/submit")
@auth.requires(Permission.WRITE)
def submit(article_id: str) -> ResponseReturnValue:
    """Send the newest version for review."""
    way = current_services().reviewing
    return _run_and_redirect(
        article_id,
        lambda: way.submit(article_id, _version(), note=_note(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/withdraw")
@auth.requires(Permission.WRITE)
def withdraw(article_id: str) -> ResponseReturnValue:
    """Take a version back to being a draft."""
    way = current_services().reviewing
    return _run_and_redirect(
        article_id, lambda: way.withdraw(article_id, _version(), by=auth.current_actor())
    )


@blueprint.post("/desk/articles/<article_id>/approve")
@auth.requires(Permission.REVIEW)
def approve(article_id: str) -> ResponseReturnValue:
    """Say that a version may be published."""
    way = current_services().reviewing
    return _run_and_redirect(
        article_id,
        lambda: way.approve(article_id, _version(), note=_note(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/request-changes")
@auth.requires(Permission.REVIEW)
def request_changes(article_id: str) -> ResponseReturnValue:
    """Send a version back to who wrote it."""
    way = current_services().reviewing
    return _run_and_redirect(
        article_id,
        lambda: way.request_changes(article_id, _version(), note=_note(), by=auth.current_actor()),
    )


@blueprint.post("/desk/articles/<article_id>/publish")
@auth.requires(Permission.PUBLISH)
def publish(article_id: str) -> ResponseReturnValue:
    """Let a version be found from now on."""
    way = current_services().reviewing
    return _run_and_redirect(
        article_id, lambda: way.publish(article_id, _version(), by=auth.current_actor())
    )


@blueprint.post("/desk/articles/<article_id>/schedule")
@auth.requires(Permission.PUBLISH)
def schedule(article_id: str) -> ResponseReturnValue:
    """Let a version be found from a moment on."""
    way = current_services().reviewing

    def do() -> None:
        try:
            at = datetime.fromisoformat(request.form.get("at", "")).replace(tzinfo=UTC)
        except ValueError as error:
            raise WorkflowStateError(
                "Choose the day and the time from which it is found.", code="time-missing"
            ) from error
        if at <= datetime.now(UTC):
            raise WorkflowStateError(
                "This moment has passed. Choose a later one, or publish now.", code="time-past"
            )
        way.publish(article_id, _version(), at=at, by=auth.current_actor())

    return _run_and_redirect(article_id, do)


@blueprint.post("/desk/articles/<article_id>/comments")
@auth.requires(Permission.WRITE)
def comment(article_id: str) -> ResponseReturnValue:
    """Say something of a passage, or of the whole."""
    way, passage_id = current_services().reviewing, request.form.get("passage", "")
    place = f"p-{passage_id}" if passage_id else "comments"
    return _run_and_redirect(
        article_id,
        lambda: way.comment(article_id, _version(), passage_id, _note(), auth.current_actor()),
        place,
    )


@blueprint.post("/desk/articles/<article_id>/comments/<int:number>/done")
@auth.requires(Permission.WRITE)
def finish_comment(article_id: str, number: int) -> ResponseReturnValue:
    """Mark a comment as seen to."""
    way = current_services().reviewing
    return _run_and_redirect(
        article_id,
        lambda: way.finish_comment(article_id, number, by=auth.current_actor()),
        "comments",
    )


@blueprint.post("/desk/articles/<article_id>/corrections/<int:number>/drop")
@auth.requires(Permission.WRITE)
def drop_correction(article_id: str, number: int) -> ResponseReturnValue:
    """Lay a correction over no further reading."""
    store = current_services().store
    return _run_and_redirect(
        article_id,
        lambda: store.drop_correction(article_id, number, by=auth.current_actor()),
        "corrections",
    )


@blueprint.post("/desk/articles/<article_id>/retire")
@auth.requires(Permission.PUBLISH)
def retire(article_id: str) -> ResponseReturnValue:
    """Let an article be found no more; its links say why and point on."""
    way, form = current_services().reviewing, request.form

    def do() -> None:
        reason = form.get("reason", "").strip()
        if not reason:
            raise WorkflowStateError(
                "Say why it is retired: whoever follows an old link reads it.",
                code="reason-missing",
            )
        replacement = form.get("replaced_by", "").strip()
        way.retire(article_id, reason=reason, replaced_by=replacement, by=auth.current_actor())

    return _run_and_redirect(article_id, do)


@blueprint.post("/desk/articles/<article_id>/reviewed")
@auth.requires(Permission.REVIEW)
def reviewed(article_id: str) -> ResponseReturnValue:
    """Say that what is published is still right."""
    way = current_services().reviewing

    def do() -> None:
        try:
            due = day_after(request.form.get("due", ""))
        except ValueError as error:
            raise WorkflowStateError(
                "Choose the day of the next review, or leave it empty.", code="date-invalid"
            ) from error
        way.confirm(article_id, note=_note(), due=due, by=auth.current_actor())

    return _run_and_redirect(article_id, do)


@blueprint.post("/desk/articles/<article_id>/versions/<int:number>/restore")
@auth.requires(Permission.WRITE)
def restore(article_id: str, number: int) -> ResponseReturnValue:
    """Make an old version the newest again, as a draft."""
    store = current_services().store

    def do() -> None:
        store.restore(article_id, number, by=auth.current_actor())

    return _run_and_redirect(article_id, do)


def _version() -> int:
    """Return the version that the form was made for."""
    given = request.form.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


def _note() -> str:
    return request.form.get("note", "").replace("\r\n", "\n")


def _run_and_redirect(
    article_id: str, do: Callable[[], object], place: str = ""
) -> ResponseReturnValue:
    try:
        do()
    except WorkflowStateError as error:
        return show_article(article_id, error, HTTPStatus.CONFLICT, _note())
    there = urls().desk_article(article_id) + (f"#{place}" if place else "")
    return redirect(there, HTTPStatus.SEE_OTHER)
