"""Random numbers: one counter-based Philox stream per (seed, mechanism).

A household's draws are a pure function of (seed, mechanism, month, household): nothing is used up,
so nobody's luck depends on who else drew, on the order of work, on threads or on processes, and two
policies under one seed share every draw (common random numbers). The generator is Philox4x32-10 of
Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (doi 10.1145/2063384.2063405),
tested against the authors' known answers. Set-up, which draws from many distributions, uses numpy's
own Philox keyed by the same (seed, mechanism).
"""

from __future__ import annotations

from enum import IntEnum
from zlib import crc32

import numpy as np

from sim.compiled import inlined, kernel

LANES = 4
"""Numbers that one counter gives; a mechanism may use up to this many per household and month."""

BLOCK = 512
"""Rows whose draws are made at a time, so that they are still in the processor's cache when used."""

LARGEST_SEED = 2**32 - 1


class Stream(IntEnum):
    """One stream per mechanism; a number once given is never given to another."""

    POPULATION = 1
    TIES = 2
    TURNOVER = 3
    ISSUES_ARISE = 4
    ISSUES_HANDLE = 5
    PARTICIPATION = 6
    ASSEMBLY = 7
    CONTACT = 8
    FEES = 9
    COMMONS = 10
    CONFLICT = 11
    FIRM = 12
    COMMITTEE = 13
    CELL = 14
    COMMUNITY = 15
    DEVELOPER = 16
    MEASURES = 17
    DISTRICT = 19
    PARKING = 20
    MANAGERS = 21
    COURTS = 22
    OWNERS = 30
    GIFTS = 31
    LEADERS = 44
    ISSUES_DAYS = 40
    VOICES = 41


def own_stream(name: str) -> int:
    """Stream of a mechanism of somebody's own, by its name."""
    return 2**16 + crc32(name.encode()) % (2**32 - 2**16)


@inlined
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Philox4x32-10: four 32-bit words (held in uint64) from a counter and a key of 32-bit words."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * c0
        p1 = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ k0, p1 & low, (p0 >> half) ^ c3 ^ k1, p0 & low
        k0 = (k0 + np.uint64(0x9E3779B9)) & low
        k1 = (k1 + np.uint64(0xBB67AE85)) & low
    return c0, c1, c2, c3


@kernel
def fill(out, lanes, n, first, month, seed, stream):  # type: ignore[no-untyped-def]
    """Write the draws of rows ``first`` to ``first + n - 1`` into ``out[:lanes, :n]``, see ``uniform``."""
    # One loop without calls or branches of its own, so that the compiler can vectorise it.
    zero = np.uint64(0)
    m, k0, k1 = np.uint64(np.uint32(month)), np.uint64(seed), np.uint64(stream)
    scale = 2.0**-32
    for i in range(n):
        a, b, c, d = philox(np.uint64(first + i), m, zero, zero, k0, k1)
        out[0, i] = (np.float64(np.int64(a)) + 0.5) * scale
        if lanes > 1:
            out[1, i] = (np.float64(np.int64(b)) + 0.5) * scale
        if lanes > 2:
            out[2, i] = (np.float64(np.int64(c)) + 0.5) * scale
        if lanes > 3:
            out[3, i] = (np.float64(np.int64(d)) + 0.5) * scale


@inlined
def draw(row, month, seed, stream):  # type: ignore[no-untyped-def]
    """The four draws of one row, as ``fill`` writes them: cheaper where few rows need theirs."""
    return draw_apart(row, month, 0, 0, seed, stream)


@inlined
def draw_apart(row, month, since, place, seed, stream):  # type: ignore[no-untyped-def]
    """Four draws of one of several things that a row has in a month.

    Args:
        row: Row of a household.
        month: Month being lived.
        since: What tells the thing apart, such as the month a problem arose (a household has one new problem a month
            at most), so that its place in a book does not matter.
        place: Which four of the month's draws.
        seed: Seed of the run.
        stream: Stream of the mechanism.
    """
    a, b, c, d = philox(
        np.uint64(row), np.uint64(np.uint32(month)), np.uint64(np.uint32(since)), np.uint64(place),
        np.uint64(seed), np.uint64(stream),
    )  # fmt: skip
    scale = 2.0**-32
    return (
        (np.float64(np.int64(a)) + 0.5) * scale, (np.float64(np.int64(b)) + 0.5) * scale,
        (np.float64(np.int64(c)) + 0.5) * scale, (np.float64(np.int64(d)) + 0.5) * scale,
    )  # fmt: skip


class Streams:
    """All random numbers of one run.

    Args:
        seed: Whole number from 0 to ``LARGEST_SEED``.
    """

    def __init__(self, seed: int) -> None:
        if not 0 <= seed <= LARGEST_SEED:
            raise ValueError(f"seed {seed} is not between 0 and {LARGEST_SEED}")
        self.seed = int(seed)

    def uniform(
        self, stream: int, month: int, n: int, lanes: int = 1, first: int = 0
    ) -> np.ndarray:
        """Draws for rows ``first`` to ``first + n - 1`` in one month.

        Args:
            stream: The mechanism that asks.
            month: Month of the model, may be negative (history).
            n: Number of rows: households, compounds, or whatever the stream counts.
            lanes: Independent draws per row, 1 to 4; lane k is the same however many are asked.
            first: First row.

        Returns:
            Array (lanes, n) of floats strictly between 0 and 1.
        """
        out = np.empty((lanes, n))
        fill(out, lanes, n, first, month, self.seed, int(stream))
        return out

    def single(self, stream: int, month: int, row: int = 0) -> np.ndarray:
        """The four draws (4,) of one row, equal to column ``row`` of ``uniform``."""
        out = np.empty((LANES, 1))
        fill(out, LANES, 1, row, month, self.seed, int(stream))
        return out[:, 0]

    def generator(self, stream: Stream) -> np.random.Generator:
        """Numpy generator for set-up, which happens once and so may use draws up."""
        return np.random.Generator(np.random.Philox(key=(int(stream) << 32) | self.seed))
