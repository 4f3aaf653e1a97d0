"""Tabs and accordions: the label of a panel becomes its heading.

On the page, a tab such as "Children" says whom the doses of its panel are for. Without the label,
all panels would read as one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import Tag

from ingest.readers.common.result import MAX_HEADING_WORDS
from ingest.readers.html.dom import get_classes
from ingest.readers.html.elements import HEADINGS
from ingest.readers.html.trafilatura_check import PANEL_LABEL

TARGET_ATTRIBUTES = ("aria-controls", "data-bs-target", "data-target", "href")
TAB_LIST_CLASSES = frozenset(
    {"nav-tabs", "nav-pills", "tabs", "tab-list", "tablist", "ui-tabs-nav", "govuk-tabs__list"}
)
PANEL_CLASSES = frozenset(
    {"tab-pane", "tab-panel", "tabpanel", "tabs-panel", "tab-content", "ui-tabs-panel"}
    | {"govuk-tabs__panel", "accordion-collapse", "accordion-body", "accordion-content", "collapse"}
)
LAST_LEVEL = 6
MIN_WORD_LENGTH = 3  # shorter words, such as "and", do not show that two headings are alike
_WORD = re.compile(r"\w+")


def label_panels(soup: BeautifulSoup, body: Tag) -> None:
    """Insert the label of each tab and accordion button as the heading of its panel."""
    panels = _PanelIndex(body)
    for tab_list in [tag for tag in body.find_all(True) if _is_tab_list(tag)]:
        pairs = [(tab, panel) for tab in _tabs(tab_list) if (panel := panels.find(tab))]
        if not pairs or any(tab_list in panel.parents for _, panel in pairs):
            continue
        level = _level_above(tab_list) + 1
        for tab, panel in pairs:
            _add_heading(soup, panel, tab.get_text(" ", strip=True), level)
        tab_list.decompose()
    for button in body.find_all(["button", "a"]):
        panel = panels.find(button)
        if panel is not None and _is_accordion(button, panel):
            label = button.get_text(" ", strip=True)
            if label and not button.find_parent([*HEADINGS, "summary", "dt", "nav", "header"]):
                button.name = f"h{min(_level_above(button) + 1, LAST_LEVEL)}"
                button.attrs.clear()
                button[PANEL_LABEL] = ""
                _reveal(panel)


def _is_tab_list(tag: Tag) -> bool:
    return tag.get("role") == "tablist" or bool(TAB_LIST_CLASSES & set(get_classes(tag)))


def _tabs(tab_list: Tag) -> Iterator[Tag]:
    tabs = tab_list.find_all(role="tab") or tab_list.find_all(["a", "button"])
    yield from (tab for tab in tabs if tab.get_text(strip=True))


class _PanelIndex:
    """The elements of a page by id, and by the id of the element that labels them."""

    def __init__(self, body: Tag) -> None:
        self._by_id = {str(tag["id"]): tag for tag in body.find_all(id=True)}
        self._by_label: dict[str, Tag] = {}
        for tag in self._by_id.values():
            self._by_label.setdefault(str(tag.get("aria-labelledby", "")), tag)

    def find(self, tab: Tag) -> Tag | None:
        """Return the panel that a tab or button controls."""
        for element in (tab, *tab.find_all("a", limit=1)):
            for name in TARGET_ATTRIBUTES:
                value = str(element.get(name, ""))
                if name == "href" and not value.startswith("#"):
                    continue
                panel = self._by_id.get(value.lstrip("#"))
                if panel is not None and not any(parent is panel for parent in tab.parents):
                    return panel
        name = str(tab.get("id", ""))
        return self._by_label.get(name) if name else None


def _is_accordion(button: Tag, panel: Tag) -> bool:
    is_panel = panel.get("role") in ("region", "tabpanel") or PANEL_CLASSES & set(
        get_classes(panel)
    )
    return bool(
        button.has_attr("aria-expanded")
        and (is_panel or button.name == "button")
        and len(button.get_text().split()) <= MAX_HEADING_WORDS
        and panel.find_parent(["nav", "header", "footer"]) is None
        and panel.name not in ("nav", "form", "ul")
    )


def _level_above(tag: Tag) -> int:
    heading = tag.find_previous(list(HEADINGS))
    return HEADINGS[heading.name] if isinstance(heading, Tag) else 1


def _add_heading(soup: BeautifulSoup, panel: Tag, label: str, level: int) -> None:
    """Insert a label above the text of a panel, unless the panel begins with such a heading."""
    _reveal(panel)
    level = min(level, LAST_LEVEL)
    first = panel.find(list(HEADINGS))
    if isinstance(first, Tag):
        if _begins_with(panel, first) and set(_words(label)) & set(_words(first.get_text(" "))):
            return
        # The headings of the panel are below the label.
        shift = level + 1 - HEADINGS[first.name]
        for heading in panel.find_all(list(HEADINGS)) if shift > 0 else ():
            heading.name = f"h{min(HEADINGS[heading.name] + shift, LAST_LEVEL)}"
    heading = soup.new_tag(f"h{level}", attrs={PANEL_LABEL: ""})
    heading.string = label
    panel.insert(0, heading)


def _begins_with(panel: Tag, heading: Tag) -> bool:
    """Return whether no text of a panel precedes one of its headings."""
    first = next((text for text in panel.find_all(string=True) if text.strip()), None)
    return first is not None and heading in first.parents


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if len(word) > MIN_WORD_LENGTH]


def _reveal(panel: Tag) -> None:
    for name in ("hidden", "aria-hidden", "style"):
        panel.attrs.pop(name, None)
