"""The form that tells the content team what was looked for and not found.

It is the one page that writes, and anybody may use it, so it is guarded three ways:

- There is no session and no cookie that another site could ride on, but another site could still
  have its readers' browsers fill our table. A browser says where a form was sent from, in
  Sec-Fetch-Site or, where it does not send that (old browsers, plain http), in Origin; what comes
  from elsewhere or does not say is refused. A token in the form would need a session to check.
- Each process takes so many in a while from all readers together: counting readers apart would
  mean keeping their addresses.
- What looks like a patient's data is refused before anything is written.

Whether something helped: two buttons under results and under an article that was searched for.

Nobody needs an account, and nothing says who answered. The guards are those of `web.views.content_requests`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from index.query.parser import MAX_CHARACTERS
from ingest.checks.patient_identifiers import find_identifiers
from kb.errors import ForbiddenError
from kb.storage.content_requests import QUERY_MOST, REACH_MOST, SENTENCE_MOST
from web.context import current_services, urls
from web.middleware.auth import is_same_origin
from web.views.login import safe_redirect_path

blueprint = Blueprint("content_requests", __name__)

RULE = "patient-identifiers"
KEPT_HERE = "Nothing was sent. Your entries are still in the form."


@dataclass(frozen=True, slots=True)
class ContentRequestForm:
    """What a reader wrote."""

    query: str
    sentence: str
    reach: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field, or with the whole form where it names none, and what to do."""

    kind: str
    field: str
    message: str


FIELDS = (
    ("query", "What you were looking for", QUERY_MOST),
    ("sentence", "What you need to know", SENTENCE_MOST),
    ("reach", "How to contact you", REACH_MOST),
)


@blueprint.get("/ask")
def ask() -> ResponseReturnValue:
    """Show the form, with the query that found nothing."""
    return _page(ContentRequestForm(request.args.get("q", "").strip()[:QUERY_MOST], "", ""))


@blueprint.post("/ask")
def submit() -> ResponseReturnValue:
    """Keep what was asked for, or say what is wrong with it."""
    form = ContentRequestForm(*(_written(name) for name, _, _ in FIELDS))
    if not is_same_origin(request.headers, request.host):
        message = "This form was not sent from this site. Open it on this site and send it again."
        fault = FieldError("origin", "", message)
        return _page(form, [fault], HTTPStatus.FORBIDDEN)
    site = current_services()
    faults = find_faults(form) or _identifying(form, site.today())
    if faults:
        return _page(form, faults, HTTPStatus.UNPROCESSABLE_ENTITY)
    if not site.throttle.try_acquire():
        message = "There are too many requests right now. Send this one again in ten minutes."
        fault = FieldError("throttled", "", message)
        return _page(form, [fault], HTTPStatus.TOO_MANY_REQUESTS)
    site.store.ask(form.query, form.sentence, form.reach)
    return redirect(urls().asked(), code=303)


@blueprint.get("/ask/thanks")
def thanks() -> ResponseReturnValue:
    """Say that it was kept; a page of its own, so that loading it again sends nothing again."""
    return render_template("content-request-sent.html")


def find_faults(form: ContentRequestForm) -> list[FieldError]:
    """Return what is empty or too long."""
    faults = []
    if not (form.query or form.sentence):
        faults.append(FieldError("empty", "query", "Enter what you were looking for."))
    for name, label, most in FIELDS:
        written = len(getattr(form, name))
        if written > most:
            message = f"“{label}” has {written} characters. Shorten it to {most}."
            faults.append(FieldError("length", name, message))
    return faults


def _written(field: str) -> str:
    """Return what was written, without signs that would act on the terminal of whoever reads it."""
    given = request.form.get(field, "").replace("\r\n", "\n")
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in given).strip()


def _identifying(form: ContentRequestForm, today: date) -> list[FieldError]:
    """Return the fields that seem to hold a patient's data."""
    rule = current_services().editorial.rules[RULE]
    found = [
        (name, what)
        for name, _, _ in FIELDS
        if name != "reach"  # one's own number is asked for there
        for what, _ in find_identifiers(getattr(form, name), today, rule)
    ]
    return [
        FieldError(
            "identifying",
            name,
            f"This looks like {what} of a patient. Remove it; the request does not need it.",
        )
        for name, what in dict(found).items()
    ]


def _page(
    form: ContentRequestForm,
    faults: list[FieldError] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> ResponseReturnValue:
    page = render_template(
        "content-request.html",
        form=form,
        faults=faults or [],
        wrong={fault.field: fault.message for fault in faults or ()},
        most={name: most for name, _, most in FIELDS},
        kept=KEPT_HERE,
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"  # it may hold what somebody wrote
    return response


vote_blueprint = Blueprint("feedback", __name__)


@vote_blueprint.post("/helpful")
def vote() -> ResponseReturnValue:
    """Count an answer, and say thanks; where there was none, lead to the content team."""
    if not is_same_origin(request.headers, request.host):
        raise ForbiddenError(
            "This form was not sent from this site. Open it on this site and try again."
        )
    site, form = current_services(), request.form
    q, helped = form.get("q", "")[:MAX_CHARACTERS], form.get("helped") == "yes"
    if site.throttle.try_acquire():  # what is more than people can click is nobody's opinion
        site.analytics.query_log.voted(q, helped=helped)
    if not helped:
        return redirect(urls().ask(q), HTTPStatus.SEE_OTHER)
    back = safe_redirect_path(form.get("back", "")) or urls().home()
    return redirect(back, HTTPStatus.SEE_OTHER)
