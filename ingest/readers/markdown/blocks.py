"""Conversion of Markdown tokens to headings and blocks.

The parser returns a flat list of tokens with their nesting. One pass with explicit stacks builds
the blocks, so deep nesting cannot exhaust the call stack. An HTML block is read like a page; inside
an item or a quote only its text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bs4 import BeautifulSoup, Comment
from markdown_it.token import Token

from ingest.readers.common.result import OmittedText
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.html.dom import parse_page, visible_text
from ingest.readers.html.reader import HtmlWalker
from ingest.readers.markdown.preprocess import FOOTNOTE_MARK
from kb.model.article import Block, BlockKind, ListItem, table

BREAK_TAG = re.compile(r"<br\s*/?>", re.I)
# Alert markers of code hosts and note-taking tools: [!WARNING], [!tip]-
ALERT = re.compile(r"\[!(\w{1,30})\][+-]?[ \t]*")
TASK = re.compile(r"\[([ xX])\]\s+")
TASK_BOXES = {" ": "☐ ", "x": "☒ "}
INVISIBLE = ("script", "style", "template", "noscript")


def add_blocks(
    tokens: Sequence[Token], builder: SectionBuilder, omitted: list[OmittedText], source: str
) -> None:
    """Add the content of tokens to `builder`. Raises `SourceError` for excessively nested HTML."""
    _BlockBuilder(builder, omitted, source).build(tokens)


class _BlockBuilder:
    """Single pass over tokens, with the open elements on stacks."""

    def __init__(self, builder: SectionBuilder, omitted: list[OmittedText], source: str) -> None:
        self._builder = builder
        self._omitted = omitted
        self._source = source
        self._lists: list[bool] = []  # open lists, outermost first; true if ordered
        self._items: list[tuple[list[str], int]] = []  # (texts, depth) of the outermost list
        self._open_items: list[list[str]] = []  # texts of the open items, outermost first
        self._quotes = 0
        self._callout: list[str] = []
        self._rows: list[list[str]] = []
        self._header_rows = 0
        self._heading_level = 0  # level of the open heading, or 0
        self._in_cell = False
        self._ordered = False

    def build(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            handler = _HANDLERS.get(token.type)
            if handler:
                handler(self, token)

    def open_quote(self, token: Token) -> None:
        self._quotes += 1

    def close_quote(self, token: Token) -> None:
        self._quotes -= 1
        if not self._quotes and not self._lists:
            text = "\n".join(self._callout)
            self._builder.add_text(BlockKind.CALLOUT, ALERT.sub(_format_alert, text, count=1))
            self._callout = []

    def open_list(self, token: Token) -> None:
        if not self._lists:
            self._ordered = token.type.startswith("ordered")
        self._lists.append(token.type.startswith("ordered"))

    def close_list(self, token: Token) -> None:
        self._lists.pop()
        if self._lists:
            return
        items = [ListItem(" ".join(texts), depth) for texts, depth in self._items]
        self._items = []
        if self._quotes:
            self._callout.extend("- " + item.text for item in items)
        else:
            self._builder.add_block(
                Block(kind=BlockKind.LIST, items=tuple(items), ordered=self._ordered)
            )

    def open_item(self, token: Token) -> None:
        texts: list[str] = []
        self._items.append((texts, len(self._lists) - 1))
        self._open_items.append(texts)

    def close_item(self, token: Token) -> None:
        self._open_items.pop()

    def open_heading(self, token: Token) -> None:
        self._heading_level = int(token.tag.removeprefix("h"))

    def close_heading(self, token: Token) -> None:
        self._heading_level = 0

    def open_table(self, token: Token) -> None:
        self._rows, self._header_rows = [], 0

    def close_header(self, token: Token) -> None:
        self._header_rows = len(self._rows)

    def close_table(self, token: Token) -> None:
        if self._open_items or self._quotes:
            for row in self._rows:
                self._add_paragraph(" | ".join(row))
            return
        self._builder.add_block(table(self._rows, self._header_rows))

    def open_row(self, token: Token) -> None:
        self._rows.append([])

    def open_cell(self, token: Token) -> None:
        self._in_cell = True

    def close_cell(self, token: Token) -> None:
        self._in_cell = False

    def inline(self, token: Token) -> None:
        text, images = self._flatten(token)
        if self._in_cell:
            self._rows[-1].append(" ".join([text, *images]).strip())
        elif self._heading_level and not (self._open_items or self._quotes):
            self._builder.add_heading(self._heading_level, " ".join([text, *images]))
        elif self._open_items or self._quotes:
            self._add_paragraph("\n".join(part for part in (text, *images) if part))
        else:
            self._builder.add_text(BlockKind.PARAGRAPH, text)
            for image in images:
                self._builder.add_text(BlockKind.CAPTION, image)

    def code(self, token: Token) -> None:
        self._add_paragraph(token.content)

    def html(self, token: Token) -> None:
        soup = parse_page(token.content, self._source)
        self._remove_invisible(soup)
        if self._open_items or self._quotes:
            self._add_paragraph(visible_text(soup))
            return
        # A details element that a later token closes would swallow the text in between.
        for tag in soup(["details", "summary"]):
            tag.name = "div"
        body = soup.body or soup
        HtmlWalker(self._builder, body).add_content(body)

    def _add_paragraph(self, text: str) -> None:
        """Add a paragraph to the open item or quote, or to the section."""
        if self._open_items:
            item = self._open_items[-1]
            text = " ".join(text.split())
            item.append(text if item else TASK.sub(_format_task, text, count=1))
        elif self._quotes:
            self._callout.append(text)
        else:
            self._builder.add_text(BlockKind.PARAGRAPH, text)

    def _flatten(self, token: Token) -> tuple[str, list[str]]:
        """Return the text of an inline token without markup, and its image descriptions."""
        texts: list[str] = []
        images: list[str] = []
        links: list[tuple[int, str]] = []
        for child in token.children or ():
            if child.type == "text":
                texts.append(FOOTNOTE_MARK.sub(r" [\1]", child.content))
            elif child.type in ("code_inline", "text_special"):
                texts.append(child.content)
            elif child.type == "softbreak":
                texts.append(" ")
            elif child.type == "hardbreak":
                texts.append("\n")
            elif child.type == "image":
                images.append(child.content)
            elif child.type == "link_open":
                links.append((len(texts), str(child.attrs.get("href", ""))))
            elif child.type == "link_close":
                start, href = links.pop()
                if not "".join(texts[start:]).strip() and not images:
                    texts.append(href)
            elif child.type == "html_inline":
                texts.append(self._inline_html(child.content))
        return "".join(texts).strip(), [image for image in images if image.strip()]

    def _inline_html(self, content: str) -> str:
        if BREAK_TAG.fullmatch(content):
            return "\n"
        if content.startswith("<!--"):
            self._omitted.append(OmittedText("a comment", content))
        return ""

    def _remove_invisible(self, soup: BeautifulSoup) -> None:
        for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
            self._omitted.append(OmittedText("a comment", str(comment).strip()))
            comment.extract()
        for tag in soup(list(INVISIBLE)):
            self._omitted.append(OmittedText("a script or style", tag.get_text()))
            tag.decompose()


def _format_alert(alert: re.Match[str]) -> str:
    return f"{alert.group(1).capitalize()}: " if not alert.start() else alert.group()


def _format_task(task: re.Match[str]) -> str:
    return TASK_BOXES[task.group(1).lower()] if not task.start() else task.group()


_HANDLERS = {
    "blockquote_open": _BlockBuilder.open_quote,
    "blockquote_close": _BlockBuilder.close_quote,
    "bullet_list_open": _BlockBuilder.open_list,
    "ordered_list_open": _BlockBuilder.open_list,
    "bullet_list_close": _BlockBuilder.close_list,
    "ordered_list_close": _BlockBuilder.close_list,
    "list_item_open": _BlockBuilder.open_item,
    "list_item_close": _BlockBuilder.close_item,
    "heading_open": _BlockBuilder.open_heading,
    "heading_close": _BlockBuilder.close_heading,
    "table_open": _BlockBuilder.open_table,
    "table_close": _BlockBuilder.close_table,
    "thead_close": _BlockBuilder.close_header,
    "tr_open": _BlockBuilder.open_row,
    "th_open": _BlockBuilder.open_cell,
    "td_open": _BlockBuilder.open_cell,
    "th_close": _BlockBuilder.close_cell,
    "td_close": _BlockBuilder.close_cell,
    "inline": _BlockBuilder.inline,
    "fence": _BlockBuilder.code,
    "code_block": _BlockBuilder.code,
    "html_block": _BlockBuilder.html,
}
