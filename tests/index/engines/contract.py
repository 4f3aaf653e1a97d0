"""Contract tests for search engines.

A subclass implements `open`, which opens an engine at a location. `EngineContract` applies to every
engine, `KeptInFiles` to engines that store their index in files.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from index.analyzer import stem_text
from index.document import IndexDocument
from index.engine import Engine, EngineRequest, EngineResult
from index.query.parser import ParsedQuery, PhraseQuery, SynonymQuery, WordQuery, parse
from kb.errors import (
    REBUILD,
    IndexMissingError,
    IndexVersionError,
    KnowledgeBaseError,
    QueryError,
    SearchIndexError,
)
from tests.index.builders import DIGEST, apply, batch_of, build, document, found_passages, search
from tests.index.query.test_parser import HOSTILE

LIBRARY = (
    document(
        "aspirin.use",
        "Take one tablet each morning with food. Do not chew it.",
        title="Aspirin",
        heading="Taking it",
        named="Pain\nASA",
        labels="Living with it",
        tags=("long-term-care",),
        topics=("Pain", "Heart"),
        reviewed=date(2024, 5, 1),
    ),
    document(
        "aspirin.harm",
        "Stomach bleeding is a serious harm. Bleeding gums are less serious.",
        title="Aspirin",
        heading="Side effects",
        named="Pain\nASA",
        labels="Safety",
        tags=("safety",),
        topics=("Pain", "Heart"),
        reviewed=date(2024, 5, 1),
    ),
    document(
        "warfarin.harm",
        "Bleeding is the main risk. Avoid aspirin unless your doctor agrees.",
        title="Warfarin",
        heading="Side effects",
        named="Heart",
        labels="Safety\nInteractions",
        tags=("safety", "interactions"),
        topics=("Heart",),
        reviewed=date(2025, 5, 1),
    ),
    document(
        "heart-failure.about",
        "The heart pumps too weakly. A failing heart is treated with tablets.",
        title="Heart failure",
        heading="What it is",
        named="Heart",
        tags=("overview",),
        topics=("Heart",),
        reviewed=date(2023, 5, 1),
    ),
    document(
        "crohn.about",
        "Crohn’s disease inflames the bowel; follow-up is for life. Dose 0.5 mg.",
        title="Crohn’s disease",
        heading="What it is",
        named="Bowel",
        topics=("Bowel",),
        reviewed=date(2022, 5, 1),
    ),
)


def broken(passage_id: str) -> IndexDocument:
    """Return a document that no engine can index."""
    return document(passage_id, None)  # type: ignore[arg-type]


class EngineContract:
    """Contract of every engine."""

    @staticmethod
    def open(place: Path, digest: str = DIGEST) -> Engine:
        raise NotImplementedError

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        return tmp_path / "index"

    @pytest.fixture
    def engine(self, place: Path) -> Engine:
        return self.open(place)

    @pytest.fixture
    def library(self, engine: Engine) -> Engine:
        build(engine, *LIBRARY, checkpoint=7)
        return engine

    # Other names, weights, and what a search may leave out

    def test_synonym_match_ranks_below_word_match(self, engine: Engine) -> None:
        build(
            engine,
            document("typed", "A heart attack needs help at once."),
            document("other", "A myocardial infarction needs help at once."),
            document("part", "A heart needs help at once."),
            document("apart", "Infarction was not myocardial."),
        )
        name = PhraseQuery(
            "myocardial infarction", tuple(stem_text("myocardial infarction")), weight=0.5
        )
        node = SynonymQuery(typed=parse("heart attack").clauses, synonyms=(name,))  # type: ignore[arg-type]
        strict, loose = (
            [group.article_id for group in engine.search(ask).groups]
            for ask in (
                EngineRequest(query=ParsedQuery(clauses=(node,)), match_all=every)
                for every in (True, False)
            )
        )
        assert strict == ["typed", "other"]
        assert loose[0] == "typed"
        assert set(loose) == {"typed", "other", "part"}

    def test_only_best_synonym_counts(self, engine: Engine) -> None:
        build(
            engine,
            document("one", "attack attack and nothing else of note"),
            document("both", "attack infarct and nothing else of note"),
        )
        word = WordQuery("attack", "attack")
        node = SynonymQuery(typed=(word,), synonyms=(WordQuery("infarct", "infarct", weight=0.5),))
        found = engine.search(EngineRequest(query=ParsedQuery(clauses=(node,))))
        alone = engine.search(EngineRequest(query=ParsedQuery(clauses=(word,))))
        assert [(group.article_id, group.score) for group in found.groups] == [
            (group.article_id, pytest.approx(group.score)) for group in alone.groups
        ]

    def test_weight_multiplies_word_score(self, library: Engine) -> None:
        once, half = (
            library.search(
                EngineRequest(
                    query=ParsedQuery(clauses=(WordQuery("bleeding", "bleed", weight=weight),))
                )
            )
            for weight in (1.0, 0.5)
        )
        assert [group.score for group in half.groups] == [
            pytest.approx(group.score / 2) for group in once.groups
        ]

    def test_overdue_article_ranks_below_current_one(self, engine: Engine) -> None:
        due, today = date(2026, 1, 1), date(2026, 3, 1)
        build(
            engine,
            document("a-overdue", "Gout hurts.", due=due),
            document("b-fresh", "Gout hurts.", due=date(2027, 1, 1)),
            document("c-undated", "Gout hurts."),
            document("d-better", "Gout, gout, gout.", due=due),
        )
        asked = EngineRequest(query=parse("gout"), today=today)
        assert [group.article_id for group in engine.search(asked).groups] == [
            "d-better",
            "b-fresh",
            "c-undated",
            "a-overdue",
        ]
        earlier = engine.search(replace(asked, today=due))
        assert earlier.groups[1].article_id == "a-overdue"

    def test_excluded_articles_are_omitted(self, library: Engine) -> None:
        asked = EngineRequest(query=parse("bleeding"), excluded_articles=frozenset({"aspirin"}))
        found = library.search(asked)
        assert [group.article_id for group in found.groups] == ["warfarin"]
        assert (found.articles, found.passages) == (1, 1)
        assert found.tags == {"safety": 1, "interactions": 1}

    def test_idf_is_highest_for_unknown_words(self, library: Engine) -> None:
        rarity = library.idf(["bleed", "crohn", "xyz"])
        assert 0 < rarity["bleed"] < rarity["crohn"] < rarity["xyz"]

    def test_term_counts_contain_folded_words(self, library: Engine) -> None:
        forms = library.term_counts()
        assert forms["bleeding"] == 2
        assert forms["aspirin"] == 3
        assert forms["crohn"] == 1
        assert "bleed" not in forms

    def test_term_counts_and_idf_follow_commits(self, library: Engine) -> None:
        apply(library, document("new", "Zoster hurts."), checkpoint=8)
        assert library.term_counts()["zoster"] == 1

    def test_empty_index_has_no_terms_and_idf_one(self, engine: Engine) -> None:
        build(engine)
        assert engine.term_counts() == {}
        assert engine.idf(["gout", ""]) == {"gout": 1.0, "": 1.0}

    # What is found

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            # All words, each in any field
            ("bleeding", {"aspirin.harm", "warfarin.harm"}),
            ("bleeding aspirin", {"aspirin.harm", "warfarin.harm"}),
            ("bleeding stomach", {"aspirin.harm"}),
            ("bleeding chew", set()),
            ("BLEEDS", {"aspirin.harm", "warfarin.harm"}),
            ("asa", {"aspirin.use", "aspirin.harm"}),
            ("asa morning", {"aspirin.use"}),
            ("interactions bleeding", {"warfarin.harm"}),
            ("crohn", {"crohn.about"}),
            ("0.5", {"crohn.about"}),
            ("5", set()),
            ("nothing of it", set()),
            # Phrases
            ('"side effects"', {"aspirin.harm", "warfarin.harm"}),
            ('"effects side"', set()),
            ('"heart failure"', {"heart-failure.about"}),
            ('"failing heart"', {"heart-failure.about"}),
            ('"bleeding bleeding"', set()),
            ('"serious harm bleeding"', {"aspirin.harm"}),
            ('"main risk avoid aspirin unless"', {"warfarin.harm"}),
            ("follow-up", {"crohn.about"}),
            ("follow up", {"crohn.about"}),
            # Beginnings
            ("aspi*", {"aspirin.use", "aspirin.harm", "warfarin.harm"}),
            ("blee* stom*", {"aspirin.harm"}),
            ("treat*", {"heart-failure.about"}),
            ("treating*", set()),
            ("xyz*", set()),
            # Exclusions
            ("bleeding -stomach", {"warfarin.harm"}),
            ("bleeding -title:aspirin", {"warfarin.harm"}),
            ('aspirin -"side effects"', {"aspirin.use"}),
            ("harm -morning", {"aspirin.harm"}),
            ("-bleeding", {"aspirin.use", "heart-failure.about", "crohn.about"}),
            ("bleeding -blee*", set()),
            ("-nothing bleeding", {"aspirin.harm", "warfarin.harm"}),
            # OR
            ("stomach OR bowel", {"aspirin.harm", "crohn.about"}),
            ("bleeding stomach OR avoid", {"aspirin.harm", "warfarin.harm"}),
            ('chew OR "main risk"', {"aspirin.use", "warfarin.harm"}),
            ("xyz OR bowel", {"crohn.about"}),
            # Fields
            ("title:aspirin", {"aspirin.use", "aspirin.harm"}),
            ("body:aspirin", {"warfarin.harm"}),
            ("heading:taking", {"aspirin.use"}),
            ("heading:bleeding", set()),
            ('body:"side effects"', set()),
            ("title:warf*", {"warfarin.harm"}),
        ],
    )
    def test_query_matches_expected_passages(
        self, library: Engine, q: str, found: set[str]
    ) -> None:
        assert found_passages(library, q) == found

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("stomach chew", {"aspirin.use", "aspirin.harm"}),
            ("nothing bowel", {"crohn.about"}),
            ("stomach chew -tablet", {"aspirin.harm"}),
            ("nothing nowhere", set()),
        ],
    )
    def test_one_word_is_sufficient_without_match_all(
        self, library: Engine, q: str, found: set[str]
    ) -> None:
        assert found_passages(library, q, match_all=False) == found

    def test_query_without_words_matches_everything(self, library: Engine) -> None:
        assert found_passages(library, "") == {found.passage_id for found in LIBRARY}

    def test_values_of_a_filter_are_ored_and_filters_are_anded(self, library: Engine) -> None:
        def found(q: str = "", **filters: tuple[str, ...]) -> set[str]:
            groups = search(library, q, **filters).groups
            return {id_ for group in groups for id_ in group.passages}

        assert found(tags=("safety",)) == {"aspirin.harm", "warfarin.harm"}
        assert found(tags=("interactions", "overview")) == {"warfarin.harm", "heart-failure.about"}
        assert found(topics=("Pain",)) == {"aspirin.use", "aspirin.harm"}
        assert found(topics=("pain", "BOWEL")) == {"aspirin.use", "aspirin.harm", "crohn.about"}
        assert found(tags=("safety",), topics=("Pain",)) == {"aspirin.harm"}
        assert found("stomach", tags=("safety",)) == {"aspirin.harm"}
        assert found("chew", tags=("safety",)) == set()
        assert found(tags=("nothing",)) == set()
        assert found(topics=("Hea",)) == set()

    def test_facet_counts_apply_only_the_other_filter(self, library: Engine) -> None:
        everything = search(library, "")
        assert everything.tags == {
            "long-term-care": 1,
            "safety": 2,
            "interactions": 1,
            "overview": 1,
        }
        assert everything.topics == {"Pain": 1, "Heart": 3, "Bowel": 1}

        filtered = search(library, "", tags=("safety",), topics=("Pain",))
        # What choosing another tag would show under this topic, and the other way round.
        assert filtered.tags == {"long-term-care": 1, "safety": 1}
        assert filtered.topics == {"Pain": 1, "Heart": 2}

    def test_passages_are_grouped_by_article_best_first(self, library: Engine) -> None:
        found = search(library, "bleeding OR chew")

        assert [group.article_id for group in found.groups] == ["aspirin", "warfarin"]
        assert found.groups[0].passages[0] == "aspirin.harm"
        assert set(found.groups[0].passages) == {"aspirin.harm", "aspirin.use"}
        assert found.groups[0].score >= found.groups[1].score > 0

    def test_title_word_outweighs_body_word(self, engine: Engine) -> None:
        build(
            engine,
            document("body.1", "gout here and there", title="Joints"),
            document("title.1", "joints here and there", title="Gout"),
            document("none.1", "skin here and there", title="Skin"),
        )

        assert [group.article_id for group in search(engine, "gout").groups] == ["title", "body"]

    def test_equal_scores_keep_passage_order(self, engine: Engine) -> None:
        build(engine, *[document(f"a.{n}", "gout") for n in range(9)])

        (group,) = search(engine, "gout").groups

        assert group.passages == tuple(f"a.{n}" for n in range(9))

    @pytest.mark.parametrize("sort", ["relevance", "date"])
    def test_pages_together_contain_all_results(self, engine: Engine, sort: str) -> None:
        day = date(2025, 1, 1).toordinal()
        build(
            engine,
            *[
                document(f"a{n}.1", "gout " * (n % 5 + 1), reviewed=date.fromordinal(day + n % 7))
                for n in range(23)
            ],
        )
        whole = search(engine, "gout", limit=50, sort=sort)

        pages = [search(engine, "gout", limit=5, offset=at, sort=sort) for at in range(0, 30, 5)]

        assert [len(page.groups) for page in pages] == [5, 5, 5, 5, 3, 0]
        assert tuple(group for page in pages for group in page.groups) == whole.groups
        assert {page.articles for page in pages} == {23}

    def test_date_sort_lists_latest_review_first(self, library: Engine) -> None:
        found = search(library, "", sort="date")

        assert [group.article_id for group in found.groups] == [
            "warfarin",
            "aspirin",
            "heart-failure",
            "crohn",
        ]

    def test_date_sort_breaks_ties_by_relevance(self, engine: Engine) -> None:
        build(engine, document("a.1", "gout and other things"), document("b.1", "gout gout"))

        assert [group.article_id for group in search(engine, "gout", sort="date").groups] == [
            "b",
            "a",
        ]

    def test_result_contains_its_generation(self, library: Engine) -> None:
        before = datetime.now(UTC)
        apply(library, document("new.1", "fresh"), checkpoint=8)

        found = search(library, "fresh")

        assert found.generation == library.state().generation
        assert before <= found.as_of <= datetime.now(UTC)
        assert not found.partial

    @pytest.mark.parametrize("q", HOSTILE.values(), ids=HOSTILE)
    def test_hostile_query_is_answered_or_rejected(self, library: Engine, q: str) -> None:
        try:
            found = search(library, q)
            loose = search(library, q, match_all=False)
        except QueryError:
            pass
        else:
            assert 0 <= found.articles <= loose.articles <= 4

        assert found_passages(library, "bleeding") == {"aspirin.harm", "warfarin.harm"}

    # Writing

    def test_applied_batch_is_searchable_without_other_changes(self, library: Engine) -> None:
        apply(library, document("gout.1", "Bleeding is no sign of gout."), checkpoint=8)

        assert found_passages(library, "bleeding") == {"aspirin.harm", "warfarin.harm", "gout.1"}
        assert library.state().documents == len(LIBRARY) + 1

    def test_apply_is_idempotent(self, library: Engine) -> None:
        batch = [document("gout.1", "uric acid"), document("gout.2", "acid")]
        apply(library, *batch, checkpoint=8)
        once = search(library, "acid")

        apply(library, *batch, checkpoint=8)

        again = search(library, "acid")
        assert [replace(group, score=0) for group in again.groups] == [
            replace(group, score=0) for group in once.groups
        ]
        assert (again.tags, again.topics) == (once.tags, once.topics)
        assert library.state().documents == len(LIBRARY) + 2

    def test_latest_batch_replaces_documents_of_an_article(self, library: Engine) -> None:
        apply(library, document("aspirin.new", "All written anew."), checkpoint=8)

        assert found_passages(library, "chew") == set()
        assert found_passages(library, "stomach") == set()
        assert found_passages(library, "anew") == {"aspirin.new"}
        assert library.state().documents == len(LIBRARY) - 1

    def test_article_without_documents_is_removed(self, library: Engine) -> None:
        apply(library, checkpoint=8, gone=["aspirin", "never-there"])

        assert found_passages(library, "") == {
            "warfarin.harm",
            "heart-failure.about",
            "crohn.about",
        }
        assert "Pain" not in search(library, "").topics
        assert library.state().documents == len(LIBRARY) - 2

    def test_removed_article_can_be_added_again(self, library: Engine) -> None:
        apply(library, checkpoint=8, gone=["crohn"])
        apply(library, LIBRARY[-1], checkpoint=9)

        assert found_passages(library, "bowel") == {"crohn.about"}

    def test_all_articles_can_be_removed(self, library: Engine) -> None:
        apply(library, checkpoint=8, gone=[found.article_id for found in LIBRARY])

        assert found_passages(library, "") == set()
        assert found_passages(library, "bleeding OR blee* -chew") == set()
        assert library.state().documents == 0

    def test_empty_batch_only_advances_checkpoint(self, library: Engine) -> None:
        apply(library, checkpoint=99)

        assert library.state().checkpoint == 99
        assert found_passages(library, "") == {found.passage_id for found in LIBRARY}

    def test_batch_has_one_entry_per_article(self, library: Engine) -> None:
        """A batch cannot both add and delete an article."""
        batch = batch_of(document("gout.1", "first"), document("gout.2", "second"))
        batch |= batch_of(document("gout.3", "third"))
        batch |= {"crohn": [LIBRARY[-1]]}
        batch |= {"crohn": []}

        with library.try_acquire_writer() as writer:
            assert writer is not None
            writer.apply(batch, 8)

        assert found_passages(library, "first OR second OR third") == {"gout.3"}
        assert found_passages(library, "bowel") == set()

    def test_article_ids_with_common_prefix_are_distinct(self, engine: Engine) -> None:
        build(engine, *[document(f"{name}.1", "gout") for name in ("knee", "knee-2", "Knee", "k")])

        apply(engine, checkpoint=2, gone=["knee"])

        assert found_passages(engine, "gout") == {"knee-2.1", "Knee.1", "k.1"}

    @pytest.mark.parametrize("field", ["title", "heading", "body", "topics", "tags"])
    @pytest.mark.parametrize("bad", [None, 7, b"bytes"], ids=str)
    def test_rejected_document_does_not_affect_others(
        self, library: Engine, field: str, bad: object
    ) -> None:
        naloxone = "naloxone reverses an overdose"
        good = document("morphine.1", naloxone, title="Morphine", heading="Overdose")
        wrong = replace(good, passage_id="morphine.2", texts={**good.texts, field: bad})  # type: ignore[dict-item]
        before = document("ibuprofen.1", "an anti-inflammatory", title="Ibuprofen")
        after = document("paracetamol.1", "acetylcysteine is given", title="Paracetamol")

        with library.try_acquire_writer() as writer:
            assert writer is not None
            refused = writer.apply(batch_of(before, good, wrong, after), 8)

        assert set(refused) == {"morphine"}
        assert refused["morphine"]
        assert library.state().refused == refused
        assert library.state().checkpoint == 8
        assert found_passages(library, "naloxone") == set()
        assert found_passages(library, "morphine OR overdose") == set()
        assert found_passages(library, "acetylcysteine") == {"paracetamol.1"}
        assert found_passages(library, "title:paracetamol OR ibuprofen") == {
            "paracetamol.1",
            "ibuprofen.1",
        }
        assert library.state().documents == len(LIBRARY) + 2

    def test_rejected_article_is_listed_until_it_is_indexed(self, library: Engine) -> None:
        wrong = broken("morphine.1")
        with library.try_acquire_writer() as writer:
            assert writer is not None
            writer.apply(batch_of(wrong), 8)
        apply_other = batch_of(document("gout.1", "gout"))
        with library.try_acquire_writer() as writer:
            assert writer is not None
            assert set(writer.apply(apply_other, 9)) == {"morphine"}

        apply(library, document("morphine.1", "well"), checkpoint=10)

        assert library.state().refused == {}
        assert found_passages(library, "well") == {"morphine.1"}

    def test_rejected_version_removes_article_from_index(self, library: Engine) -> None:
        with library.try_acquire_writer() as writer:
            assert writer is not None
            writer.apply(batch_of(broken("aspirin.use")), 8)

        assert found_passages(library, "chew OR stomach") == set()

    def test_rebuild_lists_rejected_articles(self, engine: Engine) -> None:
        with engine.try_acquire_writer() as writer:
            assert writer is not None
            batches = [batch_of(*LIBRARY), batch_of(broken("morphine.1"))]
            assert set(writer.rebuild(batches, 3)) == {"morphine"}

        assert set(engine.state().refused) == {"morphine"}
        assert engine.state().documents == len(LIBRARY)

    # Commits

    def test_readers_see_only_the_latest_commit(self, engine: Engine, place: Path) -> None:
        reader = self.open(place)
        build(engine, document("a.0", "common word0"), document("b.1", "common"))

        for number in range(1, 51):
            apply(engine, document(f"a.{number}", f"common word{number}"), checkpoint=number)
            assert found_passages(reader, f"word{number}") == {f"a.{number}"}
            assert found_passages(reader, f"word{number - 1}") == set()
            assert found_passages(reader, "common") == {f"a.{number}", "b.1"}
            assert reader.state().checkpoint == number

    def test_concurrent_readers_see_consistent_commits(self, engine: Engine, place: Path) -> None:
        build(engine, document("a.0", "common even"), document("b.0", "common even"))
        done = threading.Event()
        wrong: list[object] = []

        def reads(reader: Engine) -> None:
            last = -1
            try:
                while not done.is_set():
                    found = search(reader, "common")
                    ids = sorted(id_ for group in found.groups for id_ in group.passages)
                    numbers = {int(id_.partition(".")[2]) for id_ in ids}
                    # Both articles are of one commit, and no reader goes back in time.
                    if len(ids) != 2 or len(numbers) != 1 or min(numbers) < last:
                        wrong.append(ids)
                    last = max(numbers, default=last)
            except Exception as error:  # noqa: BLE001  # whatever it is: the reader failed
                wrong.append(error)

        shared = self.open(place)
        threads = [
            threading.Thread(target=reads, args=(reader,))
            for reader in (shared, shared, self.open(place))
        ]
        for thread in threads:
            thread.start()
        for number in range(1, 41):
            apply(
                engine,
                document(f"a.{number}", "common"),
                document(f"b.{number}", "common"),
                checkpoint=number,
            )
        done.set()
        for thread in threads:
            thread.join()

        assert wrong == []

    def test_checkpoint_matches_committed_content(self, engine: Engine, place: Path) -> None:
        build(engine, document("a.1", "one"), checkpoint=5)
        assert (self.open(place).state().checkpoint, found_passages(engine, "one")) == (5, {"a.1"})

        apply(engine, document("a.2", "two"), checkpoint=6)
        assert (self.open(place).state().checkpoint, found_passages(engine, "two")) == (6, {"a.2"})

    def test_failure_before_commit_changes_nothing(self, library: Engine) -> None:
        def batches() -> Iterator[dict[str, list[IndexDocument]]]:
            yield batch_of(document("new.1", "new"))
            raise ConnectionAbortedError

        before = library.state()
        with library.try_acquire_writer() as writer:
            assert writer is not None
            with pytest.raises((KnowledgeBaseError, ConnectionAbortedError)):
                writer.rebuild(batches(), 9)

        assert library.state() == before
        assert found_passages(library, "new") == set()
        apply(library, document("new.1", "new"), checkpoint=9)
        assert found_passages(library, "new") == {"new.1"}

    def test_rebuild_replaces_all_documents(self, library: Engine, place: Path) -> None:
        reader = self.open(place)
        assert found_passages(reader, "bleeding")

        build(library, document("only.1", "gout"), checkpoint=20)

        assert found_passages(reader, "") == {"only.1"}
        assert (reader.state().checkpoint, reader.state().documents) == (20, 1)

    def test_empty_rebuild_creates_empty_index(self, engine: Engine) -> None:
        with engine.try_acquire_writer() as writer:
            assert writer is not None
            writer.rebuild([], 0)

        assert found_passages(engine, "") == set()
        assert found_passages(engine, 'gout OR "a b" blee* -x') == set()
        assert engine.state().documents == 0

    # Where there is no sound index

    def test_missing_index_raises_error_until_rebuilt(self, engine: Engine) -> None:
        for attempt in (engine.state, engine.verify, lambda: search(engine, "gout")):
            with pytest.raises(IndexMissingError, match=REBUILD):
                attempt()
        with engine.try_acquire_writer() as writer:
            assert writer is not None
            with pytest.raises(IndexMissingError):
                writer.apply({}, 1)

        build(engine, *LIBRARY)

        assert engine.verify().documents == len(LIBRARY)

    def test_index_of_other_taxonomy_is_rejected_until_rebuilt(
        self, library: Engine, place: Path
    ) -> None:
        other = self.open(place, "other-tags")

        for attempt in (other.state, other.verify, lambda: search(other, "bleeding")):
            with pytest.raises(IndexVersionError, match=REBUILD):
                attempt()
        with other.try_acquire_writer() as writer:
            assert writer is not None
            with pytest.raises(IndexVersionError):
                writer.apply({}, 8)
        assert found_passages(library, "bleeding")

        build(other, *LIBRARY)

        assert found_passages(other, "bleeding")
        with pytest.raises(IndexVersionError):
            library.state()

    # One writer

    def test_only_one_writer_holds_the_lock(self, library: Engine, place: Path) -> None:
        with library.try_acquire_writer() as one:
            assert one is not None
            for another in (library, self.open(place)):
                with another.try_acquire_writer() as two:
                    assert two is None
            one.apply({}, 8)
        with library.try_acquire_writer() as later:
            assert later is not None

    def test_readers_are_not_blocked_by_a_writer(self, library: Engine, place: Path) -> None:
        with library.try_acquire_writer():
            assert found_passages(self.open(place), "bleeding")

    def test_failing_writer_releases_the_lock(self, library: Engine) -> None:
        with pytest.raises(ZeroDivisionError), library.try_acquire_writer():
            raise ZeroDivisionError

        with library.try_acquire_writer() as writer:
            assert writer is not None


QUESTIONS = ["bleeding", "aspi* -stomach", '"side effects"', "heart OR bowel", "", "0.5 mg"]

HOLD = """
import sys
from pathlib import Path
from index.engines import open_engine
from kb.model.taxonomy import load_taxonomy
engine = open_engine(sys.argv[1], load_taxonomy())
with engine.try_acquire_writer() as writer:
    print("held" if writer else "busy", flush=True)
    sys.stdin.read()
