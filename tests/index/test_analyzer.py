"""Texts and queries produce the same tokens, regardless of spelling and form."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import analyzer
from index.analyzer import (
    MAX_TOKEN_LENGTH,
    MIN_KERNEL_LENGTH,
    PrefixMatcher,
    fold,
    initial_letters,
    is_question_word,
    is_stopword,
    normalize_spelling,
    split_words,
    stem_text,
    stem_word,
    tokenize,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Endings
        ("treats", "treating"),
        ("infections", "infection"),
        ("diabetes", "diabetic"),
        ("bleeding", "BLEED"),
        # Possessives, with either apostrophe
        ("Crohn's", "crohn"),
        ("Crohn’s", "Crohn's"),
        ("patients'", "patient"),
        ("patient's", "patients’"),
        # Accents, as one character or as two
        ("Ménière", "Meniere"),
        ("Me\u0301nie\u0300re", "Ménière"),
        ("Me\u0301nie\u0300re’s", "Meniere"),
        ("naïve", "naive"),
        # Case
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("I\u0307stanbul", "istanbul"),
        # Invisible characters inside a word
        ("hy\u00adper\u00adten\u00adsion", "hypertension"),
        ("hyper\u200btension", "hypertension"),
        ("hyper\u00ad\u200b\u2060tension", "hypertension"),
        ("dia\u200d\u200cbetes", "diabetes"),
        # Letters in other forms
        ("ﬁbrosis", "fibrosis"),
        ("ＡＳＡ", "asa"),
        ("𝐚𝐬𝐩𝐢𝐫𝐢𝐧", "aspirin"),
        ("CO₂", "co2"),
        ("β", "beta"),
        ("Β", "beta"),
        ("α", "alpha"),
        ("γδ", "gammadelta"),
        ("µ", "μ"),
        # The file of exceptions
        ("diagnoses", "diagnosis"),
        ("metastases", "metastasis"),
        ("thrombi", "thrombus"),
        ("bacteria", "bacterium"),
        ("foetus", "fetuses"),
        ("gases", "gas"),
        ("organs", "organ"),
        ("dosage", "dose"),
        ("overdosage", "overdose"),
        ("urinary", "urine"),
        ("septic", "sepsis"),
        ("kidney's", "kidneys"),
        # Numbers and letters
        (".5", "0.5"),
        ("B-12", "B12"),
    ],
)
def test_equivalent_words_have_the_same_stem(one: str, other: str) -> None:
    assert stem_text(one) == stem_text(other)
    assert len(stem_text(one)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("organ", "organism"),
        ("general", "generic"),
        ("aids", "aid"),
        ("mechanism", "mechanical"),
        ("positive", "position"),
        ("effective", "effects"),
        ("extremity", "extreme"),
        ("intensive", "intensity"),
        ("emergency", "emergence"),
        ("depression", "depressant"),
        ("ms", "m"),
        ("news", "new"),
        ("0.5", "5"),
        ("1.5", "1.6"),
        ("5.0", "50"),
        ("hypertension", "hypotension"),
        ("hyperthyroidism", "hypothyroidism"),
        ("aspirin", "aspirate"),
    ],
)
def test_different_words_have_different_stems(one: str, other: str) -> None:
    assert stem_word(one) != stem_word(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \n\t—…!", []),
        ("Take 0.5 mg.", ["Take", "0.5", "mg"]),
        ("1,000 units", ["1,000", "units"]),
        ("Rest. 2 days", ["Rest", "2", "days"]),
        ("mg/kg", ["mg", "kg"]),
        ("follow-up", ["follow", "up"]),
        ("x‑ray", ["x", "ray"]),
        ("snake_case", ["snake", "case"]),
        ("don't stop", ["don't", "stop"]),
        ("'quoted'", ["quoted"]),
        ("β-blocker", ["β", "blocker"]),
        ("B12, HbA1c", ["B12", "HbA1c"]),
        ("中文", ["中", "文"]),
        ("metformin二甲", ["metformin", "二", "甲"]),
        ("(.5 mg)", [".5", "mg"]),
        ("End.5 mg", ["End", "5", "mg"]),
        ("B-12 and COVID-19", ["B-12", "and", "COVID", "19"]),
        ("38C is 38 °C", ["38", "C", "is", "38", "C"]),
        ("a\u200b b", ["a", "b"]),
        ("cafe\u0301 au lait", ["cafe\u0301", "au", "lait"]),
        ("😀 pain", ["pain"]),
    ],
)
def test_tokenize_splits_text_into_words(text: str, found: list[str]) -> None:
    assert split_words(text) == found


def test_token_has_position_and_offsets() -> None:
    text = "Crohn’s disease: 0.5 mg"

    found = list(tokenize(text))

    assert [text[token.start : token.end] for token in found] == ["Crohn’s", "disease", "0.5", "mg"]
    assert [token.position for token in found] == [0, 1, 2, 3]
    assert [token.stem for token in found] == ["crohn", "diseas", "0.5", "mg"]


def test_overlong_word_is_truncated() -> None:
    assert len(stem_word("x" * 10_000)) == MAX_TOKEN_LENGTH


@pytest.mark.parametrize("word", ["the", "The", "THE", "what", "is"])
def test_stop_words_are_recognised(word: str) -> None:
    assert is_stopword(word)


@pytest.mark.parametrize("word", ["gout", "pain", "ms", "ra", "news", "0.5"])
def test_medical_words_are_not_stop_words(word: str) -> None:
    assert not is_stopword(word)


@given(st.text())
def test_tokens_are_ordered_and_non_empty(text: str) -> None:
    at = 0
    for number, token in enumerate(tokenize(text)):
        assert token.position == number
        assert at <= token.start < token.end <= len(text)
        assert token.stem
        assert len(token.stem) <= MAX_TOKEN_LENGTH
        at = token.end


@given(st.text("pa5 'x.,-\n\t\"", min_size=MIN_KERNEL_LENGTH, max_size=3 * MIN_KERNEL_LENGTH))
def test_kernel_splits_long_texts_like_the_regex(text: str) -> None:
    assert split_words(text) == [text[token.start : token.end] for token in tokenize(text)]


@given(st.text())
def test_indexing_and_querying_use_the_same_stems(text: str) -> None:
    assert [token.stem for token in tokenize(text)] == stem_text(text)
    assert [stem_word(word) for word in split_words(text)] == stem_text(text)


LATIN = st.characters(min_codepoint=0x41, max_codepoint=0x17F, categories=["Lu", "Ll"])


@given(st.text(LATIN, min_size=1))
def test_case_and_accent_form_are_ignored(word: str) -> None:
    assert fold(word) == fold(unicodedata.normalize("NFD", word))
    assert fold(word) == fold(word.casefold())
    assert stem_text(word) == stem_text(unicodedata.normalize("NFD", word))


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("oedema", "edema"),
        ("oedematous", "edematous"),
        ("anaemia", "anemia"),
        ("anaemic", "anemic"),
        ("haemoglobin", "hemoglobin"),
        ("haemorrhage", "hemorrhage"),
        ("methaemoglobinaemia", "methemoglobinemia"),
        ("haem", "heme"),
        ("paediatric", "pediatric"),
        ("orthopaedic", "orthopedic"),
        ("oestrogen", "estrogen"),
        ("diarrhoea", "diarrhea"),
        ("gonorrhoea", "gonorrhea"),
        ("foetus", "fetus"),
        ("foetal", "fetal"),
        ("leukaemia", "leukemia"),
        ("leucocytes", "leukocyte"),
        ("anaesthetised", "anesthetized"),
        ("paraesthesia", "paresthesia"),
        ("oesophagus", "esophagus"),
        ("caesarean", "cesarean"),
        ("faeces", "feces"),
        ("caecum", "cecum"),
        ("coeliac", "celiac"),
        ("gynaecology", "gynecology"),
        ("aetiology", "etiology"),
        ("dyspnoea", "dyspnea"),
        ("apnoeic", "apneic"),
        ("manoeuvre", "maneuver"),
        ("amoebic", "amebic"),
        ("tumours", "tumor"),
        ("colour", "color"),
        ("behavioural", "behavioral"),
        ("labour", "labor"),
        ("fibres", "fiber"),
        ("millilitre", "milliliter"),
        ("centred", "centered"),
        ("titre", "titer"),
        ("sulphate", "sulfate"),
        ("hospitalised", "hospitalized"),
        ("hospitalisation", "hospitalization"),
        ("immunise", "immunize"),
        ("sterilising", "sterilizing"),
        ("randomised", "randomized"),
        ("metastasise", "metastasize"),
        ("analysed", "analyzed"),
        ("paralysed", "paralyzed"),
        ("ageing", "aging"),
        ("grey", "gray"),
        ("enrolment", "enrollment"),
        ("programme", "program"),
        ("licence", "license"),
        ("practise", "practice"),
    ],
)
def test_british_and_american_spellings_are_equivalent(british: str, american: str) -> None:
    assert stem_text(british) == stem_text(american)


@pytest.mark.parametrize(
    "word",
    [
        "aerobic", "michael", "exercise", "exercised", "advise", "advises", "disease", "diseased",
        "promise", "promised", "poem", "poet", "does", "shoe", "canoe", "phoenix", "aorta", "raise",
        "rise", "precise", "premise", "otherwise", "bruise", "noise", "wise", "incise", "excised",
        "circumcised", "supervised", "revised", "surprised", "compromised", "hour", "four", "pour",
        "course", "journal", "tourniquet", "sour", "mild", "shoulder", "concentrate", "symmetry",
        "metric", "nitric", "philtrum", "aerosol", "israel", "coexist", "coerce", "poetry",
        "academic", "palliative", "centrifuge", "litter", "analyses", "dialyses", "programmer",
    ],
)  # fmt: skip
def test_words_without_variant_are_unchanged(word: str) -> None:
    assert normalize_spelling(word) == word


def test_folded_words_keep_their_spelling() -> None:
    assert fold("Diarrhoea") == "diarrhoea"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("5mg", "5 mg"),
        ("5MG", "5 mg"),
        ("0.5mg", "0.5 mg"),
        ("100mg/5ml", "100 mg/5 mL"),
        ("10mcg", "10 µg"),
        ("10ug", "10 micrograms"),
        ("10 μg", "10 microgrammes"),
        ("250 milligrams", "250mg"),
        ("1,000 units", "1000 units"),
        ("1,234,567", "1234567"),
        ("1,000.5", "1000.5"),
        ("2hrs", "2 hours"),
        ("6mmol/l", "6 mmol/L"),
        ("12wks", "12 weeks"),
    ],
)
def test_equal_amounts_match_in_any_notation(text: str, same: str) -> None:
    assert stem_text(text) == stem_text(same)


@pytest.mark.parametrize(
    "word",
    ["B12", "T4", "CD4", "H1N1", "p53", "COVID19", "HbA1c", "2nd", "3D", "5HT", "T2DM", "1q21"],
)
def test_letters_other_than_units_stay_attached_to_numbers(word: str) -> None:
    assert split_words(word) == [word]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0,125", "0125"),
        ("1,00", "100"),
        ("12,34", "1234"),
        ("µg", "mg"),
        ("mug", "µg"),
        ("5.0", "5"),
    ],
)
def test_different_amounts_do_not_match(one: str, other: str) -> None:
    assert stem_text(one) != stem_text(other)


@pytest.mark.parametrize(
    "forms",
    [
        "diagnosis diagnoses diagnosed diagnostic",
        "metastasis metastases metastatic",
        "vertebra vertebrae",
        "ovary ovaries ovarian",
        "foot feet",
        "tooth teeth",
        "child children",
        "stimulus stimuli",
        "appendix appendices",
        "crisis crises",
        "carcinoma carcinomata",
        "hepatitis hepatitides",
        "arthritis arthritic",
        "swelling swollen",
        "bleeding bled",
        "pregnant pregnancy",
        "virus viral",
        "asthma asthmatic",
        "lens lenses",
        "SSRI SSRIs",
        "urine urinary",
        "dose dosage dosing",
        "overdose overdosage",
        "sepsis septic",
        "allergy allergies allergic",
        "injury injured",
        "surgery surgical",
        "anxiety anxious",
        "recurrence recurrent recurring",
        "tired tiredness",
        "lose losing lost loss",
        "relief relieve",
        "oesophagus oesophageal",
        "cornea corneal",
        "nodule nodular",
        "oedema oedematous",
        "worse worsening",
        "prescribe prescription",
    ],
)
def test_irregular_forms_have_the_same_stem(forms: str) -> None:
    assert len(set(stem_text(forms))) == 1


@pytest.mark.parametrize(
    "forms",
    [
        "osteonecrosis osteonecrotic",
        "thrombolysis thrombolytic thrombolytics",
        "cholestasis cholestatic cholestatically",
        "anaphylaxis anaphylactic",
        "hemiparesis hemiparetic",
        "ischaemia ischemic ischaemic",
        "neutropenia neutropenic",
        "neuralgia neuralgic",
        "paraesthesia paresthetic",
        "arrhythmia arrhythmias arrhythmic",
        "schizophrenia schizophrenic",
        "oliguria oliguric",
        "haemophilia haemophiliac hemophilic",
        "claustrophobia claustrophobic",
        "tachycardia tachycardic",
        "dyspnoea dyspneic",
        "hyperplasia hyperplastic",
        "dyskinesia dyskinetic",
        "hepatomegaly hepatomegalic",
        "hydrocephalus hydrocephalic",
        "cardiomyopathy cardiomyopathies cardiomyopathic",
        "hypertrophy hypertrophic",
        "gastroscopy gastroscope gastroscopic",
        "echocardiogram echocardiography echocardiographic",
        "granuloma granulomas granulomatous",
        "streptococcus streptococci streptococcal",
        "rotavirus rotaviruses rotaviral",
        "nasopharynx nasopharyngeal",
        "myocardium myocardial",
        "calcify calcified calcification",
    ],
)
def test_words_with_kindred_endings_have_the_same_stem(forms: str) -> None:
    assert len(set(stem_text(forms))) == 1


@pytest.mark.parametrize(
    "words_apart",
    [
        "narcosis narcotic",
        "prostate prostasis",
        "system systemic",
        "myocarditis myocardial myocardiopathy",
        "hypothermia hyperthermia",
        "tachycardia bradycardia cardiac",
        "nephrotic nephritis nephrotoxic",
        "colonoscopy colposcopy",
        "colon colonise colony",
        "ambulance ambulation",
        "lactate lactation",
        "concept conception",
        "neuropathy nephropathy",
        "universal university",
        "organ organic organism organization",
        "news new",
        "gene general generic",
        "hepatitis hepatic",
        "peritonitis peritoneal",
        "bronchitis bronchial",
        "immune immunization",
        "several severe",
        "nerve nervous",
        "medical medication medicine",
        "secret secretion",
        "person personality",
        "policy police",
        "relate relative",
        "topic topical",
        "digit digital digitalis",
        "enter enteric",
        "import important",
        "station static stationary",
        "rate ratio ration",
        "major majority",
        "labor laboratory",
        "ileum ilium",
    ],
)
def test_similar_looking_words_have_different_stems(words_apart: str) -> None:
    found = stem_text(words_apart)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("word", ["what", "which", "role", "list", "Describe", "known", "many"])
def test_question_words_are_recognised(word: str) -> None:
    assert is_question_word(word)


@pytest.mark.parametrize(
    "word",
    ["side", "effects", "cause", "causes", "symptoms", "treatment", "risk", "diagnosis", "test",
     "outlook", "prevent", "dose", "inherited", "complications", "genetic", "changes"],
)  # fmt: skip
def test_topical_words_are_not_question_words(word: str) -> None:
    assert not is_question_word(word)


def test_spelling_rules_do_not_shadow_each_other() -> None:
    letters, replaced, verbs = analyzer._spellings()
    lines = analyzer.read_lines("spellings.txt")
    rules = [line.split("=")[0].strip() for line in lines if "=" in line]
    assert len(rules) == len(replaced)
    assert all(letters.fullmatch(rule.strip("^$")) for rule in rules)
    assert verbs.match("hospitalise")


def test_stems_file_has_one_stem_per_word() -> None:
    pairs = [line.split(":") for line in analyzer.read_lines("stems.txt")]
    forms = [form for _, right in pairs for form in right.split()]
    assert len(forms) == len(set(forms))


@given(
    st.text("paint5 '’-,.°µβé²–×−\t\u00ad\u0301\n", max_size=30),
    st.sets(st.sampled_from(["pain", "ant", "beta", "5", "int", "microgram", "é"]), min_size=1),
)
def test_prefix_matcher_finds_all_candidate_words(text: str, wanted: set[str]) -> None:
    stems = set(map(stem_word, wanted))
    every = [(token.start, token.end) for token in tokenize(text) if token.stem in stems]
    places = PrefixMatcher(stems).find_spans(text)
    assert [(a, b) for a, b in places if stem_word(text[a:b]) in stems] == every
    assert set(places) <= {(token.start, token.end) for token in tokenize(text)}


@given(
    st.text("abcdefghilmnoprstuy", min_size=1, max_size=9).map(str.title)
    | st.sampled_from(["Oesophagus", "micrograms", "anaemia", "Paediatric", "units", "Diagnoses"])
)
def test_initial_letters_cover_all_words_of_a_stem(word: str) -> None:
    assert word[0] in initial_letters(stem_word(word))
    assert PrefixMatcher([stem_word(word)]).find_spans(word) == [(0, len(word))]
