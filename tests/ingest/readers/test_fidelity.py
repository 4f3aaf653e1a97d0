import pytest

from tests.ingest.fidelity import INPUTS, find_violations


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_meaning_survives_reading(path):
    assert find_violations(path) == []
