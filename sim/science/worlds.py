"""Worlds that policies are tried in: a seed, and parameters that differ from the scenario's.

Policies tried in one world share its past and every draw of chance, so what differs between them is
the policies' doing. Parameters come from a posterior, or from ranges of the schema, or stay as the
scenario has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import qmc

from sim import files, known
from sim.config import Config, Policy, change
from sim.errors import InputError
from sim.experiments import executors
from sim.experiments import run as runs_of
from sim.experiments.progress import announce_compiling, bar
from sim.experiments.together import live_together
from sim.explain import shorten, unknown_name
from sim.intake.sheets import LARGEST_BYTES
from sim.outcomes import INDICATORS
from sim.science.factors import Factor, settings

WEIGHTS = ("weight", "weights", "w")
"""Columns of a posterior that may hold the weights of its draws."""

MOST_DRAWS = 1_000_000
"""Most draws that are read; a small file may hold far more than fit into memory."""

COSTS = ("hours", "yuan")
"""What is read beside indicators: hours and yuan booked by all actors from month 1 on."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class World:
    """Where policies are tried.

    Attributes:
        seed: Seed of its chance.
        settings: Keys of the configuration that differ from the scenario's, with their values.
    """

    seed: int
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """One number read from a run: an indicator in a month, averaged over compounds."""

    indicator: str
    month: int


@dataclass(frozen=True)
class HoursOf:
    """Hours that one of those who give them books from month 1 on, as ``Payer`` names them."""

    payer: str


def spread_worlds(
    config: Config,
    each: Callable[[Item], Answer],
    worlds: Sequence[Item],
    progress: bool = False,
    what: str = "worlds",
) -> list[Answer]:
    """Call a function for every world, on as many processes as the configuration says.

    Returns:
        Answers in the order of the worlds, whatever the number of processes.
    """
    if progress:
        announce_compiling()
    with bar(len(worlds), progress, what) as advance:
        return executors.gathered(config.executor, each, worlds, lambda _: advance(1))


def live_in(
    tree: dict[str, Any],
    policies: Sequence[Policy],
    readings: Sequence[Reading | HoursOf],
    model: Callable[..., Any] | None,
    world: World,
) -> np.ndarray:
    """Live policies in one world, its past once.

    Args:
        tree: Configuration as ``Config.resolved`` gives it; its policy is not used.
        policies: What is tried.
        readings: What is read.
        model: Class to live instead of ``NeighborhoodModel``.
        world: Where.

    Returns:
        (policies, readings + 2): what was read, NaN where no compound has a value, then hours and
        yuan; all NaN where a run failed.
    """
    nothing = np.full((len(policies), len(readings) + len(COSTS)), np.nan)
    bare = {**tree, "policy": Policy().model_dump(mode="json")}
    try:
        config = change(bare, world.settings)
    except InputError:
        # A draw may break a rule between two parameters: no such world.
        return nothing
    configs = [config.model_copy(update={"policy": policy}) for policy in policies]
    lived = live_together(configs, world.seed, model)
    return np.array([_read(one, readings) for one in lived]).reshape(nothing.shape)


def _read(lived: runs_of.Replication, readings: Sequence[Reading | HoursOf]) -> np.ndarray:
    if lived.refusal is not None:
        raise lived.refusal
    if lived.stage:
        return np.full(len(readings) + len(COSTS), np.nan)
    names = list(INDICATORS)
    booked = [row for row in lived.costs if row["month"] >= 1]

    def value(reading: Reading | HoursOf) -> float:
        if isinstance(reading, HoursOf):
            return sum(float(row["hours"]) for row in booked if row["actor"] == reading.payer)
        at = lived.months == reading.month
        return float(known.mean(lived.values[at, :, names.index(reading.indicator)]))

    spent = [sum(float(row[cost]) for row in booked) for cost in COSTS]
    return np.array([*map(value, readings), *spent])


# --- where parameters come from -----------------------------------------------------------------


