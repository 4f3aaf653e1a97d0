"""MedQuAD's lines as article JSON Lines that `kb add` reads.

MedQuAD (Ben Abacha and Demner-Fushman 2019, CC BY 4.0) is 47,457 questions and answers from NIH
sites. Expected is one article to a line, ``{id, title, source, url, sections: [{id, type,
question, text}]}``; the question becomes the section's heading. Nothing else is changed: sections
without text are left out, and so are articles without any other; each is counted.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.jsonlines import objects, tell, write_objects

KEPT = ("id", "title", "source", "url")


def article(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the article of one line; its sections are those that have text."""
    sections = [
        {"heading": section["question"], "text": section["text"]}
        for section in entry["sections"]
        if section["text"].strip()
    ]
    return {key: entry[key] for key in KEPT if key in entry} | {"sections": sections}


def articles(source: Path, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield the articles of a MedQuAD file, counting what was read and what was left out."""
    for entry in objects(source):
        converted = article(entry)
        counts["articles read"] += 1
        counts["sections without text"] += len(entry["sections"]) - len(converted["sections"])
        if not converted["sections"]:
            counts["articles without text"] += 1
        else:
            counts["sections written"] += len(converted["sections"])
            yield converted


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.medquad", description=__doc__)
    parser.add_argument("source", type=Path, help="MedQuAD, one article to a line")
    parser.add_argument("target", type=Path, help="the article JSON Lines to write")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    counts["articles written"] = write_objects(options.target, articles(options.source, counts))
    tell(", ".join(f"{name}: {count:,}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
