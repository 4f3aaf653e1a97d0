"""The compiler that the build uses: CC, an installed one, or one downloaded for the build."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hatch_build import ZIGLANG, find_compiler

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of PATH, empty; CC is not set, and nothing may be downloaded."""
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path


def put_program(folder: Path, name: str) -> str:
    path = folder / name
    path.touch(mode=0o755)
    return str(path)


@pytest.mark.parametrize("name", ["cc", "gcc", "clang"])
def test_installed_compiler_is_used(folder: Path, name: str) -> None:
    program = put_program(folder, name)

    with find_compiler(ROOT) as compiler:
        assert compiler.command == (program,)


def test_compiler_in_variable_precedes_installed_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_program(folder, "cc")
    monkeypatch.setenv("CC", "clang -m64")

    with find_compiler(ROOT) as compiler:
        assert compiler.command == ("clang", "-m64")


def test_without_a_compiler_one_is_downloaded_and_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))

    with find_compiler(ROOT) as compiler:
        target = Path(compiler.variables["PYTHONPATH"])
        assert target.is_dir()
        assert compiler.command[:4] == (sys.executable, "-m", "ziglang", "cc")

    (command,) = commands
    assert "--require-hashes" in command
    assert command[command.index("--target") + 1] == str(target)
    assert command[command.index("-r") + 1] == str(ROOT / ZIGLANG)
    assert not target.exists()


def test_without_a_compiler_or_a_download_the_error_names_the_variable(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="CC"), find_compiler(ROOT):
        pytest.fail("there is a compiler")


def test_downloaded_compiler_is_pinned_by_version_and_hashes() -> None:
    pinned = (ROOT / ZIGLANG).read_text()

    assert re.search(r"^ziglang==[\d.]+ \\$", pinned, re.M)
    assert re.search(r"--hash=sha256:[0-9a-f]{64}", pinned)
