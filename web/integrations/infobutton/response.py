"""Infobutton response: a feed of articles or passages, as Atom or JSON.

The JSON follows MedlinePlus Connect (``_value`` for text): the fields common to its responses of
2016 and 2026, and some that only one of them has, since clients exist for both. Categories list
the parameters that were used. Ignored parameters and patient data are not repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from kb.model.medical_codes import find_system, get_code_name, get_system
from kb.model.passage import Passage
from kb.model.records import ArticleSummary, get_review_state
from kb.model.taxonomy import Taxonomy
from web.integrations.infobutton.matching import InfobuttonMatch
from web.integrations.infobutton.request import InfobuttonConcept, InfobuttonRequest
from web.presentation import atom
from web.presentation.article_view import TagView, build_tag_views
from web.presentation.formatting import ReviewLabel, format_review, format_timestamp
from web.presentation.urls import UrlBuilder

XSI = "http://www.w3.org/2001/XMLSchema-instance"
MAX_SUMMARY_LENGTH = 600  # characters of a passage in an entry
CODE_PARTS = ("c", "cs", "csn")  # parts of a criterion that form its code
MAIN, SUBTOPIC = "mainSearchCriteria", "subTopic"

Texts = Mapping[str, tuple[ArticleSummary, Passage]]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class InfobuttonEntry:
    """Article or passage in a feed."""

    article: str
    is_passage: bool
    place: tuple[str, ...]  # headings of a passage; empty for a whole article
    href: str
    updated: datetime
    also_called: tuple[str, ...]
    text: tuple[str, ...]  # the first lines
    review: ReviewLabel
    source: str
    tags: tuple[TagView, ...]

    @property
    def title(self) -> str:
        """Article title and headings on one line."""
        return " › ".join((self.article, *self.place))

    @property
    def id(self) -> str:
        """URN, stable for the same passage."""
        return uuid5(NAMESPACE_URL, self.href).urn

    @property
    def summary(self) -> str:
        """Summary as escaped HTML."""
        called = f"Also called: {', '.join(self.also_called)}" if self.also_called else ""
        source = f"Source: {self.source}" if self.source else ""
        parts = (called, *self.text, self.review.words, source)
        return "".join(f"<p>{escape(part)}</p>" for part in parts if part)


@dataclass(frozen=True, slots=True)
class InfobuttonFeed:
    """Feed, independent of its format."""

    title: str
    subtitle: str
    asked: str  # the main criteria in words
    href: str
    base: str
    language: str
    updated: datetime
    categories: tuple[tuple[str, str], ...]
    entries: tuple[InfobuttonEntry, ...]

    @property
    def id(self) -> str:
        """URN, stable for the same request."""
        return uuid5(NAMESPACE_URL, self.href).urn


def build_feed(
    request: InfobuttonRequest,
    matches: Sequence[InfobuttonMatch],
    texts: Texts,
    *,
    taxonomy: Taxonomy,
    known_subtopics: Sequence[InfobuttonConcept],
    title: str,
    urls: UrlBuilder,
    today: date,
) -> InfobuttonFeed:
    """Return the feed of `matches`; `texts` has the summary and first passage of each match."""
    used = _used_parameters(request, known_subtopics)
    entries = tuple(_entry(match, texts, taxonomy, urls, today) for match in matches)
    asked = ", ".join(map(_short_label, request.main))
    return InfobuttonFeed(
        title=title,
        subtitle=f"{title} results for {asked}" if asked else title,
        asked=", ".join(map(_label, request.main)),
        href=f"{urls.root}/infobutton?{urlencode(used)}" if used else f"{urls.root}/infobutton",
        base=f"{urls.root}/",
        language=request.language or "en",
        updated=max((entry.updated for entry in entries), default=datetime.now(UTC)),
        categories=tuple(used),
        entries=entries,
    )


def summary_passage(match: InfobuttonMatch) -> str:
    """Return the id of the passage shown in the entry, or "" for an article without passages."""
    return match.passage_id or (
        match.contents.passages[0].passage_id if match.contents.passages else ""
    )


def _used_parameters(
    request: InfobuttonRequest, known_subtopics: Iterable[InfobuttonConcept]
) -> list[tuple[str, str]]:
    """Return the parameters that were used, by their current names."""
    parameters: list[tuple[str, str]] = []
    for kind, concepts in ((MAIN, request.main), (SUBTOPIC, known_subtopics)):
        for number, concept in enumerate(concepts):
            for part, value in concept.sent:
                # The parts of an unknown code are not used, unlike its name and text.
                if kind == SUBTOPIC or concept.code or part not in CODE_PARTS:
                    parameters.append((f"{kind}.v.{part}{number or ''}", value))
    if request.task:
        parameters.append(("taskContext.c.c", request.task))
    if request.recipient:
        parameters.append(("informationRecipient", request.recipient))
    if request.language:
        parameters.append((request.language_of, request.language))
    return parameters


def _short_label(concept: InfobuttonConcept) -> str:
    if concept.code:
        return f"{get_system(concept.code.system).label} {concept.code.value}"
    received = dict(concept.sent)
    return concept.name or concept.text or received.get("c", "")


def _label(concept: InfobuttonConcept) -> str:
    """Return a readable label of a concept: a code with its name."""
    name = concept.name or concept.text or (get_code_name(concept.code) if concept.code else "")
    label = _short_label(concept)
    return f"{name} ({label})" if name and name != label else label


def _entry(
    match: InfobuttonMatch, texts: Texts, taxonomy: Taxonomy, urls: UrlBuilder, today: date
) -> InfobuttonEntry:
    article = match.contents.article
    metadata = article.metadata
    text = texts.get(summary_passage(match))
    passage = text[1] if text else None
    is_passage = bool(match.passage_id and passage)
    # A whole article has the tags of all its passages.
    tags = match.tags or [tag for ref in match.contents.passages for tag in ref.tags]
    return InfobuttonEntry(
        article=article.title,
        is_passage=is_passage,
        place=passage.heading_path if passage and is_passage else (),
        href=urls.passage(article.id, match.passage_id) if is_passage else urls.article(article.id),
        updated=article.published_at or article.updated_at,
        also_called=() if is_passage else metadata.also_called,
        text=_first_lines(passage.text) if passage else (),
        review=format_review(metadata, get_review_state(metadata.review_due, today)),
        source=metadata.source,
        tags=build_tag_views(list(dict.fromkeys(tags)), taxonomy),
    )


def _first_lines(text: str) -> tuple[str, ...]:
    cut = (
        text
        if len(text) <= MAX_SUMMARY_LENGTH
        else text[:MAX_SUMMARY_LENGTH].rsplit(" ", 1)[0] + " …"
    )
    return tuple(line for line in cut.split("\n") if line)


def as_atom(feed: InfobuttonFeed) -> bytes:
    """Return a feed as an Atom document."""
    root = atom.create_feed(
        title=feed.title,
        id_=feed.id,
        updated=feed.updated,
        href=feed.href,
        language=feed.language,
    )
    atom.add_text(root, "subtitle", feed.subtitle)
    atom.add_author(root, feed.title, feed.base)
    for scheme, term in feed.categories:
        atom.add_element(root, "category", scheme=scheme, term=term)
    for entry in feed.entries:
        element = atom.add_element(root, "entry")
        atom.add_text(element, "title", entry.title)
        atom.add_text(element, "id", entry.id)
        atom.add_text(element, "updated", format_timestamp(entry.updated))
        atom.add_author(element, feed.title, feed.base)
        link = {"rel": "alternate", "type": "text/html", "href": entry.href}
        atom.add_element(element, "link", title=entry.title, **link)
        atom.add_text(element, "summary", entry.summary, type="html")
        for tag in entry.tags:
            atom.add_element(element, "category", scheme="tag", term=tag.key, label=tag.label)
    return atom.serialize(root)


def connect_json(feed: InfobuttonFeed) -> Json:
    """Return a feed in the JSON format of MedlinePlus Connect."""
    systems = {part: value for part, value in feed.categories if part.startswith(f"{MAIN}.v.cs")}
    return {
        "feed": {
            "xsi": XSI,
            "base": feed.base,
            "lang": feed.language,
            "title": {"_value": feed.title, "type": "text"},
            "subtitle": {"_value": feed.subtitle, "type": "text"},
            "author": {"name": {"_value": feed.title}, "uri": {"_value": feed.base}},
            "updated": {"_value": format_timestamp(feed.updated)},
            "id": {"_value": feed.id},
            "link": [{"rel": "self", "href": feed.href}],
            "category": [
                {"scheme": scheme, "term": _term(value) if scheme in systems else value}
                for scheme, value in _with_name(feed.categories)
            ],
            "entry": [_entry_json(entry, feed.language) for entry in feed.entries],
        }
    }


def _with_name(categories: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the categories with a display name, which MedlinePlus Connect always includes."""
    name = f"{MAIN}.v.dn"
    main = [pair for pair in categories if pair[0].startswith(MAIN)]
    if not main or name in dict(main):
        return list(categories)
    return [*main, (name, ""), *(pair for pair in categories if pair not in main)]


def _term(oid: str) -> str:
    system = find_system(oid)
    return system.term if system else oid


def _entry_json(entry: InfobuttonEntry, language: str) -> Json:
    return {
        "lang": language,
        "title": {"_value": entry.title, "type": "text"},
        "link": [{"title": entry.title, "rel": "alternate", "type": "html", "href": entry.href}],
        "id": {"_value": entry.id},
        "updated": {"_value": format_timestamp(entry.updated)},
        "summary": {"_value": entry.summary, "type": "html"},
        "category": [{"scheme": "tag", "term": tag.key} for tag in entry.tags],
    }
