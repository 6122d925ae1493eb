"""The model: a neighbourhood that lives month by month.

Read ``NeighborhoodModel.step`` from top to bottom: it is the month.
"""

from __future__ import annotations

import gc
from array import array
from collections.abc import Callable, Iterator, Mapping, Set, ValuesView
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import fields, replace
from functools import cache, partial
from itertools import chain, count, pairwise
from types import FunctionType
from typing import Any, cast
from weakref import WeakKeyDictionary
from zlib import crc32

import mesa
import numpy as np
from mesa.agent import AgentSet
from mesa.datacollection import DataCollector

from sim import known
from sim.agents.cell import PartyCell
from sim.agents.committee import OwnersCommittee
from sim.agents.community import Community, Street
from sim.agents.developer import Developer
from sim.agents.firm import Company, PropertyFirm
from sim.agents.resident import Resident
from sim.compose import load
from sim.config import Config
from sim.errors import InputError
from sim.measures.catalogue import Measure
from sim.mechanisms import issues, participation, perception, residents, service, turnover
from sim.mesa_batch import batch_seed, given_seed, told_without_start
from sim.outcomes import INDICATORS, Months, compute, note
from sim.society import census, signals, ties
from sim.society.compound import Ballot, Compound, Cost
from sim.society.district import Site, lay_out
from sim.society.population import Life, PopulationParameters, populate
from sim.streams import LANES, Stream, Streams

_SHARED_ARRAYS = (
    "condition", "effort", "census", "issue_counts", "meeting", "followed", "building_open",
    "building_closed", "_closed_lately", "_tied",
)  # fmt: skip

_WIRING = frozenset({"model", "unique_id", "pos", "compound", "compounds", "branches", "p"})
"""Attributes of an institution that say where it stands, not how it fares."""

_OF_COMPOUND = frozenset(field.name for field in fields(Compound))

