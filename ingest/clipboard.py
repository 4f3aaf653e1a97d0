"""Sanitiser for text pasted from Word or the web; its output is a plain page for the HTML reader.

The clipboard format of Word contains style sheets, conditional comments and lists written as
paragraphs (`mso-list`). These paragraphs become lists; then nh3 removes everything that is not on
an allow-list of text and structure. The nesting depth is limited first, because nh3 is slow on
deeply nested lists.
"""

from __future__ import annotations

import re
from html import escape

import nh3
from bs4 import BeautifulSoup, Tag

from kb.errors import SourceError, SourceProblem

SOURCE_NAME = "the pasted text"
MAX_CHARACTERS = 2_000_000  # about a hundred pages of Word with their styles
MAX_DEPTH = 100  # of nested elements; nh3 took 25 s for 180 kB of nested lists
ALLOWED_TAGS = {
    "a", "abbr", "aside", "b", "blockquote", "br", "caption", "code", "dd", "dl", "dt", "em",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "i", "li", "ol", "p", "pre", "q",
    "s", "section", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul",
}  # fmt: skip
ALLOWED_ATTRIBUTES = {
    "a": {"href"},
    "abbr": {"title"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
LIST_LEVEL = re.compile(r"mso-list:[^;]*\blevel(\d+)", re.I)
NUMBER_MARKER = re.compile(r"\(?(?:\d+|[a-z]|[ivx]+)[.)]$", re.I)
HEADING_CLASS = re.compile(r"MsoHeading(\d)|Heading ?(\d)", re.I)


def clean_html(html: str, text: str, title: str) -> bytes:
    """Return a page with the pasted text: the rich text if there is any, else the plain text.

    Raises `SourceError` if there is no text or too much.
    """
    if len(html) > MAX_CHARACTERS or len(text) > MAX_CHARACTERS:
        raise SourceError(
            SOURCE_NAME,
            f"is longer than {MAX_CHARACTERS:,} characters.",
            "Save it as a file and upload the file.",
            code=SourceProblem.TOO_LONG,
        )
    body = _clean_rich_text(html) if html.strip() else _format_plain_text(text)
    if not BeautifulSoup(body, "lxml").get_text(strip=True):
        raise SourceError(
            SOURCE_NAME,
            "contains no text.",
            "Copy the text again and paste it into the field.",
            code=SourceProblem.NO_TEXT,
        )
    head = f"<title>{escape(title)}</title>" if title else ""
    first = f"<h1>{escape(title)}</h1>" if title else ""
    return (
        f'<!doctype html><html><head><meta charset="utf-8">{head}</head>'
        f"<body><main>{first}{body}</main></body></html>"
    ).encode()


def _clean_rich_text(html: str) -> str:
    soup = BeautifulSoup(html, "lxml")
    if _max_depth(soup) > MAX_DEPTH:
        raise SourceError(
            SOURCE_NAME,
            f"has more than {MAX_DEPTH} levels of nested elements.",
            "Paste it as plain text, or save it as a file and upload the file.",
            code=SourceProblem.TOO_DEEP,
        )
    _make_lists(soup)
    body = soup.body or soup
    return nh3.clean(
        body.decode_contents(),
        tags=ALLOWED_TAGS,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
        clean_content_tags={"script", "style"},
    )


def _format_plain_text(text: str) -> str:
    """Return plain text as HTML: paragraphs, headings marked with # and lists with bullets."""
    parts = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if lines and all(re.match(r"[-*•] ", line) for line in lines):
            items = "".join(f"<li>{escape(line[2:])}</li>" for line in lines)
            parts.append(f"<ul>{items}</ul>")
        elif len(lines) == 1 and lines[0].startswith("#"):
            level = min(len(lines[0]) - len(lines[0].lstrip("#")) + 1, 6)
            parts.append(f"<h{level}>{escape(lines[0].lstrip('# '))}</h{level}>")
        else:
            parts.append(f"<p>{escape(' '.join(lines))}</p>")
    return "".join(parts)


def _max_depth(soup: BeautifulSoup) -> int:
    deepest, waiting = 0, [(soup.contents, 1)]
    while waiting:
        children, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(one.contents, depth + 1) for one in children if isinstance(one, Tag)]
    return deepest


def _make_lists(soup: BeautifulSoup) -> None:
    """Turn Word's list paragraphs into lists and its heading paragraphs into headings."""
    run: list[tuple[int, Tag]] = []
    for paragraph in soup.find_all(["p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "div"]):
        style = str(paragraph.get("style") or "")
        level = LIST_LEVEL.search(style) if paragraph.name == "p" else None
        if level:
            run.append((int(level[1]), paragraph))
            continue
        if run and (paragraph.name != "div" or not paragraph.find(_is_item)):
            _make_list(soup, run)
            run = []
        named = HEADING_CLASS.fullmatch(" ".join(paragraph.get("class") or []))
        if named and paragraph.name == "p":
            paragraph.name = f"h{min(int(named[1] or named[2]), 6)}"
    if run:
        _make_list(soup, run)


def _is_item(tag: Tag) -> bool:
    return tag.name == "p" and bool(LIST_LEVEL.search(str(tag.get("style") or "")))


def _make_list(soup: BeautifulSoup, run: list[tuple[int, Tag]]) -> None:
    first = run[0][1]
    outer: list[tuple[int, Tag]] = []
    top: Tag | None = None
    for level, paragraph in run:
        ordered = _remove_list_marker(paragraph)
        while outer and outer[-1][0] > level:
            outer.pop()
        if not outer or outer[-1][0] < level:
            new_list = soup.new_tag("ol" if ordered else "ul")
            if outer:
                items = outer[-1][1].find_all("li", recursive=False)
                (items[-1] if items else outer[-1][1]).append(new_list)
            elif top is None:
                first.insert_before(new_list)
                top = new_list
            else:
                first.insert_before(new_list)
            outer.append((level, new_list))
        item = soup.new_tag("li")
        for child in list(paragraph.contents):
            item.append(child.extract())
        outer[-1][1].append(item)
    for _, paragraph in run:
        paragraph.decompose()


def _remove_list_marker(paragraph: Tag) -> bool:
    """Remove the list marker that Word writes before an item; return whether it is a number."""
    for span in paragraph.find_all("span"):
        if "mso-list" in str(span.get("style") or "").lower():
            sign = span.get_text().strip()
            span.decompose()
            return bool(NUMBER_MARKER.match(sign))
    return False
