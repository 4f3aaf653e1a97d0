"""How well the article of a page is found: what must be kept, what must go, and the text itself.

``python -m bench.extraction DIR`` reads every NAME.html of a folder with the reader of the program
and compares the article with NAME.json: ``must_keep`` and ``must_drop`` are lists of pieces of
text, ``text`` (optional) is the whole article. A piece is kept when its words, in small letters and
without marks, stand one after the other in the article: title, headings, blocks and captions. A
review date counts as kept also when the piece is about a review and the metadata holds its date.
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
    """What is told of a folder of pages."""

    pages: int
    keep_rate: float
    drop_rate: float
    f1: float


@dataclass(frozen=True, slots=True)
class PageAnnotation:
    """What a person marked on a page."""

    must_keep: tuple[str, ...]
    must_drop: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class PageScore:
    """What became of one page; `f1` is None where the page has no reference text."""

    name: str
    marked: PageAnnotation
    lost: tuple[str, ...]
    left: tuple[str, ...]
    f1: float | None


def words(text: str) -> list[str]:
    """Return the words of a text in small letters."""
    return _WORD.findall(text.casefold())


def word_f1(extracted: str, truth: str) -> float:
    """Return the harmonic mean of precision and recall of the words, each as often as it stands."""
    ours, theirs = Counter(words(extracted)), Counter(words(truth))
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else 1.0


def score_page(
    name: str, marked: PageAnnotation, extracted: str, review_dates: frozenset[str]
) -> PageScore:
    """Compare an extracted text with what was marked; `review_dates` are those of the metadata."""
    whole = _normalize(extracted)
    lost = (
        piece
        for piece in marked.must_keep
        if _normalize(piece) not in whole and not _is_known_review(piece, review_dates)
    )
    left = (piece for piece in marked.must_drop if _normalize(piece) in whole)
    f1 = word_f1(extracted, marked.text) if marked.text else None
    return PageScore(name, marked, tuple(lost), tuple(left), f1)


def summarize(scores: Sequence[PageScore]) -> ExtractionResult:
    """Sum up: rates over all pieces of all pages, F1 as the mean over the pages that have it."""
    f1s = [each.f1 for each in scores if each.f1 is not None]
    return {
        "pages": len(scores),
        "keep_rate": _rate(
            sum(len(each.lost) for each in scores),
            sum(len(each.marked.must_keep) for each in scores),
        ),
        "drop_rate": _rate(
            sum(len(each.left) for each in scores),
            sum(len(each.marked.must_drop) for each in scores),
        ),
        "f1": round(sum(f1s) / len(f1s), 4) if f1s else 0.0,
    }


def extract_page(path: Path) -> tuple[str, frozenset[str]]:
    """Return the text of a page as the program reads it, and the review dates it found."""
    for piece in split_documents(path):
        try:
            if isinstance(piece, SourceError):
                raise piece
            article = read_document(piece).result.article
        except SourceError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        return f"{article.title}\n{article.plain}", _review_dates(article)
    return "", frozenset()


def score_folder(
    folder: Path, extract: Callable[[Path], tuple[str, frozenset[str]]] = extract_page
) -> Iterator[PageScore]:
    """Score every page of a folder that stands beside a JSON file."""
    for path in sorted(folder.glob("*.html")):
        beside = path.with_suffix(".json")
        if beside.exists():
            found = json.loads(beside.read_text("utf-8"))
            marked = PageAnnotation(
                tuple(found.get("must_keep", ())),
                tuple(found.get("must_drop", ())),
                found.get("text") or "",
            )
            yield score_page(path.stem, marked, *extract(path))


def _normalize(text: str) -> str:
    return f" {' '.join(words(text))} "


def _is_known_review(piece: str, review_dates: frozenset[str]) -> bool:
    return bool(_REVIEW.search(piece)) and any(
        found.isoformat() in review_dates for found in find_dates(piece)
    )


def _review_dates(article: Article) -> frozenset[str]:
    dates = (article.metadata.reviewed, article.metadata.review_due)
    return frozenset(each.isoformat() for each in dates if each)


def _rate(missed: int, all_of_them: int) -> float:
    return round(1 - missed / all_of_them, 4) if all_of_them else 0.0


def _format_row(each: PageScore) -> str:
    kept = len(each.marked.must_keep) - len(each.lost)
    gone = len(each.marked.must_drop) - len(each.left)
    f1 = "    -" if each.f1 is None else f"{each.f1:.3f}"
    return (
        f"{each.name:40.40} kept {kept:3}/{len(each.marked.must_keep):<3} "
        f"dropped {gone:3}/{len(each.marked.must_drop):<3} F1 {f1}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a folder; the result on standard output, the pages on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--verbose", action="store_true", help="list what was lost and what stayed")
    options = parser.parse_args(arguments)
    scores = list(score_folder(options.folder))
    if not scores:
        parser.error(f"{options.folder} holds no NAME.html beside a NAME.json")
    for each in scores:
        print(_format_row(each), file=sys.stderr)
        if options.verbose:
            for label, found in (("lost", each.lost), ("stayed", each.left)):
                for piece in found:
                    print(f"    {label}: {piece}", file=sys.stderr)
    print(json.dumps(summarize(scores)))


if __name__ == "__main__":
    main()
