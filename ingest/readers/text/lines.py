"""Joining of wrapped plain-text lines, and detection of list markers.

Plain text is written either with one paragraph per line, or hard-wrapped at about 72 columns with
blank lines between paragraphs. A file counts as hard-wrapped if its lines break in the middle of
sentences; only then are lines joined.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from ingest.language.word_lists import load_word_list
from ingest.metadata import parse_key_value

# Hard-wrapped lines end at about column 80; mail programs and editors allow up to 100.
MAX_BROKEN_LINE_WIDTH = 100
MAX_LONG_LINE_SHARE = 0.1  # URLs and tables exceed the width in hard-wrapped files
# In a sample of hard-wrapped health pages, 87% of 354 breaks inside paragraphs were in the middle
# of a sentence and before a lower-case letter. Breaks between paragraphs and after headings almost
# never are.
MIN_SENTENCE_BREAK_SHARE = 0.3
MAX_SHORTFALL = 6  # columns by which a line may be short although the next word would have fitted

BULLET = re.compile(r"(\s*)(?:[-*+•·‣◦▪●–—]|o(?=\s{2}|\t))\s+(?=\S)")
NUMBER = re.compile(r"(\s*)\(?(\d{1,3}|[a-z])[.)]\s+(?=\S)")
# The letter o is a bullet if several lines begin with it, as in text copied from Word.
O_BULLET_LINE = re.compile(r"^[ \t]*o[ \t]+\S", re.M)
BULLET_WITH_O = re.compile(r"(\s*)(?:[-*+•·‣◦▪●–—]|o)\s+(?=\S)")
MIN_WRAPPED_LENGTH = 50  # characters; a shorter line is not full
_CLAUSE_END = re.compile(r"[.!?…:;][\"”’')\]]*$")
_BROKEN_WORD = re.compile(r"([^\W\d_]+|\d+)-$")
RULE = re.compile(r"\s*([=\-*_~])\1{2,}\s*")
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?…][\"”’')\]]*$")


@dataclass(frozen=True, slots=True)
class TextLine:
    """A source line, or several wrapped lines joined.

    `stanza` numbers the groups of lines between blank lines. `marker` is the list marker with its
    indentation. `rule` is the character ("=" or "-") of the underline below the line. A line
    `continues` the one above if it begins with a number that belongs to its sentence.
    """

    text: str
    stanza: int
    indent: int = 0
    marker: str = ""
    rule: str = ""
    continues: bool = False

    @property
    def number(self) -> str:
        """Number or letter of an ordered item, or an empty string."""
        match = NUMBER.match(self.marker + "x")  # a marker must be followed by a word
        return match.group(2) if match else ""


def split_lines(text: str) -> list[TextLine]:
    """Return the non-blank lines of `text` with wrapped lines joined."""
    stanzas = _split_stanzas(text)
    width = _detect_width([[line.text for line in stanza] for stanza in stanzas])
    words = frozenset(_WORD.findall(text.casefold())) if "-\n" in text else frozenset()
    return [line for stanza in stanzas for line in _join_wrapped(stanza, width, words)]


def _split_stanzas(text: str) -> list[list[TextLine]]:
    stanzas: list[list[TextLine]] = [[]]
    bullet = BULLET_WITH_O if len(O_BULLET_LINE.findall(text)) > 1 else BULLET
    for raw in text.expandtabs(4).split("\n"):
        if not raw.strip():
            stanzas.append([])
            continue
        above = stanzas[-1][-1] if stanzas[-1] else None
        if RULE.fullmatch(raw):
            if above and not above.rule and not above.marker and raw.strip()[0] in "=-":
                stanzas[-1][-1] = replace(above, rule=raw.strip()[0])
            stanzas.append([])  # a separate rule ends the stanza
            continue
        match = bullet.match(raw) or NUMBER.match(raw)
        continues = bool(match and above and _continues_sentence(above, raw))
        marker = match.group() if match and not continues else ""
        indent = len(raw) - len(raw.lstrip())
        text_line = raw[len(marker) :].strip()
        stanzas[-1].append(TextLine(text_line, len(stanzas), indent, marker, continues=continues))
    return [stanza for stanza in stanzas if stanza]


def _continues_sentence(above: TextLine, raw: str) -> bool:
    """Return whether the number at the start of a line belongs to the sentence above."""
    found = NUMBER.match(raw)
    if found is None or above.rule or _CLAUSE_END.search(above.text):
        return False
    last_word = above.text.rsplit(maxsplit=1)[-1].lower()
    if last_word in _unfinished_ends():
        return True
    number, previous = found.group(2), above.number
    if not number.isdigit() or number == "1" or above.text[-1:].isupper():
        return False
    is_next = previous.isdigit() and int(number) == int(previous) + 1
    return not is_next and above.text[-1:].islower() and len(above.text) >= MIN_WRAPPED_LENGTH


@cache
def _unfinished_ends() -> frozenset[str]:
    return frozenset(load_word_list("unfinished-ends"))


def _detect_width(stanzas: Sequence[Sequence[str]]) -> int:
    """Return the wrap width of the file, or 0 if it is not hard-wrapped."""
    lengths = [len(text) for stanza in stanzas for text in stanza]
    wrapped = [length for length in lengths if length <= MAX_BROKEN_LINE_WIDTH]
    if len(lengths) - len(wrapped) > MAX_LONG_LINE_SHARE * len(lengths):
        return 0
    breaks = [pair for stanza in stanzas for pair in itertools.pairwise(stanza)]
    in_sentences = sum(1 for above, below in breaks if _breaks_sentence(above, below))
    return max(wrapped) if breaks and in_sentences >= MIN_SENTENCE_BREAK_SHARE * len(breaks) else 0


def _breaks_sentence(above: str, below: str) -> bool:
    return not _SENTENCE_END.search(above) and (below[0].islower() or above.endswith(","))


def _join_wrapped(stanza: Sequence[TextLine], width: int, words: frozenset[str]) -> list[TextLine]:
    joined: list[TextLine] = []
    above = ""  # the previous source line
    for line in stanza:
        if joined and _continues(joined[-1], above, line, width):
            text = _join(joined[-1].text, line.text, words)
            joined[-1] = replace(joined[-1], text=text, rule=line.rule)
        else:
            joined.append(line)
        above = line.text
    return joined


def _join(above: str, below: str, words: frozenset[str]) -> str:
    """Return two lines as one. A hyphen at a line end stays, unless the document has the word."""
    broken = _BROKEN_WORD.search(above)
    if broken is None or not below[:1].isalnum():
        return f"{above} {below}"
    rest = _WORD.match(below.casefold())
    whole = broken[1].casefold() + (rest.group() if rest else "")
    return above[:-1] + below if whole in words and below[0].islower() else above + below


def _continues(before: TextLine, above: str, line: TextLine, width: int) -> bool:
    """Return whether `line` continues the paragraph or item `before`.

    `above` is the last source line of `before`.
    """
    if line.continues:
        return True
    if line.marker or before.rule or line.rule or parse_key_value(line.text):
        return False
    if before.marker and line.indent > len(before.marker) - len(before.marker.lstrip()):
        return True
    if not width:
        return _breaks_sentence(above, line.text) and len(above) <= MAX_BROKEN_LINE_WIDTH
    first_word = line.text.split(maxsplit=1)[0]
    is_full = len(above) + 1 + len(first_word) > width - MAX_SHORTFALL
    return is_full or _breaks_sentence(above, line.text)
