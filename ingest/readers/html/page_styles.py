"""Style sheets inside a page: their rules are copied to the `style` of the elements they match.

A class can strike out, raise or hide a text as an attribute can, so later code reads only `style`.
Selectors of tags, classes and ids, also nested ones, are supported. Rules that a script or a user
action turns off again are not applied to hide text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bs4 import BeautifulSoup
from bs4.element import Tag

from ingest.readers.common.result import WATERMARK, OmittedText
from ingest.readers.html.dom import get_classes, remove_element, visible_line

MAX_STYLE_LENGTH = 500_000  # characters of all style sheets; the largest of real pages had 300,000
_PROPERTIES = """
text-decoration text-decoration-line vertical-align display visibility font font-family
font-size font-weight font-style font-variant-position baseline-shift position top bottom
list-style list-style-type transform rotate
"""
PROPERTIES = frozenset(_PROPERTIES.split())
# The generated text of an element with one of these properties is a watermark, not an icon.
_WATERMARK_STYLE = re.compile(r"rotate\s*\(|rotate\s*:|position\s*:\s*(?:fixed|absolute)", re.I)
_GENERATED_TEXT = re.compile(r"content\s*:\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_WATERMARK_NAME = re.compile(r"(?:^|[-_])watermark(?:$|[-_])", re.I)
_ROTATED = re.compile(r"(?:transform\s*:[^;]*rotate\s*\(|rotate\s*:)\s*-?(?!0)\d", re.I)
MAX_WATERMARK_WORDS = 8
MIN_WATERMARK_LENGTH = 4  # letters; a shorter generated text is an icon or a quotation mark
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_COMPOUND = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][\w-]+)*)", re.I)
_NAME = re.compile(r"([.#])([\w-]+)")
_PSEUDO_ELEMENT = re.compile(r"::?(?:before|after)\s*$", re.I)
_BLOCK = re.compile(r"([^{}]*)\{|\}")


class _Compound(NamedTuple):
    tag: str
    classes: frozenset[str]
    identifier: str

    def matches(self, tag: Tag) -> bool:
        return (
            self.tag in ("", tag.name)
            and self.identifier in ("", str(tag.get("id", "")))
            and self.classes.issubset(get_classes(tag))
        )


class _Rule(NamedTuple):
    weight: tuple[int, int]  # specificity, position
    ancestors: tuple[_Compound, ...]
    subject: _Compound
    declarations: dict[str, str]

    def matches(self, tag: Tag) -> bool:
        if not self.subject.matches(tag):
            return False
        parents = tag.parents
        return all(
            any(compound.matches(parent) for parent in parents)
            for compound in reversed(self.ancestors)
        )


def apply_page_styles(soup: BeautifulSoup) -> list[str]:
    """Copy the rules of the page's style sheets to the elements, and return watermark texts."""
    css = "\n".join(style.get_text() for style in soup.find_all("style"))[:MAX_STYLE_LENGTH]
    if not css.strip():
        return []
    rules: list[_Rule] = []
    revealed: set[str] = set()  # classes and ids of rules that show an element
    watermarks: list[str] = []
    for selectors, body, in_media in _iter_rules(_COMMENT.sub("", css)):
        declarations = _parse_declarations(body)
        if declarations.get("display", "none") != "none" or declarations.get("visibility") in (
            "visible",
            "inherit",
        ):
            revealed.update(name for _, name in _NAME.findall(selectors))
        if in_media:
            continue
        if _PSEUDO_ELEMENT.search(selectors):
            watermarks.extend(_find_watermark(body))
        elif declarations:
            rules.extend(_parse_rules(selectors, declarations, len(rules)))
    _apply_rules(soup, [_without_hiding(rule, revealed) for rule in rules])
    return watermarks


def remove_watermarks(body: Tag, omitted: list[OmittedText]) -> list[str]:
    """Remove the watermarks of a page, and return their texts."""
    texts: list[str] = []
    for tag in body.find_all(True):
        if not tag.attrs:
            continue
        names = (*get_classes(tag), str(tag.get("id", "")))
        is_named = any(map(_WATERMARK_NAME.search, names))
        style = str(tag.get("style", ""))
        is_rotated = bool(_ROTATED.search(style)) and bool(_WATERMARK_STYLE.search(style))
        text = visible_line(tag) if is_named or is_rotated else ""
        if not text and is_named:
            text = str(tag.get("data-text") or tag.get("data-watermark") or tag.get("alt") or "")
        if len(text) >= MIN_WATERMARK_LENGTH and len(text.split()) <= MAX_WATERMARK_WORDS:
            texts.append(text)
            remove_element(tag, WATERMARK, omitted)
    return texts


