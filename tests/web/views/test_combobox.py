"""The suggestions under the search box, in a real browser: keys, pointer, touch, attributes."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.web.chromium import Open, held, overflow, violations

pytestmark = pytest.mark.browser

SUGGEST = "**/api/v1/suggest?*"


def box(page: Page) -> Locator:
    return page.locator("#q[role=combobox]")


def options(page: Page) -> Locator:
    return page.locator("#q-offer[role=listbox]").get_by_role("option")


def type_in(page: Page, text: str) -> None:
    box(page).press_sequentially(text)


def asked_for(page: Page) -> list[str]:
    """Return a list that every request for suggestions is added to."""
    seen: list[str] = []
    page.on(
        "request",
        lambda request: (
            seen.append(request.url.partition("?q=")[2]) if "/suggest?" in request.url else None
        ),
    )
    return seen


def an_answer(*texts: str) -> str:
    lines = [
        {"text": text, "kind": "article", "see": "", "url": f"/articles/{text}", "articles": 1,
         "passages": 1, "source": ""}
        for text in texts
    ]  # fmt: skip
    return json.dumps({"q": "", "did_you_mean": False, "suggestions": lines})


def test_with_the_keyboard_only(open_page: Open):
    page = open_page("/articles/gentamicin")
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("warf")
    expect(options(page).first).to_have_text("Warfarin")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("warf")
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/warfarin")


def test_enter_without_a_line_searches_what_was_typed(open_page: Open):
    page = open_page("/")
    type_in(page, "warf")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=warf")
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_a_heading_leads_to_its_passage_and_a_topic_to_its_page(open_page: Open):
    page = open_page("/")
    type_in(page, "warfarin slow")
    options(page).filter(has_text="How warfarin slows clotting").click()
    expect(page.locator(".arrived")).to_contain_text("How warfarin slows clotting")
    page.goto("/")
    type_in(page, "cardiol")
    options(page).filter(has_text="Cardiology").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cardiology")


def test_a_heading_of_many_articles_leads_to_a_search_that_finds_them(open_page: Open):
    page = open_page("/")
    type_in(page, "side effects and cautions")
    line = options(page).filter(has=page.locator(".offer-more", has_text=re.compile(r"^\d+ ")))
    number = int(line.locator(".offer-more").inner_text().split()[0])
    line.click()
    # A longer heading that holds the same words is found as well.
    assert page.locator(".hits > .hit, .hits > li").count() >= number > 1


def test_the_arrows_go_round_by_way_of_the_text(open_page: Open):
    page = open_page("/")
    type_in(page, "side")
    expect(options(page).nth(1)).to_be_visible()
    last = options(page).count() - 1
    page.keyboard.press("ArrowUp")
    expect(options(page).nth(last)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    expect(box(page)).not_to_have_attribute("aria-activedescendant", re.compile(""))
    page.keyboard.press("ArrowDown")
    active = box(page).get_attribute("aria-activedescendant")
    assert options(page).first.get_attribute("id") == active


def test_home_and_end_go_back_to_the_text(open_page: Open):
    page = open_page("/")
    for key, caret in (("Home", 0), ("End", 4)):
        box(page).fill("")
        type_in(page, "side")
        page.wait_for_selector("[role=option]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press(key)
        expect(page.locator("[aria-selected=true]")).to_have_count(0)
        assert box(page).evaluate("element => element.selectionStart") == caret


def test_escape_closes_and_then_empties(open_page: Open):
    page = open_page("/")
    type_in(page, "side")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box(page)).to_have_value("side")
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")


def test_tab_closes_and_chooses_nothing(open_page: Open):
    page = open_page("/")
    type_in(page, "warf")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.locator("form.search button")).to_be_focused()
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box(page)).to_have_value("warf")


def test_combobox_announces_suggestions(open_page: Open):
    page = open_page("/")
    control = box(page)
    list_id = control.get_attribute("aria-controls")
    assert page.locator(f"#{list_id}").get_attribute("role") == "listbox"
    expect(control).to_have_attribute("aria-autocomplete", "list")
    expect(control).to_have_attribute("aria-expanded", "false")
    type_in(page, "warf")
    groups = page.get_by_role("group", name=re.compile(r"\w"))  # each has a name
    expect(groups.and_(page.locator("[data-kind=article]")).get_by_role("option")).to_have_count(1)
    headings = groups.and_(page.locator("[data-kind=heading]")).get_by_role("option")
    expect(headings.first.locator(".offer-more")).to_contain_text("Warfarin")
    said = page.locator("#q-said")
    expect(said).to_have_attribute("role", "status")
    expect(said).to_contain_text(str(options(page).count()))
    ids = options(page).evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids)
    control.fill("zzzzzz")
    expect(said).to_have_attribute("data-count", "0")
    expect(said).not_to_be_empty()
    expect(control).to_have_attribute("aria-expanded", "false")


def test_a_slip_is_labelled(open_page: Open):
    page = open_page("/")
    type_in(page, "warfatin")
    group = page.get_by_role("group", name=re.compile(r"\w")).and_(
        page.locator("[data-kind=similar]")
    )
    expect(group.get_by_role("option").first).to_have_text("Warfarin")
    expect(page.locator("#q-said")).to_have_text(re.compile(r"\w.*\d"))


@pytest.mark.parametrize("path", ["/", "/articles/gentamicin", "/search?q=bleeding"])
def test_axe_finds_nothing_with_the_list_open(open_page: Open, path: str):
    page = open_page(path, reduced_motion="reduce")
    box(page).fill("")
    type_in(page, "c")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert violations(page) == []


@pytest.mark.parametrize("path", ["/", "/articles/gentamicin"])
def test_on_a_telephone(open_page: Open, path: str):
    page = open_page(path, width=360, height=640, has_touch=True, is_mobile=True)
    box(page).tap()
    type_in(page, "c")
    expect(options(page).first).to_be_visible()
    assert overflow(page) == 0
    for option in options(page).all():
        size = option.bounding_box()
        assert size and size["height"] >= 44
        assert size["x"] >= 0 and size["x"] + size["width"] <= 360
    target = options(page).nth(1).get_attribute("href")
    options(page).nth(1).tap()
    page.wait_for_url(f"**{target}")


def test_a_long_name_stays_within_the_list(open_page: Open):
    page = open_page("/", width=360)
    type_in(page, "pneumono")
    expect(options(page).first).to_be_visible()
    assert overflow(page) == 0
    inner = page.locator("#q-offer").evaluate("e => e.scrollWidth - e.clientWidth")
    assert inner == 0


def test_the_line_reached_scrolls_into_sight(open_page: Open):
    page = open_page("/", width=360, height=400)
    type_in(page, "c")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(options(page).last).to_be_in_viewport()


def test_pointing_keeps_the_focus_and_elsewhere_closes(open_page: Open):
    page = open_page("/")
    type_in(page, "side")
    options(page).first.hover()
    page.mouse.down()
    expect(box(page)).to_be_focused()
    expect(options(page).first).to_be_visible()
    page.mouse.move(5, 700)
    page.mouse.up()
    page.mouse.click(5, 700)
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_without_scripts_it_is_the_plain_form(open_page: Open):
    page = open_page("/", java_script_enabled=False)
    expect(page.get_by_role("combobox")).to_have_count(0)
    field = page.get_by_role("searchbox", name=re.compile(r"\w"))
    field.fill("warf")
    expect(page.locator("#q-offer")).to_be_hidden()
    field.press("Enter")
    page.wait_for_url("**/search?q=warf")


def type_at_once(page: Page, text: str) -> None:
    """Type with no time between the letters, however busy the machine is."""
    box(page).evaluate(
        """(field, text) => {
            for (const letter of text) {
                field.value += letter;
                field.dispatchEvent(new InputEvent("input", { bubbles: true }));
            }
        }""",
        text,
    )


def test_a_quick_typist_asks_once_and_an_empty_box_never(open_page: Open):
    page = open_page("/")
    seen = asked_for(page)
    box(page).focus()
    type_at_once(page, "   ")
    type_at_once(page, "warfarin")
    expect(options(page).first).to_be_visible()
    assert seen == ["warfarin"]
    type_at_once(page, "  ")
    box(page).fill("")
    expect(page.get_by_role("listbox")).to_have_count(0)
    box(page).fill("x" * 500)
    page.wait_for_timeout(300)
    assert seen == ["warfarin"]


def test_an_answer_that_comes_too_late_is_dropped(open_page: Open):
    page = open_page("/")
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url.partition("?q=")[2]))
    held: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.url.endswith("q=w"):
            held.append(route)
        else:
            route.fulfill(body=an_answer("second"), content_type="application/json")

    page.route(SUGGEST, answer)
    with page.expect_request(SUGGEST):
        box(page).fill("w")
    box(page).fill("wa")
    expect(options(page)).to_have_text(["second"])
    assert failed == ["w"]  # at most one in flight: the first was given up
    held[0].abort()
    expect(options(page)).to_have_text(["second"])


def test_an_answer_after_the_box_was_left_opens_nothing(open_page: Open):
    page = open_page("/")
    held: list[Route] = []
    page.route(SUGGEST, lambda route: held.append(route))  # noqa: PLW0108  (takes no built-in)
    with page.expect_request(SUGGEST):
        box(page).fill("warf")
    page.keyboard.press("Tab")
    expect(page.locator("form.search button")).to_be_focused()
    held[0].abort()
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box(page)).to_have_attribute("aria-expanded", "false")


def test_a_server_that_fails_leaves_the_form_as_it_is(open_page: Open):
    page = open_page("/")
    page.route(SUGGEST, lambda route: route.fulfill(status=404, body="gone"))
    with page.expect_response(SUGGEST):
        box(page).fill("warf")
    expect(page.get_by_role("listbox")).to_have_count(0)
    box(page).press("Enter")
    page.wait_for_url("**/search?q=warf")


def test_names_are_text_and_never_markup(open_page: Open):
    page = open_page("/")
    bad = '<img src=x onerror="alert(1)">'
    answer = an_answer(bad)
    page.route(SUGGEST, lambda route: route.fulfill(body=answer, content_type="application/json"))
    type_in(page, "img")
    expect(options(page)).to_have_text([bad])
    expect(page.locator("#q-offer img")).to_have_count(0)


def test_an_input_method_is_left_alone_until_it_is_done(open_page: Open):
    page = open_page("/")
    seen = asked_for(page)
    box(page).focus()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "war", "selectionStart": 3, "selectionEnd": 3})
    page.wait_for_timeout(300)
    assert seen == []
    session.send("Input.insertText", {"text": "warf"})
    expect(options(page).first).to_have_text("Warfarin")
    assert seen == ["warf"]


def test_control_k_does_not_fight_a_field(open_page: Open):
    page = open_page("/articles/gentamicin")
    page.keyboard.press("Control+k")
    expect(box(page)).to_be_focused()
    page.keyboard.type("a/b")
    expect(box(page)).to_have_value("a/b")


def test_coming_back_finds_the_list_closed(open_page: Open):
    page = open_page("/")
    type_in(page, "warf")
    options(page).first.click()
    page.wait_for_url("**/articles/warfarin")
    page.go_back()
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box(page)).to_have_attribute("aria-expanded", "false")


def test_query_typed_before_the_script_loads_gets_suggestions(open_page: Open):
    page = open_page("/articles/gentamicin")
    late = held(page, "**/combobox.js")
    page.locator("a.site-name").click(no_wait_after=True)
    page.get_by_role("searchbox").press_sequentially("warf")
    late[0].continue_()
    expect(options(page).first).to_have_text("Warfarin")
