"""Pins and synonyms: kept with who made them, and each change is seen by all processes."""

from __future__ import annotations

import pytest

from kb.errors import NotFoundError, StateError
from kb.storage.article_store import Store
from kb.storage.audit_log import By
from kb.storage.curation_store import PINS_MOST, Curating
from tests.kb.builders import save
from tests.raises import raises

ANN = By("ann")


def test_pins_and_lines_come_and_go_and_each_change_shows(store: Store) -> None:
    saved = save(store, "Gout", *((f"Part {n}", f"Text {n}.") for n in range(PINS_MOST + 1)))
    ids = [passage.id for passage in saved.passages]
    curating = Curating(store.database)
    states = [curating.state()]
    pin = curating.pin("  joint   pain ", ids[0], note="The one.", by=ANN)
    states.append(curating.state())
    line = curating.add_line("podagra =  gout", by=ANN)
    states.append(curating.state())
    now = curating.all()
    assert [(p.query, p.passage_id, p.note, p.name) for p in now.pins] == [
        ("joint pain", ids[0], "The one.", "ann")
    ]
    assert [one.line for one in now.lines] == ["podagra = gout"]
    assert now.state == states[-1]
    curating.unpin(pin, by=ANN)
    states.append(curating.state())
    curating.drop_line(line, by=ANN)
    states.append(curating.state())
    assert len(set(states[:-1])) == 4
    for gone in (lambda: curating.unpin(pin, by=ANN), lambda: curating.drop_line(line, by=ANN)):
        with pytest.raises(NotFoundError):
            gone()
    actions = [step.deed.action for step in reversed(store.trail(limit=4))]
    assert actions == ["pin.added", "synonym.added", "pin.taken-off", "synonym.taken-out"]


def test_what_cannot_be_pinned(store: Store) -> None:
    saved = save(store, "Gout", *((f"Part {n}", f"Text {n}.") for n in range(PINS_MOST + 1)))
    ids = [passage.id for passage in saved.passages]
    curating = Curating(store.database)
    for query in (" ", "x" * 201):
        with raises(StateError, "query-length"):
            curating.pin(query, ids[0], by=ANN)
    with pytest.raises(NotFoundError):
        curating.pin("gout", "no-such", by=ANN)
    for id_ in ids[:PINS_MOST]:
        curating.pin("gout", id_, by=ANN)
    with raises(StateError, "pinned-already"):
        curating.pin("GOUT", ids[0], by=ANN)
    with raises(StateError, "too-many-pins"):
        curating.pin("Gout", ids[-1], by=ANN)
    with raises(StateError, "line-length"):
        curating.add_line("x" * 501, by=ANN)
