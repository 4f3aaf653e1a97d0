"""Excerpts of texts for messages."""

from __future__ import annotations


def shorten(text: str, length: int) -> str:
    """Return a text of at most `length` characters; a longer one ends with three dots."""
    return text if len(text) <= length else f"{text[: length - 3]}..."
