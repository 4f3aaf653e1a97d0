"""Pages of the desk: worklist, articles, versions, comparison and reviews due."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from kb.editorial.workflow import WorkflowStatus, list_due_reviews
from kb.errors import KnowledgeBaseError
from kb.model.permissions import Permission
from kb.model.records import DUE_SOON_DAYS, ArticleRecord, WorkflowState, get_review_state
from kb.model.version_diff import compare_versions
from kb.storage.audit_log import AuditFilter
from kb.storage.query_stats import ASSIGNED
from web.context import current_services
from web.middleware import auth
from web.params import IntRange, read_number
from web.presentation.article_view import ArticleView, build_article_view
from web.presentation.formatting import format_review
from web.view_models import worklist
from web.views.editorial.search_insights import DAYS

blueprint = Blueprint("editorial", __name__)

ARTICLES_PER_PAGE = 50
PAGE = IntRange(default=1, minimum=1, maximum=100_000)
VERSION = IntRange(default=0, minimum=0, maximum=1_000_000)
MAX_AUDIT_ENTRIES = 20  # on an article's page


@blueprint.get("/desk")
@auth.requires(Permission.WRITE)
def home() -> ResponseReturnValue:
    """Show the worklist of the signed-in user."""
    site, user = current_services(), auth.require_user()
    summaries, handled = site.store.summaries(), site.analytics.query_stats.list_triage()
    due_soon = list_due_reviews(summaries, site.today() + timedelta(days=DUE_SOON_DAYS))
    return render_template(
        "editorial/worklist.html",
        queues=worklist.build_queues(
            user, site.editorial.workflow.list_statuses(), site.editorial.workflow
        ),
        due=[summary for summary in due_soon if worklist.is_owned_by(summary, user)],
        overdue=len(list_due_reviews(summaries, site.today() - timedelta(days=1))),
        assigned_queries=[
            (stats.text, triage.note)
            for stats in site.analytics.query_stats.list_recent(DAYS)
            if (triage := handled.get(stats.key))
            and (triage.state, triage.name) == (ASSIGNED, user.name)
        ],
        empty=not summaries,
        today=site.today(),
    )


@blueprint.get("/desk/articles")
@auth.requires(Permission.WRITE)
def articles() -> ResponseReturnValue:
    """List all articles, including drafts and retired articles."""
    page, q = read_number(request.args, "page", PAGE), request.args.get("q", "").strip()
    state = request.args.get("state", "")
    statuses = [
        status
        for status in current_services().editorial.workflow.list_statuses()
        if (not state or status.state == state) and _has_words(status, q)
    ]
    start = (page - 1) * ARTICLES_PER_PAGE
    return render_template(
        "editorial/articles.html",
        statuses=statuses[start : start + ARTICLES_PER_PAGE],
        total=len(statuses),
        page=page,
        pages=max(1, -(-len(statuses) // ARTICLES_PER_PAGE)),
        q=q,
        wanted=state,
        states=list(WorkflowState),
    )


@blueprint.get("/desk/articles/<article_id>")
@auth.requires(Permission.WRITE)
def article(article_id: str) -> ResponseReturnValue:
    """Show the latest version of an article and the allowed actions."""
    return show_article(article_id)


@blueprint.get("/desk/articles/<article_id>/versions/<int:number>")
@auth.requires(Permission.WRITE)
def version(article_id: str, number: int) -> ResponseReturnValue:
    """Show one version of an article."""
    site = current_services()
    record = site.store.article(article_id, number)
    return render_template(
        "editorial/version.html",
        record=record,
        outline=_outline(record),
        newest=site.editorial.workflow.get_status(article_id).version,
    )


@blueprint.get("/desk/articles/<article_id>/diff")
@auth.requires(Permission.WRITE)
def diff(article_id: str) -> ResponseReturnValue:
    """Compare two versions; by default the latest with the published or previous one."""
    store = current_services().store
    versions = store.versions(article_id)
    latest = versions[0].number
    to = read_number(request.args, "to", VERSION) or latest
    status = current_services().editorial.workflow.get_status(article_id)
    before = (
        status.published_version
        if status.published_version and status.published_version < to
        else max(to - 1, 1)
    )
    old = store.article(article_id, read_number(request.args, "from", VERSION) or before)
    new = store.article(article_id, to)
    return render_template(
        "editorial/diff.html",
        old=old,
        new=new,
        versions=versions,
        change=compare_versions(old.article, old.passages, new.article, new.passages),
        taxonomy=current_services().taxonomy,
    )


@blueprint.get("/desk/reviews-due")
@auth.requires(Permission.WRITE)
def due() -> ResponseReturnValue:
    """Show the articles that are due or overdue for review, by owner."""
    site = current_services()
    until = site.today() + timedelta(days=DUE_SOON_DAYS)
    summaries = list_due_reviews(site.store.summaries(), until)
    owned = [summary for summary in summaries if worklist.is_owned_by(summary, auth.require_user())]
    only_mine = request.args.get("mine") == "1"
    return render_template(
        "editorial/reviews-due.html",
        owners=worklist.group_by_owner(owned if only_mine else summaries),
        today=site.today(),
        total=len(summaries),
        mine=len(owned),
        only_mine=only_mine,
    )


def show_article(
    article_id: str,
    error: KnowledgeBaseError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    typed: str = "",
) -> ResponseReturnValue:
    """Return the page of an article, with an error and the entered text if an action failed."""
    site, user = current_services(), auth.require_user()
    workflow_status = site.editorial.workflow.get_status(article_id)
    record = site.store.article(article_id, workflow_status.version)
    metadata = record.article.metadata
    ids = [passage.id for passage in record.passages]
    site.editorial.checks.sync()
    page = render_template(
        "editorial/article.html",
        status=workflow_status,
        summary=worklist.summarize_status(workflow_status),
        record=record,
        metadata=metadata,
        review=format_review(metadata, get_review_state(metadata.review_due, site.today())),
        outline=_outline(record),
        actions=worklist.available_actions(user, workflow_status, site.editorial.workflow),
        comments=worklist.group_comments(site.editorial.workflow.list_comments(article_id), ids),
        corrections=site.store.corrections(article_id),
        findings=site.editorial.checks.check(record, site.today()),
        versions=site.store.versions(article_id),
        entries=site.store.list_audit_entries(
            AuditFilter(about=article_id), limit=MAX_AUDIT_ENTRIES
        ),
        error=error,
        typed=typed,
        today=site.today(),
    )
    return make_response(page, status)


def _outline(record: ArticleRecord) -> ArticleView:
    site = current_services()
    metadata = record.article.metadata
    words = format_review(metadata, get_review_state(metadata.review_due, site.today()))
    return build_article_view(record, site.taxonomy, words)


def _has_words(status: WorkflowStatus, q: str) -> bool:
    """Return whether the title or id of an article contains each word of `q`, in any order."""
    text = f"{status.title} {status.article_id}".casefold()
    return all(word in text for word in q.casefold().split())
