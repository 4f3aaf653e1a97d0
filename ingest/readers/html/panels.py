"""Tabs and accordions: the label of a panel becomes its heading.

On the page, a tab such as "Children" says whom the doses of its panel are for. Without the label,
all panels would read as one text. Tabs precede all their panels; the header of an accordion
precedes its own panel. Controls and panels are connected by ids, by their order, or by being next
to each other; class names follow the common libraries (Bootstrap, jQuery UI, Foundation, Divi,
Elementor, Webflow, W3.CSS, TabberNeue, Material for MkDocs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from bs4 import BeautifulSoup
from bs4.element import Tag

from ingest.readers.common.result import OmittedText
from ingest.readers.html.dom import (
    BLOCKS,
    contains_element,
    find_ancestor,
    find_tags,
    get_classes,
    is_text,
)
from ingest.readers.html.elements import HEADINGS
from ingest.readers.html.hidden_content import is_hidden
from ingest.readers.html.panel_index import (
    PANEL_TAGS,
    PanelIndex,
    begins_with_label,
    has_class,
    is_among,
    is_menu,
    label_text,
    next_tag,
    previous_tag,
)

_TAB_LIST_CLASS = re.compile(
    r"^(?:nav-(?:tabs|pills)|tabs?|tabs?[-_]?(?:list|nav|links|menu|header|buttons|labels|controls)|"
    r"ui-tabs-nav|govuk-tabs__list|et_pb_tabs_controls|tabbed-labels|vc_tta-tabs-list|w-tab-menu|"
    r"tabber__tabs)$"
)
_PANEL_CLASS = re.compile(
    r"^(?:tabs?-?(?:pane|panel|content|item)|tabbertab|tabber__panel|ui-tabs-panel|w-tab-pane|"
    r"govuk-tabs__panel|et_pb_tab|tabbed-block|(?:panel-|accordion-)?collapse|"
    r"accordion[-_]*(?:body|content|panel|collapse|pane))$"
)
_PANEL_TITLES = ("data-mw-tabber-title", "data-tab-title", "data-title", "title", "aria-label")
_PANEL_ROLES = frozenset({"region", "tabpanel"})
_HEADER_CLASS = re.compile(
    r"^(?:accordion|collapsible)$|(?:^|[-_])(?:accordion|toggle|collapsible|faq|expander|expand)"
    r"[-_]*(?:title|header|heading|head|button|btn|trigger|label|question|link)$",
    re.I,
)
# Names of elements around collapsed panels.
_ACCORDION_NAME = re.compile(
    r"accordion|collaps|toggle|faq|expand|(?:^|[-_ ])tabs?(?:$|[-_ ])", re.I
)
_HEADER_ATTRIBUTES = ("aria-expanded", "aria-controls", "onclick", "data-toggle", "data-bs-toggle")
_COLLAPSE = ("data-toggle", "data-bs-toggle")
_HEADER_TAGS = frozenset({"button", "a", "div", "span", "p"})
MIN_TABS = 2  # of a group of radio buttons that are tabs


def label_panels(soup: BeautifulSoup, body: Tag, omitted: list[OmittedText]) -> None:
    """Insert the label of each tab and accordion header as the heading of its panel."""
    index = PanelIndex(soup, body, omitted)
    for container, tabs, panels in [*_iter_tab_lists(body, index), *_iter_radio_tabs(body)]:
        if not any(map(index.is_labelled, panels)):
            _label_tabs(container, tabs, panels, index)
    found = (tag for tag in body.find_all(True) if _is_panel(tag))
    for panel in [panel for panel in found if not index.is_labelled(panel)]:
        title = next((str(panel[name]) for name in _PANEL_TITLES if panel.get(name)), "")
        if title and not panel.get("aria-labelledby"):
            index.insert_heading(panel, title, index.level_above(panel) + 1)
    for header, panel in list(_iter_accordions(body, index)):
        index.make_heading(header, panel)
    for container in body.find_all(role="tablist"):
        if any(map(index.is_labelled, container.find_all(True))):
            del container["role"]  # it is no navigation


def _label_tabs(container: Tag, tabs: list[Tag], panels: list[Tag], index: PanelIndex) -> None:
    """Label the panels of a tab list, and remove the list."""
    level = index.level_above(container) + 1
    tab_ids = set(map(id, tabs))
    for tab, panel in zip(tabs, panels, strict=True):
        label = label_text(tab)
        above = previous_tag(panel)
        index.insert_heading(panel, label, level)
        index.remove_box(tab)
        # Elementor repeats each tab above its panel, for narrow screens.
        if above is not None and id(above) not in tab_ids and label_text(above) == label:
            index.omit_label(label)
            above.decompose()
    if any(is_among(container, panel.parents) for panel in panels):
        for tab in tabs:
            tab.decompose()
    else:
        container.decompose()


def _is_panel(tag: Tag) -> bool:
    return tag.name in PANEL_TAGS and (
        tag.get("role") == "tabpanel" or has_class(tag, _PANEL_CLASS)
    )


_TabList = tuple[Tag, list[Tag], list[Tag]]  # container, tabs, and the panel of each


def _iter_tab_lists(body: Tag, index: PanelIndex) -> Iterator[_TabList]:
    """Yield the tab lists that precede their panels."""
    done: set[int] = set()
    for tag in body.find_all(True):
        is_tab_list = tag.get("role") == "tablist" or has_class(tag, _TAB_LIST_CLASS)
        tabs = _find_tabs(tag, is_tab_list=is_tab_list)
        if not tabs or any(id(tab) in done for tab in tabs):
            continue
        pairs = [(tab, panel) for tab in tabs if (panel := index.find(tab))]
        if is_tab_list and not pairs and _are_only_tabs(tag, tabs):
            panels = _panels_by_position(tag, len(tabs))
            pairs = list(zip(tabs, panels, strict=True)) if panels else []
        if not pairs or (not is_tab_list and not _are_tabs(tag, pairs)):
            continue
        if _precede(pairs):
            done.update(id(tab) for tab in tabs)
            yield tag, [tab for tab, _ in pairs], [panel for _, panel in pairs]


def _find_tabs(tag: Tag, *, is_tab_list: bool) -> list[Tag]:
    found: Sequence[Tag]
    if is_tab_list:
        found = tag.find_all(role="tab") or tag.find_all(["a", "button", "label"])
        found = found or tag.find_all("li") or tag.find_all(recursive=False)
    elif tag.name in ("ul", "ol"):  # jQuery UI
        found = find_tags(tag, ("a",))
        if len(found) != len(find_tags(tag, ("li",))) or contains_element(tag, ("p", *HEADINGS)):
            return []
    else:  # W3Schools: buttons that name their panel in a script
        found = [tab for tab in tag.contents if isinstance(tab, Tag) and tab.has_attr("onclick")]
    return [tab for tab in found if tab.get_text(strip=True)]


def _are_only_tabs(container: Tag, tabs: Sequence[Tag]) -> bool:
    """Return whether a tab list has no other text than its tabs, which lead to no other page."""
    links = [link for tab in tabs for link in (tab, *tab.find_all("a")) if link.get("href")]
    return (
        len(tabs) > 1
        and container.get_text(strip=True) == "".join(tab.get_text(strip=True) for tab in tabs)
        and all(str(link["href"]).startswith(("#", "javascript:")) for link in links)
    )


def _are_tabs(container: Tag, pairs: Sequence[tuple[Tag, Tag]]) -> bool:
    """Return whether links or buttons open panels next to them rather than sections of the page.

    The links of a table of contents lead to sections that begin with the same heading.
    """
    panels = [panel for _, panel in pairs]
    parent = panels[0].parent
    return (
        len({id(panel) for panel in panels}) > 1
        and all(panel.name in PANEL_TAGS and panel.parent is parent for panel in panels)
        and is_among(parent, (container, container.parent, *container.next_siblings))
        and container.find_parent(["nav", "header", "footer"]) is None
        and not all(begins_with_label(panel, label_text(tab)) for tab, panel in pairs)
    )


def _precede(pairs: Sequence[tuple[Tag, Tag]]) -> bool:
    """Return whether all tabs precede the panels, as they do not in an accordion."""
    before = {id(element) for element in pairs[-1][0].previous_elements}
    return not any(id(panel) in before for _, panel in pairs)


def _panels_by_position(container: Tag, number: int) -> list[Tag]:
    """Return as many panels as there are tabs: following siblings, or the children of one."""
    siblings = [tag for tag in container.find_next_siblings(True) if tag.name in PANEL_TAGS]
    for candidates in (siblings, *(_block_children(tag) for tag in siblings)):
        if len(candidates) == number and len({tag.name for tag in candidates}) == 1:
            return candidates
    return []


def _block_children(tag: Tag) -> list[Tag]:
    children = tag.find_all(recursive=False)
    while len(children) == 1 and children[0].name in PANEL_TAGS:  # a wrapper around the panels
        children = children[0].find_all(recursive=False)
    return children if all(child.name in PANEL_TAGS for child in children) else []


def _iter_radio_tabs(body: Tag) -> Iterator[_TabList]:
    """Yield tabs made of radio buttons with labels, as in Material for MkDocs."""
    labels = {str(label["for"]): label for label in body.find_all("label", attrs={"for": True})}
    groups: dict[str, list[Tag]] = {}
    for button in body.find_all("input", type="radio", id=True):
        label = labels.get(str(button["id"]))
        if label is not None and label.get_text(strip=True) and not button.find_parent("form"):
            groups.setdefault(str(button.get("name", "")), []).append(label)
    for tabs in groups.values():
        if len(tabs) < MIN_TABS:
            continue
        parent = tabs[0].parent
        after = [next_tag(tab) for tab in tabs]
        in_place = [tag for tag in after if tag is not None and tag.name in PANEL_TAGS]
        if parent is not None and len(in_place) == len(tabs):
            yield parent, tabs, in_place
        elif parent is not None and all(tab.parent is parent for tab in tabs):
            panels = _panels_by_position(tabs[-1], len(tabs))
            panels = panels or _panels_by_position(parent, len(tabs))
            if panels:
                yield parent, tabs, panels


def _iter_accordions(body: Tag, index: PanelIndex) -> Iterator[tuple[Tag, Tag]]:
    """Yield the headers of accordions with their panels."""
    for header in [tag for tag in body.find_all(True) if _may_be_header(tag)]:
        if find_ancestor(header, ("nav",)) or not header.get_text(strip=True):
            continue
        controlled = index.find(header)
        panel = controlled or _panel_after(header)
        if (
            panel is None
            or index.is_labelled(panel)
            or is_menu(panel)
            or find_ancestor(panel, ("nav", "header", "footer"))
        ):
            continue
        is_header = _controls_panel(header, panel) if controlled else _precedes_panel(header, panel)
        page_header = find_ancestor(header, ("header",))
        if is_header and (page_header is None or is_among(panel, page_header.next_elements)):
            yield header, panel


def _may_be_header(tag: Tag) -> bool:
    if tag.name in (*HEADINGS, "dt", "summary"):
        return True
    has_attribute = any(tag.has_attr(name) for name in _HEADER_ATTRIBUTES)
    return tag.name not in ("ul", "ol", "nav", "form", "input", "select") and (
        has_attribute
        or tag.get("role") in ("button", "tab")
        or (tag.name == "label" and tag.has_attr("for"))
        or (tag.name in _HEADER_TAGS and has_class(tag, _HEADER_CLASS))
    )


def _panel_after(header: Tag) -> Tag | None:
    """Return the block next to a header, or next to an element that contains only the header."""
    top = header
    while next_tag(top) is None and top.parent is not None and _is_alone(top):
        top = top.parent
    panel = next_tag(top)
    return panel if panel is not None and panel.name in PANEL_TAGS else None


def _is_alone(tag: Tag) -> bool:
    """Return whether the parent of an element has no other text."""
    for sibling in chain(tag.next_siblings, tag.previous_siblings):
        inner = sibling.descendants if isinstance(sibling, Tag) else ()
        if any(is_text(node) and node.strip() for node in chain([sibling], inner)):
            return False
    return True


def _controls_panel(header: Tag, panel: Tag) -> bool:
    """Return whether an element that refers to a panel is the header of an accordion."""
    if header.name in (*HEADINGS, "dt", "summary"):
        return is_hidden(panel)
    is_button = header.name == "button" or header.get("role") in ("button", "tab")
    return (
        any(header.get(name) == "collapse" for name in _COLLAPSE)
        or (header.has_attr("onclick") and panel is _panel_after(header))
        or (header.get("role") in ("button", "tab"))
        or (
            header.has_attr("aria-expanded")
            and (is_button or panel.get("role") in _PANEL_ROLES or _is_panel(panel))
        )
    )


def _precedes_panel(header: Tag, panel: Tag) -> bool:
    """Return whether an element next to a block is the header of an accordion."""
    if header.name == "summary":
        return is_hidden(panel)
    if header.name in (*HEADINGS, "dt"):
        return is_hidden(panel) and _expands(header, panel)
    if header.name == "label":
        around = [header, panel, *list(header.parents)[:2]]
        return header.find_parent("form") is None and any(map(_is_accordion_name, around))
    if header.name in _HEADER_TAGS and has_class(header, _HEADER_CLASS):
        return not contains_element(header, BLOCKS)
    return header.name == "button" and (
        header.has_attr("aria-expanded") or (header.has_attr("onclick") and is_hidden(panel))
    )


def _is_accordion_name(tag: Tag) -> bool:
    return bool(_ACCORDION_NAME.search(" ".join([*get_classes(tag), str(tag.get("id", ""))])))


def _expands(header: Tag, panel: Tag) -> bool:
    """Return whether a heading expands the hidden block after it.

    It has an attribute of a control, its name or that of an element around it says so, or another
    such heading with a block is next to it.
    """
    container = panel.parent
    if container is None:
        return False
    controls = [header, *header.find_all(["button", "a", "span"])]
    if any(tag.has_attr(name) for tag in controls for name in _HEADER_ATTRIBUTES) or any(
        map(_is_accordion_name, (header, panel, container))
    ):
        return True
    above, below = previous_tag(header), next_tag(panel)
    neighbours = (
        (previous_tag(above) if above is not None else None, above),
        (below, next_tag(below) if below is not None else None),
    )
    return any(
        (other is not None and other.name == header.name)
        and (block is not None and block.name == panel.name)
        for other, block in neighbours
    )
