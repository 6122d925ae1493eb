"""The world of a run: all of its state, in memory that compiled rules and Python share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numba import types

from sim.compiled import kernel
from sim.schema import Parameters
from sim.world import native
from sim.world.declare import Columns, Row
from sim.world.tables import COLUMN_TABLES

NUMBERS = {
    "month": "month being lived", "seed": "seed of the run", "issues_held": "issues in the book",
    "booked": "rows of the ledger in use", "task_room": "tasks a cell has room for in a month",
    "written_off_fen": "arrears written off so far", "lived": "months noted",
    "first_month": "calendar month of month 1", "at": "place in the month",
    "placed": "problems that events place this month", "ties_change": "whether ties grow and fade",
    "number_of_compounds": "compounds", "number_of_measures": "events and measures",
}  # fmt: skip
"""Whole numbers of the run."""

ARRAYS = {
    "branches": ("i8", 1), "neutral": ("f8", 1), "notes": ("f8", 3), "reaches": ("u1", 2),
    "states": ("u1", 1), "own_parameters": ("u1", 1),
}  # fmt: skip
"""Lists that belong to no table: compounds by company, neutral values of the signals, notes (months,
compounds, NOTES), which measure reaches which compound (measures, compounds), and what measures remember
and how they are set, byte by byte."""

ROW_TABLES = (
    "compounds", "signals", "census", "counted", "worked", "firms", "companies", "committees", "cells",
    "developers", "communities", "streets", "measures", "assemblies", "funds",
)  # fmt: skip

_IN_USE = {"issues": "issues_held", "ledger": "booked"}
"""Tables that grow, and the number that says how many of their rows are in use."""


class Rows:
    """All rows of a table kept row by row; ``rows[k]`` is one, ``rows["name"]`` a column (rows,)."""

    def __init__(self, world: World, array: np.ndarray, row: type[Row]) -> None:
        self.world, self.array, self.row = world, array.view(np.recarray), row
        self.made: dict[int, Row] = {}

    @property
    def numbers(self) -> np.ndarray:
        """The table as (rows, columns), where every column is an f8."""
        return np.asarray(self.array).view(np.float64).reshape(len(self.array), -1)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, str):
            return np.asarray(self.array)[at]
        at = int(at)
        if at not in self.made:
            if not 0 <= at < len(self.array):
                raise IndexError(f"there are {len(self.array)} {self.row.table}")
            self.made[at] = self.row(self.world, at)
        return self.made[at]

    def __setitem__(self, name: str, values: Any) -> None:
        np.asarray(self.array)[name] = values


class World:
    """Tables, numbers and parameters of one run.

    Args:
        model: The mesa model that the actors belong to.

    Attributes:
        slots: What compiled rules get: where everything lies.
        labels: Names under which costs are booked: events and measures in their order, then any other.
        kinds: Names of the kinds of compound, "" alone where all are alike.
    """

    _numba_type_ = native.WORLD

    def __init__(self, model: Any = None) -> None:
        self.slots = np.zeros(_slots_needed(), np.int64)
        self._address = self.slots.ctypes.data
        self.model = model
        self.tables: dict[str, Any] = {}
        self.labels: list[str] = []
        self.kinds: list[str] = [""]

    def put(self, name: str, table: Columns | np.ndarray) -> None:
        """Put a table in: columns, or the records of a table kept row by row."""
        slot, kind = native.TABLES["world"][name]
        if isinstance(table, Columns):
            self.tables[name], self.slots[slot] = table, table._address
        elif isinstance(kind, native.RowsType):
            array = np.ascontiguousarray(table)
            self.tables[name] = Rows(self, array, native.ROWS[name])
            self.slots[slot : slot + 3] = array.ctypes.data, len(array), array.itemsize
        else:
            self._put_array(name, table)

    def put_parameters(self, groups: Mapping[str, Sequence[Parameters]]) -> None:
        """Set the parameters of groups, for each its values by kind of compound."""
        for group, by_kind in groups.items():
            # Only at the first two kinds is there anything to join, and joining records takes time.
            first, *more = (p.record for p in by_kind)
            whole = np.concatenate([first, *more]) if more else first.copy()
            self._put_array(f"p_{group}", whole)

    def _put_array(self, name: str, array: np.ndarray) -> None:
        slot, _ = native.TABLES["world"][name]
        self.tables[name] = array = np.ascontiguousarray(array)
        self.slots[slot] = array.ctypes.data
        self.slots[slot + 1 : slot + 1 + array.ndim] = array.shape
        if name.startswith("p_"):
            self.slots[slot + 2] = array.itemsize

    def __getattr__(self, name: str) -> Any:
        if name in NUMBERS:
            return int(self.slots[native.TABLES["world"][name][0]])
        try:
            table = self.__dict__["tables"][name]
        except KeyError:
            raise AttributeError(f"the world has no {name!r}") from None
        # Parameters are read by their names.
        return table.view(np.recarray) if name.startswith("p_") else table

    def __setattr__(self, name: str, value: Any) -> None:
        if name in NUMBERS:
            self.slots[native.TABLES["world"][name][0]] = value
        else:
            object.__setattr__(self, name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *NUMBERS, *self.tables]

    def label(self, name: str) -> int:
        """Number by which rules know a label; a name not met before gets one."""
        if name not in self.labels:
            self.labels.append(name)
        return self.labels.index(name)

    def row(self, table: str, index: int) -> Any:
        """One row of a table kept row by row."""
        return self.tables[table][index]

    def make_room(self) -> None:
        """Lengthen what may be full within a month: issues, costs and notes."""
        self.issues.make_room(self.issues_held + len(self.households))
        self.ledger.make_room(self.booked + ledger_rows(self))
        if self.lived >= len(self.notes):
            longer = np.zeros((2 * self.lived + 1, *self.notes.shape[1:]))
            longer[: self.lived] = self.notes[: self.lived]
            self.put("notes", longer)

    def copy(self, model: Any = None, *, whole: bool = False) -> Self:
        """A fork: the same state in memory of its own, without a list of what to copy.

        Args:
            model: The model that the copy's actors belong to, this one's by default.
            whole: Copy also what never changes.
        """
        twin = type(self)(self.model if model is None else model)
        for name in NUMBERS:
            setattr(twin, name, getattr(self, name))
        for name, table in self.tables.items():
            if isinstance(table, Columns):
                used = getattr(self, _IN_USE[name]) if name in _IN_USE else None
                twin.put(name, table.copy(whole=whole, used=used))
            else:
                own = table.array if isinstance(table, Rows) else table
                twin.put(name, (own[: self.lived] if name == "notes" else own).copy())
        twin.labels, twin.kinds = self.labels[:], self.kinds
        return twin


@kernel
def ledger_rows(world):  # type: ignore[no-untyped-def]
    """Most rows of the ledger that a month can take."""
    return world.number_of_compounds * (4 * world.task_room + 8 * max(world.number_of_measures, 1))


def _slots_needed() -> int:
    return max(slot for slot, _ in native.TABLES["world"].values()) + 4


OWN: dict[str, Any] = {}
"""Tables and groups of somebody's own, as rules see them, in the order they were given."""

_seen: list[dict[str, Any]] = []


def see(groups: Mapping[str, Any]) -> None:
    """Let rules see the world: its numbers, tables and groups of parameters; what is added comes last.

    Args:
        groups: Record dtype of each group of our own.
    """
    asked = [dict(groups), dict(OWN)]
    if _seen == asked:
        return
    native.GROUPS.update(groups)
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
    records = {f"p_{group}": native._array(dtype, 1) for group, dtype in groups.items()}
    for name, kind in (records | OWN).items():
        fields[name] = slot, kind
        slot += 3
    native.TABLES["world"] = fields
    _seen[:] = asked
