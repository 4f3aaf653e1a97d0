from __future__ import annotations

import pytest

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.jats.inline import preprocess_article
from ingest.readers.xml.node import (
    XmlNode,
    build_table,
    iter_list_items,
    node_text,
    table_rows,
)
from ingest.readers.xml.parser import MAX_BYTES, MAX_DEPTH, MAX_TAGS, detect_xml_format, parse_xml
from kb.errors import SourceError, SourceProblem
from kb.model.article import ListItem

NLM = b'<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) v1.2//EN" "JATS.dtd">'
# From libxml2 messages
INVALID_BYTES = "Invalid bytes"
EXCESSIVE_DEPTH = "Excessive depth"
AMPLIFICATION = "entity amplification"
INLINE = frozenset({"i", "sup", "sub", "bold", "xref", "note-reference"})
BOMB = b'<!DOCTYPE a [<!ENTITY l0 "lol lol lol">%s]><a>&l9;</a>' % b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (NLM + b"<article><front/></article>", "jats"),
        (b'<?xml version="1.0"?>\n<!-- made by > hand -->\n' + NLM + b"<article>", "jats"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><article article-type="review-article">', "jats"),
        (b"<article dtd-version='3.0'>", "jats"),
        (b"<article>\n <front>", "jats"),
        (b'<j:article xmlns:j="https://jats.nlm.nih.gov/ns/archiving/1.3/">', "jats"),
        (b'<!DOCTYPE article SYSTEM "JATS.dtd" [<!ENTITY a "b">]><article>', "jats"),
        ('<article article-type="x">'.encode("utf-16"), "jats"),
        (b'<document xmlns="urn:hl7-org:v3">', "spl"),
        (b'<?xml version="1.0"?><?xml-stylesheet href="a>b"?><h:document a=">"'
         b' xmlns:h="urn:hl7-org:v3">', "spl"),
        (b"<article><p>of a blog</p></article>", None),
        (b'<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "x"><article>', None),
        (b'<article xmlns="http://docbook.org/ns/docbook" version="5.0">', None),
        (b'<document xmlns="urn:other">', None),
        (b'<ClinicalDocument xmlns="urn:hl7-org:v3">', None),
        (b"<!DOCTYPE html><html><article article-type='x'>", None),
        (b"<?xml", None),
        (b"<!-- never ended", None),
        (b"<!DOCTYPE article [", None),
        (b"<article article-type='x", None),
        (b"plain text about an <article>", None),
        (b"", None),
    ],
)  # fmt: skip
def test_xml_format_is_detected_by_root_element(head: bytes, kind: str | None) -> None:
    assert detect_xml_format(head) == kind


