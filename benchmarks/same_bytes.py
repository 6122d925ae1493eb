"""The same numbers to the last bit, whatever computes them.

``python benchmarks/same_bytes.py PYTHON [PYTHON ...]`` lives the same studies with each of these
interpreters (each with xiaoqu, its own Python and its own mesa) under 1 and 2 processes, 1 and 2
threads, here and on a Dask cluster of this machine, and compares hashes of every table. Ends with
exit code 1 if any differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STUDIES = (
    ("kangqiao", "policy=five_level_linkage", "months=24"),
    ("w_compound", "policy=w_compound", "months=24"),
    ("ordinary_estate", "policy=[building_meetings,firm_tender]", "months=36"),
    ("kangqiao", "policy=none", "months=12", "network=watts_strogatz", "district.compounds=3",
     "district.communities=2", "district.companies=2"),
)  # fmt: skip
REPLICATIONS = 4


def digest(words: tuple[str, ...]) -> str:
    """Hash of all numbers of a study: runs, months and costs, column by column."""
    from sim.compose import load
    from sim.experiments.run import run

    whole = hashlib.sha256()
    study = run(load(*words, f"replications={REPLICATIONS}"))
    for frame in (study.runs, study.months, study.costs):
        for name in frame:
            column = frame[name].to_numpy()
            text = column.dtype.kind not in "biuf"
            whole.update(str(name).encode())
            whole.update("\0".join(map(str, column)).encode() if text else column.tobytes())
    return whole.hexdigest()[:16]


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Address of a Dask cluster of separate processes on this machine."""
    from distributed import LocalCluster

    keys = {"processes": True, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(n_workers=workers, silence_logs=50, **keys) as made:
        yield made.scheduler_address


def here() -> dict[str, list[str]]:
    """Hashes of the studies under every executor, in this interpreter."""
    found = {}
    for threads in (1, 2):
        for processes in (1, 2):
            words = (f"executor.threads={threads}",)
            local = (*words, f"executor.workers={processes}")
            found[f"local, {processes} processes, {threads} threads"] = [
                digest((*study, *local)) for study in STUDIES
            ]
            with cluster(processes) as address:
                dask = (*words, "executor.kind=dask", f"executor.address='{address}'")
                found[f"dask, {processes} processes, {threads} threads"] = [
                    digest((*study, *dask)) for study in STUDIES
                ]
    return found


def versions() -> str:
    """Python, mesa, numpy and numba of this interpreter."""
    from sim.experiments import provenance

    told = provenance.versions()
    names = ("python", "mesa", "numpy", "numba", "pandas", "pyarrow")
    return ", ".join(f"{name} {told[name]}" for name in names)


def main() -> None:
    """Ask each interpreter, print a table and say whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interpreters", nargs="*", default=[sys.executable])
    parser.add_argument("--here", action="store_true", help="print the hashes of this one as JSON")
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps({"versions": versions(), "hashes": here()}))
        return
    seen: set[tuple[str, ...]] = set()
    for interpreter in asked.interpreters:
        command = [interpreter, str(Path(__file__).resolve()), "--here"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
        print(told["versions"])
        for executor, hashes in told["hashes"].items():
            print(f"  {executor}: {' '.join(hashes)}", flush=True)
            seen.add(tuple(hashes))
    print("all the same" if len(seen) == 1 else f"{len(seen)} different results")
    sys.exit(len(seen) != 1)


if __name__ == "__main__":
    main()
