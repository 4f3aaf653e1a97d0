"""Search service: requests and responses, and the join of engine results with the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path

import pytest

from index.engine import MAX_TOPICS, Engine, EngineRequest
from index.engines import open_engine
from index.indexer import Indexer
from index.query.parser import MAX_WORDS
from index.query.synonyms import SynonymDictionary
from index.search.pins import pin_key
from index.search.query_executor import NO_WORDS_NOTE
from index.search.results import MAX_MORE_PASSAGES, SearchRequest, SearchResponse
from index.search.service import MAX_LIMIT, MAX_OFFSET, SORTS, SearchService
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import IndexMissingError, QueryError
from kb.model.passage import Evidence, Tag
from kb.model.records import ReviewState
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.index.query.test_parser import HOSTILE, assert_bounded
from tests.kb.builders import article_of, passage, save
from tests.raises import raises

TAXONOMY = load_taxonomy()
TODAY = date(2026, 3, 15)


@dataclass
class Library:
    """A store, its index and the search over both."""

    store: ArticleStore
    engine: Engine
    indexer: Indexer
    search: SearchService

    def ask(self, q: str, **values: object) -> SearchResponse:
        return self.search.search(SearchRequest(q=q, **values))  # type: ignore[arg-type]

    def found(self, q: str, **values: object) -> list[str]:
        return [hit.article.id for hit in self.ask(q, **values).hits]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library that tests must not change."""
    yield from opened(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Library]:
    """A library that the test may change."""
    yield from opened(tmp_path)


def opened(folder: Path) -> Iterator[Library]:
    store = ArticleStore.create(f"sqlite:///{folder / 'kb.sqlite'}")
    engine = open_engine(f"whoosh:{folder / 'index'}", TAXONOMY)
    save(
        store,
        "Aspirin",
        ("Uses", "It relieves pain and prevents clots.", "indications"),
        ("Side effects", "Stomach bleeding is a serious harm. Stop at once.", "safety"),
        *[("Advice", f"Bleeding advice number {n}.", "safety") for n in range(8)],
        topics=("Pain", "Heart"),
        reviewed=date(2025, 1, 1),
        review_due=date(2026, 1, 1),
    )
    save(
        store,
        "Warfarin",
        ("Side effects", "Bleeding is the main risk of warfarin.", "safety"),
        ("Interactions", "Avoid alcohol and cranberry juice.", "interactions"),
        topics=("Heart",),
        reviewed=date(2025, 6, 1),
    )
    save(store, "Gout", ("Care", "Rest the joint. Follow-up is after a week.", "long-term-care"))
    indexer = Indexer(store, engine, TAXONOMY)
    indexer.rebuild()
    yield Library(
        store, engine, indexer, SearchService(store, engine, TAXONOMY, today=lambda: TODAY)
    )
    store.close()


# Answers


def test_response_contains_only_own_types(shared: Library) -> None:
    def check(value: object) -> None:
        if is_dataclass(value):
            assert type(value).__module__.split(".")[0] in {"kb", "index"}
            for field in fields(value):
                check(getattr(value, field.name))
        elif isinstance(value, tuple):
            for part in value:
                check(part)
        else:
            plain = (str, int, float, bool, date, type(None), Enum)
            assert isinstance(value, plain), value

    check(shared.ask("bleeding harm"))


def test_hit_has_best_passage_and_matched_words(shared: Library) -> None:
    answer = shared.ask("stomach bleeding")

    (hit,) = answer.hits
    assert (hit.article.title, hit.passage.heading) == ("Aspirin", "Side effects")
    assert hit.passage.tags[0].tag == "safety"
    assert ("bleeding", True) in hit.snippet
    assert hit.matched.exact == ("stomach", "bleeding")
    assert hit.review_state is ReviewState.OVERDUE
    assert (hit.more_in_article, hit.more) == (0, ())
    assert answer.engine == "whoosh"
    assert answer.generation == shared.engine.state().generation
    assert (answer.query.q, answer.query.parsed) == ("stomach bleeding", "stomach bleeding")


def test_matched_words_include_title_and_heading(shared: Library) -> None:
    (hit,) = shared.ask("warfarin effects bleeding").hits

    assert hit.matched.exact == ("warfarin", "effects", "bleeding")


