"""How long it takes until something is there: import, help, first results with and without compiled kernels."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from report import Raw, command, median, say, table

PROGRAM = [sys.executable, "-m", "sim"]
SMALL = [*PROGRAM, "run", "scenario=kangqiao", "replications=1", "months=12", "executor.workers=1"]


def start(options: Any) -> Raw:
    """Whole processes, several times each; nothing compiled counts once."""
    raw: Raw = {"python": [], "import": [], "help": [], "cold": [], "warm": []}
    with tempfile.TemporaryDirectory() as folder:
        cache = {"NUMBA_CACHE_DIR": str(Path(folder) / "cache")}
        say("start: first run ever, nothing compiled")
        raw["cold"].append(command([*SMALL, "--out", str(Path(folder) / "cold")], **cache))
        for repeat in range(max(options.repeats, 5)):
            say(f"start: round {repeat + 1}")
            raw["python"].append(command([sys.executable, "-c", "pass"]))
            raw["import"].append(command([sys.executable, "-c", "import sim"]))
            raw["help"].append(command([*PROGRAM, "--help"]))
            raw["warm"].append(command([*SMALL, "--out", str(Path(folder) / f"{repeat}")], **cache))
    return raw


LABELS = {
    "python": "Python alone",
    "import": "import sim, Python's own start included",
    "help": "xiaoqu --help",
    "warm": "xiaoqu run, 1 replication of Kangqiao, 12 months, kernels compiled before",
    "cold": "the same for the first time ever, nothing compiled",
}


KINDS = ("first_s", "wall_s", "cpu_s")


def print_start(raw: Raw) -> None:
    """Print seconds."""
    rows = [
        [label, *(f"{median([run[kind] for run in raw[key]]):.2f}" for kind in KINDS)]
        for key, label in LABELS.items()
    ]
    print("\nSeconds; a run says its numbers first and draws its figures after that")
    table(["", "to the first words", "in all", "of processors"], rows)
