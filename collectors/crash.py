"""Named points at which a test can make the process die, as `kill -9` would."""

import os

CRASHED = 137  # the exit code a shell reports for SIGKILL


def crash_point(name: str) -> None:
    """Die here if DOZOR_CRASH_AT names this point: no cleanup, no flush, no finally."""
    if os.environ.get("DOZOR_CRASH_AT") == name:
        os._exit(CRASHED)