@pytest.mark.parametrize(
    ("data", "code", "line", "named"),
    [
        (b"", SourceProblem.EMPTY, 0, ""),
        (b" \n ", SourceProblem.EMPTY, 0, ""),
        (b"<a>\n<b>\n</a>", SourceProblem.MALFORMED, 3, "b line 2 and a"),
        (b"<a>\n<b>text", SourceProblem.MALFORMED, 2, ""),
        (b"<a>&ndash;</a>", SourceProblem.MALFORMED, 1, "'ndash'"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', SourceProblem.MALFORMED, 1, ""),
        (b"<a>\xff\xfe</a>", SourceProblem.MALFORMED, 1, INVALID_BYTES),
        (b"<a>" * 100_000, SourceProblem.MALFORMED, 1, EXCESSIVE_DEPTH),
        (b"<a>" * 201 + b"</a>" * 201, SourceProblem.TOO_DEEP, 1, "200"),
        (b"<a>" + b"<b/>" * MAX_TAGS + b"</a>", SourceProblem.TOO_MANY_TAGS, 0, "300,000"),
        (b" " * (MAX_BYTES + 1), SourceProblem.TOO_LARGE, 0, "20 MB"),
        (BOMB, SourceProblem.MALFORMED, 1, AMPLIFICATION),
        (
            b'<!DOCTYPE a [<!ENTITY x "x"><!ENTITY y "&x;">]><a>&y;</a>',
            SourceProblem.ENTITY,
            0,
            "&y;",
        ),
        (
            BOMB.replace(b"<a>&l9;", b'<a b="&l9;">'),
            SourceProblem.MALFORMED,
            1,
            AMPLIFICATION,
        ),
        (
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            SourceProblem.EXTERNAL_ENTITY,
            0,
            "&x;",
        ),
        (
            b'<!DOCTYPE a [<!ENTITY x "<b>bold</b>">]><a>&x;</a>',
            SourceProblem.ENTITY,
            0,
            "&x;",
        ),
        (
            b'<!DOCTYPE a [<!ENTITY x "%s">]><a>%s</a>' % (b"long " * 2_000, b"&x;" * 1_000),
            SourceProblem.MALFORMED,
            1,
            AMPLIFICATION,
        ),
    ],
)
def test_invalid_file_is_rejected_with_location_and_hint(
    data: bytes, code: str, line: int, named: str
) -> None:
    with pytest.raises(SourceError) as refusal:
        parse_xml(data, "a.xml", [])
    error = refusal.value
    assert (error.source, error.code) == ("a.xml", code)
    assert error.location == (f"line {line}" if line else "")
    assert named in error.problem
    assert error.hint


def test_an_external_entity_is_never_read() -> None:
    data = (
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd" [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>'
        b"<a>text</a>"
    )
    assert parse_xml(data, "a.xml", []).content == ["text"]


def test_deepest_allowed_file_is_read() -> None:
    data = b"<a>" * MAX_DEPTH + b"x" + b"</a>" * MAX_DEPTH
    assert node_text(parse_xml(data, "a.xml", []), INLINE, gap="") == "x"


def test_named_characters_are_resolved_and_unknown_ones_kept() -> None:
    warnings: list[str] = []
    data = (
        NLM[:-1].replace(b"article", b"a", 1)
        + b' [<!ENTITY drug "warfarin">]><a>5&ndash;10 &alpha; &drug;<i/>&nosuch; &nosuch; '
        + b"&amp;&#8211;</a>"
    )
    root = parse_xml(data, "a.xml", warnings)
    assert node_text(root, INLINE) == "5–10 α warfarin&nosuch; &nosuch; &–"
    (warning,) = warnings
    assert "&nosuch;" in warning


def test_comments_instructions_and_namespaces_are_removed() -> None:
    data = (
        b'<h:a xmlns:h="urn:x" xmlns:m="http://www.w3.org/1998/Math/MathML" h:k="v">'
        b"one<!-- no -->two<?no no?><m:mi>x</m:mi></h:a>"
    )
    root = parse_xml(data, "a.xml", [])
    assert (root.name, dict(root.attributes)) == ("a", {"k": "v"})
    assert [p if isinstance(p, str) else p.name for p in root.content] == ["onetwo", "mml:mi"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("10<sup>9</sup>/L", "10^9/L"),
        ("<bold>10</bold><sup>9</sup>", "10^9"),
        ("cm<sup>−1</sup>", "cm^−1"),
        ("kg/m<sup>2</sup>", "kg/m2"),
        ("R<sup>2</sup>", "R2"),
        ("N=803<sup>1</sup>", "N=803 1"),
        ("12.5<sup>a</sup>", "12.5 a"),
        ("Gabapentin<sup>a</sup>", "Gabapentin a"),
        ("found.<sup>3</sup>", "found. 3"),
        ("the 1<sup>st</sup>", "the 1st"),
        ("WEGOVY<sup>®</sup>", "WEGOVY®"),
        ("SO<sub>4</sub><sup>2-</sup>", "SO4 2-"),
        ("disease<xref><sup>1</sup></xref>", "disease 1"),
        ("disease<sup><xref>1</xref></sup>", "disease 1"),
        ("disease <xref>[1]</xref>", "disease [1]"),
        ("<sup>a</sup>Major", "a Major"),
        ("<sup>99m</sup>Tc", "99mTc"),
    ],
)
def test_superscripts_are_separated_from_words_and_numbers(data: str, text: str) -> None:
    root = parse_xml(f"<article>{data}</article>".encode(), "a.xml", [])
    preprocess_article(root, lambda _node, _reason: None)
    assert strip_marks(node_text(root, INLINE)) == text


def test_table_has_one_text_per_cell_with_spans() -> None:
    data = b"""<table>
      <thead><tr><th rowspan="2">Drug</th><th colspan="2">Dose</th></tr>
        <tr><th>first</th><th>next<br/>ones</th></tr></thead>
      <tfoot><tr><td>Note</td></tr></tfoot>
      <tbody><tr><td>A</td><td>1<br/>2</td><td>3<br/>4</td></tr>
        <tr><td>B<br/>b</td><td colspan="zero">5</td></tr></tbody></table>"""
    rows = table_rows(parse_xml(data, "a.xml", []))
    table = build_table(rows, 2, lambda cell: node_text(cell, INLINE, gap="\n"))
    assert table.header_rows == 2
    assert table.row_texts == (
        ("Drug", "Dose", ""),
        ("", "first", "next ones"),
        ("A", "1; 2", "3; 4"),
        ("B b", "5"),
    )


def test_unbounded_span_is_limited() -> None:
    cell = XmlNode("td", {"colspan": "999999"}, ["x"])
    table = build_table([XmlNode("tr", content=[cell])], 0, lambda cell: node_text(cell, INLINE))
    assert len(table.row_texts[0]) == 50


def test_items_keep_numbers_and_lose_typed_bullets() -> None:
    data = (
        "<l><item><cap>(a)</cap>one<list><item><cap>•</cap>• inner</item></list></item>"
        "<item>two</item></l>"
    )
    root = parse_xml(data.encode(), "a.xml", [])
    skip = frozenset({"cap", "list"})
    items = iter_list_items(root, "item", "cap", lambda item: node_text(item, INLINE, skip=skip))
    assert list(items) == [ListItem("one", 0, "(a)"), ListItem("inner", 1), ListItem("two")]
