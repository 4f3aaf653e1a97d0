"""Shapes drawn on a PDF page: table lines, boxes, bullets and images."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

# A form page has about 2,000 lines; a page with more is a drawing or a map, not a table.
MAX_POINTS = 20_000
MAX_FORM_DEPTH = 8  # nested form objects
MIN_EDGE_LENGTH = 3.0  # points; a shorter line is the end of a thick one
MAX_SLANT = 0.5  # points by which the ends of a straight line may differ
MAX_SHAPE_SHARE = 0.8  # share of the page area; a larger shape is the background
MAX_COORDINATE = 100_000.0  # points; larger coordinates are off the page or invalid
DOT_SIZE = (1.5, 8.0)  # points; minimum and maximum width and height of a bullet
DRAWN_OBJECTS = frozenset({raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM})
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Edge:
    """Horizontal or vertical line. `position` is its y or x, from `low` to `high`.

    A white line is visible on a coloured background only, as between the cells of a shaded table.
    """

    horizontal: bool
    position: float
    low: float
    high: float
    white: bool = False


@dataclass(slots=True)
class PageDrawings:
    """Shapes on a page. `dots` are boxes (x0, y0, x1, y1) of the size of a bullet."""

    edges: list[Edge] = field(default_factory=list)
    dots: list[tuple[float, float, float, float]] = field(default_factory=list)
    images: int = 0


_Point = tuple[float, float]
_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def read_drawings(page: pdfium.PdfPage, upright: Callable[[float, float], _Point]) -> PageDrawings:
    """Return the shapes on a page, with points converted by `upright`."""
    drawings = PageDrawings()
    area = page.get_width() * page.get_height()
    points = 0
    for item, object_type, matrix in _iter_objects(page.raw):
        if object_type == raw.FPDF_PAGEOBJ_IMAGE:
            drawings.images += 1
        elif object_type == raw.FPDF_PAGEOBJ_PATH and (colours := _visible_colours(item)):
            points += raw.FPDFPath_CountSegments(item)
            if points > MAX_POINTS:
                break
            white = all(colour == WHITE for colour in colours)
            polylines = [_transform(polyline, matrix, upright) for polyline in _polylines(item)]
            _add_path(drawings, polylines, area, white)
    return drawings


def _iter_objects(page: object) -> Iterator[tuple[object, int, _Matrix]]:
    """Yield (object, type, matrix) of the objects on a page, including nested form objects."""
    count = raw.FPDFPage_CountObjects(page)
    stack = [
        (raw.FPDFPage_GetObject(page, index), _IDENTITY, 0) for index in reversed(range(count))
    ]
    while stack:
        item, outer_matrix, depth = stack.pop()
        object_type = raw.FPDFPageObj_GetType(item)
        if object_type not in DRAWN_OBJECTS:
            continue
        matrix = _multiply(_object_matrix(item), outer_matrix)
        if object_type == raw.FPDF_PAGEOBJ_FORM:
            form_objects = (
                range(raw.FPDFFormObj_CountObjects(item)) if depth < MAX_FORM_DEPTH else ()
            )
            stack.extend(
                (raw.FPDFFormObj_GetObject(item, index), matrix, depth + 1)
                for index in reversed(form_objects)
            )
        else:
            yield item, object_type, matrix


def _object_matrix(item: object) -> _Matrix:
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, matrix):
        return _IDENTITY
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _multiply(inner: _Matrix, outer: _Matrix) -> _Matrix:
    if outer == _IDENTITY:
        return inner
    a, b, c, d, e, f = inner
    oa, ob, oc, od, oe, of = outer
    return (
        a * oa + b * oc,
        a * ob + b * od,
        c * oa + d * oc,
        c * ob + d * od,
        e * oa + f * oc + oe,
        e * ob + f * od + of,
    )


def _visible_colours(item: object) -> list[tuple[int, int, int]]:
    """Return the fill and stroke colours of a path, or an empty list if it is invisible."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill, stroke)
    colours: list[tuple[int, int, int]] = []
    for used, get in (
        (fill.value, raw.FPDFPageObj_GetFillColor),
        (stroke.value, raw.FPDFPageObj_GetStrokeColor),
    ):
        parts = [ctypes.c_uint() for _ in range(4)]
        if used and get(item, *parts):
            red, green, blue, alpha = (part.value for part in parts)
            if alpha:
                colours.append((red, green, blue))
    return colours


def _polylines(item: object) -> Iterator[list[_Point]]:
    """Yield the subpaths of a path as lists of points; a curve becomes a line to its end."""
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[_Point] = []
    for index in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_MOVETO:
            if len(points) > 1:
                yield points
            points = []
        points.append((x.value, y.value))
        if raw.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    if len(points) > 1:
        yield points


def _transform(
    points: list[_Point], matrix: _Matrix, upright: Callable[[float, float], _Point]
) -> list[_Point]:
    a, b, c, d, e, f = matrix
    return [upright(a * x + c * y + e, b * x + d * y + f) for x, y in points]


def _add_path(
    drawings: PageDrawings, polylines: list[list[_Point]], page_area: float, white: bool
) -> None:
    low, high = DOT_SIZE
    for points in polylines:
        if not all(abs(x) < MAX_COORDINATE and abs(y) < MAX_COORDINATE for x, y in points):
            continue
        xs, ys = [x for x, _ in points], [y for _, y in points]
        width, height = max(xs) - min(xs), max(ys) - min(ys)
        if width * height > MAX_SHAPE_SHARE * page_area:
            continue
        if low <= width <= high and low <= height <= high:
            if not white:
                drawings.dots.append((min(xs), min(ys), max(xs), max(ys)))
            continue
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            if abs(y0 - y1) <= MAX_SLANT and abs(x0 - x1) >= MIN_EDGE_LENGTH:
                drawings.edges.append(Edge(True, (y0 + y1) / 2, min(x0, x1), max(x0, x1), white))
            elif abs(x0 - x1) <= MAX_SLANT and abs(y0 - y1) >= MIN_EDGE_LENGTH:
                drawings.edges.append(Edge(False, (x0 + x1) / 2, min(y0, y1), max(y0, y1), white))
