"""False alarms and planted changes of the check against the source.

``python -m bench.fidelity PATHS [--planted 500] [--seed 1] [--verbose]`` reads each article and
compares it with its source: every difference is counted as a false alarm, because the readers are
assumed to be right. Then it changes a digit, a sign, a unit or a negation in the text of an
article, one change at a time, and counts how many are detected. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.jsonlines import print_result
from bench.machine import machine, versions
from ingest.fidelity.comparison import find_differences
from ingest.pipeline import iter_tasks
from ingest.readers.registry import ReadDocument, read_document
from ingest.sources import IngestTask, open_sources
from kb.errors import SourceError
from kb.model.article import Article, Block, BlockKind, Section

REFERENCE = re.compile(r"\[\d{1,3}(?:[,–-]\s?\d{1,3})*\]")
Plant = Callable[[random.Random, str], str]


def _change_digit(dice: random.Random, text: str) -> str:
    # Readers may number the references of a text themselves.
    masked = REFERENCE.sub(lambda found: " " * len(found[0]), text)
    positions = [match.start() for match in re.finditer(r"\d", masked)]
    at = dice.choice(positions)
    other = dice.choice([digit for digit in "123456789" if digit != text[at]])
    return text[:at] + other + text[at + 1 :]


def _substitute(pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> Plant:
    def plant(dice: random.Random, text: str) -> str:
        found = dice.choice(list(re.finditer(pattern, text)))
        new = replacement(found) if callable(replacement) else replacement
        return text[: found.start()] + new + text[found.end() :]

    return plant


# Name -> (pattern that a text must contain, change).
PLANTS: dict[str, tuple[str, Plant]] = {
    "digit": (r"(?<![\[\d,–-])\d", _change_digit),
    "sign": (r"[<>≤≥]\s?\d", _substitute(r"[<>≤≥]\s?(?=\d)", "")),
    "unit": (
        r"\d\s?(?:mg|mcg|g|mL|ml)\b",
        _substitute(
            r"(?<=\d)(\s?)(mg|mcg|g|mL|ml)\b", lambda m: f"{m[1]}{'g' if m[2] != 'g' else 'mg'}"
        ),
    ),
    "not": (r"\w (?:not|never|no) \w", _substitute(r"(?<=\w )(?:not|never|no) (?=\w)", "")),
    "joined": (r"\d \d", _substitute(r"(?<=\d) (?=\d)", "")),
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
    attempts = 0
    while planted.total() < number and attempts < 50 * number:
        attempts += 1
        kind = dice.choice(list(PLANTS))
        document = dice.choice(clean)
        changed, description = _change(document.result.article, kind, dice)
        if changed is None:
            continue
        planted[kind] += 1
        if not find_differences(document, changed):
            missed[kind].append(description)
    return planted, missed


def _change(article: Article, kind: str, dice: random.Random) -> tuple[Article | None, str]:
    pattern, plant = PLANTS[kind]
    candidates = [
        block
        for _, section in article.walk()
        for block in section.blocks
        if block.kind in (BlockKind.PARAGRAPH, BlockKind.CALLOUT) and re.search(pattern, block.text)
    ]
    if not candidates:
        return None, ""
    chosen = dice.choice(candidates)
    text = plant(dice, chosen.text)
    new = replace(chosen, text=text, marks=())
    sections = tuple(_replace(section, chosen, new) for section in article.sections)
    return replace(article, sections=sections), f"{chosen.text[:200]} -> {text[:200]}"


def _replace(section: Section, old: Block, new: Block) -> Section:
    return replace(
        section,
        blocks=tuple(new if block is old else block for block in section.blocks),
        sections=tuple(_replace(each, old, new) for each in section.sections),
    )


if __name__ == "__main__":
    main()
