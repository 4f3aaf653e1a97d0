"""The log of queries: what is counted, what is never written, wherever one looks for it."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from kb.storage.article_store import ArticleStore
from kb.storage.query_stats import QueryStatsStore
from tests.kb.builders import Clock
from web.analytics.query_log import TYPING_SECONDS, QueryLog
from web.analytics.query_redaction import is_safe_to_store

KNOWN = {"gout", "heart", "failure", "pain", "in", "pregnancy", "warfarin", "dose", "brown", "mark"}
NAMES = {"Heart Failure"}


class Knowing:
    def is_known_word(self, word: str) -> bool:
        return word.lower() in KNOWN

    def is_known_name(self, text: str) -> bool:
        return text in NAMES


@pytest.fixture
def searches(empty_store: ArticleStore) -> QueryStatsStore:
    return QueryStatsStore(empty_store.database)


@pytest.fixture
def log(searches: QueryStatsStore, tmp_path: Path, clock: Clock) -> QueryLog:
    return QueryLog(searches, Knowing(), tmp_path, 90, clock.seconds)


@pytest.mark.parametrize(
    ("q", "may"),
    [
        ("gout", True),
        ("heart failure in pregnancy", True),
        ("Heart Failure", True),
        ("what is gout", True),
        ("warfarin dose 5", True),
        ("zebra", False),
        ("Mark Brown", False),
        ("mr brown", False),
        ("patient brown", False),
        ("gout 943 476 5919", False),
        ("gout 12/3/1961", False),
        ("gout 12.03.61", False),
        ("warfarin A12345", False),
        ("gout brown@example.org", False),
        ("0161 496 0000", False),
        ("room 7 gout", False),
        (" ".join(["gout"] * 13), False),
        ("", False),
    ],
)
def test_which_queries_may_be_written(q: str, may: bool) -> None:
    assert is_safe_to_store(q, Knowing().is_known_word, Knowing().is_known_name) is may


def test_searches_openings_and_votes_are_counted_together(
    log: QueryLog, searches: QueryStatsStore
) -> None:
    for q in ("gout", "Gout ", "warfarin"):
        log.record_search(q, found=int(q != "warfarin"), changed=False)
    log.record_click("gout")
    log.record_feedback("gout", helped=False)
    log.record_click(" ")
    log.write()
    assert searches.list_recent(1) == [], "it waits for somebody who may go on typing"
    log.write(everything=True)
    log.write(everything=True)
    first, second = searches.list_recent(1)
    assert (first.text, first.times, first.found, first.opened, first.failed) == (
        "gout", 2, 2, 1, 1,
    )  # fmt: skip
    assert (second.text, second.times, second.found) == ("warfarin", 1, 0)


def test_what_is_being_typed_counts_once(
    log: QueryLog, searches: QueryStatsStore, clock: Clock
) -> None:
    for q in ("war", "warfa", "warfarin", "warfarin dose"):
        log.record_search(q, found=1, changed=False)
        clock.go(seconds=1)
    clock.go(seconds=TYPING_SECONDS)
    log.record_search("warfarin dose in pregnancy", found=1, changed=False)
    log.write(everything=True)
    assert [one.text for one in searches.list_recent(1)] == [
        "warfarin dose",
        "warfarin dose in pregnancy",
    ]


def test_the_setting_turns_it_off_and_what_there_was_goes(
    log: QueryLog, searches: QueryStatsStore, tmp_path: Path
) -> None:
    log.record_search("gout", found=1, changed=False)
    log.write(everything=True)
    off = QueryLog(searches, Knowing(), tmp_path, 0)
    off.record_search("heart failure", found=1, changed=False)
    off.write(everything=True)
    assert searches.list_recent(90) == []


FIRST = ("Oluwaseun", "Siobhan", "Kateryna", "Rajesh", "Nguyen", "Ingrid", "Mehmet", "Tadeusz")
LAST = ("Okonkwo-Reilly", "Vasquez", "Brzezinski", "Abernathy", "Takahashi", "Mwangi", "Petrovic")


def planted(count: int) -> list[str]:
    """Return things that belong to somebody: names, numbers, dates, all different."""
    chance = random.Random(7)
    made: set[str] = set()
    while len(made) < count:
        day = date(1930, 1, 1) + timedelta(days=chance.randrange(30_000))
        number = chance.randrange(10**9, 10**10)
        made.add(
            chance.choice(
                (
                    f"{chance.choice(FIRST)} {chance.choice(LAST)}{chance.randrange(99)}",
                    f"{chance.choice(LAST)}x{chance.randrange(10**6)}",
                    f"{day:%d/%m/%Y}",
                    f"{day:%d.%m.%y}-{chance.randrange(10**4)}",
                    f"{number}",
                    f"{str(number)[:3]} {str(number)[3:6]} {str(number)[6:]}",
                    f"MRN {number // 1000}",
                    f"{chance.choice(FIRST).lower()}{chance.randrange(10**5)}@mail.example",
                )
            )
        )
    return sorted(made)


def test_a_thousand_planted_identifiers_are_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    store = ArticleStore.create(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    log = QueryLog(QueryStatsStore(store.database), Knowing(), tmp_path, 90)
    identifiers = planted(1_000)
    for number, identifier in enumerate(identifiers):
        q = (f"gout {identifier}", f"{identifier} warfarin dose", identifier)[number % 3]
        log.record_search(q, found=0, changed=False)
        log.record_click(q)
        log.record_feedback(q, helped=False)
        if number % 100 == 0:
            log.write(everything=True)
    log.record_search("gout", found=1, changed=False)
    log.write(everything=True)
    store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    said = caplog.text + "".join(capfd.readouterr())
    assert b"gout" in kept, "the log does write"
    found = [
        i for i in identifiers if i.encode() in kept or i.lower().encode() in kept or i in said
    ]
    assert found == []
