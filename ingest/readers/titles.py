"""The title of an article whose source names none: from its first heading or its file's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import PurePath

from ingest.language.word_lists import load_word_list

_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[IVX]{1,5}\.)\s+")


@cache
def _generic() -> frozenset[str]:
    return frozenset(load_word_list("generic-headings"))


def is_generic(heading: str) -> bool:
    """Whether a heading could stand in any article."""
    return _NUMBER.sub("", heading).strip(" :.").casefold() in _generic()


def title_without_one(headings: Sequence[str], source: str) -> str:
    """Return the first heading unless it is generic, else the name of the file made readable."""
    if headings and not is_generic(headings[0]):
        return headings[0]
    return readable_name(source)


def readable_name(source: str) -> str:
    """Return a file's name as words: ``/kb/type-2_diabetes.txt`` is "Type 2 diabetes"."""
    stem = PurePath(source).stem
    words = " ".join(re.split(r"[\s_-]+", stem)).strip()
    return words[:1].upper() + words[1:] if words else source
