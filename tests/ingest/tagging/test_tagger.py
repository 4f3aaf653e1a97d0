import pytest

from ingest.tagging.tagger import Tagger
from kb.model.article import Block, BlockKind, paragraph
from kb.model.passage import Evidence, Passage
from kb.model.taxonomy import TagDefinition, Taxonomy, load_taxonomy

TAXONOMY = Taxonomy(
    [
        TagDefinition(
            key="how",
            label="How",
            headings=("mechanism*", "how * work"),
            cues=("binds to", "blocks the"),
        ),
        TagDefinition(
            key="safe",
            label="Safe",
            headings=("side effect*", "warning*"),
            cues=("bleeding", "fatal", "harm", "banned!", "nausea?", "rash?", "^avoid?"),
            loinc=("1-1", "3-3"),
        ),
        TagDefinition(
            key="long",
            label="Long",
            headings=("long term",),
            cues=("follow up",),
            loinc=("2-2", "3-3"),
        ),
        TagDefinition(key="what", label="What", headings=("about?", "what are?")),
    ],
    other_headings=("treatment*",),
    other_cues=("storage",),
)
FILLER = "Plain words stand here. "


def tags(text, *path, kind=BlockKind.PARAGRAPH, codes=()):
    passage = Passage(heading_path=path, blocks=(Block(kind=kind, text=text),), codes=codes)
    return {tag.tag: tag for tag in Tagger(TAXONOMY).tag_passage(passage)}


