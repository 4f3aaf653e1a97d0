"""Atom feeds, sitemap and OpenSearch description.

All are public and cacheable, except OpenSearch suggestions: responses to a query are never cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from kb.editorial.workflow import list_due_reviews
from kb.errors import NotFoundError
from kb.model.records import DUE_SOON_DAYS, get_review_state
from kb.storage.article_listing import ActivityItem, ActivityKind, ArticleOutline
from web.context import absolute_urls, current_services
from web.middleware.http_cache import conditional_get
from web.presentation import atom
from web.presentation.formatting import format_review, format_timestamp
from web.presentation.urls import UrlBuilder

blueprint = Blueprint("feeds", __name__)

MAX_ENTRIES = 50
MAX_SCANNED_EVENTS = 1_000  # events searched for those with a topic or tag
MAX_SITEMAP_URLS = 50_000  # limit of the sitemap protocol
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # `updated` of a feed without entries
MAX_SHORT_NAME_LENGTH = 16  # limit of the OpenSearch specification
EVENTS = {
    ActivityKind.NEW: "New",
    ActivityKind.CHANGED: "Changed",
    ActivityKind.BACK: "Published again",
    ActivityKind.RETIRED: "Retired",
}


@blueprint.get("/opensearch.xml")
def opensearch() -> ResponseReturnValue:
    """Return the OpenSearch description, which lets browsers add the site as a search engine."""
    title, urls = current_services().settings.title, absolute_urls()
    root = ElementTree.Element("OpenSearchDescription", xmlns=OPENSEARCH)
    for name, text in (
        ("ShortName", title[:MAX_SHORT_NAME_LENGTH].strip()),
        ("LongName", title[:48].strip()),
        ("Description", f"Search {title}"),
        ("InputEncoding", "UTF-8"),
    ):
        ElementTree.SubElement(root, name).text = text
    words = "{searchTerms}"
    for kind, relation, address in (
        ("text/html", "results", f"{urls.search()}?q={words}"),
        ("application/x-suggestions+json", "suggestions", f"{urls.opensearch_suggest()}?q={words}"),
        ("application/opensearchdescription+xml", "self", urls.opensearch()),
    ):
        url = {"type": kind, "rel": relation, "method": "get", "template": address}
        ElementTree.SubElement(root, "Url", url)
    return _xml(root, "application/opensearchdescription+xml")


@blueprint.get("/opensearch/suggest")
def opensearch_suggest() -> ResponseReturnValue:
    """Return suggestions in the OpenSearch format: query, names, descriptions (empty), URLs."""
    prefix, urls = request.args.get("q", ""), absolute_urls()
    names = current_services().az_index.suggestions.find(prefix).names
    searches = [urls.search(name.text) for name in names]
    response = jsonify([prefix, [name.text for name in names], ["" for _ in names], searches])
    response.mimetype = "application/x-suggestions+json"
    return response


@blueprint.get("/feeds/new.atom")
@conditional_get
def new() -> ResponseReturnValue:
    """Return recent publications, changes and retirements as Atom, optionally by topic or tag."""
    site, urls = current_services(), absolute_urls()
    topic, tag = request.args.get("topic", ""), request.args.get("tag", "")
    if tag and tag not in site.taxonomy:
        raise NotFoundError("tag", tag)
    topics = site.catalog.snapshot().topics
    events, _ = site.store.list_activity(
        offset=0, limit=MAX_SCANNED_EVENTS if topic or tag else MAX_ENTRIES
    )
    chosen = list(_filter_events(events, topic, tag))[:MAX_ENTRIES]
    if topic and not chosen and topic.casefold() not in topics:
        raise NotFoundError("topic", topic)
    filters = [name for name in (topic, site.taxonomy.label(tag) if tag else "") if name]
    href = urls.feed(topic=topic, tag=tag)
    feed = atom.create_feed(
        title=": ".join((site.settings.title, *filters, "what’s new")),
        id_=uuid5(NAMESPACE_URL, href).urn,
        updated=max((item.at for item in chosen), default=NEVER),
        href=href,
        language="en",
    )
    atom.add_author(feed, site.settings.title, urls.home())
    atom.add_element(feed, "link", rel="alternate", type="text/html", href=urls.new())
    for item in chosen:
        _entry(feed, item, urls)
    return Response(atom.serialize(feed), content_type=f"{atom.MIME}; charset=utf-8")


@blueprint.get("/feeds/review.atom")
@conditional_get
def reviews() -> ResponseReturnValue:
    """Return the published articles that are due or overdue for review as Atom."""
    site, urls = current_services(), absolute_urls()
    today = site.today()
    due = list_due_reviews(site.store.summaries(), today + timedelta(days=DUE_SOON_DAYS))
    feed = atom.create_feed(
        title=f"{site.settings.title}: reviews due",
        id_=uuid5(NAMESPACE_URL, urls.review_feed()).urn,
        updated=max((summary.updated_at for summary in due), default=NEVER),
        href=urls.review_feed(),
        language="en",
    )
    atom.add_author(feed, site.settings.title, urls.home())
    for summary in due[:MAX_ENTRIES]:
        words = format_review(
            summary.metadata, get_review_state(summary.metadata.review_due, today)
        ).words
        entry = atom.add_element(feed, "entry")
        atom.add_text(entry, "title", f"{words}: {summary.title}")
        address = urls.article(summary.id)
        # A new review date gives a new id, so that feed readers show the entry again.
        name = f"{address}#{summary.metadata.review_due}"
        atom.add_text(entry, "id", uuid5(NAMESPACE_URL, name).urn)
        atom.add_text(entry, "updated", format_timestamp(summary.updated_at))
        atom.add_element(entry, "link", rel="alternate", type="text/html", href=address)
        owner = summary.metadata.owner
        atom.add_text(entry, "summary", f"Owner: {owner}." if owner else "No owner.")
    return Response(atom.serialize(feed), content_type=f"{atom.MIME}; charset=utf-8")


@blueprint.get("/sitemap.xml")
@conditional_get
def sitemap() -> ResponseReturnValue:
    """Return the sitemap: the latest published articles, up to the limit of the protocol."""
    urls = absolute_urls()
    summaries = [contents.article for contents in current_services().catalog.snapshot().articles]
    published = [
        (contents.published_at or contents.updated_at, contents.id) for contents in summaries
    ]
    root = ElementTree.Element("urlset", xmlns=SITEMAP)
    for published_at, id_ in sorted(published, reverse=True)[:MAX_SITEMAP_URLS]:
        url = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(url, "loc").text = urls.article(id_)
        ElementTree.SubElement(url, "lastmod").text = format_timestamp(published_at)
    return _xml(root, "application/xml")


def _filter_events(events: Sequence[ActivityItem], topic: str, tag: str) -> Iterable[ActivityItem]:
    """Yield events of articles with the topic and, in their latest version, the tag."""
    catalog = current_services().catalog.snapshot()
    has_tag = (
        {contents.article.id: _has_tag(contents, tag) for contents in catalog.articles}
        if tag
        else {}
    )
    for item in events:
        topics = {name.casefold() for name in item.article.metadata.topics}
        if topic and topic.casefold() not in topics:
            continue
        id_ = item.article.id
        if tag and id_ not in has_tag:
            has_tag[id_] = _had_tag(id_, tag)
        if not tag or has_tag[id_]:
            yield item


def _has_tag(contents: ArticleOutline, tag: str) -> bool:
    return any(tag in ref.tags for ref in contents.passages)


def _had_tag(article_id: str, tag: str) -> bool:
    """Return whether the latest version of an unpublished article has a passage with the tag."""
    site = current_services()
    passages = site.store.article(article_id).passages
    keys = [stored_tag.tag for passage in passages for stored_tag in passage.tags]
    return tag in site.taxonomy.with_ancestors(keys)


def _entry(feed: atom.Element, item: ActivityItem, urls: UrlBuilder) -> None:
    href = urls.article(item.article.id)
    entry = atom.add_element(feed, "entry")
    atom.add_text(entry, "title", f"{EVENTS[item.event]}: {item.article.title}")
    atom.add_text(entry, "id", uuid5(NAMESPACE_URL, f"{href}#{item.at.isoformat()}").urn)
    atom.add_text(entry, "updated", format_timestamp(item.at))
    atom.add_element(entry, "link", rel="alternate", type="text/html", href=href)
    sentences = [item.reason] if item.reason else []
    if item.replacement:
        sentences.append(f"Use instead: {item.replacement.title}")
    atom.add_text(entry, "summary", " ".join(sentences) or EVENTS[item.event])
    atom.add_element(entry, "category", scheme=urls.new(), term=item.event.value)
    for topic in item.article.metadata.topics:
        atom.add_element(entry, "category", scheme=urls.topics(), term=topic)


def _xml(root: ElementTree.Element, kind: str) -> Response:
    document = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(document, content_type=f"{kind}; charset=utf-8")
