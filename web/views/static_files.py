"""Static files under URLs that contain a hash of the content.

Browsers cache such a file permanently, since a changed file gets a new URL. A request with an
outdated hash, for example from a page loaded before an upgrade, returns the current file with a
header that prevents permanent caching.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_from_directory

from web.assets import STATIC_FOLDER
from web.context import current_services
from web.middleware import auth

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"

blueprint = Blueprint("static_files", __name__)


@blueprint.get("/static/<digest>/<name>")
@auth.public
def serve(digest: str, name: str) -> Response:
    """Return a static file."""
    assets = current_services().assets
    if name not in assets:
        abort(404)
    response = send_from_directory(STATIC_FOLDER, name)
    is_current = digest == assets.digest(name)
    response.headers["Cache-Control"] = IMMUTABLE if is_current else REVALIDATE
    return response
