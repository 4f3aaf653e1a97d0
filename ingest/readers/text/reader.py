"""Plain text: headings, lists and metadata found in a text that has no markup.

A line is a heading because of how it stands, not of what it says: it is short, ends without the
stop of a sentence, and text follows it. What a line is, is decided in this order: metadata at the
top and at the very end, list items, headings, paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from ingest.language.word_lists import load_word_list
from ingest.metadata import parse_key_value, parse_metadata
from ingest.readers.base import (
    AS_METADATA,
    OmittedText,
    ReaderResult,
    SectionBuilder,
    derive_title,
    is_generic_heading,
)
from ingest.readers.text.lines import TextLine, split_lines
from ingest.text_encoding import TextNormalizer
from kb.model.article import Block, BlockKind, ListItem

MAX_HEADING_LENGTH = 90  # a heading is read at a glance: a line of a page at most
MAX_HEADING_WORDS = 14
RULE_LEVELS = {"=": 1, "-": 2}
UNMARKED_LEVEL = 3  # under a heading that is underlined, where a file has both

MAX_LEAD_IN_WORDS = 8  # a longer line before a colon is a sentence

_SECTION_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)[.)]?\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.;,:][\"”’')\]]*$")
_MIN_UNMARKED_ITEMS = 3  # as many short lines on end are no headings, but a list

_Pair = tuple[str, str]


def read_text(text: str, source: str, place: str = "") -> ReaderResult:
    """Read a text without markup. Raises `SourceError` when there is nothing to read."""
    lines = split_lines(text)
    pairs, lines = _split_metadata(lines)
    title, lines = _split_title(lines)
    more, lines = _split_metadata(lines)
    pairs += more
    described = parse_metadata([*((("title", title),) if title else ()), *pairs])
    cleaner = TextNormalizer()
    outline = SectionBuilder(cleaner)
    _add_lines(lines, outline)
    headings = [heading for _, heading in outline.headings]
    article = outline.build_article(
        source,
        place,
        described.title or derive_title(headings, source),
        described.metadata,
    )
    dropped = tuple(OmittedText(AS_METADATA, f"{key}: {value}") for key, value in pairs)
    return ReaderResult(
        article=article,
        visible_text=text,
        omitted=dropped,
        warnings=(*described.warnings, *cleaner.warnings()),
    )


def parse_blocks(text: str) -> list[Block]:
    """Return paragraphs and lists of a text in which no line is a heading."""
    lines = split_lines(text)
    blocks: list[Block] = []
    position = 0
    while position < len(lines):
        end = _list_end(lines, position)
        is_list = end > position
        blocks.append(_build_list(lines[position:end]) if is_list else _paragraph(lines[position]))
        position = max(end, position + 1)
    return blocks


def _split_title(lines: list[TextLine]) -> tuple[str, list[TextLine]]:
    """Take the title off: a first line that could be a heading, when there is more to follow."""
    if len(lines) < 2 or not _could_be_heading(lines[0]) or is_generic_heading(lines[0].text):
        return "", lines
    return lines[0].text, lines[1:]


def _split_metadata(lines: list[TextLine]) -> tuple[list[_Pair], list[TextLine]]:
    """Take off the ``Key: value`` lines at the top and at the very end, of keys that are known."""
    start = 0
    while start < len(lines) and _pair(lines[start]):
        start += 1
    end = len(lines)
    while end > start and _pair(lines[end - 1]):
        end -= 1
    pairs = (_pair(line) for line in (*lines[:start], *lines[end:]))
    return [pair for pair in pairs if pair], lines[start:end]


def _pair(line: TextLine) -> _Pair | None:
    return None if line.marker else parse_key_value(line.text)


def _add_lines(lines: Sequence[TextLine], outline: SectionBuilder) -> None:
    position = 0
    underlined = any(line.rule for line in lines)
    while position < len(lines):
        line = lines[position]
        if _is_heading(lines, position):
            outline.add_heading(_level(line, underlined), _full_text(line))
            position += 1
            continue
        end = max(_list_end(lines, position), _unmarked_list_end(lines, position))
        outline.add_block(_build_list(lines[position:end]) if end > position else _paragraph(line))
        position = max(end, position + 1)


def _level(line: TextLine, underlined: bool) -> int:
    if line.rule:
        return RULE_LEVELS[line.rule]
    number = _SECTION_NUMBER.match(_full_text(line))
    if number:
        return 1 + number.group(1).count(".")
    return UNMARKED_LEVEL if underlined else 1


def _full_text(line: TextLine) -> str:
    """The line with its number, which belongs to a heading but not to an item."""
    return f"{line.marker.strip()} {line.text}" if line.marker else line.text


def _paragraph(line: TextLine) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=_full_text(line))


def _could_be_heading(line: TextLine) -> bool:
    """Whether a line has the shape of a heading, wherever it stands."""
    text = line.text
    if line.rule:
        return True
    if line.marker and not line.number:
        return False
    return (
        len(text) <= MAX_HEADING_LENGTH
        and len(text.split()) <= MAX_HEADING_WORDS
        and not _SENTENCE_END.search(text)
        and any(character.isalpha() for character in text)
        and any(character.isupper() or character.isdigit() for character in text.split()[0])
    )


def _is_heading(lines: Sequence[TextLine], position: int) -> bool:
    line = lines[position]
    if line.rule:
        return True
    if position + 1 == len(lines):
        return False  # nothing follows that it could be the heading of
    if line.text.endswith(":"):
        return _is_colon_heading(lines, position)
    if not _could_be_heading(line) or _list_end(lines, position) > position:
        return False
    return _unmarked_list_end(lines, position) == position


@cache
def _open_endings() -> frozenset[str]:
    return frozenset(load_word_list("open-ends"))


def _is_colon_heading(lines: Sequence[TextLine], position: int) -> bool:
    """Whether a line that ends in a colon is a heading and not the beginning of a list."""
    line, following = lines[position], lines[position + 1]
    words = line.text[:-1].lower().split()
    if line.marker or not words or len(words) > MAX_LEAD_IN_WORDS or words[-1] in _open_endings():
        return False
    if following.marker:
        after_heading = position > 0 and _is_heading(lines, position - 1)
        return following.stanza != line.stanza and not after_heading
    return True


def _list_end(lines: Sequence[TextLine], position: int) -> int:
    """Return where the list that begins at `position` ends; `position` itself if none does.

    A number by itself between paragraphs numbers a heading, or a step that is a paragraph.
    """
    end = position
    while end < len(lines) and lines[end].marker and not lines[end].rule:
        if end > position and _begins_another(lines[end], lines[end - 1], lines[position]):
            break
        end += 1
    run = lines[position:end]
    if len(run) == 1 and run[0].number and _could_be_heading(run[0]):
        return position
    return end


def _begins_another(line: TextLine, above: TextLine, first: TextLine) -> bool:
    """Whether a marked line after a blank one has another kind of mark than the list before it."""
    is_apart = line.stanza != above.stanza and line.indent <= first.indent
    return is_apart and bool(line.number) != bool(first.number)


def _unmarked_list_end(lines: Sequence[TextLine], position: int) -> int:
    """Return where a list of short lines without marks ends; `position` if there is none.

    Of short lines in one stanza the first is their heading, unless one stands over the stanza.
    """
    if not _is_short(lines[position]) or position == 0:
        return position
    above = lines[position - 1]
    if not _are_short_neighbours(above, lines[position]) and not _introduces(above):
        return position
    end = position + 1
    while end < len(lines) and _are_short_neighbours(lines[end - 1], lines[end]):
        end += 1
    return end if end - position >= _MIN_UNMARKED_ITEMS else position


def _is_short(line: TextLine) -> bool:
    return not line.marker and not line.rule and _could_be_heading(line)


def _are_short_neighbours(above: TextLine, line: TextLine) -> bool:
    return line.stanza == above.stanza and _is_short(above) and _is_short(line)


def _introduces(line: TextLine) -> bool:
    return not line.marker and (line.text.endswith(":") or _could_be_heading(line))


def _build_list(lines: Sequence[TextLine]) -> Block:
    indents: list[int] = []
    items: list[ListItem] = []
    for line in lines:
        while indents and indents[-1] > line.indent:
            indents.pop()
        if not indents or line.indent > indents[-1]:
            indents.append(line.indent)
        items.append(ListItem(line.text, len(indents) - 1))
    return Block(kind=BlockKind.LIST, items=tuple(items), ordered=_is_ordered(lines))


def _is_ordered(lines: Iterable[TextLine]) -> bool:
    return all(line.number for line in lines)
