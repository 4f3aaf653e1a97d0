"""Drawings: images, text boxes, WordArt, charts and SmartArt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.inline_text import remove_noncharacters
from ingest.readers.docx.charts import (
    MAX_CHART_VALUES,
    chart_title,
    count_values,
    drawing_text,
    read_chart,
    read_diagram,
)
from ingest.readers.docx.items import Item, Paragraph
from ingest.readers.docx.namespaces import (
    CHART,
    DIAGRAM,
    OFFICE,
    PICTURE,
    WP,
    A,
    R,
    V,
    W,
)

TEXT_BOX = f"{W}txbxContent"
DRAWING_TAGS = frozenset({f"{W}drawing", f"{W}pict", f"{W}object"})
UNDESCRIBED_IMAGE = "an image without a description"
FORMULA_IMAGE = "a formula image"
UNREADABLE_CHART = "a chart"
LARGE_CHART = "a chart with many values"
EMBEDDED_OBJECT = "an embedded object"
# Shown in place of an image between words, so that the sentence shows the gap.
IMAGE_PLACEHOLDER = "[image]"
FORMULA_PLACEHOLDER = "[formula]"
FORMULA_PROGRAMS = ("Equation", "MathType")
DECORATIVE = "decorative"  # local name of an element in a separate namespace


@dataclass(slots=True)
class Drawing:
    """Content of a drawing.

    `alt` is the description of an image and `placeholder` is shown for an image without one
    between words. `text_boxes` are elements with paragraphs. `omitted` is the reason and the name
    of what cannot be read.
    """

    alt: str = ""
    placeholder: str = ""
    is_inline: bool = False
    items: list[Item] = field(default_factory=list)
    text_boxes: list[etree._Element] = field(default_factory=list)
    omitted: tuple[str, str] | None = None


def read_drawing(element: etree._Element, parts: dict[str, etree._Element]) -> Drawing:
    """Return the content of a ``w:drawing``, ``w:pict`` or ``w:object`` element.

    `parts` are the charts and SmartArt data by relationship id.
    """
    drawing = Drawing(text_boxes=list(_iter_outside_boxes(element, TEXT_BOX)))
    drawing.items.extend(Paragraph(text) for text in word_art(element))
    if element.tag == f"{W}drawing":
        drawing.is_inline = next(element.iterchildren(f"{WP}inline"), None) is not None
    else:
        drawing.is_inline = "position:absolute" not in _shape_attribute(element, "style")
    graphic_parts = [parts[key] for key in _relationship_ids(element) if key in parts]
    for part in graphic_parts:
        if not part.tag.startswith(CHART):
            drawing.items.extend(read_diagram(part))
        elif count_values(part) <= MAX_CHART_VALUES:
            drawing.items.extend(read_chart(part))
        else:
            drawing.omitted = (LARGE_CHART, chart_title(part))
    drawing.items.extend(Paragraph(text) for text in drawing_paragraphs(element))
    has_content = bool(drawing.items or drawing.text_boxes or drawing.omitted)
    if not has_content or _has_image(element):
        _describe(element, drawing, is_graphic=bool(graphic_parts))
    return drawing


def _describe(element: etree._Element, drawing: Drawing, *, is_graphic: bool) -> None:
    """Set the description of a drawing without text, or why it is left out."""
    drawing.alt = alternative_text(element)
    if drawing.alt:
        return
    name = next((str(each.get("name", "")) for each in element.iter(f"{WP}docPr")), "")
    program = next((str(each.get("ProgID", "")) for each in element.iter(f"{OFFICE}OLEObject")), "")
    if is_graphic or _has_unreadable_graphic(element):
        drawing.omitted = (UNREADABLE_CHART, name)
    elif program.startswith(FORMULA_PROGRAMS):
        drawing.omitted, drawing.placeholder = (FORMULA_IMAGE, program), FORMULA_PLACEHOLDER
    elif program:
        drawing.omitted = (EMBEDDED_OBJECT, program)
    elif _has_image(element) and not _is_decorative(element):
        drawing.omitted, drawing.placeholder = (UNDESCRIBED_IMAGE, ""), IMAGE_PLACEHOLDER


def word_art(tree: etree._Element) -> Iterator[str]:
    """Yield the texts of WordArt in the older format, which also draws watermarks."""
    for path in _iter_outside_boxes(tree, f"{V}textpath"):
        text = remove_noncharacters(str(path.get("string", ""))).strip()
        if text:
            yield text


def drawing_paragraphs(element: etree._Element) -> Iterator[str]:
    """Yield the paragraphs of shapes that are not text boxes of Word."""
    for paragraph in _iter_outside_boxes(element, f"{A}p"):
        text = drawing_text(paragraph)
        if text:
            yield text


def _iter_outside_boxes(drawing: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """Yield the elements of a drawing that are not in one of its text boxes."""
    around = next(drawing.iterancestors(TEXT_BOX), None)
    for element in drawing.iter(*tags):
        if next(element.iterancestors(TEXT_BOX), None) is around:
            yield element


def _relationship_ids(element: etree._Element) -> Iterator[str]:
    for graphic in _iter_outside_boxes(element, f"{CHART}chart", f"{DIAGRAM}relIds"):
        yield str(graphic.get(f"{R}id") or graphic.get(f"{R}dm") or "")


def _has_unreadable_graphic(element: etree._Element) -> bool:
    """Return whether a drawing is a chart or SmartArt whose part is missing or of another kind."""
    return any(
        str(data.get("uri", "")).endswith(("/chart", "/chartex", "/diagram"))
        for data in element.iter(f"{A}graphicData")
    )


def alternative_text(element: etree._Element) -> str:
    """Return the description of the first image or shape with one, or an empty string."""
    tags = (f"{WP}docPr", f"{PICTURE}cNvPr", f"{V}shape", f"{V}imagedata")
    for each in _iter_outside_boxes(element, *tags):
        names = ("descr", "title", "alt", f"{OFFICE}title")
        for name in names:
            text = " ".join(remove_noncharacters(str(each.get(name, ""))).split())
            if text:
                return text
    return ""


def _has_image(element: etree._Element) -> bool:
    images = _iter_outside_boxes(element, f"{PICTURE}pic", f"{V}imagedata", f"{A}blip")
    return next(images, None) is not None


def _is_decorative(element: etree._Element) -> bool:
    return any(
        etree.QName(each).localname == DECORATIVE and each.get("val", "1") != "0"
        for each in element.iter(etree.Element)
    )


def _shape_attribute(element: etree._Element, name: str) -> str:
    shape = next(element.iter(f"{V}shape", f"{V}rect", f"{V}group"), None)
    return "" if shape is None else str(shape.get(name, "")).replace(" ", "")
