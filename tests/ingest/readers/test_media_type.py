import pytest

from ingest.readers.media_type import (
    UNSUPPORTED_MAGIC,
    MediaType,
    detect_media_type,
    is_json_lines,
    reject_binary,
)
from kb.errors import SourceError, SourceProblem

HTML, MARKDOWN, TEXT = MediaType.HTML, MediaType.MARKDOWN, MediaType.TEXT

TYPES = [
    ("<!DOCTYPE html><p>x", "a.txt", HTML),
    ("\n <html><body>x", "a.md", HTML),
    ("<!-- c --><html>", "a", HTML),
    ('<?xml version="1.0"?>\n<!DOCTYPE html><html>', "a.xml", HTML),
    ("<p>One</p><p>Two</p>", "a.txt", HTML),
    ("<div class='x'><h2>A</h2></div>", "a.md", HTML),
    ("<p>\n\n" + "# Heading\n\nlong text " * 200, "a.md", MARKDOWN),
    ("---\ntitle: A\n---\n\ntext", "a.txt", MARKDOWN),
    ("# A\n\ntext", "a.txt", MARKDOWN),
    ("A\n\nSee [the page](x.html).", "a", MARKDOWN),
    ("A\n\n```\ncode\n```", "a.html", MARKDOWN),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "a.txt", MARKDOWN),
    ("Take it **only** at night.", "a.txt", MARKDOWN),
    ("A title\n=======\n\ntext", "a.txt", TEXT),
    ("A title\n=======\n\ntext", "a.md", MARKDOWN),
    ("A\n\n- one\n- two", "a.txt", TEXT),
    ("A\n\n- one\n- two", "a.md", MARKDOWN),
    ("Only words.\n\nMore words.", "a.md", TEXT),
    ("Only words.", "a.html", TEXT),
    ("A level < 5 is low, > 9 is high.", "a.html", TEXT),
    ("#hashtag and 5 * 3 * 2", "a", TEXT),
    ("[Link](a) begins it.", "a", MARKDOWN),
]


@pytest.mark.parametrize(("text", "name", "expected"), TYPES)
def test_media_type_is_detected_from_content(text, name, expected):
    assert detect_media_type(text, name) is expected


@pytest.mark.parametrize("text", ['{\n "a": 1}', '[{"a": 1}]', '[\n {"a": 1}]'])
def test_other_json_is_rejected(text):
    with pytest.raises(SourceError) as refusal:
        detect_media_type(text, "a.json")
    assert refusal.value.code == SourceProblem.SCHEMA
    assert "`title`" in refusal.value.hint
    assert "`sections`" in refusal.value.hint


@pytest.mark.parametrize("text", ["<?xml version='1.0'?><article/>", "<!DOCTYPE article><article>"])
def test_unsupported_xml_is_rejected(text):
    with pytest.raises(SourceError) as refusal:
        detect_media_type(text, "a.xml")
    assert refusal.value.code == SourceProblem.FORMAT
    assert "XML" in refusal.value.problem


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"title": "x", "sections": []}\n', True),
        (b'\xef\xbb\xbf\n\n{ "title": "x"', True),
        (b'{"title": "x"}\nbroken\n{"title": "y"}\n', True),
        (b"{{ title }}\n\ntext", False),
        (b"{\n", False),
        (b"text", False),
        (b"\n\n", False),
    ],
)
def test_json_lines_are_detected_by_first_lines(head, expected):
    assert is_json_lines(head) is expected


@pytest.mark.parametrize(
    ("head", "code", "what"),
    [
        (b"PK\x03\x04rest", SourceProblem.BINARY, ""),
        (b"\x89PNG\r\n", SourceProblem.FORMAT, dict(UNSUPPORTED_MAGIC)[b"\x89PNG"]),
        (b"{\\rtf1 text", SourceProblem.FORMAT, "RTF"),
        (bytes(range(256)), SourceProblem.BINARY, ""),
        (b"t\0e\0x\0t\0", SourceProblem.BINARY, ""),
    ],
)
def test_binary_file_is_rejected(head, code, what):
    with pytest.raises(SourceError) as caught:
        reject_binary(head, "file")
    assert caught.value.code == code
    assert what in caught.value.problem
    formats = ("HTML", "Markdown", "JSON", "DOCX")
    assert not [name for name in formats if name not in caught.value.hint]


@pytest.mark.parametrize(
    "head", ["ä text".encode(), b"one\0 stray NUL in a longer text", "é".encode("utf-16")]
)
def test_text_file_is_accepted(head):
    reject_binary(head, "file")
