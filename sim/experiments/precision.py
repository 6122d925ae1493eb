"""How many runs are enough: more of them until the interval of what is asked is narrow enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sim import known
from sim.errors import InputError
from sim.experiments import paired
from sim.outcomes import INDICATORS, column

MOST = 2000
"""Replications at which it ends, where nothing else is said."""

LARGEST = 1_000_000
"""Most months or replications that a manifest may name."""

_GROWTH, _SURE = 1.25, 1.05
"""Least growth from one look at the interval to the next, and what is lived beyond what seems enough."""


class Precision(NamedTuple):
    """What is to be known how well.

    Attributes:
        width: Width of the 95% interval of a mean, in the indicator's unit (0.02: two points of a share).
        indicator: Of what.
        month: In which month.
        most: Replications at which it ends all the same.
    """

    width: float
    indicator: str
    month: int
    most: int

    def enough(self, width: float, count: int) -> bool:
        """Whether an interval of so many replications is narrow enough, or there may be no more."""
        return width <= self.width or count >= self.most

    def next_count(self, width: float, count: int) -> int:
        """Replications to look at next: as many as seem enough by the spread so far."""
        # Without an interval, as where few runs have a value, nothing can be foreseen.
        wanted = 2.0 * count if math.isnan(width) else _SURE * count * (width / self.width) ** 2
        return min(max(math.ceil(wanted), math.ceil(_GROWTH * count)), self.most)

    def at(self, months: np.ndarray, values: np.ndarray) -> float:
        """What one run (M,), (M, C, K) gives; NaN where it failed."""
        if not len(months):
            return math.nan
        return float(known.mean(values[months == self.month][:, :, column(self.indicator)]))


def asked(
    width: float | None, indicator: str | None, at: int | None, most: int | None,
    months: int, replications: int,
) -> Precision | None:  # fmt: skip
    """What the words of a question ask for; None without ``precision``.

    Args:
        width: How narrow; None for nothing.
        indicator: Of what.
        at: In which month.
        most: Replications at which it ends.
        months: Months lived.
        replications: Those to begin with.

    Raises:
        InputError: A word that means nothing without ``precision``, or does not fit to the configuration.
    """
    if width is None:
        for name, value in (("indicator", indicator), ("at", at), ("most", most)):
            if value is not None:
                raise InputError(
                    name, "says what precision is of, and none is asked for", "precision=0.02"
                )
        return None
    if at is not None and at > months:
        raise InputError(
            "at", f"{at} is after the last month lived", f"up to {months}, or more months"
        )
    if most is not None and most < replications:
        problem = f"{most} is below the {replications} replications to begin with"
        raise InputError("most", problem, f"at least {replications}, or fewer replications")
    month = min(24, months) if at is None else at
    return Precision(width, indicator or paired.MAIN, month, max(most or MOST, replications))


def width_of(values: Sequence[float] | np.ndarray) -> float:
    """Width of the 95% interval of the mean of the values that are there; NaN for fewer than two."""
    given = np.asarray(values, dtype=float)
    found = paired.mean(given[~np.isnan(given)])
    return found.high - found.low


def told(precision: Precision | None) -> dict[str, Any]:
    """What a manifest keeps of it; nothing where none was asked for."""
    return {} if precision is None else {"precision": precision._asdict()}


def read(manifest: dict[str, Any]) -> Precision | None:
    """What a manifest says was asked for.

    Raises:
        InputError: It is no such thing.
    """
    found = manifest.get("precision")
    if found is None:
        return None
    try:
        asked = Precision(**found)
    except TypeError:
        asked = Precision(math.nan, "", 0, 0)
    width, whole = asked.width, all(type(n) is int and 0 < n <= LARGEST for n in asked[2:])
    sound = type(width) in (int, float) and math.isfinite(width) and width > 0 and whole
    if not sound or not isinstance(asked.indicator, str) or asked.indicator not in INDICATORS:
        raise InputError("precision", f"{found!r} cannot be read", "as the run wrote it")
    return asked
