"""Editor corrections of an ingested article, stored as data.

A correction identifies its target by heading path and original text, so that it can be re-applied
when the source is ingested again. Corrections are applied in order, each to the result of the
previous one. A correction without a matching target is returned as lost; a correction that the
source has already adopted has no effect.

Metadata corrections replace the whole field and take precedence over the source. Tags of saved
passages are stored per passage (table `editor_tags`), because passages keep their ids between
versions; tag corrections exist only for articles that have not been saved yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from kb.errors import CorrectionError
from kb.model.article import (
    Article,
    Block,
    Metadata,
    Section,
)
from kb.model.block_editing import MAX_QUOTED_LENGTH, find_unformatted, parse_block_text
from kb.model.excerpt import shorten
from kb.model.medical_codes import parse_prefixed_code
from kb.model.passage import Evidence, Passage, Tag

LABEL_AT_START = re.compile(r"^((?: {2})*)[^\s-]\S* ", re.M)
MAX_TEXT_LENGTH = 50_000  # characters of a block; enough for a long table


class CorrectionKind(StrEnum):
    """The field or operation of a correction."""

    TITLE = "title"
    TOPICS = "topics"
    ALSO_CALLED = "also_called"
    CODES = "codes"
    AUDIENCE = "audience"
    OWNER = "owner"
    REVIEWED = "reviewed"
    REVIEW_DUE = "review_due"
    SOURCE = "source"
    LICENCE = "licence"
    HEADING = "heading"
    TEXT = "text"
    SPLIT = "split"
    JOIN = "join"
    TAG = "tag"
    UNTAG = "untag"


METADATA_KINDS = (
    CorrectionKind.TITLE, CorrectionKind.TOPICS, CorrectionKind.ALSO_CALLED, CorrectionKind.CODES,
    CorrectionKind.AUDIENCE, CorrectionKind.OWNER, CorrectionKind.REVIEWED,
    CorrectionKind.REVIEW_DUE, CorrectionKind.SOURCE, CorrectionKind.LICENCE,
)  # fmt: skip
DATE_KINDS = (CorrectionKind.REVIEWED, CorrectionKind.REVIEW_DUE)
LIST_KINDS = (CorrectionKind.TOPICS, CorrectionKind.ALSO_CALLED, CorrectionKind.CODES)
AUDIENCES = ("", "patients", "professionals")


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction.

    `place` is the heading path of the target and `old` its text: of the block for `TEXT`, of the
    block that starts the new passage for `SPLIT`, and of the first block of the passage for `JOIN`
    (with the previous passage) and for tags. `new` is the new heading, text, tag or metadata value;
    multiple values are separated by newlines.
    """

    what: CorrectionKind
    place: tuple[str, ...] = ()
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        location = " › ".join(self.place) or "Introduction"
        if self.what in METADATA_KINDS:
            return f"{self.what.replace('_', ' ')}: {', '.join(self.new.splitlines()) or 'none'}"
        if self.what is CorrectionKind.HEADING:
            return f"heading “{location}” is now “{self.new}”"
        if self.what in (CorrectionKind.TAG, CorrectionKind.UNTAG):
            verb = "added" if self.what is CorrectionKind.TAG else "removed"
            return f"tag {self.new} {verb} under “{location}”"
        if self.what is CorrectionKind.TEXT:
            return f"text under “{location}”: “{_shorten(self.old)}” is now “{_shorten(self.new)}”"
        return f"passage {self.what} under “{location}” at “{_shorten(self.old)}”"


@dataclass(frozen=True, slots=True)
class CorrectionResult:
    """The corrected article and passages, and the corrections that could not be applied.

    `unformatted` are the parts of corrected texts that lost their marks or spans.
    """

    article: Article
    passages: tuple[Passage, ...]
    lost: tuple[Correction, ...]
    unformatted: tuple[str, ...] = ()


