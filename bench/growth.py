"""Generates a corpus of a given size from real passages, reproducible by seed.

Copies of real passages would add no new words and lengthen all posting lists by the same factor. A
generated passage therefore keeps the properties that matter to a search engine:
  - its shape: the number of words, heading and tags of a random real passage;
  - sentences of real passages, so that related words occur together;
  - a growing vocabulary: half of the words are redrawn from a Zipf-Mandelbrot distribution whose
    first ranks are the real words by frequency and whose tail are generated words. The vocabulary
    grows with the square root of the text (Heaps' law; 0.4 to 0.6 for English).

Five generated passages form an article with its own title.

A million passages are 80 million words, so random numbers are drawn for blocks of passages, and
each block is released before the next.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.corpus import FIELDS, document
from index.document import IndexDocument
from ingest.language.sentence_splitter import split_sentences

VERSION = 2  # part of the name of a cached corpus; increase it when the generator changes
DRAWN_ANEW = 0.5
PASSAGES_TO_AN_ARTICLE = 5
HEAPS = 0.5
MANDELBROT = 2.7  # flattens the distribution for the most frequent words
TITLE_WORDS = 3
BLOCK = 5_000  # passages per block: about 50 MB
SPARE = 1.1  # sentences drawn per block relative to the expected number
WORD = re.compile(r"[^\W\d_]+")
SYLLABLES = re.findall(
    r"\w+",
    "car di o ne phro pa thy ga stro en te ri tis he mo glo bin der ma to my sis an gi a lgi me ta "
    "bo lic pul na ry os teo ar thro fi bro li po cy leu ko",
)

Numbers = NDArray[np.int64]


def sized(real: Sequence[IndexDocument], count: int, seed: int) -> Iterator[IndexDocument]:
    """Yield `count` passages: real articles in random order, then generated ones."""
    chance = random.Random(seed)
    articles = [list(group) for _, group in groupby(real, key=lambda one: one.article_id)]
    chance.shuffle(articles)
    kept = [passage for article in articles for passage in article][:count]
    for number, passage in enumerate(kept):
        texts = (passage.texts["title"], passage.texts["heading"], passage.texts["body"])
        yield document(number, int(passage.article_id[1:]), texts, passage.tags)
    if len(kept) < count:
        yield from _grown(real, len(kept), count, chance)


def vocabulary(
    real: Sequence[IndexDocument], words_wanted: int, chance: random.Random
) -> list[str]:
    """Return the words of a corpus of `words_wanted` words, most frequent first."""
    counts = Counter(word for passage in real for word in _words(passage.texts["body"]))
    known = [word for word, _ in counts.most_common()]
    size = round(len(known) * max(1.0, words_wanted / counts.total()) ** HEAPS)
    made_up = dict.fromkeys(known)
    while len(made_up) < size:
        made_up["".join(chance.choices(SYLLABLES, k=chance.randint(3, 6)))] = None
    return list(made_up)


class _Sentences:
    """All real sentences as one array of pieces: each word, and the text before the next word.

    Pieces are indexes into a list of strings, so that words of a sentence are replaced by changing
    numbers in a copy.
    """

    def __init__(self, sentences: Sequence[str], words: Sequence[str]) -> None:
        number_of = {word: number for number, word in enumerate(words)}
        pieces = list(words)

        def number(text: str) -> int:
            if text not in number_of:
                number_of[text] = len(pieces)
                pieces.append(text)
            return number_of[text]

        flat: list[int] = []  # word, gap, word, gap, ...; the gap after the last word is a space
        starts = [0]
        for sentence in sentences:
            matches = list(WORD.finditer(sentence))
            ends = [match.start() for match in matches[1:]] + [len(sentence)]
            # Text before the first word, such as an opening bracket, is part of it.
            firsts = [0] + [match.start() for match in matches[1:]]
            for first, match, end in zip(firsts, matches, ends, strict=False):
                gap = sentence[match.end() : end] + (" " if end == len(sentence) else "")
                flat += (number(sentence[first : match.end()]), number(gap))
            if not matches:
                flat += (number(sentence), number(" "))
            starts.append(len(flat) // 2)
        self.pieces: NDArray[Any] = np.array(pieces, dtype=object)
        self.words = np.array(flat[0::2], dtype=np.int64)
        self.gaps = np.array(flat[1::2], dtype=np.int64)
        self.starts = np.array(starts, dtype=np.int64)
        self.lengths = np.diff(self.starts)


def _grown(
    real: Sequence[IndexDocument], start: int, count: int, chance: random.Random
) -> Iterator[IndexDocument]:
    lengths = np.array([len(_words(passage.texts["body"])) for passage in real])
    words = vocabulary(real, round(float(lengths.mean()) * count), chance)
    curve = np.cumsum(1 / (np.arange(len(words)) + MANDELBROT))
    found = [split_sentences(passage.texts["body"]) for passage in real]
    sentences = _Sentences([s.strip() for s in chain(*found) if s.strip()], words)
    draw = np.random.default_rng(chance.getrandbits(64))
    title = ""
    for first in range(start, count, BLOCK):
        shapes = draw.integers(len(real), size=min(BLOCK, count - first))
        bodies = _bodies(sentences, curve, lengths[shapes], draw)
        for number, (shape, body) in enumerate(zip(shapes, bodies, strict=True), start=first):
            article, place = divmod(number - start, PASSAGES_TO_AN_ARTICLE)
            if place == 0:
                # Drawn uniformly, because titles consist of rarer words.
                title = " ".join(chance.choices(words, k=TITLE_WORDS)).capitalize()
            texts = (title, real[shape].texts[FIELDS[1]], body)
            yield document(number, len(real) + article, texts, real[shape].tags)


def _bodies(
    sentences: _Sentences, curve: NDArray[np.float64], lengths: Numbers, draw: np.random.Generator
) -> Iterator[str]:
    """Yield a body with the number of words for each of `lengths`."""
    chosen, bounds = _chosen(sentences, lengths, draw)
    sizes = sentences.lengths[chosen]
    ends = np.cumsum(sizes)
    # The positions of the words of all chosen sentences, concatenated.
    places = np.arange(ends[-1]) + np.repeat(sentences.starts[chosen] - (ends - sizes), sizes)
    flat = np.empty(2 * len(places), dtype=np.int64)
    flat[0::2] = sentences.words[places]
    flat[1::2] = sentences.gaps[places]
    anew = np.flatnonzero(draw.random(len(places)) < DRAWN_ANEW)
    # The list of pieces begins with the words in order of frequency.
    flat[2 * anew] = np.searchsorted(curve, draw.random(len(anew)) * curve[-1], side="right")
    texts = sentences.pieces[flat].tolist()
    at = 0
    for bound in bounds:
        end = 2 * int(ends[bound - 1])
        yield "".join(texts[at:end]).rstrip()
        at = end


def _chosen(
    sentences: _Sentences, lengths: Numbers, draw: np.random.Generator
) -> tuple[Numbers, list[int]]:
    """Return random sentences for the passages of a block, and the end of each passage."""
    mean = float(sentences.lengths.mean())
    at_once = int(SPARE * len(lengths) * (float(lengths.mean()) / mean + 1))
    chosen = draw.integers(len(sentences.lengths), size=at_once)
    ends = np.cumsum(sentences.lengths[chosen]).tolist()
    bounds: list[int] = []
    at, words = 0, 0
    for length in lengths.tolist():
        bound = bisect_left(ends, words + max(1, length), lo=at) + 1
        while bound > len(ends):
            more = draw.integers(len(sentences.lengths), size=at_once)
            ends += (np.cumsum(sentences.lengths[more]) + ends[-1]).tolist()
            chosen = np.concatenate([chosen, more])
            bound = bisect_left(ends, words + max(1, length), lo=at) + 1
        bounds.append(bound)
        at, words = bound, ends[bound - 1]
    return chosen[: bounds[-1]], bounds


def _words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]
