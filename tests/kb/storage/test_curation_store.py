"""Pins and synonym rules, with their revision and audit log entries."""

from __future__ import annotations

import pytest

from kb.errors import NotFoundError, WorkflowStateError
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.curation_store import MAX_PINS, CurationStore
from tests.kb.builders import save
from tests.raises import raises

ANN = Actor("ann")


def test_pins_and_synonyms_change_the_revision(store: ArticleStore) -> None:
    saved = save(store, "Gout", *((f"Part {n}", f"Text {n}.") for n in range(MAX_PINS + 1)))
    ids = [passage.id for passage in saved.passages]
    curating = CurationStore(store.database)
    states = [curating.get_revision()]
    pin = curating.add_pin("  joint   pain ", ids[0], note="The one.", actor=ANN)
    states.append(curating.get_revision())
    line = curating.add_synonym("podagra =  gout", actor=ANN)
    states.append(curating.get_revision())
    now = curating.load()
    assert [(p.query, p.passage_id, p.note, p.name) for p in now.pins] == [
        ("joint pain", ids[0], "The one.", "ann")
    ]
    assert [one.line for one in now.synonyms] == ["podagra = gout"]
    assert now.revision == states[-1]
    curating.remove_pin(pin, actor=ANN)
    states.append(curating.get_revision())
    curating.remove_synonym(line, actor=ANN)
    states.append(curating.get_revision())
    assert len(set(states[:-1])) == 4
    for gone in (
        lambda: curating.remove_pin(pin, actor=ANN),
        lambda: curating.remove_synonym(line, actor=ANN),
    ):
        with pytest.raises(NotFoundError):
            gone()
    actions = [step.event.action for step in reversed(store.list_audit_entries(limit=4))]
    assert actions == ["pin.added", "synonym.added", "pin.taken-off", "synonym.taken-out"]


def test_invalid_pin_is_rejected(store: ArticleStore) -> None:
    saved = save(store, "Gout", *((f"Part {n}", f"Text {n}.") for n in range(MAX_PINS + 1)))
    ids = [passage.id for passage in saved.passages]
    curating = CurationStore(store.database)
    for query in (" ", "x" * 201):
        with raises(WorkflowStateError, "query-length"):
            curating.add_pin(query, ids[0], actor=ANN)
    with pytest.raises(NotFoundError):
        curating.add_pin("gout", "no-such", actor=ANN)
    for id_ in ids[:MAX_PINS]:
        curating.add_pin("gout", id_, actor=ANN)
    with raises(WorkflowStateError, "pinned-already"):
        curating.add_pin("GOUT", ids[0], actor=ANN)
    with raises(WorkflowStateError, "too-many-pins"):
        curating.add_pin("Gout", ids[-1], actor=ANN)
    with raises(WorkflowStateError, "line-length"):
        curating.add_synonym("x" * 501, actor=ANN)
