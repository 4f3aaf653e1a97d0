import hashlib
import json
import os
import re
from dataclasses import replace
from zipfile import ZipFile

import pytest

import ingest.pipeline
from ingest.http_fetch import FetchedPage
from ingest.pipeline import IngestResult
from ingest.pipeline import ingest as run
from ingest.processing import ProcessingContext, process
from ingest.readers.markdown.preprocess import TEMPLATE_TAG
from ingest.readers.registry import SourceDocument
from ingest.sources import IngestTask, SourceFile
from ingest.tagging.tagger import Tagger
from ingest.workers.pool import MAX_BATCH, map_ordered
from ingest.workers.sandbox import SandboxLimits
from kb.errors import RejectedError, SourceError, SourceProblem, StoreError
from kb.model.passage import Evidence, Tag
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_writer import SaveResult
from kb.storage.audit_log import Actor

ARTICLE = "# {0}\n\n## Side effects\n\nThey are mild.\n\n## How it works\n\nIt works well.\n"

LINE = json.dumps({"title": "L", "sections": [{"text": "Text."}]}) + "\n"


class FakeStore:
    """Records the save requests; fails for the title `fail`."""

    def __init__(self, fail="", error=None):
        self.calls = []
        self.batches = []
        self.fail, self.error = fail, error

    def save_all(self, submissions):
        self.batches.append(len(submissions))
        return [self.saved(submission) for submission in submissions]

    def saved(self, submission):
        if submission.article.title == self.fail:
            if isinstance(self.error, RejectedError):
                return self.error
            raise self.error
        known = any(call.source_key == submission.source_key for call in self.calls)
        self.calls.append(submission)
        return SaveResult(
            article_id=submission.article.title.lower(),
            version=1,
            status="unchanged" if known else "added",
            passages=submission.passages,
            notes=("a note",),
        )


def outcomes(sources, store=None, **more):
    options = {"publish": False, "topics": [], "jobs": 1, "actor": Actor("me"), **more}
    return list(run([str(s) for s in sources], store or FakeStore(), load_taxonomy(), **options))


def in_this_process(work, items, shared, *, jobs, limits):
    """Do what `map_ordered` does, without the second that its processes take to start."""
    for item in items:
        try:
            result = item if isinstance(item, SourceError) else work(item, shared)
        except SourceError as error:
            result = error
        yield [(item, result)]


@pytest.fixture
def no_processes(monkeypatch):
    monkeypatch.setattr(ingest.pipeline, "map_ordered", in_this_process)


@pytest.fixture
def folder(tmp_path):
    for name in ("One", "Two", "Three"):
        (tmp_path / f"{name}.md").write_text(ARTICLE.format(name))
    return tmp_path


