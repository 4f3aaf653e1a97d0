"""Numbers of footnotes and endnotes, and their content."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx.namespaces import (
    W,
    child_value,
    get_attribute,
    iter_children,
    number_value,
)
from ingest.readers.docx.numbering import format_number

FOOTNOTE, ENDNOTE = "footnote", "endnote"
DEFAULT_FORMATS = {FOOTNOTE: "decimal", ENDNOTE: "lowerRoman"}


class NoteNumbers:
    """Numbers of the footnotes and endnotes, in the order of their references."""

    def __init__(self, *settings: etree._Element | None) -> None:
        """Read the number formats; `settings` are the trees that may state them."""
        self._formats = dict(DEFAULT_FORMATS)
        self._next = dict.fromkeys(DEFAULT_FORMATS, 1)
        self.labels: dict[tuple[str, str], str] = {}  # by kind ("footnote") and id
        for tree in settings:
            for kind in DEFAULT_FORMATS:
                for properties in () if tree is None else tree.iter(f"{W}{kind}Pr"):
                    self._formats[kind] = child_value(properties, "numFmt") or self._formats[kind]
                    start = child_value(properties, "numStart")
                    self._next[kind] = number_value(start, self._next[kind])

    def label(self, reference: etree._Element, kind: str) -> str:
        """Return the label at a reference, such as [1]; empty if the author typed a symbol."""
        note_id = get_attribute(reference, "id")
        if get_attribute(reference, "customMarkFollows") in ("1", "true", "on"):
            return self.labels.setdefault((kind, note_id), "")
        if (kind, note_id) not in self.labels:
            number = format_number(self._next[kind], self._formats[kind])
            self._next[kind] += 1
            self.labels[kind, note_id] = f"[{number}]"
        return self.labels[kind, note_id]


def find_notes(tree: etree._Element | None, kind: str) -> dict[str, etree._Element]:
    """Return the notes of a part by id, without the separator lines."""
    if tree is None:
        return {}
    return {
        get_attribute(note, "id"): note
        for note in iter_children(tree, kind)
        if get_attribute(note, "type", "normal") == "normal"
    }
