"""The report contains the figures of the results."""

from __future__ import annotations

from bench.report import tables


def test_result_becomes_two_tables() -> None:
    def contestant(ms: float) -> dict[str, object]:
        return {
            "index_cpu_s": 2.0,
            "bytes": 3_000_000,
            "classes": {"or2": {"p50_ms": ms, "p99_ms": 2 * ms}},
        }

    lines = tables(
        {
            "passages": 1000,
            "queries": {"or2": 40},
            "contestants": {"ours": contestant(0.5), "peer": contestant(1.0)},
            "ratios": {"or2": {"peer": 2.0}},
        }
    ).splitlines()

    assert "| or2 | 0.50 (1.0) | 1.00 (2.0) |" in lines
    assert "| MB | 3.0 | 3.0 |" in lines
    assert lines[-1] == "| or2 | 2.00 |"
