"""Chance and doubt about parameters, told apart: some parameter sets are lived under a second seed.

Two runs of one set differ by chance alone, runs of different sets by both (nested draws; Saltelli et al. 2008,
chapter 1). The part of chance is the variance within sets by that over all runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import fdtri

from sim import known
from sim.outcomes import INDICATORS

if TYPE_CHECKING:
    from sim.config import Config

PART, LEAST, SHARE_MOST = 5, 8, 3
"""One run in ``PART`` is lived twice, at least ``LEAST``, but no more than one in ``SHARE_MOST``."""

FEWEST_PAIRS = 3
"""Parameter sets lived twice from which something is said."""

LEVEL = 0.90
"""Level of the interval of a share."""

ALONE = 0.5
"""Part of the squared distances of all pairs from which one pair is said to make them up by itself."""

SMOOTH = 7
"""Months over which variances are averaged before bands are drawn: those of single months are of few runs."""

STANDS_OUT = 3.0
"""A rank correlation stands out from this many times its standard error: one in 25 by chance, of 25 keys."""


class Share(NamedTuple):
    """Chance in a spread.

    Attributes:
        pairs: Parameter sets lived twice in which both runs have a value.
        chance: Share of the variance; NaN where it cannot be told.
        low, high: Its 90% interval; 0 and 1 where one pair outweighs the others, see ``share``.
    """

    pairs: int
    chance: float
    low: float
    high: float


def twice(config: Config, count: int) -> list[int]:
    """Seeds under which the first of ``count`` runs live their parameters a second time; none without doubt."""
    if not config.doubted:
        return []
    pairs = min(max(count // PART, LEAST), count // SHARE_MOST)
    return [config.sets.twin(config.seed + k, count) for k in range(pairs)]


def parameters(config: Config, seeds: Sequence[int]) -> dict[str, np.ndarray]:
    """Columns of the parameter sets that seeds lived: ``draw``, its number, and every drawn key; none without doubt."""
    if not config.doubted:
        return {}
    sets = config.sets
    free = [key for key in sets.keys if key not in config.held]
    columns: dict[str, np.ndarray] = {
        "draw": np.array([sets.number_of(seed) for seed in seeds], dtype=np.int32)
    }
    lived = [config.drawn(seed) for seed in seeds]
    for key in free:
        columns[key] = np.array([float(one.at(key)) for one in lived])
    return columns


def drawn_keys(runs: pd.DataFrame) -> list[str]:
    """Keys that were drawn, by the columns of ``parameters`` in a table of runs."""
    return [name for name in runs.columns if "." in name] if "draw" in runs else []


# --- the split ----------------------------------------------------------------------------------


def share(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> Share:
    """The share of chance in the spread of values.

    Args:
        values: Over runs (R,), of which hardly two live the same parameters.
        first: The first run of some parameter sets (P,).
        second: Their second run (P,).

    Returns:
        The share with an interval from the F distribution of the two variances, taken as independent. It may be
        anything where the whole interval lies beyond 1 and one pair makes up most of it: something rare came to one
        of its two runs, as a firm that leaves.
    """
    values, apart = values[~np.isnan(values)], first - second
    apart = apart[~np.isnan(apart)]
    count, pairs = len(values), len(apart)
    whole = float(values.var(ddof=1)) if count > 1 else 0.0
    if pairs < FEWEST_PAIRS or not whole > 0:
        return Share(pairs, math.nan, math.nan, math.nan)
    squares = apart**2
    found = float(np.mean(squares)) / 2 / whole
    low, high = (
        found / float(fdtri(pairs, count - 1, end)) for end in ((1 + LEVEL) / 2, (1 - LEVEL) / 2)
    )
    if low >= 1 and squares.max() > ALONE * squares.sum():
        return Share(pairs, math.nan, 0.0, 1.0)
    found, low, high = (min(value, 1.0) for value in (found, low, high))
    return Share(pairs, found, low, high)


NAMED = ("pairs", "chance", "chance_low", "chance_high")
"""Columns of a share in a table."""


def named(found: Share) -> dict[str, float]:
    """A share as columns of a table."""
    return dict(zip(NAMED, found, strict=True))


def shares(
    effects: Mapping[int, np.ndarray], again: Sequence[np.ndarray], first: int
) -> list[Share]:
    """Shares of chance in effects under seeds.

    Args:
        effects: By seed, several numbers (K,) each.
        again: The same of the second runs (K,), in the order of ``twice``.
        first: The first seed.
    """
    every = np.array(list(effects.values()))
    pairs = [(effects[first + k], other) for k, other in enumerate(again) if first + k in effects]
    once, twins = np.array(pairs).reshape(len(pairs), 2, every.shape[1]).swapaxes(0, 1)
    return [share(every[:, k], once[:, k], twins[:, k]) for k in range(every.shape[1])]


def split(runs: np.ndarray, twins: np.ndarray, at: np.ndarray) -> list[list[Share]]:
    """Shares of chance by month and column.

    Args:
        runs: Values (R, M, K).
        twins: Second runs (P, M, K).
        at: Place in ``runs`` of the first run of each (P,).
    """
    return [
        [share(runs[:, m, k], runs[at, m, k], twins[:, m, k]) for k in range(runs.shape[2])]
        for m in range(runs.shape[1])
    ]


def by_run(months: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs (R,), months (M,) and indicators (R, M, K) of a frame, plain means over compounds."""
    means = months.groupby(["run", "month"], sort=True)[list(INDICATORS)].mean()
    runs, lived = (means.index.get_level_values(name).unique() for name in ("run", "month"))
    every = means.reindex(pd.MultiIndex.from_product([runs, lived]))
    return runs.to_numpy(), lived.to_numpy(), every.to_numpy().reshape(len(runs), len(lived), -1)


