"""The way back from an article leads to the very page of results that it was reached from."""

from __future__ import annotations

from tests.web.builders import CannedSearch, a_hit, an_answer
from tests.web.page_text import links_of
from web.presentation.urls import UrlBuilder

STATE = "tag=safety&topic=Heart&sort=date&literal=1&offset=10"


def test_a_hit_carries_the_state_of_its_page(client_with):
    page = client_with(CannedSearch(an_answer(a_hit()))).get(f"/search?q=clots&{STATE}")
    reached = [link for link in links_of(page) if link.startswith("/articles/") and "q=" in link]
    assert reached
    assert all(STATE in link for link in reached)


def test_links_that_mark_nothing_carry_no_state():
    here = UrlBuilder(state=(("tag", "safety"),))
    assert here.article("gout") == "/articles/gout"
    assert here.article("gout", q="pain") == "/articles/gout?q=pain&tag=safety"
