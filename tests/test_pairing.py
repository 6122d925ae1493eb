"""Common random numbers: runs under one seed differ only by, and only after, what was changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from worlds import do

from sim.compose import load
from sim.config import Config, change
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.processes.issues import Category, Door
from sim.processes.participation import MET, MIXED
from sim.streams import Stream, Streams
from sim.world.declare import Columns
from sim.world.tables import Households
from sim.world.world import World

COLUMNS = tuple(Households.columns)
FIXED = ("tenure", "life", "kind", "civic", "burden", "threshold", "member", "taste", "moved",
         "area", "fee_fen", "rota")  # fmt: skip
ALTERNATIVES: dict[str, dict[str, Any]] = {
    "building_meetings": {}, "member_contact": {}, "lead_by_paying": {}, "interim_committee": {},
    "firm_tender": {"preparation": 1}, "service_standard": {}, "all_age_renewal": {},
    "grievance_shock": {"size": 0.5},
}  # fmt: skip


def columns(m: NeighborhoodModel) -> bytes:
    return b"".join(getattr(m.households, name).tobytes() for name in COLUMNS)


def indicators(m: NeighborhoodModel) -> bytes:
    return m.recorder.values.tobytes()


def history(c: Config, seed: int = 1) -> list[tuple[bytes, bytes]]:
    """Columns and this month's indicators, month by month, as bytes."""
    m = NeighborhoodModel(c, seed=seed)
    rows = [(columns(m), m.recorder.values[-1].tobytes())]
    while m.month < c.months:
        m.step()
        rows.append((columns(m), m.recorder.values[-1].tobytes()))
    return rows


def under(measures: dict[str, Any], *overrides: str, months: int = 18) -> Config:
    return load(
        None, *overrides, months=months, policy={"measures": measures},
        population={"households": 300},
    )  # fmt: skip


@pytest.mark.parametrize("measure", ALTERNATIVES)
def test_two_policies_are_the_same_to_the_byte_until_they_differ(measure: str) -> None:
    """Catches a measure that acts early, uses up draws, or reorders work before it starts."""
    without = history(under({}))
    with_it = history(under({measure: {"start": 13, **ALTERNATIVES[measure]}}))
    assert with_it[:13] == without[:13], "months 0 to 12"
    assert with_it[-1] != without[-1], "from month 13 on it does something"
    assert with_it[13][1] != without[13][1] or measure == "firm_tender"


def test_pairing_holds_through_a_history_and_a_bundle() -> None:
    """Catches a policy whose mere presence in the configuration changes the past."""
    none = history(load("kangqiao", months=2))
    bundle = history(load("kangqiao", months=2, policy="five_level_linkage"))
    assert none[:37] == bundle[:37]
    assert none[37:] != bundle[37:]


def test_a_measure_that_starts_after_the_last_month_is_no_measure() -> None:
    """Catches a measure that leaves a trace although never in force."""
    idle = {"policy.measures": {name: {"start": 500} for name in ALTERNATIVES}}
    without = under({})
    assert history(change(without.resolved(), idle)) == history(without)


def test_a_measure_at_dose_0_is_no_measure() -> None:
    """Catches an effect that does not scale with the dose."""
    idle = {name: {"start": 5, "dose": 0.0} for name in ALTERNATIVES}
    assert history(under(idle)) == history(under({}))


def test_the_order_of_writing_a_policy_never_matters() -> None:
    """Catches draws or signals that depend on the order of keys."""
    some = {name: {"start": 3} for name in ("member_contact", "firm_tender", "building_meetings")}
    assert history(under(some)) == history(under(dict(reversed(some.items()))))


def test_same_seed_same_bytes_twice_and_in_any_order_of_runs() -> None:
    """Catches state shared between models, and any draw outside the streams."""
    c = load("kangqiao", months=6, policy="five_level_linkage")
    first = history(c, seed=7)
    history(c, seed=8)
    assert history(c, seed=7) == first


def test_two_models_lived_in_turns_do_not_meet() -> None:
    """Catches columns or books shared by two models in one process."""
    c = under({"building_meetings": {}})
    alone = history(c)
    one, two = NeighborhoodModel(c, seed=1), NeighborhoodModel(c, seed=2)
    for _ in range(c.months):
        one.step()
        two.step()
    assert columns(one) == alone[-1][0]


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_never_change_a_byte(threads: int) -> None:
    """Catches a sum whose order depends on threads, and rows that read what others write."""
    c = load("kangqiao", months=12, policy="five_level_linkage")
    many = load("kangqiao", months=12, policy="five_level_linkage", executor={"threads": threads})
    assert len(NeighborhoodModel(many, seed=3)._runner.spans) == threads
    assert history(many, seed=3) == history(c, seed=3)


