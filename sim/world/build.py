"""A world with the state of a model of today, so that both can be held against each other."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np

from sim.actors.compound import CostRefused, Payer
from sim.actors.measures import COMPILED, Entry
from sim.errors import InputError
from sim.measures.catalogue import Measure
from sim.model import NeighborhoodModel
from sim.outcomes import NOTES
from sim.processes.month import MONTH
from sim.processes.process import How, Month, Process, do_in_python, live_until
from sim.schema import Parameters
from sim.world import native, own
from sim.world.declare import Columns
from sim.world.tables import (
    NEUTRAL,
    Book,
    Buildings,
    Donors,
    Households,
    Ledger,
    Placing,
    Scratch,
    Tasks,
    Ties,
)
from sim.world.world import World, see

_LEDGER_ROOM = 4096
_NEVER = 1_000_000
"""A month that no run comes to."""

_SHARED = (
    "turnover",
    "network",
    "issues",
    "perception",
    "participation",
    "fees",
    "commons",
    "conflict",
    "community",
)
_BY_KIND = ("service", "firm", "committee", "cell", "developer")


def _groups(model: NeighborhoodModel) -> tuple[dict[str, list[Parameters]], dict[str, int]]:
    kinds = model.config.kinds()
    by_kind: dict[str, list[Parameters]] = {
        group: [of[group] for of in kinds.values()] for group in _BY_KIND
    }
    shared = {group: [getattr(model.config, group)] * len(kinds) for group in _SHARED}
    added = {name: [of()] * len(kinds) for name, of in own.PARAMETERS.items()}
    return by_kind | shared | added, {name: k for k, name in enumerate(kinds)}


def world_of(model: NeighborhoodModel) -> World:
    """Copy a model's state into a world that goes on from there."""
    groups, kind = _groups(model)
    see({name: of[0].record.dtype for name, of in groups.items()})
    world = World(groups, mesa.Model())
    _put_columns(world, model)
    _put_compounds(world, model, kind)
    _put_actors(world, model, kind)
    _put_measures(world, model)
    world.month, world.seed = model.month, model.streams.seed
    world.issues_held = model.book.size
    world.ties_change = int(model.config.mechanisms.ties)
    months = model.config.months - model.month
    world.put("notes", np.zeros((max(months, 1), model.compound_count, len(NOTES))))
    return world


def _filled(table: type[Columns], rows: int, source: Any, **other: str) -> Any:
    made = table(rows)
    for name in table.columns:
        if hasattr(source, other.get(name, name)):
            setattr(made, name, np.array(getattr(source, other.get(name, name))))
    return made


def _put_columns(world: World, model: NeighborhoodModel) -> None:
    h, n = model.households, len(model.households)
    world.put("households", _filled(Households, n, h))
    world.put("donors", _filled(Donors, n, h.donors))
    world.put("ties", _filled(Ties, 0, model.ties))
    world.put("scratch", Scratch(n))
    world.put("placing", Placing(max(len(model.measures), 1) * model.compound_count))
    buildings = Buildings(model.buildings.number_of_buildings)
    for name in ("compound", "start", "end"):
        setattr(buildings, name, getattr(model.buildings, name))
    buildings.size, buildings.tied = model._building_size, model._tied.copy()
    buildings.meeting, buildings.followed = model.meeting.copy(), model.followed.copy()
    buildings.open, buildings.closed = model.building_open.copy(), model.building_closed.copy()
    buildings.open_per_household = model.open_per_household.copy()
    buildings.closed_lately = model._closed_lately.copy()
    world.put("buildings", buildings)
    book, held = Book(2 * n + model.book.size), model.book.size
    for name in Book.columns:
        getattr(book, name)[:held] = getattr(model.book, name)[:held]
    world.put("book", book)
    world.put("building_start", model._building_start)
    world.put("neutral", NEUTRAL)
    world.put("issue_counts", model.issue_counts.copy())
    for name in ("lead", "recruits"):
        world.put(name, np.zeros(model.compound_count))


