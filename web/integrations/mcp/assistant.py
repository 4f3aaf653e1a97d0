"""What an assistant may ask of a knowledge base, and what it is answered: passages with citations.

An assistant quotes what it is given, so nothing is given without its source: each passage carries
the article's title and version, when it was reviewed and whether that is overdue, and a link to the
very place. Nothing found is said in a sentence, lest the assistant fill the gap itself. Drafts and
retired articles do not exist here. The protocol is left to `web.integrations.mcp.server`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from typing_extensions import TypedDict

from index.search.results import SearchHit, SearchRequest, SearchResponse
from kb.errors import NotFoundError
from kb.model.passage import Passage
from kb.model.records import ArticleSummary, ReviewState, get_review_state
from web.bootstrap import KnowledgeBase
from web.presentation.article_view import cite
from web.presentation.formatting import count_phrase, format_review
from web.presentation.urls import UrlBuilder
from web.schemas.types import Day, Path, ReviewName, means

NOTHING = (
    "Nothing on “{q}” in this knowledge base. "
    "Say so; do not answer from elsewhere as if it stood here."
)
RELAXED = "No passage has all of the words; these have some of them."
OVERDUE = "The review of this text is overdue; say so when you quote it."


class Citation(TypedDict):
    """A passage with all that a quotation of it must tell."""

    passage_id: Annotated[str, means("Ask `passage` for the whole text with this.")]
    title: Annotated[str, means("The article.")]
    heading_path: Annotated[list[str], means("The headings above the passage, outermost first.")]
    tags: list[str]
    version: int
    reviewed: Day | None
    review_due: Day | None
    review_state: ReviewName
    overdue: Annotated[bool, means("Whether its review is overdue.")]
    warning: Annotated[str, means("What must be said with a quotation; usually empty.")]
    source: Annotated[str, means("Who published the text.")]
    link: Annotated[Path, means("Leads to the passage.")]
    citation: Annotated[str, means("One line to put under a quotation, link included.")]


class Excerpt(Citation):
    """A passage that was found, with the part of its text that matched."""

    excerpt: Annotated[str, means("The part that matched; quote from the whole text instead.")]


class QuotedPassage(Citation):
    """A passage, whole."""

    text: Annotated[str, means("The text, word for word.")]


class AssistantResults(TypedDict):
    """What a search found."""

    summary: Annotated[str, means("What was found, in a sentence; says so when it is nothing.")]
    articles: Annotated[int, means("How many articles have something on it.")]
    passages: Annotated[list[Excerpt], means("The best passage of each article, best first.")]
    notes: Annotated[list[str], means("What was done to the query.")]
    did_you_mean: Annotated[list[str], means("Other queries that find something.")]


@dataclass(frozen=True, slots=True)
class Assistant:
    """Answers an assistant from one knowledge base; `site` is the address that links begin with."""

    base: KnowledgeBase
    site: str
    today: Callable[[], date] = date.today

    def search(self, query: str, tags: Sequence[str], limit: int) -> AssistantResults:
        """Find passages; raises `QueryError` or `SearchIndexError`."""
        # As `kb search` does: what was just published is found, even when no site is running.
        busy = self.base.indexer.sync().busy
        request = SearchRequest(q=query.strip(), tags=tuple(dict.fromkeys(tags)), limit=limit)
        answer = self.base.search.search(request)
        notes = [*answer.query.notes, *_done(answer)]
        if busy:
            notes.append("Another process is indexing: the newest articles may not be found yet.")
        return {
            "summary": _summary(answer),
            "articles": answer.total,
            "passages": [self._excerpt(hit) for hit in answer.hits],
            "notes": notes,
            "did_you_mean": list(answer.query.did_you_mean),
        }

    def passage(self, passage_id: str) -> QuotedPassage:
        """Return a published passage, whole; raises `NotFoundError`."""
        found = self.base.store.published_passages([passage_id])
        if passage_id not in found:
            raise NotFoundError("passage", passage_id)
        article, passage = found[passage_id]
        state = get_review_state(article.metadata.review_due, self.today())
        return {**self._citation(article, passage, state), "text": passage.text}

    def _excerpt(self, hit: SearchHit) -> Excerpt:
        excerpt = "".join(text for text, _ in hit.snippet)
        return {**self._citation(hit.article, hit.passage, hit.review_state), "excerpt": excerpt}

    def _citation(self, article: ArticleSummary, passage: Passage, state: ReviewState) -> Citation:
        metadata = article.metadata
        link = UrlBuilder(self.site).passage(article.id, passage.id)
        words = format_review(metadata, state)
        quoted = cite(article.title, article.version, metadata, passage, words)
        return {
            "passage_id": passage.id,
            "title": article.title,
            "heading_path": list(passage.heading_path),
            "tags": [tag.tag for tag in passage.tags],
            "version": article.version,
            "reviewed": metadata.reviewed.isoformat() if metadata.reviewed else None,
            "review_due": metadata.review_due.isoformat() if metadata.review_due else None,
            "review_state": state.value,
            "overdue": state is ReviewState.OVERDUE,
            "warning": OVERDUE if state is ReviewState.OVERDUE else "",
            "source": metadata.source,
            "link": link,
            "citation": f"{quoted} {link}",
        }


def _summary(answer: SearchResponse) -> str:
    if not answer.total:
        return NOTHING.format(q=answer.query.q)
    number = count_phrase(answer.total, "article has", "articles have")
    found = f"{number} something on “{answer.query.q}”."
    return f"{found} {RELAXED}" if answer.query.relaxed else found


def _done(answer: SearchResponse) -> list[str]:
    """Say what was searched beside the words that were asked."""
    query = answer.query
    done = [f"“{query.corrected}” was searched instead."] if query.corrected else []
    return done + [f"“{other}” was searched, too, for “{word}”." for word, other in query.synonyms]
