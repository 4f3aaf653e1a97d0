"""Benchmark of HTML main-content extraction against annotated pages.

``python -m bench.extraction DIR`` reads every NAME.html in a folder and compares the article with
NAME.json: ``must_keep`` and ``must_drop`` are lists of texts, ``text`` (optional) is the whole
article. A text is kept if its words, ignoring case and punctuation, occur consecutively in the
article (title, headings, blocks and captions). A review date is also kept if the metadata contains
it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ingest.metadata import find_dates
from ingest.readers.registry import read_document, split_documents
from kb.errors import SourceError
from kb.model.article import Article

_WORD = re.compile(r"\w+")
_REVIEW = re.compile(r"review|check|updat|revis", re.I)


class ExtractionResult(TypedDict):
    """Result for a folder of pages."""

    pages: int
    keep_rate: float
    drop_rate: float
    f1: float


@dataclass(frozen=True, slots=True)
class PageAnnotation:
    """Manual annotation of a page."""

    must_keep: tuple[str, ...]
    must_drop: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class PageScore:
    """Result for one page; `f1` is None if the page has no reference text."""

    name: str
    annotation: PageAnnotation
    missing: tuple[str, ...]
    retained: tuple[str, ...]
    f1: float | None


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.casefold())


def word_f1(extracted: str, truth: str) -> float:
    """Return the harmonic mean of precision and recall of the words, counting repetitions."""
    extracted_words, true_words = Counter(words(extracted)), Counter(words(truth))
    total = extracted_words.total() + true_words.total()
    return 2 * (extracted_words & true_words).total() / total if total else 1.0


def score_page(
    name: str, annotation: PageAnnotation, extracted: str, review_dates: frozenset[str]
) -> PageScore:
    """Compare an extracted text with an annotation; `review_dates` are those in the metadata."""
    whole = _normalize(extracted)
    missing = (
        text
        for text in annotation.must_keep
        if _normalize(text) not in whole and not _is_known_review(text, review_dates)
    )
    retained = (text for text in annotation.must_drop if _normalize(text) in whole)
    f1 = word_f1(extracted, annotation.text) if annotation.text else None
    return PageScore(name, annotation, tuple(missing), tuple(retained), f1)


def summarize(scores: Sequence[PageScore]) -> ExtractionResult:
    """Return the rates over all texts of all pages, and the mean F1 of the pages that have one."""
    f1s = [score.f1 for score in scores if score.f1 is not None]
    return {
        "pages": len(scores),
        "keep_rate": _compute_rate(
            sum(len(score.missing) for score in scores),
            sum(len(score.annotation.must_keep) for score in scores),
        ),
        "drop_rate": _compute_rate(
            sum(len(score.retained) for score in scores),
            sum(len(score.annotation.must_drop) for score in scores),
        ),
        "f1": round(sum(f1s) / len(f1s), 4) if f1s else 0.0,
    }


def extract_page(path: Path) -> tuple[str, frozenset[str]]:
    """Return the text that the reader extracts from a page, and its review dates."""
    for document in split_documents(path):
        try:
            if isinstance(document, SourceError):
                raise document
            article = read_document(document).result.article
        except SourceError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        return f"{article.title}\n{article.plain}", _review_dates(article)
    return "", frozenset()


def score_folder(
    folder: Path, extract: Callable[[Path], tuple[str, frozenset[str]]] = extract_page
) -> Iterator[PageScore]:
    """Score every page of a folder that has a JSON file of the same name."""
    for path in sorted(folder.glob("*.html")):
        annotation_file = path.with_suffix(".json")
        if annotation_file.exists():
            data = json.loads(annotation_file.read_text("utf-8"))
            annotation = PageAnnotation(
                tuple(data.get("must_keep", ())),
                tuple(data.get("must_drop", ())),
                data.get("text") or "",
            )
            yield score_page(path.stem, annotation, *extract(path))


def _normalize(text: str) -> str:
    return f" {' '.join(words(text))} "


def _is_known_review(text: str, review_dates: frozenset[str]) -> bool:
    return bool(_REVIEW.search(text)) and any(
        found.isoformat() in review_dates for found in find_dates(text)
    )


def _review_dates(article: Article) -> frozenset[str]:
    dates = (article.metadata.reviewed, article.metadata.review_due)
    return frozenset(score.isoformat() for score in dates if score)


def _compute_rate(missed: int, total: int) -> float:
    return round(1 - missed / total, 4) if total else 0.0


def _format_row(score: PageScore) -> str:
    kept = len(score.annotation.must_keep) - len(score.missing)
    gone = len(score.annotation.must_drop) - len(score.retained)
    f1 = "    -" if score.f1 is None else f"{score.f1:.3f}"
    return (
        f"{score.name:40.40} kept {kept:3}/{len(score.annotation.must_keep):<3} "
        f"dropped {gone:3}/{len(score.annotation.must_drop):<3} F1 {f1}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a folder; print the result to standard output and the pages to standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--verbose", action="store_true", help="list missing and retained texts")
    options = parser.parse_args(arguments)
    scores = list(score_folder(options.folder))
    if not scores:
        parser.error(f"{options.folder} contains no NAME.html with a NAME.json")
    for score in scores:
        print(_format_row(score), file=sys.stderr)
        if options.verbose:
            for label, found in (("missing", score.missing), ("retained", score.retained)):
                for text in found:
                    print(f"    {label}: {text}", file=sys.stderr)
    print(json.dumps(summarize(scores)))


if __name__ == "__main__":
    main()
