"""Near-duplicate detection."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from kb.editorial.workflow import ReviewWorkflow
from kb.model.article import Article, Metadata, Section, paragraph
from kb.model.passage import Passage
from kb.storage.article_store import ArticleStore, SaveResult
from kb.storage.audit_log import Actor
from kb.storage.database import Database
from kb.storage.near_duplicates import (
    BANDS,
    MAX_CANDIDATES,
    MIN_SIMILARITY,
    SHINGLE_WORDS,
    NearDuplicateStore,
    compute_band_keys,
    shingle_similarity,
)

WORDS = [f"word{number}" for number in range(400)]


def text(seed: int, length: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def edited(words: str, positions: list[int]) -> str:
    parts = words.split()
    for position in positions:
        parts[position] = "changed"
    return " ".join(parts)


def save(store: ArticleStore, name: str, *texts: str) -> SaveResult:
    sections = tuple(Section(f"Part {n}", (paragraph(t),)) for n, t in enumerate(texts))
    article = Article(name, sections, Metadata(id=name))
    new = [Passage(heading_path=(s.heading,), blocks=s.blocks) for s in sections]
    return store.save(
        article,
        new,
        source_key=f"id:{name}",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        publish=True,
        actor=Actor("test"),
    )


def test_similarity_is_the_share_of_common_shingles() -> None:
    assert shingle_similarity("a b c d e f", "a b c d e f") == 1.0
    assert shingle_similarity("a b c d e f", "a b c d e x") == 1 / 3
    assert shingle_similarity("A, b c. d e f", "a b c d e f") == 1.0
    assert shingle_similarity("too short", "too short") == 0.0


@given(st.text(alphabet="abc def\n", max_size=400))
def test_a_text_has_one_key_for_each_band_or_none(words: str) -> None:
    assert len(compute_band_keys(words)) in (0, BANDS)
    assert compute_band_keys(words) == compute_band_keys(words.upper())


def test_similar_passages_share_a_band_and_others_do_not() -> None:
    found = missed = 0
    for seed in range(200):
        one = text(seed)
        other = edited(one, [seed % 100])
        assert shingle_similarity(one, other) >= MIN_SIMILARITY
        shared = set(compute_band_keys(one)) & set(compute_band_keys(other))
        found, missed = found + bool(shared), missed + (not shared)
        assert not set(compute_band_keys(one)) & set(compute_band_keys(text(seed + 1_000)))
    assert missed <= 4  # 2 in 100 at the threshold itself; these are at 0.92


def test_short_text_is_not_a_duplicate() -> None:
    assert compute_band_keys("Call 999 if you cannot breathe") == ()
    assert SHINGLE_WORDS == 5


def test_copy_in_another_article_is_reported_with_its_link(store: ArticleStore) -> None:
    first = save(store, "gout", text(1), text(2))
    assert first.notes == ()
    second = save(store, "arthritis", text(3), edited(text(1), [0]))
    (note,) = second.notes
    assert first.passages[0].id in note
    assert second.passages[1].id in note
    assert "gout" in note


def test_copy_in_the_same_article_is_reported_once(store: ArticleStore) -> None:
    saved = save(store, "gout", text(1), text(2), text(1))
    (note,) = saved.notes
    assert saved.passages[0].id in note
    assert saved.passages[2].id in note


def test_new_version_replaces_the_bands_of_the_old_one(
    store: ArticleStore,
) -> None:
    save(store, "gout", text(1))
    assert save(store, "gout", text(1), text(2)).notes == ()
    assert save(store, "gout", text(4)).notes == ()
    assert save(store, "arthritis", text(1)).notes == ()


def test_retired_article_is_not_a_duplicate(store: ArticleStore) -> None:
    save(store, "gout", text(1))
    ReviewWorkflow(store.database).retire("gout", reason="old", replaced_by="", actor=Actor("test"))
    assert save(store, "arthritis", text(1)).notes == ()


def test_many_copies_are_summarised(store: ArticleStore) -> None:
    texts = [text(seed) for seed in range(8)]
    save(store, "gout", *texts)
    notes = save(store, "arthritis", *texts).notes
    assert len(notes) == 6
    assert re.findall(r"\d+", notes[-1]) == ["3"]


def test_near_duplicates_are_found_again_after_saving(
    store: ArticleStore, database_url: str
) -> None:
    first = save(store, "gout", text(1), text(2)).passages
    second = save(store, "arthritis", text(3), edited(text(1), [0]), text(3)).passages
    database = Database(database_url)
    elsewhere, within = NearDuplicateStore(database).find("arthritis", second)
    database.close()
    assert (elsewhere.passage_id, elsewhere.article_id) == (second[1].id, "gout")
    assert (elsewhere.other_id, elsewhere.heading) == (first[0].id, "Part 0")
    assert MIN_SIMILARITY <= elsewhere.share < 1
    assert (within.passage_id, within.article_id, within.other_id) == (
        second[2].id,
        "",
        second[0].id,
    )
    assert within.share == 1


def test_most_similar_passage_is_reported(store: ArticleStore) -> None:
    save(store, "a", edited(text(1), [0, 50]))
    near = save(store, "b", text(1))
    (note,) = save(store, "c", text(1)).notes
    assert near.passages[0].id in note


def test_number_of_compared_candidates_is_limited(store: ArticleStore, database_url: str) -> None:
    others = [f"a{number}" for number in range(MAX_CANDIDATES + 10)]
    holders = {save(store, name, text(1)).passages[0].id: name for name in others}
    mine = save(store, "mine", text(1), text(2)).passages
    database = Database(database_url)
    duplicates = NearDuplicateStore(database)

    def retire(id_: str) -> None:
        ReviewWorkflow(store.database).retire(
            holders.pop(id_), reason="old", replaced_by="", actor=Actor("test")
        )

    def looked_at() -> str:
        return min(sorted(holders)[:MAX_CANDIDATES], key=lambda id_: holders[id_])

    (double,) = duplicates.find("mine", mine)
    assert (double.other_id, double.is_boilerplate) == (looked_at(), True)
    retire(looked_at())
    (double,) = duplicates.find("mine", mine)
    assert (double.other_id, double.is_boilerplate) == (looked_at(), True)
    while len(holders) >= MAX_CANDIDATES:
        retire(max(holders))
    (double,) = duplicates.find("mine", mine)
    database.close()
    assert (double.other_id, double.is_boilerplate) == (looked_at(), False)
