"""Analysis: from text to tokens, the same for what is indexed and for what is searched.

A token is a word's stem, its place among the words, and where the word stands in the text. Both
ends must agree to the letter, so whatever changes here changes `VERSION`, which is part of the
stamp that an index carries.

Whoosh and the snippets both use `tokenize`; nothing else in the house cuts text into words.
The loops in C are imported for the first long text: numpy, which they need, is slow to import.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, product
from pathlib import Path
from string import ascii_lowercase
from types import ModuleType
from typing import NamedTuple

import Stemmer

VERSION = 2

_DATA = Path(__file__).with_name("data")


def _read_lines(name: str) -> list[str]:
    """Return the lines of a file of words that are no comments."""
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def unit_names() -> Mapping[str, str]:
    """Return the names of units, folded, and what each is read as.

    All names of a unit are read as the first: "5 µg" is found by "5 micrograms".
    """
    return {name: line.split()[0] for line in _read_lines("units.txt") for name in line.split()}


_JOINERS = r"[\u00ad\u200b-\u200d\u2060\u0300-\u036f]"


@lru_cache(maxsize=1)
def _word_pattern() -> re.Pattern[str]:
    """Return what a word is.

    A number keeps its decimals ("0.5 mg") and lets go of a unit ("5mg" is "5 mg"); a word keeps
    its apostrophe until the possessive is cut ("Crohn's"); a soft hyphen, a zero-width character or
    an accent that is a character of its own (PDFs and macOS write "é" so) inside a word is not its
    end. A hyphen is: "follow-up" is two words, so that it is found by "follow up", too.
    """
    unit = "|".join(sorted(unit_names(), key=len, reverse=True)).replace("μ", "[μµ]")
    return re.compile(
        rf"\d+(?=(?i:{unit})(?![^\W_]))"
        r"|\d+(?:[.,]\d+)+"
        rf"|[^\W_]+(?:(?:{_JOINERS}+(?:['’]{_JOINERS}*)?|['’]{_JOINERS}*)[^\W_]+)*[\u0300-\u036f]*"
    )


_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060]")
_POSSESSIVE = re.compile(r"['’]s?$|['’](?=s$)")

# Letters that clinical text spells as signs: "β-blocker" is found by "beta blocker".
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "ω": "omega",
}  # fmt: skip

# "1,000" is "1000". What begins with a nought is a decimal: "0,125" is no number of thousands.
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")

_ITIS_ENDING = re.compile(r"(?<=[a-z]{3})iti(?:s|c|des)$")

# Snowball's one rule after which a word does not keep its first two letters: "dying" is "die".
_YING_STEMS = tuple((f"{letter}ying", f"{letter}ie") for letter in ascii_lowercase)

MIN_KERNEL_LENGTH = (
    100  # characters of a text that is better read by the loops, which leave little to the rules
)
MAX_TOKEN_LENGTH = 64  # letters; what is longer is no word that a person types, and is cut


class Token(NamedTuple):
    """One word: `stem` is what is compared, `start` and `end` are offsets in the text."""

    stem: str
    position: int
    start: int
    end: int


def signature() -> str:
    """Return what tokens depend on: this module, the stemmer, and the tables of Unicode."""
    return f"analysis-{VERSION} stemmer-{Stemmer.version()} unicode-{unicodedata.unidata_version}"


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` in order; positions count words from 0."""
    for position, match in enumerate(_word_pattern().finditer(text)):
        yield Token(stem_word(match.group()), position, match.start(), match.end())


class PrefixMatcher:
    """Finds the words of texts that begin as words of certain stems may, and some others.

    Looking for few words is ten times faster than looking at all of a text. A word that is stemmed
    by rule keeps its first two letters.
    """

    def __init__(self, starts: Sequence[str]) -> None:
        # What is no letter may begin anywhere in a piece; the loops give pieces with letters of
        # other than ASCII whole, wherever they stand.
        self._simple = all(start[:1].isalpha() or not start.isascii() for start in starts)
        first, pairs = bytearray(128), bytearray(_respelled_pairs())
        for start in starts if self._simple else ():
            for letter in filter(str.isascii, initial_letters(start)):
                first[ord(letter)] = 1
            for number in _initial_pairs(start[:2]):
                pairs[number] |= 1
        self._tables = bytes(first), bytes(pairs)

    def find_spans(self, text: str) -> list[tuple[int, int]]:
        """Return where those words stand, in order."""
        if not self._simple:
            return [match.span() for match in _word_pattern().finditer(text)]
        kernel = _kernel()
        ends, ruled = kernel.find_word_spans(text, *self._tables)
        spans = list(zip(ends[::2], ends[1::2], strict=True))
        if not ruled:
            return spans
        found: list[tuple[int, int]] = []
        for start, end in spans:
            if start > kernel.OFFSET_MASK:
                found += [
                    match.span()
                    for match in _word_pattern().finditer(text, start - kernel.OFFSET_MASK - 1, end)
                ]
            else:
                found.append((start, end))
        return found


