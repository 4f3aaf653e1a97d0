"""Plain-text reader: finds headings, lists and metadata without markup.

A heading is recognised by its form: it is short, does not end like a sentence, and text follows it.
The type of a line is decided in this order: metadata at the start and end of the file, list item,
heading, paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from ingest.language.word_lists import load_word_list
from ingest.metadata import parse_key_value, parse_metadata
from ingest.readers.common.result import AS_METADATA, MAX_HEADING_WORDS, OmittedText, ReaderResult
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title, is_generic_heading
from ingest.readers.text.lines import TextLine, split_lines
from ingest.text_encoding import TextNormalizer
from kb.model.article import Block, BlockKind, ListItem

MAX_HEADING_LENGTH = 90  # a heading fits on one printed line
RULE_LEVELS = {"=": 1, "-": 2}
UNMARKED_LEVEL = 3  # below underlined headings, in files that have them

MAX_LEAD_IN_WORDS = 8  # a longer line before a colon is a sentence

_SECTION_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)[.)]?\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.;,:][\"”’')\]]*$")
_MIN_UNMARKED_ITEMS = 3  # this many consecutive short lines form a list

_Pair = tuple[str, str]


def read_text(text: str, source: str, location: str = "") -> ReaderResult:
    """Parse plain text. Raises `SourceError` if there is no text."""
    lines = split_lines(text)
    pairs, lines = _split_metadata(lines)
    title, lines = _split_title(lines)
    more, lines = _split_metadata(lines)
    pairs += more
    parsed = parse_metadata([*((("title", title),) if title else ()), *pairs])
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    _add_lines(lines, builder)
    headings = [heading for _, heading in builder.headings]
    article = builder.build_article(
        source,
        location,
        parsed.title or derive_title(headings, source),
        parsed.metadata,
    )
    omitted = tuple(OmittedText(AS_METADATA, f"{key}: {value}") for key, value in pairs)
    return ReaderResult(
        article=article,
        visible_text=text,
        omitted=omitted,
        warnings=(*parsed.warnings, *normalizer.warnings()),
    )


def parse_blocks(text: str) -> list[Block]:
    """Return the paragraphs and lists of a text without looking for headings."""
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
    """Return the title and the other lines.

    The title is a heading-like first line with text after it.
    """
    if len(lines) < 2 or not _could_be_heading(lines[0]) or is_generic_heading(lines[0].text):
        return "", lines
    return lines[0].text, lines[1:]


def _split_metadata(lines: list[TextLine]) -> tuple[list[_Pair], list[TextLine]]:
    """Return the known ``Key: value`` pairs at the start and end, and the lines between them."""
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


def _add_lines(lines: Sequence[TextLine], builder: SectionBuilder) -> None:
    position = 0
    underlined = any(line.rule for line in lines)
    while position < len(lines):
        line = lines[position]
        if _is_heading(lines, position):
            builder.add_heading(_level(line, underlined), _full_text(line))
            position += 1
            continue
        end = max(_list_end(lines, position), _unmarked_list_end(lines, position))
        builder.add_block(_build_list(lines[position:end]) if end > position else _paragraph(line))
        position = max(end, position + 1)


def _level(line: TextLine, underlined: bool) -> int:
    if line.rule:
        return RULE_LEVELS[line.rule]
    number = _SECTION_NUMBER.match(_full_text(line))
    if number:
        return 1 + number.group(1).count(".")
    return UNMARKED_LEVEL if underlined else 1


def _full_text(line: TextLine) -> str:
    """Return the line with its number, which is part of a heading but not of an item."""
    return f"{line.marker.strip()} {line.text}" if line.marker else line.text


def _paragraph(line: TextLine) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=_full_text(line))


def _could_be_heading(line: TextLine) -> bool:
    """Return whether a line has the form of a heading, regardless of its position."""
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
        return False  # a heading must have text below it
    if line.text.endswith(":"):
        return _is_colon_heading(lines, position)
    if not _could_be_heading(line) or _list_end(lines, position) > position:
        return False
    return _unmarked_list_end(lines, position) == position


@cache
def _open_endings() -> frozenset[str]:
    return frozenset(load_word_list("open-ends"))


def _is_colon_heading(lines: Sequence[TextLine], position: int) -> bool:
    """Return whether a line ending with a colon is a heading rather than a list introduction."""
    line, following = lines[position], lines[position + 1]
    words = line.text[:-1].lower().split()
    if line.marker or not words or len(words) > MAX_LEAD_IN_WORDS or words[-1] in _open_endings():
        return False
    if following.marker:
        after_heading = position > 0 and _is_heading(lines, position - 1)
        return following.stanza != line.stanza and not after_heading
    return True


def _list_end(lines: Sequence[TextLine], position: int) -> int:
    """Return the end of the list that starts at `position`, or `position` if there is none.

    A single number between paragraphs belongs to a heading or to a step written as a paragraph.
    """
    end = position
    while end < len(lines) and lines[end].marker and not lines[end].rule:
        if end > position and _starts_other_list(lines[end], lines[end - 1], lines[position]):
            break
        end += 1
    run = lines[position:end]
    if len(run) == 1 and run[0].number and _could_be_heading(run[0]):
        return position
    return end


def _starts_other_list(line: TextLine, above: TextLine, first: TextLine) -> bool:
    """Return whether a marked line after a blank line has a different marker type than the list."""
    is_separate = line.stanza != above.stanza and line.indent <= first.indent
    return is_separate and bool(line.number) != bool(first.number)


def _unmarked_list_end(lines: Sequence[TextLine], position: int) -> int:
    """Return the end of a list of short unmarked lines, or `position` if there is none.

    In a stanza of short lines the first is the heading, unless the line above introduces the list.
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
        label = line.marker.strip() if line.number else ""
        items.append(ListItem(line.text, len(indents) - 1, label))
    return Block(kind=BlockKind.LIST, items=tuple(items), ordered=_is_ordered(lines))


def _is_ordered(lines: Iterable[TextLine]) -> bool:
    return all(line.number for line in lines)
