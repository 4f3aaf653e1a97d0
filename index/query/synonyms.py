"""Synonym dictionary: finds the names in a query and their synonyms.

Sources in order of precedence: synonyms entered by editors, the organisation's ``synonyms.txt``,
the built-in ``data/synonyms.txt``, and ``data/vocabulary.tsv.gz``, which ``python -m
bench.vocabulary`` compiles from public terminologies. All contain exact synonyms only.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, takewhile
from pathlib import Path

from index.analyzer import (
    fold,
    normalize_spelling,
    split_words,
    stem_text,
)
from index.query.synonym_rules import (
    MAX_WORDS,
    ConceptName,
    SynonymConcept,
    SynonymKind,
    contains_name,
    is_ordinary_word,
    parse_rule,
    parse_rules,
    read_rules,
)

_DATA = Path(__file__).parents[1] / "data"
BUILT_IN_RULES = _DATA / "synonyms.txt"
COMPILED_CONCEPTS = _DATA / "vocabulary.tsv.gz"
DRUG_NAMES = _DATA / "drugs.txt.gz"

MAX_SYNONYMS_PER_MATCH = 8  # each costs the engine a phrase query
# Letters; compiled abbreviations of this length or less are too ambiguous.
MAX_AMBIGUOUS_LENGTH = 3
# letters by which a typed word may differ from a name, as in "itch" and "itching"
MAX_ENDING_LENGTH = 3

# Weights of synonyms; typed words have weight 1 and rank first. Common names outweigh catalogue
# names. Abbreviations have lower weights, short ones the lowest, because they are ambiguous
# ("PE", "MCD").
WEIGHTS = {
    SynonymKind.PREFERRED: 0.7,
    SynonymKind.LAY: 0.7,
    SynonymKind.DRUG: 0.7,
    SynonymKind.EXACT: 0.6,
    SynonymKind.SHORT: 0.5,
}
SHORT_NAME_WEIGHT = 0.4

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Synonym:
    """A synonym of a typed name; `weight` is between 0 and 1."""

    text: str
    stems: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class SynonymMatch:
    """A name in a query, the words from `start` to `end` (exclusive), with its synonyms."""

    start: int
    end: int
    typed: str
    synonyms: tuple[Synonym, ...]


class SynonymDictionary:
    """Synonyms of all sources.

    `team_file` is the organisation's rule file, which may be missing; `lines` are the rules entered
    by editors. Raises `SynonymsError` for an invalid rule.
    """

    def __init__(self, team_file: Path | None = None, lines: Iterable[str] = ()) -> None:
        self._lists = [read_rules(BUILT_IN_RULES)]
        if team_file is not None and team_file.exists():
            self._lists.insert(0, read_rules(team_file))
        if by_hand := [parse_rule(line) for line in lines]:
            self._lists.insert(0, by_hand)
        self._keys = [_index_by_key(concepts) for concepts in self._lists]
        # A search looks up the names of its query several times.
        self._cached_matches = lru_cache(maxsize=4_096)(self._find_matches)

    def find_matches(self, typed: Sequence[str]) -> tuple[SynonymMatch, ...]:
        """Return the names in a query: at each word the longest name, without overlaps.

        `typed` are words; a hyphenated word may be one of them.
        """
        return self._cached_matches(tuple(typed))

    def find_name(self, typed: Sequence[str]) -> SynonymMatch | None:
        """Return the name that all the words are together, or None."""
        matches = self.find_matches(typed)
        return next((m for m in matches if (m.start, m.end) == (0, len(typed))), None)

    def _find_matches(self, typed: Key) -> tuple[SynonymMatch, ...]:
        stems = [stem_text(word) for word in typed]
        all_caps = len(typed) > 1 and all(word.isupper() for word in typed)
        found: list[SynonymMatch] = []
        start = 0
        while start < len(stems):
            for end in range(min(len(stems), start + MAX_WORDS), start, -1):
                key = tuple(chain.from_iterable(stems[start:end]))
                others = self._synonyms(key, typed[start:end], all_caps)
                if others:
                    found.append(SynonymMatch(start, end, " ".join(typed[start:end]), others))
                    start = end
                    break
            else:
                start += 1
        return tuple(found)

    def load(self) -> None:
        """Load all sources, so that the first search does not wait for them."""
        _ = self.drugs, self.words, _compiled_keys()

    def iter_names(self) -> Iterator[ConceptName]:
        """Yield the names of all sources in order of precedence."""
        for part in self._lists:
            for concept in part:
                yield from (*concept.left, *concept.names)
        for line in compiled_lines():
            yield from parse_rules(line)

    @cached_property
    def drugs(self) -> frozenset[str]:
        """Folded one-word drug names, including their synonyms in handwritten rules."""
        known = compiled_drugs()
        single = [concept.single_words for part in self._lists for concept in part]
        return known.union(*(names for names in single if names & known))

    @cached_property
    def words(self) -> frozenset[str]:
        """The folded words of all names, correctly spelled even if no article contains them."""
        by_hand = (
            name
            for part in self._lists
            for concept in part
            for name in (*concept.left, *concept.names)
        )
        return compiled_words().union(
            fold(word) for name in by_hand for word in split_words(name.text)
        )

    def _synonyms(self, key: Key, typed: Sequence[str], all_caps: bool) -> tuple[Synonym, ...]:
        """Return the synonyms of one name in order of precedence."""
        names: list[ConceptName] = []
        for by_key in self._keys:
            for concept in by_key.get(key, ()):
                if _matches_any(concept.left, key, typed, all_caps):
                    names += concept.names
        if any(
            name.kind is SynonymKind.SHORT and stem_text(name.text) == list(key) for name in names
        ):
            return _select_synonyms(
                names, key, typed
            )  # other meanings of the abbreviation are ignored
        number = _compiled_keys().get(" ".join(key))
        if number is not None:
            further = parse_rules(compiled_lines()[number])
            if _matches_any(filter(_is_usable_as_query, further), key, typed, all_caps):
                # Handwritten rules exclude compiled abbreviations.
                names += [
                    name for name in further if not names or name.kind is not SynonymKind.SHORT
                ]
        return _select_synonyms(names, key, typed)


# Shared by all dictionaries of a process.
@lru_cache(maxsize=1)
def compiled_lines() -> list[str]:
    """Return the lines of the compiled file, one concept each."""
    return gzip.decompress(COMPILED_CONCEPTS.read_bytes()).decode().split("\n")


@lru_cache(maxsize=1)
def compiled_words() -> frozenset[str]:
    """Return the folded words of all compiled names."""
    names = (name for line in compiled_lines() for name in parse_rules(line))
    return frozenset(map(fold, {word for name in names for word in split_words(name.text)}))


@lru_cache(maxsize=1)
def compiled_drugs() -> frozenset[str]:
    """Return the folded one-word drug names."""
    return frozenset(gzip.decompress(DRUG_NAMES.read_bytes()).decode().split("\n"))


@lru_cache(maxsize=1)
def _compiled_keys() -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(compiled_lines()):
        for key in line.partition("\t\t")[2].split("\t"):
            found[key] = number
    return found


def _is_usable_as_query(name: ConceptName) -> bool:
    """Return whether a compiled name may be matched; short abbreviations are too ambiguous."""
    return name.kind is not SynonymKind.SHORT or len(name.text) > MAX_AMBIGUOUS_LENGTH


def _matches_any(
    names: Iterable[ConceptName], key: Key, typed: Sequence[str], all_caps: bool
) -> bool:
    """Return whether the typed words are one of `names`, not just words with the same stems."""
    return any(
        tuple(stem_text(name.text)) == key and (len(key) > 1 or _is_name(name, typed[0], all_caps))
        for name in names
    )


def _is_name(name: ConceptName, word: str, all_caps: bool) -> bool:
    """Return whether a single typed word is `name`.

    Only its ending may differ: "bleed" matches "bleeding", but "incidence" does not match
    "Incidal". Abbreviations that are ordinary words match in capitals only: WHO is not who.
    """
    if name.kind in (SynonymKind.SHORT, SynonymKind.DRUG) and fold(word) not in (
        fold(name.text),
        fold(name.text) + "s",
    ):
        return False
    if name.kind is SynonymKind.SHORT and is_ordinary_word(name.text):
        return word[:-1].isupper() and not all_caps
    return _ending_difference(word, name.text) <= MAX_ENDING_LENGTH


def _ending_difference(one: str, other: str) -> int:
    """Return the number of letters of the longer word after the common prefix."""
    one, other = normalize_spelling(fold(one)), normalize_spelling(fold(other))
    pairs = zip(one, other, strict=False)
    both = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return max(len(one), len(other)) - both


def _select_synonyms(
    names: Iterable[ConceptName], key: Key, typed: Sequence[str]
) -> tuple[Synonym, ...]:
    """Return the synonyms to search for a typed name, with their weights."""
    kept: dict[Key, Synonym] = {}
    short = len(typed) == 1 and len(typed[0]) <= 2
    for name in names:
        other = tuple(stem_text(name.text))
        if other in kept or contains_name(other, key) or set(other) == set(key):
            continue
        if name.kind is SynonymKind.SHORT and is_ordinary_word(name.text):
            continue
        tiny = short or (name.kind is SynonymKind.SHORT and len(name.text) <= MAX_AMBIGUOUS_LENGTH)
        kept[other] = Synonym(name.text, other, SHORT_NAME_WEIGHT if tiny else WEIGHTS[name.kind])
        if len(kept) == MAX_SYNONYMS_PER_MATCH:
            break
    return tuple(kept.values())


def _index_by_key(concepts: Iterable[SynonymConcept]) -> dict[Key, list[SynonymConcept]]:
    found: dict[Key, list[SynonymConcept]] = {}
    for concept in concepts:
        for key in dict.fromkeys(tuple(stem_text(name.text)) for name in concept.left):
            found.setdefault(key, []).append(concept)
    return found