def _table(name: str, rows: int) -> np.ndarray:
    return np.zeros(rows, native.ROWS[name].dtype)


def _put_compounds(world: World, model: NeighborhoodModel, kind: dict[str, int]) -> None:
    n = model.compound_count
    compounds = _table("compounds", n)
    for k, (c, site) in enumerate(zip(model.compounds, model.sites, strict=True)):
        row = compounds[k]
        row["kind"] = kind[site.kind]
        row["first"], row["last"] = c.rows.start, c.rows.stop
        row["first_building"], row["last_building"] = c.buildings.start, c.buildings.stop
        row["households"], row["monthly_due_fen"] = c.households, c.monthly_due_fen
        row["area"] = model.households.area[c.rows].sum()
        row["in_community"], row["of_company"] = site.community, site.company
        row["unsolved"] = c.unsolved
    compounds["condition"], compounds["effort"] = model.condition, model.effort
    compounds["tie_count"] = model._tie_count
    world.put("compounds", compounds)
    signals = _table("signals", n)
    for name in signals.dtype.names or ():
        signals[name] = model.signals[name]
    world.put("signals", signals)
    world.put("census", model.census.copy())


def _put_actors(world: World, model: NeighborhoodModel, kind: dict[str, int]) -> None:
    n = model.compound_count
    for name, singular in (
        ("firms", "firm"), ("committees", "committee"), ("cells", "cell"), ("developers", "developer"),
    ):  # fmt: skip
        table = _table(name, n)
        for k, (c, site) in enumerate(zip(model.compounds, model.sites, strict=True)):
            _copy_row(table[k], getattr(c, singular))
            table[k]["kind"] = kind[site.kind]
            if name == "firms":
                table[k]["of_company"] = site.company
            if name == "committees" and c.committee.turnout is None:
                table[k]["turnout"] = np.nan
        world.put(name, table)
    companies = _table("companies", len(model.companies))
    branches: list[int] = []
    for k, company in enumerate(model.companies):
        companies[k]["credit"], companies[k]["first_branch"] = company.credit, len(branches)
        branches += [firm.compound.index for firm in company.branches]
        companies[k]["last_branch"] = len(branches)
    world.put("companies", companies)
    world.put("branches", np.array(branches, np.int64))
    places: list[tuple[str, list[Any]]] = [
        ("communities", [*model.communities]),
        ("streets", [*model.streets]),
    ]
    for name, agents in places:
        table = _table(name, len(agents))
        for k, agent in enumerate(agents):
            _copy_row(table[k], agent)
            table[k]["first"] = agent.compounds[0].index
            table[k]["last"] = agent.compounds[-1].index + 1
        world.put(name, table)


def _copy_row(row: Any, agent: Any) -> None:
    for name in row.dtype.names:
        value = getattr(agent, name, None)
        if isinstance(value, int | float | np.number):
            row[name] = value


