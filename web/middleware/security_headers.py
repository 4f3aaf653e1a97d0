"""Security and cache headers of every response.

Pages can load styles and scripts from this site only, so text in an article cannot run as code even
if escaping fails. Responses to queries are never stored, because a query may contain a patient's
name, and the site never sends its URLs to other sites as the referrer.
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
FRAMED_BY = "framed_by"  # attribute of `flask.g`: origins that may embed the current page


def _policy(framed_by: tuple[str, ...] = ()) -> str:
    """Return the Content-Security-Policy; pages of `framed_by` may embed the page."""
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
PRIVATE = "private, no-store"  # responses to queries
REVALIDATE = "no-cache"  # stored but revalidated, since an article can be retired at any time


def set_up(app: Flask) -> None:
    """Add the headers to every response of `app`."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # a view may have set its own value
    framed_by: tuple[str, ...] = getattr(g, FRAMED_BY, ())
    if framed_by:
        response.headers["Content-Security-Policy"] = _policy(framed_by)
        response.headers["Cross-Origin-Resource-Policy"] = CROSS_ORIGIN
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = PRIVATE if request.query_string else REVALIDATE
    return response
