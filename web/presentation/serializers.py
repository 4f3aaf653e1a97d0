"""Serializers from domain values to the JSON types of `web.schemas`, for API and command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from index.autocomplete.entries import NameKind, SuggestedName
from index.search.results import FacetValue, SearchHit, SearchResponse, SubjectCard
from kb.model.article import Block, BlockKind, Cell, Marks, Metadata, Section
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, ArticleSummary, get_review_state
from kb.storage.audit_log import AuditEntry
from web.presentation.formatting import format_missing, format_timestamp
from web.presentation.urls import UrlBuilder
from web.schemas.articles import (
    ArticlePassage,
    ArticleResponse,
    ArticleSummaryResponse,
    BlockResponse,
    ListItemResponse,
    MarkResponse,
    MetadataResponse,
    PassageResponse,
    SectionResponse,
)
from web.schemas.editorial import AuditEntryResponse
from web.schemas.search import (
    CardResponse,
    FacetValueResponse,
    FurtherPassageResponse,
    HitArticle,
    HitResponse,
    SearchResultResponse,
    SuggestionResponse,
)

DEFAULT_URLS = UrlBuilder()


def serialize_search(
    response: SearchResponse, urls: UrlBuilder = DEFAULT_URLS
) -> SearchResultResponse:
    """Return a search response."""
    query = response.query
    return {
        "query": {
            "q": query.q,
            "parsed": query.parsed,
            "corrected": query.corrected,
            "relaxed": query.relaxed,
            "did_you_mean": list(query.did_you_mean),
            "synonyms": [{"from": word, "to": synonym} for word, synonym in query.synonyms],
            "notes": list(query.notes),
            "subject": query.subject,
            "intents": [{"key": key, "label": label} for key, label in query.intents],
            "missing": list(query.missing),
            "absent": query.is_absent,
            "message": format_missing(query),
        },
        "total": response.total,
        "total_passages": response.total_passages,
        "limit": response.limit,
        "offset": response.offset,
        "took_ms": round(response.took_ms, 2),
        "partial": response.partial,
        "index": {
            "engine": response.engine,
            "generation": response.generation,
            "as_of": format_timestamp(response.as_of),
        },
        "hits": [_hit(hit, query.q, urls) for hit in response.hits],
        "card": _card(response.card, query.q, urls) if response.card else None,
        "also": [_hit(hit, query.q, urls) for hit in response.partial_hits],
        "safety": [
            _further_passage(hit.article.id, passage, query.q, urls)
            for hit in response.hits[:1]
            for passage in response.safety
        ],
        "facets": {"tag": _facet(response.tag_facet), "topic": _facet(response.topic_facet)},
    }


def serialize_article(
    record: ArticleRecord, today: date, urls: UrlBuilder = DEFAULT_URLS
) -> ArticleResponse:
    """Return one version of an article with its text."""
    article = record.article
    return {
        "id": record.id,
        "title": article.title,
        "status": record.status.value,
        "version": record.version,
        "url": urls.article(record.id),
        "created_at": format_timestamp(record.created_at),
        "published_at": format_timestamp(record.published_at),
        "published_version": record.published_version,
        "retired_reason": record.retired_reason,
        "replaced_by": record.replaced_by,
        **_metadata(article.metadata, today),
        "coverage": record.coverage,
        "warnings": list(record.warnings),
        "differences": list(record.differences),
        "sections": [_section(section) for section in article.sections],
        "passages": [_passage(passage) for passage in record.passages],
    }


def serialize_summary(
    summary: ArticleSummary, today: date, urls: UrlBuilder = DEFAULT_URLS
) -> ArticleSummaryResponse:
    """Return an article without its text."""
    return {
        "id": summary.id,
        "title": summary.title,
        "status": summary.status.value,
        "version": summary.version,
        "url": urls.article(summary.id),
        "published_at": format_timestamp(summary.published_at),
        "updated_at": format_timestamp(summary.updated_at),
        "passages": summary.passage_count,
        **_metadata(summary.metadata, today),
    }


def serialize_suggestion(
    name: SuggestedName, urls: UrlBuilder = DEFAULT_URLS
) -> SuggestionResponse:
    """Return an autocomplete suggestion with its URL."""
    return {
        "text": name.text,
        "kind": name.kind.value,
        "see": name.see,
        "url": _destination(name, urls),
        "articles": len(name.articles),
        "passages": name.passages,
        "source": name.source,
    }


def _destination(name: SuggestedName, urls: UrlBuilder) -> str:
    """Return the URL of a suggestion: its only passage or article, else a list of them."""
    if name.kind is NameKind.TOPIC:
        return urls.topic(name.text)
    if name.kind is not NameKind.HEADING:
        return urls.article(name.articles[0])
    if name.passage_id:
        return urls.passage(name.articles[0], name.passage_id)
    words = name.text.replace('"', " ")
    return urls.search(f'heading:"{words}"')


def serialize_passage(
    summary: ArticleSummary, passage: Passage, today: date, urls: UrlBuilder = DEFAULT_URLS
) -> PassageResponse:
    """Return one passage with its article."""
    return {
        **_passage(passage),
        "page": passage.page,
        "url": urls.passage(summary.id, passage.id),
        "blocks": [_block(block) for block in passage.blocks],
        "article": serialize_summary(summary, today, urls),
    }


def serialize_audit_entry(entry: AuditEntry) -> AuditEntryResponse:
    """Return one entry of the audit log."""
    event = entry.event
    return {
        "number": entry.number,
        "at": format_timestamp(entry.at),
        "name": event.actor.name,
        "origin": event.actor.origin,
        "action": event.action,
        "about": event.about,
        "detail": event.detail,
    }


def _card(card: SubjectCard, q: str, urls: UrlBuilder) -> CardResponse:
    article_id = card.hit.article.id
    return {
        "article": _hit_article(card.hit, urls),
        "opening": [[text, matched] for text, matched in card.hit.snippet],
        "links": [
            {
                "intent": link.intent,
                "label": link.label,
                "id": link.passage.id,
                "url": urls.passage(article_id, link.passage.id),
                "heading_path": list(link.passage.heading_path),
            }
            for link in card.links
        ],
    }


def _hit_article(hit: SearchHit, urls: UrlBuilder) -> HitArticle:
    summary = hit.article
    return {
        "id": summary.id,
        "title": summary.title,
        "url": urls.article(summary.id),
        "version": summary.version,
        "published_at": format_timestamp(summary.published_at),
        "reviewed": _day(summary.metadata.reviewed),
        "review_due": _day(summary.metadata.review_due),
        "review_state": hit.review_state.value,
        "source": summary.metadata.source,
    }


def _hit(hit: SearchHit, q: str, urls: UrlBuilder) -> HitResponse:
    summary, passage = hit.article, hit.passage
    return {
        "id": passage.id,
        "url": urls.passage(summary.id, passage.id, q=q),
        "score": round(hit.score, 4),
        "article": _hit_article(hit, urls),
        "passage": {
            "anchor": passage.anchor,
            "heading_path": list(passage.heading_path),
            "kind": passage.kind.value,
            "page": passage.page,
            "tags": [tag.tag for tag in passage.tags],
        },
        "snippet": [[text, matched] for text, matched in hit.snippet],
        "matched": {
            "exact": list(hit.matched.exact),
            "synonym": list(hit.matched.synonym),
            "fuzzy": list(hit.matched.fuzzy),
        },
        "why": {
            "fields": {name: list(words) for name, words in hit.why.fields},
            "missing": list(hit.why.missing),
            "overdue": hit.why.overdue,
            "reranked": hit.why.reranked,
        },
        "pinned": hit.pinned,
        "more_in_article": hit.more_in_article,
        "more": [_further_passage(summary.id, further, q, urls) for further in hit.more],
    }


def _further_passage(
    article_id: str, passage: Passage, q: str, urls: UrlBuilder
) -> FurtherPassageResponse:
    """Return another passage of a hit's article."""
    return {
        "id": passage.id,
        "url": urls.passage(article_id, passage.id, q=q),
        "heading_path": list(passage.heading_path),
        "anchor": passage.anchor,
    }


