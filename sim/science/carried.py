"""What each causal arrow carries: the fall of a case, its lock, its recovery, with the arrow and without it.

Under one seed a case is lived once with every arrow in place, and once more for each arrow that is cut, from the
stage's first month on. Draws are shared, so the difference is the arrow's. A difference is what becomes of the outcome
*without* the arrow: where a fall is the smaller without it, the arrow carries a part of that fall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.compose import load
from sim.config import Config
from sim.experiments import paired
from sim.experiments.run import spread
from sim.outcomes import INDICATORS, compute
from sim.world.arrows import ARROWS

YEAR = 12


@dataclass(frozen=True)
class Stage:
    """A stretch of a case, and what is read at its end.

    Attributes:
        name: Short name, for tables.
        en: What it is, in English.
        zh: The same in Chinese.
        scenario: The case.
        policy: What is done from month 1 on.
        since: First month without the arrow; None for the first one of the history.
        read: Month at whose end outcomes are read.
        settings: Further settings.
    """

    name: str
    en: str
    zh: str
    scenario: str
    policy: str
    since: int | None
    read: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    def config(self, replications: int) -> Config:
        """What is lived, with every arrow in place."""
        size: dict[str, Any] = {"replications": replications, "months": max(self.read, 1)}
        size |= {"seed": 1, "executor": {"kind": "processes"}}
        return load(self.scenario, policy=self.policy, **size, **self.settings)


STAGES = (
    Stage("fall", "Kangqiao, fall", "康桥：下滑", "kangqiao", "none", None, 0),
    Stage("lock", "Kangqiao, lock", "康桥：锁定", "kangqiao", "none", 1, 36),
    Stage("recovery", "Kangqiao, recovery", "康桥：恢复", "kangqiao", "five_level_linkage", 1, 24),
    Stage("shenhong", "Shenhong, rise", "深虹：回升", "shenhong", "shenhong", 1, 24),
    Stage("ordinary", "an ordinary estate", "一般小区", "ordinary_estate", "none", None, 48),
    Stage(
        "xingqu", "Xingqu, 12 compounds", "X星区（12个小区）", "xingqu", "star_property", 1, 24,
        {"district__compounds": 12, "district__communities": 4, "district__streets": 1,
         "district__companies": 4, "population__households": 400},
    ),
)  # fmt: skip
"""What the page tells of. A fall is lived without the arrow from its first month on, a lock and a recovery from
month 1 on, after the same past."""

TOGETHER = (
    "income_to_effort+loss_to_exit",
    "grievance_to_voices+grievance_to_conflict",
    "neighbours_to_voices+neighbours_to_conflict",
)
"""Cuts of more than one arrow, joined by a plus: a firm that keeps its staff without income runs into debt and
goes, so the loop of money is cut by itself only where it does not go either."""

OUTCOMES = ("collection", "satisfaction", "voices")
"""Fees collected (0 where nobody asks for any), mean satisfaction, complaints and petitions of the last year, a month
and 1,000 households: means over compounds, those of a year also over its months."""


@dataclass(frozen=True)
class Carried:
    """Outcomes with every arrow in place, and without each.

    Attributes:
        levels: A row per stage and outcome: mean, low, high, n; every arrow in place.
        effects: A row per stage, arrow and outcome: mean, low, high, n of the paired difference to that.
    """

    levels: pd.DataFrame
    effects: pd.DataFrame

    def of(self, stage: str, outcome: str) -> dict[str, dict[str, Any]]:
        """Effects of one stage on one outcome, by arrow."""
        e = self.effects
        of = e[(e["stage"] == stage) & (e["outcome"] == outcome)].set_index("arrow")
        return dict(of.to_dict("index"))  # type: ignore[arg-type]


def carried(
    stages: Sequence[Stage] = STAGES, replications: int = 20, names: Sequence[str] = (), *,
    progress: bool = False,
) -> Carried:  # fmt: skip
    """Live stages with and without arrows.

    Args:
        stages: Which.
        replications: Seeds of each.
        names: Arrows, several together joined by a plus; all, and ``TOGETHER``, by default.
        progress: Show a bar on standard error.
    """
    names = list(names) or [*sorted(ARROWS), *TOGETHER]
    levels, effects = [], []
    for stage in stages:
        config = stage.config(replications)
        each = partial(_live, config, stage, tuple(names))
        # (seeds, arrows and none, outcomes)
        found = np.array(spread(config, each, progress))
        for k, outcome in enumerate(OUTCOMES):
            whole = found[:, 0, k]
            levels.append({"stage": stage.name, "outcome": outcome, **_told(whole)})
            for j, name in enumerate(names, 1):
                told = _told(found[:, j, k] - whole)
                effects.append({"stage": stage.name, "arrow": name, "outcome": outcome, **told})
    return Carried(pd.DataFrame(levels), pd.DataFrame(effects))


def _told(values: np.ndarray) -> dict[str, float]:
    estimate = paired.mean(values[np.isfinite(values)])
    ends = {"low": estimate.low, "high": estimate.high}
    return {"mean": estimate.value, **ends, "n": int(np.isfinite(values).sum())}


def _live(config: Config, stage: Stage, names: tuple[str, ...], seed: int) -> np.ndarray:
    """Outcomes (nothing cut and each of the cuts, outcomes) under one seed."""
    from sim.model import NeighborhoodModel, uncollected

    past = NeighborhoodModel(config, seed=seed)
    if stage.since is not None:
        past.live_until(stage.since - 1)
    found = np.empty((1 + len(names), len(OUTCOMES)))
    with uncollected():
        for k, cut in enumerate([[], *(name.split("+") for name in names)]):
            going_on = past.fork(config)
            if cut:
                going_on.change_rules(config.model_copy(update={"cut": cut}))
            going_on.live_until(stage.read)
            found[k] = outcomes_of(going_on)
    return found


def outcomes_of(model: Any) -> tuple[float, ...]:
    """A run's ``OUTCOMES`` at its last month."""
    rows = compute(model.recorder.notes[-YEAR:])
    collected, satisfied, voices = (
        rows[:, :, list(INDICATORS).index(name)]
        for name in ("collection_rate", "satisfaction", "voices_per_1000")
    )
    return (
        float(np.nan_to_num(collected[-1]).mean()),
        float(known.mean(satisfied[-1])),
        float(known.mean(voices)),
    )
