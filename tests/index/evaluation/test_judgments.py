"""Judgments file: parsing, and errors with line and correction."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.evaluation.judgments import JudgmentTarget, find_targets, read_judgments
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import JudgmentsError
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import save
from tests.raises import raises

HEAD = "query,expected,within,group,note\n"


@pytest.fixture
def store(tmp_path: Path):
    store = ArticleStore.create(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    yield store
    store.close()


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "judged.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(JudgmentsError) as caught:
        read_judgments(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}, line ") for line in lines)
    return [line.removeprefix(f"{path}, line ") for line in lines]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_judgments_accept_spreadsheet_formats(tmp_path: Path, sign: str) -> None:
    rows = [["query", "Expected", "within"], ["gout", "Gout > Calming a flare", "1"], ["", "", ""]]
    text = "\ufeff" + "\r\n".join(sign.join(row) for row in rows) + "\r\n"

    (read,) = read_judgments(write(tmp_path, text))

    assert (read.line, read.query, read.expected) == (2, "gout", "Gout > Calming a flare")
    assert (read.within, read.group, read.note) == (1, "", "")


def test_empty_cells_have_default_values(tmp_path: Path) -> None:
    (read,) = read_judgments(write(tmp_path, HEAD + '"""slide sheets""",Ulcers,,phrase,why\n'))

    assert (read.query, read.within, read.group, read.note) == (
        '"slide sheets"',
        3,
        "phrase",
        "why",
    )


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ("", 1, "'query'"),
        ("query,article\n", 1, "'expected'"),
        ("query,expected,rank\n", 1, "'rank'"),
        (HEAD, 1, ""),
        (HEAD + "gout,,,,\n", 2, "'expected'"),
        (HEAD + "gout,Gout,first,,\n", 2, "'first'"),
        (HEAD + "gout,Gout,11,,\n", 2, "'11'"),
        (HEAD + "gout,Gout,,,,,\n", 2, ""),
        (HEAD + "gout,Gout,,,\n\ngout,Gout,,,\n", 4, " 2"),
        (HEAD + '"gout" x,Gout\n', 2, ""),
        (b"query,expected\nc\xf6liac,Coeliac\n", 1, "UTF-8"),
    ],
)
def test_judgment_error_has_line_and_fix(
    tmp_path: Path, text: str | bytes, line: int, named: str
) -> None:
    (fault,) = faults(write(tmp_path, text))

    assert fault.startswith(f"{line}: ")
    assert named in fault


def test_all_judgment_errors_are_reported_together(tmp_path: Path) -> None:
    found = faults(write(tmp_path, HEAD + "gout,,,,\n,Gout,,,\n"))

    assert [fault.partition(":")[0] for fault in found] == ["2", "3"]


def test_missing_judgments_file_raises_judgments_error(tmp_path: Path) -> None:
    with raises(JudgmentsError, "unreadable") as raised:
        read_judgments(tmp_path / "missing.csv")

    assert raised.value.path == str(tmp_path / "missing.csv")
    assert isinstance(raised.value.__cause__, FileNotFoundError)


# What was expected


def targets(store: ArticleStore, folder: Path, *expected: str) -> list[JudgmentTarget]:
    rows = "".join(f'query {n},"{name}",,,\n' for n, name in enumerate(expected))
    path = write(folder, HEAD + rows)
    return [target for _, target in find_targets(path, read_judgments(path), store)]


def gout(store: ArticleStore) -> dict[str, str]:
    """Save an article; return the ids of its passages by text."""
    saved = save(
        store,
        "Gout",
        ("", "The lead."),
        ("Treatment > Calming a flare", "One."),
        ("Treatment > Calming a flare", "Two."),
        ("Harms", "Three."),
    )
    return {found.text: found.id for found in saved.passages}


def test_targets_are_found_by_id_title_and_heading(store: ArticleStore, tmp_path: Path) -> None:
    ids = gout(store)
    every = frozenset(ids.values())
    flare = frozenset([ids["One."], ids["Two."]])

    found = targets(
        store,
        tmp_path,
        "gout",
        "GOUT",
        "Gout > calming a flare",
        "gout > Treatment > Calming a flare",
        ids["Three."],
    )

    assert [target.passages for target in found] == [
        every,
        every,
        flare,
        flare,
        frozenset([ids["Three."]]),
    ]


def test_title_may_contain_path_separator(store: ArticleStore, tmp_path: Path) -> None:
    saved = save(store, "Potassium > 6", ("Urgent", "Call."))

    (found,) = targets(store, tmp_path, "Potassium > 6 > Urgent")

    assert found == JudgmentTarget(saved.article_id, frozenset([saved.passages[0].id]))


@pytest.mark.parametrize(
    ("expected", "named"),
    [
        ("Gouut", ("'Gouut'", "'gout'", "`kb list`")),
        ("Gout > Calming a flair", ("'Calming a flair'", "'Calming a flare'", "`kb show gout`")),
        ("Draft", ("'Draft'", "`kb list`")),
        ("Twin", ("'Twin'", "twin, twin-2")),
    ],
)
def test_unknown_target_is_reported_with_its_line(
    store: ArticleStore, tmp_path: Path, expected: str, named: tuple[str, ...]
) -> None:
    gout(store)
    save(store, "Draft", ("", "Text."), publish=False)
    save(store, "Twin", ("", "One text."), key="one")
    save(store, "Twin", ("", "Another text."), key="two")

    with pytest.raises(JudgmentsError) as caught:
        targets(store, tmp_path, "Gout", expected)

    (fault,) = caught.value.faults
    assert fault.startswith("line 3: ")
    assert all(name in fault for name in named)


def test_passage_of_retired_article_is_reported(store: ArticleStore, tmp_path: Path) -> None:
    ids = gout(store)
    ReviewWorkflow(store.database).retire("gout", reason="", replaced_by="", actor=Actor("test"))

    with pytest.raises(JudgmentsError) as caught:
        targets(store, tmp_path, ids["One."])

    (fault,) = caught.value.faults
    assert repr(ids["One."]) in fault
    assert "gout" in fault.replace(ids["One."], "")
