"""Pins and synonyms: kept with who made them, and each change is seen by all processes."""

from __future__ import annotations

import pytest

from kb.errors import NotFoundError, WorkflowStateError
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.curation_store import MAX_PINS, CurationStore
from tests.kb.builders import save
from tests.raises import raises

ANN = Actor("ann")


def test_pins_and_lines_come_and_go_and_each_change_shows(store: ArticleStore) -> None:
    saved = save(store, "Gout", *((f"Part {n}", f"Text {n}.") for n in range(MAX_PINS + 1)))
    ids = [passage.id for passage in saved.passages]
    curating = CurationStore(store.database)
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


def test_what_cannot_be_pinned(store: ArticleStore) -> None:
    saved = save(store, "Gout", *((f"Part {n}", f"Text {n}.") for n in range(MAX_PINS + 1)))
    ids = [passage.id for passage in saved.passages]
    curating = CurationStore(store.database)
    for query in (" ", "x" * 201):
        with raises(WorkflowStateError, "query-length"):
            curating.pin(query, ids[0], by=ANN)
    with pytest.raises(NotFoundError):
        curating.pin("gout", "no-such", by=ANN)
    for id_ in ids[:MAX_PINS]:
        curating.pin("gout", id_, by=ANN)
    with raises(WorkflowStateError, "pinned-already"):
        curating.pin("GOUT", ids[0], by=ANN)
    with raises(WorkflowStateError, "too-many-pins"):
        curating.pin("Gout", ids[-1], by=ANN)
    with raises(WorkflowStateError, "line-length"):
        curating.add_line("x" * 501, by=ANN)
