"""What a page says of what was just done, when a form at the desk has led on to it.

The browser carries it to the next page in a cookie, which holds no text but the name of a deed.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, g, request

from web.middleware import auth

COOKIE = "kb-done"
SECONDS = 60  # by then the page that says it was loaded, or never will be


@dataclass(frozen=True, slots=True)
class Notice:
    """The text of a notice, and a key that stays the same when the text is reworded."""

    key: str
    text: str


# By the endpoint of the form, and what it was told to do where it can do several things.
DONE = {
    "own.change_password": Notice(
        "password-changed", "Your password is changed, and all your sessions have ended."
    ),
    "own.end_session": Notice("session-ended", "The session has ended."),
    "own.end_token": Notice("token-ended", "The token has ended."),
    "administering.add_account": Notice("account-added", "The account is added."),
    "administering.set_roles": Notice("roles-saved", "The roles are saved."),
    "administering.set_state": Notice("account-changed", "The account is changed."),
    "deeds.submit": Notice("submitted", "Sent for review."),
    "deeds.withdraw": Notice("withdrawn", "Taken back to draft."),
    "deeds.approve": Notice("approved", "Approved."),
    "deeds.request_changes": Notice("changes-requested", "The changes are asked for."),
    "deeds.publish": Notice("published", "Published."),
    "deeds.schedule": Notice("scheduled", "It will be published at that time."),
    "deeds.comment": Notice("comment-added", "The comment is added."),
    "deeds.finish_comment": Notice("comment-resolved", "The comment is marked as seen to."),
    "deeds.drop_correction": Notice(
        "correction-removed", "Taken back: the next reading goes without it."
    ),
    "deeds.retire": Notice("retired", "Retired."),
    "deeds.reviewed": Notice("reviewed", "Noted as reviewed today."),
    "deeds.restore": Notice("restored", "Restored as a new version."),
    "adding.turn.stop": Notice("job-stopped", "Reading is stopped."),
    "adding.turn.start": Notice("job-started", "Reading goes on."),
    "adding.save_all": Notice("drafts-saved", "Saved as drafts."),
    "adding.turn_item.retry": Notice("item-retried", "It is read again."),
    "adding.turn_item.discard": Notice("item-discarded", "Left out; nothing of it was saved."),
    "correcting.correct": Notice("corrected", "Corrected. Save it as a draft when you are done."),
    "correcting.facts": Notice("metadata-changed", "Kept. Save it as a draft when you are done."),
    "correcting.undo": Notice("correction-undone", "The correction is taken back."),
    "correcting.save": Notice("draft-saved", "Saved as a draft."),
    "correcting.rebase": Notice(
        "draft-rebased", "Your corrections stand on the newest version now."
    ),
    "board.assign": Notice("query-assigned", "Given to them; it stands among their work."),
    "board.dismiss": Notice("query-dismissed", "Left until it is asked again."),
    "board.finish": Notice("request-closed", "Marked as seen to."),
    "curating.add_pin": Notice("pin-added", "The pin is saved."),
    "curating.remove_pin": Notice("pin-removed", "The pin is taken off."),
    "curating.add_line": Notice("synonym-added", "The line is saved."),
    "curating.remove_line": Notice("synonym-removed", "The line is taken out."),
}


def set_up(app: Flask) -> None:
    """Let the pages of `app` say what was done just before."""
    app.context_processor(lambda: {"done": _told})
    app.after_request(_carry)


def _told() -> Notice | None:
    """Return what was done, to a page that says so; the next one says it no more."""
    g.told = True
    return DONE.get(request.cookies.get(COOKIE, ""))


def _carry(response: Response) -> Response:
    if request.method == "POST" and response.status_code == HTTPStatus.SEE_OTHER:
        several = (request.view_args or {}).get("deed")
        deed = f"{request.endpoint}.{several}" if several else request.endpoint or ""
        if deed in DONE:
            response.set_cookie(
                COOKIE, deed, max_age=SECONDS, secure=auth.is_secure(), httponly=True,
                samesite="Lax",
            )  # fmt: skip
    elif COOKIE in request.cookies and g.get("told"):
        response.delete_cookie(COOKIE, secure=auth.is_secure(), httponly=True, samesite="Lax")
    return response
