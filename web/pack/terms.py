"""What the pack's search reads: words, where they stand and what they count, worked out beforehand.

A page opened from a memory stick may run a script and load others beside it, and nothing else: no
file is fetched, no library is there. So all that is hard is done here, by the site's own analysis
and vocabulary: each word as it is written gets its stem, each posting its BM25F score to the digit,
each other name that an article has its places. ``files/pack.js`` looks up, adds and sorts.

A data file is a classic script that hands over one value; large ones are cut into parts by the
first letters of what they hold, and a search loads those that it needs.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from index.analysis import (
    fold,
    is_question_word,
    is_stopword,
    one_spelling,
    stem_of,
    unit_names,
    words,
)
from index.document import COUNTS, Document
from index.postings.scoring import K1, LENGTHS, B, idf, length_bytes
from index.spelling import OPPOSITES
from index.vocabulary import Vocabulary, is_ordinary
from kb.passage import Passage

PART_MOST = 250_000  # characters: a part of that size is read from a slow stick in a blink
UNIT = 100  # a posting's score is kept in hundredths: finer than what tells two passages apart
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A passage as a hit shows it: the number of its article, and what stands in it."""

    article: int
    passage: Passage
    tags: tuple[str, ...]  # labels, safety first


@dataclass
class _Counts:
    """What is gathered while the passages are read in their order."""

    lengths: list[int] = field(default_factory=list)
    priors: list[float] = field(default_factory=list)
    postings: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    forms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    phrases: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(list))


class Terms:
    """The words of all passages; `names` are those that may be other names of something."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._others = dict(_other_names(vocabulary))
        keys = {key for key in self._others if len(key) > 1}
        keys |= {key for found in self._others.values() for key, _, _ in found if len(key) > 1}
        self._phrases: dict[str, list[Key]] = defaultdict(list)
        for key in sorted(keys):
            self._phrases[key[0]].append(key)
        self._counts = _Counts()
        self._read: dict[str, tuple[list[str], list[str]]] = {}

    def add(self, document: Document) -> None:
        """Count the words of the next passage."""
        counts = self._counts
        number = len(counts.lengths)
        found: Counter[str] = Counter()
        forms: set[tuple[str, str]] = set()
        phrases: set[Key] = set()
        for name, times in COUNTS.items():
            written, stems = self._words(document.texts[name], keep=name != "body")
            for stem in stems:
                found[stem] += times
            forms.update(zip(stems, written, strict=True))
            phrases.update(self._phrases_of(stems))
        for stem, frequency in found.items():
            counts.postings[stem][number] = frequency
        for stem, form in forms:
            counts.forms[stem][form] += 1
        for key in phrases:
            counts.phrases[key].append(number)
        counts.lengths.append(sum(found.values()))
        counts.priors.append(document.prior)

    def files(self) -> Iterator[tuple[str, Any]]:
        """Yield the data files: a name and the value that it hands over."""
        parts = list(_parts(sorted(self._written_postings())))
        for number, part in enumerate(parts):
            yield f"words-{number}", dict(part)
        yield "forms", "\n".join(self._written_forms())
        yield "names", self._written_names()
        yield "drugs", " ".join(sorted(self._vocabulary.drugs - self._all_forms()))
        yield (
            "words",
            {
                "starts": [part[0][0] for part in parts],
                "small": sorted({word for word in self._all_forms() if _is_small(word)}),
                "units": unit_names(),
                "opposites": OPPOSITES,
            },
        )

    def _words(self, text: str, *, keep: bool) -> tuple[list[str], list[str]]:
        """Return the words of a text, folded, and their stems; titles and headings come again."""
        known = self._read.get(text)
        if known is None:
            found = words(text)
            known = [fold(word) for word in found], [stem_of(word) for word in found]
            if keep:
                self._read[text] = known
        return known

    def _phrases_of(self, stems: Sequence[str]) -> Iterator[Key]:
        for at, stem in enumerate(stems):
            for key in self._phrases.get(stem, ()):
                if tuple(stems[at : at + len(key)]) == key:
                    yield key

    def _all_forms(self) -> set[str]:
        return {form for forms in self._counts.forms.values() for form in forms}

    def _written_postings(self) -> Iterator[tuple[str, str]]:
        """Yield each stem with its passages and scores: steps and hundredths, to the base of 36."""
        counts = self._counts
        total = len(counts.lengths)
        mean = sum(counts.lengths) / total if total else 1
        lengths = LENGTHS[length_bytes(np.array(counts.lengths, np.int64))]  # as in the index
        norms = (K1 * ((1 - B) + B * lengths / mean)).tolist()
        for stem, postings in counts.postings.items():
            factor = UNIT * idf(total, len(postings))
            before = -1
            written: list[str] = []
            for number, frequency in postings.items():
                score = factor * frequency * (K1 + 1) / (frequency + norms[number])
                written.append(_digits(number - before))
                written.append(_digits(max(1, round(score * counts.priors[number]))))
                before = number
            yield stem, " ".join(written)

    def _written_forms(self) -> Iterator[str]:
        """Yield a line for each stem: it, then each form with how many passages have it."""
        for stem, forms in sorted(self._counts.forms.items()):
            spelled = {one_spelling(form): 0 for form in forms} | forms
            listed = (
                f"{form} {_digits(count)}{'!' if form in self._vocabulary.drugs else ''}"
                for form, count in sorted(spelled.items())
            )
            yield " ".join((stem, *listed))

    def _written_names(self) -> dict[str, Any]:
        """Return the other names that an article has, and where names of several words stand."""
        held = self._counts.phrases
        single = self._counts.postings
        others: dict[str, Any] = {}
        used: set[Key] = set()
        for key, found in sorted(self._others.items()):
            there = [
                (" ".join(other), weight, text)
                for other, weight, text in found
                if (other in held if len(other) > 1 else other[0] in single)
            ]
            # A name whose other names nobody wrote is still one name, not a name within it.
            if there or (len(key) > 1 and all(stem in single for stem in key)):
                others[" ".join(key)] = there
                used.update(tuple(name.split(" ")) for name, _, _ in there)
                used.add(key)
        places = {
            " ".join(key): " ".join(map(_digits, _steps(numbers)))
            for key, numbers in sorted(held.items())
            if key in used
        }
        capitals = sorted(
            {
                stem_of(name.text)
                for name in self._vocabulary.names()
                if name.text.isupper() and len(words(name.text)) == 1 and is_ordinary(name.text)
            }
            & {key for key in others if " " not in key}
        )
        return {
            "others": others,
            "places": places,
            "capitals": capitals,
            "forms": dict(self._forms_of_names(others)),
        }

    def _forms_of_names(self, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield the words of names that no article has in that form, and their stems."""
        wanted = {stem for key in others for stem in key.split(" ")}
        forms = self._all_forms()
        for name in self._vocabulary.names():
            for word in words(name.text):
                stem, form = stem_of(word), fold(word)
                if stem in wanted and stem != form and form not in forms:
                    yield form, stem


