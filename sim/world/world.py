"""The world of a run: all of its state, in memory that compiled rules and Python share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numba import types

from sim.schema import Parameters
from sim.world import native
from sim.world.declare import Columns, Row
from sim.world.tables import COLUMN_TABLES

NUMBERS = {
    "month": "month being lived", "seed": "seed of the run", "issues_held": "issues in the book",
    "booked": "rows of the ledger in use", "task_room": "tasks a cell has room for in a month",
    "written_off_fen": "arrears written off so far", "lived": "months noted", "at": "place in the month",
    "placed": "problems that events place this month", "ties_change": "whether ties grow and fade",
}  # fmt: skip
"""Whole numbers of the run."""

ARRAYS = {
    "branches": ("i8", 1), "building_start": ("i8", 1), "neutral": ("f8", 1), "notes": ("f8", 3),
    "issue_counts": ("f8", 2), "reaches": ("u1", 2), "lead": ("f8", 1), "recruits": ("f8", 1),
    "states": ("u1", 1), "own_parameters": ("u1", 1),
}  # fmt: skip
"""Lists that belong to no table: compounds by company, first building of each compound, neutral values,
notes (months, compounds, NOTES), counts of the book (compounds, COUNTS), which measure reaches which
compound, two numbers per compound, and what measures remember and how they are set, byte by byte."""

ROW_TABLES = (
    "compounds", "signals", "census", "firms", "companies", "committees", "cells",
    "developers", "communities", "streets", "measures",
)  # fmt: skip


class Rows:
    """All rows of a table kept row by row; ``rows[k]`` is one, ``rows["name"]`` a column (rows,)."""

    def __init__(self, world: World, array: np.ndarray, row: type[Row]) -> None:
        self.world, self.array, self.row = world, array.view(np.recarray), row
        self._made: dict[int, Row] = {}

    @property
    def numbers(self) -> np.ndarray:
        """The table as (rows, columns), where every column is an f8."""
        return self.array.view(np.float64).reshape(len(self.array), -1)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, str):
            return self.array[at]
        if at not in self._made:
            self._made[at] = self.row(self.world, at)
        return self._made[at]


class World:
    """Tables, numbers and parameters of one run.

    Args:
        parameters: For each group its parameters by kind of compound.
        model: The mesa model that the actors belong to.

    Attributes:
        slots: What compiled rules get: where everything lies.
    """

    _numba_type_ = native.WORLD

    def __init__(self, parameters: dict[str, list[Parameters]], model: Any = None) -> None:
        size = sum(3 for _ in native.TABLES["world"]) + 3
        self.slots = np.zeros(size + 64, np.int64)
        self._address = self.slots.ctypes.data
        self.model, self.groups = model, parameters
        self.tables: dict[str, Any] = {}
        self.codes: dict[str, int] = {}
        for group, by_kind in parameters.items():
            self._put_array(f"p_{group}", np.concatenate([p.record for p in by_kind]))

    def put(self, name: str, table: Columns | np.ndarray) -> None:
        """Put a table in: columns, or the records of a table kept row by row."""
        slot, _ = native.TABLES["world"][name]
        if isinstance(table, Columns):
            self.tables[name], self.slots[slot] = table, table._address
        elif name in ROW_TABLES:
            array = np.ascontiguousarray(table)
            self.tables[name] = Rows(self, array, native.ROWS[name])
            self.slots[slot : slot + 3] = array.ctypes.data, len(array), array.itemsize
        else:
            self._put_array(name, table)

    def _put_array(self, name: str, array: np.ndarray) -> None:
        slot, _ = native.TABLES["world"][name]
        self.tables[name] = array = np.ascontiguousarray(array)
        self.slots[slot] = array.ctypes.data
        self.slots[slot + 1 : slot + 1 + array.ndim] = array.shape
        if name.startswith("p_"):
            self.slots[slot + 2] = array.itemsize
            # Records whose fields Python reads as rules do, ``p.name``.
            self.tables[name] = array.view(np.recarray)

    def __getattr__(self, name: str) -> Any:
        if name in NUMBERS:
            return int(self.slots[native.TABLES["world"][name][0]])
        try:
            return self.__dict__["tables"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in NUMBERS:
            self.slots[native.TABLES["world"][name][0]] = value
        else:
            object.__setattr__(self, name, value)

    def code(self, name: str) -> int:
        """Number by which rules know a measure's label or who pays."""
        return self.codes[name]

    def row(self, table: str, index: int) -> Any:
        """One row of a table kept row by row."""
        return self.tables[table][index]

    def copy(self) -> Self:
        """A fork: the same state in memory of its own, without a list of what to copy."""
        twin = type(self)(self.groups, self.model)
        for name, table in self.tables.items():
            if name.startswith("p_"):
                continue
            own = table.array if isinstance(table, Rows) else table
            twin.put(name, own.copy())
        for name in NUMBERS:
            setattr(twin, name, getattr(self, name))
        twin.codes = self.codes
        return twin


def see(groups: dict[str, Any]) -> None:
    """Let rules see the world: its numbers, tables and groups of parameters.

    Args:
        groups: Record dtype of each group.
    """
    fields: dict[str, tuple[int, Any]] = {}
    slot = 0
    for name in NUMBERS:
        fields[name] = slot, types.int64
        slot += 1
    for name in COLUMN_TABLES:
        fields[name] = slot, native.TableType(name)
        slot += 1
    for name in ROW_TABLES:
        fields[name] = slot, native.RowsType(name)
        slot += 3
    for name, (dtype, dimensions) in ARRAYS.items():
        fields[name] = slot, native._array(dtype, dimensions)
        slot += 1 + dimensions
    for group, dtype in groups.items():
        native.GROUPS[group] = dtype
        fields[f"p_{group}"] = slot, native._array(dtype, 1)
        slot += 3
    native.TABLES["world"] = fields
