"""An article's way at the desk, as several people go it through their browsers' forms."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from index.search.service import SearchService
from kb.model.corrections import Correction, CorrectionKind
from kb.model.permissions import Role, User
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import article_of, passage, save
from tests.web.builders import TODAY
from tests.web.page_text import links_of, parse, text_of
from tests.web.sign_in import post, sign_in
from tests.web.views.editorial.desk_page import error_of, forms_of, notice_of, queues_of, status_of
from web.app import create_app
from web.view_models.worklist import is_owned_by


@pytest.fixture
def desk(
    settings: Settings, empty_store: ArticleStore, search: SearchService, taxonomy: Taxonomy
) -> Flask:
    save(empty_store, "Gout", ("Use", "Take it once a day."), publish=True)
    return create_app(settings, empty_store, search, taxonomy, today=lambda: TODAY)


@pytest.fixture
def people(desk: Flask) -> dict[str, FlaskClient]:
    """A browser for each of: an author, a reviewer, a publisher."""
    browsers = {}
    for name, role in (("ann", Role.AUTHOR), ("ben", Role.REVIEWER), ("dora", Role.PUBLISHER)):
        browsers[name] = desk.test_client()
        sign_in(browsers[name], role, name)
    return browsers


def draft(store: ArticleStore, text: str = "Take it twice a day.") -> int:
    return save(store, "Gout", ("Use", text), publish=False, actor=Actor("ann")).version


GOUT = "/desk/articles/gout"


def counted(page: TestResponse) -> tuple[str, str]:
    """Return how many passages a comparison shows as changed and as unchanged."""
    (line,) = parse(page).select("[data-changed]")
    return str(line["data-changed"]), str(line["data-unchanged"])


def test_differences_from_the_source_are_errors_on_the_article_and_its_preview(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    ann = people["ann"]
    assert not parse(ann.get(GOUT)).select("[data-difference]")
    empty_store.save(
        article_of("Gout", [("Use", "Take 2501 mg.")]),
        [passage("Use", "Take 2501 mg.")],
        source_key="test:Gout",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        differences=("2501 mg is not in the source.",),
        publish=False,
        actor=Actor("ann"),
    )

    preview = post(ann, f"{GOUT}/edit", version=2).location

    for page in (ann.get(GOUT), ann.get(preview)):
        (line,) = parse(page).select("li.finding-error[data-difference]")
        assert "2501 mg" in line.get_text()


def test_preview_and_article_show_the_differences_that_corrections_leave(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    ann = people["ann"]
    empty_store.save(
        article_of("Gout", [("Use", "Take 2501 mg. Rest 5 days.")]),
        [passage("Use", "Take 2501 mg. Rest 5 days.")],
        source_key="test:Gout",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        differences=("“take 2501 mg” is not in the source.", "“rest 5 days” is not in the source."),
        publish=False,
        actor=Actor("ann"),
    )
    preview = post(ann, f"{GOUT}/edit", version=2).location
    post(
        ann,
        f"{preview}/correct",
        what="text",
        place="Use",
        old="Take 2501 mg. Rest 5 days.",
        new="Take 250 mg. Rest 5 days.",
    )
    (line,) = parse(ann.get(preview)).select("li[data-difference]")
    assert "rest 5 days" in line.get_text()
    post(ann, f"{preview}/save")
    (line,) = parse(ann.get(GOUT)).select("li[data-difference]")
    assert "rest 5 days" in line.get_text()


def test_from_draft_to_published(people: dict[str, FlaskClient], empty_store: ArticleStore) -> None:
    ann, ben, dora = people["ann"], people["ben"], people["dora"]
    version = draft(empty_store)
    assert queues_of(ann.get("/desk")) == {"drafts": ["Gout"]}
    assert queues_of(ben.get("/desk")) == {}
    page = ann.get(GOUT)
    assert status_of(page) == ("draft", "2", "1")
    assert f"{GOUT}/submit" in forms_of(page)
    assert f"{GOUT}/approve" not in forms_of(page)

    assert post(ann, f"{GOUT}/submit", version=version, note="Dose changed.").status_code == 303
    assert queues_of(ben.get("/desk")) == {"to-review": ["Gout"]}
    assert "Dose changed." in ben.get(GOUT).text
    assert f"{GOUT}/approve" in forms_of(ben.get(GOUT))
    assert post(ann, f"{GOUT}/approve", version=version).status_code == 403

    passage = empty_store.article("gout", 2).passages[0].id
    said = post(ben, f"{GOUT}/comments", version=2, passage=passage, note="With food?")
    assert said.location == f"{GOUT}#p-{passage}"
    assert post(ben, f"{GOUT}/request-changes", version=2, note="Say when.").status_code == 303
    page = ann.get(GOUT)
    assert status_of(page)[0] == "changes-requested"
    number = re.search(r"/comments/(\d+)/done", page.text)
    assert number
    assert post(ann, f"{GOUT}/comments/{number[1]}/done").status_code == 303

    version = draft(empty_store, "Take it twice a day with food.")
    post(ann, f"{GOUT}/submit", version=version)
    assert post(ben, f"{GOUT}/approve", version=version, note="Good.").status_code == 303
    assert post(ben, f"{GOUT}/publish", version=version).status_code == 403
    assert queues_of(dora.get("/desk")) == {"to-publish": ["Gout"]}
    assert post(dora, f"{GOUT}/publish", version=version).status_code == 303
    assert notice_of(dora.get(GOUT)) == "published"
    assert status_of(dora.get(GOUT)) == ("published", "3", "3")
    assert empty_store.article("gout").published_version == 3
    assert "Take it twice a day with food." in ann.get("/articles/gout").text
    trail = [step.event.action for step in empty_store.list_audit_entries(limit=3)]
    assert trail == ["article.published", "review.approved", "review.submitted"]


def test_own_version_cannot_be_approved_and_page_explains_why(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    version = draft(empty_store)
    ben = people["ben"]
    post(ben, f"{GOUT}/submit", version=version)
    reason = parse(ben.get(GOUT)).select_one("#why-approve")
    assert reason
    assert reason.get_text()
    refused = post(ben, f"{GOUT}/approve", version=version, note="It is good.")
    assert refused.status_code == 409
    assert error_of(refused) == "four-eyes"
    assert "It is good." not in empty_store.article("gout").article.plain
    assert empty_store.article("gout").published_version == 1
    assert post(people["dora"], f"{GOUT}/approve", version=version).status_code == 303


def test_what_cannot_be_done_now_keeps_what_was_typed(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    ann = people["ann"]
    old = draft(empty_store)
    draft(empty_store, "Take it three times a day.")
    answer = post(ann, f"{GOUT}/submit", version=old, note="Please look at the dose.")
    assert answer.status_code == 409
    assert error_of(answer) == "newer-version"
    assert "Please look at the dose.</textarea>" in answer.text


def test_publishing_at_a_time(people: dict[str, FlaskClient], empty_store: ArticleStore) -> None:
    version = draft(empty_store)
    post(people["ann"], f"{GOUT}/submit", version=version)
    post(people["ben"], f"{GOUT}/approve", version=version)
    dora = people["dora"]
    for wrong, code in (
        ("", "time-missing"),
        ("tomorrow", "time-missing"),
        ("2020-01-01T08:00", "time-past"),
    ):
        refused = post(dora, f"{GOUT}/schedule", version=version, at=wrong)
        assert (refused.status_code, error_of(refused)) == (409, code)
    assert post(dora, f"{GOUT}/schedule", version=version, at="2099-01-01T08:00").status_code == 303
    page = dora.get(GOUT)
    assert status_of(page)[0] == "scheduled"
    status = parse(page).select_one("#status")
    assert status
    assert status["data-publish-at"] == "2099-01-01T08:00:00+00:00"
    assert "2099" in status.get_text()
    newer = draft(empty_store, "Take it three times a day.")
    page = dora.get(GOUT)
    assert status_of(page)[0] == "draft"
    cancel = parse(page).select("[data-schedule]")
    assert [button["data-schedule"] for button in cancel] == [str(version)]
    assert newer != version
    assert parse(dora.get("/desk")).select_one('[data-queue="scheduled"]')
    assert post(people["ann"], f"{GOUT}/withdraw", version=version).status_code == 303
    assert "data-schedule" not in dora.get(GOUT).text


def test_versions_are_compared_and_restored(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    draft(empty_store)
    ann = people["ann"]
    page = ann.get(f"{GOUT}/diff")
    assert "Take it <del>once</del><ins>twice</ins> a day." in page.text
    assert counted(page) == ("1", "0")
    assert "Take it once a day." in ann.get(f"{GOUT}/versions/1").text
    assert f"{GOUT}/versions/1/restore" in forms_of(ann.get(f"{GOUT}/versions/1"))
    assert f"{GOUT}/versions/2/restore" not in forms_of(ann.get(f"{GOUT}/versions/2"))
    assert post(ann, f"{GOUT}/versions/1/restore").status_code == 303
    assert counted(ann.get(f"{GOUT}/diff?from=1&to=3")) == ("0", "1")
    assert post(ann, f"{GOUT}/versions/3/restore").status_code == 409
    assert ann.get(f"{GOUT}/versions/9").status_code == 404
    assert ann.get(f"{GOUT}/diff?from=7").status_code == 404


def test_review_dates(people: dict[str, FlaskClient], empty_store: ArticleStore) -> None:
    for title, owner, due in (
        ("Asthma", "ben", date(2026, 1, 1)),
        ("Sepsis", "", TODAY),
        ("Migraine", "zoe", date(2090, 1, 1)),
    ):
        save(empty_store, title, ("Use", f"On {title}."), owner=owner, review_due=due)
    ben = people["ben"]
    page = parse(ben.get("/desk/reviews-due"))
    assert [link.get_text() for link in page.select(".due-line a")] == ["Asthma", "Sepsis"]
    dates = page.select("[data-review-due]")
    assert [line["data-review-due"] for line in dates] == ["2026-01-01", TODAY.isoformat()]
    assert [line["class"] for line in dates] == [["late"], ["quiet"]]
    assert "1 January 2026" in dates[0].get_text()
    assert queues_of(ben.get("/desk"))["reviews-due"] == ["Asthma"]
    feed = ben.get("/feeds/review.atom").text
    assert feed.count("<entry>") == 2
    assert post(people["ann"], "/desk/articles/asthma/reviewed").status_code == 403
    past = post(ben, "/desk/articles/asthma/reviewed", due="2020-01-01", note="Same.")
    assert past.status_code == 409
    assert post(ben, "/desk/articles/asthma/reviewed", note="Same.").status_code == 303
    assert "Asthma" not in ben.get("/desk/reviews-due").text
    assert ben.get("/feeds/review.atom").text.count("<entry>") == 1


@pytest.mark.parametrize(
    ("owner", "mine"),
    [
        ("ann", True),
        ("Ann Lee", True),
        ("ann@hospital.example", True),
        ("Ann Lee <ann@hospital.example>", True),
        ("Ward 7 <ann@hospital.example>", True),
        ("Ben <ben@hospital.example>", False),
        ("", False),
    ],
)
def test_who_answers_for_an_article(empty_store: ArticleStore, owner: str, mine: bool) -> None:
    save(empty_store, "Asthma", ("Use", "Take it."), owner=owner)
    roles = frozenset((Role.AUTHOR,))
    ann = User(name="ann", display_name="Ann Lee", roles=roles, email="Ann@hospital.example")
    assert is_owned_by(empty_store.summaries()[0], ann) is mine


def test_retiring_requires_a_reason_and_links_the_replacement(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    save(empty_store, "Gout, acute", ("Use", "Take it now."))
    dora = people["dora"]
    assert post(dora, f"{GOUT}/retire", reason=" ").status_code == 409
    assert post(dora, f"{GOUT}/retire", reason="Old.", replaced_by="no-such").status_code == 404
    reason = {"reason": "Merged.", "replaced_by": "gout-acute"}
    assert post(dora, f"{GOUT}/retire", **reason).status_code == 303
    old = dora.get("/articles/gout")
    assert old.status_code == 410
    assert "Merged." in old.text
    assert 'href="/articles/gout-acute"' in old.text


def test_lists_are_filtered_and_tell_nothing_to_readers(
    desk: Flask, people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    for number in range(60):
        save(empty_store, f"Article {number}", ("Use", "x"), publish=number % 2 == 0)
    ann = people["ann"]
    for query, total, pages, shown in (
        ("", 61, 2, 50),
        ("?state=draft", 30, 1, 30),
        ("?q=article+59", 1, 1, 1),
        ("?q=59+Article", 1, 1, 1),
        ("?q=zebra", 0, 1, 0),
    ):
        page = parse(ann.get(f"/desk/articles{query}"))
        (line,) = page.select("[data-total]")
        found = (line["data-total"], line["data-page"], line["data-pages"])
        assert found == (str(total), "1", str(pages))
        assert str(total) in line.get_text()
        assert len(page.select(".lines-of-work > li")) == shown
    nobody = desk.test_client()
    for path in ("/articles/article-1", "/api/v1/articles/article-1"):
        assert nobody.get(path).status_code == 404
    reader = desk.test_client()
    sign_in(reader, Role.READER, "rob")
    assert reader.get("/desk/articles/article-1").status_code == 403
    assert reader.get("/desk/articles/no-such").status_code == 403


def test_text_of_people_stays_text(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    script = "<script>alert(1)</script>"
    save(empty_store, script, (script, script), publish=False, key="evil")
    article = empty_store.summaries()[0].id
    path = f"/desk/articles/{article}"
    post(people["ann"], f"{path}/submit", version=1, note=script)
    for place in ("", "/versions/1", "/diff"):
        text = people["ann"].get(path + place).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_a_correction_is_taken_back_for_the_readings_to_come(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    ann = people["ann"]
    assert not parse(ann.get(GOUT)).select("#corrections")
    empty_store.correct(
        "gout", 1, [Correction(CorrectionKind.OWNER, new="Rheumatology")], actor=Actor("ann")
    )
    page = ann.get(GOUT)
    (line,) = parse(page).select("#corrections li")
    assert "Rheumatology" in line.get_text()
    path = re.search(rf"{GOUT}/corrections/\d+/drop", page.text)
    assert path
    assert post(people["dora"], path[0].replace("gout", "asthma")).status_code == 404
    done = post(ann, path[0])
    assert (done.status_code, done.location) == (303, f"{GOUT}#corrections")
    assert notice_of(ann.get(GOUT)) == "correction-removed"
    assert not parse(ann.get(GOUT)).select("#corrections")
    assert empty_store.corrections("gout") == []
    assert empty_store.article("gout", 2).article.metadata.owner == "Rheumatology"
    assert post(ann, path[0]).status_code == 404
    assert empty_store.list_audit_entries(limit=1)[0].event.action == "correction.dropped"


def test_who_answers_for_few_sees_only_those(
    people: dict[str, FlaskClient], empty_store: ArticleStore
) -> None:
    for title, owner in (("Asthma", "ann"), ("Cough", "ben")):
        save(empty_store, title, ("Use", "Breathe."), owner=owner, review_due=date(2020, 1, 1))
    page = people["ann"].get("/desk/reviews-due")
    assert "/desk/reviews-due?mine=1" in links_of(page)
    mine = people["ann"].get("/desk/reviews-due?mine=1")
    assert ("Asthma" in text_of(mine), "Cough" in text_of(mine)) == (True, False)
    (back,) = parse(mine).select('.desk-links a[href="/desk/reviews-due"]')
    assert "2" in back.get_text()
