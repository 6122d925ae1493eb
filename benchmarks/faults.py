"""Work that is killed, starved of disk or locked out, again and again: is anything lost or doubled?

``python benchmarks/faults.py`` ends real sweeps, runs, calibrations and reports with SIGKILL at
moments drawn evenly over the time the work takes, lets each go on until it is done, and compares
every byte with work that nobody disturbed. ``python benchmarks/faults.py sweep=100 report=50 --seed
2`` says of what and how often. On Linux as root ``disk`` also fills a small disk of its own (tmpfs)
under a sweep, and makes it read-only. Ends with exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from sim.compose import load, parse_sweep
from sim.config import Config
from sim.errors import InputError
from sim.experiments import chunks, store
from sim.experiments.design import Design, lay_out
from sim.experiments.run import run
from sim.experiments.sweep import run_design
from sim.questions import find
from sim.report.write import report_words
from sim.science.calibrate import Question

SMALL = ("population.households=60", "population.buildings=1", "scenario.history_months=2")
ALONE = {"executor": {"workers": 1}}

TIMES = re.compile(rb"/(CreationDate|ModDate) *\(.*?\)|/ID *\[.*?\]", re.DOTALL)
"""What differs between two PDFs of the same."""

MOST_KILLS = 12
"""Kills of one piece of work, after which it is let go on to its end."""


@cache
def _design() -> Design:
    words = ("scenario=kangqiao", *SMALL, "policy=member_contact", "months=6", "replications=6",
             "executor.workers=1", "experiment.chunk=6", "fees.habit=range(0.1,0.5,0.01)")  # fmt: skip
    return lay_out([parse_sweep(word) for word in words])


@cache
def _config() -> Config:
    return load("kangqiao", *SMALL, policy="member_contact", months=6, replications=40, **ALONE)


@cache
def _question() -> Question:
    """Two parameters held against half a year of a compound's own figures."""
    rows = "".join(f"{month},{0.6 + month / 100}\n" for month in range(1, 7))
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("month,collection_rate\n" + rows)
        file.flush()
        return find("calibrate").ask_words(
            ["scenario=ordinary_estate", *SMALL, "months=6", f"file={file.name}", "executor.workers=1",
             "parameters=[fees.service,firm.diligence]", "particles=20", "simulations=600", "draws=10"]
        )  # fmt: skip


def swept(out: Path) -> Path:
    """A sweep of 240 real runs in 40 files."""
    done = run_design(_design(), out)
    assert done.folder is not None
    return done.folder


def ran(out: Path) -> Path:
    """A study of 40 real runs."""
    done = run(_config(), out=out)
    assert done.folder is not None
    return done.folder


def calibrated(out: Path) -> Path:
    """A calibration of up to 600 real runs."""
    done = _question().answer(out)
    assert done.folder is not None
    return done.folder


def reported(out: Path) -> Path:
    """A report of a study that is there."""
    report_words(ran(out), ["lang=en"], out / "report")
    return out / "report"


WORK: dict[str, Callable[[Path], Path]] = {
    "sweep": swept,
    "run": ran,
    "calibrate": calibrated,
    "report": reported,
}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file but manifests, less the times that stand in PDFs, workbooks, documents and slides."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != store.MANIFEST):
        name, data = str(path.relative_to(folder)), path.read_bytes()
        if path.suffix in (".xlsx", ".docx", ".pptx"):
            with zipfile.ZipFile(path) as book:
                parts = [part for part in book.namelist() if part != "docProps/core.xml"]
                found |= {f"{name}/{part}": book.read(part) for part in parts}
        else:
            found[name] = TIMES.sub(b"", data) if path.suffix == ".pdf" else data
    return found


@contextmanager
def silent() -> Any:
    """Without what the work says of itself."""
    with redirect_stderr(StringIO()):
        yield


