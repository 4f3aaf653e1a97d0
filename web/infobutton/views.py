"""The address that a health record calls, by GET or by a form that it posts."""

from __future__ import annotations

import json
import logging
from typing import cast

from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request
from werkzeug.exceptions import UnsupportedMediaType

from web import atom
from web.infobutton import answering
from web.infobutton.asking import FORMS, Form, FormError, Request, read
from web.infobutton.matching import Matcher
from web.site import Site, absolute_addresses, current_site

blueprint = Blueprint("infobutton", __name__)
log = logging.getLogger(__name__)

KEY = "clinical-kb-infobutton"
NEVER_KEPT = {"Cache-Control": "no-cache", "Pragma": "no-cache"}  # as the profile asks


def set_up(app: Flask, site: Site) -> None:
    """Give the address what it matches with."""
    app.extensions[KEY] = Matcher(site.search, site.taxonomy)
    app.register_blueprint(blueprint)


def the_matcher() -> Matcher:
    """Return what matches articles with what records ask for."""
    return cast(Matcher, current_app.extensions[KEY])


@blueprint.route("/infobutton", methods=["GET", "POST"])
def infobutton() -> Response:
    """Answer a request with what is known about its main criteria."""
    site = current_site()
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    try:
        asked = read(pairs, strict=site.settings.infobutton_strict)
    except FormError as error:
        known = ", ".join(sorted(filter(None, FORMS)))
        raise UnsupportedMediaType(f"knowledgeResponseType must be one of {known}.") from error
    feed = _feed(asked, site)
    # What an audit needs: the record's own number for the request, and nothing of the patient.
    log.info("request %s: %d entries", asked.notification or "without a number", len(feed.entries))
    response = _written(feed, asked)
    response.headers.update(NEVER_KEPT)
    return response


def _feed(asked: Request, site: Site) -> answering.Feed:
    matcher = the_matcher()
    matches = matcher.matches(asked, site.catalogue.shelves())
    shown = filter(None, map(answering.shown_passage, matches))
    return answering.feed_of(
        asked,
        matches,
        site.store.published_passages(shown),
        taxonomy=site.taxonomy,
        known_subtopics=[one for one in asked.subtopics if matcher.tags_of(one)],
        title=site.settings.title,
        here=absolute_addresses(),
        today=site.today(),
    )


def _written(feed: answering.Feed, asked: Request) -> Response:
    if asked.form is Form.HTML:
        return make_response(render_template("infobutton.html", feed=feed, asked_for=asked))
    if asked.form is Form.ATOM:
        return _as(answering.as_atom(feed), f"{atom.MIME}; charset=utf-8")
    body = json.dumps(answering.connect_json(feed), ensure_ascii=False)
    if asked.form is Form.JSON:
        return _as(body.encode(), "application/json; charset=utf-8")
    # "<" and the line ends of JavaScript cannot end the string or the script that they stand in.
    safe = body.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _as(f"/**/{asked.callback}({safe});".encode(), "application/javascript; charset=utf-8")


def _as(body: bytes, kind: str) -> Response:
    response = make_response(body)
    response.headers["Content-Type"] = kind
    return response
