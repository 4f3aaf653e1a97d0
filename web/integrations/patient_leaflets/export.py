"""Export of patient leaflets to a folder, synchronised with the published articles.

File names contain a code, such as ``icd10_m17.11_en.pdf``. Health records look for exactly the code
in the chart, so an article with an ICD-10-CM code is also exported for the codes below it, unless
they have their own article. Only files listed in the manifest of the folder are replaced or
removed.
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

MANIFEST = ".kb-education.json"
UNFINISHED = ""  # manifest entry of a file that is being written
LAYOUT_VERSION = 2  # increase to render all leaflets again
TYPES = {
    "icd-10-cm": "icd10",
    "icd-9-cm": "icd9",
    "snomed-ct": "snomed",
    "rxnorm": "rxcui",
    "ndc": "ndc",
    "loinc": "loinc",
}
VALID_CODE = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,39}")  # codes that are valid in file names
LANGUAGES = ("en", "es")  # languages that health records look for


@dataclass(frozen=True, slots=True)
class Note:
    """Message about a problem; `about` is an article id or a file name."""

    code: str
    about: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class LeafletExportResult:
    """Names of the written and removed files, and notes about problems."""

    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    notes: tuple[Note, ...]


def export_leaflets(
    store: ArticleStore, folder: Path, *, site: str, urls: UrlBuilder, today: date
) -> LeafletExportResult:
    """Update `folder` to the published articles.

    `site` is the name of the site in the footer, `urls` builds the links. Raises `SettingsError` if
    the manifest is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _read_manifest(folder)
    notes: list[Note] = []
    records_by_file = _group_by_file(list(store.published(store.published_ids())), notes)
    now: dict[str, str] = {}
    written: list[str] = []
    rendered: dict[str, bytes] = {}
    for name, records in sorted(records_by_file.items()):
        path, key = folder / name, _key(records, site, urls, today)
        if path.exists() and name not in before:
            text = f"{name} was not written by this command. Move it to export this leaflet."
            notes.append(Note("foreign-file", name, text))
            continue
        now[name] = key
        if before.get(name) != key or not path.exists():
            written.append(name)
    # The manifest is written first, so that files written before a crash are recognised on the
    # next run.
    _write_manifest(folder, before | dict.fromkeys(written, UNFINISHED))
    for name in written:
        key = now[name]
        if key not in rendered:  # several codes can share one leaflet
            leaflets = [
                Leaflet(record, urls.article(record.id)) for record in records_by_file[name]
            ]
            rendered[key] = render_pdf(leaflets, site, today)
        atomic_write(folder / name, rendered[key])
    removed = sorted(set(before) - set(now))
    for name in removed:
        (folder / name).unlink(missing_ok=True)
    _write_manifest(folder, now)
    return LeafletExportResult(
        tuple(written), len(now) - len(written), tuple(removed), tuple(notes)
    )


def _write_manifest(folder: Path, names: dict[str, str]) -> None:
    atomic_write(folder / MANIFEST, json.dumps(names, indent=1, sort_keys=True).encode())


def _read_manifest(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    if not path.exists():
        return {}
    try:
        manifest = json.loads(path.read_bytes())
    except ValueError as error:
        raise SettingsError(
            f"{path} is damaged. Remove it and the leaflets next to it, and run the command again.",
            code="list-damaged",
        ) from error
    return {name: str(key) for name, key in manifest.items() if Path(name).name == name}


def _group_by_file(
    records: Sequence[ArticleRecord], notes: list[Note]
) -> dict[str, list[ArticleRecord]]:
    """Return the articles of each file by file name, sorted by title."""
    by_code: dict[tuple[str, MedicalCode], list[ArticleRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.article.title.casefold()):
        language = _language(record)
        codes = [code for code in map(parse_prefixed_code, record.article.metadata.codes) if code]
        usable = [
            code for code in codes if code.system in TYPES and VALID_CODE.fullmatch(code.value)
        ]
        invalid = [str(code) for code in codes if not VALID_CODE.fullmatch(code.value)]
        if invalid:
            text = f"{record.id}: these codes are not valid in file names: {', '.join(invalid)}."
            notes.append(Note("code-unusable", record.id, text))
        reason = _exclusion_reason(record, language, usable)
        if reason:
            why, words = reason
            notes.append(Note(why, record.id, f"{record.id}: {words}"))
            continue
        unsupported = unsupported_characters(record)
        if unsupported:
            text = f"{record.id}: the font lacks these characters: {unsupported}"
            notes.append(Note("characters-unknown", record.id, text))
        for code in usable:
            by_code[language, code].append(record)
    return {
        f"{TYPES[code.system]}_{code.value.lower()}_{language}.pdf": articles
        for language, code, articles in _with_descendants(by_code)
    }


def _with_descendants(
    by_code: dict[tuple[str, MedicalCode], list[ArticleRecord]],
) -> Iterator[tuple[str, MedicalCode, list[ArticleRecord]]]:
    for (language, code), records in by_code.items():
        yield language, code, records
    for code in iter_icd_10_codes():
        for language in LANGUAGES:
            if (language, code) in by_code:
                continue
            inherited = (by_code.get((language, ancestor)) for ancestor in iter_ancestors(code))
            nearest = next(filter(None, inherited), None)
            if nearest:
                yield language, code, nearest


def _language(record: ArticleRecord) -> str:
    return (record.article.metadata.language or "en").lower().partition("-")[0]


def _exclusion_reason(
    record: ArticleRecord, language: str, usable: Sequence[MedicalCode]
) -> tuple[str, str] | None:
    if record.status is not ArticleStatus.PUBLISHED:
        return "not-published", "it is not published."
    if record.article.metadata.audience == "professionals":
        return "professionals", "it is for professionals."
    if not usable:
        return "no-code", f"it has no code in {', '.join(TYPES)}."
    if language not in LANGUAGES:
        return "language", f"its language {language!r} is not supported."
    return None


def _key(records: Sequence[ArticleRecord], site: str, urls: UrlBuilder, today: date) -> str:
    """Return a hash that changes when a leaflet must be rendered again."""
    state = [
        (r.id, r.version, get_review_state(r.article.metadata.review_due, today).value)
        for r in records
    ]
    state_json = json.dumps([LAYOUT_VERSION, site, urls.root, state])
    return hashlib.sha256(state_json.encode()).hexdigest()[:16]
