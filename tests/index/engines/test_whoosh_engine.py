"""The embedded engine passes the contract tests and ranks like an independent implementation."""

from __future__ import annotations

import errno
import gc
import os
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import analyzer
from index.document import IndexDocument
from index.engine import Engine, EngineRequest, EngineResult
from index.engines import open_engine
from index.engines.whoosh import reader
from index.engines.whoosh.engine import WhooshEngine
from index.engines.whoosh.storage import manifest_name, newest_generation, read_pointer
from index.query.parser import parse
from kb.errors import SearchIndexError, SettingsError
from kb.model.taxonomy import load_taxonomy
from tests.index.builders import DIGEST, apply, batch_of, build, document, found_passages, search
from tests.index.engines.contract import LIBRARY, KeptInFiles
from tests.index.engines.reference_engine import ReferenceEngine
from tests.raises import raises


class TestWhooshEngine(KeptInFiles):
    @staticmethod
    def open(place: Path, digest: str = DIGEST) -> WhooshEngine:
        return WhooshEngine(place, digest)

    @staticmethod
    def url(place: Path) -> str:
        return f"whoosh:{place}"

    @staticmethod
    def files(place: Path) -> list[Path]:
        folder = read_pointer(place)
        newest = manifest_name(newest_generation(folder) or 0)
        found = [folder / newest, *folder.glob("*.toc"), *folder.glob("*.seg")]
        return [place / "CURRENT", *sorted(found)]

    def test_index_folder_is_private(self, library: Engine, place: Path) -> None:
        assert place.stat().st_mode & 0o777 == 0o700

    def test_reader_keeps_its_commit(self, place: Path) -> None:
        """Its files may be deleted while their mappings are in use."""
        engine = self.open(place)
        build(engine, *[document(f"a{n}.1", "gout") for n in range(30)])
        view = engine.current_reader()
        apply(engine, checkpoint=2, gone=[f"a{n}" for n in range(29)])

        assert view.search(EngineRequest(query=parse("gout"))).articles == 30
        assert found_passages(engine, "gout") == {"a29.1"}

    def test_mappings_of_replaced_segments_are_released(self, place: Path) -> None:
        def mapped() -> set[str]:
            lines = Path("/proc/self/maps").read_text().splitlines()
            return {line.split()[-1] for line in lines if str(place) in line}

        engine = self.open(place)
        build(engine, document("a.1", "gout"))
        assert found_passages(engine, "gout")
        before = mapped()
        build(engine, document("b.1", "gout"))
        assert found_passages(engine, "gout") == {"b.1"}
        gc.collect()

        assert before
        assert before.isdisjoint(mapped())

    def test_search_over_time_limit_is_partial(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        build(engine, *[document(f"a{n}.1", "gout") for n in range(400)])
        assert not search(engine, "gout").partial

        monkeypatch.setattr(reader, "TIME_LIMIT", -1)
        found = search(engine, "gout")

        assert found.partial
        assert found.articles == 0

    def test_prefix_expansion_is_bounded_over_all_segments(self, engine: Engine) -> None:
        words = [f"abc{n:04}" for n in range(1_000)]
        build(engine, document("a.1", " ".join(words)), document("z.1", words[-1]))
        assert found_passages(engine, "abc*") == {"a.1"}
        for number, word in enumerate(words[::200]):
            apply(engine, document(f"b{number}.1", word), checkpoint=number + 2)

        assert found_passages(engine, "abc*") == {"a.1", "b0.1", "b1.1", "b2.1"}

    @pytest.mark.parametrize("field", ["title", "heading", "body", "topics", "tags"])
    def test_partially_processed_document_leaves_no_words(
        self, library: Engine, monkeypatch: pytest.MonkeyPatch, field: str
    ) -> None:
        """Whoosh's own writer leaks the words read so far into the next document."""
        stem = analyzer.stem_word

        def failing(word: str) -> str:
            if word == "unreadable":
                raise RuntimeError(word)
            return stem(word)

        monkeypatch.setattr(analyzer, "stem_word", failing)
        naloxone = document(
            "morphine.1", "naloxone", title="Morphine", heading="naloxone", named="naloxone"
        )
        texts = naloxone.texts | {field: f"{naloxone.texts[field]} naloxone unreadable"}
        after = document("paracetamol.1", "acetylcysteine", title="Paracetamol")
        with library.try_acquire_writer() as writer:
            assert writer is not None
            refused = writer.apply(batch_of(replace(naloxone, texts=texts), after), 8)

        assert refused == {"morphine": "RuntimeError: unreadable"}
        assert found_passages(library, "naloxone OR morphine") == set()
        assert found_passages(library, "paracetamol acetylcysteine") == {"paracetamol.1"}
        assert library.state().documents == len(LIBRARY) + 1

    @pytest.mark.parametrize("sign", ["\ud800"], ids=repr)
    def test_name_with_separator_character_is_rejected(self, library: Engine, sign: str) -> None:
        wrong = document("gout.1", "gout", topics=[f"Joints{sign}Bowel"])
        with library.try_acquire_writer() as writer:
            assert writer is not None
            assert set(writer.apply(batch_of(wrong), 8)) == {"gout"}

        assert set(search(library, "").topics) == {"Pain", "Heart", "Bowel"}

    def test_full_disk_rejects_no_article(
        self, library: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A disk error is not the fault of the document."""

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        before = library.state()
        monkeypatch.setattr("index.engines.whoosh.writer.write_segment", full)
        with library.try_acquire_writer() as writer:
            assert writer is not None
            with raises(SearchIndexError, "write-failed") as raised:
                writer.apply({"gout": [document("gout.1", "gout")]}, 8)
        assert isinstance(raised.value.__cause__, OSError)
        assert raised.value.__cause__.errno == errno.ENOSPC
        monkeypatch.undo()

        assert library.state() == before
        apply(library, document("gout.1", "gout"), checkpoint=8)
        assert found_passages(library, "gout") == {"gout.1"}

    def test_failed_rebuild_removes_its_folder(
        self, library: Engine, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        folders = set(place.glob("build-*"))
        monkeypatch.setattr(os, "fsync", full)
        with library.try_acquire_writer() as writer:
            assert writer is not None
            with raises(SearchIndexError, "write-failed"):
                writer.rebuild([], 1)
        monkeypatch.undo()

        assert set(place.glob("build-*")) == folders
        assert found_passages(library, "bleeding")

    def test_unreadable_folder_is_not_reported_as_corrupt(
        self, library: Engine, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("index.engines.whoosh.storage.file_checksum", refused)

        with raises(SearchIndexError, "read-failed") as raised:
            search(self.open(place), "bleeding")
        assert isinstance(raised.value.__cause__, PermissionError)

    def test_small_commits_are_merged(self, engine: Engine, place: Path) -> None:
        build(engine)
        for number in range(40):
            apply(engine, document(f"a{number}.1", "gout"), checkpoint=number + 2)

        assert len(self.files(place)) < 20
        assert search(engine, "gout").articles == 40


def test_unknown_engine_url_is_rejected() -> None:
    taxonomy = load_taxonomy()
    for url in ("", "whoosh", "whoosh:", "elastic:somewhere", "/srv/index"):
        with pytest.raises(SettingsError, match="KB_ENGINE") as raised:
            open_engine(url, taxonomy)
        assert raised.value.setting == "engine"


def test_stamp_depends_on_build_versions(tmp_path: Path) -> None:
    taxonomy = load_taxonomy()
    engine = open_engine(f"whoosh:{tmp_path / 'index'}", taxonomy)

    assert isinstance(engine, WhooshEngine)
    assert engine.stamp.split()[0].startswith("schema-")
    assert engine.stamp.endswith(taxonomy.digest)


# Ranking, against the reference

EXAMPLES = settings().max_examples  # of the profile; an example here is an index on the disk

WORDS = ["gout", "pain", "rest", "ice", "joint", "joints", "paint", "0.5", "crohn’s"]
TEXT = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
HEADLINE = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
TAGS = st.lists(st.sampled_from(["safety", "mechanism", "care"]), max_size=2, unique=True)
TOPICS = st.lists(st.sampled_from(["Joints", "Bowel"]), max_size=2, unique=True)
PASSAGES = st.builds(
    lambda body, title, heading, named, labels, tags, topics: {
        "body": body,
        "title": title,
        "heading": heading,
        "named": named,
        "labels": labels,
        "tags": tags,
        "topics": topics,
    },
    TEXT,
    HEADLINE,
    HEADLINE,
    HEADLINE,
    HEADLINE,
    TAGS,
    TOPICS,
)
LIBRARIES = st.lists(st.lists(PASSAGES, min_size=1, max_size=3), min_size=1, max_size=7)
PART = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["joi*", "pain*", "title:gout", "heading:pain*", "body:rest", "zinc"]),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3).map(lambda w: f'"{" ".join(w)}"'),
    st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)).map(" OR ".join),
    st.sampled_from(["-gout", '-"pain rest"', "-joi*", "tag:safety", "topic:joints"]),
)
QUERIES = st.lists(PART, max_size=4).map(" ".join)


def library_of(articles: list[list[dict]]) -> list[IndexDocument]:
    return [
        document(f"a{a}.{p}", **passage)
        for a, passages in enumerate(articles)
        for p, passage in enumerate(passages)
    ]


def assert_same_answer(one: EngineResult, other: EngineResult) -> None:
    assert (one.articles, one.passages) == (other.articles, other.passages)
    assert (one.tags, one.topics) == (other.tags, other.topics)
    passages = [{g.article_id: set(g.passages) for g in found.groups} for found in (one, other)]
    assert passages[0] == passages[1]


def assert_same_ranking(one: EngineResult, other: EngineResult) -> None:
    """Assert the same ranking up to the precision of Whoosh's 32-bit floats, seven digits.

    Groups whose scores differ by more must have the same order.
    """
    scores = {group.article_id: group.score for group in other.groups}
    for group in one.groups:
        assert group.score == pytest.approx(scores[group.article_id], rel=1e-5)
    for first, second in pairwise(one.groups):
        assert scores[first.article_id] >= scores[second.article_id] * (1 - 1e-5)


@settings(max_examples=EXAMPLES // 2)
@given(LIBRARIES, st.lists(QUERIES, min_size=5, max_size=8))
def test_ranking_matches_reference(articles: list[list[dict]], queries: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(Path(folder) / "index", DIGEST)
        reference = ReferenceEngine(Path(folder) / "reference", DIGEST)
        for each in (engine, reference):
            build(each, *library_of(articles))
        for q in queries:
            for every in (True, False):
                one, other = (
                    search(each, q, match_all=every, limit=50) for each in (engine, reference)
                )
                assert_same_answer(one, other)
                assert_same_ranking(one, other)


STEPS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(st.integers(0, 4), st.lists(PASSAGES, max_size=2)),
            max_size=3,
            unique_by=lambda entry: entry[0],
        ),
        QUERIES,
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=EXAMPLES // 4)
@given(STEPS)
def test_results_match_reference_after_every_commit(steps: list) -> None:
    """Compare sets and counts; statistics include deleted passages until a merge."""
    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(Path(folder) / "index", DIGEST)
        reference = ReferenceEngine(Path(folder) / "reference", DIGEST)
        for each in (engine, reference):
            build(each, *LIBRARY)
        for number, (batch, q) in enumerate(steps):
            changed = {
                f"a{a}": [document(f"a{a}.{p}", **passage) for p, passage in enumerate(passages)]
                for a, passages in batch
            }
            for each in (engine, reference):
                with each.try_acquire_writer() as writer:
                    assert writer is not None
                    assert writer.apply(changed, number) == {}
            for asked in (q, ""):
                answers = [search(each, asked, limit=50) for each in (engine, reference)]
                assert_same_answer(*answers)
