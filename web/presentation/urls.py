"""URL builder, shared by pages, API and command line. Independent of Flask."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

Pairs = Iterable[tuple[str, str]]

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch  # needs no quoting

DEFAULT_SITE_URL = "http://127.0.0.1:8000"  # default address of `kb serve`


@dataclass(frozen=True, slots=True)
class UrlBuilder:
    """Builds the URLs of a site.

    `root` is the path under which the site is mounted, or its absolute URL; empty for "/". `state`
    contains the filters, sort order and offset of a search; links to highlighted articles include
    it, so that an article can link back to the same results page.
    """

    root: str = ""
    state: tuple[tuple[str, str], ...] = ()

    def home(self) -> str:
        """Return the URL of the home page."""
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
        """Return the URL of a results page; defaults are omitted."""
        words = [("q", q)] if q else []
        state = search_parameters(
            tags=tags, topics=topics, sort=sort, offset=offset, literal=literal
        )
        return _with_query(f"{self.root}/search", [*words, *state])

    def content_request(self, q: str = "") -> str:
        """Return the URL of the content request form."""
        return _with_query(f"{self.root}/ask", [("q", q)] if q else [])

    def content_request_sent(self) -> str:
        """Return the URL of the confirmation of a content request."""
        return f"{self.root}/ask/thanks"

    def feedback(self) -> str:
        """Return the URL that feedback is posted to."""
        return f"{self.root}/helpful"

    def a_z(self, letter: str = "") -> str:
        """Return the URL of the A to Z index."""
        return _with_query(f"{self.root}/a-z", [("letter", letter)] if letter else [])

    def topics(self) -> str:
        """Return the URL of the list of topics and tags."""
        return f"{self.root}/topics"

    def topic(self, name: str, *, tag: str = "", overdue: bool = False, page: int = 1) -> str:
        """Return the URL of a topic page."""
        pairs = [("tag", tag)] if tag else []
        return _with_query(f"{self.topics()}/{quote(name, safe='')}", pairs + _page(overdue, page))

    def tag(self, key: str, *, topic: str = "", overdue: bool = False, page: int = 1) -> str:
        """Return the URL of a tag page."""
        pairs = [("topic", topic)] if topic else []
        return _with_query(f"{self.root}/tags/{quote(key, safe='')}", pairs + _page(overdue, page))

    def new(self, page: int = 1) -> str:
        """Return the URL of the page of recent changes."""
        return _with_query(f"{self.root}/new", _page(False, page))

    def article(self, article_id: str, *, q: str = "") -> str:
        """Return the URL of an article; `q` highlights words."""
        path = f"{self.root}/articles/{_quote(article_id)}"
        return _with_query(path, self._marking(q))

    def passage(
        self, article_id: str, passage_id: str, *, q: str = "", version: int | None = None
    ) -> str:
        """Return the URL of a passage in its article.

        `q` highlights words. With `version`, the page reports later changes of the passage.
        """
        pairs = self._marking(q)
        pairs += [("v", str(version))] if version else []
        path = f"{self.article(article_id)}/{_quote(passage_id)}"
        return f"{_with_query(path, pairs)}#p-{_quote(passage_id)}"

    def _marking(self, q: str) -> list[tuple[str, str]]:
        return [("q", q), *self.state] if q else []

    def origin(self) -> str:
        """Return the origin of an absolute root: scheme, host and port."""
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
        """Return the URL of the search page for frames; defaults are omitted."""
        pairs = [
            *([("q", q)] if q else []),
            *(("tag", tag) for tag in tags),
            *(("topic", topic) for topic in topics),
            *([("limit", str(limit))] if limit else []),
            *([("target", target)] if target else []),
        ]
        return _with_query(f"{self.root}/embed", pairs)

    def embed_docs(self) -> str:
        """Return the URL of the configurator for the embedded search."""
        return f"{self.root}/embed/docs"

    def feed(self, *, topic: str = "", tag: str = "") -> str:
        """Return the URL of the Atom feed of recent changes."""
        pairs = [(name, value) for name, value in (("topic", topic), ("tag", tag)) if value]
        return _with_query(f"{self.root}/feeds/new.atom", pairs)

    def review_feed(self) -> str:
        """Return the URL of the Atom feed of reviews due."""
        return f"{self.root}/feeds/review.atom"

    def opensearch(self) -> str:
        """Return the URL of the OpenSearch description."""
        return f"{self.root}/opensearch.xml"

    def opensearch_suggest(self) -> str:
        """Return the URL of OpenSearch suggestions."""
        return f"{self.root}/opensearch/suggest"

    def sign_in(self, next_path: str = "") -> str:
        """Return the URL of the login page; `next_path` is the path to redirect to after login."""
        return _with_query(f"{self.root}/sign-in", [("next", next_path)] if next_path else [])

    def oidc_login(self, next_path: str = "") -> str:
        """Return the URL that starts an OpenID Connect login."""
        return _with_query(
            f"{self.root}/sign-in/directory", [("next", next_path)] if next_path else []
        )

    def oidc_callback(self) -> str:
        """Return the redirect URI of the OpenID Connect login."""
        return f"{self.root}/sign-in/directory/back"

    def sign_out(self) -> str:
        """Return the URL that logout is posted to."""
        return f"{self.root}/sign-out"

    def account(self, action: str = "") -> str:
        """Return the URL of the account page or of an action on it."""
        return f"{self.root}/account" + (f"/{action}" if action else "")

    def desk(self, path: str = "") -> str:
        """Return the URL of the desk or of a page below it."""
        return f"{self.root}/desk" + (f"/{path}" if path else "")

    def desk_article(self, article_id: str, path: str = "") -> str:
        """Return the URL of an article at the desk or of an action on it."""
        return self.desk(f"articles/{_quote(article_id)}" + (f"/{path}" if path else ""))

    def job(self, number: int, action: str = "") -> str:
        """Return the URL of an import job or of an action on it."""
        return self.desk(f"imports/{number}" + (f"/{action}" if action else ""))

    def item(self, number: int, action: str = "") -> str:
        """Return the URL of an import item or of an action on it."""
        return self.desk(f"drafts/{number}" + (f"/{action}" if action else ""))

    def api(self) -> str:
        """Return the URL of the API documentation."""
        return f"{self.root}/api"

    def openapi(self) -> str:
        """Return the URL of the OpenAPI document."""
        return f"{self.api()}/v1/openapi.json"

    def problem(self, code: str) -> str:
        """Return the URL of the description of an error code."""
        return f"{self.api()}#problem-{code}"

    def static(self, digest: str, name: str) -> str:
        """Return the URL of a static file; `digest` changes with its content."""
        return f"{self.root}/static/{digest}/{name}"


def search_parameters(
    *,
    tags: Iterable[str],
    topics: Iterable[str],
    sort: str,
    offset: int,
    literal: bool,
) -> tuple[tuple[str, str], ...]:
    """Return the query parameters of a search, except the query."""
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
    query = "&".join(f"{_quote(name)}={_quote(value)}" for name, value in pairs)
    return f"{path}?{query}" if query else path


def _quote(text: str) -> str:
    return text if _PLAIN(text) else _quote_cached(text)


@lru_cache(maxsize=4_096)  # a page has about a hundred URLs of few distinct texts
def _quote_cached(text: str) -> str:
    return quote(text, safe="")
