"""BEIR folders and MedQuAD files, and their metrics through the real search."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench import beir, known_item, medquad, relevance
from bench.loading import load_articles

CORPUS = [
    {"_id": "1", "title": "Warfarin", "text": "Warfarin thins the blood. Check the INR often."},
    {"_id": "2", "title": "", "text": "Inhalers open the airways in asthma."},
    {"_id": "3", "title": "Gout", "text": "Uric acid forms crystals in a joint."},
]
QUERIES = [
    {"_id": "q1", "text": "blood thinning INR"},
    {"_id": "q2", "text": "asthma airways"},
    {"_id": "q3", "text": "nothing relevant"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\t1\t2\nq2\t2\t1\nq3\t3\t0\n"


def write_lines(path: Path, entries: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), "utf-8")


@pytest.fixture(params=["qrels.tsv", "qrels/test.tsv"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_lines(tmp_path / "corpus.jsonl", CORPUS)
    write_lines(tmp_path / "queries.jsonl", QUERIES)
    path = tmp_path / request.param
    path.parent.mkdir(exist_ok=True)
    path.write_text(QRELS, "utf-8")
    return tmp_path


def test_queries_without_a_relevant_document_are_skipped_and_counted(folder: Path) -> None:
    task = beir.read_task(folder)
    assert list(task.queries) == ["q1", "q2"]
    assert task.judgements == {"q1": {"1": 2}, "q2": {"2": 1}}
    assert task.skipped == 1


def test_sample_is_reproducible_by_seed(folder: Path) -> None:
    task = beir.read_task(folder)
    assert task.sample(1, 7) == task.sample(1, 7)
    assert len(task.sample(1, 7).queries) == 1
    assert task.sample(5, 7) is task


def test_document_without_title_gets_unique_placeholder(folder: Path) -> None:
    assert [entry["title"] for entry in beir.articles(folder)] == ["Warfarin", "untitled2", "Gout"]


def test_relevance_is_measured_through_search(folder: Path) -> None:
    task = beir.read_task(folder)
    with load_articles(beir.articles(folder), "", jobs=1) as base:
        found = relevance.measure(base.search, task)
    assert base.rejected == ()
    assert (found["ndcg@10"], found["recall@100"], found["mrr@10"]) == (1.0, 1.0, 1.0)
    assert found["refused"] == 0


def test_rejected_query_counts_as_zero() -> None:
    judgements = {"q1": {"1": 1}, "q2": {"2": 1}}
    found = relevance.means({"q1": ["1"], "q2": []}, judgements)
    assert found == {"ndcg@10": 0.5, "recall@100": 0.5, "mrr@10": 0.5}


MEDQUAD = {
    "id": "G1",
    "title": "Gout",
    "source": "NIH",
    "url": "https://example.org/gout",
    "sections": [
        {"id": "1", "type": "information", "question": "What is gout ?", "text": "A disease."},
        {"id": "2", "type": "causes", "question": "What causes gout ?", "text": "Uric acid."},
        {"id": "3", "type": "outlook", "question": "What is the outlook ?", "text": " "},
    ],
}


def test_medquad_sections_become_headings(tmp_path: Path) -> None:
    source = tmp_path / "medquad.jsonl"
    write_lines(source, [MEDQUAD, MEDQUAD | {"id": "G2", "sections": []}])
    counts: Counter[str] = Counter()
    assert list(medquad.convert_articles(source, counts)) == [
        {
            "id": "G1",
            "title": "Gout",
            "source": "NIH",
            "url": "https://example.org/gout",
            "sections": [
                {"heading": "What is gout ?", "text": "A disease."},
                {"heading": "What causes gout ?", "text": "Uric acid."},
            ],
        }
    ]
    assert counts["sections written"] == 2
    assert counts["articles without text"] == 1


def test_question_finds_its_section(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    write_lines(path, [medquad.convert_article(MEDQUAD)])
    wanted = known_item.items(path)
    assert [item.question for item in wanted] == ["What is gout ?", "What causes gout ?"]
    with load_articles(known_item.objects(path), "", jobs=1) as base:
        found = known_item.measure(base.search, wanted[1:])
    assert (found["hits@1"], found["article"]["hits@1"]) == (1.0, 1.0)


def test_rates() -> None:
    found = known_item.rates([1, 2, 0, 4])
    assert found == {"hits@1": 0.25, "hits@10": 0.75, "mrr@10": 0.4375}
