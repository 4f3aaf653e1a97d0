"""Web site, JSON API, integrations with health records, and command line."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version


@cache
def program_version() -> str:
    """Return the version of the installed program, such as ``1.4.0``."""
    return version("clinical-kb")
