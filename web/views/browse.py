"""Browse pages: topics, tags, A to Z, and recent changes.

They use the store only, so they work while the search index is unavailable.
"""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kb.errors import NotFoundError
from web.context import current_services, urls
from web.params import IntRange, ParameterError, read_number
from web.view_models.topic_page import (
    MAX_ARTICLES,
    MAX_LINES,
    MAX_NAMED,
    UNTAGGED,
    Paging,
    TopicPageBuilder,
    TopicPageState,
    articles_with_tag,
    build_paging,
)

blueprint = Blueprint("browse", __name__)

PAGE = IntRange(default=1, minimum=1, maximum=10_000)
MAX_ACTIVITY = 50  # events per page
DUE = "overdue"  # the only value of the parameter `due`
FILTERS_SHOWN = 12  # further filters are collapsed


@blueprint.get("/a-z")
def a_z() -> ResponseReturnValue:
    """List all topics, titles and alternative names from A to Z."""
    listing = current_services().az_index.listing()
    letters = listing.letters
    if not listing.fits_one_page:
        chosen = listing.letter(request.args.get("letter", "")) or listing.letters[0]
        letters = (chosen,)
    return render_template("a-z.html", listing=listing, letters=letters)


@blueprint.get("/topics")
def topics() -> ResponseReturnValue:
    """List the topics and tags with their article and passage counts."""
    letter = request.args.get("letter", "")
    if letter:  # former URL of the A to Z list
        return redirect(urls().a_z(letter), code=301)
    catalog = current_services().catalog.snapshot()
    builder = _page_builder()
    return render_template(
        "topics.html",
        topics=tuple(catalog.topics.values()),
        tags=[entry for entry in builder.tag_counts(catalog.articles) if entry[0] != UNTAGGED],
    )


@blueprint.get("/topics/<path:name>")
def topic(name: str) -> ResponseReturnValue:
    """Show the passages of a topic by tag."""
    topic_articles = current_services().catalog.snapshot().topics.get(name.casefold())
    if topic_articles is None:
        raise NotFoundError("topic", name)
    state, builder, url_builder = _state(), _page_builder(), urls()
    taxonomy = current_services().taxonomy
    if state.tag != UNTAGGED:
        _check_tag(state.tag)
    articles = builder.filter_articles(topic_articles.articles, state)
    choices = builder.topic_tags(topic_articles, articles, state)
    total = next((choice.count or 0 for choice in choices if choice.selected), 0)

    def page_address(page: int) -> str:
        return url_builder.topic(
            topic_articles.name, tag=state.tag, overdue=state.overdue, page=page
        )

    pages = _require_page(build_paging(state.page, total, MAX_LINES, page_address))
    start = (state.page - 1) * MAX_LINES
    return render_template(
        "topic.html",
        topic=topic_articles,
        state=state,
        articles=articles,
        overdue=sum(builder.is_overdue(article) for article in topic_articles.articles),
        due_address=url_builder.topic(
            topic_articles.name, tag=state.tag, overdue=not state.overdue
        ),
        choices=choices,
        sections=() if state.tag else builder.sections(topic_articles, articles, state),
        groups=builder.groups(articles, state.tag, start, MAX_LINES) if state.tag else (),
        label="No tag" if state.tag == UNTAGGED else taxonomy.label(state.tag),
        total=total,
        paging=pages,
        named=[builder.group(article, ()) for article in articles[:MAX_NAMED]],
    )


@blueprint.get("/tags/<key>")
def tag(key: str) -> ResponseReturnValue:
    """Show the passages with a tag, from all articles."""
    site, url_builder = current_services(), urls()
    if key not in site.taxonomy:
        raise NotFoundError("tag", key)
    state, builder = _state(tag=key), _page_builder()
    tagged = [article for article, _ in articles_with_tag(site.catalog.snapshot().articles, key)]
    filtered = list(articles_with_tag(builder.filter_articles(tagged, state), key))

    def page_address(page: int) -> str:
        return url_builder.tag(key, topic=state.topic, overdue=state.overdue, page=page)

    pages = _require_page(build_paging(state.page, len(filtered), MAX_ARTICLES, page_address))
    start = (state.page - 1) * MAX_ARTICLES
    choices = builder.tag_topics(tagged, state)
    return render_template(
        "tag.html",
        definition=site.taxonomy[key],
        state=state,
        articles=len(filtered),
        passages=sum(len(refs) for _, refs in filtered),
        overdue=sum(builder.is_overdue(article) for article in tagged),
        due_address=url_builder.tag(key, topic=state.topic, overdue=not state.overdue),
        choices=choices[:FILTERS_SHOWN],
        more_choices=choices[FILTERS_SHOWN:],
        groups=[
            builder.group(article, refs) for article, refs in filtered[start : start + MAX_ARTICLES]
        ],
        paging=pages,
    )


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Show published, changed and retired articles, newest first."""
    page = read_number(request.args, "page", PAGE)
    items, total = current_services().store.list_activity(
        offset=(page - 1) * MAX_ACTIVITY, limit=MAX_ACTIVITY
    )
    return render_template(
        "new.html",
        days=[
            (day, list(events)) for day, events in groupby(items, key=lambda item: item.at.date())
        ],
        total=total,
        paging=_require_page(build_paging(page, total, MAX_ACTIVITY, urls().new)),
    )


def _page_builder() -> TopicPageBuilder:
    site = current_services()
    return TopicPageBuilder(site.taxonomy, urls(), site.today())


def _state(tag: str = "") -> TopicPageState:
    due = request.args.get("due", "")
    if due not in ("", DUE):
        raise ParameterError("due", f"must be {DUE!r} or omitted")
    return TopicPageState(
        tag=tag or request.args.get("tag", ""),
        topic=request.args.get("topic", ""),
        overdue=due == DUE,
        page=read_number(request.args, "page", PAGE),
    )


def _check_tag(key: str) -> None:
    taxonomy = current_services().taxonomy
    if key and key not in taxonomy:
        known = ", ".join(definition.key for definition in taxonomy)
        raise ParameterError("tag", f"must be one of: {known}")


def _require_page(paging: Paging | None) -> Paging:
    if paging is None:
        raise NotFoundError("page", request.args.get("page", ""))
    return paging
