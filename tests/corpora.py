"""Real pages, feeds and answers with ground truth, kept beside the checkout and never inside it."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("DOZOR_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def corpus(name: str) -> Path:
    """The folder of a corpus; skips the test where it is absent."""
    folder = ROOT / name
    if not folder.is_dir():
        pytest.skip(f"corpus {name} is not here (looked in {ROOT}; DOZOR_CORPORA names another folder)")
    return folder
