"""Export and import over the API, for scripts that move articles between knowledge bases.

Both work on a file of their own in KB_HOME, which has room for it and goes with the answer. What
they do is `kb.exchange.exporter` and `kb.exchange.importer`, as on the command line; only the vocabulary is not
taken over the network, since the site that answers has read its own.

Export and import as the command line and the API show them, and what they check beyond `kb`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from kb.errors import ExportError, NotFoundError
from kb.exchange.exporter import export_archive
from kb.exchange.importer import import_archive
from kb.model.permissions import Permission, TokenScope
from kb.storage.atomic_files import iter_chunks
from web import schemas
from web.api.registry import Routes
from web.context import current_services
from web.middleware import auth
from web.middleware.rate_limit import MAX_IMPORT_BYTES, max_body_size
from web.params import (
    ParameterError,
    export_parameters,
    import_parameters,
    read_flag,
    read_selection,
)
from web.services.exchange import import_report_json, validate_vocabulary

ZIP = "application/zip"
SENT = "the export that was sent"

blueprint = Blueprint("api_exchange", __name__, url_prefix="/api/v1")
routes = Routes(blueprint)


@routes.get(
    "/export", parameters=export_parameters, problems=(ParameterError, ExportError), gives=ZIP
)
@auth.requires(Permission.PUBLISH, scope=TokenScope.EXPORT)
def export_articles() -> Response:
    """Return articles with all their versions as a ZIP for another knowledge base."""
    site = current_services()
    selection = read_selection(request.args)
    home = site.settings.home
    with tempfile.TemporaryDirectory(prefix=".export-", dir=home) as folder:
        path = Path(folder) / "export.zip"
        try:
            export_archive(
                site.store.database,
                home,
                path,
                selection,
                by=auth.current_actor(),
                title=site.settings.title,
            )
        except NotFoundError as error:
            raise ParameterError("article", f"names one that there is not. {error}") from error
        file = path.open("rb")  # it can be read to its end when its name is gone
    answer = send_file(file, mimetype=ZIP, as_attachment=True, download_name="articles.zip")
    answer.call_on_close(file.close)
    return answer


@routes.post(
    "/import", takes=ZIP, parameters=import_parameters, problems=(ParameterError, ExportError)
)
@max_body_size(MAX_IMPORT_BYTES)
@auth.requires(Permission.ADMINISTER, scope=TokenScope.PUBLISH)
def import_articles() -> schemas.ImportReportResponse:
    """Bring in what an export holds, overwriting nothing; again, it changes nothing."""
    site = current_services()
    only_try = read_flag(request.args, "dry_run")
    if request.mimetype != ZIP:
        raise UnsupportedMediaType(f"Send the export as {ZIP}.")
    with tempfile.TemporaryDirectory(prefix=".import-", dir=site.settings.home) as folder:
        path = Path(folder) / "import.zip"
        _receive(path)
        done = import_archive(
            site.store.database,
            site.settings.home,
            path,
            auth.current_actor(),
            shown=SENT,
            check=validate_vocabulary,
            vocabulary=False,
            only_try=only_try,
        )
    return import_report_json(done)


def _receive(path: Path) -> None:
    """Write the body of the request to a file."""
    size = 0
    with path.open("wb") as file:
        for piece in iter_chunks(request.stream):
            size += len(piece)
            if size > MAX_IMPORT_BYTES:  # where the length was not said
                raise RequestEntityTooLarge
            file.write(piece)
