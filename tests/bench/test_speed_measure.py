"""`bench.speed`: all engines get the same corpus and queries and answer them."""

from pathlib import Path

import pytest

from bench import speed, timing
from bench.contestants import OURS, open_contestants
from bench.contestants.ours import Ours
from bench.corpus import SAMPLES, real
from bench.growth import sized
from bench.probes import Operator, Probe, Probes
from index import analyzer
from index.document import IndexDocument


@pytest.fixture(scope="module")
def samples() -> list[IndexDocument]:
    return real([str(SAMPLES)])


def test_generated_corpus_is_reproducible_by_seed(samples: list[IndexDocument]) -> None:
    count = len(samples) * 2
    grown = list(sized(samples, count, 3))
    assert grown == list(sized(samples, count, 3))
    assert grown != list(sized(samples, count, 4))
    assert len(grown) == len({document.passage_id for document in grown}) == count


def test_generated_corpus_has_larger_vocabulary(samples: list[IndexDocument]) -> None:
    def words(documents: list[IndexDocument]) -> set[str]:
        return {word for one in documents for word in analyzer.split_words(one.texts["body"])}

    assert len(words(list(sized(samples, len(samples) * 4, 1)))) > 1.2 * len(words(samples))


def test_small_corpus_is_a_subset_of_real_passages(samples: list[IndexDocument]) -> None:
    texts = {document.texts["body"] for document in samples}
    assert {document.texts["body"] for document in sized(samples, 20, 1)} <= texts


def test_probes_are_reproducible_and_have_matches(
    samples: list[IndexDocument],
) -> None:
    classes = Probes(samples, len(samples), 1).classes(8, ["What is the INR?"])
    assert classes == Probes(samples, len(samples), 1).classes(8, ["What is the INR?"])
    assert classes["questions"] == [Probe(("INR",), Operator.ANY)]
    bodies = [set(analyzer.stem_text(document.texts["body"])) for document in samples]
    for probe in classes["and3"]:
        wanted = {analyzer.stem_word(word) for word in probe.words}
        assert any(wanted <= body for body in bodies)


OPTIONAL = [
    pytest.param(peer, marks=getattr(pytest.mark, peer)) for peer in ("tantivy", "bm25s", "xapian")
]


@pytest.mark.parametrize("peer", ["whoosh", "sqlite-fts5", *OPTIONAL])
def test_peer_finds_the_same_passages(
    samples: list[IndexDocument], tmp_path: Path, peer: str
) -> None:
    contestants, left_out = open_contestants([peer], tmp_path)
    assert not left_out
    for name, contestant in contestants.items():
        if isinstance(contestant, Ours):
            contestant.keep_bodies(samples)
        assert speed.build_index(contestant, samples, tmp_path / name)["bytes"] > 0
    classes = Probes(samples, len(samples), 2).classes(8, ["Can I take ibuprofen?"])
    for name, probes in classes.items():
        for probe in probes:
            # What a misspelt stem is near to is each one's own.
            if contestants[peer].supports(probe) and probe.operator is not Operator.FUZZY:
                found = {who: len(one.ids(probe)) for who, one in contestants.items()}
                assert (found[peer] > 0) == (found[OURS] > 0), (name, probe)


def test_missing_peer_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xapian", None)
    contestants, left_out = open_contestants(["xapian"], tmp_path)
    assert list(contestants) == [OURS]
    assert "xapian" in left_out["xapian"]


def test_ratios_are_multiples_of_ours() -> None:
    classes = {"or2": {OURS: {"p50_ms": 2.0}, "tantivy": {"p50_ms": 1.0}}}
    assert speed.ratios(classes, "p50_ms") == {"or2": {"tantivy": 0.5}}


def test_percentile_uses_nearest_rank() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [timing.percentile(values, share) for share in (0.2, 0.5, 0.99, 1.0)] == [1, 3, 5, 5]
    with pytest.raises(ValueError, match="percentile"):
        timing.percentile([], 0.5)
