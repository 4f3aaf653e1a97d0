import errno
import os
import re

import pytest

from ingest.readers.media_type import MediaType
from ingest.readers.registry import (
    LIMITS,
    MAX_LINES,
    MEGABYTE,
    SourceDocument,
    read_document,
    split_documents,
)
from kb.errors import SourceError, SourceProblem
from kb.model.reader_limits import ReaderLimits


def article(tmp_path, text, name="a.txt"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (piece,) = split_documents(path)
    return read_document(piece).result


def headings(result):
    return [path for path, section in result.article.walk() if section.heading]


@pytest.mark.parametrize(
    "data", [b"", b" \n\t\n", b"<html><body></body></html>", b"---\ntitle: x\n---\n"]
)
def test_source_without_text_is_rejected(tmp_path, data):
    with pytest.raises(SourceError) as refusal:
        article(tmp_path, data)
    assert refusal.value.code == (SourceProblem.NO_TEXT if data else SourceProblem.EMPTY)


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [("", MediaType.TEXT), ("# A\n\n", MediaType.MARKDOWN), ("<html><body>", MediaType.HTML)],
)
def test_source_that_is_too_large_is_rejected(tmp_path, beginning, kind):
    with pytest.raises(SourceError) as refusal:
        article(tmp_path, beginning + "word " * (LIMITS[kind] // 5 + 1))
    assert refusal.value.code == SourceProblem.TOO_LARGE
    assert f"{LIMITS[kind] // MEGABYTE} MB" in refusal.value.problem


def test_source_with_too_many_lines_is_rejected(tmp_path):
    with pytest.raises(SourceError) as refusal:
        article(tmp_path, "a\n" * (MAX_LINES + 1))
    assert refusal.value.code == SourceProblem.TOO_MANY_LINES
    assert f"{MAX_LINES:,}" in refusal.value.problem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "Dose\n\nTake one tablet."),
        ("a.md", "# Dose\n\nTake one tablet."),
        ("a.html", "<!DOCTYPE html><h1>Dose</h1><p>Take one tablet.</p>"),
        ("a.jsonl", '{"title": "Dose", "sections": [{"text": "Take one tablet."}]}\n'),
    ],
)
def test_article_longer_than_the_limit_is_rejected(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    (document,) = split_documents(path)
    count = len(read_document(document).result.article.plain)
    limit = ReaderLimits(article_max_characters=count)
    assert len(read_document(document, limit).result.article.plain) == count
    with pytest.raises(SourceError) as refusal:
        read_document(document, ReaderLimits(article_max_characters=count - 1))
    assert refusal.value.code == SourceProblem.TOO_LONG
    assert (refusal.value.source, refusal.value.location) == (str(path), document.location)
    assert re.findall(r"\d+", refusal.value.problem) == [str(count), str(count - 1)]
    assert "article_max_characters" in refusal.value.hint


def test_long_json_line_is_an_error_without_affecting_others(tmp_path):
    path = tmp_path / "a.jsonl"
    short = '{"title": "Short", "sections": [{"text": "Text."}]}\n'
    path.write_text(short + '{"title": "' + "x" * LIMITS[MediaType.JSON_LINES] + '"}\n' + short)
    first, second, third = split_documents(path)
    assert isinstance(second, SourceError)
    assert second.code == SourceProblem.TOO_LARGE
    assert (first.location, second.location, third.location) == ("line 1", "line 2", "line 3")


def test_missing_file_is_rejected(tmp_path):
    path = tmp_path / "none.txt"
    for attempt in (
        lambda: list(split_documents(path)),
        lambda: read_document(SourceDocument(path)),
    ):
        with pytest.raises(SourceError) as refusal:
            attempt()
        assert refusal.value.code == SourceProblem.UNREADABLE
        assert os.strerror(errno.ENOENT) in refusal.value.problem


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>" + "<div>" * 300 + "x",
        "<html><body>" + "<p>x" * 160_000,
        "<html><body>" + "<b>" * 5_000 + "x",
    ],
)
def test_hostile_page_is_rejected(tmp_path, page):
    with pytest.raises(SourceError):
        article(tmp_path, page)


@pytest.mark.parametrize(
    "nested", ["> " * 100 + "x", "\n".join(" " * 2 * n + "- a" for n in range(60))]
)
def test_deeply_nested_markdown_is_rejected(tmp_path, nested):
    with pytest.raises(SourceError) as refusal:
        article(tmp_path, "# A\n\n" + nested, "a.md")
    assert refusal.value.code == SourceProblem.TOO_DEEP


def test_page_at_maximum_depth_is_read_completely(tmp_path):
    result = article(tmp_path, "<html><body>" + "<ul><li>" * 90 + "deep" + "</li></ul>" * 90)
    assert "deep" in result.article.plain


