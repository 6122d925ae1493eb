"""A parameter moved slowly to and fro within one run, whose state is kept: where it tips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.config import Config, change
from sim.errors import InputError
from sim.experiments.run import spread
from sim.explain import show
from sim.science.factors import bounds, groups, one

LEGS = ("down", "up", "down again")
COLLAPSE, RECOVERY = "collapse", "recovery"
INDICATOR = "collection_rate"
READ = 12
"""Months averaged at the end of each step."""

HELD = 2
"""Steps in a row beyond the threshold that count as tipped."""


@dataclass(frozen=True)
class Drive:
    """What is moved.

    Attributes:
        keys: Keys moved together.
        values: Their values where the shift is 0; for a single key 0, so that it moves itself.
        low, high: Bounds of the single key, or of the shift added to all.
        steps: Levels from low to high, both among them.
        hold: Months at each.
    """

    keys: tuple[str, ...]
    values: tuple[float, ...]
    low: float
    high: float
    steps: int
    hold: int

    @property
    def levels(self) -> np.ndarray:
        """Levels (steps,), rising."""
        return np.linspace(self.low, self.high, self.steps)

    def settings(self, level: float) -> dict[str, float]:
        """Keys to set at a level."""
        return {
            key: float(round(value + level, 9))
            for key, value in zip(self.keys, self.values, strict=True)
        }


def drive(
    config: Config,
    keys: Sequence[str],
    low: float | None,
    high: float | None,
    steps: int,
    hold: int,
) -> Drive:
    """Check what is to be moved; without bounds it goes as far as the nearer limit of the schema.

    Raises:
        InputError: A key that is not in force while a compound lives, or a bound not allowed.
    """
    known = [one(config, "parameter", key) for key in keys]
    for row, _ in known:
        still = row.key.startswith("service.start")
        live = groups()
        if row.key.split(".")[0] not in live or still or isinstance(row.default, int):
            allowed = f"a number that acts while a compound lives, of {', '.join(live)}"
            raise InputError("parameter", f"{show(row.key)} cannot be moved", allowed)
    alone = len(known) == 1
    values = tuple(0.0 if alone else float(value) for _, value in known)
    limits = [
        (float(row.low or 0.0) - at, float(row.high or 0.0) - at)
        for (row, _), at in zip(known, values, strict=True)
    ]
    least, most = max(a for a, _ in limits), min(b for _, b in limits)
    near = min(-least, most)
    reach = bounds(*known[0], 1.0) if alone else (-near, near)
    first, last = reach[0] if low is None else low, reach[1] if high is None else high
    for word, value in (("low", first), ("high", last)):
        if not least <= value <= most:
            raise InputError(word, f"{value:g} is not allowed", f"from {least:g} to {most:g}")
    if first >= last:
        raise InputError("low", f"{first:g} is not below high, {last:g}")
    keys = tuple(row.key for row, _ in known)
    return Drive(keys, values, first, last, steps, hold)


def sweep_slowly(config: Config, moved: Drive, seed: int) -> np.ndarray:
    """Fees collected (legs, steps), in the order of ``moved.levels``, within one run.

    The compound lives its history, then as many months as a step at the highest level, and from
    there down, up and down again. Each number is the mean of a step's last months in which fees
    were due, missing where none were.
    """
    from sim.model import NeighborhoodModel

    tree = config.resolved()
    rules = [change(tree, moved.settings(float(level))) for level in moved.levels]
    model = NeighborhoodModel(config, seed=seed)
    model.live_until(0)
    model.change_rules(rules[-1])
    for _ in range(moved.hold):
        model.step()
    down = [_live_step(model, rule, moved.hold) for rule in reversed(rules)]
    up = [_live_step(model, rule, moved.hold) for rule in rules]
    again = [_live_step(model, rule, moved.hold) for rule in reversed(rules)]
    return np.array([down[::-1], up, again[::-1]])


def _live_step(model: Any, rule: Config, hold: int) -> float:
    model.change_rules(rule)
    seen = []
    for _ in range(hold):
        model.step()
        seen.append(float(known.mean(model.recorder.latest(INDICATOR))))
    return float(known.mean(seen[-READ:]))


def folds(levels: np.ndarray, rates: np.ndarray, threshold: float) -> list[tuple[str, str, float]]:
    """Every collapse and recovery of one run.

    Args:
        levels: Of the parameter (steps,), rising.
        rates: Fees collected (legs, steps), in the order of ``levels``; where they are missing,
            since no firm asks for them, the state is not the high one.
        threshold: Share of fees between the two states.

    Returns:
        What happened, in which leg, and the level half way between the step before and the step
        after, in the order in which it happened.
    """
    legs = np.repeat(LEGS, len(levels))
    at = np.concatenate([levels[::-1], levels, levels[::-1]])
    high = np.concatenate([rates[0][::-1], rates[1], rates[2][::-1]]) > threshold
    found, state = [], bool(high[0])
    for k in range(1, len(at) - HELD + 1):
        if high[k] != state and (high[k : k + HELD] == high[k]).all():
            state = bool(high[k])
            kind = RECOVERY if state else COLLAPSE
            found.append((kind, str(legs[k]), round(float(at[k - 1] + at[k]) / 2, 9)))
    return found


def loops(
    config: Config, moved: Drive, threshold: float, progress: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sweep under every seed of a configuration.

    Returns:
        Rates by seed, leg and level; and a row per seed and fold met, with leg and level.
    """
    lived = spread(config, partial(sweep_slowly, config, moved), progress)
    seeds = range(config.seed, config.seed + config.replications)
    levels = moved.levels
    rows, tips = [], []
    for seed, rates in zip(seeds, lived, strict=True):
        for leg, line in zip(LEGS, rates, strict=True):
            rows += [
                {"seed": seed, "leg": leg, "level": float(x), INDICATOR: float(y)}
                for x, y in zip(levels, line, strict=True)
            ]
        for fold, leg, level in folds(levels, rates, threshold):
            tips.append({"seed": seed, "fold": fold, "leg": leg, "level": level})
    return pd.DataFrame(rows), pd.DataFrame(tips, columns=["seed", "fold", "leg", "level"])
