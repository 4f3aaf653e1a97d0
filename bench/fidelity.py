"""False alarms and planted changes of the check against the source.

``python -m bench.fidelity PATHS [--planted 500] [--seed 1] [--verbose]`` reads each article and
compares it with its source: every difference is counted as a false alarm, because the readers are
assumed to be right. Then it changes one place of an article at a time, such as a digit, a unit, a
negation, the name of a drug or two cells of a table, and counts how many are detected, by kind.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

from bench.jsonlines import print_result
from bench.machine import machine, versions
from ingest.fidelity.comparison import find_differences
from ingest.pipeline import iter_tasks
from ingest.readers.registry import ReadDocument, read_document
from ingest.sources import IngestTask, open_sources
from kb.errors import SourceError
from kb.model.article import Article, Block, Marks, Section

REFERENCE = re.compile(r"\[\d{1,3}(?:[,–-]\s?\d{1,3})*\]")
DRUG = re.compile(
    r"\b[a-z]+(?:cillin|mycin|micin|floxacin|oxacin|pril|sartan|olol|statin|azole|prazole|tidine"
    r"|dipine|gliptin|gliflozin|formin|glutide|parin|xaban|farin|profen|coxib|triptan|setron"
    r"|azepam|zepine|pentin|oxetine|triptyline|caine|codone|morphine|fentanyl|naloxone|sone|solone"
    r"|terol|tropium|vir|mab|tinib|cycline|thiazide|semide|lactone|digoxin|aspirin|acetaminophen"
    r"|paracetamol|insulin|warfarin|lithium|dronate|phylline)\b",
    re.I,
)
DOSE = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?=\s?(?:mg|mcg|g|mL|ml|units?|%|tablets?)\b)")
COMPARATORS = {
    "less than": "more than", "more than": "less than", "at least": "at most", "below": "above",
    "above": "below", "under": "over", "over": "under", "greater than": "less than",
    "no more than": "no less than", "up to": "at least", "maximum": "minimum", "before": "after",
    "fewer than": "more than", "lower": "higher", "higher": "lower", "older": "younger",
}  # fmt: skip
UNITS = {"mg": "g", "g": "mg", "mcg": "mg", "mL": "L", "ml": "l", "micrograms": "milligrams"}


class Edit(NamedTuple):
    """A change of the characters `start` to `end` of a text."""

    start: int
    end: int
    new: str


Plant = Callable[[random.Random, str], Edit | None]


def _substitute(pattern: str, replacement: str | Mapping[str, str]) -> Plant:
    """Return a plant that replaces one match of a pattern by a text, or by the mapped text."""
    compiled = re.compile(pattern)

    def plant(dice: random.Random, text: str) -> Edit | None:
        found = list(compiled.finditer(text))
        if not found:
            return None
        match = dice.choice(found)
        new = replacement if isinstance(replacement, str) else replacement[match[0]]
        return Edit(match.start(), match.end(), new)

    return plant


def _change_digit(dice: random.Random, text: str) -> Edit | None:
    # Readers may number the references of a text themselves.
    masked = REFERENCE.sub(lambda found: " " * len(found[0]), text)
    positions = [match.start() for match in re.finditer(r"(?<![\[\d,–-])\d", masked)]
    if not positions:
        return None
    at = dice.choice(positions)
    return Edit(at, at + 1, dice.choice([digit for digit in "123456789" if digit != text[at]]))


def _swap_drug(dice: random.Random, text: str) -> Edit | None:
    found = list(DRUG.finditer(text))
    if not found:
        return None
    match = dice.choice(found)
    others = ("amoxicillin", "doxycycline", "metformin", "warfarin", "lisinopril", "prednisolone")
    names = [name for name in others if name != match[0].lower()]
    return Edit(match.start(), match.end(), dice.choice(names))


# Changes of one text.
PLANTS: dict[str, Plant] = {
    "digit": _change_digit,
    "decimal point": _substitute(r"(?<=\d)\.(?=\d)", ""),
    "sign": _substitute(r"[<>≤≥±]\s?(?=\d)", ""),
    "unit": _substitute(rf"(?<=\d )(?:{'|'.join(UNITS)})\b|(?<=\d)(?:{'|'.join(UNITS)})\b", UNITS),
    "negation": _substitute(
        r"(?<=\w )(?:not|never|no|without|avoid|cannot) (?=\w)|(?<= )non-(?=\w)|n['’]t(?= \w)", ""
    ),
    "comparator": _substitute(
        rf"\b(?:{'|'.join(sorted(COMPARATORS, reverse=True))})\b", COMPARATORS
    ),
    "exponent": _substitute(r"(?<=\d)\^(?=[-−]?\d)", ""),
    "joined": _substitute(r"(?<=\d) (?=\d)", ""),
    "drug": _swap_drug,
}


def main() -> None:
    """Run the trial on the command line's files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--planted", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    documents: list[ReadDocument] = []
    alarms: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as scratch:
        found = open_sources(arguments.paths, Path(scratch), fetch_private_networks=False)
        for task in iter_tasks(found):
            if not isinstance(task, IngestTask):
                continue
            try:
                document = read_document(task.document)
            except SourceError:
                continue  # a rejected source has no article to compare
            documents.append(document)
            differences = find_differences(document, document.result.article)
            alarms[document.media_type]["articles"] += 1
            alarms[document.media_type]["with alarms"] += bool(differences)
            for difference in differences if arguments.verbose else ():
                print(f"{task.display_name}: {difference}", flush=True)
    planted, missed = _plant(documents, arguments.planted, random.Random(arguments.seed))
    print_result(
        {
            "false_alarms": {kind: dict(counts) for kind, counts in alarms.items()},
            "planted": dict(planted),
            "detected": {kind: planted[kind] - len(missed[kind]) for kind in planted},
            "missed": {kind: texts[:5] for kind, texts in missed.items() if texts},
            "machine": machine(),
            "versions": versions("lxml", "pypdfium2"),
        }
    )


