"""Seeds of models that ``mesa.batch_run`` makes, so that no iteration is a copy of another.

Mesa 3.3 makes the model of every iteration with the same words, and mesa 3.5 gives ``rng=None`` to
each: a model cannot know from its arguments that it is the second. It looks who calls it.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
from mesa.datacollection import DataCollector

from sim.errors import InputError
from sim.explain import show

_BY_STEP = "_collection_steps"
"""Where mesa's collector keeps the step of each row, from 3.4 on."""


class Iteration(NamedTuple):
    """One run of a batch.

    Attributes:
        number: Which iteration of its parameters this is, from 0.
        keys: What the model is made with; goes into the batch's table of results.
        last: Number of the last iteration, as far as it is known in this process.
    """

    number: int
    keys: dict[str, Any]
    last: int


def given_seed(seed: Any, rng: Any) -> int | None:
    """The seed a caller named: ours is ``seed``, mesa calls it ``rng``.

    Raises:
        InputError: Both are named, or one is no whole number.
    """
    if seed is not None and rng is not None:
        raise InputError("rng", f"{show(rng)} is given and seed {show(seed)} too", "one of the two")
    name, value = ("seed", seed) if rng is None else ("rng", rng)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(name, f"{show(value)} is not allowed", "a whole number")
    return int(value)


def batch_seed(seed: int | None, first: int) -> int:
    """The seed to live: as named, else the first one, in a batch plus the number of the iteration.

    Args:
        seed: As named, None if it was not.
        first: Seed of the configuration.

    Raises:
        InputError: Iterations of a batch would all live the one seed that is named.
    """
    found = _iteration()
    if found is None:
        return first if seed is None else seed
    if seed is not None and found.last > 0 and found.keys.get("rng") is None:
        problem = f"{seed} would be lived by every iteration of mesa.batch_run"
        allowed = f"seed=[{seed}, {seed + 1}, ...] without iterations, or no seed"
        raise InputError("seed", problem, allowed)
    if seed is None:
        seed = first + found.number
        # The table of results then says which seed each row lived.
        found.keys["seed"] = seed
    return seed


def told_without_start() -> bool:
    """Whether a batch reads a collector as if nothing was collected before the first step.

    Mesa 3.3 takes the place "steps - 1" for the last: with the state before the first month in the
    collector that would be the month before the last.
    """
    return _frame("_model_run_func") is not None and not hasattr(DataCollector(), _BY_STEP)


def _iteration() -> Iteration | None:
    run = _frame("_model_run_func")
    if run is None:
        return None
    _, number, keys = run.f_locals["run"]
    batch = _frame("batch_run")
    # Not there in worker processes, where later iterations tell.
    last = number if batch is None else max(n for _, n, _ in batch.f_locals["runs_list"])
    if batch is not None and "seed" in batch.f_locals["parameters"] and keys.get("seed") is None:
        raise InputError("seed", "is replaced by mesa.batch_run's rng", "rng=[1, 2, 3]")
    return Iteration(number, keys, last)


def _frame(function: str) -> FrameType | None:
    """The call of one of mesa's functions that this one comes from."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        names = (frame.f_code.co_name, frame.f_globals.get("__name__"))
        if names == (function, "mesa.batchrunner"):
            return frame
        frame = frame.f_back
    return None
