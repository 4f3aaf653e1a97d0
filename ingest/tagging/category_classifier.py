"""What the words of a text say of its subject, learned from labelled texts.

Cues name the phrases that an author thought of; most texts use others. So each word and each pair
of words has a weight for each facet: how much oftener it stands in texts of the facet than in
others, as the logarithm of the ratio (naive Bayes). What a text scores is the sum of the weights of
its different words and pairs, divided by the square root of their number: words of one text come
together, and a long text would else be surer than it is right.

The weights are data: ``data/wording.tsv``, written by ``python -m bench.wording`` from the texts in
``bench/tagging_texts``. `ingest.tagging.tagger` puts them together with codes, headings and cues.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import Stemmer

WEIGHTS_FILE = Path(__file__).parents[1] / "data" / "category-weights.tsv"
NUMBER_TOKEN = "0"  # any number stands for all: what is counted or dosed is no subject
MAX_WORDS = 600  # a passage has 250; what is longer is no better known by all of its words
MIN_FEATURES = 20  # a text with fewer says too little to lean far: it counts as if it had so many
MAX_REASON_WORDS = 3  # named in the reason of a tag

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """How much a text leans to a facet, and the words that say most for it."""

    score: float
    words: tuple[str, ...]


class CategoryClassifier:
    """The weights of words, by facet."""

    def __init__(self, facets: tuple[str, ...], weights: Mapping[str, tuple[float, ...]]) -> None:
        """Take the facets, and for each feature a weight for each of them, in their order."""
        self.categories = facets
        self._weights = weights

    def __len__(self) -> int:
        return len(self._weights)

    def rows(self) -> Iterable[tuple[str, tuple[float, ...]]]:
        """Return each feature with its weights, in the order of `facets`."""
        return self._weights.items()

    def classify(self, text: str) -> dict[str, CategoryScore]:
        """Return how `text` leans to each facet; a text without a known word leans to none."""
        known = {
            feature: shown
            for feature, shown in extract_features(text).items()
            if feature in self._weights
        }
        root = math.sqrt(max(len(known), MIN_FEATURES))
        found = {}
        for column, facet in enumerate(self.categories):
            weighed = {feature: self._weights[feature][column] for feature in known}
            telling = sorted(weighed, key=lambda feature: -weighed[feature])[:MAX_REASON_WORDS]
            words = tuple(known[feature] for feature in telling if weighed[feature] > 0)
            found[facet] = CategoryScore(sum(weighed.values()) / root, words)
        return found


def extract_features(text: str) -> dict[str, str]:
    """Return the stems of `text` and the pairs of neighbours, each with the words as they stand."""
    found: dict[str, str] = {}
    before, shown_before = "", ""
    for shown, stem in _iter_stems(text):
        found.setdefault(stem, shown)
        if before:
            found.setdefault(f"{before} {stem}", f"{shown_before} {shown}")
        before, shown_before = stem, shown
    return found


def _iter_stems(text: str) -> Iterator[tuple[str, str]]:
    for number, match in enumerate(_WORD.finditer(text)):
        if number >= MAX_WORDS:
            return
        shown = match.group().lower().replace("’", "'")
        yield shown, NUMBER_TOKEN if shown[0].isdigit() else _stem(shown)


@lru_cache(maxsize=50_000)  # the words of clinical text; a few megabytes
def _stem(word: str) -> str:
    stem: str = _stemmer().stemWord(word)
    return stem


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    # Snowball's English, https://snowballstem.org/algorithms/english/stemmer.html
    return Stemmer.Stemmer("english")


@lru_cache(maxsize=1)
def load_classifier() -> CategoryClassifier:
    """Return the weights that ship."""
    lines = WEIGHTS_FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    (_, *facets), *weighed = rows
    return CategoryClassifier(
        tuple(facets), {feature: tuple(map(float, weights)) for feature, *weights in weighed}
    )
