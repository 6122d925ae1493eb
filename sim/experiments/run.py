"""One configuration lived under many seeds: spread over processes, the same bytes however many."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, NoReturn, TypeVar

import numpy as np
import pandas as pd

from sim import known, outcomes
from sim.errors import InputError
from sim.experiments import doubt, executors, store
from sim.experiments import precision as precisions
from sim.experiments.answers import TWINS
from sim.experiments.kept import Asked, How, Kept, Maker, with_configuration
from sim.experiments.precision import Precision
from sim.experiments.progress import announce_compiling, bar
from sim.experiments.provenance import current, note_failures
from sim.experiments.store import Study
from sim.inputs import units
from sim.panel import Panel, panel_columns
from sim.streams import LARGEST_SEED

if TYPE_CHECKING:
    from sim.config import Config, Executor

Lived = TypeVar("Lived")

ALONE_SECONDS, SECONDS_PER_HOUSEHOLD_MONTH = 2.0, 250e-9
"""Work up to which no processes are started, and what a household and month takes, see docs/performance.md."""

TASKS_PER_WORKER, RUNS_PER_TASK = 4, 8
"""Least tasks for each worker, to level the load, and most runs in one, so that the bar moves."""

COST_TYPES = {
    "run": "int32", "seed": "int64", "month": "int32", "compound": "int32", "actor": "str",
    "measure": "str", "hours": "float64", "yuan": "float64",
}  # fmt: skip


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
        panel: Households month by month, if they were asked for.
    """

    seed: int
    stage: str = ""
    message: str = ""
    months: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    values: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
    costs: list[dict[str, Any]] = field(default_factory=list)
    refusal: InputError | None = None
    panel: Panel | None = None


def run(
    config: Config,
    out: Path | None = None,
    progress: bool = False,
    *,
    force: bool = False,
    model: Callable[..., Any] | None = None,
    panel: Iterable[str] = (),
    precision: Precision | None = None,
) -> Study:
    """Live a configuration under seeds ``config.seed`` to ``config.seed + replications - 1``.

    Each seed lives a parameter set of its own, and some sets are lived a second time, see ``sim.ensemble`` and
    ``sim.experiments.doubt``; under ``doubt="off"`` all live the configuration as it stands.

    Args:
        config: What to live, for how long, how often and on how many processes.
        out: Folder of all results; the study is kept in a folder below it, and read back from
            there when the same question was answered before. None keeps nothing.
        progress: Show a bar, and where the answer came from, on standard error.
        force: Live it again even if the answer is there.
        model: Class with the interface of ``NeighborhoodModel`` to live instead of it. Its code
            counts in what is found again, and travels to worker processes.
        panel: Columns of households to be kept for every month, as ``study.panel``. They are a part of
            the question.
        precision: Go on with further seeds until a mean is known as well as this says.

    Returns:
        The study, failed replications among its ``runs``. Asked again, those that may not fail again
        are lived anew.

    Raises:
        InputError: A seed out of range, an unusable ``out``, a file that cannot be read, source that
            was edited since it was imported, input the model refuses, or a column that is none.
        RuntimeError: Every replication failed.
    """
    columns = panel_columns(panel) if panel else ()
    if not hasattr(config, "resolved"):
        allowed = 'a configuration, as of load("kangqiao")'
        raise InputError("config", f"is {type(config).__name__}", allowed)
    return Question(config, columns, precision).answer(out, progress, force=force, model=model)


