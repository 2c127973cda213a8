"""Compiles the C sources of collectors/reading/native into one library, for an installation in place and for a wheel.

The machine's C compiler is used (`CC`, else `cc`); where there is none, one that pip brings along (ziglang) takes its place. The
library calls nothing of Python, so one build serves every version.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("collectors/reading/native")
LIBRARY = FOLDER / "content.so"
# No -march: what is built on one machine runs on its neighbours. Sums keep their order, so that all give the same results.
FLAGS = ("-O3", "-std=c11", "-shared", "-fPIC", "-ffp-contract=off")


def compiler() -> list[str] | None:
    """The machine's own, if it has one."""
    named = shlex.split(os.environ.get("CC", "cc"))
    return named if shutil.which(named[0]) else None


class NativeHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if compiler() else ["ziglang>=0.15,<1"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the name is hatchling's
        root = Path(self.root)
        sources = [str(path) for path in sorted((root / FOLDER).glob("*.c"))]
        command = compiler() or [sys.executable, "-m", "ziglang", "cc"]
        beside = root / LIBRARY.with_suffix(f".{os.getpid()}.so")  # renamed: a process may have the old one open
        subprocess.run([*command, *FLAGS, "-o", str(beside), *sources, "-lm"], check=True)  # noqa: S603 - our own sources
        beside.replace(root / LIBRARY)
        build_data["artifacts"].append(f"/{LIBRARY}")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