Matched = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Months (M,), runs (R, M, K), twins (P, M, K) and the place of each twin's first run (P,)."""


def matched(months: pd.DataFrame, twins: pd.DataFrame) -> Matched:
    """Months (M,), runs (R, M, K), twins (P, M, K) and the place of each twin's first run (P,)."""
    runs, lived, values = by_run(months)
    if not len(twins):
        return lived, values, values[:0], np.empty(0, int)
    second, _, again = by_run(twins)
    # A first run that failed has no pair.
    there = np.isin(second, runs)
    return lived, values, again[there], np.searchsorted(runs, second[there])


SPLIT = ("indicator", "month", "pairs", "spread", "chance", "chance_low", "chance_high")
"""Columns of a frame of shares."""


def split_frame(
    months: np.ndarray, runs: np.ndarray, twins: np.ndarray, at: np.ndarray, wanted: Sequence[int]
) -> pd.DataFrame:
    """A row per indicator and month: standard deviation over runs, and the share of chance in its square.

    Args:
        months: Months (M,).
        runs: Values (R, M, K).
        twins: Second runs (P, M, K).
        at: Place in ``runs`` of the first run of each (P,).
        wanted: Months that are told, of those lived.
    """
    places = [int(np.searchsorted(months, month)) for month in wanted]
    shares = split(runs[:, places], twins[:, places], at)
    rows = [
        (name, month, found.pairs, _sd(runs[:, place, k]), found.chance, found.low, found.high)
        for (month, place, row) in zip(wanted, places, shares, strict=True)
        for k, (name, found) in enumerate(zip(INDICATORS, row, strict=True))
    ]
    return pd.DataFrame(rows, columns=list(SPLIT))


def _sd(values: np.ndarray) -> float:
    there = values[~np.isnan(values)]
    return float(there.std(ddof=1)) if len(there) > 1 else math.nan


def chance_band(
    runs: np.ndarray, twins: np.ndarray, at: np.ndarray, ends: Sequence[float]
) -> np.ndarray:
    """The band of chance alone (2, M) around the median, of one indicator.

    As wide as the band of all runs, shrunk by the root of the share of chance, so that it never leaves that band.

    Args:
        runs: Values (R, M).
        twins: Second runs (P, M), at least one.
        at: Place in ``runs`` of the first run of each (P,).
        ends: Lower and upper quantile.
    """
    within = known.mean((runs[at] - twins) ** 2, axis=0) / 2
    middle = known.median(runs, axis=0)
    whole = known.mean((runs - known.mean(runs, axis=0)) ** 2, axis=0)
    smooth = (
        pd.Series(part).rolling(SMOOTH, center=True, min_periods=1).mean().to_numpy()
        for part in (within, whole)
    )
    part, of = smooth
    ratio = np.sqrt(np.clip(np.divide(part, of, out=np.zeros_like(of), where=of > 0), 0.0, 1.0))
    edges: np.ndarray = known.quantiles(runs, ends, axis=0)
    return middle + ratio * (edges - middle)


# --- what would have to be wrong ----------------------------------------------------------------


class Weak(NamedTuple):
    """Where a result that holds under every parameter set is weakest.

    Attributes:
        draw: Number of the set in which it is closest to failing.
        least: Margin there, above 0.
        key: Parameter that it hangs on most; "" where none stands out.
        correlation: Rank correlation of margin and parameter.
        beyond: Value at which a straight line through the runs has no margin left.
        low, high: Least and largest value that was drawn.
    """

    draw: int
    least: float
    key: str = ""
    correlation: float = math.nan
    beyond: float = math.nan
    low: float = math.nan
    high: float = math.nan


def weakest(margins: np.ndarray, runs: pd.DataFrame) -> Weak | None:
    """What would have to be wrong for a result that holds in every run; None where it does not.

    Args:
        margins: By how much it holds (R,), NaN where nothing can be told.
        runs: Rows alike, with the columns of ``parameters``.
    """
    there = ~np.isnan(margins)
    margins, runs = margins[there], runs[there]
    if "draw" not in runs or len(margins) < 2 or not (margins > 0).all():
        return None
    worst = int(np.argmin(margins))
    weak = Weak(int(runs["draw"].iloc[worst]), float(margins[worst]))
    keys = drawn_keys(runs)
    drawn = runs[keys].to_numpy(dtype=float)
    vary = (drawn.std(axis=0) > 0) & (margins.std() > 0)
    if not vary.any():
        return weak
    ranks = pd.DataFrame(np.column_stack([margins, drawn[:, vary]])).rank().to_numpy()
    found = np.atleast_2d(np.corrcoef(ranks.T))[0, 1:]
    most = int(np.argmax(abs(found)))
    if abs(found[most]) * math.sqrt(len(margins)) < STANDS_OUT:
        return weak
    key = [key for key, here in zip(keys, vary, strict=True) if here][most]
    values = runs[key].to_numpy(dtype=float)
    slope, start = np.polyfit(values, margins, 1)
    return Weak(
        weak.draw, weak.least, key, float(found[most]), float(-start / slope), float(values.min()),
        float(values.max()),
    )  # fmt: skip
