"""Which other sites' pages may read the API: an exact list of origins, nobody else.

A browser lets a page of another origin read an answer only when the answer names that origin. An
origin is allowed when `allowed_origins` holds it letter by letter; there is no pattern and no "*".
What is read is answered to GET and HEAD only; the one thing that is called, the hooks of a health
record, is posted to, so its browser asks first and is told what it may send. No cookie and no
password is ever taken along.
"""

from __future__ import annotations

from flask import Flask, Response, request

READABLE = ("/api/v1/", "/infobutton")
CALLED = "/cds-services"  # where a health record's page posts, and its browser asks first
METHODS = ("GET", "HEAD")
EXPOSED = "Retry-After"  # the one header beyond the usual that a page needs: when to try again
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
}
CROSS_ORIGIN = "cross-origin"


def set_up(app: Flask, origins: tuple[str, ...]) -> None:
    """Let pages of `origins` read what `app` answers under `READABLE`, and call `CALLED`.

    To be called before `security.set_up`: Flask runs what looks at answers in reverse, and the
    headers that are made here must come last.
    """
    allowed = frozenset(origins)

    def admit(response: Response) -> Response:
        called = request.path.startswith(CALLED)
        if not allowed or not (called or request.path.startswith(READABLE)):
            return response
        response.vary.add("Origin")  # a cache must not hand one site's answer to another
        origin = request.headers.get("Origin", "")
        if origin in allowed and (called or request.method in METHODS):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Cross-Origin-Resource-Policy"] = CROSS_ORIGIN
            more = PREFLIGHT if called else {"Access-Control-Expose-Headers": EXPOSED}
            response.headers.update(more)
        return response

    app.after_request(admit)
