"""Conditional GET: ETags for responses that browsers and caches may store.

Content about articles changes only with an entry in the change feed, with the date (an article
becomes overdue for review), or with the program. The ETag is derived from these, so a revalidation
costs one read of the change feed. Responses to queries are never cached; see
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
from web.middleware.security_headers import REVALIDATE


def conditional_get(view: Callable[..., Any]) -> Callable[..., Response]:
    """Add an ETag to the responses of `view`, and return 304 if the client has the current one."""

    @wraps(view)
    def respond(**arguments: str) -> Response:
        # Computed first: a change during the view leads to another ETag at the next request.
        tag = _current_tag()
        client_tags = request.if_none_match
        if client_tags.contains_weak(tag) and not client_tags.star_tag:
            response = Response(status=HTTPStatus.NOT_MODIFIED)
        else:
            response = make_response(view(**arguments))
        response.set_etag(tag, weak=True)  # the response may be compressed
        response.headers["Cache-Control"] = REVALIDATE
        return response

    return respond


def _current_tag() -> str:
    """Return the ETag of the requested URL."""
    site = current_services()
    parts = (
        program_version(),
        last_change(site.store),
        site.today().isoformat(),
        request.script_root,
        request.full_path,  # distinguishes the ETags of different URLs
    )
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def last_change(store: ArticleStore) -> str:
    """Return the sequence number and timestamp of the last change.

    The timestamp is needed because sequence numbers can repeat after a backup is restored.
    """
    seq = store.last_seq()
    return "\n".join(f"{change.seq} {change.at}" for change in store.changes(seq - 1, 1))
