"""Many configurations, each lived under several seeds: planned, kept in chunks, gone on with."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.cache import rules_compiled
from sim.config import Config, Executor
from sim.errors import InputError
from sim.experiments import chunks, executors, store
from sim.experiments.answers import Answer
from sim.experiments.batch import (
    MONTHS,
    RUNS,
    Batch,
    Numbering,
    Outcome,
    live_batch,
    make_batch,
    tables,
)
from sim.experiments.chunks import Place
from sim.experiments.design import Design
from sim.experiments.progress import announce_compiling, bar
from sim.experiments.provenance import Provenance, current, provenance
from sim.experiments.sweep_split import COLUMNS as SPLIT
from sim.experiments.sweep_split import split
from sim.experiments.tasks import sharing, side_by_side, tasks
from sim.questions.sweep import SHOWN as SHOWN_POINTS

if TYPE_CHECKING:
    from rich.console import Console

TASK_SECONDS, MOST_RUNS_PER_TASK = 1.0, 64
"""How long a task should take a process, and most runs in one."""

PILOT_SECONDS = 2.0
"""Runs are timed before the start until they have taken this long together."""

PILOT_RUNS = 2
"""Most runs of one past that are timed together."""

SHOWN_FAILURES = 10


@dataclass(frozen=True, repr=False)
class Sweep(Answer):
    """A sweep that was lived.

    Attributes:
        design: What was asked.
        folder: Where it is kept, None if it is not.
        failed: How many of its runs failed.
        seconds: How long the runs took now.
        lived: How many of them were lived now; the others were there.
        shown: Most points that are printed one by one.
        split: What of the spread between the runs of a point is chance, see ``sim.experiments.sweep_split``.
    """

    TABLES = ("runs", "months")
    MAIN = "runs"
    SHOWN = "sim.experiments.sweep_table:print_sweep"
    BILINGUAL = False
    WIDTH = 160

    design: Design
    folder: Path | None
    failed: int
    failures: pd.DataFrame
    seconds: float
    lived: int
    tables: Mapping[str, pa.Table]
    shown: int = SHOWN_POINTS
    split: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def configs(self) -> list[Config]:
        """What was lived, before keys that vary are set."""
        return self.design.configs

    @property
    def varied(self) -> Collection[str]:
        """Keys that differ from point to point."""
        return self.design.types

    @property
    def about(self) -> dict[str, Any]:
        """Which design, and what came of it; tables may be too many to be counted here."""
        return {"design": self.design.name, "runs": self.design.runs, "failed": self.failed}

    def show(self, console: Console, language: str = "en") -> None:
        """Print it; of a sweep that was only planned there is nothing."""
        if self.folder is not None or self.tables:
            super().show(console, language)

    @property
    def runs(self) -> pd.DataFrame:
        """A row per run: run, point, what varied, scenario, policy, seed, status and indicators.

        Status is "ok" or "failed", with stage and message. Of each indicator there is
        ``<indicator>_end`` (last month) and ``<indicator>_last12`` (mean of the last 12 months).
        """
        return self._read(RUNS)

    @property
    def months(self) -> pd.DataFrame:
        """A row per run, month and compound with a column per indicator, if months were kept."""
        return self._read(MONTHS)

    def _read(self, table: str) -> pd.DataFrame:
        if self.folder is None:
            return self.tables[table].to_pandas()
        return read_sweep(self.folder, table)


@dataclass(frozen=True)
class Plan:
    """What a sweep will take.

    Attributes:
        runs: Runs to be lived.
        there: Runs that are there already.
        files: Chunks to be written.
        seconds: One run, as timed here, including what the first start compiles if it was not.
        timed: How many runs were timed.
        processes: Processes that share the work; 0 if a cluster has none yet.
    """

    runs: int
    there: int
    files: int
    seconds: float
    timed: int
    processes: int

    @property
    def estimate(self) -> float:
        """Seconds that the whole will take, if all goes as timed."""
        return self.runs * self.seconds / max(self.processes, 1)

    def __str__(self) -> str:
        """The plan in a line."""
        there = f" ({self.there:,} are there already)" if self.there else ""
        return (
            f"{self.runs:,} runs{there} in {self.files:,} files; estimate: "
            f"{duration(self.estimate)} on {self.processes or 1} processes, "
            f"from {self.timed} timed here at {self.seconds * 1000:,.0f} ms each"
        )


def duration(seconds: float) -> str:
    """A time in words of at most two units."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds // 3600:,.0f} h {seconds % 3600 / 60:.0f} min"


