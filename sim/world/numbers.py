"""Sums whose last bit is that of today's Python code: exact ones, and numpy's."""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel

_PARTIALS = 64


@kernel
def exact_sum(values):  # type: ignore[no-untyped-def]
    """The sum of ``values`` (n,), rounded once, as ``math.fsum`` gives it (Shewchuk 1997)."""
    partials, held = np.empty(_PARTIALS), 0
    for value in values:
        x, kept = value, 0
        for k in range(held):
            y = partials[k]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[kept] = low
                kept += 1
            x = high
        partials[kept] = x
        held = kept + 1
    return _rounded(partials, held)


@kernel
def exact_dot(a, b):  # type: ignore[no-untyped-def]
    """The sum of products of ``a`` and ``b`` (n,), each product and then the sum rounded once."""
    products = np.empty(len(a))
    for i in range(len(a)):
        products[i] = a[i] * b[i]
    return exact_sum(products)


@kernel
def _rounded(partials, held):  # type: ignore[no-untyped-def]
    if held == 0:
        return 0.0
    n = held - 1
    high, low = partials[n], 0.0
    while n > 0:
        n -= 1
        x, y = high, partials[n]
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            break
    # Half an even case: the next partial says on which side of the half the rest lies.
    if n > 0 and ((low < 0.0 and partials[n - 1] < 0.0) or (low > 0.0 and partials[n - 1] > 0.0)):
        y = low * 2.0
        x = high + y
        if y == x - high:
            high = x
    return high


@kernel
def pairwise_sum(values):  # type: ignore[no-untyped-def]
    """The sum of ``values`` (n,) in the order of ``numpy.sum``, so to the same bit."""
    n = len(values)
    if n < 8:
        total = 0.0
        for i in range(n):
            total += values[i]
        return total
    if n <= 128:
        r = np.empty(8)
        for k in range(8):
            r[k] = values[k]
        i = 8
        while i < n - n % 8:
            for k in range(8):
                r[k] += values[i + k]
            i += 8
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
        while i < n:
            total += values[i]
            i += 1
        return total
    half = n // 2
    half -= half % 8
    return pairwise_sum(values[:half]) + pairwise_sum(values[half:])


@kernel
def bits(flags):  # type: ignore[no-untyped-def]
    """How many of the twelve lowest bits are set, without a branch."""
    x = np.int64(flags)
    x = (x & 0x555) + (x >> 1 & 0x555)
    x = (x & 0x333) + (x >> 2 & 0x333)
    return (x & 0xF) + (x >> 4 & 0xF) + (x >> 8 & 0xF)
