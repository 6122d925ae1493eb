"""(a) The core month in every framework: the check that all agree, then nanoseconds side by side."""

from __future__ import annotations

import gc
import importlib
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from peers import rules
from peers.world import draw
from report import Raw, median, say, table, timed
from scipy import stats

PEERS = {
    "c-blocks": "c_core.Blocks",
    "c": "c_core.Core",
    "engine": "engine_core.Core",
    "numba": "numba_core.Core",
    "numpy": "numpy_core.Core",
    "mesa-frames": "frames_core.Core",
    "mesa": "mesa_core.Core",
    "agentpy": "agentpy_core.Core",
}
LIMIT, ENGINE = "c-blocks", "engine"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
DOUBT = 0.001
"""The check fails a peer whose smallest p value, after Bonferroni, is below this."""


def load(name: str) -> Any:
    """The class of a peer.

    Raises:
        RuntimeError: What it needs is not there.
    """
    module, _, attribute = PEERS[name].partition(".")
    try:
        peer = getattr(importlib.import_module(f"peers.{module}"), attribute)
        if module == "c_core":
            importlib.import_module("peers.c_core").library()
    except ModuleNotFoundError as error:
        raise RuntimeError(f"{error.name} is not installed") from None
    return peer


def present(names: list[str]) -> dict[str, Any]:
    """Peers that can run here; a word is said on each that cannot."""
    found = {}
    for name in names:
        try:
            found[name] = load(name)
        except RuntimeError as error:
            say(f"{name} is left out: {error}")
    return found


# --- the check -------------------------------------------------------------------------------------


def trajectories(peer: Any, households: int, seeds: range, months: int) -> np.ndarray:
    """Indicators (seeds, months, 5) of as many runs as there are seeds."""
    return np.array([peer(draw(households, seed), seed).run(months) for seed in seeds])


def disagreement(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, str]:
    """Whether two samples of trajectories could come from one model.

    Returns:
        Smallest p value of Welch's t test over indicators and months and the mean over months, times
        the number of tests, at most 1; and where it is, as "indicator, month".
    """
    # The mean over all months is one more "month": what is small but lasts shows best there.
    ours, theirs = (np.concatenate([x, x.mean(1, keepdims=True)], axis=1) for x in (ours, theirs))
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # scipy's, where nothing varies
        p = stats.ttest_ind(ours, theirs, axis=0, equal_var=False).pvalue
    # Where nothing varies in either sample there is no t: the two are equal, or they are not.
    same = np.isclose(ours.mean(axis=0), theirs.mean(axis=0), rtol=1e-12, atol=1e-12)
    p = np.where(np.isnan(p), np.where(same, 1.0, 0.0), p)
    month, indicator = np.unravel_index(np.argmin(p), p.shape)
    when = f"month {month + 1}" if month + 1 < len(p) else "mean over months"
    return min(float(p.min()) * p.size, 1.0), f"{rules.INDICATORS[indicator]}, {when}"


def check(peers: dict[str, Any], households: int, seeds: int, months: int = rules.MONTHS) -> Raw:
    """Run every peer and the engine under as many seeds and compare them."""
    say(f"check: {seeds} runs each of {households:,} households, {months} months")
    ours = trajectories(load(ENGINE), households, range(1, seeds + 1), months)
    verdicts: Raw = {}
    for name, peer in peers.items():
        if name == ENGINE:
            continue
        theirs = trajectories(peer, households, range(1, seeds + 1), months)
        p, where = disagreement(ours, theirs)
        last = {k: float(v) for k, v in zip(rules.INDICATORS, theirs[:, -1].mean(0), strict=True)}
        verdicts[name] = {"p": p, "where": where, "agrees": p > DOUBT, "last_month": last}
    last = {k: float(v) for k, v in zip(rules.INDICATORS, ours[:, -1].mean(0), strict=True)}
    return {
        "households": households, "seeds": seeds, "months": months, "engine": last, "peers": verdicts,
    }  # fmt: skip


def print_check(raw: Raw) -> bool:
    """Print the verdicts; False if any peer disagrees."""
    rows = [[ENGINE, *_figures(raw["engine"]), "", ""]]
    for name, v in raw["peers"].items():
        word = "yes" if v["agrees"] else f"NO: {v['where']}"
        rows.append([name, *_figures(v["last_month"]), f"{v['p']:.3g}", word])
    tests = len(rules.INDICATORS) * (raw["months"] + 1)
    print(
        f"\nMeans of month {raw['months']} over {raw['seeds']} runs of {raw['households']:,} households; "
        f"smallest p over {tests} tests (Welch, Bonferroni), agreement above {DOUBT}:"
    )
    table(["engine", *rules.INDICATORS, "p", "agrees"], rows)
    return all(v["agrees"] for v in raw["peers"].values())


def _figures(last: Raw) -> list[str]:
    return [f"{value:.4g}" for value in last.values()]


# --- the clock -------------------------------------------------------------------------------------


@dataclass
class Clock:
    """What one peer took at one size."""

    households: int
    months: int = rules.MONTHS
    repeats: list[int] = field(default_factory=list)
    ns: list[float] = field(default_factory=list)
    wall_ns: list[float] = field(default_factory=list)
    build_s: list[float] = field(default_factory=list)
    skipped: str = ""

    @property
    def spent(self) -> float:
        """Seconds it has taken so far, building included."""
        return sum(self.build_s) + sum(self.ns) * self.households * self.months * 1e-9


