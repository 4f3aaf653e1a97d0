"""Converter from MedQuAD to article JSON Lines for `kb add`.

MedQuAD (Ben Abacha and Demner-Fushman 2019, CC BY 4.0) has 47,457 questions and answers from NIH
sites. The input has one article per line, ``{id, title, source, url, sections: [{id, type,
question, text}]}``. The question becomes the heading of the section. Sections without text, and
articles without any text, are skipped and counted.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.jsonlines import log, objects, write_objects

KEPT_KEYS = ("id", "title", "source", "url")


def convert_article(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the article of one line, with the sections that have text."""
    sections = [
        {"heading": section["question"], "text": section["text"]}
        for section in entry["sections"]
        if section["text"].strip()
    ]
    return {key: entry[key] for key in KEPT_KEYS if key in entry} | {"sections": sections}


def convert_articles(source: Path, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield the articles of a MedQuAD file; count those read and skipped in `counts`."""
    for entry in objects(source):
        converted = convert_article(entry)
        counts["articles read"] += 1
        counts["sections without text"] += len(entry["sections"]) - len(converted["sections"])
        if not converted["sections"]:
            counts["articles without text"] += 1
        else:
            counts["sections written"] += len(converted["sections"])
            yield converted


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.medquad", description=__doc__)
    parser.add_argument("source", type=Path, help="MedQuAD file, one article per line")
    parser.add_argument("target", type=Path, help="JSON Lines file to write")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    counts["articles written"] = write_objects(
        options.target, convert_articles(options.source, counts)
    )
    log(", ".join(f"{name}: {count:,}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
