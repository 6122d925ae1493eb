"""What a calibration is held against: a scenario's reported figures, or a user's own months.

Both are ``Target``s. A reported figure is met anywhere in its interval; a month of a user's file
is a value, and the distance to all of them is their root mean square error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sim import known
from sim.config import Config, Target
from sim.errors import InputError
from sim.experiments.summary import target_value
from sim.inputs import say_read
from sim.intake.figures import read_months
from sim.outcomes import INDICATORS
from sim.society.reading import Notes

MISSING = 1e6
"""Distance where the model gives no value (a month that was not lived, a failed run, no fees due)."""

LEAST_THERE = 0.5
"""Share of an indicator's months in a file for which a run must have a value, or it meets nothing."""

SHARE_ERROR, OTHER_ERROR = 0.05, 0.10
"""Error that counts as distance 1 for a month of a file: 5 points of a share, a tenth of the mean
size of anything else; more where the file's own months differ more from one to the next."""

POINT_WIDTH = 0.10
"""Half width against which a target without width is measured while the tolerance comes down."""

MONTHS_NAMED = 600


@dataclass(frozen=True)
class Observed:
    """Figures of one case that a run is held against.

    Attributes:
        targets: The figures; those of a file have ``low == high``.
        series: Whether they come from a file of months.
    """

    targets: tuple[Target, ...]
    series: bool = False

    @property
    def last(self) -> int:
        """Latest month that a run must reach."""
        return max(1, *(target.month for target in self.targets))

    @property
    def labels(self) -> list[str]:
        """A name for each figure, none twice."""
        return [f"{t.indicator}@{t.month:+d}" for t in self.targets]

    def values(self, months: np.ndarray, record: np.ndarray) -> np.ndarray:
        """What a run gives for each figure.

        Args:
            months: Months recorded (M,).
            record: Indicators (M, C, K); plain means over compounds are compared where a target has no weight.

        Returns:
            One value per target, NaN where it was not lived or there is none.
        """
        if self.series:
            # One by one, the many cells of a file would take longer than the run itself.
            names = list(INDICATORS)
            columns = [names.index(target.indicator) for target in self.targets]
            rows = np.array([t.month for t in self.targets]) - int(months[0])
            return np.asarray(known.mean(record, axis=1)[rows, columns])
        return np.array([target_value(target, months, record) for target in self.targets])

    def distance(self, values: np.ndarray) -> float:
        """How far a run is from the figures: 0 is met.

        Reported figures: the largest excess beyond an interval, in half widths; ``MISSING`` where a
        figure has no value. Months of a file: root mean square over indicators and months, in
        units of ``SHARE_ERROR``, ``OTHER_ERROR`` or the chance of single months. Months in which
        the run has no value, as of days to close where nothing was closed, are left out like empty
        cells of the file; a run that has one in fewer than ``LEAST_THERE`` of an indicator's months
        is ``MISSING``.
        """
        away = self.misses(values)
        if not self.series:
            return MISSING if np.isnan(away).any() else float(away.max())
        by_indicator = list(self.by_indicator(values).values())
        if np.isnan(by_indicator).any():
            return MISSING
        return math.sqrt(sum(by_indicator) / len(by_indicator))

    def misses(self, values: np.ndarray) -> np.ndarray:
        """How far each figure is missed (figures,), in the units of ``distance``; NaN without a value."""
        low, high = self._bounds()
        return np.maximum(np.maximum(low - values, values - high), 0.0) / self._scale()

    def by_indicator(self, values: np.ndarray) -> dict[str, float]:
        """Mean square of the misses of each indicator of a file; NaN where too few months have a value."""
        away = self.misses(values)
        names = np.array([target.indicator for target in self.targets])
        found = {}
        for name in np.unique(names):
            here = away[names == name]
            enough = np.count_nonzero(~np.isnan(here)) >= LEAST_THERE * len(here)
            found[str(name)] = float(known.mean(here**2)) if enough else math.nan
        return found

    @property
    def slack(self) -> np.ndarray:
        """How far beyond its bounds each figure is still met: a month of a file is a point."""
        return self._scale() if self.series else np.zeros(len(self.targets))

    def synthetic(self, values: np.ndarray, rng: np.random.Generator) -> Observed:
        """The same figures as if a run had been the truth.

        A reported figure is known to an interval, so the interval is laid around the true value at
        random: with tolerance 0 the posterior is then exact, and its coverage can be tested.
        """
        low, high = self._bounds()
        half = np.zeros_like(values) if self.series else (high - low) / 2
        middle = values + rng.uniform(-1.0, 1.0, len(values)) * half
        moved = [
            target.model_copy(update={"low": float(m - h), "high": float(m + h)})
            for target, m, h in zip(self.targets, middle, half, strict=True)
        ]
        return replace(self, targets=tuple(moved))

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = zip(*((t.low, t.high) for t in self.targets), strict=True)
        return np.array(low, dtype=float), np.array(high, dtype=float)

    def _scale(self) -> np.ndarray:
        low, high = self._bounds()
        if not self.series:
            return np.where(high > low, (high - low) / 2, POINT_WIDTH)
        scale = np.empty(len(low))
        names = np.array([target.indicator for target in self.targets])
        for name in np.unique(names):
            here = names == name
            size = OTHER_ERROR * float(np.abs(low[here]).mean())
            usual = SHARE_ERROR if INDICATORS[name].share else max(size, 1e-3)
            scale[here] = max(usual, self._chance(low[here], here))
        return scale

    def _chance(self, values: np.ndarray, here: np.ndarray) -> float:
        """Spread that chance gives a month, from how an indicator's months differ in a row.

        Few complaints a month come and go by the luck of single households: no parameters would
        meet them to a tenth. A steady rise is no chance and is taken out by the deviation.
        """
        months = np.array([target.month for target in self.targets])[here]
        steps = np.diff(values[np.argsort(months)])
        return float(steps.std(ddof=1)) / math.sqrt(2) if len(steps) > 1 else 0.0


