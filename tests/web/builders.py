"""Articles, answers and a search for the tests of the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from index.engine import IndexState
from index.search.results import (
    FacetValue,
    MatchedWords,
    MatchExplanation,
    QueryEcho,
    SearchHit,
    SearchRequest,
    SearchResponse,
    Snippet,
)
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    ListItem,
    Metadata,
    Section,
    paragraph,
    table,
)
from kb.model.passage import Evidence, Passage, Tag
from kb.model.records import ArticleStatus, ArticleSummary, ReviewState
from kb.storage.article_store import ArticleStore, SaveResult
from kb.storage.audit_log import Actor

TODAY = date(2026, 3, 15)
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'

TABLE = table((("Drug", "Effect"), ("Aspirin", "More bleeding")), 1)
NESTED = Block(
    kind=BlockKind.LIST,
    items=(ListItem("Bleeding"), ListItem("from the gut", 1), ListItem("Skin necrosis")),
)
STEPS = Block(
    kind=BlockKind.LIST, ordered=True, items=(ListItem("Stop warfarin"), ListItem("Give vitamin K"))
)
CALLOUT = Block(kind=BlockKind.CALLOUT, text="Warning: call 999 for heavy bleeding.")


def tag(key: str) -> Tag:
    return Tag(key, 0.9, Evidence.HEADING, "the heading says so")


def passage(path: Sequence[str], *blocks: Block, tags: Sequence[str] = ()) -> Passage:
    return Passage(heading_path=tuple(path), blocks=blocks, tags=tuple(tag(key) for key in tags))


WARFARIN = Article(
    "Warfarin",
    (Section("", (paragraph("Warfarin thins the blood."),)),),
    Metadata(
        source="Sample Hospital",
        url="https://example.org/warfarin",
        licence="CC0-1.0",
        language="en-GB",
        owner="Anticoagulation team",
        published=date(2020, 1, 2),
        reviewed=date(2025, 6, 9),
        review_due=date(2026, 1, 31),
        topics=("Medicines", "Cardiology"),
        also_called=("Coumadin", "Vitamin K antagonist"),
    ),
)
WARFARIN_PASSAGES = (
    passage((), paragraph("Warfarin thins the blood.")),
    passage(("How it works",), paragraph("It blocks vitamin K."), tags=["mechanism"]),
    passage(("Harms", "Bleeding"), NESTED, TABLE, CALLOUT, tags=["safety"]),
    passage(("Harms", "Bleeding"), STEPS, tags=["interactions"]),
    passage(("Harms", "Other harms"), paragraph("Bruising and bleeding gums.")),
)


def save(
    store: ArticleStore, article: Article, passages: Sequence[Passage], *, publish: bool = True
) -> SaveResult:
    return store.save(
        article,
        passages,
        source_key=article.title,
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        publish=publish,
        actor=Actor("test"),
    )


def simple(title: str, text: str, **metadata: object) -> tuple[Article, tuple[Passage, ...]]:
    """An article of one passage."""
    block = paragraph(text)
    article = Article(
        title,
        (Section("Bleeding", (block,)),),
        Metadata(**metadata),  # type: ignore[arg-type]
    )
    return article, (passage(("Bleeding",), block),)


def hostile() -> tuple[Article, tuple[Passage, ...]]:
    """An article that tries to break out of every place where text is shown."""
    blocks = (
        paragraph(HOSTILE + " bleeding"),
        Block(kind=BlockKind.CALLOUT, text=HOSTILE),
        Block(kind=BlockKind.CAPTION, text=HOSTILE),
        Block(kind=BlockKind.LIST, items=(ListItem(HOSTILE), ListItem(HOSTILE, 1))),
        table(((HOSTILE,), (HOSTILE,)), 1),
    )
    article = Article(
        HOSTILE,
        (Section(HOSTILE, blocks),),
        Metadata(
            source=HOSTILE,
            url="javascript:alert(3)//" + HOSTILE,
            licence=HOSTILE,
            language='en" onclick="alert(4)',
            owner=HOSTILE,
            topics=(HOSTILE,),
            also_called=(HOSTILE,),
        ),
    )
    return article, (passage((HOSTILE,), *blocks, tags=["safety"]),)


def fill(store: ArticleStore) -> None:
    """Put in one article of each kind that the pages must cope with."""
    save(store, WARFARIN, WARFARIN_PASSAGES)
    save(store, *hostile())
    save(store, *simple("Draft article", "Unpublished bleeding."), publish=False)
    for number in range(24):
        save(
            store,
            *simple(
                f"Leaflet {number:02}",
                "Bleeding after the operation.",
                topics=("Leaflets",),
                reviewed=date(2026, 1, 1),
                review_due=date(2027, 1, 1),
            ),
        )


@dataclass
class CannedSearch:
    """A search that answers what it was told to, or fails as it was told to."""

    answer: SearchResponse | None = None
    error: Exception | None = None

    def search(self, request: SearchRequest) -> SearchResponse:
        if self.error:
            raise self.error
        assert self.answer is not None
        query = replace(self.answer.query, q=request.q)
        return replace(self.answer, query=query, limit=request.limit, offset=request.offset)

    def highlighter(self, q: str) -> Callable[[str], Snippet]:
        return lambda text: tuple((piece, piece == q) for piece in text.partition(q) if piece)

    def state(self) -> IndexState:
        if self.error:
            raise self.error
        return IndexState(engine="canned", generation=1, checkpoint=0, as_of=NOW, documents=0)


def a_hit(title: str = "Warfarin", heading: str = "Bleeding", **changes: object) -> SearchHit:
    article = ArticleSummary(
        id="warfarin",
        title=title,
        status=ArticleStatus.PUBLISHED,
        version=3,
        metadata=Metadata(source="Sample Hospital", reviewed=date(2025, 6, 9)),
        published_at=NOW,
        updated_at=NOW,
        passage_count=5,
    )
    found = Passage(
        id="abc",
        heading_path=("Harms", heading),
        blocks=(paragraph("Heavy bleeding."),),
        tags=(tag("interactions"),),
    )
    hit = SearchHit(
        score=1.23456,
        article=article,
        review_state=ReviewState.UNKNOWN,
        passage=found,
        snippet=(("Heavy ", False), ("bleeding", True)),
        matched=MatchedWords(exact=("bleeding",)),
        more_in_article=0,
        more=(),
    )
    return replace(hit, **changes)  # type: ignore[arg-type]


def an_answer(*hits: SearchHit, **changes: object) -> SearchResponse:
    answer = SearchResponse(
        query=QueryEcho(q="bleeding", parsed="bleeding"),
        total=len(hits),
        total_passages=len(hits),
        limit=10,
        offset=0,
        took_ms=12.345,
        engine="canned",
        generation=1,
        as_of=NOW,
        hits=hits,
        tag_facet=(),
        topic_facet=(),
    )
    return replace(answer, **changes)  # type: ignore[arg-type]


def a_full_answer() -> SearchResponse:
    """An answer in which everything is said at once that can be said of a search."""
    why = MatchExplanation(
        fields=(("title", ("warfarin",)), ("text", ("bleeding",))), missing=("clot",), overdue=True
    )
    matched = MatchedWords(exact=("bleeding",), synonym=("haemorrhage",), fuzzy=("bledding",))
    hits = [
        a_hit(
            article=replace(
                a_hit().article, title=f"Warfarin {number}", metadata=WARFARIN.metadata
            ),
            review_state=ReviewState.OVERDUE,
            why=why,
            matched=matched,
        )
        for number in range(10)
    ]
    safety = tuple(
        replace(WARFARIN_PASSAGES[2], id=f"s{number}", heading_path=("Harms", f"Harm {number}"))
        for number in range(5)
    )
    query = QueryEcho(
        q="",
        parsed="",
        relaxed="fuzzy",
        corrected="bleeding",
        did_you_mean=("bleeding gums", "blood", "breathing"),
        synonyms=(("bleeding", "haemorrhage"), ("clot", "thrombosis")),
        notes=("Only the first 32 words are searched.",),
    )
    return an_answer(
        *hits,
        query=query,
        total=1000,
        total_passages=4321,
        partial_hits=(a_hit("Aspirin", heading="Stomach", why=why),),
        safety=safety,
        topic_facet=facet(40),
        partial=True,
    )


def facet(count: int) -> tuple[FacetValue, ...]:
    return tuple(
        FacetValue(value=f"v{n}", label=f"Value {n}", count=count - n, selected=n == 0)
        for n in range(count)
    )
