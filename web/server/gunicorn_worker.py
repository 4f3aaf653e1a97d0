"""A worker that answers what never reaches the site as the site would, and logs nothing of it.

A request line that is too long, or none at all, is refused before there is an application. gunicorn
then answers with a page of its own and logs the client's address and the line itself, which may
hold a query; here it gets the same problem+json as any other error (`web.middleware.error_handlers`).
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

from web.middleware.error_handlers import HTTP, TOO_MUCH, UNEXPECTED
from web.presentation.urls import UrlBuilder
from web.schemas import ProblemResponse

# The first class that fits decides; what is none of these is a fault of ours.
REFUSED: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (InvalidResponseHeader, UNEXPECTED.status, UNEXPECTED.code),
    (InvalidResponseHeaderName, UNEXPECTED.status, UNEXPECTED.code),
    (LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, TOO_MUCH),
    (LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_MUCH),
    (UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED, HTTP),
    (ExpectationFailed, HTTPStatus.EXPECTATION_FAILED, HTTP),
    (ParseException, HTTPStatus.BAD_REQUEST, HTTP),
)

log = logging.getLogger(__name__)


class ProblemJsonWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, but for what it says of requests that it refuses."""

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """Answer a request that could not be read or carried out."""
        fault = (Exception, UNEXPECTED.status, UNEXPECTED.code)
        _, status, code = next((row for row in REFUSED if isinstance(exc, row[0])), fault)
        if status is UNEXPECTED.status:
            # Without the message, which may hold what was asked.
            log.error("A request could not be answered: %s.", type(exc).__name__)
        try:
            util.write_nonblock(client, _answer(status, code))
        except OSError:
            log.debug("The client went before it was answered.")


def _answer(status: HTTPStatus, code: str) -> bytes:
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