@pytest.mark.parametrize("jobs", [1, 2])
def test_folder_yields_one_result_per_article_in_order(folder, jobs):
    (folder / "broken.png").write_bytes(b"\x89PNG")
    found = outcomes([folder], jobs=jobs)
    assert [(o.title, o.status) for o in found] == [
        ("One", "added"),
        ("Three", "added"),
        ("Two", "added"),
        ("", "rejected"),
    ]
    assert found[0] == IngestResult(
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
    assert found[3].code == SourceProblem.FORMAT
    assert found[3].source == str(folder / "broken.png")
    assert found[3].error.startswith(f"{folder / 'broken.png'}: ")


@pytest.mark.usefixtures("no_processes")
def test_save_requests_contain_key_topics_and_checksum(folder):
    store = FakeStore()
    (folder / "page.html").write_text(
        '<html><head><link rel="canonical" href="https://example.org/p"></head><body><p>Text.</p>'
    )
    (folder / "named.txt").write_text("Named\n\nId: my-id\nTopics: Skin\n\nText stands here.\n")
    outcomes([folder], store, publish=True, topics=["Skin", "Bones"])
    by_key = {call.source_key: call for call in store.calls}
    assert set(by_key) == {
        f"file:{folder / 'One.md'}",
        f"file:{folder / 'Two.md'}",
        f"file:{folder / 'Three.md'}",
        "url:https://example.org/p",
        "id:my-id",
    }
    call = by_key["id:my-id"]
    assert call.article.metadata.topics == ("Skin", "Bones")
    assert (call.publish, call.actor, call.coverage) == (True, Actor("me"), 1.0)
    assert len(call.source_sha256) == 64


@pytest.mark.usefixtures("no_processes")
@pytest.mark.parametrize(
    ("options", "published"),
    [
        ({"publish": True}, {"One": True, "Two": False}),
        ({"publish": True, "accept_differences": True}, {"One": True, "Two": True}),
        ({"publish": False, "accept_differences": True}, {"One": False, "Two": False}),
    ],
)
def test_article_that_differs_from_its_source_is_saved_but_not_published(
    folder, monkeypatch, options, published
):
    def differ(task, context):
        draft = process(task, context)
        return replace(draft, differences=("2501 mg",) if draft.article.title == "Two" else ())

    monkeypatch.setattr(ingest.pipeline, "process", differ)
    store = FakeStore()

    found = outcomes([folder / "One.md", folder / "Two.md"], store, **options)

    assert {call.article.title: call.publish for call in store.calls} == published
    assert {call.article.title: call.differences for call in store.calls} == {
        "One": (),
        "Two": ("2501 mg",),
    }
    assert {o.title: (o.status, o.errors) for o in found} == {
        "One": ("added", ()),
        "Two": ("added", ("2501 mg",)),
    }


@pytest.mark.usefixtures("no_processes")
def test_each_json_line_is_an_article(tmp_path):
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
    assert (fourth.status, fourth.code) == ("rejected", SourceProblem.DUPLICATE)
    assert f"{path}, line 1" in fourth.error
    assert f"{path}, line 4" in fourth.error


@pytest.mark.usefixtures("no_processes")
def test_same_file_twice_is_unchanged(folder):
    one = folder / "One.md"
    assert [o.status for o in outcomes([one, one])] == ["added", "unchanged"]


@pytest.mark.usefixtures("no_processes")
def test_rejection_by_store_affects_one_article(folder):
    found = outcomes([folder], FakeStore("Three", RejectedError("db", "too long")))
    assert [o.status for o in found] == ["added", "rejected", "added"]
    assert found[1].title == "Three"
    assert found[1].error == f"{folder / 'Three.md'}: {RejectedError('db', 'too long')}"


@pytest.mark.usefixtures("no_processes")
def test_failing_store_ends_the_run_and_keeps_finished_articles(folder):
    store = FakeStore("Three", StoreError("disk full"))
    done = []
    with pytest.raises(StoreError):
        for outcome in run(
            [str(folder)],
            store,
            load_taxonomy(),
            publish=False,
            topics=[],
            jobs=1,
            actor=Actor("me"),
        ):
            done.append(outcome.title)
    assert not {"Three", "Two"} & set(done)


def misbehave(task, tagger):
    """Replacement of `process` in the worker, which imports it by name."""
    if task.document.path.name == "Fault.md":
        raise IndexError("oops")
    while task.document.path.name == "Loop.md":
        pass
    return ingest.pipeline.process(task, tagger)


@pytest.fixture(scope="module")
def misbehaved(tmp_path_factory):
    """The results by file name of a run in which two documents are not processed."""
    folder = tmp_path_factory.mktemp("sources")
    names = ("A", "Fault", "H", "Loop", "Z")
    for name in names:
        (folder / f"{name}.md").write_text(ARTICLE.format(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest.pipeline, "process", misbehave)
        found = outcomes([folder], sandbox_limits=SandboxLimits(cpu_seconds=1))
    assert [result.source for result in found] == [str(folder / f"{name}.md") for name in names]
    return dict(zip(names, found, strict=True))


def test_internal_error_rejects_one_article(misbehaved):
    assert [misbehaved[name].status for name in "AHZ"] == ["added"] * 3
    assert (misbehaved["Fault"].status, misbehaved["Fault"].code) == (
        "rejected",
        SourceProblem.FAULT,
    )
    assert "IndexError: oops" in misbehaved["Fault"].error


def test_document_exceeding_a_limit_is_rejected(misbehaved):
    assert [misbehaved[name].status for name in "AHZ"] == ["added"] * 3
    rejected = misbehaved["Loop"]
    assert (rejected.status, rejected.code) == ("rejected", SourceProblem.PROCESSOR_TIME)
    assert rejected.error.startswith(f"{rejected.source}: ")
    assert "1 s" in rejected.error


@pytest.mark.usefixtures("no_processes")
def test_source_files_of_saved_articles_are_stored_once(folder, tmp_path):
    (folder / "bad.txt").write_bytes(b"\x00" * 1000)
    (folder / "lines.jsonl").write_text(LINE + '{"broken\n')
    kept = tmp_path / "home" / "sources"
    for _ in range(2):
        outcomes([folder], FakeStore("Two", RejectedError("db", "too long")), originals=kept)
    files = [path for path in kept.rglob("*") if path.is_file()]
    contents = {path.read_bytes() for path in files}
    assert contents == {(folder / f"{n}.md").read_bytes() for n in ("One", "Three")} | {
        LINE.encode()
    }
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        assert path.parent.name == path.name[:2]


@pytest.mark.usefixtures("no_processes")
def test_file_changed_during_ingest_is_rejected(folder, monkeypatch, tmp_path):
    real = ingest.pipeline.read_unchanged

    def changed(path, sha256, source):
        path.write_text("other")
        return real(path, sha256, source)

    monkeypatch.setattr(ingest.pipeline, "read_unchanged", changed)
    (found,) = outcomes([folder / "One.md"], originals=tmp_path / "kept")
    assert (found.status, found.code) == ("rejected", SourceProblem.CHANGED)
    assert not (tmp_path / "kept").exists()


@pytest.mark.usefixtures("no_processes")
def test_each_archive_member_is_an_article(tmp_path):
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("in/one.md", ARTICLE.format("One"))
        archive.writestr("bad.txt", b"\x00" * 100)
        archive.writestr("lines.jsonl", LINE + '{"broken\n')
        archive.writestr("two.md", ARTICLE.format("Two"))
    store = FakeStore()
    found = outcomes([path], store)
    assert [(o.source, o.status) for o in found] == [
        (f"{path}, in/one.md", "added"),
        (f"{path}, bad.txt", "rejected"),
        (f"{path}, lines.jsonl, line 1", "added"),
        (f"{path}, lines.jsonl, line 2", "rejected"),
        (f"{path}, two.md", "added"),
    ]
    assert found[3].code == SourceProblem.MALFORMED
    assert found[3].error.startswith(f"{path}, lines.jsonl, line 2: ")
    assert [call.source_key for call in store.calls] == [
        f"file:{path}#in/one.md",
        f"file:{path}#lines.jsonl#line 1",
        f"file:{path}#two.md",
    ]


PAGE = "<html><head>{0}</head><body><h1>Gout</h1><p>It hurts.</p></body></html>"


@pytest.mark.usefixtures("no_processes")
@pytest.mark.parametrize(
    ("head", "key"),
    [
        ("", "url:https://example.org/gout"),
        (
            '<link rel="canonical" href="https://example.org/main">',
            "url:https://example.org/main",
        ),
        ('<link rel="canonical" href="https://other.org/x">', "url:https://example.org/gout"),
    ],
)
def test_web_page_is_identified_by_its_url(head, key, monkeypatch):
    content = PAGE.format(head).encode()
    monkeypatch.setattr(
        "ingest.sources.fetch",
        lambda address, *, private: FetchedPage("https://example.org/gout", content),
    )
    store = FakeStore()
    (found,) = outcomes(["https://example.org/go"], store)
    assert (found.source, found.status) == ("https://example.org/gout", "added")
    (call,) = store.calls
    assert call.source_key == key
    assert call.article.metadata.url


@pytest.mark.usefixtures("no_processes")
def test_result_counts_tags_of_saved_passages(folder):
    class Editing(FakeStore):
        def saved(self, submission):
            tag = Tag("prognosis", 1.0, Evidence.EDITOR, "editor")
            edited = tuple(replace(passage, tags=(tag,)) for passage in submission.passages)
            return super().saved(replace(submission, passages=edited))

    (found,) = outcomes([folder / "One.md"], Editing())
    assert found.tags == {"prognosis": 2}


@pytest.mark.usefixtures("no_processes")
def test_omitted_text_and_empty_headings_are_warnings(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("# A\n\nText {{ one }} here {{ two }}.\n\n## Bare\n\n## Full\n\nText.\n")
    (found,) = outcomes([path])
    left_out, bare = found.warnings[:2]
    assert TEMPLATE_TAG in left_out
    assert re.search(r"\b2\b", left_out)
    assert re.findall(r"\{\{.+?\}\}", left_out) == ["{{ one }}", "{{ two }}"]
    assert "Bare" in bare
    assert "Full" not in bare


def test_stopping_early_keeps_finished_articles(folder):
    store = FakeStore()
    started = run(
        [str(folder)], store, load_taxonomy(), publish=False, topics=[], jobs=2, actor=Actor("me")
    )
    next(started)
    started.close()
    assert "One" in [call.article.title for call in store.calls]


@pytest.mark.usefixtures("no_processes")
def test_section_without_heading_and_text_is_accepted(tmp_path):
    sections = [{"heading": "H", "text": "Text."}, {"heading": "", "text": ""}]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"title": "A", "sections": sections}) + "\n")
    (found,) = outcomes([path])
    assert found.status == "added"


