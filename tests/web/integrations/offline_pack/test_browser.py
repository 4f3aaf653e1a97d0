"""Offline pack in Chromium, opened from a folder without a server or network."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from index.analyzer import has_cjk, split_words
from index.search.results import SearchRequest
from tests.web.chromium import overflow
from tests.web.formatted_article import LINK
from web.context import Services

pytestmark = pytest.mark.browser

JUDGED = Path(__file__).parents[3] / "index" / "evaluation" / "judged.csv"
QUERIES = Path(__file__).with_name("queries.txt")  # names, intents, misspellings and brands
# Shares of the judged queries.
SAME_ARTICLE, SAME_PASSAGE = 0.98, 0.95

AXE = {"preload": False}  # it would fetch the style sheets, which the pack's policy forbids

# Searches for one query after the other and returns where each leads first.
SEARCH_ALL = """async (queries) => {
  const first = [];
  for (const query of queries) {
    location.hash = new URLSearchParams({ q: query });
    const found = document.querySelector("[data-found]");
    while (found.hidden || found.dataset.query !== query) await new Promise((done) => setTimeout(done, 2));
    first.push(document.querySelector("[data-hits] [data-heading]")?.getAttribute("href") ?? "");
  }
  return first;
}"""  # noqa: E501


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Yield an offline browser context; check that pages log nothing and request no other files."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    faults: list[str] = []
    context.on(
        "request", lambda one: None if one.url.startswith("file:") else faults.append(one.url)
    )
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda line: faults.append(line.text))
    yield context
    context.close()
    assert faults == []


@pytest.fixture(scope="module")
def page(context: BrowserContext, sample_pack: Path) -> Page:
    page = context.new_page()
    page.goto((sample_pack / "index.html").as_uri())
    return page


def search(page: Page, words: str) -> Locator:
    """Search by keyboard and return the results."""
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    return results(page, words)


def results(page: Page, words: str) -> Locator:
    found = page.locator("[data-found]")
    expect(found).to_have_attribute("data-query", words)
    return found


def articles(found: Locator) -> list[str]:
    links = found.locator("[data-hits] [data-title]")
    return [Path(link.get_attribute("href") or "").stem for link in links.all()]


def first_on_the_site(site: Services, query: str) -> str:
    """Return the address in the pack of the site's first hit; empty without one."""
    hits = site.search.search(SearchRequest(q=query)).hits
    return f"articles/{hits[0].article.id}.html#{hits[0].passage.anchor}" if hits else ""


def test_first_hit_is_that_of_the_site(page: Page, sample_site: Services) -> None:
    queries = QUERIES.read_text("utf-8").splitlines()
    expected = [first_on_the_site(sample_site, query) for query in queries]
    found = page.evaluate(SEARCH_ALL, queries)
    assert dict(zip(queries, found, strict=True)) == dict(zip(queries, expected, strict=True))


def test_search_leads_where_the_site_leads(page: Page, sample_site: Services) -> None:
    with JUDGED.open(encoding="utf-8") as file:
        rows = [row["query"] for row in csv.DictReader(file)]
    expected = {query: first_on_the_site(sample_site, query) for query in rows}
    queries = list(expected)
    assert len(queries) >= 100
    pairs = list(zip(page.evaluate(SEARCH_ALL, queries), expected.values(), strict=True))
    assert sum(one == other for one, other in pairs) / len(queries) >= SAME_PASSAGE
    same = sum(one.partition("#")[0] == other.partition("#")[0] for one, other in pairs)
    assert same / len(queries) >= SAME_ARTICLE


@pytest.mark.parametrize(
    "asked",
    ["{} side effects", "{} overdose", "when to worry {}", "how does {} work", "what is {}", "{}"],
)
def test_article_and_passage_about_the_subject_lead_as_on_the_site(
    page: Page, sample_site: Services, asked: str
) -> None:
    titles = [each.title for each in sample_site.store.summaries()]
    queries = [asked.format(title) for title in titles]
    there = [sample_site.search.search(SearchRequest(q=query)).hits[0] for query in queries]
    assert page.evaluate(SEARCH_ALL, queries) == [
        f"articles/{hit.article.id}.html#{hit.passage.anchor}" for hit in there
    ]


