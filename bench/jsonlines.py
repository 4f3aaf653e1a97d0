"""JSON Lines files, and the JSON object that a benchmark prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file; raises `ValueError` with the line number of an invalid one."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}, line {number}: is not JSON: {error.msg}") from error
            if not isinstance(entry, dict):
                raise ValueError(f"{path}, line {number}: is not a JSON object")
            yield entry


def write_objects(path: Path, entries: Iterable[Mapping[str, Any]]) -> int:
    """Write one line per object as it is produced; return their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for entry in entries:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            count += 1
    return count


def print_result(result: Mapping[str, Any]) -> None:
    """Print the result of a benchmark, the only output on standard output."""
    print(json.dumps(result, ensure_ascii=False, indent=1))


def log(progress: str) -> None:
    """Print a progress message to standard error."""
    print(progress, file=sys.stderr, flush=True)
