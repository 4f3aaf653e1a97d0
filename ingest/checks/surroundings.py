"""What is known of an article that does not stand in it: other articles, its past, its links.

Whoever has a knowledge base at hand gathers it (`web.cli.check`); without one, as while a source
is read, the rules that need it find nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.model.passage import Passage
from kb.model.records import ArticleRecord

if TYPE_CHECKING:  # who reads sources needs no database
    from kb.storage.near_duplicates import NearDuplicate


@dataclass(frozen=True, slots=True)
class RelatedPassage:
    """A passage of another article that may disagree with this one."""

    article_id: str
    title: str
    also_called: tuple[str, ...]
    passage: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedContent:
    """`dead` holds the addresses in the article that could not be opened, each with the reason."""

    neighbours: Sequence[RelatedPassage] = ()
    doubles: Sequence[NearDuplicate] = ()
    earlier: ArticleRecord | None = None  # the version before
    dead: Mapping[str, str] = field(default_factory=dict)


NO_RELATED_CONTENT = RelatedContent()
