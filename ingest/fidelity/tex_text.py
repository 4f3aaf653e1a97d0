"""TeX formulas for the check against the source: the text that is compared, by replacements alone.

Signs, numbers, powers and words are kept. Fractions and roots become their parts, because the check
does not compare layout.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_FORMULA = re.compile(
    r"\$\$(?:(?!\$\$)[^\0]){1,2000}\$\$|\$[^$\n]{1,200}\$"
    r"|\\\[(?:(?!\\[\[\]]|\n[ \t]*\n)[^\0]){1,2000}\\\]|\\\((?:(?!\\[()])[^\n]){1,200}\\\)"
)
_COMMAND_OR_SCRIPT = re.compile(r"\\[A-Za-z%,]|\{,\}|[\^_]\s*[{\\\w]")
_DOCUMENT = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.S)
_SPACE = re.compile(r"\s+")
_SYMBOLS = {
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<",
    "gt": ">", "pm": "±", "times": "×", "cdot": "·", "div": "÷", "ast": "*", "approx": "≈",
    "sim": "∼", "percent": "%", "degree": "°", "textdegree": "°", "celsius": "°C", "micro": "µ",
    "textmu": "µ", "ell": "ℓ",
}  # fmt: skip
_WORDS = "log|ln|lg|exp|sin|cos|tan|min|max|lim|sup|inf|det|mod|not"
_GREEK = re.compile(r"\\(var)?([A-Za-z]+)(?![A-Za-z])\s*")


def _greek_letter(command: re.Match[str]) -> str:
    """Return the letter that a command names, or the command if it names none."""
    name = command[2]
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    spelling = "LAMDA" if name.lower() == "lambda" else name.upper()
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {spelling}")
    except KeyError:
        return command[0]


# The order matters: what a group contains is read before the group is removed.
_REPLACEMENTS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\\begin\{(?:array|tabular|alignat)\*?\}\s*\{[^{}]*\}"), " "),
    (
        re.compile(r"\\(?:begin|end|label|[hv]?phantom|[hv]space\*?|color)\s*\{[^{}]*\}"),
        " ",
    ),
    (re.compile(r"\{,\}"), ","),
    (
        re.compile(
            rf"\\({'|'.join(sorted(_SYMBOLS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}})?\s*"
        ),
        lambda found: _SYMBOLS[found[1]],
    ),
    (re.compile(r"\^\s*(?:\{\s*)?\\circ(?![A-Za-z])\s*\}?\s*"), "°"),
    (_GREEK, _greek_letter),
    (
        re.compile(r"\\(?:text|math|operatorname|mbox|hbox|ce|rm)[a-z]*\*?\s*\{([^{}]*)\}"),
        r"\1",
    ),
    (re.compile(rf"\\({_WORDS})(?![A-Za-z])"), r" \1 "),
    (re.compile(r"\\[dtc]?frac\s*(\d)\s*(\d)"), r" \1 \2 "),
    (re.compile(r"\\sqrt\s*\[([^\[\]]*)\]"), r" \1 "),  # not the number of a note
    (re.compile(r"\\([%$#&_])"), r"\1"),
    (re.compile(r"\\(?:[A-Za-z]+\*?|[,;:!>\\ ])"), " "),
    # An ion, such as Ca^{2+}; a formula such as H_2O.
    (re.compile(r"(?<=[^\W\d_])\^\s*\{?\s*(\d*[-+−])\s*(?:\}|(?=\W|$))"), r"\1"),
    (re.compile(r"(?<=[A-Z])_\s*(?:\{\s*(\d+)\s*\}|(\d))"), r"\1\2"),
    (re.compile(r"\^\s*(\d)(?=\d)"), r"^\1 "),
    (re.compile(r"\^\s*\{\s*([-−]?(?:\w+|\d+[.,]\d+))\s*\}"), r"^\1 "),
    (re.compile(r"\^\s*\{"), "^("),
    (re.compile(r"[{}_&~]"), " "),
)


def is_tex(text: str) -> bool:
    """Return whether a text has a command or a script of TeX."""
    return _COMMAND_OR_SCRIPT.search(text) is not None


def read_tex(tex: str) -> str:
    """Return the text of a formula; an amount, such as $5, keeps its spaces."""
    document = _DOCUMENT.search(tex)
    text = _SPACE.sub(" ", (document[1] if document else tex).replace("$", ""))
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text


def replace_tex(text: str) -> str:
    """Return a text with its formulas as `read_tex` returns them."""
    if "$" not in text and "\\" not in text:
        return text
    return _FORMULA.sub(_replace_formula, text)


def _replace_formula(formula: re.Match[str]) -> str:
    text = formula[0]
    if text[0] == "\\":
        text = text[2:-2]
    elif not is_tex(text):
        return text
    return read_tex(text) + "\n" * ("\n" in formula[0])
