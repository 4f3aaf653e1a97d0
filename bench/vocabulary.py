"""Compile the shipped vocabulary from the tables of terms in a folder: ``python -m bench.vocabulary FOLDER``.

Reads MeSH, the Disease Ontology, the Human Phenotype Ontology and names of drugs as tables with
tabs, keeps the names that are exact synonyms and that a person may type, and writes
``index/data/vocabulary.tsv.gz`` and ``index/data/drugs.txt.gz``. What is dropped stands in the
tables below; docs/vocabulary.md tells it to people.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import OSA

from bench.jsonlines import print_result
from index import vocabulary
from index.analysis import is_stopword, stems, words
from index.vocabulary import Kind, is_abbreviation

MAX_NAME_WORDS = 5  # nobody types, and no sentence holds, a longer name to the letter
SHORTEST = 3  # letters of an abbreviation; one or two stand for too much
EXCHANGED = 3  # concepts in which two words stand for one another before that is believed
MAX_NAMES = 16  # of one concept; a search uses eight of them

# Names with these are wordings of a catalogue, not of people.
_CATALOGUE = re.compile(
    r"[,_()\[\]{}/;:]|\b(?:nos|nec|unspecified|abnormal(?:ity|ities)?|anomaly of|morphology|other|any"
    r"|disease of|disorder of|disorder by|without|obsolete|adulthood|onset|synd|increased|decreased|elevated|reduced|observed|finding)\b",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\s*\((?:disorder|disease|finding)\)$", re.IGNORECASE)

# Words that make a name narrower: two names are the same only if they have the same ones.
QUALIFIERS = frozenset(
    stem
    for word in (
        "acute subacute chronic acquired congenital hereditary inherited familial genetic primary secondary "
        "idiopathic juvenile infantile infant childhood adult neonatal newborn fetal pediatric maternal "
        "recurrent relapsing progressive early late severe mild moderate fatal benign malignant "
        "metastatic localized generalized diffuse focal partial complete total bilateral unilateral "
        "left right upper lower proximal distal central peripheral internal external anterior posterior "
        "first second third single multiple simple complex typical atypical latent active "
        "male female postoperative postpartum pregnancy gestational drug alcoholic "
        "viral bacterial fungal experimental animal susceptibility risk suspected history carrier"
    ).split()
    for stem in stems(word)
)
# Words of no weight in a name: "disease of the heart" shares nothing with "disease of the eye".
_WEIGHTLESS = frozenset(
    stem
    for word in "disease disorder syndrome condition type form of the in with due to".split()
    for stem in stems(word)
)

# Sold as drugs in one table or another, and words of every article.
NO_DRUGS = frozenset(
    "water air oxygen honey sugar milk salt alcohol tobacco coffee food wheat rice corn oat peanut "
    "egg soy tea chocolate lemon orange apple tomato potato banana fish beef pork chicken house dust "
    "cat dog horse cotton wool silk rubber latex sand gold silver lead copper tin steel "
    "prevent always today first complete advance balance boost calm care clear comfort control "
    "enhance ensure extra focus healthy life nature perfect plus power pure relief simply support "
    "triple ultra vital tears blood plasma charcoal starch "
    # what the body holds, and is measured for
    "glucose calcium cholesterol thyroid iron potassium creatine creatinine lactose cortisol estrogen "
    "testosterone dopamine serotonin tyrosine magnesium phosphorus urea glycine cystine methionine "
    "galactose arginine prothrombin fibrin thrombin adenine adenosine ornithine carnitine lysine "
    "fructose valine leucine isoleucine proline phenylalanine homocysteine alanine sucrose mannose "
    "leptin zinc hydrogen glutathione phospholipids plasminogen acetate chlorine histamine "
    "gelatin cysteine choline maltose serine histidine protoporphyrin porphobilinogen bradykinin iodide "
    "thymidine tryptophan uridine nadph sodium chloride phosphate nitrogen aldosterone ethanol "
    "acetylcholine protein albumin collagen keratin elastin hemoglobin bilirubin lipid insulinase "
    "poultry bean tuna lamb shrimp safflower yeast grapefruit soot talc ozone antimony luminal aman "
    "pepper garlic ginger onion carrot celery almond walnut cashew pecan crab lobster salmon "
    "mushroom spinach turnip barley malt mustard vanilla cherry grape peach plum mango melon "
    "strawberry blueberry raspberry turkey duck goose rabbit mouse guinea sheep goat cattle".split()
)

# Courses and modes of inheritance, words of every article, and two whose synonyms are not exact.
NO_TERMS = frozenset(
    stem
    for word in (
        "inheritance sporadic periodic cyclic episodic stationary sharp cutting collecting collection "
        "hydrops arthropathy anorexia lethargy incoordination slow rapid variable"
    ).split()
    for stem in stems(word)
)


@dataclass
class Concept:
    """What a source, or several, call by these names; the first one is preferred."""

    source: str
    names: dict[tuple[str, ...], tuple[str, Kind]] = field(default_factory=dict)
    sources: Counter[tuple[str, ...]] = field(default_factory=Counter)
    exact: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, text: str, kind: Kind) -> None:
        """Take a name; of two with the same stems the first."""
        key = tuple(stems(text))
        if not key:
            return
        self.sources[key] += 1
        known = self.names.get(key)
        if known is None:
            self.names[key] = (text, kind)
        elif kind is Kind.LAY and known[1] is Kind.EXACT:
            self.names[key] = (known[0], kind)

    @property
    def loose(self) -> set[tuple[str, ...]]:
        """The keys that only MeSH has: its entry terms may be narrower than their heading."""
        return set(self.names) - self.exact - {self.preferred}

    @property
    def preferred(self) -> tuple[str, ...]:
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
    if _CATALOGUE.search(text) or not 1 <= len(words(text)) <= MAX_NAME_WORDS:
        return ""
    return text


def qualifiers(key: Iterable[str]) -> frozenset[str]:
    """Return what makes a name narrower: its qualifiers and numbers."""
    return frozenset(
        _ROMAN.get(stem, stem) for stem in key if stem in QUALIFIERS or stem in _ROMAN or re.search(r"\d", stem)
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
            one ^ other for one in contents for other in contents if len(one - other) == len(other - one) == 1
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
                concept.add(name, Kind.PREFERRED)
        name = plain(row["variant"])
        if name and concept.names and "," not in row["variant"]:
            concept.add(name, Kind.EXACT)
    return list(found.values())


def ontology(path: Path, source: str, number: str) -> list[Concept]:
    """Return the concepts of an ontology: preferred names, exact synonyms, lay terms."""
    found: dict[str, Concept] = {}
    for row in rows(path):
        concept = found.get(row[number])
        if concept is None:
            concept = found[row[number]] = Concept(source)
            if name := plain(row["preferred"]):
                concept.add(name, Kind.PREFERRED)
        if row["scope"] != "EXACT" or not concept.names:
            continue
        if name := plain(row["synonym"]):
            abbreviation = is_abbreviation(name)
            lay = row.get("layperson") == "1"
            concept.add(name, Kind.SHORT if abbreviation else Kind.LAY if lay else Kind.EXACT)
    for concept in found.values():
        concept.exact = set(concept.names)
    return list(found.values())


def merged(concepts: Iterable[Concept]) -> list[Concept]:
    """Return concepts of several sources as one where each has the other's preferred name."""
    owners: dict[tuple[str, ...], list[Concept]] = defaultdict(list)
    kept: list[Concept] = []
    for concept in concepts:
        if not concept.names:
            continue
        twin = next(
            (
                known
                for known in owners[concept.preferred]
                if known.source != concept.source
                and (known.preferred in concept.names or len(known.names.keys() & concept.names) > 1)
            ),
            None,
        )
        if twin is None:
            kept.append(concept)
            twin = concept
        else:
            for text, kind in concept.names.values():
                twin.add(text, Kind.EXACT if kind is Kind.PREFERRED else kind)
            twin.exact |= concept.exact
        for key in concept.names:
            owners[key].append(twin)
    return kept


