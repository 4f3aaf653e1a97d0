"""Prefixes: the words that begin alike, and the passages that have one of them."""

from __future__ import annotations

import numpy as np

from index.postings.array_file import Array
from index.postings.segment_reader import SegmentReader

MAX_EXPANSIONS = 500  # words that one prefix stands for


def expanded(
    segment: SegmentReader, start: str, last: bytes | None
) -> tuple[Array, dict[int, Array]]:
    """Return the terms of the words that begin with `start`, the first `MAX_EXPANSIONS` of them.

    First the terms all of whose postings have such a word; then the others, and which of their
    postings have one. Words after `last` are left out.
    """
    wanted = start.encode("utf-8", "surrogatepass")
    forms = segment.forms.beginning(wanted, MAX_EXPANSIONS)
    end = forms.stop if last is None else min(forms.stop, segment.forms.at(last + b"\0"))
    of_forms = segment.form_terms[forms.start : end]
    terms, begins = np.unique(of_forms, return_counts=True)
    whole = begins == segment.form_counts[terms]
    having = {}
    for term in terms[~whole].tolist():
        spelled = segment.spelled(term)
        if spelled is None:
            raise AssertionError("only a term with several forms has some of them")
        numbers = segment.form_numbers[forms.start : end][of_forms == term]
        having[term] = np.asarray(spelled[:, numbers].any(axis=1))
    return terms[whole], having


def stems_beginning(segment: SegmentReader, start: str, stem: str) -> list[int]:
    """Return the terms that begin with `start`, and the one that is `stem`."""
    wanted = start.encode("utf-8", "surrogatepass")
    found = dict.fromkeys(segment.terms.beginning(wanted, MAX_EXPANSIONS))
    own = segment.term(stem)
    if own is not None:
        found[own] = None
    return list(found)
