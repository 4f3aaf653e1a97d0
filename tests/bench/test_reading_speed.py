"""`bench.reading_speed`: the digest depends on the results, and the cost is given by format."""

from pathlib import Path

import pytest

from bench.reading_speed import measure
from ingest.checks.config import Rules, load_rules
from ingest.processing import ProcessingContext
from ingest.tagging.tagger import Tagger
from kb.model.taxonomy import load_taxonomy


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules()


@pytest.fixture(scope="module")
def context(rules: Rules) -> ProcessingContext:
    return ProcessingContext(Tagger(load_taxonomy()), rules)


def test_measure_counts_articles_and_words_by_format(
    tmp_path: Path, context: ProcessingContext, rules: Rules
) -> None:
    (tmp_path / "one.md").write_text("# Gout\n\nGout is a painful arthritis.\n")
    (tmp_path / "two.md").write_text("# Gout\n\nDrink water.\n")
    (tmp_path / "empty.md").write_text("")
    costs, _ = measure([str(tmp_path)], context, rules)
    assert list(costs) == [".md"]
    assert (costs[".md"].articles, costs[".md"].words) == (2, 7)
    assert costs[".md"].seconds > 0


def test_digest_changes_with_a_word(
    tmp_path: Path, context: ProcessingContext, rules: Rules
) -> None:
    digests = []
    for word in ("painful", "painful", "common"):
        (tmp_path / "one.md").write_text(f"# Gout\n\nGout is a {word} arthritis.\n")
        digests.append(measure([str(tmp_path)], context, rules)[1])
    assert digests[0] == digests[1] != digests[2]