def test_missing_answer_is_stated_above_the_opening(page: Page) -> None:
    found = search(page, "gentamicin driving")
    assert articles(found)[0] == "gentamicin"
    expect(found.locator("[data-unanswered]")).to_be_visible()
    expect(found.locator("[data-unanswered-intents]")).to_have_text("driving")
    expect(found.locator("[data-unanswered-subject]")).to_have_text("Gentamicin")
    expect(search(page, "gentamicin dose").locator("[data-unanswered]")).to_be_hidden()


def test_hit_shows_article_heading_snippet_tags_and_review(page: Page) -> None:
    hit = search(page, "warfarin bleeding").locator("[data-hit]").first
    expect(hit.locator("[data-title]")).to_have_attribute("href", "articles/warfarin.html")
    for part in ("heading", "snippet", "review"):
        expect(hit.locator(f"[data-{part}]")).not_to_be_empty()
    assert {"warfarin", "bleeding"} & {
        mark.lower() for mark in hit.locator("mark").all_inner_texts()
    }
    expect(hit.locator(".tag").first).to_be_visible()
    expect(hit.locator("[data-pinned]")).to_have_count(0)


@pytest.mark.parametrize("words", ["bleeds", "bleeding", "haemorrhaging"])
def test_search_finds_inflections_and_synonyms(page: Page, words: str) -> None:
    found = search(page, words)
    expect(found).to_have_attribute("data-answer", "all")
    assert "warfarin" in articles(found)


def test_synonyms_that_were_searched_are_named(page: Page) -> None:
    found = search(page, "MI statin")
    assert articles(found)[0] == "statins"
    expect(found.locator("[data-synonyms]")).to_contain_text("heart attack")


def test_few_synonyms_are_shown_and_the_others_folded(page: Page) -> None:
    found = search(page, "kidney failure tired").locator("[data-synonyms]")
    notes = found.locator(":scope > div")
    expect(notes).to_have_count(2)
    expect(notes.locator("summary")).to_have_count(1)  # the only synonym of the other is shown
    folded = notes.first.locator("details")
    expect(folded).not_to_have_attribute("open", "")
    folded.locator("summary").click()
    expect(folded).to_contain_text("renal impairment")


def test_misspelt_word_is_corrected_and_labelled(page: Page) -> None:
    found = search(page, "haemorrage")
    expect(found).to_have_attribute("data-answer", "corrected")
    expect(found.locator("[data-note=corrected]")).to_be_visible()
    expect(found.locator("[data-corrected]")).to_have_text("haemorrhage")
    assert "warfarin" in articles(found)


@pytest.mark.parametrize(
    ("typed", "meant", "first"),
    [
        ("warfrin", "warfarin", "warfarin"),
        ("pacemeker", "pacemaker", "pacemaker"),
        ("warfrin side effects", "warfarin side effects", "warfarin"),
    ],
)
def test_certain_correction_is_searched_with_its_subject(
    page: Page, typed: str, meant: str, first: str
) -> None:
    found = search(page, typed)
    expect(found).to_have_attribute("data-answer", "corrected")
    expect(found.locator("[data-corrected]")).to_have_text(meant)
    assert articles(found)[0] == first


def test_doubtful_drug_is_suggested_and_not_searched(page: Page) -> None:
    found = search(page, "atorvastin")
    expect(found).to_have_attribute("data-answer", "none")
    assert articles(found) == []
    found.locator("[data-similar]").get_by_role("link", name="atorvastatin").click()
    expect(results(page, "atorvastatin")).to_have_attribute("data-answer", "all")


@pytest.mark.parametrize("typed", ["ropivacaine", "rabies"])
def test_correctly_typed_word_is_never_questioned(page: Page, typed: str) -> None:
    found = search(page, typed)
    expect(found).to_have_attribute("data-answer", "none")
    expect(found.locator("[data-similar]")).to_be_hidden()


