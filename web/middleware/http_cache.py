"""Answers that a cache may keep, as long as it asks each time whether they still hold.

What is answered about articles changes only together with an entry in the change feed, with the day
(a review becomes overdue), or with the program. A tag of these is compared before anything is
read, so asking again costs one look at the feed. What answers a query is kept by nobody: see
`web.middleware.security_headers`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Response, make_response, request

from kb.storage.article_store import ArticleStore
from web import program_version
from web.context import current_services
from web.middleware.security_headers import FRESH


def conditional_get(view: Callable[..., Any]) -> Callable[..., Response]:
    """Let the answers of `view` carry a tag, and answer 304 to whoever has the present one."""

    @wraps(view)
    def answer(**place: str) -> Response:
        # Taken first: what changes while the view reads gets another tag at the next request.
        tag = _present_tag()
        known = request.if_none_match
        if known.contains_weak(tag) and not known.star_tag:
            response = Response(status=HTTPStatus.NOT_MODIFIED)
        else:
            response = make_response(view(**place))
        response.set_etag(tag, weak=True)  # the same content may come compressed
        response.headers["Cache-Control"] = FRESH
        return response

    return answer


def _present_tag() -> str:
    """Return what stands for the present answer at this address."""
    site = current_services()
    parts = (
        program_version(),
        newest_change(site.store),
        site.today().isoformat(),
        request.script_root,
        request.full_path,  # so that no tag of another address is taken for one of this
    )
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def newest_change(store: ArticleStore) -> str:
    """Return what names the newest change of a store: its number, and its moment.

    A knowledge base that was brought back from a backup may give a number for the second time.
    """
    seq = store.last_seq()
    return "\n".join(f"{change.seq} {change.at}" for change in store.changes(seq - 1, 1))
