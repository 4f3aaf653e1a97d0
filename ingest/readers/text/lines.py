"""Joining of wrapped plain-text lines, and detection of list markers.

Plain text is written either with one paragraph per line, or hard-wrapped at about 72 columns with
blank lines between paragraphs. A file counts as hard-wrapped if its lines break in the middle of
sentences; only then are lines joined.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ingest.language.unfinished_lines import ends_unfinished
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
# Labels that only their neighbours distinguish from names ("A. Smith"): iv), B., 1.2.1, 1.2.
LABEL = re.compile(
    r"(\s*)(?:\(?([ivx]{2,5}|[IVX]{2,5}|[A-Z])[.)]|(\d{1,2}(?:\.\d{1,2}){2,3})[.)]?"
    r"|(\d{1,2}\.\d{1,2})[.)])\s+(?=\S)"
)
ROMAN = re.compile(r"[ivx]+|[IVX]+")
# A plus sign before a number is a bullet only if another one begins an item without a number.
PLUS_BULLET_LINE = re.compile(r"^[ \t]*\+[ \t]+[^\d\s]", re.M)
PLUS_NUMBER = re.compile(r"\s*\+\s+\d")
MINUS_NUMBER = re.compile(r"\s*[-–]\s+\d")
# The letter o is a bullet if several lines begin with it, as in text copied from Word.
O_BULLET_LINE = re.compile(r"^[ \t]*o[ \t]+\S", re.M)
BULLET_WITH_O = re.compile(r"(\s*)(?:[-*+•·‣◦▪●–—]|o)\s+(?=\S)")
MAX_ITEM_LINES = 20  # in which the next item of a list begins
MIN_WRAPPED_LENGTH = 50  # characters; a shorter line is not full
_CLAUSE_END = re.compile(r"[.!?…:;][\"”’')\]]*$")
_BROKEN_WORD = re.compile(r"([^\W\d_]+|\d+)-$")
RULE = re.compile(r"\s*([=\-*_~])\1{2,}\s*")
_BROKEN_NUMBER = re.compile(r"\d[-–]$")  # a range: 5-/10 mg
_OPEN_SIGN = re.compile(r"[<>≤≥=±+×]$")  # its number is on the next line
_JOINING_WORD = re.compile(r"(?:and|or|to)\b")  # pre- and postoperative
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
        marked = self.marker + "x"  # a marker must be followed by a word
        match = NUMBER.match(marked) or LABEL.match(marked)
        return next(filter(None, match.groups()[1:])) if match else ""


def split_lines(text: str) -> list[TextLine]:
    """Return the non-blank lines of `text` with wrapped lines joined."""
    stanzas = _split_stanzas(text)
    width = _detect_width([[line.text for line in stanza] for stanza in stanzas])
    words = frozenset(_WORD.findall(text.casefold())) if "-\n" in text else frozenset()
    return [line for stanza in stanzas for line in _join_wrapped(stanza, width, words)]


def _split_stanzas(text: str) -> list[list[TextLine]]:
    stanzas: list[list[TextLine]] = [[]]
    bullet = BULLET_WITH_O if len(O_BULLET_LINE.findall(text)) > 1 else BULLET
    plus_is_bullet = PLUS_BULLET_LINE.search(text) is not None
    raw_lines = text.expandtabs(4).split("\n")
    last_number = ""
    for position, raw in enumerate(raw_lines):
        if not raw.strip():
            stanzas.append([])
            continue
        above = stanzas[-1][-1] if stanzas[-1] else None
        last_number = last_number if above else ""  # of the items of this stanza
        if RULE.fullmatch(raw):
            if above and not above.rule and not above.marker and raw.strip()[0] in "=-":
                stanzas[-1][-1] = replace(above, rule=raw.strip()[0])
            stanzas.append([])  # a separate rule ends the stanza
            continue
        match = bullet.match(raw) or NUMBER.match(raw) or _match_label(raw_lines, position)
        if PLUS_NUMBER.match(raw) and not plus_is_bullet:
            match = None
        following = itertools.takewhile(
            str.strip, raw_lines[position + 1 : position + 1 + MAX_ITEM_LINES]
        )
        continues = bool(
            match and above and _continues_sentence(above, last_number, raw, following)
        )
        if match and above and MINUS_NUMBER.match(raw):
            is_list = any(map(bullet.match, raw_lines[position - 1 : position + 2 : 2]))
            continues = not is_list and _is_unfinished(above.text)
        marker = match.group() if match and not continues else ""
        indent = len(raw) - len(raw.lstrip())
        text_line = raw[len(marker) :].strip()
        line = TextLine(text_line, len(stanzas), indent, marker, continues=continues)
        last_number = line.number or last_number
        stanzas[-1].append(line)
    return [stanza for stanza in stanzas if stanza]


def _match_label(raw_lines: Sequence[str], position: int) -> re.Match[str] | None:
    """Return the label of a line if a line above or below has a label of the same series."""
    match = LABEL.match(raw_lines[position])
    if match is None:
        return None
    neighbours = (
        *raw_lines[max(position - 1, 0) : position],
        *raw_lines[position + 1 : position + 2],
    )
    for neighbour in neighbours:
        other = NUMBER.match(neighbour) or LABEL.match(neighbour)
        if other and _are_one_series(match, other):
            return match
    return None


def _are_one_series(match: re.Match[str], other: re.Match[str]) -> bool:
    letters: str | None = match.group(2)
    other_label: str = next(filter(None, other.groups()[1:]))
    if not letters:
        return "." in other_label
    if ROMAN.fullmatch(letters) and ROMAN.fullmatch(other_label):
        return letters.isupper() == other_label.isupper()
    is_letter_pair = len(letters) == len(other_label) == 1 and other_label.isupper()
    return is_letter_pair and abs(ord(letters) - ord(other_label)) == 1


def _is_unfinished(above: str) -> bool:
    """Return whether a line ends with a word or a sign to which a number belongs."""
    if _CLAUSE_END.search(above):
        return False
    return bool(_OPEN_SIGN.search(above)) or ends_unfinished(above)


def _continues_sentence(
    above: TextLine, last_number: str, raw: str, following: Iterable[str]
) -> bool:
    """Return whether the number at the start of a line belongs to the sentence above.

    It does not if an adjacent number, in either direction, is the `last_number` above it or among
    the `following` lines: lists also count down.
    """
    found = NUMBER.match(raw)
    if found is None or above.rule or _CLAUSE_END.search(above.text):
        return False
    number = found.group(2)
    labels = [match.group(2) for match in map(NUMBER.match, following) if match]
    if any(_are_adjacent(number, label) for label in (last_number, *labels) if label):
        return False
    if _is_unfinished(above.text):
        return True
    if not number.isdigit() or number == "1" or above.text[-1:].isupper():
        return False
    return above.text[-1:].islower() and len(above.text) >= MIN_WRAPPED_LENGTH


def _are_adjacent(label: str, other: str) -> bool:
    return label == _next_label(other) or other == _next_label(label)


def _next_label(label: str) -> str:
    """Return the number or letter after `label`, or an empty string."""
    if label.isdigit():
        return str(int(label) + 1)
    return chr(ord(label) + 1) if len(label) == 1 else ""


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
    broken = _BROKEN_WORD.search(above[-MAX_BROKEN_LINE_WIDTH:]) if above.endswith("-") else None
    if broken is None or not below[:1].isalnum():
        return f"{above} {below}"
    if _JOINING_WORD.match(below):
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
    if line.text[0].isdigit() and (_is_unfinished(above) or _BROKEN_NUMBER.search(above)):
        return True
    if not width:
        return _breaks_sentence(above, line.text) and len(above) <= MAX_BROKEN_LINE_WIDTH
    first_word = line.text.split(maxsplit=1)[0]
    is_full = len(above) + 1 + len(first_word) > width - MAX_SHORTFALL
    return is_full or _breaks_sentence(above, line.text)