def _iter_rules(css: str) -> Iterator[tuple[str, str, bool]]:
    """Yield (selectors, declarations, whether the rule is conditional) of a style sheet."""
    conditions: list[bool] = []
    position = 0
    while match := _BLOCK.search(css, position):
        position = match.end()
        head = match[1]
        if head is None:
            conditions = conditions[:-1]
        elif head.strip().startswith("@"):
            is_screen = re.search(r"@media\s+(?:screen|all)\s*$", head.strip(), re.I)
            conditions.append(not is_screen)
        else:
            end = css.find("}", position)
            end = len(css) if end < 0 else end
            yield head.rpartition(";")[2].strip(), css[position:end], any(conditions)
            position = end + 1


def _parse_declarations(body: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in body.split(";"))
    return {
        name: value.replace("!important", "").strip()
        for key, _, value in pairs
        if (name := key.strip().lower()) in PROPERTIES and value.strip()
    }


def _parse_rules(selectors: str, declarations: dict[str, str], first: int) -> Iterator[_Rule]:
    """Yield a rule for each selector of classes, ids and their descendants."""
    for number, selector in enumerate(selectors.split(",")):
        compounds = [_parse_compound(part) for part in selector.split()]
        known = [compound for compound in compounds if compound is not None]
        if not known or len(known) < len(compounds):
            continue
        subject = known[-1]
        if not subject.classes and not subject.identifier:
            continue  # the default style of an element, which its name says already
        specificity = sum(
            100 * bool(each.identifier) + 10 * len(each.classes) + bool(each.tag) for each in known
        )
        weight = (specificity, first + number)
        yield _Rule(weight, tuple(known[:-1]), subject, declarations)


def _parse_compound(text: str) -> _Compound | None:
    match = _COMPOUND.fullmatch(text)
    if not text or match is None:
        return None
    names = _NAME.findall(match[2])
    classes = frozenset(name for sign, name in names if sign == ".")
    identifiers = [name for sign, name in names if sign == "#"]
    return _Compound((match[1] or "").lower(), classes, identifiers[0] if identifiers else "")


def _find_watermark(body: str) -> Iterator[str]:
    match = _GENERATED_TEXT.search(body)
    text = " ".join((match[1] or match[2] or "").split()) if match else ""
    if sum(map(str.isalpha, text)) >= MIN_WATERMARK_LENGTH and _WATERMARK_STYLE.search(body):
        yield text


def _without_hiding(rule: _Rule, revealed: set[str]) -> _Rule:
    """Return a rule without the properties that hide text, if another rule shows it again."""
    names = {*rule.subject.classes, rule.subject.identifier}
    if not names & revealed:
        return rule
    kept = {
        name: value
        for name, value in rule.declarations.items()
        if name not in ("display", "visibility")
    }
    return rule._replace(declarations=kept)


def _apply_rules(soup: BeautifulSoup, rules: list[_Rule]) -> None:
    by_name: dict[str, list[_Rule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.weight):
        names = sorted(rule.subject.classes)
        key = f".{names[0]}" if names else f"#{rule.subject.identifier}"
        by_name.setdefault(key, []).append(rule)
    if not by_name:
        return
    for tag in soup.find_all(True):
        if not tag.attrs:
            continue
        keys = [f".{name}" for name in get_classes(tag)]
        keys.append(f"#{tag.get('id', '')}")
        matching = [rule for key in keys for rule in by_name.get(key, ()) if rule.matches(tag)]
        if matching:
            declarations: dict[str, str] = {}
            for rule in sorted(matching, key=lambda rule: rule.weight):
                declarations.update(rule.declarations)
            own = str(tag.get("style", ""))
            declarations.update(_parse_declarations(own))
            written = ";".join(f"{name}:{value}" for name, value in declarations.items())
            tag["style"] = f"{written};{own}" if own else written
