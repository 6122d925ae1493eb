"""What every benchmark prints and keeps: the machine, versions, tables, raw figures."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "POLARS_MAX_THREADS",
    )
}
"""Set before anything is imported, here and in every process started, so that one run is one thread."""

PACKAGES = (
    "xiaoqu", "mesa", "agentpy", "mesa-frames", "polars", "numpy", "scipy", "numba", "networkx", "pandas",
    "pyarrow", "dask", "distributed",
)  # fmt: skip

Raw = dict[str, Any]


def machine() -> Raw:
    """Processor, cores, memory, system and versions."""
    cpu, flags = platform.processor() or "unknown", ""
    if (info := Path("/proc/cpuinfo")).exists():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            cpu = value.strip() if key.strip() == "model name" else cpu
            flags = value.strip() if key.strip() == "flags" else flags
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": cpu,
        "vectors": "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "compiler": _compiler(),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _compiler() -> str:
    from peers.c_core import FLAGS, compiler

    found = compiler()
    if found is None:
        return ""
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    return f"{said.splitlines()[0]} {' '.join(FLAGS)}"


def introduce(about: Raw) -> None:
    """Print what ``machine`` found."""
    print(
        f"{about['cpu']} {about['vectors']}, {about['cores']} cores, {about['memory_gib']} GiB, "
        f"{about['system']}, Python {about['python']}; load at the start {about['load']}"
    )
    print(", ".join(f"{name} {found}" for name, found in about["packages"].items()))
    print(about["compiler"] or "no C compiler")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table; the first column to the left, the others to the right."""
    print("\n| " + " | ".join(head) + " |")
    print("|---" + "|---:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def say(text: str) -> None:
    """Print a line of progress, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall-clock and processor seconds of a call in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def command(words: Sequence[str], **environment: str) -> Raw:
    """Run a whole process: seconds by the clock, to its first words and of processors, and what it said.

    Raises:
        RuntimeError: It failed; with its last words.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    given = {**os.environ, **ONE_THREAD, **environment}
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            list(words), stdout=subprocess.PIPE, stderr=errors, text=True, env=given
        ) as process,
    ):
        assert process.stdout is not None
        said = process.stdout.read(1)
        first = time.perf_counter() - start
        said += process.stdout.read()
        process.wait()
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(words)}: {errors.read().strip()[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall, "first_s": first, "cpu_s": cpu, "said": said}


def python(function: str, *arguments: object) -> list[str]:
    """Words of a process that prints as JSON what a function MODULE.NAME gives for its arguments."""
    call = f"from {function.rpartition('.')[0]} import {function.rpartition('.')[2]} as f"
    code = f"import sys, json; sys.path.insert(0, {str(HERE)!r}); {call}; print(json.dumps(f(*{arguments!r})))"
    return [sys.executable, "-c", code]


def median(values: Sequence[float]) -> float:
    """The median, of any iterable of numbers."""
    return statistics.median(values)


def keep(path: Path | None, part: str, raw: Raw) -> None:
    """Add the raw figures of one part to a JSON file."""
    if path is None:
        return
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept[part] = raw
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n")
