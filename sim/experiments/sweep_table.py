"""What a sweep says when it is done: a few indicators by point, what failed, where it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.experiments.batch import RUNS
from sim.experiments.sweep import SHOWN_FAILURES, Sweep, duration
from sim.outcomes import INDICATORS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHOWN = ("collection_rate", "satisfied_share", "complaints_per_1000", "hours_spent", "yuan_spent")
SHOWN_POINTS = 12


def print_sweep(sweep: Sweep, console: Console) -> None:
    """Print means over seeds for the first points, failures, rate and folder."""
    if sweep.folder is not None:
        console.print(_table(sweep))
    more = sweep.design.points.num_rows - SHOWN_POINTS
    if more > 0:
        console.print(f"... and {more:,} more points")
    for row in sweep.failures.itertuples():
        console.print(
            f"failed: run {row.run}, seed {row.seed}, {row.stage}: {row.message}", markup=False
        )
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
        print(f"kept in {sweep.folder}")
        print(f"read it with pandas.read_parquet({str(sweep.folder / RUNS)!r})")


def _first_points(folder: Path, columns: list[str]) -> pd.DataFrame:
    """Runs of the points that are shown, which stand in the first files."""
    parts = []
    for path in sorted((folder / RUNS).glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            part = file.read(columns=columns)
        parts.append(part.filter(pc.less(part["point"], SHOWN_POINTS)))
        if parts[-1].num_rows < part.num_rows:
            break
    return pa.concat_tables(parts).to_pandas()


def _table(sweep: Sweep) -> Table:
    """Means over seeds of the first points, read without the rest."""
    from rich.table import Table

    assert sweep.folder is not None
    names = [name for name in SHOWN if name in INDICATORS]
    keys = list(sweep.design.types)
    frame = _first_points(sweep.folder, ["point", *keys, *(f"{name}_last12" for name in names)])
    means = frame.groupby("point")[[f"{name}_last12" for name in names]].mean()
    points = frame.groupby("point")[keys].first()
    table = Table(box=None, pad_edge=False, title="mean over seeds, last 12 months")
    for key in keys:
        table.add_column(key.removeprefix("policy.measures."), overflow="fold")
    for name in names:
        table.add_column(INDICATORS[name].en, justify="right", overflow="fold")
    for varied, numbers in zip(
        points.itertuples(index=False), means.itertuples(index=False), strict=True
    ):
        cells = [
            ""
            if value != value or value is None
            else f"{value:g}"
            if isinstance(value, float)
            else str(value)
            for value in varied
        ]
        table.add_row(*cells, *(f"{value:.3g}" for value in numbers))
    return table
