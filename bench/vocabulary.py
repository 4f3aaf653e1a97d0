"""Compiler of the bundled vocabulary from tables of terms: ``python -m bench.vocabulary FOLDER``.

Reads MeSH, the Disease Ontology, the Human Phenotype Ontology and drug names as tab-separated
tables, selects exact synonyms that users may type, and writes ``index/data/vocabulary.tsv.gz`` and
``index/data/drugs.txt.gz``. The words of all names, with those of ICD-10-CM, become
``index/data/medical-words.txt.gz``. The word lists are in ``bench/vocabulary.toml``;
docs/vocabulary.md describes the rules.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from bench.drug_names import MAX_NAMES, load_drugs
from bench.jsonlines import print_result
from index.analyzer import fold, normalize_spelling, split_words, stem_text
from index.query import medical_words, synonyms
from index.query.synonym_rules import ConceptName, SynonymKind, format_rules, is_abbreviation

MAX_NAME_WORDS = 5  # longer names are neither typed nor found verbatim in a text
MIN_ABBREVIATION_LENGTH = 3  # shorter abbreviations are ambiguous
MIN_WORD_LENGTH = 4  # letters of a word that the spell checker may correct
ICD_TABLE = "icd10cm_inclusion_terms.tsv"
WORD_COLUMNS = {
    "doid_slim_synonyms.tsv": ("synonym", "preferred"),
    "hpo_synonyms.tsv": ("synonym", "preferred"),
    "mesh_disease_synonyms.tsv": ("variant", "canonical"),
    ICD_TABLE: ("description", "inclusion_term"),
}
MIN_EXCHANGES = 3  # concepts in which two words must be interchangeable

# Names with these are classification terms that nobody uses in a text or a query.
_CATALOGUE = re.compile(
    r"[,_()\[\]{}/;:]| - |\bCa\b"
    r"|(?i:\b(?:nos|nec|unspecified|abnormal(?:ity|ities)?|anomaly of|morphology|other|any"
    r"|disease of|disorder of|disorder by|without|obsolete|adulthood|onset|synd"
    r"|increased|decreased|elevated|reduced|observed|finding)\b)"
)
_BRACKETS = re.compile(r"\s*\((?:disorder|disease|finding)\)$", re.IGNORECASE)

_LISTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
QUALIFIERS = frozenset(stem_text(_LISTS["qualifiers"]))
NO_TERMS = frozenset(stem_text(_LISTS["no_terms"]))
_WEIGHTLESS = frozenset(stem_text(_LISTS["weightless"]))


_ORDER = {SynonymKind.PREFERRED: 0, SynonymKind.LAY: 1, SynonymKind.EXACT: 2, SynonymKind.SHORT: 2}

Key = tuple[str, ...]


@dataclass
class SourceConcept:
    """A concept of one or more sources, with its names; the first one is preferred."""

    source: str
    names: dict[Key, ConceptName] = field(default_factory=dict)
    sources: Counter[Key] = field(default_factory=Counter)
    exact: set[Key] = field(default_factory=set)

    def add(self, text: str, kind: SynonymKind) -> None:
        """Add a name; of two names with the same stems, the first is kept."""
        key = tuple(stem_text(text))
        if not key:
            return
        self.sources[key] += 1
        known = self.names.get(key)
        if known is None:
            self.names[key] = ConceptName(text, kind)
        elif kind is SynonymKind.LAY and known.kind is SynonymKind.EXACT:
            self.names[key] = ConceptName(known.text, kind)

    @property
    def loose(self) -> set[Key]:
        """The keys found only in MeSH, whose entry terms may be narrower than their heading."""
        return set(self.names) - self.exact - {self.preferred}

    @property
    def preferred(self) -> Key:
        """The key of the preferred name."""
        return next(iter(self.names), ())


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a tab-separated table with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def normalize_name(text: str) -> str:
    """Return a name as used in texts ("infarction, myocardial" is inverted), else ""."""
    text = _BRACKETS.sub("", text).strip().replace("’", "'")
    head, comma, rest = text.partition(", ")
    if comma and "," not in rest:
        text = f"{rest} {head}"
    if _CATALOGUE.search(text) or not 1 <= len(split_words(text)) <= MAX_NAME_WORDS:
        return ""
    return text


def find_qualifiers(key: Iterable[str]) -> frozenset[str]:
    """Return the qualifiers and numbers that narrow a name."""
    return frozenset(
        _ROMAN.get(stem, stem)
        for stem in key
        if stem in QUALIFIERS or stem in _ROMAN or re.search(r"\d", stem)
    )


_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7"}


def content_words(key: Iterable[str]) -> frozenset[str]:
    """Return the significant words of a name."""
    return frozenset(key) - _WEIGHTLESS


def is_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether no word of `one` makes it narrower than `other`."""
    return find_qualifiers(one) == find_qualifiers(other) and not content_words(
        one
    ) > content_words(other)


