"""Patient leaflets: file names, content, and files that are not replaced."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reportlab.platypus import Table

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import SettingsError
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    CalloutLevel,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    Metadata,
    table,
)
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, ArticleStatus, ReviewState
from kb.storage.article_store import ArticleStore
from kb.storage.atomic_files import atomic_write
from kb.storage.audit_log import Actor
from tests.kb.builders import save
from tests.web.builders import passage
from tests.web.formatted_article import LINK, formatted_article
from web.integrations.patient_leaflets.export import MANIFEST, LeafletExportResult, export_leaflets
from web.integrations.patient_leaflets.pdf import Leaflet, render_pdf
from web.integrations.patient_leaflets.styles import markup
from web.integrations.patient_leaflets.tables import render_table
from web.presentation.article_view import (
    LEVEL_WORDS,
    OCR_NOTE,
    build_block_view,
    format_text,
    unmarked,
)
from web.presentation.formatting import format_review
from web.presentation.urls import UrlBuilder

TODAY = date(2026, 3, 15)
HERE = UrlBuilder("https://kb.example")


def exported(store: ArticleStore, folder: Path, today: date = TODAY) -> LeafletExportResult:
    return export_leaflets(store, folder, site="Sample Hospital", urls=HERE, today=today)


def text_of(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "education"


def test_leaflets_are_named_by_codes_and_subcodes(empty_store: ArticleStore, folder: Path) -> None:
    save(empty_store, "Asthma", ("", "Inhalers."), codes=("icd-10-cm:J45", "mesh:D001249"))
    save(empty_store, "Bad asthma", ("", "Steroids."), codes=("icd-10-cm:J45.5",))
    save(empty_store, "Warfarina", ("", "Sangre."), codes=("rxnorm:11289",), language="es-MX")
    save(empty_store, "Draft", ("", "No."), codes=("icd-10-cm:M10",), publish=False)

    done = exported(empty_store, folder)

    names = {path.name for path in folder.glob("*.pdf")}
    assert set(done.written) == names
    assert {"icd10_j45_en.pdf", "icd10_j45.40_en.pdf", "icd10_j45.5_en.pdf"} <= names
    assert "rxcui_11289_es.pdf" in names
    assert not any("m10" in name or "d001249" in name for name in names)
    assert "Inhalers." in text_of(folder / "icd10_j45.40_en.pdf")
    assert "Steroids." in text_of(folder / "icd10_j45.50_en.pdf")  # of the nearest code


def test_leaflet_has_review_status_and_full_text(empty_store: ArticleStore, folder: Path) -> None:
    save(
        empty_store,
        "β-blockers & <others>",
        ("Dose", "≥ 5 µg, naïve, Łódź, Здоровье → 漢"),
        codes=("rxnorm:1",),
        owner="Heart team",
        source="City Library",
        licence="CC BY 4.0",
        review_due=date(2026, 1, 31),
    )
    done = exported(empty_store, folder)
    text = text_of(folder / "rxcui_1_en.pdf")
    for said in (
        "β-blockers & <others>",
        "≥ 5 µg, naïve, Łódź, Здоровье →",
    ):
        assert said in text
    overdue = format_review(Metadata(review_due=date(2026, 1, 31)), ReviewState.OVERDUE).words
    for said in ("Heart team", "City Library", "CC BY 4.0"):
        assert said in text
    assert re.search(r"β-blockers & <others>, \w+ 1\b", text), "the version, at the foot"
    assert re.search(r" \w+ 1\r?$", text, re.MULTILINE), "the number of the page"
    assert "January 2026" in overdue
    assert text.count(overdue) == 2  # above the text and at the foot
    assert "https://kb.example/articles/" in text
    (note,) = done.notes
    assert note.code == "characters-unknown"
    assert note.text.endswith("漢")


def test_every_page_names_its_article(empty_store: ArticleStore, folder: Path) -> None:
    long = "One more sentence on it. " * 400
    for title, source in (("Gout", "First source"), ("Gouty feet", "Second source")):
        save(empty_store, title, ("", long), codes=("icd-9-cm:274",), source=source)
    exported(empty_store, folder)
    document = pypdfium2.PdfDocument(folder / "icd9_274_en.pdf")
    pages = [page.get_textpage().get_text_range() for page in document]
    feet = [(r"Gout, \w+ 1\b", "First source"), (r"Gouty feet, \w+ 1\b", "Second source")]
    undated = format_review(Metadata(), ReviewState.UNKNOWN).words
    assert len(pages) >= 4
    for page in pages:
        assert len([foot for foot in feet if all(re.search(said, page) for said in foot)]) == 1
        assert undated in page
        assert "https://kb.example/articles/gout" in page


TEXTS = st.text(max_size=60)
MARKS = st.lists(
    st.builds(
        Mark,
        st.sampled_from(MarkKind),
        st.integers(0, 30),
        st.integers(31, 60),
        st.just('https://x.example/?a=1&b="<'),
    ),
    max_size=3,
).map(tuple)
SPANS = st.integers(1, 4)
CELLS = st.one_of(TEXTS, st.builds(Cell, TEXTS, SPANS, SPANS))
BLOCKS = st.one_of(
    st.builds(
        lambda text, marks, level: Block(
            kind=BlockKind.CALLOUT, text=text.ljust(60), marks=marks, level=level
        ),
        TEXTS,
        MARKS,
        st.sampled_from([None, *CalloutLevel]),
    ),
    st.builds(
        lambda rows, heads: table(tuple(map(tuple, rows)), heads),
        st.lists(st.lists(CELLS, min_size=1, max_size=12), max_size=9),
        st.integers(0, 6),
    ),
    st.builds(
        lambda items, ordered: Block(
            kind=BlockKind.LIST, items=tuple(ListItem(*item) for item in items), ordered=ordered
        ),
        st.lists(st.tuples(TEXTS, st.integers(0, 9), TEXTS), max_size=5),
        st.booleans(),
    ),
)


def sheet(*blocks: Block) -> Leaflet:
    return Leaflet(
        ArticleRecord(
            id="x", status=ArticleStatus.PUBLISHED, version=1, article=Article("X", ()),
            passages=(Passage(heading_path=("H",), blocks=blocks),), warnings=(), coverage=1.0,
            created_at=datetime.now(UTC), published_at=None, published_version=1,
        ),
        "https://kb.example/articles/x",
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(BLOCKS, max_size=3))
@example([Block(kind=BlockKind.CALLOUT, text="word " * 8_000)])
@example([Block(kind=BlockKind.PARAGRAPH, text="x" * 20_000)])
@example([table((("word " * 5_000, "b"), ("c", "d")), 1)])
@example([table((("h " * 50, "b"),) * 80, 70)])
@example([table((("x" * 900,) * 40,) * 3, 1)])
@example([table((("a b " * 30,) * 20,) * 5, 3)])
@example([table([("Age", "Dose"), (Cell("Adults", rows=90), "1"), *[("", "2")] * 89], 1)])
@example([table([(Cell("Age", rows=3), "Dose"), ("", "1"), ("", "word " * 900)], 1)])
def test_leaflet_fits_any_blocks(blocks: list[Block]) -> None:
    made = pypdfium2.PdfDocument(render_pdf([sheet(*blocks)], "Site", TODAY))
    assert re.search(r"X, \w+ 1\b", made[0].get_textpage().get_text_range())


def test_leaflet_shows_labels_levels_spans_and_link_addresses() -> None:
    article, passages = formatted_article()
    scanned = passage(("Scan",), replace(table([("5 mg", "daily")]), ocr=True))
    leaflet = sheet()
    record = replace(leaflet.record, article=article, passages=(*passages, scanned))
    made = render_pdf([replace(leaflet, record=record)], "Site", TODAY)
    document = pypdfium2.PdfDocument(made)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    lines = [" ".join(line.split()) for line in text.splitlines()]

    labels = ("3. Draw", "c. Check", "iv. Record", "1.2.1 Offer", "a) Adults", "ii. 60", "1. Wash")
    for label in (*labels, "• healthy", "4. had a dose"):
        assert any(line.startswith(label) for line in lines), label
    assert [line for line in lines if line in set(LEVEL_WORDS.values())] == list(
        LEVEL_WORDS.values()
    )
    assert OCR_NOTE in lines
    assert "^" not in text
    assert f"/URI ({LINK})".encode() in made
    assert f"({LINK})" in "".join(lines)
    assert "0.15 mL" in lines
    assert "10 micrograms" in lines
    assert lines.count("Children") == 1  # spans the table


def test_marks_become_markup_without_the_sign_of_a_power() -> None:
    kinds = (MarkKind.STRONG, MarkKind.EMPHASIS, MarkKind.SUBSCRIPT)
    marks = (*(Mark(kind, 0, 1) for kind in kinds), Mark(MarkKind.SUPERSCRIPT, 3, 5))
    assert markup(format_text("<10^9", marks, unmarked)) == (
        "<sub><i><b>&lt;</b></i></sub>10<super>9</super>"
    )


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("the guide", "https://x.example/a", " (https://x.example/a)"),
        ("x.example/a", "https://x.example/a/", ""),
        ("the team", "mailto:team@x.example", " (team@x.example)"),
        ("020 7946 0000", "tel:02079460000", ""),
    ],
)
def test_address_of_a_link_is_printed_unless_its_text_shows_it(
    text: str, href: str, shown: str
) -> None:
    marks = (Mark(MarkKind.LINK, 0, len(text), href), Mark(MarkKind.STRONG, 0, 4))
    assert markup(format_text(text, marks, unmarked)).rpartition("</a>")[2] == shown


@pytest.mark.parametrize(("columns", "is_grid"), [(8, True), (14, True), (40, False)])
def test_table_that_does_not_fit_becomes_lines_with_column_names(
    columns: int, is_grid: bool
) -> None:
    heads = [f"N{number}" for number in range(columns)]
    rows: list[list[str | Cell]] = [
        [*heads],
        [Cell("Oral", rows=2), *["5 mg"] * (columns - 1)],
        ["", *["6"] * (columns - 1)],
    ]
    flowables = list(render_table(build_block_view(table(rows, 1))))
    assert [isinstance(flowable, Table) for flowable in flowables] == (
        [True] if is_grid else [False, False]
    )
    made = pypdfium2.PdfDocument(render_pdf([sheet(table(rows, 1))], "Site", TODAY))
    text = made[0].get_textpage().get_text_range()
    assert (text.count("N0: Oral"), text.count("Oral")) == ((0, 1) if is_grid else (2, 2))


def test_interrupted_export_is_completed_by_next_run(
    empty_store: ArticleStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, title in enumerate(("Asthma", "Gout", "Migraine")):
        save(empty_store, title, ("", "Text."), codes=(f"icd-9-cm:{number}",))
    made: list[Path] = []

    def cut_off(path: Path, content: bytes) -> None:
        made.append(path)
        if len(made) == 4:  # the list and two sheets are there
            raise OSError("The disk is full.")
        atomic_write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr("web.integrations.patient_leaflets.export.atomic_write", cut_off)
        with pytest.raises(OSError, match="full"):
            exported(empty_store, folder)
    done = exported(empty_store, folder)
    assert len(done.written) == 3
    assert done.notes == ()
    assert len(exported(empty_store, folder).written) == 0


def test_code_cannot_escape_folder(empty_store: ArticleStore, folder: Path) -> None:
    codes = ("rxnorm:../../passwd", "ndc:a/b", "icd-9-cm:274")
    save(empty_store, "Gout", ("", "Crystals."), codes=codes)
    done = exported(empty_store, folder)
    assert done.written == ("icd9_274_en.pdf",)
    (note,) = done.notes
    assert (note.code, note.about) == ("code-unusable", "gout")
    assert "rxnorm:../../PASSWD" in note.text
    assert "ndc:A/B" in note.text


def test_next_export_updates_changed_and_removes_retired_leaflets(
    empty_store: ArticleStore, folder: Path
) -> None:
    save(
        empty_store, "Gout", ("", "Crystals."), codes=("icd-9-cm:274",), review_due=date(2026, 4, 1)
    )
    save(empty_store, "Asthma", ("", "Inhalers."), codes=("icd-9-cm:493",))
    assert len(exported(empty_store, folder).written) == 2
    first = (folder / "icd9_274_en.pdf").read_bytes()
    again = exported(empty_store, folder)
    assert (again.written, again.unchanged) == ((), 2)
    assert exported(empty_store, folder, date(2026, 5, 1)).written == ("icd9_274_en.pdf",)
    exported(empty_store, folder)
    assert (folder / "icd9_274_en.pdf").read_bytes() == first  # the same, to the byte

    ReviewWorkflow(empty_store.database).retire(
        "asthma", reason="", replaced_by="", actor=Actor("editor")
    )
    (folder / "own.pdf").write_text("somebody else's")
    gone = exported(empty_store, folder)
    assert gone.removed == ("icd9_493_en.pdf",)
    assert sorted(path.name for path in folder.iterdir()) == [
        MANIFEST,
        "icd9_274_en.pdf",
        "own.pdf",
    ]


def test_foreign_file_is_never_replaced(empty_store: ArticleStore, folder: Path) -> None:
    save(empty_store, "Gout", ("", "Crystals."), codes=("icd-9-cm:274",))
    folder.mkdir()
    (folder / "icd9_274_en.pdf").write_text("ours")
    done = exported(empty_store, folder)
    assert (folder / "icd9_274_en.pdf").read_text() == "ours"
    (note,) = done.notes
    assert (note.code, note.about) == ("foreign-file", "icd9_274_en.pdf")
    assert "icd9_274_en.pdf" in str(note)


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({}, "no-code"),
        ({"codes": ("mesh:D1",)}, "no-code"),
        ({"codes": ("icd-9-cm:1",), "audience": "professionals"}, "professionals"),
        ({"codes": ("icd-9-cm:1",), "language": "fr"}, "language"),
    ],
)
def test_export_reports_omitted_articles(
    empty_store: ArticleStore, folder: Path, metadata: dict[str, object], code: str
) -> None:
    save(empty_store, "Gout", ("", "Crystals."), **metadata)
    done = exported(empty_store, folder)
    assert done.written == ()
    (note,) = done.notes
    assert (note.code, note.about) == (code, "gout")
    assert note.text.startswith("gout")


def test_damaged_manifest_is_reported(empty_store: ArticleStore, folder: Path) -> None:
    folder.mkdir()
    (folder / MANIFEST).write_text("{")
    with pytest.raises(SettingsError) as caught:
        exported(empty_store, folder)
    assert caught.value.code == "list-damaged"
    assert MANIFEST in str(caught.value)