@dataclass(frozen=True)
class Question(Kept):
    """What is lived, and what is to be known of it.

    Attributes:
        config: What to live, for how long, how often and on how many processes.
        panel: Columns of households to be kept for every month.
        precision: How well a mean is to be known, None if nothing is asked.
    """

    config: Config
    panel: tuple[str, ...] = ()
    precision: Precision | None = None

    ANSWER = Study

    @property
    def asked(self) -> Asked:
        """What decides the study."""
        return StudyAsked("run", self.config, {}, panel=self.panel, precision=self.precision)

    def maker(self, how: How) -> Maker:
        """What lives every seed.

        Raises:
            InputError: A seed out of range.
            RuntimeError: Every replication failed.
        """
        config, asked = self.config, self.precision
        check_seeds(config, asked.most if asked else None)
        each = partial(live, config, model=how.model, panel=self.panel)
        again = partial(live, config, model=how.model, costs=False)

        def make() -> dict[str, pd.DataFrame]:
            lived = live_all(config, each, again, how.progress, asked, _asked_of(asked))
            return _tables(config, lived, self.panel)

        return make

    def answer_of(self, found: dict[str, Any]) -> Study:
        """The study; a panel that was lived now is at hand, any other is read when it is asked for."""
        panel = found.pop(store.PANEL, None)
        return Study.of(self.config, self.panel, self.precision, lived_panel=panel, **found)

    def tree(self) -> dict[str, Any]:
        """The whole configuration."""
        return self.config.resolved()


