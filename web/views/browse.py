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
    shown = listing.letters
    if not listing.fits_one_page:
        chosen = listing.letter(request.args.get("letter", "")) or listing.letters[0]
        shown = (chosen,)
    return render_template("a-z.html", listing=listing, shown=shown)


@blueprint.get("/topics")
def topics() -> ResponseReturnValue:
    """List the topics and tags with their article and passage counts."""
    letter = request.args.get("letter", "")
    if letter:  # former URL of the A to Z list
        return redirect(urls().a_z(letter), code=301)
    shelves = current_services().catalog.snapshot()
    found = _page_builder()
    return render_template(
        "topics.html",
        topics=tuple(shelves.topics.values()),
        tags=[entry for entry in found.tag_counts(shelves.articles) if entry[0] != UNTAGGED],
    )


@blueprint.get("/topics/<path:name>")
def topic(name: str) -> ResponseReturnValue:
    """Show the passages of a topic by tag."""
    shown = current_services().catalog.snapshot().topics.get(name.casefold())
    if shown is None:
        raise NotFoundError("topic", name)
    state, found, here = _state(), _page_builder(), urls()
    taxonomy = current_services().taxonomy
    if state.tag != UNTAGGED:
        _check_tag(state.tag)
    articles = found.kept(shown.articles, state)
    choices = found.topic_tags(shown, articles, state)
    total = next((choice.count or 0 for choice in choices if choice.selected), 0)

    def page_address(page: int) -> str:
        return here.topic(shown.name, tag=state.tag, overdue=state.overdue, page=page)

    pages = _require_page(build_paging(state.page, total, MAX_LINES, page_address))
    start = (state.page - 1) * MAX_LINES
    return render_template(
        "topic.html",
        topic=shown,
        state=state,
        articles=articles,
        overdue=sum(found.overdue(one) for one in shown.articles),
        due_address=here.topic(shown.name, tag=state.tag, overdue=not state.overdue),
        choices=choices,
        sections=() if state.tag else found.sections(shown, articles, state),
        groups=found.groups(articles, state.tag, start, MAX_LINES) if state.tag else (),
        label="No tag" if state.tag == UNTAGGED else taxonomy.label(state.tag),
        total=total,
        paging=pages,
        named=[found.group(one, ()) for one in articles[:MAX_NAMED]],
    )


@blueprint.get("/tags/<key>")
def tag(key: str) -> ResponseReturnValue:
    """Show the passages with a tag, from all articles."""
    site, here = current_services(), urls()
    if key not in site.taxonomy:
        raise NotFoundError("tag", key)
    state, found = _state(tag=key), _page_builder()
    every = [one for one, _ in articles_with_tag(site.catalog.snapshot().articles, key)]
    kept = list(articles_with_tag(found.kept(every, state), key))

    def page_address(page: int) -> str:
        return here.tag(key, topic=state.topic, overdue=state.overdue, page=page)

    pages = _require_page(build_paging(state.page, len(kept), MAX_ARTICLES, page_address))
    start = (state.page - 1) * MAX_ARTICLES
    choices = found.tag_topics(every, state)
    return render_template(
        "tag.html",
        definition=site.taxonomy[key],
        state=state,
        articles=len(kept),
        passages=sum(len(places) for _, places in kept),
        overdue=sum(found.overdue(one) for one in every),
        due_address=here.tag(key, topic=state.topic, overdue=not state.overdue),
        choices=choices[:FILTERS_SHOWN],
        more_choices=choices[FILTERS_SHOWN:],
        groups=[found.group(one, places) for one, places in kept[start : start + MAX_ARTICLES]],
        paging=pages,
    )


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Show published, changed and retired articles, newest first."""
    page = read_number(request.args, "page", PAGE)
    found, total = current_services().store.list_activity(
        offset=(page - 1) * MAX_ACTIVITY, limit=MAX_ACTIVITY
    )
    return render_template(
        "new.html",
        days=[(day, list(news)) for day, news in groupby(found, key=lambda item: item.at.date())],
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


def _require_page(found: Paging | None) -> Paging:
    if found is None:
        raise NotFoundError("page", request.args.get("page", ""))
    return found
