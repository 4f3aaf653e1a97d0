"""gzip compression of text responses.

Many installations have no reverse proxy that could compress. Responses within a session are never
compressed, because their length could reveal a secret next to user-supplied text (BREACH attack).
"""

from __future__ import annotations

import gzip
from http import HTTPStatus

from flask import Flask, Response, g, request

TEXT_TYPES = {
    "application/atom+xml",
    "application/javascript",
    "application/json",
    "application/opensearchdescription+xml",
    "application/problem+json",
    "application/x-suggestions+json",
    "application/xml",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
}
MIN_BYTES = 1_000  # smaller responses fit in one packet
LEVEL = 3  # half the time of the default level 6; results pages are 6% larger


def set_up(app: Flask) -> None:
    """Compress the text responses of `app` for clients that accept gzip."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in TEXT_TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or g.get("session") is not None:
        return response
    if response.status_code == HTTPStatus.PARTIAL_CONTENT or response.content_encoding:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < MIN_BYTES:
        return response
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.content_encoding = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)
    return response