def _put_measures(world: World, model: NeighborhoodModel) -> None:
    n, entries = model.compound_count, model.measures
    table = _table("measures", len(entries))
    reaches = np.zeros((len(entries), n), np.uint8)
    parameters, states = bytearray(), bytearray()
    for k, measure in enumerate(entries):
        p = measure.p
        once = measure.kind == "event"
        table[k]["start"], table[k]["end"] = p.start, min(p.end, p.start + 1) if once else p.end
        if type(measure).strength is not Measure.strength or "strength" in vars(measure):
            # A class with its own idea of strength may act after its end, as crowding out does.
            table[k]["end"] = _NEVER
        table[k]["ramp"], table[k]["dose"] = p.ramp, p.dose
        for c in model.compounds:
            reaches[k, c.index] = model.reaches(measure, c)
        row = COMPILED.get(type(measure))
        table[k]["p_at"], table[k]["states_at"] = len(parameters), len(states)
        parameters += p.record.tobytes()
        states += bytes(8 * -(-(row.memory.itemsize if row else 0) * n // 8))
    world.put("reaches", reaches)
    world.put("own_parameters", np.frombuffer(parameters, np.uint8).copy())
    world.put("states", np.frombuffer(states, np.uint8).copy())
    world.codes = {payer.name.lower(): int(payer) for payer in Payer}
    world.codes |= {measure.label: k for k, measure in enumerate(entries)}
    world.put("measures", table)
    world.task_room = 2 * len(entries) + 2
    for name in ("cell_tasks", "community_tasks"):
        world.put(name, Tasks(n * world.task_room))
    world.put("ledger", Ledger(max(_LEDGER_ROOM, 2 * ledger_rows(world))))


def ledger_rows(world: World) -> int:
    """Most rows of the ledger that a month can take."""
    return len(world.compounds) * (4 * world.task_room + 8 * max(len(world.measures), 1))


def month_of(model: NeighborhoodModel, month: Month = MONTH) -> Month:
    """The month with a model's switches and the measures of its history and policy."""
    on = model.config.mechanisms
    off = [p.name for p in month if p.switch and not getattr(on, p.switch)]
    acts = []
    for k, measure in enumerate(model.measures):
        row: type[Entry] | None = COMPILED.get(type(measure))
        run = vars(row)["act"].compiled if row else None
        table = row.kind_name if row else "measures"
        acts.append(
            Process(f"{measure.label}", How.MEASURE, run, table, entry=k, doc=type(measure).en)
        )
    return month.without(*off).after("streets.offer", *acts)


class Runner:
    """Lives a world month by month, leaving compiled code only where Python is asked for."""

    def __init__(self, world: World, month: Month, measures: list[Any]) -> None:
        self.world, self.month, self.measures = world, month, measures
        self.left = 0
        if not native.INTERPRETED:
            world.put("program", month.program(world))

    def live_until(self, month: int) -> None:
        """Live on to a month, that one too.

        Raises:
            InputError: A measure gives hours or yuan back, or they are no number; names the measure.
        """
        try:
            self._live_until(month)
        except CostRefused as refused:
            label, payer, cost = refused.args
            where = f"measure {self.measures[label].label}"
            by = Payer(payer).name.lower()
            problem = f"takes {cost} (hours or yuan) of {by} in month {self.world.month}"
            raise InputError(where, problem, "numbers from 0 on") from None

    def _live_until(self, month: int) -> None:
        world = self.world
        while native.INTERPRETED and world.month < month:
            world.month += 1
            for process in self.month:
                self._do_in_python(process)
        while not native.INTERPRETED and (waits := live_until(world, month)) != -1:
            self.left += 1
            if waits >= 0:
                self._do_in_python(self.month.processes[waits])
                world.at = waits + 1
            else:
                self._make_room()

    def _do_in_python(self, process: Process) -> None:
        world = self.world
        if process.how != How.MEASURE:
            do_in_python(world, process)
            return
        entry: Any = native.ROWS[process.table](world, process.entry)
        measure = self.measures[process.entry]
        # A Python class may have its own idea of strength, and acts in force only all the same.
        strength = entry.strength if process.run else measure.strength(world.month)
        if not entry.in_force or strength <= 0.0:
            return
        for c in np.flatnonzero(world.reaches[process.entry]):
            if process.run is None:
                measure.act(world.compounds[int(c)], strength)
            else:
                process.run(entry, world.compounds[int(c)], strength)

    def _make_room(self) -> None:
        world = self.world
        for name, needed in (
            ("book", world.issues_held + len(world.households.tenure)),
            ("ledger", world.booked + ledger_rows(world)),
        ):
            table = getattr(world, name)
            first = next(iter(table.columns))
            if len(getattr(table, first)) < needed:
                for column in table.columns:
                    own = getattr(table, column)
                    setattr(table, column, np.resize(own, 2 * needed))
