"""The note on passages read by OCR, on the page and in the API."""

from __future__ import annotations

from kb.model.article import Article, Block, BlockKind, Section
from kb.model.passage import Passage
from tests.web.builders import CannedSearch, save
from tests.web.page_text import elements


def test_passages_read_by_ocr_are_marked(client_with, empty_store):
    blocks = tuple(
        Block(kind=BlockKind.PARAGRAPH, text=text, page=page, ocr=ocr)
        for text, page, ocr in (("Typed text.", 1, False), ("Scanned text.", 2, True))
    )
    article = Article("Warfarin", (Section("", blocks),))
    passages = [Passage(heading_path=(), blocks=(block,)) for block in blocks]
    saved = save(empty_store, article, passages)
    client = client_with(CannedSearch(), empty_store)
    shown = empty_store.article(saved.article_id).passages

    page = client.get(f"/articles/{saved.article_id}")
    (note,) = elements(page, "[data-ocr]")
    assert note.parent is not None
    assert "Scanned text." in note.parent.text
    answers = [client.get(f"/api/v1/passages/{passage.id}").get_json() for passage in shown]
    assert [answer["ocr"] for answer in answers] == [False, True]
