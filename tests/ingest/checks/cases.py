"""A positive and a negative case for each rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from ingest.checks.context import RelatedContent
from tests.ingest.checks.builders import TREATMENT, before, beside, double

YOU = "You should ask your nurse. "  # addresses the reader, so the audience is patients
HARD = (
    "Intra-articular administration of corticosteroid preparations necessitates comprehensive "
    "multidisciplinary consideration of individual circumstances and pharmacological history. "
) * 12
EASY = (
    "You should rest your knee. You can walk when the pain is gone. Ask your nurse for help. " * 8
)
SAME = (
    "Keep the joint still for two days after the injection and take paracetamol if it hurts, but "
    "do not go swimming or sit in a hot bath until the small wound has closed."
)
PRAISE = ("Effect", "It improves pain. It is effective. It improves sleep. It promotes healing.")


@dataclass(frozen=True)
class Case:
    """Passages and metadata of an article."""

    parts: tuple[tuple[str, ...], ...]
    others: dict[str, Any]


def case(*parts: tuple[str, ...], **others: Any) -> Case:
    return Case(parts, others)


def says(text: str, *tags: str, **others: Any) -> Case:
    return case(("Heading", text, *tags), **others)


REVIEWED = date(2025, 3, 1)
EARLIER = date(2024, 3, 1)
FOUR = (("A", "One."), ("B", "Two."), ("C", "Three."), ("D", "Four."))
ADDRESS = "https://example.org/a"
MEDICINE: dict[str, Any] = {"topics": TREATMENT}

# rule -> (positive case, negative case)
CASES: dict[str, tuple[Case, Case]] = {
    "review-date": (
        says("Text.", reviewed=REVIEWED, review_due=date(2026, 5, 31)),
        says("Text.", reviewed=REVIEWED, review_due=date(2028, 3, 15)),
    ),
    "partial-review": (
        case(
            *FOUR, ("E", "New."), reviewed=REVIEWED, related=before(EARLIER, *(t for _, t in FOUR))
        ),
        case(*FOUR, ("E", "New."), reviewed=REVIEWED, related=before(EARLIER, "Old.")),
    ),
    "owner": (says("Text."), says("Text.", owner="Pain team")),
    "licence-source": (
        says("Text.", source="Trust"),
        says("Text.", source="Trust", licence="CC0-1.0"),
    ),
    "no-citations": (
        says("It helps, as studies say."),
        says("It helps (Smith et al. 2021)."),
    ),
    "dead-links": (
        says(
            "See https://example.org/a.",
            related=RelatedContent(dead_links={ADDRESS: "answers 404."}),
        ),
        says("See https://example.org/a.", related=RelatedContent()),
    ),
    "stale-citations": (
        case(("Sources", "Smith. Gout. 2015.", "references"), reviewed=REVIEWED),
        case(("Sources", "Smith. Gout. 2023.", "references"), reviewed=REVIEWED),
    ),
    "synonyms-missing": (says("Text."), says("Text.", also_called=("podagra",))),
    "conflict-of-interest": (
        says("Each session costs £250. Book now."),
        says("You can book an appointment at the clinic."),
    ),
    "promo-words": (says("It is a game-changer."), says("It is no miracle.")),
    "absolutes": (
        says("The treatment is completely safe."),
        says("No treatment is completely safe."),
    ),
    "weak-evidence-strong-verb": (
        says("Animal studies exist. The method stimulates healing."),
        says("Animal studies exist. The method may help healing."),
    ),
    "long-sentences": (
        says("The patient " + "and the nurse " * 12 + "meet. It is short."),
        says("The patient and the nurse meet. It is short."),
    ),
    "passive": (
        says((YOU + "The wound is cleaned by a nurse. ") * 10),
        says((YOU + "A nurse cleans the wound. ") * 10),
    ),
    "jargon": (
        says(YOU + "It reduces inflammation."),
        says(YOU + "It reduces swelling."),
    ),
    "undefined-acronyms": (
        says("The DMARD dose is low."),
        says("A disease-modifying drug (DMARD) helps. The DMARD dose is low."),
    ),
    "safety-missing": (
        says("It helps.", **MEDICINE),
        says("It helps.", "safety", **MEDICINE),
    ),
    "contraindications-missing": (
        says("It helps.", **MEDICINE),
        says("It should not be used in pregnancy.", **MEDICINE),
    ),
    "help-missing": (
        says("It helps.", **MEDICINE),
        says("Call 999 if you cannot breathe.", **MEDICINE),
    ),
    "serious-harm-silent": (
        says("Mild pain and bruising are common.", "safety", **MEDICINE),
        says("Mild pain is common. Infection is rare.", "safety", **MEDICINE),
    ),
    "alternatives-missing": (
        says("It helps.", **MEDICINE),
        says("It helps. Exercise can be tried instead of tablets.", **MEDICINE),
    ),
    "uncertainty": (
        case(PRAISE, **MEDICINE),
        case(PRAISE, ("Evidence", "The evidence is uncertain.", "effectiveness"), **MEDICINE),
    ),
    "evidence-label": (
        says("It improves pain.", "effectiveness", **MEDICINE),
        says("It improves pain (low certainty).", "effectiveness", **MEDICINE),
    ),
    "balance": (
        case(PRAISE, **MEDICINE),
        case(PRAISE, ("Harms", "There is a risk of infection. Bleeding happens."), **MEDICINE),
    ),
    "main-message": (
        says("This article explores a treatment of gout."),
        says("Gout is a painful arthritis."),
    ),
    "generic-headings": (case(("Conclusion", "Text.")), case(("How gout is treated", "Text."))),
    "actions": (
        says("Your knee hurts and your foot hurts."),
        says("Your knee hurts. Ask your nurse."),
    ),
    "passage-size": (says("word " * 351), says("word " * 350)),
    "readability": (says(HARD), says(EASY)),
    "percent-of-what": (
        says("The risk falls by 30%."),
        says("The risk falls, in 30% of people, to none."),
    ),
    "frequency-words": (
        says("Infection is rare. Bleeding is uncommon. Death is very rare.", "safety"),
        says("Infection is rare (1 in 1,000). Bleeding is uncommon. Death is rare.", "safety"),
    ),
    "number-conflict": (
        case(("A", "A course is 3 to 6 sessions."), ("B", "A course is 10 sessions.")),
        case(("A", "A course is 3 to 6 sessions."), ("B", "A course is 4 sessions.")),
    ),
    "contradictory-definition": (
        case(
            ("A", "Prolotherapy, short for proliferative therapy, is used."),
            ("B", "Prolotherapy, short for pro-inflammatory therapy, is used."),
        ),
        case(
            ("A", "Prolotherapy, short for proliferative therapy, is used."),
            ("B", "Prolotherapy, also called sugar injections, is used."),
        ),
    ),
    "near-duplicate": (
        says(SAME, related=double(0.93)),
        says(SAME, related=double(0.79)),
    ),
    "patient-identifiers": (
        says("The patient's number is 943 476 5919."),
        says("Call the ward on 020 7946 0018."),
    ),
}

# rule -> (positive case, negative case) with related content
ACROSS: dict[str, tuple[Case, Case]] = {
    "number-conflict": (
        says("A course is 3 to 6 sessions.", related=beside("10 sessions.", "Gout")),
        says("A course is 3 to 6 sessions.", related=beside("10 sessions.", "Ileus")),
    ),
    "contradictory-definition": (
        says("TENS stands for nerve therapy.", related=beside("TENS stands for tension.")),
        says("TENS stands for tension.", related=beside("TENS stands for tension.")),
    ),
    "near-duplicate": (
        says(SAME, related=double(1.0, "another")),
        says(SAME, related=RelatedContent()),
    ),
}
