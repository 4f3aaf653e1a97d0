"""Tokenizer, stemmer and case folding, shared by indexing and search.

A token is a stem with its word position and its character offsets. Index and queries must be
analysed identically, so any change in behaviour must increase `VERSION`, which is part of the stamp
of an index. No other module splits text into words.

The C kernel is loaded for the first long text, so that importing this module does not require it.
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

VERSION = 4

_DATA = Path(__file__).with_name("data")


def read_lines(name: str) -> list[str]:
    """Return the lines of a word list in index/data without comments and blank lines."""
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def unit_names() -> Mapping[str, str]:
    """Return the canonical name of each unit by folded name.

    The first name of a unit is canonical, so that "5 micrograms" matches "5 µg".
    """
    return {name: line.split()[0] for line in read_lines("units.txt") for name in line.split()}


# Chinese, Japanese and Korean characters: ideographs, kana and Hangul syllables.
_CJK = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")

_JOINERS = r"[\u00ad\u200b-\u200d\u2060\u0300-\u036f]"


def _word_pattern(text: str) -> re.Pattern[str]:
    """Return the pattern of the words of `text`."""
    return build_word_pattern(has_cjk(text))


@lru_cache(maxsize=2)
def build_word_pattern(with_cjk: bool) -> re.Pattern[str]:
    """Return the pattern of a word, for texts with or without CJK characters.

    A number keeps its decimals ("0.5 mg", ".5 mg") and is separated from a unit ("5mg" is "5 mg").
    A letter and a number are one word, also with a hyphen ("B12", "B-12"). Chinese, Japanese
    and Korean characters are a word each, because their texts have no spaces. A word
    keeps its apostrophe ("Crohn's"; `fold` removes the possessive) and may contain soft hyphens,
    zero-width characters and combining accents, as written by PDFs and macOS. A hyphen separates
    words: "follow-up" is two words, so that "follow up" matches it.
    """
    word = rf"(?:(?!{_CJK.pattern})[^\W_])+" if with_cjk else r"[^\W_]+"
    cjk = f"|{_CJK.pattern}" if with_cjk else ""
    unit = "|".join(sorted(unit_names(), key=len, reverse=True)).replace("μ", "[μµ]")
    return re.compile(
        r"(?<![\w.,)\]])\.\d+"
        rf"|\d+(?=(?i:{unit})(?![^\W_]))"
        r"|\d+(?:[.,]\d+)+"
        r"|(?<![\w-])[A-Za-z]-\d{1,3}(?![\w-])"
        rf"{cjk}"
        rf"|{word}(?:(?:{_JOINERS}+(?:['’]{_JOINERS}*)?|['’]{_JOINERS}*){word})*[\u0300-\u036f]*"
    )


_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060]")
_POSSESSIVE = re.compile(r"['’]s?$|['’](?=s$)")

# Greek letters by name: "beta blocker" matches "β-blocker".
GREEK_NAMES = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "ω": "omega",
}  # fmt: skip

_NUMBER_STARTS = frozenset(".0123456789")
_HYPHENATED = re.compile(r"[a-z]-\d{1,3}")

# "1,000" is "1000". A leading zero marks a decimal comma: "0,125" has no thousands separator.
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")

_ENDING_MARK = "-"  # of endings in stems.txt

# The only Snowball rule that changes the first two letters of a word: it stems "dying" to
# "die".
_YING_STEMS = tuple((f"{letter}ying", f"{letter}ie") for letter in ascii_lowercase)

MIN_KERNEL_LENGTH = 100  # characters; the regular expression is faster for shorter texts
MAX_TOKEN_LENGTH = 64  # characters; longer words are truncated


class Token(NamedTuple):
    """A word of a text: `stem` is compared, `start` and `end` are character offsets."""

    stem: str
    position: int
    start: int
    end: int


def signature() -> str:
    """Return the versions that tokens depend on: analyzer, stemmer and Unicode data."""
    return f"analysis-{VERSION} stemmer-{Stemmer.version()} unicode-{unicodedata.unidata_version}"


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` in order; positions count words from 0."""
    for position, match in enumerate(_word_pattern(text).finditer(text)):
        yield Token(stem_word(match.group()), position, match.start(), match.end())


