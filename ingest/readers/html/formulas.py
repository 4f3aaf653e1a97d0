"""Formulas of a page as text: MathML, TeX, and the output of KaTeX, MathJax and MediaWiki.

These libraries put the same formula into a page two or three times: as MathML, as positioned
letters or an image, and as TeX. It is read once, from MathML if there is any. Positioned letters
cannot be read: those of a power of ten are "109".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from ingest.readers.common.formulas import MathNode, format_math
from ingest.readers.common.result import OmittedText
from ingest.readers.common.tex import format_tex, is_tex, replace_dollar_tex, replace_tex
from ingest.readers.html.dom import find_tags, get_classes, is_text, visible_line

UNREADABLE = "a formula that is only displayed"
PLACEHOLDER = "[formula]"
MAX_PLACE_LENGTH = 60  # characters before a formula that tell its place
_RENDERED_CLASSES = frozenset(
    {"katex", "katex-display", "MathJax", "MathJax_Display", "MathJax_CHTML", "MathJax_SVG"}
    | {"MathJax_SVG_Display", "MJXc-display", "mjx-chtml", "mwe-math-element"}
)
_CONTAINER_CLASSES = _RENDERED_CLASSES | {"math-tex", "MathJax_MathML", "MathJax_MathContainer"}
_PREVIEW_CLASS = "MathJax_Preview"
MATH_TAGS = frozenset({"math", "mml:math", "m:math"})
_CONTAINER_TAG = "mjx-container"
_TEX_TYPE = re.compile(r"^(?:math|text|application)/(?:x-)?(?:la)?tex\b", re.I)
_MATHML_TYPE = re.compile(r"^(?:math/mml|application/mathml)", re.I)
_TEX_IMAGE_CLASSES = frozenset(
    {"latex", "tex", "math", "mathtex", "mwe-math-fallback-image-inline"}
    | {"mwe-math-fallback-image-display"}
)
_TEX_IMAGE_SOURCE = re.compile(r"latex|codecogs|mathtex|mimetex|/media/math/", re.I)
_UNCHANGED = frozenset({"pre", "code", "script", "style", "textarea"})


def replace_formulas(soup: BeautifulSoup, omitted: list[OmittedText]) -> list[str]:
    """Replace each formula by its text, and return the places of those that cannot be read."""
    for script in soup.find_all("script", type=_MATHML_TYPE):
        _replace_script(script, list(_parse_mathml(script.get_text())))
    for script in soup.find_all("script", type=_TEX_TYPE):
        _replace_script(script, [format_tex(script.get_text())])
    for math in find_tags(soup, MATH_TAGS):
        text = format_math(_to_node(math))
        _find_container(math).replace_with(NavigableString(_spaced(math, text)))
    for image in soup.find_all("img", alt=True):
        source = str(image.get("src", ""))
        is_formula = _TEX_IMAGE_CLASSES & set(get_classes(image)) or _TEX_IMAGE_SOURCE.search(
            source
        )
        if is_formula and is_tex(str(image["alt"])):
            _find_container(image).replace_with(
                NavigableString(format_tex(str(image["alt"]).strip("$ ")))
            )
    rendered = [tag for tag in soup.find_all(True) if _is_rendered(tag)]
    places = [_replace_rendered(tag, omitted) for tag in rendered if tag.parent]
    for text in soup.find_all(string=_may_have_tex):
        if is_text(text) and not any(parent.name in _UNCHANGED for parent in text.parents):
            text.replace_with(NavigableString(replace_dollar_tex(replace_tex(text))))
    return [place for place in places if place]


def _may_have_tex(text: str | None) -> bool:
    return text is not None and ("$" in text or "\\" in text)


def _replace_script(script: Tag, texts: list[str]) -> None:
    """Replace a script with the source of a formula, and what MathJax displays for it.

    If this has MathML, the script is removed instead.
    """
    displayed = list(_displayed_before(script))
    if any(tag.find(["math", "mml:math"]) or tag.name == "math" for tag in displayed):
        script.decompose()
        return
    for tag in displayed:
        tag.decompose()
    script.replace_with(NavigableString(" ".join(texts)))


def _displayed_before(script: Tag) -> Iterator[Tag]:
    """Yield the elements that display the formula of a script."""
    for element in list(script.previous_siblings):
        if not isinstance(element, Tag):
            if str(element).strip():
                return
        elif _is_rendered(element) or element.name == "math" or _is_preview(element):
            yield element
            if _is_preview(element):
                return
        else:
            return


def _is_preview(tag: Tag) -> bool:
    return _PREVIEW_CLASS in get_classes(tag)


def _is_rendered(tag: Tag) -> bool:
    """Return whether an element displays a formula, and is not a part of such an element."""
    return _displays_formula(tag) and not any(map(_displays_formula, tag.parents))


def _displays_formula(tag: Tag) -> bool:
    return tag.name == _CONTAINER_TAG or bool(_RENDERED_CLASSES & set(get_classes(tag)))


def _parse_mathml(text: str) -> Iterator[str]:
    for math in BeautifulSoup(text, "lxml").find_all(["math", "mml:math"]):
        yield format_math(_to_node(math))


def _replace_rendered(tag: Tag, omitted: list[OmittedText]) -> str:
    """Replace a formula without MathML, and return its place if it has no text at all."""
    if any(image.get("alt") for image in tag.find_all("img")):
        return ""  # the reader of images replaces it by its description
    texts = [
        str(element[name])
        for element in (tag, *tag.find_all(True))
        for name in ("data-mathml", "aria-label", "data-semantic-speech", "alttext")
        if element.get(name)
    ]
    title = tag.find("title")
    if isinstance(title, Tag):
        texts.append(title.get_text(" ", strip=True))
    text = texts[0] if texts else ""
    if "<" in text:
        text = " ".join(_parse_mathml(text))
    elif is_tex(text):
        text = format_tex(text)
    place = ""
    if not text:
        text = PLACEHOLDER
        omitted.append(OmittedText(UNREADABLE, visible_line(tag) or PLACEHOLDER))
        before = " ".join(str(part) for part in reversed(list(_texts_before(tag))))
        place = " ".join(before.split())[-MAX_PLACE_LENGTH:] or PLACEHOLDER
    tag.replace_with(NavigableString(text))
    return place


def _texts_before(tag: Tag) -> Iterator[str]:
    length = 0
    for element in tag.previous_elements:
        if is_text(element):
            length += len(element.strip())
            yield element
        if length > MAX_PLACE_LENGTH:
            return


def _to_node(tag: Tag) -> MathNode:
    text = "".join(str(child) for child in tag.contents if isinstance(child, NavigableString))
    children = tuple(_to_node(child) for child in tag.contents if isinstance(child, Tag))
    attributes = {name: str(value) for name, value in tag.attrs.items()}
    return MathNode(tag.name.rpartition(":")[2], text, children, attributes)


def _find_container(math: Tag) -> Tag:
    """Return the outermost element that only displays this formula."""
    container = math
    for parent in math.parents:
        if parent.name == _CONTAINER_TAG or _CONTAINER_CLASSES & set(get_classes(parent)):
            container = parent
    return container


def _spaced(math: Tag, text: str) -> str:
    return f" {text} " if math.get("display") == "block" else text
