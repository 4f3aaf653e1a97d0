"""The form to the content team: what it takes, what it refuses, and that it keeps nothing else."""

from __future__ import annotations

import pytest

from kb.storage.schema import content_requests_table
from tests.web.builders import CannedSearch
from tests.web.page_text import elements, texts, values
from web.services import throttle
from web.services.throttle import GlobalThrottle

HERE = {"Sec-Fetch-Site": "same-origin"}
ASKED = {"query": "gout diet", "sentence": "May they eat fish?", "reach": "ward.4@hospital.example"}


@pytest.fixture
def site(client_with, empty_store):
    return client_with(CannedSearch(), empty_store), empty_store


def test_the_form_holds_the_query_that_found_nothing(site):
    page = site[0].get("/ask?q=%22zebra%22+%3Cb%3E")
    assert 'value="&#34;zebra&#34; &lt;b&gt;"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_content_request_is_stored_and_confirmed(site):
    client, store = site
    answer = client.post("/ask", data=ASKED, headers=HERE)
    assert (answer.status_code, answer.location) == (303, "/ask/thanks")
    assert elements(client.get(answer.location), "[data-sent]")
    client.get(answer.location)
    (question,) = store.list_content_requests()
    assert (question.query, question.sentence, question.reach) == tuple(ASKED.values())


def test_nothing_of_who_asked_has_a_place_to_be_kept():
    assert set(content_requests_table.columns.keys()) == {
        "id",
        "query",
        "sentence",
        "reach",
        "at",
        "done_at",
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "https://localhost"}, 303),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_only_a_form_that_was_sent_from_here_is_taken(site, headers, status):
    client, store = site
    answer = client.post("/ask", data=ASKED, headers=headers)
    assert answer.status_code == status
    assert len(store.list_content_requests()) == (status == 303)
    if status == 403:
        assert values(answer, "data-fault") == ["origin"]
        assert "gout diet" in answer.text


@pytest.mark.parametrize(
    ("changed", "kind", "field", "named"),
    [
        ({"query": " ", "sentence": ""}, "empty", "query", ()),
        ({"query": "a" * 201}, "length", "query", ("201", "200")),
        ({"sentence": "a" * 501}, "length", "sentence", ("501", "500")),
        ({"reach": "a" * 121}, "length", "reach", ("121", "120")),
        ({"query": "943 476 5919"}, "identifying", "query", ("NHS number",)),
        ({"sentence": "Dose for MRN 1234567?"}, "identifying", "sentence", ("record number",)),
        ({"sentence": "Date of birth 12/03/1980"}, "identifying", "sentence", ("date of birth",)),
        ({"query": "Mrs Jones, 12/03/1980"}, "identifying", "query", ("date of birth",)),
    ],
)
def test_invalid_content_request_keeps_the_entered_text(site, changed, kind, field, named):
    client, store = site
    answer = client.post("/ask", data=ASKED | changed, headers=HERE)
    assert answer.status_code == 422
    (fault,) = elements(answer, '[role="alert"] [data-fault]')
    assert fault["data-fault"] == kind
    assert values(str(fault), "href") == [f"#ask-{field}"]
    for name in named:
        assert name in fault.text
    assert texts(answer, f"#fault-{field}") == [fault.text.strip()]
    assert answer.headers["Cache-Control"] == "no-store"
    (wrong,) = elements(answer, '[aria-invalid="true"]')
    assert wrong["name"] == field
    assert store.list_content_requests() == []
    assert ASKED["reach"] in answer.text or "reach" in changed


def test_a_question_needs_no_more_than_one_of_its_fields(site):
    client, store = site
    client.post("/ask", data={"query": "gout"}, headers=HERE)
    client.post("/ask", data={"sentence": "How much fish?"}, headers=HERE)
    assert [(q.query, q.sentence) for q in store.list_content_requests()] == [
        ("gout", ""),
        ("", "How much fish?"),
    ]


def test_one_s_own_number_may_be_left_to_be_reached(site):
    client, store = site
    reach = "me@gmail.com, 020 7946 0018"
    client.post("/ask", data=ASKED | {"reach": reach}, headers=HERE)
    assert [question.reach for question in store.list_content_requests()] == [reach]


def test_signs_that_would_act_on_a_terminal_are_taken_out(site):
    client, store = site
    sentence = "One\r\ntwo\x1b[31m\x00"
    client.post("/ask", data=ASKED | {"sentence": sentence}, headers=HERE)
    assert [question.sentence for question in store.list_content_requests()] == ["One\ntwo [31m"]


def test_too_many_at_once_are_refused_with_what_was_written(site, monkeypatch):
    client, store = site
    monkeypatch.setattr(throttle, "MAX_SUBMISSIONS", 2)
    statuses = [client.post("/ask", data=ASKED, headers=HERE).status_code for _ in range(3)]
    assert statuses == [303, 303, 429]
    assert len(store.list_content_requests()) == 2
    answer = client.post("/ask", data=ASKED, headers=HERE)
    assert values(answer, "data-fault") == ["throttled"]
    assert "May they eat fish?" in answer.text


def test_rejected_content_request_does_not_use_the_rate_limit(site, monkeypatch):
    client, _ = site
    monkeypatch.setattr(throttle, "MAX_SUBMISSIONS", 1)
    client.post("/ask", data={}, headers=HERE)
    assert client.post("/ask", data=ASKED, headers=HERE).status_code == 303


def test_room_comes_back_with_time():
    now = 0.0
    limit = GlobalThrottle(clock=lambda: now)
    assert all(limit.try_acquire() for _ in range(throttle.MAX_SUBMISSIONS))
    now = throttle.WINDOW_SECONDS - 1.0
    assert not limit.try_acquire()
    now = throttle.WINDOW_SECONDS + 0.0
    assert limit.try_acquire()


def test_every_page_leads_to_the_form(client):
    for address in ("/", "/topics", "/articles/warfarin"):
        assert 'href="/ask"' in client.get(address).text