_LOOSE_COSTS = 10_000
"""Costs kept as rows; a city books millions, so more are packed into columns."""


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
    """Indicators of every month lived.

    Attributes:
        months: (months,) month numbers from -history_months, the state before the first month lived;
            0 is the last month before the policy.
        values: (months, compounds, indicators) in the order of ``INDICATORS``.
    """

    def __init__(self) -> None:
        self._months: list[int] = []
        self._notes: list[np.ndarray] = []
        self._costs: list[tuple[Any, ...]] = []
        self._packed: list[tuple[Any, ...]] = []

    def add(self, month: int, notes: np.ndarray, costs: list[tuple[Any, ...]]) -> None:
        """Append one month: ``notes`` is (compounds, len(NOTES)), ``costs`` rows of ``Cost``."""
        self._months.append(month)
        self._notes.append(notes)
        self._costs += costs
        if len(self._costs) > _LOOSE_COSTS:
            # zip would make an iterator of every row.
            fields, rows = range(len(Cost._fields)), self._costs
            *names, hours, yuan = ([row[k] for row in rows] for k in fields)
            self._packed.append((*names, array("d", hours), array("d", yuan)))
            self._costs = []

    @property
    def months(self) -> np.ndarray:
        """Month numbers (months,)."""
        return np.array(self._months, dtype=np.int64)

    @property
    def values(self) -> np.ndarray:
        """Indicators (months, compounds, indicators)."""
        return compute(np.array(self._notes))

    @property
    def costs(self) -> list[dict[str, Any]]:
        """Rows of hours and yuan by month, compound, actor and measure."""
        packed = chain.from_iterable(zip(*columns, strict=True) for columns in self._packed)
        return [dict(zip(Cost._fields, row, strict=True)) for row in chain(packed, self._costs)]

    def copy(self) -> Recorder:
        """The same months in lists of their own."""
        twin = Recorder()
        twin._months, twin._notes = self._months[:], self._notes[:]
        twin._packed, twin._costs = self._packed[:], self._costs[:]
        return twin

    def latest(self, indicator: str) -> np.ndarray:
        """One indicator (compounds,) in the last month recorded."""
        months = Months(self._notes[-1])
        return INDICATORS[indicator].compute(months)


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
        month: Month just lived; the first ``step`` lives month ``1 - history_months``. The state
            before it is recorded as month ``-history_months``.
        households, buildings, ties: The society in columns.
        condition, effort: (compounds, lines).
        signals: (compounds,) record of named values as they stand.
        recorder: Indicators of every month lived.
    """

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
        self.month = -self.config.scenario.history_months
        self.recorder = Recorder()
        if self._past is None:
            self._build_society()
        else:
            self._copy_society(self._past)
        self._prepare_columns()
        self._build_institutions()
        self.measures = [
            entry.measure(entry.label, entry.parameters)
            for entry in (*self.config.scenario.entries(), *self.config.policy.entries())
        ]
        self._reaching = [
            (compound, [measure for measure in self.measures if self.reaches(measure, compound)])
            for compound in self.compounds
        ]
        self.institutions_offer()
        self._in_force = self.signals
        self._count_all()
        self._take_census()
        self.indicators_are_recorded()
        self._collector = DataCollector(
            model_reporters={name: partial(_latest, indicator=name) for name in INDICATORS}
        )
        self._ours = frozenset(vars(self)) - before | {"_ours", "_past", "_plain"}
        # What parts of the model hold before a subclass adds anything to them, by their class.
        self._plain = {type(part): frozenset(vars(part)) for part in self._parts()}

    # --- building -------------------------------------------------------------------------------

    def _build_society(self) -> None:
        c = self.config
        self.sites = lay_out(c.district, c.kinds(), self.streams)
        populations = [cast(PopulationParameters, site.groups["population"]) for site in self.sites]
        self.households, self.buildings = populate(populations, self.streams)
        self.ties = ties.build_ties(c.network, self.households, self.buildings, self.streams)

    def _copy_society(self, past: NeighborhoodModel) -> None:
        self.sites, self.buildings = past.sites, past.buildings
        self.households = past.households.copy()
        self.ties = replace(past.ties, strength=past.ties.strength.copy())
        if type(self) is not NeighborhoodModel:
            # A class of somebody's own may build and tie anew what stays as it is in ours.
            self.buildings, self.ties = deepcopy(past.buildings), deepcopy(past.ties)

    def _prepare_columns(self) -> None:
        self.compound_count = self.buildings.number_of_compounds
        self.wear = np.concatenate([site.groups["service"].record for site in self.sites])
        self.condition = self.wear["start"].copy()
        self.effort = np.zeros_like(self.condition)
        self._shown = np.zeros(len(self.households), np.uint8)
        self._arising = np.zeros(len(self.households), np.int8)
        self._building_size = np.maximum(self.buildings.end - self.buildings.start, 1)
        self.book = issues.IssueBook.empty()
        self._placed: list[tuple[str, int, int]] = []
        shape = (self.compound_count, len(issues.COUNTS))
        self.issue_counts = np.zeros(shape)
        count = self.buildings.number_of_buildings
        self.meeting = np.zeros(count, np.int8)
        self.followed = np.full(count, -1.0)
        self.building_open = np.zeros(count)
        self.open_per_household = np.zeros(count)
        self.building_closed = np.zeros(count)
        self._closed_lately = np.zeros(count)
        self._counted = np.zeros((count, len(census.COUNTED)))
        self._building_start = np.searchsorted(
            self.buildings.compound, np.arange(self.compound_count + 1)
        )
        starts = self.ties.indptr[self.buildings.compound_start]
        ends = self.ties.indptr[self.buildings.compound_end]
        self._tie_count = ends - starts
        self._tied = np.add.reduceat(
            np.append(self.ties.strength, 0.0), self.ties.indptr[self.buildings.start]
        ) * (self.ties.indptr[self.buildings.end] > self.ties.indptr[self.buildings.start])
        self._spans = self._split_rows(self.config.executor.threads)
        self._pool = ThreadPoolExecutor(len(self._spans)) if len(self._spans) > 1 else None

    def _build_institutions(self) -> None:
        c, h = self.config, self.households
        self.census = np.zeros(self.compound_count, census.CENSUS_TYPE)
        self._census_rows = self.census.view(np.float64).reshape(self.compound_count, -1)
        self.compounds: list[Compound] = []
        starts = self._building_start.tolist()
        for k, site in enumerate(self.sites):
            rows = slice(int(self.buildings.compound_start[k]), int(self.buildings.compound_end[k]))
            compound = Compound(
                index=k,
                kind=site.kind,
                rows=rows,
                buildings=slice(starts[k], starts[k + 1]),
                condition=self.condition[k],
                effort=self.effort[k],
                signals=dict(signals.NEUTRAL),
                census=dict.fromkeys(census.COUNTED, 0.0),
                households=rows.stop - rows.start,
                monthly_due_fen=int(h.fee_fen[rows].sum()),
                column=cache(partial(self._column, rows)),
                assembly=partial(self._assemble, k, rows),
                write_off=partial(self._write_off, k, rows),
                place_problem=partial(self._place_problem, k),
            )
            groups: Mapping[str, Any] = site.groups
            compound.firm = PropertyFirm(self, compound, groups["firm"], site.care_shift)
            compound.committee = OwnersCommittee(self, compound, groups["committee"])
            compound.cell = PartyCell(self, compound, groups["cell"])
            compound.developer = Developer(self, compound, groups["developer"], site.legacy_shift)
            self.compounds.append(compound)
        self.companies = [
            Company(self, [compound.firm for compound in members])
            for members in self._compounds_by(lambda site: site.company)
        ]
        self.communities = [
            Community(self, members, c.community)
            for members in self._compounds_by(lambda site: site.community)
        ]
        self.streets = [
            Street(self, members, c.community)
            for members in self._compounds_by(lambda site: site.street)
        ]
        self.written_off_fen = 0

    def _compounds_by(self, place: Callable[[Site], int]) -> list[list[Compound]]:
        groups: dict[int, list[Compound]] = {}
        for site, compound in zip(self.sites, self.compounds, strict=True):
            groups.setdefault(place(site), []).append(compound)
        return [groups[key] for key in sorted(groups)]

    def _split_rows(self, threads: int) -> list[tuple[int, int]]:
        # Threads take whole buildings; with few buildings there are few spans.
        ends = np.linspace(0, self.buildings.number_of_buildings, threads + 1).astype(int)
        starts = np.append(self.buildings.start, len(self.households))
        spans = [(int(starts[a]), int(starts[b])) for a, b in pairwise(ends)]
        return [span for span in spans if span[1] > span[0]]

    def _each_household(self, kernel: Callable[..., Any], *columns: Any) -> list[Any]:
        """Run a kernel over all rows; what it gives for each span of rows.

        Rows never read what other rows write, so spans may go at once.
        """
        if self._pool is None:
            return [kernel(0, len(self.households), *columns)]
        jobs = [self._pool.submit(kernel, first, last, *columns) for first, last in self._spans]
        return [job.result() for job in jobs]

    # --- the month ------------------------------------------------------------------------------

    def step(self) -> None:
        """Live one month."""
        self.month += 1
        on = self.config.mechanisms
        self.policies_act()
        if on.turnover:
            self.households_move()
        self.neighbours_look_around()
        if on.issues:
            self.issues_are_worked()
        if on.service:
            self.service_is_delivered()
        self.residents_live()
        if on.institutions:
            self.institutions_decide()
        self.indicators_are_recorded()
        self.running = self.month < self.config.months

    def run(self) -> None:
        """Live the history and all months of the configuration."""
        self.live_until(self.config.months)

    def live_until(self, month: int) -> None:
        """Live on up to a month, that one too."""
        with uncollected():
            while self.month < month:
                self.step()

    def run_model(self) -> None:
        """Mesa's name for ``run``."""
        self.run()

    def policies_act(self) -> None:
        """Institutions offer what they do anyway; measures in force change it, and take hours."""
        self.institutions_offer()
        # From the start on only, also where a class has its own idea of strength: what shares a past
        # with others has not been there before. After the end some still act, by crowding out.
        strength = {
            m: now
            for m in self.measures
            if m.p.start <= self.month and (now := m.strength(self.month)) > 0.0
        }
        for compound, measures in self._reaching:
            for measure in measures:
                if measure in strength:
                    measure.act(compound, strength[measure])
            compound.cell.settle()
        for community in self.communities:
            community.settle()
        self._in_force = self.signals
        participation.call_meetings(self._in_force, self.month, self._building_start, self.meeting)

    @property
    def signals(self) -> np.ndarray:
        """Named values (compounds,) as institutions and measures have set them, as one record each."""
        return signals.pack([compound.signals for compound in self.compounds])

    def reaches(self, measure: Measure, compound: Compound) -> bool:
        """Whether a measure in force is used in a compound."""
        if measure.p.kinds and compound.kind not in measure.p.kinds:
            return False
        if measure.p.reach >= 1.0:
            return True
        # Each label draws its own lot, the same in every month and under every policy.
        lot = self.streams.single(Stream.MEASURES, crc32(measure.label.encode()), compound.index)[0]
        return bool(lot < measure.p.reach)

    def institutions_offer(self) -> None:
        """Set every named value to what the institutions stand for on their own."""
        for compound in self.compounds:
            compound.signals = signals.NEUTRAL.copy()
            compound.month = self.month
            compound.booked.clear()
            compound.firm.offer()
            compound.committee.offer()
            compound.cell.offer()
            compound.developer.offer()
        for community in self.communities:
            community.offer()
        for street in self.streets:
            street.offer()

    def households_move(self) -> None:
        """Tenants, owners and vacant units change hands."""
        h, d = self.households, self.households.donors
        self._each_household(
            turnover.move, self.month, self.streams.seed, self.config.turnover.record, h.compound,
            d.donor_rows, d.donor_start, d.life0, d.kind0, d.civic0, d.burden0, d.threshold0, d.member0,
            d.taste0, h.tenure, h.moved, h.life, h.kind, h.civic, h.burden, h.threshold, h.member, h.taste,
            h.active, h.satisfaction, h.trust_firm, h.trust_committee, h.trust_cell, h.grievance, h.norm,
            h.habit, h.free_habit, h.contact, h.efficacy, h.stage, h.misuse, h.points,
        )  # fmt: skip

    def neighbours_look_around(self) -> None:
        """Ties grow or fade; everybody sees what tied neighbours did last month."""
        h, t, n = self.households, self.ties, self.config.network
        self._each_household(
            ties.show, h.paid, h.misuse, h.stage, h.member, h.attended, h.moved, h.tenure, self._shown
        )  # fmt: skip
        self._tied[:] = 0.0
        self._each_household(
            ties.look_around, self.config.mechanisms.ties, n.newcomer, n.forget, n.meet, t.indptr,
            t.neighbour, t.strength, t.latent, self._shown, self._in_force["lead"], h.compound,
            h.building, h.satisfaction, h.norm, self._tied, h.seen_satisfaction, h.seen_paid,
            h.seen_misuse, h.seen_conflict, h.seen_open,
        )  # fmt: skip

    def issues_are_worked(self) -> None:
        """Problems arise, are found, handled within hours, raised or shelved."""
        self.issue_counts[:] = 0.0
        self._let_arise()
        self._handle()
        issues.follow_up(
            self.building_open,
            self.building_closed,
            self._building_size,
            self._closed_lately,
            self.followed,
            self.open_per_household,
        )

    def _let_arise(self) -> None:
        h, book = self.households, self.book
        chance = issues.chances(
            self.config.issues.record, self._in_force, self.condition, self.census
        )
        arisen = self._each_household(
            issues.arise, self.month, self.streams.seed, chance, h.compound, h.tenure, self._arising
        )
        book.make_room(sum(arisen))
        book.size = issues.enter(
            self.month, self._arising, book.size, *book.columns, h.compound, h.own_open, self.issue_counts
        )  # fmt: skip
        # Problems that events place come after those drawn, so that they shift no draw.
        for _, category, household in self._placed:
            if book.place(self.month, category, household):
                h.own_open[household] += 1
                self.issue_counts[h.compound[household], issues.COUNTS.index("arisen")] += 1
        self._placed.clear()

    def _handle(self) -> None:
        h, book = self.households, self.book
        book.size = issues.work(
            self.month, self.streams.seed, self.config.issues.record, self._in_force, book.size,
            *book.columns, *book.notes, h.compound, h.building, self.meeting, h.efficacy, h.own_open, h.grievance,
            h.trust_firm, h.trust_cell, self.building_open, self.building_closed, self.issue_counts,
        )  # fmt: skip

    def service_is_delivered(self) -> None:
        """The firm's effort meets wear and misuse."""
        for compound in self.compounds:
            compound.firm.serve()
        service.age(self.condition, self.effort, self.census, self.wear)

    def residents_live(self) -> None:
        """Residents judge, take part, pay, use common space and quarrel; they are counted."""
        c, on, h = self.config, self.config.mechanisms, self.households
        met = np.empty((self.compound_count, len(Life)))
        perception.meet_needs(c.perception.record, self.condition, met)
        self._counted[:] = 0.0
        self._each_household(
            residents.live, self.month, self.streams.seed, on.perception, on.participation, on.fees,
            on.commons, on.conflict, c.perception.record, c.participation.record,
            c.fees.response == "match", c.fees.record, c.commons.record, c.conflict.record, self._in_force,
            self.condition, met, self.census, self.meeting, self.followed, self.open_per_household, self.buildings.end,
            self.buildings.compound_end, self._counted,
            h.compound, h.building, h.tenure, h.life, h.kind, h.member, h.active, h.civic, h.burden,
            h.threshold, h.taste, h.rota, h.fee_fen, h.seen_satisfaction, h.seen_paid, h.seen_misuse,
            h.seen_conflict, h.seen_open, h.satisfaction, h.trust_firm, h.trust_committee, h.trust_cell,
            h.grievance, h.efficacy, h.norm, h.habit, h.free_habit, h.contact, h.paid, h.recovered_fen,
            h.arrears_fen, h.arrears_months, h.stage, h.misuse, h.attended, h.called, h.petitioned,
            h.moved, h.own_open,
        )  # fmt: skip
        self._take_census()

    def institutions_decide(self) -> None:
        """Books are closed; firm, developer and committee take their decisions."""
        firm, developer, committee = (
            self.streams.uniform(stream, self.month, self.compound_count, LANES).T.tolist()
            for stream in (Stream.FIRM, Stream.DEVELOPER, Stream.COMMITTEE)
        )
        for compound in self.compounds:
            k = compound.index
            compound.firm.close_books(firm[k])
            compound.developer.decide(developer[k])
            compound.committee.decide(committee[k])
        for company in self.companies:
            company.decide()
        self._activate_members()

    def _activate_members(self) -> None:
        # A cell with tasks wins over members who so far only stood by (从“隐身者”变为“领跑者”, seed 001).
        if not any(compound.cell.asked for compound in self.compounds):
            return
        recruits = np.array(
            [
                c.cell.p.recruits + c.signals["cell_recruits"] if c.cell.asked else 0.0
                for c in self.compounds
            ]
        )
        h = self.households
        self._each_household(
            participation.join_in, self.month, self.streams.seed, recruits, h.compound, h.tenure,
            h.member, h.active,
        )  # fmt: skip

    def indicators_are_recorded(self) -> None:
        """Write down the month."""
        unsolved = self.issue_counts[:, issues.COUNTS.index("open")].tolist()
        for compound, number in zip(self.compounds, unsolved, strict=True):
            compound.unsolved = int(number)
        notes = note(
            self.compounds, self._census_rows, self.issue_counts, self._mean_strength(), self.condition,
            self.effort,
        )  # fmt: skip
        costs = [cost for compound in self.compounds for cost in compound.booked]
        self.recorder.add(self.month, notes, costs)

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
        parts = {type(part) for part in past._institutions()}
        for kind in past._agents_by_type:
            if kind is not Resident and kind not in parts:
                raise ValueError(f"{kind.__name__} are taken over by no method of this model")
        for name in vars(past).keys() - past._ours:
            _refuse_bound(vars(past)[name], name)
            setattr(self, name, deepcopy(vars(past)[name], twins))

    def _take_over(self, past: NeighborhoodModel) -> dict[int, Any]:
        self.month, self.running = past.month, past.month < self.config.months
        self.steps: int = past.steps
        self.random.setstate(past.random.getstate())
        self.rng.bit_generator.state = past.rng.bit_generator.state
        self.written_off_fen = past.written_off_fen
        self.recorder = past.recorder.copy()
        self.book = past.book.copy()
        self.wear = past.wear.copy()
        for name in _SHARED_ARRAYS:
            getattr(self, name)[:] = getattr(past, name)
        self._placed = past._placed[:]
        twins = self._twins(past)
        for mine, other in zip(self._parts(), past._parts(), strict=True):
            # Of a class of somebody's own it is not known what is state.
            ours = type(other).__module__.startswith("sim.")
            known = past._plain[type(other)] - {*getattr(other, "STATE", ())} if ours else _WIRING
            for name in vars(other).keys() - known:
                _refuse_bound(vars(other)[name], name)
                setattr(mine, name, deepcopy(vars(other)[name], twins))
        for compound, twin in zip(self.compounds, past.compounds, strict=True):
            compound.month, compound.unsolved = twin.month, twin.unsolved
            compound.signals, compound.census = twin.signals.copy(), twin.census.copy()
            for name in vars(twin).keys() - _OF_COMPOUND:
                setattr(compound, name, deepcopy(vars(twin)[name], twins))
        self._in_force = self.signals
        events = len(self.config.scenario.entries())
        for event, twin_event in zip(self.measures[:events], past.measures[:events], strict=True):
            for name in vars(twin_event).keys() - {"label", "p"}:
                setattr(event, name, deepcopy(vars(twin_event)[name], twins))
        return twins

    def _twins(self, past: NeighborhoodModel) -> dict[int, Any]:
        """What stands here for each part of a past, by the part's ``id``."""
        twins: dict[int, Any] = {id(past): self}
        for name in past._ours - {"_past"}:
            part = getattr(past, name)
            # Numbers and texts are shared by all that happen to be equal, and None by everything.
            if not isinstance(part, bool | int | float | str | tuple | frozenset | None):
                twins.setdefault(id(part), getattr(self, name))
        for column in fields(self.households):
            here, there = (getattr(h, column.name) for h in (self.households, past.households))
            twins[id(there)] = here
        twins |= {id(b): a for a, b in zip(self.compounds, past.compounds, strict=True)}
        pairs = zip(self._institutions(), past._institutions(), strict=True)
        return twins | {id(b): a for a, b in pairs}

    def _institutions(self) -> list[Any]:
        own = [(c.firm, c.committee, c.cell, c.developer) for c in self.compounds]
        return [*chain.from_iterable(own), *self.companies, *self.communities, *self.streets]

    def _parts(self) -> list[Any]:
        """Whatever somebody's own model may have put an attribute on."""
        return [*self._institutions(), self.recorder, self.streams]

    def change_rules(self, config: Config) -> None:
        """Go on living under other parameters, with the state as it is.

        What is a state, such as a firm's care or a developer's legacy, is set anew where the
        parameter it began at has changed. Parameters of the beginning alone have no effect.

        Args:
            config: Like this model's, but for parameters of mechanisms and institutions.
        """
        groups = config.kinds()
        for site, compound in zip(self.sites, self.compounds, strict=True):
            for group in ("firm", "committee", "cell", "developer"):
                _give(getattr(compound, group), groups[site.kind][group])
            firm = compound.firm
            firm.usual_diligence = float(np.clip(firm.p.diligence + site.care_shift, 0.0, 1.0))
            firm.set_menu(firm.scope)
        for community in self.communities:
            community.p = config.community
        for street in self.streets:
            street.p = config.community
        self.wear = np.concatenate([groups[site.kind]["service"].record for site in self.sites])
        self.config = config

    # --- what phases share ----------------------------------------------------------------------

    def _count_all(self) -> None:
        h = self.households
        self._counted[:] = 0.0
        census.count(
            0, len(h), self.buildings.end, self._in_force, self.meeting, h.compound, h.building, h.tenure,
            h.life, h.member, h.active, h.fee_fen, h.paid, h.recovered_fen, h.arrears_fen, h.satisfaction, h.trust_firm,
            h.trust_committee, h.trust_cell, h.grievance, h.efficacy, h.stage, h.misuse, h.attended,
            h.called, h.petitioned, h.contact, h.moved, self._counted,
        )  # fmt: skip

    def _take_census(self) -> None:
        census.add_buildings(self._counted, self.buildings.compound, self._census_rows)
        for compound, counted in zip(self.compounds, self._census_rows.tolist(), strict=True):
            compound.census.update(zip(census.COUNTED, counted, strict=True))

    def _mean_strength(self) -> np.ndarray:
        tied, count = np.add.reduceat(self._tied, self._building_start[:-1]), self._tie_count
        return np.divide(tied, count, out=np.full(len(count), np.nan), where=count > 0)

    def _column(self, rows: slice, name: str) -> np.ndarray:
        view: np.ndarray = getattr(self.households, name)[rows]
        return view

    def _assemble(self, k: int, rows: slice, appeal: np.ndarray) -> Ballot:
        h, n, named = self.households, rows.stop - rows.start, self.compounds[k].signals
        u = self.streams.uniform(Stream.ASSEMBLY, self.month, n, 2, first=rows.start)
        took_part, agreed = np.zeros(n), np.zeros(n)
        participation.vote(
            0, n, u, self.config.participation.record, signals.pack([named]), h.tenure[rows],
            h.life[rows], h.civic[rows], h.efficacy[rows], h.grievance[rows], h.area[rows], appeal,
            took_part, agreed,
        )  # fmt: skip
        voters = max(int(np.count_nonzero(took_part)), 1)
        return Ballot(
            turnout_units=float(np.count_nonzero(took_part)) / n,
            turnout_area=float(took_part.sum() / h.area[rows].sum()),
            agreed_units=float(np.count_nonzero(agreed)) / voters,
            agreed_area=float(agreed.sum() / max(took_part.sum(), 1e-9)),
        )

    def _place_problem(self, k: int, label: str, category: int, share: float) -> None:
        b = self.compounds[k].buildings
        building = min(b.start + int(share * (b.stop - b.start)), b.stop - 1)
        rows = np.arange(self.buildings.start[building], self.buildings.end[building])
        occupied = rows[self.households.tenure[rows] != 2]
        # Lane 0 of a label's address is its lot of compounds.
        draw = self.streams.single(Stream.MEASURES, crc32(label.encode()), k)[1]
        if len(occupied):
            self._placed.append((label, category, int(occupied[int(draw * len(occupied))])))

    def _write_off(self, k: int, rows: slice) -> int:
        h = self.households
        total = int(h.arrears_fen[rows].sum())
        h.arrears_fen[rows] = 0
        h.arrears_months[rows] = 0
        self.written_off_fen += total
        self.census["arrears_fen"][k] = self.compounds[k].census["arrears_fen"] = 0.0
        return total

    # --- what mesa users expect -----------------------------------------------------------------

    @property
    def residents(self) -> AgentSet:
        """All households as agents, made on first use (a view of each row)."""
        if Resident not in self._agents_by_type:
            for row in range(len(self.households)):
                Resident(self, self.households, row)
        return self._agents_by_type[Resident]

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


def _give(agent: Any, parameters: Any) -> None:
    for name in set(agent.STATE) & set(type(parameters).model_fields):
        value = getattr(parameters, name)
        # A name such as the committee's state at the start is no parameter that goes on to act.
        if isinstance(value, float) and value != getattr(agent.p, name):
            setattr(agent, name, value)
    agent.p = parameters


class _OnDemand(dict[type, AgentSet]):
    def __init__(self, model: NeighborhoodModel) -> None:
        super().__init__(model._agents_by_type)
        self._model = model

    def __missing__(self, kind: type) -> AgentSet:
        if kind is Resident:
            return self._model.residents
        raise KeyError(kind)


__all__ = ["Measure", "NeighborhoodModel", "Recorder", "uncollected"]
