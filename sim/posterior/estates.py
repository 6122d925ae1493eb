"""The table behind a compound of one's own: many compounds lived for two years, and what their records would show.

Each is of one of the generic kinds, began two years before at some standing, and has a core of the pooled posterior
and traits of its own. Nothing is done in it. What a user knows of a compound is then looked up among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache, partial
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.compose import COMPOUND_PAST, load
from sim.config import Executor
from sim.experiments import executors
from sim.outcomes import column
from sim.posterior import space
from sim.science import cases as cases_of
from sim.society.traits import Spreads
from sim.standing import standing

KINDS = ("ordinary_estate", "new_estate", "old_estate", "resettlement_estate")

HOUSEHOLDS = 300
"""Enough for shares to two digits; a larger compound has less chance in its figures, little beside doubt."""

RATES = ("collection_rate", "collection_households", "collection_to_date", "collection_all_money")
STATES = ("satisfied_share", "tickets_per_1000", "complaints_per_1000", "days_to_close")
"""Read as means of the last twelve months: a few calls a month come and go by luck."""

SEED = 11
PER_TASK = 25
DIGITS = 4


def names() -> list[str]:
    """Columns of what is read: a rate at the end of each of the last twelve months, and states over them."""
    return [*(f"{rate}@{month:+d}" for month in range(-11, 1) for rate in RATES), *STATES]


def live(posterior: pd.DataFrame, each: int, executor: Executor) -> pd.DataFrame:
    """Live compounds of every kind.

    Args:
        posterior: Draws of the core, a row each; taken in turn.
        each: How many of a kind.
        executor: Where; changes no result.

    Returns:
        A row a compound: ``kind``, the core, ``standing`` two years before, ``care``, ``legacy`` and ``civic`` as they
        are set, and the columns of ``names``.
    """
    numbers = range(each * len(KINDS))
    tasks = [numbers[k : k + PER_TASK] for k in range(0, len(numbers), PER_TASK)]
    theta = posterior[list(space.KEYS)].to_numpy()
    lived = executors.gathered(executor, partial(_live, theta), tasks)
    head = ["kind", *space.KEYS, "standing", "care", "legacy", "civic", *names()]
    frame = pd.DataFrame([row for part in lived for row in part], columns=head)
    return (
        frame.dropna(subset=["collection_rate@+0"]).reset_index(drop=True).astype({"kind": "int8"})
    )


def _live(theta: np.ndarray, numbers: range) -> list[list[float]]:
    return [list(_one(theta, number)) for number in numbers]


def _one(theta: np.ndarray, number: int) -> Iterator[float]:
    kind, draw = number % len(KINDS), number // len(KINDS)
    core = theta[draw % len(theta)]
    rng = np.random.default_rng([SEED, number])
    tree = _tree(kind)
    level = float(rng.random())
    traits = drawn(tree, level, rng)
    given = {**space.settings(tree, core, None), **standing(level), **traits}
    record = cases_of.live(tree, given, number + 1)
    yield from (kind, *core, level, *traits.values())
    if record is None:
        yield from [np.nan] * len(names())
        return
    months, values = record[0], known.mean(record[1], axis=1)
    for month in range(-11, 1):
        yield from (float(values[months == month, column(rate)][0]) for rate in RATES)
    year = (months > -12) & (months <= 0)
    yield from (float(known.mean(values[year, column(name)])) for name in STATES)


def drawn(tree: dict[str, Any], level: float, rng: np.random.Generator) -> dict[str, float]:
    """Traits of one compound: a firm that took as much care as things went well, half by itself."""
    care = 0.5 * (0.2 + 0.6 * level) + 0.5 * float(rng.uniform(0.1, 1.0))
    stated = float(tree["developer"]["legacy"])
    spread = Spreads()
    legacy = stated + spread.legacy_spread * (float(rng.exponential()) - 1.0)
    civic = float(tree["population"]["civic_mean"])
    odds = civic / (1.0 - civic) * float(np.exp(spread.residents_spread * rng.standard_normal()))
    return {
        "firm.diligence": care,
        "developer.legacy": min(max(legacy, 0.0), 1.0),
        "population.civic_mean": odds / (1.0 + odds),
    }


@cache
def _tree(kind: int) -> dict[str, Any]:
    size: dict[str, Any] = {"population.households": HOUSEHOLDS, "population.buildings": 4}
    config = load(KINDS[kind], policy="none", months=1, replications=1, **size, **COMPOUND_PAST)
    return config.resolved()


@cache
def table() -> pd.DataFrame:
    """The table that travels in the package."""
    return pd.read_parquet(BytesIO(_bytes()))


@cache
def sha256() -> str:
    """Of the table's file."""
    return hashlib.sha256(_bytes()).hexdigest()


def _bytes() -> bytes:
    return files("sim").joinpath("data", "estates.parquet").read_bytes()


def keep(frame: pd.DataFrame, path: str) -> None:
    """Write the table small: four digits are finer than any record."""
    rounded = frame.copy()
    for name in rounded.columns.drop("kind"):
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.floor(np.log10(np.abs(rounded[name].to_numpy())))
        scale = 10.0 ** (DIGITS - 1 - np.where(np.isfinite(size), size, 0.0))
        rounded[name] = (np.round(rounded[name] * scale) / scale).astype("float32")
    rounded.to_parquet(path, index=False, compression="zstd", compression_level=19)
