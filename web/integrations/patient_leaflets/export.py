"""A folder of sheets, kept in step with what is published.

A file is named by a code: ``icd10_m17.11_en.pdf``. A record looks for the very code that stands in
its chart, so an article with an ICD-10-CM code also gets the files of the codes below it, unless
one of those has an article of its own. Only files that were written here are ever replaced or
removed: a list of them stands in the folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kb.errors import SettingsError
from kb.model.medical_codes import (
    MedicalCode,
    iter_ancestors,
    iter_icd_10_codes,
    parse_prefixed_code,
)
from kb.model.records import ArticleRecord, ArticleStatus, get_review_state
from kb.storage.article_store import ArticleStore
from kb.storage.atomic_files import atomic_write
from web.integrations.patient_leaflets.pdf import Leaflet, render_pdf, unsupported_characters
from web.presentation.urls import UrlBuilder

LIST = ".kb-education.json"
UNFINISHED = ""  # stands in the list for a file that is being written
MADE = 2  # how sheets look: a change here makes all of them anew
TYPES = {
    "icd-10-cm": "icd10",
    "icd-9-cm": "icd9",
    "snomed-ct": "snomed",
    "rxnorm": "rxcui",
    "ndc": "ndc",
    "loinc": "loinc",
}
NAMED = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,39}")  # a code that a file can be named by
LANGUAGES = ("en", "es")  # those that are looked for


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence on something that was left out: `about` is an article's id or a file's name."""

    code: str
    about: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class LeafletExportResult:
    """What an export did: names of files, and notes on what was left out."""

    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    notes: tuple[Note, ...]


def export_leaflets(
    store: ArticleStore, folder: Path, *, site: str, here: UrlBuilder, today: date
) -> LeafletExportResult:
    """Bring `folder` into step with the published articles; raises `SettingsError`."""
    folder.mkdir(parents=True, exist_ok=True)
    before = _listed(folder)
    notes: list[Note] = []
    wanted = _wanted(list(store.published(store.published_ids())), notes)
    now: dict[str, str] = {}
    written: list[str] = []
    made: dict[str, bytes] = {}
    for name, records in sorted(wanted.items()):
        path, key = folder / name, _key(records, site, here, today)
        if path.exists() and name not in before:
            text = f"{name} was not written by this command, and was left as it is."
            notes.append(Note("foreign-file", name, text))
            continue
        now[name] = key
        if before.get(name) != key or not path.exists():
            written.append(name)
    # Before the files, so that what is written before a crash is known as ours after it.
    _list(folder, before | dict.fromkeys(written, UNFINISHED))
    for name in written:
        key = now[name]
        if key not in made:  # the codes below one share the sheet
            sheets = [Leaflet(record, here.article(record.id)) for record in wanted[name]]
            made[key] = render_pdf(sheets, site, today)
        atomic_write(folder / name, made[key])
    removed = sorted(set(before) - set(now))
    for name in removed:
        (folder / name).unlink(missing_ok=True)
    _list(folder, now)
    return LeafletExportResult(
        tuple(written), len(now) - len(written), tuple(removed), tuple(notes)
    )


def _list(folder: Path, names: dict[str, str]) -> None:
    atomic_write(folder / LIST, json.dumps(names, indent=1, sort_keys=True).encode())


def _listed(folder: Path) -> dict[str, str]:
    path = folder / LIST
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise SettingsError(
            f"{path} is damaged. Remove it and the sheets beside it, and run the command again.",
            code="list-damaged",
        ) from error
    return {name: str(key) for name, key in found.items() if Path(name).name == name}


def _wanted(records: Sequence[ArticleRecord], notes: list[Note]) -> dict[str, list[ArticleRecord]]:
    """Return the names of the files and the articles in each, by title."""
    by_code: dict[tuple[str, MedicalCode], list[ArticleRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.article.title.casefold()):
        language = _language(record)
        codes = [code for code in map(parse_prefixed_code, record.article.metadata.codes) if code]
        usable = [code for code in codes if code.system in TYPES and NAMED.fullmatch(code.value)]
        strange = [str(code) for code in codes if not NAMED.fullmatch(code.value)]
        if strange:
            text = f"{record.id}: no file can be named by {', '.join(strange)}."
            notes.append(Note("code-unusable", record.id, text))
        reason = _left_out(record, language, usable)
        if reason:
            why, words = reason
            notes.append(Note(why, record.id, f"{record.id}: {words}"))
            continue
        boxes = unsupported_characters(record)
        if boxes:
            text = f"{record.id}: these characters are shown as boxes: {boxes}"
            notes.append(Note("characters-unknown", record.id, text))
        for code in usable:
            by_code[language, code].append(record)
    return {
        f"{TYPES[code.system]}_{code.value.lower()}_{language}.pdf": found
        for language, code, found in _with_those_below(by_code)
    }


def _with_those_below(
    by_code: dict[tuple[str, MedicalCode], list[ArticleRecord]],
) -> Iterator[tuple[str, MedicalCode, list[ArticleRecord]]]:
    for (language, code), records in by_code.items():
        yield language, code, records
    for code in iter_icd_10_codes():
        for language in LANGUAGES:
            if (language, code) in by_code:
                continue
            found = (by_code.get((language, higher)) for higher in iter_ancestors(code))
            nearest = next(filter(None, found), None)
            if nearest:
                yield language, code, nearest


def _language(record: ArticleRecord) -> str:
    return (record.article.metadata.language or "en").lower().partition("-")[0]


def _left_out(
    record: ArticleRecord, language: str, usable: Sequence[MedicalCode]
) -> tuple[str, str] | None:
    if record.status is not ArticleStatus.PUBLISHED:
        return "not-published", "it is not published."
    if record.article.metadata.audience == "professionals":
        return "professionals", "it is for professionals."
    if not usable:
        return "no-code", f"it has no code of {', '.join(TYPES)}."
    if language not in LANGUAGES:
        return "language", f"no record looks for the language {language!r}."
    return None


def _key(records: Sequence[ArticleRecord], site: str, here: UrlBuilder, today: date) -> str:
    """Return what changes when a sheet must be made anew."""
    state = [
        (r.id, r.version, get_review_state(r.article.metadata.review_due, today).value)
        for r in records
    ]
    said = json.dumps([MADE, site, here.root, state])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
