"""Vocabulary validation and JSON reports of exports and imports."""

from __future__ import annotations

import tempfile
from pathlib import Path

from index.query.intents import load_intents
from index.query.synonym_rules import read_rules
from kb.errors import IntentsError, SynonymsError, TaxonomyError
from kb.exchange.importer import ImportReport
from kb.model.taxonomy import load_taxonomy
from web.schemas.editorial import ImportReportResponse


def validate_vocabulary(name: str, content: bytes) -> str:
    """Return the error in a vocabulary file of an export, or an empty string if it is valid.

    `name` is ``taxonomy.toml``, ``intents.toml`` or the name of a synonyms file.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            if name == "taxonomy.toml":
                load_taxonomy(Path(folder))
            elif name == "intents.toml":
                load_intents(Path(folder))
            else:
                read_rules(path)
        except (TaxonomyError, IntentsError, SynonymsError) as error:
            return str(error).removeprefix(f"{folder}/")
    return ""


def import_report_json(report: ImportReport) -> ImportReportResponse:
    """Return the result of an import, with one object per article."""
    return {
        "made_at": report.made_at,
        "added": report.counts["added"],
        "updated": report.counts["updated"],
        "unchanged": report.counts["unchanged"],
        "sources": report.sources,
        "vocabulary": dict(report.vocabulary),
        "conflicts": len(report.conflicts),
        "articles": [
            {
                "id": article.article_id,
                "title": article.title,
                "status": article.status,
                "versions_added": list(article.added),
                "conflict": article.conflict.value if article.conflict else None,
                "notes": list(article.notes),
            }
            for article in report.articles
        ],
        "notes": list(report.notes),
    }
