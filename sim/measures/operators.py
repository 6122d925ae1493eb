"""The four things a measure does to a named value.

Several measures may change the same value in one month: each goes on from what the one before left.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import inlined


@inlined
def add(value, more, most=np.inf):  # type: ignore[no-untyped-def]
    """The value and ``more``, but not above ``most``: hours, pushes, shares of households reached."""
    return min(value + more, most)


@inlined
def scale(value, by):  # type: ignore[no-untyped-def]
    """The value times ``by``: prices, reminders."""
    return value * by


@inlined
def close_gap(value, share):  # type: ignore[no-untyped-def]
    """The value with a share of what it lacks to 1 made up, so that measures never add up to more than 1."""
    return value + share * (1.0 - value)


@inlined
def at_least(value, floor):  # type: ignore[no-untyped-def]
    """The value, or ``floor`` where it is lower: the strongest of several measures counts."""
    return max(value, floor)
