"""The lines of a text without markup: which belong together, and which begin a list item.

Two manners of writing are common and look alike for a few lines: one paragraph to a line, and
paragraphs broken by hand at some 72 columns with blank lines between them. A file is taken to be
broken by hand when its lines break in the middle of sentences; only then are lines joined.
`ingest.readers.text.reader` decides what the joined lines are.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.metadata import parse_key_value

# Lines broken by hand end by column 80 or thereabouts, mail and editors allow up to 100.
MAX_BROKEN_LINE_WIDTH = 100
MAX_LONG_LINE_SHARE = 0.1  # addresses and tables overshoot in files broken by hand
# Of 354 breaks inside paragraphs of health pages broken by hand, 87% fell inside a sentence and
# before a small letter; a break between paragraphs or after a heading hardly ever does.
MIN_SENTENCE_BREAK_SHARE = 0.3
MAX_SHORTFALL = 6  # columns by which a line may fall short although the next word would have fitted

BULLET = re.compile(r"(\s*)(?:[-*+•·‣◦▪●–—]|o(?=\s{2}|\t))\s+(?=\S)")
NUMBER = re.compile(r"(\s*)\(?(\d{1,3}|[a-z])[.)]\s+(?=\S)")
RULE = re.compile(r"\s*([=\-*_~])\1{2,}\s*")
_SENTENCE_END = re.compile(r"[.!?…][\"”’')\]]*$")


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line as it stands, or several that were broken by hand, joined.

    `stanza` counts the blank-line-separated groups; `marker` is the list mark with its indent, if
    it begins an item; `rule` is the character of the line of = or - under this one.
    """

    text: str
    stanza: int
    indent: int = 0
    marker: str = ""
    rule: str = ""

    @property
    def number(self) -> str:
        """The number or letter of an ordered item, or an empty text."""
        found = NUMBER.match(self.marker + "x")  # a mark is one only before a word
        return found.group(2) if found else ""


def split_lines(text: str) -> list[TextLine]:
    """Return the lines of `text` that hold something, with what was broken by hand joined."""
    stanzas = _split_stanzas(text)
    width = _detect_width([[line.text for line in stanza] for stanza in stanzas])
    return [line for stanza in stanzas for line in _join_wrapped(stanza, width)]


def _split_stanzas(text: str) -> list[list[TextLine]]:
    stanzas: list[list[TextLine]] = [[]]
    for raw in text.expandtabs(4).split("\n"):
        if not raw.strip():
            stanzas.append([])
            continue
        above = stanzas[-1][-1] if stanzas[-1] else None
        if RULE.fullmatch(raw):
            if above and not above.rule and not above.marker and raw.strip()[0] in "=-":
                stanzas[-1][-1] = replace(above, rule=raw.strip()[0])
            stanzas.append([])  # a rule by itself parts what stands around it
            continue
        found = BULLET.match(raw) or NUMBER.match(raw)
        marker = found.group() if found else ""
        stanzas[-1].append(
            TextLine(raw[len(marker) :].strip(), len(stanzas), len(raw) - len(raw.lstrip()), marker)
        )
    return [stanza for stanza in stanzas if stanza]


def _detect_width(stanzas: Sequence[Sequence[str]]) -> int:
    """Return the width at which the file was broken by hand, or 0 if it was not."""
    lengths = [len(text) for stanza in stanzas for text in stanza]
    broken = [length for length in lengths if length <= MAX_BROKEN_LINE_WIDTH]
    if len(lengths) - len(broken) > MAX_LONG_LINE_SHARE * len(lengths):
        return 0
    breaks = [pair for stanza in stanzas for pair in itertools.pairwise(stanza)]
    inside = sum(1 for above, below in breaks if _breaks_sentence(above, below))
    return max(broken) if breaks and inside >= MIN_SENTENCE_BREAK_SHARE * len(breaks) else 0


def _breaks_sentence(above: str, below: str) -> bool:
    return not _SENTENCE_END.search(above) and (below[0].islower() or above.endswith(","))


def _join_wrapped(stanza: Sequence[TextLine], width: int) -> list[TextLine]:
    joined: list[TextLine] = []
    above = ""  # the line as it stands before this one
    for line in stanza:
        if joined and _continues(joined[-1], above, line, width):
            whole = f"{joined[-1].text} {line.text}"
            joined[-1] = replace(joined[-1], text=whole, rule=line.rule)
        else:
            joined.append(line)
        above = line.text
    return joined


def _continues(before: TextLine, above: str, line: TextLine, width: int) -> bool:
    """Whether `line` goes on with the paragraph or item `before`, whose last line is `above`."""
    if line.marker or before.rule or line.rule or parse_key_value(line.text):
        return False
    if before.marker and line.indent > len(before.marker) - len(before.marker.lstrip()):
        return True
    if not width:
        return _breaks_sentence(above, line.text) and len(above) <= MAX_BROKEN_LINE_WIDTH
    first_word = line.text.split(maxsplit=1)[0]
    is_full = len(above) + 1 + len(first_word) > width - MAX_SHORTFALL
    return is_full or _breaks_sentence(above, line.text)
