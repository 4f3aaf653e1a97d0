"""Drawings: images, text boxes, WordArt, charts and SmartArt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.inline_text import remove_noncharacters
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
    number_value,
)
from kb.model.article import Block, BlockKind, Cell, ListItem, table

DRAWING_TAGS = frozenset({f"{W}drawing", f"{W}pict", f"{W}object"})
UNDESCRIBED_IMAGE = "an image without a description"
FORMULA_IMAGE = "a formula image"
UNREADABLE_CHART = "a chart"
EMBEDDED_OBJECT = "an embedded object"
# Shown in place of an image between words, so that the sentence shows the gap.
IMAGE_PLACEHOLDER = "[image]"
FORMULA_PLACEHOLDER = "[formula]"
FORMULA_PROGRAMS = ("Equation", "MathType")
DECORATIVE = "decorative"  # local name of an element in a namespace of its own

MAX_CHART_POINTS = 1_000  # values per series; more are measurements, not a figure to read
EXCEL_EPOCH = date(1899, 12, 30)


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
    drawing = Drawing(text_boxes=list(_outermost(element, f"{W}txbxContent")))
    drawing.items.extend(Paragraph(text) for text in word_art(element))
    if element.tag == f"{W}drawing":
        drawing.is_inline = next(element.iterchildren(f"{WP}inline"), None) is not None
    else:
        drawing.is_inline = "position:absolute" not in _shape_attribute(element, "style")
    graphic_parts = [parts[key] for key in _relationship_ids(element) if key in parts]
    for part in graphic_parts:
        drawing.items.extend(
            _read_chart(part) if part.tag.startswith(CHART) else _read_diagram(part)
        )
    if not drawing.text_boxes:
        drawing.items.extend(Paragraph(text) for text in drawing_paragraphs(element))
    if (drawing.items or drawing.text_boxes) and not _has_image(element):
        return drawing
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
    for path in tree.iter(f"{V}textpath"):
        text = remove_noncharacters(str(path.get("string", ""))).strip()
        if text:
            yield text


def drawing_paragraphs(element: etree._Element) -> Iterator[str]:
    """Yield the paragraphs of shapes that are not text boxes of Word."""
    for paragraph in element.iter(f"{A}p"):
        text = _drawing_text(paragraph)
        if text:
            yield text


def _drawing_text(tree: etree._Element) -> str:
    parts = (
        "\n" if each.tag == f"{A}br" else each.text or "" for each in tree.iter(f"{A}t", f"{A}br")
    )
    return remove_noncharacters("".join(parts)).strip()


def _outermost(tree: etree._Element, tag: str) -> Iterator[etree._Element]:
    for element in tree.iter(tag):
        inner = next((parent for parent in element.iterancestors(tag)), None)
        if inner is None or inner in tree.iterancestors(tag):
            yield element


def _relationship_ids(element: etree._Element) -> Iterator[str]:
    for graphic in element.iter(f"{CHART}chart", f"{DIAGRAM}relIds"):
        yield str(graphic.get(f"{R}id") or graphic.get(f"{R}dm") or "")


def _has_unreadable_graphic(element: etree._Element) -> bool:
    """Return whether a drawing is a chart or SmartArt whose part is missing or of another kind."""
    return any(
        str(data.get("uri", "")).endswith(("/chart", "/chartex", "/diagram"))
        for data in element.iter(f"{A}graphicData")
    )


def alternative_text(element: etree._Element) -> str:
    """Return the description of the first image or shape with one, or an empty string."""
    for each in element.iter(f"{WP}docPr", f"{PICTURE}cNvPr", f"{V}shape", f"{V}imagedata"):
        names = ("descr", "title", "alt", f"{OFFICE}title")
        for name in names:
            text = " ".join(remove_noncharacters(str(each.get(name, ""))).split())
            if text:
                return text
    return ""


def _has_image(element: etree._Element) -> bool:
    return next(element.iter(f"{PICTURE}pic", f"{V}imagedata", f"{A}blip"), None) is not None


def _is_decorative(element: etree._Element) -> bool:
    return any(
        etree.QName(each).localname == DECORATIVE and each.get("val", "1") != "0"
        for each in element.iter(etree.Element)
    )


def _shape_attribute(element: etree._Element, name: str) -> str:
    shape = next(element.iter(f"{V}shape", f"{V}rect", f"{V}group"), None)
    return "" if shape is None else str(shape.get(name, "")).replace(" ", "")


def _read_diagram(data: etree._Element) -> list[Item]:
    """Return the texts of SmartArt as a list, nested as in its text pane."""
    texts: dict[str, str] = {}
    for point in data.iter(f"{DIAGRAM}pt"):
        body = next(point.iterchildren(f"{DIAGRAM}t"), None)
        texts[str(point.get("modelId"))] = "" if body is None else _drawing_text(body)
    children: dict[str, list[tuple[int, str]]] = {}
    nested: set[str] = set()
    for connection in data.iter(f"{DIAGRAM}cxn"):
        if connection.get("type", "parOf") == "parOf":
            source, target = str(connection.get("srcId")), str(connection.get("destId"))
            order = number_value(str(connection.get("srcOrd", "")), 0)
            children.setdefault(source, []).append((order, target))
            nested.add(target)
    items: list[ListItem] = []
    waiting = [(point, 0) for point in reversed(list(texts)) if point not in nested]
    seen: set[str] = set()
    while waiting:
        point, depth = waiting.pop()
        if point in seen:
            continue
        seen.add(point)
        text = texts.get(point, "")
        if text:
            items.append(ListItem(text, depth))
        below = sorted(children.get(point, ()), reverse=True)
        waiting.extend((target, depth + bool(text)) for _, target in below)
    # a circle of connections has no first point
    items.extend(ListItem(text) for point, text in texts.items() if text and point not in seen)
    return [Block(kind=BlockKind.LIST, items=tuple(items))] if items else []


def _read_chart(chart: etree._Element) -> list[Item]:
    """Return a chart as its title and a table of its values, one column per series."""
    items: list[Item] = []
    titles = [_drawing_text(title) for title in chart.iter(f"{CHART}title")]
    plot = next(chart.iter(f"{CHART}plotArea"), chart)
    axis_titles = [_drawing_text(title) for title in plot.iter(f"{CHART}title")]
    heading = [title for title in titles if title and title not in axis_titles]
    if heading:
        items.append(Block(kind=BlockKind.CAPTION, text=" ".join(heading)))
    series = [_read_series(each) for each in chart.iter(f"{CHART}ser")]
    if any(values for _, _, values in series):
        positions = sorted(
            {key for _, categories, values in series for key in (*categories, *values)}
        )
        names: dict[int, str] = {}
        for _, categories, _ in series:
            names = {**categories, **names}
        corner = next((title for title in axis_titles if title), "")
        rows = [[corner, *(name for name, _, _ in series)]]
        rows.extend(
            [names.get(at, ""), *(values.get(at, "") for _, _, values in series)]
            for at in positions[:MAX_CHART_POINTS]
        )
        items.append(table([[Cell(text) for text in row] for row in rows], header_rows=1))
    others = axis_titles[1:] if len(items) > 1 else axis_titles
    items.extend(Paragraph(title) for title in others if title)
    return items


def _read_series(series: etree._Element) -> tuple[str, dict[int, str], dict[int, str]]:
    """Return the name, the categories and the values of a series, both by position."""
    name = next(series.iterchildren(f"{CHART}tx"), None)
    name_texts = [] if name is None else [each.text or "" for each in name.iter(f"{CHART}v")]
    return (
        " ".join(name_texts),
        _read_points(series, "cat", "xVal"),
        _read_points(series, "val", "yVal"),
    )


def _read_points(series: etree._Element, *names: str) -> dict[int, str]:
    points: dict[int, str] = {}
    for source in series.iterchildren(*(f"{CHART}{name}" for name in names)):
        code = next((each.text or "" for each in source.iter(f"{CHART}formatCode")), "")
        for point in source.iter(f"{CHART}pt"):
            value = next(point.iterchildren(f"{CHART}v"), None)
            text = remove_noncharacters("" if value is None else value.text or "")
            at = number_value(str(point.get("idx", "")), len(points))
            own_code = str(point.get("formatCode", code))
            points[at] = " ".join(filter(None, (points.get(at), _format_value(text, own_code))))
    return points


def _format_value(text: str, code: str) -> str:
    """Return a value as Excel displays it, as far as its format changes the meaning."""
    try:
        number = float(text)
    except ValueError:
        return text
    if code.endswith("%"):
        return f"{round(number * 100, 6):g}%"
    if any(letter in code.lower() for letter in "dy") and 1 <= number < 100_000:
        return (EXCEL_EPOCH + timedelta(days=int(number))).isoformat()
    rounded = f"{number:.12g}"  # values are stored as binary numbers: 0.10000000000000001
    return rounded if "e" not in rounded else text
