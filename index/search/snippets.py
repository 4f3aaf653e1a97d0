"""Snippets: the part of a passage that answers the query.

A snippet begins with the sentence, list item or table row that answers best, by the words of the
query and by what its intents expect (`Intent.cues`). In a section that lists the answers to an
intent, such as side effects, that is the first one: "bleeding is the main danger" comes before
"less common harms". A snippet ends with a whole sentence if possible and never inside an amount.
Table rows are whole and follow their header.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from index.analyzer import stem_text
from index.query.intents import CUE_PATTERNS, FIRST, Intent
from index.search.highlighter import HighlightMatch, HighlightTerms
from index.search.sections import section_score, stem_phrase
from kb.model.article import Block, BlockKind
from kb.model.passage import Passage

LEADING_LENGTH = 280  # characters of the first hit: about four lines of the results page
LENGTH = 140  # of other hits: two lines
LEADING_ROWS, ROWS = 4, 1  # table rows, each on its own line
MAX_OVERRUN = 20  # characters by which the last sentence may exceed the length
MAX_ROWS_LENGTH = 600  # of a header and one row, which are not cut
MIN_ROW_SHARE = 0.7  # of the score of the best row, of other rows that are shown
MAX_LEAD_LENGTH = 100  # characters of a sentence that introduces a list
MIN_PART = 40  # characters of a sentence that is cut
MIN_SHARE = (
    0.6  # of the length that whole sentences fill; with less, a part of the next one follows
)
MAX_UNITS = 400  # of one passage that are scored; passages have about a tenth of this

# Weights of a unit: a word of the query; one of the article's title, which is in most sentences; a
# phrase and a cue of an intent; and the beginning of the passage.
WORD, TITLE_WORD, PHRASE, CUE, BEGINNING = 1.0, 0.25, 0.5, 2.0, 0.5
FOLLOWING = 0.3  # share of the units after it in the snippet
NO_STEMS: frozenset[str] = frozenset()
HEADER = 0.5  # share of the header in the score of a row

# The space after a sentence, as a group, or line breaks. Begins with a set of characters, which is
# three times as fast as a lookbehind.
_SENTENCE_END = re.compile(r"[.!?](\s+)(?=[A-Z\"“(])|\n+")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|approx|cf|dr|st|no|fig|max|min|inj)\.$", re.I)
_MAX_ABBREVIATION = 8  # characters
_CLAUSE_END = re.compile(r"[,;:] ")
# The last word of a part must not be a number or a word between a number and its unit.
_INSIDE_AMOUNT = re.compile(
    r"\s+(?:\S*\d[^\s\w%]*|[<>≤≥≈~±=×x–-]+|to|or|and|of|than|per|by)$", re.I
)


class _Unit(NamedTuple):
    """A sentence, list item or table row; `start` is its offset in the text of the passage.

    `before` is shown before it if the snippet begins with it: the header of a table or the sentence
    that introduces a list. A `joint` separates it from the unit before.
    """

    text: str
    start: int
    joint: str = " "
    before: str = ""
    is_item: bool = False
    is_header: bool = False
    is_row: bool = False


def snippet_text(
    passage: Passage,
    terms: HighlightTerms,
    asked: Sequence[Intent] = (),
    *,
    subject: frozenset[str] = frozenset(),
    title: str = "",
    length: int = LENGTH,
) -> str:
    """Return about `length` characters of a passage, from the unit that answers `asked`.

    Headings and the `title` of the article are not repeated. `subject` are the stems of the words
    of the query that express no intent.
    """
    units = _shown_units(passage, title)
    if not units:
        return ""
    matches, title_stems = terms.matches(passage.text), frozenset(stem_phrase(title))
    listed = [each for each in asked if _is_list(each) and section_score(passage, each)]
    if listed:
        others = [each for each in asked if each not in listed]
        scores = _scores_in_list(units, matches, listed, others, subject - title_stems)
        first = scores.index(max(scores))
    else:
        scores = _scores(units, matches, asked, title_stems)
        # Only a unit with a score can begin the best snippet, and the first unit has one.
        candidates = [number for number, score in enumerate(scores) if score]
        first = max(candidates, key=lambda n: (_value(units, scores, n, length), -n))
    if units[first].is_row:
        shown = _rows(units, scores, first, length)
    else:
        shown = _sentences(units, first, length)
    begins = first == 0 or units[first].is_row or units[first].is_header
    return shown if begins or units[first].before else f"… {shown.lstrip()}"


def opening_text(passage: Passage, title: str, length: int) -> str:
    """Return the beginning of a passage."""
    units = _shown_units(passage, title)
    return _sentences(units, 0, length) if units else ""


def _value(units: Sequence[_Unit], scores: Sequence[float], first: int, length: int) -> float:
    """Return the score of the snippet that begins with a unit."""
    value, used = scores[first], len(units[first].text)
    for number in range(first + 1, len(units)):
        used += len(units[number].text)
        if used > length:
            break
        value += FOLLOWING * scores[number]
    return value


def _sentences(units: Sequence[_Unit], first: int, length: int) -> str:
    """Return whole units from the first one; only the last one may be cut."""
    before = units[first].before
    shown = f"{before} …\n{units[first].text}" if before else units[first].text
    if len(shown) > length + MAX_OVERRUN:
        return _cut(shown, length)
    rows = 0
    for number in range(first + 1, len(units)):
        unit = units[number]
        room = length - len(shown)
        is_last_header = unit.is_header and (
            number + 1 == len(units) or len(unit.text) + len(units[number + 1].text) > room
        )
        if is_last_header:
            return f"{shown} …"
        rows += unit.is_row
        if rows > _max_rows(length):
            return f"{shown} …"
        is_whole = unit.is_row or unit.is_item
        if len(unit.text) > room + (0 if is_whole else MAX_OVERRUN):
            if is_whole or room < MIN_PART or len(shown) > MIN_SHARE * length:
                return f"{shown} …"
            return f"{shown}{unit.joint}{_cut(unit.text, room)}"
        shown += unit.joint + unit.text
    return shown


def _rows(units: Sequence[_Unit], scores: Sequence[float], best: int, length: int) -> str:
    """Return the header and the best rows of a table, whole and in their order."""
    header = units[best].before
    same = [n for n, unit in enumerate(units) if unit.is_row and unit.before == header]
    used = len(header) + len(units[best].text)
    chosen = {best}
    for number in sorted(same, key=lambda n: (-scores[n], n)):
        if number in chosen or scores[number] < max(MIN_ROW_SHARE * scores[best], 0.01):
            continue
        used += len(units[number].text) + 1
        if used > length or len(chosen) == _max_rows(length):
            break
        chosen.add(number)
    lines = [header, *(units[n].text for n in sorted(chosen))]
    shown = "\n".join(filter(None, lines))
    if len(shown) > MAX_ROWS_LENGTH:
        return _cut(shown, MAX_ROWS_LENGTH)
    return shown if len(chosen) == len(same) else f"{shown} …"


def _max_rows(length: int) -> int:
    return LEADING_ROWS if length >= LEADING_LENGTH else ROWS


def _cut(text: str, length: int) -> str:
    """Return the beginning of a text, up to the end of a clause or word, not inside an amount."""
    part = text[: length + 1]
    clauses = [match.start() for match in _CLAUSE_END.finditer(part)]
    if clauses and clauses[-1] > length / 2:
        part = part[: clauses[-1]]
    else:
        space = max(part.rfind(" "), part.rfind("\n"))
        part = part[:space] if space > 0 else part[:length]
    while (inside := _INSIDE_AMOUNT.search(part)) is not None:
        part = part[: inside.start()]
    return f"{part} …"


def _scores(
    units: Sequence[_Unit],
    matches: Sequence[HighlightMatch],
    asked: Sequence[Intent],
    title: frozenset[str],
) -> list[float]:
    """Return how well each unit answers; `title` are the stems of the title."""
    scores = []
    for unit, stems in zip(units, _matched_stems(units, matches), strict=True):
        score = WORD * len(stems - title) + TITLE_WORD * len(stems & title)
        scores.append(score + sum(_unit_score(unit, intent, _intent_score) for intent in asked))
    scores[0] += BEGINNING
    return scores


def _scores_in_list(
    units: Sequence[_Unit],
    matches: Sequence[HighlightMatch],
    listed: Sequence[Intent],
    others: Sequence[Intent],
    words: frozenset[str],
) -> list[float]:
    """Return how well each unit of a section answers that lists the answers to intents.

    Every unit answers them, with or without their words. So only the `words` and the `others` among
    the intents of the query count, and a quantity without which there is no answer, such as a dose.
    """
    scores = []
    for unit, stems in zip(units, _matched_stems(units, matches), strict=True):
        score = WORD * len(stems & words)
        score += sum(_unit_score(unit, intent, _quantity_score) for intent in listed)
        scores.append(score + sum(_unit_score(unit, intent, _intent_score) for intent in others))
    return scores


def _matched_stems(
    units: Sequence[_Unit], matches: Sequence[HighlightMatch]
) -> Iterator[frozenset[str]]:
    """Yield the stems of the matches in each unit, none for a header."""
    starts = [match.start for match in matches]
    for unit in units:
        begin = bisect_left(starts, unit.start)
        end = begin if unit.is_header else bisect_left(starts, unit.start + len(unit.text))
        yield frozenset([match.stem for match in matches[begin:end]]) if begin < end else NO_STEMS


def _unit_score(unit: _Unit, intent: Intent, score: Callable[[str, Intent], float]) -> float:
    """Return the score of a unit for an intent; a row also has a share of its header's."""
    if unit.is_header:
        return 0.0
    found = score(unit.text, intent)
    return found + HEADER * score(unit.before, intent) if unit.is_row and unit.before else found


