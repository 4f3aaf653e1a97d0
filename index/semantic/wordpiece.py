"""WordPiece tokenizer of BERT (uncased), as the embedding model expects it.

Text is lower-cased and split at spaces, punctuation and Chinese characters, without accents and
control characters; each word is then split into the longest known pieces from left to right (Wu et
al., "Google's neural machine translation system", 2016, as in Google's BERT).
"""

from __future__ import annotations

import gzip
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

VOCABULARY = Path(__file__).parents[1] / "data" / "wordpiece.txt.gz"
MAX_WORD_LENGTH = 100  # letters; a longer word is unknown
MAX_CACHED_WORDS = 65_536
CONTINUATION = "##"  # prefix of pieces inside a word

# Ranges of code points that BERT treats as Chinese characters, each a word.
CJK_RANGES = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def encode(text: str, max_tokens: int) -> list[int]:
    """Return the ids of the tokens of `text` between [CLS] and [SEP], at most `max_tokens`."""
    vocabulary = _vocabulary()
    ids: list[int] = []
    for word in _split_words(text):
        ids += _encode_word(word)
        if len(ids) >= max_tokens - 2:
            break
    return [vocabulary["[CLS]"], *ids[: max_tokens - 2], vocabulary["[SEP]"]]


def is_common_word(folded: str) -> bool:
    """Return whether a folded word is one piece: one of the most frequent 30,000 in English."""
    return folded in _vocabulary()


@cache
def _vocabulary() -> dict[str, int]:
    lines = gzip.decompress(VOCABULARY.read_bytes()).decode().split("\n")
    return {token: number for number, token in enumerate(lines)}


def _split_words(text: str) -> list[str]:
    return unicodedata.normalize("NFD", text.lower()).translate(_SEPARATED).split()


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _encode_word(word: str) -> tuple[int, ...]:
    """Return the ids of the longest known pieces of `word`, or [UNK] if a part is unknown."""
    vocabulary = _vocabulary()
    unknown = (vocabulary["[UNK]"],)
    if len(word) > MAX_WORD_LENGTH:
        return unknown
    ids: list[int] = []
    start = 0
    while start < len(word):
        prefix = CONTINUATION if start else ""
        for end in range(len(word), start, -1):
            piece = vocabulary.get(prefix + word[start:end])
            if piece is not None:
                ids.append(piece)
                start = end
                break
        else:
            return unknown
    return tuple(ids)


class _SeparatedCharacters(dict[int, str]):
    """Translation table that drops accents and control characters and separates punctuation."""

    def __missing__(self, code: int) -> str:
        self[code] = _separate(chr(code))
        return self[code]


def _separate(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\t\n\r" or category[0] == "Z":
        return " "
    if category in ("Mn", "Cc", "Cf", "Co") or character == "\N{REPLACEMENT CHARACTER}":
        return ""
    is_ascii_symbol = character.isascii() and not character.isalnum()
    is_cjk = any(first <= ord(character) <= last for first, last in CJK_RANGES)
    return f" {character} " if category[0] == "P" or is_ascii_symbol or is_cjk else character


_SEPARATED = _SeparatedCharacters()
