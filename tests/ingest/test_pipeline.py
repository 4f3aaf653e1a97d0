import json
from dataclasses import dataclass, replace

import pytest

import ingest.pipeline
from ingest.pipeline import Outcome
from ingest.pipeline import ingest as run
from kb.errors import StateError, StoreError
from kb.passage import Evidence, Tag
from kb.taxonomy import load_taxonomy

ARTICLE = "# {0}\n\n## Side effects\n\nThey are mild.\n\n## How it works\n\nIt works well.\n"


@dataclass
class Saved:
    article_id: str
    status: str
    passages: tuple
    version: int = 1
    notes: tuple = ()


class FakeStore:
    """Remembers what it was given; fails for the title that it is told to fail for."""

    def __init__(self, fail="", error=None):
        self.calls = []
        self.fail, self.error = fail, error

    def save(self, article, passages, **more):
        if article.title == self.fail:
            raise self.error
        known = any(call["source_key"] == more["source_key"] for call in self.calls)
        self.calls.append({"article": article, "passages": passages, **more})
        status = "unchanged" if known else "added"
        return Saved(article.title.lower(), status, tuple(passages), notes=("a note",))


def outcomes(sources, store=None, **more):
    options = {"publish": False, "topics": [], "jobs": 1, "actor": "me", **more}
    return list(run([str(s) for s in sources], store or FakeStore(), load_taxonomy(), **options))


@pytest.fixture
def folder(tmp_path):
    for name in ("One", "Two", "Three"):
        (tmp_path / f"{name}.md").write_text(ARTICLE.format(name))
    return tmp_path


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_gives_an_outcome_for_each_article_in_order(folder, jobs):
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4")
    found = outcomes([folder], jobs=jobs)
    assert [(o.title, o.status) for o in found] == [
        ("One", "added"),
        ("Three", "added"),
        ("Two", "added"),
        ("", "rejected"),
    ]
    assert found[0] == Outcome(
        source=str(folder / "One.md"),
        status="added",
        article_id="one",
        title="One",
        passages=2,
        tags={"safety": 1, "mechanism": 1},
        coverage=1.0,
        warnings=("a note",),
        error=None,
    )
    assert "is a PDF" in found[3].error
    assert found[3].source == str(folder / "broken.pdf")


def test_what_the_store_is_given(folder):
    store = FakeStore()
    (folder / "page.html").write_text(
        '<html><head><link rel="canonical" href="https://example.org/p"></head><body><p>Text.</p>'
    )
    (folder / "named.txt").write_text("Named\n\nId: my-id\nTopics: Skin\n\nText stands here.\n")
    outcomes([folder], store, publish=True, topics=["Skin", "Bones"])
    by_key = {call["source_key"]: call for call in store.calls}
    assert set(by_key) == {
        f"file:{folder / 'One.md'}",
        f"file:{folder / 'Two.md'}",
        f"file:{folder / 'Three.md'}",
        "url:https://example.org/p",
        "id:my-id",
    }
    call = by_key["id:my-id"]
    assert call["article"].metadata.topics == ("Skin", "Bones")
    assert (call["publish"], call["actor"], call["coverage"]) == (True, "me", 1.0)
    assert len(call["source_sha256"]) == 64


def test_lines_of_json_are_articles_of_their_own(tmp_path):
    lines = [
        json.dumps({"id": "a", "title": "A", "sections": [{"heading": "H", "text": "Text."}]}),
        "{broken",
        json.dumps({"title": "B", "sections": [{"heading": "H", "text": "Text."}]}),
        json.dumps({"id": "a", "title": "C", "sections": [{"heading": "H", "text": "Text."}]}),
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines))
    first, second, third, fourth = outcomes([path])
    assert (first.status, first.source) == ("added", f"{path}, line 1")
    assert (second.status, second.source) == ("rejected", f"{path}, line 2")
    assert third.status == "added"
    assert fourth.status == "rejected"
    assert f"{path}, line 1" in fourth.error
    assert f"{path}, line 4" in fourth.error


def test_the_same_file_twice_is_unchanged(folder):
    one = folder / "One.md"
    assert [o.status for o in outcomes([one, one])] == ["added", "unchanged"]


def test_a_refusal_of_the_store_rejects_one_article(folder):
    found = outcomes([folder], FakeStore("Three", StateError("It is retired.")))
    assert [o.status for o in found] == ["added", "rejected", "added"]
    assert (found[1].title, found[1].error) == ("Three", "It is retired.")


def test_a_failing_store_ends_the_batch_and_keeps_what_is_done(folder):
    store = FakeStore("Three", StoreError("disk full"))
    done = []
    with pytest.raises(StoreError):
        for outcome in run(
            [str(folder)], store, load_taxonomy(), publish=False, topics=[], jobs=1, actor="me"
        ):
            done.append(outcome.title)
    assert done == ["One"]
    assert len(store.calls) == 1


def test_a_fault_of_the_program_rejects_one_article_and_says_so(folder, monkeypatch):
    cut = ingest.pipeline.chunk

    def fails(article):
        if article.title == "Three":
            raise IndexError("oops")
        return cut(article)

    monkeypatch.setattr(ingest.pipeline, "chunk", fails)
    found = outcomes([folder])
    assert [o.status for o in found] == ["added", "rejected", "added"]
    assert "IndexError: oops" in found[1].error
    assert "report" in found[1].error


def test_tags_are_those_that_the_store_kept(folder):
    class Editing(FakeStore):
        def save(self, article, passages, **more):
            tag = Tag("prognosis", 1.0, Evidence.EDITOR, "editor")
            edited = [replace(passage, tags=(tag,)) for passage in passages]
            return super().save(article, edited, **more)

    (found,) = outcomes([folder / "One.md"], Editing())
    assert found.tags == {"prognosis": 2}


def test_what_is_left_out_and_what_is_bare_are_warnings(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("# A\n\nText {{ one }} here {{ two }}.\n\n## Bare\n\n## Full\n\nText.\n")
    (found,) = outcomes([path])
    assert found.warnings[:2] == (
        'Left out as a template tag (2 times): "{{ one }}", "{{ two }}"',
        'Headings without text under them are in no passage: "Bare"',
    )


def test_stopping_early_keeps_what_is_done(folder):
    store = FakeStore()
    started = run(
        [str(folder)], store, load_taxonomy(), publish=False, topics=[], jobs=2, actor="me"
    )
    next(started)
    started.close()
    assert [call["article"].title for call in store.calls] == ["One"]
