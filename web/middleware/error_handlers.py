"""From an error to an answer: the one table of statuses, and the two shapes an error takes.

Under ``/api/`` a script gets problem+json (RFC 9457); everywhere else a person gets a calm page
that says what happened, what was kept and what to do. A mistake of this program is logged with
its trace and answered without it. No answer and no log line holds the query.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from kb.errors import (
    AccountError,
    AuthenticationRequiredError,
    ExportError,
    ForbiddenError,
    KnowledgeBaseError,
    NotFoundError,
    QueryError,
    SearchIndexError,
    SourceError,
    StoreError,
    WorkflowStateError,
)
from web.context import urls
from web.middleware.rate_limit import TooManyRequestsError
from web.params import ParameterError
from web.schemas import ProblemResponse as ProblemJson

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """How one class of errors is answered; an empty `detail` means the error's own words."""

    status: HTTPStatus
    code: str
    title: str
    kept: str
    detail: str = ""


FOR_MACHINES = ("/api/", "/infobutton", "/cds-services")  # paths that scripts and records call
SAFE = "Nothing was lost: the articles are stored apart from the search."
NOTHING_CHANGED = "Nothing was changed."
UNEXPECTED = ErrorResponse(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "unexpected",
    "Something went wrong here",
    NOTHING_CHANGED,
    "This page could not be made. The fault is ours, and it has been noted. "
    "Try again in a moment, or look in the list of all articles.",
)
GONE_AWAY = ErrorResponse(
    HTTPStatus.NOT_FOUND,
    "not-found",
    "There is nothing at this address",
    "If you followed a link, its article may have been withdrawn or not be published yet.",
    "No published article or passage has this address.",
)

TOO_MUCH = "size"
HTTP = "http"  # whatever else is wrong with the request itself
HTTP_CODES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TOO_MUCH,
    HTTPStatus.REQUEST_URI_TOO_LONG: TOO_MUCH,
}

# The nearest class up the tree of kb.errors decides.
PROBLEMS: dict[type[Exception], ErrorResponse] = {
    ParameterError: ErrorResponse(
        HTTPStatus.BAD_REQUEST, "parameter", "This address cannot be read", NOTHING_CHANGED
    ),
    QueryError: ErrorResponse(
        HTTPStatus.BAD_REQUEST, "query", "This search cannot be understood", NOTHING_CHANGED
    ),
    NotFoundError: GONE_AWAY,
    TooManyRequestsError: ErrorResponse(
        HTTPStatus.TOO_MANY_REQUESTS, "rate", "Too many requests at once", NOTHING_CHANGED
    ),
    AuthenticationRequiredError: ErrorResponse(
        HTTPStatus.UNAUTHORIZED, "sign-in", "This is for people with an account", NOTHING_CHANGED
    ),
    ForbiddenError: ErrorResponse(
        HTTPStatus.FORBIDDEN, "forbidden", "Your account may not do this", NOTHING_CHANGED
    ),
    AccountError: ErrorResponse(
        HTTPStatus.UNPROCESSABLE_ENTITY, "account", "This cannot be so", NOTHING_CHANGED
    ),
    WorkflowStateError: ErrorResponse(
        HTTPStatus.CONFLICT, "state", "This cannot be done now", NOTHING_CHANGED
    ),
    SourceError: ErrorResponse(
        HTTPStatus.UNPROCESSABLE_ENTITY, "source", "This source cannot be read", NOTHING_CHANGED
    ),
    ExportError: ErrorResponse(
        HTTPStatus.UNPROCESSABLE_ENTITY, "export", "This export cannot be used", NOTHING_CHANGED
    ),
    SearchIndexError: ErrorResponse(
        HTTPStatus.SERVICE_UNAVAILABLE, "index", "The search is not available at the moment", SAFE
    ),
    StoreError: ErrorResponse(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "store",
        "The articles cannot be reached at the moment",
        NOTHING_CHANGED,
    ),
    KnowledgeBaseError: UNEXPECTED,
}


def set_up(app: Flask) -> None:
    """Answer every error of `app` from the table."""
    app.register_error_handler(KnowledgeBaseError, _answer_ours)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def find_problem(error: Exception) -> ErrorResponse:
    """Return how an error is answered."""
    return problem_of(type(error))


def problem_of(kind: type[Exception]) -> ErrorResponse:
    """Return how errors of a class are answered."""
    for above in kind.__mro__:
        if above in PROBLEMS:
            return PROBLEMS[above]
    return UNEXPECTED


def _answer_ours(error: Exception) -> ResponseReturnValue:
    problem = find_problem(error)
    if isinstance(error, AuthenticationRequiredError) and not request.path.startswith(FOR_MACHINES):
        wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(urls().sign_in(request.script_root + wanted if wanted else ""), 303)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s: %s", type(error).__name__, error)
    parameter = error.parameter if isinstance(error, ParameterError) else ""
    response = _answer(problem, problem.detail or str(error), parameter)
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(error.seconds)
    if problem.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error  # a redirect is no error
    status = HTTPStatus(error.code)
    if status is HTTPStatus.NOT_FOUND:
        return _answer(GONE_AWAY, GONE_AWAY.detail)
    code = HTTP_CODES.get(status, HTTP)
    problem = ErrorResponse(status, code, status.phrase.capitalize(), NOTHING_CHANGED)
    response = _answer(problem, error.description or status.description)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _answer_unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("%s at %s", type(error).__name__, request.path)
    return _answer(UNEXPECTED, UNEXPECTED.detail)


def _answer(problem: ErrorResponse, detail: str, parameter: str = "") -> Response:
    if request.path.startswith(FOR_MACHINES):
        body: ProblemJson = {
            "type": urls().problem(problem.code),
            "title": problem.title,
            "status": problem.status.value,
            "detail": detail,
            "code": problem.code,
        }
        if parameter:
            body["parameter"] = parameter
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        response = make_response(render_template("problem.html", problem=problem, detail=detail))
    response.status_code = problem.status.value
    response.headers["Cache-Control"] = "no-store"
    return response
