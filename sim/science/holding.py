"""How a check of level or of a trial is held: the band a source allows, the verdict, and whether it tests anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.config import OFF, Config, change
from sim.science.calibrate import priors
from sim.science.cases import prior_draws

HOLD, MISS, UNTOLD, ABSENT = "hold", "miss", "cannot be told", "not in the model"

FITTED, PREDICTED = "fitted", "predicted"

NEARLY_ANY = 0.9
"""Share of draws of the main parameters that meet a row from which it is no test."""

RESAMPLES = 2000
"""Times that runs are drawn again, with replacement, for the interval of a share of rare events."""


@dataclass(frozen=True)
class Band:
    """What a source allows.

    Attributes:
        low, high: Ends.
        how: How they were set from the source; what is assumed of it says so.
        source: Ids of ``cases/distributions.csv`` (D), ``cases/cases.csv`` (K), or "EVIDENCE: ..." or "seed ...".
        grade: Of the weakest source it rests on: A official or academic, B press, C mirror or weak; S, F, W as in
            the notes on evidence.
        parameter: Parameter whose default was set from this figure; "" if none was.
        zh: How they were set, in Chinese.
        searched: Whether the search that set the core's defaults looked at it.
    """

    low: float
    high: float
    how: str
    source: str
    grade: str
    parameter: str = ""
    zh: str = ""
    searched: bool = False

    @property
    def use(self) -> str:
        """Whether the figure went into a parameter."""
        return FITTED if self.parameter or self.searched else PREDICTED

    def holds(self, values: Any) -> Any:
        """Whether values lie inside; a missing one does not."""
        values = np.asarray(values, dtype=np.float64)
        return (values >= self.low) & (values <= self.high)


def verdict_of_spread(band: Band, values: np.ndarray) -> str:
    """Of single compounds or districts, one a seed: their median must lie inside.

    Where fewer than half of the seeds have a value, or their middle 90% reaches beyond the band on both sides,
    luck says more than the model, and it cannot be told.
    """
    if np.count_nonzero(~np.isnan(values)) * 2 < len(values) or not len(values):
        return UNTOLD
    low, median, high = known.quantiles(values, [0.05, 0.5, 0.95])
    if low < band.low and high > band.high:
        return UNTOLD
    return HOLD if band.holds(median) else MISS


def together(shares: np.ndarray, events: np.ndarray) -> tuple[float, float, float]:
    """A share of events counted over all runs, with the 90% interval of resampled runs.

    Args:
        shares: Of each run (runs,), NaN where it has no event.
        events: How many a run has (runs,).

    Returns:
        Low end, share, high end; NaN where fewer than half of the runs have an event, and ends NaN of a single run.
    """
    if np.count_nonzero(~np.isnan(shares)) * 2 < len(shares):
        return np.nan, np.nan, np.nan
    runs = len(shares)
    again = np.random.default_rng(0).integers(runs, size=(RESAMPLES, runs))
    found = known.mean(shares[again], axis=1, weights=events[again])
    low, high = known.quantiles(found, [0.05, 0.95]) if runs > 1 else (np.nan, np.nan)
    return float(low), float(known.mean(shares, weights=events)), float(high)


def verdict_of_mean(band: Band, mean: float, low: float, high: float) -> str:
    """Of a mean or share with its interval: what lies inside holds, what the interval excludes is missed.

    Where the interval reaches beyond the band on both sides, or into a band that the mean misses, it cannot be told.
    """
    if math.isnan(mean) or (low < band.low and high > band.high):
        return UNTOLD
    if band.holds(mean):
        return HOLD
    reaches = not math.isnan(low) and low <= band.high and high >= band.low
    return UNTOLD if reaches else MISS


def draws_of(config: Config, count: int, seed: int) -> pd.DataFrame:
    """Draws of the main parameters from the prior that ``calibrate`` begins with, a row each."""
    return prior_draws(priors(None, {}, config), count, seed)


def with_draw(config: Config, draws: pd.DataFrame, row: int) -> Config:
    """The configuration with one row of ``draws_of`` in place of its main parameters, and no other doubt."""
    row_of = {str(k): float(v) for k, v in draws.iloc[row].items()}
    return change(config.resolved(), {**row_of, "doubt": OFF})


def drawn(values: np.ndarray, band: Band) -> float:
    """Share of draws that meet a band; what has no value in most draws says nothing."""
    there = values[~np.isnan(values)]
    if len(there) * 2 < len(values) or not len(there):
        return math.nan
    return float(band.holds(there).mean())


def frame_of(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows of checks as one tidy frame.

    Returns:
        ``check``, titles ``en`` and ``zh``, ``population``, ``definition``, ``unit``, ``low``, ``high``, how the
        ``band`` was set (``band_zh``), ``source``, ``grade``, number of ``seeds`` with a value, ``median``, ``q05``,
        ``q95``, ``verdict``, ``use`` and the ``parameter`` behind it, ``met`` (share of prior draws that meet it,
        NaN if not drawn) and ``no_test``.
    """
    found = []
    for row in rows:
        band: Band = row["band"]
        met = math.nan if row["met"] is None else float(row["met"])
        found.append(
            {
                **{key: row[key] for key in ("check", "en", "zh", "population", "definition", "unit")},
                "low": band.low, "high": band.high, "band": band.how, "band_zh": band.zh or band.how,
                "source": band.source, "grade": band.grade,
                "seeds": int(np.count_nonzero(~np.isnan(row["values"]))),
                **{key: float(row[key]) for key in ("median", "q05", "q95")},
                "verdict": row["verdict"], "use": band.use, "parameter": band.parameter,
                "met": met, "no_test": met > NEARLY_ANY,
            }
        )  # fmt: skip
    return pd.DataFrame(found)