def test_word_is_not_replaced_by_its_opposite(page: Page) -> None:
    assert articles(search(page, "hyponatraemia"))
    found = search(page, "hypernatraemia")
    assert articles(found) == []
    assert "hypo" not in found.locator("[data-similar]").inner_text()


def test_passages_with_some_of_the_words_are_labelled(page: Page) -> None:
    found = search(page, "gentamicin zebra")
    expect(found).to_have_attribute("data-answer", "some")
    expect(found.locator("[data-note=some]")).to_be_visible()


def test_minus_excludes_a_word(page: Page) -> None:
    assert "warfarin" in articles(search(page, "bleeding"))
    assert "warfarin" not in articles(search(page, "bleeding -warfarin"))


@pytest.mark.parametrize("words", ["bleeding NOT warfarin", 'bleeding -"warfarin"'])
def test_not_excludes_a_word(page: Page, words: str) -> None:
    found = articles(search(page, words))
    assert found
    assert "warfarin" not in found


def test_compound_is_found_in_its_other_spellings(page: Page) -> None:
    written = articles(search(page, "x-ray"))
    assert written
    assert articles(search(page, "xray")) == written


def test_quoted_phrase_matches_adjacent_words_only(page: Page) -> None:
    assert "heart-failure" in articles(search(page, '"heart failure"'))
    expect(search(page, '"failure heart"')).to_have_attribute("data-answer", "none")


def test_star_ends_a_word_and_is_reported_elsewhere(page: Page) -> None:
    assert "warfarin" in articles(search(page, "warf*"))
    found = search(page, "bleeding gast*ric")
    expect(found.locator("[data-ignored-words]")).to_have_text("“gast*ric”")
    assert "warfarin" in articles(found)
    expect(search(page, "bleeding").locator("[data-ignored]")).to_be_hidden()


@pytest.mark.parametrize(
    "text",
    [
        "Take .5 mg, 5mg or 1,000 µg; B-12 is B12, COVID-19 is not.",
        "Crohn's and x-ray, β-blocker, 38C, mg/kg",
        "薬は2錠 twice_daily, na\u0301use\u00ade",
    ],
)
def test_words_are_split_as_on_the_site(page: Page, sample_pack: Path, text: str) -> None:
    written = (sample_pack / "data" / "search.js").read_text("utf-8")
    data = json.loads(written.removeprefix("window.kbPack=").removesuffix(";\n"))
    split = page.evaluate(
        "([text, pattern]) => text.match(new RegExp(pattern, 'giu'))",
        [text, data["words"][has_cjk(text)]],
    )
    assert split == split_words(text)


def test_tag_filter_leaves_passages_with_that_tag(page: Page) -> None:
    every = int(search(page, "warfarin").get_attribute("data-articles") or 0)
    page.get_by_role("combobox").select_option("interactions")
    found = page.locator("[data-found]")
    expect(found).not_to_have_attribute("data-articles", str(every))
    label = page.locator("option[value=interactions]").inner_text()
    for hit in found.locator("[data-hits] [data-hit]").all():
        expect(hit.locator(".tag", has_text=label)).to_have_count(1)
    page.get_by_role("combobox").select_option("")
    expect(found).to_have_attribute("data-articles", str(every))


def test_tag_in_the_query_is_the_tag_filter(page: Page) -> None:
    found = search(page, "warfarin tag:interactions")
    label = page.locator("option[value=interactions]").inner_text()
    hits = found.locator("[data-hits] [data-hit]").all()
    assert hits
    for hit in hits:
        expect(hit.locator(".tag", has_text=label)).to_have_count(1)


def test_passage_leads_whose_heading_is_nearly_the_query(page: Page) -> None:
    hit = search(page, "warfarin urgent help").locator("[data-hit]").first
    expect(hit.locator("[data-title]")).to_have_attribute("href", "articles/warfarin.html")
    page.goto(page.url.partition("#")[0])
    hit = search(page, "when to seek urgent help").locator("[data-hit]").first
    expect(hit.locator("[data-heading]")).to_have_text("When to seek urgent help")


