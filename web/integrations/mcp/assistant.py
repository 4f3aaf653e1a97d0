"""Search and citations for AI assistants, independent of the protocol.

Assistants quote what they receive, so every passage comes with its source: article title, version,
review date, whether the review is overdue, and a link. A search without results returns a message
that tells the assistant not to use other sources instead. Drafts and retired articles are excluded.
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
from web.presentation.formatting import count_phrase, format_missing, format_review
from web.presentation.urls import UrlBuilder
from web.schemas.types import Day, Path, ReviewName, means

NOTHING = (
    "This knowledge base has nothing on “{q}”. "
    "Say so, and do not present information from other sources as if it came from here."
)
CORRECTED = "No passage contains “{q}”, so “{corrected}” was searched. Ask whether that is meant."
RELAXED = "No passage contains all of these words. These contain some of them."
OVERDUE = "The review of this text is overdue. Say so when you quote it."


class Citation(TypedDict):
    """Passage with everything that a quotation must include."""

    passage_id: Annotated[str, means("Pass this to the tool `passage` to get the full text.")]
    title: Annotated[str, means("Title of the article.")]
    heading_path: Annotated[list[str], means("Headings above the passage, outermost first.")]
    tags: list[str]
    version: int
    reviewed: Day | None
    review_due: Day | None
    review_state: ReviewName
    overdue: Annotated[bool, means("Whether its review is overdue.")]
    warning: Annotated[str, means("Warning to include in a quotation; usually empty.")]
    source: Annotated[str, means("Publisher of the text.")]
    link: Annotated[Path, means("Link to the passage.")]
    citation: Annotated[str, means("Citation with link, to put below a quotation.")]


class Excerpt(Citation):
    """Search result: a passage with the matching part of its text."""

    excerpt: Annotated[str, means("Matching part of the text. Quote from the full text instead.")]


class QuotedPassage(Citation):
    """Full passage."""

    text: Annotated[str, means("Full text of the passage.")]


class Synonym(TypedDict):
    """Synonym that was also searched."""

    word: Annotated[str, means("Words of the query.")]
    synonym: str


class SearchedQuery(TypedDict):
    """What was really searched."""

    query: Annotated[str, means("The query, or the corrected one that was searched instead.")]
    is_corrected: Annotated[bool, means("Whether the spelling of the query was corrected.")]
    relaxed: Annotated[
        str | None, means("any: passages with some of the words; fuzzy: with similar words.")
    ]
    synonyms: Annotated[list[Synonym], means("Synonyms that were also searched.")]
    subject: Annotated[str, means("Words that name the subject; empty if it is not known.")]
    intents: Annotated[list[str], means("What is asked about the subject, such as “overdose”.")]


class AssistantResults(TypedDict):
    """Results of a search."""

    summary: Annotated[str, means("Summary of the results in one sentence.")]
    searched: SearchedQuery
    articles: Annotated[int, means("Number of articles with matching passages.")]
    passages: Annotated[list[Excerpt], means("Best passage of each article, best first.")]
    notes: Annotated[list[str], means("Changes made to the query.")]
    did_you_mean: Annotated[list[str], means("Similar queries with results.")]


@dataclass(frozen=True, slots=True)
class Assistant:
    """Tools of an assistant on one knowledge base; `site` is the base URL of links."""

    base: KnowledgeBase
    site: str
    today: Callable[[], date] = date.today

    def search(self, query: str, tags: Sequence[str], limit: int) -> AssistantResults:
        """Return the best passages; raises `QueryError` or `SearchIndexError`."""
        # Index recent changes first, in case no server is running.
        busy = self.base.indexer.sync().busy
        request = SearchRequest(q=query.strip(), tags=tuple(dict.fromkeys(tags)), limit=limit)
        response = self.base.search.search(request)
        notes = [*response.query.notes, *_query_changes(response)]
        if busy:
            notes.append("Another process is indexing. The newest articles may be missing.")
        return {
            "summary": _summary(response),
            "searched": _searched(response),
            "articles": response.total,
            "passages": [self._excerpt(hit) for hit in response.hits],
            "notes": notes,
            "did_you_mean": list(response.query.did_you_mean),
        }

    def passage(self, passage_id: str) -> QuotedPassage:
        """Return a published passage; raises `NotFoundError`."""
        published = self.base.store.published_passages([passage_id])
        if passage_id not in published:
            raise NotFoundError("passage", passage_id)
        article, passage = published[passage_id]
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


def _summary(response: SearchResponse) -> str:
    if not response.total:
        return NOTHING.format(q=response.query.q)
    query = response.query
    number = count_phrase(response.total, "article matches", "articles match")
    summary = f"{number} “{query.corrected or query.q}”."
    missing = format_missing(query)
    if missing:
        summary = f"{missing} {summary}"
    if query.corrected:
        return f"{summary} {CORRECTED.format(q=query.q, corrected=query.corrected)}"
    return f"{summary} {RELAXED}" if query.relaxed else summary


def _searched(response: SearchResponse) -> SearchedQuery:
    query = response.query
    return {
        "query": query.corrected or query.q,
        "is_corrected": query.corrected is not None,
        "relaxed": query.relaxed,
        "synonyms": [{"word": word, "synonym": synonym} for word, synonym in query.synonyms],
        "subject": query.subject,
        "intents": [label for _, label in query.intents],
    }


def _query_changes(response: SearchResponse) -> list[str]:
    """Describe the corrections and synonyms that were applied to the query."""
    query = response.query
    changes = [f"Searched for “{query.corrected}” instead."] if query.corrected else []
    return changes + [
        f"Also searched for “{synonym}” (synonym of “{word}”)." for word, synonym in query.synonyms
    ]
