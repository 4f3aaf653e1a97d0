"""The pages in a real browser, with the sample articles: flows, layouts, accessibility."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.chromium import ALL_AT_ONCE, Open, overflow, violations

pytestmark = pytest.mark.browser

PAGES = {
    "home": "/",
    "results": "/search?q=bleeding",
    "filtered": "/search?q=bleeding&tag=safety",
    "article": "/articles/gentamicin?q=kidney",
    "formatted": "/articles/injections?q=child+platelet",
    "topics": "/topics",
    "a-z": "/a-z",
    "topic": "/topics/Medicines",
    "topic, one tag": "/topics/Medicines?tag=safety&due=overdue",
    "tag": "/tags/safety",
    "new": "/new",
    "ask": "/ask?q=zebra",
    "thanks": "/ask/thanks",
    "api": "/api",
    "nothing": "/search?q=zebra+stripes",
    "long": "/articles/long?q=hip",
    "long result": "/search?q=hip+problems",
    "infobutton": "/infobutton?knowledgeResponseType=text/html&mainSearchCriteria.v.dn=Gentamicin"
    "&subTopic.v.c=Q000009",
    "missing": "/articles/nothing",
    "all at once": f"/search?q={ALL_AT_ONCE}",
    "one result": "/search?q=gentamicin+mitochondrial",
}


# Flows


def test_from_a_word_to_the_marked_passage(open_page: Open):
    page = open_page("/")
    page.locator("#q").fill("dislocation clot")
    page.locator("form.search button").click()
    expect(page.locator("h1[data-articles]")).to_have_count(1)
    first = page.locator(".hit h2 a").first
    anchor = first.get_attribute("href").partition("#")[2]
    first.click()
    passage = page.locator(f"#{anchor}")
    expect(passage).to_have_class(re.compile("arrived"))
    expect(passage).to_be_in_viewport()
    assert passage.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    expect(passage.locator("mark").first).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_value("dislocation clot")


def test_stepping_through_the_matches(open_page: Open):
    page = open_page("/articles/gentamicin?q=kidney")
    bar = page.locator(".matches")
    expect(bar).to_have_role("region")
    total = page.locator(".passages mark").count()
    expect(bar.locator("[data-matches]")).to_have_attribute("data-matches", str(total))
    expect(bar.locator("[data-matches]")).to_contain_text("kidney")
    place = bar.get_by_role("status")
    expect(place).to_have_text("")
    bar.locator("[data-match=next]").click()
    bar.locator("[data-match=next]").click()
    expect(place).to_have_attribute("data-at", "2")
    expect(page.locator("mark.current")).to_be_in_viewport()
    expect(bar.locator("[data-match=next]")).to_be_focused()
    bar.locator("[data-match=previous]").click()
    bar.locator("[data-match=previous]").click()
    expect(place).to_have_attribute("data-at", str(total))
    expect(place).to_contain_text(str(total))
    bar.locator("a:not([data-results])").click()
    expect(page.locator("mark")).to_have_count(0)


def test_the_keys_n_and_p_step_except_where_one_types(open_page: Open):
    page = open_page("/articles/gentamicin?q=kidney")
    place = page.locator(".matches").get_by_role("status")
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("p")
    expect(place).to_have_attribute("data-at", "1")
    expect(page.locator("mark.current")).to_be_focused()
    page.get_by_role("combobox").or_(page.get_by_role("searchbox")).press_sequentially("nnp")
    expect(place).to_have_attribute("data-at", "1")


def test_arriving_begins_at_the_matches_of_the_passage(open_page: Open):
    page = open_page("/search?q=kidney+damage+gentamicin&tag=interactions")
    page.locator(".hit h2 a").first.click()
    expect(page.locator(".arrived mark").first).to_have_class("current")
    before = page.locator(".arrived").evaluate(
        """(passage) => [...document.querySelectorAll(".passages mark")]
            .findIndex((mark) => passage.contains(mark))"""
    )
    assert before > 0
    place = page.locator(".matches").get_by_role("status")
    expect(place).to_have_attribute("data-at", str(before + 1))
    page.keyboard.press("n")
    expect(place).to_have_attribute("data-at", str(before + 2))


def test_filters_go_on_and_off(open_page: Open):
    page = open_page("/search?q=bleeding")
    heading = page.locator("h1[data-articles]")
    before = heading.get_attribute("data-articles")
    page.locator('nav.filters a[href*="tag=contraindications"]').click()
    assert "tag=contraindications" in page.url
    assert heading.get_attribute("data-articles") != before
    page.locator(".chosen a").click()
    assert heading.get_attribute("data-articles") == before


def test_more_passages_unfold(open_page: Open):
    page = open_page("/search?q=bleeding")
    more = page.locator(".more:not(.why)").first
    expect(more.locator("li").first).to_be_hidden()
    more.locator("summary").click()
    more.locator("li a").first.click()
    expect(page.locator(".arrived")).to_be_in_viewport()


def test_with_the_keyboard_only(open_page: Open):
    page = open_page("/articles/gentamicin")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.type("warfarin a/b")
    expect(box).to_have_value("warfarin a/b")
    page.keyboard.press("Control+a")
    page.keyboard.type("warfarin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=warfarin")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    first = page.locator(".hit h2 a").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    expect(first).to_be_focused()
    assert first.evaluate("element => getComputedStyle(element).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/**")


COPYING = ["clipboard-read", "clipboard-write"]
NO_CLIPBOARD = "delete Navigator.prototype.clipboard;"
NO_COPYING = NO_CLIPBOARD + "Document.prototype.execCommand = () => false;"


def copy(page: Page, text: str) -> Locator:
    passage = page.locator(".passage", has_text=text).last
    passage.hover()
    passage.locator("button[data-copy]").click()
    return passage


@pytest.mark.parametrize("without", ["", NO_CLIPBOARD])
def test_copy_with_citation(open_page: Open, without: str):
    page = open_page("/articles/gentamicin", permissions=COPYING, script=without)
    passage = copy(page, "oxygen-dependent process")
    expect(passage.get_by_role("status")).to_have_attribute("data-copied", "yes")
    expect(passage.get_by_role("status")).not_to_be_empty()
    expect(page.locator("textarea")).to_have_count(0)
    copied = open_page("/", permissions=COPYING).evaluate("navigator.clipboard.readText()")
    assert "oxygen-dependent process" in copied
    assert "Gentamicin, How gentamicin kills bacteria. Sample articles." in copied
    assert "8 September 2025" in copied
    assert re.search(r"http://127\S+/articles/gentamicin/\w+\?v=1#p-\w+", copied)


def test_a_copy_keeps_lists_and_tables(open_page: Open):
    page = open_page("/articles/gentamicin", permissions=COPYING)
    copy(page, "hearing: tinnitus")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "- Inner ear:\n  - balance: dizziness" in copied
    copy(page, "Once daily (extended interval)")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Schedule | Usually suits | Blood level checked\nOnce daily" in copied


def test_a_copy_keeps_labels_and_powers(open_page: Open):
    page = open_page("/articles/injections", permissions=COPYING)
    copy(page, "platelet count")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "50 × 10^9/L" in copied
    copy(page, "Draw up")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "3. Draw up 0.5 mL\n4. Give" in copied
    assert "c. Check the date" in copied
    assert "iv. Record the batch" in copied
    assert "1.2.1 Offer" in copied
    assert "a) Adults\n  - healthy\n    i. under 60 years" in copied
    assert "- Before the dose\n  1. Wash" in copied


def test_a_selected_power_is_copied_with_its_sign_and_shown_raised(open_page: Open):
    page = open_page("/articles/injections", permissions=COPYING)
    paragraph = page.locator(".passage-text p", has_text="platelet count")
    assert paragraph.locator(".caret").evaluate("sign => sign.getBoundingClientRect().width") == 0
    paragraph.evaluate("element => getSelection().selectAllChildren(element)")
    page.keyboard.press("Control+c")
    assert "50 × 10^9/L" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("width", [360, 1440])
def test_a_table_breaks_no_word_and_keeps_its_first_column(open_page: Open, width: int):
    page = open_page("/articles/injections", width=width)
    frame = page.locator(".table")
    expect(page.locator(".scroll-hint")).to_be_visible()
    expect(frame).to_have_class(re.compile("overflowing"))
    lines = """cell => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
    }"""
    for text in ("Subcutaneous", "Intramuscular", "1,440 units"):
        assert frame.get_by_text(text, exact=True).first.evaluate(lines) == 1
    name = frame.locator(".first", has_text="Engerix")
    before = name.bounding_box()
    frame.evaluate("frame => { frame.scrollLeft = 200; }")
    after = name.bounding_box()
    assert before and after
    assert abs(before["x"] - after["x"]) <= 2


def test_care_levels_have_their_colours(open_page: Open):
    page = open_page("/articles/injections", color_scheme="light")

    def style(level: str, name: str) -> str:
        callout = page.locator(f'.callout[data-level="{level}"]')
        return callout.evaluate("(element, name) => getComputedStyle(element)[name]", name)

    assert style("emergency", "backgroundColor") == style("urgent", "borderLeftColor")
    assert style("emergency", "color") == "rgb(255, 255, 255)"
    assert style("non-urgent", "borderLeftColor") == "rgb(10, 85, 140)"
    assert style("important", "borderLeftColor") == "rgb(255, 184, 28)"


def test_where_copying_is_forbidden_the_text_is_laid_out_selected(open_page: Open):
    page = open_page("/articles/gentamicin", script=NO_COPYING)
    passage = copy(page, "oxygen-dependent process")
    expect(passage.get_by_role("status")).to_have_attribute("data-copied", "no")
    expect(passage.get_by_role("status")).not_to_be_empty()
    field = passage.locator("textarea[aria-label]")
    expect(field).to_be_focused()
    selected = field.evaluate(
        "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    )
    assert "oxygen-dependent process" in selected
    assert "8 September 2025" in selected


def test_the_contents_mark_where_one_is(open_page: Open):
    page = open_page("/articles/gentamicin")
    link = page.locator(".contents a").nth(4)
    link.click()
    expect(link).to_have_attribute("aria-current", "location")


def test_a_table_scrolls_by_itself_and_takes_the_focus(open_page: Open):
    page = open_page("/articles/gentamicin", width=360)
    table = page.locator(".table").first
    table.focus()
    expect(table).to_be_focused()
    assert overflow(page) == 0


# Without scripts, in other sizes and schemes, on paper


def test_without_scripts(open_page: Open):
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("kidney damage")
    page.locator("form.search button").click()
    page.locator(".hit h2 a").first.click()
    expect(page.locator(".arrived mark").first).to_be_visible()
    expect(page.locator(".arrived")).to_be_in_viewport()
    expect(page.locator("[data-match=next]")).to_be_hidden()
    expect(page.locator("[data-copy]").first).to_be_hidden()
    page.locator("a[data-results]").click()
    expect(page.locator(".hit").first).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_screen(open_page: Open, name: str):
    page = open_page(PAGES[name], width=320)
    over = {320: overflow(page)}
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(PAGES[name])
        over[width] = overflow(page)
    assert over == {320: 0, 360: 0, 768: 0, 1440: 0}


def test_filters_fold_on_a_narrow_screen_and_stand_open_on_a_wide_one(open_page: Open):
    path = "/search?q=bleeding"
    narrow = open_page(path, width=360)
    choice = narrow.locator(".choices a").first
    expect(choice).to_be_hidden()
    narrow.locator("nav.filters > details > summary").click()
    expect(choice).to_be_visible()
    expect(open_page(path).locator(".choices a").first).to_be_visible()


def test_ten_hits_fit_in_two_screens_of_a_laptop(open_page: Open):
    page = open_page("/search?q=treatment", width=1440, height=900)
    assert page.locator(".hit").count() == 10
    end = page.locator(".hits").bounding_box()
    assert end and end["y"] + end["height"] <= 2 * 900


SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ["results", "article", "all at once", "nothing"])
def test_nothing_moves_while_a_page_loads(open_page: Open, name: str, width: int):
    page = open_page(PAGES[name], width=width, script=SHIFTS)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.shifts") == 0


def test_the_band_of_an_arrived_passage_stays_inside_its_box(open_page: Open):
    page = open_page("/search?q=kidney+damage+gentamicin&tag=interactions")
    page.locator(".hit h2 a").first.click()
    style = page.locator(".arrived.safety").evaluate(
        """(element) => {
            const box = getComputedStyle(element), band = getComputedStyle(element, "::before");
            return [box.outlineOffset, band.left, band.top, band.bottom, box.borderRadius];
        }"""
    )
    assert style == ["12px", "-12px", "-12px", "-12px", "0px"]


def test_dark_is_dark(open_page: Open):
    page = open_page("/search?q=bleeding", color_scheme="dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(20, 25, 29)"


def test_on_paper_there_is_no_navigation(open_page: Open):
    page = open_page("/articles/gentamicin?q=kidney", color_scheme="dark")
    page.emulate_media(media="print")
    for name in (".site", ".contents", ".matches", ".site-foot", ".passage-tools >> nth=0"):
        expect(page.locator(name)).to_be_hidden()
    expect(page.locator(".print-line")).to_contain_text(
        re.compile(r"Gentamicin\..*8 September 2025")
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(open_page: Open, name: str):
    assert violations(open_page(PAGES[name], reduced_motion="reduce")) == []


@pytest.mark.parametrize("name", ["results", "article", "home", "topics"])
def test_targets_are_large_enough(open_page: Open, name: str):
    """24 by 24 px, but for links within a sentence or a line of text (WCAG 2.2, 2.5.8)."""
    page = open_page(PAGES[name], width=360, has_touch=True, is_mobile=True)
    small = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")]
            .filter((element) => element.checkVisibility())
            .filter((element) => !element.closest(".skip, p:not(.hit-place, .passage-tools), dd"))
            .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
            .filter(([, box]) => box.height < 24 || box.width < 24)
            .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
    )
    assert small == []


# Results by keyboard


def focused_hit(page: Page) -> int:
    """Return the number of the result that has the focus; -1 if none has it."""
    return page.evaluate("""() =>
        [...document.querySelectorAll(".hits [data-hit]")].indexOf(document.activeElement)""")


def test_j_k_and_arrow_keys_move_between_hits(open_page: Open):
    page = open_page("/search?q=bleeding")
    places = []
    for key in ("ArrowDown", "j", "j", "ArrowDown", "ArrowUp", "k", "k"):
        page.keyboard.press(key)
        places.append(focused_hit(page))
    assert places == [-1, 0, 1, 2, 1, 0, 0]
    page.locator("#q").focus()
    page.keyboard.type("jk")
    expect(page.locator("#q")).to_have_value("jkbleeding")


def test_hits_precede_filters_in_tab_order(open_page: Open):
    page = open_page("/search?q=bleeding")
    assert page.evaluate("""() => {
        const hits = [...document.querySelectorAll(".hits [data-hit]")];
        const filters = document.querySelector(".choices a");
        const after = Node.DOCUMENT_POSITION_FOLLOWING;
        return hits.length && hits.every((hit) => hit.compareDocumentPosition(filters) & after);
    }""")
    assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