def split_words(text: str) -> list[str]:
    """Return the words of `text` as they stand there, in order."""
    if len(text) < MIN_KERNEL_LENGTH or not text.isascii():
        return _word_pattern().findall(text)
    kernel = _kernel()
    ends, ruled = kernel.split_word_spans(text)
    each = iter(ends)
    spans = zip(each, each, strict=True)  # of the same iterator: starts and ends in turn
    if not ruled:
        return [text[start:end] for start, end in spans]
    found: list[str] = []
    for start, end in spans:
        if start > kernel.OFFSET_MASK:
            found += _word_pattern().findall(text, start - kernel.OFFSET_MASK - 1, end)
        else:
            found.append(text[start:end])
    return found


def stem_text(text: str) -> list[str]:
    """Return the stems of the words of `text`, in order."""
    return [stem_word(word) for word in split_words(text)]


@lru_cache(maxsize=200_000)  # the vocabulary of a million passages; about 20 MB
def stem_word(word: str) -> str:
    """Return the stem of one word as it stands in a text."""
    spelled = normalize_spelling(fold(word))
    return _exceptions().get(spelled) or _stem_itis(spelled) or _stemmer().stemWord(spelled)


def initial_letters(stem: str) -> str:
    """Return the letters that a word of this stem may begin with, both cases of each.

    They hold for words that begin with a letter of ASCII; another sign may stand for anything.
    """
    return _first_letters(stem[:1])


@lru_cache(maxsize=1_000)
def _first_letters(first: str) -> str:
    found, before = {first}, set[str]()
    while found != before:  # a unit may be renamed, spelled and stemmed in turn
        before = set(found)
        found |= {name[0] for name, meant in _initial_rewrites() if meant[:1] in before}
    return "".join(sorted(letter + letter.upper() for letter in found if letter.isalpha()))


@lru_cache(maxsize=1_000)
def _initial_pairs(start: str) -> tuple[int, ...]:
    """Return the numbers of the pairs of letters with which a word may begin that is read as one
    that begins with `start`, two letters or one.
    """
    found, new = {start}, [start]
    while new:
        pair = new.pop()
        others = (
            _rewritten_from().get(pair, frozenset()) | _rewritten_from().get(pair[:1], frozenset())
        ) - found
        found |= others
        new += others
    pairs = (pair[0] + second for pair in found for second in pair[1:] or ascii_lowercase)
    return tuple(_pair_index(pair) for pair in pairs if pair.isascii() and pair.isalpha())


@lru_cache(maxsize=1)
def _rewritten_from() -> dict[str, frozenset[str]]:
    """Return with which letters a word may begin that is read as one that begins with others."""
    found: dict[str, set[str]] = {}
    for name, meant in _initial_rewrites():
        found.setdefault(meant[:2], set()).add(name[:2])
    return {meant: frozenset(names) for meant, names in found.items()}


@lru_cache(maxsize=1)
def _initial_rewrites() -> frozenset[tuple[str, str]]:
    """Return the words and beginnings of words that are read as others which begin otherwise."""
    spelled = _spellings()[1].items()
    renamed = (*unit_names().items(), *_exceptions().items(), *_YING_STEMS, *spelled)
    return frozenset(pair for pair in renamed if pair[0][:2] != pair[1][:2])


def _stem_itis(word: str) -> str:
    """Return the stem of a word on -itis or -itic, or "".

    Snowball takes the ending off, and hepatitis would be what is hepatic, peritonitis peritoneal.
    """
    match = _ITIS_ENDING.search(word) if "iti" in word else None
    return word[: match.start()] + "it" if match else ""


