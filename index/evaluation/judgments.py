"""Relevance judgments: a CSV file of queries and the passages they should return.

All errors of a file are reported together, each with its line and a correction. Expected passages
are looked up in the store; `index.evaluation.metrics` runs the queries.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from kb.errors import JudgmentsError, NotFoundError
from kb.model.records import ArticleRecord, ArticleStatus
from kb.storage.article_store import ArticleStore

REQUIRED_COLUMNS = ("query", "expected")
COLUMNS = (*REQUIRED_COLUMNS, "within", "group", "note")
DELIMITERS = "\t;,"  # in this order: a header with another delimiter may contain a comma
PATH_SEPARATOR = " > "  # between title and headings, as in "Gout > Calming a flare"
MAX_RANK = 10  # hits that are examined: one page
DEFAULT_WITHIN = 3  # if `within` is empty: the hits visible without scrolling


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgment:
    """A line of the file: a query and its expected result.

    The expected passage should be among the first `within` hits. Metrics are also computed for each
    `group`.
    """

    line: int
    query: str
    expected: str
    within: int
    group: str
    note: str


@dataclass(frozen=True, slots=True)
class JudgmentTarget:
    """The passages that count as the expected result: all of an article if no heading is given."""

    article_id: str
    passages: frozenset[str]


def read_judgments(path: Path) -> tuple[Judgment, ...]:
    """Read a judgments file; raises `JudgmentsError` with all errors."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The file cannot be read ({error}). Save it as CSV in UTF-8."
        raise JudgmentsError(str(path), _format_error(1, message), code="unreadable") from error
    head = text.partition("\n")[0]
    delimiter = next((sign for sign in DELIMITERS if sign in head), ",")
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    faults: list[str] = []
    read: dict[tuple[str, str], Judgment] = {}
    try:
        columns = _parse_header(next(rows, []))
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            found = _parse_row(rows.line_num, columns, row)
            if not isinstance(found, Judgment):
                faults.append(_format_error(rows.line_num, found))
                continue
            first = read.setdefault((found.query, found.expected), found)
            if first is not found:
                faults.append(
                    _format_error(
                        found.line, f"The line repeats line {first.line}. Delete one of them."
                    )
                )
    except csv.Error as error:
        faults.append(
            _format_error(rows.line_num, f"The row is not valid CSV ({error}). Check its quotes.")
        )
    except ValueError as error:
        faults.append(_format_error(1, str(error)))
    if not (read or faults):
        faults.append(_format_error(1, "The file contains no queries. Add one below the header."))
    if faults:
        raise JudgmentsError(str(path), *faults)
    return tuple(read.values())


def find_targets(
    path: Path, judgements: tuple[Judgment, ...], store: ArticleStore
) -> list[tuple[Judgment, JudgmentTarget]]:
    """Look up the expected passages; raises `JudgmentsError` with all that do not exist."""
    places = _TargetFinder(store)
    found: list[tuple[Judgment, JudgmentTarget]] = []
    faults: list[str] = []
    for judgement in judgements:
        target = places.find(judgement.expected)
        if isinstance(target, JudgmentTarget):
            found.append((judgement, target))
        else:
            faults.append(_format_error(judgement.line, target))
    if faults:
        raise JudgmentsError(str(path), *faults)
    return found


def _parse_header(head: list[str]) -> list[str]:
    columns = [name.strip().casefold() for name in head]
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing:
        raise ValueError(
            f"The column {missing[0]!r} is missing. Add it to the header: "
            f"{', '.join(COLUMNS)} (the last three are optional)."
        )
    unknown = [name for name in columns if name and name not in COLUMNS]
    if unknown:
        raise ValueError(f"The column {unknown[0]!r} is unknown. Use: {', '.join(COLUMNS)}.")
    return columns


