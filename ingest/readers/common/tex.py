"""TeX formulas as text on one line: ``\\frac{a+b}{2} \\times 10^{9}`` is (a+b)/2 × 10^9.

The notation is that of `ingest.readers.common.formulas`. A command that is not known stays as it
is, so that nothing is lost.
"""

from __future__ import annotations

import re

from ingest.readers.common.formulas import (
    SUM_SIGNS,
    format_structure,
    join_parts,
    parenthesize,
)

MAX_DEPTH = 50  # nested groups and commands; the parser is recursive
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\d+(?:[.,]\d+)*|\s+|.", re.S)
_OPERATORS = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "ast": "*",
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥",
    "lt": "<", "gt": ">", "ll": "≪", "gg": "≫", "ne": "≠", "neq": "≠", "not": "not",
    "approx": "≈", "sim": "∼", "simeq": "≃", "cong": "≅", "equiv": "≡", "propto": "∝",
    "to": "→", "rightarrow": "→", "longrightarrow": "→", "leftarrow": "←", "Rightarrow": "⇒",
    "Longrightarrow": "⇒", "implies": "⇒", "iff": "⇔", "leftrightarrow": "↔",
    "rightleftharpoons": "⇌", "uparrow": "↑", "downarrow": "↓", "in": "∈", "notin": "∉",
    "subset": "⊂", "cup": "∪", "cap": "∩", "land": "∧", "lor": "∨", "mid": "|", "colon": ":",
    "minus": "−", "quad": "", "qquad": "",
}  # fmt: skip
_SYMBOLS = {
    "mu": "µ", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε",
    "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι",
    "kappa": "κ", "lambda": "λ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "sum": "∑", "prod": "∏", "int": "∫", "infty": "∞",
    "partial": "∂", "circ": "°", "degree": "°", "celsius": "°C", "percent": "%", "prime": "′",
    "ldots": "…", "dots": "…", "cdots": "…", "ell": "ℓ", "backslash": "\\", "lbrace": "{",
    "rbrace": "}", "lbrack": "[", "rbrack": "]", "langle": "⟨", "rangle": "⟩", "vert": "|",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "checkmark": "✓",
    "textdegree": "°", "textmu": "µ", "micro": "µ",
}  # fmt: skip
_FUNCTIONS = frozenset(
    ["log", "ln", "lg", "exp", "sin", "cos", "tan", "min", "max", "lim", "sup", "inf", "det", "mod"]
)
_SPACES = frozenset({",", ";", ":", " ", ">", "enspace", "thinspace", "space"})
# Commands whose argument is shown as it is.
_FONTS = re.compile(
    r"text(?:rm|bf|it|sf|tt|normal|up)?|math(?:rm|bf|it|sf|tt|cal|bb|frak|ord|rel|bin|op)|mbox|hbox|"
    r"operatorname\*?|bm|boldsymbol|pmb|ce|num|si|unit|ensuremath|mathop|mathstrut|boxed|fbox"
)
_IGNORED = re.compile(
    r"left|right|middle|[bB]igg?[lrm]?|displaystyle|textstyle|scriptstyle|(?:no)?limits|rm|bf|it|"
    r"nonumber|notag|centering|hfill|!"
)
_DROPPED_ARGUMENT = re.compile(r"label|[hv]?phantom|hspace\*?|vspace\*?|color|begin|end")
_ACCENTS = {"bar": "\u0304", "overline": "\u0304", "hat": "\u0302", "widehat": "\u0302",
            "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7"}  # fmt: skip
_OVER = "\\over"
_FRACTION = re.compile(r"[dtc]?frac|sfrac|nicefrac")
_LIMITS = SUM_SIGNS | {"lim", "max", "min"}  # a script below them is a limit
_ION_CHARGE = re.compile(r"\d*[+−-]|[*′°]")
_DOCUMENT = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.S)
_PADDING = re.compile(r"(?<=\() | (?=[);,])")
_COLUMNS = re.compile(r"(\\begin\{(?:array|tabular|alignat)\*?\})\s*\{[^{}]*\}")
# Formulas in a text: \(...\), \[...\], $$...$$.
_DELIMITED = re.compile(
    r"\\\((?P<inline>.{1,1000}?)\\\)|\\\[(?P<display>.{1,2000}?)\\\]|\$\$(?P<dollars>[^$]{1,2000}?)\$\$",
    re.S,
)
# $...$, which no digit follows: "$5 and $10" is an amount.
_DOLLARS = re.compile(r"\$\$?(?=[^\s$])([^$\n]{1,100}?)(?<=\S)\$\$?(?!\d)")
_TEX_SIGN = re.compile(r"\\[A-Za-z%,]|\{,\}|[\^_]\s*[{\\\w]")


def format_tex(tex: str) -> str:
    """Return a TeX formula as text on one line."""
    document = _DOCUMENT.search(tex)
    tex = _COLUMNS.sub(r"\1", document[1] if document else tex).strip().strip("$")
    try:
        text = " ".join(_TexParser(tex).read_row().split())
    except _TooDeepError:
        return tex
    return _PADDING.sub("", text)


def is_tex(text: str) -> bool:
    """Return whether a text has a command or a script of TeX."""
    return bool(_TEX_SIGN.search(text))


