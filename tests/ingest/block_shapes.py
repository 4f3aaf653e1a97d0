"""Short constructors of blocks, and the coverage assertion for XML readers."""

from __future__ import annotations

import re
from collections import Counter

from ingest.readers.common.result import ReaderResult
from kb.model.article import Block, BlockKind, ListItem

WORD = re.compile(r"\w+")


def block(kind: BlockKind, text: str) -> Block:
    return Block(kind=kind, text=text)


def listed(*items: str | ListItem, ordered: bool = False) -> Block:
    texts = tuple(ListItem(item) if isinstance(item, str) else item for item in items)
    return Block(kind=BlockKind.LIST, items=texts, ordered=ordered)


def assert_all_is_kept_or_reported(result: ReaderResult) -> None:
    """Assert that every word of the source is in the article or in the omitted text."""
    pieces = [result.article.title, result.article.plain, *(d.text for d in result.omitted)]
    lost = Counter(WORD.findall(result.visible_text)) - Counter(WORD.findall(" ".join(pieces)))
    assert not lost
