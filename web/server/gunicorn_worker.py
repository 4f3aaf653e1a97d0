"""gunicorn worker that answers malformed requests with problem+json and does not log them.

gunicorn rejects such requests before they reach Flask. By default it returns an HTML page and logs
the client's address and the request line, which may contain a query.
"""

from __future__ import annotations

import json
import logging
import socket
from http import HTTPStatus

from gunicorn import util
from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.gthread import ThreadWorker

from web.middleware.error_handlers import HTTP, TOO_LARGE, UNEXPECTED
from web.presentation.urls import UrlBuilder
from web.schemas.problem import ProblemResponse

# The first matching class is used; any other error is an internal error.
RESPONSES: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (InvalidResponseHeader, UNEXPECTED.status, UNEXPECTED.code),
    (InvalidResponseHeaderName, UNEXPECTED.status, UNEXPECTED.code),
    (LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, TOO_LARGE),
    (LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LARGE),
    (UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED, HTTP),
    (ExpectationFailed, HTTPStatus.EXPECTATION_FAILED, HTTP),
    (ParseException, HTTPStatus.BAD_REQUEST, HTTP),
)

log = logging.getLogger(__name__)


class ProblemJsonWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threaded gunicorn worker with its own error responses."""

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """Send the response to a request that could not be parsed or processed."""
        default = (Exception, UNEXPECTED.status, UNEXPECTED.code)
        _, status, code = next((row for row in RESPONSES if isinstance(exc, row[0])), default)
        if status is UNEXPECTED.status:
            # The message is not logged, because it may contain the request.
            log.error("A request failed: %s.", type(exc).__name__)
        try:
            util.write_nonblock(client, _build_response(status, code))
        except OSError:
            log.debug("The client disconnected before the response was sent.")


def _build_response(status: HTTPStatus, code: str) -> bytes:
    problem: ProblemResponse = {
        "type": UrlBuilder().problem(code),
        "title": status.phrase.capitalize(),
        "status": status.value,
        "detail": status.description or "The request could not be read.",
        "code": code,
    }
    body = json.dumps(problem).encode()
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + body
