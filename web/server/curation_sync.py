"""Has the content team's pins and synonyms act: in this process, and soon in all others.

Each round of the follower looks whether they have changed. A line that cannot be read, as of an
older version of this program, is left out and named, so that the search goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from index.query.synonym_rules import parse_rule
from index.query.synonyms import SynonymDictionary
from index.search.service import Pins, pin_key
from kb.errors import SynonymsError
from kb.storage.curation_store import CurationRules, CurationStore, Pin

TEAM_FILE = "synonyms.txt"  # in KB_HOME: the team's own names for things, beside those of the desk

log = logging.getLogger(__name__)


class CurationTarget(Protocol):
    """What can be told to go on with other names and pins."""

    def curate(self, vocabulary: SynonymDictionary, pins: Pins) -> None: ...  # noqa: D102


class CurationSync:
    """Keeps one search in step with what the team decides."""

    def __init__(self, curating: CurationStore, search: CurationTarget, team_file: Path) -> None:
        self._curating, self._search, self._team_file = curating, search, team_file
        self._state = ""

    def keep_up(self) -> None:
        """Read pins and synonyms if they have changed; raises `StoreError`."""
        if self._curating.state() == self._state:
            return
        curated = self._curating.all()
        if not self._state and not (curated.pins or curated.lines):
            self._state = curated.state  # nothing was ever decided, so nothing is to be made
            return
        self._search.curate(vocabulary_of(curated, self._team_file), pins_of(curated.pins))
        self._state = curated.state


def vocabulary_of(curated: CurationRules, team_file: Path) -> SynonymDictionary:
    """Return the names of things with the lines that were written at the desk."""
    return SynonymDictionary(team_file, _readable(curated))


def pins_of(pins: Iterable[Pin]) -> Pins:
    """Return the passages that lead, by the stems of their queries."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for pin in pins:
        key = pin_key(pin.query)
        found[key] = (*found.get(key, ()), pin.passage_id)
    return found


def _readable(curated: CurationRules) -> Iterable[str]:
    for line in curated.lines:
        try:
            parse_rule(line.line)
        except SynonymsError as error:
            log.warning("A line of synonyms is left out. %s", error)
        else:
            yield line.line
