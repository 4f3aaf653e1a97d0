from __future__ import annotations

import pytest

from index.query.compounds import expand_compounds
from index.query.parser import SynonymQuery, parse

INDEXED = frozenset(
    ["il", "6", "x", "ray", "xray", "post", "oper", "followup", "auto", "injector", "heart"]
)


def spellings(q: str) -> list[str]:
    """Return the other spellings that are searched for `q`."""
    query = expand_compounds(parse(q), INDEXED.__contains__)
    return [
        other.text
        for node in query.clauses
        if isinstance(node, SynonymQuery)
        for other in node.synonyms
    ]


@pytest.mark.parametrize(
    ("q", "others"),
    [
        ("xray", ["x ray"]),
        ("x-ray", ["xray"]),
        ("x ray", ["xray"]),
        ("postoperative", ["post operative"]),
        ("follow up", ["follow up", "followup"]),
        ("autoinjector", ["auto injector"]),
        ("IL6", ["il 6"]),
        ("heart", []),
        ("fly up", ["fly up"]),  # a verb with a particle is one thing
        ("the up", []),
        ('"x ray"', []),
        ("title:xray", []),
    ],
)
def test_other_spellings_are_searched(q: str, others: list[str]) -> None:
    assert spellings(q) == others
