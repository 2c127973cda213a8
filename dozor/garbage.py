"""How often a process looks through its objects for cycles to free."""

import gc


def collect_rarely() -> None:
    """Most of what is loaded stays, and a page makes many objects and hardly a cycle: by Python's own count all of them would be
    looked through a hundred times."""
    gc.set_threshold(50_000, 20, 50)
