"""What stands before a Markdown text: YAML between lines of ---, or TOML between lines of +++."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from ingest.metadata import ParsedMetadata, parse_metadata
from kb.errors import SourceError, SourceProblem

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M)
# A line of --- may also be a rule, and what follows text: the first key tells.
FRONT_MATTER_KEY = re.compile(r"^[\w][\w -]*:(?:\s|$)", re.M)
TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.S | re.M)
CHARACTERS = 65_536  # of the beginning that is looked at: metadata, not an article
MEND = "Put texts that hold a colon or begin with a mark into quotes."


def front_matter(text: str, source: str) -> tuple[ParsedMetadata, str, int]:
    """Return what the front matter says, the text after it, and the line where that begins.

    Raises `SourceError` when there is some that cannot be read.
    """
    head = text[:CHARACTERS]
    values: Any = None
    if found := TOML.match(head):
        values = _toml(found.group(1), source)
    elif (found := FRONT_MATTER.match(head)) and FRONT_MATTER_KEY.search(found.group(1)):
        values = _yaml(found.group(1), source)
    if not found or not isinstance(values, dict):
        return ParsedMetadata(), text, 1
    pairs = [(str(key), value) for key, value in values.items()]
    return parse_metadata(pairs), text[found.end() :], found.group().count("\n") + 1


def _yaml(written: str, source: str) -> Any:
    try:
        return yaml.safe_load(written)
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: no such date
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 2}" if mark else "front matter"
        problem = getattr(error, "problem", None) or str(error)
        raise SourceError(
            source,
            f"the front matter is not YAML: {problem}.",
            MEND,
            place,
            code=SourceProblem.MALFORMED,
        ) from error


def _toml(written: str, source: str) -> dict[str, Any]:
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
