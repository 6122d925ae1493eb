"""A sweep of very many small runs: does memory stay flat?

``python benchmarks/flat_memory.py --runs 1000000`` lives them and tells the memory (resident, of this
process and its workers, less what they share with files) in each tenth of the time. Ends with exit
code 1 if the last tenth holds over a tenth more than the second; Linux only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from sim.experiments.sweep import sweep

SEEDS = 50


def resident() -> float:
    """Anonymous memory of this process and all below it, MB."""
    parents, sizes = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = dict(x.split(":", 1) for x in (folder / "status").read_text().splitlines())
            parents[int(folder.name)] = int(told["PPid"])
            sizes[int(folder.name)] = int(told["RssAnon"].split()[0]) / 1024
        except (OSError, KeyError, ValueError):
            continue
    here = {int(Path("/proc/self").resolve().name)}
    while more := {p for p, parent in parents.items() if parent in here} - here:
        here |= more
    return sum(sizes.get(process, 0.0) for process in here)


def watch(told: list[tuple[float, float]], end: threading.Event) -> None:
    """Note time and memory until the end."""
    while not end.wait(0.5):
        told.append((time.monotonic(), resident()))


def main() -> None:
    """Live the sweep and tell how memory went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=0)
    asked = parser.parse_args()
    points = max(asked.runs // SEEDS, 1)
    told: list[tuple[float, float]] = []
    end = threading.Event()
    watcher = threading.Thread(target=watch, args=(told, end))
    watcher.start()
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as out:
            done = sweep(
                "kangqiao", "fees.norm_conditional=interval(1,5)", "population.households=60",
                "population.buildings=1", "scenario.history_months=0", months=6, policy="member_contact",
                replications=SEEDS, experiment__design="lhs", experiment__samples=points,
                executor__workers=asked.workers, out=out,
            )  # fmt: skip
            assert done.folder is not None
            kept = sum(f.stat().st_size for f in done.folder.rglob("*.parquet")) / 2**20
    finally:
        end.set()
        watcher.join()
    seconds = time.monotonic() - begun
    tenths = [float(np.median([m for _, m in part])) for part in np.array_split(np.array(told), 10)]
    print(
        f"{done.design.runs:,} runs in {seconds:,.0f} s, {kept:,.0f} MB kept, {done.failed} failed"
    )
    print("memory in each tenth of the time, MB: " + " ".join(f"{tenth:.0f}" for tenth in tenths))
    sys.exit(tenths[-1] > 1.1 * tenths[1])


if __name__ == "__main__":
    main()
