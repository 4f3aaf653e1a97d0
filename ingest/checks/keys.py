"""The keys under which statements of different articles meet.

What must agree has one key: definitions of one term, numbers for one quantity, sentences of the
same words. Two passages are compared only when one states what the other looks for, so a check
costs what the article costs, and not what the base holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from ingest.checks.config import Rules
from ingest.checks.context import CheckPassage
from ingest.checks.definitions import definitions_in, denials_in
from ingest.checks.quantities import quantities_in
from kb.model.passage import Passage

VERSION = 1  # of what is read from a passage: a change here, or in the modules above, adds one
READ = ("contradictory-definition", "number-conflict")  # the rules that the keys depend on
KEY_BYTES = 8  # a key by chance shared by two statements costs a comparison, no more


@dataclass(frozen=True, slots=True)
class StatementKeys:
    """What a passage states, and under which keys a passage that disagrees would stand."""

    stated: frozenset[int]
    sought: frozenset[int]


def keys_of(
    title: str, also_called: Sequence[str], passage: Passage, rules: Rules
) -> StatementKeys:
    """Return the keys of a passage of an article with these names."""
    pairs = list(_pairs(CheckPassage(passage, 0, sources=False), (title, *also_called), rules))
    return StatementKeys(
        frozenset(_hash(stated) for stated, _ in pairs),
        frozenset(_hash(sought) for _, sought in pairs),
    )


def stamp(rules: Rules) -> str:
    """Return what keys of one kind have in common: other rules make other keys."""
    read = [rules[name].values for name in READ]
    return repr((VERSION, read, rules.settings("negation").values))


def _pairs(part: CheckPassage, names: Sequence[str], rules: Rules) -> Iterator[tuple[str, str]]:
    definitions, numbers = (rules[name] for name in READ)
    for definition in definitions_in(part, definitions):
        yield definition.key, definition.key
    for quantity in quantities_in(part, names, numbers):
        yield quantity.key, quantity.key
    for said in denials_in(part, rules.settings("negation"), origin=names[0]):
        # Who says the same is no matter; who denies it is.
        yield f"{said.value} {said.key}", f"{not said.value} {said.key}"


def _hash(key: str) -> int:
    digest = blake2b(key.encode(), digest_size=KEY_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)
