"""Compiles the C sources of collectors/reading/native into its two libraries, for an installation in place and for a wheel.

The machine's C compiler is used (`CC`, else `cc`); where there is none, one that pip brings along (ziglang) takes its place. One
library calls nothing of Python, the other (walking) only its stable interface, so one build serves every version.
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
LIBRARIES = {FOLDER / "content.so": FOLDER, FOLDER / "walking.abi3.so": FOLDER / "walking"}  # and where the sources of each are
# No -march: what is built on one machine runs on its neighbours. Sums keep their order, so that all give the same results.
FLAGS = ("-O3", "-std=c11", "-shared", "-fPIC", "-ffp-contract=off", "-Werror=implicit-function-declaration")
# What is called of Python is found when Python loads the library.
LATER = ("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()


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
        command = compiler() or [sys.executable, "-m", "ziglang", "cc"]
        for library, folder in LIBRARIES.items():
            sources = [str(path) for path in sorted((root / folder).glob("*.c"))]
            beside = root / library.with_suffix(f".{os.getpid()}.so")  # renamed: a process may have the old one open
            subprocess.run([*command, *FLAGS, *LATER, "-o", str(beside), *sources, "-lm"], check=True)  # noqa: S603 - our own sources
            beside.replace(root / library)
            build_data["artifacts"].append(f"/{library}")
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
