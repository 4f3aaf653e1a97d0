"""Creation of an offline pack: pages of the published articles, and their search data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from index.query.intents import IntentCatalog
from index.query.synonyms import SynonymDictionary
from kb.model.records import ArticleRecord
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.curation_store import Pin
from web.assets import STATIC_FOLDER
from web.integrations.offline_pack.output import PackWriter, WrittenPack
from web.integrations.offline_pack.pages import PackInfo, PackPages
from web.integrations.offline_pack.search_index import script, search_data
from web.presentation.article_view import is_safety

PACK_FILES = Path(__file__).with_name("files")
FILES = (
    STATIC_FOLDER / "kb.css",
    STATIC_FOLDER / "browse.css",
    STATIC_FOLDER / "icon.svg",
    STATIC_FOLDER / "tables.js",
    *sorted(PACK_FILES.iterdir()),
)


@dataclass(frozen=True, slots=True)
class PackReport:
    """Result of writing a pack."""

    made_at: datetime
    articles: int
    passages: int
    written: WrittenPack


def build_pack(
    store: ArticleStore,
    taxonomy: Taxonomy,
    vocabulary: SynonymDictionary,
    intents: IntentCatalog,
    folder: Path,
    *,
    settings: Settings,
    now: datetime,
    pins: Sequence[Pin] = (),
) -> PackReport:
    """Write a pack of the published articles to `folder`; raises `OfflinePackError`.

    `pins` are applied to queries as on the site.
    """
    records = sorted(store.published(store.published_ids()), key=lambda record: record.id)
    pack = PackInfo(
        title=settings.title,
        contact=settings.contact,
        site=settings.public_url.rstrip("/"),
        made_at=now,
        articles=len(records),
        passages=sum(len(record.passages) for record in records),
    )
    with PackWriter(folder) as writing:
        for path in FILES:
            writing.write(f"files/{path.name}", path.read_bytes())
        pages = PackPages(pack, taxonomy, records)
        for name, content in pages.render_all():
            writing.write(name, content)
        data = search_data(records, taxonomy, vocabulary, intents, pins)
        data["articles"] = [_article(record, pages) for record in records]
        data["tags"] = {tag.key: (tag.label, is_safety((tag.key,), taxonomy)) for tag in taxonomy}
        writing.write("data/search.js", script("kbPack", data))
        return PackReport(now, pack.articles, pack.passages, writing.finish())


def _article(record: ArticleRecord, pages: PackPages) -> dict[str, str]:
    """Return the fields of an article in search results."""
    listed = pages.list_entry(record)
    metadata = record.article.metadata
    return {
        "id": record.id,
        "title": listed.title,
        "topics": "\n".join((*metadata.topics, *metadata.also_called)),
        "review": listed.review.words,
        "state": listed.review.state.value,
        "due": listed.due.isoformat() if listed.due else "",
    }