def cleaned(concept: Concept, exchanges: set[frozenset[str]]) -> list[tuple[str, Kind]]:
    """Return the names of a concept that are exact synonyms, the most usable first."""
    first = concept.preferred
    kept = []
    for key, (text, kind) in concept.names.items():
        if key != first and kind is not Kind.SHORT and not same(key, first):
            continue
        if (len(key) == 1 and key[0] in NO_TERMS) or (key != first and set(key) == set(first)):
            continue
        if kind is Kind.SHORT and len(text) < SHORTEST:
            continue
        if key in concept.loose and content(key) ^ content(first) not in exchanges:
            continue
        kept.append((len(kept), key, text, kind))
    order = {Kind.PREFERRED: 0, Kind.LAY: 1, Kind.EXACT: 2, Kind.SHORT: 2}
    kept.sort(key=lambda entry: (order[entry[3]], -concept.sources[entry[1]], len(entry[1]), entry[0]))
    return [(text, kind) for _, _, text, kind in kept][:MAX_NAMES]


def drugs(path: Path) -> tuple[list[list[tuple[str, Kind]]], list[str]]:
    """Return the names of each drug that is in use, and every single word that names a drug."""
    by_drug: dict[str, list[str]] = defaultdict(list)
    single: set[str] = set()
    for row in rows(path):
        canonical = row["canonical"]
        if not (row["medline_plus_id"] or row["drugbank_id"]):
            continue
        if _one_drug(canonical):
            single.add(canonical.lower())
        if row["medline_plus_id"] and "," not in canonical and " and " not in canonical:
            by_drug[canonical].append(row["variant"])
    concepts = []
    for canonical, variants in by_drug.items():
        names = [canonical.lower()]
        for variant in variants:
            if _one_drug(variant) and not any(_near(variant, known) for known in names):
                names.append(variant)
        single.update(name for name in names if _one_drug(name))
        if len(names) > 1:
            concepts.append([(name, Kind.DRUG) for name in names][:MAX_NAMES])
    return concepts, sorted(single)


