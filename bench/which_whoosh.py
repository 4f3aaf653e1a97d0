"""Which Whoosh: distributions of it side by side, on the same passages and queries.

Each ``--python NAME=EXECUTABLE`` is an interpreter that has one distribution installed; each runs
`bench.whoosh_trial` in a process of its own, and all are asked in turns, query by query. Told are:

- whether it imports with every DeprecationWarning an error, compiled afresh;
- processor seconds of indexing; medians and errors of queries by class;
- whether a refreshed searcher answers like a fresh one after each of 40 commits that replace and
  delete documents, and how often its answer had deleted ones;
- what it depends on, and whether it says that it is typed.

What it led to: ``docs/decisions/0001-whoosh-distribution.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.contestants.ours import typed
from bench.corpus import SAMPLES, real
from bench.growth import sized
from bench.jsonlines import print_result, tell
from bench.machine import machine, versions
from bench.probes import Operator, Probe, Probes

TRIAL = Path(__file__).with_name("whoosh_trial.py")
CLASSES = ("frequent", "rare", "or2", "and2", "phrase", "prefix")
MODULES = (
    "analysis", "collectors", "columns", "fields", "filedb.filestore", "index", "qparser", "query",
    "scoring", "util.filelock",
)  # fmt: skip


class Distribution:
    """A process with one distribution of Whoosh."""

    def __init__(self, executable: str, corpus: Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            [executable, str(TRIAL), str(corpus), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_clean_environment(),
        )

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command and wait for the answer."""
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("opened with pipes")
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the trial ended at {command!r}; its standard error says why")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Let the process end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=30)


def import_complaint(executable: str, folder: Path) -> str:
    """Return the last line of what a strict import says, or an empty text when it is clean."""
    # What is compiled already warns of nothing: the compiled files go to a folder of their own.
    command = [executable, "-X", f"pycache_prefix={folder}", "-W", "error::DeprecationWarning"]
    done = subprocess.run(
        [*command, "-c", "import " + ", ".join(f"whoosh.{name}" for name in MODULES)],
        capture_output=True,
        text=True,
        env=_clean_environment(),
        check=False,
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def query_text(probe: Probe) -> str:
    """Return a query in Whoosh's own language."""
    return " OR ".join(probe.words) if probe.operator is Operator.ANY else typed(probe)


def compared(
    distributions: Mapping[str, Distribution], classes: Mapping[str, Sequence[Probe]]
) -> dict[str, dict[str, Any]]:
    """Ask all queries of all, in turns; return medians, errors and differing answers by class."""
    names = list(distributions)
    report: dict[str, dict[str, Any]] = {name: {} for name in names}
    number = 0
    for kind, probes in classes.items():
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for _ in probes:
            for turn in range(len(names)):
                name = names[(number + turn) % len(names)]
                answers[name].append(distributions[name].ask(f"query {number}"))
            number += 1
        for name in names:
            report[name][kind] = _told(answers[name], answers[names[0]])
    return report


def _told(answers: Sequence[Mapping[str, Any]], of_first: Sequence[Mapping[str, Any]]) -> Any:
    seconds = [answer["seconds"] for answer in answers if "seconds" in answer]
    errors = [answer["error"] for answer in answers if "error" in answer]
    pairs = zip(answers, of_first, strict=True)
    return {
        "queries": len(answers),
        "p50_cpu_ms": round(statistics.median(seconds) * 1000, 3) if seconds else None,
        "errors": len(errors),
        "first_error": errors[0] if errors else None,
        "as_first": sum(one.get("ids") == other.get("ids") for one, other in pairs),
    }


def _clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.which_whoosh", description=__doc__)
    parser.add_argument("--python", action="append", required=True, metavar="NAME=EXECUTABLE")
    parser.add_argument("--articles", action="append", help="the shipped samples without")
    parser.add_argument("--passages", type=int, default=3_000)
    parser.add_argument("--queries", type=int, default=60, help="of each class")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    about = {"machine": machine(), "versions": versions()}
    executables = dict(given.split("=", 1) for given in options.python)
    source = real(options.articles or [str(SAMPLES)])
    documents = list(sized(source, options.passages, options.seed))
    drawn = Probes(documents, len(documents), options.seed).classes(options.queries, [])
    classes = {kind: drawn[kind] for kind in CLASSES if kind in drawn}
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as place:
        corpus = Path(place) / "corpus.json"
        queries = [query_text(probe) for probes in classes.values() for probe in probes]
        texts = [document.texts["body"] for document in documents]
        corpus.write_text(json.dumps({"passages": texts, "queries": queries}), "utf-8")
        report: dict[str, dict[str, Any]] = {}
        distributions: dict[str, Distribution] = {}
        for name, executable in executables.items():
            folder = Path(place) / name
            folder.mkdir()
            complaint = import_complaint(executable, folder / "compiled")
            distributions[name] = Distribution(executable, corpus, folder)
            report[name] = {**distributions[name].ask("facts"), "import_complaint": complaint}
            tell(f"{name} indexes")
            report[name]["index_cpu_s"] = round(distributions[name].ask("index")["seconds"], 2)
        tell("asking")
        for name, classes_told in compared(distributions, classes).items():
            report[name]["classes"] = classes_told
        for name, distribution in distributions.items():
            tell(f"{name} refreshes")
            report[name]["refresh"] = distribution.ask("refresh")
            distribution.close()
    print_result({"passages": len(documents), "distributions": report, **about})


if __name__ == "__main__":
    main()