def fold(word: str) -> str:
    """Return `word` in the form that is compared before stemming: no case, accent or possessive."""
    if word.isascii() and word.isalpha():  # nearly all: nothing below concerns them
        plain = word.lower()
        return unit_names().get(plain) or plain[:MAX_TOKEN_LENGTH]
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", word)).casefold()
    if plain in unit_names():
        return unit_names()[plain]
    if plain[0:1].isdigit() and _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    for letter, name in _GREEK.items():
        plain = plain.replace(letter, name)
    decomposed = unicodedata.normalize("NFKD", plain)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    plain = _POSSESSIVE.sub("", plain).replace("’", "'")[:MAX_TOKEN_LENGTH]
    return plain or word[:MAX_TOKEN_LENGTH]  # a sign that is nothing but an accent stays what it is


def normalize_spelling(folded: str) -> str:
    """Return a folded word in the one spelling that British and American texts are compared in.

    Not part of `fold`, whose words are shown to people: "did you mean diarrhoea" keeps the o
    that their articles have.
    """
    letters, replaced, verbs = _spellings()
    if not any(pair in folded for pair in _spelling_pairs()):
        return folded  # most words: trying each of the beginnings takes ten times as long
    if "is" in folded and (match := verbs.match(folded)):
        folded = f"{match[1]}iz{folded[match.end() :]}"
    return letters.sub(lambda match: replaced[match.group()], folded)


def is_stopword(word: str) -> bool:
    """Tell whether the word carries no topic."""
    return fold(word) in _stopwords()


def is_question_word(word: str) -> bool:
    """Tell whether the word asks rather than names what is asked about: "which", "used", "role"."""
    return fold(word) in _question_words()


@lru_cache(maxsize=1)
def _stopwords() -> frozenset[str]:
    return frozenset(word for line in _read_lines("stopwords.txt") for word in line.split())


@lru_cache(maxsize=1)
def stopword_stems() -> frozenset[str]:
    """Return the stems of the words that carry no topic."""
    return frozenset(map(stem_word, _stopwords()))


@lru_cache(maxsize=1)
def _question_words() -> frozenset[str]:
    return frozenset(word for line in _read_lines("question-words.txt") for word in line.split())


@lru_cache(maxsize=1)
def _exceptions() -> dict[str, str]:
    pairs = (line.split(":") for line in _read_lines("stems.txt"))
    return {normalize_spelling(word): stem for stem, forms in pairs for word in forms.split()}


@lru_cache(maxsize=1)
def _spellings() -> tuple[re.Pattern[str], dict[str, str], re.Pattern[str]]:
    """Return the letters to replace, what by, and the verbs that end on "ise" or "ize"."""
    pairs: dict[str, str] = {}
    verbs: list[str] = []
    for line in _read_lines("spellings.txt"):
        if line.startswith("-ise:"):
            verbs += line.removeprefix("-ise:").split()
        else:
            left, _, right = line.partition("=")
            pairs[left.strip()] = right.strip()
    patterns = sorted(pairs, key=lambda left: (-len(left), left))
    return (
        re.compile("|".join(patterns)),
        {left.strip("^$"): right for left, right in pairs.items()},
        re.compile(rf"({'|'.join(verbs)})is(?=(?:e[ds]?|ers?|ing|ingly|able)$)"),
    )


@lru_cache(maxsize=1)
def _spelling_pairs() -> tuple[str, ...]:
    """Return pairs of letters one of which is in every word that `normalize_spelling` may change."""
    parts = {*_spellings()[1], "is"}
    chosen: list[str] = []
    while parts:  # the pair that most have, again and again
        counts = Counter(pair for part in parts for pair in set(map("".join, pairwise(part))))
        chosen.append(max(counts, key=lambda pair: (counts[pair], pair)))
        parts = {part for part in parts if chosen[-1] not in part}
    return tuple(chosen)


@lru_cache(maxsize=1)
def _respelled_pairs() -> bytes:
    """Return a byte for each two letters: 2 where a spelling begins with them that is read with
    another first letter. As second and third of a word, they change how it begins.
    """
    begin = {left[:2] for left, right in _spellings()[1].items() if left[:1] != right[:1]}
    every = map("".join, product(ascii_lowercase, repeat=2))
    return bytes(2 * (pair in begin) for pair in every)


def _pair_index(pair: str) -> int:
    return (ord(pair[0]) - ord("a")) * 26 + ord(pair[1]) - ord("a")


@lru_cache(maxsize=1)
def _kernel() -> ModuleType:
    from index import kernel  # noqa: PLC0415

    return kernel


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    # Snowball's English, https://snowballstem.org/algorithms/english/stemmer.html
    stemmer = Stemmer.Stemmer("english")
    stemmer.maxCacheSize = 0  # `stem_word` caches already
    return stemmer
