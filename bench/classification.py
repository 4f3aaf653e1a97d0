"""Classification metrics: precision, recall and F1 by label, and macro F1.

Labels are independent: a section may have several or none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypedDict


class Scores(TypedDict):
    """The metrics of one label.

    `support` is the number of sections that have it, `predicted` that of sections that got it. In a
    source without the label, F1 is 0 and `predicted` counts the false positives.
    """

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


Judged = tuple[Collection[str], Collection[str]]  # (labels in truth, predicted labels)


def scores(judged: Sequence[Judged], label: str) -> Scores:
    """Return the metrics of `label`; a ratio with denominator 0 is 0."""
    right = sum(label in truth and label in predicted for truth, predicted in judged)
    predictions = sum(label in predicted for _, predicted in judged)
    support = sum(label in truth for truth, _ in judged)
    return {
        "precision": _share(right, predictions),
        "recall": _share(right, support),
        # The harmonic mean of the two, written so that it needs no case for 0.
        "f1": _share(2 * right, predictions + support),
        "support": support,
        "predicted": predictions,
    }


def macro_f1(by_label: Collection[Scores]) -> float:
    """Return the mean F1 over labels, regardless of their frequency."""
    return round(sum(label["f1"] for label in by_label) / len(by_label), 4)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