def _one_drug(name: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z]{4,}", name)) and name.lower() not in NO_DRUGS


def _near(variant: str, known: str) -> bool:
    """Tell whether a name is another spelling of a known one: "metformina", "acetominophen"."""
    return OSA.distance(variant, known, score_cutoff=2) <= 2 or variant.startswith(known)


def unambiguous(concepts: list[list[tuple[str, Kind]]]) -> list[list[tuple[str, Kind]]]:
    """Return the concepts without the names that several of them claim and none prefers."""
    claims: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, names in enumerate(concepts):
        for text, _ in names:
            claims[tuple(stems(text))].append(number)
    found = []
    for number, names in enumerate(concepts):
        kept = []
        for text, kind in names:
            claimants = claims[tuple(stems(text))]
            prefers = [n for n in claimants if tuple(stems(concepts[n][0][0])) == tuple(stems(text))]
            if len(claimants) == 1 or (prefers and prefers[0] == number):
                kept.append((text, kind))
        if len(kept) > 1:
            found.append(kept)
    return found


def compiled(folder: Path) -> tuple[list[list[tuple[str, Kind]]], list[str]]:
    """Return the concepts and the names of drugs of the tables in `folder`."""
    exact = [
        *ontology(folder / "doid_slim_synonyms.tsv", "doid", "doid"),
        *ontology(folder / "hpo_synonyms.tsv", "hpo", "hp_id"),
    ]
    exchanges = exchanged(exact)
    concepts = merged([*exact, *mesh(folder / "mesh_disease_synonyms.tsv")])
    named, single = drugs(folder / "drug_synonyms.tsv")
    return unambiguous([*named, *(cleaned(concept, exchanges) for concept in concepts)]), single


def main() -> None:
    """Write the files and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    concepts, single = compiled(arguments.folder)
    lines = [vocabulary.written(names) for names in concepts]
    # No name and time in the head, so that the same tables give the same bytes.
    vocabulary.CONCEPTS.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    vocabulary.DRUGS.write_bytes(gzip.compress("\n".join(single).encode(), mtime=0))
    print_result(
        {
            "concepts": len(concepts),
            "names": sum(len(names) for names in concepts),
            "drug_words": len(single),
            "bytes": vocabulary.CONCEPTS.stat().st_size + vocabulary.DRUGS.stat().st_size,
        }
    )


if __name__ == "__main__":
    main()
