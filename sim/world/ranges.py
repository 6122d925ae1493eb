"""Whether every column is in its declared range, looked at where somebody's own parts have been lived.

Ours keep theirs (a test holds them to it). A theory that gives no chance, or a mechanism that leaves NaN behind,
would otherwise end in numbers that look right: who pays with the chance NaN never pays.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.world.declare import Column

LEEWAY = 1e-9
"""That sums may be beyond a bound by rounding."""


def foreign(month: Iterable[Any], measures: list[Any]) -> tuple[str, ...]:
    """Processes and measures of a month that are not of xiaoqu itself, each with its file or module."""
    homes = ((p.name, _module(p, measures)) for p in month)
    return tuple(f"{name} of {_told(home)}" for name, home in homes if not home.startswith("sim."))


def _told(home: str) -> str:
    # Files of one name are told apart by what is put behind it, of which nobody knows.
    file = getattr(sys.modules.get(home), "__file__", None)
    return Path(file).stem if file and home.startswith("xiaoqu_plugin_") else home


def _module(process: Any, measures: list[Any]) -> str:
    if process.run is None:
        return type(measures[process.entry]).__module__
    run = getattr(process.run, "py_func", process.run)
    return str(getattr(getattr(run, "func", run), "__module__", None) or "?")


def check_ranges(world: Any, names: tuple[str, ...]) -> None:
    """Look at all columns of households, buildings, compounds and actors.

    Args:
        world: As it is at the end of a month.
        names: Processes that may be to blame.

    Raises:
        InputError: A value is out of its column's range, or no number.
    """
    for table, of in world.tables.items():
        if table in ("households", "buildings"):
            for name, column in of.columns.items():
                _check(world, f"{table}.{name}", column, getattr(of, name), names)
        elif hasattr(of, "row") and table not in ("signals", "measures"):
            for name, column in of.row.columns.items():
                _check(world, f"{table}.{name}", column, of.array[name], names)


def check_signals(world: Any, names: tuple[str, ...]) -> None:
    """Look at the named values of a month, where somebody's own parts have been lived.

    Raises:
        InputError: One is no number: a push of NaN would move nobody, and say nothing.
    """
    if not names or "signals" not in world.tables:
        return
    values = world.tables["signals"].array
    for name in values.dtype.names if np.isnan(values.view("f8")).any() else ():
        if (wrong := np.isnan(values[name])).any():
            problem = f"is nan in row {int(wrong.argmax())} in month {world.month}, after {', '.join(names)}"
            raise InputError(f"named value {name}", problem, "a number")


def _check(
    world: Any, key: str, column: Column, values: np.ndarray, names: tuple[str, ...]
) -> None:
    bounds = _bounds(column.allowed)
    if bounds is None:
        return
    low, high = bounds
    # Neither is true of NaN.
    if not values.size or (values.min() >= low - LEEWAY and values.max() <= high + LEEWAY):
        return
    wrong = ~((values >= low - LEEWAY) & (values <= high + LEEWAY))
    row = int(np.argwhere(wrong)[0][0])
    problem = (
        f"is {values[wrong][0]:g} in row {row} by month {world.month}, after {', '.join(names)}"
    )
    raise InputError(f"column {key}", problem, column.allowed)


@cache
def _bounds(allowed: str) -> tuple[float, float] | None:
    try:
        return Column("f8", "1", allowed, "").bounds
    except ValueError:
        return None  # such as 0 to 1 or NaN