def killed(work: Callable[[Path], Path], out: Path, after: float) -> bool:
    """Let a process of its own work, and end it after a time; whether it was still at work."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            work(out)
        finally:
            os._exit(0)
    end = time.monotonic() + after
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def half_done(out: Path) -> str:
    """What is wrong with a folder of results just after a kill, "" if nothing."""
    for folder in out.glob("sweep/*"):
        for name, digest in chunks.read_sums(folder).items():
            if store.sha256(folder / name) != digest:
                return f"{name} is noted and not whole"
    for folder in out.glob("run/[!.]*"):
        try:
            store.read_study(folder)
        except InputError as error:
            return f"a study is there and not whole: {error}"
    return ""


def undisturbed(name: str) -> tuple[dict[str, bytes], float]:
    """What a kind of work leaves, and the least seconds it takes once all is compiled and read."""
    least = math.inf
    for _ in range(3):
        with tempfile.TemporaryDirectory() as place:
            begun = time.monotonic()
            whole = bytes_of(WORK[name](Path(place)))
            least = min(least, time.monotonic() - begun)
    return whole, least


def one_round(
    name: str, most: int, whole: dict[str, bytes], seconds: float, luck: random.Random
) -> tuple[int, str]:
    """Kill one piece of work up to so many times, each time going on; then let it end.

    Returns:
        How often it was killed, and what is wrong, "" if nothing.
    """
    hits = 0
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        while hits < most and killed(WORK[name], out, luck.random() * seconds):
            hits += 1
            if wrong := half_done(out):
                return hits, wrong
        try:
            now = bytes_of(WORK[name](out))
        except Exception as error:
            return hits, f"{name} cannot go on: {type(error).__name__}: {error}"
        if now != whole:
            names = sorted(n for n in now.keys() | whole.keys() if now.get(n) != whole.get(n))
            return hits, f"{name}: other bytes than undisturbed: {', '.join(names[:5])}"
        left = [p.name for p in out.rglob("*") if p.name.startswith((".draft", ".away"))]
        return hits, f"{name} left behind {left[:3]}" if left else ""


def kill_again_and_again(name: str, kills: int, luck: random.Random) -> list[str]:
    """Kill one kind of work so many times in all; what is wrong."""
    whole, seconds = undisturbed(name)
    done, rounds, wrong = 0, 0, []
    begun = time.monotonic()
    while done < kills:
        hits, problem = one_round(name, min(MOST_KILLS, kills - done), whole, seconds, luck)
        done, rounds = done + hits, rounds + 1
        if problem:
            wrong.append(problem)
            print(f"  {problem}", flush=True)
    print(f"{name}: {seconds:.1f} s undisturbed; killed {done} times in {rounds} rounds, of which "
          f"{rounds - len(wrong)} ended with the same bytes; {time.monotonic() - begun:.0f} s",
          flush=True)  # fmt: skip
    return wrong


@contextmanager
def small_disk(kilobytes: int) -> Any:
    """A disk of its own."""
    with tempfile.TemporaryDirectory() as place:
        words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place]
        subprocess.run(words, check=True)
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", place], check=True)


def starved(kilobytes: int) -> str:
    """A sweep and a run on a disk that fills up, then gets room, then is read-only."""
    with tempfile.TemporaryDirectory() as place:
        whole = bytes_of(swept(Path(place)))
    with small_disk(kilobytes) as out:
        for work in (swept, ran):
            try:
                work(out)
                return f"{kilobytes} kB were enough: nothing was tested"
            except InputError as error:
                if "No space" not in str(error):
                    return f"said {error}"
        if wrong := half_done(out):
            return wrong
        kept = sum(len(chunks.read_sums(folder)) for folder in out.glob("sweep/*"))
        subprocess.run(["mount", "-o", "remount,size=64m", str(out)], check=True)
        if bytes_of(swept(out)) != whole:
            return "other bytes once there was room"
        subprocess.run(["mount", "-o", "remount,ro", str(out)], check=True)
        for work in (swept, ran):
            try:
                work(out)
                return "a read-only disk was written"
            except InputError as error:
                if "Read-only" not in str(error):
                    return f"said {error}"
    print(f"disk of {kilobytes} kB: full after {kept} files, said so; gone on to the same bytes with "
          "room; read-only, said so", flush=True)  # fmt: skip
    return ""


def main() -> None:
    """Try all, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", nargs="*", default=[*(f"{n}=200" for n in WORK), "disk"],
                        help=f"KIND=KILLS for {', '.join(WORK)}; disk")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    asked = parser.parse_args()
    wrong: list[str] = []
    with silent():
        for name, _, kills in (word.partition("=") for word in asked.work):
            if name != "disk":
                wrong += kill_again_and_again(name, int(kills or 200), random.Random(asked.seed))
            elif sys.platform == "linux" and os.geteuid() == 0:
                wrong += filter(None, [starved(size) for size in (100, 300, 700)])
    print("\n".join(wrong) or "nothing lost, nothing doubled")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
