"""What pairs of runs under the same seeds say: differences, costs, recovery, persistence.

Every interval here is over seeds: it holds chance, and doubt about the parameters where each seed lives a set of its
own (``sim.ensemble``).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from sim import known
from sim.outcomes import INDICATORS

LEVEL = 0.95
"""Level of the intervals of means, differences and ratios."""

MAIN = "collection_rate"
"""What recovery is judged by and a percentage point of which costs are set against."""

HELD = 3
"""Months in a row at the threshold or above that count as recovered."""

AFTER = (12, 24)
"""Months after the last measure ended at which persistence is read."""

ALL = "all"
"""In the place of an actor: everybody's costs together."""

UNCERTAIN, LOSS, FEW = "gain_uncertain", "loss", "few_pairs"
NO_MEASURES, NO_END, TOO_SHORT = "no_measures", "no_end", "too_short"
"""Reasons why a number is not given."""


class Estimate(NamedTuple):
    """A number with the ends of its interval."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


class Gain(NamedTuple):
    """Which policy is held against which reference, seed by seed (S,), NaN where there is no value."""

    policy: np.ndarray
    reference: np.ndarray

    def known(self) -> Gain:
        """The pairs of which both have a value."""
        both = ~(np.isnan(self.policy) | np.isnan(self.reference))
        return Gain(self.policy[both], self.reference[both])


def mean(values: np.ndarray) -> Estimate:
    """Mean of independent values (n,) with Student's interval; no interval for fewer than two."""
    count = len(values)
    if not count:
        return UNKNOWN
    middle = float(values.mean())
    if count < 2:
        return Estimate(middle, math.nan, math.nan)
    half = _quantile(count - 1) * float(values.std(ddof=1)) / math.sqrt(count)
    return Estimate(middle, middle - half, middle + half)


def ratio(above: np.ndarray, below: np.ndarray) -> Estimate:
    """Ratio of two means over the same seeds (n,), with Fieller's interval.

    It has two ends only where the interval of the lower mean leaves zero out; else all is NaN.
    """
    count = len(below)
    if count < 2:
        return UNKNOWN
    top, bottom = float(above.mean()), float(below.mean())
    spread = np.cov(above, below) * _quantile(count - 1) ** 2 / count
    a, b, c = bottom**2 - spread[1, 1], top * bottom - spread[0, 1], top**2 - spread[0, 0]
    if not a > 0:
        return UNKNOWN
    # Rounding may take a hair off a root that is zero.
    root = math.sqrt(max(b * b - a * c, 0.0))
    return Estimate(top / bottom, (b - root) / a, (b + root) / a)


def difference(gain: Gain, better: int) -> dict[str, Any]:
    """Everything about one difference.

    Args:
        gain: Values by seed.
        better: +1 if more is good, -1 if less is, 0 if neither.

    Returns:
        ``pairs``, seeds in which both have a value, of which is all that follows; ``value`` and
        ``reference_value``, the two means; ``value_low`` and ``value_high``, 5% and 95% of the
        policy's runs; ``difference`` of the means with ``low`` and ``high``, Student's interval of
        paired differences; ``beats``, share of seeds in which the policy did better, ties by half;
        ``independent_width``, width of Welch's interval had the seeds not been shared; ``narrowing``,
        that width by the paired one.
    """
    gain = gain.known()
    given = mean(gain.policy - gain.reference)
    width, paired = _independent_width(gain), given.high - given.low
    count = len(gain.policy)
    low, high = known.quantiles(gain.policy, [0.05, 0.95])
    return {
        "pairs": count,
        "value": mean(gain.policy).value,
        "value_low": low,
        "value_high": high,
        "reference_value": mean(gain.reference).value,
        "difference": given.value,
        "low": given.low,
        "high": given.high,
        "beats": _beats(gain, better),
        "independent_width": width,
        "narrowing": width / paired if paired > 0 else math.inf if width > 0 else math.nan,
    }


