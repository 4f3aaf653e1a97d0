import re

import pytest

from ingest.coverage import measure_coverage
from ingest.readers.common.result import OmittedText, ReaderResult
from ingest.readers.media_type import MediaType
from ingest.readers.registry import SourceDocument, read_document
from kb.model.article import Article, Section, paragraph

TEXT = """Gout

Owner: Team

1. Causes

Urate is one.

- a) first
- second

(a) third
(b) fourth
"""
MARKDOWN = """# Gout [now](http://example.org/x_(y) 'title') ![alt](a.png)

1. a
2. b

```py
code
```

&amp; \\* <b>x</b> {{ t }} [a]({{ base }}find?x=y)

[r]: http://z.example/
"""
HTML = (
    "<html><head><title>T</title></head><body><nav>Home page</nav><script>no</script>"
    "<p>Ur<b>a</b>te&nbsp;5&lt;6.<p hidden>Old.</body></html>"
)
JSON = '{"title": "Gout", "sections": [{"heading": "What?", "text": "1. a\\n2. b"}]}'
WHOLE = [("a.txt", TEXT), ("a.md", MARKDOWN), ("a.html", HTML), ("a.jsonl", JSON)]


@pytest.mark.parametrize(("name", "text"), WHOLE)
def test_kept_and_omitted_text_counts_as_covered(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    found = read_document(
        SourceDocument(path, line=text.encode() if name.endswith("jsonl") else None)
    )
    coverage = measure_coverage(found.result, found.media_type)
    assert (coverage.share, coverage.warnings) == (1.0, ())


def reading(visible, text, omitted=()):
    return ReaderResult(
        article=Article("T", (Section("", (paragraph(text),)),)),
        visible_text=visible,
        omitted=omitted,
    )


def test_lost_text_lowers_coverage_and_is_reported():
    found = measure_coverage(
        reading("One two three. Four five six seven.", "One two three."), MediaType.TEXT
    )
    assert found.share == pytest.approx(3 / 7, abs=1e-3)
    (warning,) = found.warnings
    assert "Four five six seven." in warning
    assert "One two three" not in warning


def test_single_lost_words_are_counted():
    found = measure_coverage(
        reading("One two three four five six.", "One two three four five."), MediaType.TEXT
    )
    (warning,) = found.warnings
    assert re.findall(r"\d+", warning) == ["1"]
    assert "six" in warning
    assert "five" not in warning


def test_omitted_text_is_not_lost():
    omitted = (OmittedText("navigation", "Four five"),)
    found = measure_coverage(
        reading("One two three. Four five", "One two three.", omitted), MediaType.TEXT
    )
    assert (found.share, found.warnings) == (1.0, ())


def test_long_and_numerous_losses_are_abbreviated():
    lost = "".join(f"Sentence {n}{n} {'x' * 90}{n} lost. " for n in range(9))
    *shown, rest = measure_coverage(reading(lost + "Kept.", "Kept."), MediaType.TEXT).warnings
    assert len(shown) == 5
    assert all(len(warning) < 120 for warning in shown)
    assert re.findall(r"\d+", rest) == ["4"]
