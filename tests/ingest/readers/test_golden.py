import pytest

from tests.ingest.golden import INPUTS, golden_of, written


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_reader_output_matches_golden_file(path):
    assert written(path) == golden_of(path).read_text("utf-8"), (
        "Run `python -m tests.ingest.golden` and review the difference."
    )
