"""View model of topic and tag pages: passages of all articles, grouped, as links.

Every state of a page has its own URL; a filter is a link that toggles it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from kb.model.records import ReviewState, get_review_state
from kb.model.taxonomy import Taxonomy
from kb.storage.article_listing import ArticleOutline, PassageRef
from kb.storage.catalog_cache import TopicArticles
from web.presentation.article_view import is_safety
from web.presentation.formatting import ReviewLabel, format_review
from web.presentation.urls import UrlBuilder
from web.view_models.search_results import FilterLink

MAX_SECTION_ARTICLES = 8  # passages per tag on a topic page; a link leads to the others
MAX_NAMED = 40  # articles listed on a topic page; a search link leads to all of them
MAX_LINES = 50  # passages per page of one tag of a topic
MAX_ARTICLES = 20  # articles per tag page, each with its passages
INTRODUCTION = "Introduction"  # label of passages above an article's first heading
UNTAGGED = "-"  # URL value for passages without a tag


@dataclass(frozen=True, slots=True)
class PassageLine:
    """Consecutive passages under one heading, as a link to the first."""

    heading: str
    place: str
    address: str
    safety: bool
    passages: int


@dataclass(frozen=True, slots=True)
class TopicArticle:
    """An article and the passages shown for it."""

    title: str
    address: str
    review: ReviewLabel
    lines: tuple[PassageLine, ...]


@dataclass(frozen=True, slots=True)
class TopicSection:
    """The passages with one tag; `all_address` links to all of them if some are omitted."""

    key: str
    label: str
    glyph: str
    count: int
    groups: tuple[TopicArticle, ...]
    all_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Page number, page count, and the URLs of the adjacent pages (empty at the ends)."""

    page: int
    pages: int
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class TopicPageState:
    """Filters and page number in the URL of a topic or tag page."""

    tag: str = ""
    topic: str = ""
    overdue: bool = False
    page: int = 1


class TopicPageBuilder:
    """Builds the contents of topic and tag pages for one request."""

    def __init__(self, taxonomy: Taxonomy, urls: UrlBuilder, today: date) -> None:
        self._taxonomy, self._urls, self._today = taxonomy, urls, today

    def is_overdue(self, contents: ArticleOutline) -> bool:
        """Return whether the review of an article is overdue."""
        return self._state(contents) is ReviewState.OVERDUE

    def filter_articles(
        self, articles: Iterable[ArticleOutline], state: TopicPageState
    ) -> tuple[ArticleOutline, ...]:
        """Return the articles that match the filters."""
        topic = state.topic.casefold()
        return tuple(
            article
            for article in articles
            if (not state.overdue or self.is_overdue(article))
            and (
                not topic or topic in (name.casefold() for name in article.article.metadata.topics)
            )
        )

    def tag_counts(self, articles: Iterable[ArticleOutline]) -> list[tuple[str, str, str, int]]:
        """Return (key, label, glyph, passage count) of each tag in use, in taxonomy order."""
        counts: Counter[str] = Counter()
        for article in articles:
            for ref in article.passages:
                counts.update(ref.tags or (UNTAGGED,))
        tags = [(tag.key, tag.label, tag.glyph, counts[tag.key]) for tag in self._taxonomy]
        tags.append((UNTAGGED, "No tag", "", counts[UNTAGGED]))
        return [entry for entry in tags if entry[3]]

    def sections(
        self, topic: TopicArticles, articles: Sequence[ArticleOutline], state: TopicPageState
    ) -> list[TopicSection]:
        """Return a section per tag of the topic, with its first passages."""
        return [
            TopicSection(
                key=key,
                label=label,
                glyph=glyph,
                count=count,
                groups=self.groups(articles, key, 0, MAX_SECTION_ARTICLES),
                all_address=self._urls.topic(topic.name, tag=key, overdue=state.overdue)
                if count > MAX_SECTION_ARTICLES
                else "",
            )
            for key, label, glyph, count in self.tag_counts(articles)
        ]

    def groups(
        self, articles: Iterable[ArticleOutline], tag: str, start: int, limit: int
    ) -> tuple[TopicArticle, ...]:
        """Return up to `limit` passages with the tag, starting at index `start`, by article."""
        groups: list[TopicArticle] = []
        for article in articles:
            refs = [ref for ref in article.passages if _has_tag(ref, tag)]
            selected = refs[start : start + limit]
            start = max(0, start - len(refs))
            limit -= len(selected)
            if selected:
                groups.append(self.group(article, selected))
            if not limit:
                break
        return tuple(groups)

    def group(self, contents: ArticleOutline, refs: Iterable[PassageRef]) -> TopicArticle:
        """Return an article with the given passages."""
        article = contents.article
        return TopicArticle(
            title=article.title,
            address=self._urls.article(article.id),
            review=format_review(article.metadata, self._state(contents)),
            lines=tuple(
                self._line(article.id, list(alike))
                for _, alike in groupby(refs, key=lambda ref: ref.heading_path)
            ),
        )

    def topic_tags(
        self, topic: TopicArticles, articles: Sequence[ArticleOutline], state: TopicPageState
    ) -> list[FilterLink]:
        """Return the tags of a topic as filter links."""
        return [
            FilterLink(
                label,
                self._urls.topic(
                    topic.name, tag="" if state.tag == key else key, overdue=state.overdue
                ),
                state.tag == key,
                count,
                glyph,
            )
            for key, label, glyph, count in self.tag_counts(articles)
        ]

    def tag_topics(
        self, articles: Iterable[ArticleOutline], state: TopicPageState
    ) -> list[FilterLink]:
        """Return the topics of the articles with a tag as filter links, most articles first."""
        counts: Counter[str] = Counter()
        for article in articles:
            counts.update(set(article.article.metadata.topics))
        chosen = state.topic.casefold()
        return [
            FilterLink(
                name,
                self._urls.tag(
                    state.tag,
                    topic="" if name.casefold() == chosen else name,
                    overdue=state.overdue,
                ),
                name.casefold() == chosen,
                count,
            )
            for name, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        ]

    def _line(self, article_id: str, refs: Sequence[PassageRef]) -> PassageLine:
        path = refs[0].heading_path
        return PassageLine(
            heading=path[-1] if path else INTRODUCTION,
            place=" › ".join(path[:-1]),
            address=self._urls.passage(article_id, refs[0].passage_id),
            safety=any(is_safety(ref.tags, self._taxonomy) for ref in refs),
            passages=len(refs),
        )

    def _state(self, contents: ArticleOutline) -> ReviewState:
        return get_review_state(contents.article.metadata.review_due, self._today)


def articles_with_tag(
    articles: Iterable[ArticleOutline], tag: str
) -> Iterator[tuple[ArticleOutline, list[PassageRef]]]:
    """Yield each article that has passages with the tag, and those passages."""
    for article in articles:
        refs = [ref for ref in article.passages if _has_tag(ref, tag)]
        if refs:
            yield article, refs


def _has_tag(ref: PassageRef, tag: str) -> bool:
    return tag in ref.tags if tag != UNTAGGED else not ref.tags


def build_paging(
    page: int, total: int, per_page: int, address: Callable[[int], str]
) -> Paging | None:
    """Return the paging of `total` lines, or None if `page` is past the end."""
    pages = max(1, -(-total // per_page))
    if page > pages:
        return None
    return Paging(
        page=page,
        pages=pages,
        previous=address(page - 1) if page > 1 else "",
        next=address(page + 1) if page < pages else "",
    )
