"""Checklists and scores: form controls whose labels are content.

The labels of a search box or a login form are removed with it. A check box, a radio button or a
label without a control, in contrast, is part of the text, unless the form asks for the reader's
address, password or opinion.
"""

from __future__ import annotations

import re

from bs4.element import NavigableString, Tag

from ingest.readers.html.clinical_statements import is_clear_statement
from ingest.readers.html.dom import BLOCKS, get_classes, visible_line

CONTROLS = ("input", "select", "textarea", "meter", "output", "progress")
CHOICE_TYPES = frozenset({"checkbox", "radio"})
BUTTON_TYPES = frozenset({"hidden", "submit", "button", "reset", "image"})
# Inputs of forms that send something to the site.
SITE_INPUT_TYPES = frozenset({"email", "password", "search", "tel", "url", "file"})
_SITE_NAMES = re.compile(
    r"search|filter|facet|sort|log-?in|sign-?in|sign-?up|newsletter|subscri|cookie|consent|contact"
    r"|comment|feedback|survey|poll|rating|checkout|cart|wpcf7|mc4wp",
    re.I,
)
_SITE_TEXT = re.compile(
    r"\b(?:this (?:page|article|site|website|information)|newsletter|remember me|privacy policy"
    r"|password|cookies|filter by|sort by)\b",
    re.I,
)
_STATES = {
    ("checkbox", False): "☐",
    ("checkbox", True): "☒",
    ("radio", False): "○",
    ("radio", True): "◉",
}
CHOICE_STATES = tuple(_STATES.values())
ITEMS = ["li", "td", "dd"]


def mark_check_boxes(body: Tag) -> None:
    """Replace check boxes and radio buttons by their state, and keep their labels as text."""
    controls = body.find_all(CONTROLS)
    by_id = {str(control["id"]) for control in controls if control.get("id")}
    forms: dict[int, bool] = {}
    labels = body.find_all("label")
    targets = {str(label["for"]): label for label in labels if label.get("for")}
    for box in controls:
        if _kind(box) in CHOICE_TYPES and not _is_in_site_form(box, forms):
            label = box.find_parent("label") or targets.get(str(box.get("id", "")))
            _replace_choice(box, label if isinstance(label, Tag) else None)
    for label in body.find_all("label"):
        if not _labels_control(label, by_id) or is_clear_statement(visible_line(label)):
            label.name = "span"
    for choice in body.find_all(role=["checkbox", "radio"]):
        if choice.name not in CONTROLS and not _is_in_site_form(choice, forms):
            is_checked = str(choice.get("aria-checked", "")).lower() == "true"
            choice.insert(0, NavigableString(_STATES[str(choice["role"]), is_checked] + " "))
            choice.name = "span" if choice.name == "button" else choice.name
    for button in body.find_all("button"):
        if is_clear_statement(visible_line(button)) and not _is_in_site_form(button, forms):
            button.name = "span"


def _kind(control: Tag) -> str:
    return str(control.get("type", "text")).lower() if control.name == "input" else control.name


def _is_in_site_form(box: Tag, forms: dict[int, bool]) -> bool:
    """Return whether a check box belongs to a form that the site, not the text, needs."""
    if box.find_parent(ITEMS) is not None and box.find_parent("form") is None:
        return False
    for parent in box.parents:
        if parent.name not in ("form", "fieldset", "nav", "header", "footer", "dialog", "aside"):
            names = " ".join((*get_classes(parent), str(parent.get("id", ""))))
            if parent.name in ("body", "main", "article"):
                return False
            if names and _SITE_NAMES.search(names):
                return True
            continue
        if id(parent) not in forms:
            forms[id(parent)] = _is_site_form(parent)
        if forms[id(parent)]:
            return True
    return False


def _is_site_form(form: Tag) -> bool:
    if form.name in ("nav", "header", "footer", "dialog"):
        return True
    names = " ".join((*get_classes(form), str(form.get("id", "")), str(form.get("action", ""))))
    return (
        bool(_SITE_NAMES.search(names))
        or any(
            control.name == "textarea" or _kind(control) in SITE_INPUT_TYPES
            for control in form.find_all(CONTROLS)
        )
        or bool(_SITE_TEXT.search(visible_line(form)))
    )


def _replace_choice(box: Tag, label: Tag | None) -> None:
    """Replace a control by its state; each labelled choice starts a new line."""
    state = _STATES[_kind(box), box.has_attr("checked")]
    in_item = box.find_parent(ITEMS) is not None
    if label is not None:
        label.name = "span" if in_item or label not in box.parents else "div"
    previous = box.previous_sibling
    if isinstance(previous, Tag) and previous.name == "span" and not in_item:
        state = f"\n{state}"
    box.replace_with(NavigableString(f"{state} "))


def _labels_control(label: Tag, control_ids: set[str]) -> bool:
    """Return whether a label belongs to a control that is left."""
    if label.get("for"):
        return str(label["for"]) in control_ids
    if label.find(CONTROLS) is not None:
        return True
    around = label.parent
    while around is not None and around.name not in BLOCKS:
        around = around.parent
    return around is not None and around.find(CONTROLS) is not None
