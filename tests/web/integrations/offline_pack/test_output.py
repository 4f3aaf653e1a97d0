"""Pack output: atomic replacement and verification."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.errors import OfflinePackError
from web.integrations.offline_pack import output
from web.integrations.offline_pack.output import SUMS, PackWriter, verify_pack


def write(folder: Path, **content: str) -> None:
    with PackWriter(folder) as writing:
        for name, text in content.items():
            writing.write(f"pages/{name}.html", text.encode())
        writing.finish()


def refusal(folder: Path) -> str:
    """Return the code of the error raised for a folder that is not replaced."""
    with pytest.raises(OfflinePackError) as caught:
        write(folder, gout="New.")
    return caught.value.code


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_new_pack_replaces_old_pack(tmp_path: Path) -> None:
    folder = tmp_path / "sub" / "pack"
    write(folder, gout="Rest.", old="Gone.")
    write(folder, gout="Rest the joint.")
    assert names(folder) == ["pages/gout.html"]
    assert (folder / "pages" / "gout.html").read_text() == "Rest the joint."
    assert [path.name for path in folder.parent.iterdir()] == ["pack"]
    line = (folder / SUMS).read_text()
    assert line == f"{hashlib.sha256(b'Rest the joint.').hexdigest()}  pages/gout.html\n"
    written, faults = verify_pack(folder)
    assert (written.files, faults) == (2, ())
    assert written.sha256 == hashlib.sha256(line.encode()).hexdigest()


def test_interrupted_run_leaves_only_old_pack(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    write(folder, gout="Rest.")
    with pytest.raises(KeyboardInterrupt), PackWriter(folder) as writing:
        writing.write("half.html", b"half")
        raise KeyboardInterrupt
    assert names(folder) == ["pages/gout.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]
    # One that was killed has left its folder; the next run clears it away.
    (tmp_path / "pack.new").mkdir()
    (tmp_path / "pack.new" / "half.html").write_text("half")
    write(folder, gout="Rest the joint.")
    assert names(folder) == ["pages/gout.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_folder_with_other_content_is_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    write(mine, gout="Rest.")  # it was empty
    (mine / "letter.txt").write_text("keep")
    assert refusal(mine) == "unknown-files"
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("keep")
    assert refusal(other) == "unknown-files"
    (tmp_path / "file").write_text("keep")
    assert refusal(tmp_path / "file") == "not-a-folder"
    (tmp_path / "link").symlink_to(mine)
    assert refusal(tmp_path / "link") == "not-a-folder"
    assert refusal(Path("/proc")) == "whole-disk"
    assert (mine / "letter.txt").read_text() == (other / "letter.txt").read_text() == "keep"


def test_oversized_pack_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pack", gout="Rest.")
    monkeypatch.setattr(output, "MAX_PACK_BYTES", 3)
    assert refusal(tmp_path / "pack") == "too-large"
    assert names(tmp_path / "pack") == ["pages/gout.html"]


def _link(folder: Path) -> None:
    (folder / "pages" / "gout.html").unlink()
    (folder / "pages" / "gout.html").symlink_to(folder / "pages" / "old.html")


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (lambda f: (f / "pages" / "gout.html").write_text("Other."), "pages/gout.html"),
        (lambda f: (f / "pages" / "gout.html").unlink(), "pages/gout.html"),
        (_link, "pages/gout.html"),
        (lambda f: (f / "new.js").write_text("x"), "new.js"),
    ],
)
def test_verify_names_changed_file(
    tmp_path: Path, change: Callable[[Path], object], file: str
) -> None:
    write(tmp_path / "pack", gout="Rest.", old="Gone.")
    change(tmp_path / "pack")
    (fault,) = verify_pack(tmp_path / "pack")[1]
    assert fault.split()[0] == file


@pytest.mark.parametrize(
    "line", ["nonsense", f"{'0' * 64}  ../secret", f"{'0' * 64}  /etc/passwd", "\x00\xff"]
)
def test_checksum_paths_outside_pack_are_damaged(tmp_path: Path, line: str) -> None:
    write(tmp_path / "pack", gout="Rest.")
    (tmp_path / "pack" / SUMS).write_text(line + "\n")
    with pytest.raises(OfflinePackError) as damaged:
        verify_pack(tmp_path / "pack")
    assert damaged.value.code == "checksums-damaged"
    with pytest.raises(OfflinePackError) as missing:
        verify_pack(tmp_path)
    assert missing.value.code == "no-pack"
