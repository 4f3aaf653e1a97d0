"""Content requests and feedback of readers, which need no account.

Both forms write to the database, so they have three protections:

- Cross-site submissions are rejected by Sec-Fetch-Site or, in old browsers and over plain HTTP, by
  Origin. A CSRF token would need a session.
- A global rate limit per process. A limit per reader would require storing IP addresses.
- Text that looks like patient data is rejected before anything is stored.

Feedback ("Did this answer your question?") is stored without a reference to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from index.query.parser import MAX_QUERY_LENGTH
from ingest.checks.patient_identifiers import find_identifiers
from kb.errors import ForbiddenError
from kb.storage.content_requests import MAX_CONTACT_LENGTH, MAX_SENTENCE_LENGTH
from kb.storage.content_requests import MAX_QUERY_LENGTH as MAX_STORED_QUERY_LENGTH
from web.context import current_services, urls
from web.middleware.auth import is_same_origin
from web.views.login import safe_redirect_path

blueprint = Blueprint("content_requests", __name__)

RULE = "patient-identifiers"
NOTHING_SENT = "Nothing was sent. Your entries are still in the form."


@dataclass(frozen=True, slots=True)
class ContentRequestForm:
    """Submitted fields of a content request."""

    query: str
    sentence: str
    reach: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """Validation error of a field, or of the whole form if `field` is empty."""

    kind: str
    field: str
    message: str


FIELDS = (
    ("query", "What you were looking for", MAX_STORED_QUERY_LENGTH),
    ("sentence", "What you need to know", MAX_SENTENCE_LENGTH),
    ("reach", "How to contact you", MAX_CONTACT_LENGTH),
)


@blueprint.get("/ask")
def ask() -> ResponseReturnValue:
    """Show the form, prefilled with the query."""
    query = request.args.get("q", "").strip()[:MAX_STORED_QUERY_LENGTH]
    return _page(ContentRequestForm(query, "", ""))


@blueprint.post("/ask")
def submit() -> ResponseReturnValue:
    """Store a content request, or show the form with its errors."""
    form = ContentRequestForm(*(_read_field(name) for name, _, _ in FIELDS))
    if not is_same_origin(request.headers, request.host):
        message = "This form was not sent from this site. Open it on this site and send it again."
        error = FieldError("origin", "", message)
        return _page(form, [error], HTTPStatus.FORBIDDEN)
    site = current_services()
    errors = validate_form(form) or _find_patient_data(form, site.today())
    if errors:
        return _page(form, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    if not site.throttle.try_acquire():
        message = "There are too many requests right now. Send this one again in ten minutes."
        error = FieldError("throttled", "", message)
        return _page(form, [error], HTTPStatus.TOO_MANY_REQUESTS)
    site.store.add_content_request(form.query, form.sentence, form.reach)
    return redirect(urls().content_request_sent(), code=303)


@blueprint.get("/ask/thanks")
def thanks() -> ResponseReturnValue:
    """Show the confirmation. A separate page, so that reloading it does not submit again."""
    return render_template("content-request-sent.html")


def validate_form(form: ContentRequestForm) -> list[FieldError]:
    """Return the errors of empty or too long fields."""
    errors = []
    if not (form.query or form.sentence):
        errors.append(FieldError("empty", "query", "Enter what you were looking for."))
    for name, label, limit in FIELDS:
        length = len(getattr(form, name))
        if length > limit:
            message = f"“{label}” has {length} characters. Shorten it to {limit}."
            errors.append(FieldError("length", name, message))
    return errors


def _read_field(field: str) -> str:
    """Return a field without control characters, which could affect a terminal that prints it."""
    value = request.form.get(field, "").replace("\r\n", "\n")
    return "".join(
        character if character.isprintable() or character == "\n" else " " for character in value
    ).strip()


def _find_patient_data(form: ContentRequestForm, today: date) -> list[FieldError]:
    """Return an error for each field that seems to contain patient data."""
    rule = current_services().editorial.rules[RULE]
    errors = [
        (name, kind)
        for name, _, _ in FIELDS
        if name != "reach"  # a telephone number is expected there
        for kind, _ in find_identifiers(getattr(form, name), today, rule)
    ]
    return [
        FieldError(
            "identifying",
            name,
            f"This looks like {kind} of a patient. Remove it; the request does not need it.",
        )
        for name, kind in dict(errors).items()
    ]


def _page(
    form: ContentRequestForm,
    errors: list[FieldError] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> ResponseReturnValue:
    page = render_template(
        "content-request.html",
        form=form,
        errors=errors or [],
        wrong={error.field: error.message for error in errors or ()},
        limits={name: limit for name, _, limit in FIELDS},
        kept=NOTHING_SENT,
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"  # the page may contain submitted text
    return response


vote_blueprint = Blueprint("feedback", __name__)


@vote_blueprint.post("/helpful")
def vote() -> ResponseReturnValue:
    """Record feedback; redirect to the previous page, or to the form after a "no"."""
    if not is_same_origin(request.headers, request.host):
        raise ForbiddenError(
            "This form was not sent from this site. Open it on this site and try again."
        )
    site, form = current_services(), request.form
    q, helped = form.get("q", "")[:MAX_QUERY_LENGTH], form.get("helped") == "yes"
    if site.throttle.try_acquire():  # above the limit, it is probably a script
        site.analytics.query_log.record_feedback(q, helped=helped)
    if not helped:
        return redirect(urls().content_request(q), HTTPStatus.SEE_OTHER)
    back = safe_redirect_path(form.get("back", "")) or urls().home()
    return redirect(back, HTTPStatus.SEE_OTHER)
