"""Compile the shipped vocabulary from tables of terms: ``python -m bench.vocabulary FOLDER``.

Reads MeSH, the Disease Ontology, the Human Phenotype Ontology and names of drugs as tables with
tabs, keeps the names that are exact synonyms and that a person may type, and writes
``index/data/vocabulary.tsv.gz`` and ``index/data/drugs.txt.gz``. Its word lists stand in
``bench/vocabulary.toml``; docs/vocabulary.md tells the rules to people.
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
from pathlib import Path

from bench.drug_names import MAX_NAMES, drugs
from bench.jsonlines import print_result
from index.analyzer import split_words, stem_text
from index.query import synonyms
from index.query.synonym_rules import ConceptName, SynonymKind, format_rules, is_abbreviation

MAX_NAME_WORDS = 5  # nobody types, and no sentence holds, a longer name to the letter
SHORTEST = 3  # letters of an abbreviation; one or two stand for too much
EXCHANGED = 3  # concepts in which two words stand for one another before that is believed

# Names with these are wordings of a catalogue, not of people.
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
class Concept:
    """What a source, or several, call by these names; the first one is preferred."""

    source: str
    names: dict[Key, ConceptName] = field(default_factory=dict)
    sources: Counter[Key] = field(default_factory=Counter)
    exact: set[Key] = field(default_factory=set)

    def add(self, text: str, kind: SynonymKind) -> None:
        """Take a name; of two with the same stems the first."""
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
        """The keys that only MeSH has: its entry terms may be narrower than their heading."""
        return set(self.names) - self.exact - {self.preferred}

    @property
    def preferred(self) -> Key:
        """The key of the first name."""
        return next(iter(self.names), ())


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a table with tabs and a head."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def plain(text: str) -> str:
    """Return a name as people write it, "infarction, myocardial" the other way round; or ""."""
    text = _BRACKETS.sub("", text).strip().replace("’", "'")
    head, comma, rest = text.partition(", ")
    if comma and "," not in rest:
        text = f"{rest} {head}"
    if _CATALOGUE.search(text) or not 1 <= len(split_words(text)) <= MAX_NAME_WORDS:
        return ""
    return text


def qualifiers(key: Iterable[str]) -> frozenset[str]:
    """Return what makes a name narrower: its qualifiers and numbers."""
    return frozenset(
        _ROMAN.get(stem, stem)
        for stem in key
        if stem in QUALIFIERS or stem in _ROMAN or re.search(r"\d", stem)
    )


_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7"}


def content(key: Iterable[str]) -> frozenset[str]:
    """Return the words of a name that carry weight."""
    return frozenset(key) - _WEIGHTLESS


def same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether nothing in the words of `one` makes it narrower than `other`."""
    return qualifiers(one) == qualifiers(other) and not content(one) > content(other)


def exchanged(concepts: Iterable[Concept]) -> set[frozenset[str]]:
    """Return the pairs of words that exact synonyms exchange often: "kidney" and "renal"."""
    seen: Counter[frozenset[str]] = Counter()
    for concept in concepts:
        contents = [content(key) for key in concept.names]
        pairs = {
            one ^ other
            for one in contents
            for other in contents
            if len(one - other) == len(other - one) == 1
        }
        seen.update(pairs)
    return {pair for pair, times in seen.items() if times >= EXCHANGED}


def mesh(path: Path) -> list[Concept]:
    """Return the diseases of MeSH. Its entry terms may be narrower: they need a word in common."""
    found: dict[str, Concept] = {}
    for row in rows(path):
        concept = found.get(row["mesh_id"])
        if concept is None:
            concept = found[row["mesh_id"]] = Concept("mesh")
            if name := plain(row["canonical"]):
                concept.add(name, SynonymKind.PREFERRED)
        name = plain(row["variant"])
        if name and concept.names and "," not in row["variant"]:
            concept.add(name, SynonymKind.EXACT)
    return list(found.values())


def ontology(path: Path, source: str, number: str) -> list[Concept]:
    """Return the concepts of an ontology: preferred names, exact synonyms, lay terms."""
    found: dict[str, Concept] = {}
    for row in rows(path):
        concept = found.get(row[number])
        if concept is None:
            concept = found[row[number]] = Concept(source)
            if name := plain(row["preferred"]):
                concept.add(name, SynonymKind.PREFERRED)
        if row["scope"] != "EXACT" or not concept.names:
            continue
        if name := plain(row["synonym"]):
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


def merged(concepts: Iterable[Concept]) -> list[Concept]:
    """Return concepts of several sources as one where each has the other's preferred name."""
    owners: dict[Key, list[Concept]] = defaultdict(list)
    kept: list[Concept] = []
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


def cleaned(concept: Concept, exchanges: set[frozenset[str]]) -> list[ConceptName]:
    """Return the names of a concept that are exact synonyms, the most usable first."""
    first = concept.preferred
    kept: list[Key] = []
    for key, name in concept.names.items():
        short = name.kind is SynonymKind.SHORT
        if key != first and (set(key) == set(first) or not (short or same(key, first))):
            continue
        if (len(key) == 1 and key[0] in NO_TERMS) or (short and len(name.text) < SHORTEST):
            continue
        if key in concept.loose and content(key) ^ content(first) not in exchanges:
            continue
        kept.append(key)
    kept.sort(key=lambda key: (_ORDER[concept.names[key].kind], -concept.sources[key], len(key)))
    return [concept.names[key] for key in kept[:MAX_NAMES]]


def unambiguous(concepts: list[list[ConceptName]]) -> list[list[ConceptName]]:
    """Return the concepts without the names that several of them claim and none prefers."""
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


def compiled(folder: Path) -> tuple[list[list[ConceptName]], list[str]]:
    """Return the concepts and the names of drugs of the tables in `folder`."""
    exact = [
        *ontology(folder / "doid_slim_synonyms.tsv", "doid", "doid"),
        *ontology(folder / "hpo_synonyms.tsv", "hpo", "hp_id"),
    ]
    exchanges = exchanged(exact)
    concepts = merged([*exact, *mesh(folder / "mesh_disease_synonyms.tsv")])
    named, single = drugs(rows(folder / "drug_synonyms.tsv"))
    return unambiguous([*named, *(cleaned(concept, exchanges) for concept in concepts)]), single


def main() -> None:
    """Write the files and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    concepts, single = compiled(arguments.folder)
    lines = [format_rules(names) for names in concepts]
    # No name and time in the head, so that the same tables give the same bytes.
    synonyms.COMPILED_CONCEPTS.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    synonyms.DRUG_NAMES.write_bytes(gzip.compress("\n".join(single).encode(), mtime=0))
    print_result(
        {
            "concepts": len(concepts),
            "names": sum(len(names) for names in concepts),
            "drug_words": len(single),
            "bytes": synonyms.COMPILED_CONCEPTS.stat().st_size + synonyms.DRUG_NAMES.stat().st_size,
        }
    )


if __name__ == "__main__":
    main()
