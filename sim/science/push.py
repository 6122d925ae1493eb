"""The smallest push that tips a compound back for good, per measure and per bundle, by bisection.

A push is a policy in force from month 1 for some months and then withdrawn whole. It tips the
compound if fees collected are above the threshold in each of the twelve months that end 36 months
after withdrawal, in at least half of the seeds. A month in which no fees are due is not above it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.compose import choices
from sim.config import Config, Policy, check
from sim.experiments.run import spread
from sim.measures.catalogue import CATALOGUE, MeasureParameters
from sim.outcomes import column
from sim.science.basin import INDICATOR

AFTER, WATCHED = 36, 12
"""Months after withdrawal, and how many of the last of them must be above the threshold."""

ENOUGH = 0.5
"""Share of seeds."""

DOSE, MONTHS = "dose", "months"
LONGEST = 60
"""Months of the longest push."""

SCANNED = 4
"""Sizes tried before bisection, evenly up to the greatest: more is not always better."""

FINE = 0.05
"""How near two doses are when bisection ends."""


@dataclass(frozen=True)
class Try:
    """One push: a policy, what is sought, its dose relative to its own, and its months."""

    policy: str
    kind: str
    dose: float
    months: int


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

    past = NeighborhoodModel(configs[0].model_copy(update={"policy": Policy()}), seed=seed)
    past.live_until(0)
    held = []
    for config in configs:
        model = past.fork(config)
        model.run()
        rates = known.mean(model.recorder.values[-WATCHED:, :, column(INDICATOR)], axis=1)
        held.append(bool((rates > threshold).all()))
    return held


def pushes(
    config: Config,
    policies: Mapping[str, Config],
    months: int,
    threshold: float,
    progress: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Seek the smallest dose at given months, and the fewest months at the usual dose.

    Args:
        config: The compound, without policy.
        policies: Configurations by the name of their measure or bundle.
        months: In force while the dose is sought.
        threshold: Share of fees.
        progress: Show a bar per round of bisection on standard error.

    Returns:
        A row per policy and kind ("dose", "months"): ``smallest`` that held, NaN if none of those
        scanned did up to ``greatest``; ``fails``, the greatest below it that did not; share of
        seeds ``held`` (at the greatest where none did); ``even``, whether all those scanned above
        the smallest held too. And a row per push that was tried.
    """
    search = _Search(config, policies, months, threshold, progress)
    greatest = {DOSE: most_dose(), MONTHS: float(LONGEST)}
    keys = [(name, kind) for name in policies for kind in greatest]
    grid = {key: [greatest[key[1]] * k / SCANNED for k in range(1, SCANNED + 1)] for key in keys}
    search.attempt([(*key, size) for key in keys for size in grid[key]])
    ends: dict[tuple[str, str], list[float]] = {}
    for key in keys:
        first = next((size for size in grid[key] if search.holds(*key, size)), None)
        if first is not None:
            ends[key] = [max((s for s in grid[key] if s < first), default=0.0), first]
    while wide := {
        key: _middle(key[1], *pair) for key, pair in ends.items() if _wide(key[1], *pair)
    }:
        search.attempt([(*key, size) for key, size in wide.items()])
        for key, size in wide.items():
            ends[key][search.holds(*key, size)] = size
    rows = []
    for key in keys:
        fails, smallest = ends.get(key, [grid[key][-1], math.nan])
        above = [size for size in grid[key] if size > smallest]
        rows.append(
            {"policy": key[0], "kind": key[1], "greatest": grid[key][-1], "smallest": smallest}
            | {"fails": fails, "held": search.share(*key, smallest if key in ends else fails)}
            | {"even": all(search.holds(*key, size) for size in above)}
        )
    return pd.DataFrame(rows), _tried(search.tried)


@dataclass
class _Search:
    """Pushes that were tried, each once."""

    config: Config
    policies: Mapping[str, Config]
    months: int
    threshold: float
    progress: bool
    tried: dict[Try, float] = field(default_factory=dict)

    def at(self, policy: str, kind: str, size: float) -> Try:
        dose, months = (size, self.months) if kind == DOSE else (1.0, int(size))
        return Try(policy, kind, dose, months)

    def attempt(self, wanted: Sequence[tuple[str, str, float]]) -> None:
        fresh = [self.at(*one) for one in wanted]
        configs = [pushed(self.config, self.policies[one.policy], one) for one in fresh]
        each = partial(_held, configs, self.threshold)
        lived = spread(self.config, each, self.progress)
        self.tried.update(zip(fresh, np.mean(lived, axis=0).tolist(), strict=True))

    def share(self, policy: str, kind: str, size: float) -> float:
        return self.tried[self.at(policy, kind, size)]

    def holds(self, policy: str, kind: str, size: float) -> bool:
        return self.share(policy, kind, size) >= ENOUGH


def _middle(kind: str, low: float, high: float) -> float:
    return (low + high) / 2 if kind == DOSE else float((low + high) // 2)


def _wide(kind: str, low: float, high: float) -> bool:
    return high - low > (FINE if kind == DOSE else 1.0)


def _tried(tried: dict[Try, float]) -> pd.DataFrame:
    rows = [
        {"policy": t.policy, "kind": t.kind, "dose": t.dose, "months": t.months, "held": share}
        for t, share in tried.items()
    ]
    return pd.DataFrame(rows).sort_values(["policy", "kind", "dose", "months"], ignore_index=True)
