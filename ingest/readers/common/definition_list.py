"""Definition lists as lists of "term: definition"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ingest.readers.common.inline_text import strip_marks
from kb.model.article import Block, BlockKind, ListItem


def build_definition_list(groups: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Block:
    """Return the list of these groups of terms and their definitions.

    Several definitions are items below their terms, so that none is read without them.
    """
    items = (item for terms, definitions in groups for item in _iter_items(terms, definitions))
    return Block(kind=BlockKind.LIST, items=tuple(items))


def _iter_items(terms: Sequence[str], definitions: Sequence[str]) -> Iterator[ListItem]:
    terms, definitions = list(filter(None, terms)), list(filter(None, definitions))
    name = " / ".join(terms)
    if name and definitions and not strip_marks(name).rstrip().endswith(":"):
        name += ":"
    if not name:
        yield from map(ListItem, definitions)
    elif len(definitions) == 1:
        yield ListItem(f"{name} {definitions[0]}")
    elif definitions:
        yield ListItem(name)
        yield from (ListItem(definition, depth=1) for definition in definitions)
    else:
        yield from map(ListItem, terms)