def validate_correction(correction: Correction) -> Correction:
    """Return the correction with its value normalised.

    Raises `CorrectionError` if the value is invalid.
    """
    new = correction.new.strip()
    if correction.what in LIST_KINDS:
        new = "\n".join(dict.fromkeys(line.strip() for line in new.splitlines() if line.strip()))
    if correction.what in (CorrectionKind.TITLE, CorrectionKind.HEADING) and (
        not new or "\n" in new
    ):
        raise CorrectionError(
            f"The {correction.what} is empty or has several lines. Enter a single line.",
            code="one-line",
        )
    if correction.what is CorrectionKind.CODES:
        for line in new.splitlines():
            if parse_prefixed_code(line) is None:
                raise CorrectionError(
                    f"{line!r} is not a valid code. Enter one code per line as system:code, such "
                    "as icd-10-cm:M10 or mesh:D006073.",
                    code="medical-code",
                )
    if correction.what is CorrectionKind.AUDIENCE and new not in AUDIENCES:
        raise CorrectionError(
            f"{new!r} is not a valid audience. Use one of {', '.join(AUDIENCES[1:])}, or leave it "
            "empty.",
            code="audience",
        )
    if correction.what in DATE_KINDS and new:
        try:
            date.fromisoformat(new)
        except ValueError as error:
            raise CorrectionError(
                f"{new!r} is not a valid date. Use YYYY-MM-DD.", code="date"
            ) from error
    if correction.what is CorrectionKind.TEXT and not new:
        raise CorrectionError(
            "The text is empty. To remove a block, edit the source.", code="text-empty"
        )
    if len(new) > MAX_TEXT_LENGTH:
        raise CorrectionError(
            f"The text is longer than {MAX_TEXT_LENGTH:,} characters. Shorten it.", code="length"
        )
    return replace(correction, new=new)


def apply_corrections(
    article: Article, passages: Sequence[Passage], corrections: Sequence[Correction]
) -> CorrectionResult:
    """Apply corrections to an article and its passages, in order."""
    now = CorrectionResult(article, tuple(passages), ())
    for correction in corrections:
        corrected = _APPLY[correction.what](now, correction)
        now = corrected or replace(now, lost=(*now.lost, correction))
    return now


def _shorten(text: str) -> str:
    return shorten(" ".join(text.split()), MAX_QUOTED_LENGTH)


# One function per kind; returns None if the target does not exist.


def _set_metadata(now: CorrectionResult, correction: Correction) -> CorrectionResult:
    value: Any = correction.new
    if correction.what is CorrectionKind.TITLE:
        return replace(now, article=replace(now.article, title=value))
    if correction.what in LIST_KINDS:
        value = tuple(value.splitlines())
    elif correction.what in DATE_KINDS:
        value = date.fromisoformat(value) if value else None
    metadata: Metadata = replace(now.article.metadata, **{correction.what.value: value})
    return replace(now, article=replace(now.article, metadata=metadata))


def _rename_heading(now: CorrectionResult, correction: Correction) -> CorrectionResult | None:
    target, depth = correction.place, len(correction.place)
    paths = [path for path, _ in now.article.walk()]
    renamed = (*target[:-1], correction.new)
    if target not in paths:
        return now if renamed in paths else None
    passages = tuple(
        replace(passage, heading_path=(*renamed, *passage.heading_path[depth:]))
        if passage.heading_path[:depth] == target
        else passage
        for passage in now.passages
    )
    sections = _rename_section(now.article.sections, target, correction.new)
    return replace(now, article=replace(now.article, sections=sections), passages=passages)


def _rename_section(
    sections: Sequence[Section], path: tuple[str, ...], heading: str
) -> tuple[Section, ...]:
    changed = []
    for section in sections:
        if section.heading == path[0]:
            if len(path) == 1:
                section = replace(section, heading=heading)  # noqa: PLW2901
            else:
                subsections = _rename_section(section.sections, path[1:], heading)
                section = replace(section, sections=subsections)  # noqa: PLW2901
        changed.append(section)
    return tuple(changed)


def _replace_text(now: CorrectionResult, correction: Correction) -> CorrectionResult | None:
    old, new = correction.old, correction.new
    matching = [
        number
        for number, passage in enumerate(now.passages)
        if any(_is_text(block.plain, old) for block in passage.blocks if not block.repeated)
    ]
    if not matching:
        is_adopted = any(new in passage.text for passage in now.passages)
        return now if is_adopted else None
    in_section = [n for n in matching if now.passages[n].heading_path == correction.place]
    number = (in_section or matching)[0]
    passage = now.passages[number]

    def changed(blocks: Sequence[Block]) -> tuple[Block, ...]:
        updated: list[Block] = []
        for block in blocks:
            updated += parse_block_text(block, new) if _is_text(block.plain, old) else (block,)
        return tuple(updated)

    passages = [
        replace(each, blocks=tuple(_update_repeated(block, old, new) for block in each.blocks))
        for each in now.passages
    ]
    edited = replace(passage, blocks=changed(passage.blocks))
    passages[number] = edited

    def changed_in_article(blocks: Sequence[Block]) -> tuple[Block, ...]:
        if any(_is_text(block.plain, old) for block in blocks):
            return changed(blocks)
        updated = list(blocks)
        for at, block in enumerate(blocks):  # the passage has a part of a long block
            if old in block.plain:
                updated[at : at + 1] = parse_block_text(block, block.plain.replace(old, new, 1))
                break
        return tuple(updated)

    sections = _update_blocks(now.article.sections, (), passage.heading_path, changed_in_article)
    return replace(
        now,
        article=replace(now.article, sections=sections),
        passages=tuple(passages),
        unformatted=(*now.unformatted, *find_unformatted(passage.blocks, edited.blocks)),
    )