def effects(means: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Differences to the reference of every policy and indicator at +12, +24 and the last month.

    Args:
        means: Indicators by scenario, policy, seed and month, as ``run_means_of`` gives them.
        reference: Policy that the others are held against.

    Returns:
        A row per scenario, policy, reference, indicator and month, with what ``difference`` gives.
    """
    rows = []
    for scenario, policy, here, there in _held_against(means, reference):
        last = int(here.index.get_level_values("month").max())
        for month in sorted({month for month in (12, 24) if month < last} | {last}):
            for name, indicator in INDICATORS.items():
                keys: dict[str, Any] = {"scenario": scenario, "policy": policy}
                keys |= {"reference": reference, "indicator": name, "month": month}
                gain = _at(here, there, name, month)
                rows.append(keys | difference(gain, indicator.better))
    return pd.DataFrame(rows)


def costs(spent: pd.DataFrame, means: pd.DataFrame, reference: str) -> pd.DataFrame:
    """What every policy takes from month 1 on, by actor, and for a percentage point of collection.

    Args:
        spent: Hours and yuan by scenario, policy, seed and actor, zeros and ``ALL`` among them.
        means: Indicators by scenario, policy, seed and month.
        reference: Policy that the others are held against.

    Returns:
        A row per scenario, policy and actor: mean ``hours`` and ``yuan`` of a run with 5% and 95%
        of runs (``hours_low`` ...); ``extra_hours`` and ``extra_yuan`` beyond the reference with
        their intervals; ``gain`` in percentage points of collection, mean over those of months 1 to
        the last in which both have a rate, with its interval; ``hours_per_point`` and
        ``yuan_per_point``, extra cost by gain, with Fieller's interval, NaN with a ``reason``
        where there is no certain gain.
    """
    rows: list[dict[str, Any]] = []
    lived = means.index.get_level_values("month") >= 1
    level = means.loc[lived, [MAIN]]
    for scenario, policy in _pairs(spent):
        here, there = (_part(spent, scenario, name) for name in (policy, reference))
        ours, theirs = (_part(level, scenario, name) for name in (policy, reference))
        # Of the same months: without a firm there is no rate, and the months before it left say nothing of those after.
        both = ours.join(theirs.rename(columns={MAIN: "reference"})).dropna()
        both = both.groupby(level="seed").mean()
        gain = 100 * (both[MAIN] - both["reference"]).to_numpy()
        why = "reference" if policy == reference else reason(gain)
        for actor in here.index.get_level_values("actor").unique():
            mine, other = (part.xs(actor, level="actor") for part in (here, there))
            row = {"scenario": scenario, "policy": policy, "reference": reference, "actor": actor}
            row |= {"runs": len(mine)}
            for unit in ("hours", "yuan"):
                low, high = np.quantile(mine[unit], [0.05, 0.95])
                row |= {unit: mine[unit].mean(), f"{unit}_low": low, f"{unit}_high": high}
            for unit in ("hours", "yuan"):
                # Costs are known where there is no collection, as in a compound without a firm.
                extra = (mine[unit] - other[unit]).dropna()
                row |= _named(f"extra_{unit}", mean(extra.to_numpy()))
                per = UNKNOWN if why else ratio(extra[both.index].to_numpy(), gain)
                row |= _named(f"{unit}_per_point", per)
            rows.append(row | _named("gain", mean(gain)) | {"reason": why})
    return pd.DataFrame(rows)


def months_to_recovery(months: np.ndarray, values: np.ndarray, threshold: float) -> np.ndarray:
    """First month from 0 on from which values stay at the threshold or above for ``HELD`` months.

    Args:
        months: Rising month numbers (M,), no gaps.
        values: By run and month (S, M).
        threshold: Least value that counts.

    Returns:
        Months (S,): 0 where a run was there before the policy began, infinite where it was not
        seen to recover. A month without a value is not at the threshold.
    """
    values = values[:, months >= 0]
    above = values >= threshold
    count = above.shape[1] - HELD + 1
    if count < 1:
        return np.full(len(values), np.inf)
    held = np.all([above[:, first : first + count] for first in range(HELD)], axis=0)
    return np.where(held.any(axis=1), held.argmax(axis=1), np.inf)


def recovery(runs: pd.DataFrame, threshold: float, last: dict[str, int]) -> pd.DataFrame:
    """How many runs recover, and when.

    Args:
        runs: Columns scenario, policy and recovery, infinite where a run was not seen to.
        threshold: Least value that counts.
        last: Last month lived by scenario.

    Returns:
        A row per scenario and policy: ``runs``; ``censored``, how many were not seen to recover;
        share ``recovered`` with Wilson's interval; ``median``, ``low`` (5%) and ``high`` (95%) of
        the months among all runs. Those not seen to recover count as later than all others, so a
        number is infinite where it falls among them: later than ``observed_to``.
    """
    rows = []
    for (scenario, policy), part in runs.groupby(["scenario", "policy"], sort=False):
        values = part["recovery"].dropna().to_numpy()
        low, median, high = np.quantile(values, [0.05, 0.5, 0.95], method="inverted_cdf")
        came = int(np.isfinite(values).sum())
        rows.append(
            {"scenario": scenario, "policy": policy, "indicator": MAIN, "threshold": threshold}
            | {"runs": len(values), "censored": len(values) - came}
            | _named("recovered", wilson(came, len(values)))
            | {"median": median, "low": low, "high": high}
            | {"observed_to": last[str(scenario)] - HELD + 1}
        )
    return pd.DataFrame(rows)


def persistence(
    means: pd.DataFrame, reference: str, ends: dict[tuple[str, str], int | None]
) -> pd.DataFrame:
    """What is left of every difference 12 and 24 months after the last measure ended.

    Args:
        means: Indicators by scenario, policy, seed and month.
        reference: Policy that the others are held against.
        ends: Last month in which a measure is in force, by scenario and policy; None without any.

    Returns:
        A row per scenario, policy, reference, indicator and months ``after``: the ``month`` read;
        ``at_end``, the difference in the last month in force; ``difference`` with its interval;
        share ``kept`` of the gain with Fieller's interval, NaN with a ``reason`` where the gain's
        interval includes 0 or no such month was lived.
    """
    rows = []
    for scenario, policy, here, there in _held_against(means, reference):
        last = int(here.index.get_level_values("month").max())
        end = ends[scenario, policy]
        for after in AFTER:
            month = None if end is None else end + after
            why = NO_MEASURES if end is None else NO_END if end >= last else ""
            why = why or (TOO_SHORT if month is not None and month > last else "")
            for name in INDICATORS:
                row: dict[str, Any] = {"scenario": scenario, "policy": policy}
                row |= {"reference": reference, "indicator": name, "after": after}
                if why or end is None or month is None:
                    rows.append(row | _nothing_left(end, month) | {"reason": why})
                    continue
                pairs = (_at(here, there, name, m) for m in (end, month))
                rows.append(row | {"ended": float(end), "month": float(month)} | _kept(*pairs))
    return pd.DataFrame(rows)


def run_means_of(months: pd.DataFrame) -> pd.DataFrame:
    """Indicators by scenario, policy, seed and month: plain means over compounds."""
    keys = ["scenario", "policy", "seed", "month"]
    return months.groupby(keys, sort=True)[list(INDICATORS)].mean()


def _held_against(
    means: pd.DataFrame, reference: str
) -> list[tuple[str, str, pd.DataFrame, pd.DataFrame]]:
    return [
        (scenario, policy, _part(means, scenario, policy), _part(means, scenario, reference))
        for scenario, policy in _pairs(means)
        if policy != reference
    ]


def _part(frame: pd.DataFrame, scenario: str, policy: str) -> pd.DataFrame:
    part = frame.xs((scenario, policy), level=["scenario", "policy"])
    assert isinstance(part, pd.DataFrame)
    return part


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    first, second = (frame.index.get_level_values(name) for name in ("scenario", "policy"))
    return list(dict.fromkeys(zip(first, second, strict=True)))


def _at(here: pd.DataFrame, there: pd.DataFrame, name: str, month: int) -> Gain:
    both = pd.concat([f[name].xs(month, level="month") for f in (here, there)], axis=1)
    return Gain(*both.sort_index().to_numpy().T)


def _kept(at_end: Gain, later: Gain) -> dict[str, Any]:
    ended, now = at_end.policy - at_end.reference, later.policy - later.reference
    both = ~(np.isnan(ended) | np.isnan(now))
    ended, now = ended[both], now[both]
    left = mean(now)
    why = FEW if len(now) < 2 else "" if _certain(mean(ended)) else UNCERTAIN
    return {
        "pairs": len(now),
        "at_end": mean(ended).value,
        **_named("difference", left),
        **_named("kept", UNKNOWN if why else ratio(now, ended)),
        "reason": why,
    }


def _nothing_left(end: int | None, month: int | None) -> dict[str, Any]:
    return {
        "ended": math.nan if end is None else float(end),
        "month": math.nan if month is None else float(month),
        "pairs": 0,
        "at_end": math.nan,
        **_named("difference", UNKNOWN),
        **_named("kept", UNKNOWN),
    }


def reason(gain: np.ndarray) -> str:
    """Why no cost is given for a point of a gain (n,) in points; empty where one is."""
    if len(gain) < 2:
        return FEW
    given = mean(gain)
    return UNCERTAIN if not _certain(given) else LOSS if given.value < 0 else ""


def _certain(given: Estimate) -> bool:
    return given.low > 0 or given.high < 0


def _named(name: str, given: Estimate) -> dict[str, float]:
    return {name: given.value, f"{name}_low": given.low, f"{name}_high": given.high}


def _beats(gain: Gain, better: int) -> float:
    if not better or not len(gain.policy):
        return math.nan
    ahead = better * (gain.policy - gain.reference)
    return float(np.mean((ahead > 0) + 0.5 * (ahead == 0)))


def _independent_width(gain: Gain) -> float:
    count = len(gain.policy)
    if count < 2:
        return math.nan
    first, second = (float(part.var(ddof=1)) / count for part in gain)
    if first + second == 0:
        return 0.0
    freedom = (first + second) ** 2 / ((first**2 + second**2) / (count - 1))
    return 2 * _quantile(freedom) * math.sqrt(first + second)


def wilson(came: float, count: int) -> Estimate:
    """A share with its 95% interval (Wilson 1927); what came of so many may be a half where two are alike."""
    if not count:
        return UNKNOWN
    z = float(stdtrit(np.inf, 0.5 + LEVEL / 2))
    share, scale = came / count, 1 + z * z / count
    middle = (share + z * z / (2 * count)) / scale
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / scale
    # At the two ends the formula gives 0 and 1, but for rounding.
    low = middle - half if came else 0.0
    return Estimate(share, low, middle + half if came < count else 1.0)


def _quantile(freedom: float) -> float:
    return float(stdtrit(freedom, 0.5 + LEVEL / 2))
