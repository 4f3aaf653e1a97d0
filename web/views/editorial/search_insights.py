"""The board: what people searched and did not find, and what else waits for the team."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kb.editorial.workflow import due_first
from kb.errors import StateError
from kb.model.permissions import Right
from kb.storage.query_stats import ASSIGNED, DISMISSED, Handled, Searched
from web.context import Site, addresses, current_site
from web.middleware import auth

blueprint = Blueprint("board", __name__)

DAYS = 30  # that the board looks back
ROWS = 30  # of each list; what is asked less often can wait
OPENED_LEAST = 3  # searches of a query before "nobody opened anything" says something
_checking = threading.Lock()


@dataclass(frozen=True, slots=True)
class Row:
    """A query on the board, and what became of it."""

    searched: Searched
    handled: Handled | None


@dataclass(frozen=True, slots=True)
class Pinned:
    """A pin whose passage is not published any more."""

    number: int
    query: str
    passage_id: str


@blueprint.get("/desk/board")
@auth.needs(Right.WRITE)
def show() -> ResponseReturnValue:
    """Show what search teaches."""
    site = current_site()
    searched = site.searches.since(DAYS)
    handled = site.searches.handled()
    unwritten = [one for one in searched if not one.text]
    summaries = site.store.summaries()
    return render_template(
        "editorial/search-report.html",
        missed=_rows([one for one in searched if one.found < one.times], handled),
        unopened=_rows([one for one in searched if _unopened(one)], handled),
        unhelpful=_rows([one for one in searched if one.failed > one.helped], handled),
        unwritten=len(unwritten),
        unwritten_times=sum(one.times for one in unwritten),
        questions=site.store.open_questions(),
        overdue=len(due_first(summaries, site.today() - timedelta(days=1))),
        dead=site.searches.dead_links(),
        checking=_checking.locked(),
        gone=_gone(site),
        people=[person for person in site.accounts.people() if person.may(Right.WRITE)],
        total=sum(one.times for one in searched),
        days=DAYS,
        kept=site.settings.query_log_days,
    )


@blueprint.post("/desk/board/assign")
@auth.needs(Right.WRITE)
def assign() -> ResponseReturnValue:
    """Give a row to somebody."""
    site, name = current_site(), request.form.get("name", "")
    site.accounts.person(name)
    key = request.form.get("key", "")[:200]
    site.searches.handle(key, ASSIGNED, name=name, by=auth.acting())
    return _back()


@blueprint.post("/desk/board/dismiss")
@auth.needs(Right.WRITE)
def dismiss() -> ResponseReturnValue:
    """Take a row off the board until it is asked again."""
    key, note = request.form.get("key", "")[:200], request.form.get("note", "").strip()
    current_site().searches.handle(key, DISMISSED, note=note, by=auth.acting())
    return _back()


@blueprint.post("/desk/board/questions/<int:number>/done")
@auth.needs(Right.WRITE)
def finish(number: int) -> ResponseReturnValue:
    """Mark what a reader asked for as seen to."""
    current_site().store.finish_question(number)
    return _back()


@blueprint.post("/desk/board/links")
@auth.needs(Right.WRITE)
def check_links() -> ResponseReturnValue:
    """Open the addresses of all published articles, beside the site."""
    site = current_site()
    if not _checking.acquire(blocking=False):
        raise StateError("The links are being checked already. Load the board again in a while.")

    def check() -> None:
        try:
            found = [
                (record.id, address, problem)
                for record in site.store.published(site.store.published_ids())
                for address, problem in site.examiner.dead_links(record.article).items()
            ]
            site.searches.replace_dead_links(found)
        finally:
            _checking.release()

    threading.Thread(target=check, name="kb-links", daemon=True).start()
    return _back()


def _rows(searched: list[Searched], handled: dict[str, Handled]) -> list[Row]:
    rows = []
    for one in searched:
        said = handled.get(one.key)
        # What was left comes back when it is asked after that day.
        if one.text and not (said and said.state == DISMISSED and one.last <= said.on):
            rows.append(Row(one, said if said and said.state == ASSIGNED else None))
    return rows[:ROWS]


def _unopened(one: Searched) -> bool:
    return one.found == one.times and one.times >= OPENED_LEAST and one.opened == 0


def _gone(site: Site) -> list[Pinned]:
    pins = site.curating.all().pins
    present = site.store.published_passages(pin.passage_id for pin in pins)
    return [
        Pinned(pin.number, pin.query, pin.passage_id)
        for pin in pins
        if pin.passage_id not in present
    ]


def _back() -> ResponseReturnValue:
    return redirect(addresses().desk("board"), HTTPStatus.SEE_OTHER)
