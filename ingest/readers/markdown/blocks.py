"""Conversion of Markdown tokens to headings and blocks.

The parser returns a flat list of tokens with their nesting. One pass with explicit stacks builds
the blocks, so deep nesting cannot exhaust the call stack. An HTML block is read like a page; inside
an item or a quote only its text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bs4 import BeautifulSoup, Comment
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.readers.common.callout_level import level_from_classes
from ingest.readers.common.inline_text import mark_note, mark_text, strip_marks
from ingest.readers.common.result import DELETED, OmittedText
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.html.dom import parse_page
from ingest.readers.html.elements import inline_text
from ingest.readers.html.inline_marks import mark_fragment
from ingest.readers.html.reader import HtmlWalker
from ingest.readers.markdown.formulas import split_formulas
from ingest.readers.markdown.preprocess import FOOTNOTE_MARK
from kb.model.article import Block, BlockKind, ListItem, MarkKind, table

BREAK_TAG = re.compile(r"<br\s*/?>", re.I)
# Alert markers of code hosts and note-taking tools: [!WARNING], [!tip]-
ALERT = re.compile(r"\[!(\w{1,30})\][+-]?[ \t]*")
TASK = re.compile(r"\[([ xX])\]\s+")
TASK_BOXES = {" ": "☐ ", "x": "☒ "}
MARK_TAGS = {"strong": MarkKind.STRONG, "em": MarkKind.EMPHASIS, "a": MarkKind.LINK}
HYPHEN_AT_END = re.compile(r"\w-$")  # a word that is broken at its hyphen: co-/amoxiclav
JOINING_WORD = re.compile(r"(?:and|or|to)\b")
# pandoc's notation of raised and lowered text.
RAISED = re.compile(r"(?<=[\w)])\^([^\s^]{1,12})\^")
LOWERED = re.compile(r"(?<=\w)~([^\s~]{1,12})~(?!~)")
INVISIBLE = ("script", "style", "template", "noscript")


def add_blocks(
    tokens: Sequence[Token], builder: SectionBuilder, omitted: list[OmittedText], source: str
) -> None:
    """Add the content of tokens to `builder`. Raises `SourceError` for excessively nested HTML."""
    _BlockBuilder(builder, omitted, source).build(tokens)


@dataclass(slots=True)
class _OpenList:
    """A list and the numbers of its items: the first one, and that of the last item."""

    ordered: bool
    start: int
    last: int | None = None
    step: int = 1  # -1 if the list counts down

    def next_label(self, item: Token) -> str:
        """Return the label of an item.

        It is as written if the numbers rise, or fall by one from the second item on; otherwise it
        is the next number, as in a browser.
        """
        if not self.ordered:
            return ""
        written = int(item.info) if item.info.isdigit() else None
        if self.last is None:
            number = self.start
        else:
            if written == self.last - 1 and self.last == self.start:
                self.step = -1
            number = self.last + self.step
            if written is not None and self.step > 0:
                number = max(written, number)
        self.last = number
        return f"{number}{item.markup}"


class _BlockBuilder:
    """Single pass over tokens, with the open elements on stacks."""

    def __init__(self, builder: SectionBuilder, omitted: list[OmittedText], source: str) -> None:
        self._builder = builder
        self._omitted = omitted
        self._source = source
        self._lists: list[_OpenList] = []  # open lists, outermost first
        # (texts, depth, label) of the items of the outermost list
        self._items: list[tuple[list[str], int, str]] = []
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
            alert = ALERT.match(text)
            level = level_from_classes([alert.group(1)]) if alert else None
            text = ALERT.sub(_format_alert, text, count=1)
            self._builder.add_block(Block(kind=BlockKind.CALLOUT, text=text, level=level))
            self._callout = []

    def open_list(self, token: Token) -> None:
        ordered = token.type.startswith("ordered")
        if not self._lists:
            self._ordered = ordered
        start = token.attrs.get("start", 1) if ordered else 0
        self._lists.append(_OpenList(ordered, int(start)))

    def close_list(self, token: Token) -> None:
        self._lists.pop()
        if self._lists:
            return
        items = [ListItem(" ".join(texts), depth, label) for texts, depth, label in self._items]
        self._items = []
        if self._quotes:
            self._callout.extend(f"{item.label or '-'} {item.text}" for item in items)
        else:
            self._builder.add_block(
                Block(kind=BlockKind.LIST, items=tuple(items), ordered=self._ordered)
            )

    def open_item(self, token: Token) -> None:
        texts: list[str] = []
        label = self._lists[-1].next_label(token)
        self._items.append((texts, len(self._lists) - 1, label))
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
        mark_fragment(soup, self._omitted)
        if self._open_items or self._quotes:
            self._add_paragraph(inline_text(soup.body or soup))
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
        """Return the formatted text of an inline token, and its image descriptions."""
        children = token.children or ()
        if any(_is_markup(child) for child in children):
            return self._read_inline_html(token)
        texts: list[str] = []
        images: list[str] = []
        open_marks: list[tuple[int, str]] = []  # position in `texts`, address of a link
        for number, child in enumerate(children):
            if child.type == "text":
                texts.append(_format_text(child.content))
            elif child.type in ("code_inline", "text_special"):
                texts.append(child.content)
            elif child.type == "softbreak":
                texts.append("" if _is_broken_word(texts, children[number + 1 :]) else " ")
            elif child.type == "hardbreak":
                texts.append("\n")
            elif child.type == "image" and _is_between_words(children, number):
                texts.append(child.content)
            elif child.type == "image":
                images.append(child.content)
            elif child.type == "html_inline":
                texts.append(self._inline_html(child.content))
            elif child.nesting == 1:
                open_marks.append((len(texts), str(child.attrs.get("href", ""))))
            elif child.nesting == -1 and open_marks:
                start, href = open_marks.pop()
                texts[start:] = [self._close_mark(child.tag, "".join(texts[start:]), href, images)]
        return "".join(texts).strip(), [image for image in images if image.strip()]

    def _close_mark(self, tag: str, text: str, href: str, images: list[str]) -> str:
        """Return the text inside an inline element with its formatting."""
        if tag == "s":
            self._omitted.append(OmittedText(DELETED, strip_marks(text)))
            return ""
        if tag == "a" and not text.strip() and not images:
            return href
        kind = MARK_TAGS.get(tag)
        return mark_text(kind, text, href) if kind else text

    def _read_inline_html(self, token: Token) -> tuple[str, list[str]]:
        """Read text with HTML elements as a page is read."""
        page = _renderer().renderInline(token.content)
        soup = parse_page(page, self._source)
        self._remove_invisible(soup)
        mark_fragment(soup, self._omitted)
        body = soup.body or soup
        images = [str(image.get("alt", "")) for image in body.find_all("img")]
        text = _format_text(inline_text(body, images=False).strip())
        return text, [image for image in images if image.strip()]

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


def _is_markup(token: Token) -> bool:
    """Return whether a token is an HTML element other than a line break or a comment."""
    content = token.content
    return (
        token.type == "html_inline"
        and not content.startswith("<!--")
        and not BREAK_TAG.fullmatch(content)
    )


def _is_between_words(tokens: Sequence[Token], number: int) -> bool:
    """Return whether an image replaces a word of an unfinished sentence."""
    before = tokens[number - 1].content.rstrip() if number else ""
    after = tokens[number + 1].content.lstrip() if number + 1 < len(tokens) else ""
    return bool(before and after) and (before[-1] not in ".!?:;" or after[0].islower())


def _is_broken_word(texts: Sequence[str], following: Sequence[Token]) -> bool:
    """Return whether a line ends in the middle of a word, not as in "pre- / and postoperative"."""
    below = following[0].content if following else ""
    return bool(HYPHEN_AT_END.search("".join(texts[-1:])) and not JOINING_WORD.match(below))


def _format_text(text: str) -> str:
    """Return a text with its footnote marks, formulas, and pandoc's raised and lowered text."""
    text = FOOTNOTE_MARK.sub(lambda mark: " " + mark_note(f"[{mark[1]}]"), text)
    if "$" not in text:
        return _format_raised(text)
    parts = split_formulas(text)
    return "".join(part if is_formula else _format_raised(part) for is_formula, part in parts)


def _format_raised(text: str) -> str:
    if "^" in text:
        text = RAISED.sub(lambda raised: mark_text(MarkKind.SUPERSCRIPT, raised[1]), text)
    if "~" in text:
        text = LOWERED.sub(lambda lowered: mark_text(MarkKind.SUBSCRIPT, lowered[1]), text)
    return text


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("strikethrough")


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
