"""Imported for what it does, before all else, by the process that workers are forked from: what it loads stays.

Its growing heap would be looked through for garbage dozens of times. A worker turns the collector on again.
"""

import gc

gc.disable()
