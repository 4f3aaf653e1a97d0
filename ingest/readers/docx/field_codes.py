"""Field codes that Word displays without storing a result: EQ formulas and SYMBOL."""

from __future__ import annotations

import re

from ingest.readers.common.formulas import format_structure, parenthesize
from ingest.readers.docx.symbols import decode_letters, find_symbol

_EQUATION = re.compile(r"\s*EQ\s+(.*)", re.I | re.S)
_SYMBOL = re.compile(r"\s*SYMBOL\s+(0x[0-9a-f]+|\d+|\S)(.*)", re.I | re.S)
_FONT = re.compile(r'\\f\s+(?:"([^"]*)"|(\S+))', re.I)
_UNICODE = re.compile(r"\\u\b", re.I)
_SWITCH = re.compile(r"\\([a-z]{1,2})(?:\s?-?\d+)?\s*", re.I)
MAX_CODE_LENGTH = 1_000
MAX_DEPTH = 20


def read_symbol(code: str) -> str:
    """Return the character of a SYMBOL field, or an empty string for another field."""
    match = _SYMBOL.match(code)
    if match is None:
        return ""
    value, switches = match.groups()
    font = _FONT.search(switches)
    name = (font.group(1) or font.group(2)) if font else ""
    if value.isdigit() or value.lower().startswith("0x"):
        number = int(value, 16 if value.lower().startswith("0x") else 10)
        if not _UNICODE.search(switches) and name:
            return find_symbol(name, f"{number:X}").text
        return chr(number) if number < 0xD800 else ""
    return decode_letters(value, name, name).text


def format_equation(code: str) -> str:
    r"""Return an EQ field such as ``\f(a;b)`` on one line, or an empty string."""
    match = _EQUATION.match(code[:MAX_CODE_LENGTH])
    if match is None:
        return ""
    text, rest = _read_sequence(match.group(1), "", 0)
    text = text.strip()
    if rest.strip() or not text:
        return ""
    return text if text[0] in "^_" else f" {text} "  # a script belongs to the text before it


def _read_sequence(code: str, ends: str, depth: int) -> tuple[str, str]:
    """Return the text up to one of the end characters, and the rest of the code."""
    parts: list[str] = []
    while code and code[0] not in ends:
        if code[0] == "\\" and len(code) > 1 and code[1] in "\\,;()":
            parts.append(code[1])
            code = code[2:]
        elif code[0] == "\\" and (switch := _SWITCH.match(code)):
            text, code = _read_switch(code[switch.end() :], switch.group(1).lower(), depth)
            parts.append(text)
        elif code[0] == "(" and depth < MAX_DEPTH:
            inside, code = _read_sequence(code[1:], ")", depth + 1)
            parts.append(f"({inside})")
            code = code[1:]
        else:
            parts.append(code[0])
            code = code[1:]
    return "".join(parts), code


def _read_switch(code: str, name: str, depth: int) -> tuple[str, str]:
    options = ""
    while switch := _SWITCH.match(code):  # such as \up8 in \s\up8(2)
        options += switch.group(1).lower()
        code = code[switch.end() :]
    if not code.startswith("(") or depth >= MAX_DEPTH:
        return "", code
    arguments: list[str] = []
    while code and code[0] in "(,;":
        argument, code = _read_sequence(code[1:], ",;)", depth + 1)
        arguments.append(argument.strip())
    return _format_switch(name, options, arguments), code[1:]


def _format_switch(name: str, options: str, arguments: list[str]) -> str:
    first, *others = arguments
    if name == "f" and others:
        return format_structure("mfrac", "", [first, others[0]])
    if name == "r":
        is_square = not others or first in ("", "2")
        operand = (others or [first])[0]
        root = "msqrt" if is_square else "mroot"
        return format_structure(root, "", [operand] if is_square else [operand, first])
    if name == "s":
        return ("_" if "do" in options else "^") + parenthesize(first)
    return f"({first})" if name == "b" else "; ".join(arguments)
