"""A passage: the unit that is searched, tagged, linked to and quoted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kb.model.article import Block, BlockKind


class Evidence(StrEnum):
    """What a tag rests on, strongest first."""

    EDITOR = "editor"
    CODE = "code"
    HEADING = "heading"
    CUE = "cue"
    MODEL = "model"  # words that were learned to speak for it


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the taxonomy on a passage.

    `confidence` is between 0 and 1; `reason` says in words what spoke for the tag.
    """

    tag: str
    confidence: float
    evidence: Evidence
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A run of blocks under one heading.

    `id` is empty until the store gives the passage one; it is kept through a re-ingest as long as
    the text or the place can be recognised (`kb.model.passage_matching`). `codes` are those of its section and of
    the sections above, nearest first.
    """

    id: str = ""
    heading_path: tuple[str, ...]
    blocks: tuple[Block, ...]
    codes: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()

    @property
    def text(self) -> str:
        """The blocks as plain text, a newline between them; what is searched and quoted."""
        return "\n".join(block.plain for block in self.blocks)

    @property
    def kind(self) -> BlockKind:
        """The kind that rules the passage: the first that is more than a paragraph."""
        for block in self.blocks:
            if block.kind is not BlockKind.PARAGRAPH:
                return block.kind
        return BlockKind.PARAGRAPH

    @property
    def page(self) -> int | None:
        """The page of a paged source on which the passage begins, counted from 1."""
        return self.blocks[0].page if self.blocks else None

    @property
    def anchor(self) -> str:
        """The fragment of the article's address that leads to this passage."""
        return f"p-{self.id}"

    @property
    def heading(self) -> str:
        """The heading right above the passage, or an empty text in the lead of an article."""
        return self.heading_path[-1] if self.heading_path else ""
