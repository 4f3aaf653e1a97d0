"""Result type of all readers, and the limits, patterns and messages that formats share."""

from __future__ import annotations

from dataclasses import dataclass

from kb.errors import SourceError, SourceProblem
from kb.model.article import Article
from kb.model.excerpt import shorten
from kb.model.reader_limits import ReaderLimits

DELETED = "deleted text"  # reason for text that is struck out or marked as deleted
WATERMARK = "a watermark"  # reason for text behind the content, such as WITHDRAWN
AS_METADATA = "read as metadata"  # reason for text that is stored as metadata
DATE_FROM_FILE = "The publication date was taken from the file. Check it."

MAX_STATUS_LENGTH = 80  # characters of a watermark or status that a warning quotes
MAX_HEADING_WORDS = 14  # words of a line that can be a heading by its form
MAX_CALLOUT_WORDS = 250  # a larger box is a wrapper around content, not a warning


@dataclass(frozen=True, slots=True)
class OmittedText:
    """Source text that is not in the article, and the reason."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderResult:
    """Parsed article with the text that was omitted and the warnings for the editor.

    `visible_text` is the text that a reader of the source sees. Coverage is measured against it.
    """

    article: Article
    visible_text: str
    omitted: tuple[OmittedText, ...] = ()
    warnings: tuple[str, ...] = ()


def status_warning(lead: str, text: str) -> str:
    """Return the warning about a text that may state that the document is not in force."""
    return f'{lead} "{shorten(text, MAX_STATUS_LENGTH)}". Check whether the document is in force.'


def watermark_warning(text: str) -> str:
    """Return the warning about a watermark."""
    return status_warning("The document has the watermark", text)


def too_long_error(
    source: str, count: int, limits: ReaderLimits, location: str = ""
) -> SourceError:
    """Return the error for an article with `count` characters, more than the limit."""
    return SourceError(
        source,
        f"has {count:,} characters, more than the limit of {limits.article_max_characters:,}.",
        "Split it into several articles, or raise `article_max_characters`.",
        location,
        code=SourceProblem.TOO_LONG,
    )
