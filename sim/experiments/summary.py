"""What a study says in a page: middle and spread over runs, beside what was reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim import known, outcomes
from sim.as_text import MISSING
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.config import Config, Target
    from sim.outcomes import Indicator

LOW, HIGH = 0.05, 0.95


COLUMNS = {
    "indicator": "str", "month": "int32", "runs": "int32", "median": "float64", "low": "float64",
    "high": "float64", "target": "str", "target_low": "float64", "target_high": "float64",
    "reported": "float64", "counted": "float64", "share_inside": "float64", "verdict": "str",
    "use": "str", "source": "str",
}  # fmt: skip

NO_TARGET: dict[str, Any] = {
    name: "" if kind == "str" else math.nan for name, kind in list(COLUMNS.items())[6:]
}
"""What stands beside an indicator that has no target."""

NO_VALUE = "no value"
"""Verdict of a target for which no run has a value."""


UNITS = phrases("units")
"""How units are written for readers; a unit that is not here is shown as it is."""


def run_means(months: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Plain mean over compounds, missing ones left out.

    Args:
        months: Frame of run, month, compound and indicators.
        indicator: Column to average.

    Returns:
        A row per run, a column per month, both in rising order.
    """
    return months.groupby(["run", "month"], sort=True)[indicator].mean().unstack("month")


def target_value(target: Target, months: np.ndarray, record: np.ndarray) -> float:
    """What a run gives for a target: a level, or a change relative to month 0.

    Args:
        target: Its month, window and weight; relative ones compare with the same window at month 0.
        months: Months recorded (M,).
        record: Indicators (M, C, K) in the order of ``INDICATORS``.

    Returns:
        The value: the mean over the window's months of means over compounds, or of both together
        by weight, what is missing left out. NaN where a month was not lived, nothing in the window
        has a value, or the base is 0.
    """
    values = record[:, :, outcomes.column(target.indicator)]
    weights = record[:, :, outcomes.column(target.weight)] if target.weight else None

    def level(last: int) -> float:
        rows = (months > last - target.window) & (months <= last)
        if np.count_nonzero(rows) < target.window:
            return math.nan
        if weights is None:
            return float(known.mean(known.mean(values[rows], axis=1)))
        return float(known.mean(values[rows], weights=weights[rows]))

    now = level(target.month)
    if not target.relative:
        return now
    base = level(0)
    return now / base - 1.0 if base else math.nan


def verdict(low: float, high: float, median: float) -> str:
    """How a target is met: "inside" or "missed", "no value" where no run has one to hold against it."""
    if math.isnan(median):
        return NO_VALUE
    return "inside" if low <= median <= high else "missed"


def records_of(months: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Months (M,) and indicators (M, C, K) of each run, as ``target_value`` reads them."""
    names = list(outcomes.INDICATORS)
    for _, run in months.sort_values(["run", "month", "compound"]).groupby("run", sort=True):
        lived = run["month"].unique()
        yield lived, run[names].to_numpy(dtype=float).reshape(len(lived), -1, len(names))


def summarise(
    config: Config, months: pd.DataFrame, at: Sequence[int] | None = None
) -> pd.DataFrame:
    """Middle and spread over runs of every indicator, beside the scenario's targets.

    Args:
        config: Names the targets.
        months: Frame of run, month, compound and indicators.
        at: Months to report; None takes 0, 12, 24 and the last. A target's own month is always
            among them, and a month that was not lived never is.

    Returns:
        A row per indicator and month, one more for each further target there: ``runs`` with a
        value, ``median``, ``low`` (5%) and ``high`` (95%); where the scenario has a target its
        label, interval and ``reported`` figure, ``counted``, the median as the target counts it (over its months,
        weighed, or as a change), ``share_inside`` of runs with a value, ``verdict`` on ``counted``, ``use`` of the
        target (fitted, predicted, told in words), and ``source``.
    """
    lived = sorted(int(month) for month in months["month"].unique())
    wanted = {0, 12, 24, lived[-1]} if at is None else set(at)
    rows: list[dict[str, Any]] = []
    records = list(records_of(months)) if config.scenario.targets else []
    for name in outcomes.INDICATORS:
        targets = [t for t in config.scenario.targets if t.indicator == name]
        means = run_means(months, name)
        for month in sorted(wanted | {t.month for t in targets}):
            if month in means.columns:
                values = means[month].to_numpy()
                spread = spread_of(values)
                base = {"indicator": name, "month": month, **spread}
                here = [
                    _beside(t, np.array([target_value(t, *record) for record in records]))
                    for t in targets if t.month == month
                ]  # fmt: skip
                rows += [base | beside for beside in here or [NO_TARGET]]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(COLUMNS)


def spread_of(values: np.ndarray) -> dict[str, float]:
    """Number of known values (``runs``), their median, and 5% (``low``) and 95% (``high``)."""
    low, median, high = known.quantiles(values, [LOW, 0.5, HIGH])
    runs = int(np.count_nonzero(~np.isnan(values)))
    return {"runs": runs, "median": median, "low": low, "high": high}


def spread_text(row: Mapping[Any, Any], names: Sequence[str], write: Callable[[float], str]) -> str:
    """Middle and ends as a table shows them, "12 [8, 15]".

    Args:
        row: What holds them.
        names: Of the middle, the low and the high end.
        write: How a number is written.

    Returns:
        A dash where there is no value; the middle alone where it has no interval.
    """
    middle, low, high = (float(row[name]) for name in names)
    if math.isnan(middle):
        return MISSING
    return write(middle) if math.isnan(low) else f"{write(middle)} [{write(low)}, {write(high)}]"


def _beside(target: Target, values: np.ndarray) -> dict[str, Any]:
    there = values[~np.isnan(values)]
    inside = (there >= target.low) & (there <= target.high)
    middle = float(known.median(there))
    return {
        "target": target.label,
        "target_low": target.low,
        "target_high": target.high,
        "reported": math.nan if target.reported is None else target.reported,
        "counted": middle,
        "share_inside": known.mean(inside),
        "verdict": verdict(target.low, target.high, middle),
        "use": target.use,
        "source": target.source,
    }


def unit_text(indicator: Indicator, language: str = "en") -> str:
    """Unit as shown beside a value: percent for shares, short words for the usual units."""
    return "%" if indicator.share else unit_word(indicator.unit, language)


def unit_word(unit: str, language: str = "en") -> str:
    """A unit in a reader's words."""
    return UNITS[language].get(unit, unit)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for documents, its cells without bars of their own, ending in a new line."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "/") for cell in line] for line in lines)
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)
