"""Mapping of exceptions to HTTP responses.

Paths for programs (`MACHINE_PATHS`) get problem+json (RFC 9457); all other paths get an HTML page
that says what happened, what was kept and what to do. Unexpected exceptions are logged with their
traceback and answered without details. Neither responses nor log lines contain the query.
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
from web.schemas.problem import ProblemResponse

log = logging.getLogger(__name__)

NOTHING_LOST = "No articles were lost: they are stored separately from the search index."
NOTHING_CHANGED = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """Response to a class of errors. If `detail` is empty, the message of the error is used."""

    status: HTTPStatus
    code: str
    title: str
    kept: str = NOTHING_CHANGED
    detail: str = ""


MACHINE_PATHS = ("/api/", "/infobutton", "/cds-services")  # called by programs
UNEXPECTED = ErrorResponse(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "unexpected",
    "Something went wrong",
    detail="This request failed because of a fault in the program, which has been logged. "
    "Try again in a moment, or browse the list of all articles.",
)
NOT_FOUND = ErrorResponse(
    HTTPStatus.NOT_FOUND,
    "not-found",
    "Page not found",
    "If you followed a link, the article may have been retired or not yet published.",
    "No published article or passage has this address.",
)

TOO_LARGE = "size"
HTTP = "http"  # all other HTTP errors
HTTP_CODES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TOO_LARGE,
    HTTPStatus.REQUEST_URI_TOO_LONG: TOO_LARGE,
}

# The first class in the method resolution order of an error that has an entry is used.
PROBLEMS: dict[type[Exception], ErrorResponse] = {
    ParameterError: ErrorResponse(
        HTTPStatus.BAD_REQUEST, "parameter", "Invalid parameter in the address"
    ),
    QueryError: ErrorResponse(HTTPStatus.BAD_REQUEST, "query", "Invalid search"),
    NotFoundError: NOT_FOUND,
    TooManyRequestsError: ErrorResponse(HTTPStatus.TOO_MANY_REQUESTS, "rate", "Too many requests"),
    AuthenticationRequiredError: ErrorResponse(
        HTTPStatus.UNAUTHORIZED, "sign-in", "Sign-in required"
    ),
    ForbiddenError: ErrorResponse(
        HTTPStatus.FORBIDDEN, "forbidden", "Not allowed for your account"
    ),
    AccountError: ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, "account", "Invalid account data"),
    WorkflowStateError: ErrorResponse(
        HTTPStatus.CONFLICT, "state", "Not possible in the current state"
    ),
    SourceError: ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, "source", "Source cannot be read"),
    ExportError: ErrorResponse(HTTPStatus.UNPROCESSABLE_ENTITY, "export", "Export cannot be used"),
    SearchIndexError: ErrorResponse(
        HTTPStatus.SERVICE_UNAVAILABLE, "index", "Search is temporarily unavailable", NOTHING_LOST
    ),
    StoreError: ErrorResponse(
        HTTPStatus.SERVICE_UNAVAILABLE, "store", "Articles are temporarily unavailable"
    ),
    KnowledgeBaseError: UNEXPECTED,
}


def set_up(app: Flask) -> None:
    """Register the error handlers of `app`."""
    app.register_error_handler(KnowledgeBaseError, _handle_known)
    app.register_error_handler(HTTPException, _handle_http)
    app.register_error_handler(Exception, _handle_unexpected)


def find_problem(error: Exception) -> ErrorResponse:
    """Return the response to an error."""
    return find_problem_for_class(type(error))


def find_problem_for_class(kind: type[Exception]) -> ErrorResponse:
    """Return the response to errors of a class."""
    for base in kind.__mro__:
        if base in PROBLEMS:
            return PROBLEMS[base]
    return UNEXPECTED


def _handle_known(error: Exception) -> ResponseReturnValue:
    problem = find_problem(error)
    if isinstance(error, AuthenticationRequiredError) and not request.path.startswith(
        MACHINE_PATHS
    ):
        wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(urls().sign_in(request.script_root + wanted if wanted else ""), 303)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s: %s", type(error).__name__, error)
    parameter = error.parameter if isinstance(error, ParameterError) else ""
    response = _respond(problem, problem.detail or str(error), parameter)
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(error.seconds)
    if problem.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _handle_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error  # redirects are raised as HTTPException
    status = HTTPStatus(error.code)
    if status is HTTPStatus.NOT_FOUND:
        return _respond(NOT_FOUND, NOT_FOUND.detail)
    code = HTTP_CODES.get(status, HTTP)
    problem = ErrorResponse(status, code, status.phrase.capitalize())
    response = _respond(problem, error.description or status.description)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _handle_unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("%s at %s", type(error).__name__, request.path)
    return _respond(UNEXPECTED, UNEXPECTED.detail)


def _respond(problem: ErrorResponse, detail: str, parameter: str = "") -> Response:
    if request.path.startswith(MACHINE_PATHS):
        body: ProblemResponse = {
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
