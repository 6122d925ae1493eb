"""Simulation-based calibration: are numbers that are known found again, as often as intervals say?

A truth is a draw of the design whose runs were kept out of training: its figures are told as a report would tell them,
with numbers of telling of their own, and all is fitted anew (Talts and others 2018, arXiv 1804.06788).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from sim.config import Executor
from sim.experiments import executors
from sim.posterior import held, pooled, space

SHARE = 0.9
"""Of the intervals that are counted."""

COLUMNS = ("parameter", "covered", "width", "rank")

PARTICLES = 300

_Found = tuple[np.ndarray, np.ndarray, np.ndarray]


def coverage(
    tables: Mapping[str, pd.DataFrame],
    draws: int,
    truths: int,
    executor: Executor,
    tell: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """How often 90% intervals hold the truth.

    Args:
        tables: Designed runs by part, see ``runs.live``.
        draws: Of the design; its first ``truths`` are kept out of training.
        truths: How many.
        executor: Where they are fitted; changes no result.
        tell: Is told of each 25.

    Returns:
        A row a number of the core and of telling: ``covered`` (share of truths inside the 90% interval), ``width``
        (mean width of the interval over the prior's), ``rank`` (mean place of the truth among the particles, 0.5 if all
        is well).
    """
    trained = {part: table[table["draw"] >= truths] for part, table in tables.items()}
    fitted = pooled.Pooled(trained, draws)
    core = space.unit(space.design(draws))
    telling = pooled.telling_from_prior(truths, space.SEED)
    prior = np.column_stack(
        [space.prior_places(5000, 0, even=True), pooled.telling_from_prior(5000, 0)]
    )
    usual = np.ptp(np.quantile(prior, [0.05, 0.95], axis=0), axis=0)
    tasks = [
        (_told(fitted, tables, k, core[k : k + 1], telling[k]), np.concatenate([core[k], telling[k]]), k)
        for k in range(truths)
    ]  # fmt: skip
    # Python for the most part: threads would wait for each other.
    where = (
        executor.model_copy(update={"kind": "processes"}) if executor.kind == "local" else executor
    )
    inside: list[np.ndarray] = []

    def count(one: _Found) -> None:
        inside.append(one[0])
        if tell is not None and len(inside) % 25 == 0:
            tell(f"{len(inside)} of {truths} truths, {np.mean(inside):.0%} inside")

    found = executors.gathered(where, partial(_found, fitted), tasks, count)
    covered, width, rank = (np.array(part) for part in zip(*found, strict=True))
    return pd.DataFrame({
        "parameter": [*space.KEYS, *pooled.TELLING], "covered": covered.mean(axis=0),
        "width": width.mean(axis=0) / usual, "rank": rank.mean(axis=0),
    })  # fmt: skip


def _found(
    fitted: pooled.Pooled,
    task: tuple[dict[held.Figure, tuple[float, float]], np.ndarray, int],
) -> _Found:
    """Whether a truth (numbers,) lies inside its intervals, their widths, and its place among the particles."""
    bounds, truth, k = task
    found = fitted.told_otherwise(bounds).sample(PARTICLES, k, levels=False, even=True)
    both = np.column_stack([found.core, found.telling])
    low, high = np.quantile(both, [0.5 - SHARE / 2, 0.5 + SHARE / 2], axis=0)
    return (low <= truth) & (truth <= high), high - low, (both < truth).mean(axis=0)


def _told(
    fitted: pooled.Pooled,
    tables: Mapping[str, pd.DataFrame],
    draw: int,
    core: np.ndarray,
    telling: np.ndarray,
) -> dict[held.Figure, tuple[float, float]]:
    """Bounds of every figure if this draw were the truth; as finely told as it is."""
    rng = np.random.default_rng([space.SEED, draw, 4])
    found = {}
    for figure in fitted.figures:
        low, high = figure.target.low, figure.target.high
        half = max(high - low, pooled.FINEST) / 2
        table = tables[figure.case]
        row = table[table["draw"] == draw]
        way = int(rng.integers(len(figure.counts)))
        value = float(row[f"{figure.name}|{figure.counts[way]}"].iloc[0]) if len(row) else np.nan
        if not np.isfinite(value):
            # No such run, or no value in it: nothing was told.
            found[figure] = (-np.inf, np.inf)
            continue
        # Firms of what is told may be better or worse than those that were lived: so much by the emulator.
        traits = row[list(space.Traits._fields)].to_numpy(dtype=float)
        value += fitted.moved_by_care(figure, way, core, traits, telling[None, :])[0]
        said = fitted.as_told(figure, np.array([[min(max(value, 0.0), 1.0)]]), telling[None, :])[
            0, 0
        ]
        said = float(np.clip(said + telling[4] * rng.standard_normal(), 0.0, 1.0)) + rng.uniform(
            -half, half
        )
        found[figure] = (
            -np.inf if said - half <= 0.0 else said - half, np.inf if said + half >= 1.0 else said + half
        )  # fmt: skip
    return found
