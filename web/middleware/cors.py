"""Cross-origin access to the API, limited to the origins in `allowed_origins`.

Origins are compared exactly, without patterns or ``*``. Pages of allowed origins can read responses
to GET and HEAD requests. The CDS Hooks endpoints also accept POST and answer preflight requests.
Credentials are never allowed.
"""

from __future__ import annotations

from flask import Flask, Response, request

READABLE_PATHS = ("/api/v1/", "/infobutton")
CDS_HOOKS_PATH = "/cds-services"  # pages of health records send POST requests here
READ_METHODS = ("GET", "HEAD")
EXPOSED_HEADER = "Retry-After"  # not readable by pages of other origins by default
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
}
CROSS_ORIGIN = "cross-origin"


def set_up(app: Flask, origins: tuple[str, ...]) -> None:
    """Allow pages of `origins` to read `READABLE_PATHS` and to call `CDS_HOOKS_PATH`.

    Call this before `security_headers.set_up`: Flask runs response handlers in reverse order, and
    the headers set here must take precedence.
    """
    allowed = frozenset(origins)

    def add_headers(response: Response) -> Response:
        is_cds_hooks = request.path.startswith(CDS_HOOKS_PATH)
        if not allowed or not (is_cds_hooks or request.path.startswith(READABLE_PATHS)):
            return response
        response.vary.add("Origin")  # caches must not reuse a response for another origin
        origin = request.headers.get("Origin", "")
        if origin in allowed and (is_cds_hooks or request.method in READ_METHODS):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Cross-Origin-Resource-Policy"] = CROSS_ORIGIN
            response.headers.update(
                PREFLIGHT_HEADERS
                if is_cds_hooks
                else {"Access-Control-Expose-Headers": EXPOSED_HEADER}
            )
        return response

    app.after_request(add_headers)
