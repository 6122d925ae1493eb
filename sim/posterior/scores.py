"""Predictions that could fail: each case foreseen from the others, scored beside plain rivals.

A case that is left out takes its likelihood away from the pooled posterior. What is foreseen is a reported figure,
with what telling adds and what the model misses, as they were found from the other cases. Rivals know the start where
it is told, and have their own error, found from the other cases too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.posterior import held
from sim.posterior.pooled import Particles, Pooled

DRAWS = 4000
"""Draws of a foreseen figure."""

_RNG = 3


def crps(draws: np.ndarray, value: float) -> float:
    """Continuous ranked probability score of draws (n,): the smaller the better, in the value's unit.

    Source: Gneiting and Raftery 2007, doi 10.1198/016214506000001437.
    """
    ordered = np.sort(draws)
    n = len(ordered)
    apart = ((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / n**2
    return float(np.abs(ordered - value).mean() - apart)


def log_score(draws: np.ndarray, figure: held.Figure) -> float:
    """Minus the logarithm of the probability of the figure's interval, 2 in 1,000 at least: the smaller the better."""
    low, high = held.bounds(figure)
    return -math.log(max(float(np.mean((draws >= low) & (draws <= high))), 0.002))


class Rival(NamedTuple):
    """A plain rule.

    Attributes:
        name, en, zh: What it says.
        foresees: From starts (n,), why it was told (n,) and reported figures of others with their places, to values.
    """

    name: str
    en: str
    zh: str
    foresees: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _unchanged(
    start: np.ndarray, told: np.ndarray, said: np.ndarray, others: np.ndarray
) -> np.ndarray:
    return start


def _at_95(start: np.ndarray, told: np.ndarray, said: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.full_like(start, 0.95)


def _headroom(
    start: np.ndarray, told: np.ndarray, said: np.ndarray, others: np.ndarray
) -> np.ndarray:
    room = 1.0 - start
    part = ((said - start) * room)[others].sum() / (room[others] ** 2).sum()
    return np.asarray(start + part * room)


def _headroom_told(
    start: np.ndarray, told: np.ndarray, said: np.ndarray, others: np.ndarray
) -> np.ndarray:
    badly = told == "trouble"
    up = _headroom(start, told, said, others & ~badly)
    fell = others & badly
    lost = ((start - said) * start)[fell].sum() / max((start[fell] ** 2).sum(), 1e-12)
    return np.where(badly, start - lost * start, up)


RIVALS = (
    Rival("unchanged", "nothing changes", "没有变化", _unchanged),
    Rival("at_95", "95% afterwards", "之后为95%", _at_95),
    Rival("headroom", "gain by headroom", "按提升空间", _headroom),
    Rival(
        "headroom_told",
        "gain by headroom, loss where told of trouble",
        "按提升空间，报道困境者按下降",
        _headroom_told,
    ),
)
"""In the order of the table; the last one knows why a figure was told, as the model does."""


def predictions(pooled: Pooled, posterior: Particles) -> pd.DataFrame:
    """Each outcome foreseen without its case.

    Returns:
        A row a figure: ``case``, ``figure``, ``told``, ``reported``, ``low``, ``high``, ``start`` (NaN where none is
        told), foreseen ``median``, ``q05``, ``q10``, ``q90``, ``q95``, ``inside`` (whether its 80% interval holds the
        figure), ``crps``, ``log_score``, what a run would give (``run_median``), ``worth`` (how many particles stand
        behind it), and for each rival its ``crps_`` and ``inside_``.
    """
    chosen = [figure for figure in pooled.figures if figure.of == "outcome"]
    rows = []
    for figure in chosen:
        weights = posterior.without(figure.case)
        draws = pooled.predict(figure, posterior, weights, DRAWS)
        bare = pooled.predict(figure, posterior, weights, DRAWS, as_told=False)
        rows.append({
            "case": figure.case, "figure": figure.name, "told": figure.told, "grade": figure.grade,
            "negative": figure.negative, "reported": figure.reported, "low": figure.target.low,
            "high": figure.target.high, "start": np.nan if figure.start is None else figure.start,
            **_spread(draws), "inside": _inside(draws, figure), "crps": crps(draws, figure.reported),
            "log_score": log_score(draws, figure), "run_median": float(np.median(bare)),
            "worth": float(1.0 / (weights**2).sum()),
        })  # fmt: skip
    found = pd.DataFrame(rows)
    for rival in RIVALS:
        said = _rival(rival, found)
        found[f"crps_{rival.name}"] = [
            crps(d, f.reported) for d, f in zip(said, chosen, strict=True)
        ]
        found[f"log_score_{rival.name}"] = [
            log_score(d, f) for d, f in zip(said, chosen, strict=True)
        ]
        found[f"inside_{rival.name}"] = [_inside(d, f) for d, f in zip(said, chosen, strict=True)]
    return found


def _rival(rival: Rival, rows: pd.DataFrame) -> list[np.ndarray]:
    start = np.where(np.isnan(rows["start"]), held.USUAL, rows["start"])
    said, cases = rows["reported"].to_numpy(), rows["case"].to_numpy()
    rng = np.random.default_rng(_RNG)
    found = []
    for k in range(len(rows)):
        others = cases != cases[k]
        value = rival.foresees(start, rows["told"].to_numpy(), said, others)
        error = np.sqrt(np.mean((said - value)[others] ** 2))
        found.append(np.clip(value[k] + error * rng.standard_normal(DRAWS), 0.0, 1.0))
    return found


def _spread(draws: np.ndarray) -> dict[str, float]:
    names = ("q05", "q10", "median", "q90", "q95")
    return dict(zip(names, np.quantile(draws, [0.05, 0.1, 0.5, 0.9, 0.95]).tolist(), strict=True))


def _inside(draws: np.ndarray, figure: held.Figure) -> bool:
    """Whether the middle 80% of draws holds the figure, known as finely as it is told."""
    low, high = np.quantile(draws, [0.1, 0.9])
    return bool(figure.target.low <= high + 1e-9 and figure.target.high >= low - 1e-9 if figure.target.reported is None
                else low - 1e-9 <= figure.reported <= high + 1e-9)  # fmt: skip
