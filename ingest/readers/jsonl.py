"""JSON Lines reader: one article per line.

A line is ``{"id", "title", "source", "url", "sections": [{"heading", "text"}]}`` with any other
metadata key of `ingest.metadata`. Headings are explicit, so section text is not searched for
headings.
"""

from __future__ import annotations

import json
from typing import Any

from ingest.metadata import parse_metadata
from ingest.readers.common.result import ReaderResult
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import is_generic_heading
from ingest.readers.text.reader import parse_blocks
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem

SECTIONS_KEY = "sections"
SECTION_KEYS = frozenset({"heading", "text"})
FORMAT_HINT = 'Use the form {"title": "...", "sections": [{"heading": "...", "text": "..."}]}.'


def read_json_line(line: str, source: str, location: str) -> ReaderResult:
    """Parse the article of one line.

    Raises `SourceError` with the location and the key that is invalid.
    """
    entry = _parse_object(line, source, location)
    sections = _validate_sections(entry.pop(SECTIONS_KEY, None), source, location)
    parsed = parse_metadata(entry.items())
    title = parsed.title
    title_warnings: tuple[str, ...] = ()
    if not title:
        title = _first_specific_heading(sections) or parsed.metadata.id
        if not title:
            raise SourceError(
                source, 'has no "title".', FORMAT_HINT, location, code=SourceProblem.NO_TITLE
            )
        title_warnings = (f'There is no "title". "{title}" is used instead.',)
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    for section in sections:
        if section.get("heading", "").strip():
            builder.add_heading(1, section["heading"])
        else:
            builder.add_untitled_section()
        for block in parse_blocks(normalizer.normalize(section.get("text", ""))):
            builder.add_block(block)
    article = builder.build_article(source, location, title, parsed.metadata)
    ignored = [
        *parsed.unknown_keys,
        *sorted({key for section in sections for key in section} - SECTION_KEYS),
    ]
    return ReaderResult(
        article=article,
        visible_text="\n\n".join(
            section.get(key, "") for section in sections for key in ("heading", "text")
        ),
        warnings=(
            *title_warnings,
            *parsed.warnings,
            *_ignored_keys_warning(ignored),
            *normalizer.warnings(),
        ),
    )


def _first_specific_heading(sections: list[dict[str, Any]]) -> str:
    """Return the first heading that is not generic, or an empty string."""
    headings = (str(section.get("heading", "")).strip() for section in sections)
    return next(
        (heading for heading in headings if heading and not is_generic_heading(heading)), ""
    )


def _parse_object(line: str, source: str, location: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise SourceError(
            source,
            f"is not JSON: {error.msg} at character {error.pos + 1}.",
            FORMAT_HINT,
            location,
            code=SourceProblem.MALFORMED,
        ) from error
    except RecursionError as error:
        raise SourceError(
            source, "is nested too deeply.", FORMAT_HINT, location, code=SourceProblem.TOO_DEEP
        ) from error
    if not isinstance(entry, dict):
        raise SourceError(
            source, "is not a JSON object.", FORMAT_HINT, location, code=SourceProblem.SCHEMA
        )
    return entry


def _validate_sections(value: Any, source: str, location: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(section, dict) for section in value):
        raise SourceError(
            source,
            f'has no list of objects in "{SECTIONS_KEY}".',
            FORMAT_HINT,
            location,
            code=SourceProblem.SCHEMA,
        )
    for number, section in enumerate(value, start=1):
        for key in SECTION_KEYS:
            if not isinstance(section.get(key, ""), str):
                raise SourceError(
                    source,
                    f'section {number}: "{key}" is not a string.',
                    FORMAT_HINT,
                    location,
                    code=SourceProblem.SCHEMA,
                )
    return value


def _ignored_keys_warning(keys: list[str]) -> list[str]:
    if not keys:
        return []
    return ["Unknown keys were ignored: " + ", ".join(f'"{key}"' for key in keys) + "."]
