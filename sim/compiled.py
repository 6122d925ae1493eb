"""How rules are compiled: plain functions over arrays, by Numba, on their first call."""

from __future__ import annotations

import numba
import numpy as np
from numba import njit

from sim.cache import folder
from sim.errors import InputError

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    # Rules are written for the compiler: as plain Python they would not run, let alone in time.
    raise InputError("NUMBA_DISABLE_JIT", "is set, and rules are only run compiled", "0, or unset")
# Numba passes over a folder that it cannot write to, and falls back to the user's own.
numba.config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""Compile a rule: kept on disk, free of Python's lock, dividing as numpy does."""

inlined = njit(cache=True, inline="always", error_model="numpy")
"""Compile a part of rules into each of them."""


@inlined
def rows(first, last):  # type: ignore[no-untyped-def]
    """Rows first to last - 1, to loop over.

    They are unsigned: an index that might be negative would count from the end, and the compiler does
    not take several rows at once where it has to ask that.
    """
    return range(np.uint64(first), np.uint64(last))