def _is_text(plain: str, old: str) -> bool:
    """Return whether `old` is the text of a block; former versions stored lists without labels."""
    return plain == old or (
        old.lstrip().startswith("- ") and LABEL_AT_START.sub(r"\1- ", plain) == old
    )


def _update_repeated(block: Block, old: str, new: str) -> Block:
    """Return a repeated introduction with the new text, if it repeats the end of the old text."""
    if not block.repeated or not old.endswith(block.text):
        return block
    before = old.removesuffix(block.text)
    return parse_block_text(block, new.removeprefix(before) or new)[-1]


def _update_blocks(
    sections: Sequence[Section],
    ancestors: tuple[str, ...],
    target: tuple[str, ...],
    changed: Callable[[Sequence[Block]], tuple[Block, ...]],
) -> tuple[Section, ...]:
    updated = []
    for section in sections:
        path = (*ancestors, section.heading) if section.heading else ancestors
        blocks = changed(section.blocks) if path == target else section.blocks
        subsections = _update_blocks(section.sections, path, target, changed)
        updated.append(replace(section, blocks=blocks, sections=subsections))
    return tuple(updated)


def _split_passage(now: CorrectionResult, correction: Correction) -> CorrectionResult | None:
    for number, passage in enumerate(now.passages):
        for cut, block in enumerate(passage.blocks):
            if passage.heading_path == correction.place and _is_text(block.plain, correction.old):
                if all(above.repeated for above in passage.blocks[:cut]):
                    return now  # already the start of a passage
                # The second part is a new passage with a new id.
                parts = (
                    replace(passage, blocks=passage.blocks[:cut]),
                    replace(passage, id="", blocks=passage.blocks[cut:]),
                )
                passages = (*now.passages[:number], *parts, *now.passages[number + 1 :])
                return replace(now, passages=passages)
    return None


def _join_passages(now: CorrectionResult, correction: Correction) -> CorrectionResult | None:
    number = _find_passage(now, correction)
    if number is None:
        is_mergeable = any(
            _is_text(block.plain, correction.old)
            for passage in now.passages
            if passage.heading_path == correction.place
            for block in passage.blocks[1:]
        )
        return now if is_mergeable else None
    if number == 0 or now.passages[number - 1].heading_path != correction.place:
        return None
    first, second = now.passages[number - 1 : number + 1]
    existing = {tag.tag for tag in first.tags}
    tags = (*first.tags, *(tag for tag in second.tags if tag.tag not in existing))
    added = (block for block in second.blocks if not block.repeated)
    joined = replace(first, blocks=(*first.blocks, *added), tags=tags)
    return replace(now, passages=(*now.passages[: number - 1], joined, *now.passages[number + 1 :]))


def _set_tag(now: CorrectionResult, correction: Correction) -> CorrectionResult | None:
    number = _find_passage(now, correction)
    if number is None:
        return None
    passage = now.passages[number]
    tags = [tag for tag in passage.tags if tag.tag != correction.new]
    if correction.what is CorrectionKind.TAG:
        tags.append(Tag(correction.new, 1.0, Evidence.EDITOR, "set by an editor"))
    passages = list(now.passages)
    passages[number] = replace(passage, tags=tuple(tags))
    return replace(now, passages=tuple(passages))


def _find_passage(now: CorrectionResult, correction: Correction) -> int | None:
    """Return the index of the passage that starts with the correction's text, or None."""
    for number, passage in enumerate(now.passages):
        if passage.heading_path == correction.place and _is_text(passage.opening, correction.old):
            return number
    return None


_APPLY: dict[CorrectionKind, Callable[[CorrectionResult, Correction], CorrectionResult | None]] = {
    **dict.fromkeys(METADATA_KINDS, _set_metadata),
    CorrectionKind.HEADING: _rename_heading,
    CorrectionKind.TEXT: _replace_text,
    CorrectionKind.SPLIT: _split_passage,
    CorrectionKind.JOIN: _join_passages,
    CorrectionKind.TAG: _set_tag,
    CorrectionKind.UNTAG: _set_tag,
}
