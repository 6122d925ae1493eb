"""How rules are compiled: plain functions over arrays, by Numba, on their first call."""

from __future__ import annotations

import numba
from numba import njit

from sim.cache import folder

# Numba passes over a folder that it cannot write to, and falls back to the user's own.
numba.config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""Compile a rule: kept on disk, free of Python's lock, dividing as numpy does."""

inlined = njit(cache=True, inline="always", error_model="numpy")
"""Compile a part of rules into each of them."""
