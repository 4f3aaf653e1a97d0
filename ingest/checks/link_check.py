"""Link checks: the URLs in an article that cannot be opened.

A check only requests the page, and rejects hosts in private networks (see `ingest.http_fetch`).
"""

from __future__ import annotations

import re

from ingest.http_fetch import FetchLimits, fetch
from kb.errors import SourceError
from kb.model.article import Article

URL = re.compile(r"https?://[^\s<>\"“”‘’|]+")
TRAILING_PUNCTUATION = ".,;:!?'*_"  # belongs to the sentence rather than the URL
BRACKET_PAIRS = (("(", ")"), ("[", "]"))
LINK_LIMITS = FetchLimits(connect_seconds=5.0, total_seconds=20.0)


def extract_urls(article: Article) -> list[str]:
    """Return the distinct URLs in an article: its own, those in the text, those of links."""
    shown = [_trim_url(found.group()) for found in URL.finditer(article.plain)]
    linked = [
        href
        for _, section in article.walk()
        for block in section.blocks
        for href in block.links
        if href.lower().startswith(("http://", "https://"))
    ]
    own = [article.metadata.url] if article.metadata.url else []
    return list(dict.fromkeys([*own, *shown, *linked]))


def find_link_problem(address: str, *, private: bool) -> str:
    """Return why a page cannot be opened, or an empty string if it can."""
    try:
        fetch(address, private=private, limits=LINK_LIMITS)
    except SourceError as error:
        return error.problem
    return ""


def _trim_url(address: str) -> str:
    """Remove trailing punctuation and unmatched closing brackets."""
    bare = address.rstrip(TRAILING_PUNCTUATION)
    while any(
        bare.endswith(end) and bare.count(end) > bare.count(begin) for begin, end in BRACKET_PAIRS
    ):
        bare = bare[:-1].rstrip(TRAILING_PUNCTUATION)
    return bare
