"""Markdown: CommonMark with tables, as content teams keep it in repositories.

Front matter becomes metadata (`front`); what is no content for a reader, and what is read at the
end, is taken out before parsing (`marks`); the parser's tokens become blocks (`blocks`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.readers.base import (
    AS_METADATA,
    OmittedText,
    ReaderResult,
    SectionBuilder,
    derive_title,
)
from ingest.readers.markdown.blocks import add_blocks
from ingest.readers.markdown.front_matter import parse_front_matter
from ingest.readers.markdown.preprocess import ExtractedMarks, extract_marks
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem
from kb.model.article import Block, BlockKind, ListItem

# Nesting that the parser follows; past it, it drops text without a word, so we refuse there.
# Forty block quotes or lists in each other are no article, and cost the parser four calls each.
MAX_DEPTH = 40
FOOTNOTES, ABBREVIATIONS = "Footnotes", "Abbreviations"
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def read_markdown(text: str, source: str) -> ReaderResult:
    """Read a Markdown text. Raises `SourceError` for bad front matter and for endless nesting."""
    omitted: list[OmittedText] = []
    parsed, body, first_line = parse_front_matter(text, source)
    cleaned, marks = extract_marks(body, omitted)
    normalizer = TextNormalizer()
    builder = SectionBuilder(normalizer)
    add_blocks(_parse_tokens(cleaned, source, first_line), builder, omitted, source)
    title = parsed.title or next((text for level, text in builder.headings if level == 1), "")
    if title:
        builder.merge_title_heading(title)
    else:
        title = derive_title([text for _, text in builder.headings], source)
    _add_end_sections(marks, builder, omitted, source)
    if len(body) < len(text):
        omitted.append(OmittedText(AS_METADATA, text[: len(text) - len(body)]))
    unknown = [f'"{key}" of the front matter means nothing here.' for key in parsed.unknown_keys]
    return ReaderResult(
        article=builder.build_article(source, "", title, parsed.metadata),
        visible_text=text,
        omitted=tuple(omitted),
        warnings=(*parsed.warnings, *unknown, *normalizer.warnings()),
    )


def _parse_tokens(text: str, source: str, first_line: int) -> Sequence[Token]:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_DEPTH + 1})
    tokens = parser.enable(["table", "strikethrough"]).parse(text)
    for token in tokens:
        if token.level >= MAX_DEPTH:
            line = first_line + (token.map[0] if token.map else 0)
            raise SourceError(
                source,
                "is nested too deeply.",
                "Take out nested lists or quotes.",
                f"line {line}",
                code=SourceProblem.TOO_DEEP,
            )
    return tokens


def _add_end_sections(
    marks: ExtractedMarks, builder: SectionBuilder, omitted: list[OmittedText], source: str
) -> None:
    """Add the footnotes and what abbreviations stand for, each in a section at the end."""
    level = min((level for level, _ in builder.headings), default=1)
    if marks.footnotes:
        builder.add_heading(level, FOOTNOTES)
    for number, note in marks.footnotes:
        bracketed = PUNCTUATION.sub(r"\\\1", f"[{number}]")
        add_blocks(_parse_tokens(f"{bracketed} {note}", source, 1), builder, omitted, source)
    if marks.abbreviations:
        builder.add_heading(level, ABBREVIATIONS)
        items = [ListItem(f"{short}: {meaning}") for short, meaning in marks.abbreviations]
        builder.add_block(Block(kind=BlockKind.LIST, items=tuple(items)))