def test_passages_of_one_article_form_one_hit(shared: Library) -> None:
    answer = shared.ask("bleeding aspirin")

    (hit,) = answer.hits
    assert (answer.total, answer.total_passages) == (1, 9)
    assert (hit.more_in_article, len(hit.more)) == (8, MAX_MORE_PASSAGES)
    assert hit.passage.id not in {passage.id for passage in hit.more}


def test_limit_offset_and_sort_are_applied(shared: Library) -> None:
    whole = shared.found("bleeding OR rest")
    pages = [shared.ask("bleeding OR rest", limit=1, offset=at) for at in range(4)]

    assert [hit.article.id for page in pages for hit in page.hits] == whole
    assert {page.total for page in pages} == {3}
    assert shared.found("bleeding", sort="date") == ["warfarin", "aspirin"]


@pytest.mark.parametrize(
    ("values", "code", "named"),
    [
        ({"limit": 0}, "limit", str(MAX_LIMIT)),
        ({"limit": MAX_LIMIT + 1}, "limit", str(MAX_LIMIT)),
        ({"offset": -1}, "offset", str(MAX_OFFSET)),
        ({"offset": MAX_OFFSET + 1}, "offset", str(MAX_OFFSET)),
        ({"sort": "title"}, "sort", ", ".join(SORTS)),
        ({"tags": ("nonsense",)}, "unknown-tag", "'nonsense'"),
        ({"q": "a" * 5_000}, "length", "5,000"),
    ],
)
def test_invalid_request_raises_query_error(
    shared: Library, values: dict[str, object], code: str, named: str
) -> None:
    with raises(QueryError, code) as raised:
        shared.search.search(SearchRequest(**({"q": "bleeding"} | values)))  # type: ignore[arg-type]
    assert named in str(raised.value)


@pytest.mark.parametrize("values", [{"limit": 1}, {"limit": MAX_LIMIT}, {"offset": MAX_OFFSET}])
def test_request_at_limits_is_accepted(shared: Library, values: dict[str, object]) -> None:
    assert shared.ask("bleeding", **values).total == 2


@pytest.mark.parametrize("q", ["", "   ", "*", "-", '""', "—"])
def test_query_without_words_has_a_note(shared: Library, q: str) -> None:
    answer = shared.ask(q)

    assert (answer.total, answer.hits, answer.tag_facet, answer.topic_facet) == (0, (), (), ())
    assert answer.query.notes[-1] == NO_WORDS_NOTE
    assert answer.generation == shared.engine.state().generation


def test_query_of_exclusions_only_has_a_note(shared: Library) -> None:
    answer = shared.ask("-bleeding")

    assert answer.total == 0
    assert NO_WORDS_NOTE in answer.query.notes


def test_filter_without_words_lists_matching_passages(shared: Library) -> None:
    assert set(shared.found("", tags=("safety",))) == {"aspirin", "warfarin"}
    assert shared.found("", topics=("pain",)) == ["aspirin"]


# Relaxing


def test_query_without_complete_match_is_relaxed_to_any(shared: Library) -> None:
    answer = shared.ask("cranberry joint")

    assert answer.query.relaxed == "any"
    assert {hit.article.id for hit in answer.hits} == {"warfarin", "gout"}


def test_unknown_hyphenated_word_is_split(shared: Library) -> None:
    answer = shared.ask("follow-through")

    assert (answer.query.relaxed, [hit.article.id for hit in answer.hits]) == ("any", ["gout"])
    assert shared.ask("follow-up").query.relaxed is None


def test_relaxation_keeps_exclusions_and_filters(shared: Library) -> None:
    assert shared.found("cranberry joint -alcohol") == ["gout"]
    assert shared.found("cranberry joint", tags=("interactions",)) == ["warfarin"]


@pytest.mark.parametrize("q", ["bleeding", "zinc", "zinc copper", '"bleeding stomach"'])
def test_query_is_relaxed_only_if_useful(shared: Library, q: str) -> None:
    assert shared.ask(q).query.relaxed is None


# Tags and topics


@pytest.mark.parametrize(
    "q",
    ["bleeding tag:safety", "bleeding TAG:SAFETY", f'bleeding tag:"{TAXONOMY.label("safety")}"'],
)
def test_tag_filter_accepts_key_and_label(shared: Library, q: str) -> None:
    answer = shared.ask(q)

    assert {hit.article.id for hit in answer.hits} == {"aspirin", "warfarin"}
    assert answer.query.parsed == "bleeding tag:safety"
    assert [value.value for value in answer.tag_facet if value.selected] == ["safety"]


