"""Every address of the site, built in one place, so that pages, JSON and command line agree.

Nothing here knows Flask: ``kb search --json`` prints the same addresses as the API. `root` is the
path under which the site is mounted, empty when it has a host of its own. The routes themselves
stand in `web.views.search`, `web.views.browse`, `web.views.content_requests` and `web.api.search`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

Pairs = Iterable[tuple[str, str]]

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch  # what is never quoted, as ids are

LOCAL = "http://127.0.0.1:8000"  # where `kb serve` is when nothing else is said


@dataclass(frozen=True, slots=True)
class UrlBuilder:
    """The addresses of one site.

    `state` is what beside its words a search was asked with; links that mark words carry it, so
    that an article leads back to the very page of results that it was reached from.
    """

    root: str = ""
    state: tuple[tuple[str, str], ...] = ()

    def home(self) -> str:
        """The first page: the search box."""
        return f"{self.root}/"

    def search(
        self,
        q: str = "",
        *,
        tags: Iterable[str] = (),
        topics: Iterable[str] = (),
        sort: str = "",
        offset: int = 0,
        literal: bool = False,
    ) -> str:
        """One state of the page of results; what is at its default is left out."""
        words = [("q", q)] if q else []
        state = state_of(tags=tags, topics=topics, sort=sort, offset=offset, literal=literal)
        return _with_query(f"{self.root}/search", [*words, *state])

    def ask(self, q: str = "") -> str:
        """The form that tells the content team what was looked for and not found."""
        return _with_query(f"{self.root}/ask", [("q", q)] if q else [])

    def asked(self) -> str:
        """Where the form leads when it was taken."""
        return f"{self.root}/ask/thanks"

    def helpful(self) -> str:
        """Where it is told whether something helped."""
        return f"{self.root}/helpful"

    def a_z(self, letter: str = "") -> str:
        """The list of all topics, titles and other names."""
        return _with_query(f"{self.root}/a-z", [("letter", letter)] if letter else [])

    def topics(self) -> str:
        """The list of topics and tags."""
        return f"{self.root}/topics"

    def topic(self, name: str, *, tag: str = "", overdue: bool = False, page: int = 1) -> str:
        """The passages of a topic, gathered by tag."""
        pairs = [("tag", tag)] if tag else []
        return _with_query(f"{self.topics()}/{quote(name, safe='')}", pairs + _page(overdue, page))

    def tag(self, key: str, *, topic: str = "", overdue: bool = False, page: int = 1) -> str:
        """The passages with a tag, from all articles."""
        pairs = [("topic", topic)] if topic else []
        return _with_query(f"{self.root}/tags/{quote(key, safe='')}", pairs + _page(overdue, page))

    def new(self, page: int = 1) -> str:
        """What was published, changed and retired."""
        return _with_query(f"{self.root}/new", _page(False, page))

    def article(self, article_id: str, *, q: str = "") -> str:
        """An article from its top; `q` marks words."""
        path = f"{self.root}/articles/{_quoted(article_id)}"
        return _with_query(path, self._marking(q))

    def passage(
        self, article_id: str, passage_id: str, *, q: str = "", version: int | None = None
    ) -> str:
        """A passage inside its article; `q` marks words, `version` tells of later changes."""
        pairs = self._marking(q)
        pairs += [("v", str(version))] if version else []
        place = f"{self.article(article_id)}/{_quoted(passage_id)}"
        return f"{_with_query(place, pairs)}#p-{_quoted(passage_id)}"

    def _marking(self, q: str) -> list[tuple[str, str]]:
        return [("q", q), *self.state] if q else []

    def origin(self) -> str:
        """The origin of an absolute root: scheme, host and port."""
        parts = urlsplit(self.root)
        return f"{parts.scheme}://{parts.netloc}"

    def frame(
        self,
        q: str = "",
        *,
        tags: Iterable[str] = (),
        topics: Iterable[str] = (),
        limit: int = 0,
        target: str = "",
    ) -> str:
        """The search as a page for frames; what is at its default is left out."""
        pairs = [
            *([("q", q)] if q else []),
            *(("tag", tag) for tag in tags),
            *(("topic", topic) for topic in topics),
            *([("limit", str(limit))] if limit else []),
            *([("target", target)] if target else []),
        ]
        return _with_query(f"{self.root}/embed", pairs)

    def embedding(self) -> str:
        """The page that tells webmasters how the search comes into theirs."""
        return f"{self.root}/embed/docs"

    def feed(self, *, topic: str = "", tag: str = "") -> str:
        """What is new, as Atom."""
        pairs = [(name, value) for name, value in (("topic", topic), ("tag", tag)) if value]
        return _with_query(f"{self.root}/feeds/new.atom", pairs)

    def review_feed(self) -> str:
        """The published articles whose review is due or overdue, as Atom."""
        return f"{self.root}/feeds/review.atom"

    def opensearch(self) -> str:
        """The description of the search for browsers."""
        return f"{self.root}/opensearch.xml"

    def opensearch_suggest(self) -> str:
        """What a browser's own search box asks while one types."""
        return f"{self.root}/opensearch/suggest"

    def sitemap(self) -> str:
        """The list of the articles for search engines."""
        return f"{self.root}/sitemap.xml"

    def sign_in(self, then: str = "") -> str:
        """Where people of the content team sign in; `then` is the path they wanted."""
        return _with_query(f"{self.root}/sign-in", [("next", then)] if then else [])

    def directory(self, then: str = "") -> str:
        """Where signing in through the hospital's directory begins."""
        return _with_query(f"{self.root}/sign-in/directory", [("next", then)] if then else [])

    def directory_back(self) -> str:
        """Where the directory sends people back."""
        return f"{self.root}/sign-in/directory/back"

    def sign_out(self) -> str:
        """Where a session is ended."""
        return f"{self.root}/sign-out"

    def account(self, deed: str = "") -> str:
        """One's own account, and what is changed there."""
        return f"{self.root}/account" + (f"/{deed}" if deed else "")

    def desk(self, place: str = "") -> str:
        """The content team's desk, and the places in it."""
        return f"{self.root}/desk" + (f"/{place}" if place else "")

    def desk_article(self, article_id: str, place: str = "") -> str:
        """An article at the desk, and what is done with it there."""
        return self.desk(f"articles/{_quoted(article_id)}" + (f"/{place}" if place else ""))

    def job(self, number: int, deed: str = "") -> str:
        """What came in together at the desk, and what is done with it."""
        return self.desk(f"jobs/{number}" + (f"/{deed}" if deed else ""))

    def item(self, number: int, deed: str = "") -> str:
        """An article that is not saved yet, and what is done with it."""
        return self.desk(f"items/{number}" + (f"/{deed}" if deed else ""))

    def api(self) -> str:
        """The page that describes the JSON API."""
        return f"{self.root}/api"

    def openapi(self) -> str:
        """The same description for programs."""
        return f"{self.api()}/v1/openapi.json"

    def problem(self, code: str) -> str:
        """Where a kind of error is described."""
        return f"{self.api()}#problem-{code}"

    def static(self, digest: str, name: str) -> str:
        """A file of the page itself; `digest` changes with its content."""
        return f"{self.root}/static/{digest}/{name}"


def state_of(
    *,
    tags: Iterable[str],
    topics: Iterable[str],
    sort: str,
    offset: int,
    literal: bool,
) -> tuple[tuple[str, str], ...]:
    """Return what beside its words makes a state of the page of results."""
    return (
        *(("tag", tag) for tag in tags),
        *(("topic", topic) for topic in topics),
        *([("sort", sort)] if sort else []),
        *([("literal", "1")] if literal else []),
        *([("offset", str(offset))] if offset else []),
    )


def _page(overdue: bool, page: int) -> list[tuple[str, str]]:
    pairs = [("due", "overdue")] if overdue else []
    return pairs + ([("page", str(page))] if page > 1 else [])


def _with_query(path: str, pairs: Pairs) -> str:
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    return f"{path}?{query}" if query else path


def _quoted(text: str) -> str:
    return text if _PLAIN(text) else _quoted_letters(text)


@lru_cache(maxsize=4_096)  # a page has a hundred addresses, made of the same few texts
def _quoted_letters(text: str) -> str:
    return quote(text, safe="")
