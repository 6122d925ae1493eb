"""Very many small runs, one after the other: does memory stay flat?

``python benchmarks/flat_memory.py sweep --runs 1000000 --out FOLDER`` lives a sweep and tells rate
and memory (resident, of this process and its workers, less what they share with files) in each
tenth of the time; killed and called again, it goes on in the same folder.

``python benchmarks/flat_memory.py day`` does what a Python session does that asks for one new
comparison a minute through 24 hours (1,440 of them), as fast as it can; ``desk`` does the same at a
running desk of its own, through page and websocket. Both tell the growth in MB per such hour, with
an interval of 95 %, over the hours after ``--warm`` ones, in which caches fill. Ends with exit code 1
if memory grew by over a tenth; Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np

SEEDS = 50
"""Replications of each point of the sweep."""

HOURS, PER_HOUR = 24, 60
"""Of the day, and comparisons in one of its hours."""


def resident(top: int) -> float:
    """Anonymous memory of a process and all below it, MB."""
    parents, sizes = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = dict(x.split(":", 1) for x in (folder / "status").read_text().splitlines())
            parents[int(folder.name)] = int(told["PPid"])
            sizes[int(folder.name)] = int(told["RssAnon"].split()[0]) / 1024
        except (OSError, KeyError, ValueError):
            continue
    here = {top}
    while more := {p for p, parent in parents.items() if parent in here} - here:
        here |= more
    return sum(sizes.get(process, 0.0) for process in here)


# --- a sweep ------------------------------------------------------------------------------------


def lived(runs: int, workers: int, out: Path) -> str:
    """Live a sweep of so many runs; what came of it in a line."""
    from sim.questions.sweep import sweep

    done = sweep(
        "kangqiao", "fees.norm_conditional=interval(1,5)", "population.households=60",
        "population.buildings=1", "scenario.history_months=0", months=6, policy="member_contact",
        replications=SEEDS, experiment__design="lhs", experiment__samples=max(runs // SEEDS, 1),
        executor__workers=workers, out=out, progress=True,
    )  # fmt: skip
    assert done.folder is not None
    kept = sum(file.stat().st_size for file in done.folder.rglob("*.parquet")) / 2**20
    return f"{done.lived:,} of {done.design.runs:,} runs lived now, {kept:,.0f} MB kept, {done.failed} failed"


def watch(told: list[float], end: threading.Event, every: float) -> None:
    """Note memory until the end, and say it every minute."""
    begun = said = time.monotonic()
    while not end.wait(every):
        told.append(resident(os.getpid()))
        if time.monotonic() - said > 60:
            said = time.monotonic()
            print(f"after {said - begun:,.0f} s: {told[-1]:.0f} MB", flush=True)


def live_sweep(asked: argparse.Namespace) -> bool:
    """Live the sweep and tell how memory went."""
    told: list[float] = []
    end = threading.Event()
    watcher = threading.Thread(target=watch, args=(told, end, 0.5), daemon=True)
    watcher.start()
    begun = time.monotonic()
    place = nullcontext(asked.out) if asked.out else tempfile.TemporaryDirectory()
    try:
        with place as out:
            line = lived(asked.runs, asked.workers, Path(out))
    finally:
        end.set()
        watcher.join()
    print(f"{line}, {time.monotonic() - begun:,.0f} s")
    tenths = [float(np.median(part)) for part in np.array_split(np.array(told), 10) if len(part)]
    print("memory in each tenth of the time, MB: " + " ".join(f"{tenth:.0f}" for tenth in tenths))
    return tenths[-1] <= 1.1 * tenths[1]


# --- a day --------------------------------------------------------------------------------------


def growth(hours: np.ndarray, warm: int) -> tuple[float, float, float]:
    """Slope of memory after the warm hours, with its interval of 95 %, MB per hour.

    Args:
        hours: Mean memory in each hour, MB.
        warm: Hours left out at the start.
    """
    from scipy import stats

    late = hours[warm:]
    fit = stats.linregress(np.arange(len(late)), late)
    reach = float(stats.t.ppf(0.975, len(late) - 2)) * fit.stderr
    return float(fit.slope), float(fit.slope - reach), float(fit.slope + reach)


def tell_day(name: str, told: list[float], seconds: float, warm: int) -> bool:
    """Print what a day took; whether memory grew by less than a tenth after the warm hours."""
    per_hour = np.array([float(np.mean(part)) for part in np.array_split(np.array(told), HOURS)])
    slope, low, high = growth(per_hour, warm)
    print(f"{name}: {len(told):,} comparisons in {seconds:,.0f} s")
    print("  memory in each hour, MB: " + " ".join(f"{mb:.0f}" for mb in per_hour))
    print(f"  growth after {warm} hours: {slope:+.3f} MB per hour ({low:+.3f} to {high:+.3f})")
    return bool(per_hour[-1] <= 1.1 * per_hour[warm])


def live_day(asked: argparse.Namespace) -> bool:
    """Compare in this process, again and again, each time something new."""
    from sim.questions.compare import compare

    told = []
    begun = time.monotonic()
    for number in range(asked.comparisons):
        compare(
            "ordinary_estate", "population.households=60", "population.buildings=1",
            "executor.workers=1",
            f"policy.measures.member_contact.dose={0.5 + number / asked.comparisons}",
            policies=["none", "member_contact"],
            months=12, replications=4,
        )  # fmt: skip
        told.append(resident(os.getpid()))
    return tell_day("Python session", told, time.monotonic() - begun, asked.warm)


async def ask_desk(asked: argparse.Namespace, process: int, address: str) -> list[float]:
    """Ask a desk for new comparisons, one page each; its memory after each."""
    from desk_load import Page

    from sim.desk.compound import named_policy
    from sim.desk.session import Own, Session, as_link

    plan = named_policy("five_level_linkage", "A")
    small = Own(values={"population.households": 60, "population.buildings": 1})
    told: list[float] = []
    opened = 0.0
    for number in range(asked.comparisons):
        # One address may open two pages a second, and a page takes a third of one.
        await asyncio.sleep(max(0.0, opened + 0.55 - time.monotonic()))
        opened = time.monotonic()
        first = plan.measures[0].model_copy(update={"dose": 0.5 + number / asked.comparisons})
        new = plan.model_copy(update={"measures": [first, *plan.measures[1:]]})
        session = Session(language="en", case="own", own=small, policies=[new], months=12, within=12,
                          replications=24)  # fmt: skip
        async with Page(address, as_link(session)) as page:
            await page.click("measures")
            await page.hear("runs done")
            await page.click("results")
        told.append(resident(process))
    return told


def live_desk(asked: argparse.Namespace) -> bool:
    """Start a desk, ask it, end it."""
    from desk_load import started

    with started(asked.port) as (process, address):
        begun = time.monotonic()
        told = asyncio.run(ask_desk(asked, process.pid, address))
        seconds = time.monotonic() - begun
        if process.poll() is not None:
            print(f"the desk ended with {process.returncode}")
            return False
    return tell_day("desk", told, seconds, asked.warm)


def main() -> None:
    """Live what is asked and tell how memory went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["sweep", "day", "desk"])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--out", help="folder of the sweep's results; a temporary one if left out")
    parser.add_argument("--comparisons", type=int, default=HOURS * PER_HOUR)
    parser.add_argument("--warm", type=int, default=8, help="hours left out at the start of a day")
    parser.add_argument("--port", type=int, default=8521)
    asked = parser.parse_args()
    flat = {"sweep": live_sweep, "day": live_day, "desk": live_desk}[asked.what](asked)
    sys.exit(not flat)


if __name__ == "__main__":
    main()
