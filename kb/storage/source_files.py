"""Where the original bytes of sources are: each once, under its SHA-256.

``sources/ab/abcdef...`` below KB_HOME, and by the same name in backups and exports.
"""

from __future__ import annotations

import re

FOLDER = "sources"
NAME = re.compile(r"sources/([0-9a-f]{2})/(\1[0-9a-f]{62})")  # its second group is the SHA-256


def source_path(sha256: str) -> str:
    """Return where a source is below its folder."""
    return f"{sha256[:2]}/{sha256}"


def source_name(sha256: str) -> str:
    """Return the name of a source below KB_HOME, or in an archive."""
    return f"{FOLDER}/{source_path(sha256)}"
