"""Synchronisation of pins and synonyms from the database to the search service of this process.

The index synchronisation thread of each process checks for changes in every round. Synonym lines
that this version cannot parse are skipped and logged.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from index.query.synonym_rules import parse_rule
from index.query.synonyms import SynonymDictionary
from index.search.pins import Pins, pin_key
from index.search.service import SearchService
from kb.errors import SynonymsError
from kb.storage.curation_store import CurationRules, CurationStore, Pin

SYNONYMS_FILE = "synonyms.txt"  # in KB_HOME: synonyms maintained outside the editorial area

log = logging.getLogger(__name__)


class CurationSync:
    """Applies changed pins and synonyms to one search service."""

    def __init__(self, store: CurationStore, search: SearchService, synonyms_file: Path) -> None:
        self._store, self._search, self._synonyms_file = store, search, synonyms_file
        self._state = ""

    def sync(self) -> None:
        """Reload pins and synonyms if they have changed; raises `StoreError`."""
        if self._store.get_revision() == self._state:
            return
        rules = self._store.load()
        if not self._state and not (rules.pins or rules.synonyms):
            self._state = rules.revision  # nothing was ever curated: keep the initial dictionary
            return
        self._search.set_curation(
            build_synonyms(rules, self._synonyms_file), group_pins(rules.pins)
        )
        self._state = rules.revision


def build_synonyms(rules: CurationRules, synonyms_file: Path) -> SynonymDictionary:
    """Return the built-in synonyms with those of `synonyms_file` and of the editorial area."""
    return SynonymDictionary(synonyms_file, _valid_lines(rules))


def group_pins(pins: Iterable[Pin]) -> Pins:
    """Return the pinned passage ids by the stems of their queries."""
    grouped: dict[tuple[str, ...], tuple[str, ...]] = {}
    for pin in pins:
        key = pin_key(pin.query)
        grouped[key] = (*grouped.get(key, ()), pin.passage_id)
    return grouped


def _valid_lines(rules: CurationRules) -> Iterable[str]:
    for line in rules.synonyms:
        try:
            parse_rule(line.line)
        except SynonymsError as error:
            log.warning("Skipped a line of synonyms. %s", error)
        else:
            yield line.line
