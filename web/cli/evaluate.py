"""`kb eval`: do judged queries find what they should, and what moved since the last time?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from index.evaluation import metrics
from index.evaluation.judgments import DEPTH, find_targets, read_judgments
from index.evaluation.metrics import EvaluationRun, OutcomeChange, QueryOutcome, SearchMetrics
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, print_rows, warn


@click.command("eval")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--save", type=click.Path(path_type=Path), help="Keep this run in a file.")
@click.option("--against", type=click.Path(path_type=Path), help="Say what moved since that run.")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def evaluate(file: Path, save: Path | None, against: Path | None, as_json: bool) -> None:
    """Run the judged queries of FILE and say at which rank each finds what it should.

    FILE is a table (CSV or TSV) with the columns query and expected: an article's id or title,
    "title > heading", or a passage's id. With --against it ends with 1 when a passage that stood
    where it should does so no more.

    \b
    Examples:
      kb eval judged.csv --save before.json
      kb eval judged.csv --against before.json
    """
    before = metrics.load_run(against) if against else None
    judgements = read_judgments(file)
    base = open_base(load_settings())
    if base.indexer.sync().busy:
        warn(["Another process is indexing: what was just changed may not be found yet."])
    run = metrics.judge(file, find_targets(file, judgements, base.store), base.search.search)
    moves = metrics.compare_runs(before, run) if before else []
    if save:
        metrics.save_run(run, save)
    if as_json:
        print_json(_run_json(run, moves))
    else:
        _print(run)
        if before:
            _print_moves(before, run, moves)
    if any(move.fell_out for move in moves):
        sys.exit(1)


def _run_json(run: EvaluationRun, moves: list[OutcomeChange]) -> dict[str, object]:
    return {
        "outcomes": [asdict(outcome) for outcome in run.outcomes],
        "figures": asdict(metrics.compute_metrics(run.outcomes)),
        "groups": {
            group: asdict(figures) for group, figures in metrics.by_group(run.outcomes).items()
        },
        "moves": [
            {
                "kind": move.kind,
                "query": move.now.query,
                "expected": move.now.expected,
                "before": move.before.rank,
                "now": move.now.rank,
                "within": move.now.within,
                "fell_out": move.fell_out,
            }
            for move in moves
        ],
    }


def _print(run: EvaluationRun) -> None:
    print_rows(
        [
            ("" if outcome.kept else "!", _place(outcome.rank), outcome.query, _said(outcome))
            for outcome in run.outcomes
        ]
    )
    click.echo()
    total = [("all", metrics.compute_metrics(run.outcomes))]
    groups = [
        (group or "no group", found) for group, found in metrics.by_group(run.outcomes).items()
    ]
    head = ("", "queries", "first", "in 3", "in 10", "not found", "MRR")
    print_rows([head, *(_row(name, found) for name, found in (*groups, *total))])


def _said(outcome: QueryOutcome) -> str:
    if outcome.kept:
        return outcome.expected
    words = f"{outcome.expected}: within {outcome.within} wanted"
    if outcome.article_rank not in (None, outcome.rank):
        words += f"; its article is {outcome.article_rank}, with another passage"
    return f"{words}; first is {outcome.first or 'nothing'}"


def _row(name: str, found: SearchMetrics) -> tuple[str, ...]:
    counts = (found.queries, found.first, found.in_three, found.in_ten, found.not_found)
    return (name, *(str(count) for count in counts), f"{found.mrr:.3f}")


def _print_moves(before: EvaluationRun, run: EvaluationRun, moves: list[OutcomeChange]) -> None:
    click.echo()
    if not moves:
        click.echo("Nothing moved.")
    print_rows(
        [
            (
                "!" if move.fell_out else "",
                move.kind,
                f"{_place(move.before.rank)} → {_place(move.now.rank)}",
                move.now.query,
                move.now.expected,
            )
            for move in moves
        ]
    )
    was, now = metrics.compute_metrics(before.outcomes), metrics.compute_metrics(run.outcomes)
    click.echo(f"MRR {was.mrr:.3f} → {now.mrr:.3f}, first {was.first} → {now.first}")
    if was.queries != now.queries:
        warn([f"The run before had {was.queries} queries, this one has {now.queries}."])
    fallen = sum(move.fell_out for move in moves)
    if fallen:
        warn([f"{fallen} stood where they should and do so no more; they are marked with !."])


def _place(rank: int | None) -> str:
    return str(rank) if rank else f">{DEPTH}"
