"""HL7 Infobutton endpoint, called by electronic health records with GET or POST."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import UnsupportedMediaType

from web.context import Services, absolute_urls, current_services
from web.integrations import ehr_audit_log
from web.integrations.infobutton.request import (
    RESPONSE_FORMATS,
    InfobuttonRequest,
    ResponseFormat,
    UnsupportedFormatError,
    parse_request,
)
from web.integrations.infobutton.response import (
    InfobuttonFeed,
    as_atom,
    build_feed,
    connect_json,
    summary_passage,
)
from web.middleware import auth
from web.presentation import atom

blueprint = Blueprint("infobutton", __name__)
FORM = "application/x-www-form-urlencoded"
BYTES = "latin-1"  # maps each byte to one character
NO_CACHE = {"Cache-Control": "no-cache", "Pragma": "no-cache"}  # required by the profile


@blueprint.route("/infobutton", methods=["GET", "POST"])
@auth.csrf_exempt
def infobutton() -> Response:
    """Return the articles and passages that match a request."""
    site = current_services()
    try:
        parsed = parse_request(_request_parameters(), strict=site.settings.infobutton_strict)
    except UnsupportedFormatError as error:
        supported = ", ".join(sorted(filter(None, RESPONSE_FORMATS)))
        raise UnsupportedMediaType(f"knowledgeResponseType must be one of {supported}.") from error
    feed = _feed(parsed, site)
    ehr_audit_log.write(
        ehr_audit_log.INFOBUTTON,
        request=parsed.notification or None,
        task=parsed.task or None,
        recipient=parsed.recipient or None,
        language=parsed.language or None,
        form=parsed.form.value,
        entries=len(feed.entries),
    )
    response = _render(feed, parsed)
    response.headers.update(NO_CACHE)
    if parsed.form is ResponseFormat.SCRIPT:  # loaded as a script by pages of the health record
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _request_parameters() -> Iterator[tuple[str, str]]:
    """Yield the parameters of the query string and the form body."""
    yield from _parse_parameters(request.query_string)
    if request.mimetype in (FORM, ""):  # some clients send no content type
        yield from _parse_parameters(request.get_data())
    else:
        yield from request.form.items(multi=True)


def _parse_parameters(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield decoded pairs; bytes that are not UTF-8 are decoded as Windows-1252."""
    pairs = parse_qsl(raw.decode(BYTES), keep_blank_values=True, encoding=BYTES)
    return ((_decode(name), _decode(value)) for name, value in pairs)


def _decode(text: str) -> str:
    value = text.encode(BYTES)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", errors="replace")


def _feed(parsed: InfobuttonRequest, site: Services) -> InfobuttonFeed:
    matcher = site.infobutton
    matches = matcher.matches(parsed, site.catalog.snapshot())
    texts = site.store.published_passages(filter(None, map(summary_passage, matches)))
    return build_feed(
        parsed,
        matches,
        texts,
        taxonomy=site.taxonomy,
        known_subtopics=[subtopic for subtopic in parsed.subtopics if matcher.intents_of(subtopic)],
        title=site.settings.title,
        urls=absolute_urls(),
        today=site.today(),
    )


def _render(feed: InfobuttonFeed, parsed: InfobuttonRequest) -> Response:
    if parsed.form is ResponseFormat.HTML:
        return make_response(render_template("infobutton.html", feed=feed, asked_for=parsed))
    if parsed.form is ResponseFormat.ATOM:
        return Response(as_atom(feed), content_type=f"{atom.MIME}; charset=utf-8")
    body = json.dumps(connect_json(feed), ensure_ascii=False)
    if parsed.form is ResponseFormat.JSON:
        return Response(body, content_type="application/json; charset=utf-8")
    # Escape "<" and JavaScript line terminators, so that no text can end the string or the script.
    safe = body.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    script = f"/**/{parsed.callback}({safe});"
    return Response(script, content_type="application/javascript; charset=utf-8")