class PrefixMatcher:
    """Finds candidate words for a set of stems: all their words, and some others.

    Candidates are chosen by their first letters, which is ten times faster than stemming all words.
    A word that is stemmed by rule keeps its first two letters.
    """

    def __init__(self, starts: Sequence[str]) -> None:
        # Stems that begin with a digit or sign need the regular expression. The kernel returns
        # chunks with non-ASCII letters whole.
        self._simple = all(start[:1].isalpha() or not start.isascii() for start in starts)
        first, pairs = bytearray(128), bytearray(_respelled_pairs())
        for start in starts if self._simple else ():
            for letter in filter(str.isascii, initial_letters(start)):
                first[ord(letter)] = 1
            for number in _initial_pairs(start[:2]):
                pairs[number] |= 1
        self._tables = bytes(first), bytes(pairs)

    def find_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the offsets (start, end) of the candidate words in order."""
        if not self._simple:
            return [match.span() for match in _word_pattern(text).finditer(text)]
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
                    for match in _word_pattern(text).finditer(
                        text, start - kernel.OFFSET_MASK - 1, end
                    )
                ]
            else:
                found.append((start, end))
        return found


def has_cjk(text: str) -> bool:
    """Return whether `text` has Chinese, Japanese or Korean characters, each of them a word."""
    return not text.isascii() and bool(_CJK.search(text))


def split_words(text: str) -> list[str]:
    """Return the words of `text` in order, unchanged."""
    if len(text) < MIN_KERNEL_LENGTH or not text.isascii():
        return _word_pattern(text).findall(text)
    kernel = _kernel()
    ends, ruled = kernel.split_word_spans(text)
    each = iter(ends)
    spans = zip(each, each, strict=True)  # the same iterator twice: alternating starts and ends
    if not ruled:
        return [text[start:end] for start, end in spans]
    found: list[str] = []
    for start, end in spans:
        if start > kernel.OFFSET_MASK:
            found += _word_pattern(text).findall(text, start - kernel.OFFSET_MASK - 1, end)
        else:
            found.append(text[start:end])
    return found


def stem_text(text: str) -> list[str]:
    """Return the stems of the words of `text`, in order."""
    return [stem_word(word) for word in split_words(text)]


@lru_cache(maxsize=200_000)  # the vocabulary of a million passages, about 20 MB
def stem_word(word: str) -> str:
    """Return the stem of one unmodified word of a text."""
    spelled = normalize_spelling(fold(word))
    return _exceptions().get(spelled) or _stem_by_ending(spelled) or _stemmer().stemWord(spelled)


def initial_letters(stem: str) -> str:
    """Return the letters, in both cases, that words with this stem may begin with.

    Valid for words that begin with an ASCII letter; other characters may fold to anything.
    """
    return _first_letters(stem[:1])


@lru_cache(maxsize=1_000)
def _first_letters(first: str) -> str:
    found, before = {first}, set[str]()
    while found != before:  # unit name, spelling and stem rules may apply one after the other
        before = set(found)
        found |= {name[0] for name, form in _initial_rewrites() if form[:1] in before}
    return "".join(sorted(letter + letter.upper() for letter in found if letter.isalpha()))


@lru_cache(maxsize=1_000)
def _initial_pairs(start: str) -> tuple[int, ...]:
    """Return the indexes of the first two letters of words whose stem may begin with `start`.

    `start` has one or two letters.
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
    """Return the first letters of words before a rewrite, by the first two letters after it."""
    found: dict[str, set[str]] = {}
    for name, form in _initial_rewrites():
        found.setdefault(form[:2], set()).add(name[:2])
    return {form: frozenset(names) for form, names in found.items()}


@lru_cache(maxsize=1)
def _initial_rewrites() -> frozenset[tuple[str, str]]:
    """Return the (word, form) pairs of all rules that change the first two letters of a word."""
    spelled = _spellings()[1].items()
    renamed = (*unit_names().items(), *_exceptions().items(), *_YING_STEMS, *spelled)
    return frozenset(pair for pair in renamed if pair[0][:2] != pair[1][:2])


def _stem_by_ending(word: str) -> str:
    """Return the stem of a word with a listed ending, else an empty string.

    Snowball separates fibrosis from fibrotic, and conflates hepatitis with hepatic.
    """
    pattern, endings = stem_endings()
    match = pattern.search(word)
    return word[: match.start()] + endings[match[1]] if match else ""