def find_interchangeable_words(concepts: Iterable[SourceConcept]) -> set[frozenset[str]]:
    """Return the pairs of words that are often interchangeable, such as "kidney" and "renal"."""
    seen: Counter[frozenset[str]] = Counter()
    for concept in concepts:
        contents = [content_words(key) for key in concept.names]
        pairs = {
            one ^ other
            for one in contents
            for other in contents
            if len(one - other) == len(other - one) == 1
        }
        seen.update(pairs)
    return {pair for pair, times in seen.items() if times >= MIN_EXCHANGES}


def load_mesh(path: Path) -> list[SourceConcept]:
    """Return the diseases of MeSH; whether an entry term is an exact synonym is decided later."""
    found: dict[str, SourceConcept] = {}
    for row in read_rows(path):
        concept = found.get(row["mesh_id"])
        if concept is None:
            concept = found[row["mesh_id"]] = SourceConcept("mesh")
            if name := normalize_name(row["canonical"]):
                concept.add(name, SynonymKind.PREFERRED)
        name = normalize_name(row["variant"])
        if name and concept.names and "," not in row["variant"]:
            concept.add(name, SynonymKind.EXACT)
    return list(found.values())


def load_ontology(path: Path, source: str, number: str) -> list[SourceConcept]:
    """Return the concepts of an ontology: preferred names, exact synonyms and lay terms."""
    found: dict[str, SourceConcept] = {}
    for row in read_rows(path):
        concept = found.get(row[number])
        if concept is None:
            concept = found[row[number]] = SourceConcept(source)
            if name := normalize_name(row["preferred"]):
                concept.add(name, SynonymKind.PREFERRED)
        if row["scope"] != "EXACT" or not concept.names:
            continue
        if name := normalize_name(row["synonym"]):
            abbreviation = is_abbreviation(name)
            lay = row.get("layperson") == "1"
            concept.add(
                name,
                SynonymKind.SHORT
                if abbreviation
                else SynonymKind.LAY
                if lay
                else SynonymKind.EXACT,
            )
    for concept in found.values():
        concept.exact = set(concept.names)
    return list(found.values())


def merge_concepts(concepts: Iterable[SourceConcept]) -> list[SourceConcept]:
    """Merge concepts of different sources if one contains the preferred name of the other."""
    owners: dict[Key, list[SourceConcept]] = defaultdict(list)
    kept: list[SourceConcept] = []
    for concept in concepts:
        if not concept.names:
            continue
        twin = next(
            (
                known
                for known in owners[concept.preferred]
                if known.source != concept.source
                and (
                    known.preferred in concept.names or len(known.names.keys() & concept.names) > 1
                )
            ),
            None,
        )
        if twin is None:
            kept.append(concept)
            twin = concept
        else:
            for name in concept.names.values():
                twin.add(
                    name.text,
                    SynonymKind.EXACT if name.kind is SynonymKind.PREFERRED else name.kind,
                )
            twin.exact |= concept.exact
        for key in concept.names:
            owners[key].append(twin)
    return kept


