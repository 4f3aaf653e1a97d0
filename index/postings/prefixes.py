"""Prefixes: the words that begin alike, and the passages that have one of them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from index.postings.files import Array
from index.postings.segment import Segment

MAX_EXPANSIONS = 500  # words that one prefix stands for


def expanded(segment: Segment, start: str, last: bytes | None) -> dict[int, Array | None]:
    """Return the terms of the words that begin with `start`, the first `MAX_EXPANSIONS` of them.

    With each term, which of its postings have such a word; None where all have. Words after `last`
    are left out.
    """
    wanted = start.encode("utf-8", "surrogatepass")
    forms: dict[int, list[int]] = defaultdict(list)
    for form in segment.forms.beginning(wanted, MAX_EXPANSIONS):
        if last is not None and segment.forms[form] > last:
            break
        forms[int(segment.form_terms[form])].append(int(segment.form_numbers[form]))
    return {
        term: None
        if len(numbers) == segment.form_counts[term]
        else _having(segment.spelled(term), numbers)
        for term, numbers in forms.items()
    }


def stems_beginning(segment: Segment, start: str, stem: str) -> list[int]:
    """Return the terms that begin with `start`, and the one that is `stem`."""
    wanted = start.encode("utf-8", "surrogatepass")
    found = dict.fromkeys(segment.terms.beginning(wanted, MAX_EXPANSIONS))
    own = segment.term(stem)
    if own is not None:
        found[own] = None
    return list(found)


def _having(spelled: Array | None, numbers: list[int]) -> Array | None:
    return None if spelled is None else np.asarray(spelled[:, numbers].any(axis=1))