def texts(places: Sequence[Place]) -> Iterator[tuple[str, Any]]:
    """Yield the files with the passages' texts, which only the hits on a page load."""
    starts: list[int] = []
    part: list[Any] = []
    size = 0
    for number, place in enumerate(places):
        passage = place.passage
        text = passage.text
        length = len(text) + 100
        if part and size + length > PART_MOST:
            yield f"texts-{len(starts) - 1}", part
            part, size = [], 0
        if not part:
            starts.append(number)
        path = list(passage.heading_path)
        part.append([place.article, passage.anchor, path, list(place.tags), text])
        size += length
    if part:
        yield f"texts-{len(starts) - 1}", part
    yield "texts", starts


def script(name: str, value: Any) -> bytes:
    """Return a data file: it hands one value over, and does nothing else."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Two signs that end a line in older scripts, and a "<" that no tool may take for a tag.
    for sign in "\u2028\u2029<":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return f'kbPack.take("{name}",{written});\n'.encode()


def _other_names(vocabulary: Vocabulary) -> Iterator[tuple[Key, list[tuple[Key, float, str]]]]:
    """Yield what else people call each name, by the stems of the name."""
    seen: set[Key] = set()
    for name in vocabulary.names():
        typed = words(name.text)
        key = tuple(stem_of(word) for word in typed)
        if not key or key in seen:
            continue
        seen.add(key)
        for match in vocabulary.matches(typed):
            if match.start == 0 and match.end == len(typed):
                yield key, [(other.stems, other.weight, other.text) for other in match.others]


def _parts(entries: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Cut sorted entries into parts of about `PART_MOST` characters."""
    part: list[tuple[str, str]] = []
    size = 0
    for entry in entries:
        if part and size + len(entry[1]) > PART_MOST:
            yield part
            part, size = [], 0
        part.append(entry)
        size += len(entry[0]) + len(entry[1]) + 6
    if part:
        yield part


def _is_small(form: str) -> bool:
    return is_stopword(form) or is_question_word(form)


def _steps(numbers: Sequence[int]) -> Iterator[int]:
    before = -1
    for number in numbers:
        yield number - before
        before = number


def _digits(number: int) -> str:
    """Return a number to the base of 36, as JavaScript's parseInt reads it."""
    found = ""
    while number >= len(DIGITS):
        number, rest = divmod(number, len(DIGITS))
        found = DIGITS[rest] + found
    return DIGITS[number] + found
