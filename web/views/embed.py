"""Embedded search: the script of the custom element, and the page for frames.

The element calls the API from the host page, so the host's origin must be in `allowed_origins`
(`web.middleware.cors`). The frame is a page of this site that only pages of `frame_ancestors` may
embed; all other pages forbid framing (`web.middleware.security_headers`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from index.search.results import SearchRequest, SearchResponse
from index.search.service import MAX_LIMIT
from web.assets import STATIC_FOLDER
from web.context import current_services, record_search, urls
from web.middleware.cors import CROSS_ORIGIN
from web.middleware.security_headers import FRAMED_BY
from web.params import IntRange, ParameterError, read_number, read_search
from web.presentation.urls import UrlBuilder
from web.view_models.search_results import HitView, build_hit_view

blueprint = Blueprint("embed", __name__)

SCRIPT = "kb-search.js"
HOURLY = "public, max-age=3600"  # an upgrade reaches host pages within an hour
LIMIT = IntRange(default=6, minimum=1, maximum=MAX_LIMIT)  # same default as in the element
TARGETS = {"_top": "The same window", "_blank": "A new window"}


@blueprint.get("/embed/v1/kb-search.js")
def script() -> ResponseReturnValue:
    """Serve the script to any origin. The script is public; the API that it calls is protected."""
    digest = current_services().assets.digest(SCRIPT)
    if request.if_none_match.contains_weak(digest):
        response = Response(status=304)
    else:
        response = make_response((STATIC_FOLDER / SCRIPT).read_bytes())
        response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.set_etag(digest, weak=True)
    response.headers["Cache-Control"] = HOURLY
    # Browsers fetch module scripts with CORS.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = CROSS_ORIGIN
    return response


@dataclass(frozen=True, slots=True)
class EmbedFrame:
    """Parameters of a frame, and the URLs that preserve them."""

    asked: SearchRequest
    target: str
    here: UrlBuilder

    def address(self, q: str) -> str:
        """Return the URL of this frame with another query."""
        return self.here.frame(
            q,
            tags=self.asked.tags,
            topics=self.asked.topics,
            limit=self.asked.limit if self.asked.limit != LIMIT.default else 0,
            target=self.target if self.target != next(iter(TARGETS)) else "",
        )

    def results(self) -> str:
        """Return the URL of the full results page."""
        return self.here.search(self.asked.q, tags=self.asked.tags, topics=self.asked.topics)


@blueprint.get("/embed")
def frame() -> ResponseReturnValue:
    """Show the search in a frame; its links open outside the frame.

    `FRAMED_BY` is set before anything can fail, so that error pages can be framed as well.
    """
    site = current_services()
    setattr(g, FRAMED_BY, site.settings.frame_ancestors)
    limit = read_number(request.args, "limit", LIMIT)
    search_request = read_search(request.args, limit=limit)
    embed_frame = EmbedFrame(search_request, read_target(request.args), urls())
    response = site.search.search(search_request) if search_request.q else None
    if response is not None:
        record_search(search_request, response)
    return render_template(
        "embed.html",
        frame=embed_frame,
        search_request=search_request,
        response=response,
        hits=_views(response, embed_frame.here),
        default_limit=LIMIT.default,
        hosts=json.dumps(site.settings.frame_ancestors),
    )


def read_target(args: MultiDict[str, str]) -> str:
    """Return the link target of a frame. Raises `ParameterError` for an unknown one."""
    target = args.get("target") or next(iter(TARGETS))
    if target not in TARGETS:
        raise ParameterError("target", f"must be one of: {', '.join(TARGETS)}")
    return target


def _views(response: SearchResponse | None, url_builder: UrlBuilder) -> list[HitView]:
    taxonomy = current_services().taxonomy
    return (
        [build_hit_view(hit, response.query, taxonomy, url_builder) for hit in response.hits]
        if response
        else []
    )
