"""Configurator for the embedded search: options, preview and code to copy.

The page is built from the query string, so it works without JavaScript and its URL can be shared.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from html import escape

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kb.settings import is_origin
from web.context import absolute_urls, current_services
from web.params import ParameterError, read_number
from web.presentation.urls import UrlBuilder
from web.views.embed import LIMIT, TARGETS

blueprint = Blueprint("embed_docs", __name__)

MODES = {
    "searchbox": "Search box with results below it",
    "modal": "Button that opens a dialog",
    "results": "Search box with results in the page",
}
LANGUAGES = {
    "": "Same as your page",
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
}
SHORTCUTS = {"mod+k": "Ctrl-K, or ⌘K on a Mac", "/": "/, outside text fields", "none": "None"}
LINK_TARGETS = {"": "The same window", "_blank": "A new window"}
DEFAULTS = {"mode": next(iter(MODES)), "shortcut": next(iter(SHORTCUTS))}
MAX_PLACEHOLDER_LENGTH = 80
EXAMPLE = "https://intranet.hospital.example"
NO_ORIGIN = (
    f"is not an origin; use scheme and host in lower case, such as {EXAMPLE}, "
    "and a port if it is not the default, without a path or a trailing slash"
)


@dataclass(frozen=True, slots=True)
class EmbedOptions:
    """Chosen options of the embedded search."""

    mode: str
    tag: str
    topic: str
    limit: int
    lang: str
    placeholder: str
    shortcut: str
    target: str
    origin: str

    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Return the attributes whose values differ from the defaults."""
        pairs = (
            ("mode", self.mode if self.mode != DEFAULTS["mode"] else None),
            ("tag", self.tag or None),
            ("topic", self.topic or None),
            ("limit", str(self.limit) if self.limit != LIMIT.default else None),
            ("lang", self.lang or None),
            ("placeholder", self.placeholder or None),
            ("shortcut", self._key() if self.shortcut != DEFAULTS["shortcut"] else None),
            ("target", self.target or None),
        )
        return tuple((name, value) for name, value in pairs if value is not None)

    def _key(self) -> str:
        return "" if self.shortcut == "none" else self.shortcut


@blueprint.get("/embed/docs")
def page() -> ResponseReturnValue:
    """Show the configurator."""
    site, url_builder = current_services(), absolute_urls()
    topics = [topic.name for topic in site.catalog.snapshot().topics.values()]
    chosen = read_options(request.args, [tag.key for tag in site.taxonomy], topics)
    return render_template(
        "embed-docs.html",
        chosen=chosen,
        choices={"mode": MODES, "lang": LANGUAGES, "shortcut": SHORTCUTS, "target": LINK_TARGETS},
        most=LIMIT.maximum,
        snippet=element_html(chosen, url_builder),
        framed=frame_html(chosen, url_builder, site.settings.title),
        listener=listener_script(url_builder),
        kb=url_builder.origin(),
        may_read=chosen.origin in site.settings.allowed_origins,
        may_frame=chosen.origin in site.settings.frame_ancestors,
        topics=topics,
        tags=list(site.taxonomy),
    )


def read_options(
    args: MultiDict[str, str], tags: Container[str], topics: Container[str]
) -> EmbedOptions:
    """Return the options in a query string. Raises `ParameterError` for an invalid value."""

    def given(name: str) -> str:
        return " ".join(args.get(name, "").split())

    def one_of(name: str, allowed: Container[str], default: str = "") -> str:
        value = given(name) or default
        if value and value not in allowed:
            raise ParameterError(
                name, f"is {value!r}, which is not in the list; choose one of the options"
            )
        return value

    origin = given("origin") or EXAMPLE
    if not is_origin(origin):
        raise ParameterError("origin", NO_ORIGIN)
    placeholder = given("placeholder")
    if len(placeholder) > MAX_PLACEHOLDER_LENGTH:
        raise ParameterError(
            "placeholder", f"must have at most {MAX_PLACEHOLDER_LENGTH} characters"
        )
    return EmbedOptions(
        mode=one_of("mode", MODES, DEFAULTS["mode"]),
        tag=one_of("tag", tags),
        topic=one_of("topic", topics),
        limit=read_number(args, "limit", LIMIT),
        lang=one_of("lang", LANGUAGES),
        placeholder=placeholder,
        shortcut=one_of("shortcut", SHORTCUTS, DEFAULTS["shortcut"]),
        target=one_of("target", LINK_TARGETS),
        origin=origin,
    )


def element_html(chosen: EmbedOptions, urls: UrlBuilder) -> str:
    """Return the HTML of the element with its fallback form."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in chosen.attributes())
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("tag", chosen.tag), ("topic", chosen.topic))
        if value
    )
    root = escape(urls.root)
    return (
        f'<script type="module" src="{root}/embed/v1/kb-search.js"></script>\n'
        f'<kb-search base="{root}"{attributes}>\n'
        f'  <form action="{root}/search"><input name="q" aria-label="Search">{hidden}'
        "<button>Search</button></form>\n"
        "</kb-search>"
    )


def frame_html(chosen: EmbedOptions, urls: UrlBuilder, title: str) -> str:
    """Return the HTML of the frame, for pages that forbid scripts."""
    address = urls.frame(
        tags=[chosen.tag] if chosen.tag else [],
        topics=[chosen.topic] if chosen.topic else [],
        limit=chosen.limit if chosen.limit != LIMIT.default else 0,
        target=chosen.target if chosen.target in TARGETS else "",
    )
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}"\n'
        '  width="100%" height="400" frameborder="0"></iframe>'
    )


def listener_script(urls: UrlBuilder) -> str:
    """Return a script for the host page that adjusts the frame to its reported height."""
    return (
        'addEventListener("message", ({ origin, source, data }) => {\n'
        f'  if (origin !== "{urls.origin()}" || data?.type !== "kb:height") return;\n'
        '  for (const frame of document.querySelectorAll("iframe"))\n'
        "    if (frame.contentWindow === source) frame.height = data.height;\n"
        "});"
    )
