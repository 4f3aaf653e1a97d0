"""Search report: queries with poor results, content requests, broken pins and links."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kb.editorial.workflow import list_due_reviews
from kb.errors import WorkflowStateError
from kb.model.permissions import Permission
from kb.storage.curation_store import Pin
from kb.storage.query_stats import ASSIGNED, DISMISSED, QueryStats, Triage
from web.context import Services, current_services, urls
from web.middleware import auth
from web.views.notices import redirect_with_notice

blueprint = Blueprint("search_insights", __name__)

DAYS = 30  # period of the report
MAX_ROWS = 30  # per list, most frequent first
MIN_SEARCHES = 3  # searches of a query before missing clicks are significant
_checking = threading.Lock()


@dataclass(frozen=True, slots=True)
class QueryRow:
    """A query in the report and its triage state."""

    searched: QueryStats
    handled: Triage | None


@blueprint.get("/desk/search-report")
@auth.requires(Permission.WRITE)
def show() -> ResponseReturnValue:
    """Show the search report."""
    site = current_services()
    searched = site.analytics.query_stats.list_recent(DAYS)
    handled = site.analytics.query_stats.list_triage()
    redacted = [stats for stats in searched if not stats.text]
    summaries = site.store.summaries()
    return render_template(
        "editorial/search-report.html",
        missed=_rows([stats for stats in searched if stats.found < stats.times], handled),
        unopened=_rows([stats for stats in searched if _unopened(stats)], handled),
        unhelpful=_rows([stats for stats in searched if stats.failed > stats.helped], handled),
        redacted=len(redacted),
        redacted_searches=sum(stats.times for stats in redacted),
        questions=site.store.list_content_requests(),
        overdue=len(list_due_reviews(summaries, site.today() - timedelta(days=1))),
        dead=site.analytics.query_stats.list_dead_links(),
        checking=_checking.locked(),
        gone=_orphaned_pins(site),
        people=[
            user
            for user in site.accounts.users.list_users()
            if user.has_permission(Permission.WRITE)
        ],
        total=sum(stats.times for stats in searched),
        days=DAYS,
        kept=site.settings.query_log_days,
    )


@blueprint.post("/desk/search-report/assign")
@auth.requires(Permission.WRITE)
def assign_query() -> ResponseReturnValue:
    """Assign a query to a user."""
    site, name = current_services(), request.form.get("name", "")
    site.accounts.users.get_user(name)
    key = request.form.get("key", "")[:200]
    site.analytics.query_stats.set_triage(key, ASSIGNED, name=name, actor=auth.current_actor())
    return redirect_with_notice(urls().desk("search-report"), "query-assigned")


@blueprint.post("/desk/search-report/dismiss")
@auth.requires(Permission.WRITE)
def dismiss_query() -> ResponseReturnValue:
    """Hide a query until it is searched again."""
    key, note = request.form.get("key", "")[:200], request.form.get("note", "").strip()
    current_services().analytics.query_stats.set_triage(
        key, DISMISSED, note=note, actor=auth.current_actor()
    )
    return redirect_with_notice(urls().desk("search-report"), "query-dismissed")


@blueprint.post("/desk/search-report/requests/<int:number>/done")
@auth.requires(Permission.WRITE)
def close_request(number: int) -> ResponseReturnValue:
    """Close a content request."""
    current_services().store.close_content_request(number)
    return redirect_with_notice(urls().desk("search-report"), "request-closed")


@blueprint.post("/desk/search-report/links")
@auth.requires(Permission.WRITE)
def check_links() -> ResponseReturnValue:
    """Check the links of all published articles in a background thread."""
    site = current_services()
    if not _checking.acquire(blocking=False):
        raise WorkflowStateError("The links are already being checked. Reload the page later.")

    def check() -> None:
        try:
            dead_links = [
                (record.id, address, problem)
                for record in site.store.published(site.store.published_ids())
                for address, problem in site.editorial.checks.find_dead_links(
                    record.article
                ).items()
            ]
            site.analytics.query_stats.replace_dead_links(dead_links)
        finally:
            _checking.release()

    threading.Thread(target=check, name="kb-links", daemon=True).start()
    return redirect(urls().desk("search-report"), HTTPStatus.SEE_OTHER)


def _rows(searched: list[QueryStats], handled: dict[str, Triage]) -> list[QueryRow]:
    rows = []
    for stats in searched:
        triage = handled.get(stats.key)
        # A dismissed query reappears when it is searched on a later day.
        if stats.text and not (triage and triage.state == DISMISSED and stats.last <= triage.on):
            rows.append(QueryRow(stats, triage if triage and triage.state == ASSIGNED else None))
    return rows[:MAX_ROWS]


def _unopened(stats: QueryStats) -> bool:
    return stats.found == stats.times and stats.times >= MIN_SEARCHES and stats.opened == 0


def _orphaned_pins(site: Services) -> list[Pin]:
    """Return the pins whose passages are no longer published."""
    pins = site.analytics.curation_store.load().pins
    published = site.store.published_passages(pin.passage_id for pin in pins)
    return [pin for pin in pins if pin.passage_id not in published]
