"""Whether something helped: two buttons under results and under an article that was searched for.

Nobody needs an account, and nothing says who answered. The guards are those of `web.views.content_requests`.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from index.query.parser import MAX_CHARACTERS
from kb.errors import ForbiddenError
from web.context import addresses, current_site
from web.views.content_requests import sent_from_here
from web.views.login import local_path

blueprint = Blueprint("voting", __name__)


@blueprint.post("/helpful")
def vote() -> ResponseReturnValue:
    """Count an answer, and say thanks; where there was none, lead to the content team."""
    if not sent_from_here(request.headers, request.host):
        raise ForbiddenError("This was not sent from this site. Open the page here and try again.")
    site, form = current_site(), request.form
    q, helped = form.get("q", "")[:MAX_CHARACTERS], form.get("helped") == "yes"
    if site.throttle.take():  # what is more than people can click is nobody's opinion
        site.query_log.voted(q, helped=helped)
    if not helped:
        return redirect(addresses().ask(q), HTTPStatus.SEE_OTHER)
    back = local_path(form.get("back", "")) or addresses().home()
    return redirect(back, HTTPStatus.SEE_OTHER)
