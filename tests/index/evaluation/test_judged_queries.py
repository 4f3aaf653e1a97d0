"""Typical staff queries over the sample articles.

`judged.csv` contains the passages that a reader of the articles considers correct, chosen before
looking at search results. The floors are slightly below the measured values, so that they detect
regressions but not changed ties. A change that improves a metric raises its floor.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from index.engines import open_engine
from index.evaluation.judgments import find_targets, read_judgments
from index.evaluation.metrics import QueryOutcome, SearchMetrics, compute_metrics, evaluate
from index.indexer import Indexer
from index.search.service import SearchService
from ingest.pipeline import ingest
from kb.model.taxonomy import load_taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor

JUDGED = Path(__file__).with_name("judged.csv")
SAMPLES = "79fff0b7bffb"  # digest of the articles that were judged
APART = ("misspelt", "synonym")


@dataclass(frozen=True)
class Floors:
    """Minimum shares of queries ranked first and among three, and minimum MRR."""

    first: float
    in_three: float
    mrr: float


EVERYDAY = Floors(first=0.76, in_three=0.91, mrr=0.85)
MISSPELT_AND_SYNONYMS = Floors(first=0.6, in_three=0.84, mrr=0.71)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[QueryOutcome, ...]:
    settings = Settings(home=tmp_path_factory.mktemp("judged"))
    store = ArticleStore.create(settings.database_url)
    taxonomy = load_taxonomy()
    sources = [str(files("kb") / "samples")]
    for added in ingest(
        sources, store, taxonomy, publish=True, topics=(), jobs=1, actor=Actor("test")
    ):
        assert added.error is None
    engine = open_engine(settings.engine_url, taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    wanted = find_targets(JUDGED, read_judgments(JUDGED), store)
    run = evaluate(JUDGED, wanted, SearchService(store, engine, taxonomy).search)
    store.close()
    return run.outcomes


def test_judgments_refer_to_sample_articles() -> None:
    """When the samples change, review `judged.csv`, then update the digest here."""
    folder = Path(str(files("kb") / "samples"))
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())

    assert digest.hexdigest()[:12] == SAMPLES


def test_everyday_queries_reach_minimum_metrics(outcomes: tuple[QueryOutcome, ...]) -> None:
    everyday = [outcome for outcome in outcomes if outcome.group not in APART]

    assert len(everyday) >= 60
    _hold(compute_metrics(everyday), EVERYDAY, everyday)


def test_misspelt_and_synonym_queries_reach_minimum_metrics(
    outcomes: tuple[QueryOutcome, ...],
) -> None:
    apart = [outcome for outcome in outcomes if outcome.group in APART]

    assert len(apart) >= 30
    _hold(compute_metrics(apart), MISSPELT_AND_SYNONYMS, apart)


def _hold(found: SearchMetrics, floors: Floors, outcomes: list[QueryOutcome]) -> None:
    astray = [f"{o.query} ({o.expected}): {o.rank}" for o in outcomes if not o.is_within]
    assert found.first / found.queries >= floors.first, astray
    assert found.in_three / found.queries >= floors.in_three, astray
    assert found.mrr >= floors.mrr, astray
