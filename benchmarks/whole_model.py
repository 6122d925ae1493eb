"""Speed and memory of the whole model, one process per size, and the time commands take to start.

    python benchmarks/whole_model.py                  # the table below, about two minutes
    python benchmarks/whole_model.py --million 120    # also 1,000,000 households for 120 months

Every figure is the median of several runs on one core. Building and running are timed apart; memory
is the peak of the process that did nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SIZES = (1_000, 10_000, 100_000, 1_000_000)
HOUSEHOLDS_PER_BUILDING = 88


def measure(households: int, months: int) -> dict[str, float]:
    """Build and run one compound in this process, kernels already compiled.

    Args:
        households: Size of the compound.
        months: Months lived under the five-level linkage.

    Returns:
        Seconds to build, seconds to run, nanoseconds per household-month, peak memory in MiB.
    """
    from sim.compose import load
    from sim.model import NeighborhoodModel

    NeighborhoodModel(load(months=3, policy="five_level_linkage"), seed=1).run()
    config = load(
        None,
        f"population.households={households}",
        f"population.buildings={max(households // HOUSEHOLDS_PER_BUILDING, 1)}",
        policy="five_level_linkage",
        months=months,
    )
    start = time.perf_counter()
    model = NeighborhoodModel(config, seed=1)
    built = time.perf_counter()
    model.run()
    done = time.perf_counter()
    return {
        "build_s": built - start,
        "run_s": done - built,
        "ns": (done - built) / months / households * 1e9,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def in_fresh_process(households: int, months: int) -> dict[str, float]:
    """Run ``measure`` in a process of its own on one core, so that its peak memory is its own."""
    words = [sys.executable, __file__, "--one", str(households), str(months)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def wall(words: list[str], environment: dict[str, str] | None = None) -> float:
    """Seconds a whole command takes."""
    start = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def start_up() -> None:
    """Print how long commands take to start, with and without compiled kernels at hand."""
    program = [sys.executable, "-m", "sim"]
    helps = statistics.median(wall([*program, "--help"]) for _ in range(5))
    print(f"xiaoqu --help: {helps:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        small = [
            *program,
            "run",
            "scenario=kangqiao",
            "replications=1",
            "months=12",
            "executor.workers=1",
        ]
        cold = {**os.environ, "NUMBA_CACHE_DIR": os.path.join(folder, "cache")}
        for label in ("first start, nothing compiled", "second start"):
            seconds = wall([*small, "--out", os.path.join(folder, "out")], cold)
            shutil.rmtree(os.path.join(folder, "out"))
            print(f"xiaoqu run, 1 replication, {label}: {seconds:.1f} s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--one", nargs=2, type=int, metavar=("HOUSEHOLDS", "MONTHS"), help="one size, as JSON"
    )
    parser.add_argument(
        "--million", type=int, metavar="MONTHS", help="also time 1,000,000 households this long"
    )
    parser.add_argument("--repeats", type=int, default=3, help="runs per size (default 3)")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(*chosen.one)))
        return
    print(
        f"{'households':>12} {'build s':>9} {'run s':>9} {'ns per household-month':>24} {'peak MiB':>10}"
    )
    for households in SIZES:
        months = 120 if households <= 10_000 else 24
        runs = [in_fresh_process(households, months) for _ in range(chosen.repeats)]
        m = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        print(
            f"{households:>12,} {m['build_s']:>9.3f} {m['run_s']:>9.2f} {m['ns']:>24.0f} {m['peak_mib']:>10.0f}"
        )
    if chosen.million:
        m = in_fresh_process(1_000_000, chosen.million)
        print(
            f"1,000,000 households, {chosen.million} months: {m['build_s'] + m['run_s']:.1f} s in all"
        )
    start_up()


if __name__ == "__main__":
    main()
