"""Quality of mentions on the corpora: finding names and lemmas, tone, likeness of texts, each beside its peer in the same run.

    python -m benchmarks.mentions_quality CORPORA

Runs `benchmarks.quality_matching` and `benchmarks.quality_sentiment`, which say what each figure means, over all their sets.
Needs the dependency groups `bench` and `train` (scikit-learn is the peer for tone).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PARTS = ("benchmarks.quality_matching", "benchmarks.quality_sentiment")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    corpora = parser.parse_args().corpora
    for part in PARTS:  # a process each: neither pays for the other's memory
        print(f"== {part}", flush=True)
        subprocess.run([sys.executable, "-m", part, str(corpora)], check=True)


if __name__ == "__main__":
    main()
