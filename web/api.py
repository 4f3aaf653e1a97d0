"""The JSON API: the same answers as the pages, for scripts. ``docs/api.md`` describes each route.

The shapes are made in `web.contract`, the errors in `web.problems`. Drafts and retired articles
are answered as if they did not exist.
"""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from kb.errors import NotFoundError
from kb.record import Status
from web.contract import (
    article_json,
    passage_json,
    search_json,
    suggestion_json,
    summary_json,
)
from web.parameters import ParameterError, read_search
from web.site import addresses, current_site

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Answer a search."""
    site = current_site()
    answer = site.search.search(read_search(request.args))
    return jsonify(search_json(answer, addresses()))


@blueprint.get("/suggest")
def suggest() -> ResponseReturnValue:
    """List the names that may be meant by what is being typed."""
    typed = request.args.get("q", "")
    found = current_site().alphabet.suggestions.find(typed)
    return jsonify(
        q=typed,
        did_you_mean=found.slip,
        suggestions=[suggestion_json(name, addresses()) for name in found.names],
    )


@blueprint.get("/articles")
def articles() -> ResponseReturnValue:
    """List the published articles by title."""
    site = current_site()
    if request.args.get("status", Status.PUBLISHED) != Status.PUBLISHED:
        raise ParameterError("status", "can only be 'published' here; `kb list` shows the others")
    today, here = site.today(), addresses()
    found = site.store.summaries(Status.PUBLISHED)
    return jsonify(articles=[summary_json(summary, today, here) for summary in found])


@blueprint.get("/articles/<article_id>")
def article(article_id: str) -> ResponseReturnValue:
    """Return the published version of an article, whole."""
    site = current_site()
    record = site.store.article(article_id)
    if record.status is not Status.PUBLISHED:
        raise NotFoundError("article", article_id)
    return jsonify(article_json(record, site.today(), addresses()))


@blueprint.get("/passages/<passage_id>")
def passage(passage_id: str) -> ResponseReturnValue:
    """Return a passage of a published article."""
    site = current_site()
    found = site.store.published_passages([passage_id])
    if passage_id not in found:
        raise NotFoundError("passage", passage_id)
    summary, content = found[passage_id]
    return jsonify(passage_json(summary, content, site.today(), addresses()))
