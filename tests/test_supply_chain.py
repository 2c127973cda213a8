"""What is installed is what was locked, byte for byte."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_of_the_lock_file_has_its_hashes() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    packages = [package for package in lock["package"] if "registry" in package["source"]]
    assert len(packages) > 50
    for package in packages:
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert files, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]


def test_make_installs_from_the_lock_file_only() -> None:
    calls = [line for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if " sync " in line]
    assert calls
    assert all("--frozen" in line for line in calls)