def replace_tex(text: str) -> str:
    r"""Return a text with its formulas between ``\(``, ``\[`` and ``$$`` as text."""
    if "\\" not in text and "$$" not in text:
        return text
    return _DELIMITED.sub(
        lambda found: format_tex(found["inline"] or found["display"] or found["dollars"]), text
    )


def replace_dollar_tex(text: str) -> str:
    """Return a text with its formulas between dollar signs as text, if they are TeX."""
    return _DOLLARS.sub(lambda found: format_tex(found[1]) if is_tex(found[1]) else found[0], text)


class _TooDeepError(Exception):
    """A formula has more nested groups than `MAX_DEPTH`."""


class _TexParser:
    """Recursive parser of a formula."""

    def __init__(self, tex: str) -> None:
        self._depth = 0
        self._tokens = _TOKEN.findall(tex)[::-1]  # the next token is the last one

    def read_row(self, end: str = "") -> str:
        """Return the text up to a token, which is read too, or to the end."""
        parts: list[str] = []
        while self._tokens:
            token = self._tokens.pop()
            if token == end:
                break
            if token == _OVER:
                upper = join_parts(parts).strip()
                parts = [upper, self._read_atom("{") if not end else self.read_row(end)]
                return format_structure("mfrac", "", parts)
            if token in ("^", "_"):
                base = parts.pop() if parts else ""
                parts.append(self._read_scripts(base, token))
            else:
                parts.append(self._read_atom(token))
        return join_parts(parts)

    def _read_scripts(self, base: str, token: str) -> str:
        """Return a base with the scripts that follow it."""
        scripts = {token: self._read_argument().strip()}
        other = "_" if token == "^" else "^"
        if self._tokens and self._tokens[-1] == other:
            self._tokens.pop()
            scripts[other] = self._read_argument().strip()
        lower, upper = scripts.get("_", ""), scripts.get("^", "")
        if not base.strip():
            return lower + upper
        text = base.rstrip() if base.strip() in _LIMITS else base
        if lower.isdigit() and (base[-1].isupper() or base.endswith(")")):
            text += lower  # a chemical formula
        elif lower:
            text += f"_{parenthesize(lower)}"
        if _ION_CHARGE.fullmatch(upper) and (upper == "°" or text[-1].isalnum()):
            if upper == "°" or text[-1].isalpha():
                return text + upper
            if base[-1].isalpha():  # HCO3-, but SO4 2-
                return f"{text} {upper}" if upper[0].isdigit() else text + upper
            return f"{text}^{upper}"
        if not upper:
            return text + (" " if base.strip() in _LIMITS else "")
        return format_structure("msup", "", [text, upper])

    def _read_argument(self) -> str:
        """Return the next group, command or character."""
        self._skip_space()
        if not self._tokens:
            return ""
        token = self._tokens.pop()
        if token[0].isdigit() and len(token) > 1:  # \frac12 is 1/2
            self._tokens.append(token[1:])
            token = token[0]
        return self._read_atom(token)

    def _skip_space(self) -> None:
        while self._tokens and self._tokens[-1].isspace():
            self._tokens.pop()

    def _read_atom(self, token: str) -> str:
        if token == "{" or token.startswith("\\"):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise _TooDeepError
            text = self.read_row("}") if token == "{" else self._read_command(token[1:])
            self._depth -= 1
            return text
        if token in ("~", "&"):
            return " "
        return "" if token == "}" else "′" if token == "'" else token

    def _read_command(self, name: str) -> str:
        if name.isalpha():
            self._skip_space()
        symbol = _find_symbol(name)
        if symbol is not None:
            return symbol
        if name in _FUNCTIONS:
            following = self._tokens[-1] if self._tokens else ""
            return name + (" " if following.isalnum() or following.startswith("\\") else "")
        structure = self._read_structure(name)
        if structure is not None:
            return structure
        return f"\\{name} " if name.isalpha() else name

    def _read_structure(self, name: str) -> str | None:
        """Return a command with its arguments, or None for an unknown command."""
        text: str | None = None
        if _FRACTION.fullmatch(name):
            text = format_structure("mfrac", "", [self._read_argument(), self._read_argument()])
        elif name == "sqrt":
            text = self._read_root()
        elif name in ("SI", "qty"):
            text = f"{self._read_argument()} {self._read_argument()}"
        elif name in _ACCENTS:
            base = self._read_argument().strip()
            text = base + _ACCENTS[name] if len(base) == 1 else f"{name}({base})"
        elif _FONTS.fullmatch(name):
            text = self._read_argument()
        elif _IGNORED.fullmatch(name):
            if name in ("left", "right") and self._tokens and self._tokens[-1] == ".":
                self._tokens.pop()  # an invisible delimiter
            text = ""
        elif _DROPPED_ARGUMENT.fullmatch(name):
            self._read_argument()
            text = " "
        return text

    def _read_root(self) -> str:
        degree = ""
        if self._tokens and self._tokens[-1] == "[":
            self._tokens.pop()
            degree = self.read_row("]")
        operand = self._read_argument()
        if degree:
            return format_structure("mroot", "", [operand, degree])
        return format_structure("msqrt", "", [operand])


def _find_symbol(name: str) -> str | None:
    if name in _OPERATORS:
        return f" {_OPERATORS[name]} "
    if name == "\\":
        return "; "
    return " " if name in _SPACES else _SYMBOLS.get(name)
