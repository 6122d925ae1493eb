"""What compiled rules see of the world: tables as rows of addresses, rows as a place in them.

A table is known to the compiler by its name alone, and a field by its place, which is looked up when a
rule is compiled. So a column that somebody adds behind the others (``declare.add_column``) changes neither
the type nor any place that a compiled rule knows, and nothing is compiled again.

Built from Numba's extension interface, as its own ``jitclass`` and ``structref`` are. Unlike these, memory
stays Python's: a rule borrows it, counts no references, and Python sees plain arrays.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any, TypeVar

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    lower_setattr_generic,
    unbox,
)
from numba.core.typing import templates
from numba.core.typing.templates import infer_global
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import from_dtype

from sim import compiled as _compiled
from sim.compiled import kernel
from sim.explain import unknown_name
from sim.world.costs import CostRefused, Payer
from sim.world.declare import Column, Columns, Row

INTERPRETED = os.environ.get("XIAOQU_INTERPRETED") == "1"
"""Rules run as plain Python, so that a breakpoint in them works."""

rows = range if INTERPRETED else _compiled.rows
"""Rows to loop over, see ``sim.compiled.rows``."""

_I64 = ir.IntType(64)
_SLOTS = _I64.as_pointer()

TABLES: dict[str, dict[str, tuple[int, Any]]] = {}
"""Table -> field -> (slot, type as the compiler sees it)."""
ROWS: dict[str, type[Row]] = {}
"""Kind of row -> its class."""
GROUPS: dict[str, Any] = {}
"""Parameter group -> its record dtype."""


class TableType(types.Type):
    """A table, or the world itself: a pointer to its slots."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(name=f"table_{table}")


