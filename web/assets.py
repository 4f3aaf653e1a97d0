"""Static files of the site (styles, scripts, icon) and their content hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

STATIC_FOLDER = Path(__file__).with_name("static")
DIGEST_LENGTH = 12  # hexadecimal digits, enough to distinguish versions of one file


class Assets:
    """Names and content hashes of the static files, read once at startup."""

    def __init__(self, folder: Path = STATIC_FOLDER) -> None:
        self._digests = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST_LENGTH]
            for path in folder.iterdir()
            if path.is_file()
        }

    def __contains__(self, name: str) -> bool:
        return name in self._digests

    def digest(self, name: str) -> str:
        """Return the content hash of a file; raises `KeyError` for an unknown name."""
        return self._digests[name]
