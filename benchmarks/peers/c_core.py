"""The core month in C: builds ``core_month.c`` when first asked for, and calls it through ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from peers import rules as r
from peers.world import World

SOURCE = Path(__file__).with_name("core_month.c")
FLAGS = ("-O3", "-march=native", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math")

_READ = ("indptr", "fee", "neighbours", "life", "kind", "burden", "taste")
_STATE = ("satisfaction", "trust_firm", "grievance", "habit", "norm")
_REST = ("owed_fen", "owed_months", "paid")
_SHOWN = ("shown_satisfaction", "shown_paid", "words", "next_words")


class _World(ctypes.Structure):
    _fields_ = [
        ("n", ctypes.c_int64),
        *[(name, ctypes.c_void_p) for name in (*_READ, *_STATE, *_REST, *_SHOWN)],
    ]


class _Lines(ctypes.Structure):
    _fields_ = [("due", ctypes.c_int64), ("condition", ctypes.c_double * 5)]


def compiler() -> str | None:
    """The C compiler: ``$CC``, else ``cc``; None if there is none."""
    return shutil.which(os.environ.get("CC", "cc"))


@cache
def library() -> ctypes.CDLL:
    """The compiled source, kept for next time under the hash of source and flags.

    Raises:
        RuntimeError: There is no compiler.
    """
    found = compiler()
    if found is None:
        raise RuntimeError("no C compiler: set CC, or install one as cc")
    mark = hashlib.sha256(SOURCE.read_bytes() + " ".join((found, *FLAGS)).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"core_month_{os.getuid()}"
    folder.mkdir(exist_ok=True)
    built = folder / f"{mark}.so"
    if not built.exists():
        fresh = folder / f"{mark}.{os.getpid()}.so"
        words = [found, *FLAGS, "-shared", "-fPIC", "-o", str(fresh), str(SOURCE), "-lm"]
        subprocess.run(words, check=True)
        fresh.replace(built)
    loaded = ctypes.CDLL(str(built))
    loaded.triad.restype = ctypes.c_double
    return loaded


class Core:
    """One compound; ``run`` gives its indicators (months, 5)."""

    ENTRY = "core_fused"

    def __init__(self, world: World, seed: int) -> None:
        self.lib, self.seed, self.month = library(), seed, 0
        n = len(world)
        arrays = {name: np.ascontiguousarray(getattr(world, name)) for name in _READ}
        arrays |= {name: getattr(world, name).copy() for name in _STATE if name != "norm"}
        arrays |= {
            "norm": np.full(n, 0.85),
            "owed_fen": np.zeros(n, np.int64),
            "owed_months": np.zeros(n, np.int32),
            "paid": world.paid.copy(),
            "shown_satisfaction": np.empty(n),
            "shown_paid": np.empty(n, np.int8),
            "words": np.empty(n, np.uint64),
            "next_words": np.empty(n, np.uint64),
        }
        self.arrays = arrays  # Kept, since the library holds bare addresses.
        self.world = _World(n, **{name: array.ctypes.data for name, array in arrays.items()})
        self.lines = _Lines(int(world.fee.sum()))
        self.lines.condition[:] = list(r.CONDITION)
        self.lib.core_words(ctypes.byref(self.world))

    def run(self, months: int) -> np.ndarray:
        out = np.empty((months, len(r.INDICATORS)))
        getattr(self.lib, self.ENTRY)(
            ctypes.byref(self.world),
            ctypes.byref(self.lines),
            ctypes.c_int64(self.month),
            ctypes.c_int64(months),
            ctypes.c_uint64(self.seed),
            ctypes.c_void_p(out.ctypes.data),
        )
        self.month += months
        return out


class Blocks(Core):
    """The same in blocks: the practical limit."""

    ENTRY = "core_blocks"


def bandwidth(megabytes: int = 384, times: int = 8) -> float:
    """Best rate of STREAM's triad over three arrays of that size together, in GB/s."""
    n = megabytes * 1_000_000 // 24
    a, b, c = np.zeros(n), np.ones(n), np.ones(n)
    ends = [ctypes.c_void_p(x.ctypes.data) for x in (a, b, c)]
    return float(library().triad(*ends, ctypes.c_int64(n), ctypes.c_int(times)))
