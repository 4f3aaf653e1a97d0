"""Health checks: liveness and readiness."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from kb.errors import SearchIndexError, StoreError
from web import program_version
from web.context import current_services
from web.middleware import auth
from web.presentation.formatting import format_timestamp

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@auth.public
def healthz() -> ResponseReturnValue:
    """Return 200 while the process runs, regardless of the store and the index."""
    return jsonify(status="up", version=program_version())


@blueprint.get("/readyz")
@auth.public
def readyz() -> ResponseReturnValue:
    """Return 200 if store and index are usable, else 503 with the error message."""
    site = current_services()
    try:
        last_change = site.store.last_seq()
        state = site.search.state()
    except (StoreError, SearchIndexError) as error:
        return jsonify(status="not ready", version=program_version(), detail=str(error)), 503
    index = {
        "engine": state.engine,
        "generation": state.generation,
        "as_of": format_timestamp(state.as_of),
        "passages": state.documents,
        "behind": max(0, last_change - state.checkpoint),
        "refused": dict(state.refused),
    }
    return jsonify(status="ready", version=program_version(), index=index)
