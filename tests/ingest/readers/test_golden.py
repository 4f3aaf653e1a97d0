import pytest

from tests.ingest.golden import INPUTS, golden_path, render_results


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_reader_output_matches_golden_file(path):
    assert render_results(path) == golden_path(path).read_text("utf-8"), (
        "Run `python -m tests.ingest.golden` and review the difference."
    )
