"""Drug names for `bench.vocabulary`: words that name a drug, and names of the same drug.

The source lists every spelling in every language, and every substance ever studied. Of names that
differ by at most two letters, only the first is kept. Foods and substances of the body are
excluded.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from rapidfuzz.distance import OSA

from index.query.synonym_rules import ConceptName, SynonymKind

MAX_NAMES = 16  # per concept; a search uses up to eight

_LISTS = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
NO_DRUGS = frozenset(_LISTS["no_drugs"].split())
MORE_DRUGS = frozenset(_LISTS["more_drugs"].split())


def load_drugs(rows: Iterable[Mapping[str, str]]) -> tuple[list[list[ConceptName]], list[str]]:
    """Return the names of each drug in use, and all single words that name a drug."""
    by_drug: dict[str, list[str]] = defaultdict(list)
    single = set(MORE_DRUGS)
    for row in rows:
        canonical = row["canonical"]
        listed = row["medline_plus_id"] or row["drugbank_id"]
        if not listed or canonical.lower() in NO_DRUGS:
            continue
        if _is_drug_word(canonical):
            single.add(canonical.lower())
        if row["medline_plus_id"] and "," not in canonical and " and " not in canonical:
            by_drug[canonical].append(row["variant"])
    concepts = []
    for canonical, variants in by_drug.items():
        names = [canonical.lower()]
        for variant in variants:
            if _is_drug_word(variant) and not any(_is_variant(variant, known) for known in names):
                names.append(variant)
        single.update(name for name in names if _is_drug_word(name))
        if len(names) > 1:
            concepts.append([ConceptName(name, SynonymKind.DRUG) for name in names][:MAX_NAMES])
    return concepts, sorted(single)


def _is_drug_word(name: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z]{4,}", name)) and name.lower() not in NO_DRUGS


def _is_variant(variant: str, known: str) -> bool:
    """Return whether a name is a spelling variant of a known one: "metformina", "acetominophen"."""
    return OSA.distance(variant, known, score_cutoff=2) <= 2 or variant.startswith(known)
