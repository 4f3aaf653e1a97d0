"""Metadata that a source states in its text: "Last reviewed: 1 October 2026. Owner: Eye team."

Documents often have no other metadata. Sentences, list items and table rows that consist of a known
key and a valid value fill the fields that the format itself leaves empty. The text stays in the
article, because readers look for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ingest.language.sentence_splitter import split_sentences
from ingest.metadata import parse_date
from kb.model.article import Article, Block, BlockKind

DATE_KEYS = {
    "published": (
        r"(?:first |date )?published|publication date|date of (?:publication|issue)|issued"
    ),
    "review_due": (
        r"(?:date of )?next review(?: date)?(?: due)?|review due(?: date)?|(?:due )?for review"
        r"|due for review|review by|to be reviewed|expiry date|expires"
    ),
    "reviewed": (
        r"(?:(?:page|content|document|article|guideline|protocol|policy) )?"
        r"(?:last |medically |clinically )?(?:reviewed|checked)|(?:date )?last (?:review|reviewed)"
        r"|date (?:of (?:last )?review|reviewed)|last review date|review date"
    ),
}
_STATEMENT = re.compile(
    "|".join(rf"(?P<{name}>\b(?:{keys}))" for name, keys in DATE_KEYS.items()), re.I
)
_DATE_VALUE = re.compile(
    r"\s*(?:[:–—-]|\b(?:on|in|by|is|date|due)\b)*\s*(?P<value>[^.;|()]{4,30}?)\s*"
)
_OWNER = re.compile(
    r"(?:(?:document|content|page|guideline|policy) )?owner\s*[:–—-]\s*(?P<value>\S.{2,80}?)",
    re.I,
)
_SEPARATORS = re.compile(r"\s*[;|\n]\s*")
MAX_WORDS = 60  # of a block that states metadata; a longer text is about something else
LABELS = {"published": "publication date", "reviewed": "review date", "review_due": "next review"}


def add_prose_metadata(article: Article) -> tuple[Article, list[str]]:
    """Return the article with the metadata that its text states, and warnings about conflicts.

    A value of the format itself is kept. Of several statements, the first one counts.
    """
    metadata = article.metadata
    warnings: list[str] = []
    stated: set[str] = set()
    for name, value, statement in _iter_statements(article):
        current = getattr(metadata, name)
        if not current:
            metadata = replace(metadata, **{name: value})
        elif current != value and name not in stated and name != "owner":
            warnings.append(
                f"The {LABELS[name]} of the article is {current.isoformat()}, but its text says "
                f'"{statement}". Check which is right.'
            )
        stated.add(name)
    return replace(article, metadata=metadata), warnings


def _iter_statements(article: Article) -> Iterator[tuple[str, Any, str]]:
    """Yield (field of `Metadata`, value, statement) in reading order."""
    for _, section in article.walk():
        for block in section.blocks:
            for line in _lines(block):
                for sentence in split_sentences(line):
                    for statement in _SEPARATORS.split(sentence.strip().rstrip(".")):
                        yield from _parse_statement(statement.strip())


def _lines(block: Block) -> list[str]:
    """Return the texts of a block that may state metadata."""
    if block.kind is BlockKind.TABLE:
        rows = (tuple(filter(None, row)) for row in block.row_texts)
        return [": ".join(row) for row in rows if len(row) == 2]
    texts = [item.text for item in block.items] if block.items else [block.text]
    return [text for text in texts if len(text.split()) <= MAX_WORDS]


def _parse_statement(statement: str) -> Iterator[tuple[str, Any, str]]:
    match = _STATEMENT.match(statement)
    if match and match.lastgroup:
        value = _DATE_VALUE.fullmatch(statement, match.end())
        found = parse_date(value["value"]) if value else None
        if found:
            yield match.lastgroup, found, statement
        return
    owner = _OWNER.fullmatch(statement)
    if owner:
        yield "owner", owner["value"], statement
