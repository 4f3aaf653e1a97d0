"""Tags for passages: what each is about, how sure that is, and what speaks for it.

Two kinds of evidence, both phrases of the taxonomy (`ingest.phrases` tells how they match):

- **Headings.** The nearest heading speaks strongly, those above it less. A first line of a box
  that is a heading in all but markup, and opening words in capitals as in drug labels, count as
  the nearest heading. The article's title speaks for nothing: it is about the whole article.
- **Cues** in the text. One cue is a mention and no tag, unless it stands in the opening sentence,
  which says what a passage is about. Several different cues make a subject; more are needed where
  the nearest heading names another one, because its author has said what the passage is about.

Both are combined as independent evidence: 1 - (1 - heading)(1 - cues). A passage may have several
tags, or none: "no tag" is an answer. Tags above a tag (`parent`) are left to the search, and what
an editor says to the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.phrases import Found, PhraseBook, tokens
from ingest.sentences import split_sentences
from kb.article import BlockKind
from kb.passage import Evidence, Passage, Tag
from kb.taxonomy import Taxonomy

NEAREST_HEADING = 0.9  # an author's own word for what follows
HIGHER_HEADING = 0.7  # the word for a larger part, of which this may be an aside
CUE = 0.4  # two different cues make 0.64, a tag; one makes none
OPENING_CUE = 0.5  # one in the opening sentence makes a tag, barely
MOST_BY_CUES = 0.8  # words alone never say as much as a heading
OPENING_WORDS = 30  # a longer sentence says more than what the passage is about
OFF_HEADING = 0.7  # factor for cues of another subject than the heading's: it takes three of them
LEAST = 0.5  # below it, a tag would be wrong as often as right

LINE_HEADING_WORDS = 10  # a longer first line of a box is its text
CAPITALS = re.compile(r"\s*(?:\d+(?:\.\d+)*\.?\s+)?((?:[A-Z][A-Z,/&()-]*\s+){0,8}[A-Z][A-Z]{4,}\b)")


class Tagger:
    """Tags passages by one taxonomy, whose phrases it prepares once."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._order = {tag.key: number for number, tag in enumerate(taxonomy)}
        self._headings = PhraseBook((tag.key, p) for tag in taxonomy for p in tag.headings)
        self._cues = PhraseBook((tag.key, p) for tag in taxonomy for p in tag.cues)

    def tagged(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return the passages with their tags, in the order of the taxonomy."""
        return tuple(replace(passage, tags=self.tags(passage)) for passage in passages)

    def tags(self, passage: Passage) -> tuple[Tag, ...]:
        """Return the tags that enough speaks for."""
        by_heading = self._by_heading(passage)
        by_cues = self._by_cues(passage.text)
        about = {
            key for key, (confidence, _) in by_heading.items() if confidence == NEAREST_HEADING
        }
        found: list[Tag] = []
        for key in sorted(by_heading.keys() | by_cues.keys(), key=self._order.__getitem__):
            heading, heading_reason = by_heading.get(key, (0.0, ""))
            cues, cues_reason = by_cues.get(key, (0.0, ""))
            if about and not heading:
                cues *= OFF_HEADING
            confidence = round(1 - (1 - heading) * (1 - cues), 2)
            if confidence >= LEAST:
                reason = "; ".join(part for part in (heading_reason, cues_reason) if part)
                evidence = Evidence.HEADING if heading else Evidence.CUE
                found.append(Tag(key, confidence, evidence, reason))
        return tuple(found)

    def _by_heading(self, passage: Passage) -> dict[str, tuple[float, str]]:
        """Return tag -> (confidence, reason); the nearest heading that speaks for a tag counts."""
        *higher, nearest = passage.heading_path or ("",)
        weighed = [(heading, HIGHER_HEADING) for heading in higher]
        weighed += [(heading, NEAREST_HEADING) for heading in (nearest, _heading_in_text(passage))]
        return {
            found.tag: (confidence, f'heading "{heading}"')
            for heading, confidence in weighed
            for found in self._headings.find(heading)
        }

    def _by_cues(self, text: str) -> dict[str, tuple[float, str]]:
        """Return tag -> (confidence, reason) by the different cues in the text."""
        opening = len(tokens(split_sentences(text)[0])) if text else 0
        opening = min(opening, OPENING_WORDS)
        by_tag: dict[str, dict[str, Found]] = {}
        for found in self._cues.find(text):
            by_tag.setdefault(found.tag, {}).setdefault(found.phrase, found)
        return {
            tag: (_by_several(cues.values(), opening), _words(cues.values()))
            for tag, cues in by_tag.items()
        }


def _by_several(cues: Iterable[Found], opening: int) -> float:
    doubt = 1.0
    for cue in cues:
        doubt *= 1 - (OPENING_CUE if cue.start < opening else CUE)
    return min(MOST_BY_CUES, 1 - doubt)


def _words(cues: Iterable[Found]) -> str:
    return "words " + ", ".join(f'"{cue.words}"' for cue in cues)


def _heading_in_text(passage: Passage) -> str:
    """Return the heading that a passage opens with in its own text, or an empty text."""
    first_line = passage.text.split("\n", 1)[0]
    if passage.kind is BlockKind.CALLOUT and len(first_line.split()) <= LINE_HEADING_WORDS:
        return first_line
    capitals = CAPITALS.match(first_line)
    return capitals.group(1) if capitals else ""
