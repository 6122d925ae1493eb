"""(b) Many small runs on two cores as whole processes: ours, mesa.batch_run, AgentPy's Experiment."""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from report import HERE, Raw, command, median, say, table

FEW, MANY, MOST, HOUSEHOLDS, WORKERS = 200, 2_000, 20_000, 1000, 2


def ours(runs: int, households: int = HOUSEHOLDS) -> Raw:
    """One sweep from the command line, its files written; two points that nothing here tells apart."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            sys.executable, "-m", "sim", "sweep", "--config-dir", str(HERE), "scenario=core_month",
            f"population.households={households}", f"replications={runs // 2}", "conflict.calms=0.2,0.3", "months=60",
            f"executor.workers={WORKERS}", "--quiet", "--out", str(Path(folder) / "out"),
        ]  # fmt: skip
        return command(words)


def theirs(name: str, runs: int, households: int = HOUSEHOLDS) -> Raw:
    """The same in a peer: every run's start is drawn, lived and collected."""
    return command(
        [sys.executable, str(HERE / "peers" / "many_runs.py"), name, str(runs), str(households)]
    )


def sweep(options: Any) -> Raw:
    """Interleaved rounds of each at few runs; ours also at many and most; peers at many if asked."""
    peers = [name for name in ("mesa", "agentpy") if find_spec(name)]
    for name in {"mesa", "agentpy"} - set(peers):
        say(f"{name} is left out: it is not installed")
    ours(4)  # Compiles what is not compiled yet.
    few: Raw = {name: [] for name in ("xiaoqu", *peers)}
    many: Raw = {name: [] for name in ("xiaoqu", *(peers if options.whole_peers else ()))}
    for repeat in range(options.repeats):
        for name in few:
            if repeat and name != "xiaoqu" and repeat >= options.peer_repeats:
                continue
            say(f"sweep: {name}, {FEW} runs, round {repeat + 1}")
            few[name].append(ours(FEW) if name == "xiaoqu" else theirs(name, FEW))
        say(f"sweep: xiaoqu, {MANY} runs, round {repeat + 1}")
        many["xiaoqu"].append(ours(MANY))
    for name in many:
        if name != "xiaoqu":
            say(f"sweep: {name}, {MANY} runs")
            many[name].append(theirs(name, MANY))
    say(f"sweep: xiaoqu, {MOST} runs")
    most = {"xiaoqu": [ours(MOST)]}
    return {"households": HOUSEHOLDS, "runs": {str(FEW): few, str(MANY): many, str(MOST): most}}


def print_sweep(raw: Raw) -> None:
    """Print seconds and times ours."""
    few, many, most = (raw["runs"][str(runs)] for runs in (FEW, MANY, MOST))
    longest = most["xiaoqu"][0]["wall_s"]
    rows = []
    for name in few:
        wall, cpu = (median([run[key] for run in few[name]]) for key in ("wall_s", "cpu_s"))
        measured = name in many
        more = median([run["wall_s"] for run in many[name]]) if measured else wall * MANY / FEW
        row = [wall, cpu, more]
        base = [median([run[key] for run in few["xiaoqu"]]) for key in ("wall_s", "cpu_s")] + [
            median([run["wall_s"] for run in many["xiaoqu"]])
        ]
        cells = [f"{x:.2f} ({x / b:.3g})" for x, b in zip(row, base, strict=True)]
        beyond = longest if name == "xiaoqu" else wall * MOST / FEW
        last = f"{beyond:.2f} ({beyond / longest:.3g})" + ("" if name == "xiaoqu" else " *")
        rows.append([name, *cells[:2], cells[2] + ("" if measured else " *"), last])
    print(
        f"\nWhole processes on {WORKERS} cores, {raw['households']:,} households, 60 months: "
        "seconds (times ours)"
    )
    head = [
        "",
        f"{FEW} runs, wall",
        f"{FEW} runs, processor",
        f"{MANY} runs, wall",
        f"{MOST}, wall",
    ]
    table(head, rows)
    print(f"* reckoned from the measured {FEW} runs")
