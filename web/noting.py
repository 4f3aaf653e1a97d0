"""Which searches count: the first page of what somebody asked, wherever they asked it."""

from __future__ import annotations

from index.search.results import SearchRequest, SearchResponse
from web.context import current_services


def record_search(asked: SearchRequest, answer: SearchResponse) -> None:
    """Count a search, unless it only turned a page or put a filter on."""
    if asked.q and not (asked.offset or asked.tags or asked.topics or asked.literal):
        changed = bool(answer.query.relaxed or answer.query.corrected)
        current_services().query_log.searched(asked.q, found=answer.total, changed=changed)
