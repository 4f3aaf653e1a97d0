"""Lines that end in the middle of a sentence, so that a number below them belongs to it."""

from __future__ import annotations

from functools import cache

from ingest.language.word_lists import load_word_list


def ends_unfinished(line: str) -> bool:
    """Return whether the last word of a line is one that a number follows ("falls by")."""
    return line.rstrip().rpartition(" ")[2].lower() in _unfinished_ends()


@cache
def _unfinished_ends() -> frozenset[str]:
    return frozenset(load_word_list("unfinished-ends"))
