"""A process of the month, and the month as an ordered list of them that is lived without Python between.

Each process is compiled by itself for a fixed form of call (``How``) and kept on disk; the list is a table
of their addresses. So a month that is switched, extended or put in another order is another table, and
nothing is compiled for it. A process that is Python has no address: there the compiled loop is left, Python
does that process, and the loop goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from inspect import getattr_static, signature
from pathlib import Path
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.errors import NumbaError
from numba.extending import intrinsic

from sim.compiled import kernel
from sim.errors import InputError
from sim.explain import unknown_name
from sim.streams import BLOCK, LANES, Streams, draw
from sim.world.native import INTERPRETED, ROWS, WORLD, RowType, names_of, rule
from sim.world.tables import Program
from sim.world.world import ledger_rows


class How(IntEnum):
    """How a process is called."""

    WORLD = 0
    """Once: process(world)."""
    ROWS = 1
    """For each row of a table: process(row)."""
    DRAWS = 2
    """For each row of a table: process(row, four draws of its stream)."""
    SPAN = 3
    """For all households at once, or for spans of them: process(world, first, last)."""
    BLOCK = 4
    """For blocks of a compound's households, those behind each other block by block: process(compound, first, last)."""
    MEASURE = 5
    """For each compound that a measure in force reaches: process(measure, compound, strength)."""
    NOTE = 6
    """For each compound, its number kept in this month's notes at ``entry``: process(compound) -> f8."""


@dataclass(frozen=True)
class Process:
    """One process of the month.

    Attributes:
        name: As it is printed, switched off, replaced.
        how: Form of its call.
        run: The compiled function, or any Python callable of the world.
        table: Whose rows it is called for.
        stream: Draws it is given, or takes.
        entry: The measure it is, or where it is noted; -1 if it is neither.
        switch: Name in ``config.mechanisms`` that switches it.
        doc: What it does, in a sentence.
        zh: The same in Chinese, of what ``sim.texts`` cannot know.
    """

    name: str
    how: How
    run: Any
    table: str = ""
    stream: int = 0
    entry: int = -1
    switch: str = ""
    doc: str = ""
    zh: str = ""

    @property
    def compiled(self) -> bool:
        """Whether it is compiled, so that no Python is needed for it."""
        return hasattr(self.run, "py_func")

    def address(self) -> int:
        """Address of its machine code, 0 if it is Python; compiled or read from disk at the first call."""
        return _address(self.run, self.how, self.table) if self.compiled else 0


@cache
def _address(run: Any, how: How, table: str) -> int:
    arguments = _arguments(how, table)
    gives = types.float64 if how == How.NOTE else types.none
    try:
        run.compile(types.float64(*arguments) if how == How.NOTE else arguments)
    except (NumbaError, KeyError, TypeError) as error:
        raise _refusal(run.py_func, error) from error
    result = run.overloads[arguments]
    if result.signature.return_type != gives:
        given = f"{run.py_func.__name__} gives {result.signature.return_type}"
        allowed = "a float" if how == How.NOTE else "a rule that writes, and gives nothing back"
        raise InputError(_place(run.py_func), given, allowed)
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


_UNKNOWN = re.compile(r"attribute '(\w+)' of type (\w+)|setattr: \((\w+)\)\.(\w+)")
_LINE = re.compile(r'File "(.+)", line (\d+)')


def _refusal(rule: Callable[..., Any], error: Exception) -> InputError:
    """In one line why a rule cannot be compiled, and where; Numba tells it in twenty."""
    text = str(error)
    line = _LINE.search(text)
    where = f"{Path(line[1]).name}: line {line[2]}" if line else _place(rule)
    if found := _UNKNOWN.search(text):
        name, kind = found[1] or found[4], found[2] or found[3]
        of = kind.partition("_")[2]
        return unknown_name(where, f"{of} have no {name!r}", name, names_of(kind))
    told = [part for part in text.splitlines() if part and not part.startswith("Failed in")]
    told = [f"there is no {text}"] if isinstance(error, KeyError) else told
    problem = f"cannot be compiled: {told[0]}"
    return InputError(where, problem, "what Numba compiles, or a process in Python")


def _place(rule: Callable[..., Any]) -> str:
    return f"{Path(rule.__code__.co_filename).name}: line {rule.__code__.co_firstlineno}"


def do_in_python(world: Any, process: Process) -> None:
    """Do a process that has no machine code: one in Python, or any one interpreted."""
    run, n = process.run, len(world.households.tenure)
    if process.how == How.WORLD:
        run(world)
    elif process.how == How.SPAN:
        run(world, 0, n)
    elif process.how == How.BLOCK:
        for compound in world.compounds:
            for first in range(compound.first, compound.last, BLOCK):
                run(compound, first, min(first + BLOCK, compound.last))
    elif process.how == How.ROWS:
        for of in world.tables[process.table]:
            run(of)
    elif process.how == How.NOTE:
        for of in world.compounds:
            world.notes[world.lived - 1, of.index, process.entry] = run(of)
    elif process.how == How.DRAWS:
        draws = Streams(world.seed).uniform(
            process.stream, world.month, len(world.tables[process.table]), LANES
        )
        for of, chance in zip(world.tables[process.table], draws.T.tolist(), strict=True):
            run(of, tuple(chance))