TITLES = [
    ("Gout\n\nGout is a disease of the joints.", "Gout"),
    ("Gout\nGout is a disease of the joints.", "Gout"),
    ("Gout is a disease of the joints.\n\nCauses\n\nUrate.", "Causes"),
    ("Gout is a disease of the joints.\n\nBackground\n\nUrate crystals.", "Some file"),
    ("Introduction\n\nGout is a disease of the joints.", "Some file"),
    ("Id: gout\n\nGout\n\nGout is a disease.", "Gout"),
    ("Title: Gout: a guide\n\nGout is a disease.", "Gout: a guide"),
    ("Just one paragraph without anything else", "Some file"),
    ("<title>Gout | Example | Hospital</title><p>Text.</p>", "Gout | Example"),
    ("<title>Site</title><body><h1>Gout <i>now</i></h1><p>Text.</p>", "Gout now"),
    ("<p>Text.</p><h2>Causes</h2><p>More.</p>", "Causes"),
    ("# Gout\n\nText.", "Gout"),
    ("---\ntitle: 2026\n---\n\n# Gout\n\nText.", "2026"),
]


@pytest.mark.parametrize(("text", "title"), TITLES)
def test_titles(tmp_path, text, title):
    assert article(tmp_path, text, "some_file.txt").article.title == title


TEXT_HEADINGS = [
    ("Gout\n\nCauses\n\nUrate.\n\nTreatment\n\nRest it.", ["Causes", "Treatment"]),
    ("Gout\n\nCauses\nUrate crystals.\nWhat helps?\nRest.", ["Causes", "What helps?"]),
    ("Gout\n\nThe causes are many;\n\nUrate crystals.", []),
    ("Gout\n\n1. Causes\n\nUrate.\n\n2. Treatment\n\nRest.", ["1. Causes", "2. Treatment"]),
    ("Gout\n\n1. Rest it.\n2. Cool it.\n\nThat is all.", []),
    ("Gout\n\nCall 999 if:\n\n- it hurts\n\nThe end is here.", ["Call 999 if:"]),
    ("Gout\n\nCall 999 if:\n- it hurts\n\nThe end is here.", []),
    ("Gout\n\nSymptoms include:\n\n- pain\n\nThe end is here.", []),
    ("Gout\n\nSide effects:\nThey are mild.", ["Side effects:"]),
    ("Gout\n\nText first.\n\nTreatment\n---------\n\nRest.", ["Treatment"]),
    ("Gout\n\nText first here.\n\nA last line", []),
    ("Gout\n\n" + "Long " * 15 + "heading\n\nText.", []),
]


@pytest.mark.parametrize(("text", "expected"), TEXT_HEADINGS)
def test_plain_text_headings_are_detected(tmp_path, text, expected):
    assert [path[-1] for path in headings(article(tmp_path, text))] == expected


def test_numbers_and_underlines_nest_plain_text_headings(tmp_path):
    text = "Gout\n\nBig part\n===\n\nText.\n\nSmall part\n---\n\nText.\n\nPlain part\n\nText."
    assert headings(article(tmp_path, text))[-1] == ("Big part", "Small part", "Plain part")
    text = "Gout\n\n1 Causes\n\nText.\n\n1.1 Urate\n\nText.\n\n2 Care\n\nText."
    assert headings(article(tmp_path, text)) == [
        ("1 Causes",),
        ("1 Causes", "1.1 Urate"),
        ("2 Care",),
    ]


def test_hard_wrapped_paragraphs_are_joined(tmp_path):
    text = (
        "Gout\n\nGout is a disease of the joints that comes in attacks and\n"
        "goes again after some days, and rest helps most people with\nit.\n\n"
        "A second paragraph that is broken in the middle of a line so\nthat it goes on."
    )
    (section,) = article(tmp_path, text).article.sections
    assert [block.text.count("\n") for block in section.blocks] == [0, 0]


def test_page_without_main_element_omits_only_the_frame(tmp_path):
    result = article(
        tmp_path,
        "<html><body><header>Site</header><p>Kept.</p><section><header><p>Kept, too.</p></header>"
        "</section><footer>Frame</footer></body></html>",
    )
    assert result.article.plain == "Kept.\n\nKept, too."
    assert [piece.text for piece in result.omitted] == ["Site", "Frame"]


def test_small_main_element_does_not_hide_other_text(tmp_path):
    text = "Text of the article. " * 20
    result = article(tmp_path, f"<html><body><main>Loading</main><div>{text}</div></body></html>")
    assert text.strip() in result.article.plain


def test_all_articles_of_a_page_are_kept(tmp_path):
    page = "<html><body>" + "".join(f"<article><p>Number {n}.</p></article>" for n in range(3))
    assert "Number 2." in article(tmp_path, page).article.plain


def test_own_meta_name_takes_precedence(tmp_path):
    result = article(
        tmp_path,
        '<html><head><meta name="author" content="A"><meta name="kb:owner" content="B"></head>'
        "<body><p>Text.</p></body></html>",
    )
    assert result.article.metadata.owner == "B"
    assert any("author" in warning for warning in result.warnings)
