"""Export and import as the command line and the API show them, and what they check beyond `kb`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from index.query.synonym_rules import listed
from kb.errors import SynonymsError, TaxonomyError
from kb.exchange.exporter import ExportReport
from kb.exchange.importer import ImportReport
from kb.model.taxonomy import load_taxonomy
from web import schemas


def check_words(name: str, content: bytes) -> str:
    """Return what is wrong with a file of the vocabulary, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            if name == "taxonomy.toml":
                load_taxonomy(Path(folder))
            else:
                listed(path)
        except (TaxonomyError, SynonymsError) as error:
            return str(error).removeprefix(f"{folder}/")
    return ""


def exported_json(done: ExportReport) -> dict[str, Any]:
    """Return what an export holds."""
    return {
        "articles": done.articles,
        "versions": done.versions,
        "sources": done.sources,
        "vocabulary": list(done.vocabulary),
        "notes": list(done.notes),
    }


def imported_json(done: ImportReport) -> schemas.ImportReportResponse:
    """Return what an import did, article by article."""
    return {
        "made_at": done.made_at,
        "added": done.counts["added"],
        "updated": done.counts["updated"],
        "unchanged": done.counts["unchanged"],
        "sources": done.sources,
        "vocabulary": dict(done.vocabulary),
        "conflicts": len(done.conflicts),
        "articles": [
            {
                "id": arrival.article_id,
                "title": arrival.title,
                "status": arrival.status,
                "versions_added": list(arrival.added),
                "conflict": arrival.conflict.value if arrival.conflict else None,
                "notes": list(arrival.notes),
            }
            for arrival in done.arrivals
        ],
        "notes": list(done.notes),
    }