@dataclass(frozen=True)
class StudyAsked(Asked):
    """What decides a study, and is kept of it.

    Attributes:
        panel: Columns of households.
        precision: How well a mean is to be known.
    """

    panel: tuple[str, ...] = ()
    precision: Precision | None = None

    def fingerprint(self) -> str:
        """Short hash of the configuration; the rest stands beside it in the manifest."""
        return self.config.fingerprint()

    @property
    def _more(self) -> dict[str, Any]:
        columns = {store.PANEL: list(self.panel)} if self.panel else {}
        return {**columns, **precisions.told(self.precision)}

    @property
    def whole(self) -> str:
        """Configuration, columns and precision."""
        asked = precisions.told(self.precision).values()
        return " ".join([self.fingerprint(), *self.panel, *map(store.as_json, asked)])

    @property
    def said(self) -> str:
        """Names of scenario and policy."""
        return f"{super().said}-{store.plain(self.config.policy.name)}"

    @property
    def told(self) -> dict[str, Any]:
        """What made the study."""
        return {"made_of": {"fingerprint": self.fingerprint(), **self.made.identity}}

    def answered_by(self, manifest: dict[str, Any]) -> bool:
        """Whether it is of the same columns and precision too."""
        same = all(manifest.get(k) == self._more.get(k) for k in (store.PANEL, "precision"))
        return same and super().answered_by(manifest)

    def manifest(self, tables: dict[str, pd.DataFrame]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is kept beside the tables, and what of it is the same whenever the numbers are."""
        runs, configuration = tables["runs"], self.config.resolved()
        manifest = {
            "fingerprint": self.fingerprint(),
            **self._more,
            **self.made.described,
            "scenario": self.config.scenario.name,
            "policy": self.config.policy.name,
            "seeds": [int(seed) for seed in runs["seed"]],
            **store.failures(runs),
            store.UNITS: {self.config.scenario.name: units(self.config)},
        }
        return with_configuration(manifest, configuration)


def live(
    config: Config,
    seed: int,
    model: Callable[..., Any] | None = None,
    *,
    costs: bool = True,
    panel: tuple[str, ...] = (),
) -> Replication:
    """Build and live one model; an error becomes a replication that says where it failed.

    Args:
        config: What to live; with doubt the seed's own parameters.
        seed: Under which seed.
        model: Class to live instead of our own.
        costs: Whether to keep what measures took, a twentieth of a run's time.
        panel: Columns of households to keep for every month.
    """
    stage = "build"
    try:
        lived = (model or own_model())(config.drawn(seed), seed=seed)
        kept = lived.panel(panel) if panel else None
        stage = "run"
        lived.run()
        stage = "record"
        return _record(lived.recorder, seed, costs, kept)
    except Exception as error:
        refusal, message = error if isinstance(error, InputError) else None, one_line(error)
        note_failures([message])
        return Replication(seed, stage, message, refusal=refusal)


def own_model() -> Callable[..., Any]:
    """The model lived where no other is named."""
    # Only where it is lived: reading an answer back needs no model and no compiler.
    from sim.model import NeighborhoodModel

    return NeighborhoodModel


def _record(recorder: Any, seed: int, costs: bool, panel: Panel | None) -> Replication:
    months = np.asarray(recorder.months, dtype=np.int32)
    values = np.asarray(recorder.values, dtype=np.float64)
    expected = (len(months), len(outcomes.INDICATORS))
    if values.ndim != 3 or (values.shape[0], values.shape[2]) != expected:
        raise ValueError(f"recorded values {values.shape}, expected {expected} around compounds")
    booked = list(recorder.costs) if costs else []
    return Replication(seed, months=months, values=values, costs=booked, panel=panel)


def one_line(error: Exception) -> str:
    """An error with the file and line it came from."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    line = f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
    return " ".join(line.split())


def check_seeds(config: Config, replications: int | None = None) -> None:
    """Refuse seeds beyond the largest.

    Raises:
        InputError: The last of them is too large.
    """
    count = config.replications if replications is None else replications
    last = config.seed + count - 1
    if last > LARGEST_SEED:
        raise InputError(
            "seed",
            f"{config.seed} with {count} replications ends at {last}",
            f"last seed up to {LARGEST_SEED}",
        )


def _live_batch(each: Callable[[int], Lived], seeds: Sequence[int]) -> list[Lived]:
    return [each(seed) for seed in seeds]


def _executor(config: Config) -> Executor:
    if not current().python:
        return config.executor
    # Processes take a second and a half to start, so what is lived sooner is lived in this one.
    soon = household_months(config) * SECONDS_PER_HOUSEHOLD_MONTH < ALONE_SECONDS
    if soon and config.executor.kind == "local" and config.executor.workers == 0:
        return config.executor.model_copy(update={"workers": 1})
    return config.executor


def household_months(config: Config) -> int:
    """Months of households that a configuration lives at most, history and all its runs counted."""
    sizes = [group["population"].households for group in config.kinds().values()]  # type: ignore[attr-defined]
    months = config.months + config.scenario.history_months
    return max(sizes) * config.district.compounds * months * config.replications


def _batches(executor: Executor, seeds: Sequence[int]) -> list[Sequence[int]]:
    count = len(seeds)
    workers = executors.processes(executor, count)
    # Batches are only for processes: in one process every run moves the bar.
    size = min(max(1, count // (workers * TASKS_PER_WORKER)), RUNS_PER_TASK if workers > 1 else 1)
    return [seeds[first : first + size] for first in range(0, count, size)]


class Whole(NamedTuple, Generic[Lived]):
    """All runs of a question.

    Attributes:
        runs: One for each seed, in their order.
        twins: Second runs of the parameters that the first of them lived, see ``doubt.twice``.
    """

    runs: list[Lived]
    twins: list[Lived]


def live_all(
    config: Config,
    each: Callable[[int], Lived],
    again: Callable[[int], Lived],
    progress: bool,
    precision: Precision | None,
    asked: Callable[[Lived], Sequence[float]],
) -> Whole[Lived]:
    """Live a configuration's seeds, further ones until the precision asked for is reached, and the twins.

    Args:
        config: Names seeds and processes.
        each: Lives a seed.
        again: Lives the seed of a twin.
        progress: Show bars on standard error.
        precision: What is to be known how well.
        asked: From what a seed gave to the numbers whose means are to be known.
    """
    seeds = range(config.seed, config.seed + config.replications)
    lived = [] if precision is None else spread(config, each, progress)
    while precision is not None:
        values = np.array([list(asked(one)) for one in lived])
        # One that is not known keeps all of them from being known.
        width, count = float(np.max([precisions.width_of(one) for one in values.T])), len(lived)
        if precision.enough(width, count):
            break
        further = range(config.seed + count, config.seed + precision.next_count(width, count))
        lived += spread(config, each, progress, further)
    twins = doubt.twice(config, len(lived) or len(seeds))
    if precision is None:
        # In one go: processes take their time to start.
        both = partial(_first_or_again, each, again, seeds)
        lived = spread(config, both, progress, [*seeds, *twins])
        return Whole(lived[: len(seeds)], lived[len(seeds) :])
    return Whole(lived, spread(config, again, progress, twins) if twins else [])


def _first_or_again(
    each: Callable[[int], Lived], again: Callable[[int], Lived], first: range, seed: int
) -> Lived:
    return (each if seed in first else again)(seed)


def _asked_of(precision: Precision | None) -> Callable[[Replication], Sequence[float]]:
    return lambda one: [] if precision is None else [precision.at(one.months, one.values)]


def spread(
    config: Config,
    each: Callable[[int], Lived],
    progress: bool = False,
    seeds: Sequence[int] | None = None,
) -> list[Lived]:
    """Call a function for every seed of a configuration, on as many processes as it says.

    Args:
        config: Names seeds and processes.
        each: From a seed to anything that can be pickled, as must be the function.
        progress: Show a bar on standard error.
        seeds: Other seeds than the configuration's.

    Returns:
        Answers in the order of the seeds, whatever the number of processes.

    Raises:
        RuntimeError: A worker process was ended from outside.
    """
    executor = _executor(config)
    if seeds is None:
        seeds = range(config.seed, config.seed + config.replications)
    batches = _batches(executor, seeds)
    if progress:
        announce_compiling()
    live_batch: Callable[[Sequence[int]], list[Lived]] = partial(_live_batch, each)
    with bar(len(seeds), progress) as advance:
        lived = executors.gathered(executor, live_batch, batches, lambda part: advance(len(part)))
    return [one for part in lived for one in part]


def _tables(
    config: Config, lived: Whole[Replication], panel: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """Tables of a study by name; second runs and households only where there are any."""
    replications = lived.runs
    if all(replication.stage for replication in replications):
        _raise_first(replications)
    twins = twins_frame(lived.twins)
    return {
        "runs": _runs_frame(config, replications),
        "months": _months_frame(replications),
        "costs": _costs_frame(replications),
        **({TWINS: twins} if len(twins) else {}),
        **({store.PANEL: _panel_frame(replications)} if panel else {}),
    }


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


def twins_frame(twins: list[Replication]) -> pd.DataFrame:
    """Months of second runs, numbered as the runs whose parameters they lived; empty where none was lived."""
    lived = any(not twin.stage for twin in twins)
    return _months_frame(twins) if lived else pd.DataFrame()


def _panel_frame(replications: list[Replication]) -> pd.DataFrame:
    parts = []
    for number, one in enumerate(replications):
        if one.panel is not None:
            part = one.panel.frame()
            part.insert(0, "run", np.int32(number))
            part.insert(1, "seed", np.int64(one.seed))
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _runs_frame(config: Config, replications: list[Replication]) -> pd.DataFrame:
    lived = [ends(r.months, r.values) for r in replications]
    return pd.DataFrame(
        {
            "run": np.arange(len(replications), dtype=np.int32),
            "scenario": config.scenario.name,
            "policy": config.policy.name,
            "seed": np.array([r.seed for r in replications], dtype=np.int64),
            "status": ["failed" if r.stage else "ok" for r in replications],
            "stage": [r.stage for r in replications],
            "message": [r.message for r in replications],
            **doubt.parameters(config, [r.seed for r in replications]),
            **dict(zip(end_columns(), np.array(lived).T, strict=True)),
        }
    )


def end_columns() -> list[str]:
    """Columns of what a run came to, see ``ends``."""
    return [f"{name}_{part}" for name in outcomes.INDICATORS for part in ("end", "last12")]


def ends(months: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What a run came to: plain means over compounds, missing values left out.

    Args:
        months: Months recorded (M,).
        values: Indicators (M, C, K).

    Returns:
        In the order of ``end_columns``, for each indicator its value in the last month and its mean
        over the last 12 months (or those since month 1 if fewer); missing where nothing was lived.
    """
    if not len(months):
        return np.full(len(end_columns()), np.nan)
    last = months[-1]
    by_month = known.mean(values[(months > max(0, last - 12)) | (months == last)], axis=1)
    return np.column_stack([by_month[-1], known.mean(by_month, axis=0)]).ravel()


def _costs_frame(replications: list[Replication]) -> pd.DataFrame:
    rows = [
        {"run": number, "seed": replication.seed, "compound": 0, **row}
        for number, replication in enumerate(replications)
        for row in replication.costs
    ]
    return pd.DataFrame(rows, columns=list(COST_TYPES)).astype(COST_TYPES)
