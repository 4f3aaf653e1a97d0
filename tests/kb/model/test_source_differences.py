"""Differences from the source that remain after corrections."""

from __future__ import annotations

import pytest

from kb.model.corrections import Correction, CorrectionKind
from kb.model.source_differences import remaining_differences
from kb.storage.article_store import ArticleStore
from kb.storage.article_writer import SaveRequest
from kb.storage.audit_log import Actor
from tests.kb.builders import article_of, passage

BY = Actor("ann")
CHANGED = "“under 109 per” is not in the source (under “Use”). Compare: “Platelets under 109 per…”"
DROPPED = "“do not take” may be missing. The source reads: “Do not take it with milk.”"
NOTE = "“250^1 mg” is not in the source. Compare: “Give 250 1 mg once.”"
ALL = (CHANGED, DROPPED, NOTE)
TEXTS = ["Platelets (under 109, per litre).", "Do take it with milk.", "Give 250 1 mg once."]


@pytest.mark.parametrize(
    ("number", "text", "left"),
    [
        (0, "Platelets (under 10^9, per litre).", (DROPPED, NOTE)),
        (0, "All platelets (under 109, per litre).", ALL),
        (1, "Do NOT take it with milk.", (CHANGED, NOTE)),
        (1, "Do take it with cold milk.", ALL),
        (2, "Give 250 mg once.", (CHANGED, DROPPED)),
    ],
)
def test_only_differences_whose_words_are_corrected_are_settled(
    number: int, text: str, left: tuple[str, ...]
) -> None:
    before = article_of("Counts", [("Use", one) for one in TEXTS])
    texts = [text if at == number else one for at, one in enumerate(TEXTS)]
    after = article_of("Counts", [("Use", one) for one in texts])
    assert remaining_differences(ALL, before, after) == left


def test_a_sign_settles_the_difference_of_its_number() -> None:
    before, after = (
        article_of("Cold", [("Use", f"Store it at {number} °C.")]) for number in ("5", "−5")
    )
    difference = "“at 5 °c” is not in the source. Compare: “Store it at 5 °C.”"
    assert remaining_differences([difference], before, after) == ()


def test_other_differences_and_messages_without_quotations_remain() -> None:
    before = article_of("Counts", [("Use", TEXTS[0])])
    after = article_of("Counts", [("Use", "Gone.")])
    texts = ("2501 mg is not in the source.", "“” is empty.", "“take 5 mg” is not in the source.")
    assert remaining_differences(texts, before, after) == texts


def test_stored_version_has_the_differences_that_corrections_leave(store: ArticleStore) -> None:
    submission = SaveRequest(
        article=article_of("Counts", [("Use", one) for one in TEXTS]),
        passages=tuple(passage("Use", one) for one in TEXTS),
        source_key="test:counts",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        differences=ALL,
        publish=False,
        actor=BY,
    )
    store.save_all([submission])
    assert store.article("counts", 1).differences == ALL
    corrections = [
        Correction(CorrectionKind.TEXT, ("Use",), TEXTS[0], TEXTS[0].replace("109", "10^9")),
        Correction(CorrectionKind.OWNER, new="Blood team"),
    ]
    store.correct("counts", 1, corrections, actor=BY)
    assert store.article("counts", 2).differences == (DROPPED, NOTE)
    store.correct("counts", 2, [Correction(CorrectionKind.OWNER, new="Lab")], actor=BY)
    assert store.article("counts", 3).differences == (DROPPED, NOTE)
    store.save_all([submission])  # ingested again: the corrections are applied again
    assert store.article("counts").differences == (DROPPED, NOTE)
    store.restore("counts", 1, actor=BY)
    assert store.article("counts").differences == ALL
