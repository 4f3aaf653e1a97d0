"""Taking in what somebody pastes, uploads or names, and showing how far it is read."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from ingest.drafts import pasted
from kb.editorial.import_jobs import Item, ItemState, Job, Kind
from kb.errors import KnowledgeBaseError, NotFoundError, SourceError
from kb.model.permissions import Right
from kb.storage.atomic_files import write_durably
from web.context import addresses, current_site
from web.middleware import auth
from web.middleware.rate_limit import UPLOAD_MOST, takes
from web.server.import_worker import file_of, folder_of
from web.services.save_draft import save_item

blueprint = Blueprint("adding", __name__)

PASTE_MOST = 8_000_000  # bytes: what `ingest.clipboard` takes, escaped
FILES_MOST = 500
NAME_MOST = 200  # characters of a file's name that are kept


@blueprint.get("/desk/add")
@auth.needs(Right.WRITE)
def add() -> ResponseReturnValue:
    """Show the ways in which an article comes to the desk."""
    return _form()


@blueprint.post("/desk/add/paste")
@auth.needs(Right.WRITE)
@takes(PASTE_MOST)
def paste() -> ResponseReturnValue:
    """Take what was pasted."""
    title = " ".join(request.form.get("title", "").split())[:NAME_MOST]
    try:
        page = pasted(request.form.get("html", ""), request.form.get("text", ""), title)
    except SourceError as error:
        return _form(error)
    return _begin([(Kind.FILE, f"{title or 'Pasted text'}.html")], [page])


@blueprint.post("/desk/add/files")
@auth.needs(Right.WRITE)
@takes(UPLOAD_MOST)
def files() -> ResponseReturnValue:
    """Take uploaded files, each an item of its own."""
    sent = [file for file in request.files.getlist("files") if file.filename]
    if not sent:
        return _form(KnowledgeBaseError("Choose one or several files first.", code="files-missing"))
    if len(sent) > FILES_MOST:
        fault = f"These are {len(sent)} files; send at most {FILES_MOST} at once, or a ZIP."
        return _form(KnowledgeBaseError(fault, code="files-too-many"))
    return _begin([(Kind.FILE, _name(file)) for file in sent], [file.read() for file in sent])


@blueprint.post("/desk/add/address")
@auth.needs(Right.WRITE)
def address() -> ResponseReturnValue:
    """Take the address of a page."""
    given = request.form.get("address", "").strip()
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        fault = f"{given or 'Nothing'} is no address of a page. It begins with https:// or http://."
        return _form(KnowledgeBaseError(fault, code="address-invalid"))
    return _begin([(Kind.ADDRESS, given)], [None])


@blueprint.get("/desk/jobs/<int:number>")
@auth.needs(Right.WRITE)
def job(number: int) -> ResponseReturnValue:
    """Show how far a job is."""
    found = own_job(number)
    return render_template("editorial/import-job.html", job=found, items=shown_items(found))


@blueprint.get("/desk/jobs/<int:number>/state")
@auth.needs(Right.WRITE)
def state(number: int) -> ResponseReturnValue:
    """Say how far a job is, for the page that shows it."""
    found = own_job(number)
    states = [item.state.value for item in found.items]
    return jsonify(open=found.is_open, states=states)


@blueprint.post("/desk/jobs/<int:number>/<any(stop, start):deed>")
@auth.needs(Right.WRITE)
def turn(number: int, deed: str) -> ResponseReturnValue:
    """Stop a job, or let it go on."""
    jobs = current_site().jobs
    (jobs.stop if deed == "stop" else jobs.start)(own_job(number).number)
    return redirect(addresses().job(number), HTTPStatus.SEE_OTHER)


@blueprint.post("/desk/jobs/<int:number>/save")
@auth.needs(Right.WRITE)
def save_all(number: int) -> ResponseReturnValue:
    """Save all that was found and is ready, as drafts."""
    found, by = own_job(number), auth.acting()
    refused: list[SourceError] = []
    for item in found.items:
        if item.state is ItemState.READY:
            try:
                save_item(current_site(), item, by=by)
            except SourceError as error:
                refused.append(error)
    if refused:
        again = own_job(number)
        fault = KnowledgeBaseError(" ".join(map(str, refused)), code=refused[0].code)
        page = render_template(
            "editorial/import-job.html", job=again, items=shown_items(again), fault=fault
        )
        return make_response(page, HTTPStatus.CONFLICT)
    return redirect(addresses().job(number), HTTPStatus.SEE_OTHER)


@blueprint.post("/desk/items/<int:number>/<any(retry, discard):deed>")
@auth.needs(Right.WRITE)
def turn_item(number: int, deed: str) -> ResponseReturnValue:
    """Read what failed again, or leave something out."""
    jobs, item = current_site().jobs, own_item(number)
    if deed == "discard":
        jobs.discard(number, by=auth.acting())
        if item.kind is Kind.EDIT:
            return redirect(addresses().desk_article(item.article_id), HTTPStatus.SEE_OTHER)
    else:
        jobs.retry(item.parent or number)
    return redirect(addresses().job(item.job), HTTPStatus.SEE_OTHER)


def own_job(number: int) -> Job:
    """Return a job of whoever asks; to others it does not exist, but to administrators."""
    found = current_site().jobs.job(number)
    me = auth.signed_in()
    if found.name != me.name and not me.may(Right.ADMINISTER):
        raise NotFoundError("job", str(number))
    return found


def own_item(number: int) -> Item:
    """Return an item of whoever asks."""
    item = current_site().jobs.item(number)
    own_job(item.job)
    return item


def shown_items(job: Job) -> list[Item]:
    """Return what a page lists: a source until it was read, then what was found in it."""
    return [item for item in job.items if item.state is not ItemState.READ]


def _begin(sources: list[tuple[Kind, str]], contents: list[bytes | None]) -> ResponseReturnValue:
    site = current_site()
    number, items = site.jobs.begin(sources, by=auth.acting())
    folder = folder_of(site.settings.home, number)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for item, content in zip(items, contents, strict=True):
        if content is not None:
            write_durably(file_of(site.settings.home, site.jobs.item(item)), content)
    site.jobs.start(number)
    return redirect(addresses().job(number), HTTPStatus.SEE_OTHER)


def _name(file: FileStorage) -> str:
    """Return the name of an uploaded file, without folders and what cannot be shown."""
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name
    return "".join(sign for sign in name if sign.isprintable())[-NAME_MOST:] or "file"


def _form(fault: KnowledgeBaseError | None = None) -> ResponseReturnValue:
    jobs = current_site().jobs.of(auth.signed_in().name)
    page = render_template(
        "editorial/import.html", fault=fault, jobs=jobs, title=request.values.get("title", ""),
        text=request.form.get("text", ""), address=request.form.get("address", ""),
    )  # fmt: skip
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK)
