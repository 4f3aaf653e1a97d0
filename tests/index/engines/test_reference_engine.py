"""The reference engine passes the contract tests, and its scores are BM25."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from index.engine import Engine
from tests.index.builders import DIGEST, build, document, search
from tests.index.engines.contract import EngineContract
from tests.index.engines.reference_engine import ReferenceEngine


class TestReferenceEngine(EngineContract):
    @staticmethod
    def open(place: Path, digest: str = DIGEST) -> Engine:
        return ReferenceEngine(place, digest)

    def test_score_equals_manually_computed_bm25f(self, engine: Engine) -> None:
        build(engine, document("a.1", "gout gout rest"), document("b.1", "ice"), document("c.1"))

        (group,) = search(engine, "gout").groups

        idf = math.log(3 / (1 + 1)) + 1
        norm = 0.25 + 0.75 * 3 / (4 / 3)
        assert group.score == pytest.approx(idf * 2 * 2.2 / (2 + 1.2 * norm))
