"""Passages that say the same again, in this article or in a neighbour's.

Two are near duplicates when their runs of five words are nearly the same set (Jaccard). Candidates
are found by a sketch, the smallest hashes of the runs, so no passage meets all the others; what a
sketch proposes is then counted exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest
from zlib import crc32

from ingest.checking.finding import Finding
from ingest.checking.manuscript import Manuscript
from ingest.checking.rules import Rule
from ingest.phrases import STOP, tokens

# Two sets that share 4 of 5 runs have none of the 16 smallest in common about once in 10^11 times.
SKETCH = 16
MOST_PER_HASH = 8  # earlier passages with one hash: more of them are boilerplate

Runs = frozenset[tuple[str, ...]]


def runs(text: str, rule: Rule) -> Runs:
    """Return the runs of words of a text; none when it is too short to be told from another."""
    words = [word for word in tokens(text) if word != STOP]
    size = int(rule.number("shingle"))
    if len(words) < rule.number("least_words"):
        return frozenset()
    return frozenset(tuple(words[start : start + size]) for start in range(len(words) - size + 1))


def sketch(text: str, rule: Rule) -> list[int]:
    """Return the smallest hashes of the runs, the same in every process."""
    return _smallest(runs(text, rule))


def near_duplicates(manuscript: Manuscript, rule: Rule) -> Iterator[Finding]:
    """A passage that is nearly an earlier one, or nearly one of another article."""
    earlier: dict[int, list[tuple[str, Runs]]] = {}
    for neighbour in manuscript.neighbours:
        heading = " > ".join(neighbour.passage.heading_path) or "opening"
        name = f'the passage "{heading}" of the article "{neighbour.title}"'
        _remember(earlier, name, runs(neighbour.passage.text, rule))
    for part in manuscript.text_parts:
        mine = runs(part.passage.text, rule)
        name, alike = _nearest(earlier, mine)
        if alike > rule.number("jaccard"):
            yield rule.finding(
                f"{alike:.0%} of this passage is the same as {name}.",
                at=part.place,
                words=(part.sentences[0],),
                suggestion="Keep one of them and link to it.",
                level=rule.level("help_level")
                if manuscript.is_about(part.passage, "help")
                else None,
            )
        _remember(earlier, f'the passage under "{part.place}"', mine)


def _nearest(earlier: dict[int, list[tuple[str, Runs]]], mine: Runs) -> tuple[str, float]:
    candidates = {
        (name, other): len(mine & other) / len(mine | other)
        for number in _smallest(mine)
        for name, other in earlier.get(number, ())
    }
    if not candidates:
        return "", 0.0
    (name, _), alike = max(candidates.items(), key=lambda pair: pair[1])
    return name, alike


def _remember(earlier: dict[int, list[tuple[str, Runs]]], name: str, found: Runs) -> None:
    for number in _smallest(found):
        passages = earlier.setdefault(number, [])
        if len(passages) < MOST_PER_HASH:
            passages.append((name, found))


def _smallest(found: Runs) -> list[int]:
    return nsmallest(SKETCH, {crc32(" ".join(run).encode()) for run in found})
