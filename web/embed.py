"""The search inside other pages: the element's script, a frame, and a page to set both up.

The element reads the API from the host's page, so the host's origin must be one of
`allowed_origins`. The frame is a page of this site, which shows itself only inside pages of
`frame_hosts`; all other pages of the site refuse to be framed (`web.security`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from index.answer import SearchAnswer
from kb.errors import SearchIndexError
from web.assets import FOLDER
from web.cors import CROSS_ORIGIN
from web.parameters import Bounds, read_number, read_search
from web.security import FRAMED_BY
from web.site import absolute_addresses, current_site

blueprint = Blueprint("embed", __name__)

SCRIPT = "kb-search.js"
HOURLY = "public, max-age=3600"  # pages ask once an hour: an upgrade can wait that long
MODES = ("searchbox", "modal", "results")
LIMIT = Bounds(default=6, least=1, most=20)
TARGETS = ("_top", "_blank")
TEXT_MOST = 80  # characters of an option in the snippet


@blueprint.get("/embed/v1/kb-search.js")
def script() -> ResponseReturnValue:
    """The element, for a page of any origin: public; what it may read, `web.cors` says."""
    site = current_site()
    digest = site.assets.digest(SCRIPT)
    response: Response
    if request.if_none_match.contains_weak(digest):
        response = Response(status=304)
    else:
        response = make_response((FOLDER / SCRIPT).read_bytes())
        response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.set_etag(digest, weak=True)
    response.headers["Cache-Control"] = HOURLY
    # A browser fetches a module as it fetches an answer of the API, with the origin of its page.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = CROSS_ORIGIN
    return response


@blueprint.get("/embed")
def frame() -> ResponseReturnValue:
    """The search as a page that stands in a frame; its links open outside of it."""
    site = current_site()
    hosts = site.settings.frame_hosts
    setattr(g, FRAMED_BY, hosts)
    limit = read_number(request.args, "limit", LIMIT)
    asked = read_search(request.args, limit=limit)
    target = request.args.get("target", TARGETS[0])
    answer: SearchAnswer | None = None
    failed = False
    if asked.q:
        try:
            answer = site.search.search(asked)
        except SearchIndexError:
            failed = True
    return render_template(
        "embed.html",
        asked=asked,
        answer=answer,
        failed=failed,
        limit=limit,
        target=target if target in TARGETS else TARGETS[0],
        hosts=json.dumps(hosts),
        results=absolute_addresses().search(asked.q, tags=asked.tags, topics=asked.topics),
    )


@dataclass(frozen=True, slots=True)
class Options:
    """What a webmaster chose for the element."""

    mode: str
    tag: str
    topic: str
    limit: int
    placeholder: str
    shortcut: str
    origin: str

    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Return the attributes that differ from what stands without them."""
        pairs = (
            ("mode", self.mode if self.mode != MODES[0] else ""),
            ("tag", self.tag),
            ("topic", self.topic),
            ("limit", str(self.limit) if self.limit != LIMIT.default else ""),
            ("placeholder", self.placeholder),
            ("shortcut", self.shortcut if self.shortcut != "mod+k" else ""),
        )
        return tuple((name, value) for name, value in pairs if value)


@blueprint.get("/embed/docs")
def docs() -> ResponseReturnValue:
    """Let a webmaster choose options, see the element, and copy what the host's page needs."""
    site, here = current_site(), absolute_addresses()
    chosen = _options()
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in chosen.attributes())
    root = here.root
    snippet = (
        f'<script type="module" src="{root}/embed/v1/kb-search.js"></script>\n'
        f'<kb-search base="{root}"{attributes}>\n'
        f'  <form action="{root}/search"><input name="q" aria-label="Search"></form>\n'
        "</kb-search>"
    )
    framed = (
        f'<iframe src="{root}/embed" title="{escape(site.settings.title)}"'
        ' style="width: 100%; height: 24rem; border: 0"></iframe>'
    )
    origin = chosen.origin or "https://intranet.hospital.example"
    return render_template(
        "embed-docs.html",
        chosen=chosen,
        modes=MODES,
        snippet=snippet,
        framed=framed,
        kb=here.origin(),
        host=origin,
        topics=[topic.name for topic in site.catalogue.shelves().topics.values()],
        tags=list(site.taxonomy),
    )


def _options() -> Options:
    def given(name: str) -> str:
        return " ".join(request.args.get(name, "").split())[:TEXT_MOST]

    mode = given("mode")
    tag = given("tag")
    return Options(
        mode=mode if mode in MODES else MODES[0],
        tag=tag if tag in current_site().taxonomy else "",
        topic=given("topic"),
        limit=read_number(request.args, "limit", LIMIT),
        placeholder=given("placeholder"),
        shortcut=given("shortcut") or "mod+k",
        origin=given("origin"),
    )
