"""Judged queries: a file in which a content team says what should be found first for what.

It is a table as a spreadsheet saves it, so its faults are those of a table: each is told with its
line and its mend, all of them at once. What was expected is looked up in the store; what the search
makes of the queries is `index.evaluation.metrics`.
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
DELIMITERS = "\t;,"  # tried in this order: a comma may stand in the head of a file with another
PATH_SEPARATOR = " > "  # between the title and the headings, as in "Gout > Calming a flare"
MAX_RANK = 10  # hits that are looked through: one page, and hardly anybody opens the second
DEFAULT_WITHIN = 3  # where `within` is empty: the hits that are seen without scrolling


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgment:
    """A query and what should be found for it, as one line of the file says.

    The passage should be among the first `within` hits. `group` gathers queries whose figures are
    wanted apart.
    """

    line: int
    query: str
    expected: str
    within: int
    group: str
    note: str


@dataclass(frozen=True, slots=True)
class JudgmentTarget:
    """The passages that count as the expected one; all of an article when it alone was named."""

    article_id: str
    passages: frozenset[str]


def read_judgments(path: Path) -> tuple[Judgment, ...]:
    """Read the file of judged queries; raises `JudgmentsError` with all that is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        mend = f"The file cannot be read ({error}). Save it as CSV in UTF-8."
        raise JudgmentsError(str(path), _format_error(1, mend), code="unreadable") from error
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
                    _format_error(found.line, f"The same as line {first.line}. Take one out.")
                )
    except csv.Error as error:
        faults.append(
            _format_error(
                rows.line_num, f"This is no row of a table ({error}). Look at its quotes."
            )
        )
    except ValueError as error:
        faults.append(_format_error(1, str(error)))
    if not (read or faults):
        faults.append(
            _format_error(1, "There is no query below the names of the columns. Add one.")
        )
    if faults:
        raise JudgmentsError(str(path), *faults)
    return tuple(read.values())


def find_targets(
    path: Path, judgements: tuple[Judgment, ...], store: ArticleStore
) -> list[tuple[Judgment, JudgmentTarget]]:
    """Look up what was expected; raises `JudgmentsError` with all that is not to be found."""
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
            f"The column {missing[0]!r} is missing. Name the columns in the first line: "
            f"{', '.join(COLUMNS)}; the last three may be left out."
        )
    unknown = [name for name in columns if name and name not in COLUMNS]
    if unknown:
        raise ValueError(f"There is no column {unknown[0]!r}. There are: {', '.join(COLUMNS)}.")
    return columns


def _parse_row(line: int, columns: list[str], row: list[str]) -> Judgment | str:
    """Return the judgement of a row, or what is wrong with it."""
    if len(row) > len(columns):
        return "There are more cells than columns. Put quotes around a cell that holds a comma."
    cells = defaultdict(str, zip(columns, (cell.strip() for cell in row), strict=False))
    for name in REQUIRED_COLUMNS:
        if not cells[name]:
            return f"The cell {name!r} is empty. Fill it in, or take the line out."
    within = cells["within"] or str(DEFAULT_WITHIN)
    if not (within.isascii() and within.isdigit() and 1 <= int(within) <= MAX_RANK):
        return f"'within' must be a number from 1 to {MAX_RANK}, or empty for {DEFAULT_WITHIN}, not {within!r}."
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
        """Return the passages that are meant, or a sentence on why there are none."""
        for name, headings in _split_path(expected):
            ids = [name] if name in self._ids else self._titles.get(name.casefold(), [])
            if len(ids) > 1:
                return f"The title {name!r} is that of {', '.join(ids)}. Write one of these ids."
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
            if not wanted or _folded(passage.heading_path)[-len(wanted) :] == wanted
        ]
        if found:
            return JudgmentTarget(article_id, frozenset(found))
        known = dict.fromkeys(passage.heading for passage in record.passages if passage.heading)
        return (
            f"{article_id} has no heading {PATH_SEPARATOR.join(headings)!r}."
            f"{_suggest(headings[-1], list(known))} `kb show {article_id}` shows them."
        )

    def _find_passage(self, passage_id: str) -> JudgmentTarget | str:
        try:
            place = self._store.locate(passage_id)
        except NotFoundError:
            title = passage_id.split(PATH_SEPARATOR, maxsplit=1)[0]
            return (
                f"There is no published article or passage {title!r}."
                f"{_suggest(title, [*self._ids, *self._titles])} `kb list` shows the articles."
            )
        if place.passage_id is None or place.article_id not in self._ids:
            return (
                f"The passage {passage_id!r} of {place.article_id} is not published any more. "
                "Write what should be found in its place."
            )
        return JudgmentTarget(place.article_id, frozenset([place.passage_id]))

    def _record(self, article_id: str) -> ArticleRecord:
        if article_id not in self._records:
            self._records[article_id] = self._store.article(article_id)
        return self._records[article_id]


def _split_path(expected: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (title, headings), the longest title first: it may hold the sign itself."""
    parts = [part.strip() for part in expected.split(PATH_SEPARATOR)]
    for cut in range(len(parts), 0, -1):
        yield PATH_SEPARATOR.join(parts[:cut]), tuple(parts[cut:])


def _folded(path: tuple[str, ...]) -> list[str]:
    return [heading.casefold() for heading in path]


def _format_error(line: int, problem: str) -> str:
    return f"line {line}: {problem}"


def _suggest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
