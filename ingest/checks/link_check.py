"""Links that lead nowhere: the addresses that an article shows are opened, when a person asks.

Nothing is sent but the request for the page, and hosts of the private network are refused
(`ingest.http_fetch`). Links behind words are not seen: a reader of sources keeps the words only.
"""

from __future__ import annotations

import re

from ingest.http_fetch import FetchLimits, fetch
from kb.errors import SourceError
from kb.model.article import Article

ADDRESS = re.compile(r"https?://[^\s<>\"“”‘’|]+")
NOT_ITS_END = ".,;:!?'*_"  # what a sentence sets behind an address
PAIRS = (("(", ")"), ("[", "]"))
LIMITS = FetchLimits(connect_seconds=5.0, total_seconds=20.0)


def urls_in(article: Article) -> list[str]:
    """Return the addresses that an article shows, its own first, each once."""
    shown = [_whole(found.group()) for found in ADDRESS.finditer(article.plain)]
    own = [article.metadata.url] if article.metadata.url else []
    return list(dict.fromkeys([*own, *shown]))


def find_link_problem(address: str, *, private: bool) -> str:
    """Return why a page cannot be opened, as the end of a sentence; nothing when it can be."""
    try:
        fetch(address, private=private, limits=LIMITS)
    except SourceError as error:
        return error.problem
    return ""


def _whole(address: str) -> str:
    """Leave off what belongs to the sentence: a stop, and a bracket that it did not open."""
    bare = address.rstrip(NOT_ITS_END)
    while any(bare.endswith(end) and bare.count(end) > bare.count(begin) for begin, end in PAIRS):
        bare = bare[:-1].rstrip(NOT_ITS_END)
    return bare
