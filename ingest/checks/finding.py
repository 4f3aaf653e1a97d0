"""Findings of the editorial checks, with their level and location."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Severity of a finding, highest first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


LEVEL_ORDER = {level: number for number, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class FindingLocation:
    """A passage, or the whole article if `passage` is None.

    `passage` is an index from 0. It is needed because the passages of an unsaved article have no
    ids.
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
    """A finding of one rule.

    `words` are the matching words; identifiers of patients are masked. `source` is the publication
    that the rule is based on.
    """

    rule: str
    level: Level
    message: str
    source: str
    place: FindingLocation = WHOLE_ARTICLE
    words: tuple[str, ...] = ()
    suggestion: str = ""
