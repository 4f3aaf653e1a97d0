"""Which other sites' pages may read the API: an exact list of origins, nobody else.

A browser lets a page of another origin read an answer only when the answer names that origin. An
origin is allowed when `allowed_origins` holds it letter by letter; there is no pattern and no "*".
Only what a page can ask for without asking first is answered so: GET and HEAD without headers of
its own. A request that would need a preflight finds none and is stopped by its browser. No cookie
and no password is ever taken along.
READABLE = ("/api/v1/", "/infobutton")
"""

from __future__ import annotations

from flask import Flask, Response, request

READABLE = ("/api/v1/", "/infobutton")
METHODS = ("GET", "HEAD")
EXPOSED = "Retry-After"  # the one header beyond the usual that a page needs: when to try again
CROSS_ORIGIN = "cross-origin"


def set_up(app: Flask, origins: tuple[str, ...]) -> None:
    """Let pages of `origins` read what `app` answers under `READABLE`.

    To be called before `security.set_up`: Flask runs what looks at answers in reverse, and the
    headers that are made here must come last.
    """
    allowed = frozenset(origins)

    def admit(response: Response) -> Response:
        if allowed and request.path.startswith(READABLE):
            response.vary.add("Origin")  # a cache must not hand one site's answer to another
            origin = request.headers.get("Origin", "")
            if origin in allowed and request.method in METHODS:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Expose-Headers"] = EXPOSED
                response.headers["Cross-Origin-Resource-Policy"] = CROSS_ORIGIN
        return response

    app.after_request(admit)