def test_different_seeds_differ() -> None:
    """Catches a seed that does not reach the population, the ties or the months."""
    c = under({})
    one, two = NeighborhoodModel(c, seed=1), NeighborhoodModel(c, seed=2)
    assert one.households.civic.tobytes() != two.households.civic.tobytes()
    assert one.ties.neighbour.tobytes() != two.ties.neighbour.tobytes()
    one.run()
    two.run()
    assert indicators(one) != indicators(two)


def test_the_configurations_seed_is_the_default() -> None:
    """Catches a seed in the configuration that is ignored."""
    c = load(None, months=2, seed=9, population={"households": 100})
    a, b = NeighborhoodModel(c), NeighborhoodModel(c, seed=9)
    a.run()
    b.run()
    assert indicators(a) == indicators(b)
    assert a.streams.seed == 9


# --- every draw at its own address ---

Even = dict[str, float | int]
BILLED: Even = {
    "bill_month": 1,
    "p_bills.at_once": 1.0,
    "p_bills.later": 1.0,
    "p_bills.spring_festival": 1.0,
}
"""Everybody gets round to bills every month, whose year begins in January."""
EVENS: dict[str, tuple[str, Stream, int, Even, Callable[[Households], np.ndarray]]] = {
    "moves": ("households_move", Stream.TURNOVER, 0, {"p_turnover.owner_moves": 0.5}, lambda h: h.moved == 1),
    "reports": ("problems_arise", Stream.ISSUES_ARISE, 0, {"signals.legacy": 1.0}, lambda h: h.arising >= 0),
    "joins in": ("attend", Stream.PARTICIPATION, 1, {"civic": 0.5, "signals.mixing": 1.0},
                 lambda h: h.attended == MIXED),
    "meets": ("attend", Stream.PARTICIPATION, 0, {"buildings.meeting": 1}, lambda h: h.attended == MET),
    "gets round to a bill": ("pay", Stream.FEES, 0, {**BILLED, "willing": 1.0, "p_bills.at_once": 0.5},
                             lambda h: h.paid == 1),
    "pays": ("pay", Stream.FEES, 2, {**BILLED, "willing": 0.5}, lambda h: h.paid == 1),
    "pays back": ("pay", Stream.FEES, 1,
                  {**BILLED, "willing": 1.0, "arrears_fen": 3600, "arrears_months": 36,
                   "p_bills.pays_back": 0.5, "p_bills.instalment": 1},
                  lambda h: h.recovered_fen > 0),
    "pays ahead": ("pay", Stream.FEES, 3,
                   {**BILLED, "bill_months": 9, "first_month": 6, "p_bills.ahead": 0.5}, lambda h: h.ahead == 1),
    "misuses": ("use_commons", Stream.COMMONS, 0, {"p_parking.crowding": 0.0}, lambda h: h.misuse == 1),
    "is calmed": ("resent", Stream.CONFLICT, 0,
                  {"stage": 1, "grievance": 0.5, "signals.mediation": 0.5, "p_conflict.calms": 1.0},
                  lambda h: h.grievance == 0.0),
    "gives up": ("climb", Stream.CONFLICT, 2, {"stage": 4, "p_conflict.tires": 0.5}, lambda h: h.stage == 3),
    "is won over": ("join_in", Stream.CELL, 0, {"member": 1, "cells.asked": 1, "p_cell.recruits": 0.5},
                    lambda h: h.active == 1),
}  # fmt: skip
"""Process, its stream and lane, what makes the chance of everybody one half, and who it happened to."""

MONTH = 7


@cache
def blank() -> World:
    """A district of several blocks a compound in which every push and every column is 0."""
    config = load(
        policy="none", district={"compounds": 3, "size_spread": 0.1}, population={"households": 700}
    )
    w = NeighborhoodModel(config, seed=9).world
    for name in Households.columns.keys() - {"compound", "building", "fee_fen"}:
        getattr(w.households, name)[:] = 0
    for group in ("issues", "voices", "handling", "participation", "fees", "commons", "conflict"):
        for name in w.tables[f"p_{group}"].dtype.names:
            w.tables[f"p_{group}"][name] = 0.0
    do(w, "begin_month")
    w.month = MONTH
    return w


