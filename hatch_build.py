"""Build hook that compiles the search kernel (index/postings/c) when the package is built.

The library is called through `ctypes`, so it does not depend on the version of Python.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = Path("index/postings/c")
LIBRARY = Path("index/postings/_kernel.so")
# No contraction of a * b + c into one rounding: scores are the same numbers on every machine.
FLAGS = ("-O3", "-std=gnu11", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=hidden")
COMPILERS = ("cc", "gcc", "clang")
ZIGLANG = Path("requirements-compiler.lock")
# Without it, zig compiles for the processor of this machine, and the wheel may be for another.
ZIG_FLAGS = ("-mcpu=baseline",)
ADVICE = "Install a C compiler (Debian: apt-get install gcc libc6-dev) or set CC"


class Compiler(NamedTuple):
    """The start of a command that compiles C, and the variables that it needs."""

    command: tuple[str, ...]
    variables: dict[str, str]


class KernelBuildHook(BuildHookInterface[Any]):
    """Puts the compiled library beside the sources and into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; raises `RuntimeError` that names what is missing."""
        root = Path(self.root)
        sources = sorted(str(path) for path in (root / SOURCES).glob("*.c"))
        made = root / LIBRARY.with_suffix(f".{os.getpid()}")
        with find_compiler(root) as compiler:
            command = [*compiler.command, *FLAGS, "-o", str(made), *sources]
            try:
                subprocess.run(command, check=True, env={**os.environ, **compiler.variables})
            except FileNotFoundError as error:
                raise RuntimeError(f"{command[0]} was not found. {ADVICE}.") from error
            except subprocess.CalledProcessError as error:
                raise RuntimeError(f"{shlex.join(command)} failed; see its output.") from error
        made.replace(root / LIBRARY)  # a process that has the old one open keeps it
        build_data["artifacts"].append(str(LIBRARY))
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"


@contextmanager
def find_compiler(root: Path) -> Iterator[Compiler]:
    """Yield the compiler in CC, else one of `COMPILERS`, else zig, downloaded for this build."""
    if given := os.environ.get("CC"):
        yield Compiler(tuple(shlex.split(given)), {})
    elif found := next(filter(None, map(shutil.which, COMPILERS)), None):
        yield Compiler((found,), {})
    else:
        with tempfile.TemporaryDirectory(prefix="kb-compiler-") as folder:
            yield _download_zig(root / ZIGLANG, folder)


def _download_zig(requirements: Path, folder: str) -> Compiler:
    # -I: the isolated environment of a build hides pip, which the interpreter itself has.
    pip = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    install = ["install", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command = [*pip, *install, "--no-compile", "--target", folder, "-r", str(requirements)]
    try:
        subprocess.run(command, check=True)
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"No C compiler was found or downloaded. {ADVICE}.") from error
    return Compiler(
        (sys.executable, "-m", "ziglang", "cc", *ZIG_FLAGS),
        {
            "PYTHONPATH": folder,
            "ZIG_GLOBAL_CACHE_DIR": folder,
            "ZIG_LOCAL_CACHE_DIR": folder,
        },
    )
