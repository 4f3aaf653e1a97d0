"""Fallback titles for sources without a title."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import PurePath

from ingest.language.word_lists import load_word_list

_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[IVX]{1,5}\.)\s+")


@cache
def _generic_headings() -> frozenset[str]:
    return frozenset(load_word_list("generic-headings"))


def is_generic_heading(heading: str) -> bool:
    """Return whether a heading fits any article, such as "Introduction"."""
    return _NUMBER.sub("", heading).strip(" :.").casefold() in _generic_headings()


def derive_title(headings: Sequence[str], source: str) -> str:
    """Return the first heading, or a title from the file name if that heading is generic."""
    if headings and not is_generic_heading(headings[0]):
        return headings[0]
    return title_from_file_name(source)


def title_from_file_name(source: str) -> str:
    """Return a file name as a title: ``/kb/type-2_diabetes.txt`` becomes "Type 2 diabetes"."""
    stem = PurePath(source).stem
    words = " ".join(re.split(r"[\s_-]+", stem)).strip()
    return words[:1].upper() + words[1:] if words else source
