"""How the state of a run is declared: tables of columns, each with unit, range and meaning.

From these declarations, and from nothing else, follow memory, copies (a fork is one), the types that
compiled rules see, what a newcomer gets and the tables of the documents. A table of many rows that rules
go through in loops (households, ties) is kept column by column (``Columns``); a table with one row per
compound or organisation, whose rules read like a person's day, is kept row by row (``Row``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from sim.errors import InputError
from sim.explain import unknown_name

_FORMS = (
    ("any", -np.inf, np.inf), ("N or more", None, np.inf), ("above N", None, np.inf),
    ("N to (?:below )?N", None, None), ("N(?:, N)+", None, None),
)  # fmt: skip
"""How a range is written: where a bound is None, it is one of the numbers N."""


@dataclass
class Column:
    """One declared column.

    Attributes:
        dtype: Short numpy name, as in "f8", "i8", "?".
        unit: Unit, "1" for a pure number.
        allowed: Range in words.
        doc: Meaning, in a few words.
        newcomer: What a household that moves in gets: a number, the name of a parameter of turnover, or
            "donor" for the value of a first resident; None keeps what the unit has.
        shape: Of one row's value, () for a number.
        fixed: Never changes once a run is built, so forks share it.
        drawn: How somebody's own column of households begins where no file says it, see ``sim.own``.
    """

    dtype: str
    unit: str
    allowed: str
    doc: str
    newcomer: float | str | None = None
    shape: tuple[int, ...] = ()
    fixed: bool = False
    drawn: Any = None
    name: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value, as ``allowed`` has them.

        Raises:
            ValueError: It has them in no form that is known.
        """
        for form, low, high in _FORMS:
            if found := re.fullmatch(form.replace("N", r"(-?\d+(?:\.\d+)?)"), self.allowed):
                numbers = [float(number) for number in found.groups()]
                return numbers[0] if low is None else low, numbers[-1] if high is None else high
        raise ValueError(self.allowed)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        value = row.record[self.name]
        # Plain numbers, so that a rule run as Python reckons as it does compiled.
        return value if self.shape else value.item()

    def __set__(self, row: Any, value: Any) -> None:
        row.record[self.name] = value


def column(
    dtype: str, unit: str, allowed: str, doc: str, *, newcomer: float | str | None = None,
    shape: tuple[int, ...] = (), fixed: bool = False,
) -> Any:  # fmt: skip
    """Declare a column, see ``Column``."""
    return Column(dtype, unit, allowed, doc, newcomer, shape, fixed)


@dataclass
class Link:
    """Where a row leads: to the row of another table with the same index, or with one that a column holds."""

    table: str
    by: str = ""

    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        return row.world.row(self.table, getattr(row, self.by) if self.by else row.index)


def link(table: str, by: str = "") -> Any:
    """Declare a link, see ``Link``; ``by`` is an i8 column."""
    return Link(table, by)


def declared(owner: type) -> dict[str, Column]:
    """Columns of a class and its bases, in their order."""
    found: dict[str, Column] = {}
    for base in reversed(owner.__mro__):
        found |= {name: c for name, c in vars(base).items() if isinstance(c, Column)}
    return found


class Columns:
    """A table kept column by column: every attribute is an array (rows, *shape).

    ``slots`` is what compiled code gets: for each column its address and its length along each axis, from
    the place that ``places`` names on.
    """

    columns: ClassVar[dict[str, Column]] = {}
    places: ClassVar[dict[str, int]] = {}
    slots_needed: ClassVar[int] = 0
    slots: np.ndarray
    _address: int

    def __init_subclass__(cls) -> None:
        cls.columns, cls.places, cls.slots_needed = {}, {}, 0
        for name, one in declared(cls).items():
            _place(cls, name, one)
            # Reading goes to the instance's own array.
            setattr(cls, name, None)

    def __init__(self, rows: int) -> None:
        self._begin()
        slots: list[int] = []
        for name, declared in self.columns.items():
            self.__dict__[name] = column = np.zeros((rows, *declared.shape), declared.dtype)
            slots += column.ctypes.data, *column.shape
        # All at once, for a run begins with some two hundred columns.
        self.slots[:] = slots

    def _begin(self) -> None:
        self.__dict__["slots"] = np.zeros(self.slots_needed, np.int64)
        self.__dict__["_address"] = self.slots.ctypes.data

    def _keep(self, name: str, value: np.ndarray) -> None:
        at = self.places[name]
        self.slots[at] = value.__array_interface__["data"][0]
        for axis, length in enumerate(value.shape, at + 1):
            self.slots[axis] = length
        self.__dict__[name] = value

    def __setattr__(self, name: str, value: Any) -> None:
        declared = self.columns.get(name)
        if declared is None:
            if not name.startswith("_") and not hasattr(type(self), name):
                # Kept beside the columns, it would change nothing and nobody would be told.
                title = type(self).__name__.lower()
                raise unknown_name(f"column {name}", f"{title} have none", name, list(self.columns))
            object.__setattr__(self, name, value)
            return
        held, before = np.ascontiguousarray(value, declared.dtype), self.__dict__.get(name)
        # Compiled rules look at no length: a shorter column would let them read beyond it.
        if before is not None and len(before) and held.shape != before.shape:
            raise InputError(f"column {name}", f"{held.shape} is set", f"{before.shape}")
        self._keep(name, held)

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.columns))))

    def rows(self, first: int, last: int) -> Self:
        """Rows first to last - 1 as a table that shares its memory with this one."""
        part = type(self).__new__(type(self))
        part._begin()
        for name in self.columns:
            part._keep(name, getattr(self, name)[first:last])
        return part

    def copy(self, *, whole: bool = False, used: int | None = None) -> Self:
        """The same rows in memory of their own.

        Args:
            whole: Also of what never changes, which copies share otherwise.
            used: Rows that are in use; others are left out. All by default.
        """
        twin = type(self).__new__(type(self))
        twin._begin()
        for name, declared in self.columns.items():
            own = getattr(self, name)
            twin._keep(name, own if declared.fixed and not whole else own[:used].copy())
        return twin

    def make_room(self, rows: int) -> None:
        """Lengthen every column to at least ``rows``."""
        if len(self) < rows:
            for name in self.columns:
                own = getattr(self, name)
                longer = np.zeros((max(rows, 2 * len(own)), *own.shape[1:]), own.dtype)
                longer[: len(own)] = own
                self._keep(name, longer)