class RowType(types.Type):
    """One row of a table, seen as a class of rows sees it: the world's slots and an index."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(name=f"row_{kind}")


class RowsType(types.Type):
    """All rows of a table kept row by row: ``rows[k]`` is one, ``rows.array`` the records.

    Where every column is an f8, ``rows.numbers`` is the table as an array (rows, columns).
    """

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(name=f"rows_{table}")


@register_default(TableType)
@register_default(RowsType)
class _TableModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: TableType) -> None:
        super().__init__(manager, kind, _SLOTS)


@register_default(RowType)
class _RowModel(models.StructModel):
    def __init__(self, manager: Any, kind: RowType) -> None:
        super().__init__(manager, kind, [("world", TableType("world")), ("index", types.int64)])


WORLD = TableType("world")
PARAMETERS = RowType("parameters")
"""Every group of parameters, as they hold for one kind of compound."""


def _array(dtype: Any, dimensions: int) -> types.Array:
    return types.Array(from_dtype(np.dtype(dtype)), dimensions, "C")


# --- what is registered -------------------------------------------------------------------------


def register_columns(table: str, columns: type[Columns]) -> None:
    """Let rules see a table kept column by column; again after a column was added."""
    TABLES[table] = {
        name: (columns.places[name], _array(c.dtype, 1 + len(c.shape)))
        for name, c in columns.columns.items()
    }
    columns._numba_type_ = TableType(table)  # type: ignore[attr-defined]


R = TypeVar("R", bound=type[Row])


def register_row(row: R) -> R:
    """Class decorator: let rules see the rows of a table, where they lead and what they do.

    Raises:
        TypeError: Plain Python stands where a class before it has a rule, which rules would go on calling.
    """
    for name in vars(row).keys() - row.from_python:
        before = next((vars(c)[name] for c in row.__mro__[1:] if name in vars(c)), None)
        if isinstance(before, rule) and not isinstance(vars(row)[name], rule):
            here = f"{row.__module__}.{row.__qualname__}.{name}"
            raise TypeError(
                f"{here} stands in place of a rule, and rules would not call it: give it @rule"
            )
    ROWS[row.kind_name] = row
    row._numba_type_ = RowType(row.kind_name)  # type: ignore[attr-defined]
    for name in _rules(row):
        _let_call(name)
    return row


def _rules(row: type[Row]) -> dict[str, rule]:
    return {
        name: found
        for base in reversed(row.__mro__)
        for name, found in vars(base).items()
        if isinstance(found, rule)
    }


def names_of(kind: str) -> list[str]:
    """What rules may read of a table or row, by its type as the compiler names it: ``row_firms``."""
    what, _, name = kind.partition("_")
    if what == "table":
        return list(TABLES[name])
    if name == "parameters":
        return list(GROUPS)
    row = ROWS[name]
    return [*row.columns, *row.links, *_rules(row), "p", "parameters", "world", "index"]


class rule:
    """Decorator: a method of a row that is compiled, and called alike from Python and from rules."""

    def __init__(self, function: Callable[..., Any]) -> None:
        # Interpreted, a rule is called as it stands; what is compiled all the same may call it, so it can be compiled.
        self.compiled: Any = kernel(function)
        self.run: Any = function if INTERPRETED else self.compiled
        self.__wrapped__ = function
        self.arguments = tuple(signature(function).parameters)[1:]
        self.__doc__ = function.__doc__

    def __get__(self, row: Any, owner: type) -> Any:
        return self.run if row is None else partial(_from_python, self, row)


def _from_python(found: rule, row: Row, *given: Any, **named: Any) -> Any:
    # Rules know labels and payers by number, people by name.
    named |= dict(zip(found.arguments, given, strict=False))
    if len(given) > len(found.arguments):
        raise TypeError(f"takes {', '.join(found.arguments)}, and {len(given)} values were given")
    if isinstance(label := named.get("label"), str):
        named["label"] = row.world.label(label)
    if isinstance(payer := named.get("payer"), str):
        names = [one.name.lower() for one in Payer]
        if payer.lower() not in names:
            raise unknown_name("payer", f"there is no {payer!r}", payer, names)
        named["payer"] = int(Payer[payer.upper()])
    try:
        return found.run(row, **named)
    except CostRefused as refused:
        raise refused.named(row.world) from None


class derived(rule):
    """Decorator: a compiled property of a row."""

    def __get__(self, row: Any, owner: type) -> Any:
        return self.run if row is None else self.run(row)


# --- from Python --------------------------------------------------------------------------------


@unbox(TableType)
def _unbox_table(kind: TableType, value: Any, c: Any) -> NativeValue:
    return NativeValue(c.builder.bitcast(_pointer(value, c), _SLOTS))


@unbox(RowType)
def _unbox_row(kind: RowType, value: Any, c: Any) -> NativeValue:
    row = cgutils.create_struct_proxy(kind)(c.context, c.builder)
    row.world = c.builder.bitcast(_pointer(value, c), _SLOTS)
    index = c.pyapi.object_getattr_string(value, "index")
    row.index = c.pyapi.long_as_longlong(index)
    c.pyapi.decref(index)
    return NativeValue(row._getvalue())


def _pointer(value: Any, c: Any) -> Any:
    address = c.pyapi.object_getattr_string(value, "_address")
    pointer = c.pyapi.long_as_voidptr(address)
    c.pyapi.decref(address)
    return pointer


# --- fields -------------------------------------------------------------------------------------


@infer_getattr
class _TableFields(templates.AttributeTemplate):
    key = TableType

    def generic_resolve(self, kind: TableType, name: str) -> Any:  # type: ignore[override]
        field = TABLES[kind.table].get(name)
        return field and field[1]


@infer_getattr
class _RowsFields(templates.AttributeTemplate):
    key = RowsType

    def generic_resolve(self, kind: RowsType, name: str) -> Any:  # type: ignore[override]
        if name == "array":
            return _array(ROWS[kind.table].dtype, 1)
        return _array("f8", 2) if name == "numbers" else None


@infer_global(operator.getitem)
class _OneRow(templates.AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        rows, index = args
        if isinstance(rows, RowsType) and isinstance(index, types.Integer):
            return templates.signature(RowType(rows.table), rows, types.int64)
        return None


@lower_builtin(operator.getitem, RowsType, types.Integer)
def _get_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    row = cgutils.create_struct_proxy(sig.return_type)(context, builder)
    row.world, row.index = args
    return row._getvalue()


@lower_getattr_generic(RowsType)
def _get_records(context: Any, builder: Any, kind: RowsType, world: Any, name: str) -> Any:
    slot, _ = TABLES["world"][kind.table]
    address, count, stride = (_load(builder, world, slot + k) for k in range(3))
    if name == "array":
        return _view(context, builder, _array(ROWS[kind.table].dtype, 1), address, [count])
    width = builder.udiv(stride, ir.Constant(_I64, 8))
    return _view(context, builder, _array("f8", 2), address, [count, width])


@infer_getattr
class _RowFields(templates.AttributeTemplate):
    key = RowType

    def generic_resolve(self, kind: RowType, name: str) -> Any:  # type: ignore[override]
        if name in ("index", "world"):
            return types.int64 if name == "index" else WORLD
        if name == "label" and ROWS[kind.kind].table == "measures":
            return types.int64
        if kind == PARAMETERS:
            return from_dtype(GROUPS[name]) if name in GROUPS else None
        row = ROWS[kind.kind]
        if name in row.columns:
            c = row.columns[name]
            return _array(c.dtype, len(c.shape)) if c.shape else from_dtype(np.dtype(c.dtype))
        if name in row.links:
            return RowType(row.links[name].table)
        if name == "p":
            return from_dtype(_own_parameters(row))
        if name == "states":
            return _array(row.memory, 1)
        if name == "parameters":
            return PARAMETERS
        found = _rules(row).get(name)
        if isinstance(found, derived):
            return _signature(self.context, found.compiled, (kind,)).return_type
        return found and types.BoundFunction(_method(kind, name, found.compiled), kind)


def _own_parameters(row: type[Row]) -> Any:
    # A measure's own lie beside those of the other measures, in the layout of its class.
    return GROUPS[row.group] if row.group else row.Parameters().record.dtype  # type: ignore[attr-defined]


def _method(kind: RowType, name: str, compiled: Any) -> type:
    class Method(templates.AbstractTemplate):
        key = (RowType, name)

        def generic(self, args: Any, kws: Any) -> Any:
            return _signature(self.context, compiled, (kind, *args), kws).as_method()

    return Method


def _signature(context: Any, compiled: Any, args: Any, kws: Any = None) -> Any:
    return types.Dispatcher(compiled).get_call_type(context, args, kws or {})


_called: set[str] = set()


def _let_call(name: str) -> None:
    if name in _called:
        return
    _called.add(name)

    @lower_builtin((RowType, name), RowType, types.VarArg(types.Any))
    def call_method(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _call(context, builder, _rules(ROWS[sig.args[0].kind])[name].compiled, sig, args)


def _call(context: Any, builder: Any, compiled: Any, sig: Any, args: Any) -> Any:
    call = context.get_function(types.Dispatcher(compiled), sig)
    result = call(builder, args)
    for library in getattr(call, "libs", ()):
        context.active_code_library.add_linking_library(library)
    return result


def _load(builder: Any, slots: Any, slot: int) -> Any:
    return builder.load(builder.gep(slots, [ir.Constant(_I64, slot)]))


@lower_getattr_generic(TableType)
def _get_field(context: Any, builder: Any, kind: TableType, table: Any, name: str) -> Any:
    slot, field = TABLES[kind.table][name]
    value = _load(builder, table, slot)
    if isinstance(field, TableType):
        return builder.inttoptr(value, _SLOTS)
    if isinstance(field, RowsType):
        return table
    if not isinstance(field, types.Array):
        return value
    shape = [_load(builder, table, slot + 1 + axis) for axis in range(field.ndim)]
    return _view(context, builder, field, value, shape)


def _view(context: Any, builder: Any, kind: types.Array, address: Any, shape: list[Any]) -> Any:
    array = make_array(kind)(context, builder)
    itemsize = ir.Constant(_I64, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides: list[Any] = []
    step = itemsize
    for length in reversed(shape):
        strides.insert(0, step)
        step = builder.mul(step, length)
    data = builder.inttoptr(address, array.data.type)
    populate_array(array, data, shape, strides, itemsize, meminfo=None)
    return array._getvalue()


@lower_setattr_generic(TableType)
def _set_field(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    slot, _ = TABLES[sig.args[0].table][name]
    builder.store(args[1], builder.gep(args[0], [ir.Constant(_I64, slot)]))


def _row_address(builder: Any, world: Any, table: str, index: Any) -> Any:
    # Where a table's rows begin and how long one is stands in the world, not in the rule.
    slot, _ = TABLES["world"][table]
    base, stride = _load(builder, world, slot), _load(builder, world, slot + 2)
    return builder.add(base, builder.mul(stride, index))


@lower_getattr_generic(RowType)
def _get_of_row(context: Any, builder: Any, kind: RowType, value: Any, name: str) -> Any:
    row = cgutils.create_struct_proxy(kind)(context, builder, value=value)
    if name in ("index", "world"):
        return getattr(row, name)
    if name == "label" and ROWS[kind.kind].table == "measures":
        # Events and measures are booked under their place in the policy.
        return row.index
    if kind == PARAMETERS:
        return _parameters(context, builder, row.world, name, row.index)
    cls = ROWS[kind.kind]
    if name in cls.columns:
        address, c = _field_address(builder, row, kind, name), cls.columns[name]
        if c.shape:
            shape = [ir.Constant(_I64, length) for length in c.shape]
            return _view(context, builder, _array(c.dtype, len(shape)), address, shape)
        number = from_dtype(np.dtype(c.dtype))
        pointer = builder.inttoptr(address, context.get_data_type(number).as_pointer())
        return context.unpack_value(builder, number, pointer)
    if name in cls.links:
        leads = cls.links[name]
        other = cgutils.create_struct_proxy(RowType(leads.table))(context, builder)
        other.world = row.world
        own = row.index
        other.index = _get_of_row(context, builder, kind, value, leads.by) if leads.by else own
        return other._getvalue()
    if name == "p" and not cls.group:
        address = _in_heap(context, builder, row, kind, value, "own_parameters", "p_at")
        return builder.inttoptr(address, context.get_value_type(from_dtype(_own_parameters(cls))))
    if name == "states":
        address = _in_heap(context, builder, row, kind, value, "states", "states_at")
        slot, _ = TABLES["world"]["compounds"]
        return _view(
            context, builder, _array(cls.memory, 1), address, [_load(builder, row.world, slot + 1)]
        )
    if name in ("p", "parameters"):
        own = _get_of_row(context, builder, kind, value, "of_kind")
        if name == "p":
            return _parameters(context, builder, row.world, cls.group, own)
        all_groups = cgutils.create_struct_proxy(PARAMETERS)(context, builder)
        all_groups.world, all_groups.index = row.world, own
        return all_groups._getvalue()
    compiled = _rules(cls)[name].compiled
    sig = _signature(context.typing_context, compiled, (kind,))
    return _call(context, builder, compiled, sig, [value])


def _in_heap(
    context: Any, builder: Any, row: Any, kind: RowType, value: Any, heap: str, place: str
) -> Any:
    # Measures differ in their parameters and in what they remember, so these lie behind each other in bytes.
    base = _load(builder, row.world, TABLES["world"][heap][0])
    return builder.add(base, _get_of_row(context, builder, kind, value, place))


def _parameters(context: Any, builder: Any, world: Any, group: str, of: Any) -> Any:
    address = _row_address(builder, world, f"p_{group}", of)
    return builder.inttoptr(address, context.get_value_type(from_dtype(GROUPS[group])))


def _field_address(builder: Any, row: Any, kind: RowType, name: str) -> Any:
    _, offset = ROWS[kind.kind].dtype.fields[name][:2]  # type: ignore[index]
    address = _row_address(builder, row.world, ROWS[kind.kind].table, row.index)
    return builder.add(address, ir.Constant(_I64, offset))


@lower_setattr_generic(RowType)
def _set_of_row(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    kind = sig.args[0]
    row = cgutils.create_struct_proxy(kind)(context, builder, value=args[0])
    c: Column = ROWS[kind.kind].columns[name]
    number = from_dtype(np.dtype(c.dtype))
    address = _field_address(builder, row, kind, name)
    pointer = builder.inttoptr(address, context.get_data_type(number).as_pointer())
    context.pack_value(builder, number, args[1], pointer)
