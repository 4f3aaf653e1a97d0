"""Article outlines and activity."""

from __future__ import annotations

from kb.editorial.workflow import ReviewWorkflow
from kb.storage.article_listing import ActivityKind
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import save


def told(store: ArticleStore, offset: int = 0, limit: int = 50) -> list[tuple[str, ActivityKind]]:
    found, _ = store.list_activity(offset=offset, limit=limit)
    return [(news.article.title, news.event) for news in found]


def test_the_published_articles_come_with_their_passages_in_order(store: ArticleStore) -> None:
    saved = save(
        store,
        "Gout",
        ("", "Lead."),
        ("Harms > Rash", "Stop.", "safety", "interactions"),
        topics=("Joints",),
    )
    save(store, "Draft", ("", "Not yet."), publish=False)
    save(store, "Asthma", ("", "Inhale."))
    ReviewWorkflow(store.database).retire(
        "asthma", reason="", replaced_by="", actor=Actor("editor")
    )

    (gout,) = store.list_outlines()

    assert (gout.article.title, gout.article.metadata.topics) == ("Gout", ("Joints",))
    assert [place.passage_id for place in gout.passages] == [one.id for one in saved.passages]
    assert [place.heading_path for place in gout.passages] == [(), ("Harms", "Rash")]
    assert [place.tags for place in gout.passages] == [(), ("safety", "interactions")]


def test_only_the_articles_asked_for_are_read(store: ArticleStore) -> None:
    for title in ("Gout", "Asthma", "Sepsis"):
        save(store, title, ("", f"{title} is a condition."))

    found = store.list_outlines(["gout", "sepsis", "nothing"])

    assert {one.article.id for one in found} == {"gout", "sepsis"}


def test_editor_tags_override_automatic_tags(store: ArticleStore) -> None:
    saved = save(store, "Gout", ("Harms", "Stop.", "safety"))
    passage = saved.passages[0].id
    store.set_tag(passage, "safety", present=False, actor=Actor("editor"))
    store.set_tag(passage, "diagnosis", present=True, actor=Actor("editor"))

    (gout,) = store.list_outlines()

    assert gout.passages[0].tags == ("diagnosis",)


def test_a_draft_of_a_published_article_is_not_listed(store: ArticleStore) -> None:
    save(store, "Gout", ("Care", "Rest."))
    save(store, "Gout", ("Care", "Rest."), ("More", "Drink."), publish=False)

    (gout,) = store.list_outlines()

    assert [place.heading_path for place in gout.passages] == [("Care",)]


def test_activity_lists_all_events_latest_first(store: ArticleStore) -> None:
    for title in ("Asthma", "Gout", "Sepsis"):
        save(store, title, ("", f"{title} is a condition."))
    save(store, "Draft", ("", "Not yet."), publish=False)
    save(store, "Asthma", ("", "Asthma has changed."))
    ReviewWorkflow(store.database).retire(
        "gout", reason="Out of date", replaced_by="sepsis", actor=Actor("editor")
    )

    assert told(store) == [
        ("Gout", ActivityKind.RETIRED),
        ("Asthma", ActivityKind.CHANGED),
        ("Sepsis", ActivityKind.NEW),
        ("Gout", ActivityKind.NEW),
        ("Asthma", ActivityKind.NEW),
    ]
    found, total = store.list_activity(offset=0, limit=1)
    assert total == 5
    assert found[0].reason == "Out of date"
    assert found[0].replacement is not None
    assert found[0].replacement.id == "sepsis"


def test_an_article_that_was_retired_comes_back(store: ArticleStore) -> None:
    save(store, "Gout", ("", "Rest."))
    ReviewWorkflow(store.database).retire("gout", reason="", replaced_by="", actor=Actor("editor"))
    ReviewWorkflow(store.database).publish_unreviewed("gout", actor=Actor("editor"))

    assert told(store) == [
        ("Gout", ActivityKind.BACK),
        ("Gout", ActivityKind.RETIRED),
        ("Gout", ActivityKind.NEW),
    ]


def test_a_replacement_that_is_not_published_is_not_named(store: ArticleStore) -> None:
    save(store, "Gout", ("", "Rest."))
    save(store, "Joints", ("", "Rest them."), publish=False)
    ReviewWorkflow(store.database).retire(
        "gout", reason="", replaced_by="joints", actor=Actor("editor")
    )

    found, _ = store.list_activity(offset=0, limit=10)

    assert [news.event for news in found] == [ActivityKind.RETIRED, ActivityKind.NEW]
    assert found[0].replacement is None


def test_activity_excludes_drafts_and_tags(store: ArticleStore) -> None:
    saved = save(store, "Gout", ("Care", "Rest."))
    save(store, "Asthma", ("Care", "Inhale."))
    store.set_tag(saved.passages[0].id, "safety", present=True, actor=Actor("editor"))
    save(store, "Gout", ("Care", "Rest more."), publish=False)

    assert told(store) == [("Asthma", ActivityKind.NEW), ("Gout", ActivityKind.NEW)]


def test_activity_is_paginated(store: ArticleStore) -> None:
    for number in range(5):
        save(store, f"Leaflet {number}", ("", f"Leaflet number {number}."))

    assert [title for title, _ in told(store, offset=3, limit=3)] == ["Leaflet 1", "Leaflet 0"]
