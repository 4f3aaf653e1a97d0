"""Markdown: CommonMark with tables, as content teams keep it in repositories.

The parser gives a flat list of tokens with their nesting; one pass over it with a stack of lists
makes the blocks, so no nesting can exhaust the call stack. What is no content for a reader
(template tags, attribute lists, comments) is taken out before parsing and reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml
from bs4 import BeautifulSoup, Comment
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.decoding import Cleaner
from ingest.metadata import Described, describe
from ingest.readers.page import visible_text
from ingest.readers.reading import AS_METADATA, Dropped, Outline, Reading
from ingest.readers.titles import title_without_one
from kb.article import Block, BlockKind, ListItem
from kb.errors import SourceError

# Nesting that the parser follows; past it, it drops text without a word, so we refuse there.
# Forty block quotes or lists in each other are no article, and cost the parser four calls each.
DEEPEST = 40

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M)
FRONT_MATTER_KEY = re.compile(r"^[\w][\w -]*:(?:\s|$)", re.M)
FRONT_MATTER_CHARACTERS = 65_536

# What is taken out before parsing: (reason, pattern). Bounded, so that an unclosed mark is cheap.
_ATTRIBUTE = r"""(?:[.#][\w-]+|[A-Za-z][\w-]*=(?:"[^"\n]{0,100}"|'[^'\n]{0,100}'|[\w-]+))"""
TAKEN_OUT = (
    ("a template tag", re.compile(r"\{\{.{0,500}?\}\}|\{%.{0,500}?%\}|\{#.{0,500}?#\}", re.S)),
    (
        "an attribute list",
        # Begun at the first blank only, or a long run of blanks is tried from each of them.
        re.compile(
            rf"(?<![ \t])[ \t]*\{{:?[ \t]*{_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]*\}}"
        ),
    ),
    ("the definition of an abbreviation", re.compile(r"^\*\[[^\]\n]{1,80}\]:.*$", re.M)),
)
FOOTNOTE = re.compile(r"^(\[\^[^\]\n]{1,40}\]:)", re.M)  # else taken for the target of a link
BREAK_TAG = re.compile(r"<br\s*/?>", re.I)


def read_markdown(text: str, source: str) -> Reading:
    """Read a Markdown text. Raises `SourceError` for bad front matter and for endless nesting."""
    dropped: list[Dropped] = []
    described, body, first_line = _front_matter(text, source)
    cleaned = _take_out(body, dropped)
    tokens = _parser().parse(FOOTNOTE.sub(r"\\\1", cleaned))
    for token in tokens:
        if token.level >= DEEPEST:
            line = first_line + (token.map[0] if token.map else 0)
            raise SourceError(
                source, "is nested too deeply.", "Take out nested lists or quotes.", f"line {line}"
            )
    cleaner = Cleaner()
    outline = Outline(cleaner)
    _Blocks(outline, dropped).build(tokens)
    title = described.title or next((text for level, text in outline.headings if level == 1), "")
    if title:
        outline.absorb_title(title)
    else:
        title = title_without_one([text for _, text in outline.headings], source)
    if len(body) < len(text):
        dropped.append(Dropped(AS_METADATA, text[: len(text) - len(body)]))
    unknown = [f'"{key}" of the front matter means nothing here.' for key in described.unknown]
    return Reading(
        article=outline.article(source, "", title, described.metadata),
        visible=text,
        dropped=tuple(dropped),
        warnings=(*described.warnings, *unknown, *cleaner.warnings()),
    )


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST + 1})
    return parser.enable(["table", "strikethrough"])


def _front_matter(text: str, source: str) -> tuple[Described, str, int]:
    """Return what the front matter says, the text after it, and the line where that begins."""
    found = FRONT_MATTER.match(text[:FRONT_MATTER_CHARACTERS])
    if not found or not FRONT_MATTER_KEY.search(found.group(1)):
        return Described(), text, 1
    try:
        values: Any = yaml.safe_load(found.group(1))
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: no such date
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 2}" if mark else "front matter"
        problem = getattr(error, "problem", None) or str(error)
        raise SourceError(
            source,
            f"the front matter is not YAML: {problem}.",
            "Put texts that hold a colon or begin with a mark into quotes.",
            place,
        ) from error
    if not isinstance(values, dict):
        return Described(), text, 1
    pairs = [(str(key), value) for key, value in values.items()]
    return describe(pairs), text[found.end() :], found.group().count("\n") + 1


def _take_out(text: str, dropped: list[Dropped]) -> str:
    """Take out what is no content; line breaks stay, so that places can be named."""
    for reason, pattern in TAKEN_OUT:
        for found in pattern.finditer(text):
            dropped.append(Dropped(reason, found.group().strip()))
        text = pattern.sub(lambda found: "\n" * found.group().count("\n"), text)
    return text


