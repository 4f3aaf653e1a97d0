"""The API against its own description: schemathesis asks it well and badly."""

from __future__ import annotations

import schemathesis
from hypothesis import settings

from kb.taxonomy import load_taxonomy
from web.api import routes
from web.openapi import describe

DESCRIPTION = describe(routes, load_taxonomy(), title="API", root="", per_minute=0, examples={})
# An address may be too long before anything else about it is right or wrong.
EXPECTED = {
    "negative_data_rejection": {"expected-statuses": ["400", "404", "405", "414"]},
    "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "414"]},
}
schema = schemathesis.openapi.from_dict(
    DESCRIPTION, config=schemathesis.Config.from_dict({"checks": EXPECTED})
)


@schema.parametrize()
@settings(max_examples=40)
def test_no_answer_is_outside_the_description(app, case):
    case.call_and_validate(app=app, headers={"Accept-Encoding": "identity"})