def of_scenario(config: Config, which: str) -> Observed:
    """A scenario's targets.

    Args:
        config: Its configuration.
        which: "fitted" takes those marked as such (all if none is), "all" every one. What a text
            tells in words only is no figure to fit to, unless it tells nothing else.

    Raises:
        InputError: The scenario has none, or one lies before its history.
    """
    targets = config.scenario.targets
    if not targets:
        problem = f"scenario {config.scenario.name} has no targets"
        raise InputError("scenario", problem, "a scenario with targets, or file=months.csv")
    figures = [target for target in targets if not target.in_words] or targets
    fitted = [target for target in figures if target.fitted]
    chosen = fitted if which == "fitted" and fitted else figures
    return _checked(Observed(tuple(chosen)), config, "scenario.targets")


def of_file(config: Config, path: Path) -> Observed:
    """A user's own months.

    Args:
        config: What is lived: its history must reach back to the first month with a value.
        path: Workbook or text with a column of months (0 is the last before the policy) and any indicators by
            name or title; empty cells are left out.

    Raises:
        InputError: Names file, row and column.
    """
    bounds = {name: (i.low, i.high) for name, i in INDICATORS.items()}
    notes: Notes = []
    titles = {name: (i.zh, i.en) for name, i in INDICATORS.items()}
    cells = read_months(str(path), bounds, (-240, MONTHS_NAMED), notes, titles=titles)
    say_read(str(path), notes)
    targets = [
        Target(
            indicator=name, month=month, low=value, high=value, reported=value,
            label=f"{name} at {month:+d}", source=path.name, fitted=True,
        )
        for name, month, value in cells
    ]  # fmt: skip
    return _checked(Observed(tuple(targets), series=True), config, str(path))


def _checked(observed: Observed, config: Config, where: str) -> Observed:
    starts = [(0 if t.relative else t.month) - t.window + 1 for t in observed.targets]
    first = min(starts)
    if first < -config.scenario.history_months:
        begins = -config.scenario.history_months
        problem = f"month {first} is asked for and the history begins at {begins}"
        allowed = f"scenario.history_months={-first} or more"
        raise InputError(where, problem, allowed)
    return observed
