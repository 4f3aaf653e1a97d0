"""Short constructors of articles for the tests of the checks.

A passage is (heading, text, tag, tag ...); lines that begin with "- " are a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ingest.checks.config import Rules, load_rules
from ingest.checks.context import NO_RELATED_CONTENT, RelatedContent, RelatedPassage
from ingest.checks.finding import Finding
from ingest.checks.runner import check_article
from kb.model.article import Article, Block, BlockKind, ListItem, Metadata, Section, paragraph
from kb.model.passage import Evidence, Passage, Tag
from kb.model.records import ArticleRecord, ArticleStatus
from kb.storage.near_duplicates import NearDuplicate

TODAY = date(2026, 6, 1)
RULES = load_rules()
TREATMENT = ("Medicines",)  # a topic that classifies any article as one on a treatment

Parts = Sequence[tuple[str, ...]]


def passage(heading: str, text: str, *tags: str, id_: str = "") -> Passage:
    path = (heading,) if heading else ()
    found = tuple(Tag(tag, 0.9, Evidence.HEADING, "test") for tag in tags)
    return Passage(id=id_, heading_path=path, blocks=(_block(text),), tags=found)


def article(parts: Parts, title: str = "Gout", **metadata: Any) -> Article:
    sections = tuple(Section(part[0], (_block(part[1]),)) for part in parts)
    return Article(title, sections, Metadata(**metadata))


def neighbour(text: str, title: str = "Another", **others: Any) -> RelatedPassage:
    return RelatedPassage("another", title, others.get("also_called", ()), passage("Course", text))


def beside(text: str, title: str = "Another", **others: Any) -> RelatedContent:
    """Return related content with a passage of another article."""
    return RelatedContent(related_passages=[neighbour(text, title, **others)])


def double(share: float, article_id: str = "") -> RelatedContent:
    """Return related content with a near-duplicate of the passages without an id."""
    found = NearDuplicate(
        passage_id="", article_id=article_id, other_id="p9", heading="Course", share=share
    )
    return RelatedContent(near_duplicates=[found])


def before(reviewed: date, *texts: str) -> RelatedContent:
    """Return related content with a previous version of these texts."""
    record = ArticleRecord(
        id="gout",
        status=ArticleStatus.PUBLISHED,
        version=1,
        article=article([], reviewed=reviewed),
        passages=tuple(passage("Heading", text) for text in texts),
        warnings=(),
        coverage=1.0,
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
        published_at=None,
        published_version=1,
    )
    return RelatedContent(previous_version=record)


def findings(
    rule: str,
    *parts: tuple[str, ...],
    title: str = "Gout",
    rules: Rules = RULES,
    related: RelatedContent = NO_RELATED_CONTENT,
    **metadata: Any,
) -> list[Finding]:
    """Return the findings of one rule in an article with these passages."""
    passages = [passage(*part) for part in parts]
    found = check_article(article(parts, title, **metadata), passages, rules, TODAY, related)
    return [finding for finding in found if finding.rule == rule]


def words(rule: str, text: str, *tags: str, **others: Any) -> list[str]:
    """Return the words that one rule finds in an article with one passage."""
    found = findings(rule, ("Heading", text, *tags), **others)
    return [word for finding in found for word in finding.words]


def rules_with(folder: Path, text: str) -> Rules:
    """Return the rules with `text` as checks.toml."""
    (folder / "checks.toml").write_text(text, "utf-8")
    return load_rules(folder)


def _block(text: str) -> Block:
    lines = text.split("\n")
    if all(line.startswith("- ") for line in lines):
        items = tuple(ListItem(line.removeprefix("- ")) for line in lines)
        return Block(kind=BlockKind.LIST, items=items)
    return paragraph(text)
