"""Metadata of a web page from its head, its JSON-LD and its visible text, and review-date lines.

The sources are used in this order, because the more deliberate one is better: `meta` elements (with
our own names first), JSON-LD, visible text. A later source only fills empty fields. If there is no
publication date, the modification date is used.

Lines about the review of the text are clinical content, even in the page footer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag

from ingest.metadata import ParsedMetadata, find_dates, parse_metadata, resolve_field
from ingest.readers.html.dom import BLOCKS, contains_element, find_tag, visible_line, visible_text

Pair = tuple[str, str]
META_PREFIX = "kb:"
# Name or property of a meta element -> key of `ingest.metadata`.
META_KEYS = {
    "article:published_time": "published",
    "dcterms.issued": "published",
    "dc.date.issued": "published",
    "citation_publication_date": "published",
    "citation_date": "published",
    "article:author": "author",
    "dc.creator": "author",
    "dcterms.creator": "author",
    "citation_author": "author",
    "dc.publisher": "publisher",
    "dcterms.publisher": "publisher",
    "og:site_name": "publisher",
    "dcterms.language": "language",
    "og:url": "canonical",
    "article:modified_time": "published",
    "dcterms.modified": "published",
    "last-modified": "published",
}
MODIFIED_NAMES = frozenset({"article:modified_time", "dcterms.modified", "last-modified"})
# Property of an article in JSON-LD -> key.
JSON_LD_KEYS = {
    "headline": "title",
    "datePublished": "published",
    "lastReviewed": "reviewed",
    "author": "author",
    "reviewedBy": "author",
    "publisher": "publisher",
    "inLanguage": "language",
    "license": "licence",
    "dateModified": "published",
}
ARTICLE_TYPES = re.compile(r"Article|BlogPosting|WebPage|Guideline|Drug|FAQPage|Report")
INVALID_JSON_LD = "The JSON-LD of the page was ignored because it is not valid JSON."
MAX_JSON_LD_LENGTH = 200_000  # characters; the JSON-LD of an article has about 5,000
MAX_NODES = 2_000
MAX_DATE_LINE_WORDS = 40  # words of a line with a date
YEAR = re.compile(r"\d{4}")  # part of every date
# Label before the date in a visible line, and its key. The next review is tried first.
DATE_LABELS = (
    ("next review", re.compile(r"\b(?:next review|review due|due for review|review date)\b", re.I)),
    ("reviewed", re.compile(r"\b(?:last reviewed|reviewed (?:on|by|in)|reviewed:?)(?=\W)", re.I)),
    ("published", re.compile(r"\b(?:published|posted|issued)(?: on)?\b", re.I)),
)
REVIEW_LINE = re.compile(
    r"\b(?:last|medically|clinically|content|page|date) (?:last )?(?:reviewed|updated|modified|"
    r"checked|revised)\b|\b(?:next|date of) review\b|\breview (?:date|due)\b"
    r"|\breviewed (?:on|by|in)\b",
    re.I,
)
MAX_REVIEW_LINE_WORDS = 30  # words
MAX_REVIEW_LINES = 5
COPYRIGHT = re.compile(r"©|\ball rights reserved\b", re.I)


def read_metadata(soup: BeautifulSoup, visible: str) -> ParsedMetadata:
    """Return the metadata of a page from its head, its JSON-LD and its visible text."""
    head = parse_metadata(_head_pairs(soup))
    warnings = list(head.warnings)
    pairs: list[Pair] = []
    for source_pairs in (
        _meta_pairs(soup),
        _json_ld_pairs(soup, warnings),
        _visible_dates(visible),
    ):
        known_fields = {resolve_field(key) for key, _ in pairs} | _known_fields(head)
        new_pairs = [
            (key, value)
            for key, value in source_pairs
            if value and resolve_field(key) not in known_fields
        ]
        pairs.extend(
            {resolve_field(key): (key, value) for key, value in reversed(new_pairs)}.values()
        )
    other = parse_metadata(pairs)
    missing = {
        field.name: getattr(other.metadata, field.name)
        for field in fields(head.metadata)
        if not getattr(head.metadata, field.name)
    }
    return ParsedMetadata(
        replace(head.metadata, **missing),
        head.title or other.title,
        head.unknown_keys,
        (*warnings, *other.warnings),
    )


def _known_fields(parsed: ParsedMetadata) -> set[str]:
    known = {each.name for each in fields(parsed.metadata) if getattr(parsed.metadata, each.name)}
    return known | ({"title"} if parsed.title else set())


def _head_pairs(soup: BeautifulSoup) -> list[Pair]:
    """Return our own meta names, then common ones, canonical link, language and title."""
    kb_pairs: list[Pair] = []
    usual: list[Pair] = []
    for meta in soup.find_all("meta"):
        name = str(meta.get("name", "")).lower()
        key = name.removeprefix(META_PREFIX)
        if resolve_field(key) and resolve_field(key) != "title":
            (kb_pairs if name != key else usual).append((key, str(meta.get("content", ""))))
    links = (
        link for link in soup.find_all("link") if "canonical" in link.get_attribute_list("rel")
    )
    canonical = next((str(link.get("href", "")) for link in links), "")
    if canonical.startswith(("http://", "https://")):
        usual.append(("canonical", canonical))
    html = find_tag(soup, "html")
    if html is not None:
        usual.append(("language", str(html.get("lang", ""))))
    title = find_tag(soup, "title")
    if title is not None:
        usual.append(("title", title.get_text()))
    return [*kb_pairs, *usual]


def _meta_pairs(soup: BeautifulSoup) -> list[Pair]:
    """Return Open Graph, Dublin Core and citation metadata, with modification dates last."""
    named_pairs: list[tuple[str, Pair]] = []
    for meta in soup.find_all("meta"):
        name = str(meta.get("property") or meta.get("name") or "").lower()
        if name in META_KEYS:
            value = str(meta.get("content", "")).strip()
            named_pairs.append(
                (name, (META_KEYS[name], value.replace("/", "-") if "date" in name else value))
            )
        elif name == "og:title":
            named_pairs.append((name, ("title", str(meta.get("content", "")))))
    named_pairs.sort(key=lambda entry: entry[0] in MODIFIED_NAMES)
    return [pair for _, pair in named_pairs]


def find_json_ld_text(soup: BeautifulSoup) -> str:
    """Return the longest article body in the JSON-LD, or an empty string."""
    bodies = [
        str(node["articleBody"])
        for node in _iter_article_objects(soup, [])
        if isinstance(node.get("articleBody"), str)
    ]
    text = max(bodies, key=len, default="")
    return visible_text(BeautifulSoup(text, "lxml")) if "</" in text else text


def _json_ld_pairs(soup: BeautifulSoup, warnings: list[str]) -> list[Pair]:
    return [
        (key, _name_text(node[name]))
        for node in _iter_article_objects(soup, warnings)
        for name, key in JSON_LD_KEYS.items()
        if name in node
    ]


def _iter_article_objects(soup: BeautifulSoup, warnings: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the JSON-LD objects that describe an article, and add a warning for invalid JSON-LD."""
    for script in soup.find_all("script"):  # Beautiful Soup finds elements by name fastest
        if script.get("type") != "application/ld+json":
            continue
        text = script.get_text()
        if len(text) > MAX_JSON_LD_LENGTH:
            warnings.append("The JSON-LD of the page was ignored because it is too long.")
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):  # invalid JSON, or too deeply nested
            warnings.append(INVALID_JSON_LD)
            continue
        for node in _iter_objects(data):
            types = node.get("@type")
            if ARTICLE_TYPES.search(
                " ".join(map(str, types)) if isinstance(types, list) else str(types)
            ):
                yield node


