"""Whether something helped: two buttons under results and under an article that was searched for.

Nobody needs an account, and nothing says who answered. The guards are those of `web.views.content_requests`.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from index.query.parser import MAX_CHARACTERS
from kb.errors import ForbiddenError
from web.context import current_services, urls
from web.views.content_requests import is_same_origin
from web.views.login import safe_redirect_path

vote_blueprint = Blueprint("voting", __name__)


@vote_blueprint.post("/helpful")
def vote() -> ResponseReturnValue:
    """Count an answer, and say thanks; where there was none, lead to the content team."""
    if not is_same_origin(request.headers, request.host):
        raise ForbiddenError("This was not sent from this site. Open the page here and try again.")
    site, form = current_services(), request.form
    q, helped = form.get("q", "")[:MAX_CHARACTERS], form.get("helped") == "yes"
    if site.throttle.take():  # what is more than people can click is nobody's opinion
        site.query_log.voted(q, helped=helped)
    if not helped:
        return redirect(urls().ask(q), HTTPStatus.SEE_OTHER)
    back = safe_redirect_path(form.get("back", "")) or urls().home()
    return redirect(back, HTTPStatus.SEE_OTHER)
