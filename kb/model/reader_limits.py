"""Limits on the length of a source, which operators can raise."""

from __future__ import annotations

from dataclasses import dataclass

# About 300 full pages. A character of a PDF takes 12 to 23 microseconds (four files of 145,000
# characters, on a busy machine), so this is the maximum for 20 seconds of processor time.
DEFAULT_MAX_CHARACTERS = 800_000
DEFAULT_MAX_PAGES = 500  # articles and guidelines have up to 200; longer files are books


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLimits:
    """Maximum length of an article, and of a PDF; the fields are named as the settings."""

    article_max_characters: int = DEFAULT_MAX_CHARACTERS
    pdf_max_pages: int = DEFAULT_MAX_PAGES


DEFAULT_LIMITS = ReaderLimits()
