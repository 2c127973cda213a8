"""The part of reading that counts; C sources, compiled on installation by hatch_build.py.

What is done for every character of a page is many times cheaper there. The library knows nothing of Python: it is given arrays
and fills arrays, so that one build serves every version. The modules here own the memory on both sides.
"""
