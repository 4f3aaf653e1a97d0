"""Expansion of collapsed, tabbed and `noscript` content, and detection of hidden elements.

Collapsed and tabbed parts are content, and so is a `noscript` element that contains most of the
page.
"""

from __future__ import annotations

import re

from bs4.element import Tag

from ingest.readers.html.boilerplate_rules import OMITTED_ROLES
from ingest.readers.html.class_rules import normalized_names
from ingest.readers.html.dom import BLOCKS
from ingest.readers.html.elements import HEADINGS
from ingest.readers.html.text_density import TextDensity

HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
# Names of parts that a click expands. A hidden box without such a name stays hidden.
COLLAPSIBLE_CLASSES = re.compile(
    r"-(?:tabs?|tab-?panels?|tab-?panes?|accordions?|collapse|collapsible|collapsed|expand\w*|"
    r"toggle\w*|panels?|disclosure|fold\w*|reveal\w*|answers?|faq)-"
)
MAX_COLLAPSED_LINK_SHARE = 0.6  # a collapsed part with a higher share is a menu
# Words; a message for browsers without scripts is shorter than a fallback page.
MIN_NOSCRIPT_WORDS = 40
CONTROLS = frozenset({"button", "a", "div", "h2", "h3", "summary", "li"})


def expand_collapsed(body: Tag, density: TextDensity) -> None:
    """Make collapsed parts and the fallback for browsers without scripts visible."""
    noscript_tags = [tag for tag in density.iter_tags() if tag.name == "noscript"]
    noscript_words = sum(density.measure(tag).words for tag in noscript_tags)
    if noscript_words >= MIN_NOSCRIPT_WORDS and 2 * noscript_words > density.measure(body).words:
        for tag in noscript_tags:
            tag.name = "div"
    controlled_ids = {
        str(tag.get(name)).lstrip("#")
        for tag in density.iter_tags()
        if tag.name in CONTROLS
        for name in ("aria-controls", "data-target", "data-bs-target")
        if tag.get(name)
    }
    controlled_ids.update(
        str(link.get("href", ""))[1:]
        for tabs in density.iter_tags()
        if tabs.get("role") == "tablist"
        for link in tabs.find_all("a")
    )
    for tag in density.iter_tags():
        if tag.name == "button" and tag.find_parent([*HEADINGS, "dt", "summary"]):
            tag.name = "span"
        elif tag.name in BLOCKS and is_hidden(tag) and _is_collapsed(tag, controlled_ids, density):
            for name in ("hidden", "aria-hidden", "style"):
                tag.attrs.pop(name, None)
            before = tag.find_previous_sibling(True)
            if isinstance(before, Tag) and before.name == "button":
                before.name = "p"


def _is_collapsed(tag: Tag, controlled_ids: set[str], density: TextDensity) -> bool:
    has_collapsible_name = tag.get("role") == "tabpanel" or COLLAPSIBLE_CLASSES.search(
        normalized_names(tag)
    )
    measured = density.measure(tag)
    return bool(
        (has_collapsible_name or tag.get("id") in controlled_ids)
        and tag.get("role") not in OMITTED_ROLES
        and measured.link_share < MAX_COLLAPSED_LINK_SHARE
    )


def is_hidden(tag: Tag) -> bool:
    """Return whether an element is marked as hidden."""
    if not tag.attrs:
        return False
    if tag.has_attr("hidden") and str(tag["hidden"]).lower() != "until-found":
        return True
    if str(tag.get("aria-hidden", "")).lower() == "true":
        return True
    return bool(HIDDEN_STYLE.search(str(tag.get("style", ""))))
