"""Boilerplate inside the article: cards, players, app messages, edit links, and their headings."""

import pytest

from ingest.readers.html.reader import read_html

BEFORE = (
    "<p>Amoxicillin is used for infections of the chest and the ear in adults and children.</p>"
    "<p>Give 500 mg by mouth every eight hours, and take the blood for cultures before that.</p>"
)
AFTER = "<h2>Allergy</h2><p>Do not give it to people with an allergy to penicillin.</p>"
LINKS = "<ul><li><a href='1'>Ten ways to sleep</a></li><li><a href='2'>Coffee</a></li></ul>"
CARDS = (
    "<div class='row'><div class='col'><h3><a href='1'>Ten ways to sleep</a></h3><p>A cool room "
    "and a night.</p></div><div class='col'><h3><a href='2'>Coffee</a></h3><p>New facts.</p></div>"
    "</div>"
)

TEASER_HEADINGS = (
    "Most read; Most popular articles; Top stories; Latest news; Editor’s picks; Up next; "
    "What to read next; You might be interested in; Don’t miss; Keep reading; Featured "
    "articles; More articles; Further reading; Readers also liked; Related"
)


def read(inside):
    return read_html(
        f"<html><body><main><h1>Amoxicillin</h1>{BEFORE}{inside}{AFTER}</main></body></html>",
        "page.html",
    )


@pytest.mark.parametrize("below", [LINKS, CARDS], ids=["links", "cards"])
@pytest.mark.parametrize(
    "heading",
    TEASER_HEADINGS.split("; "),
)
def test_teasers_are_removed_with_their_heading(heading, below):
    result = read(f"<section><h2>{heading}</h2>{below}</section>")
    assert result.article.plain == read("").article.plain
    assert any("Ten ways to sleep" in piece.text for piece in result.omitted)


@pytest.mark.parametrize(
    "box",
    [
        "<li class='product'><a href='p'><h2>Thermometer</h2><span>£12.99</span></a>"
        "<a class='button' href='?add-to-cart=1'>Add to basket</a></li>",
        "<div class='product-card'><div>Thermometer</div><div>$12.99</div><button>Buy now</button>"
        "</div>",
        "<div><div><h4>Thermometer</h4><p>$12.99</p><a href='c'>Buy now</a></div></div>",
        "<div><p>Thermometer</p><p>€ 12,99</p><a href='a'>Buy on Amazon</a></div>",
        "<div itemscope><span>Thermometer</span> <span>12.99</span> EUR<a href='c'>Add to cart</a>"
        "</div>",
        "<section><h2>Thermometer shop</h2><div><a href='1'>Thermometer</a><span>£9</span>"
        "<a href='c'>Add to cart</a></div></section>",
        "<div class='video-js'><span>Thermometer</span><span>Current Time 0:00</span></div>",
        "<div class='audio-player'><p>Thermometer</p><p>0:00 / 4:32</p></div>",
        "<div class='player__details'><span>Thermometer</span> <span>3:45</span></div>",
        "<div class='app-banner'><p>Thermometer app</p><a href='a'>App Store</a></div>",
        "<div><h3>Get our Thermometer app</h3><p>Read this page on your phone.</p></div>",
        "<p>Download our free Thermometer app today.</p>",
        "<p>The Thermometer app is on the App Store and Google Play.</p>",
        "<div class='navbox'><a href='1'>Thermometer</a> <a href='2'>Ward</a></div>",
        "<div aria-label='Breadcrumb'><a href='/'>Home</a> / <span>Thermometer</span></div>",
        "<h2>Thermometer news</h2><form class='newsletter'><label>E-mail</label><input></form>",
        "<h2>Thermometer pages</h2><nav><a href='1'>Ward</a></nav>",
        "<h2 class='comments-title'>3 thoughts on Thermometer</h2><ol class='comment-list'>"
        "<li class='comment'><article><footer>Pat says:</footer><p>I took 4 g.</p></article></li>"
        "</ol>",
    ],
)
def test_box_is_removed_and_reported(box):
    result = read(box)
    assert result.article.plain == read("").article.plain
    assert any("Thermometer" in piece.text for piece in result.omitted)