def read_sweep(folder: Path, table: str = RUNS) -> pd.DataFrame:
    """Read the runs (or months) of a sweep's folder: those that are noted as written.

    Raises:
        InputError: There are none, or a file was lost or changed since it was written.
    """
    place = Path(folder) / table
    try:
        return pq.read_table(chunks.whole(Path(folder), table)).to_pandas()
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise InputError(str(place), str(error), "a folder that `xiaoqu sweep` made") from error


def unfinished(folder: Path) -> str:
    """A line on runs of a sweep's folder that were asked for and are not there; empty where all are.

    Raises:
        InputError: A file was lost or changed since it was written.
    """
    asked = sum(one["runs"] for one in chunks.designs(folder))
    there = sum(pq.read_metadata(path).num_rows for path in chunks.whole(folder, RUNS))
    return f"{there:,} of {asked:,} runs are there; the same sweep goes on" if there < asked else ""


def run_design(
    design: Design,
    out: Path | None = None,
    *,
    progress: bool = False,
    force: bool = False,
    append: Path | None = None,
    only_plan: bool = False,
    model: Callable[..., Any] | None = None,
    shown: int = SHOWN_POINTS,
) -> Sweep:
    """Live a design that was laid out.

    Args:
        design: What to live.
        out: Folder of all results; None keeps it in memory only.
        progress: Show plan and bar on standard error.
        force: Begin anew what is there.
        append: Folder of an earlier sweep to which the runs are added.
        only_plan: Say what it would take, and live nothing but the runs that are timed.
        model: Class to live instead of ``NeighborhoodModel``; its code travels to worker processes.
        shown: Most points that are printed one by one.

    Raises:
        InputError: A place that cannot be used, or a budget that is too small.
        RuntimeError: Every run failed, or workers were lost again and again.
    """
    if append is not None and not (append / "designs").is_dir():
        raise InputError("--append", f"{append} holds no sweep", "a folder that a sweep made")
    folder = append or (None if out is None else sweep_folder(design, out))
    made, anew = provenance(design.configs, model, paths=design.files), force and append is None
    with made.held():
        if folder is None:
            done = _live(design, None, _Memory(design), progress, model)
        elif only_plan:
            # Read without a lock and without looking into the files: nothing is changed.
            there = set() if anew else _noted(folder, design, made)
            _plan(design, there, progress, model)
            done = Sweep(design, None, 0, pd.DataFrame(), 0.0, 0, {})
        else:
            done = _go_on(design, folder, made, anew, progress, model)
    return replace(done, shown=shown)


def _go_on(
    design: Design,
    folder: Path,
    made: Provenance,
    anew: bool,
    progress: bool,
    model: Callable[..., Any] | None,
) -> Sweep:
    """Live what is missing in a folder, which no other process may write to meanwhile."""
    with chunks.locked(folder):
        if anew:
            _empty(folder)
        place = chunks.freeze(folder, design, made)
        try:
            return _live(design, place, _Chunks(design, place), progress, model)
        except (KeyboardInterrupt, RuntimeError):
            if progress and chunks.read_sums(folder):
                told = f"finished runs are kept in {folder}; the same command goes on from there"
                print(told, file=sys.stderr)
            raise


def sweep_folder(design: Design, out: Path) -> Path:
    """Where a design belongs below the results folder."""
    return Path(out) / "sweep" / f"{store.plain(design.name)}-{design.fingerprint()}"


def _empty(folder: Path) -> None:
    """Take away what a sweep wrote, and nothing else."""
    with store.told_as_input_error(folder):
        # The list of hashes first: what is not on it does not count.
        for name in (chunks.SUMS, store.MANIFEST):
            (folder / name).unlink(missing_ok=True)
        for path in chunks.written(folder):
            path.unlink()


def _noted(folder: Path, design: Design, made: Provenance) -> set[int]:
    place, new = chunks.locate(folder, design, made)
    return chunks.noted(place, design) if new is None else set()


