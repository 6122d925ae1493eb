"""From pushes to chances: every yes or no of a household is a draw against one of these."""

from __future__ import annotations

import math

import numpy as np

from sim.compiled import inlined, kernel

# ln 2 in two parts (Cody and Waite 1980), so that taking off a whole number of them loses nothing.
_LN2_HIGH, _LN2_LOW = 0.693145751953125, 1.42860682030941723212e-6
_LARGEST = 700.0


@inlined
def exponential(x):  # type: ignore[no-untyped-def]
    """E to the x, to 1e-15: written out (2^k times a series for the rest).

    Without a call, a loop of it is compiled to work on several numbers at once, which takes a quarter of
    the time, and it gives the same bits whatever mathematical library is there.
    """
    y = min(max(x, -_LARGEST), _LARGEST)
    k = math.floor(y * 1.4426950408889634 + 0.5)
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    e = 1.0 + r * (1.0 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (
        1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (
            1 / 39916800 + r / 479001600)))))))))))  # fmt: skip
    return e * np.int64((np.int64(k) + 1023) << 52).view(np.float64)


@kernel
def to_chances(pushes):  # type: ignore[no-untyped-def]
    """Replace each push x, in logits, by the chance 1 / (1 + exp(-x)), to 1e-15."""
    for i in range(len(pushes)):
        pushes[i] = 1.0 / (1.0 + exponential(-pushes[i]))