def _parse_row(line: int, columns: list[str], row: list[str]) -> Judgment | str:
    """Return the judgment of a row, or an error message."""
    if len(row) > len(columns):
        return "The row has more cells than columns. Put quotes around cells that contain a comma."
    cells = defaultdict(str, zip(columns, (cell.strip() for cell in row), strict=False))
    for name in REQUIRED_COLUMNS:
        if not cells[name]:
            return f"The cell {name!r} is empty. Fill it in or delete the line."
    within = cells["within"] or str(DEFAULT_WITHIN)
    if not (within.isascii() and within.isdigit() and 1 <= int(within) <= MAX_RANK):
        return (
            f"'within' must be a number from 1 to {MAX_RANK}, or empty for {DEFAULT_WITHIN}, "
            f"not {within!r}."
        )
    return Judgment(
        line=line,
        query=cells["query"],
        expected=cells["expected"],
        within=int(within),
        group=cells["group"],
        note=cells["note"],
    )


class _TargetFinder:
    """Looks up articles by id and title, and passages by heading and id."""

    def __init__(self, store: ArticleStore) -> None:
        self._store = store
        self._ids: set[str] = set()
        self._titles: dict[str, list[str]] = defaultdict(list)
        for summary in store.summaries(ArticleStatus.PUBLISHED):
            self._ids.add(summary.id)
            self._titles[summary.title.casefold()].append(summary.id)
        self._records: dict[str, ArticleRecord] = {}

    def find(self, expected: str) -> JudgmentTarget | str:
        """Return the expected passages, or an error message."""
        for name, headings in _split_path(expected):
            ids = [name] if name in self._ids else self._titles.get(name.casefold(), [])
            if len(ids) > 1:
                choices = ", ".join(ids)
                return f"Several articles have the title {name!r}. Use one of the ids {choices}."
            if ids:
                return self._find_under_heading(ids[0], headings)
        return self._find_passage(expected)

    def _find_under_heading(
        self, article_id: str, headings: tuple[str, ...]
    ) -> JudgmentTarget | str:
        record = self._record(article_id)
        wanted = [heading.casefold() for heading in headings]
        found = [
            passage.id
            for passage in record.passages
            if not wanted or _fold_path(passage.heading_path)[-len(wanted) :] == wanted
        ]
        if found:
            return JudgmentTarget(article_id, frozenset(found))
        known = dict.fromkeys(passage.heading for passage in record.passages if passage.heading)
        return (
            f"{article_id} has no heading {PATH_SEPARATOR.join(headings)!r}."
            f"{_suggest(headings[-1], list(known))} "
            f"Run `kb show {article_id}` to list the headings."
        )

    def _find_passage(self, passage_id: str) -> JudgmentTarget | str:
        try:
            place = self._store.locate(passage_id)
        except NotFoundError:
            title = passage_id.split(PATH_SEPARATOR, maxsplit=1)[0]
            return (
                f"There is no published article or passage {title!r}."
                f"{_suggest(title, [*self._ids, *self._titles])} Run `kb list` to list all."
            )
        if place.passage_id is None or place.article_id not in self._ids:
            return (
                f"The passage {passage_id!r} of {place.article_id} is no longer published. "
                "Enter another passage."
            )
        return JudgmentTarget(place.article_id, frozenset([place.passage_id]))

    def _record(self, article_id: str) -> ArticleRecord:
        if article_id not in self._records:
            self._records[article_id] = self._store.article(article_id)
        return self._records[article_id]


def _split_path(expected: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (title, headings) pairs, longest title first, because titles may contain ">"."""
    parts = [part.strip() for part in expected.split(PATH_SEPARATOR)]
    for cut in range(len(parts), 0, -1):
        yield PATH_SEPARATOR.join(parts[:cut]), tuple(parts[cut:])


def _fold_path(path: tuple[str, ...]) -> list[str]:
    return [heading.casefold() for heading in path]


def _format_error(line: int, problem: str) -> str:
    return f"line {line}: {problem}"


def _suggest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
