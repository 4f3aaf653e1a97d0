"""The shapes drawn on a page of a PDF: the lines of its tables and boxes, bullets and images."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

# A page of a form has some 2,000 lines; a drawing or a map has more, and no table.
MAX_POINTS = 20_000
MAX_FORM_DEPTH = 8  # drawings placed in drawings
MIN_EDGE_LENGTH = 3.0  # points: a shorter line is the end of a thick one
MAX_SLANT = 0.5  # points by which the ends of a level line may differ
MAX_SHAPE_SHARE = 0.8  # of the page: a larger shape is the paper
MAX_COORDINATE = 100_000.0  # points: what lies further off, or at no number, is on no page
DOT_SIZE = (1.5, 8.0)  # points: the width and the height of a bullet
DRAWN_OBJECTS = frozenset({raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM})
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Edge:
    """A level or upright line of the page, `at` its height or its x, from `low` to `high`.

    A white one is seen on a coloured ground only, as between the cells of a shaded table.
    """

    horizontal: bool
    position: float
    low: float
    high: float
    white: bool = False


@dataclass(slots=True)
class PageDrawings:
    """What is drawn on a page; `dots` are boxes (x0, y0, x1, y1) of the size of a bullet."""

    edges: list[Edge] = field(default_factory=list)
    dots: list[tuple[float, float, float, float]] = field(default_factory=list)
    images: int = 0


_Point = tuple[float, float]
_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def read_drawings(page: pdfium.PdfPage, upright: Callable[[float, float], _Point]) -> PageDrawings:
    """Return what is drawn on a page, its points turned by `upright`."""
    shapes = PageDrawings()
    area = page.get_width() * page.get_height()
    points = 0
    for item, kind, matrix in _iter_objects(page.raw):
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            shapes.images += 1
        elif kind == raw.FPDF_PAGEOBJ_PATH and (colours := _visible_colours(item)):
            points += raw.FPDFPath_CountSegments(item)
            if points > MAX_POINTS:
                break
            white = all(colour == WHITE for colour in colours)
            runs = [_transform(run, matrix, upright) for run in _polylines(item)]
            _add_path(shapes, runs, area, white)
    return shapes


def _iter_objects(page: object) -> Iterator[tuple[object, int, _Matrix]]:
    """Yield (object, kind, place) of what is drawn on a page and in the drawings placed on it."""
    count = raw.FPDFPage_CountObjects(page)
    waiting = [
        (raw.FPDFPage_GetObject(page, index), _IDENTITY, 0) for index in reversed(range(count))
    ]
    while waiting:
        item, around, depth = waiting.pop()
        kind = raw.FPDFPageObj_GetType(item)
        if kind not in DRAWN_OBJECTS:
            continue
        matrix = _multiply(_object_matrix(item), around)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            inside = range(raw.FPDFFormObj_CountObjects(item)) if depth < MAX_FORM_DEPTH else ()
            waiting.extend(
                (raw.FPDFFormObj_GetObject(item, index), matrix, depth + 1)
                for index in reversed(inside)
            )
        else:
            yield item, kind, matrix


def _object_matrix(item: object) -> _Matrix:
    found = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, found):
        return _IDENTITY
    return (found.a, found.b, found.c, found.d, found.e, found.f)


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
    """Return the colours in which a path is filled or stroked; none if it cannot be seen."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill, stroke)
    found: list[tuple[int, int, int]] = []
    for used, get in (
        (fill.value, raw.FPDFPageObj_GetFillColor),
        (stroke.value, raw.FPDFPageObj_GetStrokeColor),
    ):
        parts = [ctypes.c_uint() for _ in range(4)]
        if used and get(item, *parts):
            red, green, blue, alpha = (part.value for part in parts)
            if alpha:
                found.append((red, green, blue))
    return found


def _polylines(item: object) -> Iterator[list[_Point]]:
    """Yield the lines of a path as runs of points; a curve is a line to its end."""
    x, y = ctypes.c_float(), ctypes.c_float()
    run: list[_Point] = []
    for index in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_MOVETO:
            if len(run) > 1:
                yield run
            run = []
        run.append((x.value, y.value))
        if raw.FPDFPathSegment_GetClose(segment):
            run.append(run[0])
    if len(run) > 1:
        yield run


def _transform(
    run: list[_Point], matrix: _Matrix, upright: Callable[[float, float], _Point]
) -> list[_Point]:
    a, b, c, d, e, f = matrix
    return [upright(a * x + c * y + e, b * x + d * y + f) for x, y in run]


def _add_path(
    shapes: PageDrawings, runs: list[list[_Point]], page_area: float, white: bool
) -> None:
    low, high = DOT_SIZE
    for run in runs:
        if not all(abs(x) < MAX_COORDINATE and abs(y) < MAX_COORDINATE for x, y in run):
            continue
        xs, ys = [x for x, _ in run], [y for _, y in run]
        width, height = max(xs) - min(xs), max(ys) - min(ys)
        if width * height > MAX_SHAPE_SHARE * page_area:
            continue
        if low <= width <= high and low <= height <= high:
            if not white:
                shapes.dots.append((min(xs), min(ys), max(xs), max(ys)))
            continue
        for (x0, y0), (x1, y1) in itertools.pairwise(run):
            if abs(y0 - y1) <= MAX_SLANT and abs(x0 - x1) >= MIN_EDGE_LENGTH:
                shapes.edges.append(Edge(True, (y0 + y1) / 2, min(x0, x1), max(x0, x1), white))
            elif abs(x0 - x1) <= MAX_SLANT and abs(y0 - y1) >= MIN_EDGE_LENGTH:
                shapes.edges.append(Edge(False, (x0 + x1) / 2, min(y0, y1), max(y0, y1), white))
