"""The smallest push that tips a compound back for good, per measure and per bundle, by bisection.

A push is a policy in force from month 1 for some months and then withdrawn whole. It tips the
compound if fees collected are above the threshold in each of the twelve months that end 36 months
after withdrawal, in at least half of the seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sim.compose import choices, load
from sim.config import Config, check
from sim.experiments.basin import INDICATOR, _column
from sim.experiments.run import spread
from sim.measures.catalogue import CATALOGUE, MeasureParameters

AFTER, WATCHED = 36, 12
"""Months after withdrawal, and how many of the last of them must be above the threshold."""

ENOUGH = 0.5
"""Share of seeds."""

DOSE, MONTHS = "dose", "months"
LONGEST = 60
"""Months of the longest push."""

FINE = 0.05
"""How near two doses are when bisection ends."""


@dataclass(frozen=True)
class Try:
    """One push: a policy, its dose relative to its own, and its months."""

    policy: str
    kind: str
    dose: float
    months: int

    @property
    def size(self) -> float:
        """The one of the two that is sought."""
        return self.dose if self.kind == DOSE else float(self.months)


def most_dose() -> float:
    """Largest dose that the schema allows."""
    return next(float(r.high or 0) for r in MeasureParameters.describe() if r.key == "dose")


def every_policy() -> list[str]:
    """Every bundle that comes along, then every measure."""
    names = [name for name in choices("policy") if name != "none"]
    return [n for n in names if n not in CATALOGUE] + [n for n in names if n in CATALOGUE]


def pushed(config: Config, policy: Config, one: Try) -> Config:
    """A configuration under a policy at a dose and withdrawn after some months."""
    tree = config.resolved()
    measures: dict[str, Any] = policy.resolved()["policy"]["measures"]
    for settings in measures.values():
        settings["dose"] = min(float(settings["dose"]) * one.dose, most_dose())
        settings["end"] = min(settings["end"], one.months + 1)
    # What would begin after the end, or at no dose, is not done.
    left = {k: s for k, s in measures.items() if s["start"] < s["end"] and s["dose"] > 0}
    tree["policy"] = {"name": one.policy, "measures": left}
    tree["months"] = one.months + AFTER
    return check(tree)


def _held(configs: Sequence[Config], threshold: float, seed: int) -> list[bool]:
    """Whether each push held under one seed; all go on from one past."""
    from sim.model import NeighborhoodModel

    past = NeighborhoodModel(
        configs[0].model_copy(update={"policy": type(configs[0].policy)()}), seed=seed
    )
    while past.month < 0:
        past.step()
    held = []
    for config in configs:
        model = past.fork(config)
        model.run()
        rates = model.recorder.values[-WATCHED:, :, _column(INDICATOR)].mean(axis=1)
        held.append(bool(rates.min() > threshold))
    return held


def pushes(
    config: Config,
    policies: Sequence[str],
    months: int,
    threshold: float,
    progress: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Seek the smallest dose at given months, and the fewest months at the usual dose.

    Args:
        config: The compound, without policy.
        policies: Names of measures and bundles.
        months: In force while the dose is sought.
        threshold: Share of fees.
        progress: Show a bar per round of bisection on standard error.

    Returns:
        A row per policy and kind ("dose", "months"): ``smallest`` that held, NaN if none did up to
        ``greatest``; ``fails``, the greatest that did not hold; share of seeds ``held`` at the
        smallest; ``even``, whether half way from there to the greatest it holds too. And a row per
        push that was tried.
    """
    known = {name: load(policy=name) for name in policies}
    kinds = {DOSE: most_dose(), MONTHS: float(LONGEST)}
    seek = {(name, kind): [0.0, top] for name in policies for kind, top in kinds.items()}
    tried: dict[Try, float] = {}

    def attempt(wanted: list[Try]) -> None:
        fresh = [one for one in dict.fromkeys(wanted) if one not in tried]
        if fresh:
            configs = [pushed(config, known[one.policy], one) for one in fresh]
            lived = spread(config, partial(_held, configs, threshold), progress)
            tried.update(zip(fresh, np.mean(lived, axis=0).tolist(), strict=True))

    def at(name: str, kind: str, size: float) -> Try:
        return Try(name, kind, size, months) if kind == DOSE else Try(name, kind, 1.0, int(size))

    attempt([at(*key, ends[1]) for key, ends in seek.items()])
    open_ = [key for key, ends in seek.items() if tried[at(*key, ends[1])] >= ENOUGH]
    found = list(open_)
    while open_:
        middles = {key: _middle(key[1], *seek[key]) for key in open_}
        attempt([at(*key, size) for key, size in middles.items()])
        for key, size in middles.items():
            seek[key][tried[at(*key, size)] >= ENOUGH] = size
        open_ = [key for key in open_ if not _near(key[1], *seek[key])]
    above = {key: _middle(key[1], seek[key][1], kinds[key[1]]) for key in found}
    attempt([at(*key, size) for key, size in above.items()])
    rows = []
    for (name, kind), (low, high) in seek.items():
        row: dict[str, Any] = {"policy": name, "kind": kind, "greatest": kinds[kind]}
        if (name, kind) in above:
            even = tried[at(name, kind, above[name, kind])] >= ENOUGH
            row |= {
                "smallest": high,
                "fails": low,
                "held": tried[at(name, kind, high)],
                "even": even,
            }
        else:
            held = tried[at(name, kind, high)]
            row |= {"smallest": math.nan, "fails": high, "held": held, "even": True}
        rows.append(row)
    return pd.DataFrame(rows), _tried(tried)


def _middle(kind: str, low: float, high: float) -> float:
    return (low + high) / 2 if kind == DOSE else float(int((low + high + 1) // 2))


def _near(kind: str, low: float, high: float) -> bool:
    return high - low <= (FINE if kind == DOSE else 1.0)


def _tried(tried: dict[Try, float]) -> pd.DataFrame:
    rows = [
        {"policy": t.policy, "kind": t.kind, "dose": t.dose, "months": t.months, "held": share}
        for t, share in tried.items()
    ]
    return pd.DataFrame(rows).sort_values(["policy", "kind", "dose", "months"], ignore_index=True)