def measure(peers: dict[str, Any], sizes: list[int], repeats: int, budget: float) -> Raw:
    """Time all peers in turn, as often as asked, at every size.

    Args:
        peers: Name -> class.
        sizes: Households, ascending.
        repeats: Rounds; in each, every peer builds and runs once.
        budget: Seconds per peer and size: beyond, fewer months, fewer rounds, at last none.
    """
    small = draw(sizes[0], 0)
    for peer in peers.values():
        peer(small, 0).run(2)  # Compiles and imports what is left to the first call.
    known: dict[str, Clock] = {}
    raw: Raw = {}
    for households in sizes:
        say(f"core month, {households:,} households")
        world = draw(households, 1)
        clocks = {name: _plan(known.get(name), households, budget) for name in peers}
        for repeat in range(repeats):
            for name, peer in peers.items():
                clock = clocks[name]
                if clock.skipped or (repeat and clock.spent > budget):
                    continue
                _once(clock, peer, world, repeat)
        for name, clock in clocks.items():
            if not clock.skipped:
                known[name] = clock
        raw[str(households)] = {name: dict(vars(clock)) for name, clock in clocks.items()}
    return raw


def _plan(before: Clock | None, households: int, budget: float) -> Clock:
    if before is None:
        return Clock(households)
    times = households / before.households
    build = median(before.build_s) * times
    month = median(before.ns) * households * 1e-9
    months = min(int(budget / month), rules.MONTHS)
    if months < 1 or build > 3 * budget:
        word = (
            f"left out: about {build:.0f} s to build and {month:.0f} s a month, beyond {budget:g} s"
        )
        return Clock(households, skipped=word)
    return Clock(households, months)


def _once(clock: Clock, peer: Any, world: Any, repeat: int) -> None:
    held: list[Any] = []
    build, _ = timed(lambda: held.append(peer(world, 1)))
    gc.collect()
    wall, cpu = timed(lambda: held[0].run(clock.months))
    each = clock.months * len(world)
    clock.repeats.append(repeat)
    clock.ns.append(cpu / each * 1e9)
    clock.wall_ns.append(wall / each * 1e9)
    clock.build_s.append(build)
    held.clear()
    gc.collect()


def print_clocks(raw: Raw) -> None:
    """Print one table of nanoseconds and one of seconds to build."""
    sizes = list(raw)
    names = list(raw[sizes[0]])
    head = ["engine", *[f"{int(size):,}" for size in sizes]]
    print("\nProcessor time, ns per household-month: median (times the best C of the same round)")
    table(head, [[name, *[_cell(raw[size], name) for size in sizes]] for name in names])
    print("Seconds to build")
    table(head, [[name, *[_build(raw[size][name]) for size in sizes]] for name in names])
    for size in sizes:
        for name, clock in raw[size].items():
            if clock["skipped"]:
                print(f"{name} at {int(size):,}: {clock['skipped']}")
            elif clock["months"] < rules.MONTHS:
                rounds = len(clock["ns"])
                print(f"{name} at {int(size):,}: {clock['months']} months, {rounds} round(s)")


def _cell(clocks: Raw, name: str) -> str:
    clock = clocks[name]
    if not clock["ns"]:
        return "-"
    text = (
        f"{median(clock['ns']):.3g}" if median(clock["ns"]) < 100 else f"{median(clock['ns']):,.0f}"
    )
    times = ratio(clocks, name)
    return text if times is None else f"{text} ({times:.3g})"


def ratio(clocks: Raw, name: str) -> float | None:
    """Median over rounds of a peer's time relative to the faster C of the same round."""
    best = [clocks[c] for c in ("c-blocks", "c") if c in clocks]
    if not best:
        return None
    pairs = []
    for repeat, ns in zip(clocks[name]["repeats"], clocks[name]["ns"], strict=True):
        limits = [c["ns"][c["repeats"].index(repeat)] for c in best if repeat in c["repeats"]]
        pairs += [ns / min(limits)] if limits else []
    return median(pairs) if pairs else None


def _build(clock: Raw) -> str:
    return f"{median(clock['build_s']):.3g}" if clock["build_s"] else "-"


# --- memory ----------------------------------------------------------------------------------------

BYTES_MOVED = {
    "neighbours, 10 of 4 bytes, and where they begin": 48,
    "neighbours' words, read once and written for the next month (a write also reads)": 24,
    "read: fee, burden, taste, life, kind": 26,
    "read and written: satisfaction, trust, grievance, habit, norm, arrears in fen": 96,
    "read and written: arrears in months; written: paid": 10,
}
"""Bytes that a household-month of the core must move through memory if nothing stays in a cache."""


def memory() -> Raw:
    """Bandwidth of one core, and what a month must take at least where memory is the limit."""
    from peers.c_core import bandwidth

    rates = [bandwidth() for _ in range(3)]
    moved = sum(BYTES_MOVED.values())
    return {"triad_gb_s": rates, "bytes": BYTES_MOVED, "floor_ns": moved / median(rates)}


def print_memory(raw: Raw) -> None:
    """Print the bytes and the floor they set."""
    moved = sum(raw["bytes"].values())
    table(
        ["bytes moved per household-month", "bytes"], [*raw["bytes"].items(), ("together", moved)]
    )
    print(
        f"Triad on one core {median(raw['triad_gb_s']):.1f} GB/s: {raw['floor_ns']:.1f} ns at least where "
        "the state does not fit a cache."
    )


def core(sizes: list[int], names: list[str], options: Any) -> tuple[Raw, bool]:
    """The whole part: check, clocks, memory; False if a peer disagrees."""
    peers = present(names)
    raw: Raw = {}
    agreed = True
    if options.check_seeds:
        raw["check"] = check(peers, options.check_households, options.check_seeds)
        agreed = print_check(raw["check"])
    raw["clocks"] = measure(peers, sorted(sizes), options.repeats, options.budget)
    print_clocks(raw["clocks"])
    if LIMIT in peers:
        raw["memory"] = memory()
        print_memory(raw["memory"])
    return raw, agreed
