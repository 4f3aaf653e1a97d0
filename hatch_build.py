"""Compiles the loops over postings when the package is installed or built: a C compiler, no more.

The library is called through `ctypes`, so it depends on no version of Python.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = Path("index/postings/c")
LIBRARY = Path("index/postings/_kernel.so")
# No contraction of a * b + c into one rounding: scores are the same numbers on every machine.
FLAGS = ("-O3", "-std=gnu11", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=hidden")


class CompiledLoops(BuildHookInterface[Any]):
    """Puts the compiled library beside the sources and into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; raises `RuntimeError` that names what is missing."""
        root = Path(self.root)
        compiler = os.environ.get("CC", "cc")
        sources = sorted(str(path) for path in (root / SOURCES).glob("*.c"))
        made = root / LIBRARY.with_suffix(f".{os.getpid()}")
        command = [*shlex.split(compiler), *FLAGS, "-o", str(made), *sources]
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError as error:
            raise RuntimeError(
                f"No C compiler: {compiler} was not found. Install one (Debian: apt-get install gcc"
                " libc6-dev) or name it in the variable CC."
            ) from error
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"{shlex.join(command)} failed, as said above.") from error
        made.replace(root / LIBRARY)  # a process that has the old one open keeps it
        build_data["artifacts"].append(str(LIBRARY))
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
