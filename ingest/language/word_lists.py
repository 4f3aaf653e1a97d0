"""Loader for word lists, which are text files under ``data/`` that editors can maintain."""

from __future__ import annotations

from pathlib import Path

DATA_FOLDER = Path(__file__).parents[1] / "data"


def load_word_list(name: str) -> list[str]:
    """Return the lines of the list ``data/NAME.txt``, without comments and blank lines."""
    lines = (DATA_FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
