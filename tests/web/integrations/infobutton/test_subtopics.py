"""Subtopics: mapping of qualifier codes and names to tags."""

from __future__ import annotations

import pytest

from kb.model.taxonomy import Taxonomy
from tests.web.builders import CannedSearch
from web.integrations.infobutton.matching import QUALIFIERS, InfobuttonMatcher
from web.integrations.infobutton.request import InfobuttonConcept


@pytest.fixture
def matcher(taxonomy: Taxonomy) -> InfobuttonMatcher:
    return InfobuttonMatcher(CannedSearch(), taxonomy)


@pytest.mark.parametrize(
    ("code", "tags"),
    [
        ("Q000494", {"mechanism"}),
        ("Q000493", {"mechanism"}),
        ("Q000627", {"effectiveness", "indications"}),
        ("Q000628", {"indications", "alternatives"}),
        ("Q000744", {"contraindications"}),
        ("Q000009", {"safety"}),
        ("Q000633", {"safety"}),
        ("Q000506", {"safety"}),
        ("Q000150", {"safety"}),
        ("D004347", {"interactions"}),
        ("Q000008", {"dosing-course"}),
        ("D011379", {"prognosis", "long-term-care"}),
        ("D000359", {"long-term-care"}),
        ("Q000175", {"diagnosis"}),
        ("Q000209", {"causes"}),
        ("Q000145", {"overview"}),
        ("Q999999", set()),
        ("", set()),
    ],
)
def test_qualifier_code_maps_to_tags(matcher: InfobuttonMatcher, code: str, tags: set[str]) -> None:
    assert matcher.tags_of(InfobuttonConcept(sent=(("c", code),))) == tags
    assert matcher.tags_of(InfobuttonConcept(sent=(("c", code.lower()),))) == tags


def test_every_qualifier_name_maps_to_a_tag(matcher: InfobuttonMatcher) -> None:
    for name in QUALIFIERS:
        assert matcher.tags_of(InfobuttonConcept(name=name.title())), name
    assert matcher.tags_of(InfobuttonConcept(name="Administration and dosage")) == {"dosing-course"}
    assert matcher.tags_of(InfobuttonConcept(text="Safety and side effects")) == {"safety"}
    assert matcher.tags_of(InfobuttonConcept(name="weather")) == set()
