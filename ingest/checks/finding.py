"""What a check says: one sentence to an editor, and all that is needed to act on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding weighs, heaviest first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


LEVEL_ORDER = {level: number for number, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class FindingLocation:
    """Where in an article: a passage by number (from 0), id and headings, or the whole article.

    Before an article is saved its passages have no ids, so the number is there as well.
    """

    passage: int | None = None
    passage_id: str = ""
    heading_path: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.passage is None:
            return "whole article"
        return " > ".join(self.heading_path) or "opening"


WHOLE_ARTICLE = FindingLocation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule found in one place.

    `words` are the exact words found, save for what identifies a patient, which is masked.
    `source` says where the rule comes from.
    """

    rule: str
    level: Level
    message: str
    source: str
    place: FindingLocation = WHOLE_ARTICLE
    words: tuple[str, ...] = ()
    suggestion: str = ""
