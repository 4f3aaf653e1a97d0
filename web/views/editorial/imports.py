"""Imports at the desk: paste, upload, URL, and the progress of each import job."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from ingest.clipboard import clean_html
from kb.editorial.import_jobs import ImportItem, ImportJob, ItemKind, ItemState
from kb.errors import KnowledgeBaseError, NotFoundError, SourceError
from kb.model.permissions import Permission
from kb.storage.atomic_files import atomic_write
from web.context import current_services, urls
from web.middleware import auth
from web.middleware.rate_limit import MAX_UPLOAD_BYTES, max_body_size
from web.services.import_files import job_folder, uploaded_file
from web.services.save_draft import save_item
from web.views.notices import redirect_with_notice

blueprint = Blueprint("imports", __name__)

MAX_PASTE_BYTES = 8_000_000  # limit of `ingest.clipboard`, URL-encoded
MAX_FILES = 500
MAX_NAME_LENGTH = 200


@blueprint.get("/desk/import")
@auth.requires(Permission.WRITE)
def show_form() -> ResponseReturnValue:
    """Show the import form."""
    return _form()


@blueprint.post("/desk/import/paste")
@auth.requires(Permission.WRITE)
@max_body_size(MAX_PASTE_BYTES)
def import_text() -> ResponseReturnValue:
    """Import pasted text or HTML."""
    title = " ".join(request.form.get("title", "").split())[:MAX_NAME_LENGTH]
    try:
        page = clean_html(request.form.get("html", ""), request.form.get("text", ""), title)
    except SourceError as error:
        return _form(error)
    return _start_job([(ItemKind.FILE, f"{title or 'Pasted text'}.html")], [page])


@blueprint.post("/desk/import/files")
@auth.requires(Permission.WRITE)
@max_body_size(MAX_UPLOAD_BYTES)
def import_files() -> ResponseReturnValue:
    """Import uploaded files, one item per file."""
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        return _form(
            KnowledgeBaseError(
                "No file is selected. Choose one or more files.", code="files-missing"
            )
        )
    if len(files) > MAX_FILES:
        fault = f"{len(files)} files are too many. Send at most {MAX_FILES} at once, or one ZIP."
        return _form(KnowledgeBaseError(fault, code="files-too-many"))
    return _start_job(
        [(ItemKind.FILE, _safe_name(file)) for file in files], [file.read() for file in files]
    )


@blueprint.post("/desk/import/address")
@auth.requires(Permission.WRITE)
def import_page() -> ResponseReturnValue:
    """Import a page or a sitemap by URL."""
    address = request.form.get("address", "").strip()
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        fault = (
            f"“{address}” is not the URL of a page. Enter one that starts with https:// or http://."
        )
        return _form(KnowledgeBaseError(fault, code="address-invalid"))
    return _start_job([(ItemKind.ADDRESS, address)], [None])


@blueprint.get("/desk/imports/<int:number>")
@auth.requires(Permission.WRITE)
def show_job(number: int) -> ResponseReturnValue:
    """Show the progress of an import job."""
    job = require_job(number)
    return render_template("editorial/import-job.html", job=job, items=visible_items(job))


@blueprint.get("/desk/imports/<int:number>/state")
@auth.requires(Permission.WRITE)
def job_status(number: int) -> ResponseReturnValue:
    """Return the progress of an import job as JSON, polled by its page."""
    job = require_job(number)
    states = [item.state.value for item in job.items]
    return jsonify(open=job.is_open, states=states)


@blueprint.post("/desk/imports/<int:number>/<any(stop, start):action>")
@auth.requires(Permission.WRITE)
def set_job_state(number: int, action: str) -> ResponseReturnValue:
    """Stop or resume an import job."""
    jobs = current_services().editorial.jobs
    stop = action == "stop"
    (jobs.stop if stop else jobs.start)(require_job(number).number)
    return redirect_with_notice(urls().job(number), "job-stopped" if stop else "job-started")


@blueprint.post("/desk/imports/<int:number>/save")
@auth.requires(Permission.WRITE)
def save_all(number: int) -> ResponseReturnValue:
    """Save all ready items of a job as drafts."""
    site, job, actor = current_services(), require_job(number), auth.current_actor()
    errors: list[SourceError] = []
    for item in job.items:
        if item.state is ItemState.READY:
            try:
                save_item(site.store, site.editorial.jobs, site.settings.home, item, actor=actor)
            except SourceError as error:
                errors.append(error)
    if errors:
        again = require_job(number)
        failure = KnowledgeBaseError(" ".join(map(str, errors)), code=errors[0].code)
        page = render_template(
            "editorial/import-job.html", job=again, items=visible_items(again), error=failure
        )
        return make_response(page, HTTPStatus.CONFLICT)
    return redirect_with_notice(urls().job(number), "drafts-saved")


@blueprint.post("/desk/drafts/<int:number>/<any(retry, discard):action>")
@auth.requires(Permission.WRITE)
def set_item_state(number: int, action: str) -> ResponseReturnValue:
    """Retry or discard an item."""
    jobs, item = current_services().editorial.jobs, require_item(number)
    if action == "discard":
        jobs.discard(number, actor=auth.current_actor())
        is_edit = item.kind is ItemKind.EDIT
        location = urls().desk_article(item.article_id) if is_edit else urls().job(item.job)
        return redirect_with_notice(location, "item-discarded")
    jobs.retry(item.parent or number)
    return redirect_with_notice(urls().job(item.job), "item-retried")


def require_job(number: int) -> ImportJob:
    """Return a job of the signed-in user, or of anyone for administrators.

    Raises `NotFoundError` for jobs of other users.
    """
    job = current_services().editorial.jobs.get_job(number)
    user = auth.require_user()
    if job.name != user.name and not user.has_permission(Permission.ADMINISTER):
        raise NotFoundError("job", str(number))
    return job


def require_item(number: int) -> ImportItem:
    """Return an item of a job that the signed-in user may access."""
    item = current_services().editorial.jobs.get_item(number)
    require_job(item.job)
    return item


def visible_items(job: ImportJob) -> list[ImportItem]:
    """Return the items to list: unread sources, and the articles of sources that were read."""
    return [item for item in job.items if item.state is not ItemState.READ]


def _start_job(
    sources: list[tuple[ItemKind, str]], contents: list[bytes | None]
) -> ResponseReturnValue:
    site = current_services()
    number, items = site.editorial.jobs.create_job(sources, actor=auth.current_actor())
    folder = job_folder(site.settings.home, number)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for item, content in zip(items, contents, strict=True):
        if content is not None:
            atomic_write(
                uploaded_file(site.settings.home, site.editorial.jobs.get_item(item)), content
            )
    site.editorial.jobs.start(number)
    return redirect(urls().job(number), HTTPStatus.SEE_OTHER)


def _safe_name(file: FileStorage) -> str:
    """Return the name of an uploaded file without directories or unprintable characters."""
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name
    return (
        "".join(character for character in name if character.isprintable())[-MAX_NAME_LENGTH:]
        or "file"
    )


def _form(error: KnowledgeBaseError | None = None) -> ResponseReturnValue:
    jobs = current_services().editorial.jobs.list_jobs(auth.require_user().name)
    page = render_template(
        "editorial/import.html", error=error, jobs=jobs, title=request.values.get("title", ""),
        text=request.form.get("text", ""), address=request.form.get("address", ""),
    )  # fmt: skip
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK)