_FOUR = types.UniTuple(types.float64, 4)


def _arguments(how: How, table: str) -> tuple[types.Type, ...]:
    i8 = types.int64
    return {
        How.WORLD: (WORLD,),
        How.ROWS: (RowType(table),),
        How.DRAWS: (RowType(table), _FOUR),
        How.SPAN: (WORLD, i8, i8),
        How.BLOCK: (RowType("compounds"), i8, i8),
        How.MEASURE: (RowType(table), RowType("compounds"), types.float64),
        How.NOTE: (RowType("compounds"),),
    }[how]


def each(table: str, method: str, *, stream: int = 0, switch: str = "") -> Process:
    """A method of every row of a table, as in ``each("firms", "serve")``; without ``@rule`` it is Python."""
    found = getattr_static(ROWS[table], method)
    how = How.DRAWS if stream else How.ROWS
    run = found.run if isinstance(found, rule) else found
    return Process(f"{table}.{method}", how, run, table, stream, switch=switch, doc=_first(found))


def process(
    how: How, *, stream: int = 0, switch: str = "", table: str = "compounds"
) -> Callable[[Callable[..., Any]], Process]:
    """Decorator: compile a function into a process of that form, named after it.

    Args:
        how: Form of its call.
        stream: Draws it takes, told to whoever reads the month.
        switch: Name in ``config.mechanisms`` that switches it.
        table: Whose rows it is called for, where it is called for rows.
    """
    if not isinstance(how, How):
        raise InputError(
            "process", f"{how!r} is no form of call", ", ".join(f"How.{h.name}" for h in How)
        )
    of = table if how in (How.ROWS, How.DRAWS) else ""

    def make(function: Callable[..., Any]) -> Process:
        run = function if INTERPRETED else kernel(function)
        name, doc = function.__name__, _first(function)
        return Process(name, how, run, of, stream, switch=switch, doc=doc)

    return make


def python(function: Callable[[Any], None], name: str = "") -> Process:
    """A process in Python, called with the world.

    Raises:
        InputError: It cannot be called so.
    """
    called = name or getattr(function, "__name__", repr(function))
    check_takes(called, function, 1, "a function of the world")
    return Process(called, How.WORLD, function, doc=_first(function))


def check_takes(where: str, function: Any, count: int, allowed: str) -> None:
    """Refuse, before anything is lived, what cannot be called with so many values.

    Raises:
        InputError: It is no function, or takes another number.
    """
    if not callable(function):
        raise InputError(where, "is no function", allowed)
    try:
        takes = signature(function)
    except ValueError:  # of a function of C
        return
    try:
        takes.bind(*range(count))
    except TypeError:
        raise InputError(where, f"takes {takes}, and {count} is given", allowed) from None


def _first(documented: Any) -> str:
    return (documented.__doc__ or "").strip().split("\n")[0]


def _check_process(one: Any) -> None:
    if not isinstance(one, Process):
        allowed = "@process(How. ...) above a rule, or python(function)"
        raise InputError("month", f"{getattr(one, '__name__', repr(one))} is no process", allowed)


@dataclass(frozen=True)
class Month:
    """An ordered list of processes.

    Example:
        ``MONTH.replace("pay", my_pay).without("speak").after("serve", my_process)``
    """

    processes: tuple[Process, ...]

    def __post_init__(self) -> None:
        for one in self.processes:
            _check_process(one)

    def __iter__(self) -> Iterator[Process]:
        return iter(self.processes)

    def __str__(self) -> str:
        return "\n".join(
            f"{k:3d}  {p.name:28s} {p.how.name.lower():8s} "
            f"{'' if p.compiled else 'Python: '}{p.doc}"
            for k, p in enumerate(self)
        )

    def at(self, name: str) -> int:
        """Place of the process of that name.

        Raises:
            InputError: If there is none.
        """
        names = [p.name for p in self]
        if name not in names:
            raise unknown_name("month", f"no process is named {name!r}", name, names)
        return names.index(name)

    def without(self, *names: str) -> Month:
        """The month without some processes."""
        left = set(map(self.at, names))
        return Month(tuple(p for k, p in enumerate(self) if k not in left))

    def replace(self, name: str, by: Process) -> Month:
        """The month with another process in the place of one, under its name and its switch."""
        k = self.at(name)
        _check_process(by)
        there = replace(by, name=name, switch=by.switch or self.processes[k].switch)
        return Month((*self.processes[:k], there, *self.processes[k + 1 :]))

    def after(self, name: str, *more: Process) -> Month:
        """The month with processes put in behind one."""
        k = self.at(name) + 1
        return Month((*self.processes[:k], *more, *self.processes[k:]))

    def before(self, name: str, *more: Process) -> Month:
        """The month with processes put in before one."""
        k = self.at(name)
        return Month((*self.processes[:k], *more, *self.processes[k:]))

    def program(self, world: Any) -> Program:
        """The list as compiled code reads it."""
        table = Program(0)
        table.how = [p.how for p in self]
        table.address = [p.address() for p in self]
        table.count = [_rows_of(world, p) for p in self]
        table.stream, table.entry = [p.stream for p in self], [p.entry for p in self]
        return table


