"""The door for everybody's own parts: one file adds them, and nothing else is touched.

A file given by ``--plugin FILE``, imported, or typed into a session gives columns, parameters, theories of
paying, actors and processes of the month; measures (``sim.measures``) register themselves. What is given
stands behind what is built in, so no built-in rule is compiled again, and counts in what an answer is made
of. A rule is compiled as ours are; in plain Python it is slower, and runs then go on processes.

Examples: ``docs/extend.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from inspect import getattr_static, signature
from keyword import iskeyword
from types import FunctionType
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from sim import compiled
from sim.agents.actor import Actor
from sim.agents.resident import Resident
from sim.config import BY_KIND, SHARED, Config, set_own_groups
from sim.errors import InputError
from sim.month import BEFORE_MEASURES, MONTH, START
from sim.outcomes import forget_indicators, give_indicator
from sim.plugins import load as load
from sim.processes.chance import to_chances
from sim.processes.fees import THEORIES
from sim.processes.turnover import newcomers_get
from sim.schema import Parameters, param
from sim.streams import Streams, draw, own_stream
from sim.world import native
from sim.world.declare import Column, Columns, add_column, column, link
from sim.world.native import derived, register_row, rows, rule
from sim.world.process import How, Month, Process, check_takes, each, process, python
from sim.world.tables import COLUMN_TABLES, Buildings, Donors, Households
from sim.world.world import ARRAYS, NUMBERS, OWN, ROW_TABLES, World

Drawn = Callable[[np.random.Generator, Households, Any], Any]
Edit = Callable[[Month], Month]
ActorClass = TypeVar("ActorClass", bound=type[Actor])
EditFunction = TypeVar("EditFunction", bound=Edit)

GIVEN: dict[str, tuple[str, str]] = {}
"""What has been given, as in "theory planned", and by whom: module and name there; in the order first given."""

_columns: dict[tuple[str, str], Process | None] = {}
"""What newcomers get, by table and name of a column."""
_groups: dict[str, type[Parameters]] = {}
_theories: dict[str, Process] = {}
_begins: dict[str, tuple[Process, ...]] = {}
"""How actors begin, by their table."""
_edits: dict[str, Edit] = {}
_replaced: dict[str, dict[str, Process]] = {}
"""What stands in place of processes of ours, by the table of an actor."""
_ACTORS = {table: row for table, row in native.ROWS.items() if issubclass(row, Actor)}

_BUILT_IN = {name: len(table.columns) for name, table in COLUMN_TABLES.items()}
_OF_WORLD = {
    *dir(World), *NUMBERS, *COLUMN_TABLES, *ROW_TABLES, *ARRAYS, "slots", "model", "tables", "labels", "kinds",
    "parameters",
}  # fmt: skip
_OF_ROW = {*dir(Actor), "world", "index", "record", "model", "unique_id", "pos"} - {"of_kind"}
"""Names that tables of the world, and columns of an actor, cannot have."""
_OF_RESIDENT = {
    *dir(Resident), "model", "unique_id", "pos", "row", "run", "seed", "month", "household",
}  # fmt: skip
"""Names that a column of households cannot have: residents and panels have them."""
_KEPT = (BEFORE_MEASURES, "note")
"""Processes without which no measure has its place, and no month is kept."""


def give_column(table: str, name: str, declared: Any, drawn: Drawn | float | None = None) -> None:
    """Give households or buildings one column more; rules then read and write it as any other.

    Args:
        table: "households" or "buildings".
        name: Its name, in lower case.
        declared: ``column(dtype, unit, range, meaning)``. With ``newcomer=`` a number, or "donor" for that of a
            first resident, a household that moves in gets it anew; else it stays with the unit.
        drawn: Of households: how it begins where ``population.household_file`` has no column of that name. A
            number, or a function of a random generator, the compound's households and all groups of
            parameters as they hold there. Without it, it begins at 0, or must be in the file if 0 is out of range.

    Example:
        ``give_column("households", "income", column("i1", "decile", "1 to 10", "income decile",
        newcomer="donor"), drawn=lambda rng, households, parameters: rng.integers(1, 11, len(households)))``
    """
    key = f"column {table}.{name}"
    tables: dict[str, type[Columns]] = {"households": Households, "buildings": Buildings}
    if table not in tables:
        raise InputError(key, f"no column can be given to {table!r}", ", ".join(tables))
    if not name.isidentifier() or not name.islower() or iskeyword(name):
        raise InputError(key, "is no name", "small letters, digits and _")
    if not isinstance(declared, Column):
        raise InputError(key, "is not declared", "column(dtype, unit, range, meaning)")
    if name in _OF_RESIDENT:
        raise InputError(key, "the name is taken, by residents and panels", "another name")
    low, high = _check_declared(key, declared)
    newcomer = declared.newcomer
    if isinstance(newcomer, str) and newcomer != "donor":
        raise InputError(key, f"newcomer is {newcomer!r}", 'a number or "donor"')
    if newcomer not in (None, "donor") and not low <= float(newcomer) <= high:
        raise InputError(key, f"newcomer is {newcomer!r}", declared.allowed)
    at_nothing = low <= 0.0 <= high
    if table != "households" and (drawn, newcomer, at_nothing) != (None, None, True):
        problem = "has drawn, newcomer or a range without 0"
        raise InputError(key, problem, "these for a column of households only")
    _note(key, None, name in tables[table].columns or hasattr(Columns, name))
    if table == "households":
        declared.drawn = _drawing(key, drawn, at_nothing)
    _add(table, tables[table], name, declared)
    if newcomer == "donor":
        _add("donors", Donors, f"{name}0", replace(declared, fixed=True, newcomer=None, drawn=None))
    _columns[table, name] = None if newcomer is None else newcomers_get(name, newcomer)


def _check_declared(key: str, declared: Column) -> tuple[float, float]:
    """Bounds of a column that rules can read.

    Raises:
        InputError: Its range cannot be read, or its dtype is no number.
    """
    try:
        numbers = np.dtype(declared.dtype).kind in "biuf"
    except TypeError:
        numbers = False
    if not numbers:
        raise InputError(key, f"{declared.dtype!r} is no dtype of numbers", "f8, i8, i4, i1, ?")
    try:
        return declared.bounds
    except ValueError:
        allowed = "as in 0 to 1, 0 or more, 0, 1, any"
        raise InputError(key, f"the range {declared.allowed!r} cannot be read", allowed) from None


def _add(table: str, columns: type[Columns], name: str, declared: Column) -> None:
    add_column(columns, name, declared)
    native.register_columns(table, columns)
    compiled.added[f"{table}.{name}"] = f"{declared.dtype} {declared.shape}"


def _drawing(key: str, drawn: Any, may_be_nothing: bool) -> Drawn:
    if callable(drawn):
        return drawn
    if drawn is None and not may_be_nothing:

        def refuse(*_: Any) -> Any:
            allowed = "a column of that name in population.household_file, or drawn="
            raise InputError(key, "is in no file and not drawn", allowed)

        return refuse
    return lambda *_: drawn or 0


def give_parameters(group: str, parameters: type[Parameters]) -> None:
    """Give the configuration a group of one's own; its keys are then like any others.

    They are set (``planned.control=0.7``), explained, swept, screened and fitted; compiled rules read
    ``compound.parameters.planned.control``, an actor with ``parameters="planned"`` reads ``self.p.control``.

    Args:
        group: Its name.
        parameters: Class of ``param(...)`` fields.

    Example:
        ``give_parameters("planned", Planned)``
    """
    key = f"group {group}"
    if not group.isidentifier() or not (
        isinstance(parameters, type) and issubclass(parameters, Parameters)
    ):
        raise InputError(key, "is no name, or has no class of Parameters", "a name and a class")
    try:
        usual = parameters()
    except ValidationError as error:
        told = error.errors()[0]
        name = ".".join(map(str, told["loc"]))
        problem = f"its default, {told['input']!r}, is not allowed"
        raise InputError(f"{group}.{name}", problem, told["msg"]) from None
    reserved = group == "measure" or hasattr(Config, group)
    _note(key, parameters, reserved or (group in Config.model_fields and group not in _groups))
    _groups[group] = parameters
    native.GROUPS[group] = dtype = usual.record.dtype
    OWN[f"p_{group}"] = native._array(dtype, 1)
    compiled.added[f"p_{group}"] = str(dtype)
    set_own_groups(_groups)


def give_theory(name: str, of: Process | Callable[[Any], None]) -> None:
    """Give a theory of paying: what ``fees.response=NAME`` puts in the place of ``would_pay``.

    Args:
        name: Its name.
        of: A process that writes ``households.willing``, each household's chance to pay this month's fee;
            or a Python function of the world that does.

    Example:
        ``give_theory("planned", planned)``
    """
    if not name.isidentifier():
        raise InputError(f"theory {name}", "is no name", "letters, digits and _")
    if not isinstance(of, Process):
        check_takes(f"theory {name}", of, 1, "a process, or a function of the world")
    made = of if isinstance(of, Process) else python(of)
    _note(f"theory {name}", getattr(made.run, "py_func", made.run), name in THEORIES)
    _theories[name] = THEORIES[name] = made


def change_month(edit: EditFunction) -> EditFunction:
    """Decorator: change what happens in a month, in every model whose class has no list of its own.

    Args:
        edit: From the month to the changed one, see ``Month``: ``after``, ``before``, ``replace``, ``without``.
            Changes are made in the order they were given. ``xiaoqu explain month`` shows the names.

    Example:
        ``@change_month`` above ``def with_chat(month): return month.after("look_around", hear, believe)``
    """
    name = getattr(edit, "__qualname__", "<")
    if "<lambda>" in name or not callable(edit):
        raise InputError("month", f"{name} has no name", "a function with a name of its own")
    key = f"month {name}"
    check_takes(key, edit, 1, "a function of the month")
    _note(key, edit, False)
    _change(key, edit)
    return edit


def give_actor(actor: ActorClass, *, after: str = "", before: str = "") -> ActorClass:
    """Give every compound an actor: a row of a table of its own, whose ``act`` is called every month.

    ``begin``, if there is one, is called once before the first month. Each is compiled under ``@rule``, else
    Python. ``act`` may take, beside ``self``, four random numbers of its own. Columns are the actor's state:
    forks copy them. Rules reach it as ``world.mediators[compound.index]``.

    Args:
        actor: ``class Mediator(Actor, table="mediators", parameters="mediator")``; parameters may be left out.
        after: The process of the month behind which it acts,
        before: or before which.

    Example:
        ``give_actor(Mediator, after="cells.settle")``
    """
    named = getattr(actor, "__name__", repr(actor))
    right = isinstance(actor, type) and issubclass(actor, Actor) and actor.table.isidentifier()
    if not right or not hasattr(actor, "act"):
        allowed = 'class Mediator(Actor, table="mediators") with a method act'
        raise InputError(named, "is no actor", allowed)
    table, group = actor.table, actor.group
    key = f"actor {table}"
    if bool(after) == bool(before):
        raise InputError(key, "has no place in the month", "one of after= and before=")
    if group and group not in (*_groups, *SHARED, *BY_KIND):
        raise InputError(key, f"there are no parameters {group!r}", "give_parameters before it")
    for name in actor.columns.keys() & _OF_ROW:
        raise InputError(key, f"has a column {name!r}, which every actor has", "another name")
    for name, declared in actor.columns.items():
        _check_declared(f"column {table}.{name}", declared)
    takes = _takes(key, actor, "act", 0, 1)
    if hasattr(actor, "begin"):
        _takes(key, actor, "begin", 0)
    _note(key, actor, table in _OF_WORLD)
    register_row(actor)
    acts = each(table, "act", stream=own_stream(table) if takes else 0)
    _change(key, lambda m: m.after(after, acts) if after else m.before(before, acts))
    _begins[table] = (each(table, "begin"),) if hasattr(actor, "begin") else ()
    OWN[table] = native.RowsType(table)
    compiled.added[table] = str(actor.dtype)
    return actor


def replace_actor(actor: ActorClass) -> ActorClass:
    """Decorator: put a class of yours in the place of one of ours, in every compound.

    What the month calls by the table's name (``xiaoqu explain month``: ``firms.serve`` ...), and ``begin``,
    may be another, under ``@rule`` or in plain Python. Other rules call the rest, which stays as it is.
    Columns of its own stand behind ours.

    Args:
        actor: ``class Thrifty(PropertyFirm, table="firms", parameters="firm")`` with a ``serve`` of its own.

    Example:
        ``@replace_actor`` above that class
    """
    table, key = actor.table, f"actor {actor.table}"
    ours = _ACTORS.get(table)
    if ours is None or not issubclass(actor, ours) or actor is ours:
        allowed = 'as in class Thrifty(PropertyFirm, table="firms", parameters="firm")'
        raise InputError(actor.__name__, "replaces no actor of ours", allowed)
    own = actor.__mro__[: actor.__mro__.index(ours)]
    other = {n for c in own for n in vars(c) if isinstance(getattr_static(ours, n, None), rule)}
    called = {p.name.partition(".")[2]: p for p in (*MONTH, *START) if p.table == table}
    for name in sorted(other - called.keys()):
        problem = f"has a {name!r} of its own, where other rules call ours"
        raise InputError(key, problem, ", ".join(called))
    if actor.group != ours.group:
        problem = f"has parameters={actor.group!r}, and ours has {ours.group!r}"
        raise InputError(key, problem, f"parameters={ours.group!r}")
    own_methods = sorted(
        n for c in own for n, m in vars(c).items() if isinstance(m, FunctionType | rule)
    )
    if own_methods and not other:
        problem = f"has {', '.join(own_methods)}, and nothing that the month calls"
        raise InputError(key, problem, ", ".join(called))
    for name in sorted(other):
        _takes(key, actor, name, 1 if called[name].stream else 0)
    for name, declared in actor.columns.items():
        if name not in ours.columns:
            _check_declared(f"column {table}.{name}", declared)
    _note(key, actor, False)
    actor.from_python = frozenset(called)
    register_row(actor)
    compiled.added[key] = str(actor.dtype)
    _replaced[table] = {
        called[n].name: each(table, n, stream=called[n].stream, switch=called[n].switch)
        for n in other
    }
    return actor


def _takes(key: str, actor: type[Actor], name: str, *counts: int) -> int:
    """How many values a method takes beside ``self``.

    Raises:
        InputError: It is no method, or takes another number than these.
    """
    method = getattr_static(actor, name)
    if isinstance(method, FunctionType | rule):
        function = method.__wrapped__ if isinstance(method, rule) else method
        takes = len(signature(function).parameters) - 1
        if takes in counts:
            return takes
    given = {0: "self", 1: "self, draws"}
    problem = f"its {name} is no method, or takes other values"
    raise InputError(key, problem, " or ".join(f"def {name}({given[n]})" for n in counts))


# --- what was given -----------------------------------------------------------------------------


def usual_month() -> Month:
    """The month without events and measures, with all that was given."""
    if not GIVEN:
        return MONTH
    newcomers = [process for process in _columns.values() if process is not None]
    month = _with_replaced(MONTH).after("households_move", *newcomers)
    for key, edit in _edits.items():
        month = _edited(key, edit, month)
    return month


def _edited(key: str, edit: Edit, month: Month) -> Month:
    """The month after one change.

    Raises:
        InputError: It gives no month, or one without what no month can do without, or takes out what was
            given before it, which would then be lived by nobody.
    """
    changed = edit(month)
    if not isinstance(changed, Month):
        problem = f"gives {type(changed).__name__}"
        raise InputError(key, problem, 'a month, as in return month.after("pay", mine)')
    names, runs = {p.name for p in changed}, [p.run for p in changed]
    for name in _KEPT:
        if name not in names:
            raise InputError(key, f"takes out {name!r}, which every month needs", "other processes")
    ours = [p.run for p in MONTH]
    for one in month:
        if one.run not in ours and one.run not in runs:
            problem = f"takes out {one.name!r} ({one.doc}), which was given before"
            raise InputError(key, problem, "one change of each process")
    return changed


def usual_start() -> Month:
    """What makes the state before the first month, with all that was given."""
    begins = [begin for of_actor in _begins.values() for begin in of_actor]
    return _with_replaced(START).before("begin_month", *begins)


def _with_replaced(month: Month) -> Month:
    there = {one.name for one in month}
    for changed in _replaced.values():
        for name in changed.keys() & there:
            month = month.replace(name, changed[name])
    return month


def own_parameters(config: Config) -> dict[str, Parameters]:
    """Groups that were given, as a configuration has them; one of before has them as they are by default."""
    return {name: getattr(config, name, None) or of() for name, of in _groups.items()}


def own_theories() -> tuple[str, ...]:
    """Names of theories of paying that were given."""
    return tuple(_theories)


def own_actors() -> tuple[str, ...]:
    """Tables of actors that were given."""
    return tuple(_begins)


def givers() -> list[str]:
    """Modules that gave something, in their order: loaded again so, they give the same."""
    return list(dict.fromkeys(module for module, _ in GIVEN.values()))


def in_python() -> bool:
    """Whether anything given is plain Python, so that runs leave compiled code for it."""
    given = [*usual_month(), *usual_start(), *THEORIES.values()]
    return not native.INTERPRETED and not all(process.compiled for process in given)


def forget() -> None:
    """Take out all that was given, as before a worker process takes up the parts of another answer."""
    for table in ("households", "buildings", "donors"):
        columns = COLUMN_TABLES[table]
        for name in reversed(list(columns.columns)[_BUILT_IN[table] :]):
            del columns.columns[name]
            columns.slots_needed = columns.places.pop(name)
        native.register_columns(table, columns)
    for name in _theories:
        del THEORIES[name]
    for table in _begins:
        del native.ROWS[table]
    for table in _replaced:
        register_row(_ACTORS[table])
    for group in _groups:
        del native.GROUPS[group]
    for given in (
        GIVEN, OWN, compiled.added, compiled.own_rules, _columns, _groups, _theories, _begins, _edits,
        _replaced,
    ):  # fmt: skip
        given.clear()
    set_own_groups({})
    forget_indicators()


def _note(key: str, thing: Any, taken: bool) -> None:
    """Note who gives a part; the same again, of a module loaded anew, takes the place of the one before.

    Raises:
        InputError: Its name is taken.
    """
    module = sys._getframe(2).f_globals["__name__"]
    by = (module, getattr(thing, "__qualname__", ""))
    if GIVEN.get(key, by) != by:
        before = ".".join(filter(None, GIVEN[key]))
        raise InputError(key, f"the name is taken, by {before}", "another name")
    if taken and key not in GIVEN:
        raise InputError(key, "the name is taken, by xiaoqu itself", "another name")
    GIVEN[key] = by


def _change(key: str, edit: Edit) -> None:
    """Take a change of the month up.

    Raises:
        InputError: It names a process that is not there, or brings one of a name that is.
    """
    before = dict(_edits)
    _edits[key] = edit
    try:
        names = [process.name for process in usual_month()]
        for name in names:
            if names.count(name) > 1:
                raise InputError("month", f"two processes are named {name!r}", "names of their own")
    except BaseException:
        _edits.clear()
        _edits.update(before)
        del GIVEN[key]
        raise


__all__ = [
    "Actor", "How", "Month", "Parameters", "Process", "Streams", "change_month", "column", "derived", "draw",
    "give_actor", "give_column", "give_indicator", "give_parameters", "give_theory", "link", "own_stream",
    "param", "process", "python", "replace_actor", "rows", "rule", "to_chances",
]  # fmt: skip