@lru_cache(maxsize=16_384)  # units are scored again in every search that finds their passage
def _intent_score(text: str, intent: Intent) -> float:
    """Return how well a unit answers an intent."""
    words = f" {' '.join(stem_text(text))} "
    phrases, cues, patterns = _intent_words(intent)
    score = PHRASE if any(phrase in words for phrase in phrases) else 0.0
    if any(cue in words for cue in cues) or any(pattern.search(text) for pattern in patterns):
        score += CUE
    return score


@lru_cache(maxsize=16_384)
def _quantity_score(text: str, intent: Intent) -> float:
    """Return the score of a unit with a quantity that an intent expects."""
    return CUE if any(pattern.search(text) for pattern in _intent_words(intent)[2]) else 0.0


def _is_list(intent: Intent) -> bool:
    """Return whether a section about an intent lists its answers, the most important first.

    In other sections, the answer is what one of the cues introduces: "call 999", "store below".
    """
    return FIRST in intent.cues or all(cue in CUE_PATTERNS for cue in intent.cues)


@lru_cache(maxsize=512)
def _intent_words(
    intent: Intent,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[re.Pattern[str], ...]]:
    """Return the stemmed phrases and cues of an intent and the patterns among its cues."""
    plain = [cue for cue in intent.cues if cue != FIRST and cue not in CUE_PATTERNS]
    patterns = tuple(CUE_PATTERNS[cue] for cue in intent.cues if cue in CUE_PATTERNS)
    return _stemmed(intent.heading_phrases()), _stemmed(plain), patterns


