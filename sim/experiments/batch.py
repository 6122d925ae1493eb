"""Some runs of a sweep: what a process needs to live them, and the tables of what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sim import outcomes
from sim.config import Config, change
from sim.experiments.design import TYPES, Design
from sim.experiments.run import end_columns, ends, one_line
from sim.experiments.together import live_together

RUNS, MONTHS = "runs", "months"
"""Names of the tables."""


class Numbering(NamedTuple):
    """How the tables of a folder count and what they vary.

    Attributes:
        first_run, first_point: Numbers of a design's first run and point.
        types: Varied columns and what they hold.
    """

    first_run: int
    first_point: int
    types: dict[str, str]


class Batch(NamedTuple):
    """Runs that one task lives, with all that a process needs for it."""

    bases: dict[int, dict[str, Any]]
    points: list[tuple[int, dict[str, Any]]]
    groups: list[list[tuple[int, int]]]
    """Runs, those together that share a past: place among the points, and how many seeds after the first."""
    keep_months: bool
    model: Callable[..., Any] | None


class Outcome(NamedTuple):
    """What came of one run: as few numbers as are kept."""

    seed: int
    stage: str
    message: str
    ends: np.ndarray
    months: np.ndarray | None
    values: np.ndarray | None


def make_batch(
    design: Design,
    groups: Sequence[Sequence[int]],
    model: Callable[..., Any] | None,
) -> Batch:
    """Pack some runs of a design, those together that share a past."""
    split = [[divmod(run, design.replications) for run in group] for group in groups]
    asked = sorted({point for group in split for point, _ in group})
    places, points = {point: k for k, point in enumerate(asked)}, design.settings(asked)
    return Batch(
        bases={base: design.bases[base].tree for base in sorted({base for base, _ in points})},
        points=points,
        groups=[[(places[point], after) for point, after in group] for group in split],
        keep_months=design.experiment.keep_months,
        model=model,
    )


def live_batch(batch: Batch) -> list[Outcome]:
    """Live some runs, in whatever process.

    Returns:
        What came of them, in the order of the batch.
    """
    configs = [_configured(batch.bases[base], settings) for base, settings in batch.points]
    return [one for group in batch.groups for one in _live_group(batch, configs, group)]


def _configured(base: dict[str, Any], settings: dict[str, Any]) -> Config | tuple[int, str]:
    """A point's configuration; its first seed and the error where it is not allowed."""
    try:
        return change(base, settings)
    except Exception as error:
        return int(settings.get("seed", base["seed"])), one_line(error)


def _live_group(
    batch: Batch, configs: Sequence[Config | tuple[int, str]], group: Sequence[tuple[int, int]]
) -> Iterator[Outcome]:
    nothing = np.full(len(end_columns()), np.nan)
    asked = [(configs[place], after) for place, after in group]
    able = [(config, config.seed + after) for config, after in asked if isinstance(config, Config)]
    lived = iter(
        live_together([config for config, _ in able], able[0][1], batch.model, costs=False)
        if able
        else ()
    )
    for config, after in asked:
        if not isinstance(config, Config):
            first, message = config
            yield Outcome(first + after, "configuration", message, nothing, None, None)
            continue
        r = next(lived)
        kept = (r.months, r.values) if batch.keep_months else (None, None)
        yield Outcome(r.seed, r.stage, r.message, ends(r.months, r.values), *kept)


# --- tables -------------------------------------------------------------------------------------


def tables(
    design: Design, runs: range, lived: list[Outcome], numbering: Numbering
) -> dict[str, pa.Table]:
    """Tables of one chunk: a row per run, and with months kept a row per month and compound."""
    first = runs.start // design.replications
    points = design.points.slice(first, (runs.stop - 1) // design.replications + 1 - first)
    points = points.take(pa.array([run // design.replications - first for run in runs]))
    bases = points["base"].to_pylist()
    trees = [design.bases[base].tree for base in bases]
    columns: dict[str, Any] = {
        "run": pa.array([numbering.first_run + run for run in runs], pa.int64()),
        "point": pa.array(
            [numbering.first_point + r // design.replications for r in runs], pa.int64()
        ),
    }
    for key, kind in numbering.types.items():
        columns[key] = _column(design, points, bases, key, kind)
    columns |= {
        "scenario": pa.array([tree["scenario"]["name"] for tree in trees], pa.string()),
        "policy": pa.array([tree["policy"]["name"] for tree in trees], pa.string()),
        "seed": pa.array([one.seed for one in lived], pa.int64()),
        "status": pa.array(["failed" if one.stage else "ok" for one in lived], pa.string()),
        "stage": pa.array([one.stage for one in lived], pa.string()),
        "message": pa.array([one.message for one in lived], pa.string()),
    }
    numbers = np.array([one.ends for one in lived])
    columns |= {name: pa.array(numbers[:, k]) for k, name in enumerate(end_columns())}
    made = {RUNS: pa.table(columns)}
    if design.experiment.keep_months:
        made[MONTHS] = _months(columns, lived)
    return made


def _column(
    design: Design, points: pa.Table, bases: list[int], key: str, kind: str
) -> pa.Array | pa.ChunkedArray:
    stored = TYPES.get(kind, pa.string())
    if key in design.types:
        return points[key].cast(stored)
    # A column of the folder that this design does not vary: its one value on each base.
    values = {base: design.fixed(base, key) for base in set(bases)}
    return pa.array([values[base] for base in bases], stored)


def _months(columns: Mapping[str, Any], lived: list[Outcome]) -> pa.Table:
    blank = np.empty((0, 0, len(outcomes.INDICATORS)))
    months = [
        np.empty(0, np.int32) if one.stage or one.months is None else one.months for one in lived
    ]
    values = [blank if one.stage or one.values is None else one.values for one in lived]
    rows = np.array([len(m) * v.shape[1] for m, v in zip(months, values, strict=True)])
    numbers = np.concatenate([v.reshape(-1, v.shape[2]) for v in values])
    compounds = [
        np.tile(np.arange(v.shape[1], dtype=np.int32), len(m))
        for m, v in zip(months, values, strict=True)
    ]
    return pa.table(
        {
            "run": np.repeat(columns["run"].to_numpy(), rows),
            "seed": np.repeat(columns["seed"].to_numpy(), rows),
            "month": np.concatenate(
                [np.repeat(m, v.shape[1]) for m, v in zip(months, values, strict=True)]
            ),
            "compound": np.concatenate(compounds),
            **{name: numbers[:, k] for k, name in enumerate(outcomes.INDICATORS)},
        }
    )
