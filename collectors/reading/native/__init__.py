"""The parts of reading that look at every node, character or block; C sources, compiled on installation by hatch_build.py.

What is done so often is many times cheaper there. Two libraries: `walking` is a module of Python that walks a parsed page and
makes objects of it as readers ask for them; the other counts over arrays that the modules here own on both sides, and knows
nothing of Python. One build of either serves every version.
"""
