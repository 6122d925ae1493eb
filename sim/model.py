"""The model: a neighbourhood that lives month by month.

What happens in a month, in its order, stands in ``sim.month``; all state is in ``model.world``.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Set, ValuesView
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from itertools import count
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import mesa
import numpy as np
from mesa.agent import AgentSet
from mesa.datacollection import DataCollector

from sim import known
from sim.agents.compound import Compound, costs_of
from sim.agents.resident import Resident
from sim.build import build, equip, expect_chances, measures_of, month_of, parameters_of
from sim.compose import load
from sim.config import Config
from sim.errors import InputError
from sim.first_start import compile_all
from sim.measures.catalogue import Measure
from sim.mesa_batch import batch_seed, given_seed, told_without_start
from sim.month import MONTH
from sim.outcomes import INDICATORS, Months, compute, with_own_notes
from sim.own import usual_start
from sim.panel import Panel, household_columns, panel_columns
from sim.society.ties import Layer
from sim.streams import Streams
from sim.world.process import Month, python
from sim.world.runner import Runner
from sim.world.tables import Buildings, Households, Ties
from sim.world.world import NUMBERS, Rows, World

if TYPE_CHECKING:
    import networkx

_OF_ROW = frozenset({"model", "unique_id", "pos", "world", "index", "record", "_address"})
"""Attributes of a row that say where it stands."""

_OF_MEASURE = _OF_ROW | {"label", "p"}


@contextmanager
def uncollected() -> Iterator[None]:
    """Live without the search for cycles: a month leaves none, and it takes a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class _Counts(WeakKeyDictionary[mesa.Model, Iterator[int]]):
    def __getitem__(self, model: mesa.Model) -> Iterator[int]:
        return self.setdefault(model, count(1))


if hasattr(mesa.Agent, "_ids"):
    # Mesa up to 3.3 counts agents in a table that keeps every model alive, 0.8 MB a run.
    mesa.Agent._ids = _Counts(mesa.Agent._ids)


def _latest(model: NeighborhoodModel, indicator: str) -> float:
    return float(known.mean(model.recorder.latest(indicator)))


class Recorder:
    """Indicators of every month lived, read from the notes and the ledger of a world."""

    def __init__(self, world: World, first: int) -> None:
        self._world, self._first = world, first

    @property
    def notes(self) -> np.ndarray:
        """What was written down (months, compounds, noted)."""
        return np.asarray(self._world.notes[: self._world.lived])

    @property
    def months(self) -> np.ndarray:
        """Month numbers (months,) from -history_months, the state before the first month lived, on.

        0 is the last month before the policy.
        """
        return np.arange(self._first, self._first + self._world.lived)

    @property
    def values(self) -> np.ndarray:
        """Indicators (months, compounds, indicators) in the order of ``INDICATORS``."""
        return compute(self.notes)

    @property
    def costs(self) -> list[dict[str, Any]]:
        """Rows of hours and yuan by month, compound, actor and measure."""
        rows, ledger = np.arange(self._world.booked), self._world.ledger
        order = np.lexsort((rows, ledger.compound[rows], ledger.month[rows]))
        return [cost._asdict() for cost in costs_of(self._world, order)]

    def latest(self, indicator: str) -> np.ndarray:
        """One indicator (compounds,) in the last month recorded."""
        return INDICATORS[indicator].compute(Months(self.notes[-1]))