def _place(table: type[Columns], name: str, declared: Column) -> None:
    table.places[name] = table.slots_needed
    table.slots_needed += 2 + len(declared.shape)
    table.columns[name] = declared


class Row:
    """One row of a table kept row by row; an attribute reads and writes that row.

    Attributes:
        table: Name of the table in the world that the row lies in.
        kind_name: Name under which rules know this class of rows: several may share a table.
        group: Name of the parameter group that ``row.p`` gives, by kind of compound.
        memory: What a measure remembers of each compound.
        from_python: Rules that no other rule calls, so that plain Python may stand in their place.
        record: The row in memory, a numpy record.
    """

    table: ClassVar[str] = ""
    kind_name: ClassVar[str] = ""
    group: ClassVar[str] = ""
    memory: ClassVar[np.dtype[Any]] = np.dtype([])
    from_python: ClassVar[frozenset[str]] = frozenset()
    columns: ClassVar[dict[str, Column]] = {}
    links: ClassVar[dict[str, Link]] = {}
    dtype: ClassVar[np.dtype[Any]] = np.dtype([])

    def __init_subclass__(cls, table: str = "", parameters: str = "", **more: Any) -> None:
        super().__init_subclass__(**more)
        if table:
            cls.table, cls.kind_name, cls.group = table, table, parameters
            cls.columns = declared(cls)
            cls.links = {
                n: a
                for c in reversed(cls.__mro__)
                for n, a in vars(c).items()
                if isinstance(a, Link)
            }
            cls.dtype = row_type(cls.columns)

    def __init__(self, world: Any, index: int) -> None:
        self.world, self.index = world, index
        self._address = world._address
        self.record = getattr(world, self.table).array[index]

    def __getitem__(self, name: str) -> Any:
        self._check(name)
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        setattr(self, name, value)

    def _check(self, name: str) -> None:
        if name not in self.columns:
            raise KeyError(f"{self.table} have no {name!r}; they have {', '.join(self.columns)}")

    @property
    def p(self) -> Any:
        """Parameters that hold here, by kind of compound."""
        return self._group(self.group)

    @property
    def parameters(self) -> Any:
        """Every group of parameters, as it holds here: ``row.parameters.fees``."""
        return _Groups(self)

    def _group(self, name: str) -> Any:
        return _Fields(getattr(self.world, f"p_{name}")[getattr(self, "of_kind", 0)])


class SealedRow(Row):
    """A row with nothing beside its columns: a misspelt one is refused in Python as in a rule."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in self.columns or name in ("world", "index", "record", "_address")):
            raise unknown_name(name, f"{self.table} have none", name, list(self.columns))
        object.__setattr__(self, name, value)


class _Groups:
    def __init__(self, row: Row) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return self._row._group(name)

    def __dir__(self) -> list[str]:
        return [name.removeprefix("p_") for name in self._row.world.tables if name.startswith("p_")]


class _Fields:
    """A record by the names of its fields alone: numpy's own would give its ``base`` or ``mean`` before them."""

    __slots__ = ("_record",)

    def __init__(self, record: Any) -> None:
        object.__setattr__(self, "_record", record)

    def __getattr__(self, name: str) -> Any:
        if name not in self._record.dtype.names:
            raise AttributeError(f"there is no parameter {name!r}")
        return self._record[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._record[name] = value

    def __getitem__(self, name: str) -> Any:
        return self._record[name]


def row_type(columns: dict[str, Column]) -> np.dtype[Any]:
    """How a row of these columns lies in memory."""
    fields = [(name, c.dtype, c.shape) for name, c in columns.items()]
    plain, aligned = np.dtype(fields), np.dtype(fields, align=True)
    # Numba takes an aligned type for another one even where nothing had to be moved.
    return plain if plain.itemsize == aligned.itemsize else aligned


def add_column(table: type[Columns], name: str, declared: Column) -> None:
    """Give a table one column more, after those it has: what is compiled already stays right.

    Declared again, a column stays in its place.

    Raises:
        ValueError: If it then has another number of axes.
    """
    before = table.columns.get(name, declared)
    if len(before.shape) != len(declared.shape):
        raise ValueError(f"{table.__name__}.{name} has {len(before.shape)} axes for each row")
    declared.name = name
    if name in table.columns:
        table.columns[name] = declared
    else:
        _place(table, name, declared)


def describe(table: type[Columns] | type[Row]) -> Iterator[tuple[str, str, str, str, str]]:
    """Rows for the documents: name, dtype, unit, range, meaning."""
    for name, c in table.columns.items():
        yield name, c.dtype, c.unit, c.allowed, c.doc