CASES = [
    (("Side effects",), "Plain.", {"safe": 0.9}),
    (("Side effects", "Common"), "Plain.", {"safe": 0.7}),
    (("Side effects", "Warnings"), "Plain.", {"safe": 0.9}),
    (("Side effects", "Long-term use"), "Plain.", {"safe": 0.7, "long": 0.9}),
    (("How do statins work?",), "Plain.", {"how": 0.9}),
    (("Storage",), "Plain.", {}),
    ((), FILLER + "There may be bleeding.", {}),
    ((), "There may be bleeding. " + FILLER, {"safe": 0.5}),
    ((), FILLER + "There may be bleeding, even fatal.", {"safe": 0.64}),
    ((), FILLER + "Bleeding, bleeding and bleeding.", {}),
    ((), FILLER + "Bleeding, harm, fatal.", {"safe": 0.78}),
    (("Side effects",), FILLER + "Bleeding and harm.", {"safe": 0.96}),
    (("Side effects",), "It binds to and blocks the pump.", {"safe": 0.9, "how": 0.52}),
    (("Side effects",), FILLER + "It binds to and blocks the pump.", {"safe": 0.9}),
    ((), FILLER + "It is banned.", {"safe": 0.6}),
    (("Mechanism",), FILLER + "It is banned.", {"how": 0.9}),
    ((), FILLER + "Nausea or rash.", {}),
    ((), FILLER + "Nausea or rash. Avoid it.", {"safe": 0.51}),
    ((), FILLER + "Nausea or rash. They avoid it.", {}),
    ((), FILLER + "Bleeding, even fatal." + 40 * FILLER, {}),
    (("About aspirin",), "Plain.", {"what": 0.9}),
    (("What are the side effects?",), "Plain.", {"safe": 0.9}),
    (("About its treatment",), "Plain.", {}),
    (("What are the treatments?", "About it"), "Plain.", {"what": 0.9}),
    ((), "Storage. " + FILLER, {}),
    (("Humira",), "5 WARNINGS AND PRECAUTIONS Plain words.", {"safe": 0.9}),
    (("Humira",), "DNA and RNA are plain.", {}),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_tags_and_confidences(path, text, expected):
    assert {key: tag.confidence for key, tag in tags(text, *path).items()} == expected


def test_reasons_name_the_evidence():
    tag = tags("Plain. Bleeding can be fatal.", "Side effects")["safe"]
    named = ("Side effects", "bleeding", "fatal")
    assert not [words for words in named if words not in tag.reason]
    assert "Plain" not in tag.reason
    assert tag.evidence is Evidence.HEADING
    assert tags("Bleeding can be fatal.")["safe"].evidence is Evidence.CUE


CODES = [
    (("1-1",), {"safe": 0.98}),
    (("9-9", "2-2", "1-1"), {"long": 0.98}),
    (("3-3",), {"safe": 0.98, "long": 0.98}),
    (("9-9",), {}),
]


@pytest.mark.parametrize(("codes", "expected"), CODES)
def test_nearest_known_code_wins(codes, expected):
    found = tags("Plain.", codes=codes)
    assert {key: tag.confidence for key, tag in found.items()} == expected
    assert all(tag.evidence is Evidence.CODE for tag in found.values())


def test_headings_and_cues_add_tags_to_a_code():
    found = tags("Plain.", "Mechanism", codes=("9-9", "1-1"))
    assert "1-1" in found["safe"].reason
    assert "Mechanism" not in found["safe"].reason
    assert found["how"].confidence == 0.9


def test_first_line_of_callout_counts_as_heading():
    assert tags("Warning:\nIt is plain.", "Use", kind=BlockKind.CALLOUT)["safe"].confidence == 0.9
    assert not tags("Warning:\nIt is plain.", "Use")


def test_tags_follow_taxonomy_order():
    assert list(tags("Plain.", "Long-term side effects and how they work")) == [
        "how",
        "safe",
        "long",
    ]


SHIPPED = [
    ("The Mechanism Behind Its Efficacy", "mechanism"),
    ("How beta blockers work", "mechanism"),
    ("What happens in the body", "mechanism"),
    ("Safety Profile and Common Side Effects", "safety"),
    ("Risks and complications", "safety"),
    ("Who should not take it", "contraindications"),
    ("Interactions with other medicines", "interactions"),
    ("Long-Term Considerations and Patient Management", "long-term-care"),
    ("Living with asthma", "long-term-care"),
    ("Follow-up", "long-term-care"),
    ("When to call 999", "when-to-seek-help"),
    ("References", "references"),
]


@pytest.mark.parametrize(("heading", "tag"), SHIPPED)
def test_built_in_taxonomy_recognises_common_headings(heading, tag):
    passage = Passage(heading_path=(heading,), blocks=(paragraph("Plain."),))
    assert tag in [found.tag for found in Tagger(load_taxonomy()).tag_passage(passage)]


@pytest.mark.parametrize(
    "heading", ["How to prevent falls", "What happens at the appointment", "Symptoms"]
)
def test_built_in_taxonomy_does_not_tag_advice_as_mechanism(heading):
    passage = Passage(heading_path=(heading,), blocks=(paragraph("Plain."),))
    assert "mechanism" not in [found.tag for found in Tagger(load_taxonomy()).tag_passage(passage)]


def built_in_tags(heading, text, codes=()):
    path = (heading,) if heading else ()
    passage = Passage(heading_path=path, blocks=(paragraph(text),), codes=codes)
    return [found.tag for found in Tagger(load_taxonomy()).tag_passage(passage)]


QUESTIONS = [
    ("What are the side effects?", ["safety"]),
    ("What are the risks of this operation", ["safety"]),
    ("About the side effects", ["safety"]),
    ("Understanding the warnings", ["safety"]),
    ("What is the outlook?", ["long-term-care", "prognosis"]),
    ("What are the symptoms of gout?", ["diagnosis"]),
    ("What are the treatments for gout?", []),
    ("What is the purpose of the test?", ["indications", "diagnosis"]),
    ("What are the tonsils?", ["overview"]),
    ("About ibuprofen", ["overview"]),
    ("Understanding heart failure", ["overview"]),
]


@pytest.mark.parametrize(("heading", "expected"), QUESTIONS)
def test_question_about_an_aspect_is_not_an_overview(heading, expected):
    assert built_in_tags(heading, "Plain.") == expected


EMERGENCIES = [
    ("Emergency contraception", "Take the tablet within five days, the sooner the better."),
    ("Emergency department", "The unit is on the ground floor and open day and night."),
    ("In case of emergency or overdose", "Take the box with you. Charcoal may be given."),
    ("When to seek help", "Call 999 if you have chest pain, faint or cannot breathe."),
    ("Warning signs", "A drooping face, a weak arm and slurred speech."),
    ("", "Call an ambulance if there is chest pain. Go to hospital if you vomit blood."),
    ("", "Ring the surgery if the pain gets worse. Go to hospital at once if you cannot breathe."),
    ("", "See a doctor if the rash spreads, or contact the clinic right away if you feel faint."),
]


@pytest.mark.parametrize(("heading", "text"), EMERGENCIES)
def test_emergency_is_not_long_term_care(heading, text):
    assert "long-term-care" not in built_in_tags(heading, text)


def test_heading_of_a_larger_part_is_weaker_evidence_against_a_category():
    text = "Nausea, vomiting, drowsiness, headache and an itching rash in some."
    tagger = Tagger(load_taxonomy())

    def confidence(*path):
        passage = Passage(heading_path=path, blocks=(paragraph(text),))
        return {tag.tag: tag.confidence for tag in tagger.tag_passage(passage)}.get("safety", 0.0)

    assert confidence("Ibuprofen") > confidence("Treatment", "Ibuprofen") > confidence("Treatment")


def test_help_within_long_term_care_keeps_both_tags():
    found = built_in_tags(
        "Follow-up", "We see you every three months. Call 999 if you have chest pain."
    )
    assert {"long-term-care", "when-to-seek-help"} <= set(found)


def test_help_for_side_effects_is_also_safety():
    text = "Stop the tablets and call 111 for severe muscle pain, jaundice or an allergic reaction."
    assert built_in_tags("When to seek urgent help", text) == ["safety", "when-to-seek-help"]


INDICATIONS = [
    ("Indications", "Nausea, vomiting and headache after chemotherapy."),
    ("Uses", "Relieves nausea, dizziness, itching and rash."),
    ("", "Ondansetron is indicated for the prevention of nausea and vomiting after surgery."),
    ("", "These tablets are used to treat severe nausea, vomiting and dizziness in adults."),
    ("", "1 INDICATIONS AND USAGE Treatment of life-threatening arrhythmia and seizures."),
]


@pytest.mark.parametrize(("heading", "text"), INDICATIONS)
def test_indication_that_mentions_symptoms_is_not_safety(heading, text):
    found = built_in_tags(heading, text)
    assert "indications" in found
    assert "safety" not in found


def test_code_of_another_subject_needs_more_evidence_for_safety():
    text = "Nausea, vomiting and dizziness, severe headache and itching rash in adults."
    assert "safety" in built_in_tags("", text)
    assert built_in_tags("", text, codes=("34067-9",)) == ["indications"]


@pytest.mark.parametrize("text", ["Nausea and a rash are side effects.", "It can be fatal."])
def test_side_effects_under_another_heading_stay_safety(text):
    assert "safety" in built_in_tags("Warnings for this indication", text)


METADATA = [
    ("", "Last reviewed: 12 March 2024. Next review: 12 March 2027."),
    ("About this leaflet", "Last reviewed: 4 May 2025. Next review due: 4 May 2028. Pharmacy."),
    ("Page information", "This page was last reviewed in June and is due for review in 2030."),
    ("", "Version 3. Reviewed by the medicines committee. Next review in two years."),
    ("", "Review date: June 2027. Owner: lead nurse. Circulation: all wards."),
]


@pytest.mark.parametrize(("heading", "text"), METADATA)
def test_review_dates_are_not_long_term_care(heading, text):
    assert "long-term-care" not in built_in_tags(heading, text)


DISEASES = [
    "Is a rare disorder of the nerves. About 40 cases have been reported in the literature.",
    "Measles is an infection with a high fever, a cough and, some days later, a rash.",
    "Signs and symptoms of the disease are severe headache, vomiting and confusion.",
    "It affects about 1 in 8,000 people, and is fatal in a few of them.",
]


@pytest.mark.parametrize("text", DISEASES)
def test_overview_and_symptoms_of_a_disease_are_not_safety(text):
    assert "safety" not in built_in_tags("", text)


CARE = [
    "Most people recover within six months and lead normal lives, although relapses occur.",
    "Blood pressure is measured every three months for as long as the tablets are taken.",
    "Treatment is continued for two years after a second episode and reviewed every six months.",
    "Physiotherapy begins on the first day and goes on for twelve weeks after discharge.",
    "Keep a food diary and talk to the dietitian at each visit about salt and potassium.",
    "The disease is progressive, and life expectancy is shortened. There is no cure.",
    "Attacks recur in one patient out of three, most often within a year.",
]


@pytest.mark.parametrize("text", CARE)
def test_follow_up_monitoring_and_outlook_are_long_term_care(text):
    assert "long-term-care" in built_in_tags("", text)
