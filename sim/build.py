"""A world is built: from a configuration, its households, ties, compounds, actors and measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast
from zlib import crc32

import numpy as np

from sim import own
from sim.agents.committee import State
from sim.config import BY_KIND, SHARED, Config
from sim.errors import InputError
from sim.measures.catalogue import Measure
from sim.month import BEFORE_MEASURES, MONTH
from sim.outcomes import noted, with_own_notes
from sim.processes.fees import THEORIES
from sim.schema import Parameters
from sim.society.district import Site, lay_out
from sim.society.population import PopulationParameters, populate, rooms_of
from sim.society.ties import build_ties
from sim.streams import Stream, Streams
from sim.world import native
from sim.world.arrows import weights
from sim.world.costs import BOOKED_BY_ACTORS
from sim.world.process import How, Month, Process
from sim.world.tables import NEUTRAL, Donors, Issues, Ledger, Placing, Tasks, Tenure
from sim.world.world import World, ledger_rows, see

ARROWS = "arrows"
"""The group in which rules read which arrows are cut."""


def parameters_of(config: Config) -> dict[str, list[Parameters]]:
    """Every group of parameters that rules read, by kind of compound."""
    kinds = config.kinds()
    groups: dict[str, list[Parameters]] = {
        group: [of[group] for of in kinds.values()] for group in BY_KIND
    }
    alike = {group: getattr(config, group) for group in SHARED} | own.own_parameters(config)
    alike[ARROWS] = weights(config.cut)
    return groups | {group: [of] * len(kinds) for group, of in alike.items()}


def build(config: Config, streams: Streams, model: Any) -> World:
    """Build the world of a configuration, as it stands before the first month.

    Args:
        config: What is built.
        streams: Draws of population, ties and district.
        model: The mesa model that the actors belong to.

    Raises:
        InputError: A file of households or ties that cannot be used.
    """
    sites = lay_out(config.district, config.kinds(), streams)
    groups = parameters_of(config)
    see({name: groups[name][0].record.dtype for name in (*BY_KIND, *SHARED, ARROWS)})
    world = World(model)
    world.put_parameters(groups)
    world.kinds, world.seed = list(config.kinds()), streams.seed
    # The state before the first month is a month lived by other rules, see ``sim.month.START``.
    world.month = -config.scenario.history_months - 1
    world.first_month = config.scenario.first_month
    world.ties_change = int(config.mechanisms.ties)
    world.number_of_compounds = len(sites)
    populations = [cast(PopulationParameters, site.groups["population"]) for site in sites]

    def of_site(k: int) -> dict[str, Parameters]:
        kind = world.kinds.index(sites[k].kind)
        return {group: of[kind] for group, of in groups.items()} | dict(sites[k].groups)

    households, buildings = populate(populations, streams, of_site)
    files = [p.household_file for p in populations]
    ties = build_ties(config.network, households, buildings, streams, partial(rooms_of, files))
    degree = np.add.reduceat(np.append(ties.strength, 0.0), ties.indptr[buildings.start])
    buildings.tied = degree * (ties.indptr[buildings.end] > ties.indptr[buildings.start])
    for name, table in (
        ("households", households), ("donors", Donors.of(households)), ("buildings", buildings),
        ("ties", ties), ("issues", Issues(len(households))), ("ledger", Ledger(0)), ("placing", Placing(1)),
    ):  # fmt: skip
        world.put(name, table)
    world.put("neutral", NEUTRAL)
    for name, rows in (
        ("signals", len(sites)), ("census", len(sites)), ("worked", len(sites)),
        ("counted", buildings.number_of_buildings),
    ):  # fmt: skip
        world.put(name, _rows(name, rows))
    _put_compounds(world, sites)
    _put_actors(world, sites)
    return world


def expect_chances(world: World, config: Config) -> None:
    """Leave the chance to pay unwritten for a theory of somebody's own, so that one that forgets it is found."""
    if config.fees.response in own.own_theories() and config.mechanisms.fees:
        h = world.households
        h.willing[h.tenure != Tenure.VACANT] = np.nan


