"""What a sweep says when it is done: a few indicators by point, what failed, where it is kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import stdtrit

from sim.as_text import MISSING, points_text, value_text
from sim.experiments import chunks, paired
from sim.experiments.batch import RUNS
from sim.experiments.summary import unit_text
from sim.experiments.sweep import SHOWN_FAILURES, Sweep, duration
from sim.outcomes import INDICATORS, with_own

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.experiments.design import Design

SHOWN = ("collection_rate", "satisfied_share", "complaints_per_1000", "hours_spent", "yuan_spent")
"""Indicators of the table, before those of one's own."""
SHOWN_LEVELS = 12
"""Numbers that are shown one by one; of more, in as many bands of alike many points."""


class _Levels(NamedTuple):
    """Levels of one key: which one each point has (points,), and what they are called."""

    key: str
    of_point: np.ndarray
    names: list[str]


def print_sweep(sweep: Sweep, console: Console, most: int | None = None) -> None:
    """Print means over seeds by point, or by level where there are too many, failures, rate and folder.

    Args:
        sweep: One that was lived.
        console: Rich console to print on.
        most: Points up to which each has a row; as many as the sweep says if left out.
    """
    points = sweep.design.points.num_rows
    most = sweep.shown if most is None else most
    table, whole = _point_table(sweep) if points <= most else _level_table(sweep)
    console.print(table)
    if not whole:
        console.print("Runs without a value, as where no fees are due, are left out of a mean.")
    width = _widest(sweep)
    if width == width:
        console.print(
            "Still chance: the 95% interval of a point's mean of fees collected is up to "
            f"{points_text(100 * width)} points wide."
        )
    for line in _chance(sweep):
        console.print(line)
    if points > most:
        told = f"{points:,} points are too many for a page: above, every level of every key."
        console.print(f"{told} --points {points} with the same command shows each point.")
    for row in sweep.failures.itertuples():
        console.print(f"failed: run {row.run}, seed {row.seed}, {row.stage}: {row.message}")
    if sweep.failed > SHOWN_FAILURES:
        console.print(f"... and {sweep.failed - SHOWN_FAILURES:,} more failed runs")
    rate = (
        f" in {duration(sweep.seconds)}, {sweep.lived / sweep.seconds:.3g} runs/s"
        if sweep.lived
        else ""
    )
    there = (
        f", {sweep.design.runs - sweep.lived:,} of them earlier"
        if sweep.lived < sweep.design.runs
        else ""
    )
    console.print(f"{sweep.design.runs:,} runs ({sweep.failed:,} failed){there}{rate}")
    if sweep.folder is not None:
        print(f"kept in {sweep.folder}", file=console.file)
        print(f"read it with pandas.read_parquet({str(sweep.folder / RUNS)!r})", file=console.file)


def _chance(sweep: Sweep) -> Iterator[str]:
    """What of the spread within a point is chance; nothing without doubt."""
    told = sweep.split[sweep.split["indicator"] == paired.MAIN] if len(sweep.split) else sweep.split
    for row in told.to_dict("records"):
        if math.isnan(row["chance"]):
            yield (
                "What of the spread of fees collected between the runs of a point is chance cannot be told from "
                f"{row['pairs']} sets lived twice at {row['points']} points: in one of them the two runs lie further "
                "apart than runs of different sets, as where a firm leaves in one only. More replications tell."
            )
            continue
        chance, low, high = (round(100 * row[k]) for k in ("chance", "chance_low", "chance_high"))
        yield (
            f"Of the spread of fees collected between the runs of a point {chance}% is chance and "
            f"{100 - chance}% doubt about parameters (90% interval of chance: {low} to {high}%, from "
            f"{row['pairs']} sets lived twice at {row['points']} points)."
        )


def _point_table(sweep: Sweep) -> tuple[Table, bool]:
    """A row per point, and whether every run has every value."""
    keys = list(sweep.design.types)
    varied = sweep.design.points.select(keys).to_pylist()
    means, _, whole = _means(sweep, np.arange(len(varied)), len(varied))
    table = _new_table("mean over seeds, last 12 months", [_short(key) for key in keys])
    for point, numbers in zip(varied, means, strict=True):
        table.add_row(*(_written(point[key]) for key in keys), *_values(numbers))
    return table, whole


def _level_table(sweep: Sweep) -> tuple[Table, bool]:
    """A row per key and level, over all points that have it, and whether every run has every value."""
    whole = True
    table = _new_table("mean over all runs at a level, last 12 months", ["key", "level", "runs"])
    for key, of_point, names in _levels(sweep.design):
        means, runs, whole = _means(sweep, of_point, len(names))
        rows = zip(names, runs, means, strict=True)
        for place, (name, count, numbers) in enumerate(rows):
            told = "" if place else _short(key)
            last = place == len(names) - 1
            table.add_row(told, name, f"{count:,}", *_values(numbers), end_section=last)
    return table, whole