def read_posterior(path: str | Path) -> pd.DataFrame:
    """Draws of parameters, a column per dotted key, and their weights in ``weight``, summing to 1.

    Args:
        path: Parquet file; columns without a dot that are no weights say something about a draw and
            are left out.

    Raises:
        InputError: No such file, no parameters in it, unusable weights or an unknown key.
    """
    where = str(path)
    frame = _read_draws(where)
    known = {row.key for row in Config.describe()}
    keys = [str(name) for name in frame.columns if "." in str(name)]
    for key in keys:
        if key not in known:
            raise unknown_name(where, f"column {key} is no parameter", key, sorted(known))
        if not pd.api.types.is_numeric_dtype(frame[key]) or not np.isfinite(frame[key]).all():
            raise InputError(where, f"column {key} holds something else than numbers", "numbers")
    if not keys or not len(frame):
        raise InputError(where, "holds no draws of parameters", "columns such as fees.service")
    column = next((name for name in WEIGHTS if name in frame.columns), None)
    weights = np.ones(len(frame)) if column is None else frame[column].to_numpy()
    numeric = weights.dtype.kind in "biuf" and bool(np.isfinite(weights).all())
    if not numeric or weights.min() < 0 or weights.sum() <= 0:
        raise InputError(where, f"column {column} holds unusable weights", "numbers from 0 on")
    return frame[keys].assign(weight=weights / weights.sum())


def _read_draws(path: str) -> pd.DataFrame:
    try:
        with pq.ParquetFile(BytesIO(files.read_bytes(Path(path), LARGEST_BYTES))) as file:
            rows = file.metadata.num_rows
            if rows > MOST_DRAWS:
                raise InputError(path, f"holds {rows} draws", f"at most {MOST_DRAWS}")
            names = [n for n in file.schema_arrow.names if "." in n or n in WEIGHTS]
            table = file.read(columns=names)
    # Pyarrow raises many types on a file that is damaged or was made to be.
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        problem = getattr(error, "strerror", None) or shorten(str(error))
        raise InputError(path, problem, "a Parquet file of draws") from None
    # What the file says of pandas is not needed, and need not be true.
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    if frame.columns.has_duplicates:
        raise InputError(path, "names a column twice", "each parameter once")
    return frame


def posterior_worlds(
    config: Config, posterior: pd.DataFrame, count: int, first: int
) -> list[World]:
    """Worlds with draws of a posterior, each as often as its weight says, and a seed each.

    Args:
        config: Tells which parameters are whole numbers.
        posterior: As ``read_posterior`` gives it.
        count: How many.
        first: Seed of the first.
    """
    # Systematic resampling; the random order keeps early worlds as good a sample as all.
    generator = np.random.default_rng([first, count])
    steps = (generator.random() + np.arange(count)) / count
    rows = np.searchsorted(np.cumsum(posterior["weight"]), steps).clip(max=len(posterior) - 1)
    generator.shuffle(rows)
    whole = {row.key for row in Config.describe() if isinstance(row.default, int)}
    draws = posterior.drop(columns="weight").to_dict("records")
    return [
        World(first + place, {str(k): _as(v, k in whole) for k, v in draws[row].items()})
        for place, row in enumerate(rows)
    ]


def _as(value: float, whole: bool) -> Any:
    return round(value) if whole else float(value)


def prior_worlds(factors: Sequence[Factor], count: int, first: int) -> list[World]:
    """Worlds from a Latin hypercube over bounds of parameters, and a seed each."""
    points = qmc.LatinHypercube(len(factors), rng=np.random.default_rng(first)).random(count)
    low, high = np.array([(factor.low, factor.high) for factor in factors]).T
    laid = low + points * (high - low)
    return [World(first + place, settings(factors, row)) for place, row in enumerate(laid)]


def seed_worlds(count: int, first: int) -> list[World]:
    """Worlds that differ by seed only."""
    return [World(first + place) for place in range(count)]
