"""(c) The whole model: time and memory by size, growth, threads, a city, many runs of Kangqiao."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from report import Raw, command, median, python, say, table
from scipy import stats

HOUSEHOLDS_PER_BUILDING = 88
POLICY = "five_level_linkage"
CITY = (
    "district.compounds=1000", "district.communities=250", "district.streets=40", "district.companies=300",
    "population.households=923", "scenario.history_months=0",
)  # fmt: skip
"""Baohe's district at 1,000 compounds; sizes spread, so 923 in the middle gives a million in all."""


def one_size(households: int, months: int, threads: int = 1) -> Raw:
    """Build and run one compound in this process, kernels compiled."""
    from sim.compose import load

    config = load(
        None,
        f"population.households={households}",
        f"population.buildings={max(households // HOUSEHOLDS_PER_BUILDING, 1)}",
        policy=POLICY,
        months=months,
        executor={"threads": threads},
    )
    return _lived(config)


def city(months: int, threads: int = 1) -> Raw:
    """Build and run the city in this process, kernels compiled."""
    from sim.compose import load

    config = load("baohe", *CITY, policy="red_pilot", months=months, executor={"threads": threads})
    return _lived(config)


def _lived(config: Any) -> Raw:
    from sim.compose import load
    from sim.model import NeighborhoodModel

    # Long enough that every kernel has been called: an election takes months.
    for warm in (load(policy=POLICY, months=60), load("baohe", policy="red_pilot", months=12)):
        NeighborhoodModel(warm, seed=1).run()
    start, began = time.perf_counter(), time.process_time()
    model = NeighborhoodModel(config, seed=1)
    built, built_cpu = time.perf_counter(), time.process_time()
    model.run()
    months = config.months + config.scenario.history_months
    households = len(model.households)
    each = households * months * 1e-9
    return {
        "households": households,
        "compounds": len(model.compounds),
        "months": months,
        "build_s": built - start,
        "run_s": time.perf_counter() - built,
        "ns": (time.process_time() - built_cpu) / each,
        "wall_ns": (time.perf_counter() - built) / each,
        "build_cpu_s": built_cpu - began,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _fresh(function: str, *arguments: object) -> Raw:
    # A process of its own, so that its peak memory is its own.
    found: Raw = json.loads(command(python(f"whole_table.{function}", *arguments))["said"])
    return found


def whole(sizes: list[int], options: Any) -> Raw:
    """All of part (c)."""
    raw: Raw = {"sizes": {str(size): [] for size in sizes}, "threads": [], "city": []}
    for repeat in range(options.repeats):
        for size in sizes:
            say(f"whole model: {size:,} households, round {repeat + 1}")
            raw["sizes"][str(size)].append(_fresh("one_size", size, 120 if size <= 10_000 else 24))
    for repeat in range(options.repeats):
        say(f"whole model: one and two threads, round {repeat + 1}")
        raw["threads"].append([_fresh("one_size", 1_000_000, 24, n) for n in (1, 2)])
        say(f"city, round {repeat + 1}")
        raw["city"].append(_fresh("city", 120))
        raw.setdefault("city_two_threads", []).append(_fresh("city", 120, 2))
    raw["growth"] = growth(raw["sizes"])
    raw["kangqiao"] = kangqiao(options.kangqiao)
    return raw


def growth(sizes: Raw) -> Raw:
    """Exponent b of time = a households ** b, least squares on logarithms, with its 95% interval."""
    runs = [run for size in sizes.values() for run in size]
    x = np.log([run["households"] for run in runs])
    y = np.log([run["ns"] * run["households"] for run in runs])
    if len(sizes) < 2 or len(runs) < 3:
        return {}
    fit = stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(x) - 2) * fit.stderr
    return {"exponent": fit.slope, "low": fit.slope - half, "high": fit.slope + half}


def kangqiao(runs: int) -> Raw:
    """Whole sweeps of Kangqiao on two workers, at two lengths: the second less the first is the rate."""
    found: Raw = {"runs": [runs // 4, runs]}
    for key, count in zip(("fewer", "more"), found["runs"], strict=True):
        say(f"Kangqiao, {count} runs")
        with tempfile.TemporaryDirectory() as folder:
            words = [
                sys.executable, "-m", "sim", "sweep", "scenario=kangqiao", "policy=none,five_level_linkage",
                f"replications={count // 2}", "executor.workers=2", "--quiet",
                "--out", str(Path(folder) / "out"),
            ]  # fmt: skip
            found[key] = command(words)
    fewer, more = found["fewer"]["wall_s"], found["more"]["wall_s"]
    begun = fewer if more > fewer else 0.0  # A few runs may take as long as more by chance.
    rate = (found["runs"][1] - (found["runs"][0] if begun else 0)) / (more - begun)
    found["runs_per_s"] = rate
    found["ten_thousand_s"] = more + (10_000 - runs) / rate
    return found


def print_whole(raw: Raw) -> None:
    """Print sizes, growth, threads, city and Kangqiao."""
    rows = []
    for size, runs in raw["sizes"].items():
        m = {key: median([run[key] for run in runs]) for key in runs[0]}
        rows.append(
            [f"{int(size):,}", f"{m['build_s']:.3g}", f"{m['ns']:.0f}", f"{m['wall_ns']:.0f}", f"{m['peak_mib']:.0f}"]
        )  # fmt: skip
    print(f"\nWhole model, policy {POLICY}, one thread, a process of its own for each run:")
    table(["households", "build s", "ns, processor", "ns, wall", "peak MiB"], rows)
    if raw["growth"]:
        g = raw["growth"]
        print(
            f"Time grows as households ** {g['exponent']:.3f} (95% interval {g['low']:.3f} to {g['high']:.3f}); "
            f"from {_first(raw)} households that is {_stretch(raw):.2f} times linear."
        )
    gains = [one["run_s"] / two["run_s"] for one, two in raw["threads"]]
    if gains:
        print(
            f"Two threads at 1,000,000: {median(gains):.2f} times one (wall, median of {len(gains)} pairs)"
        )
    for key, threads in (("city", 1), ("city_two_threads", 2)):
        if raw.get(key):
            m = {k: median([run[k] for run in raw[key]]) for k in raw[key][0]}
            print(
                f"City, {threads} thread(s): {m['compounds']:,} compounds, {m['households']:,} households, "
                f"{m['months']} months: built in {m['build_s']:.1f} s, run in {m['run_s']:.1f} s (wall), "
                f"{m['ns']:.0f} ns per household-month, peak {m['peak_mib'] / 1024:.2f} GiB"
            )
    k = raw["kangqiao"]
    if k:
        print(
            f"Kangqiao (96 months): {k['runs'][1]:,} runs in {k['more']['wall_s']:.1f} s on 2 processes, "
            f"{k['runs_per_s']:.1f} runs a second; 10,000 would take {k['ten_thousand_s']:.0f} s"
        )


def _first(raw: Raw) -> str:
    return f"{min(int(size) for size in raw['sizes']):,} to {max(int(size) for size in raw['sizes']):,}"


def _stretch(raw: Raw) -> float:
    each = {int(size): median([run["ns"] for run in runs]) for size, runs in raw["sizes"].items()}
    return each[max(each)] / each[min(each)]
