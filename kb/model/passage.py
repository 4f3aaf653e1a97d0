"""Passages: the units of search, tagging, linking and quotation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kb.model.article import Block, BlockKind


class Evidence(StrEnum):
    """Evidence for a tag, strongest first."""

    EDITOR = "editor"
    CODE = "code"
    HEADING = "heading"
    CUE = "cue"
    MODEL = "model"  # word weights of a trained model


@dataclass(frozen=True, slots=True)
class Tag:
    """A taxonomy tag assigned to a passage.

    `confidence` is between 0 and 1; `reason` describes the evidence in words.
    """

    tag: str
    confidence: float
    evidence: Evidence
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A sequence of blocks under one heading.

    `id` is empty until the passage is saved. It is carried over to the next version if the text or
    the position still matches (`kb.model.passage_matching`). `codes` are those of the section and
    its ancestors, nearest first.
    """

    id: str = ""
    heading_path: tuple[str, ...]
    blocks: tuple[Block, ...]
    codes: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()

    def __hash__(self) -> int:
        """Return the hash of the id, because passages are keys of caches."""
        return hash(self.id)

    @property
    def text(self) -> str:
        """The plain text of the blocks, separated by newlines; used for search and quotations."""
        return "\n".join(block.plain for block in self.blocks)

    @property
    def kind(self) -> BlockKind:
        """The kind of the first block that is not a paragraph, otherwise `PARAGRAPH`."""
        for block in self.blocks:
            if block.kind is not BlockKind.PARAGRAPH:
                return block.kind
        return BlockKind.PARAGRAPH

    @property
    def page(self) -> int | None:
        """The page of the source on which the passage starts, counted from 1."""
        return self.blocks[0].page if self.blocks else None

    @property
    def ocr(self) -> bool:
        """Whether any of its text was recognised in an image of the page."""
        return any(block.ocr for block in self.blocks)

    @property
    def opening(self) -> str:
        """The plain text of the first block that no other passage repeats."""
        return next((block.plain for block in self.blocks if not block.repeated), "")

    @property
    def anchor(self) -> str:
        """The URL fragment of this passage on the article page."""
        return f"p-{self.id}"

    @property
    def heading(self) -> str:
        """The nearest heading, or an empty string in the introduction."""
        return self.heading_path[-1] if self.heading_path else ""
