"""Export and import endpoints of the API, for scripts that move articles between knowledge bases.

Both use a temporary file in KB_HOME, which has enough space; it is deleted after the response. The
work is done by `kb.exchange.exporter` and `kb.exchange.importer`, as on the command line, except
that the vocabulary is not imported, because the running site has already loaded its own.
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
from web.api.registry import Routes
from web.context import current_services
from web.middleware import auth
from web.middleware.rate_limit import MAX_IMPORT_BYTES, max_body_size
from web.params import (
    EXPORT_PARAMETERS,
    IMPORT_PARAMETERS,
    ParameterError,
    read_export_filter,
    read_flag,
)
from web.schemas.editorial import ImportReportResponse
from web.services.exchange import import_report_json, validate_vocabulary

ZIP = "application/zip"
SOURCE_NAME = "the uploaded export"

blueprint = Blueprint("api_exchange", __name__, url_prefix="/api/v1")
routes = Routes(blueprint)


@routes.route(
    "/export",
    parameters=EXPORT_PARAMETERS,
    problems=(ParameterError, ExportError),
    response_type=ZIP,
)
@auth.requires(Permission.PUBLISH, scope=TokenScope.EXPORT)
def export_articles() -> Response:
    """Return articles with all their versions as a ZIP file for another knowledge base."""
    site = current_services()
    selection = read_export_filter(request.args)
    home = site.settings.home
    with tempfile.TemporaryDirectory(prefix=".export-", dir=home) as folder:
        path = Path(folder) / "export.zip"
        try:
            export_archive(
                site.store.database,
                home,
                path,
                selection,
                actor=auth.current_actor(),
                title=site.settings.title,
            )
        except NotFoundError as error:
            raise ParameterError("article", f"names an unknown article. {error}") from error
        file = path.open("rb")  # readable after the folder is deleted
    response = send_file(file, mimetype=ZIP, as_attachment=True, download_name="articles.zip")
    response.call_on_close(file.close)
    return response


@routes.route(
    "/import",
    method="post",
    request_type=ZIP,
    parameters=IMPORT_PARAMETERS,
    problems=(ParameterError, ExportError),
)
@max_body_size(MAX_IMPORT_BYTES)
@auth.requires(Permission.ADMINISTER, scope=TokenScope.PUBLISH)
def import_articles() -> ImportReportResponse:
    """Import an export without overwriting anything; repeating it changes nothing."""
    site = current_services()
    is_dry_run = read_flag(request.args, "dry_run")
    if request.mimetype != ZIP:
        raise UnsupportedMediaType(f"The content type is not supported. Send the export as {ZIP}.")
    with tempfile.TemporaryDirectory(prefix=".import-", dir=site.settings.home) as folder:
        path = Path(folder) / "import.zip"
        _save_body(path)
        done = import_archive(
            site.store.database,
            site.settings.home,
            path,
            auth.current_actor(),
            file_name=SOURCE_NAME,
            check=validate_vocabulary,
            vocabulary=False,
            dry_run=is_dry_run,
        )
    return import_report_json(done)


def _save_body(path: Path) -> None:
    """Stream the body of the request to a file; the size is checked while reading."""
    size = 0
    with path.open("wb") as file:
        for chunk in iter_chunks(request.stream):
            size += len(chunk)
            if size > MAX_IMPORT_BYTES:  # without a Content-Length header
                raise RequestEntityTooLarge
            file.write(chunk)
