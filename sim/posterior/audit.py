"""How far reported successes speak for what was done: their chance with it, without it, and as the best of several.

Under each draw of the posterior ten alike compounds are lived, which differ in traits and luck, with what was done and
without it. Where the best of ten that did nothing reaches a figure as often as one that did all, the figure may be told
because it was the best, and says little about what was done (regression to the mean).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from sim.config import Executor
from sim.experiments import executors
from sim.posterior import held, runs, space

ALIKE = 10
"""Compounds of which the best is told (assumed: nobody knows of how many a reported one is the best)."""

SEED = 2_000_000
"""First seed of these runs: none that was used for the fit."""


def audit(
    posterior: pd.DataFrame, draws: int, designed: Mapping[str, pd.DataFrame], executor: Executor
) -> pd.DataFrame:
    """Chance of each reported outcome, with what was done and without.

    Args:
        posterior: A row a draw, a column a number of the core.
        draws: How many of its rows are lived.
        designed: Runs of the design by part, see ``runs.live``.
        executor: Where; changes no result.

    Returns:
        A row an outcome: ``case``, ``figure``, ``told``, ``reported``, ``done`` and ``undone`` (share of runs that
        reach it: its lower end where it was told as a success, its upper end from above where as trouble, between both
        otherwise), ``best_done`` and ``best_undone`` (share of draws in which the best of ``ALIKE`` does; where told as
        trouble, the worst), ``median_done``, ``median_undone``, and ``designed``: share of the designed runs, all over
        the prior, that lie at the figure or beyond it, on the side where fewer do, counted in any way that its frozen
        fields allow.
    """
    chosen = posterior.iloc[:draws]
    theta = chosen[list(space.KEYS)].to_numpy()
    rows: list[dict[str, object]] = []
    for case in dict.fromkeys(f.case for f in held.figures() if f.share and f.of == "outcome"):
        alike = 1 if runs.heavy(case) else ALIKE
        tasks = [
            (case, theta[k], k, alike, done) for k in range(len(theta)) for done in (True, False)
        ]
        both = np.array(executors.gathered(executor, _live, tasks))
        rows += list(_rows(case, both[0::2], both[1::2]))
    return pd.DataFrame(rows).assign(designed=[_designed(row, designed) for row in rows])


def _designed(row: Mapping[str, object], designed: Mapping[str, pd.DataFrame]) -> float:
    figure = next(f for f in held.figures() if (f.case, f.name) == (row["case"], row["figure"]))
    columns = [f"{figure.name}|{way}" for way in figure.counts]
    values, (low, high) = designed[figure.case][columns].to_numpy(), held.bounds(figure)
    # A run without a value, as without a firm, reaches nothing. Told as trouble a figure may have risen after all:
    # both ends count.
    return float(min((values >= low).any(axis=1).mean(), (values <= high).any(axis=1).mean()))


def _live(task: tuple[str, np.ndarray, int, int, bool]) -> list[list[float]]:
    case, theta, draw, alike, done = task
    numbers = [draw * alike + k for k in range(alike)]
    skipped = len(space.Traits._fields)
    return [runs.one(case, theta, n, SEED + n, done=done)[skipped:] for n in numbers]


def _rows(case: str, done: np.ndarray, undone: np.ndarray) -> Iterator[dict[str, object]]:
    """Rows of one case from values (draws, alike, columns)."""
    place = 0
    for figure in (one for one in held.figures() if one.case == case):
        # Counted as it stands in the mapping: other ways are for the fit.
        if figure.share and figure.of == "outcome":
            with_it, without = done[:, :, place], undone[:, :, place]
            yield {
                "case": case, "figure": figure.name, "told": figure.told, "reported": figure.reported,
                "done": float(_reached(figure, with_it).mean()),
                "undone": float(_reached(figure, without).mean()),
                "best_done": float(_reached(figure, with_it).any(axis=1).mean()),
                "best_undone": float(_reached(figure, without).any(axis=1).mean()),
                "median_done": float(np.nanmedian(with_it)), "median_undone": float(np.nanmedian(without)),
            }  # fmt: skip
        place += len(figure.counts)


def _reached(figure: held.Figure, values: np.ndarray) -> np.ndarray:
    low, high = held.bounds(figure)
    if figure.told == "success":
        return np.asarray(values >= low)
    if figure.told == "trouble":
        return np.asarray(values <= high)
    return np.asarray((values >= low) & (values <= high))