def _rows(name: str, rows: int) -> np.ndarray:
    return np.zeros(rows, native.ROWS[name].dtype)


def _put_compounds(world: World, sites: Sequence[Site]) -> None:
    h, b, indptr = world.households, world.buildings, world.ties.indptr
    rows, first, last = _rows("compounds", len(sites)), b.compound_start, b.compound_end
    rows["of_kind"] = [world.kinds.index(site.kind) for site in sites]
    rows["first"], rows["last"] = first, last
    rows["first_building"], rows["last_building"] = (
        b.first_of_compound[:-1],
        b.first_of_compound[1:],
    )
    rows["households"] = last - first
    for k, (a, z) in enumerate(zip(first, last, strict=True)):
        rows[k]["monthly_due_fen"] = h.fee_fen[a:z].sum()
    rows["tie_count"] = indptr[last] - indptr[first]
    rows["condition"] = world.p_service["start"][rows["of_kind"]]
    rows["built"] = world.p_service["built"][rows["of_kind"]]
    rows["price"] = 1.0
    for name in ("cost", "revenue", "wear", "places"):
        rows[f"{name}_here"] = [getattr(site.traits, name) for site in sites]
    world.put("compounds", rows)


OF_A_COMPOUND = "firms", "committees", "assemblies", "funds", "cells", "developers"
"""Tables with one actor for each compound."""


def _put_actors(world: World, sites: Sequence[Site]) -> None:
    for name in (*OF_A_COMPOUND, *own.own_actors()):
        rows = _rows(name, len(sites))
        rows["of_kind"] = world.compounds["of_kind"]
        world.put(name, rows)
    world.firms["care_shift"][:] = [site.traits.care for site in sites]
    world.developers["legacy_shift"][:] = [site.traits.legacy for site in sites]
    starts: list[Any] = [site.groups["committee"] for site in sites]
    world.committees["state"][:] = [State[start.state.upper()] for start in starts]
    world.committees["stands_in"][:] = world.committees["state"] == State.INTERIM
    branches = _by(sites, lambda site: site.company)
    # Companies without a branch here are nobody.
    number = {company: k for k, company in enumerate(branches)}
    world.firms["of_company"][:] = [number[site.company] for site in sites]
    companies, ends = (
        _rows("companies", len(branches)),
        np.cumsum([len(m) for m in branches.values()]),
    )
    companies["last_branch"] = ends
    companies["first_branch"][1:] = ends[:-1]
    world.put("companies", companies)
    world.put("branches", np.array([k for members in branches.values() for k in members], np.int64))
    communities = _by(sites, lambda site: site.community)
    number = {community: k for k, community in enumerate(communities)}
    world.compounds["in_community"][:] = [number[site.community] for site in sites]
    for name, members in (
        ("communities", communities),
        ("streets", _by(sites, lambda site: site.street)),
    ):
        rows = _rows(name, len(members))
        for row, of in zip(rows, members.values(), strict=True):
            row["first"], row["last"] = of[0], of[-1] + 1
            row["households"] = world.compounds["households"][of[0] : of[-1] + 1].sum()
        world.put(name, rows)


