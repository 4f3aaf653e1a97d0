"""Sheets for patients: which files there are, what stands in them, and what is left alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from kb.errors import SettingsError
from kb.store import Store
from tests.kb.building import save
from web.addresses import Addresses
from web.education.export import LIST, Done, export

TODAY = date(2026, 3, 15)
HERE = Addresses("https://kb.example")


def exported(store: Store, folder: Path, today: date = TODAY) -> Done:
    return export(store, folder, site="Sample Hospital", here=HERE, today=today)


def text_of(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "education"


def test_files_are_named_by_codes_and_the_codes_below_them(
    empty_store: Store, folder: Path
) -> None:
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


def test_a_sheet_says_how_far_to_trust_it_and_holds_every_letter(
    empty_store: Store, folder: Path
) -> None:
    save(
        empty_store,
        "β-blockers & <others>",
        ("Dose", "≥ 5 µg, naïve, Łódź, Здоровье → 漢"),
        codes=("rxnorm:1",),
        owner="Heart team",
        source="Sample Hospital",
        review_due=date(2026, 1, 31),
    )
    done = exported(empty_store, folder)
    text = text_of(folder / "rxcui_1_en.pdf")
    for said in (
        "β-blockers & <others>",
        "≥ 5 µg, naïve, Łódź, Здоровье →",
        "Heart team",
        "version 1",
        "Review overdue since January 2026",
        "https://kb.example/articles/",
        "Page 1",
    ):
        assert said in text
    assert done.notes[0].endswith(": these characters are shown as boxes: 漢")


def test_the_next_run_writes_what_changed_and_removes_what_is_gone(
    empty_store: Store, folder: Path
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

    empty_store.retire("asthma", reason="", replaced_by="", actor="editor")
    (folder / "own.pdf").write_text("somebody else's")
    gone = exported(empty_store, folder)
    assert gone.removed == ("icd9_493_en.pdf",)
    assert sorted(path.name for path in folder.iterdir()) == [LIST, "icd9_274_en.pdf", "own.pdf"]


def test_a_file_of_somebody_else_is_never_replaced(empty_store: Store, folder: Path) -> None:
    save(empty_store, "Gout", ("", "Crystals."), codes=("icd-9-cm:274",))
    folder.mkdir()
    (folder / "icd9_274_en.pdf").write_text("ours")
    done = exported(empty_store, folder)
    assert (folder / "icd9_274_en.pdf").read_text() == "ours"
    assert done.notes == (
        "icd9_274_en.pdf was not written by this command, and was left as it is.",
    )


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({}, "it has no code"),
        ({"codes": ("mesh:D1",)}, "it has no code"),
        ({"codes": ("icd-9-cm:1",), "audience": "professionals"}, "it is for professionals"),
        ({"codes": ("icd-9-cm:1",), "language": "fr"}, "no record looks for the language 'fr'"),
    ],
)
def test_what_is_left_out_is_said(
    empty_store: Store, folder: Path, metadata: dict[str, object], why: str
) -> None:
    save(empty_store, "Gout", ("", "Crystals."), **metadata)
    done = exported(empty_store, folder)
    assert done.written == ()
    assert len(done.notes) == 1
    assert why in done.notes[0]


def test_a_damaged_list_is_told(empty_store: Store, folder: Path) -> None:
    folder.mkdir()
    (folder / LIST).write_text("{")
    with pytest.raises(SettingsError, match="is damaged"):
        exported(empty_store, folder)
