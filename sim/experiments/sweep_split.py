"""What of the spread between the runs of one point of a sweep is chance, and what doubt about parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.config import Config, Executor, change
from sim.errors import InputError
from sim.experiments import doubt, executors
from sim.experiments.batch import Batch, live_batch, make_batch
from sim.experiments.design import Design
from sim.experiments.run import end_columns
from sim.outcomes import INDICATORS

POINTS = 4
"""Points at which parameter sets are lived twice, spread evenly over the design."""

COLUMNS = ("indicator", "points", *doubt.NAMED)
"""Columns of the split."""


def split(
    design: Design,
    ends_of: Callable[[range], pd.DataFrame],
    model: Callable[..., Any] | None,
) -> pd.DataFrame:
    """Live some parameter sets of a sweep a second time.

    Args:
        design: A design whose runs are lived.
        ends_of: The runs of some numbers, with the columns of ``end_columns``.
        model: Class to live instead of ``NeighborhoodModel``.

    Returns:
        A row per indicator, of its mean over the last 12 months: the share of chance in the variance within
        a point, averaged over ``points``; no rows without doubt or where nothing can be told.
    """
    count, replications = design.points.num_rows, design.replications
    asked = dict.fromkeys(
        np.linspace(0, count - 1, min(count, POINTS)).round().astype(int).tolist()
    )
    batches: dict[int, Batch] = {}
    for point in asked:
        config = _config(design, point)
        seeds = doubt.twice(config, replications) if config is not None else []
        if config is not None and seeds:
            batch = make_batch(design, [[point * replications]], model)
            again = [[(0, seed - config.seed)] for seed in seeds]
            batches[point] = batch._replace(groups=again, keep_months=False)
    lived = executors.gathered(design.executor or Executor(), live_batch, list(batches.values()))
    wanted = [f"{name}_last12" for name in INDICATORS]
    places = [end_columns().index(name) for name in wanted]
    values, firsts, seconds = [], [], []
    for point, outcomes in zip(batches, lived, strict=True):
        runs = range(point * replications, (point + 1) * replications)
        here = ends_of(runs)[wanted].to_numpy()
        values.append(here - known.mean(here, axis=0))
        firsts.append(here[: len(outcomes)])
        seconds.append(np.array([outcome.ends[places] for outcome in outcomes]))
    if not values:
        return pd.DataFrame(columns=list(COLUMNS))
    within, first, second = map(np.concatenate, (values, firsts, seconds))
    # Deviations from the means of their own points have a variance of their own degrees of freedom.
    within *= math.sqrt((len(within) - 1) / max(len(within) - len(values), 1))
    rows = [
        (name, len(values), *doubt.share(within[:, k], first[:, k], second[:, k]))
        for k, name in enumerate(INDICATORS)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame[frame["chance_high"].notna()].reset_index(drop=True)


def _config(design: Design, point: int) -> Config | None:
    """A point's configuration; None where it is not allowed, as its runs say."""
    ((base, settings),) = design.settings([point])
    try:
        return change(design.bases[base].tree, settings)
    except InputError:
        return None