def fold(word: str) -> str:
    """Return `word` without case, accents and possessive, and with canonical unit names."""
    if word.isascii() and word.isalpha():  # fast path: no other rule applies to these
        plain = word.lower()
        return unit_names().get(plain) or plain[:MAX_TOKEN_LENGTH]
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", word)).casefold()
    if plain in unit_names():
        return unit_names()[plain]
    if plain[0:1] in _NUMBER_STARTS:
        plain = _fold_number(plain)
    elif _HYPHENATED.fullmatch(plain):
        plain = plain.replace("-", "")
    for letter, name in GREEK_NAMES.items():
        plain = plain.replace(letter, name)
    decomposed = unicodedata.normalize("NFKD", plain)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    plain = _POSSESSIVE.sub("", plain).replace("’", "'")[:MAX_TOKEN_LENGTH]
    return plain or word[:MAX_TOKEN_LENGTH]  # a word that consists of accents only is unchanged


def _fold_number(number: str) -> str:
    """Return a number without thousands separators, with a digit before its decimal point."""
    if _THOUSANDS.fullmatch(number):
        return number.replace(",", "")
    return "0" + number if number[0] == "." else number


def normalize_spelling(folded: str) -> str:
    """Return a folded word in a common spelling for British and American texts.

    Not part of `fold`, because folded words are displayed: "did you mean diarrhoea" keeps the
    spelling of the articles.
    """
    letters, replaced, verbs = _spellings()
    if not any(pair in folded for pair in _spelling_pairs()):
        return folded  # most words; the regular expression takes ten times as long
    if "is" in folded and (match := verbs.match(folded)):
        folded = f"{match[1]}iz{folded[match.end() :]}"
    return letters.sub(lambda match: replaced[match.group()], folded)


def is_stopword(word: str) -> bool:
    """Return whether the word is a stop word."""
    return fold(word) in _stopwords()


def is_question_word(word: str) -> bool:
    """Return whether the word phrases a question and names no topic: "which", "used", "role"."""
    return fold(word) in _question_words()


def filler_words() -> frozenset[str]:
    """Return the folded stop words and question words."""
    return _stopwords() | _question_words()


@lru_cache(maxsize=1)
def _stopwords() -> frozenset[str]:
    return frozenset(word for line in read_lines("stopwords.txt") for word in line.split())


@lru_cache(maxsize=1)
def stopword_stems() -> frozenset[str]:
    """Return the stems of the stop words."""
    return frozenset(map(stem_word, _stopwords()))


@lru_cache(maxsize=1)
def _question_words() -> frozenset[str]:
    return frozenset(word for line in read_lines("question-words.txt") for word in line.split())


@lru_cache(maxsize=1)
def _exceptions() -> dict[str, str]:
    return {
        normalize_spelling(word): stem
        for word, stem in _read_stems()
        if not word.startswith(_ENDING_MARK)
    }


@lru_cache(maxsize=1)
def stem_endings() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return the pattern of the endings in the list of stems, and what replaces each of them.

    The first match is the longest ending, which is its first group: an adverb in -ically has the
    ending of its adjective.
    """
    endings = {
        word.removeprefix(_ENDING_MARK): stem.removeprefix(_ENDING_MARK)
        for word, stem in _read_stems()
        if word.startswith(_ENDING_MARK)
    }
    pattern = rf"(?<=[a-z]{{3}})({'|'.join(endings)})(?:(?<=ic)ally)?$"
    return re.compile(pattern), endings


def _read_stems() -> Iterator[tuple[str, str]]:
    """Yield the words and endings of the list of stems, each with its stem."""
    for line in read_lines("stems.txt"):
        stem, _, forms = line.partition(":")
        for form in forms.split():
            yield form, stem


@lru_cache(maxsize=1)
def _spellings() -> tuple[re.Pattern[str], dict[str, str], re.Pattern[str]]:
    """Return the pattern of letters to replace, the replacements, and a pattern of -ise verbs."""
    pairs: dict[str, str] = {}
    verbs: list[str] = []
    for line in read_lines("spellings.txt"):
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
    """Return letter pairs; every word that `normalize_spelling` changes contains one of them."""
    parts = {*_spellings()[1], "is"}
    chosen: list[str] = []
    while parts:  # greedy set cover: the pair that most remaining spellings contain
        counts = Counter(pair for part in parts for pair in set(map("".join, pairwise(part))))
        chosen.append(max(counts, key=lambda pair: (counts[pair], pair)))
        parts = {part for part in parts if chosen[-1] not in part}
    return tuple(chosen)


@lru_cache(maxsize=1)
def _respelled_pairs() -> bytes:
    """Return one byte for each letter pair: 2 if a spelling rule replaces its first letter.

    Such a pair, as the second and third letter of a word, changes the first two letters.
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
    # Snowball English: https://snowballstem.org/algorithms/english/stemmer.html
    stemmer = Stemmer.Stemmer("english")
    stemmer.maxCacheSize = 0  # `stem_word` caches
    return stemmer
