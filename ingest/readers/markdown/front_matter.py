"""What stands before a Markdown text: YAML between lines of ---, or TOML between lines of +++."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from ingest.metadata import ParsedMetadata, parse_metadata
from kb.errors import SourceError, SourceProblem

YAML_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M)
# A line of --- may also be a rule, and what follows text: the first key tells.
YAML_KEY = re.compile(r"^[\w][\w -]*:(?:\s|$)", re.M)
TOML_FRONT_MATTER = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.S | re.M)
MAX_FRONT_MATTER_LENGTH = 65_536  # of the beginning that is looked at: metadata, not an article
YAML_HINT = "Put texts that hold a colon or begin with a mark into quotes."


def parse_front_matter(text: str, source: str) -> tuple[ParsedMetadata, str, int]:
    """Return what the front matter says, the text after it, and the line where that begins.

    Raises `SourceError` when there is some that cannot be read.
    """
    head = text[:MAX_FRONT_MATTER_LENGTH]
    values: Any = None
    if found := TOML_FRONT_MATTER.match(head):
        values = _parse_toml(found.group(1), source)
    elif (found := YAML_FRONT_MATTER.match(head)) and YAML_KEY.search(found.group(1)):
        values = _parse_yaml(found.group(1), source)
    if not found or not isinstance(values, dict):
        return ParsedMetadata(), text, 1
    pairs = [(str(key), value) for key, value in values.items()]
    return parse_metadata(pairs), text[found.end() :], found.group().count("\n") + 1


def _parse_yaml(written: str, source: str) -> Any:
    try:
        return yaml.safe_load(written)
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: no such date
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 2}" if mark else "front matter"
        problem = getattr(error, "problem", None) or str(error)
        raise SourceError(
            source,
            f"the front matter is not YAML: {problem}.",
            YAML_HINT,
            place,
            code=SourceProblem.MALFORMED,
        ) from error


def _parse_toml(written: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(written)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SourceError(
            source,
            f"the front matter is not TOML: {error}.",
            "Put texts and dates that are not TOML's own into quotes.",
            "front matter",
            code=SourceProblem.MALFORMED,
        ) from error
