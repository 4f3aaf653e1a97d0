"""Benchmark of tagging against labelled sections, with the built-in taxonomy.

A line is ``{heading, text, tags, source}``; `tags` lists the categories of the section
(``long_term_care`` equals ``long-term-care``), ``[]`` if it has none. Each section is tagged as one
passage with its heading. A tag below a category counts for the category, as in a search.
``text_only`` is the result without headings. Labels may be sparse for a source, so check `support`
before relying on a score.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.classification import Judged, macro_f1, scores
from bench.jsonlines import log, objects, print_result
from bench.machine import machine, versions
from bench.timing import timed
from ingest.tagging.tagger import Tagger
from kb.model.article import paragraph
from kb.model.passage import Passage
from kb.model.taxonomy import Taxonomy, load_taxonomy


@dataclass(frozen=True, slots=True)
class Section:
    """A labelled section."""

    heading: str
    text: str
    tags: frozenset[str]
    source: str


def load_sections(path: Path, taxonomy: Taxonomy) -> Iterator[Section]:
    """Yield the sections of a file. Raises `ValueError` for a tag that is not a category."""
    known = first_class_tags(taxonomy)
    for entry in objects(path):
        tags = frozenset(tag.replace("_", "-") for tag in entry["tags"])
        if not tags <= set(known):
            raise ValueError(f"{path}: {sorted(tags)} are not among {', '.join(known)}")
        yield Section(entry["heading"], entry["text"], tags, entry["source"])


def first_class_tags(taxonomy: Taxonomy) -> list[str]:
    """Return the keys of the categories, which are the first-class tags of the taxonomy."""
    return [tag.key for tag in taxonomy if tag.first_class]


def predict_tags(tagger: Tagger, taxonomy: Taxonomy, heading: str, text: str) -> tuple[str, ...]:
    """Return the tags of a passage with this heading and text, including their ancestors."""
    path = (heading,) if heading else ()
    passage = Passage(heading_path=path, blocks=(paragraph(text),))
    return taxonomy.with_ancestors(tag.tag for tag in tagger.tag_passage(passage))


def report(judged: Iterable[tuple[str, Judged]], labels: Sequence[str]) -> dict[str, Any]:
    """Return the scores over all (source, prediction) pairs and per source."""
    by_source: dict[str, list[Judged]] = defaultdict(list)
    for source, pair in judged:
        by_source[source].append(pair)
    every = [pair for pairs in by_source.values() for pair in pairs]
    tags = {label: scores(every, label) for label in labels}
    return {
        "macro_f1": macro_f1(tags.values()),
        "tags": tags,
        "sources": {
            source: {label: scores(pairs, label) for label in labels}
            for source, pairs in sorted(by_source.items())
        },
    }


def measure(labelled: Sequence[Section], taxonomy: Taxonomy, *, headings: bool) -> dict[str, Any]:
    """Tag all sections, with or without their headings, and return the scores."""
    tagger = Tagger(taxonomy)
    judged = []
    for section in labelled:
        heading = section.heading if headings else ""
        found = predict_tags(tagger, taxonomy, heading, section.text)
        judged.append((section.source, (section.tags, found)))
    return report(judged, first_class_tags(taxonomy))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.tagging", description=__doc__)
    parser.add_argument("file", type=Path, help="labelled sections, one per line")
    options = parser.parse_args()
    about = {"machine": machine(), "versions": versions("clinical-kb")}
    taxonomy = load_taxonomy()
    labelled = list(load_sections(options.file, taxonomy))
    if not labelled:
        raise SystemExit(f"{options.file} contains no sections.")
    log(f"tagging {len(labelled):,} sections, with and without headings")
    with_headings, seconds = timed(lambda: measure(labelled, taxonomy, headings=True))
    text_only = measure(labelled, taxonomy, headings=False)
    print_result(
        {
            "sections": len(labelled),
            **with_headings,
            "text_only": text_only,
            "sections_per_second": round(len(labelled) / seconds),
            **about,
        }
    )


if __name__ == "__main__":
    main()