def _facet(values: Sequence[FacetValue]) -> list[FacetValueResponse]:
    return [
        {
            "value": value.value,
            "label": value.label,
            "count": value.count,
            "selected": value.selected,
        }
        for value in values
    ]


def _metadata(metadata: Metadata, today: date) -> MetadataResponse:
    return {
        "source": metadata.source,
        "source_url": metadata.url,
        "licence": metadata.licence,
        "language": metadata.language,
        "owner": metadata.owner,
        "published": _day(metadata.published),
        "reviewed": _day(metadata.reviewed),
        "review_due": _day(metadata.review_due),
        "review_state": get_review_state(metadata.review_due, today).value,
        "topics": list(metadata.topics),
        "also_called": list(metadata.also_called),
        "codes": list(metadata.codes),
        "audience": metadata.audience,
    }


def _passage(passage: Passage) -> ArticlePassage:
    return {
        "id": passage.id,
        "anchor": passage.anchor,
        "heading_path": list(passage.heading_path),
        "kind": passage.kind.value,
        "text": passage.text,
        "tags": [
            {"tag": tag.tag, "confidence": tag.confidence, "reason": tag.reason}
            for tag in passage.tags
        ],
        "ocr": passage.ocr,
    }


def _section(section: Section) -> SectionResponse:
    return {
        "heading": section.heading,
        "blocks": [_block(block) for block in section.blocks],
        "sections": [_section(subsection) for subsection in section.sections],
    }


def _block(block: Block) -> BlockResponse:
    if block.kind is BlockKind.LIST:
        items: list[ListItemResponse] = [
            {
                "text": item.text,
                "depth": item.depth,
                "label": item.label,
                "marks": _marks(item.marks),
            }
            for item in block.items
        ]
        return {"kind": block.kind.value, "ordered": block.ordered, "items": items}
    if block.kind is BlockKind.TABLE:
        return {
            "kind": block.kind.value,
            "header_rows": block.header_rows,
            "group_rows": sorted(block.group_rows),
            "rows": [list(row) for row in block.row_texts],
            "cells": [
                {
                    "row": number,
                    "column": column,
                    "columns": cell.columns,
                    "rows": cell.rows,
                    "marks": _marks(cell.marks),
                }
                for number, row in enumerate(block.rows)
                for column, cell in enumerate(row)
                if cell != Cell(cell.text)
            ],
        }
    return {
        "kind": block.kind.value,
        "text": block.text,
        "marks": _marks(block.marks),
        "level": block.level and block.level.value,
    }


def _marks(marks: Marks) -> list[MarkResponse]:
    return [
        {"kind": mark.kind.value, "start": mark.start, "end": mark.end, "href": mark.href}
        for mark in marks
    ]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