def test_tag_filter_includes_subtags(shared: Library) -> None:
    assert TAXONOMY["interactions"].parent == "safety"
    assert shared.found("cranberry tag:safety") == ["warfarin"]


def test_unknown_tag_is_searched_as_words_with_a_note(shared: Library) -> None:
    answer = shared.ask('tag:"cranberry juice"')

    assert [hit.article.id for hit in answer.hits] == ["warfarin"]
    (note,) = answer.query.notes
    assert "“cranberry juice”" in note
    assert answer.query.parsed == "cranberry juice"


def test_facet_count_equals_results_of_selection(shared: Library) -> None:
    answer = shared.ask("bleeding OR cranberry OR rest", tags=("safety",))

    for value in answer.tag_facet:
        chosen = shared.ask("bleeding OR cranberry OR rest", tags=(value.value,))
        assert chosen.total == value.count
    for value in answer.topic_facet:
        chosen = shared.ask(
            "bleeding OR cranberry OR rest", tags=("safety",), topics=(value.value,)
        )
        assert chosen.total == value.count
    order = [tag.key for tag in TAXONOMY]
    keys = [value.value for value in answer.tag_facet]
    assert keys == sorted(keys, key=order.index)
    assert [value.label for value in answer.tag_facet] == [TAXONOMY.label(key) for key in keys]


def test_selected_value_stays_in_facet_with_zero_count(shared: Library) -> None:
    answer = shared.ask("joint", tags=("mechanism",), topics=("Nowhere",))

    assert ("mechanism", 0, True) in [(v.value, v.count, v.selected) for v in answer.tag_facet]
    assert ("Nowhere", 0, True) in [(v.value, v.count, v.selected) for v in answer.topic_facet]


def test_topic_facet_has_most_frequent_and_selected_topics(own: Library) -> None:
    for n in range(MAX_TOPICS + 5):
        for copy in range(2 if n % 2 else 1):
            save(own.store, f"T{n} {copy}", ("Care", "zinc"), topics=(f"Topic {n:02}",))
    own.indexer.sync()

    listed = own.ask("zinc").topic_facet
    chosen = own.ask("zinc", topics=("topic 44",)).topic_facet

    counts = [value.count for value in listed]
    assert len(listed) == MAX_TOPICS
    assert counts == sorted(counts, reverse=True)
    assert [value.value for value in chosen if value.selected] == ["Topic 44"]


# Beside the index


def test_article_retired_after_commit_is_not_returned(own: Library) -> None:
    assert set(own.found("bleeding")) == {"warfarin", "aspirin"}
    ReviewWorkflow(own.store.database).retire(
        "warfarin", reason="", replaced_by="", actor=Actor("x")
    )

    for q in (
        "bleeding",
        "warfarin",
        "cranberry",
        'title:warfarin OR "main risk"',
        "",
        "tag:safety",
    ):
        answer = own.ask(q)
        shown = repr(answer.hits)
        assert "warfarin" not in shown.casefold()
        assert "cranberry" not in shown

    own.indexer.sync()
    assert own.ask("bleeding").total == 1


def test_passage_removed_after_commit_is_not_returned(own: Library) -> None:
    first = own.ask("bleeding aspirin").hits[0]
    kept = ("Advice", "Bleeding advice number 3.", "safety")
    save(own.store, "Aspirin", kept, topics=("Pain", "Heart"))

    (hit,) = own.ask("bleeding aspirin").hits

    assert hit.passage.text == "Bleeding advice number 3."
    assert hit.passage.id != first.passage.id
    assert hit.more == ()


def test_draft_is_never_returned(own: Library) -> None:
    save(own.store, "Secret", ("Care", "Unchecked advice on bleeding."), publish=False)
    save(own.store, "Gout", ("Care", "Unchecked advice on the joint."), publish=False)
    own.indexer.sync()

    assert "secret" not in own.found("bleeding")
    assert own.ask("unchecked").total == 0
    (hit,) = own.ask("joint").hits
    assert hit.article.version == 1
    assert "Unchecked" not in hit.passage.text


