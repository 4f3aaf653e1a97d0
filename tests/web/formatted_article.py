"""An article with every kind of formatting, to look at in a browser and in each export."""

from __future__ import annotations

from kb.model.article import (
    Article,
    Block,
    BlockKind,
    CalloutLevel,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    Metadata,
    Section,
    paragraph,
    table,
)
from kb.model.passage import Passage
from tests.web.builders import passage

LINK = "https://formulary.example/vaccines/hepatitis-b?section=doses"


def marked(text: str, *parts: tuple[MarkKind, str], href: str = "") -> tuple[str, tuple[Mark, ...]]:
    """Return a text and the marks of its parts; a part is marked where it first occurs."""
    marks = []
    for kind, part in parts:
        start = text.index(part)
        link = href if kind is MarkKind.LINK else ""
        marks.append(Mark(kind, start, start + len(part), link))
    return text, tuple(marks)


def formatted(text: str, *parts: tuple[MarkKind, str], href: str = "") -> Block:
    """Return a paragraph with marks, see `marked`."""
    text, marks = marked(text, *parts, href=href)
    return paragraph(text, marks=marks)


def listed(*items: tuple[str, str, int], ordered: bool = True, repeated: bool = False) -> Block:
    """Return a list of items, each given as label, text and depth."""
    return Block(
        kind=BlockKind.LIST,
        ordered=ordered,
        repeated=repeated,
        items=tuple(ListItem(text, depth, label) for label, text, depth in items),
    )


def callout(text: str, level: CalloutLevel | None) -> Block:
    """Return a callout with this level."""
    return Block(kind=BlockKind.CALLOUT, text=text, level=level)


def _cell(text: str, *parts: tuple[MarkKind, str], columns: int = 1, rows: int = 1) -> Cell:
    text, marks = marked(text, *parts)
    return Cell(text, columns, rows, marks)


FORMATTED = formatted(
    "Do not give with a platelet count below 50 × 10^9/L 1 and not with alcohol. "
    "The CO2 level must not be high; read the formulary.",
    (MarkKind.SUPERSCRIPT, "^9"),
    (MarkKind.STRONG, "not"),
    (MarkKind.EMPHASIS, "and not with"),
    (MarkKind.SUBSCRIPT, "2"),
    (MarkKind.LINK, "formulary"),
    href=LINK,
)
LEVELS = (
    callout("Call 999 if the child cannot breathe.", CalloutLevel.EMERGENCY),
    callout("Ask for an urgent appointment if the temperature is 39 °C.", CalloutLevel.URGENT),
    callout("See a pharmacist if the arm is sore for 3 days.", CalloutLevel.NON_URGENT),
    callout("Do not give more than 4 doses in 24 hours.", CalloutLevel.IMPORTANT),
    callout("Note: keep between 2 °C and 8 °C.", None),
)
LISTS = (
    listed(("3.", "Draw up 0.5 mL", 0), ("4.", "Give into the thigh", 0)),
    listed(("c.", "Check the date", 0), ("d.", "Check the colour", 0)),
    listed(("iv.", "Record the batch", 0), ("v.", "Record the site", 0)),
    listed(("1.2.1", "Offer a first dose at birth", 0), ("1.2.2", "Offer a second dose", 0)),
    listed(
        ("a)", "Adults", 0),
        ("", "healthy", 1),
        ("i.", "under 60 years", 2),
        ("ii.", "60 years and over", 2),
        ("b)", "Children", 0),
    ),
    listed(
        ("", "Before the dose", 0),
        ("1.", "Wash your hands", 1),
        ("2.", "Shake the vial", 1),
        ordered=False,
    ),
)
DOSES = table(
    [
        [
            "Vaccine",
            Cell("Dose", columns=2),
            "",
            "Route",
            "Needle",
            "First dose",
            "Second dose",
            "Third dose",
        ],
        ["", "Volume", "Amount", "", "", "", "", ""],
        ["Children", "", "", "", "", "", "", ""],
        [
            Cell("Hepatitis B (Engerix)", rows=2),
            "0.1 to 0.15 mL",
            "2.5 to 10 micrograms",
            "Intramuscular",
            "25 mm",
            "0 months",
            "1 month",
            "6 months",
        ],
        [
            "",
            Cell("Not below 50 × 10^9/L", columns=2, marks=(Mark(MarkKind.SUPERSCRIPT, 17, 19),)),
            "",
            "Subcutaneous",
            "16 mm",
            "0 months",
            "1 month",
            "6 months",
        ],
        ["Adults", "", "", "", "", "", "", ""],
        [
            _cell("Hepatitis A", (MarkKind.STRONG, "Hepatitis A")),
            "1 mL",
            "1,440 units",
            "Intramuscular",
            "25 mm",
            "0 months",
            "6 to 12 months",
            "none",
        ],
    ],
    2,
)
LEAD_IN = formatted("Do not give if the person has:", (MarkKind.STRONG, "not"))
CONTINUED = Block(kind=BlockKind.PARAGRAPH, text=LEAD_IN.text, marks=LEAD_IN.marks, repeated=True)
REASONS = listed(("1.", "a fever above 38.5 °C", 0), ("2.", "an egg allergy", 0))
MORE_REASONS = listed(("3.", "a bleeding disorder", 0), ("4.", "had a dose in the last 7 days", 0))


def formatted_article() -> tuple[Article, tuple[Passage, ...]]:
    """Return the article and its passages; the last list is split between two passages."""
    captions = (Block(kind=BlockKind.CAPTION, text="Table 1. Doses by vaccine"),)
    whole = Block(kind=BlockKind.LIST, ordered=True, items=REASONS.items + MORE_REASONS.items)
    article = Article(
        "Giving injections",
        (
            Section("Before you start", (FORMATTED,)),
            Section("When to get help", LEVELS),
            Section("Steps", LISTS),
            Section("Volumes", (*captions, DOSES)),
            Section("When not to give", (LEAD_IN, whole)),
        ),
        Metadata(id="injections", source="Sample Hospital", licence="CC0-1.0"),
    )
    passages = (
        passage(("Before you start",), FORMATTED),
        passage(("When to get help",), *LEVELS),
        passage(("Steps",), *LISTS),
        passage(("Volumes",), *captions, DOSES),
        passage(("When not to give",), LEAD_IN, REASONS),
        passage(("When not to give",), CONTINUED, MORE_REASONS),
    )
    return article, passages
