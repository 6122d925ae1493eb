"""Cases that parameters are held against: their runs, and what those give for each figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim import known
from sim.compose import load
from sim.config import OFF, Config, Executor, change
from sim.errors import InputError
from sim.experiments import executors
from sim.experiments.provenance import note_failures
from sim.experiments.run import live as live_once
from sim.experiments.run import one_line
from sim.outcomes import column
from sim.science.core import Prior
from sim.science.observed import Observed, of_scenario

FRESH = 1_000_000
"""First seed of predictive runs: none that was used to find the posterior."""

HEAVY = 8
"""Compounds from which a case is too slow for thousands of runs."""


@dataclass(frozen=True)
class Case:
    """One case that parameters are held against.

    Attributes:
        config: What is lived.
        observed: Its figures.
    """

    config: Config
    observed: Observed

    @property
    def name(self) -> str:
        """Name of its scenario."""
        return self.config.scenario.name

    @property
    def heavy(self) -> bool:
        """Whether a run takes seconds."""
        return self.config.district.compounds >= HEAVY


def as_case(config: Config, observed: Observed) -> Case:
    """A case whose runs end with the last month that is looked at."""
    # What could have given figures is looked for: parameters are set here, not drawn.
    lived = {"months": observed.last, "replications": 1, "doubt": OFF}
    return Case(config.model_copy(update=lived), observed)


def case_of(scenario: str, which: str = "fitted", **keys: Any) -> Case:
    """A scenario under its own policy, held against its targets."""
    config = load(scenario, policy=load(scenario).scenario.policy, **keys)
    return as_case(config, of_scenario(config, which))


class Simulator:
    """Lives the cases under given parameters: what is sent to the processes."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._trees = [case.config.resolved() for case in cases]
        self._observed = [case.observed for case in cases]

    def __call__(
        self, parameters: dict[str, float], seed: int, limit: float
    ) -> tuple[float, np.ndarray]:
        """Distance and the values behind it; cases after one that is beyond the limit are left out."""
        worst, found = 0.0, []
        for tree, observed in zip(self._trees, self._observed, strict=True):
            values = np.full(len(observed.targets), np.nan)
            if worst <= limit:
                record = live(tree, parameters, seed)
                if record is not None:
                    values = observed.values(*record)
                worst = max(worst, observed.distance(values))
            found.append(values)
        return worst, np.concatenate(found)


def check_lives(config: Config, seed: int) -> None:
    """Refuse a configuration that cannot be lived as it stands.

    Raises:
        InputError: The model refuses its input.
        RuntimeError: A run of it failed.
    """
    tried = live_once(config.model_copy(update={"months": 1}), seed)
    if tried.refusal is not None:
        raise tried.refusal
    if tried.stage:
        raise RuntimeError(f"seed {seed} failed at stage {tried.stage}: {tried.message}")


def live(
    tree: dict[str, Any], parameters: dict[str, float], seed: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Months (M,) and indicators (M, C, K) of one run; None if these parameters cannot be lived."""
    from sim.model import NeighborhoodModel

    try:
        model = NeighborhoodModel(change(tree, dict(parameters)), seed=seed)
        model.run()
        return model.recorder.months, model.recorder.values
    except (InputError, ArithmeticError, ValueError) as error:
        note_failures([one_line(error)])
        return None


class Run(NamedTuple):
    """One run of a case.

    Attributes:
        months: Months (M,).
        means: Indicators (M, K) over compounds, see ``_over_compounds``.
        values: What it gives for each figure (figures,), NaN where it has no value.
    """

    months: np.ndarray
    means: np.ndarray
    values: np.ndarray


def predictive(case: Case, draws: pd.DataFrame, seed: int, executor: Executor) -> list[Run | None]:
    """Fresh runs of a case, one per draw; None where its parameters cannot be lived.

    Args:
        case: What is lived.
        draws: A row per run, a column per parameter.
        seed: Seed of the first run.
        executor: Where it is computed; changes no result.
    """
    size = 1 if case.heavy else 4
    rows = [{str(k): float(v) for k, v in row.items()} for row in draws.to_dict("records")]
    tasks = [
        (case.config.resolved(), case.observed, seed + first, rows[first : first + size])
        for first in range(0, len(rows), size)
    ]
    return [one for part in executors.gathered(executor, _live_rows, tasks) for one in part]


def _live_rows(
    task: tuple[dict[str, Any], Observed, int, list[dict[str, float]]],
) -> list[Run | None]:
    tree, observed, first, rows = task
    records = [live(tree, row, first + k) for k, row in enumerate(rows)]
    return [
        None if r is None else Run(r[0], _over_compounds(observed, r[1]), observed.values(*r))
        for r in records
    ]


def _over_compounds(observed: Observed, record: np.ndarray) -> np.ndarray:
    """Means (M, K) over compounds that have a value, by weight where a figure is a share of a whole."""
    means = np.array(known.mean(record, axis=1))
    for target in observed.targets:
        if target.weight:
            share, weight = column(target.indicator), record[:, :, column(target.weight)]
            means[:, share] = known.mean(record[:, :, share], axis=1, weights=weight)
    return means


def prior_draws(priors: dict[str, Prior], count: int, seed: int) -> pd.DataFrame:
    """Parameter sets drawn from the prior."""
    shares = np.random.default_rng([seed, 1]).random((count, len(priors)))
    drawn = {key: prior.quantile(shares[:, k]) for k, (key, prior) in enumerate(priors.items())}
    return pd.DataFrame(drawn)


def figure_row(case: Case, place: int, values: np.ndarray, prefix: str = "") -> dict[str, float]:
    """What runs (runs,) gave for one figure of a case.

    Returns:
        ``median``, ``q05`` and ``q95`` of the ``runs`` that have a value, and ``share_inside`` of all:
        a run without a value does not meet the figure.
    """
    target = case.observed.targets[place]
    q05, median, q95 = known.quantiles(values, [0.05, 0.5, 0.95])
    slack = case.observed.slack[place]
    inside = (values >= target.low - slack) & (values <= target.high + slack)
    return {
        f"{prefix}median": float(median), f"{prefix}q05": float(q05), f"{prefix}q95": float(q95),
        f"{prefix}share_inside": float(inside.sum()) / max(len(values), 1),
        f"{prefix}runs": int(np.count_nonzero(~np.isnan(values))),
    }  # fmt: skip


def of_runs(case: Case, runs: list[Run | None]) -> np.ndarray:
    """What runs gave for each figure of a case (runs, figures)."""
    blank = np.full(len(case.observed.targets), np.nan)
    return np.array([blank if run is None else run.values for run in runs])
