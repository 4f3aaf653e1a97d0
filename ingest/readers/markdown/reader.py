"""Markdown reader: CommonMark with tables.

Front matter becomes metadata (`front_matter`). Markup that is not content, and definitions that
belong at the end, are removed before parsing (`preprocess`). The parser's tokens become blocks
(`blocks`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.readers.common.result import AS_METADATA, OmittedText, ReaderResult
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.common.titles import derive_title
from ingest.readers.markdown.ambiguous_marks import escape_ambiguous_marks
from ingest.readers.markdown.blocks import add_blocks
from ingest.readers.markdown.definition_lists import rewrite_definition_lists
from ingest.readers.markdown.formulas import protect_formulas
from ingest.readers.markdown.front_matter import parse_front_matter
from ingest.readers.markdown.preprocess import ExtractedMarks, extract_marks
from ingest.readers.markdown.signs import escape_signs
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem
from kb.model.article import Block, BlockKind, ListItem

# Maximum nesting. The parser silently drops deeper text, so deeper documents are rejected. Forty
# nested block quotes or lists are not an article, and each level takes four parser calls.
MAX_DEPTH = 40
FOOTNOTES, ABBREVIATIONS = "Footnotes", "Abbreviations"
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def read_markdown(text: str, source: str) -> ReaderResult:
    """Parse Markdown. Raises `SourceError` for invalid front matter and for excessive nesting."""
    omitted: list[OmittedText] = []
    parsed, body, first_line = parse_front_matter(text, source)
    sign_warnings: list[str] = []
    prepared = rewrite_definition_lists(protect_formulas(body))
    prepared = escape_ambiguous_marks(escape_signs(prepared, sign_warnings))
    cleaned, marks = extract_marks(prepared, omitted)
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
    unknown = [f'The unknown front matter key "{key}" was ignored.' for key in parsed.unknown_keys]
    return ReaderResult(
        article=builder.build_article(source, "", title, parsed.metadata),
        visible_text=text,
        omitted=tuple(omitted),
        warnings=(*parsed.warnings, *unknown, *sign_warnings, *normalizer.warnings()),
    )


def _parse_tokens(text: str, source: str, first_line: int) -> Sequence[Token]:
    tokens = _parser().parse(text)
    for token in tokens:
        if token.level >= MAX_DEPTH:
            line = first_line + (token.map[0] if token.map else 0)
            raise SourceError(
                source,
                "is nested too deeply.",
                "Remove nested lists or quotes.",
                f"line {line}",
                code=SourceProblem.TOO_DEEP,
            )
    return tokens


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_DEPTH + 1})
    return parser.enable(["table", "strikethrough"])


def _add_end_sections(
    marks: ExtractedMarks, builder: SectionBuilder, omitted: list[OmittedText], source: str
) -> None:
    """Add the footnotes and the abbreviations as sections at the end."""
    level = min((level for level, _ in builder.headings), default=1)
    if marks.footnotes:
        builder.add_heading(level, FOOTNOTES)
    for number, note in marks.footnotes:
        escaped_number = PUNCTUATION.sub(r"\\\1", f"[{number}]")
        add_blocks(_parse_tokens(f"{escaped_number} {note}", source, 1), builder, omitted, source)
    if marks.abbreviations:
        builder.add_heading(level, ABBREVIATIONS)
        items = [ListItem(f"{short}: {meaning}") for short, meaning in marks.abbreviations]
        builder.add_block(Block(kind=BlockKind.LIST, items=tuple(items)))
