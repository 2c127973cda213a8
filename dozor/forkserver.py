"""Imported for what it does, before all else, by the process that workers are forked from.

What it loads stays: its growing heap would be looked through for garbage dozens of times, so a worker turns the collector on. And
Arrow takes its memory from the heap of the rest, in C++ too, where `memory.keep_memory` comes too late.
"""

import gc
import os

gc.disable()
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