class NeighborhoodModel(mesa.Model):
    """One or more compounds with their residents, institutions and measures.

    Args:
        config: Checked configuration; without one, ``load(**keys)`` makes it, so that
            ``mesa.batch_run(NeighborhoodModel, {"scenario": "kangqiao", ...})`` works.
        rng: Seed of this run, as mesa calls it.
        **keys: ``seed``, the same as rng; the configuration's by default. All else is given to
            ``load`` where there is no configuration. Under ``mesa.batch_run`` iteration k of a
            configuration without a named seed lives its seed plus k.

    Attributes:
        processes: What happens in a month, without events and measures; own parts (``sim.own``) change it. A
            subclass may give another list, which they do not change.
        world: All state, in declared tables.
        measures: Events and measures, in the order of history and policy.
        recorder: Indicators of every month lived.
    """

    processes: ClassVar[Month] = MONTH
    streams: Streams
    _past: NeighborhoodModel | None = None
    """Whose past a fork goes on from; set before it is begun, so that subclasses need not pass it on."""

    def __init__(
        self,
        config: Config | None = None,
        *,
        rng: int | None = None,
        **keys: Any,
    ) -> None:
        before = set(vars(self))
        # No argument of its own: mesa 3.5 would then overwrite the seeds of a batch's parameters.
        named = given_seed(keys.pop("seed", None), rng)
        if config is not None and keys:
            raise InputError(
                next(iter(keys)), "is given beside a configuration", "load(..., key=...)"
            )
        self.config = load(**keys) if config is None else config
        # A fork lives on under its past's seed, in a batch too.
        past = self._past
        seed = batch_seed(named, self.config.seed) if past is None else past.streams.seed
        self._told_without_start = told_without_start()
        super().__init__(rng=seed)
        self.streams = Streams(seed)
        self.measures: list[Measure] = measures_of(self.config)
        first = -self.config.scenario.history_months
        if past is None:
            self.world = build(self.config, self.streams, self)
        else:
            # A class of somebody's own may change what stays as it is in ours.
            self.world = past.world.copy(self, whole=type(self) is not NeighborhoodModel)
        equip(self.world, self.measures, self.config.months - first)
        month = month_of(self.config, self.measures, self.processes)
        if past is None:
            start = with_own_notes(usual_start())
            compile_all((*start, *month))
            Runner(self.world, start, self.measures).live_until(first)
            expect_chances(self.world, self.config)
        self._runner = Runner(self.world, month, self.measures, self.config.executor.threads)
        self.recorder = Recorder(self.world, first)
        self._panels: dict[tuple[str, ...], Panel] = {}
        self._collector = DataCollector(
            model_reporters={name: partial(_latest, indicator=name) for name in INDICATORS}
        )
        self._ours = frozenset(vars(self)) - before | {"_ours", "_past"}

    # --- living ---------------------------------------------------------------------------------

    @property
    def month(self) -> int:
        """Month just lived; the first ``step`` lives month ``1 - history_months``."""
        return self.world.month

    def step(self) -> None:
        """Live one month: the processes of ``sim.month`` in their order."""
        self._runner.live_until(self.month + 1)
        self.running = self.month < self.config.months

    def run(self) -> None:
        """Live the history and all months of the configuration."""
        self.live_until(self.config.months)

    def live_until(self, month: int) -> None:
        """Live on up to a month, that one too."""
        if self._steps_are_ours():
            self.steps += max(month - self.month, 0)
            self._runner.live_until(month)
            self.running = self.month < self.config.months
            return
        with uncollected():
            while self.month < month:
                before = self.month
                self.step()
                if self.month == before:
                    # From 3.5 on mesa calls no step any more after one that has failed.
                    raise RuntimeError("a month before has failed, so this model cannot go on")

    def _steps_are_ours(self) -> bool:
        """Whether a month is nothing but ours, so that many may be lived in one compiled call."""
        wrapped = getattr(vars(self).get("step"), "__func__", None)
        ours = type(self).step is NeighborhoodModel.step and wrapped is mesa.Model._wrapped_step
        # From mesa 3.5 on anything may be scheduled between two steps.
        return ours and not hasattr(self, "_advance_time")

    def run_model(self) -> None:
        """Mesa's name for ``run``."""
        self.run()

    # --- state ----------------------------------------------------------------------------------

    @property
    def households(self) -> Households:
        """All households in columns."""
        return self.world.tables["households"]

    @property
    def buildings(self) -> Buildings:
        """All buildings in columns."""
        return self.world.tables["buildings"]

    @property
    def ties(self) -> Ties:
        """All ties in columns."""
        return self.world.tables["ties"]

    @property
    def compounds(self) -> list[Compound]:
        """All compounds."""
        return list(self.world.compounds)

    def panel(self, columns: Iterable[str]) -> Panel:
        """The panel of some columns of households: kept at the end of every month, from the first call on.

        Example:
            ``paid = model.panel(["paid", "arrears_fen"]); model.run(); paid.frame()``

        Args:
            columns: Names of columns of households.

        Raises:
            InputError: Households have no such column.
        """
        names = panel_columns(columns)
        if names not in self._panels:
            self._panels[names] = Panel(names)
            self._panels[names].keep(self.world)
            self._runner.add(python(self._panels[names].keep, "panel"))
        return self._panels[names]

    def to_networkx(self, columns: Iterable[str] | None = None) -> networkx.Graph:
        """Ties as they are now, as a graph of networkx.

        Args:
            columns: Names of columns of households that nodes get as attributes; all by default.

        Returns:
            A node per household, by its row; an edge per tie with ``strength``, ``latent`` and ``layer``
            (stair, building, interest, across).

        Raises:
            InputError: Households have no such column.
        """
        from networkx import Graph, set_node_attributes

        h, ties = self.households, self.ties
        graph: networkx.Graph = Graph()
        graph.add_nodes_from(range(len(h)))
        plain = [name for name, c in h.columns.items() if not c.shape]
        for name in household_columns(plain if columns is None else columns, "columns"):
            set_node_attributes(graph, dict(enumerate(getattr(h, name).tolist())), name)
        here = np.repeat(np.arange(len(h)), np.diff(ties.indptr))
        once = here < ties.neighbour
        parts = (here, ties.neighbour, ties.strength, ties.latent, ties.layer)
        kinds = [layer.name.lower() for layer in Layer]
        graph.add_edges_from(
            (a, b, {"strength": strength, "latent": latent, "layer": kinds[layer]})
            for a, b, strength, latent, layer in zip(
                *(p[once].tolist() for p in parts), strict=True
            )
        )
        return graph

    def __dir__(self) -> list[str]:
        of_world = self.world.tables if "world" in vars(self) else ()
        return list({*super().__dir__(), *NUMBERS, *of_world})

    def __getattr__(self, name: str) -> Any:
        # Whatever lies in the world by its name: model.firms, model.signals, model.written_off_fen.
        if name.startswith("_") or "world" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.world, name)

    # --- going on from a shared past ------------------------------------------------------------

    def fork(self, config: Config) -> NeighborhoodModel:
        """A model with this one's past that goes on under another policy.

        The history is then paid for once, and what the fork lives is byte for byte what a run of
        its configuration from the first month would: draws depend on nothing but seed and month.

        Args:
            config: Like this model's, but for its policy and months. None of its measures may have
                been in force yet.

        Raises:
            ValueError: If the two could have had different pasts.
        """
        given, own = config.resolved(), self.config.resolved()
        for free in ("policy", "months", "replications", "seed", "executor"):
            given.pop(free), own.pop(free)
        if given != own:
            raise ValueError("a fork may differ in policy and months only")
        for entry in (*config.policy.entries(), *self.config.policy.entries()):
            if entry.parameters.start <= self.month:
                raise ValueError(
                    f"measure {entry.label} starts at {entry.parameters.start}, "
                    f"and the shared past goes to month {self.month}"
                )
        twin = type(self).__new__(type(self))
        twin._past = self
        try:
            twin.__init__(config, seed=self.streams.seed)  # type: ignore[misc]
            twin.take_over(self, twin._take_over(self))
        except TypeError as error:
            problem = f"{type(self).__name__} cannot be gone on with from a shared past ({error})"
            raise ValueError(problem) from error
        del twin._past
        return twin

    def take_over(self, past: NeighborhoodModel, twins: dict[int, Any]) -> None:
        """Take over what a subclass has added to the state of a model; for subclasses to override.

        This one copies every attribute that ``NeighborhoodModel`` does not have itself, with all that
        hangs on it. What lies elsewhere, or cannot be copied, needs a method of the subclass.

        Args:
            past: The model whose past this one goes on from; it stays as it is.
            twins: What stands here for a part of the past, by the part's ``id``: what is copied by
                ``deepcopy(value, twins)`` refers to this model, its columns and institutions.

        Raises:
            ValueError: The subclass has agents of its own, which its own method would have to make.
        """
        parts = {table.row for table in past._actors()}
        for kind in past._agents_by_type:
            if kind is not Resident and kind not in parts:
                raise ValueError(f"{kind.__name__} are taken over by no method of this model")
        for name in vars(past).keys() - past._ours:
            _refuse_bound(vars(past)[name], name)
            setattr(self, name, deepcopy(vars(past)[name], twins))

    def _take_over(self, past: NeighborhoodModel) -> dict[int, Any]:
        self.running = past.month < self.config.months
        self.steps: int = past.steps
        self.random.setstate(past.random.getstate())
        self.rng.bit_generator.state = past.rng.bit_generator.state
        for names, panel in past._panels.items():
            self._panels[names] = panel.copy()
            self._runner.add(python(self._panels[names].keep, "panel"))
        twins = self._twins(past)
        # What a class of somebody's own has put on our parts.
        pairs: list[tuple[Any, Any, Set[str]]] = [
            (self.recorder, past.recorder, {"_world", "_first"}),
            (self.streams, past.streams, {"seed"}),
        ]
        for name, table in past.world.tables.items():
            for index, row in getattr(table, "made", {}).items():
                if vars(row).keys() - _OF_ROW:
                    pairs.append((self.world.row(name, index), row, _OF_ROW))
        events = len(self.config.scenario.entries())
        pairs += [
            (a, b, _OF_MEASURE) for a, b in zip(self.measures[:events], past.measures, strict=False)
        ]
        for mine, other, known_of in pairs:
            for name in vars(other).keys() - known_of:
                _refuse_bound(vars(other)[name], name)
                setattr(mine, name, deepcopy(vars(other)[name], twins))
        return twins

    def _twins(self, past: NeighborhoodModel) -> dict[int, Any]:
        """What stands here for each part of a past, by the part's ``id``."""
        twins: dict[int, Any] = {id(past): self, id(past.world): self.world}
        for name in past._ours - {"_past"}:
            part = getattr(past, name)
            # Numbers and texts are shared by all that happen to be equal, and None by everything.
            if not isinstance(part, bool | int | float | str | tuple | frozenset | None):
                twins.setdefault(id(part), getattr(self, name))
        for name, table in past.world.tables.items():
            mine = self.world.tables[name]
            twins[id(table)] = mine
            for column in getattr(table, "columns", ()):
                twins[id(getattr(table, column))] = getattr(mine, column)
            for index, row in getattr(table, "made", {}).items():
                if name != "measures":
                    twins[id(row)] = mine[index]
        events = len(self.config.scenario.entries())
        return twins | {
            id(b): a for a, b in zip(self.measures[:events], past.measures, strict=False)
        }

    def change_rules(self, config: Config) -> None:
        """Go on living under other parameters, with the state as it is.

        What is a state, such as a firm's care or a developer's legacy, is set anew where the
        parameter it began at has changed. Parameters of the beginning alone have no effect.

        Args:
            config: Like this model's, but for parameters of mechanisms and institutions.
        """
        before, now = parameters_of(self.config), parameters_of(config)
        self.world.put_parameters(now)
        for table, group in (
            ("firms", "firm"),
            ("committees", "committee"),
            ("developers", "developer"),
        ):
            rows = self.world.tables[table]
            for kind, (old, new) in enumerate(zip(before[group], now[group], strict=True)):
                here = rows["of_kind"] == kind
                for name in rows.row.columns.keys() & type(new).model_fields.keys():
                    value = getattr(new, name)
                    # A name such as the committee's state at the start is no parameter that goes on to act.
                    if isinstance(value, float) and value != getattr(old, name):
                        rows[name][here] = value
        for firm in self.world.firms:
            firm.usual_diligence = min(max(firm.p.diligence + firm.care_shift, 0.0), 1.0)
            firm.set_menu(firm.scope)
        self.config = config

    # --- what mesa users expect -----------------------------------------------------------------

    @property
    def residents(self) -> AgentSet:
        """All households as agents, made on first use (a view of each row)."""
        if Resident not in self._agents_by_type:
            for row in range(len(self.households)):
                Resident(self, row)
        return self._agents_by_type[Resident]

    @property
    def agents(self) -> AgentSet:
        """All institutions as agents, and households once somebody asked for them."""
        self._meet_all()
        return super().agents

    def _meet_all(self) -> None:
        for table in self._actors():
            for _ in table:
                pass

    def _actors(self) -> list[Rows]:
        """Tables whose rows are mesa agents: institutions, and actors of somebody's own."""
        tables = self.world.tables.values()
        return [t for t in tables if isinstance(t, Rows) and issubclass(t.row, mesa.Agent)]

    @property
    def datacollector(self) -> DataCollector:
        """Mesa's collector with every indicator of the months lived so far.

        Each is the mean over compounds that have a value, NaN where none has.
        """
        collector, months = self._collector, self.recorder.months
        means = known.mean(self.recorder.values, axis=1)
        if self._told_without_start:
            means, months = means[1:], months[1:]
        collector.model_vars = {name: means[:, k].tolist() for k, name in enumerate(INDICATORS)}
        # Like a collector that also collects at the start: step 0 is the state before the first month.
        steps = range(len(months))
        collector._collection_steps = list(steps)
        collector._agent_records = {step: [] for step in steps}
        return collector

    @property
    def agents_by_type(self) -> dict[type, AgentSet]:
        """Mesa's agents by type; asking for ``Resident`` makes the households' views."""
        self._meet_all()
        return _OnDemand(self)


def _refuse_bound(value: Any, name: str) -> None:
    """Refuse a function that hangs on the model it was made in: a copy would act on that one.

    Raises:
        ValueError: It is one.
    """
    inside = value.values() if isinstance(value, dict) else value
    for item in inside if isinstance(inside, list | tuple | Set | ValuesView) else [value]:
        if isinstance(item, FunctionType) and item.__closure__:
            raise ValueError(f"{name} is a function that hangs on the model it was made in")


class _OnDemand(dict[type, AgentSet]):
    def __init__(self, model: NeighborhoodModel) -> None:
        super().__init__(model._agents_by_type)
        self._model = model

    def __missing__(self, kind: type) -> AgentSet:
        if kind is Resident:
            return self._model.residents
        raise KeyError(kind)


__all__ = ["Measure", "NeighborhoodModel", "Recorder", "uncollected"]
