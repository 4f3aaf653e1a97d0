"""Synonym dictionary: names of one concept match each other, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.analyzer import fold, split_words, stem_text
from index.query.expansion import expand_synonyms
from index.query.parser import parse
from index.query.synonym_rules import (
    HINT,
    SynonymConcept,
    SynonymKind,
    adds_matches,
    format_rules,
    is_abbreviation,
    is_ordinary_word,
    parse_rules,
    read_rules,
)
from index.query.synonyms import (
    BUILT_IN_RULES,
    MAX_SYNONYMS_PER_MATCH,
    WEIGHTS,
    SynonymDictionary,
    SynonymMatch,
    compiled_lines,
)
from kb.errors import SynonymsError
from tests.raises import raises


@pytest.fixture(scope="module")
def shipped() -> SynonymDictionary:
    return SynonymDictionary()


def matches(vocabulary: SynonymDictionary, query: str) -> list[SynonymMatch]:
    return list(vocabulary.find_matches(split_words(query)))


def others(vocabulary: SynonymDictionary, query: str) -> list[str]:
    return [other.text for match in matches(vocabulary, query) for other in match.synonyms]


def team(folder: Path, text: str) -> SynonymDictionary:
    file = folder / "synonyms.txt"
    file.write_text(text, encoding="utf-8")
    return SynonymDictionary(file)


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("heart attack", "myocardial infarction"),
        ("myocardial infarction", "heart attack"),
        ("Myocardial Infarctions", "heart attack"),
        ("MI", "myocardial infarction"),
        ("high blood pressure", "hypertension"),
        ("hypertension", "high blood pressure"),
        ("renal insufficiency", "kidney failure"),
        ("hepatic impairment", "liver failure"),
        ("HTN", "hypertension"),
        ("treatment of kidney failure in adults", "renal failure"),
        ("kidney", "renal"),
        ("copd", "chronic obstructive pulmonary disease"),
        ("chronic obstructive pulmonary disease", "COPD"),
        ("NSAIDs", "non-steroidal anti-inflammatory drug"),
        ("GPs", "family doctor"),
        ("A&E", "emergency department"),
        ("acetaminophen", "paracetamol"),
        ("paracetamol", "acetaminophen"),
        ("Tylenol", "paracetamol"),
        ("coumadin", "warfarin"),
        ("anemia pernicious; shingles", "herpes zoster"),
        ("diarrhea", "loose stools"),
        ("diarrhoea", "loose stools"),
        ("ECG", "EKG"),
        ("nearsightedness", "myopia"),
        ("osteogenesis imperfecta", "brittle bone disease"),
    ],
)
def test_names_of_a_concept_are_synonyms(
    shipped: SynonymDictionary, query: str, other: str
) -> None:
    assert other in others(shipped, query)


@pytest.mark.parametrize(
    "query",
    [
        "all was it as or fact hip cat who nice cap pad",
        "WHO IS AT RISK",
        "hearing aids",
        "hit head",
        "incidence",  # Incidal is a drug
        "even",  # Evenity is a drug
        "immune system",  # immunisation is not
        "peritoneal",  # peritonitis is not
        "mec",  # three letters of a catalogue
        "ml",  # MLS, cut by the stemmer
        "go",
        "inheritance",
        "thyroid",
        "",
        "xyzzy",
    ],
)
def test_ordinary_words_and_codes_have_no_synonyms(shipped: SynonymDictionary, query: str) -> None:
    assert matches(shipped, query) == []


def test_ordinary_word_abbreviations_require_capitals(shipped: SynonymDictionary) -> None:
    assert others(shipped, "WHO advice") == ["World Health Organization"]
    assert others(shipped, "AIDS") == ["acquired immunodeficiency syndrome"]
    assert others(shipped, "aids") == []
    assert "AIDS" not in others(shipped, "acquired immunodeficiency syndrome")


def test_longest_name_matches_without_overlap(shipped: SynonymDictionary) -> None:
    found = matches(shipped, "type 2 diabetes and chronic kidney disease")
    assert [(match.start, match.end, match.typed) for match in found] == [
        (0, 3, "type 2 diabetes"),
        (4, 7, "chronic kidney disease"),
    ]


@pytest.mark.parametrize("name", ["heart attack", "hypertension", "pancreatic cancer", "aspirin"])
def test_synonyms_are_limited_and_distinct(shipped: SynonymDictionary, name: str) -> None:
    (match,) = matches(shipped, name)
    typed = tuple(stem_text(name))
    keys = [other.stems for other in match.synonyms]
    assert 0 < len(keys) <= MAX_SYNONYMS_PER_MATCH
    assert len(set(keys)) == len(keys)
    for other in match.synonyms:
        assert other.stems == tuple(stem_text(other.text))
        assert set(other.stems) != set(typed)
        assert " ".join(typed) not in " ".join(other.stems)
        assert 0 < other.weight < 1


def test_abbreviations_weigh_less_than_names(shipped: SynonymDictionary) -> None:
    (match,) = matches(shipped, "chronic kidney disease")
    weights = {other.text: other.weight for other in match.synonyms}
    assert weights["CKD"] < weights["chronic renal disease"]
    (short,) = matches(shipped, "MI")
    (long,) = matches(shipped, "heart attack")
    assert short.synonyms[0].weight < long.synonyms[0].weight


@pytest.mark.parametrize("organ", [("renal", "kidney"), ("hepatic", "liver")])
@pytest.mark.parametrize("typed", ["failure", "impairment", "insufficiency"])
def test_organ_failure_matches_its_other_names(
    shipped: SynonymDictionary, organ: tuple[str, str], typed: str
) -> None:
    names = {(part, loss) for part in organ for loss in ("failure", "impairment", "insufficiency")}
    for part in organ:
        (match,) = shipped.find_matches((part, typed))
        found = {tuple(other.text.lower().split()) for other in match.synonyms}
        assert names - {(part, typed)} <= found


def test_custom_synonyms_are_used(tmp_path: Path) -> None:
    ours = team(
        tmp_path,
        "# ours\n\nWobbles = postural instability, PIX # on the ward\nzap => cardioversion\n",
    )
    assert others(ours, "the wobbles") == ["postural instability", "PIX"]
    assert others(ours, "PIX") == ["Wobbles", "postural instability"]
    assert others(ours, "zap") == ["cardioversion"]
    assert others(ours, "cardioversion") == []
    assert "myocardial infarction" in others(ours, "heart attack")


def test_custom_synonyms_take_precedence(tmp_path: Path) -> None:
    ours = team(tmp_path, "heart attack = coronary\n")
    assert others(ours, "heart attack")[:2] == ["coronary", "myocardial infarction"]


def test_built_in_synonyms_apply_without_custom_file(tmp_path: Path) -> None:
    assert "MI" in others(SynonymDictionary(tmp_path / "synonyms.txt"), "heart attack")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("heart attack", "equals-missing"),
        ("a one = b two = c three", "equals-repeated"),
        ("heart attack =", "name-empty"),
        ("heart attack = , MI", "name-empty"),
        ("=> MI", "name-empty"),
        ("x = one two three four five six seven eight nine", "name-length"),
    ],
)
def test_invalid_rule_is_reported_with_line_and_fix(tmp_path: Path, line: str, code: str) -> None:
    with raises(SynonymsError, code) as caught:
        team(tmp_path, f"# first\n{line}\n")
    error = caught.value
    assert (error.path, error.line) == (str(tmp_path / "synonyms.txt"), 2)
    assert HINT in str(error)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("to be = existence", "name-stop-words"),
        ("it => information technology", "name-stop-words"),
        ("ACE AND ARB = dual blockade", "name-operator"),
        ("tablet = tablets", "names-equal"),
        ("diabetes => diabetes mellitus", "names-equal"),
        ("world health organization => WHO", "names-equal"),
    ],
)
def test_synonym_that_never_matches_is_rejected(tmp_path: Path, line: str, code: str) -> None:
    with raises(SynonymsError, code) as caught:
        team(tmp_path, f"# first\n{line}\n")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("line", "query"),
    [
        ("as needed = PRN", "as needed"),
        ("out of hours = OOH", "out of hours"),
        ("world health organization = WHO", "WHO report"),
        ("bed-board = XQZ", "bed-board"),
    ],
)
def test_names_with_small_words_are_accepted(tmp_path: Path, line: str, query: str) -> None:
    assert others(team(tmp_path, line + "\n"), query)


@pytest.mark.parametrize(
    "concept", read_rules(BUILT_IN_RULES), ids=lambda concept: concept.left[0].text
)
def test_every_curated_name_finds_its_concept(
    shipped: SynonymDictionary, concept: SynonymConcept
) -> None:
    for name in concept.left:
        others = [other.text for other in concept.names if adds_matches(name, other)]
        expanded, found = expand_synonyms(parse(name.text), shipped)
        used = {tuple(other.stems) for match in found for other in match.synonyms}
        if others:
            assert len(expanded.clauses) == 1, name.text
            assert used & {tuple(stem_text(other)) for other in others}, name.text


def test_synonyms_file_must_be_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "synonyms.txt"
    file.write_bytes(b"caf\xe9 = coffee\n")
    with raises(SynonymsError, "encoding") as caught:
        SynonymDictionary(file)
    assert caught.value.path == str(file)
    assert "UTF-8" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["warfarin", "Warfarin", "Coumadin", "hydroxyzine", "salbutamol", "valaciclovir"]
)
def test_drug_names_include_synonyms(shipped: SynonymDictionary, name: str) -> None:
    assert fold(name) in shipped.drugs


@pytest.mark.parametrize("name", ["water", "gout", "care", "metformina", "seizure", "thyroid"])
def test_ordinary_words_are_not_drugs(shipped: SynonymDictionary, name: str) -> None:
    assert fold(name) not in shipped.drugs


def test_words_of_all_names_are_correctly_spelled(shipped: SynonymDictionary) -> None:
    assert {fold("myocardial"), fold("warfarin")} <= shipped.words


def test_compiled_keys_match_current_analysis(shipped: SynonymDictionary) -> None:
    stale = [line for line in compiled_lines() if format_rules(parse_rules(line)) != line]
    assert stale == []


def test_built_in_list_has_no_duplicates() -> None:
    twice = []
    for concept in read_rules(BUILT_IN_RULES):
        keys = [tuple(stem_text(name.text)) for name in concept.names]
        twice += [
            name.text for name in concept.names if keys.count(tuple(stem_text(name.text))) > 1
        ]
    assert twice == []


@pytest.mark.parametrize("name", ["MI", "COPD", "T2DM", "HbA1c", "U&E", "NSAID", "DOACs", "SARS"])
def test_abbreviations_are_recognised(name: str) -> None:
    assert is_abbreviation(name)


@pytest.mark.parametrize("name", ["gout", "Gout", "heart attack", "penicillin G", "Barré", "x-ray"])
def test_words_are_not_abbreviations(name: str) -> None:
    assert not is_abbreviation(name)


def test_ordinary_words_are_recognised() -> None:
    assert is_ordinary_word("CAT")
    assert is_ordinary_word("who")
    assert not is_ordinary_word("COPD")


def test_every_synonym_kind_has_a_weight() -> None:
    assert set(WEIGHTS) == set(SynonymKind)
