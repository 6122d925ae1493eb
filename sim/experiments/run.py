"""One configuration lived under many seeds: spread over processes, the same bytes however many."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from sim import outcomes
from sim.errors import InputError
from sim.experiments import store
from sim.experiments.store import Study
from sim.experiments.summary import summarise
from sim.streams import LARGEST_SEED

if TYPE_CHECKING:
    from sim.config import Config

Advance = Callable[[int], None]

TASKS_PER_WORKER, RUNS_PER_TASK = 4, 8
"""Least tasks for each worker, to level the load, and most runs in one, so that the bar moves."""

COMPILE_SECONDS = 60
"""What compiling every kernel takes on an ordinary machine, for the message only."""

COST_TYPES = {
    "run": "int32",
    "seed": "int64",
    "month": "int32",
    "compound": "int32",
    "actor": "str",
    "measure": "str",
    "hours": "float64",
    "yuan": "float64",
}


@dataclass(frozen=True)
class Replication:
    """What came out of one seed: a record, or the stage and message of its failure.

    Attributes:
        seed: The seed lived.
        stage: "" when it lived, else where it failed: "build", "run" or "record".
        message: "" when it lived, else the error and the line it came from.
        months: Months recorded (M,), negative in the history, 0 just before the policy.
        values: Indicators (M, C, K) by month, compound and indicator.
        costs: Rows of month, compound (0 if not said), actor, measure, hours and yuan.
        refusal: The input error, when that is what failed.
    """

    seed: int
    stage: str = ""
    message: str = ""
    months: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    values: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
    costs: list[dict[str, Any]] = field(default_factory=list)
    refusal: InputError | None = None


def run(
    config: Config,
    out: Path | None = None,
    progress: bool = False,
    *,
    force: bool = False,
    model: Callable[..., Any] | None = None,
) -> Study:
    """Live a configuration under seeds ``config.seed`` to ``config.seed + replications - 1``.

    Args:
        config: What to live, for how long, how often and on how many processes.
        out: Folder of all results; the study is kept in a folder below it, and read back from
            there when the same question was answered before. None keeps nothing.
        progress: Show a bar, and where the answer came from, on standard error.
        force: Live it again even if the answer is there.
        model: Class with the interface of ``NeighborhoodModel`` to live instead of it. It must
            be importable by worker processes.

    Returns:
        The study, failed replications among its ``runs``.

    Raises:
        InputError: A seed out of range, an unusable ``out``, or input the model refuses.
        RuntimeError: Every replication failed.
    """
    _check_seeds(config)
    name = "sim.model.NeighborhoodModel" if model is None else _dotted(model)
    folder = None if out is None else store.prepare(config, out)
    if folder is not None and not force:
        found = store.find(config, folder, name)
        if found is not None:
            if progress:
                print(f"answered before, read from {folder}", file=sys.stderr)
            return found
    started = datetime.now(UTC)
    study = _assemble(config, _replications(config, progress, model))
    return study if folder is None else store.write_study(study, folder, started, name)


def _dotted(model: Callable[..., Any]) -> str:
    return f"{model.__module__}.{getattr(model, '__qualname__', model)}"


def live(config: Config, seed: int, model: Callable[..., Any] | None = None) -> Replication:
    """Build and live one model; an error becomes a replication that says where it failed."""
    stage = "build"
    try:
        lived = (model or _own_model())(config, seed=seed)
        stage = "run"
        lived.run()
        stage = "record"
        return _record(lived.recorder, seed)
    except Exception as error:
        refusal = error if isinstance(error, InputError) else None
        return Replication(seed, stage, _one_line(error), refusal=refusal)


def _own_model() -> Callable[..., Any]:
    # Only where it is lived: reading an answer back needs no model and no compiler.
    from sim.model import NeighborhoodModel

    return NeighborhoodModel


def _record(recorder: Any, seed: int) -> Replication:
    months = np.asarray(recorder.months, dtype=np.int32)
    values = np.asarray(recorder.values, dtype=np.float64)
    expected = (len(months), len(outcomes.INDICATORS))
    if values.ndim != 3 or (values.shape[0], values.shape[2]) != expected:
        raise ValueError(f"recorded values {values.shape}, expected {expected} around compounds")
    costs = [dict(row) for row in recorder.costs]
    return Replication(seed, months=months, values=values, costs=costs)


def _one_line(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    line = f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
    return " ".join(line.split())


def _check_seeds(config: Config) -> None:
    last = config.seed + config.replications - 1
    if last > LARGEST_SEED:
        raise InputError(
            "seed",
            f"{config.seed} with {config.replications} replications ends at {last}",
            f"last seed up to {LARGEST_SEED}",
        )


def _live_batch(
    config: Config, seeds: range, model: Callable[..., Any] | None
) -> list[Replication]:
    return [live(config, seed, model) for seed in seeds]


def _batches(config: Config, workers: int) -> list[range]:
    count = config.replications
    size = min(max(1, count // (workers * TASKS_PER_WORKER)), RUNS_PER_TASK)
    seeds = range(config.seed, config.seed + count)
    return [seeds[first : first + size] for first in range(0, count, size)]


def _replications(
    config: Config, progress: bool, model: Callable[..., Any] | None
) -> list[Replication]:
    lived: list[Replication] = []
    with (
        _bar(config.replications, progress) as advance,
        closing(_batch_results(config, model)) as results,
    ):
        for batch in results:
            lived += batch
            advance(len(batch))
    return lived


def _batch_results(
    config: Config, model: Callable[..., Any] | None
) -> Generator[list[Replication], None, None]:
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    workers = min(config.executor.workers or joblib.cpu_count(), config.replications)
    batches = _batches(config, workers)
    if workers == 1:
        # Batches are only for processes: in one process every run moves the bar.
        yield from ([live(config, seed, model)] for batch in batches for seed in batch)
        return
    tasks = (joblib.delayed(_live_batch)(config, seeds, model) for seeds in batches)
    # Without max_nbytes joblib would put large arrays of a configuration on disk, read-only.
    pool = joblib.Parallel(workers, return_as="generator", batch_size=1, max_nbytes=None)
    results = pool(tasks)
    try:
        yield from results
    except TerminatedWorkerError as error:
        raise RuntimeError(
            f"a worker process was ended from outside, perhaps for want of memory; "
            f"try executor.workers below {workers}"
        ) from error
    finally:
        results.close()


def _assemble(config: Config, replications: list[Replication]) -> Study:
    if all(replication.stage for replication in replications):
        _raise_first(replications)
    months = _months_frame(replications)
    return Study(
        config=config,
        runs=_runs_frame(config, replications, months),
        months=months,
        costs=_costs_frame(replications),
        summary=summarise(config, months),
    )


def _raise_first(replications: list[Replication]) -> NoReturn:
    first = replications[0]
    if first.refusal is not None:
        raise first.refusal
    raise RuntimeError(
        f"all {len(replications)} replications failed; the first, seed {first.seed}, "
        f"at stage {first.stage}: {first.message}"
    )


def _months_frame(replications: list[Replication]) -> pd.DataFrame:
    keys: dict[str, list[np.ndarray]] = {"run": [], "seed": [], "month": [], "compound": []}
    values: list[np.ndarray] = []
    for number, replication in enumerate(replications):
        if replication.stage:
            continue
        length, compounds, width = replication.values.shape
        rows = length * compounds
        keys["run"].append(np.full(rows, number, dtype=np.int32))
        keys["seed"].append(np.full(rows, replication.seed, dtype=np.int64))
        keys["month"].append(np.repeat(replication.months, compounds))
        keys["compound"].append(np.tile(np.arange(compounds, dtype=np.int32), length))
        values.append(replication.values.reshape(rows, width))
    table = np.concatenate(values)
    columns = {key: np.concatenate(parts) for key, parts in keys.items()}
    columns |= {name: table[:, k] for k, name in enumerate(outcomes.INDICATORS)}
    return pd.DataFrame(columns)


def _runs_frame(
    config: Config, replications: list[Replication], months: pd.DataFrame
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "run": np.arange(len(replications), dtype=np.int32),
            "scenario": config.scenario.name,
            "policy": config.policy.name,
            "seed": np.array([r.seed for r in replications], dtype=np.int64),
            "status": ["failed" if r.stage else "ok" for r in replications],
            "stage": [r.stage for r in replications],
            "message": [r.message for r in replications],
        }
    )
    names = list(outcomes.INDICATORS)
    last = int(months["month"].max())
    recent = months[(months["month"] > max(0, last - 12)) | (months["month"] == last)]
    by_month = recent.groupby(["run", "month"], sort=True)[names].mean()
    end = by_month.xs(last, level="month").add_suffix("_end")
    year = by_month.groupby(level="run").mean().add_suffix("_last12")
    both = end.join(year)[[f"{n}_{part}" for n in names for part in ("end", "last12")]]
    return frame.join(both, on="run")


def _costs_frame(replications: list[Replication]) -> pd.DataFrame:
    rows = [
        {"run": number, "seed": replication.seed, "compound": 0, **row}
        for number, replication in enumerate(replications)
        for row in replication.costs
    ]
    return pd.DataFrame(rows, columns=list(COST_TYPES)).astype(COST_TYPES)


def _kernels_compiled() -> bool:
    """Tell whether numba has kept compiled kernels of this package from an earlier start."""
    places = [Path(__file__).parents[1]]
    if os.environ.get("NUMBA_CACHE_DIR"):
        places.append(Path(os.environ["NUMBA_CACHE_DIR"]))
    return any(next(place.rglob("*.nbc"), None) is not None for place in places)


@contextmanager
def _bar(total: int, shown: bool) -> Iterator[Advance]:
    if not shown:
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not _kernels_compiled():
        console.print(f"compiling kernels, first start only (about {COMPILE_SECONDS} s)")
    columns = (
        TextColumn("replications"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=total, rate="")

        def advance(done: int) -> None:
            bar.update(task, advance=done)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:.2g} runs/s" if speed else "")

        yield advance