def _plant(
    documents: list[ReadDocument], number: int, dice: random.Random
) -> tuple[Counter[str], dict[str, list[str]]]:
    """Plant changes in articles without alarms, and return them with those not detected."""
    clean = [each for each in documents if not find_differences(each, each.result.article)]
    planted: Counter[str] = Counter()
    missed: dict[str, list[str]] = defaultdict(list)
    kinds = [*PLANTS, *EXCHANGES]
    for attempt in range(200 * number):
        if planted.total() >= number:
            break
        kind = kinds[attempt % len(kinds)]
        document = dice.choice(clean)
        changed = _change(document.result.article, kind, dice)
        if changed is None:
            continue
        article, description = changed
        planted[kind] += 1
        if not find_differences(document, article):
            missed[kind].append(description)
    return planted, missed


def _change(article: Article, kind: str, dice: random.Random) -> tuple[Article, str] | None:
    """Return an article with one change in a random block, and its description."""
    blocks = [block for _, section in article.walk() for block in section.blocks if not block.ocr]
    dice.shuffle(blocks)
    for block in blocks:
        changed = EXCHANGES[kind](dice, block) if kind in EXCHANGES else _edit(dice, block, kind)
        if changed is not None:
            new, description = changed
            sections = tuple(_replace(section, block, new) for section in article.sections)
            return replace(article, sections=sections), description
    return None


def _with_edits(block: Block, edits: Mapping[int, Edit]) -> Block:
    """Return a block with edits of its texts, by their position in `Block.formatted_texts`."""
    numbers = count()

    def apply(text: str, marks: Marks) -> tuple[str, Marks]:
        edit = edits.get(next(numbers))
        if edit is None:
            return text, marks
        delta = len(edit.new) - (edit.end - edit.start)
        shifted = tuple(
            replace(
                mark,
                start=mark.start + delta * (mark.start >= edit.end),
                end=mark.end + delta * (mark.end >= edit.end),
            )
            for mark in marks
            if "^" not in text[edit.start : edit.end] or mark.start > edit.start
        )
        kept = tuple(mark for mark in shifted if mark.start < mark.end)
        return text[: edit.start] + edit.new + text[edit.end :], kept

    text, marks = apply(block.text, block.marks)
    items = [(item, *apply(item.text, item.marks)) for item in block.items]
    rows = [[(cell, *apply(cell.text, cell.marks)) for cell in row] for row in block.rows]
    return replace(
        block,
        text=text,
        marks=marks,
        items=tuple(replace(item, text=new, marks=own) for item, new, own in items),
        rows=tuple(
            tuple(replace(cell, text=new, marks=own) for cell, new, own in row) for row in rows
        ),
    )