def test_manual_tag_is_shown_at_once_and_searchable_after_sync(own: Library) -> None:
    (hit,) = own.ask("joint").hits
    own.store.set_tag(hit.passage.id, "mechanism", present=True, actor=Actor("Dr A"))

    assert "mechanism" in {tag.tag for tag in own.ask("joint").hits[0].passage.tags}
    own.indexer.sync()
    assert own.found("joint", tags=("mechanism",)) == ["gout"]


def test_search_without_index_raises_error(tmp_path: Path, shared: Library) -> None:
    engine = open_engine(f"whoosh:{tmp_path / 'nowhere'}", TAXONOMY)
    search = SearchService(shared.store, engine, TAXONOMY)

    for q in ("gout", "", "tag:safety"):
        with pytest.raises(IndexMissingError):
            search.search(SearchRequest(q=q))


def test_timed_out_search_is_marked_partial(
    shared: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.engines.whoosh.reader.TIME_LIMIT", -1)

    answer = shared.ask("bleeding")

    assert answer.partial
    assert answer.total == 0


def test_highlight_marks_words_in_any_text(shared: Library) -> None:
    mark = shared.search.highlighter("bleeding")

    assert mark("Bleeds easily") == (("Bleeds", True), (" easily", False))


@pytest.mark.parametrize("q", ["care of a stoma bag", "care of a stoma bag dose", "stoma bag dose"])
def test_title_in_the_query_is_marked_as_a_whole(own: Library, q: str) -> None:
    text = "Care of a stoma bag takes a minute; a full bag is heavy, and care helps."
    save(own.store, "Care of a stoma bag", ("Dose", text, "dosing-course"))
    own.indexer.sync()
    name = "stoma bag" if q.startswith("stoma") else "Care of a stoma bag"

    (hit, *_) = own.ask(q).hits

    assert [part for part, matched in hit.snippet if matched] == [name]
    assert [part for part, matched in own.search.highlighter(q)(text) if matched] == [name]


@pytest.mark.parametrize("q", HOSTILE.values(), ids=HOSTILE)
def test_hostile_request_is_answered_or_rejected(
    shared: Library, monkeypatch: pytest.MonkeyPatch, q: str
) -> None:
    asked = []
    original = shared.engine.search

    def watching(ask: EngineRequest) -> object:
        asked.append(ask.query)
        return original(ask)

    monkeypatch.setattr(shared.engine, "search", watching)
    try:
        answer = shared.ask(q)
    except QueryError as error:
        assert error.code == "length"
        return

    assert 0 <= answer.total <= 3
    for query in asked:
        assert_bounded(query)
        assert len(query.leaves) <= MAX_WORDS


def test_safety_passages_prefer_reliable_tags(own: Library) -> None:
    sure, unsure = passage("Harms", "Lithium is toxic.", "safety"), passage("Use", "Lithium helps.")
    mention = Tag("safety", 0.5, Evidence.MODEL, "its words")
    for title, passages in (("Lithium", (sure, unsure)), ("Valproate", (unsure,))):
        own.store.save(
            article_of(title, [("Harms", "Lithium is toxic."), ("Use", "Lithium helps.")]),
            [replace(each, tags=each.tags or (mention,)) for each in passages],
            source_key=title, source_sha256=title, coverage=1.0, warnings=(), publish=True,
            actor=Actor("editor"),
        )  # fmt: skip
    own.indexer.sync()

    assert [each.text for each in own.ask("title:lithium").safety] == ["Lithium is toxic."]
    assert [each.text for each in own.ask("title:valproate").safety] == ["Lithium helps."]


def test_pinned_articles_are_in_the_order_of_their_first_pins(shared: Library) -> None:
    aspirin, warfarin = (shared.ask(f"title:{title}").hits[0] for title in ("aspirin", "warfarin"))
    pins = (aspirin.passage.id, warfarin.passage.id, aspirin.more[0].id)
    search = shared.search.with_curation(SynonymDictionary(), {pin_key("clots"): pins})

    hits = search.search(SearchRequest(q="clots")).hits
    assert [(hit.article.id, hit.passage.id) for hit in hits[:2]] == [
        ("aspirin", aspirin.passage.id),
        ("warfarin", warfarin.passage.id),
    ]
    assert [hit.pinned for hit in hits[:2]] == [True, True]
