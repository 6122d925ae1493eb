"""Households month by month: the columns that somebody asks for, kept as a run is lived."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.explain import unknown_name
from sim.world.tables import Households

KEYS = {"month": "i4", "compound": "i4", "household": "i4"}
"""What says which row it is, and how it is kept."""


class Panel:
    """Columns of all households at the end of every month, from when it was asked for on.

    It takes as many bytes a household and month as the columns are wide (1 for a flag or a code, 8 for most
    numbers), and 12 more once it is a frame.

    Attributes:
        columns: Columns kept.
        months: Months kept, the first being that in which it was asked for.
    """

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns, self.months = columns, list[int]()
        self._compound = np.empty(0, KEYS["compound"])
        self._kept: dict[str, list[np.ndarray]] = {name: [] for name in columns}

    def keep(self, world: Any) -> None:
        """Keep the households of a world as they are now."""
        self._compound = world.households.compound
        self.months.append(world.month)
        for name in self.columns:
            self._kept[name].append(getattr(world.households, name).copy())

    def copy(self) -> Panel:
        """The same months, to be gone on with apart."""
        twin = Panel(self.columns)
        twin.months, twin._compound = self.months[:], self._compound
        twin._kept = {name: months[:] for name, months in self._kept.items()}
        return twin

    def frame(self) -> pd.DataFrame:
        """A row per month and household (a unit; ``moved`` tells whether somebody new lives there)."""
        households, months = len(self._compound), len(self.months)
        keys = (
            np.repeat(self.months, households),
            np.tile(self._compound, months),
            np.tile(np.arange(households), months),
        )
        columns = {
            name: key.astype(kind) for (name, kind), key in zip(KEYS.items(), keys, strict=True)
        }
        return pd.DataFrame(
            columns | {name: np.concatenate(kept) for name, kept in self._kept.items()}
        )


def panel_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Columns of households that were asked for, each once, in the order in which households have them.

    Raises:
        InputError: One is no column that a panel can keep, or none is named.
    """
    asked = household_columns(names, "panel", KEYS)
    if not asked:
        raise InputError("panel", "names no column", "columns of households, as paid,arrears_fen")
    return asked


def household_columns(
    names: Iterable[str], where: str, without: Container[str] = ()
) -> tuple[str, ...]:
    """Columns of households, one number each, that were asked for, in the order households have them.

    Args:
        names: What was asked for.
        where: What asks, for the error.
        without: Columns that cannot be asked for.

    Raises:
        InputError: One is no such column; names those that are.
    """
    asked = {names} if isinstance(names, str) else set(names)
    known = [n for n, c in Households.columns.items() if not c.shape and n not in without]
    for name in sorted(asked.difference(known), key=str):
        raise unknown_name(where, f"households have no {name!r}", str(name), known)
    return tuple(name for name in known if name in asked)
