"""The API against its own description: schemathesis makes requests of it, good ones and bad ones."""

from __future__ import annotations

import schemathesis
from hypothesis import settings

from kb.taxonomy import load_taxonomy
from web.api import routes
from web.openapi import describe

DESCRIPTION = describe(
    routes, load_taxonomy(), title="API", root="", per_minute=0, examples={}
)
schema = schemathesis.openapi.from_dict(DESCRIPTION)


@schema.parametrize()
@settings(max_examples=40)
def test_no_answer_is_outside_the_description(app, case):
    case.call_and_validate(app=app, headers={"Accept-Encoding": "identity"})
