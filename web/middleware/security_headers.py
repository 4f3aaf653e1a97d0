"""The headers of every response: what a page may load, where it may stand, who may keep it.

A page loads its one stylesheet and its one script from this site and nothing else; no text of an
article can become code even if escaping failed. A query may hold a patient's name, so an answer to
one is kept by nobody, and no address of ours is handed on to another site.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

from web.middleware.cors import CROSS_ORIGIN

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
FRAMED_BY = "framed_by"  # of `flask.g`: the origins whose pages may hold the present one in a frame


def _policy(framed_by: tuple[str, ...] = ()) -> str:
    """Return the policy of a page that pages of `framed_by` may hold in a frame."""
    policy = POLICY | ({"frame-ancestors": " ".join(framed_by)} if framed_by else {})
    return "; ".join(f"{name} {value}" for name, value in policy.items())


HEADERS = {
    "Content-Security-Policy": _policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PRIVATE = "private, no-store"  # whatever answers a query
FRESH = "no-cache"  # may be kept, but is asked for again: an article can be retired at any moment


def set_up(app: Flask) -> None:
    """Let every response of `app` carry the headers."""
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # a room may have said otherwise of its own
    framed_by: tuple[str, ...] = getattr(g, FRAMED_BY, ())
    if framed_by:
        response.headers["Content-Security-Policy"] = _policy(framed_by)
        response.headers["Cross-Origin-Resource-Policy"] = CROSS_ORIGIN
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = PRIVATE if request.query_string else FRESH
    return response