def prepared(settings: Even) -> World:
    """A copy of it with columns of households or of the table named set."""
    w = blank().copy(whole=True)
    w.p_issues["rate"][:, Category.DEVELOPER] = 0.5
    for key, value in settings.items():
        if key == "first_month":
            w.first_month = value
            continue
        *group, name = key.split(".")
        table = w.tables[group[0] if group else "households"]
        values = getattr(table, name) if isinstance(table, Columns) else table[name]
        values[:] = value
    return w


@pytest.mark.parametrize("what", EVENS)
def test_every_household_draws_at_its_own_address(what: str) -> None:
    """Catches a rule whose draws hang on blocks, on compounds, on another's lane or on who else drew.

    Then no policy can shift anybody's luck.
    """
    name, stream, lane, settings, happened = EVENS[what]
    w = prepared(settings)
    do(w, name)
    u = Streams(9).uniform(stream, MONTH, len(w.households), lane + 1)[lane]
    assert np.array_equal(happened(w.households), u < 0.5)


def test_owners_vote_at_their_own_address() -> None:
    """Catches a compound whose owners share the luck of another's, and a vote that hangs on turnout."""
    w = prepared({"area": 1.0, "p_assembly.stays_away": 0.0})
    come, agree = Streams(9).uniform(Stream.ASSEMBLY, MONTH, len(w.households), 2) < 0.5
    for compound in w.compounds:
        here = slice(compound.first, compound.last)
        cast = compound.assembly.ballot(np.full(compound.households, 0.5), 0.0)
        assert cast.turnout_units == come[here].mean()
        assert cast.agreed_units == (come & agree)[here].sum() / come[here].sum()


def test_a_problem_has_its_draws_wherever_it_stands_in_the_book() -> None:
    """Catches luck that hangs on how many problems others have."""
    w = prepared({"signals.firm_present": 0.0, "signals.community_hours": 0.0})
    w.p_voices["ease"][:] = -20.0
    w.p_voices["ease"][:, Door.HOTLINE - 1] = 0.0
    n, found = len(w.households), []
    for reporters in (np.arange(n), np.random.default_rng(1).permutation(n)[: n // 2]):
        lived, held = w.copy(), len(reporters)
        lived.make_room()
        lived.issues.reporter[:held], lived.issues.arose[:held] = reporters, MONTH
        lived.issues_held = held
        do(lived, "residents_speak")
        state = np.zeros(n)
        state[lived.issues.reporter[:held]] = lived.issues.state[:held]
        found.append(state)
    there = np.isin(np.arange(n), reporters)
    assert 0.4 < found[0].mean() < 0.6
    assert np.array_equal(found[0][there], found[1][there])


def test_who_moves_and_who_comes_is_the_same_under_every_policy() -> None:
    """Catches turnover that depends on what a policy changed."""
    a = NeighborhoodModel(load("kangqiao", months=12), seed=1)
    b = NeighborhoodModel(load("kangqiao", months=12, policy="five_level_linkage"), seed=1)
    for _ in range(48):
        a.step()
        b.step()
        for name in FIXED:
            assert np.array_equal(getattr(a.households, name), getattr(b.households, name)), name


def test_a_policy_that_only_changes_the_firm_leaves_households_alone() -> None:
    """Catches a firm's change that reaches households other than by service, issues and trust."""
    # With nothing to see, hear or report, the firm's care cannot reach anybody.
    deaf = {"perception": False, "issues": False, "commons": False}
    base = dict(
        months=24, mechanisms=deaf, population={"households": 300}, developer={"legacy": 0.5}
    )
    standard = {"measures": {"service_standard": {"start": 5}}}
    a = NeighborhoodModel(load(None, **base), seed=1)
    b = NeighborhoodModel(load(None, **base, policy=standard), seed=1)
    a.run()
    b.run()
    effort = list(INDICATORS).index("firm_effort")
    assert np.any(a.recorder.values[:, 0, effort] != b.recorder.values[:, 0, effort])
    for name in COLUMNS:
        assert np.array_equal(getattr(a.households, name), getattr(b.households, name)), name
    assert a.ties.strength.tobytes() == b.ties.strength.tobytes()


def test_one_more_household_parameter_leaves_other_traits_as_they_were() -> None:
    """Catches traits drawn one after another from one sequence."""
    a = NeighborhoodModel(under({}), seed=1).households
    b = NeighborhoodModel(under({}, "population.member_share=0.3"), seed=1).households
    assert not np.array_equal(a.member, b.member)
    for name in FIXED:
        if name != "member":
            assert np.array_equal(getattr(a, name), getattr(b, name)), name
