"""`kb eval`: measure relevance with judged queries and compare runs."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from index.evaluation import metrics
from index.evaluation.judgments import MAX_RANK, find_targets, read_judgments
from index.evaluation.metrics import EvaluationRun, OutcomeChange, QueryOutcome, SearchMetrics
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, print_rows, warn
from web.presentation.formatting import count_phrase


@click.command("eval")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--save", type=click.Path(path_type=Path), help="Save this run to a file.")
@click.option("--against", type=click.Path(path_type=Path), help="Compare with a saved run.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def evaluate(file: Path, save: Path | None, against: Path | None, as_json: bool) -> None:
    """Run the judged queries in FILE and show the rank of each expected result.

    FILE is a table (CSV or TSV) with the columns query and expected: an article's id or title,
    "title > heading", or a passage's id. With --against, exits with status 1 if a previously
    correct result has regressed.

    \b
    Examples:
      kb eval judged.csv --save before.json
      kb eval judged.csv --against before.json
    """
    before = metrics.load_run(against) if against else None
    judgements = read_judgments(file)
    base = open_base(load_settings())
    if base.indexer.sync().busy:
        warn(["Another process is indexing. The latest changes may not be searchable yet."])
    run = metrics.evaluate(file, find_targets(file, judgements, base.store), base.search.search)
    changes = metrics.compare_runs(before, run) if before else []
    if save:
        metrics.save_run(run, save)
    if as_json:
        print_json(_run_json(run, changes))
    else:
        _print(run)
        if before:
            _print_changes(before, run, changes)
    if any(change.is_regression for change in changes):
        sys.exit(1)


def _run_json(run: EvaluationRun, changes: list[OutcomeChange]) -> dict[str, object]:
    return {
        "outcomes": [asdict(outcome) for outcome in run.outcomes],
        "figures": asdict(metrics.compute_metrics(run.outcomes)),
        "groups": {
            group: asdict(group_metrics)
            for group, group_metrics in metrics.metrics_by_group(run.outcomes).items()
        },
        "moves": [
            {
                "kind": change.kind,
                "query": change.now.query,
                "expected": change.now.expected,
                "before": change.before.rank,
                "now": change.now.rank,
                "within": change.now.within,
                "fell_out": change.is_regression,
            }
            for change in changes
        ],
    }


def _print(run: EvaluationRun) -> None:
    print_rows(
        [
            (
                "" if outcome.is_within else "!",
                _format_rank(outcome.rank),
                outcome.query,
                _describe(outcome),
            )
            for outcome in run.outcomes
        ]
    )
    click.echo()
    total = [("all", metrics.compute_metrics(run.outcomes))]
    groups = [
        (group or "no group", group_metrics)
        for group, group_metrics in metrics.metrics_by_group(run.outcomes).items()
    ]
    head = ("", "queries", "first", "in 3", "in 10", "not found", "MRR")
    print_rows([head, *(_row(name, group_metrics) for name, group_metrics in (*groups, *total))])


def _describe(outcome: QueryOutcome) -> str:
    if outcome.is_within:
        return outcome.expected
    words = f"{outcome.expected}: expected within {outcome.within}"
    if outcome.article_rank not in (None, outcome.rank):
        words += f"; another passage of the article is at {outcome.article_rank}"
    return f"{words}; first result: {outcome.first or 'none'}"


def _row(name: str, figures: SearchMetrics) -> tuple[str, ...]:
    counts = (figures.queries, figures.first, figures.in_three, figures.in_ten, figures.not_found)
    return (name, *(str(count) for count in counts), f"{figures.mrr:.3f}")


def _print_changes(before: EvaluationRun, run: EvaluationRun, changes: list[OutcomeChange]) -> None:
    click.echo()
    if not changes:
        click.echo("No ranks changed.")
    print_rows(
        [
            (
                "!" if change.is_regression else "",
                change.kind,
                f"{_format_rank(change.before.rank)} → {_format_rank(change.now.rank)}",
                change.now.query,
                change.now.expected,
            )
            for change in changes
        ]
    )
    old_metrics, new_metrics = (
        metrics.compute_metrics(before.outcomes),
        metrics.compute_metrics(run.outcomes),
    )
    click.echo(
        f"MRR {old_metrics.mrr:.3f} → {new_metrics.mrr:.3f}, "
        f"first {old_metrics.first} → {new_metrics.first}"
    )
    if old_metrics.queries != new_metrics.queries:
        warn([f"The saved run has {old_metrics.queries} queries, this one {new_metrics.queries}."])
    regressed = sum(change.is_regression for change in changes)
    if regressed:
        warn([f"{count_phrase(regressed, 'result')} regressed, marked with !."])


def _format_rank(rank: int | None) -> str:
    return str(rank) if rank else f">{MAX_RANK}"
