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
from bench.tagging import Section, first_class_tags, load_sections, predict_tags, report
from ingest.tagging.category_classifier import WEIGHTS_FILE, CategoryClassifier, extract_features
from ingest.tagging.tagger import Tagger
from kb.model.taxonomy import Taxonomy, load_taxonomy

TEXTS = Path(__file__).with_name("tagging_texts")
PRIOR = 0.5  # texts; Jeffreys' prior
MIN_TEXTS = 3  # what stands in fewer texts says more of them than of a subject
HEADER = """\
# How much oftener texts of a facet have a word, or a pair of neighbours, than other texts: the
# natural logarithm of the ratio. Words are stems, 0 is any number.
# Written by `python -m bench.wording`, not by hand.
# Learned from bench/tagging_texts, SHA-256 {digest}
"""


def list_texts() -> list[Path]:
    """Return the files that are learned from."""
    return sorted(TEXTS.glob("*.jsonl"))


def texts_digest() -> str:
    """Return the SHA-256 of all that is learned from."""
    found = hashlib.sha256()
    for path in list_texts():
        found.update(path.read_bytes())
    return found.hexdigest()


def train(labelled: Sequence[Section], names: Sequence[str]) -> CategoryClassifier:
    """Return the weights for the facets `names` that the sections speak for."""
    counted = [(set(extract_features(section.text)), section.tags) for section in labelled]
    times = Counter(feature for found, _ in counted for feature in found)
    kept = sorted(feature for feature, count in times.items() if count >= MIN_TEXTS)
    columns = [list(_column_weights(counted, kept, name)) for name in names]
    return CategoryClassifier(
        tuple(names), dict(zip(kept, zip(*columns, strict=True), strict=True))
    )


def _column_weights(
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


def cross_validate(
    labelled: Sequence[Section], taxonomy: Taxonomy, *, headings: bool
) -> Iterator[tuple[str, tuple[frozenset[str], tuple[str, ...]]]]:
    """Yield (kind, (truth, told)) of each section, by weights learned from the other kinds."""
    names = first_class_tags(taxonomy)
    for kind in sorted({section.source for section in labelled}):
        others = [section for section in labelled if section.source != kind]
        tagger = Tagger(taxonomy, train(others, names))
        for section in labelled:
            if section.source == kind:
                heading = section.heading if headings else ""
                yield kind, (section.tags, predict_tags(tagger, taxonomy, heading, section.text))


def write_weights(wording: CategoryClassifier, path: Path) -> None:
    """Write the weights, one feature to a line."""
    lines = ["\t".join((feature, *(f"{w:g}" for w in row))) for feature, row in wording.rows()]
    header = "\t".join(("feature", *wording.categories))
    path.write_text(
        HEADER.format(digest=texts_digest()) + "\n".join((header, *lines)) + "\n", encoding="utf-8"
    )


def main() -> None:
    argparse.ArgumentParser(prog="python -m bench.wording", description=__doc__).parse_args()
    taxonomy = load_taxonomy()
    labelled = [section for path in list_texts() for section in load_sections(path, taxonomy)]
    tell(f"{len(labelled):,} sections; each kind tagged by what the others teach")
    names = first_class_tags(taxonomy)
    result = {
        "sections": len(labelled),
        **report(cross_validate(labelled, taxonomy, headings=True), names),
        "text_only": report(cross_validate(labelled, taxonomy, headings=False), names),
    }
    wording = train(labelled, names)
    write_weights(wording, WEIGHTS_FILE)
    print_result({**result, "features": len(wording), "written": WEIGHTS_FILE.name})


if __name__ == "__main__":
    main()