def _new_table(title: str, heads: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title=title)
    for head in heads:
        table.add_column(head, justify="right" if head == "runs" else "left", overflow="fold")
    for name in with_own(SHOWN):
        head = f"{INDICATORS[name].en} ({unit_text(INDICATORS[name])})"
        table.add_column(head, justify="right", overflow="fold")
    return table


def _values(numbers: np.ndarray) -> list[str]:
    return [
        value_text(float(value), INDICATORS[name])
        for name, value in zip(with_own(SHOWN), numbers, strict=True)
    ]


def _short(key: str) -> str:
    return key.removeprefix("policy.measures.")


def _written(value: Any) -> str:
    # A key of a measure means nothing where the policy has no measures.
    if value is None or value != value:
        return MISSING
    return f"{value:g}" if isinstance(value, float) else str(value)


def _levels(design: Design) -> Iterator[_Levels]:
    """Levels of every key; each point has one."""
    for key in design.types:
        values = design.points[key].to_pandas()
        codes, found = pd.factorize(values, use_na_sentinel=False)
        numbers = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        if len(found) <= SHOWN_LEVELS or not numbers:
            yield _Levels(key, codes, [_written(value) for value in found])
            continue
        # Unlike text, numbers between two others need no row of their own.
        banded, _ = pd.qcut(values, SHOWN_LEVELS, labels=False, retbins=True, duplicates="drop")
        bands, codes = np.unique(banded.fillna(-1), return_inverse=True)
        parts = [values[codes == band] for band in range(len(bands))]
        names = [
            MISSING if part.isna().all() else f"{part.min():.4g} to {part.max():.4g}"
            for part in parts
        ]
        yield _Levels(key, codes, names)


def _means(sweep: Sweep, group: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Average runs by group.

    Args:
        sweep: Whose runs.
        group: Group of each point (points,).
        count: How many groups there are.

    Returns:
        Means (groups, indicators shown), missing values left out; runs (groups,) that did not fail; and
        whether each of these has every value.
    """
    columns = _columns()
    total, there = np.zeros((2, count, len(columns)))
    runs = np.zeros(count, dtype=np.int64)
    for part in _parts(sweep):
        of_run = group[part["point"].to_numpy()]
        runs += np.bincount(of_run[part["status"].to_numpy() == "ok"], minlength=count)
        for k, column in enumerate(columns):
            values = part[column].to_numpy()
            has = ~np.isnan(values)
            there[:, k] += np.bincount(of_run[has], minlength=count)
            total[:, k] += np.bincount(of_run[has], weights=values[has], minlength=count)
    means = np.divide(total, there, out=np.full_like(total, np.nan), where=there > 0)
    return means, runs, bool((there == runs[:, None]).all())


def _widest(sweep: Sweep) -> float:
    """Width of the widest 95% interval of a point's mean collection; NaN where no point has two values."""
    count = sweep.design.points.num_rows
    there, total, squares = np.zeros((3, count))
    for part in _parts(sweep):
        values, of_run = part[f"{paired.MAIN}_last12"].to_numpy(), part["point"].to_numpy()
        has = ~np.isnan(values)
        values, of_run = values[has], of_run[has]
        there += np.bincount(of_run, minlength=count)
        total += np.bincount(of_run, weights=values, minlength=count)
        squares += np.bincount(of_run, weights=values**2, minlength=count)
    several = there > 1
    n, mean = there[several], total[several] / there[several]
    # What rounding takes below nothing is nothing.
    variance = np.maximum(squares[several] / n - mean**2, 0.0) * n / (n - 1)
    return float(np.max(2 * stdtrit(n - 1, 0.975) * np.sqrt(variance / n))) if len(n) else math.nan


def _columns() -> list[str]:
    return [f"{name}_last12" for name in with_own(SHOWN)]


def _parts(sweep: Sweep) -> Iterator[pa.Table]:
    """Runs of this design, file by file, points counted from 0."""
    columns = ["point", "status", *_columns()]
    if sweep.folder is None:
        yield sweep.tables[RUNS].select(columns)
        return
    told = chunks.designs(sweep.folder)
    mine = next(one for one in told if one["fingerprint"] == sweep.design.fingerprint())
    for path in sorted((sweep.folder / RUNS).glob(f"{mine['number']:03d}-*.parquet")):
        with pq.ParquetFile(path) as file:
            part = file.read(columns=columns)
        points = pa.array(part["point"].to_numpy() - mine["first_point"])
        yield part.set_column(part.column_names.index("point"), "point", points)
