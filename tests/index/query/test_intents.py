from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from index.analyzer import split_words, stem_word
from index.query.intents import DEFAULT_FILE, IntentCatalog, check_intents, load_intents
from index.query.interpretation import interpret
from kb.errors import IntentsError
from kb.model.taxonomy import load_taxonomy


@pytest.fixture(scope="module")
def intents() -> IntentCatalog:
    return load_intents()


def asked(q: str, intents: IntentCatalog, names: Collection[str] = ()) -> tuple[str, list[str]]:
    """Return the subject of `q` and the keys of its intents."""
    words = split_words(q)
    found = interpret(
        words,
        [stem_word(word) for word in words],
        intents,
        lambda start, end: " ".join(words[start:end]) in names,
    )
    if found is None:
        return "", []
    return " ".join(words[n] for n in found.subject), [intent.key for intent in found.asked]


@pytest.mark.parametrize(
    ("q", "subject", "keys"),
    [
        ("apixaban renal impairment", "apixaban", ["renal"]),
        ("dose of gabapentin in renal failure", "gabapentin", ["dose", "renal"]),
        ("when to worry after colonoscopy", "colonoscopy", ["when-to-call"]),
        ("what is metformin for", "metformin", ["indications"]),
        ("what is metformin", "metformin", ["overview"]),
        ("what is the dose of metformin", "metformin", ["dose"]),
        ("how long does shingles last", "shingles", ["outlook"]),
        ("how do beta blockers work", "beta blockers", ["mechanism"]),
        ("who should not take warfarin", "warfarin", ["contraindications"]),
        ("how to store insulin", "insulin", ["storage"]),
        ("too much paracetamol", "paracetamol", ["overdose"]),
        ("alternatives to warfarin", "warfarin", ["alternatives"]),
        ("is warfarin safe in pregnancy", "warfarin", ["pregnancy"]),
        ("sepsis red flags", "sepsis", ["when-to-call"]),
        ("kidney failure causes", "kidney failure", ["causes"]),
        ("gout", "gout", []),
        # Shorthand, and words that are neither the subject nor what is asked
        ("apixaban SE", "apixaban", ["side-effects"]),
        ("CI apixaban", "apixaban", ["contraindications"]),
        ("apixaban a/e", "apixaban", ["side-effects"]),
        ("pt pregnant on apixaban ok?", "apixaban", ["pregnancy"]),
        ("max daily dose metformin 24h", "metformin", ["dose"]),
        ("gout tx", "gout", ["treatment"]),
        ("what's apixaban for", "apixaban", ["indications"]),
        ("what dose of apixaban for stroke", "apixaban stroke", ["dose"]),
        ("risk factors for gout", "gout", ["risk-factors"]),
        # Without a subject, the words are searched as they are
        ("side effects", "", []),
        ("what is it", "", []),
    ],
)
def test_query_is_split_into_subject_and_intents(
    q: str, subject: str, keys: list[str], intents: IntentCatalog
) -> None:
    assert asked(q, intents) == (subject, keys)


def test_name_takes_precedence_over_a_shorter_phrase(intents: IntentCatalog) -> None:
    names = ("liver function tests", "emergency contraception")

    assert asked("liver function tests cost", intents, names)[0] == "liver function tests"
    assert asked("emergency contraception dose", intents, names)[1] == ["dose"]


@pytest.mark.parametrize(
    ("q", "keys"), [("anaphylaxis dose", ["dose"]), ("treatment of anaphylaxis", ["treatment"])]
)
def test_phrase_that_is_a_name_is_the_subject_if_nothing_else_is(
    intents: IntentCatalog, q: str, keys: list[str]
) -> None:
    assert asked(q, intents, ("anaphylaxis",)) == ("anaphylaxis", keys)
    assert asked("penicillin anaphylaxis", intents, ("anaphylaxis",)) == ("penicillin", ["allergy"])


def test_whole_query_that_is_a_name_asks_nothing(intents: IntentCatalog) -> None:
    assert asked("overdose", intents, ("overdose",)) == ("overdose", [])
    assert asked("side effects of steroids", intents, ("side effects of steroids",))[1] == []


def test_stop_words_of_a_name_belong_to_the_subject(intents: IntentCatalog) -> None:
    assert asked("hepatitis A symptoms", intents, ("hepatitis A",)) == ("hepatitis A", ["symptoms"])


def test_built_in_intents_use_known_tags(intents: IntentCatalog) -> None:
    taxonomy = load_taxonomy()

    assert [t for intent in intents.intents for t in intent.tags if t not in taxonomy] == []


def test_file_of_the_knowledge_base_replaces_the_built_in_intents(tmp_path: Path) -> None:
    (tmp_path / DEFAULT_FILE.name).write_text(
        '[[intent]]\nkey = "ward"\nlabel = "ward"\nphrases = ["which ward"]\n', encoding="utf-8"
    )

    assert [intent.key for intent in load_intents(tmp_path).intents] == ["ward"]


def test_shorthand_is_for_queries_only(tmp_path: Path) -> None:
    (tmp_path / DEFAULT_FILE.name).write_text(
        'asides = ["patients"]\n'
        '[[intent]]\nkey = "dose"\nlabel = "dose"\nphrases = ["dose"]\nshorthand = ["mg"]\n',
        encoding="utf-8",
    )

    catalog = load_intents(tmp_path)

    assert asked("patient apixaban mg", catalog) == ("apixaban", ["dose"])
    assert [*catalog["dose"].heading_phrases()] == ["dose"]


INTENT = '[[intent]]\nkey = "{}"\nlabel = "x"\nphrases = ["{}"]\n'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[[intent", "unreadable"),
        ("intent = 3", "intent-form"),
        ("intent = [3]", "intent-form"),
        ("", "empty"),
        ('[[intent]]\nkey = "a"\n', "field-missing"),
        (INTENT.format("a", "dose") + 'tag = ["x"]', "field-unknown"),
        (INTENT.format("a", "dose") + 'tags = "x"', "field-invalid"),
        (INTENT.format("a", "dose") + "loinc = [3]", "field-invalid"),
        ('[[intent]]\nkey = 3\nlabel = "x"\nphrases = ["dose"]', "field-invalid"),
        (INTENT.format("a", "* works"), "phrase"),
        (INTENT.format("a", "dose") + 'shorthand = ["* d"]', "phrase"),
        ("asides = [3]\n" + INTENT.format("a", "dose"), "field-invalid"),
        (INTENT.format("a", "dose") + INTENT.format("a", "amount"), "duplicate"),
        (INTENT.format("a", "dose") + INTENT.format("b", "doses"), "phrase-repeated"),
    ],
)
def test_invalid_file_is_rejected_with_its_place(text: str, code: str, tmp_path: Path) -> None:
    (tmp_path / DEFAULT_FILE.name).write_text(text, encoding="utf-8")

    with pytest.raises(IntentsError) as error:
        load_intents(tmp_path)

    assert error.value.code == code
    assert error.value.path.endswith(DEFAULT_FILE.name)


def test_check_reports_tags_that_the_taxonomy_lacks(tmp_path: Path) -> None:
    check_intents(tmp_path, ())
    path = tmp_path / DEFAULT_FILE.name
    path.write_text(INTENT.format("a", "dose") + 'related_tags = ["safety"]', encoding="utf-8")

    check_intents(tmp_path, ("safety",))
    with pytest.raises(IntentsError) as error:
        check_intents(tmp_path, ("mechanism",))

    assert (error.value.code, error.value.location) == ("unknown-tag", "intent a")
    assert [intent.related_tags for intent in load_intents(tmp_path).intents] == [("safety",)]
