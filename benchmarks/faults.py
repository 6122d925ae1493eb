"""Work that is killed, starved of disk or locked out, again and again: is anything lost or doubled?

``python benchmarks/faults.py --kills 200`` ends real sweeps, runs, calibrations and reports with
SIGKILL at random moments, lets each go on until it is done, and compares every byte with work that
nobody disturbed. On Linux as root it also fills a small disk of its own (tmpfs) under a sweep, and
makes it read-only. Ends with exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from sim.compose import load
from sim.errors import InputError
from sim.experiments import chunks, store
from sim.experiments.run import run
from sim.experiments.sweep import sweep
from sim.report.write import report_words
from sim.science.calibrate import answer as calibrate
from sim.science.calibrate import ask_words

SMALL = ("population.households=60", "population.buildings=2", "scenario.history_months=6")
OWN = {"executor__workers": 1, "months": 6}


def swept(out: Path) -> Path:
    """A sweep of 240 real runs in 40 files."""
    done = sweep("kangqiao", *SMALL, "fees.habit=range(0.1,0.5,0.01)", policy="member_contact",
                 replications=6, experiment__chunk=6, out=out, **OWN)  # fmt: skip
    assert done.folder is not None
    return done.folder


def ran(out: Path) -> Path:
    """A study of 40 real runs."""
    done = run(load("kangqiao", *SMALL, policy="member_contact", replications=40, **OWN), out=out)
    assert done.folder is not None
    return done.folder


def calibrated(out: Path) -> Path:
    """A calibration of 700 real runs."""
    words = ["scenario=kangqiao", *SMALL, "parameters=[fees.service,firm.diligence]", "particles=20",
             "simulations=700", "draws=10", "executor.workers=1"]  # fmt: skip
    done = calibrate(ask_words(words), out=out)
    assert done.folder is not None
    return done.folder


def reported(out: Path) -> Path:
    """A report of a study that is there."""
    folder = ran(out)
    report_words(folder, ["lang=en"], out / "report")
    return out / "report"


WORK: dict[str, Callable[[Path], Path]] = {
    "sweep": swept,
    "run": ran,
    "calibrate": calibrated,
    "report": reported,
}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file but manifests and PDFs, whose times differ; Excel's times stand in its archive."""
    timed = (store.MANIFEST, ".pdf", ".xlsx", ".db")
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.endswith(timed)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


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
    time.sleep(after)
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


def kill_again_and_again(name: str, kills: int, luck: random.Random) -> str:
    """Kill one kind of work so many times, each time going on until done.

    Returns:
        What is wrong, "" if nothing.
    """
    work, done, rounds = WORK[name], 0, 0
    for _ in range(2):  # once to compile, once to time
        with tempfile.TemporaryDirectory() as place:
            begun = time.monotonic()
            whole = bytes_of(work(Path(place)))
            took = time.monotonic() - begun
    while done < kills:
        with tempfile.TemporaryDirectory() as place:
            out, here = Path(place), 0
            while here < 12 and done < kills:
                hit = killed(work, out, luck.random() * took * 0.7)
                done, here = done + hit, here + 1
                if wrong := half_done(out):
                    return wrong
            now = bytes_of(work(out))
            if now != whole:
                names = sorted(n for n in now.keys() | whole.keys() if now.get(n) != whole.get(n))
                return f"{name}: other bytes than undisturbed: {', '.join(names[:5])}"
            left = [p.name for p in out.rglob("*") if p.name.startswith((".draft", ".away"))]
            if left:
                return f"left behind {left[:3]}"
        rounds += 1
        told = f"{name}: killed {done} times, {rounds} rounds ended with the same bytes"
        print(told, flush=True)
    return ""


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
    parser.add_argument("--kills", type=int, default=200, help="of each kind of work")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", choices=list(WORK), action="append")
    asked = parser.parse_args()
    wrong = []
    with silent():
        for name in asked.work or WORK:
            wrong.append(kill_again_and_again(name, asked.kills, random.Random(asked.seed)))
        if not asked.work and sys.platform == "linux" and os.geteuid() == 0:
            wrong += [starved(size) for size in (100, 300, 700)]
    print("\n".join(filter(None, wrong)) or "nothing lost, nothing doubled")
    sys.exit(any(wrong))


if __name__ == "__main__":
    main()