def _rows_of(world: Any, process: Process) -> int:
    """Rows that a process is called for, where it is called row by row."""
    if process.how in (How.ROWS, How.DRAWS):
        return len(world.tables[ROWS[process.table].table])
    return int(world.number_of_compounds) if process.how in (How.MEASURE, How.NOTE) else 0


def _call(context: Any, address: Any, arguments: Any) -> Any:
    """Call the compiled process at an address with a tuple of arguments."""
    return _calling(types.void, address, arguments)


def _call_for_number(context: Any, address: Any, arguments: Any) -> Any:
    """Call the compiled process at an address for the float it gives."""
    return _calling(types.float64, address, arguments)


def _calling(gives: types.Type, address: Any, arguments: Any) -> Any:
    kinds = tuple(arguments)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values = cgutils.unpack_tuple(builder, args[1], len(kinds))
        form = context.call_conv.get_function_type(gives, kinds)
        code = builder.inttoptr(args[0], form.as_pointer())
        status, result = context.call_conv.call_function(builder, code, gives, kinds, values)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value() if gives == types.void else result

    return gives(address, arguments), generate


def _row(context: Any, world: Any, index: Any) -> Any:
    """The row ``index`` of whatever table the process called is for."""
    kind = RowType("compounds")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        made = cgutils.create_struct_proxy(kind)(context, builder)
        made.world, made.index = args
        return made._getvalue()

    return kind(world, types.int64), generate


call: Any = intrinsic(_call)
call_for_number: Any = intrinsic(_call_for_number)
row: Any = intrinsic(_row)
_WORLD, _ROWS, _DRAWS, _SPAN, _BLOCK, _MEASURE, _NOTE = (int(how) for how in How)


@kernel
def live_until(world, until):  # type: ignore[no-untyped-def]
    """Live on to month ``until``, that one too, or to where Python is needed.

    Returns:
        Place in the program of the process that Python is to do, -1 if the months are lived, -2 if issues,
        costs or notes may not have room for another.
    """
    program = world.program
    steps = len(program.how)
    while True:
        if world.at == 0:
            if world.month >= until:
                return -1
            if _lacks_room(world):
                return -2
            world.month += 1
        k = world.at
        while k < steps:
            if program.address[k] == 0 and _wanted(world, program, k):
                world.at = k
                return k
            k = do_part(world, k, 0, len(world.households.tenure))
        world.at = 0


@kernel
def _lacks_room(world):  # type: ignore[no-untyped-def]
    full = world.booked + ledger_rows(world) > len(world.ledger.month)
    full |= world.issues_held + len(world.households.tenure) > len(world.issues.due)
    return full or world.lived >= len(world.notes)


@kernel
def _wanted(world, program, k):  # type: ignore[no-untyped-def]
    return program.how[k] != _MEASURE or world.measures[program.entry[k]].in_force


@kernel
def do_part(world, k, first, last):  # type: ignore[no-untyped-def]
    """Do process ``k`` (with blocks: all that stand together) for a span of households; the next one's place."""
    program = world.program
    how, address = program.how[k], program.address[k]
    if address == 0:
        return k + 1
    if how == _WORLD:
        call(address, (world,))
    elif how == _ROWS:
        for i in range(program.count[k]):
            call(address, (row(world, i),))
    elif how == _DRAWS:
        for i in range(program.count[k]):
            call(address, (row(world, i), draw(i, world.month, world.seed, program.stream[k])))
    elif how == _SPAN:
        call(address, (world, first, last))
    elif how == _MEASURE:
        entry = program.entry[k]
        strength = world.measures[entry].strength_now
        if strength > 0.0:
            for c in range(program.count[k]):
                if world.reaches[entry, c]:
                    call(address, (row(world, entry), row(world, c), strength))
    elif how == _NOTE:
        for c in range(program.count[k]):
            number = call_for_number(address, (row(world, c),))
            world.notes[world.lived - 1, c, program.entry[k]] = number
    else:
        end = k
        while end < len(program.how) and program.how[end] == _BLOCK and program.address[end] != 0:
            end += 1
        _by_blocks(world, program, k, end, first, last)
        return end
    return k + 1


@kernel
def _by_blocks(world, program, start, end, first, last):  # type: ignore[no-untyped-def]
    # Rules go over a block one after the other, so that its columns stay in the processor's cache.
    compound, b = world.households.compound, first
    while b < last:
        a, c = b, compound[b]
        b = min(world.compounds[c].last, last, a + BLOCK)
        for k in range(start, end):
            call(program.address[k], (row(world, c), a, b))
