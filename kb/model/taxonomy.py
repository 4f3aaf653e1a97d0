"""Tag taxonomy, loaded from a TOML file.

The default is ``kb/data/taxonomy.toml``; a ``taxonomy.toml`` in KB_HOME replaces it. How phrases
are matched is defined in ``ingest/tagging/tagger.py``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from kb.errors import WHOLE_FILE, TaxonomyError

DEFAULT_FILE = Path(__file__).parents[1] / "data" / "taxonomy.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDefinition:
    """One tag of the taxonomy. ``kb/data/taxonomy.toml`` documents the fields."""

    key: str
    label: str
    glyph: str = ""
    parent: str = ""
    first_class: bool = False
    related: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    infobutton: tuple[str, ...] = ()

    __pydantic_config__ = ConfigDict(extra="forbid")


@cache
def _adapter() -> TypeAdapter[TagDefinition]:
    return TypeAdapter(TagDefinition)


class Taxonomy:
    """The tags in the order of the file, with their hierarchy."""

    def __init__(
        self,
        tags: Iterable[TagDefinition],
        *,
        other_headings: Iterable[str] = (),
        other_cues: Iterable[str] = (),
    ) -> None:
        """Create a taxonomy; the other headings and cues are phrases of subjects without a tag."""
        self._tags = {tag.key: tag for tag in tags}
        self.other_headings = tuple(other_headings)
        self.other_cues = tuple(other_cues)

    def __iter__(self) -> Iterator[TagDefinition]:
        return iter(self._tags.values())

    def __contains__(self, key: str) -> bool:
        return key in self._tags

    def __getitem__(self, key: str) -> TagDefinition:
        return self._tags[key]

    def label(self, key: str) -> str:
        """Return the label of a tag, or its key if the taxonomy no longer contains it."""
        return self._tags[key].label if key in self._tags else key

    def glyph(self, key: str) -> str:
        """Return the symbol of a tag, or an empty string if the taxonomy no longer contains it."""
        return self._tags[key].glyph if key in self._tags else ""

    def with_ancestors(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the tags, each followed by its ancestors, without duplicates."""
        ordered: dict[str, None] = {}
        for key in keys:
            current = key
            while current and current not in ordered:
                ordered[current] = None
                current = self._tags[current].parent if current in self._tags else ""
        return tuple(ordered)

    @property
    def digest(self) -> str:
        """Short hash of the parts that the index depends on: keys, parents and labels."""
        lines = sorted(f"{tag.key}<{tag.parent}: {tag.label}" for tag in self)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def load_taxonomy(home: Path | None = None) -> Taxonomy:
    """Load the taxonomy of the knowledge base at `home`, or the default taxonomy.

    Raises `TaxonomyError` with the file and the tag if the taxonomy is invalid.
    """
    custom = home / DEFAULT_FILE.name if home else None
    path = custom if custom and custom.exists() else DEFAULT_FILE
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise TaxonomyError(
            str(path), WHOLE_FILE, f"cannot be read: {error}.", code="unreadable"
        ) from error
    entries = content.get("tag", [])
    if not isinstance(entries, list):
        raise TaxonomyError(str(path), WHOLE_FILE, "Define each tag as [[tag]].", code="tag-form")
    tags = [_parse_tag(path, number, entry) for number, entry in enumerate(entries, start=1)]
    _validate(path, tags)
    others = {
        name: _parse_phrases(path, name, content) for name in ("other_headings", "other_cues")
    }
    return Taxonomy(tags, **others)


def _parse_phrases(path: Path, name: str, content: dict[str, Any]) -> list[str]:
    phrases = content.get(name, [])
    if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
        raise TaxonomyError(
            str(path), name, 'is not a list of phrases. Write it as ["..."].', code="field-invalid"
        )
    return phrases


def _parse_tag(path: Path, number: int, entry: Any) -> TagDefinition:
    if not isinstance(entry, dict):
        raise TaxonomyError(
            str(path), f"tag {number}", "Define each tag as [[tag]].", code="tag-form"
        )
    location = f"tag {number} ({entry['key']})" if "key" in entry else f"tag {number}"
    for name in ("key", "label"):
        if not entry.get(name):
            raise TaxonomyError(
                str(path), location, f"{name!r} is missing. Add it.", code="field-missing"
            )
    try:
        return _adapter().validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise TaxonomyError(
            str(path), location, f"{name!r}: {first['msg']}.", code="field-invalid"
        ) from error


def _validate(path: Path, tags: list[TagDefinition]) -> None:
    keys = [tag.key for tag in tags]
    if not keys:
        raise TaxonomyError(str(path), WHOLE_FILE, "contains no [[tag]].", code="empty")
    parents = {tag.key: tag.parent for tag in tags}
    for tag in tags:
        if keys.count(tag.key) > 1:
            raise TaxonomyError(
                str(path), f"tag {tag.key}", "is defined twice. Remove one.", code="duplicate"
            )
        if tag.parent and tag.parent not in parents:
            raise TaxonomyError(
                str(path),
                f"tag {tag.key}",
                f"its parent {tag.parent!r} does not exist.",
                code="parent-missing",
            )
        for related in tag.related:
            if related not in parents:
                raise TaxonomyError(
                    str(path),
                    f"tag {tag.key}",
                    f"its related tag {related!r} does not exist.",
                    code="related-missing",
                )
        visited, current = {tag.key}, tag.parent
        while current:
            if current in visited:
                raise TaxonomyError(
                    str(path), f"tag {tag.key}", "is its own ancestor.", code="cycle"
                )
            visited.add(current)
            current = parents[current]
