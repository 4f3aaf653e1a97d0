"""What a page says of what was just done, when a form at the desk has led on to it.

The browser carries it to the next page in a cookie, which holds no text but the name of a deed.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, g, request

from web import guard

COOKIE = "kb-done"
SECONDS = 60  # by then the page that says it was loaded, or never will be

# By the endpoint of the form, and what it was told to do where it can do several things.
DONE = {
    "own.change_password": "Your password is changed, and all your sessions have ended.",
    "own.end_session": "The session has ended.",
    "own.end_token": "The token has ended.",
    "administering.add_account": "The account is added.",
    "administering.set_roles": "The roles are saved.",
    "administering.set_state": "The account is changed.",
    "deeds.submit": "Sent for review.",
    "deeds.withdraw": "Taken back to draft.",
    "deeds.approve": "Approved.",
    "deeds.request_changes": "The changes are asked for.",
    "deeds.publish": "Published.",
    "deeds.schedule": "It will be published at that time.",
    "deeds.comment": "The comment is added.",
    "deeds.finish_comment": "The comment is marked as seen to.",
    "deeds.drop_correction": "Taken back: the next reading goes without it.",
    "deeds.retire": "Retired.",
    "deeds.reviewed": "Noted as reviewed today.",
    "deeds.restore": "Restored as a new version.",
    "adding.turn.stop": "Reading is stopped.",
    "adding.turn.start": "Reading goes on.",
    "adding.save_all": "Saved as drafts.",
    "adding.turn_item.retry": "It is read again.",
    "adding.turn_item.discard": "Left out; nothing of it was saved.",
    "correcting.correct": "Corrected. Save it as a draft when you are done.",
    "correcting.facts": "Kept. Save it as a draft when you are done.",
    "correcting.undo": "The correction is taken back.",
    "correcting.save": "Saved as a draft.",
    "correcting.rebase": "Your corrections stand on the newest version now.",
    "board.assign": "Given to them; it stands among their work.",
    "board.dismiss": "Left until it is asked again.",
    "board.finish": "Marked as seen to.",
    "curating.add_pin": "The pin is saved.",
    "curating.remove_pin": "The pin is taken off.",
    "curating.add_line": "The line is saved.",
    "curating.remove_line": "The line is taken out.",
}


def set_up(app: Flask) -> None:
    """Let the pages of `app` say what was done just before."""
    app.context_processor(lambda: {"done": _told})
    app.after_request(_carry)


def _told() -> str:
    """Return what was done, to a page that says so; the next one says it no more."""
    g.told = True
    return DONE.get(request.cookies.get(COOKIE, ""), "")


def _carry(response: Response) -> Response:
    if request.method == "POST" and response.status_code == HTTPStatus.SEE_OTHER:
        several = (request.view_args or {}).get("deed")
        deed = f"{request.endpoint}.{several}" if several else request.endpoint or ""
        if deed in DONE:
            response.set_cookie(
                COOKIE, deed, max_age=SECONDS, secure=guard.is_secure(), httponly=True,
                samesite="Lax",
            )  # fmt: skip
    elif COOKIE in request.cookies and g.get("told"):
        response.delete_cookie(COOKIE, secure=guard.is_secure(), httponly=True, samesite="Lax")
    return response
