"""Memory that was freed is used again, and not asked of the system anew."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
from collectors.memory import keep_memory
import pyarrow as pa

if {kept}:
    keep_memory()
    assert pa.default_memory_pool().backend_name == "system"

def fill():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    taken = [bytearray(1_000_000) for _ in range(64)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

fill()
print(fill())
"""


def faults_of_second_round(*, kept: bool) -> int:
    """Pages of memory that the system had to hand out for what the process had held, and freed, before."""
    done = subprocess.run([sys.executable, "-c", FAULTS.format(kept=kept)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc, whose heap has these options")
def test_freed_memory_is_taken_again() -> None:
    assert faults_of_second_round(kept=True) < faults_of_second_round(kept=False) / 20


def test_a_server_of_workers_lets_arrow_share_the_heap() -> None:
    program = "import dozor.forkserver, pyarrow; print(pyarrow.default_memory_pool().backend_name)"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "system\n"
