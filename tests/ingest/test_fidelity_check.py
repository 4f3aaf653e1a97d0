"""The check against the source: planted changes are found, and samples have no differences."""

from __future__ import annotations

import random
import re
import time
import tracemalloc
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from ingest.fidelity.comparison import compare_with_source, find_differences
from ingest.fidelity.source_text import read_source_text
from ingest.readers.media_type import MediaType
from ingest.readers.registry import SourceDocument, read_document
from kb.model.article import Article, Section, paragraph

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(
    path
    for folder in ("kb/samples", "tests/ingest/fidelity")
    for path in (ROOT / folder).iterdir()
    if path.suffix in (".html", ".md", ".txt", ".docx") and ".expected" not in path.name
)
CHANGES = (
    (r"(?<![\[\d,–-])\d(?!\d*\])", lambda found: str((int(found[0]) + 3) % 10)),
    (r"(?<=\w )(?:not|never|no) (?=\w)", lambda _: ""),
    (r"[<>≤≥]\s?(?=\d)", lambda _: ""),
    (r"(?<=\d )mg\b", lambda _: "g"),
)


def article_of(text: str) -> Article:
    return Article("Title", (Section("Dose", (paragraph(text),)),))


@pytest.mark.parametrize(
    ("media_type", "source", "text", "place"),
    [
        (MediaType.HTML, "<p>Take 250<sup>1</sup> mg daily.</p>", "Take 2501 mg daily.", "2501 mg"),
        (MediaType.HTML, "<p>At 10<sup>9</sup>/L or more</p>", "At 109/L or more", "109"),
        (MediaType.HTML, "<p>Take 2<del>0</del> mg daily.</p>", "Take 20 mg daily.", "20 mg"),
        (MediaType.HTML, "<p>If potassium is &ge; 6 stop.</p>", "If potassium is 6 stop.", "6"),
        (MediaType.MARKDOWN, "Take 2~~0~~ mg **daily**.", "Take 20 mg daily.", "20 mg"),
        (MediaType.MARKDOWN, "Do **not** take it.", "Do take it.", "not"),
        (
            MediaType.TEXT,
            "A change of -5 mmol/L is normal.",
            "A change of 5 mmol/L is normal.",
            "5",
        ),
        (MediaType.TEXT, "Give 5 mg twice.", "Give 5 g twice.", "5 g"),
        (MediaType.TEXT, "It is safe to give.", "It is not safe to give.", "not"),
        (MediaType.JSON_LINES, '{"text": "Stop above 15 mg."}', "Stop above 51 mg.", "51 mg"),
        (MediaType.JATS, "<p>Of 10<sup>6</sup> cells</p>", "Of 106 cells", "106"),
        (MediaType.SPL, "<text>Avoid <sub>x</sub> alcohol.</text>", "x alcohol.", ""),
    ],
)
def test_changed_meaning_is_a_difference(
    media_type: MediaType, source: str, text: str, place: str
) -> None:
    data = source.encode()
    source_text = read_source_text(data, media_type, source)

    differences = compare_with_source(article_of(text), source_text, ())

    if place:
        assert any(place in difference for difference in differences)
    else:  # a negation at an edge of a text cannot be told from an omission
        assert differences == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Take 5 mg.\n\nRest.", "Take 5 mg."),
        ("1. Take 5 mg twice", "Take 5 mg twice"),
        ("Take 5\u00a0mg, or 10 mg.", "Take 5 mg, or 10 mg."),
        ("From \u22125 to 7", "From -5 to 7"),
        ("It isn\u2019t safe.", "It isn't safe."),
    ],
)
def test_same_meaning_in_another_form_is_no_difference(source: str, text: str) -> None:
    source_text = read_source_text(b"", MediaType.TEXT, source)

    assert compare_with_source(article_of(text), source_text, ()) == []


@pytest.mark.parametrize(
    ("media_type", "unit", "end"),
    [
        (MediaType.TEXT, "> ", "\nTake 5 mg."),
        (MediaType.TEXT, "\n", "Take 5 mg."),
        (MediaType.MARKDOWN, "<!-- ", "\n\nTake 5 mg."),
        (MediaType.MARKDOWN, "<s>", "\n\nTake 5 mg."),
        (MediaType.MARKDOWN, "<del ", "\n\nTake 5 mg."),
        (MediaType.MARKDOWN, "<sup ", "\n\nTake 5 mg."),
        (MediaType.MARKDOWN, "*", "\n\nTake 5 mg."),
    ],
)
def test_repeated_signs_and_openings_take_linear_time(
    media_type: MediaType, unit: str, end: str
) -> None:
    text = unit * 60_000 + end
    start = time.process_time()
    source_text = read_source_text(text.encode(), media_type, text)
    differences = compare_with_source(article_of("Take 5 mg."), source_text, ())
    assert time.process_time() - start < 3  # seconds; 0.3 expected, quadratic time is over 5
    assert differences == []


def test_facts_of_a_long_line_share_the_line() -> None:
    line = " Take 5 mg." * 2_000
    tracemalloc.start()
    try:
        compare_with_source(article_of("Take 5 mg."), line, ())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000  # bytes; a copy per fact takes 44 MB


def test_invalid_symbol_of_a_word_document_is_skipped() -> None:
    file = BytesIO()
    with ZipFile(file, "w") as package:
        xmlns = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        run = '<w:r><w:sym w:font="Symbol" w:char="zz"/><w:t>5 mg</w:t></w:r>'
        package.writestr(
            "word/document.xml", f'<w:document xmlns:w="{xmlns}"><w:p>{run}</w:p></w:document>'
        )

    assert read_source_text(file.getvalue(), MediaType.DOCX, "").split() == ["5", "mg"]


def test_number_of_omitted_text_is_not_missing() -> None:
    source = "Take the 5 white tablets daily."

    assert compare_with_source(article_of("Take the white tablets daily."), source, ())
    assert not compare_with_source(article_of("Take the white tablets daily."), source, ("5",))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_sample_does_not_differ_from_its_source(path: Path) -> None:
    document = read_document(SourceDocument(path))

    assert find_differences(document, document.result.article) == []


def planted_changes(article: Article, dice: random.Random) -> list[Article]:
    """Return the article with one change in a paragraph, for each kind of change that fits."""
    changed = []
    for pattern, change in CHANGES:
        places = [
            (number, at, found)
            for number, section in enumerate(article.sections)
            for at, block in enumerate(section.blocks)
            for found in re.finditer(pattern, block.text)
        ]
        if not places:
            continue
        number, at, found = dice.choice(places)
        section = article.sections[number]
        text = section.blocks[at].text
        text = text[: found.start()] + change(found) + text[found.end() :]
        blocks = list(section.blocks)
        blocks[at] = replace(blocks[at], text=text, marks=())
        sections = list(article.sections)
        sections[number] = replace(section, blocks=tuple(blocks))
        changed.append(replace(article, sections=tuple(sections)))
    return changed


def test_planted_changes_of_samples_are_found() -> None:
    dice = random.Random(7)
    found = []
    for path in SAMPLES:
        document = read_document(SourceDocument(path))
        for changed in planted_changes(document.result.article, dice):
            found.append(bool(find_differences(document, changed)))

    assert len(found) > 50
    assert sum(found) >= 0.99 * len(found)
