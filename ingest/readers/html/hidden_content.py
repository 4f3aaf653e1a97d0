"""What a click or the lack of scripts would show, and what is hidden for good.

Folded and tabbed parts are content; so is a `noscript` that holds most of the page.
"""

from __future__ import annotations

import re

from bs4.element import Tag

from ingest.readers.html.boilerplate_rules import OMITTED_ROLES, normalized_names
from ingest.readers.html.dom import BLOCKS
from ingest.readers.html.text_density import TextDensity

HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
# Parts that a click shows. A hidden box with none of these names is hidden for good.
COLLAPSIBLE_CLASSES = re.compile(
    r"-(?:tabs?|tab-?panels?|tab-?panes?|accordions?|collapse|collapsible|collapsed|expand\w*|"
    r"toggle\w*|panels?|disclosure|fold\w*|reveal\w*|answers?|faq)-"
)
MAX_COLLAPSED_LINK_SHARE = 0.6  # a folded part with more is a menu
# Words: a note to browsers without scripts is a sentence, a page for them is more.
MIN_NOSCRIPT_WORDS = 40
CONTROLS = frozenset({"button", "a", "div", "h2", "h3", "summary", "li"})
HEADINGS = ("h2", "h3", "h4", "h5", "h6")


def expand_collapsed(body: Tag, density: TextDensity) -> None:
    """Make content of what a click or the lack of scripts would show."""
    notes = [tag for tag in density.iter_tags() if tag.name == "noscript"]
    without_scripts = sum(density.measure(tag).words for tag in notes)
    if without_scripts >= MIN_NOSCRIPT_WORDS and 2 * without_scripts > density.measure(body).words:
        for tag in notes:
            tag.name = "div"
    controlled = {
        str(tag.get(name)).lstrip("#")
        for tag in density.iter_tags()
        if tag.name in CONTROLS
        for name in ("aria-controls", "data-target", "data-bs-target")
        if tag.get(name)
    }
    controlled.update(
        str(link.get("href", ""))[1:]
        for tabs in density.iter_tags()
        if tabs.get("role") == "tablist"
        for link in tabs.find_all("a")
    )
    for tag in density.iter_tags():
        if tag.name == "button" and tag.find_parent([*HEADINGS, "h1", "dt", "summary"]):
            tag.name = "span"
        elif tag.name in BLOCKS and is_hidden(tag) and _is_collapsed(tag, controlled, density):
            for name in ("hidden", "aria-hidden", "style"):
                tag.attrs.pop(name, None)
            before = tag.find_previous_sibling(True)
            if isinstance(before, Tag) and before.name == "button":
                before.name = "p"


def _is_collapsed(tag: Tag, controlled: set[str], density: TextDensity) -> bool:
    named_so = tag.get("role") == "tabpanel" or COLLAPSIBLE_CLASSES.search(normalized_names(tag))
    measured = density.measure(tag)
    return bool(
        (named_so or tag.get("id") in controlled)
        and tag.get("role") not in OMITTED_ROLES
        and measured.link_share < MAX_COLLAPSED_LINK_SHARE
    )


def is_hidden(tag: Tag) -> bool:
    """Whether an element says that it is not shown."""
    if tag.has_attr("hidden") and str(tag["hidden"]).lower() != "until-found":
        return True
    if str(tag.get("aria-hidden", "")).lower() == "true":
        return True
    return bool(HIDDEN_STYLE.search(str(tag.get("style", ""))))
