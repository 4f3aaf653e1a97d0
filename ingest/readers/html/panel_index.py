"""Panels of tabs and accordions: which panel a control opens, and the heading that labels it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from ingest.readers.common.result import MAX_HEADING_WORDS, OmittedText
from ingest.readers.html.dom import find_tag, find_tags, get_classes, is_text
from ingest.readers.html.elements import HEADINGS
from ingest.readers.html.trafilatura_check import PANEL_LABEL

PANEL_LEVEL = "data-panel-level"  # attribute of a panel: the level of its heading

REPEATED_LABEL = "a label that repeats a heading"
_TITLES = [*HEADINGS, "summary", "dt"]
PANEL_TAGS = frozenset({"div", "section", "article", "p", "dd", "main", "aside", "fieldset"})
_TARGET_ATTRIBUTES = (
    "aria-controls",
    "data-bs-target",
    "data-target",
    "data-tab-target",
    "data-tab",
    "href",
)
_ONCLICK_TARGET = re.compile(r"['\"]#?([A-Za-z][\w:.-]*)['\"]")
_NOT_PANELS = frozenset({"nav", "form", "ul", "ol", "body", "main", "header", "footer", "input"})
LAST_LEVEL = 6
MAX_SEARCHED = 2000  # nodes before a label that are searched for a heading
MIN_WORD_LENGTH = 3  # shorter words, such as "and", do not show that two headings are alike
MAX_LINK_SHARE = 0.6  # of the letters of a panel; one with more links is a menu
_WORD = re.compile(r"\w+")
# Parts of a control that only show its state.
_STATE = re.compile(
    r"[^\w]*(?:(?:show|hide|open|close|expand|collapse|toggle|more|less)[^\w]*)?", re.I
)
# Labels of controls that do not name their panel.
_GENERIC_LABEL = re.compile(
    r"\W*(?:(?:read|show|view|see|learn|find out|load)\s+(?:more|less|all|full|details?)\b.*|"
    r"show|hide|more|less|details?|expand(?: all)?|collapse(?: all)?|toggle.*|open|close|menu|"
    r"search|next|previous|back|continue)?\W*",
    re.I,
)


class PanelIndex:
    """Elements of a page by id, and the panels that have a label."""

    def __init__(self, soup: BeautifulSoup, body: Tag, omitted: list[OmittedText]) -> None:
        self._soup = soup
        self._omitted = omitted
        self._by_id = {str(tag["id"]): tag for tag in body.find_all(True) if tag.has_attr("id")}
        self._by_label: dict[str, Tag] = {}
        for tag in self._by_id.values():
            self._by_label.setdefault(str(tag.get("aria-labelledby", "")), tag)
        self._labelled: set[int] = set()  # object ids of panels
        self._panels: dict[int, Tag] = {}  # by the object id of the heading above them
        self._levels: dict[int, int] = {}  # level above a control, by its object id

    def find(self, control: Tag) -> Tag | None:
        """Return the panel that a tab or button opens."""
        link = find_tag(control, "a")
        for element in (control,) if link is None else (control, link):
            for identifier in _target_ids(element):
                panel = self._by_id.get(identifier)
                if (
                    panel is not None
                    and panel.name not in (*_NOT_PANELS, *HEADINGS)
                    and not is_among(panel, control.parents)
                ):
                    return panel
        name = str(control.get("id", ""))
        return self._by_label.get(name) if name else None

    def is_labelled(self, panel: Tag) -> bool:
        """Return whether a panel has a label."""
        return id(panel) in self._labelled

    def insert_heading(self, panel: Tag, label: str, level: int) -> None:
        """Insert a label above the text of a panel, unless the panel begins with such a heading."""
        self._reveal(panel)
        level = min(level, LAST_LEVEL)
        if begins_with_label(panel, label):
            self.omit_label(label)
            return
        _lower_headings(panel, level)
        heading = self._soup.new_tag(f"h{level}", attrs={PANEL_LABEL: ""})
        heading.string = label
        panel.insert(0, heading)
        panel[PANEL_LEVEL] = str(level)

    def omit_label(self, label: str) -> None:
        """Report a label that repeats the heading of its panel."""
        self._omitted.append(OmittedText(REPEATED_LABEL, label))

    def make_heading(self, control: Tag, panel: Tag) -> None:
        """Make a control the heading of the panel that follows it.

        A heading that contains the control, or a term, stays as it is. A label such as "Show more"
        does not name its panel.
        """
        self._reveal(panel)
        title = control if control.name in _TITLES else control.find_parent(_TITLES)
        label = label_text(control)
        if isinstance(title, Tag):
            self._panels[id(title)] = panel
        elif not _GENERIC_LABEL.fullmatch(label) and len(label.split()) <= MAX_HEADING_WORDS:
            self.remove_box(control)
            self._levels[id(control)] = self.level_above(control)
            level = min(self._levels[id(control)] + 1, LAST_LEVEL)
            control.name = f"h{level}"
            control.attrs.clear()
            control[PANEL_LABEL] = ""
            control.string = label
            self._panels[id(control)] = panel
            panel[PANEL_LEVEL] = str(level)
            _lower_headings(panel, level)

    def remove_box(self, label: Tag) -> None:
        """Remove the radio button or check box with which the label of a panel selects it."""
        box = self._by_id.get(str(label.get("for", ""))) or label.find("input")
        if label.name == "label" and isinstance(box, Tag) and box.name == "input":
            box.decompose()

    def level_above(self, tag: Tag) -> int:
        """Return the level of the heading above an element, not counting those of other panels."""
        ancestors = {id(parent) for parent in tag.parents}
        other_panels = self._labelled - ancestors
        for element in islice(tag.previous_elements, MAX_SEARCHED):
            if not isinstance(element, Tag) or element.name not in HEADINGS:
                continue
            panel = self._panels.get(id(element))
            if id(element) in self._levels and element.parent is tag.parent:
                return self._levels[id(element)]  # an earlier control next to this one
            if (panel is None or id(panel) in ancestors) and not any(
                id(parent) in other_panels for parent in element.parents
            ):
                return HEADINGS[element.name]
        return 1

    def _reveal(self, panel: Tag) -> None:
        """Remove the attributes that hide a panel until its label is selected."""
        self._labelled.add(id(panel))
        for name in ("hidden", "aria-hidden", "style"):
            panel.attrs.pop(name, None)


def _target_ids(element: Tag) -> Iterator[str]:
    for name in _TARGET_ATTRIBUTES:
        value = str(element.get(name, ""))
        if value and (name != "href" or value.startswith("#")):
            yield value.lstrip("#")
    yield from _ONCLICK_TARGET.findall(str(element.get("onclick", "")))


def label_text(control: Tag) -> str:
    """Return the label of a control, without the parts that show whether its panel is open."""
    parts = [
        str(text)
        for text in control.find_all(string=True)
        if is_text(text) and not (_STATE.fullmatch(text.strip()) and _is_state(text, control))
    ]
    return " ".join(" ".join(parts).split()).rstrip(" ,")


def _is_state(text: NavigableString, control: Tag) -> bool:
    """Return whether a text in an element of its own follows other text of a control."""
    return text.parent is not control and text.strip() != control.get_text(strip=True)


def begins_with_label(panel: Tag, label: str) -> bool:
    """Return whether a panel begins with a heading that has a word of the label."""
    first = panel.find(list(HEADINGS))
    return (
        isinstance(first, Tag)
        and _begins_with(panel, first)
        and bool(set(_words(label)) & set(_words(first.get_text(" "))))
    )


def _begins_with(panel: Tag, heading: Tag) -> bool:
    """Return whether no text of a panel precedes one of its headings."""
    first = next((text for text in panel.find_all(string=True) if text.strip()), None)
    return first is not None and is_among(heading, first.parents)


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if len(word) > MIN_WORD_LENGTH]


def _lower_headings(panel: Tag, level: int) -> None:
    """Lower the headings of a panel so that they are below a heading of this level."""
    headings = panel.find_all(list(HEADINGS))
    shift = level + 1 - HEADINGS[headings[0].name] if headings else 0
    for heading in headings if shift > 0 else ():
        heading.name = f"h{min(HEADINGS[heading.name] + shift, LAST_LEVEL)}"


def is_menu(panel: Tag) -> bool:
    """Return whether a panel consists mostly of links."""
    linked = sum(len(link.get_text(strip=True)) for link in find_tags(panel, ("a",)))
    return linked > MAX_LINK_SHARE * len(panel.get_text(strip=True))


def is_among(element: PageElement | None, elements: Iterable[PageElement | None]) -> bool:
    """Return whether an element is one of others; "in" would compare their content."""
    return any(other is element for other in elements)


def next_tag(tag: Tag) -> Tag | None:
    """Return the next sibling element, or None if text precedes it."""
    return _adjacent(tag.next_siblings)


def previous_tag(tag: Tag) -> Tag | None:
    """Return the previous sibling element, or None if text follows it."""
    return _adjacent(tag.previous_siblings)


def _adjacent(siblings: Iterator[PageElement]) -> Tag | None:
    for element in siblings:
        if isinstance(element, Tag):
            return element
        if is_text(element) and element.strip():
            return None
    return None


def has_class(tag: Tag, pattern: re.Pattern[str]) -> bool:
    """Return whether a class of an element matches a pattern."""
    return any(map(pattern.search, get_classes(tag)))