"""


class KeptInFiles(EngineContract):
    """Contract of engines that store their index in files."""

    @staticmethod
    def url(place: Path) -> str:
        raise NotImplementedError

    @staticmethod
    def files(place: Path) -> list[Path]:
        """Return the files of which every byte matters."""
        raise NotImplementedError

    def answers(self, place: Path) -> list[tuple[EngineResult, ...]]:
        engine = self.open(place)
        return [search(engine, q) for q in QUESTIONS]

    def test_lock_excludes_other_processes(self, library: Engine, place: Path) -> None:
        command = [sys.executable, "-c", HOLD, self.url(place)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            with library.try_acquire_writer() as writer:
                assert writer is None
            second = subprocess.run(command, input="", capture_output=True, text=True, check=True)
            assert second.stdout == "busy\n"
            assert found_passages(library, "bleeding")
            holder.kill()
        with library.try_acquire_writer() as writer:
            assert writer is not None

    @pytest.mark.parametrize("seed", range(30))
    def test_changed_byte_is_detected_or_has_no_effect(
        self, library: Engine, place: Path, tmp_path: Path, seed: int
    ) -> None:
        apply(library, document("gout.1", "Bleeding is no sign of gout."), checkpoint=8)
        expected = self.answers(place)
        dice = random.Random(seed)
        damaged = tmp_path / "damaged"
        shutil.copytree(place, damaged)
        victim = dice.choice(self.files(damaged))
        content = bytearray(victim.read_bytes())
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        victim.write_bytes(content)

        try:
            found = self.answers(damaged)
            self.open(damaged).verify()
        except SearchIndexError as error:
            assert REBUILD in str(error)
        else:
            assert found == expected

        build(self.open(damaged), *LIBRARY)
        assert len(self.answers(damaged)) == len(expected)

    @pytest.mark.parametrize("harm", ["removed", "emptied", "cut in half", "longer"])
    def test_truncated_file_is_detected(
        self, library: Engine, place: Path, tmp_path: Path, harm: str
    ) -> None:
        apply(library, document("gout.1", "Bleeding is no sign of gout."), checkpoint=8)
        for victim in self.files(place):
            damaged = tmp_path / f"{victim.name}-damaged"
            shutil.copytree(place, damaged)
            path = damaged / victim.relative_to(place)
            content = path.read_bytes()
            if harm == "removed":
                path.unlink()
            else:
                path.write_bytes(
                    {
                        "emptied": b"",
                        "cut in half": content[: len(content) // 2],
                        "longer": content + b"\0",
                    }[harm]
                )
            engine = self.open(damaged)
            for attempt in (engine.verify, lambda e=engine: search(e, "bleeding")):
                with pytest.raises(SearchIndexError, match=REBUILD):
                    attempt()
            shutil.rmtree(damaged)

    def test_verify_detects_corruption_of_open_index(self, library: Engine, place: Path) -> None:
        assert found_passages(library, "bleeding")
        largest = max(self.files(place), key=lambda path: path.stat().st_size)
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 0xFF
        about = largest.stat()
        largest.write_bytes(content)
        os.utime(largest, ns=(about.st_atime_ns, about.st_mtime_ns))  # as bad hardware does

        with pytest.raises(SearchIndexError):
            library.verify()

    def test_writer_rejects_corrupt_index(self, library: Engine, place: Path) -> None:
        largest = max(self.files(place), key=lambda path: path.stat().st_size)
        largest.write_bytes(largest.read_bytes()[:-1])

        with self.open(place).try_acquire_writer() as writer:
            assert writer is not None
            with pytest.raises(SearchIndexError):
                writer.apply(batch_of(document("gout.1", "gout")), 8)
