"""Formatted text: how readers pass it on, and the separation of raised and lowered text.

While a reader builds a text, formatting is part of the string: noncharacters of Unicode, which no
text contains, surround the formatted part (`mark_text`). Such a string can be joined, split and
stripped like any other. `parse_inline` converts it to plain text and marks.

Raised and lowered text must not join with its neighbours: 10<sup>9</sup> is not 109, and
250<sup>1</sup> mg is 250 mg with note 1. The rules are the same for all formats (`_separate`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kb.model.article import Mark, MarkKind, Marks, is_safe_link

_START = {
    MarkKind.STRONG: "\ufdd0",
    MarkKind.EMPHASIS: "\ufdd1",
    MarkKind.SUPERSCRIPT: "\ufdd2",
    MarkKind.SUBSCRIPT: "\ufdd3",
    MarkKind.LINK: "\ufdd4",
}
_END = {
    MarkKind.STRONG: "\ufdd8",
    MarkKind.EMPHASIS: "\ufdd9",
    MarkKind.SUPERSCRIPT: "\ufdda",
    MarkKind.SUBSCRIPT: "\ufddb",
    MarkKind.LINK: "\ufddc",
}
_ADDRESS_END = "\ufddd"  # between the address and the text of a link
_NOTE = "\ufdde"  # first character of a superscript that is a note reference
_STARTS = {character: kind for kind, character in _START.items()}
_ENDS = {character: kind for kind, character in _END.items()}
NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")

_TOKEN = re.compile(
    f"{_START[MarkKind.LINK]}[^{_ADDRESS_END}]*{_ADDRESS_END}|[\ufdd0-\ufdef]|[^\ufdd0-\ufdef]+"
)
_MARKUP = re.compile(f"{_START[MarkKind.LINK]}[^{_ADDRESS_END}]*{_ADDRESS_END}|[\ufdd0-\ufdef]")
_RAISED = re.compile(
    f"([{_START[MarkKind.SUPERSCRIPT]}{_START[MarkKind.SUBSCRIPT]}])({_NOTE}?)"
    f"([^{_END[MarkKind.SUPERSCRIPT]}{_END[MarkKind.SUBSCRIPT]}]*)"
    f"([{_END[MarkKind.SUPERSCRIPT]}{_END[MarkKind.SUBSCRIPT]}])"
)
_LOWERED_DENOMINATOR = re.compile(
    rf"\s*[/\u2044]\s*{_START[MarkKind.SUBSCRIPT]}\s*\d+\s*{_END[MarkKind.SUBSCRIPT]}"
)
_WORDS_AND_BREAKS = re.compile(r"\n|[^\S\n]+|\S+")
CONTEXT_LENGTH = 40  # characters before and after a raised text that the rules need

SIGNED_POWER = re.compile(r"[-−–+]\d+(?:\.\d+)?|\d*\.\d+")
POWER = re.compile(r"\d+(?:\s*/\s*\w+)?")  # the unit may be raised as well: 10^9/L
POWER_BASE = re.compile(r"(?<![\d.,])10$")  # a superscript after any other number is a note
PRODUCT_BASE = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d+)?\.10$")  # 5.10 or 4,5.10
MIN_PRODUCT_POWER = 3  # smaller numbers after such a decimal are notes
# 10 with a note, as in "10<sup>1</sup> mg", unless a factor precedes it.
DOSE_AFTER = re.compile(
    r"\s?(?:k?g|mg|[µμn]g|mcg|micrograms?|grams?|m[lL]|mmol|%|tablets?|capsules?|drops|puffs|sprays"
    r"|doses?|times|min(?:ute)?s?|hours?|days?|weeks?|months?|years?)\b"
)
FACTOR_BEFORE = re.compile(r"[x×·*]\s?10$")
WORD_SUFFIXES = frozenset({"st", "nd", "rd", "th", "®", "™", "℠", "©", "°"})
DEGREE_SIGNS = frozenset({"o", "O", "0", "º", "°"})  # typed in place of a degree sign
DEGREE_SCALE = re.compile(r"\s?[CF]\b")
# "cm" and "m" take powers (cm2, kg/m2); a number raised after a word or a dose unit is a note.
WORD_BEFORE = re.compile(
    r"(?:[^\W\d_]{3}|[.,;:)\]%]"
    r"|(?<![^\W\d_])(?:k?g|mg|mcg|[µμn]g|m?[lL]|IU|h|hr|mol|mEq))$"
)
WORD_AFTER = re.compile(r"[^\W\d_]{3}")  # a word of three letters; "Tc" after 99m is an element


def mark_edges(kind: MarkKind, href: str = "") -> tuple[str, str]:
    """Return what precedes and follows a text with this formatting.

    A link with an unsafe address is not marked, so both are empty.
    """
    if kind is not MarkKind.LINK:
        return _START[kind], _END[kind]
    return (_START[kind] + href + _ADDRESS_END, _END[kind]) if is_safe_link(href) else ("", "")


def mark_text(kind: MarkKind, text: str, href: str = "") -> str:
    """Return a text with this formatting. A link with an unsafe address is not marked."""
    start, end = mark_edges(kind, href)
    return start + text + end


# What precedes and follows a superscript that is known to be a note reference, such as a link.
NOTE_EDGES = (_START[MarkKind.SUPERSCRIPT] + _NOTE, _END[MarkKind.SUPERSCRIPT])


def mark_note(text: str) -> str:
    """Return a superscript that is known to be a note reference, such as a link to a footnote."""
    start, end = NOTE_EDGES
    return start + text + end


def remove_noncharacters(text: str) -> str:
    """Return a text of a source without the characters that represent formatting here."""
    return NONCHARACTERS.sub("", text)


def strip_marks(text: str) -> str:
    """Return the plain text of a formatted text, with raised text separated."""
    return _MARKUP.sub("", separate_raised_text(text)) if NONCHARACTERS.search(text) else text


def separate_raised_text(text: str) -> str:
    """Return formatted text with superscripts and subscripts separated from other text."""
    done = ""
    plain = ""  # the end of `done` without marks
    position = 0
    for match in _RAISED.finditer(text):
        done += text[position : match.start()]
        before = (plain + _MARKUP.sub("", text[position : match.start()]))[-CONTEXT_LENGTH:]
        plain = before
        position = match.end()
        start, note, raised, end = match.groups()
        content = _MARKUP.sub("", raised).strip()
        if not content:
            done += raised
            plain += _MARKUP.sub("", raised)
            continue
        following = _text_after(text, position)
        is_lowered = start == _START[MarkKind.SUBSCRIPT]
        if not is_lowered and _is_degree(before, content, following):
            done += "°"
            plain += "°"
            continue
        is_fraction = content.isdigit() and bool(_LOWERED_DENOMINATOR.match(text, position))
        lead, prefix = ("", "")
        if is_fraction:
            lead = " " if before[-1:].isdigit() else ""
        elif is_lowered:
            lead = " " if before[-1:].isdigit() and content[0].isdigit() else ""
        else:
            after_subscript = done.endswith(_END[MarkKind.SUBSCRIPT])
            lead, prefix = _separate(before, content, following, bool(note), after_subscript)
        gap = "" if is_fraction else _gap_after(content, following, is_lowered)
        is_note = not (is_fraction or is_lowered or prefix) and (
            lead or before.rstrip()[-1:].isdigit()
        )
        if is_note and content[-1].isalnum() and following[:1].isalnum():
            gap = " "  # a note before a unit
        done += lead + start + prefix + raised + end + gap
        plain += lead + prefix + _MARKUP.sub("", raised) + gap
    return done + text[position:]


def _text_after(text: str, position: int) -> str:
    """Return the next `CONTEXT_LENGTH` characters without marks, whose addresses may be long."""
    after = ""
    for token in _TOKEN.finditer(text, position):
        if len(after) >= CONTEXT_LENGTH:
            break
        if not NONCHARACTERS.match(token.group()):
            after += token.group()[:CONTEXT_LENGTH]
    return after


def _is_degree(before: str, content: str, after: str) -> bool:
    """Return whether a raised letter or zero is a degree sign, as in 37<sup>o</sup>C."""
    return (
        content in DEGREE_SIGNS
        and before.rstrip()[-1:].isdigit()
        and bool(DEGREE_SCALE.match(after))
    )


def _separate(
    before: str, content: str, after: str, is_note: bool, after_subscript: bool
) -> tuple[str, str]:
    """Return the space before a superscript, and the "^" with which a power begins."""
    if not before[-1:].strip():
        return "", ""
    if is_note:
        return " ", ""
    if after_subscript:  # an ion, such as HPO4 2-; but not SO4 with note 1
        return (" " if any(map(str.isdigit, content)) else ""), ""
    if SIGNED_POWER.fullmatch(content) or _is_power_of_ten(before, content, after):
        return "", "^"
    if content in WORD_SUFFIXES:
        return "", ""
    return (" " if before[-1].isdigit() or WORD_BEFORE.search(before) else ""), ""


def _is_power_of_ten(before: str, content: str, after: str) -> bool:
    if _is_exponent_of_product(before, content, after):
        return True
    if not POWER_BASE.search(before) or not POWER.fullmatch(content):
        return False
    return bool(FACTOR_BEFORE.search(before)) or not DOSE_AFTER.match(after)


def _is_exponent_of_product(before: str, content: str, after: str) -> bool:
    """Return whether a point is the sign of a product, as in 5.10<sup>9</sup>/L."""
    return (
        PRODUCT_BASE.search(before) is not None
        and content.isdigit()
        and (int(content) >= MIN_PRODUCT_POWER or after.startswith("/"))
        and not DOSE_AFTER.match(after)
    )


def _gap_after(content: str, after: str, is_lowered: bool) -> str:
    """Return a space if the text after a raised or lowered part would join with it."""
    if content[-1].isdigit() and after[:1].isdigit():
        return " "
    if is_lowered or content in WORD_SUFFIXES:
        return ""
    return " " if WORD_AFTER.match(after) else ""


def parse_inline(
    text: str, normalize: Callable[[str], str], *, keep_lines: bool
) -> tuple[str, Marks]:
    """Return the plain text and the marks of a formatted text.

    White space is collapsed and stripped; line breaks are kept if `keep_lines`. `normalize` is
    applied to the text between two changes of formatting.
    """
    if not NONCHARACTERS.search(text):
        return _collapse(normalize(text), keep_lines), ()
    parser = _InlineParser(normalize, keep_lines)
    for token in _TOKEN.findall(separate_raised_text(text)):
        parser.add(token)
    return parser.finish()


def _collapse(text: str, keep_lines: bool) -> str:
    if not keep_lines:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class _OpenMark:
    """A mark whose end has not been reached; `start` is None until text follows."""

    def __init__(self, kind: MarkKind, href: str) -> None:
        self.kind, self.href = kind, href
        self.start: int | None = None
        self.end = 0


class _InlineParser:
    """Collects the words of a text, and the marks with their positions."""

    def __init__(self, normalize: Callable[[str], str], keep_lines: bool) -> None:
        self._normalize = normalize
        self._break = "\n" if keep_lines else " "
        self._parts: list[str] = []
        self._length = 0
        self._gap = ""  # white space that precedes the next word
        self._open: list[_OpenMark] = []
        self._marks: list[Mark] = []

    def add(self, token: str) -> None:
        """Add a text, or the start or end of a mark."""
        kind = _STARTS.get(token[0])
        if kind is not None:
            self._open.append(_OpenMark(kind, token[1:-1]))
        elif token in _ENDS:
            self._close(_ENDS[token])
        elif not NONCHARACTERS.match(token):
            for part in _WORDS_AND_BREAKS.findall(self._normalize(token)):
                self._add_word(part)

    def _add_word(self, part: str) -> None:
        if not part.strip():
            if part == "\n":
                self._gap = self._break
            else:
                self._gap = self._gap or " "
            return
        if self._parts and self._gap:
            self._parts.append(self._gap)
            self._length += 1
        self._gap = ""
        for mark in self._open:
            mark.start = self._length if mark.start is None else mark.start
            mark.end = self._length + len(part)
        self._parts.append(part)
        self._length += len(part)

    def _close(self, kind: MarkKind) -> None:
        for mark in reversed(self._open):
            if mark.kind is kind:
                self._open.remove(mark)
                if mark.start is not None:
                    self._marks.append(Mark(kind, mark.start, mark.end, mark.href))
                return

    def finish(self) -> tuple[str, Marks]:
        """Return the text and its marks in order."""
        while self._open:
            self._close(self._open[-1].kind)
        text = "".join(self._parts)
        marks: list[Mark] = []
        for mark in sorted(self._marks, key=lambda each: (each.kind, each.start, each.end)):
            last = marks[-1] if marks else None
            if (
                last is not None
                and (last.kind, last.href) == (mark.kind, mark.href)
                and not text[last.end : mark.start].strip()
            ):
                marks[-1] = Mark(last.kind, last.start, max(last.end, mark.end), last.href)
            else:
                marks.append(mark)
        return text, tuple(sorted(marks, key=lambda each: (each.start, -each.end, each.kind)))
