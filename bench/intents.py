"""Subject and intent: a query for one must show the section that answers it, first.

Queries combine the subject of an article with a phrasing of what is asked. The right sections are
known from the source: the LOINC codes and numbered headings of drug labels, and the types of the
sections of MedQuAD. Subjects are split in two halves by hash, for development and for testing;
`bench.intents` prints both. `section` is the share of queries whose first hit shows a passage of a
right section; `article` the share whose first hit is an article with that title.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.jsonlines import log, objects, print_result, write_objects
from bench.loading import Loaded, load_sources
from bench.machine import machine, versions
from bench.medquad import convert_article
from index.search.results import SearchHit, SearchRequest
from index.search.service import SearchService
from kb.storage.article_store import ArticleStore

# Kind of section in labels: LOINC codes, a pattern of headings, and phrasings of queries.
LABEL_KINDS: Mapping[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "indications": (
        ("34067-9",),
        r"^\W*(\d+ )?(indications|uses?)\b",
        ("{} indications", "what is {} for", "{} uses", "what is {} used to treat"),
    ),
    "dose": (
        ("34068-7",),
        r"dosage and administration|recommended (dose|dosage)|^directions",
        ("{} dose", "{} dosage", "how much {}", "{} max dose"),
    ),
    "strengths": (("43678-2",), r"dosage forms", ("{} strengths", "{} dosage forms")),
    "contraindications": (
        ("34070-3", "50570-1"),
        r"contraindications|^do not use",
        ("{} contraindications", "who should not take {}", "when not to use {}"),
    ),
    "warnings": (
        ("43685-7", "34071-1", "42232-9", "34066-1"),
        r"warnings|precautions",
        ("{} warnings", "{} precautions"),
    ),
    "boxed warning": (("34066-1",), r"boxed warning", ("{} boxed warning", "{} black box")),
    "side effects": (
        ("34084-4",),
        r"adverse reactions",
        ("{} side effects", "adverse effects of {}", "{} adr"),
    ),
    "interactions": (
        ("34073-7", "50568-5"),
        r"drug interactions|ask a doctor or pharmacist",
        ("{} interactions", "what interacts with {}", "{} with other drugs"),
    ),
    "pregnancy": (
        ("42228-7", "53414-9"),
        r"pregnan",
        ("{} pregnancy", "{} in pregnancy", "is {} safe when pregnant"),
    ),
    "breastfeeding": (
        ("77290-5", "34080-2", "53414-9"),
        r"lactation|nursing mothers|breast",
        ("{} breastfeeding", "{} while breast feeding"),
    ),
    "children": (("34081-0",), r"pediatric", ("{} children", "{} paediatric", "{} kids")),
    "elderly": (("34082-8",), r"geriatric", ("{} elderly", "{} in older people")),
    "renal": (
        ("88828-9",),
        r"renal (impairment|insufficiency|failure)",
        ("{} renal impairment", "{} kidney failure", "{} ckd"),
    ),
    "hepatic": (
        ("88829-7",),
        r"hepatic (impairment|insufficiency|failure)",
        ("{} hepatic impairment", "{} liver disease"),
    ),
    "overdose": (
        ("34088-5",),
        r"overdos",
        ("{} overdose", "took too much {}", "{} toxicity"),
    ),
    "dependence": (("42227-9", "34086-9", "34087-7"), r"abuse|dependence", ("{} dependence",)),
    "mechanism": (
        ("43679-0",),
        r"mechanism",
        ("{} mechanism", "how does {} work", "{} mode of action"),
    ),
    "pharmacokinetics": (("43682-4",), r"pharmacokinetics", ("{} half life", "{} metabolism")),
    "studies": (("34092-7",), r"clinical studies", ("{} evidence", "{} trials")),
    "storage": (
        ("44425-7", "34069-5"),
        r"storage|how supplied|other information",
        ("{} storage", "how to store {}"),
    ),
}

# Type of section in MedQuAD: phrasings of queries.
TYPES: Mapping[str, tuple[str, ...]] = {
    "information": ("what is {}", "{} overview"),
    "symptoms": ("{} symptoms", "signs of {}"),
    "treatment": ("{} treatment", "how to treat {}"),
    "inheritance": ("is {} inherited", "{} inheritance"),
    "frequency": ("how common is {}", "{} prevalence"),
    "genetic changes": ("{} gene", "{} genetic changes"),
    "causes": ("{} causes", "what causes {}"),
    "exams and tests": ("{} tests", "how is {} diagnosed"),
    "research": ("{} research",),
    "outlook": ("{} prognosis", "{} outlook"),
    "susceptibility": ("who gets {}", "{} risk factors"),
    "considerations": ("{} diet",),
    "prevention": ("{} prevention", "how to avoid {}"),
    "stages": ("{} stages",),
    "complications": ("{} complications",),
}


@dataclass(frozen=True, slots=True)
class IntentQuery:
    """A query, the kind of section it asks for, and the half of its subject."""

    text: str
    kind: str
    subject: str
    half: str
    articles: frozenset[str]  # right article ids
    codes: frozenset[str]
    headings: re.Pattern[str] | frozenset[str]

    def is_article(self, hit: SearchHit) -> bool:
        """Return whether the hit is a right article."""
        return hit.article.id in self.articles

    def is_section(self, hit: SearchHit) -> bool:
        """Return whether the hit shows a right section."""
        if not self.is_article(hit):
            return False
        path = hit.passage.heading_path
        if isinstance(self.headings, frozenset):
            return not self.headings.isdisjoint(path)
        codes = {code.rpartition(":")[2] for code in hit.passage.codes}
        return bool(codes & self.codes) or any(map(self.headings.search, map(str.lower, path)))


def half(subject: str) -> str:
    """Return the half of a subject: ``dev`` or ``test``."""
    return "dev" if hashlib.sha256(subject.lower().encode()).digest()[0] % 2 else "test"


def label_queries(store: ArticleStore, names: Mapping[str, str]) -> Iterator[IntentQuery]:
    """Yield the queries for drug labels; `names` maps article ids to the subject."""
    for record in store.published(names):
        subject = names[record.id]
        for kind, (codes, pattern, phrasings) in LABEL_KINDS.items():
            headings = re.compile(pattern)
            wanted = IntentQuery(
                "", kind, subject, half(subject), frozenset([record.id]), frozenset(codes), headings
            )
            has_section = any(
                {code.rpartition(":")[2] for code in passage.codes} & wanted.codes
                or any(map(headings.search, map(str.lower, passage.heading_path)))
                for passage in record.passages
            )
            for phrasing in phrasings if has_section else ():
                yield IntentQuery(
                    phrasing.format(subject), kind, subject, wanted.half,
                    wanted.articles, wanted.codes, headings,
                )  # fmt: skip


def medquad_queries(
    entries: Sequence[Mapping[str, Any]], ids: Mapping[str, str]
) -> Iterator[IntentQuery]:
    """Yield the queries for MedQuAD articles; `ids` maps their ids to those of the store."""
    by_title: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        by_title[entry["title"].casefold()].append(entry)
    for same in by_title.values():
        subject = re.sub(r"\s*\(.*?\)", "", same[0]["title"])
        for kind, phrasings in TYPES.items():
            holders = [e for e in same if any(s["type"] == kind for s in e["sections"])]
            headings = frozenset(
                " ".join(s["question"].split())
                for e in holders
                for s in e["sections"]
                if s["type"] == kind
            )
            articles = frozenset(ids[e["id"]] for e in same if e["id"] in ids)
            for phrasing in phrasings if holders and articles else ():
                yield IntentQuery(
                    phrasing.format(subject), kind, subject, half(subject), articles,
                    frozenset(), headings,
                )  # fmt: skip


def measure(search: SearchService, queries: Sequence[IntentQuery]) -> dict[str, Any]:
    """Return the shares of right first hits, by half and by kind."""
    right: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    for query in queries:
        response = search.search(SearchRequest(q=query.text, limit=1))
        hits = (*response.hits, *response.partial_hits)[:1]
        found = [(query.is_section(hit), query.is_article(hit)) for hit in hits] or [(False, False)]
        right[query.half, query.kind] += found
        right[query.half, "all"] += found
        if not found[0][0]:
            shown = [f"{h.article.title} > {' > '.join(h.passage.heading_path)}" for h in hits]
            log(f"{query.half} {query.kind}: {query.text} -> {shown}")
    result: dict[str, Any] = {}
    for (name, kind), found in sorted(right.items()):
        result.setdefault(name, {})[kind] = {
            "queries": len(found),
            "section": round(sum(section for section, _ in found) / len(found), 4),
            "article": round(sum(article for _, article in found) / len(found), 4),
        }
    return result


def _load(
    folder: Path, labels: Sequence[Path], converted: Sequence[Mapping[str, Any]]
) -> AbstractContextManager[Loaded]:
    source = folder / "medquad.jsonl"
    write_objects(source, converted)
    return load_sources([*labels, source], "", 1, semantic=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.intents", description=__doc__)
    parser.add_argument("labels", type=Path, help="folder of drug labels, each named by its drug")
    parser.add_argument("medquad", type=Path, help="MedQuAD file, one article per line")
    parser.add_argument("--articles", type=int, default=800, help="number of MedQuAD articles")
    options = parser.parse_args()
    labels = sorted(options.labels.glob("*.xml"))
    entries = [e for e, _ in zip(objects(options.medquad), range(options.articles), strict=False)]
    converted = [article for article in map(convert_article, entries) if article["sections"]]
    with (
        tempfile.TemporaryDirectory(prefix="kb-bench-") as folder,
        _load(Path(folder), labels, converted) as base,
    ):
        names = {base.ids[str(path)]: path.stem for path in labels if str(path) in base.ids}
        ids = {a.metadata.id: a.id for a in base.store.summaries() if a.metadata.id}
        queries = [*label_queries(base.store, names), *medquad_queries(entries, ids)]
        print_result(
            {
                **measure(base.search, queries),
                "machine": machine(),
                "versions": versions("clinical-kb", "whoosh3"),
            }
        )


if __name__ == "__main__":
    main()
