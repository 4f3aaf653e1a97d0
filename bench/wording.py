"""Learn the weights of `ingest.tagging.category_classifier`, and tell how they do on kinds of text not learned from.

The texts are those of ``bench/tagging_texts``, written for this by people who had not seen the
taxonomy's cues; each file is a kind of source (discharge instructions, labels, leaflets and so on).
A feature's weight for a facet is the logarithm of how much oftener the texts of the facet have it
than the others do, with half a text added to each count, so that what was never seen on one side
is no proof (Jeffreys' prior). First each kind is tagged with weights learned from the other kinds:
the figures printed are of these. Then those of all kinds go to ``ingest/data/category-weights.tsv``.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.jsonlines import print_result, tell
from bench.tagging import Section, facets, report, sections, told
from ingest.tagging.category_classifier import WEIGHTS, FacetClassifier, features
from ingest.tagging.tagger import Tagger
from kb.model.taxonomy import Taxonomy, load_taxonomy

TEXTS = Path(__file__).with_name("tagging_texts")
PRIOR = 0.5  # texts; Jeffreys' prior
LEAST_TEXTS = 3  # what stands in fewer texts says more of them than of a subject
HEADER = """\
# How much oftener texts of a facet have a word, or a pair of neighbours, than other texts: the
# natural logarithm of the ratio. Words are stems, 0 is any number.
# Written by `python -m bench.wording`, not by hand.
# Learned from bench/tagging_texts, SHA-256 {digest}
"""


def texts() -> list[Path]:
    """Return the files that are learned from."""
    return sorted(TEXTS.glob("*.jsonl"))


def digest() -> str:
    """Return the SHA-256 of all that is learned from."""
    found = hashlib.sha256()
    for path in texts():
        found.update(path.read_bytes())
    return found.hexdigest()


def learned(labelled: Sequence[Section], names: Sequence[str]) -> FacetClassifier:
    """Return the weights for the facets `names` that the sections speak for."""
    counted = [(set(features(section.text)), section.tags) for section in labelled]
    times = Counter(feature for found, _ in counted for feature in found)
    kept = sorted(feature for feature, count in times.items() if count >= LEAST_TEXTS)
    columns = [list(_column(counted, kept, name)) for name in names]
    return FacetClassifier(tuple(names), dict(zip(kept, zip(*columns, strict=True), strict=True)))


def _column(
    counted: Sequence[tuple[set[str], frozenset[str]]], kept: Sequence[str], name: str
) -> Iterator[float]:
    """Yield the weight of each feature of `kept` for one facet."""
    inside, outside = Counter[str](), Counter[str]()
    for found, tags in counted:
        (inside if name in tags else outside).update(found)
    prior = PRIOR * len(kept)
    all_inside = sum(inside[feature] for feature in kept) + prior
    all_outside = sum(outside[feature] for feature in kept) + prior
    for feature in kept:
        share = (inside[feature] + PRIOR) / all_inside
        yield round(math.log(share / ((outside[feature] + PRIOR) / all_outside)), 2)


def tagged_unseen(
    labelled: Sequence[Section], taxonomy: Taxonomy, *, headings: bool
) -> Iterator[tuple[str, tuple[frozenset[str], tuple[str, ...]]]]:
    """Yield (kind, (truth, told)) of each section, by weights learned from the other kinds."""
    names = facets(taxonomy)
    for kind in sorted({section.source for section in labelled}):
        others = [section for section in labelled if section.source != kind]
        tagger = Tagger(taxonomy, learned(others, names))
        for section in labelled:
            if section.source == kind:
                heading = section.heading if headings else ""
                yield kind, (section.tags, told(tagger, taxonomy, heading, section.text))


def write(wording: FacetClassifier, path: Path) -> None:
    """Write the weights, one feature to a line."""
    lines = ["\t".join((feature, *(f"{w:g}" for w in row))) for feature, row in wording.rows()]
    header = "\t".join(("feature", *wording.facets))
    path.write_text(
        HEADER.format(digest=digest()) + "\n".join((header, *lines)) + "\n", encoding="utf-8"
    )


def main() -> None:
    argparse.ArgumentParser(prog="python -m bench.wording", description=__doc__).parse_args()
    taxonomy = load_taxonomy()
    labelled = [section for path in texts() for section in sections(path, taxonomy)]
    tell(f"{len(labelled):,} sections; each kind tagged by what the others teach")
    names = facets(taxonomy)
    result = {
        "sections": len(labelled),
        **report(tagged_unseen(labelled, taxonomy, headings=True), names),
        "text_only": report(tagged_unseen(labelled, taxonomy, headings=False), names),
    }
    wording = learned(labelled, names)
    write(wording, WEIGHTS)
    print_result({**result, "features": len(wording), "written": WEIGHTS.name})


if __name__ == "__main__":
    main()