def select_names(concept: SourceConcept, exchanges: set[frozenset[str]]) -> list[ConceptName]:
    """Return the names of a concept that are exact synonyms, the most useful first."""
    first = concept.preferred
    kept: list[Key] = []
    for key, name in concept.names.items():
        short = name.kind is SynonymKind.SHORT
        if key != first and (set(key) == set(first) or not (short or is_same(key, first))):
            continue
        if (len(key) == 1 and key[0] in NO_TERMS) or (
            short and len(name.text) < MIN_ABBREVIATION_LENGTH
        ):
            continue
        if key in concept.loose and content_words(key) ^ content_words(first) not in exchanges:
            continue
        kept.append(key)
    kept.sort(key=lambda key: (_ORDER[concept.names[key].kind], -concept.sources[key], len(key)))
    return [concept.names[key] for key in kept[:MAX_NAMES]]


def remove_ambiguous_names(concepts: list[list[ConceptName]]) -> list[list[ConceptName]]:
    """Remove names that several concepts share, unless exactly one prefers it."""
    keyed = [[tuple(stem_text(name.text)) for name in names] for names in concepts]
    claims: dict[Key, list[int]] = defaultdict(list)
    for number, keys in enumerate(keyed):
        for key in keys:
            claims[key].append(number)
    found = []
    for number, (names, keys) in enumerate(zip(concepts, keyed, strict=True)):
        kept = []
        for name, key in zip(names, keys, strict=True):
            prefers = [claimant for claimant in claims[key] if keyed[claimant][0] == key]
            if len(claims[key]) == 1 or prefers[:1] == [number]:
                kept.append(name)
        if len(kept) > 1:
            found.append(kept)
    return found


def compile_vocabulary(folder: Path) -> tuple[list[list[ConceptName]], list[str]]:
    """Return the concepts and drug names of the tables in `folder`."""
    exact = [
        *load_ontology(folder / "doid_slim_synonyms.tsv", "doid", "doid"),
        *load_ontology(folder / "hpo_synonyms.tsv", "hpo", "hp_id"),
    ]
    exchanges = find_interchangeable_words(exact)
    concepts = merge_concepts([*exact, *load_mesh(folder / "mesh_disease_synonyms.tsv")])
    named, single = load_drugs(read_rows(folder / "drug_synonyms.tsv"))
    return remove_ambiguous_names(
        [*named, *(select_names(concept, exchanges) for concept in concepts)]
    ), single


def compile_words(folder: Path) -> list[str]:
    """Return the words of `ICD_TABLE` and those of at least two tables.

    A word of a single table may be misspelled.
    """
    tables = Counter(
        word
        for name, columns in WORD_COLUMNS.items()
        for word in frozenset(_table_words(folder / name, columns))
    )
    official = frozenset(_table_words(folder / ICD_TABLE, ("description",)))
    return sorted(official.union(word for word, number in tables.items() if number > 1))


def _table_words(path: Path, columns: Iterable[str]) -> Iterator[str]:
    for row in read_rows(path):
        for word in chain.from_iterable(split_words(row[column] or "") for column in columns):
            if len(word) >= MIN_WORD_LENGTH and word.isascii() and word.isalpha():
                yield normalize_spelling(fold(word))


def main() -> None:
    """Write the vocabulary files and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    concepts, single = compile_vocabulary(arguments.folder)
    lines = [format_rules(names) for names in concepts]
    words = compile_words(arguments.folder)
    # No file name or time in the gzip header, so that the output is reproducible.
    synonyms.COMPILED_CONCEPTS.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    synonyms.DRUG_NAMES.write_bytes(gzip.compress("\n".join(single).encode(), mtime=0))
    medical_words.MEDICAL_WORDS.write_bytes(gzip.compress("\n".join(words).encode(), mtime=0))
    print_result(
        {
            "concepts": len(concepts),
            "names": sum(len(names) for names in concepts),
            "drug_words": len(single),
            "medical_words": len(words),
            "bytes": synonyms.COMPILED_CONCEPTS.stat().st_size + synonyms.DRUG_NAMES.stat().st_size,
        }
    )


if __name__ == "__main__":
    main()
