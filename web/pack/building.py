"""Building a pack: the published articles of one moment, their pages, and what searches them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from index.document import documents
from index.vocabulary import Vocabulary
from kb.record import ArticleRecord
from kb.settings import Settings
from kb.store import Store
from kb.taxonomy import Taxonomy
from web.assets import FOLDER as STATIC
from web.outline import tag_views
from web.pack.folder import Writing, Written
from web.pack.terms import Place, Terms, script, texts
from web.pack.views import Pack, Pages

OWN = Path(__file__).with_name("files")
FILES = (
    STATIC / "kb.css",
    STATIC / "browse.css",
    STATIC / "icon.svg",
    OWN / "pack.css",
    OWN / "pack.js",
)


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written."""

    made_at: datetime
    articles: int
    passages: int
    written: Written


def build(
    store: Store,
    taxonomy: Taxonomy,
    vocabulary: Vocabulary,
    folder: Path,
    *,
    settings: Settings,
    now: datetime,
) -> Packed:
    """Write a pack of the published articles; raises `PackError`."""
    records = sorted(store.published(store.published_ids()), key=lambda record: record.id)
    pack = Pack(
        title=settings.title,
        contact=settings.contact,
        site=settings.public_url.rstrip("/"),
        made_at=now,
        articles=len(records),
        passages=sum(len(record.passages) for record in records),
    )
    with Writing(folder) as writing:
        for path in FILES:
            writing.write(f"files/{path.name}", path.read_bytes())
        pages = Pages(pack, taxonomy, records)
        for name, content in pages.all():
            writing.write(name, content)
        for name, content in _data(records, pages, taxonomy, vocabulary):
            writing.write(name, content)
        return Packed(now, pack.articles, pack.passages, writing.finish())


def _data(
    records: Sequence[ArticleRecord], pages: Pages, taxonomy: Taxonomy, vocabulary: Vocabulary
) -> Iterator[tuple[str, bytes]]:
    """Yield the files that the search reads."""
    terms = Terms(vocabulary)
    places: list[Place] = []
    lines: list[object] = []
    for number, record in enumerate(records):
        listed = pages.review_of(record)
        lines.append(
            [
                record.id,
                record.article.title,
                len(record.passages),
                listed.review.words,
                listed.review.state.value,
                listed.due.isoformat() if listed.due else "",
                record.article.metadata.source,
            ]
        )
        for passage, document in zip(record.passages, documents(record, taxonomy), strict=True):
            terms.add(document)
            views = tag_views([tag.tag for tag in passage.tags], taxonomy)
            labels = tuple(f"{'!' if view.safety else ''}{view.label}" for view in views)
            places.append(Place(number, passage, labels))
    for name, value in (*terms.files(), *texts(places), ("articles", lines)):
        yield f"data/{name}.js", script(name, value)
