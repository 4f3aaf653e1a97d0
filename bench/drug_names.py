"""Names of drugs for `bench.vocabulary`: which words name a drug, and which names are one drug.

The table lists each spelling of each language and every substance that was ever weighed. A name is
kept once, the first of those that differ by two letters; food and what the body holds are left out.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from rapidfuzz.distance import OSA

from index.query.synonym_rules import ConceptName, SynonymKind

MAX_NAMES = 16  # of one concept; a search uses eight of them

_LISTS = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
NO_DRUGS = frozenset(_LISTS["no_drugs"].split())
MORE_DRUGS = frozenset(_LISTS["more_drugs"].split())


def drugs(rows: Iterable[Mapping[str, str]]) -> tuple[list[list[ConceptName]], list[str]]:
    """Return the names of each drug that is in use, and every single word that names a drug."""
    by_drug: dict[str, list[str]] = defaultdict(list)
    single = set(MORE_DRUGS)
    for row in rows:
        canonical = row["canonical"]
        listed = row["medline_plus_id"] or row["drugbank_id"]
        if not listed or canonical.lower() in NO_DRUGS:
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
            concepts.append([ConceptName(name, SynonymKind.DRUG) for name in names][:MAX_NAMES])
    return concepts, sorted(single)


def _one_drug(name: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z]{4,}", name)) and name.lower() not in NO_DRUGS


def _near(variant: str, known: str) -> bool:
    """Tell whether a name is another spelling of a known one: "metformina", "acetominophen"."""
    return OSA.distance(variant, known, score_cutoff=2) <= 2 or variant.startswith(known)