@pytest.mark.parametrize(
    "line",
    [
        "0:00 / 4:32",
        "Duration: 3:45",
        "Listen to this article",
        "Media last reviewed: 3 May 2024",
        "Video Player",
        "You are using an outdated browser.",
        "Open in our app",
    ],
)
def test_line_of_page_tool_is_removed(line):
    assert read(f"<p>{line}</p>").article.plain == read("").article.plain


@pytest.mark.parametrize(
    ("box", "text"),
    [
        ("<div class='product-card'><p>625 mg: one every 8 hours.</p></div>", "625 mg: one"),
        ("<table><tr><th>Drug</th><th>Price</th></tr><tr><td>A</td><td>£1</td></tr></table>", "£1"),
        ("<div class='video-player'><p>Never take two at once.</p></div>", "Never take two"),
        ("<p>Ask them to download the glucose app and record each dose.</p>", "the glucose app"),
        ("<p>A player with a head injury must not return to the game.</p>", "must not return"),
        ("<h2>Do not edit</h2><div class='share'><a href='f'>Facebook</a></div>", "Do not edit"),
        ("<article class='card'><h3>Renal dose</h3><p>Halve it below 30.</p></article>", "Renal"),
    ],
)
def test_similar_content_is_kept(box, text):
    assert text in read(box).article.plain


@pytest.mark.parametrize(
    "heading",
    [
        "<h3>Use<span class='mw-editsection'>[<a href='/w?action=edit'>edit</a>]</span></h3>",
        "<div><h3>Use</h3><span class='mw-editsection'>[<a href='/e'>edit source</a>]</span></div>",
        "<h3>Use <span class='mw-editsection'>[<a href='/e'>Bearbeiten</a>]</span></h3>",
        "<h3>Use <small>[<a href='/w?action=edit'>edit</a>]</small></h3>",
        "<h3>Use [<a href='/page/edit'>edit section</a>]</h3>",
        "<h3>Use<a class='headerlink' href='#x'>¶</a></h3>",
    ],
)
def test_edit_links_are_removed_from_headings(heading):
    result = read(f"{heading}<p>It is safe in pregnancy.</p>")
    assert "### Use\n" in f"{result.article.plain}\n" or any(
        path[-1] == "Use" for path, _ in result.article.walk() if path
    )


CAPTION = "A red rash on the chest"


@pytest.mark.parametrize(
    "figure",
    [
        "<figure><img src='a' alt='{0}'><figcaption>{0}.</figcaption></figure>",
        "<figure><img src='a' alt='{0}'><figcaption><b>Figure.</b> {0}</figcaption></figure>",
        "<div class='wp-caption'><img src='a' alt='{0}'><p class='wp-caption-text'>{0}</p></div>",
        "<div><a href='F'><img src='a' alt='{0}'></a><div class='caption'>{0}</div></div>",
        "<p><img src='a' title='{0}'></p><p class='caption'>{0}</p>",
        "<figure><figcaption>{0}</figcaption><img src='a' alt='{0} '></figure>",
    ],
)
def test_description_equal_to_caption_appears_once(figure):
    assert read(figure.format(CAPTION)).article.plain.count(CAPTION) == 1


def test_description_with_another_number_is_kept():
    figure = (
        "<figure><img src='a' alt='Rash after 2 days'><figcaption>Rash after 3 days</figcaption>"
    )
    text = read(f"{figure}</figure>").article.plain
    assert "Rash after 2 days" in text
    assert "Rash after 3 days" in text


def test_comment_of_reader_is_not_taken_for_the_article():
    comments = (
        "<ol class='comment-list'><li class='comment'><article><p>Pat says: I took four of them at "
        "night and felt very well after that, thank you.</p></article></li></ol>"
    )
    result = read_html(f"<body><h1>A</h1><p>Give 500 mg once.</p>{comments}</body>", "page.html")
    assert "Give 500 mg once." in result.article.plain
    assert "Pat says" not in result.article.plain
