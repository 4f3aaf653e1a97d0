"""The headers of every response: what a page may load, where it may stand, who may keep it.

A page loads its one stylesheet and its one script from this site and nothing else; no text of an
article can become code even if escaping failed. A query may hold a patient's name, so an answer to
one is kept by nobody, and no address of ours is handed on to another site.
"""

from __future__ import annotations

from flask import Flask, Response, request

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
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
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
        response.headers[name] = value
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = PRIVATE if request.query_string else FRESH
    return response
