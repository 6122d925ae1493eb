"""What a country's compounds would cost on a Dask cluster: pieces measured here, the rest arithmetic.

The unit of work is one street (街道), since institutions share their hours within one: 12 compounds of
the kinds of scenario baohe, 72 months of history and 36 after.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from report import HERE, ONE_THREAD, Raw, command, median, python, say, table

HOUSEHOLDS = 300_000_000
STREET = (
    "scenario=baohe", "district.compounds=12", "district.communities=3", "district.streets=1",
    "district.companies=4", "months=36",
)  # fmt: skip
POLICIES, REPLICATIONS = 2, 30
"""Of the study that is reckoned: without measures and with, each often enough for an interval."""
TASKS = 2000


@contextmanager
def cluster(workers: int = 2) -> Iterator[str]:
    """A scheduler and workers of one thread on this machine; gives the address."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"

        def begin(what: str, *words: str) -> subprocess.Popen[bytes]:
            line = [
                sys.executable, "-m", f"distributed.cli.dask_{what}", "--host", "127.0.0.1", "--no-dashboard",
                "--scheduler-file", str(file), *words,
            ]  # fmt: skip
            # Tasks of this file travel by name, so workers must find it.
            given = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(HERE)}
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            return subprocess.Popen(line, cwd=folder, env=given, **quiet)  # type: ignore[call-overload, no-any-return]

        started = [begin("scheduler", "--port", "0")]
        started += [
            begin("worker", "--nthreads", "1", "--no-nanny", "--death-timeout", "20")
            for _ in range(workers)
        ]
        try:
            end = time.monotonic() + 60
            while not file.exists() and time.monotonic() < end:
                time.sleep(0.1)
            yield json.loads(file.read_text())["address"]
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()


def nothing(task: int) -> int:
    """A task without work."""
    return task


def task_overhead(address: str) -> float:
    """Seconds that one task takes of the cluster apart from its work, through our executor."""
    from sim.config import Executor
    from sim.experiments.executors import spread

    executor = Executor(kind="dask", address=address)
    list(spread(executor, nothing, range(100)))
    start = time.perf_counter()
    assert len(list(spread(executor, nothing, range(TASKS)))) == TASKS
    return (time.perf_counter() - start) / TASKS


def worker_memory(address: str) -> list[float]:
    """Peak memory of each worker so far, MiB."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return list(client.run(_peak_mib).values())


def _peak_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_street(times: int) -> Raw:
    """Processor seconds to build and live one street in this process, and what it holds."""
    from sim.compose import load_overrides
    from sim.model import NeighborhoodModel

    config = load_overrides([*STREET, "policy=red_pilot"])
    NeighborhoodModel(config, seed=0).run()
    seconds, households = [], []
    for seed in range(1, times + 1):
        began = time.process_time()
        model = NeighborhoodModel(config, seed=seed)
        model.run()
        seconds.append(time.process_time() - began)
        households.append(len(model.households))
    months = config.months + config.scenario.history_months
    return {"cpu_s": seconds, "households": households, "months": months}


def nation(options: Any) -> Raw:
    """Measure the pieces."""
    say("nation: one street on one core")
    raw: Raw = {"street": json.loads(command(python("nation_table.one_street", 10))["said"])}
    runs = options.street_runs
    with cluster() as address, tempfile.TemporaryDirectory() as folder:
        say("nation: empty tasks")
        raw["overhead_s"] = [task_overhead(address) for _ in range(3)]
        words = [
            sys.executable, "-m", "sim", "sweep", *STREET, "policy=none,red_pilot", "executor.kind=dask",
            f"executor.address={address}", "--quiet",
        ]  # fmt: skip
        command([*words, "replications=2", "--out", str(Path(folder) / "warm")])
        say(f"nation: {runs} streets on two workers")
        out = Path(folder) / "out"
        raw["few"] = command(
            [*words, f"replications={runs // 8}", "--out", str(Path(folder) / "few")]
        )
        raw["sweep"] = command([*words, f"replications={runs // 2}", "--out", str(out)])
        raw["runs"], raw["runs_few"] = runs // 2 * 2, runs // 8 * 2
        raw["bytes"] = sum(file.stat().st_size for file in out.rglob("runs/*.parquet"))
        raw["worker_mib"] = worker_memory(address)
    return raw


def cost(raw: Raw) -> Raw:
    """The arithmetic of docs/performance.md."""
    street = raw["street"]
    run_s, size = median(street["cpu_s"]), sum(street["households"]) / len(street["households"])
    streets = math.ceil(HOUSEHOLDS / size)
    runs = streets * POLICIES * REPLICATIONS
    lived = raw["sweep"]["wall_s"] - raw["few"]["wall_s"]
    rate = (raw["runs"] - raw["runs_few"]) / max(lived, 1e-9) / 2
    task = median(raw["overhead_s"])
    return {
        "households_per_street": size,
        "streets": streets,
        "runs": runs,
        "run_s": run_s,
        "runs_per_core_s": rate,
        "efficiency": rate * run_s,
        "core_hours": runs * run_s / 3600,
        "core_hours_by_rate": runs / rate / 3600,
        "core_hours_one_pass": streets * run_s / 3600,
        "ns": run_s / size / street["months"] * 1e9,
        "task_ms": 1000 * task,
        "workers_fed": run_s / task,
        "result_gb": runs * raw["bytes"] / raw["runs"] / 1e9,
        "bytes_per_run": raw["bytes"] / raw["runs"],
        "worker_mib": max(raw["worker_mib"]),
    }


def print_nation(raw: Raw) -> None:
    """Print what was measured and what follows."""
    c = cost(raw)
    print(
        f"\n{HOUSEHOLDS:,} households, {POLICIES} policies, {REPLICATIONS} seeds each, street by street:"
    )
    table(
        ["piece", "measured"],
        [
            ["households of a street (mean)", f"{c['households_per_street']:,.0f}"],
            [
                f"one street, {raw['street']['months']} months, one core, processor",
                f"{c['run_s']:.2f} s",
            ],
            ["the same per household-month, building included", f"{c['ns']:.0f} ns"],
            [
                "runs per second and worker, two workers, files written",
                f"{c['runs_per_core_s']:.2f}",
            ],
            ["that rate times the time of a run alone", f"{c['efficiency']:.2f}"],
            ["a task of the cluster without work", f"{c['task_ms']:.2f} ms"],
            ["result kept per run", f"{c['bytes_per_run']:,.0f} bytes"],
            ["peak memory of a worker", f"{c['worker_mib']:.0f} MiB"],
        ],
    )
    table(
        ["follows", "value"],
        [
            ["streets = households / households of a street", f"{c['streets']:,}"],
            ["runs = streets x policies x seeds", f"{c['runs']:,}"],
            ["core-hours = runs x processor time of a run / 3600", f"{c['core_hours']:,.0f}"],
            [
                "the same by the cluster's rate = runs / rate / 3600",
                f"{c['core_hours_by_rate']:,.0f}",
            ],
            ["core-hours of one pass (one policy, one seed)", f"{c['core_hours_one_pass']:,.1f}"],
            [
                "workers one scheduler feeds, a run to a task = run / task",
                f"{c['workers_fed']:,.0f}",
            ],
            ["results = runs x bytes per run", f"{c['result_gb']:.1f} GB"],
        ],
    )
    if c["efficiency"] > 1.0:
        print(
            "Workers cannot be faster than a run alone: too few runs, or a busy machine. "
            "Take the rate from more --street-runs."
        )
