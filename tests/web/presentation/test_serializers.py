"""The names of the JSON, letter by letter: other people's scripts rely on them."""

from __future__ import annotations

import json
from dataclasses import replace

from index.search.results import CardLink, MatchExplanation, QueryEcho, SubjectCard
from kb.storage.article_store import ArticleStore
from tests.web.builders import TODAY, a_hit, an_answer, facet
from web.presentation.serializers import (
    serialize_article,
    serialize_passage,
    serialize_search,
    serialize_summary,
)
from web.presentation.urls import UrlBuilder


def shape(value: object) -> object:
    """The keys and types of a JSON value; the first element speaks for a list."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_the_answer_to_a_search():
    query = QueryEcho(
        q="heavy bleeding", parsed="heavy bleeding", synonyms=(("a", "b"),), did_you_mean=("c",)
    )
    query = replace(query, intents=(("dose", "dose"),), missing=("dose",), article="Warfarin")
    why = MatchExplanation(fields=(("title", ("heavy",)),), missing=("bleeding",))
    hit = a_hit(more_in_article=1, more=(a_hit().passage,), why=why)
    card = SubjectCard(hit, (CardLink("dose", "dose", hit.passage),))
    answer = serialize_search(
        an_answer(hit, query=query, topic_facet=facet(1), safety=(a_hit().passage,), card=card)
    )
    assert json.loads(json.dumps(answer)) == answer
    assert shape(answer) == {
        "query": {
            "q": "str",
            "parsed": "str",
            "corrected": "NoneType",
            "relaxed": "NoneType",
            "did_you_mean": ["str"],
            "synonyms": [{"from": "str", "to": "str"}],
            "notes": [],
            "subject": "str",
            "intents": [{"key": "str", "label": "str"}],
            "missing": ["str"],
            "absent": "bool",
            "message": "str",
        },
        "total": "int",
        "total_passages": "int",
        "limit": "int",
        "offset": "int",
        "took_ms": "float",
        "partial": "bool",
        "index": {"engine": "str", "generation": "int", "as_of": "str"},
        "hits": [
            {
                "id": "str",
                "url": "str",
                "score": "float",
                "article": {
                    "id": "str",
                    "title": "str",
                    "url": "str",
                    "version": "int",
                    "published_at": "str",
                    "reviewed": "str",
                    "review_due": "NoneType",
                    "review_state": "str",
                    "source": "str",
                },
                "passage": {
                    "anchor": "str",
                    "heading_path": ["str"],
                    "kind": "str",
                    "page": "NoneType",
                    "tags": ["str"],
                },
                "snippet": [["str"]],
                "matched": {"exact": ["str"], "synonym": [], "fuzzy": []},
                "why": {
                    "fields": {"title": ["str"]},
                    "missing": ["str"],
                    "overdue": "bool",
                    "reranked": "bool",
                },
                "pinned": "bool",
                "more_in_article": "int",
                "more": [{"id": "str", "url": "str", "heading_path": ["str"], "anchor": "str"}],
            }
        ],
        "card": {
            "article": {
                "id": "str",
                "title": "str",
                "url": "str",
                "version": "int",
                "published_at": "str",
                "reviewed": "str",
                "review_due": "NoneType",
                "review_state": "str",
                "source": "str",
            },
            "opening": [["str"]],
            "links": [
                {
                    "intent": "str",
                    "label": "str",
                    "id": "str",
                    "url": "str",
                    "heading_path": ["str"],
                }
            ],
        },
        "also": [],
        "safety": [{"id": "str", "url": "str", "heading_path": ["str"], "anchor": "str"}],
        "facets": {
            "tag": [],
            "topic": [{"value": "str", "label": "str", "count": "int", "selected": "bool"}],
        },
    }
    assert answer["hits"][0]["url"] == "/articles/warfarin/abc?q=heavy%20bleeding#p-abc"
    assert answer["hits"][0]["snippet"] == [["Heavy ", False], ["bleeding", True]]
    assert answer["safety"][0]["url"] == answer["hits"][0]["url"]
    assert answer["index"]["as_of"] == "2026-03-01T09:30:00Z"


PASSAGE_KEYS = ["id", "anchor", "heading_path", "kind", "text", "tags", "ocr"]
METADATA_KEYS = [
    "source",
    "source_url",
    "licence",
    "language",
    "owner",
    "published",
    "reviewed",
    "review_due",
    "review_state",
    "topics",
    "also_called",
    "codes",
    "audience",
]


def test_an_article(store: ArticleStore):
    article = serialize_article(store.article("warfarin"), TODAY)
    assert list(article) == [
        "id",
        "title",
        "status",
        "version",
        "url",
        "created_at",
        "published_at",
        "published_version",
        "retired_reason",
        "replaced_by",
        *METADATA_KEYS,
        "coverage",
        "warnings",
        "differences",
        "sections",
        "passages",
    ]
    assert list(article["passages"][0]) == PASSAGE_KEYS
    assert article["created_at"].endswith("Z")
    assert article["sections"][0]["blocks"] == [
        {"kind": "paragraph", "text": "Warfarin thins the blood.", "marks": [], "level": None}
    ]


def test_a_passage_and_a_summary(store: ArticleStore):
    id_ = store.article("warfarin").passages[3].id
    summary, content = store.published_passages([id_])[id_]
    assert list(serialize_passage(summary, content, TODAY)) == [
        *PASSAGE_KEYS,
        "page",
        "url",
        "blocks",
        "article",
    ]
    assert list(serialize_summary(summary, TODAY)) == [
        "id",
        "title",
        "status",
        "version",
        "url",
        "published_at",
        "updated_at",
        "passages",
        *METADATA_KEYS,
    ]


def test_addresses_are_encoded_and_keep_the_root():
    here = UrlBuilder("/kb")
    assert here.passage("a b", "p/1", q="50 % & more?") == (
        "/kb/articles/a%20b/p%2F1?q=50%20%25%20%26%20more%3F#p-p%2F1"
    )
    assert here.search("x", tags=["a", "b"], offset=10) == "/kb/search?q=x&tag=a&tag=b&offset=10"
    assert here.search() == "/kb/search"


def test_what_has_some_of_the_words_has_the_shape_of_a_hit():
    answer = serialize_search(an_answer(a_hit(), partial_hits=(a_hit("Aspirin"),)))
    assert shape(answer["also"]) == shape(answer["hits"])
    assert answer["also"][0]["article"]["title"] == "Aspirin"
