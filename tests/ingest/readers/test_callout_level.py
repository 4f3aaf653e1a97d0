import pytest

from ingest.readers.common.callout_level import level_from_classes, level_from_text
from kb.model.article import CalloutLevel as Level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Call 999 if:\n- you cannot breathe", Level.EMERGENCY),
        ("Immediate action required: go to A&E now if you have chest pain", Level.EMERGENCY),
        ("Go straight to the emergency department if the rash spreads.", Level.EMERGENCY),
        ("Dial 112.", Level.EMERGENCY),
        ("Urgent advice: ask for a GP appointment", Level.URGENT),
        ("Seek advice within 2 hours if you vomit.", Level.URGENT),
        ("Contact NHS 111 if it gets worse.", Level.URGENT),
        ("Tell the team immediately if the arm swells.", Level.URGENT),
        ("Non-urgent advice: see a GP if it lasts", Level.NON_URGENT),
        ("Speak to a pharmacist before you take it.", Level.NON_URGENT),
        ("This is not urgent\nRing us next week.", Level.NON_URGENT),
        ("Important: check the dose.", Level.IMPORTANT),
        ("Warning! Store in a fridge.", Level.IMPORTANT),
        ("Do not crush the tablets.", Level.IMPORTANT),
        ("Boxed warning\nIt can cause bleeding.", Level.IMPORTANT),
        ("Do not worry if you forget a dose.", None),
        ("You do not call 999 for this.", None),
        ("Store below 25 °C.", None),
    ],
)
def test_level_from_wording(text, level):
    assert level_from_text(text) is level


@pytest.mark.parametrize(
    ("names", "level"),
    [
        (["nhsuk-care-card", "nhsuk-care-card--immediate"], Level.EMERGENCY),
        (["nhsuk-care-card--emergency"], Level.EMERGENCY),
        (["nhsuk-care-card--urgent"], Level.URGENT),
        (["nhsuk-care-card--non-urgent"], Level.NON_URGENT),
        (["beta-care-card--nonUrgent"], Level.NON_URGENT),
        (["nhsuk-warning-callout"], Level.IMPORTANT),
        (["alert", "alert-danger"], Level.IMPORTANT),
        (["insurgent"], None),
        (["callout"], None),
        ([], None),
    ],
)
def test_level_from_class_names(names, level):
    assert level_from_classes(names) is level