# --- where outcomes go --------------------------------------------------------------------------


class _Memory:
    """Keeps tables in memory."""

    def __init__(self, design: Design) -> None:
        self.numbering = Numbering(0, 0, design.types)
        self._tables: dict[int, dict[str, pa.Table]] = {}

    def finished(self) -> tuple[set[int], dict[str, str]]:
        return set(), {}

    def write(self, chunk: int, tables: dict[str, pa.Table]) -> None:
        self._tables[chunk] = tables

    def ends(self, runs: range) -> pd.DataFrame:
        """Runs of some numbers of the design."""
        parts = [self._tables[chunk][RUNS] for chunk in sorted(self._tables)]
        return pa.concat_tables(parts).slice(runs.start, len(runs)).to_pandas()

    def split(self) -> pd.DataFrame | None:
        """What is known already of chance."""
        return None

    def finish(self, manifest: dict[str, Any]) -> tuple[int, pd.DataFrame, dict[str, pa.Table]]:
        parts = [self._tables[chunk] for chunk in sorted(self._tables)]
        tables = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
        runs = tables[RUNS].to_pandas()
        failed = runs.loc[runs["status"] == "failed", ["run", "seed", "stage", "message"]]
        return len(failed), failed.head(SHOWN_FAILURES), tables


class _Chunks:
    """Keeps tables in a folder of chunks."""

    def __init__(self, design: Design, place: Place) -> None:
        self._design, self._place = design, place
        self.numbering = place.numbering
        made = current().identity
        told = {"design": design.fingerprint(), "xiaoqu": made["xiaoqu"], "source": made["source"]}
        self._note = store.as_json(told)

    def finished(self) -> tuple[set[int], dict[str, str]]:
        return chunks.finished(self._place, self._design)

    def write(self, chunk: int, tables: dict[str, pa.Table]) -> None:
        chunks.write(self._place, chunk, tables, self._note)

    def ends(self, runs: range) -> pd.DataFrame:
        """Runs of some numbers of the design."""
        first = self._place.numbering.first_run
        wanted = pc.field("run").isin([first + run for run in runs])
        chunks_of = {run // self._design.chunk for run in runs}
        files = [self._place.folder / self._place.file(RUNS, chunk) for chunk in sorted(chunks_of)]
        return pq.read_table(files, filters=wanted).to_pandas()

    def split(self) -> pd.DataFrame | None:
        """What is known already of chance, of this design."""
        if not (self._place.folder / store.MANIFEST).exists():
            return None
        told = store.read_manifest(self._place.folder).get("split", {})
        rows = told.get(self._design.fingerprint())
        return None if rows is None else pd.DataFrame(rows, columns=list(SPLIT))

    def finish(self, manifest: dict[str, Any]) -> tuple[int, pd.DataFrame, dict[str, pa.Table]]:
        failed, first = chunks.failures(self._place, len(self._design.chunks), SHOWN_FAILURES)
        told = chunks.designs(self._place.folder)
        manifest["designs"] = [
            {key: one[key] for key in ("fingerprint", "name", "points", "replications", "runs")}
            for one in told
        ]
        chunks.finish(self._place, {**manifest, "failed": failed})
        return failed, first.to_pandas(), {}


# --- living -------------------------------------------------------------------------------------


def _live(
    design: Design,
    place: Place | None,
    kept: _Memory | _Chunks,
    progress: bool,
    model: Callable[..., Any] | None,
) -> Sweep:
    done, again = kept.finished()
    for name, why in again.items():
        print(f"{name}: {why}; lived again", file=sys.stderr)
    started = datetime.now(UTC)
    begun = time.monotonic()
    there = sum(len(design.chunks[chunk]) for chunk in done)
    if len(done) < len(design.chunks):
        plan = _plan(design, done, progress, model)
        begun = time.monotonic()
        _live_missing(design, kept, done, plan, progress, model)
    elif progress and place is not None:
        print(f"lived before, read from {place.folder}", file=sys.stderr)
    told = kept.split()
    told = split(design, kept.ends, model) if told is None else told
    seconds = time.monotonic() - begun
    failed, failures, tables = kept.finish(
        {
            **current().described,
            "runs": design.runs,
            "split": {design.fingerprint(): told.to_dict("records")},
            **store.circumstances(started),
        }
    )
    if failed == design.runs:
        first = failures.iloc[0]
        where = f"seed {first['seed']}, at stage {first['stage']}: {first['message']}"
        raise RuntimeError(f"all {failed} runs failed; the first, {where}")
    lived = design.runs - there
    folder = place.folder if place else None
    return Sweep(design, folder, failed, failures, seconds, lived, tables, split=told)


def _live_missing(
    design: Design,
    kept: _Memory | _Chunks,
    done: set[int],
    plan: Plan,
    progress: bool,
    model: Callable[..., Any] | None,
) -> None:
    missing = [number for number in range(len(design.chunks)) if number not in done]
    size = _task_size(plan)
    sent: dict[int, list[int]] = {}

    def batches() -> Iterator[Batch]:
        for number, groups in enumerate(tasks(design, missing, size)):
            sent[number] = [run for group in groups for run in group]
            yield make_batch(design, groups, model)

    answers = executors.spread(_executor(design), live_batch, batches(), -(-plan.runs // size))
    waiting: defaultdict[int, dict[int, Outcome]] = defaultdict(dict)
    with bar(design.runs, progress, "runs", plan.there) as advance, closing(answers):
        for number, outcomes in answers:
            runs = sent.pop(number)
            for run, outcome in zip(runs, outcomes, strict=True):
                waiting[run // design.chunk][run] = outcome
            advance(len(runs))
            for chunk in {run // design.chunk for run in runs}:
                if len(waiting[chunk]) == len(design.chunks[chunk]):
                    there = waiting.pop(chunk)
                    lived = [there[run] for run in design.chunks[chunk]]
                    kept.write(chunk, tables(design, design.chunks[chunk], lived, kept.numbering))


def _executor(design: Design) -> Executor:
    return design.executor or Executor()


def _task_size(plan: Plan) -> int:
    by_time = int(TASK_SECONDS / max(plan.seconds, 1e-6))
    by_share = plan.runs // (4 * max(plan.processes, 1))
    return max(1, min(by_time, by_share, MOST_RUNS_PER_TASK))


# --- plan ---------------------------------------------------------------------------------------


def _plan(design: Design, done: set[int], progress: bool, model: Callable[..., Any] | None) -> Plan:
    missing = [number for number in range(len(design.chunks)) if number not in done]
    runs = sum(len(design.chunks[number]) for number in missing)
    seconds, timed = _time_runs(design, missing, progress, model) if runs else (0.0, 0)
    processes = executors.slots(_executor(design))
    plan = Plan(runs, design.runs - runs, len(missing), seconds, timed, processes)
    if progress:
        print(plan, file=sys.stderr)
    budget = design.experiment.budget * 60
    if budget and plan.estimate > budget:
        fits = int(budget * max(processes, 1) / seconds)
        problem = (
            f"{plan.runs:,} runs would take about {duration(plan.estimate)}, "
            f"and about {fits:,} would fit into {duration(budget)}"
        )
        raise InputError("experiment.budget", problem, "fewer points or replications, or more time")
    return plan


def _time_runs(
    design: Design, missing: list[int], progress: bool, model: Callable[..., Any] | None
) -> tuple[float, int]:
    """Seconds of one run and how many were timed: few of the first, middle and last to be lived."""
    if progress:
        announce_compiling()
    compiled = rules_compiled()
    taken: list[tuple[float, int]] = []
    together = list(side_by_side(design, missing))
    first, middle, last = (
        sharing(design, together[place])[end][:PILOT_RUNS]
        for place, end in ((0, 0), (len(together) // 2, 0), (-1, -1))
    )
    begun = time.monotonic()
    # The first run loads or compiles kernels, so it counts only if it is too long to repeat.
    for number, runs in enumerate((first[:1], first, middle, last)):
        start = time.monotonic()
        live_batch(make_batch(design, [runs], model))
        taken.append((time.monotonic() - start, len(runs)))
        if time.monotonic() - begun > PILOT_SECONDS and (
            number or 0 < compiled == rules_compiled()
        ):
            break
    counted = taken[1:] or taken
    timed = sum(count for _, count in counted)
    return sum(seconds for seconds, _ in counted) / timed, timed