def _iter_objects(data: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list or graph, and the main entity of a page."""
    queue = [data]
    for _ in range(MAX_NODES):
        if not queue:
            return
        node = queue.pop(0)
        if isinstance(node, list):
            queue.extend(node[:MAX_NODES])
        elif isinstance(node, dict):
            yield node
            queue.extend(node[key] for key in ("@graph", "mainEntity") if key in node)


def _name_text(value: Any) -> str:
    """Return a string, the name of an object, or the names of a list."""
    if isinstance(value, list):
        return "; ".join(name for name in map(_name_text, value[:20]) if name) if value else ""
    if isinstance(value, dict):
        inner = value.get("name", "")
        return inner if isinstance(inner, str) else ""
    return value if isinstance(value, str) else ""


def _visible_dates(text: str) -> list[Pair]:
    """Return the dates of visible lines about publication and review."""
    pairs: list[Pair] = []
    for line in text.split("\n"):
        if not YEAR.search(line) or not 2 <= len(line.split()) <= MAX_DATE_LINE_WORDS:
            continue
        rest = line
        for key, label in DATE_LABELS:
            match = label.search(rest)
            dates = find_dates(rest[match.end() :]) if match else []
            if match and dates:
                pairs.append((key, dates[0].isoformat()))
                rest = rest[: match.start()] if key == "next review" else rest
    return pairs


def extract_review_lines(tag: Tag) -> list[Tag]:
    """Remove the short review-date lines from an element and return them."""
    if not REVIEW_LINE.search(visible_line(tag)):
        return []
    lines = [
        line
        for line in tag.find_all(["p", "div", "li", "dd", "td"])
        if not contains_element(line, BLOCKS)
        and REVIEW_LINE.search(text := visible_line(line))
        and len(text.split()) <= MAX_REVIEW_LINE_WORDS
        and not COPYRIGHT.search(text)
    ]
    return [line.extract() for line in lines[:MAX_REVIEW_LINES]]
