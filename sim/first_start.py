"""The first start, shared out over processes: each rule is compiled by one of them and read from disk by the others.

Whoever is about to compile a rule claims it by a file beside the place where it will be kept. A rule that
another process has claimed is left to the end, when it most likely lies there. Claims only save work: a rule
that is compiled twice all the same is the same rule.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sim.cache import folder
from sim.compiled import kept_at
from sim.world.native import INTERPRETED
from sim.world.process import Process

CLAIM_SECONDS = 90
"""Age at which a claim is void: whoever made it was ended meanwhile. The longest rule takes some 12 s."""

MANY = 20
"""Rules to compile from which on helpers are called: one takes 4 s to start."""

MOST_HELPERS = 3
"""They share rules of a second or more each, and take some 300 MB of memory each."""

_helpers: list[subprocess.Popen[bytes]] = []
"""Held, since a process that nobody holds is complained of. They end by themselves."""

_HELPS = "XIAOQU_HELPS_COMPILING"
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "import sim.model; sim.model.NeighborhoodModel(scenario='ordinary_estate', months=1)"
)


def compile_all(processes: Iterable[Process]) -> None:
    """Compile what processes of a month need, or read it from disk, together with whoever does the same now."""
    if INTERPRETED:
        return
    # Asked by every run: once all is compiled, nothing more is done.
    new = list(dict.fromkeys(p for p in processes if p.compiled and not p.run.overloads))
    if not new:
        return
    missing = [p for p in new if (place := kept_at(p.run)) and not place.exists()]
    helps = os.environ.get(_HELPS)
    if helps is not None:
        _help_out(missing, int(helps))
    if len(missing) >= MANY:
        _call_helpers()
    later = []
    for p in new:
        with _claimed(kept_at(p.run)) as ours:
            if ours:
                p.address()
            else:
                later.append(p)
    for p in later:
        _wait(kept_at(p.run))
        p.address()


def _help_out(missing: list[Process], turn: int) -> None:
    """In a process of its own: compile until all is there or the caller is gone, and end."""
    caller = os.getppid()
    # The caller begins at the beginning.
    start = len(missing) * turn // (MOST_HELPERS + 1)
    for p in (*missing[::-1][start:], *missing[::-1][:start]):
        with _claimed(kept_at(p.run)) as ours:
            if ours:
                p.address()
        if os.getppid() != caller:
            break
    os._exit(0)


def _call_helpers() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    # Of several processes that start at once one calls them, so its claim stays till it is void.
    if not sys.executable or not _claim(folder() / "helpers"):
        return
    for turn in range(min((cores or 1) - 1, MOST_HELPERS)):
        command = [sys.executable, "-P", "-c", _CODE, json.dumps(sys.path)]
        with suppress(OSError):
            _helpers.append(
                subprocess.Popen(
                    command,
                    env={**os.environ, _HELPS: str(turn)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            )


@contextmanager
def _claimed(place: Path | None) -> Iterator[bool]:
    """Whether a rule is this process's to compile: for the time of the block no other one's then."""
    if place is None or place.exists():
        yield True
        return
    claim = Path(f"{place}.claim")
    ours = _claim(claim)
    try:
        yield ours
    finally:
        if ours:
            claim.unlink(missing_ok=True)


def _claim(claim: Path) -> bool:
    try:
        claim.parent.mkdir(parents=True, exist_ok=True)
        if time.time() - claim.stat().st_mtime > CLAIM_SECONDS:
            claim.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    except OSError:
        return True  # where nothing can be kept, nothing can be shared
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def _wait(place: Path | None) -> None:
    """Until another process has kept a rule, or has let go of it."""
    if place is None:
        return
    claim = Path(f"{place}.claim")
    with suppress(OSError):
        while not place.exists() and time.time() - claim.stat().st_mtime < CLAIM_SECONDS:
            time.sleep(0.05)
