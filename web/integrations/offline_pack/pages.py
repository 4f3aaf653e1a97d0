"""Pages of an offline pack and the values that they show.

Most values come from the modules that the site uses (`web.presentation`); links are relative paths
to files.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from jinja2 import Environment, PackageLoader

from kb.model.records import ArticleRecord, ArticleSummary, ReviewState, get_review_state
from kb.model.taxonomy import Taxonomy
from web.presentation import formatting
from web.presentation.article_view import build_article_view
from web.presentation.az_index import build_listing
from web.presentation.formatting import ReviewLabel, format_review

# Content-Security-Policy: files of the pack only. Browsers that treat every file as a separate
# origin need the scheme `file:`. Nothing inline, no network, no frames, no forms.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file:;"
    " base-uri 'none'"
)
MAX_FILE_NAME_LENGTH = 60  # characters of a topic in its file name


@dataclass(frozen=True, slots=True, kw_only=True)
class PackInfo:
    """Properties of the pack that every page shows."""

    title: str
    contact: str
    site: str  # URL of the site; empty if unknown
    made_at: datetime
    articles: int
    passages: int

    @property
    def day(self) -> str:
        """Date of creation."""
        return formatting.format_date(self.made_at.date())

    @property
    def moment(self) -> str:
        """Date and time of creation with its time zone."""
        return f"{self.day}, {self.made_at:%H:%M} {self.made_at.tzname() or ''}".strip()


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """Article in a list; `due` is the date of its next review, None if overdue."""

    id: str
    title: str
    review: ReviewLabel
    due: date | None


@dataclass(frozen=True, slots=True)
class PackTopicPage:
    """Topic with its articles, sorted by title."""

    name: str
    file: str
    articles: tuple[ListedArticle, ...]


@dataclass(frozen=True, slots=True)
class PackArticleGroup:
    """Article with (anchor, heading) of its passages that have a tag."""

    article: ListedArticle
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PackTagPage:
    """Tag with its passages, grouped by article."""

    key: str
    label: str
    glyph: str
    file: str
    count: int
    groups: tuple[PackArticleGroup, ...]


def topic_file(name: str) -> str:
    """Return the file name of a topic: a readable slug with a hash that makes it unique."""
    normalised = unicodedata.normalize("NFKD", name.casefold())
    slug = re.sub(r"[^a-z0-9]+", "-", normalised).strip("-")[:MAX_FILE_NAME_LENGTH].strip("-")
    return f"{slug or 'topic'}-{hashlib.sha256(name.casefold().encode()).hexdigest()[:6]}.html"


class PackPages:
    """Renders the pages of one pack."""

    def __init__(
        self, pack: PackInfo, taxonomy: Taxonomy, records: Sequence[ArticleRecord]
    ) -> None:
        self._pack, self._taxonomy = pack, taxonomy
        self._today = pack.made_at.date()
        self._records = sorted(records, key=lambda item: (item.article.title.casefold(), item.id))
        self._listed = {record.id: self._list(record) for record in records}
        self._topics = list(self._group_topics())
        self._tags = list(self._group_tags())
        env = Environment(
            loader=PackageLoader("web"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        env.filters.update(full_date=formatting.format_date, counted=formatting.count_phrase)
        env.globals.update(pack=pack, policy=POLICY, topic_file=topic_file)
        self._env = env

    def render_all(self) -> Iterator[tuple[str, bytes]]:
        """Yield the file name and content of every page."""
        groups = {"topics": self._topics, "tags": self._tags}
        letters = build_listing(map(_summary, self._records)).letters
        yield self._page("index.html", "index", at="index", **groups)
        yield self._page("a-z.html", "a-z", at="a-z", letters=letters)
        yield self._page("topics.html", "topics", at="topics", **groups)
        yield self._page("about.html", "about", at="about")
        for topic in self._topics:
            yield self._page(f"topics/{topic.file}", "topic", topic=topic)
        for tag in self._tags:
            yield self._page(f"tags/{tag.file}", "tag", tag=tag)
        for record in self._records:
            yield self._article(record)

    def list_entry(self, record: ArticleRecord) -> ListedArticle:
        """Return the list entry of an article."""
        return self._listed[record.id]

    def _article(self, record: ArticleRecord) -> tuple[str, bytes]:
        metadata = record.article.metadata
        listed = self._listed[record.id]
        site = self._pack.site
        return self._page(
            f"articles/{record.id}.html",
            "article",
            record=record,
            metadata=metadata,
            review=listed.review,
            outline=build_article_view(record, self._taxonomy, listed.review),
            topics=[topic for topic in self._topics if listed in topic.articles],
            address=f"{site}/articles/{record.id}" if site else "",
        )

    def _page(self, name: str, template: str, **values: object) -> tuple[str, bytes]:
        root = "../" * name.count("/")
        page = self._env.get_template(f"offline_pack/{template}.html").render(up=root, **values)
        return name, page.encode()

    def _list(self, record: ArticleRecord) -> ListedArticle:
        due = record.article.metadata.review_due
        state = get_review_state(due, self._today)
        return ListedArticle(
            record.id,
            record.article.title,
            format_review(record.article.metadata, state),
            None if state is ReviewState.OVERDUE else due,
        )

    def _group_topics(self) -> Iterator[PackTopicPage]:
        spellings: dict[str, list[str]] = defaultdict(list)
        by_topic: dict[str, dict[str, ListedArticle]] = defaultdict(dict)
        for record in self._records:
            for topic in record.article.metadata.topics:
                spellings[topic.casefold()].append(topic)
                by_topic[topic.casefold()][record.id] = self._listed[record.id]
        for key in sorted(by_topic):
            name = Counter(sorted(spellings[key])).most_common(1)[0][0]
            yield PackTopicPage(name, topic_file(name), tuple(by_topic[key].values()))

    def _group_tags(self) -> Iterator[PackTagPage]:
        groups: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        for record in self._records:
            for passage in record.passages:
                heading = passage.heading or record.article.title
                for key in self._taxonomy.with_ancestors(tag.tag for tag in passage.tags):
                    groups[key][record.id].append((passage.anchor, heading))
        for tag in self._taxonomy:
            article_groups = groups.get(tag.key)
            if article_groups:
                yield PackTagPage(
                    tag.key,
                    tag.label,
                    tag.glyph,
                    f"{tag.key}.html",
                    sum(map(len, article_groups.values())),
                    tuple(
                        PackArticleGroup(self._listed[id_], tuple(article_groups[id_]))
                        for id_ in article_groups
                    ),
                )


def _summary(record: ArticleRecord) -> ArticleSummary:
    return ArticleSummary(
        id=record.id,
        title=record.article.title,
        status=record.status,
        version=record.version,
        metadata=record.article.metadata,
        published_at=record.published_at,
        updated_at=record.created_at,
        passage_count=len(record.passages),
    )
