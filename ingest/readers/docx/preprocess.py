"""Preparation of the document XML: alternatives, fields and paragraphs that are one in print.

Afterwards a tree has one version of each content, fields consist of their results, and a link that
is a field is an attribute of its runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.result import OmittedText
from ingest.readers.docx.field_codes import format_equation, read_symbol
from ingest.readers.docx.namespaces import (
    MC,
    A,
    M,
    W,
    child_value,
    find_child,
    get_attribute,
    is_enabled,
    iter_children,
    number_value,
)

LINK_ATTRIBUTE = "href"  # added to the runs of a field that is a link
CHECKED, UNCHECKED = "☒ ", "☐ "
HYPERLINK = re.compile(r'^\s*HYPERLINK\s+(?!\\)(?:"([^"]*)"|(\S+))', re.I)
# Fields that display something although they have no result.
UNREAD_FIELD = re.compile(r"\s*(?:AUTONUM\w*|LISTNUM|EQ|SYMBOL)\b", re.I)
FIELD_WITHOUT_RESULT = "a field without a result"


def preprocess(tree: etree._Element, omitted: list[OmittedText]) -> None:
    """Prepare a part for reading, in place."""
    for alternatives in reversed(list(tree.iter(f"{MC}AlternateContent"))):
        _choose_alternative(alternatives)
    _resolve_fields(tree, omitted)
    for paragraph in reversed(list(tree.iter(f"{W}p"))):
        properties = find_child(paragraph, "pPr")
        if has_deleted_mark(properties) or _is_drop_cap(properties):
            _merge_with_next(paragraph)


def has_deleted_mark(properties: etree._Element | None) -> bool:
    """Return whether the mark at the end of a paragraph was deleted, which joins it to the next."""
    return any(find_child(properties, "rPr", name) is not None for name in ("del", "moveFrom"))


def _is_drop_cap(properties: etree._Element | None) -> bool:
    """Return whether a paragraph is the large first letter of the next one."""
    frame = find_child(properties, "framePr")
    return frame is not None and get_attribute(frame, "dropCap") in ("drop", "margin")


def _choose_alternative(alternatives: etree._Element) -> None:
    """Replace alternatives by the first with content that can be read, else by the first."""
    choices = [
        *alternatives.iterchildren(f"{MC}Choice"),
        *alternatives.iterchildren(f"{MC}Fallback"),
    ]
    readable = (choice for choice in choices if _has_text(choice))
    chosen = next(readable, choices[0] if choices else None)
    parent = alternatives.getparent()
    if parent is not None:
        position = parent.index(alternatives)
        parent[position : position + 1] = list(chosen) if chosen is not None else []


def _has_text(tree: etree._Element) -> bool:
    texts = tree.iter(f"{W}t", f"{A}t", f"{M}t", f"{W}sym")
    return any((text.text or "").strip() or text.tag == f"{W}sym" for text in texts)


@dataclass(slots=True)
class _Field:
    """An open field: its code, the elements of the code, and whether the result has begun."""

    start: etree._Element
    code: str = ""
    code_elements: list[etree._Element] = field(default_factory=list)
    has_result: bool = False
    href: str = ""


def _resolve_fields(tree: etree._Element, omitted: list[OmittedText]) -> None:
    open_fields: list[_Field] = []
    for run in list(tree.iter(f"{W}r")):
        for child in list(run):
            if child.tag == f"{W}fldChar":
                _change_field(child, open_fields, omitted)
            elif child.tag in (f"{W}instrText", f"{W}delInstrText"):
                if open_fields:
                    open_fields[-1].code += child.text or ""
            elif child.tag != f"{W}rPr":
                outer = next((each for each in open_fields if not each.has_result), None)
                if outer is not None:
                    outer.code_elements.append(child)
        href = next((each.href for each in reversed(open_fields) if each.href), "")
        if href:
            run.set(LINK_ATTRIBUTE, href)
    for simple in tree.iter(f"{W}fldSimple"):
        for run in simple.iter(f"{W}r"):
            if href := field_link(get_attribute(simple, "instr")):
                run.set(LINK_ATTRIBUTE, href)


def _change_field(
    mark: etree._Element, open_fields: list[_Field], omitted: list[OmittedText]
) -> None:
    kind = get_attribute(mark, "fldCharType")
    if kind == "begin":
        open_fields.append(_Field(mark))
        form = form_field_text(mark)
        if form:
            _insert_text(mark, form)
        return
    if not open_fields:
        return
    current = open_fields[-1]
    if not current.has_result:
        _remove_code(current)
        current.href = field_link(current.code)
    if kind == "separate":
        current.has_result = True
    elif kind == "end":
        open_fields.pop()
        if not current.has_result:
            text = format_equation(current.code) or read_symbol(current.code)
            if text:
                _insert_text(mark, text)
            elif UNREAD_FIELD.match(current.code):
                omitted.append(OmittedText(FIELD_WITHOUT_RESULT, current.code.strip()))


def _remove_code(closed: _Field) -> None:
    """Remove what is displayed nowhere, such as the result of a field within a field code."""
    for element in closed.code_elements:
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def field_link(code: str) -> str:
    """Return the address of a HYPERLINK field code, or an empty string."""
    match = HYPERLINK.match(code)
    return (match.group(1) or match.group(2) or "").strip() if match else ""


def form_field_text(mark: etree._Element) -> str:
    """Return the text of a check box or drop-down list, which has no result in the text."""
    box = find_child(mark, "ffData", "checkBox")
    if box is not None:
        state = find_child(box, "checked")
        state = state if state is not None else find_child(box, "default")
        return CHECKED if is_enabled(state) else UNCHECKED
    choices = find_child(mark, "ffData", "ddList")
    if choices is None:
        return ""
    entries = [get_attribute(entry, "val") for entry in iter_children(choices, "listEntry")]
    selected = number_value(child_value(choices, "result") or child_value(choices, "default"), 0)
    return entries[selected] if 0 <= selected < len(entries) else ""


def _insert_text(place: etree._Element, text: str) -> None:
    inserted = etree.Element(f"{W}t")
    inserted.text = text
    place.addnext(inserted)


def _merge_with_next(paragraph: etree._Element) -> None:
    """Move the content of a paragraph to the start of the next one."""
    following = paragraph.getnext()
    parent = paragraph.getparent()
    if following is None or following.tag != f"{W}p" or parent is None:
        return
    properties = find_child(following, "pPr")
    position = 0 if properties is None else following.index(properties) + 1
    following[position:position] = [child for child in paragraph if child.tag != f"{W}pPr"]
    parent.remove(paragraph)