def test_pinned_passage_leads(page: Page, sample_site: Services) -> None:
    passage = sample_site.store.article("gout").passages[-1]
    first = search(page, "xylograph of the toe").locator("[data-hit]").first
    href = f"articles/gout.html#{passage.anchor}"
    expect(first.locator("[data-heading]")).to_have_attribute("href", href)
    expect(first.locator("[data-pinned]")).to_be_visible()


def test_keyboard_leads_to_the_passage_and_back_to_the_search(page: Page) -> None:
    search(page, "grapefruit juice")
    for _ in ("button", "filter", "article", "passage"):
        page.keyboard.press("Tab")
    assert page.evaluate("'heading' in document.activeElement.dataset")
    page.keyboard.press("Enter")
    expect(page.locator(":target")).to_be_in_viewport()
    page.keyboard.press("/")
    page.keyboard.type("podagra")
    page.keyboard.press("Enter")
    assert articles(results(page, "podagra"))
    expect(page.locator("[data-age]")).not_to_be_empty()


def test_more_articles_are_shown_on_request(context: BrowserContext, sample_pack: Path) -> None:
    page = context.new_page()
    page.goto((sample_pack / "index.html").as_uri() + "#q=treatment")
    count = int(results(page, "treatment").get_attribute("data-articles") or 0)
    hits = page.locator("[data-hits] [data-hit]")
    assert hits.count() == 20 < count
    page.locator("[data-more]").click()
    expect(hits).to_have_count(count)
    assert page.evaluate("'heading' in document.activeElement.dataset")
    expect(page.locator("[data-more]")).to_be_hidden()
    page.close()


def test_axe_finds_nothing_and_nothing_overflows(page: Page, sample_pack: Path) -> None:
    page.goto((sample_pack / "index.html").as_uri())
    search(page, "bleeding")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options=AXE)
        assert found.violations_count == 0, found.generate_report()
    page.goto((sample_pack / "articles" / "gentamicin.html").as_uri())
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 360, "height": 800})
    assert overflow(page) <= 0
    page.goto((sample_pack / "index.html").as_uri())
    for query in ("hip problems", "haemorrage", "warfrin"):
        search(page, query)
        assert overflow(page) <= 0
    page.set_viewport_size({"width": 1280, "height": 800})


def test_article_keeps_labels_levels_and_raised_text_and_announces_wide_tables(
    page: Page, sample_pack: Path
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto((sample_pack / "articles" / "injections.html").as_uri())
    expect(page.locator(".callout[data-level=emergency] .callout-word")).to_have_text("Emergency")
    expect(page.locator("li[data-label='1.2.1'] .label")).to_be_visible()
    expect(page.locator(".passage-text a", has_text="formulary")).to_have_attribute("href", LINK)
    sign = page.locator("sup .caret").first
    assert sign.evaluate("sign => sign.getBoundingClientRect().width") == 0
    expect(page.locator(".table")).to_have_class(re.compile("overflowing"))
    expect(page.locator(".scroll-hint")).to_be_visible()
    assert overflow(page) <= 0
    page.emulate_media(media="print")
    expect(page.locator(".scroll-hint")).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_missing_file_is_named_and_browsing_still_works(
    browser: Browser, sample_pack: Path
) -> None:
    page = browser.new_page()
    data = sample_pack / "data" / "search.js"
    kept = data.rename(data.with_suffix(".kept"))
    try:
        page.goto((sample_pack / "index.html").as_uri() + "?q=gout")
        expect(page.get_by_role("status")).to_contain_text("data/search.js")
        expect(page.locator("[data-home]")).to_be_visible()
    finally:
        kept.rename(data)
        page.close()


def test_a_to_z_works_without_scripts(browser: Browser, sample_pack: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((sample_pack / "index.html").as_uri())
    expect(page.locator("noscript")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="A to Z").click()
    page.get_by_role("link", name="Gout", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gout")
    context.close()