def _by(sites: Sequence[Site], place: Callable[[Site], int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for k, site in enumerate(sites):
        groups.setdefault(place(site), []).append(k)
    return dict(sorted(groups.items()))


# --- events and measures ------------------------------------------------------------------------


def measures_of(config: Config) -> list[Measure]:
    """Events of the past and measures of the policy, in their order."""
    entries = (*config.scenario.entries(), *config.policy.entries())
    return [entry.measure(entry.label, entry.parameters) for entry in entries]


def equip(world: World, measures: Sequence[Measure], months: int) -> None:
    """Put events and measures into a world; what those it had before remember stays.

    Args:
        world: A world without them, or a copy of one with the same events.
        measures: Events first.
        months: Months that the world is going to live in all.
    """
    n = world.number_of_compounds
    before = bytes(world.states) if "states" in world.tables else b""
    rows, reaches = _rows("measures", len(measures)), np.zeros((len(measures), n), np.uint8)
    parameters, states = bytearray(), bytearray()
    for k, measure in enumerate(measures):
        p, row = measure.p, rows[k]
        row["start"], row["end"] = p.start, min(p.end, p.start + 1) if measure.once else p.end
        row["ramp"], row["dose"], row["fades"] = p.ramp, p.full_dose, measure.months_fading(p)
        if measure.compiled is None:
            # Python alone knows when it acts.
            row["end"] = _NEVER if not measure.once else row["end"]
        row["p_at"], row["states_at"] = len(parameters), len(states)
        parameters += p.record.tobytes()
        states += bytes(8 * -(-measure.memory.itemsize * n // 8))
        reaches[k] = _reached(world, measure)
    kept = min(len(before), len(states))
    states[:kept] = before[:kept]
    world.put("measures", rows)
    world.put("reaches", reaches)
    world.put("own_parameters", np.frombuffer(bytes(parameters), np.uint8).copy())
    world.put("states", np.frombuffer(bytes(states), np.uint8).copy())
    _name_labels(world, measures)
    world.number_of_measures = len(measures)
    world.task_room = 2 * len(measures) + 2
    for name in ("cell_tasks", "community_tasks"):
        world.put(name, Tasks(n * world.task_room))
    world.ledger.make_room(max(world.booked + 2 * ledger_rows(world), 256))
    notes = np.zeros((max(months, 1) + 1, n, noted()))
    if "notes" in world.tables:
        # What was given since has no past.
        notes[:, :, world.notes.shape[-1] :] = np.nan
        notes[: world.lived, :, : world.notes.shape[-1]] = world.notes[: world.lived]
    world.put("notes", notes)
    for k, measure in enumerate(measures):
        measure.join(world, k)


def _name_labels(world: World, measures: Sequence[Measure]) -> None:
    # Labels that somebody has made up stand behind those of the measures.
    before = world.number_of_measures
    more = world.labels[before:] or list(BOOKED_BY_ACTORS)
    booked = world.ledger.label[: world.booked]
    booked[booked >= before] += len(measures) - before
    world.labels = [measure.label for measure in measures] + more


_NEVER = 1_000_000
"""A month that no run comes to."""


def _reached(world: World, measure: Measure) -> np.ndarray:
    p, of_kind = measure.p, world.compounds["of_kind"]
    kinds = [not p.kinds or kind in p.kinds for kind in world.kinds]
    reached: np.ndarray = np.array(kinds)[of_kind]
    if p.reach < 1.0:
        # Each label draws its own lot, the same in every month and under every policy.
        label = crc32(measure.label.encode())
        reached &= Streams(world.seed).uniform(Stream.MEASURES, label, len(of_kind))[0] < p.reach
    return reached


def month_of(config: Config, measures: Sequence[Measure], month: Month = MONTH) -> Month:
    """The month with a configuration's switches and theory of paying, its measures, and own parts.

    Args:
        config: Whose switches and theory.
        measures: Whose acts.
        month: The usual one, or a list of somebody's own, which changes of the month leave as it is.
    """
    month = own.usual_month() if month is MONTH else month
    on: Mapping[str, bool] = config.mechanisms.model_dump()
    month = month.without(*(p.name for p in month if p.switch and not on[p.switch]))
    if config.fees.response != "logit" and on["fees"]:
        if month.processes[month.at("would_pay")].run is not THEORIES["logit"].run:
            problem = (
                f"is {config.fees.response!r}, and a change of the month has replaced would_pay"
            )
            raise InputError(
                "fees.response", problem, "logit, or give_theory in place of that change"
            )
        month = month.replace("would_pay", THEORIES[config.fees.response])
    acts = [
        Process(
            m.label,
            How.MEASURE,
            m.compiled,
            type(m).kind_name,
            entry=k,
            doc=type(m).en,
            zh=type(m).zh,
        )
        for k, m in enumerate(measures)
    ]
    return with_own_notes(month.after(BEFORE_MEASURES, *acts))
