import pytest

from ingest.readers.common.html_names import find_closed_names, is_tag
from ingest.readers.html.reader import read_html
from ingest.readers.markdown.reader import read_markdown


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("b", "", True),
        ("BR", "/", True),
        ("p", " class='x'", True),
        ("td", " nowrap", True),
        ("div", " v-cloak", True),
        ("select", " the drug", False),
        ("time", "", False),
        ("time", " datetime='2027'", True),
        ("set", "", False),
        ("set", " by the doctor", False),
        ("set", " attributeName='x'", True),
        ("mprescripts", "/", True),
        ("eighteen", " years", False),
        ("dose", "", False),
        ("o:p", "", True),
    ],
)
def test_a_word_after_a_less_than_sign_is_no_tag(name, attributes, expected):
    assert is_tag(name, attributes, frozenset()) is expected


@pytest.mark.parametrize("name", ["time", "set", "dose"])
def test_a_name_with_an_end_tag_is_a_tag(name):
    assert is_tag(name, "", find_closed_names(f"<{name}>x</{name.upper()}>"))


@pytest.mark.parametrize(
    "text",
    [
        "If x <set by the doctor> stop.",
        "Give at <time> daily.",
        "K <stop giving> it.",
        "Use <view> and <text only> now.",
        "If a<b and c",
    ],
)
def test_pages_and_markdown_keep_the_same_words(text):
    page = f"<html><body><main><h1>Dose</h1><p>{text}</p></main></body></html>"
    assert read_html(page, "page.html").article.plain == text
    assert read_markdown(f"# Dose\n\n{text}", "page.md").article.plain == text
