"""Fenced code blocks, whose lines are text as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def find_code_lines(lines: Iterable[str]) -> list[bool]:
    """Return for each line whether it belongs to a fenced code block; its fences do."""
    found: list[bool] = []
    open_fence = ""
    for line in lines:
        fence = FENCE.match(line)
        found.append(bool(open_fence or fence))
        if fence and not open_fence:
            open_fence = fence[1]
        elif fence and line.strip().startswith(open_fence):
            open_fence = ""
    return found