def _edit(dice: random.Random, block: Block, kind: str) -> tuple[Block, str] | None:
    texts = list(enumerate(text for text, _ in block.formatted_texts))
    dice.shuffle(texts)
    for number, text in texts:
        edit = PLANTS[kind](dice, text)
        if edit is not None:
            new = (
                text[max(edit.start - 60, 0) : edit.start]
                + f"[{text[edit.start : edit.end]}|{edit.new}]"
            )
            return _with_edits(block, {number: edit}), new + text[edit.end : edit.end + 60]
    return None


def _exchange_doses(dice: random.Random, block: Block) -> tuple[Block, str] | None:
    """Exchange two doses of a paragraph or of a list."""
    if block.rows:
        return None
    doses = [
        (number, match)
        for number, (text, _) in enumerate(block.formatted_texts)
        for match in DOSE.finditer(text)
    ]
    pairs = [
        (one, other)
        for one, other in pairwise(doses)
        if one[1][0] != other[1][0] and one[0] != other[0]
    ]
    same = [
        (one, other)
        for one, other in pairwise(doses)
        if one[1][0] != other[1][0] and one[0] == other[0]
    ]
    if pairs and (not same or dice.random() < 0.5):
        (number, one), (second, other) = dice.choice(pairs)
        edits = {
            number: Edit(one.start(), one.end(), other[0]),
            second: Edit(other.start(), other.end(), one[0]),
        }
        return _with_edits(block, edits), f"{one[0]} <-> {other[0]} in {block.plain[:150]}"
    if not same:
        return None
    (number, one), (_, other) = dice.choice(same)
    between = one.string[one.end() : other.start()]
    edit = Edit(one.start(), other.end(), f"{other[0]}{between}{one[0]}")
    return _with_edits(block, {number: edit}), f"{one[0]} <-> {other[0]} in {one.string[:150]}"


def _move_cell(dice: random.Random, block: Block, *, down: bool) -> tuple[Block, str] | None:
    """Exchange the text of a cell that contains a number with that of the next cell."""
    places = []
    for number, row in enumerate(block.rows):
        for column, cell in enumerate(row):
            other = (number + 1, column) if down else (number, column + 1)
            if other[0] >= len(block.rows) or other[1] >= len(block.rows[other[0]]) or not column:
                continue
            neighbour = block.rows[other[0]][other[1]]
            if (
                re.search(r"\d", cell.text)
                and cell.text != neighbour.text
                and cell.columns == cell.rows == neighbour.columns == neighbour.rows == 1
            ):
                places.append(((number, column), other))
    if not places:
        return None
    (top, left), (bottom, right) = dice.choice(places)
    first, second = block.rows[top][left], block.rows[bottom][right]
    rows = [list(each) for each in block.rows]
    rows[top][left], rows[bottom][right] = second, first
    return replace(block, rows=tuple(map(tuple, rows))), f"{first.text} <-> {second.text}"


# Exchanges of two numbers of a block.
EXCHANGES: dict[str, Callable[[random.Random, Block], tuple[Block, str] | None]] = {
    "exchanged doses": _exchange_doses,
    "next cell": partial(_move_cell, down=False),
    "cell below": partial(_move_cell, down=True),
}


def _replace(section: Section, old: Block, new: Block) -> Section:
    return replace(
        section,
        blocks=tuple(new if block is old else block for block in section.blocks),
        sections=tuple(_replace(each, old, new) for each in section.sections),
    )


if __name__ == "__main__":
    main()