def test_articles_are_saved_in_batches(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(LINE * 40)
    store = FakeStore()
    outcomes([path], store)
    assert sum(store.batches) == 40
    assert len(store.batches) < 40
    assert max(store.batches) <= MAX_BATCH


def test_oversized_files_are_rejected(tmp_path):
    expected = {
        "binary.txt": ("", SourceProblem.BINARY, ""),
        "text.txt": ("Gout hurts. " * 8_000, SourceProblem.TOO_LARGE, "50 MB"),
    }
    for name, (beginning, _, _) in expected.items():
        (tmp_path / name).write_text(beginning)
        with (tmp_path / name).open("r+b") as file:
            file.truncate(1_000_000_000)  # a sparse file
    found = outcomes([tmp_path])
    for result, (name, (_, code, limit)) in zip(found, expected.items(), strict=True):
        assert (result.status, result.code) == ("rejected", code)
        assert result.error.startswith(f"{tmp_path / name}: ")
        assert limit in result.error


def test_file_emptied_before_reading_is_rejected(tmp_path):
    path = tmp_path / "empty.md"
    path.touch()
    task = IngestTask(SourceFile(path=path, name="empty.md", key="k"), SourceDocument(path))
    desk = ProcessingContext(Tagger(load_taxonomy()))
    with pytest.raises(SourceError) as raised:
        process(task, desk)
    error = raised.value
    assert (error.source, error.code) == ("empty.md", SourceProblem.NO_TEXT)


def threads_of_the_nursery(item, shared):
    return len(os.listdir(f"/proc/{os.getppid()}/task"))  # noqa: PTH208


def test_fork_server_has_a_single_thread():
    """A fork copies one thread only, so locks held by other threads would never be released."""
    (((_, threads),),) = map_ordered(threads_of_the_nursery, ["x"], None, jobs=1)
    assert threads == 1
