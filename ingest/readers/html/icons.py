"""Icons as text: by their name, or by the meaning of their class or file name.

A list of what may be done and what not is often told apart only by ticks and crosses.
"""

from __future__ import annotations

import re

from bs4.element import NavigableString, Tag

from ingest.readers.html.dom import get_classes, is_text, visible_line

_ICON_TAGS = frozenset({"i", "span", "svg", "em", "b"})
_ICON_CLASS = re.compile(
    r"(?:^|[-_])(?:icons?|fa[srlbd]?|glyphicon|bi|mdi|dashicons|material-symbols)(?:[-_]|$)", re.I
)
_LIGATURE_CLASS = re.compile(r"^material-(?:icons|symbols)", re.I)
# Words of class and file names, and the displayed sign.
_SIGNS = {
    **dict.fromkeys(["check", "checked", "checkmark", "tick", "ok", "yes", "correct"], "✓"),
    **dict.fromkeys(["times", "cross", "xmark", "remove", "no", "close", "wrong"], "✗"),
    **dict.fromkeys(["x", "ban", "cancel", "prohibited", "dont"], "✗"),
    **dict.fromkeys(["warning", "exclamation", "alert", "caution", "danger"], "⚠"),
}
# Those of elements that are not known to be icons.
_CLEAR_SIGNS = {
    word: _SIGNS[word] for word in ("check", "checkmark", "tick", "times", "cross", "xmark")
}
# Words next to them; "calendar-check" has another meaning.
_DECORATION = frozenset([
    "fa", "fas", "far", "fal", "fab", "fad", "solid", "regular", "light", "glyphicon", "bi", "mdi",
    "dashicons", "icon", "icons", "svg", "ui", "nhsuk", "circle", "square", "triangle", "octagon",
    "diamond", "mark", "sign", "o", "alt", "fill", "filled", "outline", "outlined", "bold",
    "double", "rounded", "round", "lg", "sm", "xs", "small", "large", "green", "red", "amber",
    "black", "white", "img", "image", "symbol", "material",
])  # fmt: skip
_PARTS = re.compile(r"[A-Za-z]+|\d[A-Za-z\d]*")
_PLACES = ["li", "td", "th", "dd", "dt", "p"]
_CONTROLS = ["a", "button", "label", "nav", "header", "footer", "summary"]
_HIDDEN_LABEL = re.compile(r"(?:^|[-_])(?:sr-only|visually-?hidden|screen-reader(?:-text)?)$", re.I)


def name_icon(tag: Tag) -> None:
    """Insert the name of an icon, or the sign that its class or file name states, as text."""
    if tag.name not in _ICON_TAGS and tag.name != "img":
        return
    sign = _find_sign(tag)
    label = _icon_label(tag) if tag.name in _ICON_TAGS else ""
    if label:
        tag.append(NavigableString(f" {label} "))
    elif sign:
        tag.replace_with(NavigableString(f" {sign} "))


def _icon_label(tag: Tag) -> str:
    """Return the name of an element that is displayed as an icon, or an empty string."""
    if str(tag.get("aria-hidden", "")).lower() == "true":
        return ""
    label = str(tag.get("aria-label") or tag.get("title") or "")
    if tag.name == "svg":
        title = tag.find("title")
        label = label or (title.get_text(" ", strip=True) if isinstance(title, Tag) else "")
        tag.clear()
        tag.name = "span" if label else "svg"
        return label
    if tag.get_text(strip=True) or tag.find(["img", "svg"]):
        return ""
    is_icon = tag.get("role") == "img" or _has_icon_class(tag)
    return label if is_icon else ""


def _has_icon_class(tag: Tag) -> bool:
    return any(map(_ICON_CLASS.search, get_classes(tag)))


def _find_sign(tag: Tag) -> str:
    """Return the sign that an icon without a name displays in a list, table or paragraph."""
    signs = _CLEAR_SIGNS
    if tag.name == "img":
        named = any(tag.get(name) for name in ("alt", "title", "aria-label"))
        names = [] if named else [str(tag.get("src", "")).rpartition("/")[2].partition(".")[0]]
    elif tag.name == "svg":
        uses = [str(use.get("href") or use.get("xlink:href") or "") for use in tag.find_all("use")]
        names = [*get_classes(tag), *(use.rpartition("#")[2] for use in uses)]
    elif any(map(_LIGATURE_CLASS.search, get_classes(tag))):
        names, signs = [tag.get_text(strip=True)], _SIGNS
    else:
        names = [] if tag.contents and tag.get_text(strip=True) else get_classes(tag)
        signs = _SIGNS if _has_icon_class(tag) else _CLEAR_SIGNS
    sign = next(filter(None, (_sign_of(name, signs) for name in names)), "")
    place = tag.find_parent(_PLACES) if sign else None
    if not isinstance(place, Tag) or tag.find_parent(_CONTROLS) or _has_hidden_label(place):
        return ""
    return sign


def _sign_of(name: str, signs: dict[str, str]) -> str:
    words = [word.lower() for word in _PARTS.findall(name) if not word[0].isdigit()]
    known = [word for word in words if word in signs]
    is_sign = len(known) == 1 and all(word in signs or word in _DECORATION for word in words)
    return signs[known[0]] if is_sign else ""


def _has_hidden_label(place: Tag) -> bool:
    """Return whether a text for screen readers already says what the icon means."""
    return any(any(map(_HIDDEN_LABEL.search, get_classes(tag))) for tag in place.find_all("span"))


def count_unnamed_icons(content: Tag) -> int:
    """Return the number of icons without a name that may have a meaning.

    Those are the only content of a cell, or differ between the items of a list.
    """
    cells = sum(
        1
        for cell in content.find_all("td")
        if not cell.get_text(strip=True) and any(map(_is_unnamed_icon, cell.find_all(True)))
    )
    return cells + sum(map(_count_list_icons, content.find_all(["ul", "ol"])))


def _count_list_icons(tag: Tag) -> int:
    """Return the number of items that begin with an icon, unless all have the same one."""
    icons = [
        first
        for item in tag.find_all("li", recursive=False)
        if (first := _first_element(item)) is not None and _is_unnamed_icon(first)
    ]
    kinds = {(*get_classes(icon), str(icon.get("src", ""))) for icon in icons}
    return len(icons) if len(kinds) > 1 else 0


def _first_element(item: Tag) -> Tag | None:
    """Return the first element without text of an item, or None if text precedes it."""
    for element in item.descendants:
        if isinstance(element, Tag):
            if element.name in (*_ICON_TAGS, "img") and not visible_line(element):
                return element
        elif is_text(element) and element.strip():
            return None
    return None


def _is_unnamed_icon(tag: Tag) -> bool:
    return (
        tag.name == "svg"
        or (tag.name == "img" and not str(tag.get("alt", "")).strip())
        or (tag.name in _ICON_TAGS and _has_icon_class(tag))
    )