class _Blocks:
    """One pass over the tokens of a text, with what is open kept on stacks."""

    def __init__(self, outline: Outline, dropped: list[Dropped]) -> None:
        self._outline = outline
        self._dropped = dropped
        self._lists: list[bool] = []  # open lists, outermost first: whether ordered
        self._items: list[tuple[list[str], int]] = []  # (texts, depth) of the outermost list
        self._open_items: list[list[str]] = []  # texts of the items that are open, outermost first
        self._quotes = 0
        self._callout: list[str] = []
        self._rows: list[list[str]] = []
        self._header_rows = 0
        self._heading_level = 0  # of the heading that is open
        self._in_cell = False
        self._ordered = False

    def build(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            step = _STEPS.get(token.type)
            if step:
                step(self, token)

    def open_quote(self, token: Token) -> None:
        self._quotes += 1

    def close_quote(self, token: Token) -> None:
        self._quotes -= 1
        if not self._quotes and not self._lists:
            self._outline.add_text(BlockKind.CALLOUT, "\n".join(self._callout))
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
            self._outline.add(Block(kind=BlockKind.LIST, items=tuple(items), ordered=self._ordered))

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
        rows = tuple(tuple(row) for row in self._rows)
        if self._open_items or self._quotes:
            for row in rows:
                self._text(" | ".join(row))
            return
        self._outline.add(Block(kind=BlockKind.TABLE, rows=rows, header_rows=self._header_rows))

    def open_row(self, token: Token) -> None:
        self._rows.append([])

    def open_cell(self, token: Token) -> None:
        self._in_cell = True

    def close_cell(self, token: Token) -> None:
        self._in_cell = False

    def inline(self, token: Token) -> None:
        text, images = self._flat(token)
        if self._in_cell:
            self._rows[-1].append(" ".join([text, *images]).strip())
        elif self._heading_level and not (self._open_items or self._quotes):
            self._outline.heading(self._heading_level, " ".join([text, *images]))
        elif self._open_items or self._quotes:
            self._text("\n".join(part for part in (text, *images) if part))
        else:
            self._outline.add_text(BlockKind.PARAGRAPH, text)
            for image in images:
                self._outline.add_text(BlockKind.CAPTION, image)

    def code(self, token: Token) -> None:
        self._text(token.content)

    def html(self, token: Token) -> None:
        self._text(self._without_tags(token.content))

    def _text(self, text: str) -> None:
        """Add a paragraph to whatever is open."""
        if self._open_items:
            self._open_items[-1].append(" ".join(text.split()))
        elif self._quotes:
            self._callout.append(text)
        else:
            self._outline.add_text(BlockKind.PARAGRAPH, text)

    def _flat(self, token: Token) -> tuple[str, list[str]]:
        """Return the text of an inline token without marks, and the texts of its images."""
        texts: list[str] = []
        images: list[str] = []
        links: list[tuple[int, str]] = []
        for child in token.children or ():
            if child.type in ("text", "code_inline", "text_special"):
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
            self._dropped.append(Dropped("a comment", content))
        return ""

    def _without_tags(self, content: str) -> str:
        soup = BeautifulSoup(content, "lxml")
        for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
            self._dropped.append(Dropped("a comment", str(comment).strip()))
            comment.extract()
        for tag in soup(["script", "style"]):
            self._dropped.append(Dropped("a script or style", tag.get_text()))
            tag.decompose()
        return visible_text(soup)


_STEPS = {
    "blockquote_open": _Blocks.open_quote,
    "blockquote_close": _Blocks.close_quote,
    "bullet_list_open": _Blocks.open_list,
    "ordered_list_open": _Blocks.open_list,
    "bullet_list_close": _Blocks.close_list,
    "ordered_list_close": _Blocks.close_list,
    "list_item_open": _Blocks.open_item,
    "list_item_close": _Blocks.close_item,
    "heading_open": _Blocks.open_heading,
    "heading_close": _Blocks.close_heading,
    "table_open": _Blocks.open_table,
    "table_close": _Blocks.close_table,
    "thead_close": _Blocks.close_header,
    "tr_open": _Blocks.open_row,
    "th_open": _Blocks.open_cell,
    "td_open": _Blocks.open_cell,
    "th_close": _Blocks.close_cell,
    "td_close": _Blocks.close_cell,
    "inline": _Blocks.inline,
    "fence": _Blocks.code,
    "code_block": _Blocks.code,
    "html_block": _Blocks.html,
}
