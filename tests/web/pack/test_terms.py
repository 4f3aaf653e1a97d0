"""What the search of a pack reads: the site's own stems, scores and other names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.analysis import stem_of
from index.answer import SearchRequest
from index.document import documents
from kb.taxonomy import Taxonomy
from tests.kb.building import save
from tests.web.pack.conftest import FewNames
from web.pack import terms
from web.pack.terms import Place, Terms, texts
from web.site import Site


def value(pack: Path, name: str) -> Any:
    written = (pack / "data" / f"{name}.js").read_text("utf-8")
    return json.loads(written.partition(",")[2].removesuffix(");\n"))


def scores(pack: Path, word: str) -> dict[int, float]:
    """Return the scores of a word by the number of the passage."""
    found: dict[int, float] = {}
    number = -1
    stem = stem_of(word)
    starts = value(pack, "words")["starts"]
    part = max(at for at, start in enumerate(starts) if start <= stem)
    numbers = [int(digits, 36) for digits in value(pack, f"words-{part}")[stem].split(" ")]
    for step, score in zip(numbers[::2], numbers[1::2], strict=True):
        number += step
        found[number] = score / 100
    return found


@pytest.mark.parametrize("word", ["gout", "warfarin", "bleeding", "reaction", "diet"])
def test_a_word_counts_what_it_counts_on_the_site(
    sample_pack: Path, sample_site: Site, word: str
) -> None:
    places = [line for at in range(len(value(sample_pack, "texts"))) for line in
              value(sample_pack, f"texts-{at}")]  # fmt: skip
    articles = [line[0] for line in value(sample_pack, "articles")]
    best: dict[str, float] = {}
    for number, score in scores(sample_pack, word).items():
        article = articles[places[number][0]]
        best[article] = max(score, best.get(article, 0.0))
    answer = sample_site.search.search(SearchRequest(q=word, limit=50, literal=True))
    assert {hit.article.id for hit in answer.hits} == set(best)
    for hit in answer.hits:
        assert hit.score == pytest.approx(best[hit.article.id], abs=0.006)


def test_other_names_are_those_that_an_article_has(sample_pack: Path) -> None:
    names = value(sample_pack, "names")
    others = {key: [name for name, _, _ in found] for key, found in names["others"].items()}
    assert "heart attack" in others["mi"]
    assert "haemorrhag" in others["bleed"] or "hemorrhag" in others["bleed"]
    assert all(" ".join(key.split()) == key for key in others)
    assert names["places"]["heart attack"]


def test_large_files_are_cut_into_parts(
    taxonomy: Taxonomy, empty_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "PART_MOST", 300)
    save(empty_store, "Gout", *(("Care", f"Rest number{n} of the joint.") for n in range(30)))
    record = empty_store.article("gout")
    found = Terms(FewNames())
    for document in documents(record, taxonomy):
        found.add(document)
    files = dict(found.files())
    parts = [files[f"words-{at}"] for at in range(len(files["words"]["starts"]))]
    assert len(parts) > 1
    assert (
        [min(part) for part in parts]
        == files["words"]["starts"]
        == sorted(files["words"]["starts"])
    )
    assert sum(map(len, parts)) == len({stem for part in parts for stem in part})
    held = dict(texts([Place(0, one, ()) for one in record.passages]))
    assert sum(len(part) for name, part in held.items() if name != "texts") == 30
    assert held["texts"][0] == 0
    assert len(held["texts"]) == len(held) - 1 > 1


def test_no_article_makes_an_empty_index() -> None:
    files = dict(Terms(FewNames()).files())
    assert files["forms"] == ""
    assert files["words"]["starts"] == []
    assert dict(texts([])) == {"texts": []}
