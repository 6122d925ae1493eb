"""How rules are compiled: plain functions over arrays, by Numba, on their first call."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import njit

from sim.cache import folder, prune
from sim.errors import InputError

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    # Rules are written for the compiler: as plain Python they would not run, let alone in time.
    raise InputError("NUMBA_DISABLE_JIT", "is set, and rules are only run compiled", "0, or unset")
# Numba passes over a folder that it cannot write to, and falls back to the user's own.
numba.config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]
prune()

_HOME = os.path.dirname(os.path.abspath(__file__)) + os.sep
_compile = njit(cache=True, nogil=True, error_model="numpy")

added = hashlib.sha256()
"""What own parts have added to the tables so far: it decides where in memory their columns lie."""


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a rule: kept on disk, free of Python's lock, dividing as numpy does.

    A rule of somebody's own is kept apart, by what own parts had added when it was read.
    """
    usual = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    if not function.__code__.co_filename.startswith(_HOME):
        # Numba looks for a kept rule's module under the name it had then, and would run its file once more.
        own = os.path.join(usual, f"own-{added.hexdigest()[:12]}", function.__module__)
        numba.config.CACHE_DIR = own  # type: ignore[attr-defined]
    try:
        return _compile(function)
    except RuntimeError:
        # What was typed into a session, or sent to a worker, has no file here to be kept by.
        return njit(nogil=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = usual  # type: ignore[attr-defined]


inlined = njit(cache=True, inline="always", error_model="numpy")
"""Compile a part of rules into each of them."""


@inlined
def rows(first, last):  # type: ignore[no-untyped-def]
    """Rows first to last - 1, to loop over.

    They are unsigned: an index that might be negative would count from the end, and the compiler does
    not take several rows at once where it has to ask that.
    """
    return range(np.uint64(first), np.uint64(last))
