"""What one page may cost (reliability.md, hostile pages): the error is named, and the process goes on."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys

import pytest

from collectors.reading.model import PageError
from dozor.bounded import bounded, bounding

ENDLESS = "while True: pass"
GREEDY = "held = [bytearray(1 << 20) for _ in range(1_000)]"
STUBBORN = """
while True:
    try:
        while True: pass
    except Exception as error:
        if "again" in str(vars()): raise
        again = error
"""


@pytest.mark.parametrize(
    ("code", "seconds", "reason"), [(ENDLESS, 0.2, "0.2 s"), (GREEDY, 30, "300 MB"), (STUBBORN, 0.2, "0.2 s")]
)
def test_more_than_the_bounds_is_a_named_error(code: str, seconds: float, reason: str) -> None:  # R-219, G-14
    program = (
        "from dozor.bounded import bounded\nfrom collectors.reading.model import PageError\n"
        f"try:\n    with bounded({seconds}, 300 << 20): exec({code!r})\nexcept PageError as error: print(error)\n"
        "held = bytearray(400 << 20); print('goes on')"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert reason in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1] == "goes on"


def test_what_stays_within_leaves_no_trace() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF)

    with bounded():
        sum(range(1_000))

    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF)) == before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_errors_inside_pass_through() -> None:
    with pytest.raises(KeyError), bounded():
        raise KeyError("own")
    with pytest.raises(PageError, match="broken"), bounded():
        raise PageError("broken")


def test_one_page_after_another_has_all_of_its_bounds() -> None:
    with bounding(0.2) as page_bounds:
        for _ in range(2):
            with pytest.raises(PageError, match=r"0\.2 s"), page_bounds():
                exec(ENDLESS)
            with page_bounds():
                sum(range(1_000))

    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
