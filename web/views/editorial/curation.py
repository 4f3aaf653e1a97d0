"""Pages for pins and synonyms, with a preview of each change."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from index.query.synonym_rules import parse_rule
from index.search.results import SearchRequest
from kb.errors import KnowledgeBaseError, NotFoundError, SynonymsError, WorkflowStateError
from kb.model.permissions import Permission
from kb.storage.curation_store import CurationRules, Pin, SynonymRule
from web.analytics import curation_preview
from web.context import current_services, urls
from web.middleware import auth
from web.services.curation_sync import build_synonyms, group_pins
from web.views.editorial.search_insights import DAYS
from web.views.notices import redirect_with_notice

blueprint = Blueprint("curation", __name__)

MAX_CANDIDATES = 10  # hits offered for pinning


@blueprint.get("/desk/pins")
@auth.requires(Permission.WRITE)
def pins() -> ResponseReturnValue:
    """Show the pins and, for a query, the passages that can be pinned."""
    return _pins_page()


@blueprint.post("/desk/pins/try")
@auth.requires(Permission.WRITE)
def preview_pin() -> ResponseReturnValue:
    """Preview the effect of a pin."""
    q, passage_id = request.form.get("q", ""), request.form.get("passage", "").strip()
    if passage_id not in current_services().store.published_passages([passage_id]):
        return _pins_page(
            WorkflowStateError(
                "No published passage has this id. Copy the last part of its link.",
                code="passage-unknown",
            )
        )
    now = current_services().analytics.curation_store.load()
    changed = replace(now, pins=(*now.pins, Pin(query=q, passage_id=passage_id)))
    return _pins_page(preview=_preview(changed, [q]), passage_id=passage_id)


@blueprint.post("/desk/pins")
@auth.requires(Permission.WRITE)
def add_pin() -> ResponseReturnValue:
    """Pin a passage for a query."""
    site, form = current_services(), request.form
    try:
        site.analytics.curation_store.add_pin(
            form.get("q", ""), form.get("passage", ""), note=form.get("note", ""),
            actor=auth.current_actor(),
        )  # fmt: skip
    except (WorkflowStateError, NotFoundError) as error:
        return _pins_page(error)
    site.analytics.curation_sync.sync()
    return redirect_with_notice(urls().desk("pins"), "pin-added")


@blueprint.post("/desk/pins/<int:number>/remove")
@auth.requires(Permission.WRITE)
def remove_pin(number: int) -> ResponseReturnValue:
    """Remove a pin."""
    site = current_services()
    site.analytics.curation_store.remove_pin(number, actor=auth.current_actor())
    site.analytics.curation_sync.sync()
    return redirect_with_notice(urls().desk("pins"), "pin-removed")


@blueprint.get("/desk/synonyms")
@auth.requires(Permission.WRITE)
def synonyms() -> ResponseReturnValue:
    """Show the synonyms of the content team."""
    return _synonyms_page()


@blueprint.post("/desk/synonyms/try")
@auth.requires(Permission.WRITE)
def preview_synonyms() -> ResponseReturnValue:
    """Preview the effect of a synonym rule."""
    line = " ".join(request.form.get("line", "").split())
    try:
        names = [name.text for name in parse_rule(line).left]
    except SynonymsError as error:
        return _synonyms_page(_without_file_name(error))
    now = current_services().analytics.curation_store.load()
    changed = replace(now, synonyms=(*now.synonyms, SynonymRule(line=line)))
    return _synonyms_page(preview=_preview(changed, names))


@blueprint.post("/desk/synonyms")
@auth.requires(Permission.WRITE)
def add_synonyms() -> ResponseReturnValue:
    """Add a synonym rule."""
    site, line = current_services(), request.form.get("line", "")
    try:
        parse_rule(line)
        site.analytics.curation_store.add_synonym(line, actor=auth.current_actor())
    except SynonymsError as error:
        return _synonyms_page(_without_file_name(error))
    except WorkflowStateError as error:
        return _synonyms_page(error)
    site.analytics.curation_sync.sync()
    return redirect_with_notice(urls().desk("synonyms"), "synonym-added")


@blueprint.post("/desk/synonyms/<int:number>/remove")
@auth.requires(Permission.WRITE)
def remove_synonyms(number: int) -> ResponseReturnValue:
    """Remove a synonym rule."""
    site = current_services()
    site.analytics.curation_store.remove_synonym(number, actor=auth.current_actor())
    site.analytics.curation_sync.sync()
    return redirect_with_notice(urls().desk("synonyms"), "synonym-removed")


def _preview(changed: CurationRules, queries: list[str]) -> curation_preview.CurationPreview:
    """Run the same queries with and without a change."""
    site = current_services()
    draft = site.search.with_curation(
        build_synonyms(changed, site.analytics.synonyms_file), group_pins(changed.pins)
    )
    selected = curation_preview.select_queries(
        queries, site.settings.home, site.analytics.query_stats.list_recent(DAYS)
    )
    return curation_preview.preview_curation(site.search, draft, selected)


def _without_file_name(error: SynonymsError) -> KnowledgeBaseError:
    """Return the error without its file name, because the rule was entered in a form."""
    problem = str(error).partition(": ")[2]
    message = (
        f"The line {problem}" if problem.startswith("has ") else problem[:1].upper() + problem[1:]
    )
    return KnowledgeBaseError(message, code=error.code)


def _pins_page(
    error: KnowledgeBaseError | None = None,
    *,
    preview: curation_preview.CurationPreview | None = None,
    passage_id: str = "",
) -> ResponseReturnValue:
    site, q = current_services(), request.values.get("q", "").strip()
    current_pins = site.analytics.curation_store.load().pins
    published = site.store.published_passages(pin.passage_id for pin in current_pins)
    hits = site.search.search(SearchRequest(q=q, limit=MAX_CANDIDATES)).hits if q else ()
    page = render_template(
        "editorial/pins.html",
        pins=current_pins,
        published=published,
        q=q,
        hits=hits,
        passage_id=passage_id,
        note=request.form.get("note", ""),
        preview=preview,
        error=error,
    )
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK)


def _synonyms_page(
    error: KnowledgeBaseError | None = None,
    *,
    preview: curation_preview.CurationPreview | None = None,
) -> ResponseReturnValue:
    site = current_services()
    prefilled = request.args.get("from", "").strip()
    page = render_template(
        "editorial/synonyms.html",
        lines=site.analytics.curation_store.load().synonyms,
        line=request.form.get("line", f"{prefilled} = " if prefilled else ""),
        preview=preview,
        error=error,
        has_file=site.analytics.synonyms_file.exists(),
    )
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK)
