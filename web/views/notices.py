"""Notices: one-line confirmations shown on the page that follows a form.

A view redirects with the key of a notice. The key travels to the next page in a short-lived cookie,
because sessions are server-side and Flask's signed session cookie is not used. The cookie contains
a key only; an unknown key is ignored, so that no other site can display a text of its choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from web.middleware import auth

COOKIE = "kb-notice"
COOKIE_SECONDS = 60  # long enough to load the next page

NOTICES = {
    "password-changed": "Password changed. All your sessions have ended.",
    "session-ended": "Session ended.",
    "token-ended": "Token revoked.",
    "account-added": "User added.",
    "roles-saved": "Roles saved.",
    "account-changed": "User changed.",
    "submitted": "Sent for review.",
    "withdrawn": "Returned to draft.",
    "approved": "Approved.",
    "changes-requested": "Changes requested.",
    "published": "Published.",
    "scheduled": "Scheduled.",
    "comment-added": "Comment added.",
    "comment-resolved": "Comment resolved.",
    "correction-removed": "Correction removed. It will not be applied to later imports.",
    "retired": "Retired.",
    "reviewed": "Review confirmed.",
    "restored": "Restored as a new version.",
    "job-stopped": "Import stopped.",
    "job-started": "Import resumed.",
    "drafts-saved": "Saved as drafts.",
    "item-retried": "The import will be tried again.",
    "item-discarded": "Discarded. Nothing was saved.",
    "corrected": "Correction applied. Save the draft when you are done.",
    "metadata-changed": "Metadata changed. Save the draft when you are done.",
    "correction-undone": "Correction undone.",
    "draft-saved": "Saved as a draft.",
    "draft-rebased": "Your changes now apply to the latest version.",
    "query-assigned": "Assigned. The query now appears in their worklist.",
    "query-dismissed": "Dismissed until the query is searched again.",
    "request-closed": "Request closed.",
    "pin-added": "Pin saved.",
    "pin-removed": "Pin removed.",
    "synonym-added": "Synonyms saved.",
    "synonym-removed": "Synonyms removed.",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to show: its key and its text."""

    key: str
    text: str


def set_up(app: Flask) -> None:
    """Provide `current_notice` to the templates of `app`, and clear the cookie once it is shown."""
    app.context_processor(lambda: {"current_notice": current_notice})
    app.after_request(_clear)


def redirect_with_notice(location: str, key: str) -> BaseResponse:
    """Return a redirect (303) to `location`, where the notice with this key is shown."""
    if key not in NOTICES:
        raise KeyError(key)
    response = redirect(location, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE, key, max_age=COOKIE_SECONDS, secure=auth.is_secure(), httponly=True, samesite="Lax"
    )
    return response


def current_notice() -> Notice | None:
    """Return the notice for this page, if any, and mark it as shown."""
    g.notice_shown = True
    key = request.cookies.get(COOKIE, "")
    return Notice(key, NOTICES[key]) if key in NOTICES else None


def _clear(response: Response) -> Response:
    if COOKIE in request.cookies and g.get("notice_shown") and request.method != "POST":
        response.delete_cookie(COOKIE, secure=auth.is_secure(), httponly=True, samesite="Lax")
    return response