def _stemmed(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f" {' '.join(stem_text(phrase))} " for phrase in phrases))


@lru_cache(maxsize=4_096)  # passages of frequent subjects are hits of many searches
def _shown_units(passage: Passage, title: str) -> tuple[_Unit, ...]:
    """Return the units of a passage that a snippet may show."""
    return tuple(_drop_headings(_units(passage), (title, *passage.heading_path))[:MAX_UNITS])


def _drop_headings(units: Iterable[_Unit], headings: Sequence[str]) -> list[_Unit]:
    """Return the units without those at the beginning that repeat a heading."""
    known = {heading.casefold().rstrip(".:") for heading in headings if heading}
    kept = list(units)
    while len(kept) > 1 and kept[0].text.casefold().rstrip(".:") in known:
        del kept[0]
    return kept


def _units(passage: Passage) -> Iterator[_Unit]:
    """Yield the units of a passage in order."""
    at = 0
    lead = ""
    for block in passage.blocks:
        found: Iterable[_Unit]
        if block.kind is BlockKind.TABLE:
            found = _table_units(block, at)
        elif block.kind is BlockKind.LIST:
            found = _list_units(block, at, lead)
        else:
            found = _sentence_units(block.plain, at)
        last = ""
        for unit in found:
            yield unit if last else unit._replace(joint="\n")
            last = unit.text
        lead = "" if block.kind in (BlockKind.TABLE, BlockKind.LIST) else last
        at += len(block.plain) + 1


def _sentence_units(text: str, at: int) -> Iterator[_Unit]:
    start, joint = 0, " "
    for end in (*_SENTENCE_END.finditer(text), None):
        if end is None:
            stop = after = len(text)
        else:
            stop, after = end.span(1) if end[1] else end.span()
        has_break = "\n" in text[stop:after]
        if end and not has_break and _is_abbreviated(text, start, stop):
            continue
        sentence = text[start:stop]
        if sentence.strip():
            yield _Unit(sentence, at + start, joint)
        joint = "\n" if has_break else " "
        start = after


def _is_abbreviated(text: str, start: int, stop: int) -> bool:
    """Return whether the last word before `stop` is an abbreviation."""
    return bool(_ABBREVIATION.search(text, max(start, stop - _MAX_ABBREVIATION), stop))


def _list_units(block: Block, at: int, lead: str) -> Iterator[_Unit]:
    lead = lead if len(lead) <= MAX_LEAD_LENGTH else ""
    for number, item in enumerate(block.items):
        yield _Unit(item.plain, at, "\n", lead if number else "", is_item=True)
        at += len(item.plain) + 1


def _table_units(block: Block, at: int) -> Iterator[_Unit]:
    """Yield the header and the rows of a table; a row includes cells that span it from above."""
    rows = _filled_rows(block)
    header = "\n".join(_join_cells(row) for row in rows[: block.header_rows])
    groups, group = block.group_rows, ""
    if header:
        yield _Unit(header, at, "\n", is_header=True)
    for number, row in enumerate(block.row_texts):
        if number in groups:
            group = row[0]
        elif number >= block.header_rows:
            before = "\n".join(filter(None, (header, group)))
            yield _Unit(_join_cells(rows[number]), at, "\n", before, is_row=True)
        at += len(" | ".join(row)) + 1


def _filled_rows(block: Block) -> list[tuple[str, ...]]:
    """Return the texts of the cells of a table, with spanning cells in each row that they span."""
    rows = [list(row) for row in block.row_texts]
    for number, row in enumerate(block.rows):
        for column, cell in enumerate(row):
            for below in rows[number + 1 : number + cell.rows]:
                if column < len(below):
                    below[column] = below[column] or cell.text
    return [tuple(row) for row in rows]


def _join_cells(row: Sequence[str]) -> str:
    return " | ".join(filter(None, row))
