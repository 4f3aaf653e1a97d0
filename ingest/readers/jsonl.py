"""JSON Lines: one article to a line, as exports and converters write them.

A line is ``{"id", "title", "source", "url", "sections": [{"heading", "text"}]}`` with any other
metadata key of `ingest.metadata` beside them. Headings are what the line says they are, so none
is looked for in a section's text.
"""

from __future__ import annotations

import json
from typing import Any

from ingest.metadata import parse_metadata
from ingest.readers.base import ReaderResult, SectionBuilder, is_generic_heading
from ingest.readers.text.reader import parse_blocks
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem

SECTIONS_KEY = "sections"
SECTION_KEYS = frozenset({"heading", "text"})
FORMAT_HINT = 'Write {"title": "...", "sections": [{"heading": "...", "text": "..."}]} to the line.'


def read_json_line(line: str, source: str, place: str) -> ReaderResult:
    """Read the article of one line. Raises `SourceError` that names the place and the key."""
    entry = _parse_object(line, source, place)
    sections = _validate_sections(entry.pop(SECTIONS_KEY, None), source, place)
    described = parse_metadata(entry.items())
    title = described.title
    guessed: tuple[str, ...] = ()
    if not title:
        title = _first_specific_heading(sections) or described.metadata.id
        if not title:
            raise SourceError(
                source, 'has no "title".', FORMAT_HINT, place, code=SourceProblem.NO_TITLE
            )
        guessed = (f'There is no "title"; "{title}" was taken for it.',)
    cleaner = TextNormalizer()
    outline = SectionBuilder(cleaner)
    for section in sections:
        if section.get("heading", "").strip():
            outline.add_heading(1, section["heading"])
        else:
            outline.add_untitled_section()
        for block in parse_blocks(cleaner.clean(section.get("text", ""))):
            outline.add_block(block)
    article = outline.build_article(source, place, title, described.metadata)
    ignored = [
        *described.unknown,
        *sorted({key for section in sections for key in section} - SECTION_KEYS),
    ]
    return ReaderResult(
        article=article,
        visible_text="\n\n".join(
            section.get(key, "") for section in sections for key in ("heading", "text")
        ),
        warnings=(
            *guessed,
            *described.warnings,
            *_ignored_keys_warning(ignored),
            *cleaner.warnings(),
        ),
    )


def _first_specific_heading(sections: list[dict[str, Any]]) -> str:
    """Return the first heading that could not stand in any article, or an empty text."""
    headings = (str(section.get("heading", "")).strip() for section in sections)
    return next(
        (heading for heading in headings if heading and not is_generic_heading(heading)), ""
    )


def _parse_object(line: str, source: str, place: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise SourceError(
            source,
            f"is not JSON: {error.msg} at character {error.pos + 1}.",
            FORMAT_HINT,
            place,
            code=SourceProblem.MALFORMED,
        ) from error
    except RecursionError as error:
        raise SourceError(
            source, "is nested too deeply.", FORMAT_HINT, place, code=SourceProblem.TOO_DEEP
        ) from error
    if not isinstance(entry, dict):
        raise SourceError(
            source, "is not a JSON object.", FORMAT_HINT, place, code=SourceProblem.SCHEMA
        )
    return entry


def _validate_sections(found: Any, source: str, place: str) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(section, dict) for section in found):
        raise SourceError(
            source,
            f'has no list of objects under "{SECTIONS_KEY}".',
            FORMAT_HINT,
            place,
            code=SourceProblem.SCHEMA,
        )
    for number, section in enumerate(found, start=1):
        for key in SECTION_KEYS:
            if not isinstance(section.get(key, ""), str):
                raise SourceError(
                    source,
                    f'section {number}: "{key}" is not a text.',
                    FORMAT_HINT,
                    place,
                    code=SourceProblem.SCHEMA,
                )
    return found


def _ignored_keys_warning(keys: list[str]) -> list[str]:
    if not keys:
        return []
    return [
        "Keys that mean nothing here are not kept: " + ", ".join(f'"{key}"' for key in keys) + "."
    ]
