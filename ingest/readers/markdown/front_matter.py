"""Front matter of Markdown: YAML between --- lines or TOML between +++ lines."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from ingest.metadata import ParsedMetadata, parse_metadata
from kb.errors import SourceError, SourceProblem

YAML_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M)
# A --- line may also be a horizontal rule, so the block must contain a key.
YAML_KEY = re.compile(r"^[\w][\w -]*:(?:\s|$)", re.M)
TOML_FRONT_MATTER = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.S | re.M)
# characters examined at the start; longer front matter is not metadata
MAX_FRONT_MATTER_LENGTH = 65_536
YAML_HINT = "Quote values that contain a colon or start with a punctuation mark."


def parse_front_matter(text: str, source: str) -> tuple[ParsedMetadata, str, int]:
    """Return the metadata, the text after it, and the line number where that text starts.

    Raises `SourceError` if the front matter is invalid.
    """
    head = text[:MAX_FRONT_MATTER_LENGTH]
    values: Any = None
    if match := TOML_FRONT_MATTER.match(head):
        values = _parse_toml(match.group(1), source)
    elif (match := YAML_FRONT_MATTER.match(head)) and YAML_KEY.search(match.group(1)):
        values = _parse_yaml(match.group(1), source)
    if not match or not isinstance(values, dict):
        return ParsedMetadata(), text, 1
    pairs = [(str(key), value) for key, value in values.items()]
    return parse_metadata(pairs), text[match.end() :], match.group().count("\n") + 1


def _parse_yaml(text: str, source: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: invalid date
        mark = getattr(error, "problem_mark", None)
        location = f"line {mark.line + 2}" if mark else "front matter"
        problem = getattr(error, "problem", None) or str(error)
        raise SourceError(
            source,
            f"has invalid YAML front matter: {problem}.",
            YAML_HINT,
            location,
            code=SourceProblem.MALFORMED,
        ) from error


def _parse_toml(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SourceError(
            source,
            f"has invalid TOML front matter: {error}.",
            "Quote strings, and dates that are not in TOML format.",
            "front matter",
            code=SourceProblem.MALFORMED,
        ) from error
