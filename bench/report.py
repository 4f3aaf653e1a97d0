"""Formats results of `bench.speed` as tables and a plot for docs/speed.md.

    python -m bench.report RESULT.json ... [--plot FILE.svg]

Each result becomes a table of medians in milliseconds (99th percentile in parentheses), and a table
of the peers' medians as multiples of ours. The plot has a panel for each result with the median of
each class by engine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.contestants import OURS

Result = Mapping[str, Any]


def tables(result: Result) -> str:
    """Return the tables of one result in Markdown."""
    contestants: Mapping[str, Mapping[str, Any]] = result["contestants"]
    names = list(contestants)
    peers = [name for name in names if name != OURS]
    lines = [f"{result['passages']:,} passages; milliseconds, p50 (p99):", ""]
    lines += _head(["", *names])
    for each in result["queries"]:
        found = [contestants[name]["classes"].get(each) for name in names]
        lines.append(_row([each, *map(_times, found)]))
    for label, key, unit in (("index, CPU s", "index_cpu_s", 1), ("MB", "bytes", 1e6)):
        lines.append(_row([label, *(f"{contestants[n][key] / unit:.1f}" for n in names)]))
    lines += ["", "Median of the other engine divided by ours (above 1, ours is faster):", ""]
    lines += _head(["", *peers])
    for each, ratios in result["ratios"].items():
        lines.append(_row([each, *(f"{ratios[p]:.2f}" if p in ratios else "-" for p in peers)]))
    return "\n".join(lines)


def plot(results: Sequence[Result], path: Path) -> None:
    """Draw the medians of all classes with a panel for each result."""
    pyplot = import_module("matplotlib.pyplot")
    names = list(dict.fromkeys(name for result in results for name in result["contestants"]))
    figure, axes = pyplot.subplots(1, len(results), figsize=(7 * len(results), 6), squeeze=False)
    for axis, result in zip(axes[0], results, strict=True):
        classes = list(result["queries"])
        for name, contestant in result["contestants"].items():
            found = [contestant["classes"].get(each, {}).get("p50_ms") for each in classes]
            rows = [row for row, value in enumerate(found) if value is not None]
            color = f"C{names.index(name)}"  # the same in every panel
            axis.plot([found[row] for row in rows], rows, "o", label=name, color=color)
        axis.set_yticks(range(len(classes)), classes)
        axis.invert_yaxis()
        axis.set_xscale("log")
        axis.xaxis.set_minor_formatter("")
        axis.set_xlabel("milliseconds, median")
        axis.set_title(f"{result['passages']:,} passages")
        axis.grid(visible=True, which="both", alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path)


def _times(found: Mapping[str, float] | None) -> str:
    return f"{found['p50_ms']:.2f} ({found['p99_ms']:.1f})" if found else "-"


def _head(cells: Sequence[str]) -> list[str]:
    return [_row(cells), "|" + "---|" * len(cells)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--plot", type=Path, help="output file of the plot; requires matplotlib")
    options = parser.parse_args()
    results = [json.loads(path.read_text("utf-8")) for path in options.results]
    print("\n\n".join(tables(result) for result in results))
    if options.plot:
        plot(results, options.plot)


if __name__ == "__main__":
    main()
