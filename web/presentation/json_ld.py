"""JSON-LD metadata of article pages (schema.org MedicalWebPage)."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from kb.model.records import ArticleRecord
from web.presentation.formatting import format_timestamp


def build_json_ld(record: ArticleRecord, address: str) -> Markup:
    """Return the JSON-LD of an article for a `script` element of type application/ld+json.

    "<", ">" and "&" are escaped, so that no text in it can end the element.
    """
    metadata = record.article.metadata
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "@id": address,
        "url": address,
        "name": record.article.title,
        "alternateName": list(metadata.also_called),
        "about": list(metadata.topics),
        "inLanguage": metadata.language or "en",
        "version": str(record.version),
        "datePublished": format_timestamp(record.published_at),
        "lastReviewed": metadata.reviewed.isoformat() if metadata.reviewed else None,
        "reviewedBy": _organization(metadata.owner),
        "publisher": _organization(metadata.source),
        "license": metadata.licence or None,
        "audience": {"@type": "MedicalAudience", "audienceType": metadata.audience}
        if metadata.audience
        else None,
    }
    fields = {name: value for name, value in described.items() if value}
    text = json.dumps(fields, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _organization(name: str) -> dict[str, str] | None:
    return {"@type": "Organization", "name": name} if name else None
