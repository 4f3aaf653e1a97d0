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
    ]
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
