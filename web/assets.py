"""The page's own files (style, script, icon), each under an address that holds its hash.

A browser may keep such a file for good: a new version of it has a new address. A request with an
outdated hash, as a page from before an upgrade makes it, gets the present file and may not keep it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory

FOLDER = Path(__file__).with_name("static")
FOREVER = "public, max-age=31536000, immutable"
OUTDATED = "no-cache"
DIGEST_LENGTH = 12  # of hexadecimal digits: enough to tell the versions of one file apart


class Assets:
    """The files of the folder with their hashes, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._digests = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST_LENGTH]
            for path in folder.iterdir()
            if path.is_file()
        }

    def __contains__(self, name: str) -> bool:
        return name in self._digests

    def digest(self, name: str) -> str:
        """Return the hash of a file; a name that is not there is a mistake in a template."""
        return self._digests[name]


def set_up(app: Flask, assets: Assets) -> None:
    """Serve the files of `assets`."""

    def serve(digest: str, name: str) -> Response:
        if name not in assets:
            abort(404)
        response = send_from_directory(FOLDER, name)
        current = digest == assets.digest(name)
        response.headers["Cache-Control"] = FOREVER if current else OUTDATED
        return response

    app.add_url_rule("/static/<digest>/<name>", "static_file", serve)
