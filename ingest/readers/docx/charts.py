"""Charts and SmartArt, whose texts are in separate parts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.inline_text import remove_noncharacters
from ingest.readers.docx.items import Item, Paragraph
from ingest.readers.docx.namespaces import CHART, DIAGRAM, A, number_value
from kb.model.article import Block, BlockKind, ListItem, table

MAX_CHART_VALUES = 2_000  # more are measurements, not a figure to read
EXCEL_EPOCH = date(1899, 12, 30)


class _Series(NamedTuple):
    """A series of a chart: its name, and its categories and values by position."""

    name: str
    categories: dict[int, str]
    values: dict[int, str]


def drawing_text(tree: etree._Element) -> str:
    """Return the text of an element of a drawing."""
    texts = tree.iter(f"{A}t", f"{A}br")
    parts = ("\n" if text.tag == f"{A}br" else text.text or "" for text in texts)
    return remove_noncharacters("".join(parts)).strip()


def read_diagram(data: etree._Element) -> list[Item]:
    """Return the texts of SmartArt as a list, nested as in its text pane."""
    texts: dict[str, str] = {}
    for point in data.iter(f"{DIAGRAM}pt"):
        body = next(point.iterchildren(f"{DIAGRAM}t"), None)
        texts[str(point.get("modelId"))] = "" if body is None else drawing_text(body)
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


def count_values(chart: etree._Element) -> int:
    """Return the number of values and categories of a chart."""
    return sum(1 for _ in chart.iter(f"{CHART}pt"))


def chart_title(chart: etree._Element) -> str:
    """Return the title of a chart, or an empty string."""
    body = next(chart.iter(f"{CHART}chart"), chart)
    title = next(body.iterchildren(f"{CHART}title"), None)
    return "" if title is None else drawing_text(title)


def read_chart(chart: etree._Element) -> list[Item]:
    """Return a chart as its title and tables of its values, one column per series.

    Series with different categories, as in a scatter plot, have separate tables.
    """
    items: list[Item] = []
    title = chart_title(chart)
    if title:
        items.append(Block(kind=BlockKind.CAPTION, text=title))
    plot = next(chart.iter(f"{CHART}plotArea"), chart)
    axes = [text for each in plot.iter(f"{CHART}title") if (text := drawing_text(each))]
    groups: list[list[_Series]] = []
    for series in map(_read_series, plot.iter(f"{CHART}ser")):
        group = next((each for each in groups if _has_categories_of(each[0], series)), None)
        if not series.values:
            continue
        if group is None:
            groups.append([series])
        else:
            group.append(series)
    corner = axes.pop(0) if groups and axes else ""
    items.extend(_build_table(group, corner) for group in groups)
    items.extend(map(Paragraph, axes))
    return items


def _has_categories_of(first: _Series, other: _Series) -> bool:
    return not other.categories or other.categories == first.categories


def _build_table(group: list[_Series], corner: str) -> Block:
    categories = group[0].categories
    positions = sorted({at for series in group for at in (*categories, *series.values)})
    rows = [[corner, *(series.name for series in group)]]
    rows.extend(
        [categories.get(at, ""), *(series.values.get(at, "") for series in group)]
        for at in positions
    )
    return table(rows, header_rows=1)


def _read_series(series: etree._Element) -> _Series:
    name = next(series.iterchildren(f"{CHART}tx"), None)
    texts = [] if name is None else [each.text or "" for each in name.iter(f"{CHART}v")]
    return _Series(
        remove_noncharacters(" ".join(texts)),
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
