"""dozor: the command, the nightly steps, their settings and reports."""

import os

# numpy's threads for linear algebra spin for a tenth of a second when it is loaded, and nothing here needs them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
